//! Social sign-in where things get in each other's way: two accounts, two tabs, two cookies, bad providers. The
//! numbers are those of public reports about the reference.

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::provider::{Browser, Mood, Provider};
use crate::world::{World, as_url, merge};

const MAIL: &str = "user-1@example.org";
const PASSWORD: &str = "correct-horse-battery-42";

pub(crate) fn settings(provider: &Provider, more: Value) -> Value {
    let email = json!({"type": "string", "format": "email", "ory.sh/kratos": {
        "credentials": {"password": {"identifier": true}}, "verification": {"via": "email"},
    }});
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "type": "object",
        "properties": {"traits": {
            "type": "object", "properties": {"email": email, "name": {"type": "string"}}, "required": ["email", "name"],
        }},
    });
    let mut settings = json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
        "secrets": {"cipher": ["32-LONG-SECRET-NOT-SECURE-AT-ALL"]},
        "ciphers": {"algorithm": "xchacha20-poly1305"},
        "selfservice": {
            "methods": {"oidc": {"enabled": true, "config": {"providers": [provider.entry()]}}},
            "flows": {"registration": {"enable_legacy_one_step": true, "after": {"oidc": {"hooks": [{"hook": "session"}]}}}},
        },
    });
    merge(&mut settings, more);
    settings
}

async fn world(provider: &Provider, more: Value) -> World {
    World::with(settings(provider, more)).await
}

