//! A server in memory, and requests to it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bia_config::Config;
use bia_selfservice::cx::App;
use bia_server::middleware::Front;
use bia_server::{route, start};
use bia_store::Dsn;
use bia_store::courier::{self, Message, MessagePage};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A configuration with two schemas; `more` is merged over it, object by object.
pub(crate) fn settings(more: Value) -> Value {
    let mut settings = json!({
        "dsn": "memory",
        "serve": {
            "public": {"base_url": "http://public.example.org/"},
            "admin": {"base_url": "http://admin.example.org/"},
        },
        "identity": {
            "default_schema_id": "default",
            "schemas": [
                {"id": "default", "url": schema_url("email")},
                {"id": "note", "url": schema_url("label")},
            ],
        },
        "selfservice": {"default_browser_return_url": "http://app.example.org/"},
        "secrets": {"default": ["a-secret-for-the-tests-0"]},
    });
    merge(&mut settings, more);
    settings
}

/// The built binary evaluates snippets: the program that runs is the tests'.
pub(crate) fn jsonnet() -> bia_jsonnet::Command {
    bia_jsonnet::Command {
        program: env!("CARGO_BIN_EXE_bia").into(),
        arguments: vec!["jsonnet".into()],
    }
}

pub(crate) fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// A schema with one trait.
pub(crate) fn schema(field: &str) -> Value {
    json!({
        "$id": format!("https://example.org/{field}.schema.json"),
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A & B",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {field: {"type": "string"}}}},
    })
}

fn schema_url(field: &str) -> String {
    as_url(&schema(field))
}

/// A schema as a URL that contains it.
pub(crate) fn as_url(schema: &Value) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("base64://{}", STANDARD.encode(schema.to_string()))
}

/// A server that is not reached by sockets.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    public: Front,
    admin: Front,
}

impl World {
    pub(crate) async fn new() -> World {
        World::with(json!({})).await
    }

    pub(crate) async fn with(more: Value) -> World {
        World::on("memory", more).await
    }

    /// As [`World::with`], on a database that several connections reach at the same time.
    pub(crate) async fn on(dsn: &str, more: Value) -> World {
        let config = Arc::new(Config::from_json(settings(more)).unwrap());
        let store = start::open(&Dsn::parse(dsn).unwrap(), Duration::from_secs(5))
            .await
            .unwrap();
        let app = start::app(config, store, jsonnet()).await.unwrap();
        World {
            public: route::public_router(Arc::clone(&app)),
            admin: route::admin_router(Arc::clone(&app)),
            app,
        }
    }

    /// Takes another configuration, as when its file changes; `more` is merged over the usual one.
    pub(crate) async fn configure(&self, more: Value) {
        let config = Config::from_json(settings(more)).unwrap();
        let runtime = start::runtime(Arc::new(config), &self.app.jsonnet).await;
        self.app.runtime.store(Arc::new(runtime.unwrap()));
    }

    /// The paths of the public API, with `{name}` for what varies.
    pub(crate) fn public_paths(&self) -> &[String] {
        self.public.paths()
    }

    /// As [`World::public_paths`], of the admin API.
    pub(crate) fn admin_paths(&self) -> &[String] {
        self.admin.paths()
    }

    /// Any request to the public listener.
    pub(crate) async fn send_public(&self, request: Request<Body>) -> Answer {
        send(&self.public, request).await
    }

    pub(crate) async fn public(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        send(&self.public, request(method, path, headers, Body::empty())).await
    }

    /// Sends JSON, as apps do.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ];
        let request = request("POST", path, &headers, Body::from(body.to_string()));
        send(&self.public, request).await
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(&self.admin, request(method, path, headers, Body::empty())).await
    }

    /// A call to the admin API with a body that is said to be JSON.
    pub(crate) async fn call(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let headers = [("content-type", "application/json")];
        send(&self.admin, request(method, path, &headers, body.into())).await
    }

    /// Somebody, as an operator creates them. Gives the id.
    pub(crate) async fn create(&self, identity: &Value) -> String {
        let answer = self
            .call("POST", "/admin/identities", identity.to_string())
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// An identity as operators see it.
    pub(crate) async fn whole(&self, id: &str) -> Value {
        let path = format!("/admin/identities/{id}");
        self.admin("GET", &path, &[]).await.json()
    }

    /// What was written to an address, oldest first; nothing is ever delivered.
    pub(crate) async fn mails(&self, to: &str) -> Vec<Message> {
        let page = MessagePage {
            recipient: Some(to.to_owned()),
            size: 1000,
            ..MessagePage::default()
        };
        let mut conn = self.app.store.read().await.unwrap();
        let mut mails = courier::list(&mut conn, &page).await.unwrap().items;
        mails.reverse();
        mails
    }

    /// The code in the newest message to an address.
    pub(crate) async fn code(&self, to: &str) -> String {
        code_in(self.mails(to).await.last().unwrap())
    }

    /// The link in the newest message to an address, without the host.
    pub(crate) async fn link(&self, to: &str) -> String {
        link_in(self.mails(to).await.last().unwrap())
    }

    /// As [`World::post`], from an address that a proxy reports.
    pub(crate) async fn post_from(&self, client: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-forwarded-for", client),
        ];
        let request = request("POST", path, &headers, Body::from(body.to_string()));
        send(&self.public, request).await
    }

    /// A native app's submission to the public API; an empty token is none.
    pub(crate) async fn post_as(&self, path: &str, token: &str, body: Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("x-session-token", token),
        ];
        let body = body.to_string().into();
        send(&self.public, request("POST", path, &headers, body)).await
    }
}

/// The six digits in a message.
pub(crate) fn code_in(mail: &Message) -> String {
    let is_code = |word: &&str| word.len() == 6 && word.chars().all(|c| c.is_ascii_digit());
    let mut words = mail.body.split(|c: char| !c.is_alphanumeric());
    words.find(is_code).unwrap().to_owned()
}

/// The server's own URL in a message, without the host.
pub(crate) fn link_in(mail: &Message) -> String {
    let mut words = mail.body.split_whitespace();
    let link = words.find_map(|word| word.strip_prefix(BASE));
    link.unwrap().to_owned()
}

/// Where the public listener is reached.
pub(crate) const BASE: &str = "http://public.example.org";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

async fn send(front: &Front, request: Request<Body>) -> Answer {
    let response = front.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
