//! The store's contract, the same on each database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod migrations;
mod place;
mod seam;
mod identities;
mod messages;
mod people;
mod sessions;
mod short_lived;