/// An account with a password.
async fn somebody(world: &World, email: &str) -> String {
    let body = json!({
        "schema_id": "default", "traits": {"email": email, "name": "Ada"},
        "credentials": {"password": {"config": {"password": PASSWORD}}},
    });
    let answer = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn accounts(world: &World) -> usize {
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    all.as_array().unwrap().len()
}

async fn connections(world: &World, id: &str) -> Value {
    let path = format!("/admin/identities/{id}");
    world.admin("GET", &path, &[]).await.json()["credentials"]["oidc"]["identifiers"].clone()
}

fn with_password(email: &str) -> Value {
    json!({"method": "password", "identifier": email, "password": PASSWORD})
}

#[tokio::test]
async fn b57_linking_somebody_else_s_account_changes_nothing_on_either() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": "owner@example.org", "name": "Bob"}));
    assert_eq!(
        Browser::default()
            .sign_in(&world, "registration")
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    let id = somebody(&world, MAIL).await;
    let mut ann = Browser::default();
    let flow = ann.flow(&world, "login", None).await;
    ann.submit(&world, &flow, with_password(MAIL)).await;
    let flow = ann.flow(&world, "settings", None).await;
    let back = ann.visit(&world, &flow, json!({"link": "acme"})).await;
    let answer = ann.get(&world, &back).await;
    assert!(
        answer
            .header("location")
            .unwrap()
            .contains("/settings?flow="),
        "{answer:?}"
    );
    let page = answer.header("location").unwrap().to_owned();
    let flow = ann.flow(&world, "settings", Some(&page)).await;
    assert_eq!(flow["ui"]["messages"][0]["id"], 4_000_007);
    assert_eq!(connections(&world, &id).await, Value::Null);
    assert_eq!(ann.methods(&world).await, ["password"]);
}

#[tokio::test]
async fn b58_b60_who_has_an_account_is_offered_to_link_before_anything_is_asked_and_one_login_links()
 {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    let id = somebody(&world, MAIL).await;
    // The name, which the schema requires, is missing.
    provider.user(json!({"sub": "s-1", "email": MAIL}));
    let mut browser = Browser::default();
    let answer = browser.sign_in(&world, "registration").await;
    let page = answer.header("location").unwrap().to_owned();
    assert!(page.contains("/login?flow="), "{page}");
    let flow = browser.flow(&world, "login", Some(&page)).await;
    assert_eq!(flow["ui"]["messages"][0]["id"], 1_010_016);
    let answer = browser.submit(&world, &flow, with_password(MAIL)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(browser.methods(&world).await, ["password", "oidc"]);
    assert_eq!(connections(&world, &id).await, json!(["acme:s-1"]));
    assert_eq!(accounts(&world).await, 1);
}

/// More than one would be an addition; what is asked for all the same is refused, and loses nothing.
#[tokio::test]
async fn b61_of_one_provider_one_account_can_be_linked() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    let mut browser = Browser::default();
    browser.sign_in(&world, "login").await;
    let flow = browser.flow(&world, "settings", None).await;
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    assert!(
        !nodes
            .iter()
            .any(|node| node["attributes"]["name"] == "link"),
        "{flow}"
    );
    provider.user(json!({"sub": "s-2", "email": "user-2@example.org", "name": "Ada"}));
    let answer = browser.submit(&world, &flow, json!({"link": "acme"})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(accounts(&world).await, 1);
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(connections(&world, &id).await, json!(["acme:s-1"]));
}

#[tokio::test]
async fn b62_missing_traits_are_typed_without_a_second_trip_and_only_once() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": MAIL}));
    let mut browser = Browser::default();
    let answer = browser.sign_in(&world, "registration").await;
    let page = answer.header("location").unwrap().to_owned();
    let flow = browser.flow(&world, "registration", Some(&page)).await;
    let mut other = Browser::default();
    let body =
        json!({"method": "oidc", "provider": "acme", "traits": {"email": MAIL, "name": "Ada"}});
    let stolen = other.submit(&world, &flow, body.clone()).await;
    assert!(stolen.status.is_client_error(), "{stolen:?}");
    assert_eq!(accounts(&world).await, 0);
    let before = browser.clone();
    let answer = browser.submit(&world, &flow, body.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(browser.methods(&world).await, ["oidc"]);
    assert_eq!(provider.visits().len(), 1);
    // The same form again, in a browser that has not got the session: the provider is asked.
    let again = before.clone().submit(&world, &flow, body).await;
    assert_eq!(
        again.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        again.body
    );
}

#[tokio::test]
async fn b65_a_stale_continuity_cookie_beside_the_good_one_does_no_harm() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    for stale_first in [true, false] {
        provider.user(json!({"sub": format!("s-{stale_first}"), "email": format!("{stale_first}@example.org"), "name": "Ada"}));
        let mut stale = Browser::default();
        let flow = stale.flow(&world, "login", None).await;
        stale
            .visit(&world, &flow, json!({"provider": "acme"}))
            .await;
        let old = stale
            .cookies
            .into_iter()
            .find(|(n, _)| n.contains("continuity"))
            .unwrap();
        let mut browser = Browser::default();
        let flow = browser.flow(&world, "login", None).await;
        let back = browser
            .visit(&world, &flow, json!({"provider": "acme"}))
            .await;
        let at = if stale_first {
            0
        } else {
            browser.cookies.len()
        };
        browser.cookies.insert(at, old);
        browser.get(&world, &back).await;
        assert_eq!(
            browser.methods(&world).await,
            ["oidc"],
            "stale first: {stale_first}"
        );
    }
}

#[tokio::test]
async fn b66_tabs_do_not_disturb_each_other_and_a_lost_cookie_is_named() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    let mut browser = Browser::default();
    let (first, second) = (
        browser.flow(&world, "login", None).await,
        browser.flow(&world, "registration", None).await,
    );
    let one = browser
        .visit(&world, &first, json!({"provider": "acme"}))
        .await;
    let two = browser
        .visit(&world, &second, json!({"provider": "acme"}))
        .await;
    let answer = Browser::default().get(&world, &one).await;
    let id = answer
        .header("location")
        .unwrap()
        .split("id=")
        .nth(1)
        .unwrap()
        .to_owned();
    let error = world
        .public("GET", &format!("/self-service/errors?id={id}"), &[])
        .await
        .json();
    assert_eq!(error["error"]["code"], 400);
    let reason = error["error"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("cookie") && reason.contains("Start again"),
        "{reason}"
    );
    for back in [one, two] {
        let mut tab = browser.clone();
        tab.get(&world, &back).await;
        assert_eq!(tab.methods(&world).await, ["oidc"]);
        // Its state is used up, for whoever has no session.
        let again = browser.clone().get(&world, &back).await;
        assert!(
            again.header("location").unwrap().contains("/error?id="),
            "{again:?}"
        );
    }
}

