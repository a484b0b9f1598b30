//! A login for an OAuth2 server that waits for an address to be verified (oauth2.md §3).

use bia_model::ui::Attributes;
use bia_model::{Flow, FlowKind};
use bia_store::identity::{self as identities, Expand};
use bia_store::session as sessions;

use super::{CHALLENGE, server};
use crate::cx::{Caller, Cx};
use crate::flow::login::held;
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::return_to;

/// The verification that a flow starts carries its challenge on, and so does one that takes another's place.
pub(crate) fn hand_over(parent: &Flow, verification: &mut Flow) {
    if !parent.is_native() {
        verification
            .oauth2_login_challenge
            .clone_from(&parent.oauth2_login_challenge);
        if parent.kind == FlowKind::Verification {
            verification.session_id = parent.session_id;
        }
    }
}

/// The address is verified: the OAuth2 server is told who has signed in, and the last screen leads there. For a browser
/// that sent a form the way on is the answer. A login that waited for the address goes on; where it cannot, a
/// new one has the same challenge.
pub(crate) async fn conclude(cx: &Cx, flow: &mut Flow) -> Result<Option<String>, Problem> {
    let Some(challenge) = flow.oauth2_login_challenge.clone() else {
        return Ok(None);
    };
    let url = match session_of(cx, flow).await? {
        Some(session) => {
            let url = server::accept(cx, &challenge, &session).await?;
            hand_out(cx, &session).await?;
            url
        }
        None => match held::resume(cx, flow).await? {
            Some(outcome) => way_on(cx, outcome).unwrap_or_else(|| sign_in(cx, flow, &challenge)),
            None => sign_in(cx, flow, &challenge),
        },
    };
    if let Some(Attributes::A { href, .. }) =
        flow.ui.find_mut("continue").map(|n| &mut n.attributes)
    {
        href.clone_from(&url);
    }
    Ok((cx.caller_of(FlowKind::Verification, flow.client) == Caller::Browser).then_some(url))
}

/// Where a new login for the same challenge begins.
fn sign_in(cx: &Cx, flow: &Flow, challenge: &str) -> String {
    let return_to = flow.requested_return_to();
    let mut pairs = vec![(CHALLENGE, challenge)];
    pairs.extend(return_to.iter().map(|url| ("return_to", url.as_str())));
    return_to::own(cx, "/self-service/login/browser", &pairs)
}

/// Where a login leads that went on.
fn way_on(cx: &Cx, outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Elsewhere { url } | Outcome::Redirect { url } => Some(url),
        Outcome::LoggedIn {
            return_to,
            second_factor,
            ..
        } => Some(second_factor.unwrap_or(return_to)),
        Outcome::Form { flow, .. } => Some(return_to::page(cx, flow.kind, flow.id)),
        _ => None,
    }
}

/// The session that the verification was started from, as long as it lives.
async fn session_of(cx: &Cx, flow: &Flow) -> Result<Option<bia_model::Session>, Problem> {
    let Some(id) = flow.session_id else {
        return Ok(None);
    };
    let mut conn = cx.read().await?;
    let found = sessions::find(&mut conn, id).await?;
    let Some(session) = found.filter(|session| session.is_live(cx.now)) else {
        return Ok(None);
    };
    let owner = identities::find(&mut conn, session.identity_id, Expand::Addresses).await?;
    Ok(owner
        .is_some_and(|owner| owner.is_active())
        .then_some(session))
}

/// Whoever verified the address in the browser that has the session gets its cookie anew.
async fn hand_out(cx: &Cx, session: &bia_model::Session) -> Result<(), Problem> {
    if let Some(live) = cx
        .session()
        .await?
        .filter(|live| live.session.id == session.id)
    {
        cx.effect(|e| e.session = Some(live.handed_out_again()));
    }
    Ok(())
}
