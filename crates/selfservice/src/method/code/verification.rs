//! Verifying an address by a code (spec: flows.md §11).

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Channel, Flow, Identity, MethodName, State, VerifiableAddress, normalise, text};

use super::Code;
use super::secret::{CodeRefused, Recipient, redeem};
use super::send::{Whom, send, tell_unknown};
use crate::cx::Cx;
use crate::flow::verification::show_verified;
use crate::form::Form;
use crate::method::{Refusal, VerificationMethod, VerificationStep, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::{csrf, engine};

#[async_trait]
impl VerificationMethod for Code {
    async fn populate(&self, _cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        let node = ui::input("email", InputType::Email, Group::Code).required();
        flow.ui.append(node.labelled(text::email_label()));
        flow.ui.append(ui::submit(MethodName::Code.as_str(), Group::Code, text::continue_label()));
        Ok(())
    }

    async fn send(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        identity: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem> {
        show_code_screen(flow, address.via, address.via.as_str(), &address.value);
        send(cx, flow, &[recipient(identity, address)], Whom::Identity(identity)).await
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<VerificationStep, Refusal> {
        if flow.state == State::PassedChallenge {
            return Ok(VerificationStep::StartOver(text::verification_already_completed()));
        }
        if let Some(code) = form.text("code") {
            if cx.request.is_get {
                return Ok(prefill(cx, flow, code));
            }
            return check(cx, flow, code).await;
        }
        ask(cx, flow, form).await
    }
}

fn recipient(identity: &Identity, address: &VerifiableAddress) -> Recipient {
    Recipient {
        address: address.value.clone(),
        via: Some(address.via),
        identity_id: Some(identity.id),
        address_id: Some(address.id),
    }
}

/// Opens the link of a mail: the code stands in the form, and the person confirms it.
fn prefill(cx: &Cx, flow: &mut Flow, code: &str) -> VerificationStep {
    if let Some(node) = flow.ui.find_mut("code") {
        node.set_value(Some(code.into()));
    }
    if !flow.is_native() {
        cx.renew_csrf();
        flow.csrf_token = cx.csrf_token();
        flow.ui.set_csrf(&csrf::mask(&flow.csrf_token));
    }
    VerificationStep::AskAgain(FormStatus::Fine)
}

/// The screen that asks for the code. `resend` is the name of the button that sends another one.
fn show_code_screen(flow: &mut Flow, via: Channel, resend: &str, address: &str) {
    flow.state = State::SentEmail;
    flow.active = Some(MethodName::Code);
    flow.ui.nodes.clear();
    flow.ui.append(ui::hidden("method", MethodName::Code.as_str(), Group::Code));
    let code = ui::input("code", InputType::Text, Group::Code).required().autocomplete("one-time-code");
    flow.ui.append(code.labelled(text::verification_code_label()));
    flow.ui.append(ui::submit(MethodName::Code.as_str(), Group::Code, text::continue_label()));
    if !flow.is_native() {
        flow.ui.append(ui::csrf_token(&csrf::mask(&flow.csrf_token)));
    }
    flow.ui.append(ui::submit_as(resend, address, Group::Code, text::resend_code_label()));
    flow.ui.messages = vec![match via {
        Channel::Email => text::verification_email_code_sent_notice(),
        Channel::Sms => text::verification_phone_code_sent_notice(),
    }];
}

/// The first screen: an address. Known and unknown ones are answered alike.
async fn ask(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<VerificationStep, Refusal> {
    if form.method() != Some(MethodName::Code.as_str()) {
        return Err(Refusal::form(text::verification_no_strategy()));
    }
    fields::check_texts(form, &["email"], &["email"])?;
    engine::check_csrf(cx, flow, form)?;
    let typed = form.text("email").unwrap_or_default().to_owned();
    let via = Channel::of_address(&typed);
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find_by_verifiable_address(&mut conn, via, &normalise::identifier(&typed), &typed).await?;
    drop(conn);
    let found = found.and_then(|identity| {
        let wanted = normalise::identifier(&typed);
        let address = identity.verifiable_addresses.iter().find(|a| a.via == via && (a.value == typed || a.value == wanted));
        address.cloned().map(|address| (identity, address))
    });
    show_code_screen(flow, via, "email", &typed);
    engine::remask_csrf(cx, flow);
    match found {
        Some((identity, address)) => {
            send(cx, flow, &[recipient(&identity, &address)], Whom::Identity(&identity)).await?;
            let mut conn = cx.write().await?;
            bia_store::identity::mark_sent(&mut conn, address.id, cx.now).await?;
        }
        None => {
            let mut tx = cx.begin().await?;
            bia_store::code::delete_for_flow(&mut tx, flow.id).await?;
            tx.commit().await?;
            if cx.config().selfservice.flows.verification.notify_unknown_recipients && via == Channel::Email {
                tell_unknown(cx, flow, &typed).await?;
            }
        }
    }
    Ok(VerificationStep::AskAgain(FormStatus::Fine))
}

async fn check(cx: &Cx, flow: &mut Flow, code: &str) -> Result<VerificationStep, Refusal> {
    flow.transient_payload = None;
    let row = match redeem(cx, flow, code).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => {
            flow.ui.messages = vec![text::verification_code_invalid()];
            engine::remask_csrf(cx, flow);
            return Ok(VerificationStep::AskAgain(FormStatus::Fine));
        }
        Err(CodeRefused::Problem(Problem::BadRequest(reason))) => {
            return Ok(VerificationStep::StartOver(text::validation_generic(&reason)));
        }
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    if let Some(address_id) = row.address_id {
        let mut conn = cx.write().await?;
        bia_store::identity::mark_verified(&mut conn, address_id, cx.now).await?;
    }
    show_verified(cx, flow, Group::Code, row.via.unwrap_or(Channel::Email))?;
    Ok(VerificationStep::Verified)
}
