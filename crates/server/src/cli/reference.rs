//! `bia reference`: writes the reference pages of the book. For whoever works on the server.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::reference::pages;

#[derive(Args)]
pub(super) struct Reference {
    /// The folder that the pages are written to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Reference {
    pub(super) fn run(self, commands: clap::Command) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("{} cannot be made.", self.out.display()))?;
        for page in pages(commands) {
            let path = self.out.join(page.file);
            std::fs::write(&path, page.text)
                .with_context(|| format!("{} cannot be written.", path.display()))?;
        }
        Ok(())
    }
}
