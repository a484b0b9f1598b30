//! Web hooks that cannot be reached or answer nonsense: the flow ends in bounded time with the error that is meant for
//! it, nobody is stored halfway or twice, and no secret is written into the log.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{MAIL, PASSWORD, town};
use crate::log_lines::LogLines;
use crate::peer::{Peer, Reply};
use crate::world::{World, merge};

const KEY_OF_THE_HOOK: &str = "key-of-the-hook-8c1f";
const HEADER_OF_THE_HOOK: &str = "header-of-the-hook-77aa";

/// How many stories are told at a time.
const AT_ONCE: usize = 5;

/// What is wrong, and what becomes of a registration that a hook decides about, and of one that it is told of.
struct Fault {
    name: &'static str,
    /// The last reply again and again; `None` when nobody listens.
    reply: Option<Reply>,
    /// Settings beside those of the hook.
    more: Value,
    decides: u16,
    told: u16,
}

fn fault(name: &'static str, reply: Option<Reply>, decides: u16, told: u16) -> Fault {
    Fault {
        name,
        reply,
        more: json!({}),
        decides,
        told,
    }
}

fn faults() -> Vec<Fault> {
    let closed = json!({"clients": {"http": {"disallow_private_ip_ranges": true}}});
    vec![
        fault("nobody listens", None, 500, 500),
        fault("slow", Some(Reply::Never), 504, 504),
        fault("closed", Some(Reply::Closed), 500, 500),
        fault("cut", Some(Reply::Cut), 500, 500),
        fault("too long", Some(Reply::Long(6 << 20)), 500, 500),
        fault("garbage", Some(Reply::Text(200, "<p>no</p>")), 500, 200),
        fault(
            "garbage refusal",
            Some(Reply::Text(400, "<p>no</p>")),
            502,
            502,
        ),
        fault("busy", Some(Reply::Text(503, "{}")), 500, 500),
        fault(
            "an address that cannot be",
            Some(Reply::Redirect("http://0.0.0.1/".into())),
            500,
            500,
        ),
        Fault {
            more: closed.clone(),
            ..fault(
                "a private address",
                Some(Reply::Json(200, json!({}))),
                500,
                500,
            )
        },
        // Only the hook's own address is excepted.
        Fault {
            more: json!({"clients": {"http": {"disallow_private_ip_ranges": true, "private_ip_exception_urls": []}}}),
            ..fault(
                "a redirect inwards",
                Some(Reply::Redirect("http://127.0.0.1:1/".into())),
                500,
                500,
            )
        },
    ]
}

fn hook(peer: &Peer, url: &str, decides: bool) -> Value {
    let auth = json!({"type": "api_key", "config": {"name": "X-Key", "value": KEY_OF_THE_HOOK, "in": "header"}});
    let response = json!({"parse": decides});
    peer.hook(json!({"url": url, "headers": {"X-Other": HEADER_OF_THE_HOOK}, "auth": auth, "response": response}))
}

async fn world(fault: &Fault, peer: &Peer, decides: bool) -> World {
    let url = match &fault.reply {
        // A port that nobody has any more.
        None => {
            let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}/", gone.local_addr().unwrap())
        }
        Some(reply) => {
            peer.answers([reply.clone()]);
            peer.url.clone()
        }
    };
    let hooks = json!({"hooks": [hook(peer, &url, decides), {"hook": "session"}]});
    let mut more = json!({
        "selfservice": {"flows": {"registration": {"after": {"password": hooks}}}},
    });
    if matches!(fault.reply, Some(Reply::Never)) {
        more["bia"] = json!({"hooks": {"timeout": "2s"}});
    }
    merge(&mut more, fault.more.clone());
    if fault.name == "a redirect inwards" {
        more["clients"]["http"]["private_ip_exception_urls"] = json!([peer.url]);
    }
    town(more).await
}

async fn accounts(world: &World) -> usize {
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    all.as_array().unwrap().len()
}

