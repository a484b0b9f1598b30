//! Why a request was refused, as an operator learns it afterwards: each reason once, by the id of the request, of the
//! flow or of the identity, on each database; and that nothing secret is kept of it.

use std::time::Duration;

use bia_model::MethodName;
use bia_selfservice::why::Why;
use bia_store::identity::{self, Expand};
use serde_json::{Value, json};

use crate::client::{Client, flow_in};
use crate::databases::on_each_database;
use crate::folk::{self, KEY, MAIL, PASSWORD, authenticator, code_now, person, town};
use crate::peer::{Peer, Reply};
use crate::place::Place;
use crate::provider::{Browser, Provider};
use crate::world::{Answer, BASE, World};

on_each_database!(
    a_sign_in_by_password_that_fails,
    a_second_factor_that_fails,
    a_code_that_is_not_taken,
    a_link_that_is_not_taken,
    refusals_are_found_by_request_flow_and_identity_until_they_expire,
    nothing_that_was_typed_is_kept,
);

const NOBODY: &str = "nobody@example.org";
const WRONG: &str = "planted-wrong-password-1";

async fn explained(world: &World, id: &str) -> Answer {
    let path = format!("/admin/bia/explain/{id}");
    world.admin("GET", &path, &[]).await
}

/// What is kept of a request or flow, newest first. It is written beside the request, so a moment may pass.
async fn refusals(world: &World, id: &str, count: usize) -> Vec<Value> {
    for _ in 0..1500 {
        let answer = explained(world, id).await;
        if answer.status == 200 {
            let all = answer.json()["refusals"].as_array().unwrap().clone();
            if all.len() >= count {
                return all;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} refusals of {id} are not kept");
}

async fn last(world: &World, id: &str) -> Value {
    refusals(world, id, 1).await.remove(0)
}

/// The name that the answer gives the request.
fn request_id(answer: &Answer) -> String {
    let body = answer.json();
    let id = body["bia"]["request"].as_str();
    id.unwrap_or_else(|| panic!("no request id: {body}"))
        .to_owned()
}

/// The only reason of a request whose answer was refused, and whose account it was about.
async fn reason(world: &World, answer: &Answer) -> (String, Value) {
    let refusal = last(world, &request_id(answer)).await;
    only(&refusal)
}

fn only(refusal: &Value) -> (String, Value) {
    let whys = refusal["why"].as_array().unwrap();
    assert_eq!(whys.len(), 1, "{refusal}");
    assert!(
        whys[0]["text"].as_str().unwrap().ends_with('.'),
        "{refusal}"
    );
    (
        whys[0]["id"].as_str().unwrap().to_owned(),
        refusal["identity_id"].clone(),
    )
}

fn because(why: &str, whose: &str) -> (String, Value) {
    let whose = if whose.is_empty() {
        Value::Null
    } else {
        whose.into()
    };
    (why.to_owned(), whose)
}

async fn sign_in(world: &World, identifier: &str, password: &str) -> Answer {
    let mut app = Client::app(world);
    app.sign_in(identifier, password).await
}

/// Replaces what is stored of a credential, as a mistake of another program would.
async fn damage(world: &World, id: &str, kind: MethodName, config: Value) {
    let mut tx = world.app.store.begin().await.unwrap();
    let id = id.parse().unwrap();
    let mut identity = identity::get(&mut tx, id, Expand::Credentials)
        .await
        .unwrap();
    identity.credential_mut(kind).unwrap().config = config;
    let now = world.app.clock.now();
    identity::update(&mut tx, &mut identity, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_sign_in_by_password_that_fails(place: &Place) {
    let world = place.world(folk::settings(json!({}))).await;
    let nobody = sign_in(&world, NOBODY, WRONG).await;
    assert_eq!(
        reason(&world, &nobody).await,
        because("identifier_unknown", "")
    );

    let bare = json!({"schema_id": "default", "traits": {"email": "bare@example.org"}});
    let bare = world.create(&bare).await;
    let answer = sign_in(&world, "bare@example.org", WRONG).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("no_such_credential", &bare)
    );

    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let answer = sign_in(&world, MAIL, WRONG).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("password_wrong", &id)
    );
    let refusal = last(&world, &request_id(&answer)).await;
    assert_eq!(refusal["messages"], json!([4_000_006]));
    assert_eq!(
        (&refusal["form_method"], &refusal["status"]),
        (&json!("password"), &json!(400))
    );
    assert_eq!(refusal["identity"]["can_sign_in"], true);
    assert_eq!(refusal["identity"]["methods"][0]["method"], "password");

    let off = json!({"schema_id": "default", "state": "inactive", "traits": {"email": "off@example.org"},
        "credentials": {"password": {"config": {"password": PASSWORD}}}});
    let off = world.create(&off).await;
    let answer = sign_in(&world, "off@example.org", PASSWORD).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("identity_inactive", &off)
    );

    damage(
        &world,
        &id,
        MethodName::Password,
        json!({"hashed_password": "$nonsense$1"}),
    )
    .await;
    let answer = sign_in(&world, MAIL, PASSWORD).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("password_hash_unreadable", &id)
    );
}

