//! Logins for an OAuth2 server that is away, slow or answers nonsense: they end in bounded time with the error that is
//! meant for it, whoever signed in stays signed in, and the next attempt goes through. And what public reports ask of
//! such logins (B36, B69).

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, parameter};
use crate::folk::{self, KEY, MAIL, PASSWORD, authenticator, code_now, person, town};
use crate::log_lines::LogLines;
use crate::peer::{Peer, Reply};
use crate::world::{World, merge};

const CHALLENGE: &str = "challenge-5f0c";
const KEY_OF_THE_SERVER: &str = "key-of-the-oauth2-server-31d2";
const BACK: &str = "http://oauth2.example.org/continue";

/// Longer than the server waits for the other one in all, with what a busy machine adds.
const BOUND: Duration = Duration::from_secs(40);

fn asked(skip: bool) -> Reply {
    let client = json!({"client_id": "shop", "client_name": "Shop"});
    let request_url = "http://oauth2.example.org/auth?client_id=shop";
    Reply::Json(
        200,
        json!({"challenge": CHALLENGE, "skip": skip, "subject": "", "client": client, "request_url": request_url}),
    )
}

fn accepted() -> Reply {
    Reply::Json(200, json!({"redirect_to": BACK}))
}

async fn world(url: &str, more: Value) -> World {
    let mut settings =
        json!({"oauth2_provider": {"url": url, "headers": {"X-Key": KEY_OF_THE_SERVER}}});
    merge(&mut settings, more);
    let world = town(settings).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    world
}

/// What is wrong with the OAuth2 server.
struct Fault {
    name: &'static str,
    /// `None` when nobody listens.
    reply: Option<Reply>,
    /// How the beginning of a login ends; one that was begun ends with 500 in any case.
    begins: u16,
    more: Value,
}

fn faults() -> Vec<Fault> {
    let fault = |name, reply, begins| Fault {
        name,
        reply,
        begins,
        more: json!({}),
    };
    let closed = json!({"clients": {"http": {"disallow_private_ip_ranges": true}}});
    vec![
        fault("nobody listens", None, 500),
        fault("silent", Some(Reply::Never), 500),
        fault("closed", Some(Reply::Closed), 500),
        fault("cut", Some(Reply::Cut), 500),
        fault("endless", Some(Reply::Long(3 << 20)), 500),
        fault("garbage", Some(Reply::Text(200, "<p>no</p>")), 500),
        fault("another object", Some(Reply::Text(200, "[]")), 500),
        fault("busy", Some(Reply::Text(503, "{}")), 500),
        fault(
            "unknown challenge",
            Some(Reply::Json(404, json!({"error": "not_found"}))),
            400,
        ),
        fault(
            "used challenge",
            Some(Reply::Json(410, json!({"redirect_to": BACK}))),
            400,
        ),
        fault(
            "an address that cannot be",
            Some(Reply::Redirect("http://0.0.0.1/".into())),
            500,
        ),
        Fault {
            more: closed,
            ..fault(
                "a redirect inwards",
                Some(Reply::Redirect("http://127.0.0.1:9/".into())),
                500,
            )
        },
    ]
}

async fn check_beginning(fault: &Fault, log: &LogLines) {
    let peer = Peer::start().await;
    let url = match &fault.reply {
        None => nobody().await,
        Some(reply) => {
            peer.answers([reply.clone()]);
            peer.url.clone()
        }
    };
    let mut more = fault.more.clone();
    if more != json!({}) {
        more["clients"]["http"]["private_ip_exception_urls"] = json!([format!("{url}**")]);
    }
    let world = world(&url, more).await;
    for kind in ["login", "registration"] {
        let mut script = Client::script(&world);
        let began = Instant::now();
        let path = format!("/self-service/{kind}/browser?login_challenge={CHALLENGE}");
        let answer = script.get(&path).await;
        let name = format!("{}, {kind}", fault.name);
        assert!(began.elapsed() < BOUND, "{name}: {:?}", began.elapsed());
        assert_eq!(
            answer.status.as_u16(),
            fault.begins,
            "{name}: {}",
            answer.body
        );
        let error = &answer.json()["error"];
        assert_eq!(error["code"], fault.begins, "{name}: {error}");
        if let Some(Reply::Json(status, _)) = &fault.reply {
            assert_eq!(error["details"]["status_code"], *status, "{name}: {error}");
        }
        assert_secret_free(&answer.body, &name);
    }
    assert_secret_free(&log.text(), fault.name);
}

