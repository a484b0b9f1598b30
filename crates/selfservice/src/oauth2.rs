//! Logins for an OAuth2 server (spec: oauth2.md): it sends a browser here with a challenge, and gets it back with word
//! of who has signed in.
//!
//! The challenge goes with the flow, and with whatever flow takes its place. Native flows show it and never answer it.

mod server;
mod verification;

use bia_config::RedirectUrl;
use bia_courier::{OAuth2Client, OAuth2LoginRequest};
use bia_model::{ClientType, Flow, Session};
use serde_json::Value;

use crate::cx::{Caller, Cx};
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::return_to;

pub(crate) use verification::{
    conclude as conclude_verification, hand_over as hand_to_verification,
};

/// The query parameter.
const CHALLENGE: &str = "login_challenge";

/// How long a form that is being sent waits for the OAuth2 server.
const QUICK: std::time::Duration = std::time::Duration::from_secs(2);

/// What an OAuth2 server asks for.
pub(crate) struct Asked {
    /// Its challenge.
    challenge: String,
    /// Its request, as it answers it; not fetched for native flows.
    request: Option<Value>,
}

/// Reads the challenge of a request for a flow and asks the OAuth2 server about it. `None` when there is none.
pub(crate) async fn asked(cx: &Cx, client: ClientType) -> Result<Option<Asked>, Problem> {
    let Some(challenge) = cx.request.query(CHALLENGE) else {
        return Ok(None);
    };
    server::url(cx)?;
    if challenge.is_empty() {
        let reason = "The login_challenge query parameter is empty. Send the one that the OAuth2 server has put into the address of this page.";
        return Err(Problem::BadRequest(reason.into()));
    }
    let request = match client {
        ClientType::Api => None,
        ClientType::Browser => Some(server::fetch(cx, challenge).await?),
    };
    Ok(Some(Asked {
        challenge: challenge.to_owned(),
        request,
    }))
}

impl Asked {
    /// Whether somebody who is signed in need not do so again.
    pub(crate) fn skips(&self) -> bool {
        self.is("skip", true)
    }

    /// Whether somebody who is signed in has to do so again.
    pub(crate) fn insists(&self) -> bool {
        self.is("skip", false)
    }

    fn is(&self, name: &str, value: bool) -> bool {
        let said = self.request.as_ref().map(|r| r[name].as_bool());
        said.is_some_and(|said| said.unwrap_or_default() == value)
    }

    /// What the flow's `return_to` becomes by `oauth2_provider.override_return_to`. It has to be an allowed one.
    fn return_to(&self, cx: &Cx) -> Result<Option<String>, Problem> {
        if !cx.config().oauth2_provider.override_return_to {
            return Ok(None);
        }
        let url = self
            .request
            .as_ref()
            .and_then(|r| r["request_url"].as_str());
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        return_to::resolve_text(cx, Some(url), return_to::default_url(cx)).map(Some)
    }

    /// Puts the challenge onto a new login flow, with the request for those to whom it is shown.
    pub(crate) fn put_on_login(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        if let Some(return_to) = self.return_to(cx)? {
            flow.return_to = Some(return_to);
        }
        if self.insists() {
            flow.request_url = with_refresh(&flow.request_url);
        }
        flow.oauth2_login_challenge = Some(self.challenge.clone());
        flow.oauth2_login_request.clone_from(&self.request);
        Ok(())
    }

    /// Puts the challenge onto a new registration flow. The answer to its creation does not show the request.
    pub(crate) fn put_on_registration(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        self.return_to(cx)?;
        flow.oauth2_login_challenge = Some(self.challenge.clone());
        Ok(())
    }

    /// Where somebody who is signed in gives a second factor before that is enough.
    pub(crate) fn after_step_up(&self, url: &str) -> String {
        RedirectUrl::parse(url).map_or_else(
            || url.to_owned(),
            |parsed| parsed.with_query(&[(CHALLENGE, &self.challenge)]),
        )
    }

    /// Where somebody who is signed in sets up a second factor before that is enough.
    pub(crate) fn after_enrolment(&self, cx: &Cx, settings: String) -> String {
        back_to(cx, Some(&self.challenge), settings)
    }

