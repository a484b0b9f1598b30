//! Proving that an address is one's own (spec: flows.md §11).

use bia_config::RedirectUrl;
use bia_model::ui::{self, Group, Ui};
use bia_model::{Channel, ClientType, Flow, FlowKind, Identity, MethodName, State, VerifiableAddress, text};
use uuid::Uuid;

use crate::cx::{Caller, Cx};
use crate::engine::{self, Submission};
use crate::form::Form;
use crate::hook;
use crate::method::{self, Refusal, VerificationMethod, VerificationStep};
use crate::outcome::{Created, FormStatus, Outcome};
use crate::problem::Problem;
use crate::{csrf, return_to, session};

/// Creates a verification flow.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    check_enabled(cx)?;
    return_to::check_request(cx)?;
    let mut flow = draft(cx, client)?;
    populate(cx, &mut flow).await?;
    hook::before(cx, &mut flow).await?;
    engine::insert(cx, &flow).await?;
    Ok(Created::Flow { flow: Box::new(flow), identity: None })
}

fn check_enabled(cx: &Cx) -> Result<(), Problem> {
    let enabled = cx.config().selfservice.flows.verification.enabled;
    if enabled { Ok(()) } else { Err(Problem::FlowDisabled(FlowKind::Verification)) }
}

/// The method that the configuration chose for verification.
fn chosen(cx: &Cx) -> Result<(MethodName, &'static dyn VerificationMethod), Problem> {
    let name = cx.config().selfservice.flows.verification.method.as_str();
    let method = MethodName::parse(name).and_then(method::find).filter(|m| m.is_enabled(cx.config()));
    method.and_then(|m| m.verification().map(|v| (m.name(), v))).ok_or_else(|| {
        Problem::BadRequest(format!("Verification is to use the method {name}, but that method is switched off."))
    })
}

fn draft(cx: &Cx, client: ClientType) -> Result<Flow, Problem> {
    let lifespan = session::signed(cx.config().selfservice.flows.verification.lifespan);
    let mut flow = Flow::new(FlowKind::Verification, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.active = Some(chosen(cx)?.0);
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Verification, flow.id));
    Ok(flow)
}

async fn populate(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    if flow.is_native() {
        flow.csrf_token = String::new();
    } else {
        engine::set_csrf(cx, flow);
    }
    chosen(cx)?.1.populate(cx, flow).await
}

/// Starts the verification of an address on behalf of another flow, which a hook does: the challenge is
/// sent and the flow waits for it.
pub async fn start(
    cx: &Cx,
    parent: &Flow,
    identity: &Identity,
    session_id: Option<Uuid>,
    address: &VerifiableAddress,
) -> Result<Flow, Problem> {
    let (_, method) = chosen(cx)?;
    let mut flow = draft(cx, parent.client)?;
    flow.request_url = derived_request_url(parent);
    flow.identity_id = Some(identity.id);
    flow.session_id = session_id;
    flow.transient_payload = parent.transient_payload.clone();
    if !flow.is_native() && parent.kind != FlowKind::Settings {
        flow.csrf_token = cx.renew_csrf();
    } else if !flow.is_native() {
        flow.csrf_token = cx.csrf_token();
    }
    method.send(cx, &mut flow, identity, address).await?;
    let mut tx = cx.begin().await?;
    bia_store::flow::insert(&mut tx, &flow).await?;
    bia_store::identity::mark_sent(&mut tx, address.id, cx.now).await?;
    tx.commit().await?;
    Ok(flow)
}

/// The request URL of a flow that is derived from another: it ends where that one's verification was asked to end.
fn derived_request_url(parent: &Flow) -> String {
    let Some(after) = bia_model::flow::query_value(&parent.request_url, "after_verification_return_to") else {
        return parent.request_url.clone();
    };
    let Some(url) = RedirectUrl::parse(&parent.request_url) else { return parent.request_url.clone() };
    let moved = url.with_query(&[("return_to", &after)]);
    without_parameter(&moved, "after_verification_return_to")
}

