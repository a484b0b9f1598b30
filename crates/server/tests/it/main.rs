//! The server as its clients and operators see it: routers without a socket, sockets, the binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod admin;
mod binary;
mod cors;
mod listeners;
mod operation;
mod running;
mod schemas;
mod secured;
mod sockets;
mod world;
