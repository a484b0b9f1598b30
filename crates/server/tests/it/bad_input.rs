//! Whatever comes in: the documented kind of error, never a 500, and the flow is still usable afterwards.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const KINDS: [&str; 5] = [
    "login",
    "registration",
    "settings",
    "recovery",
    "verification",
];

async fn world() -> World {
    let email = json!({
        "type": "object",
        "properties": {"traits": {"type": "object", "required": ["email"], "properties": {"email": {
            "type": "string", "format": "email",
            "ory.sh/kratos": {
                "credentials": {"password": {"identifier": true}},
                "verification": {"via": "email"},
                "recovery": {"via": "email"},
            },
        }}}},
    });
    use base64::{Engine, engine::general_purpose::STANDARD};
    let url = format!("base64://{}", STANDARD.encode(email.to_string()));
    World::with(json!({
        "dev": true,
        "identity": {"default_schema_id": "default", "schemas": [{"id": "default", "url": url}]},
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
        "selfservice": {
            "flows": {
                "recovery": {"enabled": true},
                "verification": {"enabled": true},
                "registration": {"after": {"password": {"hooks": [{"hook": "session"}]}}},
            },
            "methods": {"password": {"config": {"haveibeenpwned_enabled": false}}},
        },
    }))
    .await
}

async fn send(
    world: &World,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = world
        .send_public(request.body(Body::from(body)).unwrap())
        .await;
    (
        answer.status,
        serde_json::from_str(&answer.body).unwrap_or(Value::Null),
    )
}

async fn native_flow(world: &World, kind: &str) -> String {
    let path = format!("/self-service/{kind}/api");
    let (status, flow) = send(world, "GET", &path, &[], Vec::new()).await;
    assert_eq!(status, StatusCode::OK, "{flow}");
    flow["id"].as_str().unwrap().to_owned()
}

