//! `bia doctor`: looks a configuration over.

use bia_config::Flags;
use clap::Args;
use serde_json::json;
use url::Url;

use super::explain::Format;
use super::{ConfigFiles, Threads, block_on, sources};
use crate::doctor::{self, Diagnosis};

/// Nothing is changed. The database is looked into when it can be reached. Each finding says what it is, where it
/// stands, why it matters, and what to write instead. Exits with status 1 when there is one.
#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    files: ConfigFiles,

    /// Judge the configuration as `bia serve --dev` uses it.
    #[arg(long)]
    dev: bool,

    /// Also ask the running server through the proxy, at the address that browsers use.
    #[arg(long, value_name = "URL")]
    probe: Option<Url>,

    /// How findings are shown.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.files.config.is_empty(),
            "Say which configuration: bia doctor -c kratos.yml"
        );
        block_on(Threads::One, self.examine())
    }

    async fn examine(self) -> anyhow::Result<()> {
        let flags = Flags {
            dev: Some(self.dev),
            ..Flags::default()
        };
        let sources = sources::from_files(&self.files, flags);
        let examined = doctor::examine(&sources).await;
        let (mut findings, mut notes) = (examined.findings, Vec::new());
        if let Some(case) = &examined.case {
            let looked = doctor::database::look(case).await;
            findings.extend(looked.findings);
            notes.extend(looked.note);
            match &self.probe {
                Some(url) => findings.extend(doctor::probe::probe(case, url).await),
                None => notes.push("No server was asked; --probe URL does that.".to_owned()),
            }
        }
        self.show(&findings, &notes);
        match findings.len() {
            0 => Ok(()),
            1 => anyhow::bail!("1 finding."),
            count => anyhow::bail!("{count} findings."),
        }
    }

    fn show(&self, findings: &[Diagnosis], notes: &[String]) {
        match self.format {
            Format::Json => {
                let all: Vec<_> = findings.iter().map(Diagnosis::json).collect();
                println!("{:#}", json!({"findings": all, "notes": notes}));
            }
            Format::Text => {
                findings.iter().for_each(|finding| println!("{finding}"));
                notes.iter().for_each(|note| println!("{note}"));
                if findings.is_empty() {
                    println!("Nothing was found.");
                }
            }
        }
    }
}
