//! Counters of wrong attempts.

use bia_store::abuse::{self, Counter};
use bia_store::cleanup::{Expiring, remove_expired};
use bia_store::{Store, StoreError, transact};
use futures::future::join_all;
use time::Duration;
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::place::{NOW, Place};

on_each_database!(
    many_at_once_are_counted_one_after_the_other,
    a_counter_is_kept_as_it_is_and_removed_by_its_id,
    only_forgotten_counters_are_swept,
);

/// Counts one up in each of these, as long as all stand below a bound. Whether it did.
async fn count(store: &Store, ids: &[Uuid], bound: u32) -> Result<bool, StoreError> {
    transact!(store, tx => {
        let mut counters = abuse::hold(tx, ids, NOW).await?;
        let fits = counters.iter().all(|counter| counter.failures < bound);
        if fits {
            for counter in &mut counters {
                counter.failures += 1;
            }
            abuse::keep(tx, &counters).await?;
        }
        Ok(fits)
    })
}

async fn many_at_once_are_counted_one_after_the_other(place: &Place) {
    let store = &place.store;
    let [one, two, shared] = [1, 2, 3].map(|_| Uuid::new_v4());
    let orders = [vec![one, shared], vec![shared, two]];
    let rivals = (0..50).map(|n: usize| {
        let ids = orders[n % 2].clone();
        async move { count(store, &ids, 20).await.unwrap() }
    });
    let won = join_all(rivals)
        .await
        .into_iter()
        .filter(|won| *won)
        .count();
    assert_eq!(won, 20);
    let mut conn = store.read().await.unwrap();
    let kept = abuse::find(&mut conn, &[one, two, shared]).await.unwrap();
    let of = |id| kept.iter().find(|c| c.id == id).unwrap().failures;
    assert_eq!((of(one) + of(two), of(shared)), (20, 20));
}

async fn a_counter_is_kept_as_it_is_and_removed_by_its_id(place: &Place) {
    let store = &place.store;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    // Not every database keeps parts of a second.
    let now = NOW.replace_nanosecond(0).unwrap();
    let known = Counter {
        id: one,
        failures: 7,
        locked_until: Some(now + Duration::minutes(15)),
        updated_at: now + Duration::seconds(1),
        expires_at: now + Duration::hours(1),
    };
    transact!(store, tx => {
        abuse::hold(tx, &[one, other], now).await?;
        abuse::keep(tx, std::slice::from_ref(&known)).await
    })
    .unwrap();
    let held = transact!(store, tx => abuse::hold(tx, &[other, one], now).await).unwrap();
    assert_eq!(held, [Counter::new(other, now), known.clone()]);
    let mut conn = store.write().await.unwrap();
    assert_eq!(abuse::remove(&mut conn, &[other]).await.unwrap(), 1);
    assert_eq!(
        abuse::find(&mut conn, &[one, other]).await.unwrap(),
        [known]
    );
    assert_eq!(abuse::remove(&mut conn, &[]).await.unwrap(), 0);
}

async fn only_forgotten_counters_are_swept(place: &Place) {
    let store = &place.store;
    let ids: Vec<Uuid> = (0..3).map(|_| Uuid::new_v4()).collect();
    transact!(store, tx => {
        let mut counters = abuse::hold(tx, &ids, NOW).await?;
        for (counter, hours) in counters.iter_mut().zip([1, 2, 3]) {
            counter.expires_at = NOW + Duration::hours(hours);
        }
        abuse::keep(tx, &counters).await
    })
    .unwrap();
    let mut conn = store.write().await.unwrap();
    let later = NOW + Duration::hours(2);
    for removed in [1, 1, 0] {
        let swept = remove_expired(&mut conn, Expiring::AbuseCounters, later, 1).await;
        assert_eq!(swept.unwrap(), removed);
    }
    let left = abuse::find(&mut conn, &ids).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, ids[2]);
}
