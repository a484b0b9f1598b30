//! Browsers that need not give the second factor at each login (`bia.trusted_browser`).
//!
//! Whoever gives a second factor in a browser can trust it for a while. A later login there by a first factor stays at
//! `aal1`, and says the truth in its methods; it carries a mark (`Session::trust_browser`) by which whoami, settings
//! and `bia.mfa` take it as if the factor had been given that was given then. What changes credentials, and a login
//! with `aal=aal2`, want the factor itself.
//!
//! Invariants: where it is switched off nothing is read and no mark counts; a browser's token changes with each use,
//! and one that comes back after it was changed ends the trust, as it or the other is a copy; each person at a browser
//! has a cookie of their own; native apps get nothing.

pub mod list;

use bia_config::Config;
use bia_config::section::bia::BiaTrustedBrowser;
use bia_model::text;
use bia_model::ui::{Group, InputType, input};
use bia_model::{Aal, Flow, Identity, MethodName, Session};
use bia_store::trusted_browser::{self as browsers, TrustedBrowser};
use bia_store::{StoreError, Tx};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::cx::Cx;
use crate::form::Form;
use crate::method;
use crate::outcome::IssuedSession;
use crate::problem::Problem;
use crate::session::{Draft, signed};
use crate::token;

/// The checkbox of the second factor's form.
const FIELD: &str = "trust_browser";

/// The most browsers that one identity trusts; the longest unused go first.
const MOST: usize = 50;

/// How long the token before counts after it was changed: two logins at once both come with it.
const OVERLAP: Duration = Duration::seconds(60);

