//! Identities are found by what stands in them, also by what somebody else has written.

use bia_model::{Credential, Identity, IdentityState, MethodName};
use bia_store::search::{self, Condition, Position, Searchable};
use bia_store::{args, identity, transact};
use serde_json::json;
use time::Duration;

use crate::databases::on_each_database;
use crate::people::{keep, kept, person};
use crate::place::{NOW, Place};

on_each_database!(
    what_is_kept_is_found_and_follows_every_change,
    pages_follow_each_other_without_gaps_or_repeats,
    a_rare_condition_leads_wherever_it_stands,
    what_the_reference_wrote_is_found_after_a_round,
    other_traits_are_found_after_a_round,
    a_round_goes_on_behind_one_who_cannot_be_read,
);

/// The addresses of those who are found, in the order in which they are.
async fn found(place: &Place, conditions: &[Condition]) -> Vec<String> {
    let mut conn = place.store.read().await.unwrap();
    let found = search::find(&mut conn, conditions, None, 100)
        .await
        .unwrap();
    assert_eq!(found.next, None);
    found.items.iter().map(email).collect()
}

fn email(identity: &Identity) -> String {
    identity.traits["email"].as_str().unwrap().to_owned()
}

async fn refresh_all(place: &Place) -> usize {
    let mut indexed = 0;
    loop {
        let looked = search::refresh(&place.store).await.unwrap();
        indexed += looked.indexed;
        if looked.round_ended {
            return indexed;
        }
    }
}

async fn what_is_kept_is_found_and_follows_every_change(place: &Place) {
    let mut ann = kept(&place.store, "ann@example.org").await;
    kept(&place.store, "bob@example.org").await;
    let word = [Condition::word("ANN")];
    assert_eq!(found(place, &word).await, ["ann@example.org"]);
    assert_eq!(found(place, &[Condition::word("an_")]).await, [""; 0]);
    assert_eq!(
        found(place, &[Condition::method(MethodName::Password)])
            .await
            .len(),
        2
    );

    let totp = json!({"totp_url": "otpauth://totp/x"});
    let id = ann.id.to_string();
    ann.set_credential(Credential::new(MethodName::Totp, vec![id], totp, NOW));
    ann.state = IdentityState::Inactive;
    let later = NOW + Duration::minutes(1);
    transact!(place.store, tx => identity::update(tx, &mut ann, later).await).unwrap();
    for condition in [
        Condition::method(MethodName::Totp),
        Condition::state(IdentityState::Inactive),
    ] {
        assert_eq!(found(place, &[condition]).await, ["ann@example.org"]);
    }

    let mut conn = place.store.write().await.unwrap();
    let address = ann.verifiable_addresses[0].id;
    assert!(
        identity::mark_verified(&mut conn, address, later)
            .await
            .unwrap()
    );
    drop(conn);
    assert_eq!(
        found(place, &[Condition::verified(true)]).await,
        ["ann@example.org"]
    );
    assert_eq!(
        found(place, &[Condition::verified(false)]).await,
        ["bob@example.org"]
    );

    transact!(place.store, tx => identity::delete(tx, ann.id).await).unwrap();
    assert_eq!(found(place, &word).await, [""; 0]);
}