async fn a_second_factor_that_fails(place: &Place) {
    let world = place.world(folk::settings(json!({}))).await;
    let mut factors = authenticator();
    factors["lookup_secret"] = json!({"config": {"codes": [
        {"code": "abcd1234"}, {"code": "used1234", "used_at": "2026-01-01T00:00:00Z"},
    ]}});
    let id = world.create(&person(json!({"email": MAIL}), factors)).await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("login", "?aal=aal2").await;
    let totp = |code: &str| json!({"method": "totp", "totp_code": code});
    let lookup = |code: &str| json!({"method": "lookup_secret", "lookup_secret": code});
    for (form, why) in [
        (totp("000000"), "totp_wrong"),
        (lookup("wrong123"), "lookup_code_wrong"),
        (lookup("used1234"), "lookup_code_used"),
    ] {
        let answer = app.submit(&flow, form).await;
        assert_eq!(reason(&world, &answer).await, because(why, &id));
    }
    let code = code_now(&world, KEY);
    assert_eq!(app.submit(&flow, totp(&code)).await.status, 200);
    let mut second = Client::app(&world);
    second.sign_in(MAIL, PASSWORD).await;
    let flow = second.begin("login", "?aal=aal2").await;
    let answer = second.submit(&flow, totp(&code)).await;
    assert_eq!(reason(&world, &answer).await, because("totp_used", &id));
    damage(
        &world,
        &id,
        MethodName::Totp,
        json!({"totp_url": "otpauth://totp/x?secret=1"}),
    )
    .await;
    let answer = second.submit(&flow, totp("123456")).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("totp_key_unreadable", &id)
    );
}

/// Not every database knows which of two mails of one second is the newer.
fn a_second_later(world: &World) {
    world.app.clock.advance(time::Duration::seconds(1));
}

/// A login flow that has sent a code to [`MAIL`], and the form that gives it.
async fn code_sent(world: &World, app: &mut Client<'_>) -> (Value, Value) {
    a_second_later(world);
    let flow = app.begin("login", "").await;
    let mut form = json!({"method": "code", "identifier": MAIL});
    app.submit(&flow, form.clone()).await;
    form["code"] = world.code(MAIL).await.into();
    (flow, form)
}

