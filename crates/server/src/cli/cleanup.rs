//! `bia cleanup sql`: removes what has expired.

use std::time::Duration;

use anyhow::Context as _;
use bia_config::Sources;
use bia_config::section::database as configured;
use bia_store::cleanup::{present, remove_expired};
use bia_store::{Dsn, Store, network};
use clap::{ArgAction, Args, Subcommand};
use time::OffsetDateTime;

use super::{ConfigFiles, Threads, block_on, connect, migrate, sources};
use crate::start;

#[derive(Subcommand)]
pub(super) enum Cleanup {
    /// Removes rows that have expired: sessions, flows, codes, errors.
    ///
    /// Each run removes at most one batch of each kind, oldest first, and may run beside servers. Run it from time to
    /// time, for example by cron.
    Sql(Sql),
}

#[derive(Args)]
pub(super) struct Sql {
    /// The database, with -e=false.
    dsn: Option<String>,

    /// Take the database from the environment variable DSN, or from dsn in the configuration.
    #[arg(
        short = 'e',
        long,
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = ArgAction::Set
    )]
    read_from_env: bool,

    /// How many rows of a kind are removed (database.cleanup.batch_size; 100 when nothing is said).
    #[arg(short = 'b', long = "database.cleanup.batch_size", value_name = "ROWS")]
    batch_size: Option<u32>,

    /// How long to rest after each kind of which something was removed (database.cleanup.sleep.tables; 1m when nothing is said).
    #[arg(long = "database.cleanup.sleep.tables", value_name = "TIME", value_parser = duration)]
    sleep: Option<Duration>,

    /// Keep what expired within this time, for example 24h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    keep_last: Option<Duration>,

    #[command(flatten)]
    files: ConfigFiles,
}

fn duration(text: &str) -> Result<Duration, String> {
    bia_config::duration::parse(text)
        .map_err(|_| format!("{text:?} is no length of time; write for example 30s, 5m or 24h"))
}

/// What a run does.
struct Plan {
    batch: u32,
    rest: Duration,
    before: OffsetDateTime,
}

impl Cleanup {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Cleanup::Sql(command) = self;
        block_on(Threads::One, command.run())
    }
}

impl Sql {
    async fn run(self) -> anyhow::Result<()> {
        let (dsn, plan) = self.prepared().await?;
        let store = connect::open(&dsn.existing())
            .await
            .context("The database cannot be opened.")?;
        migrate::ensure_complete(&store).await?;
        network::ensure(&store, OffsetDateTime::now_utc())
            .await
            .context("The database cannot be read.")?;
        clean(&store, &plan).await?;
        store.close().await;
        Ok(())
    }

    /// Where, and what is configured where it matters: flags count more than the environment, and that more than files.
    async fn prepared(&self) -> anyhow::Result<(Dsn, Plan)> {
        anyhow::ensure!(
            self.dsn.is_some() || self.read_from_env,
            "With -e=false the database has to be given: `bia cleanup sql -e=false DSN`."
        );
        let sources = sources::of_a_tool(&self.files);
        let config = start::load(&sources).await;
        let config = config.map_err(|findings| anyhow::anyhow!("{findings}"))?;
        let configured = &config.database.cleanup;
        let dsn = match &self.dsn {
            Some(dsn) => dsn.clone(),
            None => named(&sources)?,
        };
        let dsn = Dsn::parse(&dsn).context("The address of the database is not usable.")?;
        Ok((dsn, self.plan(configured)))
    }

    fn plan(&self, configured: &configured::Cleanup) -> Plan {
        let kept = self.keep_last.unwrap_or(configured.older_than);
        Plan {
            batch: self.batch_size.unwrap_or(configured.batch_size),
            rest: self.sleep.unwrap_or(configured.sleep.tables),
            before: OffsetDateTime::now_utc() - kept,
        }
    }
}

fn named(sources: &Sources) -> anyhow::Result<String> {
    let dsn = sources.dsn();
    let dsn = dsn.map_err(|findings| anyhow::anyhow!("{findings}"))?;
    dsn.map(|dsn| dsn.expose().to_owned())
        .context("No database is named. Set the environment variable DSN, or dsn in a file (-c).")
}

async fn clean(store: &Store, plan: &Plan) -> anyhow::Result<()> {
    let kinds = present(&mut store.read().await?)
        .await
        .context("The database cannot be read.")?;
    for kind in &kinds {
        let kind = *kind;
        let mut conn = store.write().await?;
        let removed = remove_expired(&mut conn, kind, plan.before, plan.batch)
            .await
            .with_context(|| format!("Expired {} cannot be removed.", kind.as_str()))?;
        drop(conn);
        eprintln!("{removed} {} removed.", kind.as_str());
        // The rest is for a database that has just worked.
        if removed > 0 && Some(&kind) != kinds.last() {
            tokio::time::sleep(plan.rest).await;
        }
    }
    Ok(())
}
