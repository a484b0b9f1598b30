//! Identities, on each database.

use bia_model::{Aal, Channel, Credential, Identity, IdentityState, MethodName, VerifiableAddress};
use bia_store::identity::{self, Expand, Filter, Page};
use bia_store::{StoreError, Unique, args, transact};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::people::{keep, kept, person};
use crate::place::{NOW, Place};

on_each_database!(
    what_is_kept_comes_back_the_same,
    twenty_sign_ups_for_one_identifier_have_one_winner,
    addresses_and_external_ids_are_unique,
    a_raw_match_wins_over_a_normalised_one,
    look_alikes_are_not_found,
    an_update_leaves_unchanged_rows_alone_and_replaces_changed_ones,
    an_update_of_somebody_who_is_gone_is_not_found,
    two_users_of_a_one_time_credential_wait_for_each_other,
    people_are_found_by_their_addresses,
    lists_are_paged_by_id,
    lists_are_filtered,
    many_addresses_do_not_multiply,
    security_keys_tell_whose_they_are,
    deleting_takes_everything_along,
    an_address_is_sent_to_and_then_verified,
    text_that_the_column_cannot_hold_is_refused_where_the_database_minds,
    one_who_cannot_be_read_does_not_break_lists,
    what_the_reference_keeps_and_we_could_not_is_read_with_signs_in_its_place,
    a_document_that_is_not_changed_keeps_its_digits,
    members_stand_in_the_order_of_the_last_change,
    old_credentials_are_read_as_new_ones_and_stored_so_with_the_next_change,
);

/// MySQL keeps whole seconds.
fn cut(place: &Place, time: OffsetDateTime) -> OffsetDateTime {
    match place.store.dialect() {
        bia_store::Dialect::MySql => time.replace_nanosecond(0).unwrap(),
        _ => time,
    }
}

async fn read(place: &Place, id: Uuid) -> Option<Identity> {
    identity::find(
        &mut place.store.read().await.unwrap(),
        id,
        Expand::Credentials,
    )
    .await
    .unwrap()
}

async fn what_is_kept_comes_back_the_same(place: &Place) {
    let mut identity = person("user-1@example.org");
    identity.external_id = Some("ext-1".into());
    identity.organization_id = Some(Uuid::new_v4());
    identity.metadata_admin = Some(json!(["a", 1, {"b": "ü\u{1F600}"}]));
    keep(&place.store, &identity).await.unwrap();
    let mut expected = identity.clone();
    // Credentials are read in their current version.
    for c in &mut expected.credentials {
        c.version = 1;
    }
    let code = expected.credential_mut(MethodName::Code).unwrap();
    code.config = json!({"addresses": [{"channel": "email", "address": "user-1@example.org"}]});
    expected.credentials.sort_by_key(|c| c.kind);
    for time in [&mut expected.created_at, &mut expected.updated_at] {
        *time = cut(place, *time);
    }
    expected.state_changed_at = expected.state_changed_at.map(|t| cut(place, t));
    for c in &mut expected.credentials {
        (c.created_at, c.updated_at) = (cut(place, NOW), cut(place, NOW));
    }
    for a in &mut expected.verifiable_addresses {
        (a.created_at, a.updated_at) = (cut(place, NOW), cut(place, NOW));
    }
    for a in &mut expected.recovery_addresses {
        (a.created_at, a.updated_at) = (cut(place, NOW), cut(place, NOW));
    }
    assert_eq!(read(place, identity.id).await.unwrap(), expected);
    let found = identity::find(
        &mut place.store.read().await.unwrap(),
        identity.id,
        Expand::Addresses,
    )
    .await
    .unwrap()
    .unwrap();
    assert!(found.credentials.is_empty() && found.verifiable_addresses.len() == 1);
    assert!(read(place, Uuid::new_v4()).await.is_none());
}

