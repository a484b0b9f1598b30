//! Which of several addresses a login code goes to, where somebody gave a name that is none of them.
//!
//! The form shows the addresses masked, as buttons whose values stand for them in this flow only. The flow remembers
//! what was chosen, so that later codes go there, too.

use bia_model::ui::{self, Group};
use bia_model::{Flow, MethodName, text};
use serde_json::{Value, json};

use super::addresses::Reachable;
use super::by_name;
use super::masked::{MAX_CHOICES, is_seal_of, seal, veil};
use super::secret::Recipient;
use crate::cx::Cx;
use crate::form::Form;
use crate::method::Refusal;
use crate::why::Why;

/// The member of a flow's context that says that there was a choice.
const CHOICE: &str = "code_address_choice";

/// The name of the buttons.
const ADDRESS: &str = "address";

/// What happens next to somebody who can be reached.
pub(super) enum Next {
    /// The code goes to the addresses that are left.
    Send,
    /// They choose one of them.
    Choose,
}

/// Whether a flow has offered a choice.
pub(super) fn is_offered(flow: &Flow) -> bool {
    flow.context.contains_key(CHOICE)
}

/// The name that the choice was offered to.
pub(super) fn name(flow: &Flow) -> Option<&str> {
    flow.context.get(CHOICE)?.get("name")?.as_str()
}

/// Decides where the code goes, and leaves only these addresses. Errs with message 4010010 when the form names an address that was not offered.
pub(super) async fn decide(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    to: &mut Reachable,
) -> Result<Next, Refusal> {
    if !to.by_name {
        return Ok(Next::Send);
    }
    to.recipients.truncate(MAX_CHOICES);
    if by_name::hides_people_in(cx, flow).await? {
        return Ok(Next::Send);
    }
    let pressed = form.text(ADDRESS).filter(|_| is_offered(flow));
    let wanted = pressed.or_else(|| remembered(flow)).map(str::to_owned);
    if let Some(wanted) = &wanted
        && let Some(chosen) = find(cx, flow, &to.recipients, wanted)
    {
        remember(flow, wanted);
        to.recipients = vec![chosen];
        return Ok(Next::Send);
    }
    if pressed.is_some() {
        cx.meant(to.identity.id);
        cx.because(Why::AddressUnknown);
        return Err(Refusal::form(text::login_address_unknown()));
    }
    Ok(if to.recipients.len() > 1 {
        Next::Choose
    } else {
        Next::Send
    })
}

fn find(cx: &Cx, flow: &Flow, offered: &[Recipient], wanted: &str) -> Option<Recipient> {
    // All are compared, so that the time does not tell which one it is.
    let matching = offered
        .iter()
        .filter(|to| is_seal_of(cx, flow, wanted, &to.address));
    matching.last().cloned()
}

fn remembered(flow: &Flow) -> Option<&str> {
    flow.context.get(CHOICE)?.get(ADDRESS)?.as_str()
}

fn remember(flow: &mut Flow, chosen: &str) {
    if let Some(Value::Object(choice)) = flow.context.get_mut(CHOICE) {
        choice.insert(ADDRESS.to_owned(), chosen.into());
    }
}

/// The screen with a button for each address; who it is (`who`, a hidden field) stays.
pub(super) fn show(cx: &Cx, flow: &mut Flow, who: ui::Node, name: &str, offered: &[Recipient]) {
    let method = ui::hidden("method", MethodName::Code.as_str(), Group::Code);
    flow.ui.nodes = vec![who, method];
    for to in offered {
        let label = text::login_code_to_address_label(&veil(&to.address), to.channel().as_str());
        let value = seal(cx, flow, &to.address);
        flow.ui
            .append(ui::submit_as(ADDRESS, &value, Group::Code, label));
    }
    if !flow.is_native() {
        flow.ui
            .append(ui::csrf_token(&crate::csrf::mask(&cx.csrf_token())));
    }
    flow.active = Some(MethodName::Code);
    flow.ui.messages = vec![text::login_choose_address_notice()];
    flow.context
        .insert(CHOICE.to_owned(), json!({ "name": name }));
}
