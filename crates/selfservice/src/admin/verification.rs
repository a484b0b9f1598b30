//! Codes by which an operator lets somebody prove an address: an addition of ours, after the call for recovery codes.

use bia_model::{Identity, MethodName, VerifiableAddress, normalise, timestamp};
use bia_store::identity::{self as identities, Expand};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::recovery::{client, lifetime, require};
use crate::cx::Cx;
use crate::flow::verification;
use crate::method::code;
use crate::problem::Problem;
use crate::return_to;
use crate::session::signed;

/// `POST /admin/bia/verification/code`. Unknown members are refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Whose address it is.
    identity_id: Uuid,
    /// One of the identity's; may be left out where one alone waits to be verified.
    address: Option<String>,
    /// How long the code lives, such as `30m`; the configured lifespan of codes where it is left out. Not with `send`.
    expires_in: Option<String>,
    /// `browser` or `api`.
    flow_type: Option<String>,
    /// Whether the owner gets the message of the configured method, and the caller no code.
    #[serde(default)]
    send: bool,
}

/// Makes a flow that waits for a proof of an address, and either the code for it or a message to its owner.
pub async fn create_code(cx: &Cx, body: CodeBody) -> Result<Value, Problem> {
    let client = client(body.flow_type.as_deref())?;
    return_to::check_request(cx)?;
    let mut conn = cx.read().await?;
    let found = identities::find(&mut conn, body.identity_id, Expand::Addresses).await?;
    drop(conn);
    let identity = found.ok_or_else(|| {
        Problem::NotFound(format!(
            "There is no identity with the id {}.",
            body.identity_id
        ))
    })?;
    let address = choose(&identity, body.address.as_deref())?;
    let expires_in = body.expires_in.as_deref().filter(|t| !t.is_empty());
    if body.send {
        if expires_in.is_some() {
            let why = "expires_in goes with a code that is handed out; a message that is sent has the configured lifespan. Leave out one of expires_in and send.";
            return Err(Problem::BadRequest(why.into()));
        }
        let flow = verification::start_by_operator(cx, client, &identity, address).await?;
        return Ok(json!({
            "verification_link": return_to::page(cx, flow.kind, flow.id),
            "expires_at": timestamp::json(flow.expires_at),
        }));
    }
    verification::check_enabled(cx)?;
    require(cx, MethodName::Code)?;
    let lifetime = match expires_in {
        Some(text) => lifetime(text)?,
        None => signed(cx.config().selfservice.methods.code.lifespan),
    };
    let expires_at = cx.now.saturating_add(lifetime);
    let (flow, secret) =
        code::verification_by_operator(cx, identity.id, address, client, expires_at).await?;
    Ok(json!({
        "verification_link": return_to::page(cx, flow.kind, flow.id),
        "verification_code": secret,
        "expires_at": timestamp::json(flow.expires_at),
    }))
}

/// The address that is meant.
fn choose<'i>(
    identity: &'i Identity,
    wanted: Option<&str>,
) -> Result<&'i VerifiableAddress, Problem> {
    let all = &identity.verifiable_addresses;
    let Some(wanted) = wanted.filter(|w| !w.trim().is_empty()) else {
        let mut waiting = all.iter().filter(|a| !a.verified);
        return match (waiting.next(), waiting.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Problem::BadRequest(
                "The identity has no address that waits to be verified.".into(),
            )),
            _ => Err(Problem::BadRequest(
                "Several addresses of the identity wait to be verified. Say which one: {\"address\": \"…\"}.".into(),
            )),
        };
    };
    all.iter()
        .find(|a| a.value == wanted || a.value == normalise::identifier(wanted))
        .ok_or_else(|| {
            Problem::BadRequest(
                "The address is not one of the identity's verifiable addresses.".into(),
            )
        })
}
