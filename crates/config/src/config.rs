//! The configuration as everybody else sees it.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    Finding, Findings, RedirectUrl, ReturnUrls, Secret,
    return_urls::Unusable,
    section::{
        bia::Bia,
        clients::Clients,
        cookies::{Cookies, RawCookies},
        courier::Courier,
        database::Database,
        flow::{Flows, LoginStyle},
        hasher::Hashers,
        identity::{Identity, SchemaSource},
        log::Log,
        method::Methods,
        oauth2::OAuth2Provider,
        secrets::{Ciphers, Secrets},
        security::{FeatureFlags, Security},
        selfservice::{Page, SelfService},
        serve::{RawServe, Serve, Surroundings},
        session::{RawSession, Session},
        tracing::Tracing,
    },
    source::Tree,
};

/// A checked configuration. It never changes; share it as `Arc<Config>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The database. `None`: a SQLite file in the data directory. As at start for the life of the process.
    pub dsn: Option<Secret>,
    /// Development mode: http is fine, cookies are not for https only, errors say more.
    pub dev: bool,
    /// Whether this process delivers messages.
    pub watch_courier: bool,
    /// The port for metrics of a courier that runs alone; 0 for none.
    pub expose_metrics_port: u16,
    /// The version that the configuration was written for; empty when it does not say.
    pub version: String,
    /// What people do for themselves.
    pub selfservice: SelfService,
    /// Sessions.
    pub session: Session,
    /// Attributes of cookies other than the session's.
    pub cookies: Cookies,
    /// The server's keys.
    pub secrets: Secrets,
    /// How secrets of identities are encrypted.
    pub ciphers: Ciphers,
    /// How new passwords are hashed.
    pub hashers: Hashers,
    /// Messages.
    pub courier: Courier,
    /// The two listeners.
    pub serve: Serve,
    /// Which schemas identities have.
    pub identity: Identity,
    /// Protection of accounts.
    pub security: Security,
    /// Switches for changed behaviour.
    pub feature_flags: FeatureFlags,
    /// Limits on what the server connects to.
    pub clients: Clients,
    /// The log. As at start for the life of the process.
    pub log: Log,
    /// Where traces go. As at start for the life of the process.
    pub tracing: Tracing,
    /// How stale rows are removed.
    pub database: Database,
    /// The OAuth2 server that this one answers for.
    pub oauth2_provider: OAuth2Provider,
    /// Our own settings.
    pub bia: Bia,
    revision: String,
    warnings: Findings,
}

impl Config {
    /// What is odd about this configuration without keeping the server from starting. To be logged once.
    #[must_use]
    pub fn warnings(&self) -> &Findings {
        &self.warnings
    }

    /// The configured `revision`, else the SHA-256 of the configuration with defaults, in hexadecimal digits.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Where browsers are sent for a flow: the configured page, else the built-in one at `/ui/<flow>` of the
    /// public address. Add the flow's id with [`RedirectUrl::with_query`].
    #[must_use]
    pub fn ui_url(&self, page: Page) -> RedirectUrl {
        let built_in = || {
            let address = self.serve.public.address(&format!("/ui/{}", page.name()));
            RedirectUrl::parse(&address)
                .expect("the base URL is absolute, and a path was added to it")
        };
        self.selfservice
            .ui_url(page)
            .cloned()
            .unwrap_or_else(built_in)
    }

    /// The address of `path` (which starts with `/`) on the public listener, as clients see it.
    #[must_use]
    pub fn public_address(&self, path: &str) -> String {
        self.serve.public.address(path)
    }

    /// The address of `path` (which starts with `/`) on the admin listener, as clients see it.
    #[must_use]
    pub fn admin_address(&self, path: &str) -> String {
        self.serve.admin.address(path)
    }

    /// Whether the login form asks for the identifier first.
    #[must_use]
    pub fn identifier_first_enabled(&self) -> bool {
        self.selfservice.flows.login.style == LoginStyle::IdentifierFirst
    }

    /// Parses a checked tree. `effective` is the tree with defaults; `warnings` are remarks made before.
    pub(crate) fn parse(
        tree: &Tree,
        effective: Value,
        schemas: Vec<SchemaSource>,
        warnings: Findings,
    ) -> Result<Self, Finding> {
        let fingerprint = fingerprint(&effective);
        let raw = Raw::deserialize(effective).map_err(|error| {
            let problem =
                format!("The configuration passed its checks, but could not be read: {error}.");
            Finding::error(
                "",
                problem,
                "Correct the value that is named, and please report this.",
            )
        })?;
        Ok(raw.resolve(tree, schemas, fingerprint, warnings))
    }
}

/// The SHA-256 of a configuration, in hexadecimal digits.
fn fingerprint(effective: &Value) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, effective.to_string().as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The configuration as it is written, with defaults.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    dsn: Option<Secret>,
    #[serde(default)]
    dev: bool,
    #[serde(default, rename = "watch-courier")]
    watch_courier: bool,
    #[serde(default, rename = "expose-metrics-port")]
    expose_metrics_port: u16,
    #[serde(default)]
    version: String,
    #[serde(default)]
    revision: String,
    selfservice: RawSelfService,
    #[serde(default)]
    session: RawSession,
    #[serde(default)]
    cookies: RawCookies,
    #[serde(default)]
    secrets: Secrets,
    #[serde(default)]
    ciphers: Ciphers,
    #[serde(default)]
    hashers: Hashers,
    #[serde(default)]
    courier: Courier,
    #[serde(default)]
    serve: RawServe,
    identity: RawIdentity,
    #[serde(default)]
    security: Security,
    #[serde(default)]
    feature_flags: FeatureFlags,
    #[serde(default)]
    clients: Clients,
    #[serde(default)]
    log: Log,
    #[serde(default)]
    tracing: Tracing,
    #[serde(default)]
    database: Database,
    #[serde(default)]
    oauth2_provider: OAuth2Provider,
    #[serde(default)]
    bia: Bia,
}

