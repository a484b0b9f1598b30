//! Sessions, on each database.

use bia_model::{Aal, AuthenticationMethod, MethodName};
use bia_store::session::{self, AdminPage, AdminPosition, Bulk};
use bia_store::{StoreError, args, transact};
use time::Duration;
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::people::{kept, session_of, signed_in};
use crate::place::{NOW, Place};

on_each_database!(
    a_token_brings_session_devices_and_identity_in_one_go,
    a_token_counts_only_while_its_session_is_live,
    of_several_texts_of_a_token_the_first_that_is_kept_counts,
    a_second_factor_changes_the_row_and_nothing_else,
    a_session_of_nobody_is_dangling,
    sessions_end_alone_or_together,
    extension_depends_on_the_time_left,
    lists_are_newest_first_and_paged,
    bulk_changes_count_what_changed,
    rows_of_old_versions_are_read,
    a_session_that_had_ended_is_not_touched_again,
);

async fn a_token_brings_session_devices_and_identity_in_one_go(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, token) = signed_in(&place.store, &person).await;
    let mut conn = place.store.read().await.unwrap();
    let live = session::find_by_token(&mut conn, &["other", &token], NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(live.session.id, session.id);
    assert_eq!(live.session.devices, session.devices);
    assert_eq!(live.session.logout_token, session.logout_token);
    assert_eq!(
        live.session.authentication_methods,
        session.authentication_methods
    );
    assert_eq!(live.identity.id, person.id);
    assert_eq!(live.identity.traits, person.traits);
    assert_eq!(live.identity.verifiable_addresses.len(), 1);
    assert_eq!(live.identity.recovery_addresses.len(), 1);
    assert!(live.identity.credentials.is_empty());
    let found = session::find(&mut conn, session.id).await.unwrap().unwrap();
    assert_eq!(found, live.session);
}

async fn a_token_counts_only_while_its_session_is_live(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, token) = signed_in(&place.store, &person).await;
    let mut conn = place.store.write().await.unwrap();
    let tokens = [token.as_str()];
    let after = session.expires_at + Duration::seconds(1);
    assert!(
        session::find_by_token(&mut conn, &tokens, after)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        session::find_by_token(&mut conn, &[&token.to_uppercase()], NOW)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        session::find_by_token(&mut conn, &[], NOW)
            .await
            .unwrap()
            .is_none()
    );
    assert!(session::revoke(&mut conn, session.id, NOW).await.unwrap());
    assert!(
        session::find_by_token(&mut conn, &tokens, NOW)
            .await
            .unwrap()
            .is_none()
    );
    let found = session::find_any_by_token(&mut conn, &tokens)
        .await
        .unwrap()
        .unwrap();
    assert!(!found.active && found.devices.len() == 1);
    assert!(
        session::revoke(&mut conn, session.id, NOW).await.unwrap(),
        "again is no error"
    );
    assert!(
        !session::revoke(&mut conn, Uuid::new_v4(), NOW)
            .await
            .unwrap()
    );
}

async fn of_several_texts_of_a_token_the_first_that_is_kept_counts(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (first, one) = signed_in(&place.store, &person).await;
    let (second, two) = signed_in(&place.store, &person).await;
    let mut conn = place.store.read().await.unwrap();
    let mut find = async |tokens: [&str; 3]| {
        session::find_by_token(&mut conn, &tokens, NOW)
            .await
            .unwrap()
            .unwrap()
            .session
            .id
    };
    assert_eq!(find(["x", &one, &two]).await, first.id);
    assert_eq!(find(["x", &two, &one]).await, second.id);
}

async fn a_second_factor_changes_the_row_and_nothing_else(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (mut session, token) = signed_in(&place.store, &person).await;
    let later = NOW + Duration::seconds(30);
    session.authenticate(
        AuthenticationMethod::new(MethodName::Totp, Aal::Aal2, later),
        later,
        Duration::hours(1),
    );
    transact!(place.store, tx => session::upsert(tx, &session, &token, later).await).unwrap();
    let mut conn = place.store.read().await.unwrap();
    let live = session::find_by_token(&mut conn, &[&token], NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (live.session.aal, live.session.authentication_methods.len()),
        (Aal::Aal2, 2)
    );
    assert_eq!(live.session.devices.len(), 1);
}

