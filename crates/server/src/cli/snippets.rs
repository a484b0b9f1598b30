//! `bia jsonnet format` and `bia jsonnet lint`, and their older spellings (cli.md §8).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(super) enum Snippets {
    /// Brings Jsonnet files to one layout.
    Format(Format),
    /// Looks for mistakes in Jsonnet files.
    Lint(Lint),
}

#[derive(Args)]
pub(super) struct Format {
    /// Files, or patterns of files: * is any text within a name, ? one character.
    #[arg(required = true, value_name = "PATTERN")]
    patterns: Vec<String>,

    /// Write the files instead of printing them.
    #[arg(short, long)]
    write: bool,
}

#[derive(Args)]
pub(super) struct Lint {
    /// Files, or patterns of files: * is any text within a name, ? one character.
    #[arg(required = true, value_name = "PATTERN")]
    patterns: Vec<String>,
}

impl Snippets {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Snippets::Format(command) => command.run(),
            Snippets::Lint(command) => command.run(),
        }
    }
}

impl Format {
    pub(super) fn run(self) -> anyhow::Result<()> {
        for file in files(&self.patterns)? {
            let text = read(&file)?;
            let formatted = bia_jsonnet::format(&text)
                .map_err(|wrong| anyhow::anyhow!("{}: {wrong}.", file.display()))?;
            if !self.write {
                println!("{formatted}");
            } else if formatted != text {
                std::fs::write(&file, formatted)
                    .with_context(|| format!("{} cannot be written.", file.display()))?;
            }
        }
        Ok(())
    }
}

impl Lint {
    pub(super) fn run(self) -> anyhow::Result<()> {
        for file in files(&self.patterns)? {
            let told = bia_jsonnet::lint(&read(&file)?);
            let lines: Vec<String> = told
                .iter()
                .map(|problem| format!("{}: {problem}.", file.display()))
                .collect();
            anyhow::ensure!(lines.is_empty(), "{}", lines.join("\n"));
        }
        Ok(())
    }
}

/// The files that the patterns stand for; none is no error.
fn files(patterns: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for pattern in patterns {
        // Two stars mean what one means: the reference does not look into folders of folders either.
        let found = glob::glob(&pattern.replace("**", "*"))
            .with_context(|| format!("{pattern:?} is no pattern of files."))?;
        for file in found {
            files.push(file.with_context(|| format!("{pattern:?} cannot be looked for."))?);
        }
    }
    Ok(files)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read.", file.display()))
}