async fn twenty_sign_ups_for_one_identifier_have_one_winner(place: &Place) {
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = place.store.clone();
            tokio::spawn(async move {
                let mut identity = person("same@example.org");
                let own = format!("user-{n}@example.org");
                identity.verifiable_addresses =
                    vec![VerifiableAddress::new(Channel::Email, &own, NOW)];
                identity.recovery_addresses.clear();
                keep(&store, &identity).await
            })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => winners += 1,
            Err(error) => assert_eq!(error.conflict(), Some(&Unique::Identifier), "{error:?}"),
        }
    }
    assert_eq!(winners, 1);
    let count = identity::count(&mut place.store.read().await.unwrap())
        .await
        .unwrap();
    assert_eq!(count, 1, "a loser left something behind");
}

async fn addresses_and_external_ids_are_unique(place: &Place) {
    let mut first = person("user-1@example.org");
    first.external_id = Some("ext".into());
    keep(&place.store, &first).await.unwrap();

    let mut second = person("user-2@example.org");
    second.verifiable_addresses[0].value = "user-1@example.org".into();
    assert_eq!(
        keep(&place.store, &second).await.unwrap_err().conflict(),
        Some(&Unique::VerifiableAddress)
    );
    let mut second = person("user-2@example.org");
    second.recovery_addresses[0].value = "user-1@example.org".into();
    assert_eq!(
        keep(&place.store, &second).await.unwrap_err().conflict(),
        Some(&Unique::RecoveryAddress)
    );
    let mut second = person("user-2@example.org");
    second.external_id = Some("ext".into());
    assert_eq!(
        keep(&place.store, &second).await.unwrap_err().conflict(),
        Some(&Unique::ExternalId)
    );
    let mut second = person("user-2@example.org");
    second.id = first.id;
    assert_eq!(
        keep(&place.store, &second).await.unwrap_err().conflict(),
        Some(&Unique::Id)
    );
    for n in 3..5 {
        let mut nobody = person(&format!("user-{n}@example.org"));
        nobody.external_id = Some(String::new());
        keep(&place.store, &nobody).await.unwrap();
    }
}

async fn a_raw_match_wins_over_a_normalised_one(place: &Place) {
    let normalised = kept(&place.store, "user-1@example.org").await;
    let mut old = person("old@example.org");
    old.credentials = vec![Credential::new(
        MethodName::Password,
        vec!["User-1@example.org".into()],
        json!({}),
        NOW,
    )];
    keep(&place.store, &old).await.unwrap();
    let mut conn = place.store.read().await.unwrap();
    let types = [MethodName::Password, MethodName::Code];
    let mut find = async |raw: &str| {
        identity::find_by_identifier(&mut conn, &types, "user-1@example.org", raw)
            .await
            .unwrap()
            .unwrap()
            .id
    };
    assert_eq!(find("User-1@example.org").await, old.id);
    assert_eq!(find("USER-1@example.org").await, normalised.id);
    let other =
        identity::find_by_identifier(&mut conn, &[MethodName::Oidc], "user-1@example.org", "x")
            .await
            .unwrap();
    assert!(other.is_none());
}

async fn look_alikes_are_not_found(place: &Place) {
    let mut identity = person("muller@example.org");
    identity.external_id = Some("ext".into());
    keep(&place.store, &identity).await.unwrap();
    let mut conn = place.store.read().await.unwrap();
    let name = "müller@example.org";
    assert!(
        identity::find_by_recovery_address(&mut conn, Channel::Email, name, name)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        identity::find_by_verifiable_address(&mut conn, Channel::Email, name, name)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        identity::find_by_external_id(&mut conn, "EXT", Expand::Addresses)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        identity::find_by_external_id(&mut conn, "ext", Expand::Addresses)
            .await
            .unwrap()
            .is_some()
    );
}

