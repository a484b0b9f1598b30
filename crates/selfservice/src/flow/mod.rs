//! The five flows, and signing out.

pub(crate) mod handover;
pub mod login;
pub mod logout;
pub mod recovery;
pub mod registration;
pub mod settings;
pub mod verification;
