//! B21: who signs up with somebody else's address learns nothing of it (`bia.registration.hide_existing_accounts`).
//!
//! What is answered for a taken address is held against what is answered for a free one, whole: status, headers, the
//! cookies that are set, and the body, with what is random or a time in both put aside.

use bia_webauthn::Algorithm;
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, value_of};
use crate::folk::{self, MAIL, OTHER, PASSWORD, person, settings};
use crate::provider::{Browser, Provider};
use crate::world::{Answer, World, as_url, merge};

/// As long as [`MAIL`], which is taken.
const FREE: &str = "user-2@example.org";

const NOTICE: &str = "bia_account_exists";

/// A server that hides who has an account; `more` is merged over its settings.
async fn discreet(more: Value) -> World {
    World::with(hiding(more)).await
}

fn hiding(more: Value) -> Value {
    let none = json!({"hooks": []});
    let rp = json!({"id": "example.org", "display_name": "Example", "origins": ["https://login.example.org"]});
    let mut email = folk::schema();
    let marks =
        &mut email["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"];
    marks["webauthn"] = json!({"identifier": true});
    marks["passkey"] = json!({"display_name": true});
    let mut all = settings(json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&email)}]},
        "security": {"account_enumeration": {"mitigate": true}},
        "selfservice": {
            "methods": {
                "passkey": {"enabled": true, "config": {"rp": rp}},
                "webauthn": {"enabled": true, "config": {"passwordless": true, "rp": rp}},
            },
            "flows": {"registration": {"after": {"password": none, "code": none}}},
        },
        "bia": {"registration": {"hide_existing_accounts": true}},
    }));
    merge(&mut all, more);
    all
}

async fn with_an_account(world: &World) -> String {
    let made = person(json!({"email": MAIL}), json!({}));
    world.create(&made).await
}

/// The types of the messages to an address.
async fn types(world: &World, to: &str) -> Vec<String> {
    let mails = world.mails(to).await;
    mails.into_iter().map(|mail| mail.template_type).collect()
}

async fn accounts(world: &World) -> usize {
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    all.as_array().unwrap().len()
}

/// An answer without what is random, a time, or the address.
fn plain(answer: &Answer) -> Value {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            // Cookies: which, and for whom; not what they hold.
            let value = match (name.as_str(), value.split_once('=')) {
                ("set-cookie", Some((cookie, rest))) => {
                    let more = rest.split_once(';').map_or("", |(_, more)| more);
                    let kept = more
                        .split(';')
                        .filter(|part| !part.trim().starts_with("Expires"));
                    format!("{cookie};{}", kept.collect::<Vec<_>>().join(";"))
                }
                ("content-length" | "x-request-id" | "date", _) => String::new(),
                _ => without_ids(value),
            };
            format!("{name}: {value}")
        })
        .collect();
    headers.sort();
    let body = serde_json::from_str(&answer.body).map_or_else(
        |_| json!(without_ids(&answer.body)),
        |mut body: Value| {
            redact(&mut body);
            body
        },
    );
    json!({"status": answer.status.as_u16(), "headers": headers, "body": body})
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("name") == Some(&json!("csrf_token")) {
                members.insert("value".into(), json!("{masked}"));
            }
            members.values_mut().for_each(redact);
        }
        Value::Array(all) => all.iter_mut().for_each(redact),
        Value::String(text) => {
            let format = time::format_description::well_known::Rfc3339;
            *text = if time::OffsetDateTime::parse(text, &format).is_ok() {
                "{time}".to_owned()
            } else {
                without_ids(text)
            };
        }
        _ => {}
    }
}

/// UUIDs and the two addresses are put aside.
fn without_ids(text: &str) -> String {
    let text = text.replace(MAIL, "{address}").replace(FREE, "{address}");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        if rest
            .get(..36)
            .is_some_and(|id| uuid::Uuid::try_parse(id).is_ok())
        {
            plain.push_str("{id}");
            rest = &rest[36..];
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    plain
}

type Make = for<'w> fn(&'w World) -> Client<'w>;

