//! The public API: self-service flows, sessions, error containers.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use bia_model::{ClientType, FlowKind};
use bia_selfservice::cx::{App, Cx};
use bia_selfservice::engine::Submission;
use bia_selfservice::flow::{login, recovery, registration, settings, verification};
use bia_selfservice::outcome::{Created, Outcome};
use bia_selfservice::problem::Problem;
use http::StatusCode;

use super::table::Routes;
use super::{errors, logout, oidc, sessions, trusted_browsers};
use crate::extract::{self, Incoming};
use crate::respond;

/// The routes.
pub(crate) fn router() -> Routes<Arc<App>> {
    FlowKind::ALL
        .into_iter()
        .fold(Routes::new(), flow_routes)
        .merge(logout::router())
        .merge(oidc::router())
        .merge(sessions::router())
        .merge(trusted_browsers::router())
        .merge(errors::router())
}

fn flow_routes(router: Routes<Arc<App>>, kind: FlowKind) -> Routes<Arc<App>> {
    let path = format!("/self-service/{kind}");
    router
        .route(
            &format!("{path}/browser"),
            get(move |app, r| create(app, r, kind, ClientType::Browser)),
        )
        .route(
            &format!("{path}/api"),
            get(move |app, r| create(app, r, kind, ClientType::Api)),
        )
        .route(
            &format!("{path}/flows"),
            get(move |app, r| fetch(app, r, kind)),
        )
        .route(
            &path,
            post(move |app, r| submit(app, r, kind)).get(move |app, r| submit(app, r, kind)),
        )
}

async fn create(
    State(app): State<Arc<App>>,
    request: Request,
    kind: FlowKind,
    client: ClientType,
) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let result = create_flow(&incoming.cx, kind, client).await;
    let response = respond::created(&incoming, kind, client, result).await;
    respond::with_cookies(&incoming, client == ClientType::Browser, response)
}

async fn create_flow(cx: &Cx, kind: FlowKind, client: ClientType) -> Result<Created, Problem> {
    match kind {
        FlowKind::Login => login::create(cx, client).await,
        FlowKind::Registration => registration::create(cx, client).await,
        FlowKind::Settings => settings::create(cx, client).await,
        FlowKind::Recovery => recovery::create(cx, client).await,
        FlowKind::Verification => verification::create(cx, client).await,
    }
}

async fn fetch(State(app): State<Arc<App>>, request: Request, kind: FlowKind) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let response = match fetch_flow(&incoming, kind).await {
        Ok(answer) => answer,
        // Settings send a browser without a session to sign in; all else is read by scripts.
        Err(problem @ Problem::SignInFirst(_)) => {
            respond::problem_answer(&incoming, kind, problem).await
        }
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, true, response)
}

async fn fetch_flow(incoming: &Incoming, kind: FlowKind) -> Result<Response, Problem> {
    let cx = &incoming.cx;
    let id = cx.request.query("id");
    if kind == FlowKind::Settings {
        let (flow, whole) = settings::fetch(cx, id).await?;
        return Ok(respond::flow_answer(
            cx,
            StatusCode::OK,
            &flow,
            Some(&whole),
        ));
    }
    let flow = match kind {
        FlowKind::Login => login::fetch(cx, id).await?,
        FlowKind::Registration => registration::fetch(cx, id).await?,
        FlowKind::Recovery => recovery::fetch(cx, id).await?,
        FlowKind::Verification | FlowKind::Settings => verification::fetch(cx, id).await?,
    };
    Ok(respond::flow_answer(cx, StatusCode::OK, &flow, None))
}

async fn submit(State(app): State<Arc<App>>, request: Request, kind: FlowKind) -> Response {
    let (parts, body) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let submission = extract::submission(&incoming.cx, &parts.headers, body).await;
    let result = submit_flow(&incoming.cx, kind, submission).await;
    let response = respond::submitted(&incoming, kind, result).await;
    respond::with_cookies(&incoming, false, response)
}

async fn submit_flow(cx: &Cx, kind: FlowKind, submission: Submission) -> Result<Outcome, Problem> {
    match kind {
        FlowKind::Login => login::submit(cx, submission).await,
        FlowKind::Registration => registration::submit(cx, submission).await,
        FlowKind::Settings => settings::submit(cx, submission).await,
        FlowKind::Recovery => recovery::submit(cx, submission).await,
        FlowKind::Verification => verification::submit(cx, submission).await,
    }
}

/// Reads a JSON body of a call that is not a flow.
pub(super) async fn json_body(body: Body) -> Result<serde_json::Value, Problem> {
    let bytes = axum::body::to_bytes(body, crate::middleware::body::MAX_BODY_BYTES).await;
    let bytes = bytes
        .map_err(|e| Problem::BadRequest(format!("The request body could not be read: {e}.")))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Problem::BadRequest(format!("The request body is not JSON: {e}.")))
}
