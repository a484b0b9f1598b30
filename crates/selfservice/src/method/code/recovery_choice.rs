//! Recovery by a code where the person chooses the address it goes to (spec: flows.md §10.2).
//!
//! Whoever names one address of an account learns no other one: they are shown masked and chosen by
//! their hashes, and the chosen one has to be typed in full. What belongs to nobody looks the same.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Channel, Flow, Identity, MethodName, State, normalise, text};
use subtle::ConstantTimeEq;

use super::by_name;
use super::masked::{MAX_CHOICES, mask};
use super::recovery::{check, code_input};
use super::recovery_by_name;
use super::secret::Recipient;
use super::send::{Whom, pretend, send, tell_unknown};
use crate::cx::Cx;
use crate::engine;
use crate::form::Form;
use crate::method::{RecoveryStep, Refusal, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;

/// The address that the person began with.
pub(super) const ADDRESS: &str = "recovery_address";
/// The hash of the address that they chose.
pub(super) const CHOSEN: &str = "recovery_select_address";
/// The address that they chose, in full.
const CONFIRMED: &str = "recovery_confirm_address";

/// Whether a flow is one of these.
pub(super) fn is_used(flow: &Flow) -> bool {
    matches!(
        flow.state,
        State::RecoveryAwaitingAddress
            | State::RecoveryAwaitingAddressChoice
            | State::RecoveryConfirmingAddress
            | State::RecoveryAwaitingCode
    )
}

/// The first screen: any address, or a name where people have some for codes.
pub(super) fn show_first_screen(cx: &Cx, flow: &mut Flow) {
    clear(flow, State::RecoveryAwaitingAddress);
    let address = ui::input(ADDRESS, InputType::Text, Group::Code).required();
    let label = if by_name::is_possible(cx) {
        text::identifier_label()
    } else {
        text::recovery_address_label()
    };
    flow.ui.append(address.labelled(label));
    flow.ui.append(continue_button());
}

/// Takes a submission. The state decides what it is, unless it asks to go back.
pub(super) async fn take(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    if form.text("screen") == Some("previous") {
        return back(cx, flow, form).await;
    }
    match flow.state {
        State::RecoveryAwaitingAddress => {
            let typed = required(form, ADDRESS)?;
            begin(cx, flow, &typed).await
        }
        State::RecoveryAwaitingAddressChoice => choose(cx, flow, form).await,
        State::RecoveryConfirmingAddress => confirm(cx, flow, form).await,
        _ => match form.spelled("code") {
            Some(code) => {
                flow.transient_payload = None;
                check(cx, flow, &code).await
            }
            None => send_again(cx, flow, form).await,
        },
    }
}

/// Another code, to the address that the last one went to.
async fn send_again(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    if form.has(CHOSEN) && !form.has(CONFIRMED) {
        let typed = required(form, ADDRESS)?;
        if let Some(named) = named(cx, &typed).await? {
            let chosen = required(form, CHOSEN)?;
            return recovery_by_name::choose(cx, flow, &typed, named, &chosen).await;
        }
    }
    confirm(cx, flow, form).await
}

/// Who goes by what was typed, if that is a name and no recovery address.
async fn named(cx: &Cx, typed: &str) -> Result<Option<recovery_by_name::Named>, Problem> {
    match addresses(cx, typed).await?.is_empty() {
        true => recovery_by_name::find(cx, typed).await,
        false => Ok(None),
    }
}

fn required(form: &Form, name: &str) -> Result<String, Refusal> {
    let typed = fields::address(form, name)?;
    typed.ok_or_else(|| Refusal::field(name, text::validation_required(name)))
}

/// An address was given: a code goes to it when it is the only one, else there is a choice.
async fn begin(cx: &Cx, flow: &mut Flow, typed: &str) -> Result<RecoveryStep, Refusal> {
    if let Some(named) = named(cx, typed).await? {
        return recovery_by_name::begin(cx, flow, typed, named).await;
    }
    let known = addresses(cx, typed).await?;
    if known.is_empty() || known == [typed] {
        return send_code(cx, flow, typed, typed).await;
    }
    clear(flow, State::RecoveryAwaitingAddressChoice);
    flow.ui.messages = vec![text::recovery_choose_address_notice()];
    for address in &known {
        let label = text::generic_label(&mask(address));
        flow.ui
            .append(ui::submit_as(CHOSEN, &hash(address), Group::Code, label));
    }
    flow.ui.append(method_node());
    flow.ui.append(ui::hidden(ADDRESS, typed, Group::Code));
    Ok(asked(cx, flow))
}

/// An address was chosen: the one that was given needs no more proof, another one has to be typed.
async fn choose(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    let chosen = required(form, CHOSEN)?;
    let typed = required(form, ADDRESS)?;
    let is_chosen = |address: &str| bool::from(hash(address).as_bytes().ct_eq(chosen.as_bytes()));
    if is_chosen(&typed) {
        return send_code(cx, flow, &typed, &typed).await;
    }
    if let Some(named) = named(cx, &typed).await? {
        return recovery_by_name::choose(cx, flow, &typed, named, &chosen).await;
    }
    let known = addresses(cx, &typed).await?;
    let Some(address) = known.iter().find(|address| is_chosen(address)) else {
        let reason = "The chosen address is none of those that were offered. Choose again.";
        return Err(Problem::BadRequest(reason.into()).into());
    };
    let (kind, label) = match Channel::of_address(address) {
        Channel::Email => (InputType::Email, text::email_label()),
        Channel::Sms => (InputType::Tel, text::phone_label()),
    };
    clear(flow, State::RecoveryConfirmingAddress);
    flow.ui.messages = vec![text::recovery_ask_full_address_notice()];
    let confirmed = form.text(CONFIRMED).unwrap_or_default();
    let input = ui::input(CONFIRMED, kind, Group::Code).required();
    flow.ui.append(input.with_value(confirmed).labelled(label));
    flow.ui.append(ui::hidden(ADDRESS, typed, Group::Code));
    flow.ui.append(continue_button());
    flow.ui.append(method_node());
    flow.ui.append(back_button());
    Ok(asked(cx, flow))
}

/// The chosen address was typed in full, or another code is asked for.
async fn confirm(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    let confirmed = required(form, CONFIRMED)?;
    let typed = fields::address(form, ADDRESS)?.unwrap_or_default();
    send_code(cx, flow, &confirmed, &typed).await
}

/// Back to the choice where there is one, else to the first screen.
async fn back(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    let typed = fields::address(form, ADDRESS)?.unwrap_or_default();
    let had_choice = matches!(
        flow.state,
        State::RecoveryConfirmingAddress | State::RecoveryAwaitingCode
    );
    if had_choice && has_choice(cx, &typed).await? {
        return begin(cx, flow, &typed).await;
    }
    show_first_screen(cx, flow);
    Ok(asked(cx, flow))
}

async fn has_choice(cx: &Cx, typed: &str) -> Result<bool, Problem> {
    Ok(match named(cx, typed).await? {
        Some((_, offered)) => offered.len() > 1,
        None => addresses(cx, typed).await?.len() > 1,
    })
}

/// Sends a code to an address and asks for it. Known and unknown addresses are answered alike.
async fn send_code(
    cx: &Cx,
    flow: &mut Flow,
    to: &str,
    began_with: &str,
) -> Result<RecoveryStep, Refusal> {
    let via = Channel::of_address(to);
    match recipients(cx, via, to).await? {
        Some((identity, recipients)) => {
            send(cx, flow, &recipients, Whom::Identity(&identity)).await?;
        }
        None => {
            pretend(cx, flow, to).await?;
            let told = cx
                .config()
                .selfservice
                .flows
                .recovery
                .notify_unknown_recipients;
            if told && via == Channel::Email {
                tell_unknown(cx, flow, to).await?;
            }
        }
    }
    clear(flow, State::RecoveryAwaitingCode);
    flow.ui.messages = vec![text::recovery_code_sent_masked_notice(&mask(to))];
    flow.ui.append(code_input());
    flow.ui.append(continue_button());
    flow.ui.append(method_node());
    let resend = ui::submit_as(CONFIRMED, to, Group::Code, text::resend_code_label());
    flow.ui.append(resend);
    flow.ui.append(ui::hidden(ADDRESS, began_with, Group::Code));
    flow.ui.append(back_button());
    Ok(asked(cx, flow))
}

pub(super) fn asked(cx: &Cx, flow: &mut Flow) -> RecoveryStep {
    engine::remask_csrf(cx, flow);
    RecoveryStep::AskAgain(FormStatus::Fine)
}

/// Empties the form, but for the anti-CSRF token.
pub(super) fn clear(flow: &mut Flow, next: State) {
    flow.state = next;
    flow.active = Some(MethodName::Code);
    let token = flow.ui.find("csrf_token").cloned();
    flow.ui.nodes.clear();
    flow.ui.nodes.extend(token);
    flow.ui.clear_messages();
}

pub(super) fn continue_button() -> ui::Node {
    ui::submit(
        MethodName::Code.as_str(),
        Group::Code,
        text::continue_label(),
    )
}

pub(super) fn back_button() -> ui::Node {
    ui::submit_as(
        "screen",
        "previous",
        Group::Code,
        text::recovery_back_label(),
    )
}

pub(super) fn method_node() -> ui::Node {
    ui::hidden("method", MethodName::Code.as_str(), Group::Code)
}

async fn owner(cx: &Cx, via: Channel, typed: &str) -> Result<Option<Identity>, Problem> {
    if typed.contains('\0') {
        // No stored address has one, and some databases refuse the question.
        return Ok(None);
    }
    let wanted = normalise::identifier(typed);
    let mut conn = cx.read().await?;
    Ok(bia_store::identity::find_by_recovery_address(&mut conn, via, &wanted, typed).await?)
}

/// All recovery addresses of the identity that has the one that was typed, sorted.
async fn addresses(cx: &Cx, typed: &str) -> Result<Vec<String>, Problem> {
    let Some(identity) = owner(cx, Channel::of_address(typed), typed).await? else {
        return Ok(Vec::new());
    };
    let mut all: Vec<String> = identity
        .recovery_addresses
        .into_iter()
        .map(|address| address.value)
        .collect();
    all.sort();
    all.truncate(MAX_CHOICES);
    Ok(all)
}

/// Whose address it is, and the address as it is stored; of a name where it must not show who there is, all addresses.
async fn recipients(
    cx: &Cx,
    via: Channel,
    typed: &str,
) -> Result<Option<(Identity, Vec<Recipient>)>, Problem> {
    let Some(identity) = owner(cx, via, typed).await? else {
        return match by_name::hides_people(cx) {
            true => by_name::recoverable(cx, typed, None).await,
            false => Ok(None),
        };
    };
    let recipient = Recipient {
        address: normalise::identifier(typed),
        via: Some(via),
        identity_id: Some(identity.id),
        address_id: None,
        taken: None,
    };
    Ok(Some((identity, vec![recipient])))
}

/// What stands for an address in the form, so that the address itself does not.
fn hash(address: &str) -> String {
    STANDARD.encode(digest::digest(&digest::SHA256, address.as_bytes()))
}
