//! Keeping why requests were refused, for whoever is asked about one: written beside the requests, bounded per process,
//! gone after a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bia_model::{MethodName, normalise};
use bia_store::cleanup::{self, Expiring};
use bia_store::refusal::{self, Refusal};
use bia_store::{Conn, StoreError};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::cx::App;
use crate::why::{Because, Why};

/// For how many seconds refusals may come faster than configured before some are not kept.
const BURST_SECONDS: u32 = 10;

/// How often a process removes what has expired, and how much of it at a time. More than a process can write.
const SWEEP_EVERY: Duration = Duration::seconds(10);
const SWEEP_ROWS: u32 = 2_000;

/// How often the log says how many were not kept.
const TELL_EVERY: Duration = Duration::minutes(1);

/// What a process knows of the refusals that it keeps.
#[derive(Default)]
pub struct Ledger {
    state: Mutex<State>,
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    /// How many may be kept at `at`, in thousandths.
    left: u64,
    at: Option<OffsetDateTime>,
    swept: Option<OffsetDateTime>,
    told: Option<OffsetDateTime>,
}

impl Ledger {
    /// Whether one more may be kept now, at `per_second` in the long run. What is `usual` leaves half of the room to others.
    fn admits(&self, per_second: u32, usual: bool, now: OffsetDateTime) -> bool {
        let most = u64::from(per_second) * u64::from(BURST_SECONDS) * 1000;
        let mut state = self.lock();
        let passed = state
            .at
            .map_or(0, |at| (now - at).whole_milliseconds().max(0));
        let grown = u64::try_from(passed)
            .unwrap_or(u64::MAX)
            .saturating_mul(u64::from(per_second));
        state.left = match state.at {
            None => most,
            Some(_) => state.left.saturating_add(grown).min(most),
        };
        state.at = Some(now);
        let reserved = if usual { most / 2 } else { 0 };
        let admitted = state.left >= reserved + 1000;
        if admitted {
            state.left -= 1000;
        }
        drop(state);
        if !admitted {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// How many were not kept since this was last asked; `None` when that is not to be told yet, or there were none.
    fn untold(&self, now: OffsetDateTime) -> Option<u64> {
        if self.dropped.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut state = self.lock();
        if state.told.is_some_and(|told| now - told < TELL_EVERY) {
            return None;
        }
        state.told = Some(now);
        Some(self.dropped.swap(0, Ordering::Relaxed))
    }

    /// Whether it is time to remove what has expired. Then it is not for the next one.
    fn sweeps(&self, now: OffsetDateTime) -> bool {
        let mut state = self.lock();
        let due = state.swept.is_none_or(|swept| now - swept >= SWEEP_EVERY);
        if due {
            state.swept = Some(now);
        }
        due
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A poisoned lock only means that another holder panicked between plain assignments.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a refusal says of the reasons that were noted.
pub fn reasons(because: &Because) -> Value {
    let all = because.reasons.iter();
    all.map(|(why, about)| json!({"id": why.as_str(), "about": about}))
        .collect()
}

/// The same as a person reads it: each reason with its sentence.
pub fn with_words(mut document: Value) -> Value {
    let whys = document.get_mut("why").and_then(Value::as_array_mut);
    for why in whys.into_iter().flatten() {
        let known = why.get("id").and_then(Value::as_str).and_then(Why::parse);
        if let Some(members) = why.as_object_mut() {
            members.insert("text".into(), json!(known.map(Why::words)));
        }
    }
    document
}

/// The right to keep one refusal.
pub struct Room(());

/// Room for one more, as long as there are not too many of them; for what is `usual`, as a request without a session,
/// while there are few.
pub fn room(app: &App, usual: bool) -> Option<Room> {
    let per_second = app.runtime.load().config.bia.explain.per_second;
    let now = app.clock.now();
    if app.refusals.admits(per_second, usual, now) {
        return Some(Room(()));
    }
    if let Some(count) = app.refusals.untold(now) {
        tracing::warn!(
            count,
            "more requests were refused than bia.explain.per_second allows to keep; why these were is not kept"
        );
    }
    None
}

/// Keeps a refusal. Nobody waits for it: what cannot be written is lost, and the log says so.
///
/// `sought` is the name under which nobody was found. Whether somebody has it for other methods is looked up here, so
/// that the time of the answer does not tell; the name itself is not kept.
pub fn keep(app: &Arc<App>, _room: Room, refusal: Refusal, sought: Option<String>) {
    let writer = Arc::clone(app);
    app.background.start(async move {
        if let Err(error) = write(&writer, refusal, sought.as_deref()).await {
            tracing::warn!(%error, "why a request was refused could not be kept");
        }
    });
}

async fn write(app: &App, mut refusal: Refusal, sought: Option<&str>) -> Result<(), StoreError> {
    if let (None, Some(name)) = (refusal.identity_id, sought) {
        let mut conn = app.store.read().await?;
        look_again(&mut conn, &mut refusal, name).await?;
    }
    let mut conn = app.store.write().await?;
    refusal::insert(&mut conn, &refusal).await?;
    let now = app.clock.now();
    if app.refusals.sweeps(now) {
        cleanup::remove_expired(&mut conn, Expiring::Refusals, now, SWEEP_ROWS).await?;
    }
    Ok(())
}

/// Somebody who has the name, but nothing for the method that was tried, is told from nobody.
async fn look_again(conn: &mut Conn, refusal: &mut Refusal, name: &str) -> Result<(), StoreError> {
    let types = &MethodName::CREDENTIAL_TYPES;
    let normal = normalise::identifier(name);
    let found = bia_store::identity::find_by_identifier(conn, types, &normal, name).await?;
    let Some(identity) = found else { return Ok(()) };
    refusal.identity_id = Some(identity.id);
    let whys = refusal
        .document
        .get_mut("why")
        .and_then(Value::as_array_mut);
    for why in whys.into_iter().flatten() {
        if why["id"] == Why::IdentifierUnknown.as_str() {
            why["id"] = Why::NoSuchCredential.as_str().into();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-11-26 12:00 UTC);

    #[test]
    fn a_flood_is_cut_down_to_what_is_configured() {
        let ledger = Ledger::default();
        let admitted = |ms: i64| ledger.admits(5, false, NOON + Duration::milliseconds(ms));
        assert_eq!(
            (0..1000).filter(|_| admitted(0)).count(),
            50,
            "ten seconds' worth at once"
        );
        assert_eq!(
            (0..1000).filter(|n| admitted(*n)).count(),
            4,
            "then five in a second"
        );
        assert!((0..10_000).filter(|_| admitted(3_600_000)).count() == 50);
        assert_eq!(ledger.untold(NOON), Some(950 + 996 + 9950));
        assert_eq!(ledger.untold(NOON), None);
        assert!(!admitted(3_600_000));
        assert_eq!(
            ledger.untold(NOON + Duration::seconds(59)),
            None,
            "once a minute"
        );
        assert_eq!(ledger.untold(NOON + Duration::seconds(60)), Some(1));
    }

    #[test]
    fn what_is_usual_leaves_room_for_what_is_not() {
        let ledger = Ledger::default();
        assert_eq!(
            (0..100).filter(|_| ledger.admits(5, true, NOON)).count(),
            25
        );
        assert_eq!(
            (0..100).filter(|_| ledger.admits(5, false, NOON)).count(),
            25
        );
    }

    #[test]
    fn what_has_expired_is_removed_now_and_then() {
        let ledger = Ledger::default();
        assert!(ledger.sweeps(NOON) && !ledger.sweeps(NOON + Duration::seconds(9)));
        assert!(ledger.sweeps(NOON + Duration::seconds(10)));
    }
}