    /// Tells the OAuth2 server that the request's own session is enough. Gives where the browser goes.
    pub(crate) async fn accept(&self, cx: &Cx, session: &Session) -> Result<String, Problem> {
        server::accept(cx, &self.challenge, session).await
    }
}

/// As the reference shows the URL of a request that has to be signed in for again.
fn with_refresh(url: &str) -> String {
    RedirectUrl::parse(url).map_or_else(
        || url.to_owned(),
        |parsed| parsed.with_query(&[("refresh", "true")]),
    )
}

/// An address with a flow's challenge, for what the flow leads to.
pub(crate) fn carried(flow: &Flow, url: String) -> String {
    match (&flow.oauth2_login_challenge, RedirectUrl::parse(&url)) {
        (Some(challenge), Some(parsed)) => parsed.with_query(&[(CHALLENGE, challenge)]),
        _ => url,
    }
}

/// The address of settings in which somebody has to set up a second factor first; they come back to the login that
/// the OAuth2 server waits for. `None` leaves it as it is.
pub(crate) fn back_to(cx: &Cx, challenge: Option<&str>, settings: String) -> String {
    let (Some(challenge), Some(parsed)) = (challenge, RedirectUrl::parse(&settings)) else {
        return settings;
    };
    let return_to = bia_model::flow::query_value(&settings, "return_to");
    let mut pairs = vec![(CHALLENGE, challenge)];
    pairs.extend(return_to.as_deref().map(|r| ("return_to", r)));
    let back = return_to::own(cx, "/self-service/login/browser", &pairs);
    parsed.with_query(&[("return_to", &back)])
}

/// Asks the OAuth2 server about a flow that is shown; native flows do not show it.
pub(crate) async fn show(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    if let (Some(challenge), false) = (&flow.oauth2_login_challenge, flow.is_native()) {
        flow.oauth2_login_request = Some(server::fetch(cx, challenge).await?);
    }
    Ok(())
}

/// As [`show`], for what a form that was sent leads to: whoever sent it is not kept waiting for what only decorates
/// a message or the form shown again. Asks nothing where the answer is there.
pub(crate) async fn show_if_quick(cx: &Cx, flow: &mut Flow) {
    if flow.oauth2_login_request.is_some() {
        return;
    }
    // What failed is in the log already; without an answer the form and its messages do not name the client.
    let _ = tokio::time::timeout(QUICK, show(cx, flow)).await;
}

/// As [`show_if_quick`], for the flow in an answer. A browser is led back to its page, which fetches the flow itself.
pub(crate) async fn show_if_answered(cx: &Cx, outcome: &mut Outcome) {
    if let Outcome::Form { flow, .. } = outcome
        && cx.caller(flow) != Caller::Browser
    {
        show_if_quick(cx, flow).await;
    }
}

/// Tells the OAuth2 server who has signed in by a flow. `None` for flows that nobody waits for.
pub(crate) async fn accept(
    cx: &Cx,
    flow: &Flow,
    session: &Session,
) -> Result<Option<String>, Problem> {
    match &flow.oauth2_login_challenge {
        Some(challenge) if !flow.is_native() => {
            server::accept(cx, challenge, session).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// What messages tell of the client that the person is on the way to.
pub(crate) fn told(flow: &Flow) -> Option<OAuth2LoginRequest> {
    let request = flow.oauth2_login_request.as_ref()?;
    let client = &request["client"];
    let text = |name: &str| client[name].as_str().unwrap_or_default().to_owned();
    Some(OAuth2LoginRequest {
        challenge: flow.oauth2_login_challenge.clone()?,
        client: OAuth2Client {
            client_id: text("client_id"),
            client_name: text("client_name"),
            client_uri: text("client_uri"),
            logo_uri: text("logo_uri"),
            metadata: client["metadata"].clone(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_request_says_that_it_asks_again() {
        let url = "http://id.example.org/self-service/login/browser?return_to=http://app.example.org/&login_challenge=c&aal=aal2";
        assert_eq!(
            with_refresh(url),
            "http://id.example.org/self-service/login/browser?aal=aal2&login_challenge=c&refresh=true&return_to=http%3A%2F%2Fapp.example.org%2F"
        );
        assert_eq!(with_refresh("no url"), "no url");
    }
}
