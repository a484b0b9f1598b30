//! Recovery where somebody gives a name that is no address, and chooses where the code goes (`super::by_name`).
//!
//! As `super::recovery_choice`, with two differences: no address is told anywhere in the form, and the chosen one need
//! not be typed in full, since whoever comes with a name may not know which address they once gave. Where account
//! enumeration is mitigated there is no choice, and a name looks as one that nobody has.

use bia_model::ui::{self, Group};
use bia_model::{Flow, Identity, State, text};

use super::by_name;
use super::masked::{is_seal_of, seal, veil};
use super::recovery::code_input;
use super::recovery_choice::{
    ADDRESS, CHOSEN, asked, back_button, clear, continue_button, method_node,
};
use super::secret::Recipient;
use super::send::{Whom, send};
use crate::cx::Cx;
use crate::method::{RecoveryStep, Refusal};
use crate::problem::Problem;

/// Who goes by a name, and where they can get a recovery code.
pub(super) type Named = (Identity, Vec<Recipient>);

/// Who goes by a name, where that may show.
pub(super) async fn find(cx: &Cx, typed: &str) -> Result<Option<Named>, Problem> {
    if by_name::hides_people(cx) {
        return Ok(None);
    }
    by_name::recoverable(cx, typed, None).await
}

/// A name was given: a code goes to the only address, else there is a choice.
pub(super) async fn begin(
    cx: &Cx,
    flow: &mut Flow,
    typed: &str,
    (identity, offered): Named,
) -> Result<RecoveryStep, Refusal> {
    if let [only] = offered.as_slice() {
        return send_code(cx, flow, typed, &identity, only).await;
    }
    clear(flow, State::RecoveryAwaitingAddressChoice);
    flow.ui.messages = vec![text::recovery_choose_address_notice()];
    for to in &offered {
        let label = text::generic_label(&veil(&to.address));
        let value = seal(cx, flow, &to.address);
        flow.ui
            .append(ui::submit_as(CHOSEN, &value, Group::Code, label));
    }
    flow.ui.append(method_node());
    flow.ui.append(ui::hidden(ADDRESS, typed, Group::Code));
    Ok(asked(cx, flow))
}

/// An address was chosen, or another code is asked for. Errs when it is none of theirs.
pub(super) async fn choose(
    cx: &Cx,
    flow: &mut Flow,
    typed: &str,
    (identity, offered): Named,
    chosen: &str,
) -> Result<RecoveryStep, Refusal> {
    let matching = offered
        .iter()
        .filter(|to| is_seal_of(cx, flow, chosen, &to.address));
    match matching.last() {
        Some(to) => send_code(cx, flow, typed, &identity, to).await,
        None => {
            let reason = "The chosen address is none of those that were offered. Choose again.";
            Err(Problem::BadRequest(reason.into()).into())
        }
    }
}

async fn send_code(
    cx: &Cx,
    flow: &mut Flow,
    typed: &str,
    identity: &Identity,
    to: &Recipient,
) -> Result<RecoveryStep, Refusal> {
    send(cx, flow, std::slice::from_ref(to), Whom::Identity(identity)).await?;
    clear(flow, State::RecoveryAwaitingCode);
    flow.ui.messages = vec![text::recovery_code_sent_masked_notice(&veil(&to.address))];
    flow.ui.append(code_input());
    flow.ui.append(continue_button());
    flow.ui.append(method_node());
    let again = seal(cx, flow, &to.address);
    let label = text::resend_code_label();
    flow.ui
        .append(ui::submit_as(CHOSEN, &again, Group::Code, label));
    flow.ui.append(ui::hidden(ADDRESS, typed, Group::Code));
    flow.ui.append(back_button());
    Ok(asked(cx, flow))
}
