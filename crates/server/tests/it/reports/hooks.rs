//! Web hooks.
//!
//! | report | where it is proven |
//! |---|---|
//! | B89 | [`hooks_of_a_method_take_the_place_of_the_general_ones`], `findings.rs` of the configuration |
//! | B90 | [`what_a_hook_answers_to_changed_settings_is_stored`], `hooks/settings_are_changed` |
//! | B91 | [`a_hook_that_does_not_answer_well_stops_in_time_and_nothing_is_stored`] |
//! | B92 | [`the_clients_own_data_reaches_hooks_after_every_method_and_is_gone_afterwards`], [`it_also_survives_the_way_to_a_provider`] |
//! | B93 | [`hooks_stop_every_flow_before_and_after`], `findings.rs` of the configuration |

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, value_of};
use crate::folk::{MAIL, OTHER, PASSWORD, code_now, enrol, person, settings, town};
use crate::peer::{Peer, Reply};
use crate::provider::{Browser, Provider};
use crate::world::{Answer, World, merge};

/// The same hooks after each method of a flow; in registrations a session is given, too.
fn after(flow: &str, hooks: &[Value]) -> Value {
    let mut all = hooks.to_vec();
    if flow == "registration" {
        all.push(json!({"hook": "session"}));
    }
    let list = json!({"hooks": all});
    let after = match flow {
        "recovery" | "verification" => list,
        _ => {
            json!({"password": list, "code": list, "totp": list, "lookup_secret": list, "oidc": list, "profile": list})
        }
    };
    let mut after = after;
    let known: &[&str] = match flow {
        "login" => &["password", "code", "totp", "lookup_secret", "oidc"],
        "registration" => &["password", "code", "oidc"],
        "settings" => &["password", "totp", "lookup_secret", "oidc", "profile"],
        _ => &["hooks"],
    };
    after
        .as_object_mut()
        .unwrap()
        .retain(|name, _| known.contains(&name.as_str()));
    json!({"selfservice": {"flows": {flow: {"after": after}}}})
}

fn before(flow: &str, hook: &Value) -> Value {
    json!({"selfservice": {"flows": {flow: {"before": {"hooks": [hook]}}}}})
}

fn registration(email: &str) -> Value {
    json!({"method": "password", "traits": {"email": email}, "password": PASSWORD})
}

async fn sign_up(world: &World, email: &str) -> Answer {
    let mut app = Client::app(world);
    let flow = app.begin("registration", "").await;
    app.submit(&flow, registration(email)).await
}

async fn accounts(world: &World) -> usize {
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    all.as_array().unwrap().len()
}

#[tokio::test]
async fn hooks_of_a_method_take_the_place_of_the_general_ones() {
    let (own, general) = (Peer::start().await, Peer::start().await);
    let mut lists = json!({});
    for flow in ["login", "registration", "settings"] {
        merge(&mut lists, after(flow, &[own.hook(json!({}))]));
        lists["selfservice"]["flows"][flow]["after"]["hooks"] = json!([general.hook(json!({}))]);
    }
    let world = town(lists).await;
    let answer = sign_up(&world, MAIL).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("settings", "").await;
    app.submit(&flow, json!({"method": "password", "password": OTHER}))
        .await;
    let kinds: Vec<String> = own
        .take()
        .iter()
        .map(|c| c.json()["request_url"].as_str().unwrap().to_owned())
        .collect();
    for (kind, url) in ["registration", "login", "settings"].iter().zip(&kinds) {
        assert!(url.contains(kind), "{kinds:?}");
    }
    assert_eq!((kinds.len(), general.take().len()), (3, 0));
}

