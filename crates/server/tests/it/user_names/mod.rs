//! Codes for people who give a user name (a trait with `code: {identifier: true}` and no `via`): to which address they
//! go, who chooses it, and what strangers learn.
//!
//! Ann has one address, Bob two, Cid none that a code can be sent to; nobody is called Dora.

mod hidden;
mod login;
mod recovery;

use serde_json::{Value, json};

use crate::client::{Client, value_of};
use crate::folk::{person, settings};
use crate::world::{Answer, World, as_url, merge};

const ANN: &str = "ann-1@example.org";
const BOB: [&str; 2] = ["bob-1@example.org", "rob-2@example.net"];

/// User names that codes know, and two addresses with these uses.
fn schema(address: &Value) -> Value {
    let name =
        json!({"credentials": {"password": {"identifier": true}, "code": {"identifier": true}}});
    json!({
        "$id": "https://example.org/names.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {
            "username": {"type": "string", "ory.sh/kratos": name},
            "email": {"type": "string", "format": "email", "ory.sh/kratos": address},
            "second": {"type": "string", "format": "email", "ory.sh/kratos": address},
        }}},
    })
}

/// A server where addresses are for codes, too; `more` is merged over its configuration.
async fn town(more: Value) -> World {
    let codes = json!({"code": {"identifier": true, "via": "email"}});
    town_with(
        &json!({"credentials": codes, "recovery": {"via": "email"}}),
        more,
    )
    .await
}

/// A server where addresses can be verified, and no code signs in by their names.
async fn town_of_verified_addresses(more: Value) -> World {
    town_with(
        &json!({"verification": {"via": "email"}, "recovery": {"via": "email"}}),
        more,
    )
    .await
}

async fn town_with(address: &Value, more: Value) -> World {
    let mut all = json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema(address))}]},
        "feature_flags": {"use_continue_with_transitions": true},
    });
    merge(&mut all, more);
    World::with(settings(all)).await
}

async fn folk(world: &World) {
    for traits in [
        json!({"username": "Ann", "email": ANN}),
        json!({"username": "Bob", "email": BOB[0], "second": BOB[1]}),
        json!({"username": "Cid"}),
    ] {
        world.create(&person(traits, json!({}))).await;
    }
}

/// Account enumeration is mitigated.
fn mitigating() -> Value {
    json!({"security": {"account_enumeration": {"mitigate": true}}})
}

/// Recovery with a choice of the address.
fn choosing() -> Value {
    json!({"feature_flags": {"choose_recovery_address": true}})
}

fn both(mut one: Value, other: Value) -> Value {
    merge(&mut one, other);
    one
}

/// How many messages each of Ann's and Bob's addresses got.
async fn received(world: &World) -> [usize; 3] {
    let count = async |to| world.mails(to).await.len();
    [count(ANN).await, count(BOB[0]).await, count(BOB[1]).await]
}

/// Sends a form. Gives the flow as it is afterwards.
async fn step(client: &mut Client<'_>, kind: &str, flow: &Value, body: Value) -> Value {
    let answer = client.submit(flow, body).await;
    match answer.header("location") {
        Some(_) => client.led_to(kind, &answer).await,
        None => answer.json(),
    }
}

/// The values of the buttons with a name.
fn buttons(flow: &Value, name: &str) -> Vec<String> {
    nodes(flow, name)
        .map(|node| node["attributes"]["value"].as_str().unwrap().to_owned())
        .collect()
}

/// The labels of the nodes with a name.
fn labels(flow: &Value, name: &str) -> Vec<String> {
    nodes(flow, name)
        .map(|node| node["meta"]["label"]["text"].as_str().unwrap().to_owned())
        .collect()
}

fn nodes<'f>(flow: &'f Value, name: &'f str) -> impl Iterator<Item = &'f Value> {
    let nodes = flow["ui"]["nodes"].as_array().unwrap().iter();
    nodes.filter(move |node| node["attributes"]["name"] == name)
}

fn tells_no_address(text: &str) {
    for address in [ANN, BOB[0], BOB[1]] {
        assert!(!text.contains(address), "{address}: {text}");
    }
}

/// Makes a client of some kind.
type Make = for<'w> fn(&'w World) -> Client<'w>;

/// An app, a script and a browser.
const KINDS: [Make; 3] = [
    |world| Client::app(world),
    |world| Client::script(world),
    |world| Client::browser(world),
];

/// What of an answer could tell people apart, `name` being who was asked for.
fn look(answer: &Answer, flow: &Value, name: &str) -> String {
    let mut shown = flow.clone();
    let token = value_of(flow, "csrf_token").to_string();
    for member in ["expires_at", "issued_at", "created_at", "updated_at"] {
        shown[member] = Value::Null;
    }
    // What operators see in development mode, and the id of the request.
    shown["bia"] = Value::Null;
    let text = format!("{} {shown}", answer.status);
    text.replace(flow["id"].as_str().unwrap(), "ID")
        .replace(&token, "TOKEN")
        .replace(name, "NAME")
}
