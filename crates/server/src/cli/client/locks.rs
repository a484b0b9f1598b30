//! `bia identities unlock`: lets people in again before their wait is over.

use clap::Args;
use serde_json::json;

use super::super::{Threads, block_on};
use super::Client;
use super::identities::{Done, Empty, ids};

#[derive(Args)]
pub(in crate::cli) struct Unlock {
    /// Ids of identities.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    client: Client,
}

impl Unlock {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::One, async {
            let admin = self.client.admin()?;
            let mut done = Done::default();
            for id in &self.ids {
                let path = ["admin", "identities", id, "bia", "locks"];
                let lifted = admin.delete(&path).await;
                done.add(id, lifted.map(|()| json!(id)));
            }
            done.show(&self.client, Empty::Silent, ids)
        })
    }
}
