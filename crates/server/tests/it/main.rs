//! The server as its clients and operators see it: routers without a socket, sockets, the binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod admin;
mod admin_bad_input;
mod admin_details;
mod bad_input;
mod binary;
mod book;
mod client;
mod commands;
mod commands_answers;
mod commands_databases;
mod cors;
mod crash;
#[path = "../../../store/tests/it/databases.rs"]
mod databases;
mod databases_mended;
mod doctor;
mod existing_database;
mod explained;
mod folk;
mod helped;
mod hook_faults;
mod hook_outbox;
mod jsonnet;
mod listeners;
mod log_lines;
mod login;
mod map;
mod messages;
mod mfa;
mod oauth2;
mod old_rows;
mod openapi;
mod operation;
mod own_account;
mod pages;
mod passkeys;
mod peer;
mod place;
mod provider;
mod races;
mod recovery;
mod registration;
mod reports;
mod run_bia;
mod running;
mod schemas;
mod search;
mod secured;
mod snippets;
mod social;
mod sockets;
mod thread;
mod traces;
mod trial;
mod trusted_browser;
mod user_names;
mod vendors;
mod world;
