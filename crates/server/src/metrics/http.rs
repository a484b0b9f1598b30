//! What is measured per request.
//!
//! A request costs one look-up: for each endpoint, method and status the handles of all its metrics are kept
//! together, and found without a lock. They are made when such a request comes for the first time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Method, StatusCode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The buckets of every histogram, as the reference has them.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

type Labels = Vec<(&'static str, String)>;
type Histograms = Family<Labels, Histogram, Buckets>;

#[derive(Clone)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

/// One request and its answer, as far as metrics go.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The route's pattern, with the admin prefix; `None` when no route fits.
    pub pattern: Option<&'a str>,
    /// The request's method.
    pub method: &'a Method,
    /// The answer's status.
    pub status: StatusCode,
    /// From the request's head to the answer's head.
    pub took: Duration,
    /// Length of the request's body, in bytes.
    pub request_bytes: u64,
    /// Length of the answer's body, in bytes.
    pub response_bytes: u64,
}

/// The HTTP metrics of both listeners.
pub struct HttpMetrics {
    families: Families,
    /// By pattern, then by method and status.
    handles: ArcSwap<HashMap<Box<str>, Arc<ByOutcome>>>,
    /// Held while `handles` is replaced.
    growing: Mutex<()>,
}

type ByOutcome = HashMap<(&'static str, StatusCode), Handles>;

struct Families {
    response_time: Histograms,
    total: Family<Labels, Counter>,
    duration: Histograms,
    response_size: Histograms,
    request_size: Histograms,
    statuses: Family<Labels, Counter>,
}

/// The metrics of one endpoint, method and status.
#[derive(Clone)]
struct Handles {
    response_time: Histogram,
    total: Counter,
    duration: Histogram,
    response_size: Histogram,
    request_size: Histogram,
    statuses: Counter,
}

impl HttpMetrics {
    /// Registers the metrics; nothing is measured yet.
    pub(super) fn new(registry: &mut Registry) -> HttpMetrics {
        HttpMetrics {
            families: Families::new(registry),
            handles: ArcSwap::default(),
            growing: Mutex::default(),
        }
    }

    /// Counts a request that was answered.
    pub fn observe(&self, exchange: Exchange<'_>) {
        let key = (method_label(exchange.method), exchange.status);
        let pattern = exchange.pattern.unwrap_or_default();
        let known = self.handles.load();
        match known.get(pattern).and_then(|outcomes| outcomes.get(&key)) {
            Some(handles) => handles.observe(&exchange),
            None => self.add(pattern, key).observe(&exchange),
        }
    }

    /// Makes the handles for a combination that was not there before. Patterns, methods and statuses are few, so
    /// this stops after a while.
    fn add(&self, pattern: &str, key: (&'static str, StatusCode)) -> Handles {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = HashMap::clone(&self.handles.load());
        let handles = self.families.handles(pattern, key);
        let mut outcomes = all
            .get(pattern)
            .map(|outcomes| ByOutcome::clone(outcomes))
            .unwrap_or_default();
        outcomes.insert(key, handles.clone());
        all.insert(pattern.into(), Arc::new(outcomes));
        self.handles.store(Arc::new(all));
        handles
    }
}

impl Handles {
    fn observe(&self, exchange: &Exchange<'_>) {
        let seconds = exchange.took.as_secs_f64();
        self.response_time.observe(seconds);
        self.duration.observe(seconds);
        self.total.inc();
        self.statuses.inc();
        self.request_size.observe(in_bytes(exchange.request_bytes));
        self.response_size
            .observe(in_bytes(exchange.response_bytes));
    }
}

impl Families {
    fn new(registry: &mut Registry) -> Families {
        let histograms = || Histograms::new_with_constructor(Buckets);
        let families = Families {
            response_time: histograms(),
            total: Family::default(),
            duration: histograms(),
            response_size: histograms(),
            request_size: histograms(),
            statuses: Family::default(),
        };
        let f = &families;
        registry.register(
            "http_response_time_seconds",
            "Time to answer, in seconds",
            f.response_time.clone(),
        );
        registry.register("http_requests", "Requests answered", f.total.clone());
        registry.register(
            "http_requests_duration_seconds",
            "Time to answer, in seconds",
            f.duration.clone(),
        );
        registry.register(
            "http_response_size_bytes",
            "Length of answers, in bytes",
            f.response_size.clone(),
        );
        registry.register(
            "http_requests_size_bytes",
            "Length of requests, in bytes",
            f.request_size.clone(),
        );
        registry.register(
            "http_requests_statuses",
            "Requests answered, by kind of status",
            f.statuses.clone(),
        );
        families
    }

    fn handles(&self, pattern: &str, (method, status): (&'static str, StatusCode)) -> Handles {
        let endpoint = ("endpoint", endpoint_label(pattern));
        let code = ("code", status.as_str().to_owned());
        let lower = ("method", method.to_ascii_lowercase());
        let bucket = ("status_bucket", status_bucket(status).to_owned());
        let all = vec![code.clone(), lower.clone(), endpoint.clone()];
        let sized = vec![code, lower];
        Handles {
            response_time: self.response_time.get_or_create_owned(&vec![endpoint]),
            total: self.total.get_or_create_owned(&all),
            duration: self.duration.get_or_create_owned(&all),
            response_size: self.response_size.get_or_create_owned(&sized),
            request_size: self.request_size.get_or_create_owned(&sized),
            statuses: self
                .statuses
                .get_or_create_owned(&vec![("method", method.to_owned()), bucket]),
        }
    }
}

/// A method's name. Methods that nobody knows share one, so that no client can make metrics grow.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE",
    ];
    KNOWN
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("unknown")
}

/// The pattern with the same name for all its parameters: `/schemas/{id}` is `/schemas/{param}`.
fn endpoint_label(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| {
        if segment.starts_with('{') {
            "{param}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn status_bucket(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "unknown",
    }
}

/// Bodies are at most some MiB, which a float holds exactly.
fn in_bytes(length: u64) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(
        pattern: Option<&'static str>,
        method: &'static Method,
        status: u16,
    ) -> Exchange<'static> {
        let status = StatusCode::from_u16(status).unwrap();
        let took = Duration::from_millis(7);
        Exchange {
            pattern,
            method,
            status,
            took,
            request_bytes: 12,
            response_bytes: 345,
        }
    }

    #[test]
    fn requests_are_counted_under_the_reference_s_names() {
        let metrics = super::super::Metrics::new();
        for _ in 0..2 {
            metrics
                .http
                .observe(exchange(Some("/schemas/{id}"), &Method::GET, 200));
        }
        metrics.http.observe(exchange(None, &Method::DELETE, 404));
        let (content_type, text) = metrics.render("*/*");
        assert!(content_type.starts_with("text/plain; version=0.0.4"));
        let line = |start: &str, labels: &[&str], value: &str| {
            let fits = |line: &&str| {
                line.starts_with(start)
                    && line.ends_with(value)
                    && labels.iter().all(|l| line.contains(l))
            };
            assert!(
                text.lines().any(|line| fits(&line)),
                "no {start} {labels:?} {value} in\n{text}"
            );
        };
        let known = [
            "app=\"kratos\"",
            "code=\"200\"",
            "method=\"get\"",
            "endpoint=\"/schemas/{param}\"",
        ];
        line("http_requests_total{", &known, " 2");
        line("http_requests_duration_seconds_count{", &known, " 2");
        line(
            "http_response_time_seconds_bucket{",
            &["endpoint=\"/schemas/{param}\"", "le=\"0.01\""],
            " 2",
        );
        line(
            "http_requests_statuses_total{",
            &["method=\"GET\"", "status_bucket=\"2xx\""],
            " 2",
        );
        line(
            "http_requests_total{",
            &["code=\"404\"", "method=\"delete\"", "endpoint=\"\""],
            " 1",
        );
        line("http_response_size_bytes_sum{", &["code=\"404\""], " 345.0");
        line("process_resident_memory_bytes{", &["app=\"kratos\""], "");
    }

    #[test]
    fn strange_methods_share_one_name() {
        let metrics = super::super::Metrics::new();
        for name in ["BREW", "WHEN"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            let pattern = None;
            metrics.http.observe(Exchange {
                pattern,
                method: &method,
                ..exchange(None, &Method::GET, 405)
            });
        }
        let (_, text) = metrics.render("application/openmetrics-text;version=1.0.0");
        assert!(text.contains("method=\"unknown\"") && !text.contains("BREW"));
        assert!(text.ends_with("# EOF\n"));
    }
}
