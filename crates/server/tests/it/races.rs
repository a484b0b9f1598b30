//! The same thing asked for many times at the same moment, on each database: it happens once, and everybody
//! else is told so as if they had come later.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Body;
use futures::future::join_all;
use http::Request;
use serde_json::{Value, json};

use crate::client::{flow_in, messages};
use crate::databases::on_each_database;
use crate::folk::{self, KEY, MAIL, PASSWORD, authenticator, code_now, person};
use crate::place::Place;
use crate::world::{Answer, World, code_in};

on_each_database!(
    a_login_code_signs_in_once,
    a_registration_code_signs_up_once,
    a_recovery_code_lets_in_once,
    a_verification_code_verifies_once,
    a_recovery_link_lets_in_once,
    a_verification_link_verifies_once,
    a_backup_code_steps_up_one_session,
    a_time_step_steps_up_one_session,
    one_session_steps_up_once_with_one_proof,
    one_address_in_any_case_signs_up_once,
    one_address_signs_up_once_by_codes_of_many_flows,
    one_new_address_goes_to_one_of_many,
    changes_of_one_account_are_all_made,
    one_form_of_a_login_may_be_sent_often,
    codes_asked_for_at_once_leave_one_that_works,
);

/// As many as there are connections to the database, and more.
const RIVALS: usize = 20;

/// What the other tests leave as it comes: many tries a flow, and nobody is asked for a second factor.
fn settings(more: Value) -> Value {
    let mut settings = folk::settings(json!({
        "selfservice": {
            "methods": {"code": {"config": {"max_submissions": 255}}},
            "flows": {"settings": {"required_aal": "aal1"}},
        },
        "session": {"whoami": {"required_aal": "aal1"}},
        "feature_flags": {"use_continue_with_transitions": true},
    }));
    crate::world::merge(&mut settings, more);
    settings
}

/// A request of a native app, or one for a link.
#[derive(Clone)]
struct Call {
    method: &'static str,
    path: String,
    token: String,
    body: Value,
}

impl Call {
    /// Sends a flow's form.
    fn form(flow: &Value, token: &str, body: Value) -> Call {
        let action = flow["ui"]["action"].as_str().unwrap();
        Call {
            method: "POST",
            path: action.replace(crate::world::BASE, ""),
            token: token.to_owned(),
            body,
        }
    }

    fn link(path: String) -> Call {
        Call {
            method: "GET",
            path,
            token: String::new(),
            body: Value::Null,
        }
    }

    /// Links are followed in browsers.
    fn accept(&self) -> &'static str {
        match self.method {
            "GET" => "text/html",
            _ => "application/json",
        }
    }

    async fn send(self, world: &World) -> Answer {
        let request = Request::builder().method(self.method).uri(&self.path);
        let request = request
            .header("accept", self.accept())
            .header("content-type", "application/json")
            .header("x-session-token", &self.token);
        let body = match self.method {
            "GET" => Body::empty(),
            _ => Body::from(self.body.to_string()),
        };
        world.send_public(request.body(body).unwrap()).await
    }
}

async fn at_once(world: &Arc<World>, calls: Vec<Call>) -> Vec<Answer> {
    let sent = calls.into_iter().map(|call| {
        let world = Arc::clone(world);
        tokio::spawn(async move { call.send(&world).await })
    });
    let all: Vec<_> = sent.collect();
    let answers = join_all(all).await;
    answers.into_iter().map(Result::unwrap).collect()
}

/// All rivals make the same call.
async fn race(world: &Arc<World>, call: Call) -> Vec<Answer> {
    at_once(world, vec![call; RIVALS]).await
}

/// One answer is that of the winner, all others are what losers get. Gives the winner's.
fn one_of(
    answers: &[Answer],
    won: impl Fn(&Answer) -> bool,
    lost: impl Fn(&Answer) -> bool,
) -> &Answer {
    let (winners, losers): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|a| won(a));
    let odd = losers.into_iter().find(|a| !lost(a));
    assert!(odd.is_none(), "a loser got {odd:?}");
    assert_eq!(winners.len(), 1, "{winners:?}");
    winners[0]
}

fn succeeded(answer: &Answer) -> bool {
    answer.status == 200
}

