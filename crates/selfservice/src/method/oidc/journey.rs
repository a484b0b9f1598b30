//! What waits for somebody who was sent to a provider, until they come back (spec: oidc.md §3).
//!
//! A browser has one secret in its continuity cookie for all its journeys; with it and the flow's id the server finds
//! and opens what waits. So two tabs do not disturb each other, and another browser finds nothing. The browser that a
//! native app opens has no cookie of the app's: there it waits in the flow, and only the app gets what comes of it.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bia_model::{Flow, FlowKind};
use bia_store::continuity::{self as containers, Container};
use bia_store::{StoreError, exchange, flow as flows};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cx::Cx;
use crate::engine;
use crate::problem::Problem;
use crate::seal::Seal;
use crate::token;

/// How long somebody may stay away.
const LIFESPAN: Duration = Duration::minutes(30);

/// The name of the browser's secret in its continuity cookie.
const PURPOSE: &str = "oidc";

/// The member of a native flow's context.
const IN_FLOW: &str = "oidc_journey";

const SECRET_BYTES: usize = 32;
const TICKET_CHARACTERS: usize = 32;

/// What waits.
#[derive(Serialize, Deserialize)]
pub(super) struct Journey {
    /// What the provider gives back, sealed in the state.
    pub(super) ticket: String,
    /// The provider's id.
    pub(super) provider: String,
    /// The proof key of RFC 7636.
    pub(super) verifier: Option<String>,
    /// The secret of an OAuth 1 request token.
    pub(super) request_secret: Option<String>,
    /// The traits that were submitted.
    pub(super) traits: Value,
    /// The client's own data.
    pub(super) payload: Value,
}

/// What the parameter `state` says. It is sealed, so nobody else made it.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    /// The kind of flow.
    pub(super) kind: FlowKind,
    /// The flow.
    pub(super) flow: Uuid,
    /// The provider's id.
    pub(super) provider: String,
    /// Which attempt of the flow it is.
    pub(super) ticket: String,
}

const STATE: Seal<'static> = Seal {
    purpose: "oidc state",
    about: b"",
};

impl State {
    /// A new one.
    pub(super) fn new(flow: &Flow, provider: &str) -> State {
        State {
            kind: flow.kind,
            flow: flow.id,
            provider: provider.to_owned(),
            ticket: token::alphanumeric(TICKET_CHARACTERS),
        }
    }

    /// As the parameter.
    pub(super) fn seal(&self, cx: &Cx) -> Result<String, Problem> {
        let text = serde_json::to_vec(self).map_err(|e| Problem::Internal(e.to_string()))?;
        STATE.close(key(cx), &text)
    }

    /// Reads the parameter; `None` when this server did not make it.
    pub(super) fn open(cx: &Cx, sealed: &str) -> Option<State> {
        let text = STATE.open(keys(cx), sealed)?;
        serde_json::from_slice(&text).ok()
    }
}

/// The key for what the server seals for itself.
pub(super) fn key(cx: &Cx) -> &[u8] {
    keys(cx).next().unwrap_or_default()
}

/// The keys that may have sealed it: the configured secrets of cookies.
pub(super) fn keys(cx: &Cx) -> impl Iterator<Item = &[u8]> {
    cx.config().secrets.sessions().iter().map(|s| s.as_bytes())
}

const OF_BROWSER: &str = "oidc journey of a browser";
const OF_NATIVE: &str = "oidc journey in a flow";

fn seal<'f>(purpose: &'static str, flow: &'f Uuid) -> Seal<'f> {
    Seal {
        purpose,
        about: flow.as_bytes(),
    }
}

/// Keeps what waits, instead of what waited for an earlier attempt in the same flow.
pub(super) async fn set_out(cx: &Cx, flow: &mut Flow, journey: &Journey) -> Result<(), Problem> {
    let text = serde_json::to_vec(journey).map_err(|e| Problem::Internal(e.to_string()))?;
    let text = Zeroizing::new(text);
    if !flow.is_native() || flow.kind == FlowKind::Settings {
        return for_browser(cx, flow, &text).await;
    }
    let mut conn = cx.read().await?;
    let has_way_back = exchange::return_code_of(&mut conn, flow.id)
        .await?
        .is_some();
    drop(conn);
    if has_way_back {
        let sealed = seal(OF_NATIVE, &flow.id).close(key(cx), &text)?;
        flow.context.insert(IN_FLOW.into(), sealed.into());
        engine::save(cx, flow).await?;
    }
    Ok(())
}