#[tokio::test]
async fn what_a_hook_answers_to_changed_settings_is_stored() {
    let peer = Peer::start().await;
    let world = town(after(
        "settings",
        &[peer.hook(json!({"response": {"parse": true}}))],
    ))
    .await;
    let id = world
        .create(&person(json!({"email": MAIL, "name": "A"}), json!({})))
        .await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let change = json!({"identity": {
        "traits": {"email": MAIL, "name": "By the hook"}, "metadata_public": {"plan": "gold"}, "metadata_admin": {"risk": 1},
        "external_id": "crm-7",
    }});
    for (n, form) in [
        json!({"method": "profile", "traits": {"email": MAIL, "name": "B"}}),
        json!({"method": "password", "password": OTHER}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut change = change.clone();
        change["identity"]["metadata_admin"]["risk"] = n.into();
        peer.answers([Reply::Json(200, change)]);
        let flow = app.begin("settings", "").await;
        let answer = app.submit(&flow, form.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.body);
        let shown = &answer.json()["identity"];
        assert_eq!(shown["traits"]["name"], "By the hook", "{form}");
        let stored = world.whole(&id).await;
        assert_eq!(
            stored["traits"],
            json!({"email": MAIL, "name": "By the hook"}),
            "{form}"
        );
        assert_eq!(stored["metadata_public"], json!({"plan": "gold"}), "{form}");
        assert_eq!(stored["metadata_admin"], json!({"risk": n}), "{form}");
        assert_eq!(stored["external_id"], "crm-7", "{form}");
        assert_eq!(peer.take().len(), 1, "{form}");
    }
    let answer = Client::app(&world).sign_in(MAIL, OTHER).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "the password was changed, too: {}",
        answer.body
    );

    // What the schema does not allow is refused, and nothing is stored.
    peer.answers([Reply::Json(
        200,
        json!({"identity": {"traits": {"email": MAIL, "age": "old"}}}),
    )]);
    let flow = app.begin("settings", "").await;
    let form = json!({"method": "profile", "traits": {"email": MAIL, "name": "C"}});
    let answer = app.submit(&flow, form).await;
    assert!(
        answer.status.is_client_error(),
        "{}: {}",
        answer.status,
        answer.body
    );
    assert_eq!(world.whole(&id).await["traits"]["name"], "By the hook");
}

#[tokio::test]
async fn a_hook_that_does_not_answer_well_stops_in_time_and_nothing_is_stored() {
    for more in [
        json!({"can_interrupt": true}),
        json!({"response": {"parse": true}}),
    ] {
        let peer = Peer::start().await;
        let mut lists = after("registration", &[peer.hook(more.clone())]);
        merge(&mut lists, after("settings", &[peer.hook(more.clone())]));
        merge(&mut lists, json!({"bia": {"hooks": {"timeout": "900ms"}}}));
        let world = town(lists).await;
        let id = world
            .create(&person(json!({"email": MAIL, "name": "A"}), json!({})))
            .await;
        let mut app = Client::app(&world);
        app.sign_in(MAIL, PASSWORD).await;
        let late = Duration::from_secs(30);
        for (reply, status) in [
            (Reply::Late(late), 504),
            (Reply::Never, 504),
            (Reply::Closed, 504),
            (Reply::Long(6 << 20), 500),
        ] {
            peer.answers([reply.clone()]);
            let began = Instant::now();
            let answer = sign_up(&world, "user-2@example.org").await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{reply:?} {more}: {}",
                answer.body
            );
            let flow = app.begin("settings", "").await;
            let form = json!({"method": "profile", "traits": {"email": MAIL, "name": "B"}});
            let answer = app.submit(&flow, form).await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{reply:?} {more}: {}",
                answer.body
            );
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{reply:?} {more}: {:?}",
                began.elapsed()
            );
            assert_eq!(accounts(&world).await, 1, "{reply:?} {more}");
            assert_eq!(
                world.whole(&id).await["traits"]["name"],
                "A",
                "{reply:?} {more}"
            );
        }
    }
}

fn payload(of: &str) -> Value {
    json!({"of": of, "nested": {"list": [1, null, "a"]}})
}

