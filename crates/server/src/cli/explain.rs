//! `bia explain`: what an error, a message or a configuration key means.
#![expect(
    clippy::print_stdout,
    reason = "what a command prints is what it is for"
)]

use clap::{Args, ValueEnum};

use crate::explain::{Kind, explain};

/// Works offline. For example: `bia explain session_aal1_required`, `bia explain 4010002`,
/// `bia explain config selfservice.methods.code.passwordless_enabled`.
#[derive(Args)]
pub(super) struct Explain {
    /// The id of an error, the number of a message, or the path of a configuration key. In front of it may stand
    /// which of them it is: error, message or config.
    #[arg(required = true, num_args = 1..=2, value_name = "ID|KEY")]
    what: Vec<String>,

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
    if near.is_empty() {
        anyhow::anyhow!("There is no error, message or configuration key {name:?}.")
    } else {
        anyhow::anyhow!(
            "There is no error, message or configuration key {name:?}. Did you mean {}?",
            near.join(", ")
        )
    }
}
