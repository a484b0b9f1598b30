//! Typed configuration: sources, the table of keys, checks, sections.
//!
//! A configuration is read whole ([`load`]), checked whole (all findings at once), parsed once into [`Config`],
//! and never changed after that; a reload ([`watch`]) swaps the whole. Types carry the rules, so nobody checks a
//! value again.
//!
//! This room knows no flow, no database and no request. It does not compile identity schemas: whoever loads a
//! configuration passes a function that does.

#![warn(missing_docs)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")
)]

mod advice;
mod check;
mod config;
mod dev;
pub mod duration;
pub mod fetch;
mod finding;
mod key;
mod load;
mod origin;
mod redirect;
mod reload;
mod return_urls;
mod secret;
pub mod section;
pub mod size;
mod source;
mod survey;

pub use advice::advice;
pub use config::Config;
pub use dev::{DevPorts, DevSecrets, dev_settings};
pub use finding::{Finding, Findings, Place, Severity};
pub use key::{KeyInfo, describe, keys_below, top_level_keys};
pub use load::{SchemaCheck, load};
pub use origin::{Origins, is_unsafe_wildcard, site};
pub use redirect::RedirectUrl;
pub use reload::{ConfigHandle, Reloaded, WatchError, Watcher, watch};
pub use return_urls::{Mismatch, ReturnToError, ReturnUrls};
pub use secret::{Secret, SecretJson};
pub use section::{RequiredAal, hook::Hook, identity::SchemaSource, selfservice::Page};
pub use source::{Flags, Sources};
pub use survey::Survey;

pub(crate) use source::parse_bool as source_bool;
