//! Signing up (spec: flows.md §8).

use bia_model::schema::{self, Derived};
use bia_model::text::{self, Message};
use bia_model::ui::{self, Node, Ui};
use bia_model::{
    AuthenticationMethod, ClientType, ContinueWith, Flow, FlowKind, Identity, MethodName, Session,
};
use serde_json::Value;

use crate::cx::{Caller, Cx};
use crate::engine::{self, Submission};
use crate::form::Form;
use crate::hook::{self, Made};
use crate::method::{METHODS, Refusal, RegistrationMethod, RegistrationStage, RegistrationStep};
use crate::outcome::{Created, FormStatus, Outcome};
use crate::problem::Problem;
use crate::session::{self, LiveSession};
use crate::{identity, mfa, oauth2, return_to};

pub(crate) mod hidden;
mod store;

use store::{Stored, Unit, store};

/// The value of the field `screen` that asks for the second of two screens, the choice of a method.
pub const CREDENTIALS_SCREEN: &str = "credential-selection";

/// Who wants to sign up: the traits that were submitted, and what the schema makes of them.
pub struct Candidate {
    schema_id: String,
    /// Typed as the schema says.
    traits: Value,
    judged: Result<Derived, Vec<(String, Message)>>,
}

impl Candidate {
    /// Reads the traits of a submission. Traits that do not fit the schema are no error here.
    pub fn read(cx: &Cx, flow: &Flow, form: &Form) -> Result<Candidate, Problem> {
        let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
        let default = &cx.config().identity.default_schema_id;
        let schema_id = flow
            .identity_schema
            .clone()
            .unwrap_or_else(|| default.clone());
        let traits = form.traits(schema);
        let judged = schema
            .validate(&traits)
            .map_err(|v| identity::violation_messages(&v));
        Ok(Candidate {
            schema_id,
            traits,
            judged,
        })
    }

    /// Checks the form as a whole and returns its `transient_payload`. Errs with a message per wrong
    /// field: the method's own (`faults`), the payload, and the traits.
    pub fn check(&self, form: &Form, mut faults: Vec<(String, Message)>) -> Result<Value, Refusal> {
        let payload = form.transient_payload();
        if let Err(found) = payload {
            faults.push((
                "transient_payload".into(),
                text::validation_wrong_type(&["object"], found),
            ));
        }
        faults.extend(self.judged.as_ref().err().into_iter().flatten().cloned());
        if faults.is_empty() {
            Ok(payload.unwrap_or_default())
        } else {
            Err(Refusal::Form(faults))
        }
    }

    /// Puts the submitted traits into the fields that the form has.
    pub fn show_values(&self, flow: &mut Flow) {
        for (name, value) in schema::flatten("traits", &self.traits) {
            if let Some(node) = flow.ui.find_mut(&name) {
                node.set_value(Some(value));
            }
        }
    }

    /// As [`Candidate::show_values`], with a new field for each trait that the form has none for.
    pub fn put_values(&self, flow: &mut Flow) {
        for (name, value) in schema::flatten("traits", &self.traits) {
            flow.ui.set_value(&name, value, ui::Group::Default);
        }
    }

    /// Whether each trait has the value that its field in the form has. Traits without a field count as equal.
    pub fn agrees_with(&self, flow: &Flow) -> bool {
        schema::flatten("traits", &self.traits)
            .into_iter()
            .all(|(name, value)| {
                let shown = flow.ui.find(&name).and_then(Node::as_input);
                shown.is_none_or(|input| input.value.as_ref().unwrap_or(&Value::Null) == &value)
            })
    }

    /// The submitted traits, typed as the schema says.
    pub fn traits(&self) -> &Value {
        &self.traits
    }

    /// The identity that the traits make, with what follows from them. Errs with a message per field.
    pub fn identity(&self, cx: &Cx) -> Result<Identity, Refusal> {
        let mut candidate = Identity::new(self.schema_id.clone(), self.traits.clone(), cx.now);
        let derived = self.judged.clone().map_err(Refusal::Form)?;
        identity::apply_derived(cx, &mut candidate, derived)?;
        Ok(candidate)
    }
}

/// The schema that the request asks for, if it may be asked for.
pub fn asked_schema(cx: &Cx) -> Result<Option<String>, Problem> {
    let Some(asked) = cx
        .request
        .query("identity_schema")
        .filter(|s| !s.is_empty())
    else {
        return Ok(None);
    };
    if cx.config().identity.is_selectable(asked) {
        return Ok(Some(asked.to_owned()));
    }
    Err(Problem::BadRequest(format!(
        "The identity schema {asked:?} does not exist or cannot be chosen here."
    )))
}

