//! Proving that an address is one's own (spec: flows.md §11).

use bia_config::RedirectUrl;
use bia_model::ui::{self, Group, Ui};
use bia_model::{
    Channel, ClientType, Flow, FlowKind, Identity, MethodName, State, VerifiableAddress, normalise,
    text,
};
use bia_store::code::Code;
use bia_store::identity::Expand;
use bia_store::transact;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::cx::Cx;
use crate::engine::{self, Submission};
use crate::form::Form;
use crate::hook;
use crate::hook::verify_new_address::{self, Parked};
use crate::method::{METHODS, Method, Refusal, Restart, VerificationMethod, VerificationStep};
use crate::outcome::{Created, FormStatus, Outcome};
use crate::problem::Problem;
use crate::{csrf, oauth2, return_to, session};

/// Creates a verification flow.
pub async fn create(cx: &Cx, client: ClientType) -> Result<Created, Problem> {
    check_enabled(cx)?;
    let (method, part) = chosen(cx)?;
    return_to::check_request(cx)?;
    let mut flow = draft(cx, client, method.name());
    part.populate(cx, &mut flow).await?;
    hook::before(cx, &flow, None).await?;
    engine::insert(cx, &flow).await?;
    Ok(Created::Flow {
        flow: Box::new(flow),
        identity: None,
    })
}

pub(crate) fn check_enabled(cx: &Cx) -> Result<(), Problem> {
    let enabled = cx.config().selfservice.flows.verification.enabled;
    if enabled {
        Ok(())
    } else {
        Err(Problem::FlowDisabled(FlowKind::Verification))
    }
}

type Part = (&'static dyn Method, &'static dyn VerificationMethod);

/// A method that verification was or can be made with.
fn part(name: Option<MethodName>) -> Option<Part> {
    let parts = METHODS
        .iter()
        .filter_map(|method| method.verification().map(|part| (*method, part)));
    name.and_then(|name| parts.into_iter().find(|(method, _)| method.name() == name))
}

/// The method that the configuration chose for verification.
fn chosen(cx: &Cx) -> Result<Part, Problem> {
    let name = cx.config().selfservice.flows.verification.method.as_str();
    let found = part(MethodName::parse(name)).filter(|(method, _)| method.is_enabled(cx.config()));
    found.ok_or_else(|| {
        Problem::BadRequest(format!(
            "Verification is to use the method {name}, but that method is switched off."
        ))
    })
}

/// A verification flow of a method, without nodes.
fn draft(cx: &Cx, client: ClientType, method: MethodName) -> Flow {
    let lifespan = session::signed(cx.config().selfservice.flows.verification.lifespan);
    let mut flow = Flow::new(FlowKind::Verification, client, cx.now, cx.now + lifespan);
    flow.request_url = cx.request.url.clone();
    flow.active = Some(method);
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Verification, flow.id));
    flow
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
    start_holding(cx, parent, identity, session_id, address, Map::new()).await
}

/// As [`start`], for an account that there is not: the flow and its challenge are made as for any other, and sent to
/// nobody.
pub(crate) async fn pretend(
    cx: &Cx,
    parent: &Flow,
    nobody: &Identity,
    session_id: Option<Uuid>,
    address: &VerifiableAddress,
) -> Result<Flow, Problem> {
    let (flow, part) = derived(cx, parent, nobody, session_id, address, Map::new())?;
    transact!(cx.app.store, tx => {
        bia_store::flow::insert(tx, &flow).await?;
        part.pretend(cx, tx, &flow, nobody, address).await
    })?;
    Ok(flow)
}

/// As [`start`]; the flow keeps `context` for whoever started it.
pub(crate) async fn start_holding(
    cx: &Cx,
    parent: &Flow,
    identity: &Identity,
    session_id: Option<Uuid>,
    address: &VerifiableAddress,
    context: Map<String, Value>,
) -> Result<Flow, Problem> {
    let (flow, part) = derived(cx, parent, identity, session_id, address, context)?;
    send_off(cx, &flow, part, identity, address).await?;
    Ok(flow)
}