const CLIENTS: [(&str, Make); 3] = [
    ("app", |world| Client::app(world)),
    ("script", |world| Client::script(world)),
    ("browser", |world| Client::browser(world)),
];

/// All answers until somebody with an address is signed up by password, and has typed a wrong code afterwards.
async fn by_password(client: &mut Client<'_>, email: &str) -> Vec<Value> {
    let flow = client.begin("registration", "").await;
    let form = json!({"method": "password", "traits": {"email": email, "name": "Ada"}, "password": PASSWORD});
    let answer = client.submit(&flow, form.clone()).await;
    let mut seen = vec![plain(&answer)];
    if let Some(id) = started(&answer) {
        let mut verification = client.flow("verification", &id).await;
        let wrong = json!({"method": "code", "code": "000000"});
        let refused = client.submit(&verification, wrong).await;
        redact(&mut verification);
        seen.extend([verification, plain(&refused)]);
    }
    seen
}

/// The verification that an answer leads to.
fn started(answer: &Answer) -> Option<String> {
    if let Some(to) = answer.header("location") {
        return crate::client::flow_in(to);
    }
    let items = answer.json()["continue_with"].clone();
    let mut items = items.as_array().cloned().unwrap_or_default().into_iter();
    let shown = items.find(|item| item["action"] == "show_verification_ui")?;
    Some(shown["flow"]["id"].as_str()?.to_owned())
}

