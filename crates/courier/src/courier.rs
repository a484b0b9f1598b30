//! Everything that one configuration means for messages.

use std::sync::Arc;

use bia_config::Config;
use bia_jsonnet::Jsonnet;
use bia_outbound::Outbound;

use crate::settings::Settings;

/// How messages are written and how they leave, by one configuration. A reload makes a new one.
pub struct Courier {
    /// The settings.
    pub settings: Settings,
    /// Reaches web services.
    pub(crate) outbound: Arc<Outbound>,
    /// Builds the bodies of requests to them.
    pub(crate) jsonnet: Arc<Jsonnet>,
}

impl Courier {
    /// By a configuration.
    #[must_use]
    pub fn new(config: &Config, outbound: Arc<Outbound>, jsonnet: Arc<Jsonnet>) -> Courier {
        Courier::with(Settings::from_config(config), outbound, jsonnet)
    }

    /// By settings alone.
    #[must_use]
    pub fn with(settings: Settings, outbound: Arc<Outbound>, jsonnet: Arc<Jsonnet>) -> Courier {
        Courier {
            settings,
            outbound,
            jsonnet,
        }
    }
}