/// A cookie that a browser gets, or loses.
#[derive(Clone)]
pub struct TrustCookie {
    /// Its name.
    pub name: String,
    /// Its value, a secret; `None` takes it away.
    pub value: Option<String>,
    /// Until when it counts.
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for TrustCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrustCookie")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A browser that is going to be trusted.
pub(crate) struct Trust {
    browser: TrustedBrowser,
    token: String,
}

fn enabled(config: &Config) -> Option<&BiaTrustedBrowser> {
    Some(&config.bia.trusted_browser).filter(|section| section.enabled)
}

/// The second factor that a session's browser stands for.
pub fn stands_for(config: &Config, session: &Session) -> Option<MethodName> {
    enabled(config)?;
    session.trusted_browser()
}

/// Adds the checkbox to the form of a second factor, where people are asked. Whether it did.
pub(crate) fn offer(cx: &Cx, flow: &mut Flow) -> bool {
    let Some(section) = enabled(cx.config()).filter(|section| section.ask) else {
        return false;
    };
    if flow.is_native() || flow.requested_aal < Aal::Aal2 || flow.ui.find(FIELD).is_some() {
        return false;
    }
    let days = signed(section.lifespan).whole_days();
    let label = text::trust_browser_label(days);
    let checkbox = input(FIELD, InputType::Checkbox, Group::Default);
    let checkbox = checkbox.with_value(wished(flow)).labelled(label);
    flow.ui.nodes.push(checkbox);
    true
}

/// Remembers what was chosen, over all screens of a form.
pub(crate) fn note(cx: &Cx, flow: &mut Flow, form: &Form) {
    if enabled(cx.config()).is_some() && form.has(FIELD) {
        flow.context
            .insert(FIELD.into(), form.boolean(FIELD).into());
    }
}

fn wished(flow: &Flow) -> bool {
    flow.context.get(FIELD) == Some(&true.into())
}

/// The name of an identity's cookie. It tells nobody whose it is.
fn cookie_name(cx: &Cx, section: &BiaTrustedBrowser, identity: Uuid) -> String {
    let about = cx
        .runtime
        .keys
        .stored_code(&format!("trusted browser of {identity}"));
    let short = about.get(..16).unwrap_or(&about);
    format!("{}_{short}", section.cookie_name)
}

/// What is hashed of a token: it is of use for one identity and nothing else.
fn hashed(identity: Uuid, token: &str) -> String {
    format!("trusted browser\n{identity}\n{token}")
}

/// What the request's browser has for an identity.
fn presented(cx: &Cx, identity: Uuid) -> Option<(String, String)> {
    let section = enabled(cx.config())?;
    let name = cookie_name(cx, section, identity);
    let value = (*cx.request.cookies.by_name().get(name.as_str())?).to_owned();
    (!value.is_empty() && value.len() <= 64).then_some((name, value))
}

/// How a browser's token fits what is kept.
enum Fit {
    Current,
    /// It was the one before.
    Before,
    None,
}

fn fit(cx: &Cx, browser: &TrustedBrowser, token: &str) -> Fit {
    let text = hashed(browser.identity_id, token);
    let keys = &cx.runtime.keys;
    let before = browser.previous_hash.as_deref();
    if keys.code_matches(&browser.token_hash, &text) {
        Fit::Current
    } else if before.is_some_and(|before| keys.code_matches(before, &text)) {
        Fit::Before
    } else {
        Fit::None
    }
}

/// Marks a session of somebody who gave a first factor, when they trust the browser. Its token changes by that.
pub(crate) async fn recognise(cx: &Cx, flow: &Flow, draft: &mut Draft) -> Result<(), Problem> {
    let (session, identity) = (&draft.issued.session, &draft.issued.identity);
    if flow.is_native() || session.aal >= Aal::Aal2 {
        return Ok(());
    }
    let Some((name, token)) = presented(cx, identity.id) else {
        return Ok(());
    };
    // Whoever meets another login's change of the token looks again.
    for _ in 0..2 {
        match redeem(cx, identity, &name, &token).await? {
            Redeemed::Yes(factor) => {
                draft.issued.session.trust_browser(factor);
                return Ok(());
            }
            Redeemed::No => break,
            Redeemed::Changed => {}
        }
    }
    Ok(())
}

enum Redeemed {
    /// It stands for this factor.
    Yes(MethodName),
    No,
    /// Somebody else changed it meanwhile.
    Changed,
}

async fn redeem(cx: &Cx, who: &Identity, name: &str, token: &str) -> Result<Redeemed, Problem> {
    let mut conn = cx.read().await?;
    let all = browsers::list(&mut conn, who.id, cx.now).await?;
    drop(conn);
    let mut found = None;
    for browser in &all {
        match fit(cx, browser, token) {
            Fit::None => {}
            fits => found = Some((browser, fits)),
        }
    }
    let Some((browser, fits)) = found.filter(|(browser, _)| still_counts(cx, browser, who)) else {
        take_away(cx, name);
        return Ok(Redeemed::No);
    };
    let recent = cx.now - browser.rotated_at <= OVERLAP;
    match fits {
        Fit::Current => rotate(cx, browser, name).await,
        Fit::Before if recent => Ok(Redeemed::Yes(browser.method)),
        Fit::Before | Fit::None => {
            tracing::warn!(identity.id = %who.id, "a trusted browser's token came back after it was changed: there is a copy, and the trust ends");
            let mut conn = cx.write().await?;
            browsers::forget(&mut conn, who.id, browser.id).await?;
            take_away(cx, name);
            Ok(Redeemed::No)
        }
    }
}

async fn rotate(cx: &Cx, browser: &TrustedBrowser, name: &str) -> Result<Redeemed, Problem> {
    let token = token::alphanumeric(40);
    let after = cx
        .runtime
        .keys
        .stored_code(&hashed(browser.identity_id, &token));
    let mut conn = cx.write().await?;
    let change = (browser.token_hash.as_str(), after.as_str());
    if !browsers::rotate(&mut conn, browser.id, change, cx.now).await? {
        return Ok(Redeemed::Changed);
    }
    give(cx, name.to_owned(), token, browser.expires_at);
    Ok(Redeemed::Yes(browser.method))
}

/// Whether the factor is still there that was given, and the secrets are those of then: the reference, on the same
/// database, forgets no browser when it changes one.
fn still_counts(cx: &Cx, browser: &TrustedBrowser, who: &Identity) -> bool {
    let config = cx.config();
    let factor = method::find(browser.method).filter(|m| m.is_enabled(config));
    let has = factor.is_some_and(|m| m.second_factors(config, who) > 0);
    has && cx
        .runtime
        .keys
        .code_matches(&browser.secrets_hash, &secrets(who))
}

/// The password and the key of the authenticator app, as they are kept; their hash is what a trust is bound to.
fn secrets(who: &Identity) -> String {
    let of = |kind, member: &str| {
        let credential = who.credential(kind);
        let found = credential.and_then(|c| c.config.get(member)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let password = of(MethodName::Password, "hashed_password");
    let key = of(MethodName::Totp, "totp_url");
    format!("trusted browser secrets\n{password}\n{key}")
}

fn give(cx: &Cx, name: String, value: String, expires_at: OffsetDateTime) {
    let value = Some(value);
    let cookie = TrustCookie {
        name,
        value,
        expires_at,
    };
    cx.effect(|e| e.trusted_browser = Some(cookie));
}

fn take_away(cx: &Cx, name: &str) {
    let cookie = TrustCookie {
        name: name.to_owned(),
        value: None,
        expires_at: OffsetDateTime::UNIX_EPOCH,
    };
    cx.effect(|e| e.trusted_browser = Some(cookie));
}

/// The trust that somebody wants who just gave a second factor.
pub(crate) fn wanted(cx: &Cx, flow: &Flow, issued: &IssuedSession) -> Option<Trust> {
    let session = &issued.session;
    let section = enabled(cx.config())?;
    let last = session.authentication_methods.last()?;
    let second = last.aal == Aal::Aal2 && session.aal >= Aal::Aal2;
    if flow.is_native() || !second || (section.ask && !wished(flow)) {
        return None;
    }
    let token = token::alphanumeric(40);
    let origin = &cx.request.origin;
    let browser = TrustedBrowser {
        id: Uuid::new_v4(),
        identity_id: session.identity_id,
        token_hash: cx
            .runtime
            .keys
            .stored_code(&hashed(session.identity_id, &token)),
        previous_hash: None,
        secrets_hash: cx.runtime.keys.stored_code(&secrets(&issued.identity)),
        rotated_at: cx.now,
        method: MethodName::parse(&last.method)?,
        ip_address: Some(origin.ip_address.clone()),
        user_agent: origin.user_agent.clone(),
        location: Some(origin.location.clone()),
        created_at: cx.now,
        last_used_at: cx.now,
        expires_at: cx.now.saturating_add(signed(section.lifespan)),
    };
    Some(Trust { browser, token })
}

/// Keeps it, as part of the unit of work that stores the session. What the browser had before goes.
pub(crate) async fn keep(cx: &Cx, tx: &mut Tx, trust: &Trust) -> Result<(), StoreError> {
    let who = trust.browser.identity_id;
    if let Some((_, token)) = presented(cx, who) {
        let known = browsers::list(tx, who, cx.now).await?;
        let same = known
            .iter()
            .find(|b| !matches!(fit(cx, b, &token), Fit::None));
        if let Some(same) = same {
            browsers::forget(tx, who, same.id).await?;
        }
    }
    browsers::insert(tx, &trust.browser, MOST).await
}

/// Gives the browser its cookie once the trust is kept.
pub(crate) fn hand_out(cx: &Cx, trust: Trust) {
    if let Some(section) = enabled(cx.config()) {
        let name = cookie_name(cx, section, trust.browser.identity_id);
        give(cx, name, trust.token, trust.browser.expires_at);
    }
}

/// Forgets all browsers of an identity, as part of a unit of work, when a change makes them doubtful: a credential
/// that it had is another or gone, or it may not sign in. A further kind of credential is no reason.
pub(crate) async fn after_change(
    cx: &Cx,
    tx: &mut Tx,
    old: &Identity,
    new: &Identity,
) -> Result<(), StoreError> {
    if enabled(cx.config()).is_none() {
        return Ok(());
    }
    let changed = |had: &bia_model::Credential| {
        new.credential(had.kind)
            .is_none_or(|has| has.config != had.config || has.identifiers != had.identifiers)
    };
    if !new.is_active() || old.credentials.iter().any(changed) {
        browsers::forget_all(tx, new.id).await?;
    }
    Ok(())
}

/// Forgets all browsers of an identity, as part of the unit of work that recovers it.
pub(crate) async fn after_recovery(cx: &Cx, tx: &mut Tx, who: Uuid) -> Result<(), StoreError> {
    if enabled(cx.config()).is_some() {
        browsers::forget_all(tx, who).await?;
    }
    Ok(())
}
