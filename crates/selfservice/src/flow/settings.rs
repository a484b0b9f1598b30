//! Changing one's own account (spec: flows.md §9).

mod save;

use bia_model::ui::{self, Ui};
use bia_model::{AuthenticationMethod, ClientType, Flow, FlowKind, Identity, MethodName, text};
use bia_store::StoreError;
use bia_store::identity::Expand;

use crate::continuity::{self, Parked};
use crate::cx::{Caller, Cx};
use crate::engine::{self, Submission};
use crate::form::Form;
use crate::hook;
use crate::method::{METHODS, Refusal, SettingsStep, fields};
use crate::mfa::{self, Enrolment};
use crate::outcome::{Created, FormStatus, Outcome};
use crate::problem::Problem;
use crate::session::{self, LiveSession};
use crate::{identity, return_to};

/// The name of what a browser wanted to change when it had to sign in again.
const WISH: &str = "settings";

/// How often a change is tried when other replicas or operators change the same identity at the same time.
const ATTEMPTS: usize = 4;

/// Creates a settings flow for whoever is signed in.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    return_to::check_request(cx)?;
    let Some(live) = cx.session().await?.cloned() else {
        return no_session(cx, client);
    };
    let asked_return = cx
        .request
        .query("return_to")
        .filter(|r| !r.is_empty() && client == ClientType::Browser);
    let second_factor_return = asked_return.map(|_| return_to::here(cx));
    let enrolment = check_aal(cx, &live, second_factor_return.as_deref()).await?;
    let whole = load_identity(cx, &live).await?;
    let flow = fresh(cx, client, &whole, enrolment.as_ref()).await?;
    engine::insert(cx, &flow).await?;
    Ok(Created::Flow {
        flow: Box::new(flow),
        identity: Some(Box::new(whole)),
    })
}

fn no_session(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    if client == ClientType::Api || cx.request.wants.json_rather_than_html {
        return Err(Problem::SessionInactive {
            credentials_missing: client == ClientType::Browser,
        });
    }
    let return_to = cx.request.query("return_to").unwrap_or_default();
    let pairs: &[(&str, &str)] = if return_to.is_empty() {
        &[]
    } else {
        &[("return_to", return_to)]
    };
    Ok(Created::Redirect {
        url: return_to::own(cx, "/self-service/login/browser", pairs),
    })
}

/// Checks the session. Whoever has to set up a second factor may come in for that.
async fn check_aal(
    cx: &Cx,
    live: &LiveSession,
    return_to: Option<&str>,
) -> Result<Option<Enrolment>, Problem> {
    let required = cx.config().selfservice.flows.settings.required_aal;
    Enrolment::of(session::check_aal(cx, live, required, return_to).await)
}

