//! Signing out (spec: sessions.md §8).

use bia_store::session as sessions;

use crate::cx::Cx;
use crate::problem::Problem;
use crate::session::{self, LiveSession};
use crate::{return_to, token};

/// What a browser needs to sign out.
pub struct LogoutUrl {
    /// Where to go.
    pub url: String,
    /// The token in that URL.
    pub token: String,
}

/// The URL at which the current session ends.
pub async fn create(cx: &Cx) -> Result<LogoutUrl, Problem> {
    let live = cx
        .session_of_anybody()
        .await?
        .ok_or(Problem::SessionInactive {
            credentials_missing: false,
        })?;
    let return_to = cx.request.query("return_to").filter(|r| !r.is_empty());
    if return_to.is_some() {
        return_to::check_request(cx)?;
    }
    Ok(LogoutUrl {
        url: url(cx, live, return_to),
        token: live.session.logout_token.clone(),
    })
}

/// The URL at which a session ends. `return_to` is not checked here.
pub fn url(cx: &Cx, live: &LiveSession, return_to: Option<&str>) -> String {
    let mut pairs = Vec::new();
    pairs.extend(return_to.map(|r| ("return_to", r)));
    pairs.push(("token", live.session.logout_token.as_str()));
    return_to::own(cx, "/self-service/logout", &pairs)
}

/// Ends the current session of a browser that shows its logout token. Returns where it goes then.
pub async fn submit(cx: &Cx) -> Result<String, Problem> {
    let missing = "The token query parameter is missing. Ask for a logout URL first.";
    let sent = cx.request.query("token").filter(|t| !t.is_empty());
    let sent = sent.ok_or_else(|| Problem::BadRequest(missing.into()))?;
    let live = cx
        .session_of_anybody()
        .await?
        .ok_or(Problem::SessionInactive {
            credentials_missing: false,
        })?;
    if !same(&live.session.logout_token, sent) {
        return Err(Problem::Forbidden(
            "The logout token does not belong to the current session. Ask for a new logout URL."
                .into(),
        ));
    }
    revoke_presented(cx).await?;
    cx.effect(|e| e.drop_session = true);
    cx.renew_csrf();
    let own = cx
        .config()
        .selfservice
        .flows
        .logout
        .after
        .default_browser_return_url
        .as_ref();
    let default = own.unwrap_or_else(|| return_to::default_url(cx));
    return_to::resolve_text(cx, cx.request.query("return_to"), default)
}

/// Ends the session of a bearer token, or else that of the cookie.
async fn revoke_presented(cx: &Cx) -> Result<(), Problem> {
    let credentials = &cx.request.credentials;
    let Some(token) = credentials
        .bearer
        .as_ref()
        .or(credentials.cookie_token.as_ref())
    else {
        return Ok(());
    };
    if let Some(live) = session::find_by_token(cx, token).await? {
        let mut conn = cx.write().await?;
        sessions::revoke(&mut conn, live.session.id, cx.now).await?;
    }
    Ok(())
}

/// Ends the session of a native app by its token.
pub async fn submit_native(cx: &Cx, token: &str) -> Result<(), Problem> {
    let candidates = cx.runtime.keys.session_token_candidates(token);
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let mut conn = cx.write().await?;
    let found = if candidates.is_empty() {
        None
    } else {
        sessions::find_any_by_token(&mut conn, &candidates).await?
    };
    let unknown = || Problem::Forbidden("There is no session with this token.".into());
    sessions::revoke(&mut conn, found.ok_or_else(unknown)?.id, cx.now).await?;
    Ok(())
}

fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq;
    a.starts_with(token::LOGOUT_TOKEN_PREFIX) && a.as_bytes().ct_eq(b.as_bytes()).into()
}
