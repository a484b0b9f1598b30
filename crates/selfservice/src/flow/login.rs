//! Signing in (spec: flows.md §7).

pub(crate) mod held;
mod joining;
mod owed;
mod store;

use bia_config::section::flow::LoginStyle;
use bia_model::ui::{self, Ui};
use bia_model::{
    Aal, AuthenticationMethod, ClientType, ContinueWith, Flow, FlowKind, Identity, MethodName, text,
};

use crate::cx::{Caller, Cx};
use crate::engine::{self, Submission};
use crate::form::{Form, go_bool};
use crate::hook;
use crate::method::{self, LoginMethod, LoginStage, LoginStep, METHODS, Refusal};
use crate::outcome::{Created, Outcome};
use crate::problem::Problem;
use crate::session::{self, LiveSession};
use crate::trusted_browser;
use crate::{identity, mfa, oauth2, return_to};

use owed::{Owed, owed};
use store::{Beside, store};

/// What a request for a login flow asks for.
struct Asked {
    aal: Aal,
    refresh: bool,
    identity_schema: Option<String>,
}

/// Creates a login flow.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    return_to::check_request(cx)?;
    let mut asked = read_request(cx)?;
    let oauth2 = oauth2::asked(cx, client).await?;
    asked.refresh |= oauth2.as_ref().is_some_and(oauth2::Asked::insists);
    let live = cx.session().await?.cloned();
    match &live {
        None if asked.aal >= Aal::Aal2 => return Err(Problem::Aal1Required),
        None => asked.refresh = false,
        Some(live) => {
            let fulfilled = asked.aal == Aal::Aal1 || is_at(cx, live, asked.aal).await?;
            if !asked.refresh && fulfilled {
                return already_signed_in(cx, client, live, oauth2.as_ref()).await;
            }
        }
    }
    let mut flow = draft(cx, client, &asked);
    if let Some(oauth2) = &oauth2 {
        oauth2.put_on_login(cx, &mut flow)?;
    }
    if client == ClientType::Api
        && live.is_none()
        && cx
            .request
            .query("return_session_token_exchange_code")
            .is_some_and(go_bool)
    {
        flow.session_token_exchange_code = Some(crate::token::alphanumeric(64));
    }
    let stage = first_stage(cx, &flow, live.as_ref());
    populate(cx, &mut flow, stage).await?;
    hook::before(cx, &flow, None).await?;
    engine::insert(cx, &flow).await?;
    exchange(cx, &flow).await?;
    if matches!(stage, LoginStage::SecondFactor(_)) && go_ahead(cx, &mut flow, stage, "").await? {
        engine::save(cx, &flow).await?;
    }
    Ok(Created::Flow {
        flow: Box::new(flow),
        identity: None,
    })
}

/// Whether somebody is signed in as far as a flow would bring them.
async fn is_at(cx: &Cx, live: &LiveSession, aal: Aal) -> Result<bool, Problem> {
    Ok(aal <= live.session.aal && !(aal >= Aal::Aal2 && mfa::owes_second_step(cx, live).await?))
}

/// Remembers the native half of a session token exchange (flows.md §16).
pub(crate) async fn exchange(cx: &Cx, flow: &Flow) -> Result<(), Problem> {
    let Some(init_code) = &flow.session_token_exchange_code else {
        return Ok(());
    };
    let mut conn = cx.write().await?;
    let codes = (init_code.as_str(), &*crate::token::alphanumeric(64));
    Ok(bia_store::exchange::insert(&mut conn, flow.id, codes, cx.now).await?)
}

fn read_request(cx: &Cx) -> Result<Asked, Problem> {
    let aal = match cx.request.query("aal").filter(|a| !a.is_empty()) {
        None => Aal::Aal1,
        Some(raw) => match Aal::parse(raw) {
            Some(aal @ (Aal::Aal1 | Aal::Aal2)) => aal,
            _ => {
                let sentence = format!(
                    "The aal query parameter is {raw:?}, but only aal1 and aal2 can be asked for."
                );
                return Err(Problem::BadRequest(sentence));
            }
        },
    };
    let identity_schema = if aal == Aal::Aal1 {
        super::registration::asked_schema(cx)?
    } else {
        None
    };
    Ok(Asked {
        aal,
        refresh: cx.request.query("refresh").is_some_and(go_bool),
        identity_schema,
    })
}

