//! What all flows share: loading, anti-CSRF, expiry, showing what was wrong, saving.

use bia_model::{ClientType, Flow, FlowKind, text};
use bia_store::{StoreError, flow as flows};
use uuid::Uuid;

use crate::csrf;
use crate::cx::{Caller, Cx};
use crate::form::Form;
use crate::method::Refusal;
use crate::outcome::{FormStatus, Outcome};
use crate::problem::{CsrfFault, Problem, StartOver};
use crate::return_to;

/// What a request to submit a flow brought.
pub struct Submission {
    /// The `flow` parameter as it came.
    pub flow: Option<String>,
    /// The body; `Err` is the sentence that says why it could not be read.
    pub form: Result<Form, String>,
}

/// Reads the id of a flow that is to be submitted.
pub fn submitted_id(flow: Option<&str>) -> Result<Uuid, Problem> {
    let Some(raw) = flow.filter(|raw| !raw.is_empty()) else {
        return Err(Problem::BadRequest(
            "The flow query parameter is missing. Send the id of the flow as flow=….".into(),
        ));
    };
    Uuid::try_parse(raw).map_err(|_| {
        let length = raw.chars().count();
        let sentence = if length == 36 {
            "The flow query parameter is malformed: it is not a UUID.".to_owned()
        } else {
            format!(
                "The flow query parameter is malformed: a UUID has 36 characters, {length} came."
            )
        };
        Problem::BadRequest(sentence)
    })
}

/// The flow of a kind with an id.
pub async fn load(cx: &Cx, kind: FlowKind, id: Uuid) -> Result<Flow, Problem> {
    let mut conn = cx.read().await?;
    let flow = flows::find(&mut conn, kind, id)
        .await?
        .ok_or_else(|| not_found(kind))?;
    cx.effect(|e| e.client = Some(flow.client));
    Ok(flow)
}

/// What is said of a flow that is not there: nothing more than that, for login and registration.
pub fn not_found(kind: FlowKind) -> Problem {
    if matches!(kind, FlowKind::Login | FlowKind::Registration) {
        return Problem::NotFound(String::new());
    }
    Problem::NotFound(format!(
        "There is no {kind} flow with this id. It may have been removed; start a new one."
    ))
}

/// A flow to be shown by `GET …/flows?id=`: anti-CSRF and expiry as flows.md §6 and errors.tsv say.
pub async fn fetch(cx: &Cx, kind: FlowKind, id: Option<&str>) -> Result<Flow, Problem> {
    let unknown = || Problem::NotFound(String::new());
    let id = id
        .and_then(|raw| Uuid::try_parse(raw).ok())
        .ok_or_else(unknown)?;
    let flow = load(cx, kind, id).await.map_err(|problem| match problem {
        Problem::NotFound(_) => unknown(),
        other => other,
    })?;
    check_csrf_of_reader(cx, &flow)?;
    if flow.is_expired(cx.now) {
        return Err(gone(cx, &flow));
    }
    Ok(flow)
}

pub(crate) fn check_csrf_of_reader(cx: &Cx, flow: &Flow) -> Result<(), Problem> {
    if flow.is_native() || flow.skip_csrf || flow.kind == FlowKind::Settings {
        return Ok(());
    }
    match &cx.request.csrf_cookie {
        None => Err(Problem::Csrf(CsrfFault::CookieMissing)),
        Some(cookie) if csrf::matches(cookie, &flow.csrf_token) => Ok(()),
        Some(_) => Err(Problem::Csrf(CsrfFault::Mismatch)),
    }
}

/// The answer to a request for an expired flow (errors.tsv, 410).
pub fn gone(cx: &Cx, flow: &Flow) -> Problem {
    let named = match flow.kind {
        FlowKind::Login | FlowKind::Registration => true,
        FlowKind::Recovery => flow.is_native(),
        FlowKind::Settings | FlowKind::Verification => false,
    };
    let start_over = match flow.client {
        ClientType::Api => StartOver::Api(return_to::own(
            cx,
            &format!("/self-service/{}/api", flow.kind),
            &[],
        )),
        ClientType::Browser => {
            let return_to = flow.requested_return_to().unwrap_or_default();
            let path = format!("/self-service/{}/browser", flow.kind);
            let pairs: &[(&str, &str)] = if return_to.is_empty() {
                &[]
            } else {
                &[("return_to", &return_to)]
            };
            let redirect_to = return_to::own(cx, &path, pairs);
            StartOver::Browser {
                redirect_to,
                return_to,
            }
        }
    };
    Problem::FlowGone { named, start_over }
}

