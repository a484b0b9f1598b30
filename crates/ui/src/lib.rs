//! The built-in pages: a flow's nodes as HTML, and the pages around them.
//!
//! Everything is rendered on the server and works without a script; only the dialogs of security
//! keys and passkeys need one. Nothing is inline, so that [`CSP`] can be strict. All texts are
//! escaped by the templates; links are kept only when they are relative or `http(s)`.
//!
//! Must not know HTTP, cookies, storage or how a flow works: it sees a [`Ui`](bia_model::ui::Ui)
//! and a [`PageContext`], and returns a text.

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

mod asset;
mod context;
mod error;
mod field;
mod flow;
mod form;
mod home;
mod inbox;
mod link;
mod page;
#[cfg(test)]
mod tests;
mod theme;
mod trusted;
mod wording;

pub use asset::asset;
pub use context::{CSP, Links, PageContext};
pub use error::{ErrorDetails, error_page};
pub use flow::{PageKind, flow_page};
pub use home::{Home, home_page};
pub use inbox::{Mail, inbox_page};
pub use theme::{Color, Theme};
pub use trusted::{TrustForm, Trusted, trusted_page};