async fn pages_follow_each_other_without_gaps_or_repeats(place: &Place) {
    for n in 0..25 {
        let mut somebody = person(&format!("user-{n:02}@example.org"));
        // A second word that begins alike: nobody comes twice.
        somebody.external_id = Some(format!("USER-{:02}", 24 - n));
        keep(&place.store, &somebody).await.unwrap();
    }
    for conditions in [
        vec![Condition::word("user")],
        vec![Condition::schema("default")],
        vec![
            Condition::word("user"),
            Condition::state(IdentityState::Active),
        ],
    ] {
        let mut all = Vec::new();
        let mut after: Option<Position> = None;
        loop {
            let mut conn = place.store.read().await.unwrap();
            let page = search::find(&mut conn, &conditions, after, 4)
                .await
                .unwrap();
            assert!(page.items.len() <= 4);
            all.extend(page.items.iter().map(|i| i.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 25, "{conditions:?}");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 25, "{conditions:?}");
    }
}

async fn a_rare_condition_leads_wherever_it_stands(place: &Place) {
    for n in 0..6 {
        kept(&place.store, &format!("user-{n}@example.org")).await;
    }
    let rare = Condition::word("user-3");
    let common = Condition::method(MethodName::Password);
    for conditions in [[common.clone(), rare.clone()], [rare, common]] {
        assert_eq!(found(place, &conditions).await, ["user-3@example.org"]);
    }
    let facts = [
        Condition::state(IdentityState::Active),
        Condition::verified(false),
        Condition::schema("default"),
    ];
    assert_eq!(found(place, &facts).await.len(), 6);
    let contradictory = [Condition::word("user-3"), Condition::word("user-4")];
    assert_eq!(found(place, &contradictory).await, [""; 0]);
    assert_eq!(found(place, &[]).await, [""; 0]);
}

async fn what_the_reference_wrote_is_found_after_a_round(place: &Place) {
    let ann = kept(&place.store, "ann@example.org").await;
    let bob = kept(&place.store, "bob@example.org").await;
    let eve = kept(&place.store, "eve@example.org").await;
    refresh_all(place).await;
    let mut conn = place.store.write().await.unwrap();
    let nid = conn.nid();
    // Ann was made by the reference, Bob changed, Eve deleted.
    for sql in [
        "DELETE FROM bia_search_term WHERE nid = $1 AND identity_id = $2",
        "DELETE FROM bia_search_entry WHERE nid = $1 AND identity_id = $2",
    ] {
        conn.execute(sql, args![nid, ann.id]).await.unwrap();
    }
    conn.execute(
        "UPDATE identities SET state = $1, updated_at = $2 WHERE nid = $3 AND id = $4",
        args!["inactive", NOW + Duration::minutes(1), nid, bob.id],
    )
    .await
    .unwrap();
    conn.execute(
        "UPDATE identity_verifiable_addresses SET verified = $1 WHERE nid = $2 AND identity_id = $3",
        args![true, nid, bob.id],
    )
    .await
    .unwrap();
    conn.execute(
        "DELETE FROM identities WHERE nid = $1 AND id = $2",
        args![nid, eve.id],
    )
    .await
    .unwrap();
    drop(conn);
    // Nobody is found who does not fit any more.
    assert_eq!(
        found(place, &[Condition::state(IdentityState::Active)]).await,
        [""; 0]
    );

    assert!(refresh_all(place).await >= 2);
    assert_eq!(
        found(place, &[Condition::word("ann")]).await,
        ["ann@example.org"]
    );
    assert_eq!(
        found(
            place,
            &[
                Condition::state(IdentityState::Inactive),
                Condition::verified(true)
            ]
        )
        .await,
        ["bob@example.org"]
    );
    let mut conn = place.store.read().await.unwrap();
    let left: i64 = conn
        .fetch_one(
            "SELECT COUNT(*) FROM bia_search_term WHERE identity_id = $1",
            args![eve.id],
        )
        .await
        .unwrap()
        .only("bia_search_term")
        .unwrap();
    assert_eq!(left, 0);
}

async fn other_traits_are_found_after_a_round(place: &Place) {
    kept(&place.store, "ann@example.org").await;
    let by_name = [Condition::of_trait("name", "ü 1")];
    assert_eq!(found(place, &by_name).await, [""; 0]);
    place
        .store
        .set_searchable(Searchable::new(&["name".into()]));
    assert_eq!(refresh_all(place).await, 1);
    assert_eq!(found(place, &by_name).await, ["ann@example.org"]);
    search::start_over(&place.store).await.unwrap();
    assert_eq!(refresh_all(place).await, 1);
    assert_eq!(
        found(place, &[Condition::word("ü")]).await,
        ["ann@example.org"]
    );
}

async fn a_round_goes_on_behind_one_who_cannot_be_read(place: &Place) {
    // MariaDB keeps no document that is nested so deeply.
    if place.store.dialect() == bia_store::Dialect::MySql {
        return;
    }
    let mut people = Vec::new();
    for name in ["ann", "bob", "cid"] {
        people.push(kept(&place.store, &format!("{name}@example.org")).await);
    }
    people.sort_by_key(|p| p.id);
    let mut conn = place.store.write().await.unwrap();
    let deep = "[".repeat(200) + &"]".repeat(200);
    conn.execute(
        "UPDATE identities SET traits = $1 WHERE id = $2",
        &[bia_store::db::Value::Json(deep.into()), people[1].id.into()],
    )
    .await
    .unwrap();
    conn.execute("DELETE FROM bia_search_entry", &[])
        .await
        .unwrap();
    conn.execute("DELETE FROM bia_search_term", &[])
        .await
        .unwrap();
    drop(conn);
    refresh_all(place).await;
    for somebody in [&people[0], &people[2]] {
        let word = [Condition::word(&email(somebody))];
        assert_eq!(found(place, &word).await, [email(somebody)]);
    }
    assert_eq!(
        found(place, &[Condition::word(&email(&people[1]))]).await,
        [""; 0]
    );
    assert_eq!(
        refresh_all(place).await,
        0,
        "it is not tried again and again"
    );
}
