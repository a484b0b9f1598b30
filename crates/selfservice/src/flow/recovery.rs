//! Getting back into an account (spec: flows.md §10).

use bia_model::ui::Ui;
use bia_model::{
    AuthenticationMethod, ClientType, ContinueWith, Flow, FlowKind, FlowRef, Identity, MethodName, State, text,
};

use super::settings;
use crate::cx::{Caller, Cx};
use crate::engine::{self, Submission};
use crate::form::{Form, go_bool};
use crate::hook;
use crate::method::{self, RecoveryMethod, RecoveryStep, Refusal};
use crate::outcome::{Created, FormStatus, Outcome};
use crate::problem::Problem;
use crate::{return_to, session};

/// Creates a recovery flow.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    check_enabled(cx)?;
    return_to::check_request(cx)?;
    if cx.session_of_anybody().await?.is_some() {
        let browser = client == ClientType::Browser && !cx.request.wants.json;
        return if browser {
            Err(Problem::SignedInAlready(return_to::default_url(cx).as_str().to_owned()))
        } else {
            Err(Problem::SessionAlreadyAvailable)
        };
    }
    let mut flow = draft(cx, client)?;
    populate(cx, &mut flow).await?;
    hook::before(cx, &mut flow).await?;
    engine::insert(cx, &flow).await?;
    Ok(Created::Flow { flow: Box::new(flow), identity: None })
}

fn check_enabled(cx: &Cx) -> Result<(), Problem> {
    if cx.config().selfservice.flows.recovery.enabled { Ok(()) } else { Err(Problem::FlowDisabled(FlowKind::Recovery)) }
}

/// The method that the configuration chose for recovery.
fn chosen(cx: &Cx) -> Result<(MethodName, &'static dyn RecoveryMethod), Problem> {
    let name = cx.config().selfservice.flows.recovery.method.as_str();
    let method = MethodName::parse(name).and_then(method::find).filter(|m| m.is_enabled(cx.config()));
    method.and_then(|m| m.recovery().map(|r| (m.name(), r))).ok_or_else(|| {
        Problem::BadRequest(format!("Recovery is to use the method {name}, but that method is switched off."))
    })
}

/// A recovery flow without nodes; also for flows that an administrator makes.
pub fn draft(cx: &Cx, client: ClientType) -> Result<Flow, Problem> {
    let lifespan = session::signed(cx.config().selfservice.flows.recovery.lifespan);
    let mut flow = Flow::new(FlowKind::Recovery, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.active = Some(chosen(cx)?.0);
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Recovery, flow.id));
    Ok(flow)
}

async fn populate(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    engine::set_csrf(cx, flow);
    chosen(cx)?.1.populate(cx, flow).await
}

/// A recovery flow to be shown.
pub async fn fetch(cx: &Cx, id: Option<&str>) -> Result<Flow, Problem> {
    check_enabled(cx)?;
    engine::fetch(cx, FlowKind::Recovery, id).await
}