async fn a_code_that_is_not_taken(place: &Place) {
    let short = json!({"selfservice": {"methods": {"code": {"config": {"lifespan": "15m"}}}}});
    let world = place.world(folk::settings(short)).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let other = world
        .create(&person(json!({"email": "other@example.org"}), json!({})))
        .await;
    let mut app = Client::app(&world);
    let (flow, form) = code_sent(&world, &mut app).await;
    let mut wrong = form.clone();
    wrong["code"] = if form["code"] == "000000" {
        "111111"
    } else {
        "000000"
    }
    .into();
    let answer = app.submit(&flow, wrong.clone()).await;
    assert_eq!(reason(&world, &answer).await, because("code_wrong", &id));
    let mut foreign = form.clone();
    foreign["identifier"] = "other@example.org".into();
    let answer = app.submit(&flow, foreign).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("code_for_another", &id)
    );
    assert_ne!(id, other);
    for _ in 0..3 {
        app.submit(&flow, wrong.clone()).await;
    }
    let answer = app.submit(&flow, form).await;
    assert_eq!(reason(&world, &answer).await.0, "code_tries_spent");

    let (flow, form) = code_sent(&world, &mut app).await;
    world.app.clock.advance(time::Duration::minutes(20));
    let answer = app.submit(&flow, form).await;
    assert_eq!(reason(&world, &answer).await, because("code_expired", &id));

    // A flow of somebody who is not here looks like any other; the operator sees that no code was ever sent.
    let flow = app.begin("recovery", "").await;
    let asked = json!({"method": "code", "email": NOBODY});
    assert_eq!(app.submit(&flow, asked).await.status, 200);
    let flow_id = flow["id"].as_str().unwrap();
    assert_eq!(
        only(&last(&world, flow_id).await),
        because("address_unknown", "")
    );
    app.submit(&flow, json!({"method": "code", "code": "123456"}))
        .await;
    let both = refusals(&world, flow_id, 2).await;
    let names: Vec<String> = both.iter().map(|refusal| only(refusal).0).collect();
    assert!(names.contains(&"code_never_sent".to_owned()), "{names:?}");

    a_second_later(&world);
    let flow = app.begin("verification", "").await;
    app.submit(&flow, json!({"method": "code", "email": MAIL}))
        .await;
    let form = json!({"method": "code", "code": world.code(MAIL).await});
    assert_eq!(app.submit(&flow, form.clone()).await.status, 200);
    let used = app.submit(&flow, form).await;
    assert_eq!(reason(&world, &used).await, because("flow_completed", ""));
}

async fn a_link_that_is_not_taken(place: &Place) {
    let by_link = json!({"selfservice": {"flows": {"verification": {"use": "link"}}}});
    let world = place.world(folk::settings(by_link)).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut app = Client::app(&world);
    let flow = app.begin("verification", "").await;
    let asked = json!({"method": "link", "email": MAIL});
    app.submit(&flow, asked.clone()).await;
    let link = world.link(MAIL).await;
    let mut browser = Client::browser(&world);
    browser.get(&link).await;
    // The browser is led to a flow that takes the place of the old one: that is the id that the person sees.
    let follow = async |browser: &mut Client<'_>, link: &str| {
        let answer = browser.get(link).await;
        let seen = flow_in(answer.header("location").unwrap()).unwrap();
        only(&last(&world, &seen).await)
    };
    assert_eq!(follow(&mut browser, &link).await, because("link_used", &id));
    let unknown = link.replace("token=", "token=x");
    assert_eq!(
        follow(&mut browser, &unknown).await,
        because("link_unknown", "")
    );
    a_second_later(&world);
    let flow = app.begin("verification", "").await;
    app.submit(&flow, asked).await;
    let link = world.link(MAIL).await;
    world.app.clock.advance(time::Duration::minutes(59));
    damage_link(&world).await;
    assert_eq!(
        follow(&mut browser, &link).await,
        because("link_expired", &id)
    );
}

/// Ends the time of all links, while their flows live on.
async fn damage_link(world: &World) {
    let mut conn = world.app.store.write().await.unwrap();
    let past = bia_store::db::Value::from(world.app.clock.now() - time::Duration::minutes(1));
    conn.execute("UPDATE bia_code SET expires_at = $1", &[past])
        .await
        .unwrap();
}