async fn an_update_leaves_unchanged_rows_alone_and_replaces_changed_ones(place: &Place) {
    let kept = kept(&place.store, "user-1@example.org").await;
    let mut identity = read(place, kept.id).await.unwrap();
    let later = NOW + Duration::minutes(5);
    identity.state = IdentityState::Inactive;
    identity
        .credential_mut(MethodName::Password)
        .unwrap()
        .config = json!({"hashed_password": "other"});
    identity.set_credential(Credential::new(
        MethodName::Totp,
        vec![kept.id.to_string()],
        json!({"totp_url": "x"}),
        later,
    ));
    identity.recovery_addresses.clear();
    transact!(place.store, tx => identity::update(tx, &mut identity, later).await).unwrap();

    let after = read(place, kept.id).await.unwrap();
    let of = |i: &Identity, kind| i.credential(kind).unwrap().clone();
    assert_eq!(
        of(&after, MethodName::Code).id,
        of(&kept, MethodName::Code).id
    );
    let password = of(&after, MethodName::Password);
    assert_ne!(password.id, of(&kept, MethodName::Password).id);
    assert_eq!(
        (password.created_at, password.updated_at),
        (cut(place, NOW), cut(place, later))
    );
    assert_eq!(password.identifiers, ["user-1@example.org"]);
    assert_eq!(
        of(&after, MethodName::Totp).identifiers,
        [kept.id.to_string()]
    );
    assert_eq!(
        after.verifiable_addresses[0].id,
        kept.verifiable_addresses[0].id
    );
    assert!(after.recovery_addresses.is_empty());
    assert_eq!(
        (after.state, after.updated_at),
        (IdentityState::Inactive, cut(place, later))
    );

    identity.credentials.retain(|c| c.kind != MethodName::Totp);
    identity.verifiable_addresses[0].verify(later);
    transact!(place.store, tx => identity::update(tx, &mut identity, later).await).unwrap();
    let after = read(place, kept.id).await.unwrap();
    assert!(after.credential(MethodName::Totp).is_none());
    assert!(after.verifiable_addresses[0].verified);
    assert_eq!(
        after.verifiable_addresses[0].id,
        identity.verifiable_addresses[0].id
    );
}

async fn an_update_of_somebody_who_is_gone_is_not_found(place: &Place) {
    let mut nobody = person("user-1@example.org");
    let outcome = transact!(place.store, tx => identity::update(tx, &mut nobody, NOW).await);
    assert!(
        matches!(outcome, Err(StoreError::NotFound { .. })),
        "{outcome:?}"
    );
}

async fn two_users_of_a_one_time_credential_wait_for_each_other(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (store, id) = (place.store.clone(), person.id);
            tokio::spawn(async move {
                transact!(store, tx => {
                    identity::lock(tx, id).await?;
                    let mut identity = identity::get(tx, id, Expand::Credentials).await?;
                    let unused = identity.credential(MethodName::Code).is_some();
                    identity.credentials.retain(|c| c.kind != MethodName::Code);
                    identity::update(tx, &mut identity, NOW).await?;
                    Ok::<_, StoreError>(unused)
                })
            })
        })
        .collect();
    let mut used = 0;
    for task in tasks {
        used += usize::from(task.await.unwrap().unwrap());
    }
    assert_eq!(used, 1);
}

async fn people_are_found_by_their_addresses(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let mut conn = place.store.read().await.unwrap();
    let (normalised, raw) = ("user-1@example.org", "User-1@example.org");
    let found = identity::find_by_recovery_address(&mut conn, Channel::Email, normalised, raw)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, person.id);
    assert_eq!(found.credentials.len(), 2);
    let found = identity::find_by_verifiable_address(&mut conn, Channel::Email, normalised, raw)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, person.id);
    assert!(
        identity::find_by_recovery_address(&mut conn, Channel::Sms, normalised, raw)
            .await
            .unwrap()
            .is_none()
    );
}

