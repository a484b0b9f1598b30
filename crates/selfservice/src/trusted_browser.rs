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

mod cookie;
pub mod list;
mod redeem;

use bia_config::Config;
use bia_config::section::bia::BiaTrustedBrowser;
use bia_model::text;
use bia_model::ui::{Group, InputType, input};
use bia_model::{Aal, Flow, Identity, MethodName, Session};
use bia_store::trusted_browser::{self as browsers, TrustedBrowser};
use bia_store::{StoreError, Tx};
use uuid::Uuid;

use crate::cx::Cx;
use crate::form::Form;
use crate::outcome::IssuedSession;
use crate::problem::Problem;
use crate::session::signed;
use crate::token;

pub use cookie::TrustCookie;
use cookie::{Fit, cookie_name, fit, give, hashed, presented};
pub(crate) use redeem::recognise;

/// The checkbox of the second factor's form.
const FIELD: &str = "trust_browser";

/// The most browsers that one identity trusts; the longest unused go first.
const MOST: usize = 50;

/// A browser that is going to be trusted.
pub(crate) struct Trust {
    browser: TrustedBrowser,
    token: String,
    /// What the same browser had before.
    replaces: Option<Uuid>,
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

/// The trust that somebody wants who just gave a second factor.
pub(crate) async fn wanted(
    cx: &Cx,
    flow: &Flow,
    issued: &IssuedSession,
) -> Result<Option<Trust>, Problem> {
    let Some(mut trust) = drafted(cx, flow, issued) else {
        return Ok(None);
    };
    let who = trust.browser.identity_id;
    if let Some((_, token)) = presented(cx, who) {
        let known = browsers::list(&mut cx.read().await?, who, cx.now).await?;
        let same = known
            .iter()
            .find(|b| !matches!(fit(cx, b, &token), Fit::None));
        trust.replaces = same.map(|browser| browser.id);
    }
    Ok(Some(trust))
}

fn drafted(cx: &Cx, flow: &Flow, issued: &IssuedSession) -> Option<Trust> {
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
    Some(Trust {
        browser,
        token,
        replaces: None,
    })
}

/// Keeps it, as part of the unit of work that stores the session. What the browser had before goes.
pub(crate) async fn keep(tx: &mut Tx, trust: &Trust) -> Result<(), StoreError> {
    if let Some(replaced) = trust.replaces {
        browsers::forget(tx, trust.browser.identity_id, replaced).await?;
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