/// The flow that another one starts, not stored yet, with the method that makes its challenge.
fn derived(
    cx: &Cx,
    parent: &Flow,
    identity: &Identity,
    session_id: Option<Uuid>,
    address: &VerifiableAddress,
    context: Map<String, Value>,
) -> Result<(Flow, &'static dyn VerificationMethod), Problem> {
    let (method, part) = chosen(cx)?;
    let mut flow = draft(cx, parent.client, method.name());
    flow.request_url = derived_request_url(parent);
    flow.identity_id = Some(identity.id);
    flow.session_id = session_id;
    flow.context = context;
    oauth2::hand_to_verification(parent, &mut flow);
    flow.transient_payload = parent.transient_payload.clone();
    flow.state = State::SentEmail;
    part.show_sent(cx, &mut flow, address);
    Ok((flow, part))
}

/// Starts the verification of an address on behalf of an operator. The flow belongs to no browser.
pub(crate) async fn start_by_operator(
    cx: &Cx,
    client: ClientType,
    identity: &Identity,
    address: &VerifiableAddress,
) -> Result<Flow, Problem> {
    check_enabled(cx)?;
    let (method, part) = chosen(cx)?;
    let mut flow = draft(cx, client, method.name());
    flow.skip_csrf = true;
    flow.identity_id = Some(identity.id);
    flow.state = State::SentEmail;
    part.show_sent(cx, &mut flow, address);
    send_off(cx, &flow, part, identity, address).await?;
    Ok(flow)
}

/// Keeps a flow and queues the message that it waits for.
async fn send_off(
    cx: &Cx,
    flow: &Flow,
    part: &dyn VerificationMethod,
    identity: &Identity,
    address: &VerifiableAddress,
) -> Result<(), Problem> {
    transact!(cx.app.store, tx => {
        bia_store::flow::insert(tx, flow).await?;
        part.send(cx, tx, flow, identity, address).await?;
        bia_store::identity::mark_sent(tx, address.id).await?;
        Ok::<_, Problem>(())
    })?;
    cx.app.courier.notify_one();
    Ok(())
}

/// The request URL of a flow that is derived from another: it ends where that one's verification was asked to end.
fn derived_request_url(parent: &Flow) -> String {
    const AFTER: &str = "after_verification_return_to";
    let after = bia_model::flow::query_value(&parent.request_url, AFTER);
    let set: Vec<(&str, &str)> = after
        .iter()
        .map(|url| ("return_to", url.as_str()))
        .collect();
    let url = without_parameter(&parent.request_url, AFTER);
    match RedirectUrl::parse(&url) {
        Some(parsed) if !set.is_empty() => parsed.with_query(&set),
        _ => url,
    }
}

fn without_parameter(text: &str, name: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else {
        return text.to_owned();
    };
    if !url.query_pairs().any(|(k, _)| k == name) {
        return text.to_owned();
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(k, _)| k != name)
        .map(|(k, v)| (k.into(), v.into()))
        .collect();
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    url.to_string()
}

/// Who has an address to verify, and which of theirs it is. A flow for which a change waits is about
/// that change's address only.
pub(crate) async fn find(
    cx: &Cx,
    flow: &Flow,
    via: Channel,
    typed: &str,
) -> Result<Option<(Identity, VerifiableAddress)>, Refusal> {
    if let Some(parked) = Parked::of(flow) {
        return parked.recipient(cx).await;
    }
    if typed.contains('\0') {
        // No stored address has one, and some databases refuse the question.
        return Ok(None);
    }
    let wanted = normalise::identifier(typed);
    let mut conn = cx.read().await?;
    let found =
        bia_store::identity::find_by_verifiable_address(&mut conn, via, &wanted, typed).await?;
    Ok(found.and_then(|identity| {
        let is_it =
            |a: &&VerifiableAddress| a.via == via && (a.value == wanted || a.value == typed);
        let address = identity.verifiable_addresses.iter().find(is_it).cloned();
        address.map(|address| (identity, address))
    }))
}

