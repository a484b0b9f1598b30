//! The route tables of the two listeners, and what both have around them.

mod errors;
mod explain;
mod health;
mod logout;
mod oidc;
mod public;
mod redirects;
mod schemas;
mod sessions;
mod table;
mod trusted_browsers;
mod ui;
mod well_known;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use bia_selfservice::cx::App;
use http::{HeaderValue, StatusCode, header};

pub use health::Readiness;
pub(crate) use table::Routes;

use crate::metrics::Metrics;
use crate::middleware::{Front, Listener, around};
use crate::openapi;

/// What the two listeners of a process share.
pub struct Process {
    /// What the server has.
    pub app: Arc<App>,
    /// What it measures.
    pub metrics: Arc<Metrics>,
    /// Whether it can serve.
    pub readiness: Arc<Readiness>,
}

impl Process {
    /// For an app; nothing is measured yet.
    pub fn new(app: Arc<App>) -> Process {
        let readiness = Arc::new(Readiness::new(Arc::clone(&app)));
        Process {
            metrics: Arc::new(Metrics::of(&app)),
            app,
            readiness,
        }
    }

    /// Everything that the public listener answers.
    pub fn public_router(&self) -> Front {
        let routes = public::router()
            .merge(schemas::routes())
            .merge(well_known::routes())
            .merge(explain::routes())
            .route("/openapi.json", openapi::public())
            .beside(redirects::to_admin())
            .beside(ui::router());
        let listener = Listener::public(Arc::clone(&self.app), Arc::clone(&self.metrics));
        self.finish(routes, health::public(&self.readiness), listener)
    }

    /// Everything that the admin listener answers, with and without `/admin` before the path.
    pub fn admin_router(&self) -> Front {
        let routes = crate::admin::router()
            .route("/admin/openapi.json", openapi::admin())
            .beside(crate::admin::beside())
            .beside(redirects::to_public());
        let listener = Listener::admin(Arc::clone(&self.app), Arc::clone(&self.metrics));
        let operation = health::admin(&self.readiness, &self.metrics);
        self.finish(routes, operation, listener)
    }

    fn finish(&self, routes: Routes<Arc<App>>, others: Routes, listener: Listener) -> Front {
        let listener = Arc::new(listener);
        let routes = routes.with_state(Arc::clone(&self.app)).merge(others);
        let (router, paths) = routes.into_parts();
        let router = router
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(from_fn_with_state(Arc::clone(&listener), around));
        Front::new(listener, router, paths)
    }
}

/// The public listener's router for an app.
pub fn public_router(app: Arc<App>) -> Front {
    Process::new(app).public_router()
}

/// The admin listener's router for an app.
pub fn admin_router(app: Arc<App>) -> Front {
    Process::new(app).admin_router()
}

/// What a process without listeners of its own answers: metrics, nothing else.
pub fn metrics_router(metrics: Arc<Metrics>) -> Front {
    Front::bare(health::metrics_alone(metrics).fallback(not_found))
}

/// The answer for a path that no route has. A path with a slash more at its end is another path.
pub(crate) async fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// The answer for a path that has routes, but not for the method; `Allow` is added by the router.
async fn method_not_allowed() -> Response {
    plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n")
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(header::CONTENT_TYPE, content_type)], text).into_response()
}