/// A form with the client's own data is taken, and the hook is told of that data; then it is nowhere any more.
async fn carried(peer: &Peer, client: &mut Client<'_>, flow: &Value, mut form: Value) -> Value {
    let method = form["method"].as_str().unwrap().to_owned();
    let kind = flow["ui"]["action"]
        .as_str()
        .unwrap()
        .split(['/', '?'])
        .nth_back(1)
        .unwrap()
        .to_owned();
    let what = format!("{kind} by {method}");
    form["transient_payload"] = payload(&what);
    let answer = client.submit(flow, form).await;
    assert!(answer.status.as_u16() < 423, "{what}: {}", answer.body);
    let calls = peer.take();
    assert_eq!(calls.len(), 1, "{what}: {} {}", answer.status, answer.body);
    assert_eq!(
        calls[0].json()["flow"]["transient_payload"],
        payload(&what),
        "{what}"
    );
    assert!(!answer.body.contains("nested"), "{what}: {}", answer.body);
    let path = format!(
        "/self-service/{kind}/flows?id={}",
        flow["id"].as_str().unwrap()
    );
    let again = client.get(&path).await;
    assert!(!again.body.contains("nested"), "{what}: {}", again.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

async fn hooked(peer: &Peer, more: Value) -> World {
    let mut lists = json!({});
    for flow in [
        "login",
        "registration",
        "settings",
        "recovery",
        "verification",
    ] {
        merge(&mut lists, after(flow, &[peer.hook(json!({}))]));
    }
    merge(
        &mut lists,
        json!({"selfservice": {"flows": {"settings": {"required_aal": "aal1"}}}, "session": {"whoami": {"required_aal": "aal1"}}}),
    );
    merge(&mut lists, more);
    World::with(settings(lists)).await
}

#[tokio::test]
async fn the_clients_own_data_reaches_hooks_after_every_method_and_is_gone_afterwards() {
    let peer = Peer::start().await;
    let world = hooked(&peer, json!({})).await;
    for make in [Client::app, Client::script] {
        let email = format!("user-{}@example.org", uuid::Uuid::new_v4());
        let mut client = make(&world);
        let flow = client.begin("registration", "").await;
        carried(&peer, &mut client, &flow, registration(&email)).await;

        let by_code = format!("code-{email}");
        let mut other = make(&world);
        let flow = other.begin("registration", "").await;
        let mut form = json!({"method": "code", "traits": {"email": by_code}});
        other.submit(&flow, form.clone()).await;
        form["code"] = world.code(&by_code).await.into();
        carried(&peer, &mut other, &flow, form).await;

        let mut client = make(&world);
        let flow = client.begin("login", "").await;
        let form = json!({"method": "password", "identifier": email, "password": PASSWORD});
        let session = carried(&peer, &mut client, &flow, form).await;
        client.token = session["session_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();

        let mut other = make(&world);
        let flow = other.begin("login", "").await;
        let mut form = json!({"method": "code", "identifier": email});
        other.submit(&flow, form.clone()).await;
        form["code"] = world.code(&email).await.into();
        carried(&peer, &mut other, &flow, form).await;

        let flow = client.begin("settings", "").await;
        let form = json!({"method": "profile", "traits": {"email": email, "name": "B"}});
        carried(&peer, &mut client, &flow, form).await;
        let flow = client.begin("settings", "").await;
        carried(
            &peer,
            &mut client,
            &flow,
            json!({"method": "password", "password": OTHER}),
        )
        .await;
        let key = enrol(&world, &mut client).await;
        assert_eq!(peer.take().len(), 1, "of the authenticator app");
        let flow = client.begin("settings", "").await;
        let form = json!({"method": "lookup_secret", "lookup_secret_regenerate": true});
        let shown = client.submit(&flow, form).await.json();
        let codes = backup_codes(&shown);
        carried(
            &peer,
            &mut client,
            &flow,
            json!({"method": "lookup_secret", "lookup_secret_confirm": true}),
        )
        .await;

        world.app.clock.advance(time::Duration::seconds(60));
        let flow = client.begin("login", "?aal=aal2&refresh=true").await;
        let form = json!({"method": "totp", "totp_code": code_now(&world, &key)});
        carried(&peer, &mut client, &flow, form).await;
        let flow = client.begin("login", "?aal=aal2&refresh=true").await;
        let form = json!({"method": "lookup_secret", "lookup_secret": codes[0]});
        carried(&peer, &mut client, &flow, form).await;

        for kind in ["recovery", "verification"] {
            let mut other = make(&world);
            let flow = other.begin(kind, "").await;
            other
                .submit(&flow, json!({"method": "code", "email": email}))
                .await;
            let form = json!({"method": "code", "code": world.code(&email).await});
            carried(&peer, &mut other, &flow, form).await;
        }
    }
}

fn backup_codes(flow: &Value) -> Vec<String> {
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    let shown = nodes
        .iter()
        .map(|node| &node["attributes"])
        .find(|a| a["id"] == "lookup_secret_codes")
        .unwrap();
    let secrets = shown["text"]["context"]["secrets"].as_array().unwrap();
    secrets
        .iter()
        .map(|s| s["context"]["secret"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn it_also_survives_the_way_to_a_provider() {
    let (peer, provider) = (Peer::start().await, Provider::start().await);
    let config = json!({"providers": [provider.entry()]});
    let oidc = json!({"selfservice": {"methods": {"oidc": {"enabled": true, "config": config}}}});
    let world = hooked(&peer, oidc).await;
    for (sub, native) in [("s-1", false), ("s-2", true)] {
        provider.user(json!({"sub": sub, "email": format!("{sub}@example.org"), "name": "Ada"}));
        for kind in ["registration", "login"] {
            let what = format!("{kind} of {sub}");
            let form =
                json!({"method": "oidc", "provider": "acme", "transient_payload": payload(&what)});
            if native {
                let mut app = Client::app(&world);
                let flow = app
                    .begin(kind, "?return_session_token_exchange_code=true")
                    .await;
                let away = app.submit(&flow, form).await.json();
                let away = away["redirect_browser_to"].as_str().unwrap().to_owned();
                let client = reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .unwrap();
                let back = client.get(away).send().await.unwrap();
                let back = back.headers()["location"].to_str().unwrap().to_owned();
                Browser::default().get(&world, &back).await;
            } else {
                let mut browser = Browser::default();
                let flow = browser.flow(&world, kind, None).await;
                let back = browser.visit(&world, &flow, form).await;
                browser.get(&world, &back).await;
            }
            let calls = peer.take();
            assert_eq!(calls.len(), 1, "{what}");
            assert_eq!(
                calls[0].json()["flow"]["transient_payload"],
                payload(&what),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn hooks_stop_every_flow_before_and_after() {
    let refusal = json!({"messages": [{"instance_ptr": "#/", "messages": [{"id": 77, "text": "Not today.", "type": "error"}]}]});
    for more in [
        json!({"can_interrupt": true}),
        json!({"response": {"parse": true}}),
    ] {
        for kind in [
            "login",
            "registration",
            "settings",
            "recovery",
            "verification",
        ] {
            let peer = Peer::start().await;
            let hook = peer.hook(more.clone());
            let world = town(after(kind, std::slice::from_ref(&hook))).await;
            let id = world
                .create(&person(json!({"email": MAIL}), json!({})))
                .await;
            let mut app = Client::app(&world);
            if kind == "settings" {
                app.sign_in(MAIL, PASSWORD).await;
            }
            let flow = app.begin(kind, "").await;
            let form = match kind {
                "login" => json!({"method": "password", "identifier": MAIL, "password": PASSWORD}),
                "registration" => registration("user-2@example.org"),
                "settings" => json!({"method": "profile", "traits": {"email": MAIL, "name": "B"}}),
                _ => {
                    app.submit(&flow, json!({"method": "code", "email": MAIL}))
                        .await;
                    json!({"method": "code", "code": world.code(MAIL).await})
                }
            };
            peer.answers([Reply::Json(400, refusal.clone())]);
            let mut answer = app.submit(&flow, form).await;
            if let Some(place) = answer.header("location").map(str::to_owned) {
                answer = app.get(&place).await;
            }
            assert!(
                matches!(answer.status.as_u16(), 400 | 200),
                "{kind} {more}: {} {}",
                answer.status,
                answer.body
            );
            assert!(
                messages(&answer.json()).contains(&77),
                "{kind} {more}: {}",
                answer.body
            );
            assert_eq!(peer.take().len(), 1, "{kind} {more}");
            assert_eq!(accounts(&world).await, 1, "{kind} {more}");
            assert_eq!(
                world.whole(&id).await["traits"],
                json!({"email": MAIL}),
                "{kind} {more}"
            );
            assert_eq!(value_of(&answer.json(), "session_token"), Value::Null);

            let world = town(before(kind, &hook)).await;
            world
                .create(&person(json!({"email": MAIL}), json!({})))
                .await;
            let mut app = Client::app(&world);
            if kind == "settings" {
                app.sign_in(MAIL, PASSWORD).await;
            }
            let answer = app.get(&format!("/self-service/{kind}/api")).await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{kind} {more}: {}",
                answer.body
            );
            assert!(
                answer.body.contains("Not today."),
                "{kind} {more}: {}",
                answer.body
            );
        }
    }
}