/// Sends a flow's challenge to an address whose owner asked for it.
pub(crate) async fn send(
    cx: &Cx,
    flow: &Flow,
    part: &dyn VerificationMethod,
    identity: &Identity,
    address: &VerifiableAddress,
) -> Result<(), Problem> {
    transact!(cx.app.store, tx => {
        part.send(cx, tx, flow, identity, address).await?;
        bia_store::identity::mark_sent(tx, address.id).await?;
        Ok::<_, Problem>(())
    })?;
    cx.app.courier.notify_one();
    Ok(())
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
    match verify(cx, &mut flow, submission.form).await {
        Ok(outcome) => Ok(outcome),
        Err(refusal) => {
            flow.transient_payload = None;
            engine::show(cx, &mut flow, refusal)?;
            engine::save(cx, &flow).await?;
            Ok(engine::ask_again(flow, FormStatus::Invalid))
        }
    }
}

async fn verify(cx: &Cx, flow: &mut Flow, form: Result<Form, String>) -> Result<Outcome, Refusal> {
    let form = form.map_err(Problem::BadRequest)?;
    let (method, part) = match part(flow.active) {
        Some(part) => part,
        None => chosen(cx)?,
    };
    if !method.is_enabled(cx.config()) {
        return Err(Problem::MethodDisabled(method.name()).into());
    }
    flow.transient_payload = form.transient_payload().ok();
    match part.submit(cx, flow, &form).await? {
        VerificationStep::AskAgain(status) => {
            engine::save(cx, flow).await?;
            Ok(engine::ask_again(flow.clone(), status))
        }
        VerificationStep::ShowPage => {
            engine::save(cx, flow).await?;
            Ok(Outcome::Redirect {
                url: return_to::page(cx, FlowKind::Verification, flow.id),
            })
        }
        VerificationStep::Verified => {
            if flow.oauth2_login_challenge.is_none() {
                flow.transient_payload = None;
            }
            // The address is verified, whatever the OAuth2 server says.
            let next = oauth2::conclude_verification(cx, flow).await;
            engine::save(cx, flow).await?;
            if let Some(url) = next? {
                return Ok(Outcome::Redirect { url });
            }
            Ok(engine::ask_again(flow.clone(), FormStatus::Fine))
        }
        VerificationStep::StartOver(restart) => {
            Ok(start_over(cx, flow, restart, (method, part)).await?)
        }
    }
}

/// The address that a redeemed code or link was sent to is verified, and a change that waited for that
/// is made. Where there is nothing to verify any more the form says what `refused` says.
pub(crate) async fn confirm(
    cx: &Cx,
    flow: &mut Flow,
    row: &Code,
    group: Group,
    refused: text::Message,
) -> Result<VerificationStep, Refusal> {
    let done = match Parked::of(flow) {
        Some(parked) => verify_new_address::apply(cx, &parked).await?,
        None => mark_verified(cx, row).await?,
    };
    if !done {
        flow.ui.messages = vec![refused];
        return Ok(VerificationStep::AskAgain(FormStatus::Fine));
    }
    show_verified(cx, flow, group, row.via.unwrap_or(Channel::Email));
    if let Some(id) = row.identity_id.filter(|_| hook::has_after_verification(cx)) {
        let mut conn = cx.read().await?;
        let found = bia_store::identity::find(&mut conn, id, Expand::Addresses).await?;
        drop(conn);
        if let Some(identity) = found {
            hook::after_verification(cx, flow, &identity).await?;
        }
    }
    Ok(VerificationStep::Verified)
}

/// Marks the address of a redeemed code or link as verified: the row that it was made for, or the one
/// that took its place when the identity was stored again. `false` when the identity has it no more.
async fn mark_verified(cx: &Cx, row: &Code) -> Result<bool, Problem> {
    let (Some(identity_id), Some(address_id)) = (row.identity_id, row.address_id) else {
        return Ok(false);
    };
    let mut conn = cx.write().await?;
    if bia_store::identity::mark_verified(&mut conn, address_id, cx.now).await? {
        return Ok(true);
    }
    let identity = bia_store::identity::find(&mut conn, identity_id, Expand::Addresses).await?;
    let address = identity.and_then(|identity| {
        let is_it = |a: &VerifiableAddress| {
            Some(a.via) == row.via && Some(&a.value) == row.address.as_ref()
        };
        identity.verifiable_addresses.into_iter().find(is_it)
    });
    match address {
        Some(a) => Ok(bia_store::identity::mark_verified(&mut conn, a.id, cx.now).await?),
        None => Ok(false),
    }
}

