//! Scripts get to the end of every flow by JSON alone, whatever goes wrong is said with what to do, and where no page is
//! configured nobody is sent to a page of somebody else's.

use serde_json::{Value, json};

use crate::client::{Client, flow_in};
use crate::folk::{KEY, MAIL, PASSWORD, authenticator, code_now, person, town};
use crate::world::{Answer, BASE, World};

/// Whom answers may name where no page is configured: this server, and where the operator said that flows end.
const KNOWN: [&str; 3] = ["public.example.org", "app.example.org", "admin.example.org"];

/// The hosts of all addresses in a text.
fn hosts(text: &str) -> Vec<String> {
    let starts = text.match_indices("://");
    let host = |(at, _): (usize, &str)| {
        let rest = text.get(at + 3..)?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')));
        rest.get(..end.unwrap_or(rest.len())).map(str::to_owned)
    };
    starts
        .filter_map(host)
        .filter(|host| !host.is_empty())
        .collect()
}

/// Looks an answer over; gives it back.
fn ours(answer: Answer) -> Answer {
    for name in ["location", "link", "set-cookie"] {
        for value in answer.headers.get_all(name) {
            only_ours(value.to_str().unwrap());
        }
    }
    only_ours(&answer.body);
    answer
}

fn only_ours(text: &str) {
    for host in hosts(text) {
        assert!(KNOWN.contains(&host.as_str()), "{host} in {text}");
    }
    for vendor in ["ory.sh", "ory.com", "ory.dev", "oryapis"] {
        assert!(!text.contains(vendor), "{vendor} in {text}");
    }
}

async fn everything_of(world: &World, client: &mut Client<'_>, kind: &str) {
    let flow = client.begin(kind, "").await;
    only_ours(&flow.to_string());
    for form in [
        json!({}),
        json!({"method": "password", "identifier": MAIL, "password": "wrong", "traits": {"email": 1}}),
        json!({"method": "code", "identifier": "nobody", "email": "nobody", "traits": {"email": "x@example.org"}}),
        json!({"method": "code", "identifier": MAIL, "email": MAIL, "traits": {"email": "y@example.org"}}),
        json!({"method": "code", "code": "000000", "identifier": MAIL, "traits": {"email": "y@example.org"}}),
        json!({"method": "totp", "totp_code": "000000"}),
        json!({"method": "oidc", "provider": "nobody"}),
        json!({"method": "profile", "traits": {"email": MAIL, "name": "A"}}),
    ] {
        let answer = ours(client.submit(&flow, form).await);
        if let Some(page) = answer.header("location") {
            let path = page.strip_prefix(BASE).unwrap_or(page);
            if !path.contains("://") {
                ours(client.get(path).await);
            }
        }
    }
    for path in [
        "browser?return_to=http://evil.invalid",
        "api?aal=aal9",
        "flows?id=1",
        "flows",
    ] {
        let path = format!("/self-service/{kind}/{path}");
        let text = client
            .get(&path)
            .await
            .body
            .replace("evil.invalid", "app.example.org");
        only_ours(&text);
    }
    world.app.clock.advance(time::Duration::hours(2));
    ours(
        client
            .submit(
                &flow,
                json!({"method": "password", "identifier": MAIL, "password": "x"}),
            )
            .await,
    );
    let path = format!(
        "/self-service/{kind}/flows?id={}",
        flow["id"].as_str().unwrap()
    );
    ours(client.get(&path).await);
}

#[tokio::test]
async fn where_no_page_is_configured_no_answer_names_a_page_of_somebody_else_s() {
    for kind in [
        "login",
        "registration",
        "recovery",
        "verification",
        "settings",
    ] {
        for who in 0..3 {
            let world = town(json!({})).await;
            world
                .create(&person(json!({"email": MAIL}), json!({})))
                .await;
            let mut client = match who {
                0 => Client::app(&world),
                1 => Client::script(&world),
                _ => Client::browser(&world),
            };
            if kind == "settings" {
                ours(client.sign_in(MAIL, PASSWORD).await);
            }
            everything_of(&world, &mut client, kind).await;
        }
    }
}

