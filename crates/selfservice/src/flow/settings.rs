//! Changing one's own account (spec: flows.md §9).

use bia_model::ui::{self, Ui};
use bia_model::{ClientType, ContinueWith, Flow, FlowKind, Identity, State, text};
use bia_store::StoreError;
use bia_store::identity::Expand;

use crate::cx::{Caller, Cx};
use crate::engine::{self, Submission};
use crate::form::Form;
use crate::hook;
use crate::method::{METHODS, Refusal, SettingsStep};
use crate::outcome::{Created, FormStatus, IssuedSession, Outcome};
use crate::problem::Problem;
use crate::session::{self, LiveSession};
use crate::{identity, return_to};

/// Creates a settings flow for whoever is signed in.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    return_to::check_request(cx)?;
    let Some(live) = cx.session().await?.cloned() else { return no_session(cx, client) };
    let asked_return = cx.request.query("return_to").filter(|r| !r.is_empty() && client == ClientType::Browser);
    let second_factor_return = asked_return.map(|_| cx.request.url.as_str());
    check_aal(cx, &live, second_factor_return).await?;
    let whole = load_identity(cx, &live).await?;
    let mut flow = draft(cx, client, &whole);
    populate(cx, &mut flow, &whole).await?;
    hook::before(cx, &mut flow).await?;
    engine::insert(cx, &flow).await?;
    Ok(Created::Flow { flow: Box::new(flow), identity: Some(Box::new(whole)) })
}

fn no_session(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    if client == ClientType::Api || cx.request.wants.json_rather_than_html {
        return Err(Problem::SessionInactive { credentials_missing: client == ClientType::Browser });
    }
    let return_to = cx.request.query("return_to").unwrap_or_default();
    let pairs: &[(&str, &str)] = if return_to.is_empty() { &[] } else { &[("return_to", return_to)] };
    Ok(Created::Redirect { url: return_to::own(cx, "/self-service/login/browser", pairs) })
}

async fn check_aal(cx: &Cx, live: &LiveSession, return_to: Option<&str>) -> Result<(), Problem> {
    session::check_aal(cx, live, cx.config().selfservice.flows.settings.required_aal, return_to).await
}

async fn load_identity(cx: &Cx, live: &LiveSession) -> Result<Identity, Problem> {
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find(&mut conn, live.session.identity_id, Expand::Credentials).await?;
    found.ok_or(Problem::NoSession { credentials_sent: true })
}

/// A settings flow of an identity, without nodes; also what recovery leads to.
pub fn draft(cx: &Cx, client: ClientType, identity: &Identity) -> Flow {
    let lifespan = session::signed(cx.config().selfservice.flows.settings.lifespan);
    let mut flow = Flow::new(FlowKind::Settings, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.identity_id = Some(identity.id);
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Settings, flow.id));
    flow
}

/// Fills a settings flow with the nodes of all methods that are switched on.
pub async fn populate(cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
    engine::set_csrf(cx, flow);
    for method in METHODS.iter().filter(|m| m.is_enabled(cx.config())).filter_map(|m| m.settings()) {
        method.populate(cx, flow, identity).await?;
    }
    sort(cx, flow, identity)
}

fn sort(cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
    let schema = identity::schema(cx, Some(&identity.schema_id))?;
    ui::sort(&mut flow.ui.nodes, ui::SETTINGS, &ui::settings_keys(schema.keys()));
    Ok(())
}

/// A settings flow to be shown, with its identity.
pub async fn fetch(cx: &Cx, id: Option<&str>) -> Result<(Flow, Identity), Problem> {
    let live = session_for_flow(cx).await?;
    let id = id.and_then(|raw| uuid::Uuid::try_parse(raw).ok());
    let id = id.ok_or_else(|| engine::not_found(FlowKind::Settings))?;
    let flow = engine::load(cx, FlowKind::Settings, id).await?;
    check_owner(&flow, &live)?;
    let page = return_to::page(cx, FlowKind::Settings, flow.id);
    check_aal(cx, &live, Some(&page)).await?;
    if flow.is_expired(cx.now) {
        return Err(engine::gone(cx, &flow));
    }
    let whole = load_identity(cx, &live).await?;
    Ok((flow, whole))
}

