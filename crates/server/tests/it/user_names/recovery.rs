//! Getting back in by a user name.

use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::client::messages;

/// Enters a recovery code, and is led to the settings.
async fn recover(client: &mut Client<'_>, flow: &Value, code: String) {
    let answer = client
        .submit(flow, json!({"method": "code", "code": code}))
        .await;
    match answer.header("location") {
        Some(location) => assert!(location.contains("/ui/settings"), "{location}"),
        None => assert_eq!(
            answer.json()["state"],
            "passed_challenge",
            "{}",
            answer.body
        ),
    }
}

#[tokio::test]
async fn a_recovery_code_for_a_name_goes_to_its_recovery_addresses() {
    let world = town(json!({})).await;
    folk(&world).await;
    for make in KINDS {
        let mut client = make(&world);
        let flow = client.begin("recovery", "").await;
        assert_eq!(
            nodes(&flow, "email").next().unwrap()["attributes"]["type"],
            "text"
        );
        let flow = step(
            &mut client,
            "recovery",
            &flow,
            json!({"method": "code", "email": "bob"}),
        )
        .await;
        assert_eq!(messages(&flow), [1_060_003]);
        tells_no_address(&flow.to_string());
        recover(&mut client, &flow, world.code(BOB[1]).await).await;
    }
    assert_eq!(received(&world).await, [0, 3, 3]);
}

#[tokio::test]
async fn a_field_for_addresses_stays_one_where_no_name_is_for_codes() {
    let world = crate::folk::town(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("recovery", "").await;
    assert_eq!(
        nodes(&flow, "email").next().unwrap()["attributes"]["type"],
        "email"
    );
    let refused = app
        .submit(&flow, json!({"method": "code", "email": "bob"}))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_hears_of_a_name_that_nobody_has() {
    let told = json!({"selfservice": {"flows": {"recovery": {"notify_unknown_recipients": true}}}});
    let world = town(told).await;
    let mut app = Client::app(&world);
    for (typed, mails) in [("dora", 0), ("dora@example.org", 1)] {
        let flow = app.begin("recovery", "").await;
        let flow = app
            .submit(&flow, json!({"method": "code", "email": typed}))
            .await
            .json();
        assert_eq!(messages(&flow), [1_060_003]);
        assert_eq!(world.mails(typed).await.len(), mails, "{typed}");
    }
}

#[tokio::test]
async fn the_address_is_chosen_masked_and_need_not_be_typed() {
    for make in KINDS {
        let world = town(choosing()).await;
        folk(&world).await;
        let mut client = make(&world);
        let flow = client.begin("recovery", "").await;
        let body = json!({"method": "code", "recovery_address": "bob"});
        let flow = step(&mut client, "recovery", &flow, body).await;
        assert_eq!(flow["state"], "recovery_awaiting_address_choice", "{flow}");
        assert_eq!(messages(&flow), [1_060_006]);
        assert_eq!(
            labels(&flow, "recovery_select_address"),
            ["bo****@example.org", "ro****@example.net"]
        );
        tells_no_address(&flow.to_string());

        let chosen = buttons(&flow, "recovery_select_address")[1].clone();
        let choice = |value: &str| json!({"method": "code", "recovery_address": "bob", "recovery_select_address": value});
        for forged in [BOB[0], "x"] {
            let refused = client.submit(&flow, choice(forged)).await;
            assert!(
                refused.status == 400 || refused.status == 303,
                "{}",
                refused.body
            );
        }
        assert_eq!(received(&world).await, [0, 0, 0]);
        let flow = step(&mut client, "recovery", &flow, choice(&chosen)).await;
        assert_eq!(flow["state"], "recovery_awaiting_code", "{flow}");
        tells_no_address(&flow.to_string());
        // Another code goes to the same address.
        let again = buttons(&flow, "recovery_select_address")[0].clone();
        let flow = step(&mut client, "recovery", &flow, choice(&again)).await;
        assert_eq!(received(&world).await, [0, 0, 2]);
        recover(&mut client, &flow, world.code(BOB[1]).await).await;
    }
}

#[tokio::test]
async fn the_way_back_leads_to_the_choice() {
    let world = town(choosing()).await;
    folk(&world).await;
    let mut script = Client::script(&world);
    for (name, state) in [
        ("bob", "recovery_awaiting_address_choice"),
        ("ann", "recovery_awaiting_address"),
    ] {
        let flow = script.begin("recovery", "").await;
        let mut flow = script
            .submit(&flow, json!({"method": "code", "recovery_address": name}))
            .await
            .json();
        if let Some(value) = buttons(&flow, "recovery_select_address").first()
            && name == "bob"
        {
            let body = json!({"method": "code", "recovery_address": name, "recovery_select_address": value});
            flow = script.submit(&flow, body).await.json();
        }
        assert_eq!(flow["state"], "recovery_awaiting_code", "{flow}");
        tells_no_address(&flow.to_string());
        let body = json!({"method": "code", "recovery_address": name, "screen": "previous"});
        let flow = script.submit(&flow, body).await.json();
        assert_eq!(flow["state"], state, "{flow}");
    }
}
