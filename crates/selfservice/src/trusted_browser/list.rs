//! Seeing and ending trust: a person's own, and an operator's view of it. Where browsers are not trusted there are none,
//! whatever was kept before.

use bia_model::timestamp;
use bia_store::Conn;
use bia_store::identity::{self as identities, Expand};
use bia_store::trusted_browser::{self as browsers, TrustedBrowser};
use serde_json::{Value, json};
use uuid::Uuid;

use super::cookie::{Fit, fit, presented, take_away};
use super::enabled;
use crate::admin::identity_id;
use crate::cx::Cx;
use crate::mfa;
use crate::problem::Problem;
use crate::session;

fn unknown() -> Problem {
    Problem::NotFound("There is no trusted browser with this id. It may have ended already.".into())
}

fn parse(id: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(id).map_err(|_| Problem::malformed(format!("The id {id:?} is not a UUID.")))
}

/// A browser's JSON; without secrets. `current` says whether it is the one that asks, where that is known.
fn json(browser: &TrustedBrowser, current: Option<bool>) -> Value {
    let mut shown = json!({
        "id": browser.id,
        "method": browser.method,
        "ip_address": browser.ip_address,
        "user_agent": browser.user_agent,
        "location": browser.location,
        "created_at": timestamp::json(browser.created_at),
        "last_used_at": timestamp::json(browser.last_used_at),
        "expires_at": timestamp::json(browser.expires_at),
    });
    if let Some(current) = current {
        shown["current"] = current.into();
    }
    shown
}

async fn kept(cx: &Cx, conn: &mut Conn, who: Uuid) -> Result<Vec<TrustedBrowser>, Problem> {
    match enabled(cx.config()) {
        Some(_) => Ok(browsers::list(conn, who, cx.now).await?),
        None => Ok(Vec::new()),
    }
}

/// Who asks about their own browsers.
async fn asking(cx: &Cx) -> Result<Uuid, Problem> {
    let live = session::require(cx).await?;
    Ok(live.session.identity_id)
}

/// A browser that the caller trusts.
pub struct Listed {
    /// The browser.
    pub browser: TrustedBrowser,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The browsers that the caller trusts, the last used first, as JSON.
pub async fn own(cx: &Cx) -> Result<Value, Problem> {
    let all = seen(cx).await?;
    let all = all.iter();
    Ok(all
        .map(|listed| json(&listed.browser, Some(listed.current)))
        .collect())
}

/// The browsers that the caller trusts, the last used first.
pub async fn seen(cx: &Cx) -> Result<Vec<Listed>, Problem> {
    let who = asking(cx).await?;
    let live = session::require(cx).await?;
    session::check_aal(cx, live, cx.config().session.whoami.required_aal, None).await?;
    let mut conn = cx.read().await?;
    let all = kept(cx, &mut conn, who).await?;
    let here = presented(cx, who);
    let is_here = |b: &TrustedBrowser| {
        here.as_ref()
            .is_some_and(|(_, token)| !matches!(fit(cx, b, token), Fit::None))
    };
    let listed = |browser: TrustedBrowser| Listed {
        current: is_here(&browser),
        browser,
    };
    Ok(all.into_iter().map(listed).collect())
}

/// Ends the trust in one browser of the caller's.
pub async fn forget_own(cx: &Cx, id: &str) -> Result<(), Problem> {
    let who = asking(cx).await?;
    mfa::check(cx, session::require(cx).await?).await?;
    let id = parse(id)?;
    let mut conn = cx.write().await?;
    if browsers::forget(&mut conn, who, id).await? {
        Ok(())
    } else {
        Err(unknown())
    }
}

/// Ends the trust in all browsers of the caller's. How many they were.
pub async fn forget_all_own(cx: &Cx) -> Result<u64, Problem> {
    let who = asking(cx).await?;
    mfa::check(cx, session::require(cx).await?).await?;
    let mut conn = cx.write().await?;
    let count = browsers::forget_all(&mut conn, who).await?;
    if let Some((name, _)) = presented(cx, who) {
        take_away(cx, &name);
    }
    Ok(count)
}

/// The identity that an operator names. As everywhere in the admin API, what is no id is the id of nobody.
async fn named(cx: &Cx, identity: &str) -> Result<Uuid, Problem> {
    let id = identity_id(identity)?;
    let mut conn = cx.read().await?;
    let found = identities::find(&mut conn, id, Expand::Addresses).await?;
    found
        .map(|found| found.id)
        .ok_or_else(|| Problem::NotFound(String::new()))
}

/// The browsers that an identity trusts.
pub async fn of_identity(cx: &Cx, identity: &str) -> Result<Value, Problem> {
    let who = named(cx, identity).await?;
    let mut conn = cx.read().await?;
    let all = kept(cx, &mut conn, who).await?;
    Ok(all.iter().map(|b| json(b, None)).collect())
}

/// Ends an identity's trust in one browser.
pub async fn forget_of_identity(cx: &Cx, identity: &str, id: &str) -> Result<(), Problem> {
    let who = named(cx, identity).await?;
    let id = parse(id)?;
    let mut conn = cx.write().await?;
    if browsers::forget(&mut conn, who, id).await? {
        Ok(())
    } else {
        Err(unknown())
    }
}

/// Ends an identity's trust in all browsers.
pub async fn forget_all_of_identity(cx: &Cx, identity: &str) -> Result<(), Problem> {
    let who = named(cx, identity).await?;
    let mut conn = cx.write().await?;
    browsers::forget_all(&mut conn, who).await?;
    Ok(())
}