async fn a_session_of_nobody_is_dangling(place: &Place) {
    let session = session_of(&crate::people::person("user-1@example.org"));
    let outcome = transact!(place.store, tx => session::insert(tx, &session, "ory_st_x").await);
    assert!(matches!(outcome, Err(StoreError::Dangling)), "{outcome:?}");
}

async fn sessions_end_alone_or_together(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let other = kept(&place.store, "user-2@example.org").await;
    let (mine, _) = signed_in(&place.store, &person).await;
    for _ in 0..3 {
        signed_in(&place.store, &person).await;
    }
    let (theirs, _) = signed_in(&place.store, &other).await;
    let mut conn = place.store.write().await.unwrap();
    assert!(
        !session::revoke_of_identity(&mut conn, person.id, theirs.id, NOW)
            .await
            .unwrap()
    );
    assert_eq!(
        session::revoke_others(&mut conn, person.id, mine.id, NOW)
            .await
            .unwrap(),
        3
    );
    assert_eq!(
        session::revoke_others(&mut conn, person.id, mine.id, NOW)
            .await
            .unwrap(),
        3,
        "ended ones count as well"
    );
    assert_eq!(
        session::count_of_identity(&mut conn, person.id, Some(true), None, NOW)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        session::count_of_identity(&mut conn, person.id, Some(false), None, NOW)
            .await
            .unwrap(),
        3
    );
    assert!(
        session::find(&mut conn, theirs.id)
            .await
            .unwrap()
            .unwrap()
            .active
    );
    assert_eq!(
        session::delete_of_identity(&mut conn, person.id)
            .await
            .unwrap(),
        4
    );
    assert_eq!(
        session::delete_of_identity(&mut conn, person.id)
            .await
            .unwrap(),
        0
    );
}

async fn extension_depends_on_the_time_left(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, _) = signed_in(&place.store, &person).await;
    let mut conn = place.store.write().await.unwrap();
    let to = NOW + Duration::hours(48);
    let early = session.expires_at - Duration::hours(1);
    assert!(
        !session::extend(&mut conn, session.id, to, early, NOW)
            .await
            .unwrap()
    );
    let late = session.expires_at + Duration::hours(1);
    assert!(
        session::extend(&mut conn, session.id, to, late, NOW)
            .await
            .unwrap()
    );
    let found = session::find(&mut conn, session.id).await.unwrap().unwrap();
    assert_eq!(found.expires_at.unix_timestamp(), to.unix_timestamp());
}

async fn lists_are_newest_first_and_paged(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let mut sessions = Vec::new();
    for n in 0..5 {
        let mut session = session_of(&person);
        // Two pairs and one: the id decides between equals.
        session.created_at = NOW + Duration::seconds(n / 2);
        session.expires_at = NOW + Duration::hours(if n == 4 { -1 } else { 1 });
        let token = format!("ory_st_{n}");
        transact!(place.store, tx => session::insert(tx, &session, &token).await).unwrap();
        sessions.push((session.created_at, session.id));
    }
    sessions.sort_by_key(|(at, id)| (std::cmp::Reverse(*at), *id));
    let expected: Vec<Uuid> = sessions.iter().map(|(_, id)| *id).collect();

    let mut conn = place.store.read().await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = AdminPage {
            active: None,
            after,
            size: 2,
            devices: true,
        };
        let paged = session::list(&mut conn, page, NOW).await.unwrap();
        seen.extend(paged.items.iter().map(|s| s.id));
        assert!(paged.items.iter().all(|s| s.devices.len() == 1));
        after = paged.items.last().map(|s| AdminPosition {
            created_at: s.created_at,
            id: s.id,
        });
        if !paged.more {
            break;
        }
    }
    assert_eq!(seen, expected);
    for (active, count) in [(Some(true), 4), (Some(false), 1)] {
        for after in [
            None,
            Some(AdminPosition {
                created_at: NOW + Duration::days(1),
                id: Uuid::nil(),
            }),
        ] {
            let page = AdminPage {
                active,
                after,
                size: 10,
                devices: false,
            };
            assert_eq!(
                session::list(&mut conn, page, NOW)
                    .await
                    .unwrap()
                    .items
                    .len(),
                count
            );
        }
    }
    for (active, count) in [(None, 4), (Some(true), 3), (Some(false), 1)] {
        let except = Some(expected[4]);
        let found = session::list_of_identity(&mut conn, person.id, active, except, (0, 10), NOW)
            .await
            .unwrap();
        assert_eq!(found.len(), count);
        assert_eq!(
            session::count_of_identity(&mut conn, person.id, active, except, NOW)
                .await
                .unwrap(),
            count as i64
        );
    }
    let found = session::list_of_identity(&mut conn, person.id, None, None, (3, 10), NOW)
        .await
        .unwrap();
    assert_eq!(
        found.iter().map(|s| s.id).collect::<Vec<_>>(),
        expected[3..]
    );
}

