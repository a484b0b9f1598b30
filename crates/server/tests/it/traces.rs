//! Traces, as collectors get them: in the caller's trace, without secrets, and never in the way of a request.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::running::{Running, free_port};
use crate::world::{as_url, merge};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const PASSWORD: &str = "correct-horse-battery-42";
const MAIL: &str = "user-1@example.org";
const KEY: &str = "Bearer key-of-the-collector";

/// What came: head and body.
type Calls = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A server that takes everything.
fn collector() -> (u16, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Calls::default();
    let kept = Arc::clone(&calls);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || while take(stream.as_ref().unwrap(), &kept).is_some() {});
        }
    });
    (port, calls)
}

fn take(mut stream: &TcpStream, calls: &Calls) -> Option<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let (head, length) = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            break (head, length.unwrap_or(0));
        }
        match stream.read(&mut part).ok()? {
            0 => return None,
            n => bytes.extend_from_slice(&part[..n]),
        }
    };
    while bytes.len() < length {
        let n = stream.read(&mut part).ok()?;
        bytes.extend_from_slice(&part[..n]);
    }
    calls.lock().unwrap().push((head, bytes));
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(answer).ok()
}

/// The fields of a protobuf message: number and bytes, of numbers the first byte.
fn fields(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let head = varint(&mut bytes);
        let before = bytes;
        let length = match head & 7 {
            0 => {
                varint(&mut bytes);
                bytes = before;
                before.iter().position(|b| b & 0x80 == 0).unwrap() + 1
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)).unwrap(),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (value, rest) = bytes.split_at(length);
        all.push((head >> 3, value));
        bytes = rest;
    }
    all
}

fn below<'b>(bytes: &'b [u8], path: &[u64]) -> Vec<&'b [u8]> {
    let Some((first, rest)) = path.split_first() else {
        return vec![bytes];
    };
    let matching = fields(bytes)
        .into_iter()
        .filter(|(number, _)| number == first);
    matching.flat_map(|(_, value)| below(value, rest)).collect()
}

#[derive(Debug)]
struct Span {
    name: String,
    trace: String,
    id: String,
    parent: String,
}

/// The spans of an `ExportTraceServiceRequest`.
fn spans(body: &[u8]) -> Vec<Span> {
    let one = |span: &[u8], number| {
        below(span, &[number])
            .first()
            .copied()
            .unwrap_or_default()
            .to_vec()
    };
    let read = |span: &[u8]| Span {
        name: String::from_utf8(one(span, 5)).unwrap(),
        trace: hex::encode(one(span, 1)),
        id: hex::encode(one(span, 2)),
        parent: hex::encode(one(span, 4)),
    };
    below(body, &[1, 2, 2]).into_iter().map(read).collect()
}

fn send(port: u16, method: &str, path: &str, headers: &str, body: &Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    serde_json::from_str(body).unwrap_or_default()
}

/// Somebody signs in; `headers` go with the form.
fn sign_in(server: &Running, headers: &str) {
    let person = json!({"schema_id": "person", "traits": {"email": MAIL}, "credentials": {"password": {"config": {"password": PASSWORD}}}});
    send(server.admin, "POST", "/admin/identities", "", &person);
    let flow = send(
        server.public,
        "GET",
        "/self-service/login/api?note=hidden-query",
        "",
        &json!({}),
    );
    let path = format!("/self-service/login?flow={}", flow["id"].as_str().unwrap());
    let form = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = send(server.public, "POST", &path, headers, &form);
    assert!(answer["session_token"].is_string(), "{answer}");
}

fn town(tracing: Value, more: Value) -> Value {
    let person = json!({
        "$id": "person", "type": "object",
        "properties": {"traits": {"type": "object", "properties": {"email": {
            "type": "string", "format": "email",
            "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}},
        }}}},
    });
    let mut town = json!({
        "tracing": tracing,
        "identity": {"schemas": [{"id": "person", "url": as_url(&person)}], "default_schema_id": "person"},
        "selfservice": {"methods": {"password": {"config": {"haveibeenpwned_enabled": false}}}},
    });
    merge(&mut town, more);
    town
}

fn otlp(port: u16) -> Value {
    let otlp = json!({"server_url": format!("127.0.0.1:{port}"), "insecure": true, "authorization_header": KEY});
    json!({"provider": "otel", "service_name": "door", "providers": {"otlp": otlp}})
}

