//! `bia courier`: delivers messages.

use clap::{Args, Subcommand};

use super::{ConfigFiles, Threads, block_on};

#[derive(Subcommand)]
pub(super) enum Courier {
    /// Delivers messages until it is stopped.
    ///
    /// Any number may run at a time, beside servers without --watch-courier.
    Watch(Watch),
}

#[derive(Args)]
pub(super) struct Watch {
    #[command(flatten)]
    files: ConfigFiles,

    /// Serve metrics at /metrics/prometheus of this port on the admin host; 0 for not at all.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    expose_metrics_port: u16,
}

impl Courier {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Courier::Watch(watch) = self;
        block_on(Threads::One, watch.run())
    }
}

impl Watch {
    async fn run(self) -> anyhow::Result<()> {
        let _ = (self.files, self.expose_metrics_port);
        anyhow::bail!("The courier is not built in yet.")
    }
}