/// A session token of somebody who just signed up.
async fn signed_up(world: &World, email: &str) -> String {
    let id = native_flow(world, "registration").await;
    let body = json!({"method": "password", "password": "correct-horse-battery-42", "traits": {"email": email}});
    let path = format!("/self-service/registration?flow={id}");
    let (status, answer) = send(world, "POST", &path, &[JSON], body.to_string().into()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["session_token"].as_str().unwrap().to_owned()
}

fn bodies() -> Vec<(&'static str, (&'static str, &'static str), Vec<u8>)> {
    let deep = format!("{}1{}", "{\"traits\":".repeat(500), "}".repeat(500));
    vec![
        ("no body", JSON, Vec::new()),
        ("half a document", JSON, b"{\"method\": \"password\", ".to_vec()),
        ("a text", JSON, b"\"password\"".to_vec()),
        ("a list", JSON, b"[1, 2]".to_vec()),
        ("invalid UTF-8", JSON, b"{\"method\": \"\xff\xfe\"}".to_vec()),
        ("invalid UTF-8 in a form", FORM, b"method=%ff%fe&identifier=%c3%28".to_vec()),
        ("numbers for texts", JSON, br#"{"method":"password","identifier":1,"password":2,"traits":3,"email":4,"code":5}"#.to_vec()),
        ("lists for texts", JSON, br#"{"method":["password"],"identifier":[],"password":{},"traits":[],"email":[],"code":{}}"#.to_vec()),
        ("nulls", JSON, br#"{"method":null,"identifier":null,"password":null,"traits":null,"email":null,"code":null}"#.to_vec()),
        ("a zero byte", JSON, br#"{"method":"password","identifier":"a\u0000b","password":"c\u0000d","traits":{"email":"a\u0000@example.org"},"email":"a\u0000@example.org","code":"\u0000"}"#.to_vec()),
        ("a deep document", JSON, deep.into_bytes()),
        ("many fields", FORM, [b'a', b'=', b'1', b'&'].repeat(200_000)),
        ("no content type", ("accept", "application/json"), b"{}".to_vec()),
        ("a long identifier", JSON, json!({"method": "password", "identifier": "x".repeat(100_000), "password": "y".repeat(100_000),
            "traits": {"email": format!("{}@example.org", "z".repeat(100_000))}, "email": "e".repeat(100_000), "code": "1".repeat(100_000)}).to_string().into_bytes()),
        ("5 MiB", JSON, format!("{{\"method\":\"password\",\"identifier\":\"{}\"}}", "x".repeat(5 * 1024 * 1024)).into_bytes()),
    ]
}

#[tokio::test]
async fn broken_bodies_get_an_answer_and_leave_the_flow_usable() {
    let world = world().await;
    let token = signed_up(&world, "user-1@example.org").await;
    for kind in KINDS {
        let session = ("x-session-token", token.as_str());
        let path = format!("/self-service/{kind}/api");
        let own: &[(&str, &str)] = if kind == "settings" { &[session] } else { &[] };
        let (status, flow) = send(&world, "GET", &path, own, Vec::new()).await;
        assert_eq!(status, StatusCode::OK, "{kind}: {flow}");
        let path = format!("/self-service/{kind}?flow={}", flow["id"].as_str().unwrap());
        for (what, content_type, body) in bodies() {
            let headers: Vec<(&str, &str)> = own
                .iter()
                .copied()
                .chain([content_type, ("accept", "application/json")])
                .collect();
            let (status, answer) = send(&world, "POST", &path, &headers, body).await;
            assert!(
                status.is_client_error() || status == StatusCode::OK,
                "{kind}, {what}: {status} {answer}"
            );
        }
        let get = format!(
            "/self-service/{kind}/flows?id={}",
            flow["id"].as_str().unwrap()
        );
        let (status, answer) = send(&world, "GET", &get, own, Vec::new()).await;
        assert_eq!(status, StatusCode::OK, "{kind}: {answer}");
    }
}

#[tokio::test]
async fn odd_flow_ids_are_refused_and_say_why() {
    let world = world().await;
    let token = signed_up(&world, "user-1@example.org").await;
    let session = ("x-session-token", token.as_str());
    for kind in KINDS {
        let id = "2a2a701a-7a45-4df1-a710-816cc4f9efc";
        let path = format!("/self-service/{kind}?flow={id}");
        let headers = if kind == "registration" {
            vec![JSON]
        } else {
            vec![JSON, session]
        };
        let (status, answer) = send(&world, "POST", &path, &headers, b"{}".to_vec()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{kind}: {answer}");
        assert!(
            answer["error"]["reason"].as_str().unwrap().contains("35"),
            "{answer}"
        );
        let nowhere = format!("/self-service/{kind}?flow=2a2a701a-7a45-4df1-a710-816cc4f9efc0");
        let (status, answer) = send(&world, "POST", &nowhere, &headers, b"{}".to_vec()).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{kind}: {answer}");
    }
}

#[tokio::test]
async fn credentials_of_another_instance_count_as_none() {
    let (here, there) = (world().await, world().await);
    let token = signed_up(&there, "user-1@example.org").await;
    let long = "x".repeat(8000);
    for (name, value) in [
        ("x-session-token", token.as_str()),
        (
            "authorization",
            "Bearer ory_st_0000000000000000000000000000000",
        ),
        ("x-session-token", long.as_str()),
        (
            "cookie",
            "ory_kratos_session=MTc5NTU5OTg4OXxBUUVDQXdRRkJnY0lDUW9MREEwT0Q1REg5a3pF",
        ),
        (
            "cookie",
            "ory_kratos_session=%ff%fe; csrf_token_x=y; ;;==; \"a",
        ),
    ] {
        let (status, answer) = send(
            &here,
            "GET",
            "/sessions/whoami",
            &[(name, value)],
            Vec::new(),
        )
        .await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_stored_token_opens_nothing() {
    let world = world().await;
    let token = signed_up(&world, "user-1@example.org").await;
    let stored = world.app.runtime.load().keys.stored_session_token(&token);
    assert_ne!(stored, token);
    // Nor at the reference on the same database, which takes what is stored for the token itself.
    assert!(http::HeaderValue::from_str(&stored).is_err());
    let body = json!({"session_token": stored}).to_string().into_bytes();
    let headers = [("content-type", "application/json")];
    let path = "/self-service/logout/api";
    let (status, _) = send(&world, "DELETE", path, &headers, body).await;
    assert!(status.is_client_error(), "{status}");
    let headers = [("x-session-token", token.as_str())];
    let (status, _) = send(&world, "GET", "/sessions/whoami", &headers, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
}

/// What the extractors of the routes make of it would be neither JSON nor one of the API's errors.
#[tokio::test]
async fn a_path_that_is_no_text_names_nothing() {
    let world = world().await;
    let with_names = |paths: &[String]| -> Vec<String> {
        let paths = paths.iter().filter(|path| path.contains('{'));
        paths
            .map(|path| {
                path.replace("{id}", "%ff")
                    .replace("{name}", "%ff")
                    .replace("{provider}", "a%c3%28")
                    .replace("{type}", "x")
            })
            .collect()
    };
    let (public, admin) = (
        with_names(world.public_paths()),
        with_names(world.admin_paths()),
    );
    assert!(public.len() > 3 && admin.len() > 6);
    for path in public {
        let answer = world.public("GET", &path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["code"], 404, "{path}");
    }
    for path in admin {
        let answer = world.admin("GET", &path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["code"], 404, "{path}");
    }
}