/// Takes a submission.
pub async fn submit(cx: &Cx, submission: Submission) -> Result<Outcome, Problem> {
    let id = engine::submitted_id(submission.flow.as_deref())?;
    let mut flow = engine::load(cx, FlowKind::Recovery, id).await?;
    if flow.is_expired(cx.now) {
        return replace_expired(cx, &flow).await;
    }
    let refusal = match recover(cx, &mut flow, submission.form).await {
        Ok(RecoveryStep::AskAgain(status)) => {
            engine::save(cx, &flow).await?;
            return Ok(engine::ask_again(flow, status));
        }
        Ok(RecoveryStep::StartOver(message)) => return start_over(cx, &flow, Refusal::form(message)).await,
        Ok(RecoveryStep::Recovered { identity, method }) => {
            match finish(cx, &mut flow, *identity, method).await {
                Ok(outcome) => return Ok(outcome),
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    refuse(cx, flow, refusal).await
}

async fn recover(cx: &Cx, flow: &mut Flow, form: Result<Form, String>) -> Result<RecoveryStep, Refusal> {
    let form = form.map_err(Problem::BadRequest)?;
    let (_, recovery) = chosen(cx)?;
    flow.transient_payload = form.transient_payload().ok();
    recovery.submit(cx, flow, &form).await
}

/// What is wrong with the form is shown in it; anything else makes the flow start over (flows.md §10.4).
async fn refuse(cx: &Cx, mut flow: Flow, refusal: Refusal) -> Result<Outcome, Problem> {
    match refusal {
        Refusal::Form(_) => {
            engine::show(cx, &mut flow, refusal)?;
            engine::save(cx, &flow).await?;
            Ok(engine::ask_again(flow, FormStatus::Invalid))
        }
        Refusal::Problem(problem) if restarts(&problem) => start_over(cx, &flow, Refusal::Problem(problem)).await,
        Refusal::Problem(problem) => Err(problem),
    }
}

fn restarts(problem: &Problem) -> bool {
    matches!(problem, Problem::BadRequest(_) | Problem::IdentityDisabled(_) | Problem::Csrf(_))
}

/// A new flow takes the place of one that cannot go on, and says why.
async fn start_over(cx: &Cx, old: &Flow, refusal: Refusal) -> Result<Outcome, Problem> {
    cx.renew_csrf();
    let mut flow = draft(cx, old.client)?;
    flow.request_url = old.request_url.clone();
    populate(cx, &mut flow).await?;
    let original = match &refusal {
        Refusal::Problem(Problem::IdentityDisabled(id)) => Some(Problem::IdentityDisabled(*id)),
        Refusal::Problem(Problem::Csrf(fault)) => return Err(Problem::Csrf(*fault)),
        _ => None,
    };
    let messages = engine::messages_of(refusal)?;
    let reason = messages.first().map(|(_, m)| m.text.clone()).unwrap_or_default();
    flow.ui.messages.extend(messages.into_iter().map(|(_, m)| m));
    engine::insert(cx, &flow).await?;
    let told = cx.config().feature_flags.use_continue_with_transitions;
    if told && cx.caller(old) != Caller::Browser {
        let item = ContinueWith::ShowRecoveryUi { flow: FlowRef { id: flow.id, url: None } };
        let original = original.map(Box::new);
        return Err(Problem::RecoveryRestarted { reason, original, continue_with: vec![item] });
    }
    Ok(Outcome::Replaced { kind: FlowKind::Recovery, use_flow_id: flow.id })
}

async fn replace_expired(cx: &Cx, old: &Flow) -> Result<Outcome, Problem> {
    let mut flow = draft(cx, old.client)?;
    flow.request_url = old.request_url.clone();
    populate(cx, &mut flow).await?;
    flow.ui.messages.push(text::recovery_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    let told = cx.config().feature_flags.use_continue_with_transitions;
    if told && old.is_native() {
        let item = ContinueWith::ShowRecoveryUi { flow: FlowRef { id: flow.id, url: None } };
        return Err(Problem::FlowExpired {
            use_flow_id: flow.id,
            expired_at: old.expires_at,
            since: cx.now - old.expires_at,
            continue_with: vec![item],
        });
    }
    Ok(Outcome::Replaced { kind: FlowKind::Recovery, use_flow_id: flow.id })
}

/// The owner is back: a session, and on to the settings (flows.md §10.3).
async fn finish(
    cx: &Cx,
    flow: &mut Flow,
    identity: Identity,
    by: AuthenticationMethod,
) -> Result<Outcome, Refusal> {
    let draft = session::start(cx, identity, by)?;
    flow.state = State::PassedChallenge;
    flow.identity_id = Some(draft.issued.identity.id);
    let hooks = hook::after_recovery(cx, flow).await?;
    let mut settings_flow = settings_flow(cx, flow, &draft.issued.identity);
    settings::populate(cx, &mut settings_flow, &draft.issued.identity).await?;
    let max_age = session::signed(cx.config().selfservice.flows.settings.privileged_session_max_age);
    settings_flow.ui.messages = vec![text::recovery_done(cx.now + max_age)];
    let mut tx = cx.begin().await?;
    session::store(cx, &mut tx, &draft).await?;
    if hooks.revoke_others {
        let new = &draft.issued.session;
        bia_store::session::revoke_others(&mut tx, new.identity_id, new.id, cx.now).await?;
    }
    bia_store::flow::insert(&mut tx, &settings_flow).await?;
    bia_store::flow::overwrite(&mut tx, flow).await?;
    tx.commit().await?;
    let told = cx.config().feature_flags.use_continue_with_transitions;
    lead_on(cx, flow, &settings_flow, &draft.issued.token);
    if !flow.is_native() {
        cx.effect(|e| e.session = Some(draft.issued.clone()));
    }
    let skips = bia_model::flow::query_value(&flow.request_url, "skip_settings").is_some_and(|v| go_bool(&v));
    let next = if skips && !flow.is_native() {
        return_to::resolve(cx, flow, return_to::default_url(cx))?
    } else {
        return_to::page(cx, FlowKind::Settings, settings_flow.id)
    };
    let in_flow = told || skips;
    Ok(Outcome::Recovered { flow: Box::new(flow.clone()), issued: Box::new(draft.issued), next, in_flow })
}

/// The settings flow that follows; it ends where the recovery was asked to end.
fn settings_flow(cx: &Cx, flow: &Flow, identity: &Identity) -> Flow {
    let renewed = cx.renew_csrf();
    let mut next = settings::draft(cx, flow.client, identity);
    next.csrf_token = renewed;
    next.request_url = flow.request_url.clone();
    next.return_to = flow.requested_return_to().or_else(|| {
        let after = &cx.config().selfservice.flows.recovery.after;
        after.default_browser_return_url.as_ref().map(|url| url.as_str().to_owned())
    });
    next
}

fn lead_on(cx: &Cx, flow: &mut Flow, next: &Flow, token: &str) {
    if flow.is_native() {
        flow.continue_with.push(ContinueWith::SetOrySessionToken { ory_session_token: token.to_owned() });
    }
    let url = Some(return_to::page(cx, FlowKind::Settings, next.id));
    flow.continue_with.push(ContinueWith::ShowSettingsUi { flow: FlowRef { id: next.id, url } });
}