#[test]
fn a_login_is_one_trace_from_the_caller_to_the_hook_and_tells_no_secret() {
    let (port, calls) = collector();
    let body = STANDARD.encode("function(ctx) {}");
    let hook = json!({"hook": "web_hook", "config": {
        "url": format!("http://127.0.0.1:{port}/hook?key=hidden-key"), "method": "POST", "body": format!("base64://{body}"),
    }});
    let more =
        json!({"selfservice": {"flows": {"login": {"after": {"password": {"hooks": [hook]}}}}}});
    let mut server = Running::start(town(otlp(port), more));
    let said = format!(
        "traceparent: 00-{TRACE}-{CALLER}-01\r\nbaggage: shop=berlin\r\nx-request-id: r-1\r\n"
    );
    sign_in(&server, &said);
    server.end();

    let calls = calls.lock().unwrap();
    let (told, sent): (Vec<_>, Vec<_>) = calls
        .iter()
        .partition(|(head, _)| head.starts_with("post /hook"));
    let heads: Vec<&str> = sent.iter().map(|(head, _)| head.as_str()).collect();
    assert!(
        heads
            .iter()
            .all(|head| head.starts_with("post /v1/traces http/1.1")),
        "{heads:?}"
    );
    assert!(
        heads
            .iter()
            .all(|head| head.contains(&format!("authorization: {}", KEY.to_lowercase())))
    );
    let all: Vec<Span> = sent.iter().flat_map(|(_, body)| spans(body)).collect();
    let mine: Vec<&Span> = all.iter().filter(|span| span.trace == TRACE).collect();
    let request = mine
        .iter()
        .find(|span| span.name == "POST /self-service/login")
        .unwrap();
    assert_eq!(request.parent, CALLER);
    for part in ["hash", "transaction", "POST"] {
        let part = mine
            .iter()
            .find(|span| span.name == part)
            .unwrap_or_else(|| panic!("{part}: {mine:?}"));
        assert_eq!(part.parent, request.id, "{part:?}");
    }
    let call = mine.iter().find(|span| span.name == "POST").unwrap();
    let marked = format!("traceparent: 00-{TRACE}-{}-01", call.id);
    assert!(
        told[0].0.contains(&marked) && told[0].0.contains("baggage: shop=berlin"),
        "{}",
        told[0].0
    );
    // Others have traces of their own, and what only looks whether the server is there has none.
    assert!(
        all.iter()
            .any(|span| span.name == "POST /admin/identities" && span.trace != TRACE)
    );
    assert!(
        !all.iter().any(|span| span.name.contains("/health/")),
        "{all:?}"
    );
    for (_, body) in &sent {
        let text = String::from_utf8_lossy(body);
        for secret in [PASSWORD, MAIL, "hidden", "key-of-the-collector"] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert!(text.contains("door"), "the service's name");
    }
    assert!(!server.log().contains("key-of-the-collector"));
}

/// Requests are served, the process ends in time, and one line says what is wrong. Gives the log.
fn check_harmless(tracing: Value) -> String {
    let quick = [
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
    ];
    let mut server = Running::start_in(town(tracing, json!({})), &quick);
    let began = Instant::now();
    sign_in(&server, "");
    for _ in 0..40 {
        send(
            server.public,
            "GET",
            "/self-service/login/api",
            "",
            &json!({}),
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    server.wait("a word about the collector", || {
        server.log().contains("does not take traces")
    });
    let ending = Instant::now();
    server.end();
    assert!(
        ending.elapsed() < Duration::from_secs(9),
        "{:?}",
        ending.elapsed()
    );
    let lines = server
        .log()
        .lines()
        .filter(|line| line.contains("does not take traces"))
        .count();
    assert_eq!(lines, 1, "{}", server.log());
    server.log()
}

#[test]
fn a_collector_that_is_down_or_slow_harms_nobody() {
    check_harmless(otlp(free_port()));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let log = check_harmless(otlp(silent.local_addr().unwrap().port()));
    // While it is waited for the queue fills up, and that is told of as well, once.
    let full = "More spans come than the collector takes";
    assert_eq!(log.matches(full).count(), 1, "{log}");
}

#[test]
fn zipkin_gets_json_and_samples_nothing_unless_it_is_told_to() {
    let tracing = |port: u16, sampling: Value| {
        let zipkin = json!({"server_url": format!("http://127.0.0.1:{port}/api/v2/spans"), "sampling": sampling});
        json!({"provider": "zipkin", "service_name": "door", "providers": {"zipkin": zipkin}})
    };
    let (port, calls) = collector();
    let mut server = Running::start(town(tracing(port, json!({})), json!({})));
    sign_in(&server, "");
    server.end();
    assert!(calls.lock().unwrap().is_empty());

    let mut server = Running::start(town(tracing(port, json!({"sampling_ratio": 1})), json!({})));
    sign_in(&server, &format!("b3: {TRACE}-{CALLER}-1\r\n"));
    server.end();
    let calls = calls.lock().unwrap();
    let all: Vec<Value> = calls
        .iter()
        .flat_map(|(_, body)| serde_json::from_slice::<Vec<Value>>(body).unwrap())
        .collect();
    let span = all
        .iter()
        .find(|span| span["name"] == "POST /self-service/login")
        .unwrap();
    assert_eq!(
        (&span["traceId"], &span["parentId"]),
        (&json!(TRACE), &json!(CALLER))
    );
    assert_eq!(
        (&span["kind"], &span["localEndpoint"]),
        (&json!("SERVER"), &json!({"serviceName": "door"}))
    );
    assert_eq!(span["tags"]["http.response.status_code"], "200");
    assert!(
        span["duration"].as_u64().unwrap() > 0 && span["timestamp"].as_u64().unwrap() > 1 << 50
    );
}

#[test]
fn an_agent_of_jaeger_s_gets_datagrams() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let address = agent.local_addr().unwrap().to_string();
    let jaeger = json!({"local_agent_address": address, "sampling": {"server_url": "http://127.0.0.1:5778/sampling"}});
    let tracing =
        json!({"provider": "jaeger", "service_name": "door", "providers": {"jaeger": jaeger}});
    let mut server = Running::start(town(tracing, json!({})));
    sign_in(&server, &format!("uber-trace-id: {TRACE}:{CALLER}:0:1\r\n"));
    server.end();
    let mut datagram = vec![0; 65_536];
    let length = agent.recv(&mut datagram).unwrap();
    let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
    for word in [
        "emitBatch",
        "door",
        "POST /self-service/login",
        "span.kind",
        "server",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(
        server.log().contains("trace_id_ratio decides alone"),
        "{}",
        server.log()
    );
}
