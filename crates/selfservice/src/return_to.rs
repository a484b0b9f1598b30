//! Where flows lead: the server's own URLs, pages, and `return_to` (spec: flows.md §5).

use bia_config::section::flow::After;
use bia_config::{Page, RedirectUrl, ReturnToError};
use bia_model::{Flow, FlowKind, MethodName, flow};
use uuid::Uuid;

use crate::cx::Cx;
use crate::problem::Problem;

/// The address of a path of the public listener, such as `/self-service/login/browser`, with a query.
pub fn own(cx: &Cx, path: &str, pairs: &[(&str, &str)]) -> String {
    let address = cx.config().public_address(path);
    if pairs.is_empty() {
        address
    } else {
        format!("{address}?{}", query(pairs))
    }
}

/// This request's own URL, to come back to. Host and scheme are the configured ones: those that the request
/// names may be known inside of a cluster only.
pub fn here(cx: &Cx) -> String {
    let Ok(url) = url::Url::parse(&cx.request.url) else {
        return cx.request.url.clone();
    };
    let address = cx.config().public_address(url.path());
    match url.query() {
        Some(query) => format!("{address}?{query}"),
        None => address,
    }
}

/// The URL of a request that starts over what `old` was for: it ends where that one was to end.
pub fn starting_over(cx: &Cx, old: &Flow) -> String {
    let kept = old.requested_return_to();
    match (kept, RedirectUrl::parse(&cx.request.url)) {
        (Some(kept), Some(url)) => url.with_query(&[("return_to", &kept)]),
        _ => cx.request.url.clone(),
    }
}

/// A query string, encoded.
pub fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Where a flow's form is sent.
pub fn action(cx: &Cx, kind: FlowKind, id: Uuid) -> String {
    own(
        cx,
        &format!("/self-service/{kind}"),
        &[("flow", &id.to_string())],
    )
}

/// Whether a URL is one of this server's own for settings.
pub fn is_settings(cx: &Cx, url: &str) -> bool {
    url.strip_prefix(&own(cx, "/self-service/settings", &[]))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
}

/// The page that shows flows of a kind.
pub fn ui(cx: &Cx, kind: FlowKind) -> RedirectUrl {
    cx.config().ui_url(match kind {
        FlowKind::Login => Page::Login,
        FlowKind::Registration => Page::Registration,
        FlowKind::Settings => Page::Settings,
        FlowKind::Recovery => Page::Recovery,
        FlowKind::Verification => Page::Verification,
    })
}

/// The page that shows a flow.
pub fn page(cx: &Cx, kind: FlowKind, id: Uuid) -> String {
    ui(cx, kind).with_query(&[("flow", &id.to_string())])
}

/// Where a flow ends. `default` is where it ends when nothing else was asked for; what was asked for
/// has to be on the list of allowed URLs.
pub fn resolve(cx: &Cx, flow: &Flow, default: &RedirectUrl) -> Result<String, Problem> {
    resolve_text(cx, flow.requested_return_to().as_deref(), default)
}

/// As [`resolve`], for a text that was asked for.
pub fn resolve_text(
    cx: &Cx,
    asked: Option<&str>,
    default: &RedirectUrl,
) -> Result<String, Problem> {
    let allowed = &cx.config().selfservice.allowed_return_urls;
    match allowed.resolve(asked, None, default) {
        Ok(url) => Ok(url.as_str().to_owned()),
        Err(ReturnToError::Forbidden(url)) => Err(Problem::ReturnToForbidden(url)),
        Err(ReturnToError::Unparsable(_)) => Err(Problem::BadRequest(
            "The return_to query parameter is not a URL.".into(),
        )),
    }
}

/// Checks the `return_to` of a request that creates a flow.
pub fn check_request(cx: &Cx) -> Result<(), Problem> {
    resolve_text(cx, cx.request.query("return_to"), default_url(cx)).map(|_| ())
}

/// `selfservice.default_browser_return_url`.
pub fn default_url(cx: &Cx) -> &RedirectUrl {
    &cx.config().selfservice.default_browser_return_url
}

/// Where a flow ends by its `after` section: the method's URL, the flow's, else the general one.
pub fn after<'c>(cx: &'c Cx, section: &'c After, active: Option<MethodName>) -> &'c RedirectUrl {
    section
        .return_url(active.map_or("", MethodName::as_str))
        .unwrap_or_else(|| default_url(cx))
}

/// Where a browser goes that asks for a flow but is signed in already.
pub fn for_somebody_signed_in(cx: &Cx) -> Result<String, Problem> {
    resolve_text(cx, cx.request.query("return_to"), default_url(cx))
}

/// Where a browser goes that submits a flow but is signed in already: only the server's own
/// self-service URLs are taken from the request.
pub fn for_somebody_signed_in_meanwhile(cx: &Cx) -> String {
    let allowed = &cx.config().selfservice.allowed_return_urls;
    allowed
        .resolve_own(cx.request.query("return_to"), default_url(cx))
        .as_str()
        .to_owned()
}

/// The `return_to` of the request that started a flow, for what is derived from it.
pub fn of_request(flow: &Flow) -> Option<String> {
    flow::query_value(&flow.request_url, "return_to")
}
