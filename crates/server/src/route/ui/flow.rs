//! The pages of the five flows.

use bia_model::text::Message;
use bia_model::{Flow, FlowKind, flow};
use bia_selfservice::cx::Cx;
use bia_selfservice::flow::{login, recovery, registration, settings, verification};
use bia_selfservice::problem::{CsrfFault, Problem, StartOver};
use bia_selfservice::{engine, return_to};
use bia_ui::flow_page;

use super::Answer;
use super::view::View;

/// What a flow can be asked for when it begins; a page that has none passes it on.
const PASSED_ON: [&str; 5] = [
    "return_to",
    "aal",
    "refresh",
    "identity_schema",
    "login_challenge",
];

/// Marks a flow as begun anew because the anti-CSRF cookie was missing.
const RESTARTED: &str = "bia_restarted";

/// The page of a flow, or the way to a new flow.
pub(super) async fn show(cx: &Cx, kind: FlowKind) -> Result<Answer, Problem> {
    let Some(id) = cx.request.query("flow").filter(|id| !id.is_empty()) else {
        return Ok(begin(cx, kind, &[]));
    };
    match fetch(cx, kind, id).await {
        Ok((flow, notices)) => {
            let view = View::of(cx, flow.requested_return_to().as_deref()).await?;
            let mut ui = flow.ui;
            ui.messages.extend(notices);
            Ok(Answer::page(flow_page(
                kind,
                &ui,
                &view.context(Some(flow.state)),
            )))
        }
        Err(Problem::Csrf(CsrfFault::CookieMissing)) => without_cookie(cx, kind, id).await,
        Err(problem) => lead_on(cx, kind, problem),
    }
}

/// The flow, and what the owner of settings should know.
async fn fetch(cx: &Cx, kind: FlowKind, id: &str) -> Result<(Flow, Vec<Message>), Problem> {
    let id = Some(id);
    let flow = match kind {
        FlowKind::Login => login::fetch(cx, id).await?,
        FlowKind::Registration => registration::fetch(cx, id).await?,
        FlowKind::Recovery => recovery::fetch(cx, id).await?,
        FlowKind::Verification => verification::fetch(cx, id).await?,
        FlowKind::Settings => {
            let (flow, identity) = settings::fetch(cx, id).await?;
            let notices = settings::notices(cx, &identity);
            return Ok((flow, notices));
        }
    };
    Ok((flow, Vec::new()))
}

/// A new flow. It answers itself when it cannot begin: somebody is signed in, or it is switched off.
fn begin(cx: &Cx, kind: FlowKind, more: &[(&str, &str)]) -> Answer {
    let asked = PASSED_ON
        .iter()
        .filter_map(|name| cx.request.query(name).map(|value| (*name, value)));
    let pairs: Vec<(&str, &str)> = asked.chain(more.iter().copied()).collect();
    Answer::Elsewhere(return_to::own(
        cx,
        &format!("/self-service/{kind}/browser"),
        &pairs,
    ))
}

/// What a browser that cannot see a flow does instead. What only the server can mend stays a problem.
fn lead_on(cx: &Cx, kind: FlowKind, problem: Problem) -> Result<Answer, Problem> {
    match problem {
        Problem::FlowGone {
            start_over: StartOver::Browser { redirect_to, .. },
            ..
        } => Ok(Answer::Elsewhere(redirect_to)),
        Problem::Aal2Required { redirect_to } => Ok(Answer::Elsewhere(redirect_to)),
        Problem::FlowGone { .. }
        | Problem::NotFound(_)
        | Problem::Csrf(_)
        | Problem::IdentityMismatch
        | Problem::SignInFirst(_)
        | Problem::NoSession { .. }
        | Problem::SessionInactive { .. }
        | Problem::RegistrationDisabled
        | Problem::FlowDisabled(_) => Ok(begin(cx, kind, &[])),
        other => Err(other),
    }
}

/// A browser that never sends the cookie back would be led in a circle: it is told the second time.
async fn without_cookie(cx: &Cx, kind: FlowKind, id: &str) -> Result<Answer, Problem> {
    let id = engine::submitted_id(Some(id))?;
    let flow = engine::load(cx, kind, id).await?;
    if flow::query_value(&flow.request_url, RESTARTED).is_none() {
        return Ok(begin(cx, kind, &[(RESTARTED, "true")]));
    }
    Err(Problem::Forbidden(
        "This browser did not send back the cookie that protects the form. Allow cookies for this site, then start again."
            .into(),
    ))
}
