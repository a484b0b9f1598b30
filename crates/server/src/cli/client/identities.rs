//! `bia get|list|import|delete identities`: accounts, through the admin API of a running server.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use http::Method;
use serde_json::{Value, json};

use super::super::{Threads, block_on};
use super::output::Shown;
use super::{Admin, Client, Format, bulk, input};

const TITLES: [&str; 6] = [
    "ID",
    "EXTERNAL ID",
    "VERIFIED ADDRESSES",
    "RECOVERY ADDRESSES",
    "SCHEMA ID",
    "SCHEMA URL",
];

#[derive(Args)]
pub(in crate::cli) struct Get {
    /// Ids of identities.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    /// Show credentials of this type; only oidc can be shown.
    #[arg(short, long, value_name = "TYPE")]
    include_credentials: Vec<Shareable>,

    /// The ids are external ones.
    #[arg(long)]
    external_id: bool,

    #[command(flatten)]
    client: Client,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shareable {
    Oidc,
}

#[derive(Args)]
pub(in crate::cli) struct List {
    /// How many identities a page has.
    #[arg(long, default_value_t = 100)]
    page_size: u32,

    /// The page; the end of the page before names it.
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<String>,

    /// How fresh the list is, on databases that know a difference.
    #[arg(long, value_enum, default_value_t = Consistency::Eventual)]
    consistency: Consistency,

    #[command(flatten)]
    client: Client,
}

#[derive(Clone, Copy, ValueEnum)]
enum Consistency {
    Eventual,
    Strong,
}

#[derive(Args)]
pub(in crate::cli) struct Import {
    /// Files with one identity or an array of identities; without one, standard input.
    files: Vec<PathBuf>,

    /// Take one file, or standard input, of any size, with one identity a line, and send it in batches. What is
    /// refused is told with its line; the rest goes on.
    #[arg(long)]
    bulk: bool,

    /// Begin with this line, to go on where an import stopped.
    #[arg(long, value_name = "LINE", default_value_t = 1, requires = "bulk")]
    from_line: u64,

    #[command(flatten)]
    client: Client,
}

#[derive(Args)]
pub(in crate::cli) struct Delete {
    /// Ids of identities.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    client: Client,
}

impl Get {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let types: Vec<(&str, &str)> = self
            .include_credentials
            .iter()
            .map(|Shareable::Oidc| ("include_credential", "oidc"))
            .collect();
        block_on(Threads::One, async {
            let admin = self.client.admin()?;
            let mut done = Done::default();
            for id in &self.ids {
                let path = if self.external_id {
                    vec!["admin", "identities", "by", "external", id]
                } else {
                    vec!["admin", "identities", id]
                };
                done.add(id, admin.get(&path, &types).await.map(|reply| reply.body));
            }
            done.show(&self.client, Empty::Silent, identities)
        })
    }
}

impl List {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::One, async {
            let size = self.page_size.to_string();
            let consistency = match self.consistency {
                Consistency::Eventual => "eventual",
                Consistency::Strong => "strong",
            };
            let mut query = vec![("page_size", size.as_str()), ("consistency", consistency)];
            if let Some(token) = &self.page_token {
                query.push(("page_token", token));
            }
            let reply = self
                .client
                .admin()?
                .get(&["admin", "identities"], &query)
                .await?;
            let found = reply.body.as_array().cloned();
            let found = found.context("The server did not answer with a list of identities.")?;
            let token = reply.next_page_token.unwrap_or_default();
            let mut shown = identities(&found, true);
            shown.json = json!({"identities": found, "next_page_token": token});
            shown.next_page_token = Some(token);
            self.client.show(&shown)
        })
    }
}

