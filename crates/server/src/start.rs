//! From a configuration to what requests need.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use bia_config::section::bia::StoredToken;
use bia_config::section::hasher::{Argon2, HashAlgorithm};
use bia_config::section::log::{LogFormat, LogLevel};
use bia_config::{Config, Finding, Findings, Severity, Sources};
use bia_courier::Courier;
use bia_jsonnet::Jsonnet;
use bia_outbound::Outbound;
use bia_selfservice::background::Background;
use bia_selfservice::cx::{App, Clock, Runtime};
use bia_selfservice::hasher::{Hasher, HasherConfig};
use bia_selfservice::method::oidc::Remembered;
use bia_selfservice::method::password::policy::{BreachConfig, PasswordPolicy, PolicyConfig};
use bia_selfservice::refusal::Ledger;
use bia_selfservice::session::tokenize::TokenKeysByTemplate;
use bia_selfservice::token::TokenKeys;
use bia_selfservice::turns::Turns;
use bia_store::{Dialect, Dsn, Store, migrate, network};
use time::OffsetDateTime;
use tracing_subscriber::filter::LevelFilter;

use crate::trace::{self, Traces};
use crate::{identity_schemas, log, search};

/// Reads and checks a configuration.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn load(sources: &Sources) -> Result<Config, Findings> {
    bia_config::load(sources, &identity_schemas::check).await
}

/// Starts the log as configured, and writes what is odd about the configuration. Gives the traces, where some are
/// configured: they have to be ended with the process.
///
/// # Errors
/// When traces cannot be sent as configured.
pub fn start_log(config: &Config) -> anyhow::Result<Option<Traces>> {
    let traces = Traces::new(&config.tracing)?;
    let threshold = match config.log.level {
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Fatal | LogLevel::Panic => LevelFilter::OFF,
    };
    let format = match config.log.format {
        LogFormat::Json => log::Format::Json,
        LogFormat::Text => log::Format::Text,
    };
    log::start(threshold, format, traces.as_ref());
    warn_about(config.warnings());
    Ok(traces)
}

/// Writes what is odd about a configuration into the log.
pub fn warn_about(findings: &Findings) {
    for finding in findings {
        let (key, place) = whereabouts(finding);
        tracing::warn!(key, place, "{} {}", finding.problem, finding.mend);
    }
}

/// Writes what is wrong with a configuration into the log.
pub fn report(findings: &Findings) {
    for finding in findings {
        let (key, place) = whereabouts(finding);
        match finding.severity {
            Severity::Error => tracing::error!(key, place, "{} {}", finding.problem, finding.mend),
            Severity::Warning => tracing::warn!(key, place, "{} {}", finding.problem, finding.mend),
        }
    }
}

fn whereabouts(finding: &Finding) -> (Option<&str>, Option<String>) {
    let key = Some(finding.key.as_str()).filter(|key| !key.is_empty());
    (key, finding.place.as_ref().map(ToString::to_string))
}

/// Where the database is: as configured, else a SQLite file in the data folder.
///
/// # Errors
/// When the configured name cannot be used; the error does not repeat it.
pub fn dsn(
    config: &Config,
    data_dir: impl FnOnce() -> anyhow::Result<std::path::PathBuf>,
) -> anyhow::Result<Dsn> {
    let text = match &config.dsn {
        Some(dsn) => dsn.expose().to_owned(),
        None => in_folder(&data_dir()?),
    };
    Dsn::parse(&text).context("dsn is not usable.")
}

/// The name of the SQLite database in a data folder.
pub fn in_folder(data_dir: &Path) -> String {
    format!(
        "sqlite://{}?_fk=true&mode=rwc",
        data_dir.join("bia.sqlite").display()
    )
}

/// Opens a database that is to be served, and waits up to `patience` for it.
///
/// A SQLite database is brought to the current shape at once: it belongs to this process. Others are shared, so that
/// is for the operator to decide.
///
/// # Errors
/// When the database does not answer, or is of another shape; the error says which command to run.
pub async fn open(dsn: &Dsn, patience: Duration) -> anyhow::Result<Store> {
    let store = Store::connect(dsn, patience)
        .await
        .context("The database cannot be opened.")?;
    let now = OffsetDateTime::now_utc();
    if store.dialect() == Dialect::Sqlite {
        migrate::up(&store, now)
            .await
            .context("The database cannot be prepared.")?;
    } else {
        let steps = migrate::status(&store)
            .await
            .context("The database cannot be looked at.")?;
        let pending = steps
            .iter()
            .filter(|step| step.applied_at.is_none())
            .count();
        anyhow::ensure!(
            pending == 0,
            "The database lacks {pending} of {} migrations. Run `bia migrate sql up -e --yes` with the same DSN, then start again.",
            steps.len()
        );
    }
    network::ensure(&store, now)
        .await
        .context("The database cannot be read.")?;
    Ok(store)
}

