//! The command line.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Parser, ValueEnum};

use crate::hashing::HashSpec;
use crate::scenario::Scenario;

/// Measures a server that speaks the Kratos API, beside the ceilings of the machine it runs on.
#[derive(Debug, Parser)]
#[command(name = "bia-bench")]
pub(crate) struct Args {
    /// Where the public API answers, for example http://127.0.0.1:4433
    #[arg(long)]
    pub(crate) public: url::Url,
    /// Where the admin API answers, for example http://127.0.0.1:4434
    #[arg(long)]
    pub(crate) admin: url::Url,
    /// The server's database, as its configuration names it: measures that database's own row rates too
    #[arg(long)]
    pub(crate) dsn: Option<String>,
    /// Keep-alive connections that send one request after the other
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) connections: u16,
    /// Connections for logins and registrations, which wait for a hash; default: two a core
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) hash_connections: Option<u16>,
    /// Measured seconds for each scenario and each ceiling, all rounds together
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// The seconds are split into so many rounds; every round visits everything, so that noise hits all alike
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) rounds: u64,
    /// Milliseconds of load before each measurement, not counted
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=30_000))]
    pub(crate) warm_up_ms: u64,
    /// What to measure, separated by commas: whoami, health, flow, login, registration, admin-get, admin-list, admin-search, mixed or all
    #[arg(long, default_value = "all")]
    pub(crate) scenario: String,
    /// The password hash the server is configured with: bcrypt:COST or argon2id:KIBIBYTES,PASSES,LANES
    #[arg(long, default_value = "bcrypt:12")]
    pub(crate) hash: HashSpec,
    /// Identities to prepare, each with a password and a session
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) people: u16,
    /// Further identities without credentials, so that tables have some size
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) fill: u32,
    /// The identity schema to use; its traits need an `email` that is the password identifier
    #[arg(long)]
    pub(crate) schema: Option<String>,
    /// Leave the identities that the run created
    #[arg(long)]
    pub(crate) keep: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// How the result is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for a terminal.
    Table,
    /// One JSON object.
    Json,
    /// Tables for a document.
    Markdown,
}

impl Args {
    /// The scenarios asked for, in their fixed order; `health` always belongs to them, as it is a ceiling.
    pub(crate) fn scenarios(&self) -> anyhow::Result<Vec<Scenario>> {
        let mut wanted = vec![Scenario::Health];
        for word in self
            .scenario
            .split(',')
            .map(str::trim)
            .filter(|w| !w.is_empty())
        {
            if word == "all" {
                return Ok(Scenario::ALL.to_vec());
            }
            let known = Scenario::ALL.iter().find(|s| s.name() == word);
            wanted.push(*known.with_context(|| {
                format!("there is no scenario {word}; see --help for the list")
            })?);
        }
        Ok(Scenario::ALL
            .iter()
            .copied()
            .filter(|s| wanted.contains(s))
            .collect())
    }

    /// Connections for scenarios that wait for a password hash.
    pub(crate) fn hash_connections(&self) -> usize {
        let two_a_core = crate::hashing::cores().saturating_mul(2);
        self.hash_connections.map_or(two_a_core, usize::from)
    }

    /// How long each scenario is measured in one round.
    pub(crate) fn slice(&self) -> Duration {
        Duration::from_secs(self.seconds)
            .checked_div(u32::try_from(self.rounds).unwrap_or(1))
            .unwrap_or(Duration::from_secs(1))
    }

    /// Refuses what the tool cannot do.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for url in [&self.public, &self.admin] {
            if url.scheme() != "http" {
                bail!(
                    "{url} is not an http:// address; the tool measures the server itself, without TLS"
                );
            }
        }
        Ok(())
    }
}