/// Nor does any path, whoever asks and whatever for. What schemas and examples in texts name is no page.
#[tokio::test]
async fn no_path_answers_a_stranger_with_a_page_of_somebody_else_s() {
    let world = town(json!({})).await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let step = |step: &str| if step.starts_with('{') { nobody } else { step }.to_owned();
    let texts = ["schemas", "/bia/explain", "openapi"];
    for path in world.public_paths() {
        if texts.iter().any(|text| path.contains(text)) {
            continue;
        }
        let path = path.split('/').map(step).collect::<Vec<_>>().join("/");
        for mut client in [
            Client::app(&world),
            Client::script(&world),
            Client::browser(&world),
        ] {
            for query in ["", "?flow=x", "?aal=aal2", "?id=x", "?error=x"] {
                ours(client.get(&format!("{path}{query}")).await);
            }
            ours(client.post(&path, &json!({"method": "password"})).await);
        }
    }
}

#[test]
fn hosts_are_found_where_they_are() {
    assert_eq!(
        hosts("a http://x.example.org/b?c=https://y:1 \"://\""),
        ["x.example.org", "y"]
    );
}

/// What a script does next, by the answer alone: it asks there with the cookies that it has.
async fn goes_on(script: &mut Client<'_>, answer: &Answer) -> Value {
    let body = answer.json();
    let next = &body["bia"]["next"];
    assert_eq!(next["method"], "GET", "{body}");
    let url = next["url"].as_str().unwrap();
    script.json(url.strip_prefix(BASE).unwrap()).await
}

#[tokio::test]
async fn a_script_that_is_told_to_send_its_browser_away_can_read_what_waits_there() {
    let world = town(json!({})).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    // A second factor after the first.
    let mut script = Client::script(&world);
    let first = script.sign_in(MAIL, PASSWORD).await;
    assert_eq!(first.status, 422, "{}", first.body);
    let flow = goes_on(&mut script, &first).await;
    assert_eq!(flow["requested_aal"], "aal2");
    let code = code_now(&world, KEY);
    let done = script
        .submit(&flow, json!({"method": "totp", "totp_code": code}))
        .await;
    assert_eq!(done.status, 200, "{}", done.body);
    // Settings that ask for a fresh sign-in.
    world.app.clock.advance(time::Duration::hours(2));
    let settings = script.begin("settings", "").await;
    let refused = script
        .submit(
            &settings,
            json!({"method": "password", "password": "another-horse-battery-9"}),
        )
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let login = goes_on(&mut script, &refused).await;
    assert_eq!(login["refresh"], true);
    // Recovery, to settings.
    let mut other = Client::script(&world);
    let flow = other.begin("recovery", "").await;
    other
        .submit(&flow, json!({"method": "code", "email": MAIL}))
        .await;
    let code = world.code(MAIL).await;
    let done = other
        .submit(&flow, json!({"method": "code", "code": code}))
        .await;
    assert_eq!(done.status, 422, "{}", done.body);
    assert_eq!(done.json()["bia"]["next"]["method"], "GET");
}

#[tokio::test]
async fn a_flow_that_is_over_names_the_one_that_took_its_place() {
    for kind in ["login", "registration"] {
        let world = town(json!({})).await;
        for mut client in [Client::app(&world), Client::script(&world)] {
            let flow = client.begin(kind, "").await;
            world.app.clock.advance(time::Duration::hours(2));
            let form =
                json!({"method": "password", "identifier": MAIL, "password": "x", "traits": {}});
            let answer = client.submit(&flow, form).await;
            assert_eq!(answer.status, 410, "{}", answer.body);
            let new = goes_on(&mut client, &answer).await;
            assert_eq!(new["id"], answer.json()["use_flow_id"]);
        }
    }
}

#[tokio::test]
async fn the_page_of_what_went_wrong_names_the_request_for_operators() {
    let world = town(json!({})).await;
    let mut browser = Client::browser(&world);
    let answer = browser.get("/self-service/login/browser?aal=aal2").await;
    let page = answer.header("location").unwrap().to_owned();
    let id = crate::client::parameter(&page, "id").unwrap();
    let error = browser.json(&format!("/self-service/errors?id={id}")).await;
    assert!(error["error"]["bia"]["request"].is_string(), "{error}");
    assert!(flow_in(&page).is_none());
}
