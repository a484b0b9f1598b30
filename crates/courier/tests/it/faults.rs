//! Gateways and mail servers that are away, slow or answer nonsense: an attempt ends in bounded time, a message that
//! somebody took is not sent again, one that nobody took is, and what is written down of it holds no secret.

use std::time::{Duration, Instant};

use bia_config::section::request::Request;
use bia_courier::{EmailDelivery, HttpChannel};
use bia_store::courier::Status;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::post::{Post, mail};

const KEY: &str = "key-of-the-gateway-90f2";

/// How a gateway answers everybody.
#[derive(Clone, Copy)]
enum Answer {
    With(&'static str),
    Closes,
    Never,
}

/// The address of a gateway that answers so. It stops with the test's runtime.
async fn gateway(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 16 * 1024];
                let _ = stream.read(&mut request).await;
                match answer {
                    Answer::With(text) => drop(stream.write_all(text.as_bytes()).await),
                    Answer::Closes => {}
                    Answer::Never => std::future::pending().await,
                }
            });
        }
    });
    address.to_string()
}

async fn nobody() -> String {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    gone.local_addr().unwrap().to_string()
}

fn request(address: &str) -> Request {
    let auth =
        json!({"type": "api_key", "config": {"name": "X-Key", "value": KEY, "in": "header"}});
    serde_json::from_value(
        json!({"url": format!("http://{address}/send"), "method": "POST", "auth": auth}),
    )
    .unwrap()
}

const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{\"id";
const GARBAGE: &str = "\x16\x03 this is no HTTP\r\n\r\n";
const ODD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n<p>no</p>";
const INWARDS: &str = "HTTP/1.1 307 Elsewhere\r\nlocation: http://0.0.0.1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// One attempt by a gateway at an address; how the message stands then.
async fn attempt(name: &str, address: &str) -> Status {
    let mut post = Post::open().await;
    post.settings.email = EmailDelivery::Http(Box::new(request(address)));
    let id = post.queue("user-1@example.org").await;
    let began = Instant::now();
    post.worker().work_once().await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{name}: {:?}",
        began.elapsed()
    );
    let (status, attempts) = post.fate(id).await;
    assert_eq!(attempts, 1, "{name}");
    let told = post.dispatches(id).await[0]
        .error
        .clone()
        .unwrap_or_default()
        .to_string();
    for secret in [KEY, "123456", address] {
        assert!(!told.contains(secret), "{name}: {told}");
    }
    status
}

#[tokio::test]
async fn a_gateway_that_fails_is_asked_again_and_one_that_took_the_message_is_not() {
    let cases = [
        ("silent", Answer::Never, Status::Queued),
        ("closed", Answer::Closes, Status::Queued),
        ("no HTTP", Answer::With(GARBAGE), Status::Queued),
        // It has taken the message: whatever else it says does not bring it a second one.
        ("cut", Answer::With(CUT), Status::Sent),
        ("odd", Answer::With(ODD), Status::Sent),
        // As often as configured, as all that no service has refused itself.
        ("inwards", Answer::With(INWARDS), Status::Queued),
    ];
    let mut all = JoinSet::new();
    for (name, answer, expected) in cases {
        all.spawn(async move {
            let address = gateway(answer).await;
            assert_eq!(attempt(name, &address).await, expected, "{name}");
        });
    }
    all.join_all().await;
    assert_eq!(
        attempt("nobody listens", &nobody().await).await,
        Status::Queued
    );
}

#[tokio::test]
async fn a_gateway_for_text_messages_that_is_away_keeps_no_mail_waiting() {
    let mut post = Post::open().await;
    let mut sms = request(&gateway(Answer::Closes).await);
    sms.body = None;
    post.settings.channels = vec![HttpChannel {
        id: "sms".into(),
        kind: Some("http".into()),
        request: sms,
    }];
    let text = post.queue("+49301230001").await;
    let letter = post.queue("user-1@example.org").await;
    post.worker().work_once().await.unwrap();
    assert_eq!(post.fate(letter).await, (Status::Sent, 1));
    assert_ne!(post.fate(text).await.0, Status::Sent);
}

#[tokio::test]
async fn a_mail_server_that_talks_nonsense_or_hangs_up_is_tried_again() {
    for (name, answer) in [
        ("no SMTP", Answer::With(GARBAGE)),
        ("HTTP", Answer::With(ODD)),
        ("hangs up", Answer::Closes),
    ] {
        let mut post = Post::open().await;
        let address = speaking(answer).await;
        post.settings.email = mail(&format!(
            "smtp://user:{KEY}@{address}/?disable_starttls=true"
        ));
        let id = post.queue("user-1@example.org").await;
        let began = Instant::now();
        post.worker().work_once().await.unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{name}: {:?}",
            began.elapsed()
        );
        assert_eq!(post.fate(id).await, (Status::Queued, 1), "{name}");
        let told = post.dispatches(id).await[0]
            .error
            .clone()
            .unwrap()
            .to_string();
        assert!(
            !told.contains(KEY) && !told.contains("123456"),
            "{name}: {told}"
        );
    }
}

/// A server that speaks first, as mail servers do.
async fn speaking(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if let Answer::With(text) = answer {
                let _ = stream.write_all(text.as_bytes()).await;
            }
        }
    });
    address.to_string()
}