async fn bulk_changes_count_what_changed(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (first, _) = signed_in(&place.store, &person).await;
    let (second, _) = signed_in(&place.store, &person).await;
    signed_in(&place.store, &person).await;
    let mut conn = place.store.write().await.unwrap();
    let ids = [first.id, second.id, Uuid::new_v4()];
    assert_eq!(
        session::revoke_bulk(&mut conn, Bulk::Sessions(&ids), NOW)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        session::revoke_bulk(&mut conn, Bulk::Sessions(&ids), NOW)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        session::revoke_bulk(&mut conn, Bulk::All(5000), NOW)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        session::revoke_bulk(&mut conn, Bulk::Identities(&[person.id]), NOW)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        session::delete_bulk(&mut conn, Bulk::Sessions(&[first.id]))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        session::delete_bulk(&mut conn, Bulk::All(1)).await.unwrap(),
        1
    );
    assert_eq!(
        session::delete_bulk(&mut conn, Bulk::Identities(&[person.id]))
            .await
            .unwrap(),
        1
    );
    let left = conn
        .fetch_one("SELECT COUNT(*) FROM session_devices", args![])
        .await
        .unwrap();
    assert_eq!(left.only::<i64>("t").unwrap(), 0);
}

async fn rows_of_old_versions_are_read(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let page = AdminPage {
        active: None,
        after: None,
        size: 10,
        devices: false,
    };
    let legacy = serde_json::json!([{"method": "v0.6_legacy_session"}]);
    for (methods, level, shown, live) in [
        (&legacy, "aal1", Aal::Aal1, Aal::Aal1),
        (&legacy, "", Aal::Unsaid, Aal::Aal1),
        (&serde_json::Value::Null, "aal1", Aal::Aal1, Aal::Aal0),
        (&legacy, "aal7", Aal::Unsaid, Aal::Aal1),
    ] {
        let (session, token) = signed_in(&place.store, &person).await;
        let mut conn = place.store.write().await.unwrap();
        conn.execute(
            "UPDATE sessions SET authentication_methods = $1, aal = $2 WHERE id = $3",
            args![methods, level, session.id],
        )
        .await
        .unwrap();
        let listed = session::list(&mut conn, page, NOW).await.unwrap().items;
        let listed = listed.iter().find(|s| s.id == session.id).unwrap();
        assert_eq!(listed.aal, shown, "{methods} {level}");
        let found = session::find_by_token(&mut conn, &[&token], NOW).await;
        assert_eq!(
            found.unwrap().unwrap().session.aal,
            live,
            "{methods} {level}"
        );
    }
}

async fn a_session_that_had_ended_is_not_touched_again(place: &Place) {
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, _) = signed_in(&place.store, &person).await;
    let mut conn = place.store.write().await.unwrap();
    let (sooner, later) = (NOW + Duration::hours(1), NOW + Duration::hours(2));
    session::revoke(&mut conn, session.id, sooner)
        .await
        .unwrap();
    let others = session::revoke_others(&mut conn, person.id, Uuid::nil(), later).await;
    assert_eq!(others.unwrap(), 1, "it counts all the same");
    let sql = "SELECT updated_at FROM sessions WHERE id = $1";
    let row = conn.fetch_one(sql, args![session.id]).await.unwrap();
    let updated_at: time::OffsetDateTime = row.only("sessions").unwrap();
    assert!(
        (updated_at - sooner).abs() < Duration::SECOND,
        "{updated_at}"
    );
}