async fn session_for_flow(cx: &Cx) -> Result<LiveSession, Problem> {
    if let Some(live) = cx.session().await? {
        return Ok(live.clone());
    }
    if cx.request.wants.json {
        return Err(Problem::NoSession { credentials_sent: cx.request.credentials.token.is_some() });
    }
    Err(Problem::SignInFirst(return_to::ui(cx, FlowKind::Login).as_str().to_owned()))
}

fn check_owner(flow: &Flow, live: &LiveSession) -> Result<(), Problem> {
    if flow.identity_id == Some(live.session.identity_id) { Ok(()) } else { Err(Problem::IdentityMismatch) }
}

/// Takes a submission.
pub async fn submit(cx: &Cx, submission: Submission) -> Result<Outcome, Problem> {
    let id = engine::submitted_id(submission.flow.as_deref())?;
    let mut flow = engine::load(cx, FlowKind::Settings, id).await?;
    let live = session_for_flow(cx).await?;
    check_aal(cx, &live, Some(&cx.request.url)).await?;
    let whole = load_identity(cx, &live).await?;
    if flow.is_expired(cx.now) {
        return replace_expired(cx, &flow, &whole).await;
    }
    check_owner(&flow, &live)?;
    let refusal = match change(cx, &mut flow, submission.form, &live, whole.clone()).await {
        Ok(SettingsStep::AskAgain(status)) => {
            engine::save(cx, &flow).await?;
            return Ok(Outcome::Form { flow: Box::new(flow), status, identity: Some(Box::new(whole)) });
        }
        Ok(SettingsStep::Save(changed)) => match finish(cx, &mut flow, &live, &whole, *changed).await {
            Ok(outcome) => return Ok(outcome),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    refuse(cx, flow, whole, refusal).await
}

async fn replace_expired(cx: &Cx, old: &Flow, whole: &Identity) -> Result<Outcome, Problem> {
    let mut flow = draft(cx, old.client, whole);
    flow.request_url = old.request_url.clone();
    populate(cx, &mut flow, whole).await?;
    flow.ui.messages.push(text::settings_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    Err(Problem::FlowExpired {
        use_flow_id: flow.id,
        expired_at: old.expires_at,
        since: cx.now - old.expires_at,
        continue_with: Vec::new(),
    })
}

async fn change(
    cx: &Cx,
    flow: &mut Flow,
    form: Result<Form, String>,
    live: &LiveSession,
    whole: Identity,
) -> Result<SettingsStep, Refusal> {
    let form = form.map_err(Problem::BadRequest)?;
    let Some((method, settings)) = METHODS
        .iter()
        .filter_map(|m| m.settings().map(|s| (m, s)))
        .find(|(_, s)| s.claims(cx, flow, &form))
    else {
        return Err(Refusal::form(text::settings_no_strategy()));
    };
    if !method.is_enabled(cx.config()) {
        return Err(Problem::MethodDisabled(method.name()).into());
    }
    flow.active = Some(method.name());
    flow.transient_payload = form.transient_payload().ok();
    settings.submit(cx, flow, &form, live, whole).await
}

async fn refuse(cx: &Cx, mut flow: Flow, whole: Identity, refusal: Refusal) -> Result<Outcome, Problem> {
    engine::show(cx, &mut flow, refusal)?;
    sort(cx, &mut flow, &whole)?;
    engine::save(cx, &flow).await?;
    Ok(Outcome::Form { flow: Box::new(flow), status: FormStatus::Invalid, identity: Some(Box::new(whole)) })
}

/// Errs with the way to a new sign-in when the last one is too old for a change of credentials.
pub fn require_privileged(cx: &Cx, flow: &Flow, live: &LiveSession) -> Result<(), Problem> {
    if session::is_privileged(cx, &live.session) {
        return Ok(());
    }
    let back = return_to::action(cx, FlowKind::Settings, flow.id);
    let pairs = [("refresh", "true"), ("return_to", back.as_str())];
    Err(Problem::RefreshRequired { redirect_to: return_to::own(cx, "/self-service/login/browser", &pairs) })
}

/// A change is stored, then the hooks run (flows.md §9).
async fn finish(
    cx: &Cx,
    flow: &mut Flow,
    live: &LiveSession,
    old: &Identity,
    mut changed: Identity,
) -> Result<Outcome, Refusal> {
    let return_to = ends_at(cx, flow)?;
    identity::apply_schema(cx, &mut changed)?;
    if touches_credentials(old, &changed) {
        require_privileged(cx, flow, live)?;
    }
    store(cx, &mut changed).await?;
    show_saved(cx, flow, &changed).await?;
    let hooks = hook::after_settings(cx, flow, &mut changed, live.session.id).await?;
    if hooks.revoke_others {
        revoke_others(cx, live).await?;
    }
    if cx.caller(flow) == Caller::Spa {
        flow.continue_with.push(ContinueWith::RedirectBrowserTo { redirect_browser_to: return_to.clone() });
    }
    engine::save(cx, flow).await?;
    let issued = (!flow.is_native()).then(|| reissue(cx, live, &changed));
    let flow = Box::new(flow.clone());
    Ok(Outcome::Saved { flow, identity: Box::new(changed), issued, return_to })
}

/// Where saved settings lead; by default to the form again.
fn ends_at(cx: &Cx, flow: &Flow) -> Result<String, Problem> {
    let after = &cx.config().selfservice.flows.settings.after;
    let method = flow.active.map_or("", bia_model::MethodName::as_str);
    let page = return_to::page(cx, FlowKind::Settings, flow.id);
    let page = bia_config::RedirectUrl::parse(&page)
        .ok_or_else(|| Problem::Internal("the page of settings is not a URL".into()))?;
    return_to::resolve(cx, flow, after.return_url(method).unwrap_or(&page))
}

/// Whether a change reaches what somebody signs in with or is reached by.
fn touches_credentials(old: &Identity, new: &Identity) -> bool {
    let credentials = |i: &Identity| {
        let mut all: Vec<_> =
            i.credentials.iter().map(|c| (c.kind, c.identifiers.clone(), c.config.to_string())).collect();
        all.sort();
        all
    };
    let verifiable = |i: &Identity| i.verifiable_addresses.iter().map(|a| (a.via, a.value.clone())).collect::<Vec<_>>();
    let recovery = |i: &Identity| i.recovery_addresses.iter().map(|a| (a.via, a.value.clone())).collect::<Vec<_>>();
    credentials(old) != credentials(new) || verifiable(old) != verifiable(new) || recovery(old) != recovery(new)
}

async fn store(cx: &Cx, changed: &mut Identity) -> Result<(), Refusal> {
    let duplicate = |e: StoreError| match e {
        StoreError::Conflict { .. } => Refusal::form(text::duplicate_credentials()),
        other => Problem::from(other).into(),
    };
    let mut tx = cx.begin().await?;
    bia_store::identity::update(&mut tx, changed, cx.now).await.map_err(duplicate)?;
    tx.commit().await.map_err(duplicate)
}

/// The form is rebuilt from what is stored now, and says that it was saved.
async fn show_saved(cx: &Cx, flow: &mut Flow, changed: &Identity) -> Result<(), Problem> {
    flow.state = State::Success;
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Settings, flow.id));
    populate(cx, flow, changed).await?;
    flow.ui.messages = vec![text::settings_saved()];
    Ok(())
}

async fn revoke_others(cx: &Cx, live: &LiveSession) -> Result<(), Problem> {
    let mut conn = cx.write().await?;
    let session = &live.session;
    bia_store::session::revoke_others(&mut conn, session.identity_id, session.id, cx.now).await?;
    Ok(())
}

fn reissue(cx: &Cx, live: &LiveSession, changed: &Identity) -> Box<IssuedSession> {
    let issued = IssuedSession { session: live.session.clone(), identity: changed.clone(), token: live.token.clone() };
    cx.effect(|e| e.session = Some(issued.clone()));
    Box::new(issued)
}