#[tokio::test]
async fn a_taken_address_is_answered_as_a_free_one_by_password() {
    let verification = json!({"hooks": [{"hook": "show_verification_ui"}]});
    let shown =
        json!({"selfservice": {"flows": {"registration": {"after": {"password": verification}}}}});
    let by_link = json!({"selfservice": {"flows": {"verification": {"use": "link"}}}});
    let unverified = json!({"selfservice": {"flows": {"verification": {"enabled": false}}}});
    for more in [json!({}), shown, by_link, unverified] {
        let world = discreet(more.clone()).await;
        let id = with_an_account(&world).await;
        let before = world.whole(&id).await;
        for (n, (kind, make)) in CLIENTS.into_iter().enumerate() {
            let taken = by_password(&mut make(&world), MAIL).await;
            // Each time one that is free.
            let free = format!("user-{}@example.org", n + 3);
            let told = by_password(&mut make(&world), &free).await;
            let told = json!(told).to_string().replace(&free, "{address}");
            assert_eq!(json!(taken).to_string(), told, "{kind} {more}");
            assert_eq!(types(&world, MAIL).await.len(), n + 1, "{kind} {more}");
        }
        assert!(types(&world, MAIL).await.iter().all(|kind| kind == NOTICE));
        assert_eq!(accounts(&world).await, 4);
        assert_eq!(world.whole(&id).await, before, "{more}");
        for (password, status) in [(PASSWORD, 200), (OTHER, 400)] {
            let answer = Client::app(&world).sign_in(MAIL, password).await;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn the_owner_learns_what_was_tried_and_how_to_go_on() {
    let world = discreet(json!({})).await;
    with_an_account(&world).await;
    by_password(&mut Client::app(&world), MAIL).await;
    let mails = world.mails(MAIL).await;
    assert_eq!(mails.len(), 1);
    let body = &mails[0].body;
    for url in [
        "/self-service/login/browser",
        "/self-service/recovery/browser",
    ] {
        assert!(
            body.contains(&format!("http://public.example.org{url}")),
            "{body}"
        );
    }
    assert!(
        !body.contains("Ada"),
        "what a stranger typed is not passed on: {body}"
    );
    // By any spelling of the address, and once more where the account knows it for recovery alone.
    by_password(&mut Client::app(&world), "User-1@Example.ORG").await;
    assert_eq!(types(&world, MAIL).await, [NOTICE, NOTICE]);
    let made = person(json!({"username": "ann", "backup": FREE}), json!({}));
    world.create(&made).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let traits = json!({"email": "user-3@example.org", "backup": FREE});
    let form = json!({"method": "password", "traits": traits, "password": PASSWORD});
    let answer = app.submit(&flow, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(types(&world, FREE).await, [NOTICE]);
    assert_eq!(accounts(&world).await, 2);
}

#[tokio::test]
async fn strangers_cannot_flood_the_owner() {
    let world = discreet(json!({"bia": {"abuse": {"messages_per_address": 2}}})).await;
    with_an_account(&world).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(by_password(&mut Client::app(&world), MAIL).await);
    }
    assert_eq!(types(&world, MAIL).await.len(), 2);
    assert!(
        seen.windows(2).all(|two| two[0] == two[1]),
        "the answer stays the same"
    );
}

#[tokio::test]
async fn whoever_signs_up_in_two_steps_learns_nothing_in_either() {
    let world =
        discreet(json!({"selfservice": {"flows": {"registration": {"style": "profile_first"}}}}))
            .await;
    with_an_account(&world).await;
    for (kind, make) in CLIENTS {
        let mut both = Vec::new();
        for email in [MAIL, FREE] {
            let mut client = make(&world);
            let flow = client.begin("registration", "").await;
            let form = json!({"method": "profile", "traits": {"email": email}});
            let answer = client.submit(&flow, form).await;
            both.push(plain(&answer));
        }
        // The challenges of keys are random, and the same in each flow otherwise.
        let nodes = |seen: &Value| seen["body"]["ui"]["nodes"].as_array().map_or(0, Vec::len);
        assert_eq!(both[0]["status"], both[1]["status"], "{kind}");
        assert_eq!(both[0]["headers"], both[1]["headers"], "{kind}");
        assert_eq!(nodes(&both[0]), nodes(&both[1]), "{kind}");
    }
    assert!(types(&world, MAIL).await.is_empty());
}

/// All answers of a sign-up by code, with wrong codes to the end; the right one is used by nobody.
async fn by_code(client: &mut Client<'_>, kind: &str, email: &str) -> Vec<Value> {
    let flow = client.begin("registration", "").await;
    let traits = json!({"email": email});
    let ask = json!({"method": "code", "traits": traits});
    let answer = client.submit(&flow, ask).await;
    let mut seen = vec![plain(&answer)];
    let id = flow["id"].as_str().unwrap();
    let mut flow = client.flow("registration", id).await;
    for n in 0..7 {
        let form = if n == 1 {
            json!({"resend": "code", "method": "code", "traits": traits})
        } else {
            json!({"method": "code", "traits": traits, "code": "000000"})
        };
        let answer = client.submit(&flow, form).await;
        seen.push(plain(&answer));
        flow = client.flow("registration", id).await;
        let mut shown = flow.clone();
        redact(&mut shown);
        seen.push(shown);
    }
    assert!(!seen.is_empty(), "{kind}");
    seen
}

#[tokio::test]
async fn by_code_the_owner_gets_a_notice_in_the_place_of_a_code() {
    let world = discreet(json!({})).await;
    let id = with_an_account(&world).await;
    for (kind, make) in CLIENTS {
        let taken = by_code(&mut make(&world), kind, MAIL).await;
        let free = by_code(&mut make(&world), kind, FREE).await;
        assert_eq!(json!(taken), json!(free), "{kind}");
    }
    let (taken, free) = (types(&world, MAIL).await, types(&world, FREE).await);
    assert_eq!((taken.len(), free.len()), (6, 6));
    assert!(taken.iter().all(|kind| kind == NOTICE), "{taken:?}");
    assert!(
        free.iter().all(|kind| kind == "registration_code_valid"),
        "{free:?}"
    );
    assert_eq!(accounts(&world).await, 1);
    assert_eq!(world.whole(&id).await["id"], json!(id));
}

#[tokio::test]
async fn whoever_proves_an_address_by_a_code_is_told_that_it_became_somebody_s_meanwhile() {
    let world = discreet(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let traits = json!({"email": MAIL});
    app.submit(&flow, json!({"method": "code", "traits": traits}))
        .await;
    let code = world.code(MAIL).await;
    with_an_account(&world).await;
    let form = json!({"method": "code", "traits": traits, "code": code});
    let answer = app.submit(&flow, form).await;
    assert_eq!(messages(&answer.json()), [4_000_007], "{}", answer.body);
}

#[tokio::test]
async fn a_second_address_of_somebody_is_hidden_from_who_proved_the_first() {
    let world = discreet(json!({})).await;
    let made = person(json!({"username": "ann", "second": FREE}), json!({}));
    world.create(&made).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let traits = json!({"email": MAIL, "second": FREE});
    app.submit(&flow, json!({"method": "code", "traits": traits}))
        .await;
    let form = json!({"method": "code", "traits": traits, "code": world.code(MAIL).await});
    let answer = app.submit(&flow, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(types(&world, FREE).await, [NOTICE]);
    assert_eq!(accounts(&world).await, 1);
}

/// A key's answer to a fresh flow of a browser's script, sent with an address.
async fn by_key(world: &World, method: &str, email: &str) -> (Value, Value) {
    let (field, answer) = match method {
        "passkey" => ("passkey_create_data", "passkey_register"),
        _ => ("webauthn_register_trigger", "webauthn_register"),
    };
    let mut script = Client::script(world);
    let flow = script.begin("registration", "").await;
    let text = match value_of(&flow, field) {
        Value::String(text) if text.starts_with('{') => text,
        // The trigger of a security key calls a function with the options.
        other => options_in(&flow, &other),
    };
    let options: Value = serde_json::from_str(&text).unwrap();
    let options = options.get("credentialOptions").unwrap_or(&options);
    let made = crate::passkeys::key(Algorithm::Es256).create(&options["publicKey"]);
    let form = json!({"method": method, "traits": {"email": email}, answer: made, "webauthn_register_displayname": "mine"});
    let first = script.submit(&flow, form.clone()).await;
    let again = script.submit(&flow, form).await;
    (plain(&first), plain(&again))
}

fn options_in(flow: &Value, shown: &Value) -> String {
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    let mut attributes = nodes.iter().map(|node| &node["attributes"]);
    let trigger = attributes.find(|a| a["name"] == "webauthn_register_trigger");
    let call = trigger.and_then(|a| a["onclick"].as_str());
    let call = call.unwrap_or_else(|| panic!("{shown} {flow}"));
    let (from, to) = (call.find('(').unwrap() + 1, call.rfind(')').unwrap());
    call[from..to].to_owned()
}

#[tokio::test]
async fn keys_are_taken_and_used_up_as_if_an_account_were_made() {
    let world = discreet(json!({})).await;
    with_an_account(&world).await;
    for (method, free) in [("passkey", FREE), ("webauthn", "user-3@example.org")] {
        let taken = by_key(&world, method, MAIL).await;
        let told = by_key(&world, method, free).await;
        assert_eq!(taken.0["status"], 200, "{method}: {}", taken.0);
        let of = |seen: (Value, Value)| {
            json!([seen.0, seen.1])
                .to_string()
                .replace(free, "{address}")
        };
        assert_eq!(of(taken), of(told), "{method}");
    }
    assert_eq!(accounts(&world).await, 3);
    assert_eq!(types(&world, MAIL).await, [NOTICE, NOTICE]);
}

#[tokio::test]
async fn a_taken_user_name_is_told_with_or_without_a_taken_address_beside_it() {
    let hints = json!({"selfservice": {"flows": {"registration": {"login_hints": true}}}});
    for (more, expected) in [(json!({}), 4_000_007), (hints, 4_000_028)] {
        let world = discreet(more).await;
        with_an_account(&world).await;
        let made = person(json!({"username": "ann"}), json!({}));
        world.create(&made).await;
        let mut told = Vec::new();
        for email in [MAIL, FREE] {
            let mut app = Client::app(&world);
            let flow = app.begin("registration", "").await;
            let traits = json!({"email": email, "username": "ann"});
            let form = json!({"method": "password", "traits": traits, "password": PASSWORD});
            let answer = app.submit(&flow, form).await;
            assert_eq!(messages(&answer.json()), [expected], "{}", answer.body);
            told.push(plain(&answer));
        }
        // Whether the address is taken as well does not show, not even to who is given hints.
        let messages = |seen: &Value| seen["body"]["ui"]["messages"].clone();
        assert_eq!(messages(&told[0]), messages(&told[1]));
        assert!(types(&world, MAIL).await.is_empty());
    }
}

#[tokio::test]
async fn nobody_else_is_told_of_an_account_that_was_not_made() {
    let hook = json!({"hook": "web_hook", "config": {
        "id": "crm", "url": "http://127.0.0.1:9/", "method": "POST", "body": "base64://e30=", "response": {"ignore": true},
    }});
    let world = discreet(json!({
        "selfservice": {"flows": {"registration": {"after": {"password": {"hooks": [hook]}}}}},
        "bia": {"hooks": {"outbox": true}},
    }))
    .await;
    with_an_account(&world).await;
    for (email, calls) in [(MAIL, 0), (FREE, 1)] {
        by_password(&mut Client::app(&world), email).await;
        let all = world.admin("GET", "/admin/bia/hooks/outbox", &[]).await;
        assert_eq!(all.json().as_array().map(Vec::len), Some(calls), "{email}");
    }
}

#[tokio::test]
async fn a_provider_s_word_counts_only_where_it_vouches_for_the_address() {
    for vouches in [false, true] {
        let provider = Provider::start().await;
        let mut entry = provider.entry();
        if vouches {
            use base64::{Engine, engine::general_purpose::STANDARD};
            let mapper = "local c = std.extVar('claims'); {identity: {traits: {email: c.email}, \
                verified_addresses: [{via: 'email', value: c.email}]}}";
            entry["mapper_url"] = json!(format!("base64://{}", STANDARD.encode(mapper)));
        }
        let world = discreet(json!({
            "secrets": {"cipher": ["32-LONG-SECRET-NOT-SECURE-AT-ALL"]},
            "ciphers": {"algorithm": "xchacha20-poly1305"},
            "selfservice": {"methods": {"oidc": {"enabled": true, "config": {"providers": [entry]}}}},
        }))
        .await;
        with_an_account(&world).await;
        let mut led = Vec::new();
        for email in [MAIL, FREE] {
            provider.user(json!({"sub": format!("of-{email}"), "email": email}));
            let answer = Browser::default().sign_in(&world, "registration").await;
            led.push((
                answer.status,
                without_ids(answer.header("location").unwrap()),
            ));
        }
        if vouches {
            assert!(led[0].1.contains("/login?flow="), "{led:?}");
            assert_eq!(types(&world, MAIL).await, [] as [&str; 0]);
        } else {
            assert_eq!(led[0], led[1]);
            assert_eq!(types(&world, MAIL).await, [NOTICE]);
        }
        assert_eq!(accounts(&world).await, 2);
    }
}

#[tokio::test]
async fn without_the_key_all_is_as_it_was() {
    let off = json!({"bia": {"registration": {"hide_existing_accounts": false}}});
    let world = discreet(off).await;
    with_an_account(&world).await;
    for (kind, make) in CLIENTS {
        let mut client = make(&world);
        let flow = client.begin("registration", "").await;
        let form = json!({"method": "password", "traits": {"email": MAIL}, "password": PASSWORD});
        client.submit(&flow, form).await;
        let flow = client
            .flow("registration", flow["id"].as_str().unwrap())
            .await;
        assert_eq!(messages(&flow), [4_000_007], "{kind}");
    }
    assert!(types(&world, MAIL).await.is_empty());
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    app.submit(&flow, json!({"method": "code", "traits": {"email": MAIL}}))
        .await;
    assert_eq!(types(&world, MAIL).await, ["registration_code_valid"]);
}
