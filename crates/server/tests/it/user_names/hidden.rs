//! Under mitigation nothing tells which names exist.

use http::StatusCode;
use serde_json::json;

use super::*;

const EVERYBODY: [&str; 5] = ["ann", "bob", "cid", "dora", "dora@example.org"];

/// Asks for a code, gets it sent again, and enters a wrong one; what each answer showed.
async fn looks(client: &mut Client<'_>, name: &str) -> Vec<String> {
    let mut flow = client.begin("login", "").await;
    let mut looks = Vec::new();
    for more in [
        json!({}),
        json!({"resend": "code"}),
        json!({"code": "x00000"}),
        json!({}),
    ] {
        let body = both(json!({"method": "code", "identifier": name}), more);
        let answer = client.submit(&flow, body).await;
        flow = match answer.header("location") {
            Some(_) => client.led_to("login", &answer).await,
            None => answer.json(),
        };
        looks.push(look(&answer, &flow, name));
    }
    looks
}

#[tokio::test]
async fn known_and_unknown_names_look_alike_in_a_login() {
    let world = town(mitigating()).await;
    folk(&world).await;
    for make in KINDS {
        let unknown = looks(&mut make(&world), "dora").await;
        assert!(unknown[0].contains("1490013") && unknown[0].contains("sent_email"));
        assert!(unknown[2].contains("4010008"), "{}", unknown[2]);
        for name in EVERYBODY {
            assert_eq!(looks(&mut make(&world), name).await, unknown, "{name}");
        }
    }
}

#[tokio::test]
async fn the_code_goes_to_all_addresses_where_a_choice_would_tell() {
    let world = town(mitigating()).await;
    folk(&world).await;
    for (to, before) in [(BOB[0], [0, 1, 1]), (BOB[1], [0, 2, 2])] {
        let mut app = Client::app(&world);
        let flow = app.begin("login", "").await;
        let mut body = json!({"method": "code", "identifier": "bob"});
        let flow = app.submit(&flow, body.clone()).await.json();
        assert_eq!(received(&world).await, before);
        body["code"] = world.code(to).await.into();
        let answer = app.submit(&flow, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_refresh_without_its_session_tells_nothing_either() {
    let world = town(mitigating()).await;
    folk(&world).await;
    let mut looks = Vec::new();
    for name in EVERYBODY {
        let mut app = Client::app(&world);
        app.sign_in("ann", crate::folk::PASSWORD).await;
        let flow = app.begin("login", "?refresh=true").await;
        app.token.clear();
        let answer = app
            .submit(&flow, json!({"method": "code", "identifier": name}))
            .await;
        looks.push(look(&answer, &answer.json(), name));
    }
    assert!(looks.iter().all(|look| *look == looks[0]), "{looks:?}");
}

#[tokio::test]
async fn two_screens_tell_nothing() {
    let world = town(both(
        mitigating(),
        json!({"selfservice": {
            "flows": {"login": {"style": "identifier_first"}},
            "methods": {"password": {"enabled": false}, "totp": {"enabled": false}, "lookup_secret": {"enabled": false}},
        }}),
    ))
    .await;
    folk(&world).await;
    let mut looks = Vec::new();
    for name in EVERYBODY {
        let mut script = Client::script(&world);
        let flow = script.begin("login", "").await;
        let body = json!({"method": "identifier_first", "identifier": name});
        let answer = script.submit(&flow, body).await;
        let flow = answer.json();
        let first = look(&answer, &flow, name);
        let answer = script
            .submit(&flow, json!({"method": "code", "identifier": name}))
            .await;
        looks.push((first, look(&answer, &answer.json(), name)));
    }
    assert!(looks.iter().all(|look| *look == looks[0]), "{looks:?}");
}

#[tokio::test]
async fn known_and_unknown_names_look_alike_in_a_recovery() {
    for (field, more) in [
        ("email", json!({})),
        ("email", mitigating()),
        ("recovery_address", both(mitigating(), choosing())),
    ] {
        let world = town(more).await;
        folk(&world).await;
        let mut all = Vec::new();
        // Names of one length, since masks show it.
        for name in ["ann", "bob", "cid", "dor"] {
            let mut script = Client::script(&world);
            let flow = script.begin("recovery", "").await;
            let answer = script
                .submit(&flow, json!({"method": "code", field: name}))
                .await;
            let flow = answer.json();
            let asked = look(&answer, &flow, name);
            let answer = script
                .submit(&flow, json!({"method": "code", "code": "000000"}))
                .await;
            all.push((asked, look(&answer, &answer.json(), name)));
        }
        assert!(all.iter().all(|look| *look == all[0]), "{field}: {all:?}");
        assert_eq!(received(&world).await, [1, 1, 1], "{field}");
    }
}