#[tokio::test]
async fn b66_rotated_secrets_keep_those_who_are_away() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!(
        "sqlite://{}?_fk=true&mode=rwc",
        folder.path().join("bia.sqlite").display()
    );
    let with = |secrets: &[&str]| settings(&provider, json!({"secrets": {"cookie": secrets}}));
    let before = World::on(&dsn, with(&["an-older-secret-of-16"])).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    let mut browser = Browser::default();
    let flow = browser.flow(&before, "login", None).await;
    let back = browser
        .visit(&before, &flow, json!({"provider": "acme"}))
        .await;
    let after = World::on(
        &dsn,
        with(&["a-newer-secret-of-16b", "an-older-secret-of-16"]),
    )
    .await;
    browser.get(&after, &back).await;
    assert_eq!(browser.methods(&after).await, ["oidc"]);
}

#[tokio::test]
async fn b67_without_registration_an_account_can_be_linked_and_none_is_made() {
    let provider = Provider::start().await;
    let closed = json!({"selfservice": {"flows": {"registration": {"enabled": false}}}});
    let world = world(&provider, closed).await;
    let id = somebody(&world, MAIL).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    let mut known = Browser::default();
    let page = known
        .sign_in(&world, "login")
        .await
        .header("location")
        .unwrap()
        .to_owned();
    let flow = known.flow(&world, "login", Some(&page)).await;
    known.submit(&world, &flow, with_password(MAIL)).await;
    assert_eq!(connections(&world, &id).await, json!(["acme:s-1"]));
    provider.user(json!({"sub": "s-2", "email": "stranger@example.org", "name": "Eve"}));
    let mut stranger = Browser::default();
    let page = stranger
        .sign_in(&world, "login")
        .await
        .header("location")
        .unwrap()
        .to_owned();
    let flow = stranger.flow(&world, "login", Some(&page)).await;
    assert_eq!(flow["ui"]["messages"][0]["id"], 4_000_001);
    assert_eq!(accounts(&world).await, 1);
}

#[tokio::test]
async fn b68_a_client_cannot_steer_which_account_is_used() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    let mut browser = Browser::default();
    let flow = browser.flow(&world, "login", None).await;
    let up = json!({"login_hint": MAIL, "prompt": "select_account", "hd": "example.org", "foo": "bar", "client_id": "evil"});
    browser
        .visit(
            &world,
            &flow,
            json!({"provider": "acme", "upstream_parameters": up}),
        )
        .await;
    let query = provider.visits().pop().unwrap();
    assert!(
        query.contains("prompt=select_account") && query.contains("hd=example.org"),
        "{query}"
    );
    for dropped in ["login_hint", "foo=", "evil"] {
        assert!(!query.contains(dropped), "{query}");
    }
}