async fn lists_are_paged_by_id(place: &Place) {
    let mut ids = Vec::new();
    for n in 0..7 {
        ids.push(
            kept(&place.store, &format!("user-{n}@example.org"))
                .await
                .id,
        );
    }
    ids.sort();
    let mut conn = place.store.read().await.unwrap();
    let (mut seen, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let page = Page::After { id: after, size: 3 };
        let paged = identity::list(&mut conn, Filter::All, page, Expand::Addresses)
            .await
            .unwrap();
        seen.extend(paged.items.iter().map(|i| i.id));
        assert!(
            paged
                .items
                .iter()
                .all(|i| i.verifiable_addresses.len() == 1 && i.credentials.is_empty())
        );
        if !paged.more {
            break;
        }
        after = *seen.last().unwrap();
    }
    assert_eq!(seen, ids);
    let page = Page::Offset { skip: 6, size: 3 };
    let paged = identity::list(&mut conn, Filter::All, page, Expand::Credentials)
        .await
        .unwrap();
    assert_eq!(
        (paged.items.len(), paged.more, paged.items[0].id),
        (1, false, ids[6])
    );
    assert_eq!(paged.items[0].credentials.len(), 2);
    assert_eq!(identity::count(&mut conn).await.unwrap(), 7);
}

async fn lists_are_filtered(place: &Place) {
    let first = kept(&place.store, "user-1@example.org").await;
    let mut second = person("user_2@example.org");
    second.organization_id = Some(Uuid::new_v4());
    second.credentials.push(Credential::new(
        MethodName::Oidc,
        vec!["google:Sub".into()],
        json!({"providers": []}),
        NOW,
    ));
    keep(&place.store, &second).await.unwrap();
    let mut conn = place.store.read().await.unwrap();
    let wanted = [first.id, first.id, Uuid::new_v4()];
    for page in [
        Page::After {
            id: Uuid::nil(),
            size: 10,
        },
        Page::Offset { skip: 0, size: 10 },
    ] {
        let mut ids = async |filter| {
            let found = identity::list(&mut conn, filter, page, Expand::Credentials)
                .await
                .unwrap();
            found.items.iter().map(|i| i.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(Filter::Ids(&wanted)).await, [first.id]);
        assert_eq!(
            ids(Filter::Organization(second.organization_id.unwrap())).await,
            [second.id]
        );
        let filter = Filter::Identifier {
            normalised: "user-1@example.org",
            raw: "USER-1@example.org",
        };
        assert_eq!(ids(filter).await, [first.id]);
        assert_eq!(
            ids(Filter::Identifier {
                normalised: "google:sub",
                raw: "google:Sub"
            })
            .await,
            [second.id]
        );
        assert!(
            ids(Filter::Identifier {
                normalised: "google:sub",
                raw: "google:sub"
            })
            .await
            .is_empty()
        );
        assert_eq!(
            ids(Filter::IdentifierPrefix {
                normalised: "user_",
                raw: "user_"
            })
            .await,
            [second.id]
        );
        let both = Filter::IdentifierPrefix {
            normalised: "user",
            raw: "user",
        };
        assert_eq!(ids(both).await.len(), 2);
    }
}

async fn many_addresses_do_not_multiply(place: &Place) {
    let mut identity = person("user-1@example.org");
    for n in 0..30 {
        let value = format!("other-{n}@example.org");
        identity
            .verifiable_addresses
            .push(VerifiableAddress::new(Channel::Email, &value, NOW));
        identity
            .recovery_addresses
            .push(bia_model::RecoveryAddress::new(Channel::Email, &value, NOW));
    }
    keep(&place.store, &identity).await.unwrap();
    let found = read(place, identity.id).await.unwrap();
    assert_eq!(
        (
            found.verifiable_addresses.len(),
            found.recovery_addresses.len()
        ),
        (31, 31)
    );
    let mut conn = place.store.read().await.unwrap();
    let name = "user-1@example.org";
    let found = identity::find_by_identifier(&mut conn, &[MethodName::Password], name, name)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            found.verifiable_addresses.len(),
            found.recovery_addresses.len()
        ),
        (31, 31)
    );
}