impl Import {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        if self.bulk {
            anyhow::ensure!(self.files.len() < 2, "With --bulk there is one file.");
            anyhow::ensure!(
                self.client.format == Format::Table && !self.client.quiet,
                "With --bulk no identities are shown, so that --format and --quiet say nothing. Leave them out."
            );
            return block_on(Threads::One, async {
                let admin = self.client.admin()?;
                bulk::import(&admin, self.files.first(), self.from_line).await
            });
        }
        let items = input::read_all(&self.files)?;
        block_on(Threads::One, async {
            let admin = self.client.admin()?;
            let mut done = Done::default();
            for item in &items {
                done.add(&item.place, create(&admin, &item.identity).await);
            }
            done.show(&self.client, Empty::Shown, identities)
        })
    }
}

/// Has one identity made, and gives it.
pub(super) async fn create(admin: &Admin, identity: &Value) -> anyhow::Result<Value> {
    let path = ["admin", "identities"];
    let made = admin.send(Method::POST, &path, identity).await?.body;
    anyhow::ensure!(
        made["id"].is_string(),
        "The server answered, but not with an identity. Is it one of Bia?"
    );
    Ok(made)
}

impl Delete {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::One, async {
            let admin = self.client.admin()?;
            let mut done = Done::default();
            for id in &self.ids {
                let gone = admin.delete(&["admin", "identities", id]).await;
                done.add(id, gone.map(|()| json!(id)));
            }
            done.show(&self.client, Empty::Silent, ids)
        })
    }
}

/// Whether something is shown where nothing went well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    Shown,
    Silent,
}

/// Answers that say nothing but whom they were about: `done` are ids.
pub(super) fn ids(done: &[Value], is_list: bool) -> Shown {
    Shown {
        titles: vec!["ID"],
        rows: done.iter().map(|id| vec![text(id)]).collect(),
        is_list,
        next_page_token: None,
        json: as_json(done, is_list),
    }
}

/// How a command went that does one thing for each of several.
#[derive(Default)]
pub(super) struct Done {
    good: Vec<Value>,
    failed: Vec<(String, anyhow::Error)>,
}

impl Done {
    pub(super) fn add(&mut self, key: &str, outcome: anyhow::Result<Value>) {
        match outcome {
            Ok(value) => self.good.push(value),
            Err(error) => self.failed.push((key.to_owned(), error)),
        }
    }

    /// Shows what went well, then fails when something did not. One that went well is shown as one, also where several
    /// were asked for.
    pub(super) fn show(
        self,
        client: &Client,
        empty: Empty,
        shown: impl Fn(&[Value], bool) -> Shown,
    ) -> anyhow::Result<()> {
        if !self.good.is_empty() || empty == Empty::Shown {
            client.show(&shown(&self.good, self.good.len() != 1))?;
        }
        if self.failed.is_empty() {
            return Ok(());
        }
        let lines = self
            .failed
            .iter()
            .map(|(key, error)| format!("{key}: {error:#}"));
        anyhow::bail!("{}", lines.collect::<Vec<_>>().join("\n"))
    }
}

fn identities(found: &[Value], is_list: bool) -> Shown {
    Shown {
        titles: TITLES.to_vec(),
        rows: found.iter().map(row).collect(),
        is_list,
        next_page_token: is_list.then(String::new),
        json: as_json(found, is_list),
    }
}

fn as_json(values: &[Value], is_list: bool) -> Value {
    match values {
        [one] if !is_list => one.clone(),
        all => Value::from(all.to_vec()),
    }
}

fn row(identity: &Value) -> Vec<String> {
    let external = match identity["external_id"].as_str() {
        None | Some("") => "<none>".to_owned(),
        Some(id) => id.to_owned(),
    };
    vec![
        text(&identity["id"]),
        external,
        addresses(&identity["verifiable_addresses"]),
        addresses(&identity["recovery_addresses"]),
        text(&identity["schema_id"]),
        text(&identity["schema_url"]),
    ]
}

fn addresses(list: &Value) -> String {
    let addresses = list.as_array().into_iter().flatten();
    let values: Vec<&str> = addresses
        .filter_map(|address| address["value"].as_str())
        .collect();
    values.join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
