//! A login by a first factor in a browser that is trusted.

use bia_model::{Aal, Flow, Identity, MethodName};
use bia_store::trusted_browser::{self as browsers, TrustedBrowser};
use time::Duration;

use super::cookie::{Fit, fit, give, hashed, presented, take_away};
use super::secrets;
use crate::cx::Cx;
use crate::method;
use crate::problem::Problem;
use crate::session::Draft;
use crate::token;

/// How long the token before counts after it was changed: two logins at once both come with it.
const OVERLAP: Duration = Duration::seconds(60);

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
