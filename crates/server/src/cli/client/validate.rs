//! `bia validate identity`: whether a server would take identities, without sending them (cli.md §3).

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Context as _;
use bia_model::schema::{CompileOptions, IdentitySchema, Violation};
use bia_selfservice::admin::body::{CreateBody, decode};
use clap::Args;
use serde_json::Value;

use super::super::{Threads, block_on};
use super::input::{self, Item};
use super::{Admin, Client};
use crate::identity_schemas;

#[derive(Args)]
pub(in crate::cli) struct Validate {
    /// Files with one identity or an array of identities; without one, standard input.
    files: Vec<PathBuf>,

    #[command(flatten)]
    client: Client,
}

/// What every body has to be that makes an identity (admin.md §5.1), whatever the schema of its traits says: members and
/// their types, in the place of traits. Names that nobody knows are found by reading the body.
const BODY: &str = include_str!("create_body.json");

/// Schemas that were asked for, by their ids.
struct Schemas<'a> {
    admin: &'a Admin,
    /// The schema of the body, as if it were the schema of traits.
    body: IdentitySchema,
    known: HashMap<String, IdentitySchema>,
}

impl Validate {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let items = input::read_all(&self.files)?;
        block_on(Threads::One, async {
            let admin = self.client.admin()?;
            let mut schemas = Schemas {
                admin: &admin,
                body: body_schema()?,
                known: HashMap::new(),
            };
            let mut wrong = Vec::new();
            for item in &items {
                wrong.extend(problems(&mut schemas, item).await?);
            }
            anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
            println!("All {} identities are valid.", items.len());
            Ok(())
        })
    }
}

/// Everything that is wrong with one identity, one a line.
async fn problems(schemas: &mut Schemas<'_>, item: &Item) -> anyhow::Result<Vec<String>> {
    let body = serde_json::to_vec(&item.identity)?;
    let body: CreateBody = match decode(&body) {
        Ok(body) => body,
        Err(sentence) => return Ok(vec![format!("{}: {sentence}", item.place)]),
    };
    let id = body.schema_id.as_deref().filter(|id| !id.is_empty());
    let id = id.with_context(|| format!("{} names no schema_id.", item.place))?;
    let schema = schemas.get(id).await?.clone();
    let traits = body.traits.unwrap_or_default();
    let of_traits = schema.validate(&traits).err().unwrap_or_default();
    let of_body = schemas.body.validate(&item.identity).err();
    let of_body = of_body.unwrap_or_default();
    let all = of_body.into_iter().map(without_wrapping).chain(of_traits);
    Ok(all.map(|violation| line(&item.place, &violation)).collect())
}

fn body_schema() -> anyhow::Result<IdentitySchema> {
    let body: Value = serde_json::from_str(BODY)?;
    IdentitySchema::compile(&body, &CompileOptions::default())
        .map_err(|problems| anyhow::anyhow!("{}", problems.join(" ")))
}

/// Tells the place in the body, which was checked as if it were traits.
fn without_wrapping(mut violation: Violation) -> Violation {
    violation.pointer = violation.pointer.replacen("#/traits", "#", 1);
    violation.schema_pointer = violation
        .schema_pointer
        .replacen("#/properties/traits", "#", 1);
    violation
}

/// `file.json[0]: traits.email: what is wrong (#/traits/email <- #/properties/traits/…)`.
fn line(place: &str, violation: &Violation) -> String {
    format!(
        "{place}: {}: {} ({} <- {})",
        violation.name(),
        violation.sentence(),
        violation.pointer,
        violation.schema_pointer
    )
}

impl Schemas<'_> {
    async fn get(&mut self, id: &str) -> anyhow::Result<&IdentitySchema> {
        if !self.known.contains_key(id) {
            let schema = self.fetch(id).await?;
            self.known.insert(id.to_owned(), schema);
        }
        self.known.get(id).context("The schema is not there.")
    }

    async fn fetch(&self, id: &str) -> anyhow::Result<IdentitySchema> {
        let reply = self.admin.get(&["schemas", id], &[]).await;
        let document: Value = reply
            .with_context(|| format!("The identity schema {id:?} cannot be had of the server."))?
            .body;
        let compiled = identity_schemas::compile(&document, false).await;
        compiled.map_err(|problems| {
            anyhow::anyhow!(
                "The identity schema {id:?} cannot be used. {}",
                problems.join(" ")
            )
        })
    }
}