/// Nothing is left to do, unless the session is of no use without a second factor: whoever left the second
/// step and begins again is led back to it.
async fn already_signed_in(
    cx: &Cx,
    client: ClientType,
    live: &LiveSession,
    oauth2: Option<&oauth2::Asked>,
) -> Result<Created, Problem> {
    let browser = client == ClientType::Browser && !cx.request.wants.json_rather_than_html;
    let return_to = cx.request.query("return_to").filter(|r| !r.is_empty());
    let required = cx.config().session.whoami.required_aal;
    match session::check_aal(cx, live, required, return_to).await {
        Err(Problem::Aal2Required { redirect_to }) if browser => {
            let url = match oauth2 {
                Some(oauth2) => oauth2.after_step_up(&redirect_to),
                None => redirect_to,
            };
            return Ok(Created::Redirect { url });
        }
        Err(Problem::EnrolmentRequired { redirect_to, .. }) if browser => {
            let url = match oauth2 {
                Some(oauth2) => oauth2.after_enrolment(cx, redirect_to),
                None => redirect_to,
            };
            return Ok(Created::Redirect { url });
        }
        other => drop(other?),
    }
    if let Some(oauth2) = oauth2.filter(|oauth2| browser && oauth2.skips()) {
        let url = oauth2.accept(cx, &live.session).await?;
        return Ok(Created::Redirect { url });
    }
    if browser {
        Ok(Created::Redirect {
            url: return_to::for_somebody_signed_in(cx)?,
        })
    } else {
        Err(Problem::SessionAlreadyAvailable)
    }
}

/// A flow for first factors that a request did not ask for itself.
pub(crate) fn blank(cx: &Cx, client: ClientType) -> Flow {
    let asked = Asked {
        aal: Aal::Aal1,
        refresh: false,
        identity_schema: None,
    };
    draft(cx, client, &asked)
}

fn draft(cx: &Cx, client: ClientType, asked: &Asked) -> Flow {
    let lifespan = session::signed(cx.config().selfservice.flows.login.lifespan);
    let mut flow = Flow::new(FlowKind::Login, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.requested_aal = asked.aal;
    flow.refresh = asked.refresh;
    flow.identity_schema = asked.identity_schema.clone();
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Login, flow.id));
    flow
}

/// The first screen of a new flow.
fn first_stage<'l>(cx: &Cx, flow: &Flow, live: Option<&'l LiveSession>) -> LoginStage<'l> {
    match live {
        Some(live) if flow.requested_aal >= Aal::Aal2 => LoginStage::SecondFactor(live),
        Some(live) if flow.refresh => LoginStage::Refresh(live),
        _ if cx.config().selfservice.flows.login.style == LoginStyle::IdentifierFirst => {
            LoginStage::Identification
        }
        _ => LoginStage::FirstFactor,
    }
}

/// Fills the first screen of a new flow.
pub(crate) async fn populate(
    cx: &Cx,
    flow: &mut Flow,
    stage: LoginStage<'_>,
) -> Result<(), Problem> {
    if !flow.is_native() {
        engine::set_csrf(cx, flow);
    }
    let offered = offered(cx, stage).await?;
    for method in offered {
        let before = flow.ui.nodes.len();
        method.populate(cx, flow, stage).await?;
        if flow.is_native() && method.puts_csrf() && flow.ui.nodes.len() > before {
            engine::set_csrf(cx, flow);
        }
    }
    trusted_browser::offer(cx, flow);
    if flow.refresh {
        flow.ui.messages = vec![text::login_refresh_notice()];
    }
    if let LoginStage::SecondFactor(live) = stage
        && live.session.aal < flow.requested_aal
    {
        flow.ui.messages.push(text::login_second_factor_notice());
    }
    sort(flow);
    Ok(())
}

