//! What happens around every request of a listener: bounds, other origins, caches, metrics, the log.
//!
//! All of it is one function, so that a request passes through one layer and not through six.

mod admin_prefix;
pub mod body;
mod cors;
mod front;
mod headers;
mod panic;
mod redirect;
pub mod request_id;
mod request_log;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bia_config::section::serve::Cors;
use bia_selfservice::cx::App;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use tracing::{Instrument as _, Span};

pub use admin_prefix::ADMIN;
pub use front::Front;

use crate::envelope::Envelope;
use crate::metrics::{Exchange, Metrics};
use crate::trace;
use cors::{Policy, Verdict};

/// One of the two listeners, as far as its requests are concerned.
pub struct Listener {
    /// Its name in the log.
    name: &'static str,
    app: Arc<App>,
    metrics: Arc<Metrics>,
    /// How long a request's body may take to come.
    body_time: Duration,
    /// How long an answer may take.
    answer_time: Duration,
    /// Paths that are left out of the log.
    unlogged: &'static [&'static str],
    is_public: bool,
}

impl Listener {
    /// The listener for people and their applications.
    pub fn public(app: Arc<App>, metrics: Arc<Metrics>) -> Listener {
        const HEALTH: &[&str] = &["/health/alive", "/health/ready"];
        let quiet = app.runtime.load().config.serve.public.disable_health_log;
        let (body_time, answer_time) = (Duration::from_secs(15), Duration::from_secs(60));
        let unlogged = if quiet { HEALTH } else { &[] };
        Listener {
            name: "public",
            app,
            metrics,
            body_time,
            answer_time,
            unlogged,
            is_public: true,
        }
    }

    /// The listener for operators.
    pub fn admin(app: Arc<App>, metrics: Arc<Metrics>) -> Listener {
        const HEALTH: &[&str] = &[
            "/admin/health/alive",
            "/admin/health/ready",
            "/admin/metrics/prometheus",
        ];
        let quiet = app.runtime.load().config.serve.admin.disable_health_log;
        let (body_time, answer_time) = (Duration::from_secs(30), Duration::from_secs(120));
        let unlogged = if quiet { HEALTH } else { &[] };
        Listener {
            name: "admin",
            app,
            metrics,
            body_time,
            answer_time,
            unlogged,
            is_public: false,
        }
    }
}

/// Serves one request.
pub async fn around(
    State(listener): State<Arc<Listener>>,
    request: Request,
    next: Next,
) -> Response {
    let seen = Seen::of(&request);
    let headers = match listener.other_origins(&seen.method, request.headers()) {
        // Preflights do not come this far.
        Verdict::Serve(headers) | Verdict::Answer(_, headers) => headers,
    };
    let mut response = listener.traced(request, next, &seen).await;
    if listener.is_public {
        headers::vary_by_cookie(seen.uri.path(), response.headers_mut());
    }
    cors::add(headers, response.headers_mut());
    headers::no_cache(&seen.method, response.headers_mut());
    redirect::explain(&seen.method, &mut response);
    listener.note(&seen, &response);
    response
}

impl Listener {
    /// Serves a request, as part of a trace where there are any.
    async fn traced(&self, request: Request, next: Next, seen: &Seen) -> Response {
        let span = trace::enabled().then(|| seen.span(self.name, request.headers()));
        let served = self.serve(request, next, seen.id());
        let Some(span) = span.flatten() else {
            return served.await;
        };
        // In a box: requests that are not traced need no room for it.
        let response = Box::pin(served.instrument(span.clone())).await;
        trace::answered(&span, response.status());
        response
    }

    async fn serve(&self, request: Request, next: Next, id: Option<&str>) -> Response {
        if percent_decode_str(request.uri().path())
            .decode_utf8()
            .is_err()
        {
            return nameless(id);
        }
        let request = request.map(|body| body::bounded(body, self.body_time));
        panic::guarded(next.run(request), self.answer_time, id).await
    }

    /// The answer to a request that only asks whether a script of another origin may send another one.
    fn preflight<B: HttpBody>(&self, request: &http::Request<B>) -> Option<Response> {
        match self.other_origins(request.method(), request.headers()) {
            Verdict::Answer(status, headers) => {
                let seen = Seen::of(request);
                let response = (status, headers).into_response();
                self.note(&seen, &response);
                Some(response)
            }
            Verdict::Serve(_) => None,
        }
    }

    /// Whether the request is one for the rules about other origins. They are read anew for each request, because
    /// the list of origins can change while the server runs.
    fn other_origins(&self, method: &Method, request: &HeaderMap) -> Verdict {
        if !self.is_public {
            return Verdict::Serve(HeaderMap::new());
        }
        let runtime = self.app.runtime.load();
        let cors: &Cors = &runtime.config.serve.cors;
        if !cors.enabled {
            return Verdict::Serve(HeaderMap::new());
        }
        let policy = Policy {
            welcomes: &|origin| cors.origins.allows(origin),
            methods: &cors.allowed_methods,
            headers: &cors.allowed_headers,
            exposed: &cors.exposed_headers,
            credentials: cors.allow_credentials,
            max_age_seconds: cors.max_age,
            passthrough: cors.options_passthrough,
        };
        policy.judge(method, request)
    }

    /// Counts the request and writes its line.
    fn note(&self, seen: &Seen, response: &Response) {
        let response_bytes = response.body().size_hint().exact().unwrap_or_default();
        let took = seen.at.elapsed();
        self.metrics.http.observe(Exchange {
            pattern: seen.pattern.as_ref().map(MatchedPath::as_str),
            method: &seen.method,
            status: response.status(),
            took,
            request_bytes: seen.request_bytes,
            response_bytes,
        });
        if request_log::enabled() && !self.unlogged.contains(&seen.uri.path()) {
            request_log::write(&request_log::Line {
                listener: self.name,
                method: &seen.method,
                path: seen.uri.path(),
                remote: seen.remote,
                request_id: seen.id(),
                status: response.status(),
                response_bytes,
                took,
            });
        }
    }
}

/// The answer for a path whose escapes are no text: nothing has such a name, and no route could read it.
fn nameless(id: Option<&str>) -> Response {
    Envelope::new(StatusCode::NOT_FOUND, "There is nothing at this path.")
        .because("The escapes in the path (%XX) are not UTF-8. Encode each name in it as UTF-8.")
        .about(id)
        .into_response()
}

/// What is remembered of a request while it is served. Nothing of it is copied but counters.
struct Seen {
    at: Instant,
    method: Method,
    uri: http::Uri,
    pattern: Option<MatchedPath>,
    remote: Option<SocketAddr>,
    id: Option<HeaderValue>,
    request_bytes: u64,
}

impl Seen {
    fn of<B: HttpBody>(request: &http::Request<B>) -> Seen {
        Seen {
            at: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            pattern: request.extensions().get::<MatchedPath>().cloned(),
            remote: request
                .extensions()
                .get::<ConnectInfo<SocketAddr>>()
                .map(|info| info.0),
            id: request_id::of(request.headers())
                .and_then(|_| request.headers().get(request_id::HEADER))
                .cloned(),
            request_bytes: request.body().size_hint().lower(),
        }
    }

    fn span(&self, listener: &'static str, headers: &HeaderMap) -> Option<Span> {
        trace::span(&trace::Arrived {
            listener,
            method: &self.method,
            route: self.pattern.as_ref().map(MatchedPath::as_str),
            remote: self.remote,
            id: self.id(),
            headers,
        })
    }

    fn id(&self) -> Option<&str> {
        self.id.as_ref()?.to_str().ok()
    }
}