/// What follows from a configuration; `jsonnet` evaluates its snippets.
///
/// # Errors
/// When an identity schema cannot be compiled.
pub async fn runtime(config: Arc<Config>, jsonnet: &Arc<Jsonnet>) -> anyhow::Result<Runtime> {
    let schemas = identity_schemas::compile_all(&config).await?;
    let store_plain = config.bia.sessions.stored_token == StoredToken::Plain;
    let keys = TokenKeys::new(
        config
            .secrets
            .sessions()
            .iter()
            .map(bia_config::Secret::as_bytes),
        store_plain,
    );
    let hasher = Hasher::new(hasher(&config));
    let outbound = Outbound::new(&config.clients.http).marked_by(trace::mark());
    let outbound = Arc::new(outbound);
    let policy = PasswordPolicy::new(policy(&config, &hasher), &outbound)
        .context("The password policy cannot be used.")?;
    let courier = Courier::new(&config, outbound.clone(), jsonnet.clone());
    warn_about(&courier.findings().await);
    warn_about(&bia_config::advice(&config));
    let token_templates = TokenKeysByTemplate::default();
    warn_about_keys(&config, &token_templates).await;
    Ok(Runtime {
        schemas,
        hasher,
        policy,
        keys,
        courier: Arc::new(courier),
        token_templates,
        outbound,
        providers: Remembered::default(),
        config,
    })
}

/// Names the templates whose tokens cannot be signed, before somebody asks for one.
async fn warn_about_keys(config: &Config, keys: &TokenKeysByTemplate) {
    for (name, template) in &config.session.whoami.tokenizer.templates {
        if let Err(fault) = keys.of(name, template).await {
            let key = format!("session.whoami.tokenizer.templates.{name}.jwks_url");
            tracing::warn!(key, "Sessions cannot be tokenized as {name:?}: {fault}.");
        }
    }
}

/// What new passwords have to fulfil.
fn policy(config: &Config, hasher: &Hasher) -> PolicyConfig {
    let password = &config.selfservice.methods.password.config;
    let (breaches, lenient) = (password.max_breaches, password.ignore_network_errors);
    let looked_up = || BreachConfig::for_host(&password.haveibeenpwned_host, breaches, lenient);
    PolicyConfig {
        min_bytes: password.min_password_length,
        max_bytes: hasher.config().max_password_bytes(),
        similarity_check: password.identifier_similarity_check_enabled,
        breach: password.haveibeenpwned_enabled.then(looked_up).flatten(),
    }
}

/// The app for a configuration and an open database; `jsonnet` starts the processes that evaluate snippets.
///
/// # Errors
/// As [`runtime`].
pub async fn app(
    config: Arc<Config>,
    store: Store,
    jsonnet: bia_jsonnet::Command,
) -> anyhow::Result<Arc<App>> {
    store.set_searchable(search::searchable(&config));
    let jsonnet = Arc::new(Jsonnet::new(jsonnet));
    let runtime = ArcSwap::from_pointee(runtime(config, &jsonnet).await?);
    Ok(Arc::new(App {
        store,
        runtime,
        clock: Clock::default(),
        courier: Arc::default(),
        hook_calls: Arc::default(),
        sessions: bia_store::session::Remembered::default(),
        new_flows: bia_store::flow::NewFlows::default(),
        jsonnet,
        turns: Turns::default(),
        background: Background::default(),
        refused: Arc::default(),
        refusals: Ledger::default(),
    }))
}

/// How new passwords are hashed.
fn hasher(config: &Config) -> HasherConfig {
    let hashers = &config.hashers;
    match hashers.algorithm {
        HashAlgorithm::Bcrypt => HasherConfig::bcrypt(hashers.bcrypt.cost, config.dev),
        HashAlgorithm::Argon2 => argon2(&hashers.argon2),
    }
}

/// Argon2id with the configured costs.
pub(crate) fn argon2(costs: &Argon2) -> HasherConfig {
    HasherConfig::Argon2id {
        memory_kib: u32::try_from(costs.memory / 1024).unwrap_or(u32::MAX),
        iterations: costs.iterations,
        parallelism: costs.parallelism,
        salt_bytes: usize::try_from(costs.salt_length).unwrap_or(usize::MAX),
        key_bytes: usize::try_from(costs.key_length).unwrap_or(usize::MAX),
    }
}
