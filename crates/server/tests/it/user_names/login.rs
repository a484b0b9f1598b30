//! Sign-in, second factor, refresh and sign-up by a user name.

use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::client::messages;
use crate::folk::PASSWORD;

/// Asks for a code in a new flow.
async fn ask(client: &mut Client<'_>, name: &str) -> Value {
    let flow = client.begin("login", "").await;
    step(
        client,
        "login",
        &flow,
        json!({"method": "code", "identifier": name}),
    )
    .await
}

/// Sends the newest code to an address, and is signed in by it.
async fn enter(world: &World, client: &mut Client<'_>, flow: &Value, name: &str, to: &str) {
    let body = json!({"method": "code", "identifier": name, "code": world.code(to).await});
    let answer = client.submit(flow, body).await;
    if let Some(location) = answer.header("location") {
        assert!(location.starts_with("http://app.example.org"), "{location}");
    } else {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        if let Some(token) = answer.json()["session_token"].as_str() {
            token.clone_into(&mut client.token);
        }
    }
    let session = client.json("/sessions/whoami").await;
    let who = session["identity"]["traits"]["username"].as_str().unwrap();
    assert!(who.eq_ignore_ascii_case(name), "{who}");
}

#[tokio::test]
async fn a_code_for_a_name_goes_to_the_only_address_which_is_not_told() {
    let world = town(json!({})).await;
    folk(&world).await;
    for make in KINDS {
        let mut client = make(&world);
        let flow = ask(&mut client, "ANN").await;
        assert_eq!(flow["state"], "sent_email", "{flow}");
        assert_eq!(messages(&flow), [1_490_012]);
        assert!(flow.to_string().contains("an****@example.org"));
        tells_no_address(&flow.to_string());
        enter(&world, &mut client, &flow, "ann", ANN).await;
    }
    assert_eq!(received(&world).await, [3, 0, 0]);
}

#[tokio::test]
async fn one_of_several_addresses_is_chosen_masked_and_later_codes_go_there_too() {
    for make in KINDS {
        let world = town(json!({})).await;
        folk(&world).await;
        let mut client = make(&world);
        let flow = ask(&mut client, "bob").await;
        assert_eq!(
            (&flow["state"], messages(&flow)),
            (&json!("choose_method"), vec![1_490_011])
        );
        let masked = [
            "Send a code to bo****@example.org",
            "Send a code to ro****@example.net",
        ];
        assert_eq!(labels(&flow, "address"), masked);
        assert_eq!(value_of(&flow, "identifier"), "bob");
        tells_no_address(&flow.to_string());
        assert_eq!(received(&world).await, [0, 0, 0]);

        let chosen = buttons(&flow, "address")[1].clone();
        let body = json!({"method": "code", "identifier": "bob", "address": chosen});
        let flow = step(&mut client, "login", &flow, body).await;
        assert_eq!(flow["state"], "sent_email", "{flow}");
        tells_no_address(&flow.to_string());
        let again = json!({"method": "code", "identifier": "bob", "resend": "code"});
        let flow = step(&mut client, "login", &flow, again).await;
        assert_eq!(flow["state"], "sent_email", "{flow}");
        assert_eq!(received(&world).await, [0, 0, 2]);
        enter(&world, &mut client, &flow, "bob", BOB[1]).await;
    }
}