/// The form again, with one of these messages.
fn refused_by(answer: &Answer, ids: &[u64]) -> bool {
    answer.status == 400 && messages(&answer.json()).iter().any(|id| ids.contains(id))
}

async fn begin(world: &World, kind: &str, query: &str, token: &str) -> Value {
    let path = format!("/self-service/{kind}/api{query}");
    let answer = world
        .public("GET", &path, &[("x-session-token", token)])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn sign_in(world: &World, email: &str) -> String {
    let flow = begin(world, "login", "", "").await;
    let body = json!({"method": "password", "identifier": email, "password": PASSWORD});
    let answer = Call::form(&flow, "", body).send(world).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["session_token"].as_str().unwrap().to_owned()
}

async fn sessions_of(world: &World, identity: &str) -> usize {
    let path = format!("/admin/identities/{identity}/sessions");
    let listed = world.admin("GET", &path, &[]).await;
    listed.json().as_array().map_or(0, Vec::len)
}

async fn identities_with(world: &World, identifier: &str) -> usize {
    let path = format!("/admin/identities?credentials_identifier={identifier}");
    let listed = world.admin("GET", &path, &[]).await;
    listed.json().as_array().map_or(0, Vec::len)
}

async fn a_login_code_signs_in_once(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let flow = begin(&world, "login", "", "").await;
    let mut body = json!({"method": "code", "identifier": MAIL});
    Call::form(&flow, "", body.clone()).send(&world).await;
    body["code"] = world.code(MAIL).await.into();
    let answers = race(&world, Call::form(&flow, "", body)).await;
    one_of(&answers, succeeded, |a| {
        refused_by(a, &[4_000_001, 4_010_002])
    });
    assert_eq!(sessions_of(&world, &id).await, 1);
}

async fn a_registration_code_signs_up_once(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let flow = begin(&world, "registration", "", "").await;
    let mut body = json!({"method": "code", "traits": {"email": MAIL}});
    Call::form(&flow, "", body.clone()).send(&world).await;
    body["code"] = world.code(MAIL).await.into();
    let answers = race(&world, Call::form(&flow, "", body)).await;
    one_of(&answers, succeeded, |a| {
        refused_by(a, &[4_000_001, 4_010_003])
    });
    assert_eq!(identities_with(&world, MAIL).await, 1);
}

async fn a_recovery_code_lets_in_once(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let flow = begin(&world, "recovery", "", "").await;
    let asked = json!({"method": "code", "email": MAIL});
    Call::form(&flow, "", asked).send(&world).await;
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answers = race(&world, Call::form(&flow, "", body)).await;
    one_of(&answers, succeeded, |a| {
        let next = &a.json()["error"]["details"]["continue_with"][0]["action"];
        a.status == 400 && next == "show_recovery_ui"
    });
    assert_eq!(sessions_of(&world, &id).await, 1);
}

async fn a_verification_code_verifies_once(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let flow = begin(&world, "verification", "", "").await;
    let asked = json!({"method": "code", "email": MAIL});
    Call::form(&flow, "", asked).send(&world).await;
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answers = race(&world, Call::form(&flow, "", body)).await;
    let winner = one_of(&answers, succeeded, |a| {
        a.status == 410 && a.json()["error"]["id"] == "self_service_flow_replaced"
    });
    assert_eq!(winner.json()["state"], "passed_challenge");
}

/// The path of a new recovery link, as an operator makes it.
async fn recovery_link(world: &World, id: &str) -> String {
    let asked = json!({"identity_id": id}).to_string();
    let made = world.call("POST", "/admin/recovery/link", asked).await;
    let link = made.json()["recovery_link"].as_str().unwrap().to_owned();
    link.replace(crate::world::BASE, "")
}

async fn a_recovery_link_lets_in_once(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let path = recovery_link(&world, &id).await;
    let answers = race(&world, Call::link(path)).await;
    let has_session = |a: &Answer| {
        let mut cookies = a.headers.get_all("set-cookie").iter();
        cookies.any(|c| c.to_str().unwrap().starts_with("ory_kratos_session="))
    };
    one_of(
        &answers,
        |a| a.status == 303 && has_session(a),
        |a| {
            a.status == 303
                && a.header("location")
                    .is_some_and(|to| to.contains("/recovery"))
        },
    );
    assert_eq!(sessions_of(&world, &id).await, 1);
}

async fn a_verification_link_verifies_once(place: &Place) {
    let by_link = json!({"selfservice": {"flows": {"verification": {"use": "link"}}}});
    let world = place.world(settings(by_link)).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let flow = begin(&world, "verification", "", "").await;
    let asked = json!({"method": "link", "email": MAIL});
    Call::form(&flow, "", asked).send(&world).await;
    let answers = race(&world, Call::link(world.link(MAIL).await)).await;
    let leads_to = |a: &Answer| flow_in(a.header("location").unwrap()).unwrap();
    let own = flow["id"].as_str().unwrap();
    one_of(
        &answers,
        |a| a.status == 303 && leads_to(a) == own,
        |a| a.status == 303 && leads_to(a) != own,
    );
    let address = &world.whole(&id).await["verifiable_addresses"][0];
    assert_eq!(address["verified"], true);
}

/// Mail scanners and previews of chats look at links before people do.
#[tokio::test]
async fn looking_at_the_head_of_a_link_does_not_use_it() {
    let by_link = json!({"selfservice": {"flows": {"verification": {"use": "link"}}}});
    let world = World::with(settings(by_link)).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let recovery = recovery_link(&world, &id).await;
    let flow = begin(&world, "verification", "", "").await;
    Call::form(&flow, "", json!({"method": "link", "email": MAIL}))
        .send(&world)
        .await;
    let verification = world.link(MAIL).await;
    for path in [&recovery, &verification] {
        let head = world.public("HEAD", path, &[]).await;
        assert!(!head.status.is_server_error(), "{}", head.status);
        let cookies = head.headers.get_all("set-cookie").iter();
        let names: Vec<&str> = cookies.map(|c| c.to_str().unwrap()).collect();
        let signed_in = names.iter().any(|c| c.starts_with("ory_kratos_session="));
        assert!(!signed_in, "{names:?}");
    }
    let verified = async || world.whole(&id).await["verifiable_addresses"][0]["verified"] == true;
    assert!(!verified().await);
    let came = Call::link(verification).send(&world).await;
    assert_eq!(came.status, 303);
    assert!(verified().await);
    let came = Call::link(recovery).send(&world).await;
    let to = came.header("location").unwrap();
    assert!(to.contains("/settings"), "{to}");
    assert_eq!(sessions_of(&world, &id).await, 1);
}

/// Somebody's sessions at the first factor, each with a flow for the second one.
async fn steps(world: &World) -> Vec<(Value, String)> {
    let mut steps = Vec::new();
    for _ in 0..RIVALS {
        let token = sign_in(world, MAIL).await;
        steps.push((begin(world, "login", "?aal=aal2", &token).await, token));
    }
    steps
}

async fn a_backup_code_steps_up_one_session(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let codes = json!({"lookup_secret": {"config": {"codes": [{"code": "abcd1234"}]}}});
    world.create(&person(json!({"email": MAIL}), codes)).await;
    let proof = json!({"method": "lookup_secret", "lookup_secret": "abcd1234"});
    let steps = steps(&world).await;
    let calls = steps
        .iter()
        .map(|(flow, token)| Call::form(flow, token, proof.clone()));
    let answers = at_once(&world, calls.collect()).await;
    one_of(&answers, succeeded, |a| refused_by(a, &[4_000_012]));
}

async fn a_time_step_steps_up_one_session(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let steps = steps(&world).await;
    let proof = json!({"method": "totp", "totp_code": code_now(&world, KEY)});
    let calls = steps
        .iter()
        .map(|(flow, token)| Call::form(flow, token, proof.clone()));
    let answers = at_once(&world, calls.collect()).await;
    one_of(&answers, succeeded, |a| refused_by(a, &[4_000_008]));
}

async fn one_session_steps_up_once_with_one_proof(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let token = sign_in(&world, MAIL).await;
    let flow = begin(&world, "login", "?aal=aal2", &token).await;
    let proof = json!({"method": "totp", "totp_code": code_now(&world, KEY)});
    let answers = race(&world, Call::form(&flow, &token, proof)).await;
    // Whoever comes when the session is at the level already is told that.
    one_of(&answers, succeeded, |a| {
        refused_by(a, &[4_000_008, 4_000_001])
    });
}

/// The address in as many spellings as there are rivals.
fn spelled(rival: usize) -> String {
    let capital = |(at, c): (usize, char)| {
        if rival >> (at % 5) & 1 == 1 {
            c.to_ascii_uppercase()
        } else {
            c
        }
    };
    MAIL.chars().enumerate().map(capital).collect()
}

async fn one_address_in_any_case_signs_up_once(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let mut calls = Vec::new();
    for rival in 0..RIVALS {
        let flow = begin(&world, "registration", "", "").await;
        let traits = json!({"email": spelled(rival)});
        let body = json!({"method": "password", "traits": traits, "password": PASSWORD});
        calls.push(Call::form(&flow, "", body));
    }
    let answers = at_once(&world, calls).await;
    one_of(&answers, succeeded, |a| refused_by(a, &[4_000_007]));
    assert_eq!(identities_with(&world, MAIL).await, 1);
    assert_eq!(world.mails(MAIL).await.len(), 1);
}

async fn one_address_signs_up_once_by_codes_of_many_flows(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let mut seen = HashSet::new();
    let mut calls = Vec::new();
    for rival in 0..RIVALS {
        let flow = begin(&world, "registration", "", "").await;
        let mut body = json!({"method": "code", "traits": {"email": spelled(rival)}});
        Call::form(&flow, "", body.clone()).send(&world).await;
        let mails = world.mails(MAIL).await;
        let new = mails.iter().find(|mail| seen.insert(mail.id)).unwrap();
        body["code"] = code_in(new).into();
        calls.push(Call::form(&flow, "", body));
    }
    let answers = at_once(&world, calls).await;
    one_of(&answers, succeeded, |a| refused_by(a, &[4_000_007]));
    assert_eq!(identities_with(&world, MAIL).await, 1);
}

async fn one_new_address_goes_to_one_of_many(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let wanted = "wanted@example.org";
    let mut calls = Vec::new();
    for rival in 0..RIVALS {
        let email = format!("user-{rival}@example.org");
        world
            .create(&person(json!({"email": email}), json!({})))
            .await;
        let token = sign_in(&world, &email).await;
        let flow = begin(&world, "settings", "", &token).await;
        let body = json!({"method": "profile", "traits": {"email": wanted}});
        calls.push(Call::form(&flow, &token, body));
    }
    let answers = at_once(&world, calls).await;
    one_of(&answers, succeeded, |a| refused_by(a, &[4_000_007]));
    assert_eq!(identities_with(&world, wanted).await, 1);
    assert_eq!(world.mails(wanted).await.len(), 1);
}

async fn changes_of_one_account_are_all_made(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let token = sign_in(&world, MAIL).await;
    let flow = begin(&world, "settings", "", &token).await;
    let calls = (0..RIVALS).map(|age| {
        let body = json!({"method": "profile", "traits": {"email": MAIL, "age": age}});
        Call::form(&flow, &token, body)
    });
    let answers = at_once(&world, calls.collect()).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert!(world.whole(&id).await["traits"]["age"].is_u64());
}

async fn one_form_of_a_login_may_be_sent_often(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let flow = begin(&world, "login", "", "").await;
    let body = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answers = race(&world, Call::form(&flow, "", body)).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(sessions_of(&world, &id).await, RIVALS);
}

async fn codes_asked_for_at_once_leave_one_that_works(place: &Place) {
    let world = place.world(settings(json!({}))).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let flow = begin(&world, "login", "", "").await;
    let mut body = json!({"method": "code", "identifier": MAIL, "resend": "code"});
    let answers = race(&world, Call::form(&flow, "", body.clone())).await;
    for answer in &answers {
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.json()["state"], "sent_email", "{}", answer.body);
    }
    body = json!({"method": "code", "identifier": MAIL});
    let mut signed_in = 0;
    for mail in world.mails(MAIL).await {
        body["code"] = code_in(&mail).into();
        let answer = Call::form(&flow, "", body.clone()).send(&world).await;
        assert!(answer.status.as_u16() < 500, "{}", answer.body);
        signed_in += usize::from(succeeded(&answer));
    }
    assert!(signed_in >= 1);
    assert_eq!(sessions_of(&world, &id).await, signed_in);
}