#[tokio::test]
async fn a_provider_that_fails_leaves_nothing_behind() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    for (mood, place) in [
        (Mood::Refuses, "/error?id="),
        (Mood::Garbage, "/error?id="),
        (Mood::Cuts, "/error?id="),
        (Mood::Redirects, "/error?id="),
        (Mood::SignsWrong, "/login?flow="),
    ] {
        provider.mood(mood);
        let mut browser = Browser::default();
        let answer = browser.sign_in(&world, "login").await;
        let to = answer.header("location").unwrap();
        assert!(to.contains(place), "{mood:?}: {to}");
        if let Some(id) = to.split("error?id=").nth(1) {
            let error = world
                .public("GET", &format!("/self-service/errors?id={id}"), &[])
                .await;
            assert_eq!(
                error.json()["error"]["code"],
                502,
                "{mood:?}: {}",
                error.body
            );
            assert!(
                !error.body.contains("secret") && !error.body.contains("hush"),
                "{}",
                error.body
            );
        }
        assert!(browser.methods(&world).await.is_empty(), "{mood:?}");
    }
    assert_eq!(accounts(&world).await, 0);
    provider.mood(Mood::Good);
    assert_eq!(
        Browser::default().sign_in(&world, "login").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(accounts(&world).await, 1);
}

#[tokio::test]
async fn a_provider_in_a_closed_network_is_not_called() {
    let provider = Provider::start().await;
    let closed = json!({"clients": {"http": {"disallow_private_ip_ranges": true}}});
    let world = world(&provider, closed).await;
    let mut browser = Browser::default();
    let flow = browser.flow(&world, "login", None).await;
    let answer = browser
        .submit(&world, &flow, json!({"provider": "acme"}))
        .await;
    assert_eq!(
        answer.status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "{}",
        answer.body
    );
    assert_eq!(answer.json()["error"]["id"], "invalid_configuration");
}

#[tokio::test]
async fn tokens_are_sealed_in_the_database_and_opened_for_operators_only() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    Browser::default().sign_in(&world, "login").await;
    let all = world
        .admin("GET", "/admin/identities?include_credential=oidc", &[])
        .await
        .json();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/identities/{id}?include_credential=oidc");
    let shown = world.admin("GET", &path, &[]).await.json();
    let connection = &shown["credentials"]["oidc"]["config"]["providers"][0];
    assert_eq!(connection["initial_access_token"], "at-secret-1");
    let mut conn = world.app.store.read().await.unwrap();
    let expand = bia_store::identity::Expand::Credentials;
    let stored = bia_store::identity::get(&mut conn, id.parse().unwrap(), expand)
        .await
        .unwrap();
    let stored = stored
        .credential(bia_model::MethodName::Oidc)
        .unwrap()
        .config
        .to_string();
    assert!(
        !stored.contains("at-secret-1") && !stored.contains(&hex::encode("at-secret-1")),
        "{stored}"
    );
}

#[tokio::test]
async fn both_codes_of_an_exchange_give_one_session_once() {
    let provider = Provider::start().await;
    let world = world(&provider, json!({})).await;
    provider.user(json!({"sub": "s-1", "email": MAIL, "name": "Ada"}));
    let path = "/self-service/login/api?return_session_token_exchange_code=true";
    let flow = world.public("GET", path, &[]).await.json();
    let init = flow["session_token_exchange_code"].as_str().unwrap();
    let mut app = Browser::default();
    let back = app
        .visit(&world, &flow, json!({"method": "oidc", "provider": "acme"}))
        .await;
    let answer = Browser::default().get(&world, &back).await;
    let to = answer.header("location").unwrap().to_owned();
    assert!(
        answer
            .headers
            .get_all("set-cookie")
            .iter()
            .all(|c| !c.to_str().unwrap().contains("session=")),
        "{answer:?}"
    );
    let code = to.split("code=").nth(1).unwrap();
    let exchange = format!("/sessions/token-exchange?init_code={init}&return_to_code={code}");
    let answers = join_all((0..4).map(|_| world.public("GET", &exchange, &[]))).await;
    let given: Vec<_> = answers
        .iter()
        .filter(|a| a.status == StatusCode::OK)
        .collect();
    assert_eq!(given.len(), 1, "{answers:?}");
    let token = given[0].json()["session_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let who = world
        .public("GET", "/sessions/whoami", &[("x-session-token", &token)])
        .await;
    assert_eq!(who.status, StatusCode::OK, "{}", who.body);
}
