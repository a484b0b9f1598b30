//! Whether the server lives and can serve, which build it is, what it measures (ops.md §1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bia_selfservice::cx::App;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::table::Routes;
use crate::envelope::Envelope;
use crate::metrics::{self, Metrics};

/// What the public listener says in place of what is wrong.
const HIDDEN: &str = "The check failed; the admin listener and the log say why.";

/// Whether the server can serve: the database answers and has all tables.
pub struct Readiness {
    app: Arc<App>,
    /// Once all migrations were found to be there, they are not looked for again.
    migrated: AtomicBool,
}

impl Readiness {
    /// For an app, not looked at yet.
    pub fn new(app: Arc<App>) -> Readiness {
        Readiness {
            app,
            migrated: AtomicBool::new(false),
        }
    }

    /// The checks that fail now, by name, with what is wrong.
    pub async fn failures(&self) -> Vec<(&'static str, String)> {
        let mut failures = Vec::new();
        if let Err(error) = self.app.store.ping().await {
            failures.push(("database", format!("The database does not answer: {error}")));
        }
        if let Err(reason) = self.migrations().await {
            failures.push(("migrations", reason));
        }
        failures
    }

    async fn migrations(&self) -> Result<(), String> {
        if self.migrated.load(Ordering::Relaxed) {
            return Ok(());
        }
        let steps = bia_store::migrate::status(&self.app.store).await;
        let steps =
            steps.map_err(|error| format!("The state of the migrations is unknown: {error}"))?;
        match steps
            .iter()
            .filter(|step| step.applied_at.is_none())
            .count()
        {
            0 => self.migrated.store(true, Ordering::Relaxed),
            count => {
                return Err(format!(
                    "{count} migrations are pending. Run `bia migrate sql up`."
                ));
            }
        }
        Ok(())
    }
}

/// The public listener's routes.
pub(super) fn public(readiness: &Arc<Readiness>) -> Routes {
    let ready = Routes::new()
        .route("/health/ready", get(ready_publicly))
        .with_state(Arc::clone(readiness));
    Routes::new()
        .route("/health/alive", get(alive))
        .merge(ready)
}

/// The admin listener's routes.
pub(super) fn admin(readiness: &Arc<Readiness>, metrics: &Arc<Metrics>) -> Routes {
    let readiness = Routes::new()
        .route("/admin/health/ready", get(ready))
        .route("/admin/health/config", get(revision))
        .with_state(Arc::clone(readiness));
    let metrics = Routes::new()
        .route("/admin/metrics/prometheus", get(prometheus))
        .with_state(Arc::clone(metrics));
    let routes = Routes::new()
        .route("/admin/health/alive", get(alive))
        .route("/admin/version", get(version));
    routes.merge(readiness).merge(metrics)
}

/// Metrics, with and without the admin prefix.
pub(super) fn metrics_alone(metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/metrics/prometheus", get(prometheus))
        .route("/admin/metrics/prometheus", get(prometheus))
        .with_state(metrics)
}

async fn alive() -> Response {
    ok(&json!({"status": "ok"}))
}

async fn version() -> Response {
    ok(&json!({"version": crate::version::VERSION}))
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    answer(readiness.failures().await)
}

async fn ready_publicly(State(readiness): State<Arc<Readiness>>) -> Response {
    let failures = readiness.failures().await;
    for (check, reason) in &failures {
        tracing::warn!(check, reason, "The server is not ready.");
    }
    answer(
        failures
            .into_iter()
            .map(|(check, _)| (check, HIDDEN.to_owned()))
            .collect(),
    )
}

/// The reference answers 503 with an envelope that says 500; probes look at the former, clients at the latter.
fn answer(failures: Vec<(&'static str, String)>) -> Response {
    if failures.is_empty() {
        return ok(&json!({"status": "ok"}));
    }
    let failures: Vec<String> = failures
        .into_iter()
        .map(|(check, reason)| format!("{check}: {reason}"))
        .collect();
    Envelope::new(StatusCode::INTERNAL_SERVER_ERROR, failures.join("; "))
        .into_response_with(StatusCode::SERVICE_UNAVAILABLE)
}

/// Which configuration is in force: its `revision`, else a hash of it, so that replicas can be compared.
async fn revision(State(readiness): State<Arc<Readiness>>) -> Response {
    let revision = readiness.app.runtime.load().config.revision().to_owned();
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], revision).into_response()
}

async fn prometheus(State(metrics): State<Arc<Metrics>>, request: HeaderMap) -> Response {
    let accept = request
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let (content_type, text) = metrics.render(accept);
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    match metrics::compressed(&request, &text) {
        Some(bytes) => {
            let gzip = HeaderValue::from_static("gzip");
            ([kind, (header::CONTENT_ENCODING, gzip)], bytes).into_response()
        }
        None => ([kind], text).into_response(),
    }
}

fn ok(body: &Value) -> Response {
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    (
        [(header::CONTENT_TYPE, content_type)],
        crate::json::body(body),
    )
        .into_response()
}
