//! The built-in pages below `/ui/`, used for every flow whose `ui_url` is not configured.
//!
//! A page reads what a page of an operator's own would read by the API, with the cookies of the browser that asks, and
//! writes nothing but cookies. Forms of flows are sent to the API. Whatever cannot be shown leads to the API's own beginning of
//! the flow, so that a bookmark or an old tab never ends at a dead end.

mod flow;
mod home;
mod inbox;
mod trusted_browsers;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use bia_model::FlowKind;
use bia_selfservice::cx::{App, Cx};
use bia_selfservice::problem::Problem;
use bia_selfservice::return_to;
use bia_ui::{ErrorDetails, error_page};
use http::StatusCode;

use self::view::View;
use super::{errors, not_found};
use crate::extract::{self, Incoming};
use crate::{error, respond};

/// The routes. All pages lie directly below `/ui/`, because they name their assets by relative URLs.
pub(super) fn router() -> Router<Arc<App>> {
    FlowKind::ALL
        .into_iter()
        .fold(Router::new(), |router, kind| {
            router.route(&format!("/ui/{kind}"), page(Page::Flow(kind)))
        })
        .route("/ui", page(Page::Entrance))
        .route("/ui/", page(Page::Home))
        .route("/ui/welcome", page(Page::Home))
        .route("/ui/error", page(Page::Error))
        .route("/ui/inbox", page(Page::Inbox))
        .route(
            trusted_browsers::PATH,
            page(Page::TrustedBrowsers).post(end_trust),
        )
        .route("/ui/assets/{*path}", get(asset))
}

/// The pages there are.
#[derive(Clone, Copy)]
enum Page {
    /// The path without its slash.
    Entrance,
    Home,
    Flow(FlowKind),
    Error,
    Inbox,
    TrustedBrowsers,
}

/// How a page answers.
enum Answer {
    Shown(StatusCode, String),
    /// The browser has to go elsewhere.
    Elsewhere(String),
    /// There is no such page here.
    Missing,
}

impl Answer {
    fn page(html: String) -> Answer {
        Answer::Shown(StatusCode::OK, html)
    }
}

fn page(page: Page) -> axum::routing::MethodRouter<Arc<App>> {
    get(move |app, request| show(app, request, page))
}

async fn show(State(app): State<Arc<App>>, request: Request, page: Page) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let cx = &incoming.cx;
    let answer = match page {
        Page::Entrance => Ok(Answer::Elsewhere(return_to::own(cx, "/ui/", &[]))),
        Page::Home => home::show(cx).await,
        Page::Flow(kind) => flow::show(cx, kind).await,
        Page::Error => stored_error(cx).await,
        Page::Inbox => inbox::show(cx).await,
        Page::TrustedBrowsers => trusted_browsers::show(cx).await,
    };
    // Forms of flows are protected by what the flow's beginning has set.
    let has_form = matches!(page, Page::TrustedBrowsers);
    rendered(&incoming, answer, has_form).await
}

async fn end_trust(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let form = extract::submission(&incoming.cx, &parts.headers, body)
        .await
        .form;
    let answer = match form {
        Ok(form) => trusted_browsers::end(&incoming.cx, &form).await,
        Err(reason) => Err(Problem::BadRequest(reason)),
    };
    rendered(&incoming, answer, false).await
}

async fn rendered(
    incoming: &Incoming,
    answer: Result<Answer, Problem>,
    sets_csrf: bool,
) -> Response {
    let response = match answer {
        Ok(Answer::Shown(status, html)) => respond::page(status, html),
        Ok(Answer::Elsewhere(url)) => respond::redirect(StatusCode::SEE_OTHER, &url),
        Ok(Answer::Missing) => not_found().await,
        Err(problem) => failed(incoming, &problem),
    };
    respond::with_cookies(incoming, sets_csrf, response)
}

/// What went wrong with an earlier request, by the id that its redirect carried.
async fn stored_error(cx: &Cx) -> Result<Answer, Problem> {
    let found = errors::find(cx, cx.request.query("id").unwrap_or_default()).await;
    let container = found.map_err(|problem| match problem {
        Problem::NotFound(_) => Problem::NotFound(
            "There is no error with this id any more. Go back to where you came from and try again.".into(),
        ),
        other => other,
    })?;
    let view = View::of(cx, None).await?;
    let details = ErrorDetails::from_json(&container);
    Ok(Answer::page(error_page(&details, &view.context(None))))
}

/// The page for what goes wrong while a page is made. It asks the database for nothing more.
fn failed(incoming: &Incoming, problem: &Problem) -> Response {
    respond::log(incoming, problem);
    let described = error::answer(problem).about(incoming.request_id.as_deref());
    let view = View::of_nobody(&incoming.cx, None);
    let details = ErrorDetails::from_json(&described.body());
    respond::page(described.status, error_page(&details, &view.context(None)))
}

async fn asset(State(app): State<Arc<App>>, Path(path): Path<String>) -> Response {
    if path == "theme.css" {
        let config = Arc::clone(&app.runtime.load().config);
        return match view::theme(&config).stylesheet() {
            Some(css) => respond::asset(css.into_bytes(), "text/css; charset=utf-8"),
            None => not_found().await,
        };
    }
    match bia_ui::asset(&path) {
        Some((bytes, kind)) => respond::asset(bytes, kind),
        None => not_found().await,
    }
}
