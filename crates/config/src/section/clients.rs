//! `clients`: limits on what the server itself connects to.

use serde::Deserialize;

/// `clients`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// HTTP requests: hooks, providers, schemas, templates.
    pub http: HttpClient,
    /// Mail servers.
    pub smtp: SmtpClient,
    /// What hooks are told.
    pub web_hook: WebHookClient,
}

/// `clients.http`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HttpClient {
    /// Whether private networks are out of reach.
    pub disallow_private_ip_ranges: bool,
    /// URLs (with `*` and `**`) that may be called all the same.
    pub private_ip_exception_urls: Vec<String>,
}

/// `clients.smtp`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SmtpClient {
    /// Whether private networks are out of reach.
    pub disallow_private_ip_ranges: bool,
}

/// `clients.web_hook`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebHookClient {
    /// The headers of a person's request that hooks and templates see.
    pub header_allowlist: Vec<String>,
}

impl Default for WebHookClient {
    fn default() -> Self {
        const NAMES: &str = "Accept Accept-Encoding Accept-Language Content-Length Content-Type Origin Priority Referer \
            Sec-Ch-Ua Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User \
            True-Client-Ip User-Agent";
        Self {
            header_allowlist: NAMES.split_whitespace().map(str::to_owned).collect(),
        }
    }
}
