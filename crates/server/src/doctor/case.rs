//! What the rules look at.

use bia_config::{Config, Page, Survey, section::serve::Bind};
use bia_model::schema::{Extension, IdentitySchema};
use serde_json::Value;
use url::Url;

use super::Diagnosis;

/// A configuration with its schemas.
pub struct Case {
    /// The configuration and what is written in it.
    pub survey: Survey,
    /// The identity schemas by id.
    pub schemas: Vec<(String, IdentitySchema)>,
}

impl Case {
    /// The configuration as the server sees it.
    pub fn config(&self) -> &Config {
        &self.survey.config
    }

    /// Whether somebody wrote the key.
    pub fn is_written(&self, path: &str) -> bool {
        self.survey.written(path).is_some()
    }

    /// A text that somebody wrote.
    pub fn written_text(&self, path: &str) -> Option<&str> {
        self.survey.written(path).and_then(Value::as_str)
    }

    /// A list that somebody wrote; empty when nobody did.
    pub fn written_list(&self, path: &str) -> &[Value] {
        let list = self.survey.written(path).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }

    /// The public address.
    pub fn base(&self) -> &Url {
        &self.config().serve.public.base_url
    }

    /// The host of the public address.
    pub fn host(&self) -> &str {
        self.base().host_str().unwrap_or_default()
    }

    /// Whether this is for trying things out on one machine: development mode, or a public address on it.
    pub fn is_local(&self) -> bool {
        self.config().dev || is_loopback(self.host())
    }

    /// Whether the public listener can be reached only from its own machine.
    pub fn listens_locally(&self) -> bool {
        match &self.config().serve.public.bind {
            Bind::Tcp { host, .. } => is_loopback(host),
            Bind::Unix { .. } => true,
        }
    }

    /// The pages that flows are shown on, where there are ones of the operator's own: page, key, address.
    pub fn own_pages(&self) -> Vec<(Page, String, Url)> {
        let own = |page: Page| {
            let address = self.config().selfservice.ui_url(page)?;
            let url = (!address.is_relative())
                .then(|| address.to_url(self.base()))
                .flatten()?;
            Some((page, ui_url_key(page), url))
        };
        Page::ALL.into_iter().filter_map(own).collect()
    }

    /// Whether any schema uses a trait in this way.
    pub fn any_trait(&self, wanted: impl Fn(&Extension) -> bool) -> bool {
        self.schemas
            .iter()
            .any(|(_, schema)| schema.uses().any(|(_, extension)| wanted(extension)))
    }

    /// A finding about `key`, with the place where it, or what is around it, stands.
    pub fn found(&self, rule: &'static str, key: &str, what: impl Into<String>) -> Diagnosis {
        Diagnosis {
            rule,
            place: self.survey.place(key),
            key: key.to_owned(),
            what: what.into(),
            why: String::new(),
            mend: String::new(),
            snippet: String::new(),
        }
    }
}

impl Diagnosis {
    /// The same with why it matters.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// The same with what to do, as a sentence and as a piece of configuration.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>, snippet: impl Into<String>) -> Self {
        self.mend = mend.into();
        self.snippet = snippet.into();
        self
    }
}

/// The key of a page's address.
pub(super) fn ui_url_key(page: Page) -> String {
    format!("selfservice.flows.{}.ui_url", page.name())
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<std::net::IpAddr> = bare.parse().ok();
    bare == "localhost"
        || bare.ends_with(".localhost")
        || address.is_some_and(|address| address.is_loopback())
}

/// Whether a host is a name that only means something inside a network: no dot, or a cluster's ending.
pub(super) fn is_inside(host: &str) -> bool {
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    let cluster = [".svc", ".cluster.local", ".docker.internal"];
    !is_address
        && !is_loopback(host)
        && (!host.contains('.') || cluster.iter().any(|end| host.ends_with(end)))
}