/// Creates a registration flow.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    return_to::check_request(cx)?;
    let identity_schema = asked_schema(cx)?;
    check_enabled(cx)?;
    let oauth2 = oauth2::asked(cx, client).await?;
    let mut flow = draft(cx, client, identity_schema);
    if let Some(oauth2) = &oauth2 {
        oauth2.put_on_registration(cx, &mut flow)?;
    }
    let wants_code = cx.request.query("return_session_token_exchange_code") == Some("true");
    if client == ClientType::Api && wants_code {
        flow.session_token_exchange_code = Some(crate::token::alphanumeric(64));
    }
    populate(cx, &mut flow).await?;
    hook::before(cx, &flow, None).await?;
    if let (Some(oauth2), Some(live)) = (&oauth2, cx.session().await?) {
        return signed_in_for(cx, client, oauth2, live).await;
    }
    if cx.session_of_anybody().await?.is_some() {
        let browser = client == ClientType::Browser && !cx.request.wants.json_rather_than_html;
        return if browser {
            Ok(Created::Redirect {
                url: return_to::for_somebody_signed_in(cx)?,
            })
        } else {
            Err(Problem::SessionAlreadyAvailable)
        };
    }
    engine::insert(cx, &flow).await?;
    super::login::exchange(cx, &flow).await?;
    Ok(Created::Flow {
        flow: Box::new(flow),
        identity: None,
    })
}

/// Somebody comes from an OAuth2 server to sign up and is signed in already.
async fn signed_in_for(
    cx: &Cx,
    client: ClientType,
    oauth2: &oauth2::Asked,
    live: &LiveSession,
) -> Result<Created, Problem> {
    if client == ClientType::Browser && oauth2.skips() {
        let url = oauth2.accept(cx, &live.session).await?;
        return if cx.request.wants.json_rather_than_html {
            Err(Problem::GoElsewhere(url))
        } else {
            Ok(Created::Redirect { url })
        };
    }
    if client == ClientType::Api {
        return Err(Problem::SessionAlreadyAvailable);
    }
    let query = url::Url::parse(&cx.request.url).ok();
    let query = query.as_ref().and_then(url::Url::query).unwrap_or_default();
    let login = return_to::own(cx, "/self-service/login/browser", &[]);
    Err(Problem::SignedInAlready(format!("{login}?{query}")))
}

fn check_enabled(cx: &Cx) -> Result<(), Problem> {
    if cx.config().selfservice.flows.registration.enabled {
        Ok(())
    } else {
        Err(Problem::RegistrationDisabled)
    }
}

/// A flow that a request did not ask for itself.
pub(crate) fn blank(cx: &Cx, client: ClientType) -> Flow {
    draft(cx, client, None)
}

fn draft(cx: &Cx, client: ClientType, identity_schema: Option<String>) -> Flow {
    let lifespan = session::signed(cx.config().selfservice.flows.registration.lifespan);
    let mut flow = Flow::new(FlowKind::Registration, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.identity_schema = identity_schema;
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Registration, flow.id));
    flow
}

/// Whether traits and credentials are asked for on two screens.
pub fn has_two_screens(cx: &Cx) -> bool {
    cx.config().selfservice.flows.registration.is_two_step()
}

/// Fills the first screen.
pub(crate) async fn populate(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    engine::set_csrf(cx, flow);
    let stage = if has_two_screens(cx) {
        RegistrationStage::Profile
    } else {
        RegistrationStage::Unified
    };
    populate_stage(cx, flow, stage).await?;
    sort(cx, flow)
}

/// Fills a screen with the nodes of all methods that are switched on.
pub async fn populate_stage(
    cx: &Cx,
    flow: &mut Flow,
    stage: RegistrationStage,
) -> Result<(), Problem> {
    for method in enabled(cx) {
        method.populate(cx, flow, stage).await?;
    }
    Ok(())
}

/// Puts the nodes in order.
pub fn sort(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
    let keys = ui::registration_keys(schema.keys());
    ui::sort(&mut flow.ui.nodes, ui::REGISTRATION, &keys);
    Ok(())
}

fn enabled(cx: &Cx) -> impl Iterator<Item = &'static dyn RegistrationMethod> {
    METHODS
        .iter()
        .filter(|m| m.is_enabled(cx.config()))
        .filter_map(|m| m.registration())
}

