//! Getting back into an account (spec: flows.md §10).

use bia_config::RedirectUrl;
use bia_model::ui::Ui;
use bia_model::{
    AuthenticationMethod, ClientType, ContinueWith, Flow, FlowKind, FlowRef, Identity, MethodName,
    State, text,
};
use bia_store::transact;

use super::settings;
use crate::cx::Cx;
use crate::engine::{self, Submission};
use crate::form::{Form, go_bool};
use crate::hook::{self, AfterHooks};
use crate::method::recovered::refuse_somebody_signed_in;
use crate::method::{METHODS, Method, RecoveryMethod, RecoveryStep, Refusal, Restart};
use crate::outcome::{Created, FormStatus, Outcome};
use crate::problem::Problem;
use crate::session::{self, Draft};
use crate::{csrf, return_to, trusted_browser};

/// Creates a recovery flow.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    refuse_somebody_signed_in(cx).await?;
    check_enabled(cx)?;
    let (method, _) = chosen(cx)?;
    return_to::check_request(cx)?;
    let mut flow = draft(cx, client, method.name());
    populate(cx, &mut flow).await?;
    hook::before(cx, &flow, None).await?;
    engine::insert(cx, &flow).await?;
    Ok(Created::Flow {
        flow: Box::new(flow),
        identity: None,
    })
}

fn check_enabled(cx: &Cx) -> Result<(), Problem> {
    if cx.config().selfservice.flows.recovery.enabled {
        Ok(())
    } else {
        Err(Problem::FlowDisabled(FlowKind::Recovery))
    }
}

type Part = (&'static dyn Method, &'static dyn RecoveryMethod);

fn parts() -> impl Iterator<Item = Part> {
    METHODS
        .iter()
        .filter_map(|method| method.recovery().map(|part| (*method, part)))
}

/// A method that recovery was or can be made with.
fn part(name: Option<MethodName>) -> Option<Part> {
    parts().find(|(method, _)| Some(method.name()) == name)
}

/// The method that the configuration chose for recovery.
fn chosen(cx: &Cx) -> Result<Part, Problem> {
    let name = cx.config().selfservice.flows.recovery.method.as_str();
    let found = part(MethodName::parse(name)).filter(|(method, _)| method.is_enabled(cx.config()));
    found.ok_or_else(|| {
        Problem::BadRequest(format!(
            "Recovery is to use the method {name}, but that method is switched off."
        ))
    })
}

/// A recovery flow of a method, without nodes; also for flows that an operator makes.
pub fn draft(cx: &Cx, client: ClientType, method: MethodName) -> Flow {
    let lifespan = session::signed(cx.config().selfservice.flows.recovery.lifespan);
    let mut flow = Flow::new(FlowKind::Recovery, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.active = Some(method);
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Recovery, flow.id));
    flow
}

/// Fills the first screen with what the flow's method asks for.
async fn populate(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    engine::set_csrf(cx, flow);
    match part(flow.active) {
        Some((_, part)) => part.populate(cx, flow).await,
        None => Ok(()),
    }
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
    match recover(cx, &mut flow, submission.form).await {
        Ok(outcome) => Ok(outcome),
        Err(refusal) => {
            flow.transient_payload = None;
            engine::show(cx, &mut flow, refusal)?;
            engine::save(cx, &flow).await?;
            Ok(engine::ask_again(flow, FormStatus::Invalid))
        }
    }
}

async fn recover(cx: &Cx, flow: &mut Flow, form: Result<Form, String>) -> Result<Outcome, Refusal> {
    let form = form.map_err(Problem::BadRequest)?;
    let (method, part) = responsible(cx, flow, &form)?;
    flow.transient_payload = form.transient_payload().ok();
    match part.submit(cx, flow, &form).await? {
        RecoveryStep::AskAgain(status) => {
            engine::save(cx, flow).await?;
            Ok(engine::ask_again(flow.clone(), status))
        }
        RecoveryStep::StartOver(restart) => {
            Ok(start_over(cx, flow, restart, (method, part)).await?)
        }
        RecoveryStep::Recovered {
            identity,
            method: by,
        } => {
            let client = if part.continues_in_browser() {
                ClientType::Browser
            } else {
                flow.client
            };
            match finish(cx, flow, *identity, by, part.continues_in_browser()).await {
                Ok(outcome) => Ok(outcome),
                Err(why) => {
                    let restart = Restart { why, client };
                    Ok(start_over(cx, flow, restart, (method, part)).await?)
                }
            }
        }
    }
}

