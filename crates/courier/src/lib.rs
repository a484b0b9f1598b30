//! Messages to people: their texts, the queue, and how they leave the house.
//!
//! A flow renders a message and puts it into the queue ([`enqueue`]) inside its own unit of work; nothing
//! is sent there. A [`Worker`] takes messages out and delivers them. Both sides share nothing but the
//! database (spec courier.md), so any number of workers may run, in the server or beside it.
//!
//! This crate must not know of HTTP requests, flows or sessions, and writes no SQL.

#![warn(missing_docs)]
#![cfg_attr(
    test,
    expect(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test stops where it fails"
    )
)]

mod courier;
mod deliver;
mod error;
mod gotmpl;
mod http;
mod queue;
mod recipient;
mod settings;
mod smtp;
mod template;
mod texts;
mod worker;

pub use courier::Courier;
pub use deliver::html_part;
pub use error::{CourierError, DeliveryError};
pub use queue::{Outgoing, enqueue};
pub use recipient::is_mail_address;
pub use settings::{
    EmailDelivery, HttpChannel, Security, Settings, SmtpSettings, SmtpUri, SmtpUriError,
};
pub use template::{
    AccountExists, AuthenticatorKeyAdded, CodeMessage, LoginCodeSms, LoginCodeValid, OAuth2Client,
    OAuth2LoginRequest, RecoveryCodeSms, RecoveryCodeValid, RecoveryValid, RegistrationCodeSms,
    RegistrationCodeValid, Template, TemplateKind, UnknownAddress, VerifiableAddressChanged,
    VerificationCodeSms, VerificationCodeValid, VerificationValid,
};
pub use worker::{CourierSource, TimeSource, Worker, WorkerError};