async fn refusals_are_found_by_request_flow_and_identity_until_they_expire(place: &Place) {
    let world = place.world(folk::settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut app = Client::app(&world);
    let flow = app.begin("login", "").await;
    let path = flow["ui"]["action"].as_str().unwrap().replace(BASE, "");
    let form = json!({"method": "password", "identifier": MAIL, "password": WRONG});
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", "Trace/1 a"),
    ];
    let request = http::Request::builder().method("POST").uri(&path);
    let request = headers
        .iter()
        .fold(request, |r, (name, value)| r.header(*name, *value));
    let answer = world
        .send_public(request.body(form.to_string().into()).unwrap())
        .await;
    assert_eq!(answer.json()["bia"]["request"], "Trace/1 a");
    let refusal = last(&world, "Trace%2F1%20a").await;
    assert_eq!(only(&refusal), because("password_wrong", &id));
    assert_eq!(refusal["request_id"], "Trace/1 a");
    assert_eq!(
        explained(&world, "trace%2F1%20a").await.status,
        404,
        "ids differ by case"
    );
    assert_eq!(last(&world, flow["id"].as_str().unwrap()).await, refusal);
    let access = world
        .admin("GET", &format!("/admin/identities/{id}/bia/access"), &[])
        .await
        .json();
    let listed = &access["last_refusals"][0];
    assert_eq!(
        (&listed["request_id"], &listed["why"]),
        (&refusal["request_id"], &refusal["why"])
    );
    // Another replica knows as much: nothing of it is in the process.
    world.app.clock.advance(time::Duration::hours(25));
    let answer = explained(&world, "Trace%2F1%20a").await;
    assert_eq!(answer.status, 404);
    let reason = answer.json()["error"]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(reason.contains("more than 24 hours ago"), "{reason}");
    let access = world
        .admin("GET", &format!("/admin/identities/{id}/bia/access"), &[])
        .await
        .json();
    assert_eq!(access["last_refusals"], json!([]));
}

async fn nothing_that_was_typed_is_kept(place: &Place) {
    let aal1 = json!({"selfservice": {"flows": {"settings": {"required_aal": "aal1"}}}});
    let world = place.world(folk::settings(aal1)).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let planted = [
        WRONG,
        NOBODY,
        MAIL,
        PASSWORD,
        "998877",
        "planted-token-1",
        "planted-query-1",
        "planted-user-1",
        "planted-trait-1",
    ];
    let mut ids = Vec::new();
    for (name, password) in [(NOBODY, WRONG), (MAIL, WRONG), ("planted-user-1", PASSWORD)] {
        ids.push(request_id(&sign_in(&world, name, password).await));
    }
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("login", "?aal=aal2").await;
    ids.push(request_id(
        &app.submit(&flow, json!({"method": "totp", "totp_code": "998877"}))
            .await,
    ));
    let flow = app.begin("settings", "").await;
    ids.push(request_id(
        &app.submit(
            &flow,
            json!({"method": "profile", "traits": {"email": MAIL, "age": "planted-trait-1"}}),
        )
        .await,
    ));
    let mut stranger = Client::app(&world);
    stranger.token = "planted-token-1".to_owned();
    ids.push(request_id(
        &stranger.get("/sessions/whoami?x=planted-query-1").await,
    ));
    let return_to = "http://planted-user-1:planted-token-1@evil.example.org/p?planted-query-1=1#planted-trait-1";
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", return_to)
        .finish();
    ids.push(request_id(
        &stranger
            .get(&format!("/self-service/login/browser?{query}"))
            .await,
    ));
    ids.push(request_id(
        &world
            .post(
                "/self-service/login?flow=planted-query-1",
                &json!({"method": WRONG, "password": WRONG}),
            )
            .await,
    ));
    for id in &ids {
        let kept = last(&world, id).await.to_string();
        for secret in planted.into_iter().chain([app.token.as_str()]) {
            assert!(!kept.contains(secret), "{secret} in {kept}");
        }
    }
    let refused = last(&world, &ids[6]).await;
    assert_eq!(refused["return_to"]["url"], "http://evil.example.org/p");
    assert!(
        refused["return_to"]["rule"]
            .as_str()
            .unwrap()
            .contains("host")
    );
}