async fn for_browser(cx: &Cx, flow: &Flow, text: &[u8]) -> Result<(), Problem> {
    let secret = secrets(cx).next().unwrap_or_else(|| {
        let mut secret = Zeroizing::new([0u8; SECRET_BYTES]);
        rand::rng().fill_bytes(secret.as_mut());
        secret
    });
    let sealed = seal(OF_BROWSER, &flow.id).close(secret.as_ref(), text)?;
    let container = Container {
        id: place(&secret, flow.id),
        identity_id: flow.identity_id,
        name: name(flow.id),
        payload: Some(json!({ "sealed": sealed })),
        created_at: cx.now,
        expires_at: cx.now + LIFESPAN,
    };
    let reference = URL_SAFE_NO_PAD.encode(secret.as_ref());
    cx.effect(|e| e.continuity.push((PURPOSE.to_owned(), Some(reference))));
    match replace(cx, &container).await {
        // A form that is sent twice at the same moment: the later one counts.
        Err(Problem::Store(StoreError::Conflict { .. })) => replace(cx, &container).await,
        outcome => outcome,
    }
}

async fn replace(cx: &Cx, container: &Container) -> Result<(), Problem> {
    bia_store::transact!(cx.app.store, tx => {
        containers::delete(tx, container.id).await?;
        Ok::<_, Problem>(containers::insert(tx, container).await?)
    })
}

fn name(flow: Uuid) -> String {
    format!("{PURPOSE}:{flow}")
}

/// Where the journey of a flow is kept: nobody without the browser's secret can name it.
fn place(secret: &[u8; SECRET_BYTES], flow: Uuid) -> Uuid {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), flow.as_bytes());
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The secrets of the browser; several when it sent several cookies of one name.
fn secrets(cx: &Cx) -> impl Iterator<Item = Zeroizing<[u8; SECRET_BYTES]>> {
    let references = cx.request.continuity.iter().filter_map(|c| c.get(PURPOSE));
    references.filter_map(|r| {
        let secret: [u8; SECRET_BYTES] = URL_SAFE_NO_PAD.decode(r).ok()?.try_into().ok()?;
        Some(Zeroizing::new(secret))
    })
}

/// Takes what waits for this attempt, for the one request that does.
pub(super) async fn arrive(cx: &Cx, flow: &mut Flow, ticket: &str) -> Result<Journey, Problem> {
    if flow.is_native() && flow.kind != FlowKind::Settings {
        let mut conn = cx.read().await?;
        if exchange::return_code_of(&mut conn, flow.id)
            .await?
            .is_some()
        {
            drop(conn);
            return of_native(cx, flow, ticket).await;
        }
    }
    of_browser(cx, flow, ticket).await
}

async fn of_native(cx: &Cx, flow: &mut Flow, ticket: &str) -> Result<Journey, Problem> {
    let sealed = flow.context.get(IN_FLOW).and_then(Value::as_str);
    let text = sealed.and_then(|s| seal(OF_NATIVE, &flow.id).open(keys(cx), s));
    let journey = read(text.ok_or_else(used)?, ticket)?;
    flow.context.shift_remove(IN_FLOW);
    let mut conn = cx.write().await?;
    match flows::update(&mut conn, flow).await {
        Ok(()) => Ok(journey),
        Err(StoreError::Stale) => Err(used()),
        Err(other) => Err(other.into()),
    }
}

async fn of_browser(cx: &Cx, flow: &Flow, ticket: &str) -> Result<Journey, Problem> {
    let mut has_cookie = false;
    for secret in secrets(cx) {
        has_cookie = true;
        let mut conn = cx.write().await?;
        let id = place(&secret, flow.id);
        let Some(found) = containers::find(&mut conn, id, &name(flow.id)).await? else {
            continue;
        };
        let sealed = found
            .payload
            .as_ref()
            .and_then(|p| p.get("sealed"))
            .and_then(Value::as_str);
        let opened = sealed.and_then(|s| seal(OF_BROWSER, &flow.id).open([secret.as_slice()], s));
        let journey = read(opened.ok_or_else(used)?, ticket)?;
        if !containers::delete(&mut conn, id).await? {
            return Err(used());
        }
        if found.expires_at < cx.now {
            return Err(lost("Signing in at the provider took too long"));
        }
        return Ok(journey);
    }
    Err(if has_cookie {
        used()
    } else {
        lost(
            "This browser did not send the cookie that it got when signing in began. It may block cookies, or another browser began",
        )
    })
}

fn read(text: Zeroizing<Vec<u8>>, ticket: &str) -> Result<Journey, Problem> {
    let journey: Journey = serde_json::from_slice(&text).map_err(|_| used())?;
    if bool::from(journey.ticket.as_bytes().ct_eq(ticket.as_bytes())) {
        Ok(journey)
    } else {
        Err(lost(
            "Signing in was begun again meanwhile, so that this answer of the provider no longer counts",
        ))
    }
}

fn used() -> Problem {
    lost("This answer of the provider was used already, or nothing waits for it here")
}

fn lost(why: &str) -> Problem {
    Problem::BadRequest(format!("{why}. Start again from the sign-in page."))
}
