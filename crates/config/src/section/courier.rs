//! `courier`: how messages are written and delivered.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{non_empty, request::Request};
use crate::{Secret, duration};

/// Messages.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Courier {
    /// The mail server.
    pub smtp: Smtp,
    /// How mails are delivered.
    pub delivery_strategy: DeliveryStrategy,
    /// The HTTP service that delivers mails when the strategy says so.
    pub http: CourierHttp,
    /// Other channels; there is one kind, `sms`.
    pub channels: Vec<Channel>,
    /// Templates by kind; what is not here is looked for in the folder, else built in.
    pub templates: BTreeMap<String, Template>,
    /// A folder with templates.
    #[serde(deserialize_with = "path")]
    pub template_override_path: Option<PathBuf>,
    /// How often a message is tried again.
    #[serde(deserialize_with = "count")]
    pub message_retries: u32,
    /// How the queue is worked off.
    pub worker: Worker,
}

impl Default for Courier {
    fn default() -> Self {
        Self {
            smtp: Smtp::default(),
            delivery_strategy: DeliveryStrategy::default(),
            http: CourierHttp::default(),
            channels: Vec::new(),
            templates: BTreeMap::new(),
            template_override_path: None,
            message_retries: 5,
            worker: Worker::default(),
        }
    }
}

impl Courier {
    /// Whether mails have a way out of this server. Without one they stay in the queue.
    #[must_use]
    pub fn delivers_mail(&self) -> bool {
        match self.delivery_strategy {
            DeliveryStrategy::Smtp => self.smtp.connection_uri.is_some(),
            DeliveryStrategy::Http => self.http.request_config.url.is_some(),
        }
    }

    /// The channel with this id, such as `sms`.
    #[must_use]
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }
}

/// How mails are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStrategy {
    /// By a mail server.
    #[default]
    Smtp,
    /// By an HTTP service.
    Http,
}

/// `courier.smtp`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Smtp {
    /// `smtp://` or `smtps://` with host, port, user, password and options. `None`: no mail is delivered.
    #[serde(deserialize_with = "secret")]
    pub connection_uri: Option<Secret>,
    /// A client certificate (PEM file).
    #[serde(deserialize_with = "path")]
    pub client_cert_path: Option<PathBuf>,
    /// Its key (PEM file).
    #[serde(deserialize_with = "path")]
    pub client_key_path: Option<PathBuf>,
    /// The sender's address.
    pub from_address: String,
    /// The sender's name; empty for none.
    pub from_name: String,
    /// Headers of every mail.
    pub headers: BTreeMap<String, String>,
    /// How the server introduces itself (EHLO).
    pub local_name: String,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            connection_uri: None,
            client_cert_path: None,
            client_key_path: None,
            from_address: "no-reply@localhost".to_owned(),
            from_name: String::new(),
            headers: BTreeMap::new(),
            local_name: "localhost".to_owned(),
        }
    }
}

/// `courier.http`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CourierHttp {
    /// What is sent where.
    pub request_config: Request,
}

/// A way for messages that are not mails.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Channel {
    /// `sms`
    pub id: String,
    /// `http`; without it nothing can be delivered.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// What is sent where.
    #[serde(default)]
    pub request_config: Request,
}

/// The templates of one kind of message. Kinds that do not know valid and invalid recipients have `email` and
/// `sms` of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Template {
    /// For an address that is known.
    pub valid: TemplateSet,
    /// For one that is not.
    pub invalid: TemplateSet,
    /// Kinds without that difference.
    #[serde(flatten)]
    pub always: TemplateSet,
}

/// Mail and text message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TemplateSet {
    /// The mail.
    pub email: MessageTemplate,
    /// The text message; it has only a plain body.
    pub sms: MessageTemplate,
}

/// Where the parts of a message are; each can be left to the folder or to the built-in text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MessageTemplate {
    /// The subject's address.
    pub subject: Option<String>,
    /// The bodies' addresses.
    pub body: BodyTemplate,
}

/// Where the bodies of a message are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BodyTemplate {
    /// The HTML body.
    pub html: Option<String>,
    /// The plain body.
    pub plaintext: Option<String>,
}

/// `courier.worker`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Worker {
    /// How many messages are taken at a time.
    #[serde(deserialize_with = "count")]
    pub pull_count: u32,
    /// How long the worker waits between.
    #[serde(deserialize_with = "duration::deserialize")]
    pub pull_wait: Duration,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            pull_count: 10,
            pull_wait: Duration::from_secs(1),
        }
    }
}

/// The schema sets no bounds here; below zero means none.
fn count<'de, D: serde::Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    let number = i64::deserialize(input)?.max(0);
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

fn path<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(non_empty(input)?.map(PathBuf::from))
}

fn secret<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Secret>, D::Error> {
    Ok(non_empty(input)?.map(Secret::new))
}
