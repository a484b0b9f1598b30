//! `bia serve`: both listeners, and the courier on request, in one process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum_server::Control;
use bia_config::{Config, Flags, Sources};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigFiles, Threads, block_on, sources};
use crate::listen::Bound;
use crate::route::Process;
use crate::start;

/// How long the database may take to answer at start.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long requests in progress may take when the server stops.
const DRAIN: Duration = Duration::from_secs(120);

/// How long connections may stay without a request.
const PUBLIC_IDLE: Duration = Duration::from_secs(120);
const ADMIN_IDLE: Duration = Duration::from_secs(600);

/// Runs the server: the public listener (port 4433) and the admin listener (port 4434).
///
/// With `--dev` and no file, everything is built in: a SQLite database, sign-up with e-mail address and password,
/// pages for all flows at /ui/, and a page that shows the mails that would have been sent.
///
/// The admin API asks nobody who they are: let nobody but your own services reach its port.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) files: ConfigFiles,

    /// For development: plain http in addresses and cookies, quick password hashes, messages readable in the admin
    /// API. Without -c a built-in configuration is used. Never use it where others can reach it.
    #[arg(long)]
    dev: bool,

    /// Deliver messages in this process, so that no `bia courier watch` is needed.
    #[arg(long)]
    watch_courier: bool,

    /// Accepted, and without effect: Bia reports nothing to anybody.
    #[arg(long)]
    sqa_opt_out: bool,

    /// The folder for the server's own files: the built-in database and its keys. Default: bia.data_dir of the
    /// configuration, else ./bia-data.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::OnePerProcessor, self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let sources = self.sources()?;
        let config = Arc::new(
            start::load(&sources)
                .await
                .map_err(|findings| self.refused(findings))?,
        );
        start::start_log(&config);
        if config.dev {
            tracing::warn!(
                "Development mode: secrets are shown, cookies travel over http. Do not use it in production."
            );
        }
        let dsn = start::dsn(&config, || {
            sources::data_dir(self.data_dir.as_deref(), config.bia.data_dir.as_deref())
        })?;
        // Before the database, which may take long: what is wrong with the sockets shows at once.
        let public = Bound::new("public", &config.serve.public, PUBLIC_IDLE).await?;
        let admin = Bound::new("admin", &config.serve.admin, ADMIN_IDLE).await?;
        let store = start::open(&dsn, PATIENCE).await?;
        let app = start::app(Arc::clone(&config), store)?;
        let process = Process::new(app);
        let control = Control::new();
        stop_on_signals(control.clone())?;
        self.greet(&config);
        let public = public.serve(process.public_router(), control.clone());
        let admin = admin.serve(process.admin_router(), control.clone());
        let outcome = tokio::try_join!(public, admin);
        control.shutdown();
        outcome.context("A listener failed.")?;
        process.app.store.close().await;
        tracing::info!("The server has stopped.");
        Ok(())
    }

    fn sources(&self) -> anyhow::Result<Sources> {
        let flags = Flags {
            dev: Some(self.dev),
            watch_courier: Some(self.watch_courier),
            sqa_opt_out: Some(self.sqa_opt_out),
            expose_metrics_port: None,
        };
        if self.is_built_in() {
            return sources::built_in(flags, &sources::data_dir(self.data_dir.as_deref(), None)?);
        }
        Ok(sources::from_files(&self.files, flags))
    }

    /// Whether the built-in configuration is used.
    fn is_built_in(&self) -> bool {
        self.dev && self.files.config.is_empty()
    }

    fn refused(&self, findings: bia_config::Findings) -> anyhow::Error {
        let hint = match self.files.config.is_empty() {
            true => {
                "\n\nNo configuration file was given (-c FILE). To try Bia without one: bia serve --dev"
            }
            false => "",
        };
        anyhow::anyhow!(
            "{findings}\n\nThe configuration cannot be used, so nothing was started.{hint}"
        )
    }

    /// For the person at the terminal, whatever the log's level is.
    fn greet(&self, config: &Config) {
        if config.dev {
            eprintln!(
                "Bia is ready for development. Open {}",
                config.public_address("/ui/")
            );
        }
    }
}

/// The first SIGINT or SIGTERM lets requests end, the second does not.
fn stop_on_signals(control: Control) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        for round in 0..2 {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if round == 0 {
                tracing::info!(
                    longest_seconds = DRAIN.as_secs(),
                    "The server stops when the requests in progress are answered."
                );
                control.graceful_shutdown(Some(DRAIN));
            } else {
                tracing::warn!("The server stops at once.");
                control.shutdown();
            }
        }
    });
    Ok(())
}
