//! An OpenID provider on loopback, and a browser that goes there and back.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// How the token endpoint behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    Refuses,
    Garbage,
    Cuts,
    Redirects,
    SignsWrong,
}

struct Inner {
    issuer: String,
    key: EcdsaKeyPair,
    claims: Mutex<Value>,
    mood: Mutex<Mood>,
    visits: Mutex<Vec<String>>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Inner>);

impl Provider {
    pub(crate) async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Provider(Arc::new(Inner {
            issuer,
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            claims: Mutex::new(json!({})),
            mood: Mutex::new(Mood::Good),
            visits: Mutex::default(),
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(about))
            .route("/authorize", get(authorize))
            .route("/token", axum::routing::post(token))
            .route("/jwks", get(keys))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    /// Who signs in next.
    pub(crate) fn user(&self, claims: Value) {
        *self.0.claims.lock().unwrap() = claims;
    }

    pub(crate) fn mood(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    /// The queries of all visits of browsers so far.
    pub(crate) fn visits(&self) -> Vec<String> {
        self.0.visits.lock().unwrap().clone()
    }

    /// An entry of the configuration; its mapper takes mail address and name, where they are there.
    pub(crate) fn entry(&self) -> Value {
        let mapper = "local c = std.extVar('claims'); {identity: {traits: {\
            [if 'email' in c then 'email']: c.email, [if 'name' in c then 'name']: c.name}}}";
        let mapper = base64::engine::general_purpose::STANDARD.encode(mapper);
        json!({
            "id": "acme", "provider": "generic", "client_id": "client-1", "client_secret": "hush-hush-1",
            "issuer_url": self.0.issuer, "mapper_url": format!("base64://{mapper}"), "scope": ["email"],
        })
    }

    fn id_token(&self) -> String {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let mut claims =
            json!({"iss": self.0.issuer, "aud": "client-1", "iat": now, "exp": now + 600});
        for (name, value) in self.0.claims.lock().unwrap().as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |v: Value| URL_SAFE_NO_PAD.encode(v.to_string());
        let text = format!(
            "{}.{}",
            part(json!({"alg": "ES256", "kid": "k-1"})),
            part(claims)
        );
        let signature = self
            .0
            .key
            .sign(&SystemRandom::new(), text.as_bytes())
            .unwrap();
        let mut signature = signature.as_ref().to_vec();
        if *self.0.mood.lock().unwrap() == Mood::SignsWrong {
            signature[0] ^= 1;
        }
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn about(State(Provider(p)): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", p.issuer);
    Json(json!({
        "issuer": p.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/jwks"),
    }))
}

async fn keys(State(Provider(p)): State<Provider>) -> Json<Value> {
    let point = p.key.public_key().as_ref().to_vec();
    let (x, y) = (
        URL_SAFE_NO_PAD.encode(&point[1..33]),
        URL_SAFE_NO_PAD.encode(&point[33..65]),
    );
    Json(json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k-1", "x": x, "y": y}]}))
}

async fn authorize(
    State(Provider(p)): State<Provider>,
    query: http::Uri,
    Query(q): Query<Vec<(String, String)>>,
) -> Response {
    p.visits
        .lock()
        .unwrap()
        .push(query.query().unwrap_or_default().to_owned());
    let of = |name: &str| {
        q.iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.clone())
            .unwrap_or_default()
    };
    let back = format!("{}?code=c-1&state={}", of("redirect_uri"), of("state"));
    (StatusCode::FOUND, [("location", back)]).into_response()
}

async fn token(State(provider): State<Provider>) -> Response {
    let mood = *provider.0.mood.lock().unwrap();
    match mood {
        Mood::Refuses => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response(),
        Mood::Garbage => "<html>".into_response(),
        Mood::Cuts => {
            let cut = futures::stream::iter([Ok("{\"access_token\":"), Err(std::io::Error::other("cut"))]);
            axum::body::Body::from_stream(cut).into_response()
        }
        Mood::Redirects => (StatusCode::TEMPORARY_REDIRECT, [("location", "http://0.0.0.1/")]).into_response(),
        Mood::Good | Mood::SignsWrong => {
            Json(json!({"access_token": "at-secret-1", "refresh_token": "rt-secret-1", "id_token": provider.id_token()})).into_response()
        }
    }
}

/// A browser: it keeps cookies and follows where it is told to.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: Vec<(String, String)>,
}

impl Browser {
    pub(crate) async fn get(&mut self, world: &World, path: &str) -> Answer {
        self.send(world, "GET", path, None).await
    }

    async fn send(
        &mut self,
        world: &World,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let path = path.replace("http://public.example.org", "");
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let mut request = Request::builder().method(method).uri(path);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request = match body {
            Some(_) => request
                .header("content-type", "application/json")
                .header("accept", "application/json"),
            None => request.header("accept", "text/html"),
        };
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = world.send_public(request.body(body.into()).unwrap()).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let cookie = cookie::Cookie::parse(line.to_str().unwrap().to_owned()).unwrap();
            self.cookies.retain(|(n, _)| n != cookie.name());
            self.cookies
                .push((cookie.name().to_owned(), cookie.value().to_owned()));
        }
    }

    /// A flow's JSON, by the address of its page or a new one.
    pub(crate) async fn flow(&mut self, world: &World, kind: &str, page: Option<&str>) -> Value {
        let page = match page {
            Some(page) => page.to_owned(),
            None => {
                let answer = self
                    .get(world, &format!("/self-service/{kind}/browser"))
                    .await;
                answer.header("location").unwrap().to_owned()
            }
        };
        let id = page
            .split("flow=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned();
        self.get(world, &format!("/self-service/{kind}/flows?id={id}"))
            .await
            .json()
    }

    /// Submits a flow, as its page's script does.
    pub(crate) async fn submit(&mut self, world: &World, flow: &Value, mut body: Value) -> Answer {
        let nodes = flow["ui"]["nodes"].as_array().unwrap();
        let csrf = nodes
            .iter()
            .find(|n| n["attributes"]["name"] == "csrf_token")
            .unwrap();
        body["csrf_token"] = csrf["attributes"]["value"].clone();
        let action = flow["ui"]["action"].as_str().unwrap().to_owned();
        self.send(world, "POST", &action, Some(&body)).await
    }

    /// Chooses the provider in a flow; gives the callback's address to which the provider sends it back.
    pub(crate) async fn visit(&mut self, world: &World, flow: &Value, body: Value) -> String {
        let answer = self.submit(world, flow, body).await;
        let away = answer.json();
        let away = away["redirect_browser_to"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer:?}"));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let back = client.get(away).send().await.unwrap();
        back.headers()["location"].to_str().unwrap().to_owned()
    }

    /// All of it: a new flow, the provider, the callback.
    pub(crate) async fn sign_in(&mut self, world: &World, kind: &str) -> Answer {
        let flow = self.flow(world, kind, None).await;
        let back = self
            .visit(world, &flow, json!({"method": "oidc", "provider": "acme"}))
            .await;
        self.get(world, &back).await
    }

    /// The names of its cookies.
    pub(crate) fn cookie_names(&self) -> Vec<&str> {
        self.cookies.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// How long the header with its cookies is.
    pub(crate) fn cookie_bytes(&self) -> usize {
        let each = self
            .cookies
            .iter()
            .map(|(name, value)| name.len() + value.len() + 3);
        each.sum()
    }

    /// The methods of its session; none without one.
    pub(crate) async fn methods(&mut self, world: &World) -> Vec<String> {
        let session = self.get(world, "/sessions/whoami").await.json();
        let methods = session["authentication_methods"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        methods
            .iter()
            .map(|m| m["method"].as_str().unwrap().to_owned())
            .collect()
    }
}