#[tokio::test]
async fn an_attempt_that_is_not_looked_at_is_told_from_a_wrong_one() {
    let world = town(json!({"bia": {"abuse": {"password": {"attempts": 2}}}})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    for why in ["password_wrong", "password_wrong", "throttled"] {
        let answer = sign_in(&world, MAIL, WRONG).await;
        assert_eq!(reason(&world, &answer).await.0, why);
    }
}

#[tokio::test]
async fn what_hooks_and_other_systems_refuse_is_told_with_their_names() {
    let peer = Peer::start().await;
    let mut deciding = peer.hook(json!({"url": peer.url, "response": {"parse": true}}));
    deciding["config"]["id"] = "gate".into();
    let after = json!({"password": {"hooks": [deciding]}});
    let migration = json!({"enabled": true, "config": {"url": peer.url, "method": "POST"}});
    let world = town(json!({"selfservice": {
        "flows": {"registration": {"after": after}},
        "methods": {"password": {"config": {"migrate_hook": migration}}},
    }}))
    .await;
    let mut app = Client::app(&world);
    let form = json!({"method": "password", "traits": {"email": MAIL}, "password": PASSWORD});
    let message = json!({"id": 1, "text": "Not you.", "type": "error"});
    let interrupts =
        json!({"messages": [{"instance_ptr": "#/traits/email", "messages": [message]}]});
    for (reply, why) in [
        (Reply::Json(403, interrupts), "hook_interrupted"),
        (Reply::Text(502, "<p>no</p>"), "hook_failed"),
    ] {
        peer.answers([reply]);
        let flow = app.begin("registration", "").await;
        let answer = app.submit(&flow, form.clone()).await;
        let refusal = last(&world, &request_id(&answer)).await;
        assert_eq!(only(&refusal).0, why);
        assert_eq!(refusal["why"][0]["about"], "gate");
    }
    let old = json!({"password": {"config": {"use_password_migration_hook": true}}});
    let old =
        json!({"schema_id": "default", "traits": {"email": "old@example.org"}, "credentials": old});
    let id = world.create(&old).await;
    peer.answers([Reply::Json(403, json!({}))]);
    let answer = sign_in(&world, "old@example.org", WRONG).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("password_refused_elsewhere", &id)
    );
}

#[tokio::test]
async fn an_address_that_is_not_verified_and_a_provider_that_says_no_are_told() {
    let hooks = json!({"hooks": [{"hook": "require_verified_address"}]});
    let world =
        town(json!({"selfservice": {"flows": {"login": {"after": {"password": hooks}}}}})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let answer = sign_in(&world, MAIL, PASSWORD).await;
    assert_eq!(
        reason(&world, &answer).await,
        because("address_not_verified", &id)
    );

    let provider = Provider::start().await;
    let world = World::with(crate::social::settings(&provider, json!({}))).await;
    let mut browser = Browser::default();
    let flow = browser.flow(&world, "login", None).await;
    let back = browser
        .visit(&world, &flow, json!({"provider": "acme"}))
        .await;
    let state = crate::client::parameter(&back, "state").unwrap();
    let back = back.split('?').next().unwrap();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("state", &state)
        .append_pair("error", "access_denied")
        .finish();
    browser.get(&world, &format!("{back}?{query}")).await;
    let refusal = last(&world, flow["id"].as_str().unwrap()).await;
    assert_eq!(only(&refusal).0, "provider_refused");
    assert_eq!(refusal["why"][0]["about"], "acme");
}

#[tokio::test]
async fn a_passkey_that_does_not_fit_is_told() {
    let world = crate::passkeys::world().await;
    let mut key = crate::passkeys::key(bia_webauthn::Algorithm::Es256);
    let path = crate::passkeys::somebody(&world, MAIL, &mut key).await;
    let id = path.rsplit('/').next().unwrap();
    key.origin = "https://elsewhere.example.net".into();
    let answer = crate::passkeys::sign_in(&world, &key).await;
    assert_eq!(reason(&world, &answer).await, because("key_refused", id));
}

#[tokio::test]
async fn which_cookie_came_and_which_was_missing_is_told() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut script = Client::script(&world);
    let flow = script.begin("login", "").await;
    let path = flow["ui"]["action"].as_str().unwrap().replace(BASE, "");
    let bare = world
        .post(
            &path,
            &json!({"method": "password", "identifier": MAIL, "password": "x", "csrf_token": "x"}),
        )
        .await;
    let refusal = last(&world, &request_id(&bare)).await;
    assert_eq!(refusal["error"]["id"], "security_csrf_violation");
    assert_eq!(
        refusal["error"]["detail"],
        "the anti-CSRF check failed: CookieMissing"
    );
    let credentials = &refusal["credentials"];
    assert_eq!(
        (&credentials["csrf_cookie"], &credentials["session_cookie"]),
        (&json!("missing"), &json!("missing"))
    );
    let answer = world
        .public(
            "GET",
            "/sessions/whoami",
            &[("cookie", "ory_kratos_session=x; theme=dark")],
        )
        .await;
    let refusal = last(&world, &request_id(&answer)).await;
    assert_eq!(refusal["credentials"]["session_cookie"], "unreadable");
    assert_eq!(
        refusal["credentials"]["cookies"],
        json!(["ory_kratos_session", "theme"])
    );
    assert_eq!(refusal["why"], json!([]));
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let path = format!("/admin/identities/{id}");
    let off = json!([{"op": "replace", "path": "/state", "value": "inactive"}]);
    world.call("PATCH", &path, off.to_string()).await;
    let refused = app.get("/sessions/whoami").await;
    assert_eq!(
        reason(&world, &refused).await,
        because("identity_inactive", &id)
    );
    let answer = world
        .public(
            "GET",
            "/sessions/whoami",
            &[("x-session-token", "ory_st_x")],
        )
        .await;
    let refusal = last(&world, &request_id(&answer)).await;
    assert_eq!(refusal["credentials"]["session_token"], "of no session");
}

