//! To an agent of Jaeger's: `emitBatch` over UDP (jaeger-idl: `thrift/agent.thrift`, `thrift/jaeger.thrift`).
//!
//! There is no library for it that is still kept: OpenTelemetry gave its own up when Jaeger learnt OTLP.

use std::net::UdpSocket;
use std::sync::Mutex;

use anyhow::Context as _;
use bia_config::section::tracing::Jaeger as Settings;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;

use super::clock;
use super::thrift::{Type, Writer};

/// The largest datagram that agents take.
const MAX_BYTES: usize = 65_000;

/// Room for what stands around the spans: the call, and who this is.
const MARGIN: usize = 1_000;

/// Who sends the spans.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) service: String,
    pub(super) environment: Option<String>,
}

/// Sends spans to an agent.
#[derive(Debug)]
pub(super) struct Jaeger {
    address: String,
    process: Vec<u8>,
    /// Open from the first batch on; anew after a failure, since the agent's address may be another one then.
    socket: Mutex<Option<UdpSocket>>,
}

impl Jaeger {
    pub(super) fn new(settings: &Settings, process: Process) -> anyhow::Result<Jaeger> {
        let address = settings.local_agent_address.clone();
        Ok(Jaeger {
            address: address.context("local_agent_address is missing.")?,
            process: process.written(),
            socket: Mutex::default(),
        })
    }

    pub(super) fn export(&self, spans: &[SpanData]) -> OTelSdkResult {
        let failed = |error: std::io::Error| OTelSdkError::InternalFailure(error.to_string());
        let mut socket = self
            .socket
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let open = match socket.take() {
            Some(open) => open,
            None => connected(&self.address).map_err(failed)?,
        };
        for datagram in self.datagrams(spans) {
            open.send(&datagram).map_err(failed)?;
        }
        *socket = Some(open);
        Ok(())
    }

    /// As few as the spans fit into. A span that fits into none is left out.
    fn datagrams(&self, spans: &[SpanData]) -> Vec<Vec<u8>> {
        let room = MAX_BYTES.saturating_sub(MARGIN + self.process.len());
        let mut batches: Vec<(usize, Vec<u8>)> = vec![(0, Vec::new())];
        for span in spans.iter().map(written) {
            if span.len() > room {
                continue;
            }
            match batches.last_mut() {
                Some((count, bytes)) if bytes.len() + span.len() <= room => {
                    *count += 1;
                    bytes.extend_from_slice(&span);
                }
                _ => batches.push((1, span)),
            }
        }
        let filled = batches.into_iter().filter(|(count, _)| *count > 0);
        filled
            .map(|(count, spans)| self.datagram(count, &spans))
            .collect()
    }

    fn datagram(&self, count: usize, spans: &[u8]) -> Vec<u8> {
        let mut out = Writer::oneway("emitBatch");
        out.begin();
        out.field(1, Type::Struct);
        out.begin();
        out.field(1, Type::Struct);
        out.append(&self.process);
        out.list_field(2, count);
        out.append(spans);
        out.end();
        out.end();
        out.into_bytes()
    }
}

fn connected(address: &str) -> std::io::Result<UdpSocket> {
    use std::net::ToSocketAddrs as _;

    let mut last = None;
    for agent in address.to_socket_addrs()? {
        let here = if agent.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        match UdpSocket::bind(here).and_then(|socket| socket.connect(agent).map(|()| socket)) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::other("the agent's name has no address")))
}

impl Process {
    fn written(&self) -> Vec<u8> {
        let mut tags = vec![KeyValue::new("service.version", crate::version::VERSION)];
        let environment = self.environment.clone();
        tags.extend(environment.map(|name| KeyValue::new("deployment.environment.name", name)));
        let mut out = Writer::default();
        out.begin();
        out.text_field(1, &self.service);
        write_tags(&mut out, 2, &tags);
        out.end();
        out.into_bytes()
    }
}

fn written(span: &SpanData) -> Vec<u8> {
    let context = &span.span_context;
    let trace = context.trace_id().to_bytes();
    let half = |range: std::ops::Range<usize>| {
        let bytes = trace.get(range).and_then(|half| half.try_into().ok());
        i64::from_be_bytes(bytes.unwrap_or_default())
    };
    let id = |id: SpanId| i64::from_be_bytes(id.to_bytes());
    let mut out = Writer::default();
    out.begin();
    out.i64_field(1, half(8..16));
    out.i64_field(2, half(0..8));
    out.i64_field(3, id(context.span_id()));
    out.i64_field(4, id(span.parent_span_id));
    out.text_field(5, &span.name);
    out.i32_field(7, context.trace_flags().to_u8().into());
    out.i64_field(8, clock::began(span).cast_signed());
    out.i64_field(9, clock::took(span).cast_signed());
    write_tags(&mut out, 10, &tags(span));
    out.end();
    out.into_bytes()
}

fn tags(span: &SpanData) -> Vec<KeyValue> {
    let mut tags = span.attributes.clone();
    let kind = match span.span_kind {
        SpanKind::Server => Some("server"),
        SpanKind::Client => Some("client"),
        SpanKind::Producer => Some("producer"),
        SpanKind::Consumer => Some("consumer"),
        SpanKind::Internal => None,
    };
    tags.extend(kind.map(|kind| KeyValue::new("span.kind", kind)));
    if matches!(span.status, Status::Error { .. }) {
        tags.push(KeyValue::new("error", true));
    }
    tags
}

fn write_tags(out: &mut Writer, number: u8, tags: &[KeyValue]) {
    const STRING: i32 = 0;
    const DOUBLE: i32 = 1;
    const BOOL: i32 = 2;
    const LONG: i32 = 3;

    out.list_field(number, tags.len());
    for tag in tags {
        out.begin();
        out.text_field(1, tag.key.as_str());
        match &tag.value {
            Value::F64(value) => {
                out.i32_field(2, DOUBLE);
                out.double_field(4, *value);
            }
            Value::Bool(value) => {
                out.i32_field(2, BOOL);
                out.bool_field(5, *value);
            }
            Value::I64(value) => {
                out.i32_field(2, LONG);
                out.i64_field(6, *value);
            }
            other => {
                out.i32_field(2, STRING);
                out.text_field(3, &other.as_str());
            }
        }
        out.end();
    }
}
