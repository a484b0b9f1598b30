//! Which trace a request belongs to, and how calls say so on: W3C `traceparent`, `tracestate` and `baggage`; from
//! callers also B3 (one header or several) and Jaeger's `uber-trace-id`.

use std::sync::LazyLock;

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

static TRACE: LazyLock<TraceContextPropagator> = LazyLock::new(TraceContextPropagator::new);
static BAGGAGE: LazyLock<BaggagePropagator> = LazyLock::new(BaggagePropagator::new);

/// What the caller says about its trace. Of several headers the W3C's counts first; what cannot be read counts as
/// absent.
pub(super) fn parent(headers: &HeaderMap) -> Context {
    let carrier = HeaderExtractor(headers);
    let w3c = TRACE.extract_with_context(&Context::new(), &carrier);
    let context = if w3c.span().span_context().is_valid() {
        w3c
    } else {
        match b3(headers)
            .or_else(|| b3_of_several(headers))
            .or_else(|| jaeger(headers))
        {
            Some(remote) => Context::new().with_remote_span_context(remote),
            None => Context::new(),
        }
    };
    BAGGAGE.extract_with_context(&context, &carrier)
}

/// Says to whom is called that the call belongs to the current span.
pub(super) fn mark(headers: &mut HeaderMap) {
    let context = tracing::Span::current().context();
    let mut carrier = HeaderInjector(headers);
    TRACE.inject_context(&context, &mut carrier);
    BAGGAGE.inject_context(&context, &mut carrier);
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// `b3: TRACE-SPAN-SAMPLED-PARENT`, of which the last two may be missing (B3 propagation: "Single Header").
fn b3(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parts = header(headers, "b3")?.split('-');
    let (trace, span) = (parts.next()?, parts.next()?);
    remote(trace, span, wanted(parts.next()))
}

/// `X-B3-…` (B3 propagation: "Multiple Headers").
fn b3_of_several(headers: &HeaderMap) -> Option<SpanContext> {
    let of = |name| header(headers, name);
    let debugged = of("x-b3-flags") == Some("1");
    let sampled = debugged || wanted(of("x-b3-sampled"));
    remote(of("x-b3-traceid")?, of("x-b3-spanid")?, sampled)
}

/// Whether a caller wants the trace. One that leaves it open gets it.
fn wanted(said: Option<&str>) -> bool {
    !matches!(said, Some("0" | "false"))
}

/// `uber-trace-id: TRACE:SPAN:PARENT:FLAGS`, without leading zeros, the colons perhaps escaped (Jaeger's client
/// libraries: "Propagation Format").
fn jaeger(headers: &HeaderMap) -> Option<SpanContext> {
    let text = header(headers, "uber-trace-id")?.replace("%3A", ":");
    let parts: Vec<&str> = text.split(':').collect();
    let [trace, span, _, flags] = parts.as_slice() else {
        return None;
    };
    if trace.len() > 32 || span.len() > 16 {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    remote(&format!("{trace:0>32}"), &format!("{span:0>16}"), sampled)
}

/// `trace` has 16 or 32 hexadecimal digits, `span` has 16.
fn remote(trace: &str, span: &str, sampled: bool) -> Option<SpanContext> {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if !matches!(trace.len(), 16 | 32) || span.len() != 16 || !is_hex(trace) || !is_hex(span) {
        return None;
    }
    let flags = if sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use opentelemetry::baggage::BaggageExt as _;

    use super::*;

    const CALLERS: &str = "463ac35c9f6413ad48485a3953bb6124";

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&str, &str)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        lines.iter().map(line).collect()
    }

    /// The caller's trace and span, and whether it is sampled.
    fn read(lines: &[(&str, &str)]) -> Option<(String, String, bool)> {
        let context = parent(&headers(lines));
        let span = context.span().span_context().clone();
        span.is_valid().then(|| {
            let ids = (span.trace_id().to_string(), span.span_id().to_string());
            (ids.0, ids.1, span.is_sampled())
        })
    }

    #[test]
    fn a_caller_s_trace_is_read_in_each_of_the_forms() {
        let here = |sampled| Some((CALLERS.to_owned(), "a2fb4a1d1a96d312".to_owned(), sampled));
        let w3c = format!("00-{CALLERS}-a2fb4a1d1a96d312-01");
        assert_eq!(read(&[("traceparent", &w3c)]), here(true));
        for (tail, sampled) in [
            ("", true),
            ("-1", true),
            ("-0", false),
            ("-d-05e3ac9a4f6e3b90", true),
        ] {
            let single = format!("{CALLERS}-a2fb4a1d1a96d312{tail}");
            assert_eq!(read(&[("b3", &single)]), here(sampled), "{tail}");
        }
        let several = [
            ("x-b3-traceid", CALLERS),
            ("x-b3-spanid", "a2fb4a1d1a96d312"),
            ("x-b3-sampled", "0"),
        ];
        assert_eq!(read(&several), here(false));
        for colon in [":", "%3A"] {
            let uber = [CALLERS, "a2fb4a1d1a96d312", "0", "1"].join(colon);
            assert_eq!(read(&[("uber-trace-id", &uber)]), here(true));
        }
        let short = read(&[("uber-trace-id", "1f:2:0:0")]).unwrap();
        assert_eq!(short.0, format!("{:0>32}", "1f"));
        let both = [
            ("b3", "0000000000000001-0000000000000002-0"),
            ("traceparent", &w3c),
        ];
        assert_eq!(read(&both), here(true), "the W3C's counts first");
    }

    #[test]
    fn what_cannot_be_read_is_no_trace() {
        for (name, value) in [
            ("traceparent", "00-xyz-1-01"),
            ("b3", "0"),
            ("b3", "00000000000000000000000000000000-a2fb4a1d1a96d312-1"),
            ("b3", "é63ac35c9f6413ad-a2fb4a1d1a96d312"),
            ("b3", "463ac35c9f6413ad-a2fb4a1d1a96d3123"),
            ("uber-trace-id", "1:2:3"),
            ("uber-trace-id", "1:2:0:zz"),
            ("uber-trace-id", ":::"),
        ] {
            assert_eq!(read(&[(name, value)]), None, "{name}: {value}");
        }
    }

    #[test]
    fn baggage_is_kept() {
        let context = parent(&headers(&[("baggage", "shop=berlin,tier=gold")]));
        assert_eq!(
            context.baggage().get("shop").map(|v| v.as_str()),
            Some("berlin")
        );
    }
}
