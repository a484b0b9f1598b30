//! What stands on the wire: cookies, bodies, headers and their formats, as clients of the reference know them.
//!
//! Nothing here does I/O, knows a flow, or reads the configuration; callers pass what is needed.

#![cfg_attr(
    test,
    expect(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

pub mod accept;
pub mod body;
pub mod certain_address;
pub mod client_address;
pub mod csrf;
pub mod go_bool;
mod gob;
pub mod link_header;
pub mod request_url;
pub mod session_cookie;