/// The method that a submission is for.
fn responsible(cx: &Cx, flow: &Flow, form: &Form) -> Result<Part, Refusal> {
    let claiming = parts().find(|(_, part)| part.claims(flow, form));
    let found = claiming
        .or_else(|| part(flow.active))
        .ok_or_else(|| Refusal::form(text::recovery_no_strategy()))?;
    if found.0.is_enabled(cx.config()) {
        Ok(found)
    } else {
        Err(Problem::MethodDisabled(found.0.name()).into())
    }
}

/// A new flow takes the place of one that cannot go on, says why (flows.md §10.4), and ends where that one was
/// to end. What a flow cannot say is the answer, and there is no new flow.
async fn start_over(
    cx: &Cx,
    old: &Flow,
    restart: Restart,
    (method, part): Part,
) -> Result<Outcome, Problem> {
    let renewed = cx.renew_csrf();
    let original = match &restart.why {
        Refusal::Problem(Problem::IdentityDisabled(id)) => Some(Problem::IdentityDisabled(*id)),
        Refusal::Problem(Problem::BrowserInNativeFlow { reason, cookies }) => {
            Some(Problem::BrowserInNativeFlow {
                reason: reason.clone(),
                cookies: cookies.clone(),
            })
        }
        _ => None,
    };
    let messages = engine::messages_of(restart.why)?;
    let reason = messages
        .first()
        .map(|(_, m)| m.text.clone())
        .unwrap_or_default();
    let mut flow = draft(cx, restart.client, method.name());
    flow.request_url = return_to::starting_over(cx, old);
    populate(cx, &mut flow).await?;
    flow.ui.set_csrf(&csrf::mask(&renewed));
    flow.ui
        .messages
        .extend(messages.into_iter().map(|(_, m)| m));
    engine::insert(cx, &flow).await?;
    let json = cx.request.wants.json && !part.continues_in_browser();
    if json && cx.config().feature_flags.use_continue_with_transitions {
        let continue_with = vec![show_recovery(&flow)];
        return Err(Problem::RecoveryRestarted {
            reason,
            original: original.map(Box::new),
            continue_with,
        });
    }
    Ok(Outcome::Redirect {
        url: place(cx, &flow, json),
    })
}

fn show_recovery(flow: &Flow) -> ContinueWith {
    ContinueWith::ShowRecoveryUi {
        flow: FlowRef {
            id: flow.id,
            url: None,
        },
    }
}

/// Where a new flow is found: its JSON, or its page.
fn place(cx: &Cx, flow: &Flow, json: bool) -> String {
    if json {
        return_to::own(
            cx,
            "/self-service/recovery/flows",
            &[("id", &flow.id.to_string())],
        )
    } else {
        return_to::page(cx, FlowKind::Recovery, flow.id)
    }
}

