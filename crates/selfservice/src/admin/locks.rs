//! What keeps somebody out because others, or they themselves, were wrong too often; and lifting it.

use bia_config::section::abuse::Guarded;
use bia_model::{Identity, MethodName, timestamp};
use bia_store::abuse::Counter;
use serde_json::{Value, json};
use uuid::Uuid;

use super::read::get;
use crate::abuse::{self, Guess, Owner};
use crate::cx::Cx;
use crate::problem::Problem;

/// What `GET /admin/identities/{id}/bia/locks` answers.
pub async fn locks(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let identity = get(cx, id).await?;
    Ok(json!({"id": identity.id, "locks": of(cx, &identity).await?}))
}

/// What `DELETE /admin/identities/{id}/bia/locks` does: nobody was ever wrong about this identity.
pub async fn unlock(cx: &Cx, id: &str) -> Result<(), Problem> {
    let identity = get(cx, id).await?;
    let guesses = guesses(&identity);
    let ids: Vec<Uuid> = guesses.iter().map(|g| abuse::id_of(cx, g)).collect();
    let mut conn = cx.write().await?;
    let removed = bia_store::abuse::remove(&mut conn, &ids).await?;
    tracing::info!(identity.id = %identity.id, removed, "An operator let the wrong attempts on an identity be forgotten.");
    Ok(())
}

/// Every wrong attempt that still counts, by what was guessed at.
pub(super) async fn of(cx: &Cx, identity: &Identity) -> Result<Vec<Value>, Problem> {
    let guesses = guesses(identity);
    let bounded = |guess: &&Guess<'_>| abuse::is_bounded(cx, guess.guarded);
    let asked: Vec<(&Guess<'_>, Uuid)> = guesses
        .iter()
        .filter(bounded)
        .map(|guess| (guess, abuse::id_of(cx, guess)))
        .collect();
    let ids: Vec<Uuid> = asked.iter().map(|(_, id)| *id).collect();
    let mut conn = cx.read().await?;
    let mut kept = bia_store::abuse::find(&mut conn, &ids).await?;
    drop(conn);
    kept.retain(|counter| counter.failures > 0 && counter.expires_at > cx.now);
    let told = |(guess, id): (&Guess<'_>, Uuid)| {
        let counter = kept.iter().find(|counter| counter.id == id)?;
        Some(told(cx, guess, counter))
    };
    Ok(asked.into_iter().filter_map(told).collect())
}

fn told(cx: &Cx, guess: &Guess<'_>, counter: &Counter) -> Value {
    let locked = counter.locked_until.filter(|until| *until > cx.now);
    let identifier = match guess.owner {
        Owner::Identifier(text) => Some(text),
        Owner::Identity(_) | Owner::Address(_) => None,
    };
    json!({
        "method": guess.guarded.as_str(),
        "identifier": identifier,
        "failures": counter.failures,
        "last_failure_at": timestamp::json(counter.updated_at),
        "locked_until": locked.map(timestamp::json),
        "forgotten_at": timestamp::json(counter.expires_at),
    })
}

/// Everything about an identity that can be guessed at.
fn guesses(identity: &Identity) -> Vec<Guess<'_>> {
    let names = identity.credential(MethodName::Password);
    let names = names.map_or(&[][..], |credential| &credential.identifiers);
    let password = |name| Guess {
        guarded: Guarded::Password,
        owner: Owner::Identifier(name),
    };
    let other = |guarded| Guess {
        guarded,
        owner: Owner::Identity(identity.id),
    };
    let others = Guarded::SECRETS
        .into_iter()
        .filter(|guarded| *guarded != Guarded::Password);
    let passwords = names.iter().map(|name| password(name.as_str()));
    passwords.chain(others.map(other)).collect()
}