async fn security_keys_tell_whose_they_are(place: &Place) {
    let mut owner = person("user-1@example.org");
    let keys = json!({"credentials": [], "user_handle": "MDEyMzQ1Njc4OWFiY2RlZg=="});
    let kind = MethodName::Webauthn;
    owner.credentials.push(Credential::new(
        kind,
        vec!["user-1@example.org".into()],
        keys.clone(),
        NOW,
    ));
    keep(&place.store, &owner).await.unwrap();
    let mut other = person("user-2@example.org");
    other.credentials.push(Credential::new(
        MethodName::Passkey,
        vec!["x".into()],
        keys,
        NOW,
    ));
    keep(&place.store, &other).await.unwrap();
    let mut conn = place.store.read().await.unwrap();
    for (handle, found) in [
        ("MDEyMzQ1Njc4OWFiY2RlZg==", Some(owner.id)),
        ("mdeymzq1njc4owfiy2rlzg==", None),
        ("", None),
    ] {
        let identity = identity::find_by_user_handle(&mut conn, handle)
            .await
            .unwrap();
        assert_eq!(identity.map(|i| i.id), found, "{handle:?}");
    }
}

async fn deleting_takes_everything_along(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    crate::people::signed_in(&place.store, &person).await;
    assert!(transact!(place.store, tx => identity::delete(tx, person.id).await).unwrap());
    assert!(!transact!(place.store, tx => identity::delete(tx, person.id).await).unwrap());
    let mut conn = place.store.read().await.unwrap();
    for sql in [
        "SELECT COUNT(*) FROM identity_credentials",
        "SELECT COUNT(*) FROM identity_credential_identifiers",
        "SELECT COUNT(*) FROM identity_verifiable_addresses",
        "SELECT COUNT(*) FROM identity_recovery_addresses",
        "SELECT COUNT(*) FROM sessions",
        "SELECT COUNT(*) FROM session_devices",
    ] {
        assert_eq!(
            conn.fetch_one(sql, args![])
                .await
                .unwrap()
                .only::<i64>("t")
                .unwrap(),
            0,
            "{sql}"
        );
    }
}

async fn an_address_is_sent_to_and_then_verified(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let address = person.verifiable_addresses[0].id;
    let mut conn = place.store.write().await.unwrap();
    identity::mark_sent(&mut conn, address).await.unwrap();
    identity::set_available_aal(&mut conn, person.id, Aal::Aal2)
        .await
        .unwrap();
    drop(conn);
    assert_eq!(
        read(place, person.id).await.unwrap().verifiable_addresses[0].status,
        "sent"
    );
    let mut conn = place.store.write().await.unwrap();
    assert!(
        identity::mark_verified(&mut conn, address, NOW + Duration::seconds(5))
            .await
            .unwrap()
    );
    identity::mark_sent(&mut conn, address).await.unwrap();
    assert!(
        !identity::mark_verified(&mut conn, Uuid::new_v4(), NOW)
            .await
            .unwrap()
    );
    drop(conn);
    let after = read(place, person.id).await.unwrap();
    let address = &after.verifiable_addresses[0];
    assert_eq!((address.verified, address.status.as_str()), (true, "sent"));
    let verified_at = cut(place, NOW + Duration::seconds(5));
    assert_eq!(address.verified_at, Some(verified_at));
    assert_eq!(
        address.updated_at,
        cut(place, NOW),
        "the reference leaves it"
    );
    assert_eq!(after.available_aal, Some(Aal::Aal2));
}

async fn text_that_the_column_cannot_hold_is_refused_where_the_database_minds(place: &Place) {
    let mut identity = person("user-1@example.org");
    identity.external_id = Some("x".repeat(65));
    let outcome = keep(&place.store, &identity).await;
    match place.store.dialect() {
        bia_store::Dialect::Sqlite => outcome.unwrap(),
        _ => assert!(
            matches!(outcome, Err(StoreError::Refused { .. })),
            "{outcome:?}"
        ),
    }
}

/// JSON that Go reads, and `serde_json` does not.
fn deep() -> String {
    "[".repeat(200) + &"]".repeat(200)
}

/// Puts text into a JSON column, as it is.
async fn put_json(place: &Place, sql: &'static str, text: String, id: Uuid) {
    let mut conn = place.store.write().await.unwrap();
    let document = bia_store::db::Value::Json(text.into());
    conn.execute(sql, &[document, id.into()]).await.unwrap();
}

const TRAITS: &str = "UPDATE identities SET traits = $1 WHERE id = $2";
const CONFIG: &str = "UPDATE identity_credentials SET config = $1, version = 0 WHERE id = $2";

