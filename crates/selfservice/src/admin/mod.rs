//! What an operator may do (spec: admin.md): create, read, change and remove identities, whatever the
//! self-service flows would allow.
//!
//! Invariants: everything that is written was validated against the identity's schema first; what has
//! to be unique is decided by the database; no password is hashed inside a transaction.

mod address;
pub mod body;
mod create;
mod import;
mod read;
mod show;

pub use create::create;
pub use read::{IncludeCredentials, get, get_by_external_id, identity_id};
pub use show::{Written, identity_json};
