//! `bia explain`: what an error, a message or a configuration key means; and why a request was refused, which a running
//! server is asked.

use std::collections::HashSet;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::client::Admin;
use super::{Threads, block_on};
use crate::explain::{Kind, explain};

/// Names are explained offline. For example: `bia explain session_aal1_required`, `bia explain 4010002`,
/// `bia explain config selfservice.methods.code.passwordless_enabled`. Why a request was refused is asked from a running
/// server: `bia explain --request ID --endpoint http://127.0.0.1:4434`.
#[derive(Args)]
pub(super) struct Explain {
    /// The id of an error, the number of a message, or the path of a configuration key. In front of it may stand
    /// which of them it is: error, message or config.
    #[arg(required_unless_present = "request", num_args = 1..=2, value_name = "ID|KEY")]
    what: Vec<String>,

    /// A request that was refused: its X-Request-Id, or bia.request of the answer; or the id of a flow.
    #[arg(long, value_name = "ID", conflicts_with = "what")]
    request: Option<String>,

    /// The URL of the admin API to ask about a request, for example http://127.0.0.1:4434.
    #[arg(short = 'e', long, env = "KRATOS_ADMIN_URL", value_name = "URL")]
    endpoint: Option<String>,

    /// How it is shown.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How something is shown.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<()> {
        if let Some(id) = &self.request {
            let asked = block_on(Threads::One, asked(id, self.endpoint.as_deref()))?;
            match self.format {
                Format::Text => print!("{}", told(&asked)),
                Format::Json => println!("{asked:#}"),
            }
            return Ok(());
        }
        let (kind, name) = match self.what.as_slice() {
            [kind, name] => (Some(kind_named(kind)?), name),
            [name] => (None, name),
            _ => anyhow::bail!(
                "Say what to explain: an error id, the number of a message, or a configuration key."
            ),
        };
        let explanation = explain(name, kind).map_err(|near| unknown(name, &near))?;
        match self.format {
            Format::Text => print!("{explanation}"),
            Format::Json => println!("{:#}", explanation.json()),
        }
        Ok(())
    }
}

fn kind_named(name: &str) -> anyhow::Result<Kind> {
    Ok(match name {
        "error" => Kind::Error,
        "message" => Kind::Message,
        "config" | "key" => Kind::Key,
        _ => anyhow::bail!(
            "{name:?} is nothing that can be explained. Write error, message or config."
        ),
    })
}

fn unknown(name: &str, near: &[String]) -> anyhow::Error {
    // A name may be one of a key and of an error.
    let mut seen = HashSet::new();
    let near: Vec<&str> = near
        .iter()
        .map(String::as_str)
        .filter(|name| seen.insert(*name))
        .collect();
    if near.is_empty() {
        anyhow::anyhow!("There is no error, message or configuration key {name:?}.")
    } else {
        anyhow::anyhow!(
            "There is no error, message or configuration key {name:?}. Did you mean {}?",
            near.join(", ")
        )
    }
}

async fn asked(id: &str, endpoint: Option<&str>) -> anyhow::Result<Value> {
    let path = ["admin", "bia", "explain", id];
    Ok(Admin::at(endpoint)?.get(&path, &[]).await?.body)
}

/// What a server knows of refused requests, for people.
fn told(asked: &Value) -> String {
    let refusals = asked["refusals"].as_array();
    let all: Vec<String> = refusals.into_iter().flatten().map(refusal).collect();
    all.join("\n")
}

fn refusal(refusal: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |name: &str, value: String| match value.is_empty() {
        true => String::new(),
        false => format!("  {:<16}{value}\n", format!("{name}:")),
    };
    let mut told = format!(
        "{}  {} {}  {}\n",
        text(&refusal["time"]),
        text(&refusal["method"]),
        text(&refusal["path"]),
        refusal["status"]
    );
    for why in refusal["why"].as_array().into_iter().flatten() {
        let about = why["about"].as_str().map(|name| format!(" [{name}]"));
        told.push_str(&line(
            "why",
            text(&why["text"]) + about.as_deref().unwrap_or_default(),
        ));
    }
    let error = &refusal["error"];
    let identity = &refusal["identity"];
    let credentials = &refusal["credentials"];
    told.push_str(&line("error", text(&error["topic"])));
    told.push_str(&line("detail", text(&error["detail"])));
    told.push_str(&line(
        "messages",
        listed(&refusal["messages"], Value::to_string),
    ));
    told.push_str(&line("return_to", text(&refusal["return_to"]["url"])));
    told.push_str(&line("rule", text(&refusal["return_to"]["rule"])));
    told.push_str(&line("request", text(&refusal["request_id"])));
    told.push_str(&line("flow", text(&refusal["flow_id"])));
    told.push_str(&line("form method", text(&refusal["form_method"])));
    told.push_str(&line("cookies", listed(&credentials["cookies"], text)));
    told.push_str(&line(
        "session cookie",
        text(&credentials["session_cookie"]),
    ));
    told.push_str(&line("session token", text(&credentials["session_token"])));
    told.push_str(&line("CSRF cookie", text(&credentials["csrf_cookie"])));
    told.push_str(&line("identity", text(&refusal["identity_id"])));
    told.push_str(&line("state now", text(&identity["state"])));
    told.push_str(&line(
        "methods now",
        listed(&identity["methods"], |method| text(&method["method"])),
    ));
    told
}

fn listed(list: &Value, show: impl Fn(&Value) -> String) -> String {
    let shown: Vec<String> = list.as_array().into_iter().flatten().map(show).collect();
    shown.join(", ")
}