/// A registration flow to be shown.
pub async fn fetch(cx: &Cx, id: Option<&str>) -> Result<Flow, Problem> {
    check_enabled(cx)?;
    let mut flow = engine::fetch(cx, FlowKind::Registration, id).await?;
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
    if cx.session_of_anybody().await?.is_some() {
        let elsewhere = return_to::for_somebody_signed_in_meanwhile(cx);
        return Err(Problem::SignedInAlready(elsewhere));
    }
    let mut flow = engine::load(cx, FlowKind::Registration, id).await?;
    if flow.is_expired(cx.now) {
        return replace_expired(cx, &flow).await;
    }
    let form = match submission.form {
        Ok(form) => form,
        Err(reason) => return refuse(cx, flow, None, Problem::BadRequest(reason).into()).await,
    };
    let (name, method) = match choose(cx, &flow, &form) {
        Ok(chosen) => chosen,
        Err(refusal) => return refuse(cx, flow, None, refusal).await,
    };
    let candidate = Candidate::read(cx, &flow, &form)?;
    let step = method.submit(cx, &mut flow, &form, &candidate).await;
    conclude(cx, flow, Some(candidate), name, step).await
}

/// Ends a request to a registration flow by what a method made of it. `candidate` is who wants to sign up, as the
/// form says it, where there was one.
pub(crate) async fn conclude(
    cx: &Cx,
    mut flow: Flow,
    mut candidate: Option<Candidate>,
    name: MethodName,
    step: Result<RegistrationStep, Refusal>,
) -> Result<Outcome, Problem> {
    let refusal = match step {
        Ok(RegistrationStep::AskAgain(status)) => {
            engine::save(cx, &flow).await?;
            return Ok(engine::ask_again(flow, status));
        }
        Ok(RegistrationStep::SendAway(url)) => return Ok(Outcome::Elsewhere { url }),
        Ok(RegistrationStep::Handled(outcome)) => return Ok(*outcome),
        Ok(RegistrationStep::Register {
            identity,
            method: by,
            spends,
        }) => {
            // What is refused from here on is shown as it would have been stored.
            if let Some(candidate) = &mut candidate {
                candidate.traits = identity.traits.clone();
            }
            let spends_something = spends.is_some();
            match finish(cx, &mut flow, name, *identity, (by, spends)).await {
                Ok(outcome) => return Ok(outcome),
                Err(refusal) if spends_something => {
                    let shown = refused(cx, flow, candidate.as_ref(), refusal)?;
                    // Another request may have spent it meanwhile: this one does not bring it back.
                    engine::save_if_unchanged(cx, shown.clone()).await?;
                    return Ok(engine::ask_again(shown, FormStatus::Invalid));
                }
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    refuse(cx, flow, candidate.as_ref(), refusal).await
}

/// The method that a submission is for.
fn choose(
    cx: &Cx,
    flow: &Flow,
    form: &Form,
) -> Result<(MethodName, &'static dyn RegistrationMethod), Refusal> {
    let mut all = METHODS
        .iter()
        .filter_map(|m| m.registration().map(|r| (m, r)));
    let found = all.find(|(_, r)| r.claims(cx, flow, form));
    if cx.request.is_get && !found.is_some_and(|(_, registration)| registration.takes_links()) {
        let reason = "A registration form is sent by POST, with its fields in the body.";
        return Err(Problem::BadRequest(reason.into()).into());
    }
    let Some((method, registration)) = found else {
        return Err(Refusal::form(text::registration_no_strategy()));
    };
    if method.is_enabled(cx.config()) {
        Ok((method.name(), registration))
    } else {
        Err(Problem::MethodDisabled(method.name()).into())
    }
}

async fn replace_expired(cx: &Cx, old: &Flow) -> Result<Outcome, Problem> {
    let mut flow = draft(cx, old.client, old.identity_schema.clone());
    flow.request_url = old.request_url.clone();
    flow.oauth2_login_challenge
        .clone_from(&old.oauth2_login_challenge);
    populate(cx, &mut flow).await?;
    flow.ui
        .messages
        .push(text::registration_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    Err(Problem::FlowExpired {
        use_flow_id: flow.id,
        expired_at: old.expires_at,
        since: cx.now - old.expires_at,
        continue_with: Vec::new(),
    })
}

/// Shows what was wrong on the form, and keeps it.
async fn refuse(
    cx: &Cx,
    flow: Flow,
    candidate: Option<&Candidate>,
    refusal: Refusal,
) -> Result<Outcome, Problem> {
    let flow = refused(cx, flow, candidate, refusal)?;
    engine::save(cx, &flow).await?;
    Ok(engine::ask_again(flow, FormStatus::Invalid))
}

/// The form with what was wrong, and the traits as they were typed. The client's own data is not shown again.
fn refused(
    cx: &Cx,
    mut flow: Flow,
    candidate: Option<&Candidate>,
    refusal: Refusal,
) -> Result<Flow, Problem> {
    if let Some(candidate) = candidate {
        candidate.show_values(&mut flow);
    }
    engine::show(cx, &mut flow, refusal)?;
    sort(cx, &mut flow)?;
    flow.transient_payload = None;
    Ok(flow)
}

/// Somebody signs up: identity and session are stored together, then the hooks run (flows.md §8).
async fn finish(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    mut identity: Identity,
    (by, spends): (AuthenticationMethod, Option<String>),
) -> Result<Outcome, Refusal> {
    let after = &cx.config().selfservice.flows.registration.after;
    let return_to = return_to::resolve(cx, flow, return_to::after(cx, after, Some(method)))?;
    if cx.caller(flow) == Caller::Spa {
        flow.continue_with.push(ContinueWith::RedirectBrowserTo {
            redirect_browser_to: return_to.clone(),
        });
    }
    hook::before_registering(cx, flow, method, &mut identity).await?;
    if !identity.is_active() {
        return store_inactive(cx, flow, method, identity, spends.as_deref()).await;
    }
    let mut draft = session::start(cx, identity, by)?;
    let identity = &draft.issued.identity;
    let calls = hook::calls_of_registration(cx, flow, method, identity).await;
    let unit = Unit {
        identity,
        draft: Some(&draft),
        spends: spends.as_deref(),
        calls: &calls,
    };
    let made = match store(cx, flow, method, unit).await? {
        Stored::Account => Made::Account,
        Stored::Nothing => Made::Nothing,
        Stored::Otherwise(outcome) => return Ok(*outcome),
    };
    hook::wake_outbox(cx, &calls);
    let hands_out = hook::after_registration(cx, flow, method, &mut draft.issued, made).await?;
    if hands_out && flow.is_native() {
        flow.continue_with.push(ContinueWith::SetOrySessionToken {
            ory_session_token: draft.issued.token.clone(),
        });
    }
    if hands_out && !flow.is_native() {
        cx.effect(|e| e.session = Some(draft.issued.clone()));
        cx.renew_csrf();
    }
    let shown = hook::page_to_show(cx, flow);
    let return_to = match &shown {
        Some(page) => page.clone(),
        None => for_oauth2(cx, flow, &draft.issued.session, hands_out)
            .await?
            .unwrap_or(return_to),
    };
    let asked = match hands_out {
        true => mfa::ask(cx, &draft.issued.session, &draft.issued.identity).await?,
        false => None,
    };
    Ok(Outcome::Registered {
        identity: Box::new(draft.issued.identity.clone()),
        issued: hands_out.then(|| Box::new(draft.issued)),
        continue_with: std::mem::take(&mut flow.continue_with),
        return_to,
        mfa: asked.map(Box::new),
    })
}

/// Where somebody goes whom an OAuth2 server waits for. A script that gets no session does not go there.
async fn for_oauth2(
    cx: &Cx,
    flow: &mut Flow,
    session: &Session,
    hands_out: bool,
) -> Result<Option<String>, Problem> {
    if hidden::is_on(cx) {
        // Whoever is not signed in here is not signed in there either.
        return Ok(None);
    }
    let is_script = cx.caller(flow) == Caller::Spa;
    let verifies = flow
        .continue_with
        .iter()
        .any(|item| matches!(item, ContinueWith::ShowVerificationUi { .. }));
    if is_script && (!hands_out || verifies) {
        return Ok(None);
    }
    let Some(url) = oauth2::accept(cx, flow, session).await? else {
        return Ok(None);
    };
    if is_script {
        flow.continue_with
            .retain(|item| !matches!(item, ContinueWith::RedirectBrowserTo { .. }));
        flow.continue_with.push(ContinueWith::RedirectBrowserTo {
            redirect_browser_to: url.clone(),
        });
    }
    Ok(Some(url))
}

/// A hook wants the account to be there but not to be used yet: it is stored without a session, and the
/// form says so.
async fn store_inactive(
    cx: &Cx,
    flow: &Flow,
    method: MethodName,
    identity: Identity,
    spends: Option<&str>,
) -> Result<Outcome, Refusal> {
    let unit = Unit {
        identity: &identity,
        draft: None,
        spends,
        calls: &[],
    };
    match store(cx, flow, method, unit).await? {
        Stored::Otherwise(outcome) => Ok(*outcome),
        Stored::Account | Stored::Nothing => Err(Problem::IdentityDisabled(identity.id).into()),
    }
}
