//! What is kept about the second factors of one identity.

use bia_model::MfaOverride;
use bia_store::mfa::{self, Record};
use bia_store::{identity, transact};
use futures::future::join_all;
use time::Duration;

use crate::databases::on_each_database;
use crate::people::kept;
use crate::place::{NOW, Place};

on_each_database!(
    a_word_is_kept_beside_the_grace_and_goes_with_the_identity,
    twenty_who_begin_a_grace_begin_the_same,
);

async fn a_word_is_kept_beside_the_grace_and_goes_with_the_identity(place: &Place) {
    let store = &place.store;
    let (one, other) = (
        kept(store, "user-1@example.org").await,
        kept(store, "user-2@example.org").await,
    );
    for word in [
        None,
        Some(MfaOverride::Required),
        Some(MfaOverride::Optional),
        None,
        Some(MfaOverride::Required),
    ] {
        transact!(store, tx => mfa::set_policy(tx, one.id, word).await).unwrap();
        let mut conn = store.read().await.unwrap();
        assert_eq!(mfa::find(&mut conn, one.id).await.unwrap().policy, word);
        assert_eq!(
            mfa::find(&mut conn, other.id).await.unwrap(),
            Record::default()
        );
    }
    let begun = transact!(store, tx => mfa::start_grace(tx, one.id, NOW).await).unwrap();
    let mut both = [other, one.clone()];
    {
        let mut conn = store.read().await.unwrap();
        let record = mfa::find(&mut conn, one.id).await.unwrap();
        assert_eq!(record.policy, Some(MfaOverride::Required));
        assert_eq!(record.grace_started_at, Some(begun));
        mfa::load(&mut conn, &mut both).await.unwrap();
    }
    assert_eq!(
        [both[0].mfa, both[1].mfa],
        [None, Some(MfaOverride::Required)]
    );
    assert!(transact!(store, tx => identity::delete(tx, one.id).await).unwrap());
    let mut conn = store.read().await.unwrap();
    assert_eq!(
        mfa::find(&mut conn, one.id).await.unwrap(),
        Record::default()
    );
}

async fn twenty_who_begin_a_grace_begin_the_same(place: &Place) {
    let store = &place.store;
    let one = kept(store, "user-1@example.org").await;
    let begin = |n: i64| {
        let now = NOW + Duration::seconds(n);
        async move { transact!(store, tx => mfa::start_grace(tx, one.id, now).await) }
    };
    let begun: Vec<_> = join_all((0..20).map(begin)).await;
    let first = *begun[0].as_ref().unwrap();
    for other in begun {
        assert_eq!(other.unwrap(), first);
    }
    let mut conn = store.read().await.unwrap();
    let record = mfa::find(&mut conn, one.id).await.unwrap();
    assert_eq!(record.grace_started_at, Some(first));
}
