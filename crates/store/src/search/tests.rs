use std::time::Duration;

use bia_model::{Channel, Credential, Identity, IdentityState, MethodName, VerifiableAddress};
use serde_json::json;
use time::macros::datetime;
use uuid::Uuid;

use super::find::{COUNT, FIRST_ENTRIES, FIRST_TERMS, LATER_TERMS, SAME_TERM, find};
use super::term::{Condition, Searchable, terms};
use crate::{Dsn, Store, args, migrate, network};

fn ann() -> Identity {
    let now = datetime!(2026-03-01 12:00 UTC);
    let traits = json!({
        "email": "Ann@Example.org", "name": {"first": "Ann Marie", "last": "Ünal"},
        "tags": ["Red", 7, true, {"not": "this"}],
    });
    let mut ann = Identity::new("person", traits, now);
    ann.external_id = Some("EMP-1".to_owned());
    let named = || vec!["ann@example.org".to_owned()];
    ann.credentials = vec![
        Credential::new(
            MethodName::Password,
            named(),
            json!({"hashed_password": "x"}),
            now,
        ),
        Credential::new(MethodName::Webauthn, named(), json!({}), now),
        Credential::new(
            MethodName::Oidc,
            vec!["shop:Subject-1".to_owned()],
            json!({"providers": [{}]}),
            now,
        ),
    ];
    ann.verifiable_addresses = vec![VerifiableAddress::new(
        Channel::Email,
        "ann@example.org",
        now,
    )];
    ann
}

#[test]
fn an_identity_is_found_by_what_people_know_of_it() {
    let searchable = Searchable::new(&["name.first".into(), "tags".into(), "none.such".into()]);
    let terms = terms(&ann(), &searchable);
    for (condition, expected) in [
        (Condition::word("ann@ex"), true),
        (Condition::word("ANN@EXAMPLE.ORG"), true),
        (Condition::word("emp-1"), true),
        (Condition::word("shop:subject"), true),
        (Condition::word("marie"), true),
        (Condition::word("ann marie"), true),
        (Condition::word("red"), true),
        (Condition::word("example.org"), false),
        // Not one of the chosen traits.
        (Condition::word("ünal"), false),
        (Condition::of_trait("name.first", "ann MARIE"), true),
        (Condition::of_trait("name.first", "ann"), false),
        (Condition::of_trait("tags", "7"), true),
        (Condition::method(MethodName::Password), true),
        (Condition::method(MethodName::Oidc), true),
        // The schema gave it an empty credential.
        (Condition::method(MethodName::Webauthn), false),
        (Condition::schema("person"), true),
        (Condition::schema("perso"), false),
        (Condition::verified(false), true),
        (Condition::verified(true), false),
    ] {
        assert_eq!(condition.fits(&terms), expected, "{condition:?}");
    }
}

#[test]
fn other_traits_make_another_shape_and_their_order_does_not_matter() {
    let of = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        Searchable::new(&paths).shape()
    };
    assert_eq!(of(&["a", "b"]), of(&["b", "a"]));
    assert_ne!(of(&["a", "b"]), of(&["ab"]));
    assert_ne!(of(&[]), of(&["a"]));
}

#[test]
fn long_values_and_many_terms_are_bounded() {
    let mut ann = ann();
    ann.traits =
        json!({"tags": (0..500).map(|n| format!("{n}{}", "x".repeat(999))).collect::<Vec<_>>()});
    let terms = terms(&ann, &Searchable::new(&["tags".into()]));
    assert_eq!(terms.len(), 100);
    assert!(terms.iter().all(|term| term.chars().count() < 320));
}

async fn ready() -> Store {
    let store = Store::connect(&Dsn::parse("memory").unwrap(), Duration::ZERO)
        .await
        .unwrap();
    let now = datetime!(2026-03-01 12:00 UTC);
    migrate::up(&store, now).await.unwrap();
    network::ensure(&store, now).await.unwrap();
    store
}

/// Everybody is active, and every third one has a name that begins so: both are too many to be counted.
#[tokio::test]
async fn of_several_common_conditions_the_rarest_leads() {
    let store = ready().await;
    let mut conn = store.write().await.unwrap();
    let nid = conn.nid();
    let mut term_rows = Vec::new();
    let mut entry_rows = Vec::new();
    for n in 0..3300 {
        let id = Uuid::new_v4();
        entry_rows.push([
            nid.into(),
            id.into(),
            0_i64.into(),
            0_i64.into(),
            0_i64.into(),
            0_i64.into(),
        ]);
        term_rows.push([nid.into(), "s:active".into(), id.into()]);
        if n % 3 == 0 {
            term_rows.push([nid.into(), format!("w:user-{n}").into(), id.into()]);
        }
    }
    let terms = "INSERT INTO bia_search_term (nid, term, identity_id) VALUES $*";
    conn.insert_rows(terms, &term_rows).await.unwrap();
    let entries = "INSERT INTO bia_search_entry (nid, identity_id, changed_at, verified, shape, indexed_at) VALUES $*";
    conn.insert_rows(entries, &entry_rows).await.unwrap();
    let (common, rarer) = (
        Condition::state(IdentityState::Active),
        Condition::word("user-"),
    );
    for (conditions, leads) in [([common.clone(), rarer.clone()], 1), ([rarer, common], 0)] {
        let found = find(&mut conn, &conditions, None, 10).await.unwrap();
        assert_eq!(found.next.unwrap().leading, leads, "{conditions:?}");
    }
}

#[tokio::test]
async fn every_question_is_answered_by_an_index() {
    let store = ready().await;
    let mut conn = store.read().await.unwrap();
    let nid = conn.nid();
    for (sql, arguments) in [
        (COUNT, args![nid, "w:a", "w:b"].to_vec()),
        (SAME_TERM, args![nid, "w:a", nid, 10_i64].to_vec()),
        (LATER_TERMS, args![nid, "w:a", "w:b", 10_i64].to_vec()),
        (FIRST_TERMS, args![nid, "w:a", "w:b", nid].to_vec()),
        (FIRST_ENTRIES, args![nid, 10_i64].to_vec()),
    ] {
        let sql = format!("EXPLAIN QUERY PLAN {}", sql.replace("$*", "$4"));
        let rows = conn.fetch_all(sql.leak(), &arguments).await.unwrap();
        let mut plan = Vec::new();
        for row in &rows {
            let mut columns = row.columns("plan");
            columns.skip(3);
            plan.push(columns.take::<String>().unwrap());
        }
        let plan = plan.join("; ");
        assert!(
            plan.contains("SEARCH bia_search_")
                && plan.contains(" USING ")
                && plan.contains("(nid=?"),
            "{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{plan}");
    }
}
