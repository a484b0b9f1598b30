//! A login that has proved who somebody is and waits for one of their addresses to be verified. The verification that
//! it has started holds it, and goes on with it where it was begun for an OAuth2 server, which waits as well.

use bia_model::{AuthenticationMethod, Flow, FlowKind, MethodName};
use bia_store::identity::{self as identities, Expand};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::conclude;
use crate::cx::Cx;
use crate::method::LoginStep;
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::{csrf, engine};

/// The member of a verification flow's context that holds the login.
const HELD: &str = "held_login";

#[derive(Serialize, Deserialize)]
struct Held {
    login_flow_id: Uuid,
    identity_id: Uuid,
    by: MethodName,
    proof: AuthenticationMethod,
}

/// What a verification has to keep of the login that it interrupts: nothing where nobody waits for that, or where a
/// session exists already.
pub(crate) fn hold(
    login: &Flow,
    identity_id: Uuid,
    proofs: &[AuthenticationMethod],
) -> Map<String, Value> {
    let mut context = Map::new();
    let begun = !login.refresh && !login.is_native() && login.oauth2_login_challenge.is_some();
    if let (true, Some(by), [proof]) = (begun, login.active, proofs) {
        let held = Held {
            login_flow_id: login.id,
            identity_id,
            by,
            proof: proof.clone(),
        };
        context.extend(
            serde_json::to_value(held)
                .ok()
                .map(|held| (HELD.to_owned(), held)),
        );
    }
    context
}

/// Goes on with the login that a verification holds, now that the address is verified. `None`: it holds none, the
/// login has expired, or this is another browser than the one that began it, where the proof counts for nothing.
pub(crate) async fn resume(cx: &Cx, verification: &mut Flow) -> Result<Option<Outcome>, Problem> {
    let Some(held) = verification.context.remove(HELD) else {
        return Ok(None);
    };
    let Ok(held) = serde_json::from_value::<Held>(held) else {
        return Ok(None);
    };
    let login = match engine::load(cx, FlowKind::Login, held.login_flow_id).await {
        Ok(login) if !login.is_expired(cx.now) && began_here(cx, &login) => login,
        Ok(_) | Err(Problem::NotFound(_)) => return Ok(None),
        Err(other) => return Err(other),
    };
    let mut conn = cx.read().await?;
    let found = identities::find(&mut conn, held.identity_id, Expand::Credentials).await?;
    drop(conn);
    let Some(identity) = found.filter(|identity| identity.is_active()) else {
        return Ok(None);
    };
    let step = LoginStep::Authenticated {
        identity: Box::new(identity),
        method: held.proof,
    };
    conclude(cx, login, None, held.by, Ok(step)).await.map(Some)
}

fn began_here(cx: &Cx, login: &Flow) -> bool {
    let cookie = cx.request.csrf_cookie.as_deref();
    cookie.is_some_and(|cookie| csrf::matches(cookie, &login.csrf_token))
}
