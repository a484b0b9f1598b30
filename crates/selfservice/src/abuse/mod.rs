//! Bounds for strangers (`bia.abuse`): how often one may be wrong, and how many messages an address gets.
//!
//! Whoever compares a secret does that within [`guess`]: only they know when it comes to that (after the anti-CSRF
//! check, with all fields there) and how it ended. All else is here. Counters are in the database, so that replicas
//! share them and a restart forgets nothing. An attempt counts before its secret is looked at: of many at the same
//! moment no more get through than one after the other. One that turns out to be right, or to be none, is taken back.
//!
//! Whether somebody has the identifier that was typed is not asked before the counters are, so that a lock looks the
//! same for everybody and nobody. No lock lasts: waits have a longest one, other ways in have counters of their own.

mod counter;
mod messages;
mod refused;
mod subject;

use std::future::Future;

use bia_config::section::abuse::Guarded;
use bia_store::abuse::{self, Counter};
use bia_store::cleanup::{Expiring, remove_expired};
use bia_store::transact;
use rand::Rng as _;
use uuid::Uuid;

pub(crate) use messages::has_had_enough;
pub use refused::Refused;
pub(crate) use subject::{Guess, Owner, id_of};

use crate::cx::Cx;
use crate::method::Refusal;
use crate::problem::Problem;
use crate::why::Why;
use subject::Subject;

/// One of so many attempts sweeps.
const SWEEP_ONE_IN: u32 = 64;

/// How many forgotten counters a sweep removes at most.
const SWEPT: u32 = 200;

/// Errors of who compares a secret.
pub(crate) trait Verdict {
    /// Whether the secret was compared and is wrong; else it did not come to that.
    fn is_wrong(&self) -> bool;
}

impl Verdict for Refusal {
    fn is_wrong(&self) -> bool {
        matches!(self, Refusal::Form(_))
    }
}

