//! `bia remote`: is a server there, and which one.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;

use super::super::{Threads, block_on};
use super::output::Shown;
use super::{Admin, Client};

#[derive(Subcommand)]
pub(in crate::cli) enum Remote {
    /// Whether a server is alive and ready. Fails when it is not.
    Status(Ask),
    /// Which version a server has.
    Version(Ask),
}

#[derive(Args)]
pub(in crate::cli) struct Ask {
    #[command(flatten)]
    client: Client,
}

impl Remote {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::One, async {
            match self {
                Remote::Status(ask) => status(&ask.client).await,
                Remote::Version(ask) => version(&ask.client).await,
            }
        })
    }
}

async fn status(client: &Client) -> anyhow::Result<()> {
    let admin = client.admin()?;
    let (alive, ready) = (health(&admin, "alive").await, health(&admin, "ready").await);
    client.show(&Shown {
        titles: vec!["ALIVE", "READY"],
        rows: vec![vec![alive.is_ok().to_string(), ready.is_ok().to_string()]],
        is_list: false,
        next_page_token: None,
        json: json!({"alive": alive.is_ok(), "ready": ready.is_ok()}),
    })?;
    alive.and(ready)
}

/// Without the prefix of the admin API, so that a public listener can be asked as well.
async fn health(admin: &Admin, question: &str) -> anyhow::Result<()> {
    let body = admin.get(&["health", question], &[]).await?.body;
    anyhow::ensure!(
        body["status"] == "ok",
        "The server answered, but not that its status is ok: {body}"
    );
    Ok(())
}

async fn version(client: &Client) -> anyhow::Result<()> {
    let body = client.admin()?.get(&["admin", "version"], &[]).await?.body;
    let version = body["version"].as_str();
    let version = version
        .context("The server does not say which version it has.")?
        .to_owned();
    client.show(&Shown {
        titles: vec!["VERSION"],
        rows: vec![vec![version.clone()]],
        is_list: false,
        next_page_token: None,
        json: json!({"version": version}),
    })
}