fn without_parameter(text: &str, name: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return text.to_owned() };
    let pairs: Vec<(String, String)> = url.query_pairs().filter(|(k, _)| k != name).map(|(k, v)| (k.into(), v.into())).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.to_string()
}

/// A verification flow to be shown.
pub async fn fetch(cx: &Cx, id: Option<&str>) -> Result<Flow, Problem> {
    check_enabled(cx)?;
    engine::fetch(cx, FlowKind::Verification, id).await
}

/// Takes a submission.
pub async fn submit(cx: &Cx, submission: Submission) -> Result<Outcome, Problem> {
    let id = engine::submitted_id(submission.flow.as_deref())?;
    let mut flow = engine::load(cx, FlowKind::Verification, id).await?;
    if flow.is_expired(cx.now) {
        return replace_expired(cx, &flow).await;
    }
    let refusal = match verify(cx, &mut flow, submission.form).await {
        Ok(VerificationStep::AskAgain(status)) => {
            engine::save(cx, &flow).await?;
            return Ok(engine::ask_again(flow, status));
        }
        Ok(VerificationStep::StartOver(message)) => return start_over(cx, &flow, message).await,
        Ok(VerificationStep::Verified) => {
            engine::save(cx, &flow).await?;
            return Ok(engine::ask_again(flow, FormStatus::Fine));
        }
        Err(refusal) => refusal,
    };
    engine::show(cx, &mut flow, refusal)?;
    engine::save(cx, &flow).await?;
    Ok(engine::ask_again(flow, FormStatus::Invalid))
}

async fn verify(cx: &Cx, flow: &mut Flow, form: Result<Form, String>) -> Result<VerificationStep, Refusal> {
    let form = form.map_err(Problem::BadRequest)?;
    let (_, method) = chosen(cx)?;
    flow.transient_payload = form.transient_payload().ok();
    method.submit(cx, flow, &form).await
}

/// The last screen: the address is verified, a link leads on.
pub fn show_verified(cx: &Cx, flow: &mut Flow, group: Group, via: Channel) -> Result<(), Problem> {
    let url = continue_url(cx, flow);
    flow.state = State::PassedChallenge;
    let token = if flow.is_native() { String::new() } else { csrf::mask(&cx.csrf_token()) };
    flow.ui = Ui { action: url.clone(), method: "GET".into(), nodes: Vec::new(), messages: Vec::new() };
    flow.ui.append(ui::csrf_token(&token));
    flow.ui.append(ui::anchor("continue", &url, group, text::continue_label()));
    flow.ui.messages.push(match via {
        Channel::Email => text::verification_email_done(),
        Channel::Sms => text::verification_phone_done(),
    });
    Ok(())
}

/// Where a verified address leads. What was asked for but is not allowed is passed over.
fn continue_url(cx: &Cx, flow: &Flow) -> String {
    let after = &cx.config().selfservice.flows.verification.after;
    let default = return_to::after(cx, after, None);
    return_to::resolve(cx, flow, default).unwrap_or_else(|_| default.as_str().to_owned())
}

/// A new flow takes the place of one that cannot go on, and says why.
async fn start_over(cx: &Cx, old: &Flow, message: text::Message) -> Result<Outcome, Problem> {
    cx.renew_csrf();
    let mut flow = draft(cx, ClientType::Browser)?;
    flow.request_url = old.request_url.clone();
    populate(cx, &mut flow).await?;
    flow.ui.messages.push(message.clone());
    engine::insert(cx, &flow).await?;
    if cx.caller(old) == Caller::Browser {
        return Ok(Outcome::Replaced { kind: FlowKind::Verification, use_flow_id: flow.id });
    }
    Err(Problem::FlowReplaced { use_flow_id: flow.id, message })
}

async fn replace_expired(cx: &Cx, old: &Flow) -> Result<Outcome, Problem> {
    cx.renew_csrf();
    let mut flow = draft(cx, ClientType::Browser)?;
    flow.request_url = old.request_url.clone();
    populate(cx, &mut flow).await?;
    flow.ui.messages.push(text::verification_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    Ok(Outcome::Replaced { kind: FlowKind::Verification, use_flow_id: flow.id })
}
