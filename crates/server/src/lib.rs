//! bia-server

pub mod wire;