async fn check_end(fault: &Fault, log: &LogLines) {
    let Some(reply) = fault.reply.clone() else {
        return;
    };
    let peer = Peer::start().await;
    let mut more = fault.more.clone();
    if more != json!({}) {
        more["clients"]["http"]["private_ip_exception_urls"] = json!([format!("{}**", peer.url)]);
    }
    let world = world(&peer.url, more).await;
    peer.answers([asked(false)]);
    let mut script = Client::script(&world);
    let flow = script
        .begin("login", &format!("?login_challenge={CHALLENGE}"))
        .await;
    assert_eq!(
        flow["oauth2_login_request"]["client"]["client_name"],
        "Shop"
    );
    peer.answers([reply]);
    let began = Instant::now();
    let form = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = script.submit(&flow, form.clone()).await;
    assert!(
        began.elapsed() < BOUND,
        "{}: {:?}",
        fault.name,
        began.elapsed()
    );
    assert_eq!(
        answer.status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "{}: {}",
        fault.name,
        answer.body
    );
    assert_secret_free(&answer.body, fault.name);
    // Who proved who they are is signed in, and the OAuth2 server gets its answer with the next attempt.
    assert_eq!(
        script.get("/sessions/whoami").await.status,
        StatusCode::OK,
        "{}",
        fault.name
    );
    peer.answers([asked(false)]);
    let flow = script
        .begin("login", &format!("?login_challenge={CHALLENGE}"))
        .await;
    peer.answers([accepted()]);
    let answer = script.submit(&flow, form).await;
    assert_eq!(
        answer.json()["redirect_browser_to"],
        BACK,
        "{}: {}",
        fault.name,
        answer.body
    );
    assert_secret_free(&log.text(), fault.name);
}

/// An address at which nobody listens any more.
async fn nobody() -> String {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", gone.local_addr().unwrap())
}

fn assert_secret_free(text: &str, name: &str) {
    for secret in [KEY_OF_THE_SERVER, PASSWORD] {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{name}: {line:?}");
    }
}

#[tokio::test]
async fn an_oauth2_server_that_fails_ends_a_login_in_time_and_nothing_is_lost() {
    let log = LogLines::collect();
    let faults = faults();
    let begun =
        futures::stream::iter(&faults).for_each_concurrent(6, |fault| check_beginning(fault, &log));
    let ended =
        futures::stream::iter(&faults).for_each_concurrent(6, |fault| check_end(fault, &log));
    tokio::join!(begun, ended);
    assert!(log.text().contains("OAuth2 server"), "{}", log.text());
}