/// The last screen: the address is verified, a link leads on. It belongs to the browser that sees it.
fn show_verified(cx: &Cx, flow: &mut Flow, group: Group, via: Channel) {
    let url = continue_url(cx, flow);
    flow.state = State::PassedChallenge;
    flow.csrf_token = match &cx.request.csrf_cookie {
        Some(token) => token.clone(),
        None if flow.is_native() => String::new(),
        None => cx.renew_csrf(),
    };
    flow.ui = Ui {
        action: url.clone(),
        method: "GET".into(),
        nodes: Vec::new(),
        messages: Vec::new(),
    };
    flow.ui
        .append(ui::csrf_token(&csrf::mask(&flow.csrf_token)));
    flow.ui
        .append(ui::anchor("continue", &url, group, text::continue_label()));
    flow.ui.messages.push(match via {
        Channel::Email => text::verification_email_done(),
        Channel::Sms => text::verification_phone_done(),
    });
}

/// Where a verified address leads. What was asked for but is not allowed is passed over.
fn continue_url(cx: &Cx, flow: &Flow) -> String {
    let after = &cx.config().selfservice.flows.verification.after;
    let default = return_to::after(cx, after, None);
    return_to::resolve(cx, flow, default).unwrap_or_else(|_| default.as_str().to_owned())
}

/// A new flow takes the place of one that cannot go on, says why, and ends where that one was to end. What a
/// flow cannot say is the answer, and there is no new flow.
async fn start_over(
    cx: &Cx,
    old: &Flow,
    restart: Restart,
    (method, part): Part,
) -> Result<Outcome, Problem> {
    cx.renew_csrf();
    let messages = engine::messages_of(restart.why)?;
    let mut flow = draft(cx, restart.client, method.name());
    flow.request_url = return_to::starting_over(cx, old);
    oauth2::hand_to_verification(old, &mut flow);
    part.populate(cx, &mut flow).await?;
    flow.ui
        .messages
        .extend(messages.iter().map(|(_, m)| m.clone()));
    engine::insert(cx, &flow).await?;
    let told = cx.request.wants.json && !part.continues_in_browser();
    match messages.into_iter().next() {
        Some((_, message)) if told => Err(Problem::FlowReplaced {
            use_flow_id: flow.id,
            message,
        }),
        _ => Ok(Outcome::Redirect {
            url: return_to::page(cx, FlowKind::Verification, flow.id),
        }),
    }
}

/// A flow that has expired is replaced. The reference makes the new one for browsers always; an app could not
/// submit that, so it gets one of its own here, unless what is sent is followed in a browser.
async fn replace_expired(cx: &Cx, old: &Flow) -> Result<Outcome, Problem> {
    let (method, part) = match part(old.active).filter(|(method, _)| method.is_enabled(cx.config()))
    {
        Some(part) => part,
        None => chosen(cx)?,
    };
    cx.renew_csrf();
    let client = if part.continues_in_browser() {
        ClientType::Browser
    } else {
        old.client
    };
    let mut flow = draft(cx, client, method.name());
    flow.request_url = old.request_url.clone();
    oauth2::hand_to_verification(old, &mut flow);
    part.populate(cx, &mut flow).await?;
    flow.ui
        .messages
        .push(text::verification_flow_expired(old.expires_at));
    engine::insert(cx, &flow).await?;
    let url = if cx.request.wants.json {
        return_to::own(
            cx,
            "/self-service/verification/flows",
            &[("id", &flow.id.to_string())],
        )
    } else {
        return_to::page(cx, FlowKind::Verification, flow.id)
    };
    Ok(Outcome::Redirect { url })
}