#[tokio::test]
async fn what_is_told_to_operators_is_in_answers_of_development_servers_only() {
    let help = async |more: Value| {
        let world = town(more).await;
        sign_in(&world, NOBODY, WRONG).await.json()["bia"].clone()
    };
    assert_eq!(help(json!({})).await["why"], Value::Null);
    let shown = help(json!({"dev": true})).await;
    assert_eq!(shown["why"]["why"][0]["id"], "identifier_unknown");
    assert!(!shown.to_string().contains(NOBODY), "{shown}");
}

#[tokio::test]
async fn where_it_is_switched_off_nothing_is_kept_and_no_id_is_made() {
    let world = town(json!({"bia": {"explain": {"enabled": false}}})).await;
    let answer = sign_in(&world, NOBODY, WRONG).await;
    assert_eq!(answer.json()["bia"]["request"], Value::Null);
    let answer = explained(&world, "anything").await;
    assert_eq!(answer.status, 404);
    assert!(
        answer.body.contains("bia.explain.enabled is false"),
        "{}",
        answer.body
    );
    let mut conn = world.app.store.read().await.unwrap();
    let kept = conn
        .fetch_all("SELECT id FROM bia_refusal", &[])
        .await
        .unwrap();
    assert!(kept.is_empty());
}

#[tokio::test]
async fn a_flood_fills_neither_the_database_nor_the_way_of_others() {
    let world = town(json!({"bia": {"explain": {"per_second": 1}}})).await;
    for _ in 0..40 {
        let answer = world.public("GET", "/sessions/whoami", &[]).await;
        assert_eq!(answer.status, 401);
    }
    let failed = sign_in(&world, NOBODY, WRONG).await;
    assert_eq!(
        reason(&world, &failed).await,
        because("identifier_unknown", "")
    );
    let mut conn = world.app.store.read().await.unwrap();
    let kept = conn
        .fetch_all("SELECT id FROM bia_refusal", &[])
        .await
        .unwrap();
    // Ten seconds' worth, of which half is left to others; a second or two may have passed.
    assert!((6..=9).contains(&kept.len()), "{}", kept.len());
}

#[test]
fn every_reason_is_among_these_stories() {
    // A flow whose code was used has come to its end: only whoever sends a code at the same moment hears of that.
    let in_a_race = Why::CodeUsed;
    let stories = include_str!("explained.rs");
    for why in Why::ALL.iter().filter(|why| **why != in_a_race) {
        assert!(
            stories.contains(&format!("{:?}", why.as_str())),
            "{}",
            why.as_str()
        );
    }
}
