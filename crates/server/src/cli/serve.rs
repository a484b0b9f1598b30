//! `bia serve`: both listeners, and the courier on request, in one process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bia_config::{Config, ConfigHandle, Findings, Flags, Sources};
use bia_selfservice::cx::App;
use bia_selfservice::hook::OutboxWorker;
use clap::Args;
use tokio::task::JoinSet;

use super::stop::Stop;
use super::{ConfigFiles, Threads, block_on, sources};
use crate::listen::Bound;
use crate::route::Process;
use crate::{courier, reload, search, start};

/// How long the database may take to answer at start.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long calls that no request waits for may take to end, when everything else has.
const GRACE: Duration = Duration::from_secs(10);

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
        let config = start::load(&sources)
            .await
            .map_err(|findings| self.refused(&findings))?;
        let traces = start::start_log(&config)?;
        let handle = Arc::new(ConfigHandle::new(config));
        let config = handle.load();
        let dsn = start::dsn(&config, || {
            sources::data_dir(self.data_dir.as_deref(), config.bia.data_dir.as_deref())
        })?;
        // Before the database, which may take long: what is wrong with the sockets shows at once.
        let public = Bound::new("public", &config.serve.public, PUBLIC_IDLE).await?;
        let admin = Bound::new("admin", &config.serve.admin, ADMIN_IDLE).await?;
        let store = start::open(&dsn, PATIENCE).await?;
        let jsonnet = bia_jsonnet::Command::this_program();
        let app = start::app(Arc::clone(&config), store, jsonnet).await?;
        let reloaded = Arc::clone(&app);
        let _watching = reload::follow(sources, handle, move |config| {
            let app = Arc::clone(&reloaded);
            async move {
                app.store.set_searchable(search::searchable(&config));
                app.runtime
                    .store(Arc::new(start::runtime(config, &app.jsonnet).await?));
                Ok(())
            }
        })?;
        greet(&config);
        let outcome = self.run_until_stopped(&config, app, public, admin).await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        outcome
    }

    /// Runs all parts of the server. When one fails, the others stop.
    async fn run_until_stopped(
        &self,
        config: &Config,
        app: Arc<App>,
        public: Bound,
        admin: Bound,
    ) -> anyhow::Result<()> {
        let stop = Stop::on_signals()?;
        let process = Process::new(Arc::clone(&app));
        let mut parts = JoinSet::new();
        let public = public.serve(process.public_router(), stop.control.clone());
        parts.spawn(async move { public.await.context("The public listener failed.") });
        let admin = admin.serve(process.admin_router(), stop.control.clone());
        parts.spawn(async move { admin.await.context("The admin listener failed.") });
        if config.watch_courier || self.is_built_in() {
            let (worker, stop) = (courier::beside(&app), stop.clone());
            parts.spawn(async move { Ok(worker.run(stop.told()).await?) });
        }
        let (looked_at, stop_search) = (Arc::clone(&app), stop.clone());
        parts.spawn(async move {
            search::keep_up(looked_at, stop_search.told()).await;
            Ok(())
        });
        let (worker, told) = (OutboxWorker::new(Arc::clone(&app)), stop.clone());
        parts.spawn(async move {
            worker.run(told.told()).await;
            Ok(())
        });
        let mut outcome = Ok(());
        while let Some(ended) = parts.join_next().await {
            if let Err(error) = ended.context("A part of the server panicked.").flatten() {
                stop.tell();
                outcome = outcome.and(Err(error));
            }
        }
        if !app.background.finish(GRACE).await {
            tracing::warn!("Some web hooks whose answer does not matter were still unanswered.");
        }
        app.store.close().await;
        tracing::info!("The server has stopped.");
        outcome
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

    fn refused(&self, findings: &Findings) -> anyhow::Error {
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
}

/// For the person at the terminal, whatever the log's level is.
fn greet(config: &Config) {
    if config.dev {
        eprintln!(
            "Bia runs in development mode: cookies travel over plain http, secrets are shown. Not for production.\n\
             Open {}",
            config.public_address("/ui/")
        );
    }
}