async fn one_who_cannot_be_read_does_not_break_lists(place: &Place) {
    // MariaDB keeps no document that is nested so deeply.
    if place.store.dialect() == bia_store::Dialect::MySql {
        return;
    }
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(kept(&place.store, &format!("user-{n}@example.org")).await);
    }
    people.sort_by_key(|p| p.id);
    put_json(place, TRAITS, deep(), people[1].id).await;
    put_json(place, CONFIG, deep(), people[2].credentials[0].id).await;
    put_json(place, TRAITS, deep(), people[5].id).await;
    let ids = |of: &[usize]| of.iter().map(|n| people[*n].id).collect::<Vec<_>>();
    let mut conn = place.store.read().await.unwrap();
    for (size, expand, pages) in [
        (
            1,
            Expand::Credentials,
            vec![ids(&[0]), ids(&[3]), ids(&[4])],
        ),
        (2, Expand::Credentials, vec![ids(&[0, 3]), ids(&[4])]),
        (2, Expand::Addresses, vec![ids(&[0, 2]), ids(&[3, 4])]),
        (10, Expand::Addresses, vec![ids(&[0, 2, 3, 4])]),
    ] {
        let mut id = Uuid::nil();
        for (n, expected) in pages.iter().enumerate() {
            let page = Page::After { id, size };
            let found = identity::list(&mut conn, Filter::All, page, expand)
                .await
                .unwrap();
            let shown: Vec<Uuid> = found.items.iter().map(|i| i.id).collect();
            assert_eq!(&shown, expected, "page {n} of {size}");
            assert_eq!(found.more, n + 1 < pages.len(), "page {n} of {size}");
            id = shown[shown.len() - 1];
        }
    }
    let counted = Page::Offset { skip: 0, size: 2 };
    let first = identity::list(&mut conn, Filter::All, counted, Expand::Addresses)
        .await
        .unwrap();
    assert_eq!((first.items.len(), first.more), (1, true));
    let all = Page::Offset { skip: 0, size: 10 };
    let (_, left_out) =
        identity::list_and_left_out(&mut conn, Filter::All, all, Expand::Credentials)
            .await
            .unwrap();
    let mut left_out: Vec<(Uuid, bool)> = left_out
        .iter()
        .map(|one| (one.id, one.why.contains("table identit")))
        .collect();
    left_out.sort();
    assert_eq!(left_out, [1, 2, 5].map(|n: usize| (people[n].id, true)));
    let alone = identity::find(&mut conn, people[1].id, Expand::Addresses).await;
    match alone {
        Err(StoreError::Corrupt { column, id, .. }) => {
            assert_eq!((column.as_str(), id), ("traits", people[1].id));
        }
        other => panic!("{other:?}"),
    }
}

async fn what_the_reference_keeps_and_we_could_not_is_read_with_signs_in_its_place(place: &Place) {
    // The other databases read numbers and texts themselves.
    if place.store.dialect() != bia_store::Dialect::Sqlite {
        return;
    }
    let somebody = kept(&place.store, "user-1@example.org").await;
    let text = r#"{"email":"user-1@example.org","n":1e400,"name":"\ud800"}"#;
    put_json(place, TRAITS, text.into(), somebody.id).await;
    let traits = read(place, somebody.id).await.unwrap().traits;
    assert_eq!(
        traits,
        json!({"email": "user-1@example.org", "n": f64::MAX, "name": "\u{fffd}"})
    );
}