async fn check(fault: &Fault, decides: bool, log: &LogLines) {
    let peer = Peer::start().await;
    let world = world(fault, &peer, decides).await;
    let name = format!("{} (decides: {decides})", fault.name);
    let expected = if decides { fault.decides } else { fault.told };
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let form = json!({"method": "password", "traits": {"email": MAIL}, "password": PASSWORD});
    let began = Instant::now();
    let answer = app.submit(&flow, form.clone()).await;
    let took = began.elapsed();
    assert_eq!(answer.status.as_u16(), expected, "{name}: {}", answer.body);
    assert!(took < Duration::from_secs(40), "{name}: {took:?}");
    for secret in [KEY_OF_THE_HOOK, HEADER_OF_THE_HOOK, PASSWORD] {
        assert!(!answer.body.contains(secret), "{name}: {}", answer.body);
    }
    // Who is told of something cannot undo it; who decides can.
    assert_eq!(accounts(&world).await, usize::from(!decides), "{name}");
    peer.answers([Reply::Json(200, json!({}))]);
    if decides && fault.reply.is_some() && fault.more == json!({}) {
        let answer = app.submit(&flow, form).await;
        assert_eq!(answer.status, 200, "{name}, then mended: {}", answer.body);
        assert_eq!(accounts(&world).await, 1, "{name}");
        assert_secret_free(log, answer.json()["session_token"].as_str().unwrap(), &name);
    }
}

fn assert_secret_free(log: &LogLines, token: &str, name: &str) {
    let text = log.text();
    for secret in [KEY_OF_THE_HOOK, HEADER_OF_THE_HOOK, PASSWORD, token] {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{name}: {line:?}");
    }
}

#[tokio::test]
async fn hooks_that_fail_end_the_flow_in_time_and_nobody_is_lost_or_doubled() {
    let log = LogLines::collect();
    let faults = faults();
    let all = faults
        .iter()
        .flat_map(|fault| [(fault, true), (fault, false)]);
    let all = all.map(|(fault, decides)| check(fault, decides, &log));
    futures::stream::iter(all)
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
    assert!(log.text().contains("web hook"), "{}", log.text());
    assert_secret_free(&log, PASSWORD, "the end");
}

#[tokio::test]
async fn codes_and_tokens_do_not_reach_the_log_on_their_way_to_hooks() {
    let log = LogLines::collect();
    let peer = Peer::start().await;
    let hooks = json!({"hooks": [hook(&peer, &peer.url, false)]});
    let flows = json!({"login": {"after": hooks}, "recovery": {"after": hooks}});
    let world = town(json!({"selfservice": {"flows": flows}})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let form = json!({"method": "password", "traits": {"email": MAIL}, "password": PASSWORD});
    app.submit(&flow, form).await;
    app.sign_in(MAIL, PASSWORD).await;
    let token = app.token.clone();
    let mut secrets = vec![token];
    peer.answers([Reply::Text(500, "{}"), Reply::Json(200, json!({}))]);
    for (kind, field) in [("login", "identifier"), ("recovery", "email")] {
        let mut other = Client::app(&world);
        let flow = other.begin(kind, "").await;
        other
            .submit(&flow, json!({"method": "code", field: MAIL}))
            .await;
        let code = world.code(MAIL).await;
        other
            .submit(&flow, json!({"method": "code", field: MAIL, "code": code}))
            .await;
        secrets.push(code);
    }
    assert!(peer.take().len() >= 3);
    for secret in
        secrets
            .iter()
            .map(String::as_str)
            .chain([KEY_OF_THE_HOOK, HEADER_OF_THE_HOOK, PASSWORD])
    {
        let text = log.text();
        let is_in = |line: &&str| {
            line.split(|c: char| !c.is_alphanumeric())
                .any(|word| word == secret)
                || secret.len() > 6 && line.contains(secret)
        };
        let line = text.lines().find(is_in);
        assert!(line.is_none(), "{line:?}");
    }
}