/// Runs `check`, which compares a secret with what was sent and does nothing else that can be refused. Where that was
/// wrong too often it does not run, and the error is [`Problem::TooManyAttempts`].
pub(crate) async fn guess<T, E: Verdict + From<Problem>>(
    cx: &Cx,
    guess: Guess<'_>,
    check: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, E> {
    let subjects = subject::all(cx, &guess);
    if subjects.is_empty() {
        return check.await;
    }
    let begun = begin(cx, &guess, &subjects).await?;
    let result = check.await;
    let is_wrong = result.as_ref().err().map(E::is_wrong);
    let noted = match is_wrong {
        None => right(cx, &subjects).await,
        Some(true) => {
            tell(cx, &guess, &subjects, &begun);
            Ok(())
        }
        Some(false) => take_back(cx, &subjects).await,
    };
    if let Err(problem) = noted {
        // It goes on counting as wrong, which passes.
        tracing::warn!(error = %problem, "An attempt could not be taken back from its counters.");
    }
    result
}

/// Counts an attempt before it is made. Errs when it is not to be made; then nothing is counted.
async fn begin(cx: &Cx, guess: &Guess<'_>, subjects: &[Subject]) -> Result<Vec<Counter>, Problem> {
    let ids = ids(subjects);
    let mut conn = cx.read().await?;
    let kept = abuse::find(&mut conn, &ids).await?;
    drop(conn);
    // Whoever is locked out changes nothing by trying.
    counter::check(&kept, cx.now).map_err(|id| refuse(cx, guess, subjects, &kept, id))?;
    let begun = transact!(cx.app.store, tx => {
        let mut counters = abuse::hold(tx, &ids, cx.now).await?;
        let checked = counter::check(&counters, cx.now);
        if checked.is_ok() {
            for (counter, subject) in counters.iter_mut().zip(subjects) {
                counter::begin(counter, &subject.limit, cx.now);
            }
            abuse::keep(tx, &counters).await?;
        }
        Ok::<_, Problem>((checked, counters))
    });
    let (checked, counters) = begun?;
    checked.map_err(|id| refuse(cx, guess, subjects, &counters, id))?;
    if rand::rng().random_ratio(1, SWEEP_ONE_IN) {
        sweep(cx).await?;
    }
    Ok(counters)
}

fn ids(subjects: &[Subject]) -> Vec<Uuid> {
    subjects.iter().map(|subject| subject.id).collect()
}

/// Notes that an attempt is refused because of the counter `locked`.
fn refuse(
    cx: &Cx,
    guess: &Guess<'_>,
    subjects: &[Subject],
    counters: &[Counter],
    locked: Uuid,
) -> Problem {
    let subject = subjects.iter().find(|subject| subject.id == locked);
    let name = subject.map_or("", |subject| subject.name);
    let counter = counters.iter().find(|counter| counter.id == locked);
    let until = counter.and_then(|c| c.locked_until).unwrap_or(cx.now);
    let wait = until - cx.now;
    cx.app.refused.count(name, guess.guarded);
    cx.because_of(Why::Throttled, name);
    if let Some(identity) = guess.identity() {
        cx.meant(identity);
    }
    tracing::info!(
        abuse.subject = name,
        abuse.method = guess.guarded.as_str(),
        abuse.wait_seconds = wait.whole_seconds(),
        identity.id = guess.identity().map(tracing::field::display),
        "An attempt was refused: there were too many wrong ones before it."
    );
    Problem::TooManyAttempts { until, wait }
}

/// Tells of the counters that this wrong attempt has locked.
fn tell(cx: &Cx, guess: &Guess<'_>, subjects: &[Subject], begun: &[Counter]) {
    for (counter, subject) in begun.iter().zip(subjects) {
        if let Some(until) = counter.locked_until.filter(|until| *until > cx.now) {
            tracing::warn!(
                abuse.subject = subject.name,
                abuse.method = guess.guarded.as_str(),
                abuse.failures = counter.failures,
                abuse.wait_seconds = (until - cx.now).whole_seconds(),
                identity.id = guess.identity().map(tracing::field::display),
                "Too many attempts were wrong: the next ones are refused for a while."
            );
        }
    }
}

/// Whoever was right begins anew. From where they were is not forgiven what others did there.
async fn right(cx: &Cx, subjects: &[Subject]) -> Result<(), Problem> {
    let (own, places): (Vec<&Subject>, Vec<&Subject>) =
        subjects.iter().partition(|subject| subject.is_own());
    let own: Vec<Uuid> = own.into_iter().map(|subject| subject.id).collect();
    let places: Vec<Uuid> = places.into_iter().map(|subject| subject.id).collect();
    if places.is_empty() {
        let mut conn = cx.write().await?;
        abuse::remove(&mut conn, &own).await?;
        return Ok(());
    }
    transact!(cx.app.store, tx => {
        abuse::remove(tx, &own).await?;
        give_back(cx, tx, &places).await
    })
}

/// It was no attempt after all.
async fn take_back(cx: &Cx, subjects: &[Subject]) -> Result<(), Problem> {
    let ids = ids(subjects);
    transact!(cx.app.store, tx => give_back(cx, tx, &ids).await)
}

async fn give_back(cx: &Cx, tx: &mut bia_store::Tx, ids: &[Uuid]) -> Result<(), Problem> {
    let mut counters = abuse::hold(tx, ids, cx.now).await?;
    for counter in &mut counters {
        counter::give_back(counter, cx.now);
    }
    Ok(abuse::keep(tx, &counters).await?)
}

async fn sweep(cx: &Cx) -> Result<(), Problem> {
    let mut conn = cx.write().await?;
    remove_expired(&mut conn, Expiring::AbuseCounters, cx.now, SWEPT).await?;
    Ok(())
}

/// Whether something of this kind can be locked at all, as it is configured.
pub(crate) fn is_bounded(cx: &Cx, guarded: Guarded) -> bool {
    cx.config().bia.abuse.limit(guarded).is_some()
}