async fn load_identity(cx: &Cx, live: &LiveSession) -> Result<Identity, Problem> {
    let mut conn = cx.read().await?;
    let found =
        bia_store::identity::find(&mut conn, live.session.identity_id, Expand::Credentials).await?;
    found.ok_or(Problem::NoSession {
        credentials_sent: true,
    })
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

/// A settings flow of an identity with its form, not stored yet. Whoever gets a new form no longer comes
/// back for an older wish.
async fn fresh(
    cx: &Cx,
    client: ClientType,
    identity: &Identity,
    enrolment: Option<&Enrolment>,
) -> Result<Flow, Problem> {
    continuity::abandon(cx, WISH).await?;
    let mut flow = draft(cx, client, identity);
    populate(cx, &mut flow, identity).await?;
    if let Some(enrolment) = enrolment {
        enrolment.restrict(&mut flow);
    }
    hook::before(cx, &flow, Some(identity)).await?;
    Ok(flow)
}

/// Fills a settings flow with the nodes of all methods that are switched on.
pub async fn populate(cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
    engine::set_csrf(cx, flow);
    for method in METHODS
        .iter()
        .filter(|m| m.is_enabled(cx.config()))
        .filter_map(|m| m.settings())
    {
        method.populate(cx, flow, identity).await?;
    }
    sort(cx, flow, identity)
}

/// What somebody should know of what they have set up, by all methods that are switched on. `identity` has credentials.
pub fn notices(cx: &Cx, identity: &Identity) -> Vec<text::Message> {
    METHODS
        .iter()
        .filter(|m| m.is_enabled(cx.config()))
        .filter_map(|m| m.settings()?.notice(identity))
        .collect()
}

fn sort(cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
    let schema = identity::schema(cx, Some(&identity.schema_id))?;
    ui::sort(
        &mut flow.ui.nodes,
        ui::SETTINGS,
        &ui::settings_keys(schema.keys()),
    );
    Ok(())
}

/// A settings flow to be shown, with its identity.
pub async fn fetch(cx: &Cx, id: Option<&str>) -> Result<(Flow, Identity), Problem> {
    let id = id.and_then(|raw| uuid::Uuid::try_parse(raw).ok());
    let id = id.ok_or_else(|| engine::not_found(FlowKind::Settings))?;
    let mut flow = engine::load(cx, FlowKind::Settings, id).await?;
    let live = session_for_flow(cx).await?;
    check_owner(&flow, &live)?;
    let page = return_to::page(cx, FlowKind::Settings, flow.id);
    if let Some(enrolment) = check_aal(cx, &live, Some(&page)).await? {
        // It may have been made when more was possible, or by recovery.
        enrolment.restrict(&mut flow);
    }
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
        return Err(Problem::NoSession {
            credentials_sent: cx.request.credentials.token.is_some(),
        });
    }
    Err(Problem::SignInFirst(
        return_to::ui(cx, FlowKind::Login).as_str().to_owned(),
    ))
}

fn check_owner(flow: &Flow, live: &LiveSession) -> Result<(), Problem> {
    if flow.identity_id == Some(live.session.identity_id) {
        Ok(())
    } else {
        Err(Problem::IdentityMismatch)
    }
}

/// Takes a submission.
pub async fn submit(cx: &Cx, submission: Submission) -> Result<Outcome, Problem> {
    let id = engine::submitted_id(submission.flow.as_deref())?;
    let flow = engine::load(cx, FlowKind::Settings, id).await?;
    let live = session_for_flow(cx).await?;
    let enrolment = check_aal(cx, &live, Some(&return_to::here(cx))).await?;
    if flow.is_expired(cx.now) {
        let whole = load_identity(cx, &live).await?;
        return replace_expired(cx, &flow, &whole, enrolment.as_ref()).await;
    }
    check_owner(&flow, &live)?;
    let form = wanted(cx, &flow, &live, submission.form).await?;
    let caller = (&live, enrolment.as_ref());
    let _turn = cx.app.turns.take(live.session.identity_id).await;
    for _ in 0..ATTEMPTS {
        let whole = load_identity(cx, &live).await?;
        if let Some(outcome) = attempt(cx, flow.clone(), caller, whole, &form).await? {
            return Ok(outcome);
        }
    }
    Err(contention())
}

/// The form that counts: the one that a browser sent before it had to sign in again, when it comes back;
/// else the one that came now, which makes the older one void.
async fn wanted(
    cx: &Cx,
    flow: &Flow,
    live: &LiveSession,
    sent: Result<Form, String>,
) -> Result<Result<Form, String>, Problem> {
    if cx.caller(flow) != Caller::Browser {
        return Ok(sent);
    }
    if !cx.request.is_get {
        continuity::abandon(cx, WISH).await?;
        return Ok(sent);
    }
    let earlier = continuity::resume(cx, wish(flow, live)).await?;
    Ok(earlier.map_or(sent, Ok))
}

fn wish(flow: &Flow, live: &LiveSession) -> Parked<'static> {
    Parked {
        purpose: WISH,
        subject: flow.id,
        owner: live.session.identity_id,
    }
}