/// Lets a method go on at once where the screen leaves nothing to choose. `identifier` is what was
/// typed, if anything was. Whether one did: the flow then shows its next screen and has to be stored.
pub(crate) async fn go_ahead(
    cx: &Cx,
    flow: &mut Flow,
    stage: LoginStage<'_>,
    identifier: &str,
) -> Result<bool, Problem> {
    for method in offered(cx, stage).await? {
        if method.go_ahead(cx, flow, stage, identifier).await? {
            if trusted_browser::offer(cx, flow) {
                sort(flow);
            }
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts the nodes in order.
pub(crate) fn sort(flow: &mut Flow) {
    ui::sort(&mut flow.ui.nodes, ui::LOGIN, ui::LOGIN_KEYS);
}

fn enabled(cx: &Cx) -> impl Iterator<Item = &'static dyn LoginMethod> {
    METHODS
        .iter()
        .filter(|m| m.is_enabled(cx.config()))
        .filter_map(|m| m.login())
}

/// The methods of a screen: those that are switched on, as far as an MFA policy leaves them to whoever is signed in.
async fn offered(cx: &Cx, stage: LoginStage<'_>) -> Result<Vec<&'static dyn LoginMethod>, Problem> {
    let allowed = match stage {
        LoginStage::SecondFactor(live) => mfa::offered(cx, live, true).await?,
        LoginStage::Refresh(live) => mfa::offered(cx, live, false).await?,
        _ => None,
    };
    let Some(allowed) = allowed else {
        return Ok(enabled(cx).collect());
    };
    let methods = METHODS.iter().filter(|m| m.is_enabled(cx.config()));
    let methods = methods.filter(|m| allowed.contains(&m.name()));
    Ok(methods.filter_map(|m| m.login()).collect())
}

/// A login flow to be shown.
pub async fn fetch(cx: &Cx, id: Option<&str>) -> Result<Flow, Problem> {
    let mut flow = engine::fetch(cx, FlowKind::Login, id).await?;
    oauth2::show(cx, &mut flow).await?;
    Ok(flow)
}

/// Takes a submission.
pub async fn submit(cx: &Cx, submission: Submission) -> Result<Outcome, Problem> {
    let mut outcome = answer(cx, submission).await?;
    oauth2::show_if_answered(cx, &mut outcome).await;
    Ok(outcome)
}

async fn answer(cx: &Cx, submission: Submission) -> Result<Outcome, Problem> {
    let id = engine::submitted_id(submission.flow.as_deref())?;
    let mut flow = engine::load(cx, FlowKind::Login, id).await?;
    let live = cx.session().await?.cloned();
    match &live {
        None if flow.requested_aal >= Aal::Aal2 => return Err(Problem::Aal1Required),
        Some(live) if !flow.refresh && is_at(cx, live, flow.requested_aal).await? => {
            return signed_in_meanwhile(cx, flow).await;
        }
        _ => {}
    }
    if flow.is_expired(cx.now) {
        return replace_expired(cx, &flow).await;
    }
    let owner = METHODS
        .iter()
        .find(|m| m.login().is_some_and(|login| login.owns(&flow)));
    let allowed = match &live {
        _ if owner.is_some() => owner.map(|method| vec![method.name()]),
        Some(live) if flow.requested_aal >= Aal::Aal2 => mfa::offered(cx, live, true).await?,
        _ => None,
    };
    let (by, step) = match choose(cx, &flow, submission.form, allowed.as_deref()) {
        Ok((by, method, form)) => {
            flow.transient_payload = form.transient_payload().ok();
            note_identifier(&mut flow, &form);
            trusted_browser::note(cx, &mut flow, &form);
            (Some(by), method.submit(cx, &mut flow, &form).await)
        }
        Err(refusal) => (None, Err(refusal)),
    };
    end(cx, flow, (live.as_ref(), Ends::Renewed), by, step).await
}

/// The member of a flow's context with what was typed to say who somebody is.
const TYPED: &str = "typed_identifier";

fn note_identifier(flow: &mut Flow, form: &Form) {
    if let Some(typed) = form.text("identifier").filter(|t| !t.is_empty()) {
        flow.context.insert(TYPED.to_owned(), typed.into());
    }
}

/// What was typed in this login to say who somebody is, if anything was.
pub(crate) fn typed_identifier(flow: &Flow) -> Option<&str> {
    flow.context.get(TYPED)?.as_str()
}

/// What becomes of the session of somebody who signs in again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// It is renewed: the proof was given here.
    Renewed,
    /// There is another one: the proof was given elsewhere.
    Another,
}

/// Ends a request to a login flow of somebody who comes from elsewhere, by what a method made of it.
pub(crate) async fn conclude(
    cx: &Cx,
    flow: Flow,
    live: Option<&LiveSession>,
    by: MethodName,
    step: Result<LoginStep, Refusal>,
) -> Result<Outcome, Problem> {
    end(cx, flow, (live, Ends::Another), Some(by), step).await
}

async fn end(
    cx: &Cx,
    mut flow: Flow,
    live: (Option<&LiveSession>, Ends),
    by: Option<MethodName>,
    step: Result<LoginStep, Refusal>,
) -> Result<Outcome, Problem> {
    let refusal = match step {
        Ok(LoginStep::AskAgain(status)) => {
            if trusted_browser::offer(cx, &mut flow) {
                sort(&mut flow);
            }
            engine::save(cx, &flow).await?;
            return Ok(engine::ask_again(flow, status));
        }
        Ok(LoginStep::SendAway(url)) => {
            engine::save(cx, &flow).await?;
            return Ok(Outcome::Elsewhere { url });
        }
        Ok(LoginStep::Handled(outcome)) => return Ok(*outcome),
        Ok(LoginStep::Authenticated { identity, method }) => {
            flow.active = by;
            match finish(cx, &mut flow, live, *identity, method).await {
                Ok(outcome) => return Ok(outcome),
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    refuse(cx, flow, refusal).await
}

async fn signed_in_meanwhile(cx: &Cx, flow: Flow) -> Result<Outcome, Problem> {
    if cx.caller(&flow) == Caller::Browser {
        return Ok(Outcome::Redirect {
            url: return_to::default_url(cx).as_str().to_owned(),
        });
    }
    refuse(cx, flow, Refusal::Problem(Problem::SessionAlreadyAvailable)).await
}

/// A flow that has expired is replaced by one that asks for the same (flows.md §13).
async fn replace_expired(cx: &Cx, old: &Flow) -> Result<Outcome, Problem> {
    let mut flow = blank(cx, old.client);
    flow.identity_schema = old.identity_schema.clone();
    flow.request_url = old.request_url.clone();
    flow.oauth2_login_challenge
        .clone_from(&old.oauth2_login_challenge);
    let stage = first_stage(cx, &flow, None);
    populate(cx, &mut flow, stage).await?;
    flow.ui
        .messages
        .push(text::login_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    Err(Problem::FlowExpired {
        use_flow_id: flow.id,
        expired_at: old.expires_at,
        since: cx.now - old.expires_at,
        continue_with: Vec::new(),
    })
}

/// The method that a submission is for; one of those that an MFA policy allows, where it does.
fn choose(
    cx: &Cx,
    flow: &Flow,
    form: Result<Form, String>,
    allowed: Option<&[MethodName]>,
) -> Result<(MethodName, &'static dyn LoginMethod, Form), Refusal> {
    let form = form.map_err(Problem::BadRequest)?;
    let found = METHODS
        .iter()
        .filter_map(|m| m.login().map(|l| (m, l)))
        .find(|(_, l)| l.claims(cx, flow, &form))
        .filter(|(m, _)| allowed.is_none_or(|allowed| allowed.contains(&m.name())));
    if cx.request.is_get && !found.is_some_and(|(_, login)| login.takes_links()) {
        return Err(Problem::BadRequest(
            "A login form is sent by POST, with its fields in the body.".into(),
        )
        .into());
    }
    let Some((method, login)) = found else {
        return Err(Refusal::form(text::login_no_strategy()));
    };
    if !method.is_enabled(cx.config()) {
        return Err(Problem::MethodDisabled(method.name()).into());
    }
    Ok((method.name(), login, form))
}

async fn refuse(cx: &Cx, mut flow: Flow, refusal: Refusal) -> Result<Outcome, Problem> {
    // Only answers to what went well show it.
    flow.transient_payload = None;
    engine::show(cx, &mut flow, refusal)?;
    sort(&mut flow);
    engine::save(cx, &flow).await?;
    Ok(engine::ask_again(flow, crate::outcome::FormStatus::Invalid))
}

/// Somebody proved who they are: hooks, session, answer (flows.md §7.3).
async fn finish(
    cx: &Cx,
    flow: &mut Flow,
    (live, ends): (Option<&LiveSession>, Ends),
    mut identity: Identity,
    by: AuthenticationMethod,
) -> Result<Outcome, Refusal> {
    let available = method::available_aal(cx.config(), &identity);
    let stale = identity.available_aal != Some(available);
    identity.available_aal = Some(available);
    let same = live.filter(|l| l.session.identity_id == identity.id);
    let mut draft = match same.filter(|_| ends == Ends::Renewed) {
        Some(live) => session::renew(cx, live, identity, by)?,
        None => session::start(cx, identity, by)?,
    };
    trusted_browser::recognise(cx, flow, &mut draft).await?;
    let return_to = return_to::resolve(
        cx,
        flow,
        return_to::after(cx, &cx.config().selfservice.flows.login.after, flow.active),
    )?;
    if cx.caller(flow) == Caller::Spa {
        flow.continue_with.push(ContinueWith::RedirectBrowserTo {
            redirect_browser_to: return_to.clone(),
        });
    }
    let owed = owed(cx, flow, &draft, &return_to).await?;
    // What waits to be linked is linked to somebody who is signed in as far as they can be.
    let joins = !matches!(owed, Owed::StepUp(_));
    if joins {
        joining::check(cx, flow, &mut draft)?;
    }
    let hooks = hook::after_login(cx, flow, &mut draft.issued).await?;
    let trust = trusted_browser::wanted(cx, flow, &draft.issued).await?;
    let beside = Beside {
        available_aal: stale.then_some(available),
        hooks: &hooks,
        joins,
        trust: trust.as_ref(),
    };
    store(cx, flow, &mut draft, beside).await?;
    if let Some(trust) = trust {
        trusted_browser::hand_out(cx, trust);
    }
    hook::wake_outbox(cx, &hooks.calls);
    // What is proven by joining counts as well.
    let asked = mfa::ask(cx, &draft.issued.session, &draft.issued.identity).await?;
    let second_factor = match owed {
        Owed::StepUp(url) => Some(joining::carried_on(cx, flow, &draft).await?.unwrap_or(url)),
        Owed::Enrol(url) => Some(url),
        Owed::Nothing => None,
    };
    if !flow.is_native() {
        cx.effect(|e| e.session = Some(draft.issued.clone()));
        if same.is_none() {
            cx.renew_csrf();
        }
    }
    if second_factor.is_none()
        && let Some(url) = oauth2::accept(cx, flow, &draft.issued.session).await?
    {
        return Ok(Outcome::Elsewhere { url });
    }
    let return_to = hook::page_to_show(cx, flow).unwrap_or(return_to);
    let continue_with = std::mem::take(&mut flow.continue_with);
    Ok(Outcome::LoggedIn {
        issued: Box::new(draft.issued),
        continue_with,
        return_to,
        second_factor,
        mfa: asked.map(Box::new),
    })
}

/// The label of the field for the identifier: the title of the only trait that is one (messages.tsv 1070002, 1070004).
pub fn identifier_label(cx: &Cx, flow: &Flow) -> Result<text::Message, Problem> {
    let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
    Ok(match schema.identifier_label() {
        Some((title, name)) => text::trait_label(title, name),
        None => text::identifier_label(),
    })
}
