//! `bia identities explain`: how an account can sign in, and what is asked of it.

use clap::Args;
use serde_json::Value;

use super::super::{Threads, block_on};
use super::Client;
use super::output::Shown;

const TITLES: [&str; 11] = [
    "ID",
    "STATE",
    "CAN SIGN IN",
    "IDENTIFIERS",
    "METHODS",
    "AVAILABLE AAL",
    "SECOND FACTOR",
    "WHY",
    "ENROL BY",
    "LOCKED UNTIL",
    "LAST REFUSALS",
];

#[derive(Args)]
pub(in crate::cli) struct Explain {
    /// The id of an identity.
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    client: Client,
}

impl Explain {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::One, async {
            let path = ["admin", "identities", &self.id, "bia", "access"];
            let access = self.client.admin()?.get(&path, &[]).await?.body;
            self.client.show(&Shown {
                titles: TITLES.to_vec(),
                rows: vec![row(&access)],
                is_list: false,
                next_page_token: None,
                json: access,
            })
        })
    }
}

fn row(access: &Value) -> Vec<String> {
    let mfa = &access["mfa"];
    vec![
        text(&access["id"]),
        text(&access["state"]),
        yes_or_no(&access["can_sign_in"]),
        joined(&access["identifiers"], |i| text(&i["identifier"])),
        joined(&access["methods"], method),
        text(&access["available_aal"]),
        second_factor(mfa),
        text(&mfa["reason"]),
        mfa["enrol_by"].as_str().unwrap_or("-").to_owned(),
        locks(&access["locks"]),
        refusals(&access["last_refusals"]),
    ]
}

/// The methods that are locked, each with the end of that.
fn locks(all: &Value) -> String {
    let told = |lock: &Value| {
        let until = lock["locked_until"].as_str()?;
        Some(format!("{} {until}", text(&lock["method"])))
    };
    let locked: Vec<String> = all
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(told)
        .collect();
    match locked.as_slice() {
        [] => "-".to_owned(),
        locked => locked.join(", "),
    }
}

/// When, and by what names the reasons are called; the newest first, and not more than fit a cell.
fn refusals(list: &Value) -> String {
    let one = |refusal: &Value| {
        let whys = joined(&refusal["why"], |why| text(&why["id"]));
        format!("{} {whys}", text(&refusal["time"]))
    };
    let all: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .take(3)
        .map(one)
        .collect();
    match all.is_empty() {
        true => "-".into(),
        false => all.join("; "),
    }
}

fn method(method: &Value) -> String {
    let name = text(&method["method"]);
    match method["enabled"].as_bool() {
        Some(false) => format!("{name} (switched off)"),
        _ => name,
    }
}

fn second_factor(mfa: &Value) -> String {
    let required = mfa["required"].as_bool().unwrap_or_default();
    let satisfied = mfa["satisfied"].as_bool().unwrap_or_default();
    match (required, satisfied) {
        (false, _) => "optional".into(),
        (true, true) => format!("required, has {}", joined(&mfa["factors"], text)),
        (true, false) => "required, has none that does".into(),
    }
}

/// The texts of a list, each once.
fn joined(list: &Value, show: impl Fn(&Value) -> String) -> String {
    let mut texts: Vec<String> = list.as_array().into_iter().flatten().map(show).collect();
    let mut seen = std::collections::HashSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts.join(", ")
}

fn yes_or_no(value: &Value) -> String {
    if value.as_bool().unwrap_or_default() {
        "yes".into()
    } else {
        "no".into()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