#[derive(Deserialize)]
struct RawSelfService {
    default_browser_return_url: RedirectUrl,
    #[serde(default)]
    allowed_return_urls: Vec<String>,
    #[serde(default)]
    flows: Flows,
    #[serde(default)]
    methods: Methods,
}

#[derive(Deserialize)]
struct RawIdentity {
    #[serde(default = "default_schema_id")]
    default_schema_id: String,
}

fn default_schema_id() -> String {
    "default".to_owned()
}

impl Raw {
    fn resolve(
        self,
        tree: &Tree,
        schemas: Vec<SchemaSource>,
        fingerprint: String,
        mut warnings: Findings,
    ) -> Config {
        let dev = self.dev;
        let legacy_origins = self.feature_flags.legacy_allow_insecure_origins;
        let host_name = host_name();
        let around = Surroundings {
            dev,
            host_name: host_name.as_deref(),
            legacy_origins,
        };
        let (serve, remarks) = self.serve.resolve(around);
        warnings.extend(remarks.into_iter().map(|finding| located(finding, tree)));
        let (selfservice, remarks) = self
            .selfservice
            .resolve(&serve.public.base_url, legacy_origins);
        warnings.extend(remarks.into_iter().map(|finding| located(finding, tree)));
        if self.secrets.is_ephemeral() {
            warnings.push(ephemeral());
        }
        let cookies = self.cookies.resolve(dev);
        Config {
            dsn: self.dsn.filter(|dsn| !dsn.expose().is_empty()),
            dev,
            watch_courier: self.watch_courier,
            expose_metrics_port: self.expose_metrics_port,
            version: self.version,
            selfservice,
            session: self.session.resolve(&cookies, dev),
            cookies,
            secrets: self.secrets.resolve(),
            ciphers: self.ciphers,
            hashers: self.hashers.resolve(dev),
            courier: self.courier,
            serve,
            identity: Identity {
                default_schema_id: self.identity.default_schema_id,
                schemas,
            },
            security: self.security,
            feature_flags: self.feature_flags,
            clients: self.clients,
            log: self.log,
            tracing: self.tracing,
            database: self.database,
            oauth2_provider: self.oauth2_provider,
            bia: self.bia,
            revision: if self.revision.is_empty() {
                fingerprint
            } else {
                self.revision
            },
            warnings: warnings.sorted(),
        }
    }
}

impl RawSelfService {
    fn resolve(self, public_base: &Url, legacy: bool) -> (SelfService, Vec<Finding>) {
        let (allowed_return_urls, unusable) =
            ReturnUrls::new(&self.allowed_return_urls, public_base, legacy);
        let section = SelfService {
            default_browser_return_url: self.default_browser_return_url,
            allowed_return_urls,
            flows: self.flows,
            methods: self.methods,
        };
        (
            section,
            unusable
                .into_iter()
                .map(|(index, why)| unusable_return_url(index, why))
                .collect(),
        )
    }
}

fn located(finding: Finding, tree: &Tree) -> Finding {
    let place = tree.place(&finding.key);
    finding.at(place)
}

fn unusable_return_url(index: usize, why: Unusable) -> Finding {
    let key = format!("selfservice.allowed_return_urls[{index}]");
    match why {
        Unusable::NotAbsolute => {
            let mend = "Write it with scheme and host, such as \"https://app.example.org/\".";
            Finding::warning(
                key,
                "This is not an absolute URL, so the entry is left out.",
                mend,
            )
        }
        Unusable::Unbounded => {
            let problem = "The wildcard also matches hosts that anybody can register, so the entry is left out.";
            Finding::warning(
                key,
                problem,
                "Put the * in front of a domain of yours, such as \"https://*.example.org/\".",
            )
        }
    }
}

fn ephemeral() -> Finding {
    let problem = "No key is configured for cookies, so this process uses a random one: sessions in browsers end when it does, \
                   and several replicas do not understand each other's.";
    Finding::warning(
        "secrets.cookie",
        problem,
        "Add secrets.cookie with a random text of 32 characters.",
    )
}

/// The machine's name, for addresses that are not configured.
fn host_name() -> Option<String> {
    let from_file = |path| std::fs::read_to_string(path).ok();
    let name = from_file("/proc/sys/kernel/hostname")
        .or_else(|| from_file("/etc/hostname"))
        .or_else(|| std::env::var("HOSTNAME").ok())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;
    use crate::key;

    /// The table fills defaults into what is checked, and the sections have them for lists and maps.
    #[test]
    fn the_defaults_of_the_table_are_those_of_the_sections() {
        let mut least = json!({
            "selfservice": {"default_browser_return_url": "http://app.local/"},
            "identity": {"schemas": []},
            "secrets": {"default": ["0123456789abcdef"]},
            "courier": {"http": {"request_config": {"method": "POST"}}},
        });
        // A request has a method only where the table gives it one; hooks and channels share the type.
        least["selfservice"]["methods"] =
            json!({"password": {"config": {"migrate_hook": {"config": {"method": "POST"}}}}});
        let tree = Tree::new(least.clone(), HashMap::new());
        let parse = |effective| {
            let config = Config::parse(&tree, effective, Vec::new(), Findings::default()).unwrap();
            Config {
                revision: String::new(),
                ..config
            }
        };
        let by_table = parse(tree.with_defaults(key::root().defaults().unwrap()));
        assert_eq!(by_table, parse(least));
    }
}