/// A flow that has expired is replaced by one that asks for the same (flows.md §13).
async fn replace_expired(cx: &Cx, old: &Flow) -> Result<Outcome, Problem> {
    let (method, part) = match part(old.active).filter(|(method, _)| method.is_enabled(cx.config()))
    {
        Some(part) => part,
        None => chosen(cx)?,
    };
    let client = if part.continues_in_browser() {
        ClientType::Browser
    } else {
        old.client
    };
    let mut flow = draft(cx, client, method.name());
    flow.request_url = old.request_url.clone();
    populate(cx, &mut flow).await?;
    flow.ui
        .messages
        .push(text::recovery_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    if cx.config().feature_flags.use_continue_with_transitions && flow.is_native() {
        return Err(Problem::FlowExpired {
            use_flow_id: flow.id,
            expired_at: old.expires_at,
            since: cx.now - old.expires_at,
            continue_with: vec![show_recovery(&flow)],
        });
    }
    Ok(Outcome::Redirect {
        url: place(cx, &flow, cx.request.wants.json || flow.is_native()),
    })
}

/// The owner is back: a session, and on to the settings (flows.md §10.3).
async fn finish(
    cx: &Cx,
    flow: &mut Flow,
    identity: Identity,
    by: AuthenticationMethod,
    in_browser: bool,
) -> Result<Outcome, Refusal> {
    let mut draft = session::start(cx, identity, by)?;
    let client = if in_browser {
        ClientType::Browser
    } else {
        flow.client
    };
    flow.state = State::PassedChallenge;
    flow.identity_id = Some(draft.issued.identity.id);
    flow.ui.messages.clear();
    if client == ClientType::Browser {
        flow.csrf_token = cx.renew_csrf();
        flow.ui.set_csrf(&csrf::mask(&flow.csrf_token));
    }
    let hooks = hook::after_recovery(cx, flow, &mut draft.issued.identity).await?;
    let skips = !in_browser && skips_settings(flow);
    let next = if skips {
        None
    } else {
        Some(settings_flow(cx, flow, client, &draft.issued.identity).await?)
    };
    store(cx, flow, &draft, next.as_ref(), &hooks).await?;
    hook::wake_outbox(cx, &hooks.calls);
    match client {
        ClientType::Browser => cx.effect(|e| e.session = Some(draft.issued.clone())),
        ClientType::Api => {
            let ory_session_token = draft.issued.token.clone();
            flow.continue_with
                .push(ContinueWith::SetOrySessionToken { ory_session_token });
        }
    }
    let told = cx.config().feature_flags.use_continue_with_transitions;
    let url = lead_on(cx, flow, next.as_ref())?;
    if in_browser {
        return Ok(Outcome::Redirect { url });
    }
    let issued = Box::new(draft.issued);
    Ok(Outcome::Recovered {
        flow: Box::new(flow.clone()),
        issued,
        next: url,
        in_flow: told || skips,
    })
}

fn skips_settings(flow: &Flow) -> bool {
    bia_model::flow::query_value(&flow.request_url, "skip_settings").is_some_and(|v| go_bool(&v))
}

/// The settings flow that follows; it ends where the recovery was asked to end.
async fn settings_flow(
    cx: &Cx,
    flow: &Flow,
    client: ClientType,
    identity: &Identity,
) -> Result<Flow, Problem> {
    let mut next = settings::draft(cx, client, identity);
    let after = &cx.config().selfservice.flows.recovery.after;
    let default = || {
        after
            .default_browser_return_url
            .as_ref()
            .map(|url| url.as_str().to_owned())
    };
    if let Some(return_to) = flow.requested_return_to().or_else(default) {
        let moved = RedirectUrl::parse(&next.request_url)
            .map(|url| url.with_query(&[("return_to", &return_to)]));
        next.request_url = moved.unwrap_or(next.request_url);
    }
    settings::populate(cx, &mut next, identity).await?;
    let max_age = session::signed(
        cx.config()
            .selfservice
            .flows
            .settings
            .privileged_session_max_age,
    );
    next.ui.messages = vec![text::recovery_done(cx.now + max_age)];
    Ok(next)
}

async fn store(
    cx: &Cx,
    flow: &Flow,
    draft: &Draft,
    next: Option<&Flow>,
    hooks: &AfterHooks,
) -> Result<(), Problem> {
    transact!(cx.app.store, tx => {
        session::store(cx, tx, draft).await?;
        trusted_browser::after_recovery(cx, tx, draft.issued.identity.id).await?;
        if hooks.revoke_others {
            let new = &draft.issued.session;
            bia_store::session::revoke_others(tx, new.identity_id, new.id, cx.now).await?;
        }
        hook::store_calls(tx, &hooks.calls).await?;
        if let Some(next) = next {
            bia_store::flow::insert(tx, next).await?;
        }
        bia_store::flow::overwrite(tx, flow).await?;
        Ok::<_, Problem>(())
    })
}

/// Where a browser goes next: to the settings, or where it asked to end.
fn lead_on(cx: &Cx, flow: &mut Flow, next: Option<&Flow>) -> Result<String, Problem> {
    let Some(next) = next else {
        return return_to::resolve(cx, flow, return_to::default_url(cx));
    };
    let url = return_to::page(cx, FlowKind::Settings, next.id);
    let settings = FlowRef {
        id: next.id,
        url: Some(url.clone()),
    };
    flow.continue_with
        .push(ContinueWith::ShowSettingsUi { flow: settings });
    Ok(url)
}