#[tokio::test]
async fn what_was_not_offered_cannot_be_chosen() {
    let world = town(json!({})).await;
    folk(&world).await;
    let mut script = Client::script(&world);
    let other = ask(&mut script, "bob").await;
    let elsewhere = buttons(&other, "address")[0].clone();
    let flow = ask(&mut script, "bob").await;
    for forged in [BOB[0], ANN, "ann", "x", &elsewhere] {
        let body = json!({"method": "code", "identifier": "bob", "address": forged});
        let answer = script.submit(&flow, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(messages(&answer.json()), [4_010_010], "{forged}");
    }
    // Whoever has the button of one account cannot use it for another.
    let own = buttons(&flow, "address")[0].clone();
    let body = json!({"method": "code", "identifier": "ann", "address": own});
    let answer = script.submit(&flow, body).await;
    assert_eq!(messages(&answer.json()), [4_010_010]);
    assert_eq!(received(&world).await, [0, 0, 0]);
    // The button alone is enough.
    let answer = script.submit(&flow, json!({"address": own})).await;
    assert_eq!(answer.json()["state"], "sent_email", "{}", answer.body);
    assert_eq!(received(&world).await, [0, 1, 0]);
}

#[tokio::test]
async fn an_address_is_taken_as_ever_beside_names() {
    let world = town(json!({})).await;
    folk(&world).await;
    let mut app = Client::app(&world);
    let flow = ask(&mut app, BOB[1]).await;
    assert_eq!(messages(&flow), [1_010_014]);
    assert_eq!(received(&world).await, [0, 0, 1]);
    for name in ["dora", "cid", "dora@example.org"] {
        let flow = ask(&mut app, name).await;
        assert_eq!(messages(&flow), [4_000_035], "{name}");
    }
}

#[tokio::test]
async fn a_page_shows_the_choice_without_a_script() {
    let world = town(json!({})).await;
    folk(&world).await;
    let mut browser = Client::browser(&world);
    let flow = ask(&mut browser, "bob").await;
    let page = browser
        .get(&format!("/ui/login?flow={}", flow["id"].as_str().unwrap()))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    tells_no_address(&page.body);
    assert!(!page.body.contains("<script"), "{}", page.body);
    for value in buttons(&flow, "address") {
        let button = format!(r#"name="address" value="{value}""#);
        assert!(page.body.contains(&button), "{button}: {}", page.body);
    }
    assert!(page.body.contains("ro****@example.net"), "{}", page.body);
    assert!(
        page.body.contains(r#"name="identifier" value="bob""#),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn the_second_of_two_screens_offers_the_choice_where_nothing_else_is_left() {
    let world = town(json!({"selfservice": {
        "flows": {"login": {"style": "identifier_first"}},
        "methods": {"password": {"enabled": false}},
    }}))
    .await;
    folk(&world).await;
    for (name, notice) in [("ann", 1_490_012), ("bob", 1_490_011), ("dora", 4_000_037)] {
        let mut script = Client::script(&world);
        let flow = script.begin("login", "").await;
        let body = json!({"method": "identifier_first", "identifier": name});
        let flow = script.submit(&flow, body).await.json();
        let of_field = nodes(&flow, "identifier").flat_map(|n| n["messages"].as_array().unwrap());
        let of_field = of_field.map(|m| m["id"].as_u64().unwrap());
        let said: Vec<u64> = messages(&flow).into_iter().chain(of_field).collect();
        assert_eq!(said, [notice], "{name}: {flow}");
        tells_no_address(&flow.to_string());
    }
}

#[tokio::test]
async fn where_addresses_are_only_verified_a_name_reaches_those_that_are() {
    let world = town_of_verified_addresses(json!({})).await;
    let mut ann = person(
        json!({"username": "Ann", "email": ANN, "second": BOB[1]}),
        json!({}),
    );
    ann["verifiable_addresses"] =
        json!([{"value": ANN, "via": "email", "verified": true, "status": "completed"}]);
    world.create(&ann).await;
    world
        .create(&person(
            json!({"username": "Bob", "email": BOB[0]}),
            json!({}),
        ))
        .await;
    let mut app = Client::app(&world);
    assert_eq!(messages(&ask(&mut app, "bob").await), [4_000_035]);
    // Codes do not sign in by addresses there.
    assert_eq!(messages(&ask(&mut app, ANN).await), [4_000_035]);
    let flow = ask(&mut app, "ann").await;
    assert_eq!(messages(&flow), [1_490_012], "{flow}");
    enter(&world, &mut app, &flow, "ann", ANN).await;
    assert_eq!(received(&world).await, [1, 0, 0]);
}

#[tokio::test]
async fn who_signs_up_with_a_name_proves_an_address_and_gets_later_codes_there() {
    let world = town_of_verified_addresses(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let mut body = json!({"method": "code", "traits": {"username": "Ann", "email": ANN}});
    let flow = app.submit(&flow, body.clone()).await.json();
    assert_eq!(flow["state"], "sent_email", "{flow}");
    body["code"] = world.code(ANN).await.into();
    let answer = app.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);

    let mut other = Client::app(&world);
    let flow = ask(&mut other, "ann").await;
    enter(&world, &mut other, &flow, "ann", ANN).await;
    // Without any address there is nothing that a code could prove.
    let mut other = Client::app(&world);
    let flow = other.begin("registration", "").await;
    let body = json!({"method": "code", "traits": {"username": "Cid"}});
    let refused = other.submit(&flow, body).await.json();
    assert_eq!(messages(&refused), [4_000_009], "{refused}");
}

fn second_factor() -> Value {
    json!({"selfservice": {"methods": {"code": {"passwordless_enabled": false, "mfa_enabled": true}}}})
}

#[tokio::test]
async fn a_second_factor_for_who_came_by_name_and_password() {
    let world = town(second_factor()).await;
    folk(&world).await;
    // One address: the code is sent unasked.
    let mut ann = Client::app(&world);
    ann.sign_in("ann", PASSWORD).await;
    let flow = ann.begin("login", "?aal=aal2").await;
    assert_eq!(flow["state"], "sent_email", "{flow}");
    let body = json!({"method": "code", "code": world.code(ANN).await});
    let answer = ann.submit(&flow, body).await;
    assert_eq!(
        answer.json()["session"]["authenticator_assurance_level"],
        "aal2"
    );

    // Several: the buttons of the reference, which tell somebody who is signed in their own addresses.
    let mut bob = Client::script(&world);
    bob.sign_in("bob", PASSWORD).await;
    let flow = bob.begin("login", "?aal=aal2").await;
    assert_eq!(buttons(&flow, "address"), BOB);
    // The own name is as good as before, another one is nobody's.
    let refused = step(
        &mut bob,
        "login",
        &flow,
        json!({"method": "code", "identifier": "ann"}),
    )
    .await;
    assert_eq!(messages(&refused), [4_000_035]);
    let flow = step(
        &mut bob,
        "login",
        &flow,
        json!({"method": "code", "identifier": "bob"}),
    )
    .await;
    assert_eq!(messages(&flow), [1_490_011]);
    let chosen = buttons(&flow, "address")[1].clone();
    let body = json!({"method": "code", "identifier": "bob", "address": chosen});
    let flow = step(&mut bob, "login", &flow, body).await;
    assert_eq!(received(&world).await, [1, 0, 1]);
    let body = json!({"method": "code", "identifier": "bob", "code": world.code(BOB[1]).await});
    let answer = bob.submit(&flow, body).await;
    assert_eq!(
        answer.json()["session"]["authenticator_assurance_level"],
        "aal2",
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_verified_address_is_a_second_factor_of_who_has_a_name_for_codes() {
    let world = town_of_verified_addresses(second_factor()).await;
    let mut ann = person(json!({"username": "Ann", "email": ANN}), json!({}));
    ann["verifiable_addresses"] =
        json!([{"value": ANN, "via": "email", "verified": true, "status": "completed"}]);
    world.create(&ann).await;
    let mut app = Client::app(&world);
    app.sign_in("ann", PASSWORD).await;
    let flow = app.begin("login", "?aal=aal2").await;
    let body = json!({"method": "code", "code": world.code(ANN).await});
    let answer = app.submit(&flow, body).await;
    assert_eq!(
        answer.json()["session"]["authenticator_assurance_level"],
        "aal2"
    );
}

#[tokio::test]
async fn whoever_is_signed_in_confirms_by_their_own_name_only() {
    for more in [json!({}), mitigating()] {
        let world = town(more).await;
        folk(&world).await;
        let mut bob = Client::browser(&world);
        bob.sign_in("bob", PASSWORD).await;
        let flow = bob.begin("login", "?refresh=true").await;
        for other in ["ann", "dora"] {
            let body = json!({"method": "code", "identifier": other});
            let refused = step(&mut bob, "login", &flow, body).await;
            assert_eq!(messages(&refused), [4_000_035], "{other}");
        }
        let body = json!({"method": "code", "identifier": "bob"});
        let flow = step(&mut bob, "login", &flow, body).await;
        assert_eq!(messages(&flow), [1_490_011]);
        let chosen = buttons(&flow, "address")[0].clone();
        let body = json!({"method": "code", "identifier": "bob", "address": chosen});
        let flow = step(&mut bob, "login", &flow, body).await;
        assert_eq!(received(&world).await, [0, 1, 0]);
        enter(&world, &mut bob, &flow, "bob", BOB[0]).await;
    }
}

#[tokio::test]
async fn wrong_codes_count_for_the_account_by_whatever_name_they_were_asked_for() {
    let limits = json!({"bia": {"abuse": {"code": {"attempts": 3, "window": "1h", "delay": "10m", "max_delay": "10m"}}}});
    let world = town(limits).await;
    folk(&world).await;
    for (name, tries) in [("ann", 2), (ANN, 1)] {
        let mut app = Client::app(&world);
        let flow = ask(&mut app, name).await;
        for _ in 0..tries {
            let body = json!({"method": "code", "identifier": name, "code": "x00000"});
            assert_eq!(messages(&app.submit(&flow, body).await.json()), [4_010_008]);
        }
    }
    let mut app = Client::app(&world);
    let flow = ask(&mut app, "ann").await;
    let body = json!({"method": "code", "identifier": "ann", "code": world.code(ANN).await});
    assert_eq!(
        app.submit(&flow, body).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}