#[tokio::test]
async fn a_slow_oauth2_server_does_not_hold_up_a_form_that_it_only_decorates() {
    let peer = Peer::start().await;
    let world = world(&peer.url, json!({})).await;
    peer.answers([asked(false)]);
    let mut script = Client::script(&world);
    let flow = script
        .begin("login", &format!("?login_challenge={CHALLENGE}"))
        .await;
    peer.answers([Reply::Never]);
    let began = Instant::now();
    let wrong =
        json!({"method": "password", "identifier": MAIL, "password": "wrong-horse-battery-00"});
    let answer = script.submit(&flow, wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    let again = answer.json();
    assert_eq!(messages(&again), [4_000_006]);
    assert_eq!(
        (
            &again["oauth2_login_challenge"],
            &again["oauth2_login_request"]
        ),
        (&json!(CHALLENGE), &Value::Null)
    );
}

#[tokio::test]
async fn an_oauth2_server_is_asked_no_more_than_is_needed() {
    let peer = Peer::start().await;
    let world = world(&peer.url, json!({})).await;
    peer.answers([asked(false), accepted()]);
    let mut script = Client::script(&world);
    let flow = script
        .begin("login", &format!("?login_challenge={CHALLENGE}"))
        .await;
    let form = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    assert_eq!(script.submit(&flow, form).await.status.as_u16(), 422);
    let calls = peer.take();
    let lines: Vec<&str> = calls.iter().map(|call| call.line()).collect();
    let path = "/admin/oauth2/auth/requests/login";
    let query = format!("?login_challenge={CHALLENGE}");
    assert_eq!(
        lines,
        [
            format!("GET {path}{query}"),
            format!("PUT {path}/accept{query}")
        ]
    );
    assert!(
        calls
            .iter()
            .all(|call| call.header("x-key") == Some(KEY_OF_THE_SERVER))
    );

    // A browser's form that was wrong is shown by its page, which asks for itself.
    peer.answers([asked(false)]);
    let mut browser = Client::browser(&world);
    let flow = browser.begin("login", &query).await;
    peer.take();
    let wrong =
        json!({"method": "password", "identifier": MAIL, "password": "wrong-horse-battery-00"});
    assert_eq!(
        browser.submit(&flow, wrong).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(peer.take().is_empty());
}

#[tokio::test]
async fn a_message_names_the_client_that_its_reader_is_on_the_way_to() {
    let peer = Peer::start().await;
    let world = world(&peer.url, json!({})).await;
    peer.answers([asked(false)]);
    let mut browser = Client::browser(&world);
    let flow = browser
        .begin("login", &format!("?login_challenge={CHALLENGE}"))
        .await;
    browser
        .submit(&flow, json!({"method": "code", "identifier": MAIL}))
        .await;
    let mail = world.mails(MAIL).await.pop().unwrap();
    let data = mail.template_data.clone();
    assert_eq!(
        data["oauth2_login_request"]["client"]["client_name"], "Shop",
        "{data}"
    );
}

/// B69: who is signed in begins another login. The answer is a flow or says what to do, never nothing.
#[tokio::test]
async fn whoever_is_signed_in_never_gets_nothing_for_an_answer() {
    let peer = Peer::start().await;
    let world = world(&peer.url, json!({})).await;
    let mut script = Client::script(&world);
    script.sign_in(MAIL, PASSWORD).await;
    for kind in ["login", "registration"] {
        for skip in [true, false] {
            peer.answers([asked(skip), accepted()]);
            let path = format!("/self-service/{kind}/browser?login_challenge={CHALLENGE}");
            let answer = script.get(&path).await;
            let told = answer.header("location").map(str::to_owned);
            if answer.status.is_redirection() {
                assert!(told.is_some(), "{kind} {skip}: {answer:?}");
                continue;
            }
            let body = answer.json();
            let says = ["id", "error", "redirect_browser_to"]
                .iter()
                .any(|name| !body[*name].is_null());
            assert!(says, "{kind} {skip}: {} {body}", answer.status);
        }
    }
}

/// B36: the second factor within such a login is asked for as such, and not to confirm who somebody is. Where the OAuth2
/// server insists on a new login, the reference asks for both (`oauth2/a_second_factor_comes_first`), and so does this one.
#[tokio::test]
async fn the_second_factor_within_such_a_login_is_not_called_a_confirmation() {
    let peer = Peer::start().await;
    let highest = json!({"session": {"whoami": {"required_aal": "highest_available"}}});
    let mut settings = json!({"oauth2_provider": {"url": peer.url}});
    merge(&mut settings, highest);
    let world = town(settings).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    peer.answers([asked(true)]);
    let mut script = Client::script(&world);
    let flow = script
        .begin("login", &format!("?login_challenge={CHALLENGE}"))
        .await;
    let form = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = script.submit(&flow, form).await.json();
    let to = answer["redirect_browser_to"].as_str().unwrap();
    assert!(to.contains("aal=aal2") && to.contains(CHALLENGE), "{to}");
    let second = script.json(to).await;
    assert_eq!(
        (&second["requested_aal"], &second["refresh"]),
        (&json!("aal2"), &json!(false))
    );
    assert_eq!(messages(&second), [1_010_004], "{second}");
    peer.answers([accepted()]);
    let code = json!({"method": "totp", "totp_code": code_now(&world, KEY)});
    let answer = script.submit(&second, code).await;
    assert_eq!(
        answer.json()["redirect_browser_to"],
        BACK,
        "{}",
        answer.body
    );
}

/// Whoever has to set up a second factor first (`bia.mfa`) comes back to the login that the OAuth2 server waits for.
#[tokio::test]
async fn whoever_sets_up_a_factor_first_comes_back_to_the_login() {
    let peer = Peer::start().await;
    let privileged = json!({"flows": {"settings": {"privileged_session_max_age": "2h"}}});
    let more = json!({"bia": {"mfa": {"default": "required"}}, "selfservice": privileged});
    let world = world(&peer.url, more).await;
    let form = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let begin = format!("/self-service/login/browser?login_challenge={CHALLENGE}");
    peer.answers([asked(true)]);
    let mut browser = Client::browser(&world);
    let answer = browser.get(&begin).await;
    let flow = browser.led_to("login", &answer).await;
    let answer = browser.submit(&flow, form).await;
    let to = answer.header("location").unwrap().to_owned();
    assert!(to.contains("/self-service/settings/browser"), "{to}");
    assert!(
        parameter(&to, "return_to").unwrap().ends_with(&begin),
        "{to}"
    );
    // Who begins again meanwhile is led the same way.
    let answer = browser.get(&begin).await;
    assert_eq!(answer.header("location"), Some(to.as_str()));

    let answer = browser.get(&to).await;
    let settings = browser.led_to("settings", &answer).await;
    let (code, _) = folk::app_code(&world, &settings);
    let answer = browser.submit(&settings, code).await;
    let back = answer.header("location").unwrap().to_owned();
    assert!(back.ends_with(&begin), "{back}");
    peer.answers([asked(true), accepted()]);
    let answer = browser.get(&back).await;
    assert_eq!(answer.header("location"), Some(BACK));

    // And who has one, and left before giving it, is not led away from that login either.
    let mut later = Client::browser(&world);
    later.sign_in(MAIL, PASSWORD).await;
    peer.answers([asked(true)]);
    let answer = later.get(&begin).await;
    let to = answer.header("location").unwrap();
    assert_eq!(parameter(to, "aal").as_deref(), Some("aal2"), "{to}");
    assert_eq!(
        parameter(to, "login_challenge").as_deref(),
        Some(CHALLENGE),
        "{to}"
    );
}
