//! How a native app gets the session of a sign-in that ended in a browser (spec: flows.md §16).

use bia_store::identity::{self as identities, Expand};
use bia_store::{exchange, session as sessions};
use uuid::Uuid;

use crate::cx::Cx;
use crate::outcome::IssuedSession;
use crate::problem::Problem;
use crate::token;

/// What two codes gave.
#[derive(Debug)]
pub enum Exchanged {
    /// Nothing belongs to them, or no longer.
    Unknown,
    /// The flow that is still under way.
    Pending(Uuid),
    /// The session, with a token that nobody else has.
    Session(Box<IssuedSession>),
}

/// Exchanges an app's two codes for its session: once. The token that the browser's request made is not known to
/// anybody, as only its hash is stored; so the session gets a new one.
///
/// # Errors
/// When the store fails.
pub async fn redeem(cx: &Cx, init_code: &str, return_to_code: &str) -> Result<Exchanged, Problem> {
    let mut conn = cx.read().await?;
    let found = exchange::find(&mut conn, init_code, return_to_code).await?;
    let Some(found) = found else {
        return Ok(Exchanged::Unknown);
    };
    let Some(session_id) = found.session_id else {
        return Ok(Exchanged::Pending(found.flow_id));
    };
    let session = sessions::find(&mut conn, session_id).await?;
    let Some(session) = session.filter(|s| s.is_live(cx.now)) else {
        return Ok(Exchanged::Unknown);
    };
    let identity = identities::find(&mut conn, session.identity_id, Expand::Addresses).await?;
    let Some(identity) = identity.filter(bia_model::Identity::is_active) else {
        return Ok(Exchanged::Unknown);
    };
    drop(conn);
    let token = token::session_token();
    let stored = cx.runtime.keys.stored_session_token(&token);
    let redeemed = bia_store::transact!(cx.app.store, tx => {
        let first = exchange::redeem(tx, init_code, return_to_code).await?;
        if first {
            sessions::set_token(tx, session_id, &stored).await?;
        }
        Ok::<_, Problem>(first)
    })?;
    if !redeemed {
        return Ok(Exchanged::Unknown);
    }
    Ok(Exchanged::Session(Box::new(IssuedSession {
        session,
        identity,
        token,
    })))
}
