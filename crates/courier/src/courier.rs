//! Everything that one configuration means for messages.

use std::sync::Arc;

use bia_config::{Config, Finding, Findings, fetch};
use bia_jsonnet::Jsonnet;
use bia_outbound::Outbound;

use crate::settings::{EmailDelivery, Settings};
use crate::texts::Texts;

/// How messages are written and how they leave, by one configuration. A reload makes a new one.
pub struct Courier {
    /// The settings.
    pub settings: Settings,
    /// The operator's own texts.
    pub(crate) texts: Texts,
    /// Reaches web services.
    pub(crate) outbound: Arc<Outbound>,
    /// Builds the bodies of requests to them.
    pub(crate) jsonnet: Arc<Jsonnet>,
}

impl Courier {
    /// By a configuration.
    #[must_use]
    pub fn new(config: &Config, outbound: Arc<Outbound>, jsonnet: Arc<Jsonnet>) -> Courier {
        Courier {
            texts: Texts::new(&config.courier),
            ..Courier::with(Settings::from_config(config), outbound, jsonnet)
        }
    }

    /// By settings alone, with the built-in texts.
    #[must_use]
    pub fn with(settings: Settings, outbound: Arc<Outbound>, jsonnet: Arc<Jsonnet>) -> Courier {
        Courier {
            settings,
            texts: Texts::default(),
            outbound,
            jsonnet,
        }
    }

    /// What is wrong with the operator's templates and with the bodies of requests to web services. Messages that
    /// need them fail; others do not. Loads what is behind addresses of servers.
    pub async fn findings(&self) -> Findings {
        let mut findings = self.texts.findings().await;
        let by_http = match &self.settings.email {
            EmailDelivery::Http(request) => Some(("courier.http".to_owned(), &**request)),
            EmailDelivery::Smtp(_) => None,
        };
        let channels = self.settings.channels.iter().enumerate();
        let channels =
            channels.map(|(at, channel)| (format!("courier.channels[{at}]"), &channel.request));
        for (key, request) in by_http.into_iter().chain(channels) {
            if let Some(address) = &request.body {
                findings.extend(body_finding(format!("{key}.request_config.body"), address).await);
            }
        }
        Findings(findings)
    }
}

async fn body_finding(key: String, address: &str) -> Option<Finding> {
    let problem = match fetch::fetch_or_path(address).await {
        Ok(snippet) => bia_jsonnet::check(&String::from_utf8_lossy(&snippet)).err()?,
        Err(error) => error.to_string(),
    };
    let problem = format!("The Jsonnet of the body cannot be used: {problem}.");
    let mend = "Messages of this channel cannot be delivered. Correct the snippet or its address.";
    Some(Finding::warning(key, problem, mend))
}
