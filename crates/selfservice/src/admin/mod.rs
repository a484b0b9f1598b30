//! What an operator may do (spec: admin.md): create, read, change and remove identities, their sessions and
//! messages, whatever the self-service flows would allow.
//!
//! Invariants: everything that is written was validated against the identity's schema first; what has
//! to be unique is decided by the database; no password is hashed inside a transaction; a change reads and
//! writes its identity in one unit of work, so that of two changes none is lost.

mod access;
pub(crate) mod address;
mod batch;
pub mod body;
mod check;
mod create;
mod explain;
mod import;
mod list;
mod locks;
pub mod messages;
pub mod outbox;
mod patch;
mod read;
pub mod recovery;
mod remove;
mod replace;
pub mod search;
pub mod sessions;
mod show;
pub mod verification;

pub use access::access;
pub use batch::{Done, create_batch};
pub use create::create;
pub use explain::explain;
pub use list::{Listed, list, refuse_filters_beside};
pub use locks::{locks, unlock};
pub use patch::patch;
pub(crate) use read::identity_id;
pub use read::{IncludeCredentials, get, get_by_external_id};
pub use remove::{delete, delete_credential};
pub use replace::replace;
pub use show::{Written, identity_json};
