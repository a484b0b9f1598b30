//! Codes and links by which an operator lets somebody back in (admin.md §10).

use bia_model::{ClientType, MethodName, timestamp};
use bia_store::identity::{self as identities, Expand};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::cx::Cx;
use crate::method::{self, code, link};
use crate::problem::Problem;
use crate::return_to;
use crate::session::signed;

/// `POST /recovery/code`. Unknown members are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeBody {
    identity_id: Option<Uuid>,
    expires_in: Option<String>,
    flow_type: Option<String>,
}

/// Makes a code, and a flow that waits for it. Nothing is sent.
pub async fn create_code(cx: &Cx, body: CodeBody) -> Result<Value, Problem> {
    require(cx, MethodName::Code)?;
    return_to::check_request(cx)?;
    let lifetime = match body.expires_in.as_deref().filter(|t| !t.is_empty()) {
        Some(text) => lifetime(text)?,
        None => signed(cx.config().selfservice.methods.code.lifespan),
    };
    let client = client(body.flow_type.as_deref())?;
    let id = body.identity_id.unwrap_or_default();
    if !exists(cx, id).await? {
        return Err(Problem::NotFound(format!(
            "There is no identity with the id {id}."
        )));
    }
    let (flow, secret) =
        code::recovery_by_operator(cx, id, client, cx.now.saturating_add(lifetime)).await?;
    Ok(json!({
        "recovery_link": return_to::page(cx, flow.kind, flow.id),
        "recovery_code": secret,
        "expires_at": timestamp::json(flow.expires_at),
    }))
}

/// `POST /recovery/link`. Unknown members are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkBody {
    identity_id: Option<Uuid>,
    expires_in: Option<String>,
}

/// Makes a link that opens an account, and the flow behind it. Nothing is sent.
pub async fn create_link(cx: &Cx, body: LinkBody) -> Result<Value, Problem> {
    require(cx, MethodName::Link)?;
    let lifetime = match body.expires_in.as_deref().filter(|t| !t.is_empty()) {
        Some(text) => lifetime(text)?,
        None => signed(cx.config().selfservice.methods.link.config.lifespan),
    };
    return_to::check_request(cx)?;
    let id = body.identity_id.unwrap_or_default();
    if !exists(cx, id).await? {
        return Err(Problem::BadRequest(format!(
            "There is no identity with the id {id}."
        )));
    }
    let (flow, link) = link::recovery_by_operator(cx, id, lifetime).await?;
    Ok(json!({"recovery_link": link, "expires_at": timestamp::json(flow.expires_at)}))
}

async fn exists(cx: &Cx, id: Uuid) -> Result<bool, Problem> {
    let mut conn = cx.read().await?;
    Ok(identities::find(&mut conn, id, Expand::Addresses)
        .await?
        .is_some())
}

/// Whom the flow is for: a browser, where nothing is said.
pub(super) fn client(flow_type: Option<&str>) -> Result<ClientType, Problem> {
    match flow_type.unwrap_or_default() {
        "" | "browser" => Ok(ClientType::Browser),
        "api" => Ok(ClientType::Api),
        other => Err(Problem::BadRequest(format!(
            "The flow_type {other:?} is neither browser nor api."
        ))),
    }
}

/// Where a method is switched off, its calls are not there.
pub(super) fn require(cx: &Cx, name: MethodName) -> Result<(), Problem> {
    let enabled = method::find(name).is_some_and(|method| method.is_enabled(cx.config()));
    if enabled {
        Ok(())
    } else {
        Err(Problem::MethodDisabled(name))
    }
}

pub(super) fn lifetime(text: &str) -> Result<Duration, Problem> {
    let wrong = || {
        Problem::BadRequest(format!(
            "expires_in is no duration above zero: {text:?}. Write 30m, 1h30m or 48h."
        ))
    };
    let parsed = bia_config::duration::parse(text).map_err(|_| wrong())?;
    let lifetime = signed(parsed);
    if lifetime > Duration::ZERO {
        Ok(lifetime)
    } else {
        Err(wrong())
    }
}
