//! `bia courier`: delivers messages.

use std::sync::Arc;
use std::time::Duration;

use bia_config::section::serve::{Bind, Listener};
use bia_config::{Config, ConfigHandle, Flags};
use clap::{Args, Subcommand};

use super::stop::Stop;
use super::{ConfigFiles, Threads, block_on, sources};
use crate::listen::Bound;
use crate::metrics::Metrics;
use crate::route::metrics_router;
use crate::{courier, reload, start};

/// How long the database may take to answer at start.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long a connection for metrics may stay without a request.
const METRICS_IDLE: Duration = Duration::from_secs(600);

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
        let flags = Flags {
            expose_metrics_port: Some(self.expose_metrics_port),
            ..Flags::default()
        };
        let sources = sources::from_files(&self.files, flags);
        let config = start::load(&sources).await.map_err(|findings| {
            anyhow::anyhow!(
                "{findings}\n\nThe configuration cannot be used, so nothing was started."
            )
        })?;
        let traces = start::start_log(&config)?;
        let handle = Arc::new(ConfigHandle::new(config));
        let config = handle.load();
        let dsn = start::dsn(&config, || {
            sources::data_dir(None, config.bia.data_dir.as_deref())
        })?;
        let store = start::open(&dsn, PATIENCE).await?;
        let courier = courier::Alone::new(&config, bia_jsonnet::Command::this_program()).await;
        let reloaded = Arc::clone(&courier);
        let _watching = reload::follow(sources, Arc::clone(&handle), move |config| {
            let courier = Arc::clone(&reloaded);
            async move {
                courier.take(&config).await;
                Ok(())
            }
        })?;
        let stop = Stop::on_signals()?;
        let worker = courier.worker(store.clone());
        tracing::info!("The courier is ready.");
        let ended = tokio::try_join!(
            async { worker.run(stop.told()).await.map_err(anyhow::Error::from) },
            serve_metrics(&config, &stop),
        );
        store.close().await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        tracing::info!("The courier has stopped.");
        ended.map(drop)
    }
}

/// Serves nothing but metrics, when a port is configured for them.
async fn serve_metrics(config: &Config, stop: &Stop) -> anyhow::Result<()> {
    if config.expose_metrics_port == 0 {
        return Ok(());
    }
    let host = match &config.serve.admin.bind {
        Bind::Tcp { host, .. } => host.clone(),
        Bind::Unix { .. } => "127.0.0.1".to_owned(),
    };
    let bind = Bind::Tcp {
        host,
        port: config.expose_metrics_port,
    };
    let settings = Listener {
        bind,
        tls: None,
        ..config.serve.admin.clone()
    };
    let bound = Bound::new("metrics", &settings, METRICS_IDLE).await?;
    let router = metrics_router(Arc::new(Metrics::new()));
    Ok(bound.serve(router, stop.control.clone()).await?)
}
