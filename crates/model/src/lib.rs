//! What things are: identities, credentials, sessions, flows, messages, nodes.
//!
//! Pure values and rules. This crate must not know of async, I/O, HTTP, SQL or the clock; times and
//! random values come in as arguments. The only place with message ids ([`text`]) and node shapes ([`ui`]).

#![warn(missing_docs)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "tests fail by panicking"
    )
)]

mod aal;
pub mod flow;
pub mod identity;
mod method;
pub mod normalise;
pub mod schema;
pub mod session;
pub mod text;
pub mod timestamp;
pub mod ui;

pub use aal::Aal;
pub use flow::{
    ClientType, ContinueWith, Flow, FlowKind, FlowRef, ShownFlow, State, VerificationFlowRef,
};
pub use identity::{
    Channel, Credential, Identity, IdentityState, MfaOverride, RecoveryAddress, VerifiableAddress,
};
pub use method::MethodName;
pub use session::{AuthenticationMethod, Device, Session};
