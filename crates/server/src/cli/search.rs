//! `bia search`: the terms by which identities are found.

use anyhow::Context as _;
use bia_store::{identity, network, search};
use clap::{Args, Subcommand};
use time::OffsetDateTime;

use super::migrate::Database;
use super::progress::{Progress, bar};
use super::{Threads, block_on, sources};
use crate::{search as upkeep, start};

#[derive(Subcommand)]
pub(super) enum Search {
    /// Makes the terms of all identities anew, beside running servers or without one.
    ///
    /// Servers do this by themselves, a few identities at a time. Give the configuration (-c, or the environment) when it says
    /// which traits are searchable: servers would make the terms once more otherwise.
    Rebuild(Rebuild),
}

#[derive(Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    database: Database,
}

impl Search {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Search::Rebuild(command) = self;
        block_on(Threads::One, command.run())
    }
}

impl Rebuild {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.database.open_existing().await?;
        network::ensure(&store, OffsetDateTime::now_utc())
            .await
            .context("The database cannot be read.")?;
        let config = start::load(&sources::of_a_tool(&self.database.files)).await;
        let config = config.map_err(|findings| anyhow::anyhow!("{findings}"))?;
        store.set_searchable(upkeep::searchable(&config));
        search::start_over(&store)
            .await
            .context("The terms cannot be made anew. Is the database migrated?")?;
        let total = u64::try_from(identity::count(&mut store.read().await?).await?)?;
        let (mut looked_at, mut indexed) = (0, 0);
        let mut progress = Progress::new();
        loop {
            let looked = search::refresh(&store)
                .await
                .with_context(|| format!("It stopped after {indexed} identities. Run it again."))?;
            looked_at += u64::try_from(looked.looked_at)?;
            indexed += looked.indexed;
            progress.tell(|| {
                format!(
                    "{} {looked_at} of {total} identities",
                    bar(looked_at, total)
                )
            });
            if looked.round_ended {
                break;
            }
        }
        drop(progress);
        println!("{indexed} identities can be searched.");
        store.close().await;
        Ok(())
    }
}