async fn replace_expired(
    cx: &Cx,
    old: &Flow,
    whole: &Identity,
    enrolment: Option<&Enrolment>,
) -> Result<Outcome, Problem> {
    let mut flow = fresh(cx, old.client, whole, enrolment).await?;
    flow.request_url = old.request_url.clone();
    flow.ui
        .messages
        .push(text::settings_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    Err(Problem::FlowExpired {
        use_flow_id: flow.id,
        expired_at: old.expires_at,
        since: cx.now - old.expires_at,
        continue_with: Vec::new(),
    })
}

/// What a method made of a submission.
struct Change {
    /// Which method.
    method: MethodName,
    /// The identity as it is to be.
    identity: Identity,
    /// A factor that was proven by setting it up.
    proved: Option<AuthenticationMethod>,
}

/// One try to make a change. `None` when somebody else changed the identity meanwhile.
async fn attempt(
    cx: &Cx,
    mut flow: Flow,
    (live, enrolment): (&LiveSession, Option<&Enrolment>),
    whole: Identity,
    form: &Result<Form, String>,
) -> Result<Option<Outcome>, Problem> {
    if let Some(enrolment) = enrolment {
        enrolment.restrict(&mut flow);
    }
    let step = change(cx, &mut flow, form, (live, enrolment), &whole).await;
    end(cx, flow, live, whole, form.as_ref().ok(), step).await
}

async fn end(
    cx: &Cx,
    mut flow: Flow,
    live: &LiveSession,
    whole: Identity,
    form: Option<&Form>,
    step: Result<Step, Refusal>,
) -> Result<Option<Outcome>, Problem> {
    let result = match step {
        Ok(Step::Change(change)) => save::finish(cx, &mut flow, live, &whole, *change).await,
        Ok(Step::AskAgain(status)) => {
            flow.ui.clear_messages();
            engine::remask_csrf(cx, &mut flow);
            engine::save(cx, &flow).await?;
            return Ok(Some(Outcome::Form {
                flow: Box::new(flow),
                status,
                identity: Some(Box::new(whole)),
            }));
        }
        Ok(Step::SendAway(url)) => return Ok(Some(Outcome::Elsewhere { url })),
        Err(refusal) => Err(refusal),
    };
    match result {
        Ok(outcome) => Ok(Some(outcome)),
        Err(Refusal::Problem(Problem::Store(StoreError::Stale))) => Ok(None),
        Err(refusal) => refuse(cx, flow, live, whole, form, refusal).await.map(Some),
    }
}

/// Goes on with a flow in which somebody was elsewhere: `change` makes of the identity what it is to be.
pub(crate) async fn resume(
    cx: &Cx,
    flow: Flow,
    live: &LiveSession,
    by: MethodName,
    change: impl Fn(Identity) -> Result<SettingsStep, Refusal> + Send + Sync,
) -> Result<Outcome, Problem> {
    let enrolment = Enrolment::of(mfa::check(cx, live).await)?;
    permitted(cx, enrolment.as_ref(), by)?;
    for _ in 0..ATTEMPTS {
        let whole = load_identity(cx, live).await?;
        let step = change(whole.clone()).map(|step| Step::of(by, step));
        if let Some(outcome) = end(cx, flow.clone(), live, whole, None, step).await? {
            return Ok(outcome);
        }
    }
    Err(contention())
}

/// As [`resume`], when there is nothing to change.
pub(crate) async fn resume_refused(
    cx: &Cx,
    flow: Flow,
    live: &LiveSession,
    refusal: Refusal,
) -> Result<Outcome, Problem> {
    let whole = load_identity(cx, live).await?;
    refuse(cx, flow, live, whole, None, refusal).await
}

/// Whoever has to set up a second factor does nothing else before.
fn permitted(cx: &Cx, enrolment: Option<&Enrolment>, method: MethodName) -> Result<(), Problem> {
    match enrolment.filter(|e| !e.permits(method)) {
        Some(enrolment) => Err(enrolment.comes_first(cx)),
        None => Ok(()),
    }
}

fn contention() -> Problem {
    let reason = "the identity was changed by others again and again".into();
    StoreError::Contention { reason }.into()
}

enum Step {
    Change(Box<Change>),
    AskAgain(FormStatus),
    SendAway(String),
}

impl Step {
    fn of(method: MethodName, step: SettingsStep) -> Step {
        match step {
            SettingsStep::AskAgain(status) => Step::AskAgain(status),
            SettingsStep::SendAway(url) => Step::SendAway(url),
            SettingsStep::Save { identity, proved } => Step::Change(Box::new(Change {
                method,
                identity: *identity,
                proved,
            })),
        }
    }
}

async fn change(
    cx: &Cx,
    flow: &mut Flow,
    form: &Result<Form, String>,
    (live, enrolment): (&LiveSession, Option<&Enrolment>),
    whole: &Identity,
) -> Result<Step, Refusal> {
    let form = form
        .as_ref()
        .map_err(|reason| Problem::BadRequest(reason.clone()))?;
    let Some((method, settings)) = METHODS
        .iter()
        .filter_map(|m| m.settings().map(|s| (m, s)))
        .find(|(_, s)| s.claims(cx, flow, form))
    else {
        return Err(Refusal::form(text::settings_no_strategy()));
    };
    if !method.is_enabled(cx.config()) {
        return Err(Problem::MethodDisabled(method.name()).into());
    }
    permitted(cx, enrolment, method.name())?;
    flow.transient_payload = Some(fields::transient_payload(form)?);
    let step = settings.submit(cx, flow, form, live, whole.clone()).await?;
    Ok(Step::of(method.name(), step))
}

async fn refuse(
    cx: &Cx,
    mut flow: Flow,
    live: &LiveSession,
    whole: Identity,
    form: Option<&Form>,
    refusal: Refusal,
) -> Result<Outcome, Problem> {
    flow.transient_payload = None;
    let resumes = matches!(
        refusal,
        Refusal::Problem(Problem::RefreshRequired { .. } | Problem::Aal2Required { .. })
    );
    if let (true, Some(form), false) = (resumes, form, flow.is_native()) {
        continuity::park(cx, wish(&flow, live), form).await?;
    }
    engine::show(cx, &mut flow, refusal)?;
    sort(cx, &mut flow, &whole)?;
    engine::save(cx, &flow).await?;
    Ok(Outcome::Form {
        flow: Box::new(flow),
        status: FormStatus::Invalid,
        identity: Some(Box::new(whole)),
    })
}

/// Errs with the way to a new sign-in when the last one is too old for a change of credentials.
pub async fn require_privileged(cx: &Cx, flow: &Flow, live: &LiveSession) -> Result<(), Problem> {
    require_factor_itself(cx, flow, live).await?;
    if session::is_privileged(cx, &live.session) {
        Ok(())
    } else {
        Err(sign_in_again(cx, flow))
    }
}

/// As [`require_privileged`], for passwords (flows.md §9).
pub async fn require_recent_login(cx: &Cx, flow: &Flow, live: &LiveSession) -> Result<(), Problem> {
    require_factor_itself(cx, flow, live).await?;
    if session::is_recent(cx, &live.session) {
        Ok(())
    } else {
        Err(sign_in_again(cx, flow))
    }
}

/// A trusted browser does not stand for a second factor where credentials change.
async fn require_factor_itself(cx: &Cx, flow: &Flow, live: &LiveSession) -> Result<(), Problem> {
    let back = return_to::action(cx, FlowKind::Settings, flow.id);
    session::check_factor_itself(cx, live, &back).await
}

fn sign_in_again(cx: &Cx, flow: &Flow) -> Problem {
    let back = return_to::action(cx, FlowKind::Settings, flow.id);
    let pairs = [("refresh", "true"), ("return_to", back.as_str())];
    Problem::RefreshRequired {
        redirect_to: return_to::own(cx, "/self-service/login/browser", &pairs),
    }
}
