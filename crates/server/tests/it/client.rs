//! Somebody's app, script or browser, as a client of a [`World`]: it keeps cookies and sends tokens along.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Map, Value};

use crate::world::{Answer, BASE, World};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    App,
    Script,
    Browser,
}

pub(crate) struct Client<'w> {
    world: &'w World,
    kind: Kind,
    cookies: BTreeMap<String, String>,
    /// An app's session token; empty for none.
    pub(crate) token: String,
    /// Which host it asks for; none says nothing of it.
    pub(crate) host: Option<&'static str>,
}

impl<'w> Client<'w> {
    /// A native app.
    pub(crate) fn app(world: &'w World) -> Client<'w> {
        Client::new(world, Kind::App)
    }

    /// A script in a browser.
    pub(crate) fn script(world: &'w World) -> Client<'w> {
        Client::new(world, Kind::Script)
    }

    /// A browser that sends forms.
    pub(crate) fn browser(world: &'w World) -> Client<'w> {
        Client::new(world, Kind::Browser)
    }

    fn new(world: &'w World, kind: Kind) -> Client<'w> {
        Client {
            world,
            kind,
            cookies: BTreeMap::new(),
            token: String::new(),
            host: None,
        }
    }

    /// Asks as clients of its kind do: browsers for pages, others for JSON.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let accept = match self.kind {
            Kind::Browser => "text/html",
            Kind::App | Kind::Script => "application/json",
        };
        self.send("GET", path, accept, None).await
    }

    /// Asks for JSON and gets it.
    pub(crate) async fn json(&mut self, path: &str) -> Value {
        let answer = self.send("GET", path, "application/json", None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.json()
    }

    /// Asks for JSON and is refused.
    pub(crate) async fn refused(&mut self, path: &str) -> Value {
        let answer = self.send("GET", path, "application/json", None).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.body);
        answer.json()
    }

    /// A new flow of a kind; `query` begins with `?` or is empty.
    pub(crate) async fn begin(&mut self, kind: &str, query: &str) -> Value {
        match self.kind {
            Kind::App => self.json(&format!("/self-service/{kind}/api{query}")).await,
            Kind::Script => {
                self.json(&format!("/self-service/{kind}/browser{query}"))
                    .await
            }
            Kind::Browser => {
                let answer = self
                    .get(&format!("/self-service/{kind}/browser{query}"))
                    .await;
                self.led_to(kind, &answer).await
            }
        }
    }

    /// The flow of a kind to whose page an answer leads.
    pub(crate) async fn led_to(&mut self, kind: &str, answer: &Answer) -> Value {
        let id = flow_in(answer.header("location").unwrap()).unwrap();
        self.flow(kind, &id).await
    }

    /// The flow of a kind with an id.
    pub(crate) async fn flow(&mut self, kind: &str, id: &str) -> Value {
        self.json(&format!("/self-service/{kind}/flows?id={id}"))
            .await
    }

    /// Sends a flow's form, with its anti-CSRF token.
    pub(crate) async fn submit(&mut self, flow: &Value, mut body: Value) -> Answer {
        if self.kind != Kind::App {
            body["csrf_token"] = value_of(flow, "csrf_token");
        }
        let action = flow["ui"]["action"].as_str().unwrap();
        self.post(action, &body).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let sent = match self.kind {
            Kind::Browser => ("application/x-www-form-urlencoded", form(body)),
            Kind::App | Kind::Script => ("application/json", body.to_string()),
        };
        let accept = match self.kind {
            Kind::Browser => "text/html",
            Kind::App | Kind::Script => "application/json",
        };
        self.send("POST", path, accept, Some(sent)).await
    }

    /// Signs in by a password. An app then has a session token, others a cookie.
    pub(crate) async fn sign_in(&mut self, identifier: &str, password: &str) -> Answer {
        let flow = self.begin("login", "").await;
        let body = serde_json::json!({"method": "password", "identifier": identifier, "password": password});
        let answer = self.submit(&flow, body).await;
        if self.kind == Kind::App && answer.status == StatusCode::OK {
            answer.json()["session_token"]
                .as_str()
                .unwrap()
                .clone_into(&mut self.token);
        }
        answer
    }

    /// A cookie that it keeps.
    pub(crate) fn cookie(&self, name: &str) -> &str {
        &self.cookies[name]
    }

    /// Forgets one cookie, as somebody who takes it away does. Gives its value.
    pub(crate) fn take_cookie(&mut self, name: &str) -> Option<String> {
        self.cookies.remove(name)
    }

    /// Keeps a cookie that did not come from the server.
    pub(crate) fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Takes the cookies of another client: both are the same browser.
    pub(crate) fn keep_cookies_of(&mut self, other: &Client<'_>) {
        self.cookies.clone_from(&other.cookies);
    }

    /// The cookie whose name begins so, with its name.
    pub(crate) fn cookie_like(&self, prefix: &str) -> Option<(String, String)> {
        let mut all = self.cookies.iter();
        let found = all.find(|(name, _)| name.starts_with(prefix))?;
        Some((found.0.clone(), found.1.clone()))
    }

    /// Asks for something to be removed.
    pub(crate) async fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, "application/json", None).await
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        accept: &str,
        body: Option<(&str, String)>,
    ) -> Answer {
        let path = path.strip_prefix(BASE).unwrap_or(path);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", accept);
        if let Some(host) = self.host {
            request = request.header("host", host);
        }
        if !self.token.is_empty() {
            request = request.header("x-session-token", &self.token);
        }
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let body = match body {
            Some((kind, body)) => {
                request = request.header("content-type", kind);
                Body::from(body)
            }
            None => Body::empty(),
        };
        let answer = self.world.send_public(request.body(body).unwrap()).await;
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        if self.kind == Kind::App {
            return;
        }
        for set in answer.headers.get_all("set-cookie") {
            let cookie = cookie::Cookie::parse(set.to_str().unwrap()).unwrap();
            let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
            if cookie.max_age().is_some_and(|age| age.is_zero()) {
                self.cookies.remove(&name);
            } else {
                self.cookies.insert(name, value);
            }
        }
    }
}

/// The `flow` parameter of a URL.
pub(crate) fn flow_in(url: &str) -> Option<String> {
    parameter(url, "flow")
}

/// A parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(BASE).unwrap().join(url).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name)?;
    Some(found.1.into_owned())
}

/// The value of a field in a flow's form; null when there is none.
pub(crate) fn value_of(flow: &Value, name: &str) -> Value {
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    let attributes = nodes.iter().map(|node| &node["attributes"]);
    let found = attributes.clone().find(|a| a["name"] == name);
    found.map_or(Value::Null, |a| a["value"].clone())
}

/// The ids of the messages of a flow as a whole.
pub(crate) fn messages(flow: &Value) -> Vec<u64> {
    let all = flow["ui"]["messages"].as_array();
    let all = all.into_iter().flatten();
    all.map(|message| message["id"].as_u64().unwrap()).collect()
}

fn form(body: &Value) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    flatten("", body.as_object().unwrap(), &mut |name, value| {
        pairs.append_pair(name, value);
    });
    pairs.finish()
}

fn flatten(prefix: &str, object: &Map<String, Value>, put: &mut impl FnMut(&str, &str)) {
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(below) => flatten(&format!("{name}."), below, put),
            Value::String(text) => put(&name, text),
            other => put(&name, &other.to_string()),
        }
    }
}
