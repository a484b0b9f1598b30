//! What to do next: a sentence, and the request to make when there is one.

use bia_model::{ClientType, FlowKind};
use bia_selfservice::cx::Cx;
use bia_selfservice::mfa::Demand;
use bia_selfservice::return_to;
use serde_json::{Map, Value, json};

use super::seen;

/// What to do.
pub(super) struct Next {
    text: String,
    request: Option<(&'static str, String)>,
}

impl Next {
    /// Something that is no request.
    pub(super) fn say(text: impl Into<String>) -> Next {
        Next {
            text: text.into(),
            request: None,
        }
    }

    /// A request to this server or another.
    pub(super) fn get(text: impl Into<String>, url: String) -> Next {
        Next {
            text: text.into(),
            request: Some(("GET", url)),
        }
    }

    /// A form to send.
    pub(super) fn post(text: impl Into<String>, url: String) -> Next {
        Next {
            text: text.into(),
            request: Some(("POST", url)),
        }
    }

    pub(super) fn json(&self) -> Value {
        let mut next = Map::new();
        next.insert("text".into(), json!(self.text));
        if let Some((method, url)) = &self.request {
            next.insert("method".into(), json!(method));
            next.insert("url".into(), json!(url));
        }
        Value::Object(next)
    }
}

/// Whether the client is an app: it has a flow for apps, asks for one, or sends its token in a header.
pub(super) fn is_app(cx: &Cx) -> bool {
    let mut known = None;
    cx.effect(|effects| known = effects.client);
    if let Some(client) = known {
        return client == ClientType::Api;
    }
    let asks = seen::path(cx).ends_with("/api");
    let credentials = &cx.request.credentials;
    asks || (credentials.token.is_some() && !credentials.from_cookie)
}

/// Where a new flow of a kind begins for this client.
pub(super) fn begin(cx: &Cx, kind: FlowKind, query: &[(&str, &str)]) -> String {
    let end = if is_app(cx) { "api" } else { "browser" };
    return_to::own(cx, &format!("/self-service/{kind}/{end}"), query)
}

/// Giving one of the factors that the account has: after a first one, or, `by_itself`, as a sign-in of its own.
pub(super) fn step_up(cx: &Cx, by_itself: bool) -> Next {
    let (text, query) = if by_itself {
        let text =
            "Begin a login that repeats the sign-in with this session, and give the factor there.";
        (text, ("refresh", "true"))
    } else {
        let text = "Begin a login for the second factor with this session, and submit it there.";
        (text, ("aal", "aal2"))
    };
    Next::get(text, begin(cx, FlowKind::Login, &[query]))
}

/// Setting up a factor, in a settings flow that begins at `url`.
pub(super) fn enrol(url: String) -> Next {
    let text = "Begin a settings flow with this session, and set one of them up there.";
    Next::get(text, url)
}

/// What a policy asks of somebody who just signed in; `None` when it is nothing.
pub(super) fn of_demand(cx: &Cx, demand: &Demand) -> Option<Next> {
    match demand {
        Demand::Nothing => None,
        Demand::StepUp(able) => Some(step_up(cx, able.second.is_empty())),
        Demand::Enrol { .. } => Some(enrol(begin(cx, FlowKind::Settings, &[]))),
    }
}

/// Where a flow is read.
pub(super) fn read(cx: &Cx, kind: FlowKind, id: &str) -> String {
    return_to::own(cx, &format!("/self-service/{kind}/flows"), &[("id", id)])
}

/// What a script does in place of sending its browser to `url`: on a page of a flow, read that flow; at the beginning
/// of one, begin it. Anywhere else there is nothing for a script, and the browser has to go.
pub(super) fn at_location(cx: &Cx, url: &str) -> Next {
    let base = &cx.config().serve.public.base_url;
    let Some(address) = base.join(url).ok() else {
        return Next::say("Send the browser to redirect_browser_to.");
    };
    let id = address
        .query_pairs()
        .find(|(name, _)| name == "flow")
        .map(|(_, id)| id.into_owned());
    let page = |kind: &FlowKind| {
        let page = return_to::ui(cx, *kind).to_url(base);
        page.is_some_and(|page| page.origin() == address.origin() && page.path() == address.path())
    };
    if let (Some(id), Some(kind)) = (id, FlowKind::ALL.into_iter().find(page)) {
        let text = format!(
            "Send the browser to redirect_browser_to; a script reads the {kind} flow that waits there, and goes on with it."
        );
        return Next::get(text, read(cx, kind, &id));
    }
    let own = address.origin() == base.origin() && address.path().contains("/self-service/");
    let text = if own {
        "Send the browser to redirect_browser_to; a script asks there with Accept: application/json, and goes on with the flow in the answer."
    } else {
        "Send the browser to redirect_browser_to: window.location = answer.redirect_browser_to. A script cannot follow there."
    };
    Next::get(text, address.into())
}
