//! Another server on loopback, which hooks are sent to: it keeps what came, and answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How one call is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    /// After a while, with 200 and an empty object.
    Late(Duration),
    /// Not at all; the connection stays.
    Never,
    /// The connection is closed.
    Closed,
    /// More is announced than comes.
    Cut,
    /// So many bytes.
    Long(usize),
    Redirect(String),
}

/// One call that came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    head: String,
    pub(crate) body: String,
}

impl Call {
    /// Method and path with query.
    pub(crate) fn line(&self) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.strip_suffix(" HTTP/1.1").unwrap_or(line)
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

#[derive(Default)]
struct Inner {
    calls: Mutex<Vec<Call>>,
    /// The last one stays.
    replies: Mutex<VecDeque<Reply>>,
}

#[derive(Clone)]
pub(crate) struct Peer {
    inner: Arc<Inner>,
    pub(crate) url: String,
}

impl Peer {
    /// One that answers 200 with an empty object.
    pub(crate) async fn start() -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Peer::on(listener)
    }

    pub(crate) fn on(listener: TcpListener) -> Peer {
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let peer = Peer {
            inner: Arc::clone(&inner),
            url,
        };
        peer.answers([Reply::Json(200, json!({}))]);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&inner);
                tokio::spawn(async move { serve(stream, &inner).await });
            }
        });
        peer
    }

    /// From now on, one after the other; the last one again and again.
    pub(crate) fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.inner.replies.lock().unwrap() = replies.into_iter().collect();
    }

    /// What came since it was asked last.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.inner.calls.lock().unwrap())
    }

    /// Waits for a number of calls.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Call> {
        for _ in 0..600 {
            if self.inner.calls.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let calls = self.take();
        assert_eq!(calls.len(), count, "{calls:?}");
        calls
    }

    /// A hook that sends all that it is told here; `more` is merged over its settings.
    pub(crate) fn hook(&self, more: Value) -> Value {
        let body = STANDARD.encode("function(ctx) ctx");
        let mut config =
            json!({"url": self.url, "method": "POST", "body": format!("base64://{body}")});
        crate::world::merge(&mut config, more);
        json!({"hook": "web_hook", "config": config})
    }
}

async fn serve(mut stream: TcpStream, inner: &Inner) -> Option<()> {
    let call = read(&mut stream).await?;
    inner.calls.lock().unwrap().push(call);
    let reply = {
        let mut replies = inner.replies.lock().unwrap();
        let reply = replies.pop_front()?;
        if replies.is_empty() {
            replies.push_back(reply.clone());
        }
        reply
    };
    let answer = match reply {
        Reply::Json(status, body) => whole(status, &body.to_string()),
        Reply::Text(status, body) => whole(status, body),
        Reply::Late(wait) => {
            tokio::time::sleep(wait).await;
            whole(200, "{}")
        }
        Reply::Never => {
            tokio::time::sleep(Duration::from_secs(120)).await;
            return None;
        }
        Reply::Closed => return None,
        Reply::Cut => "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"ident".into(),
        Reply::Long(bytes) => whole(200, &"x".repeat(bytes)),
        Reply::Redirect(to) => {
            format!("HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
    };
    stream.write_all(answer.as_bytes()).await.ok()
}

fn whole(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let call = Call {
                head: head.to_owned(),
                body: body.to_owned(),
            };
            let length = call
                .header("content-length")
                .map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return Some(call);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