async fn a_document_that_is_not_changed_keeps_its_digits(place: &Place) {
    // MariaDB reads its numbers as we do.
    if place.store.dialect() == bia_store::Dialect::MySql {
        return;
    }
    let somebody = kept(&place.store, "user-1@example.org").await;
    let text = r#"{"email": "user-1@example.org", "account": 12345678901234567890123}"#;
    put_json(place, TRAITS, text.into(), somebody.id).await;
    let mut found = read(place, somebody.id).await.unwrap();
    let digits = async || {
        let mut conn = place.store.read().await.unwrap();
        let sql = "SELECT COUNT(*) FROM identities WHERE id = $1 \
                   AND CAST(traits AS TEXT) LIKE '%12345678901234567890123%'";
        let row = conn.fetch_one(sql, args![somebody.id]).await.unwrap();
        row.only::<i64>("identities").unwrap() == 1
    };
    found.metadata_public = Some(json!({"plan": "gold"}));
    transact!(place.store, tx => identity::update(tx, &mut found, NOW).await).unwrap();
    assert!(digits().await);
    let again = read(place, somebody.id).await.unwrap();
    assert_eq!(again.metadata_public, Some(json!({"plan": "gold"})));
    found.traits["email"] = json!("user-2@example.org");
    transact!(place.store, tx => identity::update(tx, &mut found, NOW).await).unwrap();
    assert!(!digits().await);
}

async fn members_stand_in_the_order_of_the_last_change(place: &Place) {
    // The others have an order of their own.
    if place.store.dialect() != bia_store::Dialect::Sqlite {
        return;
    }
    let mut somebody = kept(&place.store, "user-1@example.org").await;
    for traits in [r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#] {
        somebody.traits = serde_json::from_str(traits).unwrap();
        transact!(place.store, tx => identity::update(tx, &mut somebody, NOW).await).unwrap();
        let stored = read(place, somebody.id).await.unwrap().traits;
        assert_eq!(stored.to_string(), traits);
    }
}

async fn old_credentials_are_read_as_new_ones_and_stored_so_with_the_next_change(place: &Place) {
    let mut somebody = person("user-1@example.org");
    let keys = Credential::new(MethodName::Webauthn, Vec::new(), json!({}), NOW);
    somebody.credentials.push(keys);
    somebody.credentials[0].identifiers = vec!["User-1@Example.org".into()];
    keep(&place.store, &somebody).await.unwrap();
    let code = somebody.credential(MethodName::Code).unwrap().id;
    let old = json!({"address_type": "email", "used_at": null}).to_string();
    put_json(place, CONFIG, old, code).await;
    let keys = json!({"credentials": [{"id": "AAAA"}]}).to_string();
    put_json(place, CONFIG, keys, somebody.credentials[2].id).await;

    let mut found = read(place, somebody.id).await.unwrap();
    let code = found.credential(MethodName::Code).unwrap();
    assert_eq!(
        (code.version, &code.config),
        (
            1,
            &json!({"addresses": [{"channel": "email", "address": "user-1@example.org"}]})
        )
    );
    let keys = found.credential(MethodName::Webauthn).unwrap();
    assert_eq!(keys.version, 1);
    assert_eq!(keys.config["credentials"][0]["is_passwordless"], false);
    assert!(keys.config["user_handle"].is_string());
    let password = found.credential(MethodName::Password).unwrap();
    assert_eq!(password.identifiers, ["user-1@example.org"]);

    // What is not changed stays as it is stored; what is goes whole into the new version.
    let sql = "SELECT COUNT(*) FROM identity_credentials WHERE version = $1";
    let old_ones = async || {
        let mut conn = place.store.read().await.unwrap();
        let row = conn.fetch_one(sql, args![0]).await.unwrap();
        row.only::<i64>("identity_credentials").unwrap()
    };
    transact!(place.store, tx => identity::update(tx, &mut found, NOW).await).unwrap();
    assert_eq!(old_ones().await, 2, "the password was spelled otherwise");
    let password = found.credential_mut(MethodName::Password).unwrap();
    assert_eq!(password.version, 1);
    (password.config, password.version) = (json!({"hashed_password": "new"}), 0);
    transact!(place.store, tx => identity::update(tx, &mut found, NOW).await).unwrap();
    assert_eq!(old_ones().await, 2);
    assert_eq!(found.credential(MethodName::Password).unwrap().version, 1);
    let again = read(place, somebody.id).await.unwrap();
    for (read, kept) in again.credentials.iter().zip(&found.credentials) {
        assert_eq!(
            (&read.config, read.version, &read.identifiers),
            (&kept.config, kept.version, &kept.identifiers)
        );
    }
}
