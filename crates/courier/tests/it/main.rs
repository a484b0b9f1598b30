//! The courier against a real database and a real mail server on loopback.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod faults;
mod http;
mod post;
mod queue;
mod sink;
mod smtp;
mod web;
mod worker;
