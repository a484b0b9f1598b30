//! `serve`: the two listeners.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::non_empty;
use crate::{Finding, Origins, Secret};

/// The two listeners.
#[derive(Debug, Clone, PartialEq)]
pub struct Serve {
    /// For people and their applications.
    pub public: Listener,
    /// For operators and trusted services.
    pub admin: Listener,
    /// Which other sites may read the public listener's responses.
    pub cors: Cors,
}

/// One listener.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Where it listens.
    pub bind: Bind,
    /// Its address as clients see it: configured, else made of scheme (`http` in development mode), host and port.
    pub base_url: Url,
    /// The same as it was written, with or without a slash at the end: the CSRF cookie's name is derived from it.
    pub base_url_text: String,
    /// Certificate and key; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// Whether requests for health are left out of the log.
    pub disable_health_log: bool,
}

impl Listener {
    /// The address of `path` (which starts with `/`) below the base URL.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base_url_text.trim_end_matches('/'))
    }
}

/// Where a listener listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// A host name or address and a port.
    Tcp {
        /// Empty for all addresses.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// The socket's path.
        path: PathBuf,
        /// The user that shall own it.
        owner: Option<String>,
        /// The group that shall own it.
        group: Option<String>,
        /// Its permission bits.
        mode: u32,
    },
}

/// Certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// PEM texts in base64.
    Inline {
        /// The certificate chain.
        cert: String,
        /// The private key.
        key: Secret,
    },
    /// PEM files, which are watched.
    Files {
        /// The certificate chain.
        cert: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// Which other sites may read responses (CORS).
#[derive(Debug, Clone, PartialEq)]
pub struct Cors {
    /// Whether any may.
    pub enabled: bool,
    /// The origins.
    pub origins: Origins,
    /// Methods that other sites may use.
    pub allowed_methods: Vec<String>,
    /// Request headers that they may send.
    pub allowed_headers: Vec<String>,
    /// Response headers that they may read.
    pub exposed_headers: Vec<String>,
    /// Whether they may send cookies.
    pub allow_credentials: bool,
    /// Whether preflight requests go on to the handlers.
    pub options_passthrough: bool,
    /// How long browsers keep the answer to a preflight request, in seconds; 0 for not saying so.
    pub max_age: u64,
    /// More in the log.
    pub debug: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawServe {
    public: RawListener,
    admin: RawListener,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct RawListener {
    host: String,
    port: Option<u16>,
    #[serde(deserialize_with = "non_empty")]
    base_url: Option<String>,
    socket: RawSocket,
    tls: RawTls,
    request_log: RawRequestLog,
    cors: RawCors,
}

impl Default for RawListener {
    fn default() -> Self {
        Self {
            host: "0.0.0.0".to_owned(),
            port: None,
            base_url: None,
            socket: RawSocket::default(),
            tls: RawTls::default(),
            request_log: RawRequestLog::default(),
            cors: RawCors::default(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct RawSocket {
    #[serde(deserialize_with = "non_empty")]
    owner: Option<String>,
    #[serde(deserialize_with = "non_empty")]
    group: Option<String>,
    mode: u32,
}

impl Default for RawSocket {
    fn default() -> Self {
        Self {
            owner: None,
            group: None,
            mode: 0o755,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawTls {
    cert: RawPem,
    key: RawPem,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawPem {
    #[serde(deserialize_with = "non_empty")]
    path: Option<String>,
    base64: Option<Secret>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawRequestLog {
    disable_for_health: bool,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct RawCors {
    enabled: bool,
    allowed_origins: Vec<String>,
    allowed_methods: Vec<String>,
    allowed_headers: Vec<String>,
    exposed_headers: Vec<String>,
    allow_credentials: bool,
    options_passthrough: bool,
    max_age: u64,
    debug: bool,
}

impl Default for RawCors {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            enabled: false,
            allowed_origins: list(&["*"]),
            allowed_methods: list(&["POST", "GET", "PUT", "PATCH", "DELETE"]),
            allowed_headers: list(&[
                "Authorization",
                "Content-Type",
                "Max-Age",
                "X-Session-Token",
                "X-XSRF-TOKEN",
                "X-CSRF-TOKEN",
            ]),
            exposed_headers: list(&["Content-Type"]),
            allow_credentials: true,
            options_passthrough: false,
            max_age: 0,
            debug: false,
        }
    }
}

/// What the addresses depend on besides their own section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) dev: bool,
    pub(crate) host_name: Option<&'a str>,
    pub(crate) legacy_origins: bool,
}

impl RawServe {
    /// Returns the section and warnings about it.
    pub(crate) fn resolve(self, around: Surroundings<'_>) -> (Serve, Vec<Finding>) {
        let mut warnings = Vec::new();
        let cors = self.public.cors.resolve(around.legacy_origins);
        let public = RawListener {
            cors: RawCors::default(),
            ..self.public
        }
        .resolve("serve.public", 4433, around, &mut warnings);
        let admin = self
            .admin
            .resolve("serve.admin", 4434, around, &mut warnings);
        (
            Serve {
                public,
                admin,
                cors,
            },
            warnings,
        )
    }
}

impl RawListener {
    fn resolve(
        self,
        section: &str,
        default_port: u16,
        around: Surroundings<'_>,
        warnings: &mut Vec<Finding>,
    ) -> Listener {
        let port = self.port.unwrap_or(default_port);
        let base_url_text = self
            .base_url
            .unwrap_or_else(|| derived_base_url(&self.host, port, around));
        let bind = match self.host.strip_prefix("unix:") {
            Some(path) => Bind::Unix {
                path: PathBuf::from(path),
                owner: self.socket.owner,
                group: self.socket.group,
                mode: self.socket.mode,
            },
            None => Bind::Tcp {
                host: self.host,
                port,
            },
        };
        Listener {
            bind,
            base_url: parsed_base_url(&base_url_text, port),
            base_url_text,
            tls: self.tls.resolve(section, warnings),
            disable_health_log: self.request_log.disable_for_health,
        }
    }
}

fn derived_base_url(host: &str, port: u16, around: Surroundings<'_>) -> String {
    let scheme = if around.dev { "http" } else { "https" };
    let unspecific = host.is_empty() || host == "0.0.0.0" || host.starts_with("unix:");
    let host = if unspecific {
        around.host_name.unwrap_or("127.0.0.1")
    } else {
        host
    };
    if host.contains(':') && !host.starts_with('[') {
        return format!("{scheme}://[{host}]:{port}/");
    }
    format!("{scheme}://{host}:{port}/")
}

/// The check has refused configured addresses that are no URLs; a machine's name could still be odd.
fn parsed_base_url(text: &str, port: u16) -> Url {
    let fallback = || {
        Url::parse(&format!("http://127.0.0.1:{port}/"))
            .expect("a literal address with a port is a URL")
    };
    Url::parse(text).unwrap_or_else(|_| fallback())
}

impl RawTls {
    fn resolve(self, section: &str, warnings: &mut Vec<Finding>) -> Option<Tls> {
        let text = |secret: Option<Secret>| secret.filter(|secret| !secret.expose().is_empty());
        let inline = (text(self.cert.base64), text(self.key.base64));
        if let (Some(cert), Some(key)) = inline {
            return Some(Tls::Inline {
                cert: cert.expose().to_owned(),
                key,
            });
        }
        match (self.cert.path, self.key.path) {
            (Some(cert), Some(key)) => Some(Tls::Files {
                cert: cert.into(),
                key: key.into(),
            }),
            (None, None) if matches!(inline, (None, None)) => None,
            _ => {
                let problem = "Certificate and key are not both given in the same way, so this listener speaks plain HTTP.";
                let mend = "Give cert and key both by path, or both by base64.";
                warnings.push(Finding::warning(format!("{section}.tls"), problem, mend));
                None
            }
        }
    }
}

impl RawCors {
    fn resolve(&self, legacy: bool) -> Cors {
        Cors {
            enabled: self.enabled,
            origins: Origins::new(&self.allowed_origins, legacy),
            allowed_methods: self.allowed_methods.clone(),
            allowed_headers: self.allowed_headers.clone(),
            exposed_headers: self.exposed_headers.clone(),
            allow_credentials: self.allow_credentials,
            options_passthrough: self.options_passthrough,
            max_age: self.max_age,
            debug: self.debug,
        }
    }
}