/// The anti-CSRF check of a submission (flows.md §6): a browser's token belongs to its cookie, a native
/// flow is not submitted by a browser.
pub fn check_csrf(cx: &Cx, flow: &Flow, form: &Form) -> Result<(), Problem> {
    if flow.skip_csrf {
        return Ok(());
    }
    if flow.is_native() {
        return match cx.request.browser_signs.as_slice() {
            [] => Ok(()),
            signs => Err(Problem::BrowserInNativeFlow {
                reason: format!(
                    "This flow was made for native apps and cannot be used from a browser: {}. Start a browser flow instead.",
                    signs.join(", ")
                ),
                cookies: cx.request.cookie_names.clone(),
            }),
        };
    }
    check_csrf_token(cx, form)
}

/// The same for a form of a browser that belongs to no flow.
pub fn check_csrf_token(cx: &Cx, form: &Form) -> Result<(), Problem> {
    let Some(cookie) = &cx.request.csrf_cookie else {
        return Err(Problem::Csrf(CsrfFault::CookieMissing));
    };
    let Some(sent) = form.text("csrf_token") else {
        return Err(Problem::Csrf(CsrfFault::TokenMissing));
    };
    if csrf::matches(cookie, sent) {
        Ok(())
    } else {
        Err(Problem::Csrf(CsrfFault::Mismatch))
    }
}

/// Binds a flow to the client's anti-CSRF token and puts the token into its form.
pub fn set_csrf(cx: &Cx, flow: &mut Flow) {
    if flow.is_native() {
        flow.ui.set_csrf("");
        return;
    }
    flow.csrf_token = cx.csrf_token();
    flow.ui.set_csrf(&csrf::mask(&flow.csrf_token));
}

/// Puts a new masked text of the flow's token into its form.
pub fn remask_csrf(cx: &Cx, flow: &mut Flow) {
    if !flow.is_native() && flow.ui.find("csrf_token").is_some() {
        flow.ui.set_csrf(&csrf::mask(&cx.csrf_token()));
    }
}

/// Stores a new flow.
pub async fn insert(cx: &Cx, flow: &Flow) -> Result<(), Problem> {
    Ok(cx.app.new_flows.insert(&cx.app.store, flow).await?)
}

/// Stores a flow that has changed.
pub async fn save(cx: &Cx, flow: &Flow) -> Result<(), Problem> {
    let mut conn = cx.write().await?;
    Ok(flows::overwrite(&mut conn, flow).await?)
}

/// As [`save`], but what another request has stored meanwhile stays.
pub async fn save_if_unchanged(cx: &Cx, mut flow: Flow) -> Result<(), Problem> {
    let mut conn = cx.write().await?;
    match flows::update(&mut conn, &mut flow).await {
        Ok(()) | Err(StoreError::Stale) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Puts the messages of a refusal on the flow. What the flow cannot show comes back as the problem.
/// Messages that were there go, except in verification (flows.md §4.2).
pub fn show(cx: &Cx, flow: &mut Flow, refusal: Refusal) -> Result<(), Problem> {
    let messages = match refusal {
        // Scripts and apps are told by a status; a page has nothing but its flow.
        Refusal::Problem(Problem::TooManyAttempts { until, wait })
            if cx.caller_when_refused(flow) == Caller::Browser =>
        {
            vec![(String::new(), text::too_many_attempts(until, wait))]
        }
        other => messages_of(other)?,
    };
    if flow.kind != FlowKind::Verification {
        flow.ui.clear_messages();
    }
    remask_csrf(cx, flow);
    for (name, message) in messages {
        flow.ui.add_message(&name, message);
    }
    Ok(())
}

/// The messages of a refusal by node name; what a flow cannot show comes back as the problem.
pub fn messages_of(refusal: Refusal) -> Result<Vec<(String, text::Message)>, Problem> {
    match refusal {
        Refusal::Form(messages) => Ok(messages),
        Refusal::Problem(Problem::IdentityDisabled(_)) => {
            Ok(vec![(String::new(), text::identity_disabled())])
        }
        Refusal::Problem(problem) => match problem.shown_in_flow() {
            Some(reason) => Ok(vec![(String::new(), text::validation_generic(&reason))]),
            None => Err(problem),
        },
    }
}

/// The outcome of a form that is shown again, after it was stored.
pub fn ask_again(flow: Flow, status: FormStatus) -> Outcome {
    Outcome::Form {
        flow: Box::new(flow),
        status,
        identity: None,
    }
}
