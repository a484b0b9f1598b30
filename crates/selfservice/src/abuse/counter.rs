//! What a counter means: free attempts, then waits that grow.

use bia_config::section::abuse::Limit;
use bia_store::abuse::Counter;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::session::signed;

/// Whether an attempt may be made; else which counter is locked, the one that is so for longest.
pub(super) fn check(counters: &[Counter], now: OffsetDateTime) -> Result<(), Uuid> {
    let until = |c: &Counter| c.locked_until.filter(|until| *until > now);
    let locked = counters.iter().filter_map(|c| Some((until(c)?, c.id)));
    match locked.max() {
        Some((_, id)) => Err(id),
        None => Ok(()),
    }
}

/// Counts an attempt that is about to be made. The one that uses the limit up begins a wait, in which it is the only
/// one; so does each that is made after that wait.
pub(super) fn begin(counter: &mut Counter, limit: &Limit, now: OffsetDateTime) {
    if counter.expires_at <= now {
        *counter = Counter::new(counter.id, now);
    }
    if counter.failures == 0 {
        counter.expires_at = now + signed(limit.window);
    }
    counter.failures = counter.failures.saturating_add(1);
    counter.updated_at = now;
    counter.locked_until = None;
    if let Some(beyond) = counter.failures.checked_sub(limit.attempts) {
        let wait = wait(limit, beyond);
        counter.locked_until = Some(now + wait);
        // Whoever then waits as long again is forgiven, once the window is over.
        counter.expires_at = counter.expires_at.max(now + wait + wait);
    }
}

/// The wait after an attempt that is `beyond` the one that used the limit up.
fn wait(limit: &Limit, beyond: u32) -> Duration {
    let doubled = limit
        .delay
        .saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX));
    signed(doubled.min(limit.max_delay))
}

/// Takes back an attempt, and the wait that it began.
pub(super) fn give_back(counter: &mut Counter, now: OffsetDateTime) {
    counter.failures = counter.failures.saturating_sub(1);
    counter.locked_until = None;
    counter.updated_at = now;
}

#[cfg(test)]
mod tests {
    use std::time::Duration as Std;

    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 05:00 UTC);

    fn limit() -> Limit {
        Limit {
            attempts: 3,
            window: Std::from_secs(3600),
            delay: Std::from_secs(30),
            max_delay: Std::from_secs(900),
        }
    }

    fn counter() -> Counter {
        Counter::new(Uuid::from_u128(7), NOW)
    }

    /// How long one has to wait after an attempt now.
    fn try_at(counter: &mut Counter, now: OffsetDateTime) -> i64 {
        assert_eq!(check(std::slice::from_ref(counter), now), Ok(()));
        begin(counter, &limit(), now);
        counter
            .locked_until
            .map_or(0, |until| (until - now).whole_seconds())
    }

    #[test]
    fn after_the_free_attempts_each_wait_is_twice_the_last_up_to_the_longest() {
        let (mut counter, mut now, mut waits) = (counter(), NOW, Vec::new());
        for _ in 0..10 {
            let wait = try_at(&mut counter, now);
            let just_before = now + Duration::seconds(wait) - Duration::MILLISECOND;
            if wait > 0 {
                assert_eq!(
                    check(std::slice::from_ref(&counter), just_before),
                    Err(counter.id)
                );
            }
            waits.push(wait);
            now += Duration::seconds(wait);
        }
        assert_eq!(waits, [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        counter.failures = u32::MAX;
        assert_eq!(try_at(&mut counter, now), 900);
    }

    #[test]
    fn attempts_are_forgotten_when_the_window_is_over_and_not_before() {
        let mut counter = counter();
        assert_eq!(try_at(&mut counter, NOW), 0);
        assert_eq!(try_at(&mut counter, NOW + Duration::minutes(59)), 0);
        assert_eq!(try_at(&mut counter, NOW + Duration::minutes(60)), 0);
        assert_eq!(counter.failures, 1);
    }

    #[test]
    fn whoever_goes_on_in_the_last_minutes_is_not_forgiven_at_once() {
        let mut counter = counter();
        try_at(&mut counter, NOW);
        try_at(&mut counter, NOW);
        let late = NOW + Duration::minutes(59) + Duration::seconds(50);
        assert_eq!(try_at(&mut counter, late), 30);
        assert_eq!(try_at(&mut counter, late + Duration::seconds(30)), 60);
    }

    #[test]
    fn an_attempt_that_is_taken_back_leaves_no_wait() {
        let mut counter = counter();
        for _ in 0..3 {
            begin(&mut counter, &limit(), NOW);
        }
        give_back(&mut counter, NOW);
        assert_eq!((counter.failures, counter.locked_until), (2, None));
        assert_eq!(try_at(&mut counter, NOW), 30);
        let mut empty = super::tests::counter();
        give_back(&mut empty, NOW);
        assert_eq!(empty.failures, 0);
    }

    #[test]
    fn of_several_locks_the_longest_counts() {
        let until = |id, seconds| Counter {
            locked_until: Some(NOW + Duration::seconds(seconds)),
            ..Counter::new(Uuid::from_u128(id), NOW)
        };
        let all = [until(1, 10), until(2, 90), until(3, -1)];
        assert_eq!(check(&all, NOW), Err(Uuid::from_u128(2)));
        assert_eq!(check(&all[2..], NOW), Ok(()));
    }
}
