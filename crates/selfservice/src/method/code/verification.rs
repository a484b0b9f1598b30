//! Verifying an address by a code (spec: flows.md §11).

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Channel, Flow, Identity, MethodName, State, VerifiableAddress, text};
use bia_store::Tx;

use super::Code;
use super::secret::{CodeRefused, Recipient, issue, redeem};
use super::send::{Whom, pretend, send_in, tell_unknown};
use crate::cx::Cx;
use crate::flow::verification;
use crate::form::Form;
use crate::method::{Refusal, Restart, VerificationMethod, VerificationStep, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::why::Why;
use crate::{csrf, engine};

#[async_trait]
impl VerificationMethod for Code {
    async fn populate(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        flow.ui.append(address_node(cx));
        flow.ui.append(ui::submit(
            MethodName::Code.as_str(),
            Group::Code,
            text::continue_label(),
        ));
        if !flow.is_native() {
            engine::set_csrf(cx, flow);
        }
        Ok(())
    }

    fn show_sent(&self, cx: &Cx, flow: &mut Flow, address: &VerifiableAddress) {
        show_code_screen(cx, flow, address.via, address.via.as_str(), &address.value);
    }

    async fn send(
        &self,
        cx: &Cx,
        tx: &mut Tx,
        flow: &Flow,
        identity: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem> {
        let recipient = recipient(identity, address);
        send_in(cx, tx, flow, &[recipient], &Whom::Identity(identity)).await
    }

    async fn pretend(
        &self,
        cx: &Cx,
        tx: &mut Tx,
        flow: &Flow,
        nobody: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem> {
        issue(cx, tx, flow, &recipient(nobody, address)).await?;
        Ok(())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
    ) -> Result<VerificationStep, Refusal> {
        check_method(form)?;
        let address = fields::address(form, "email")?;
        let result = take(cx, flow, form, address.as_deref()).await;
        let throttled = matches!(
            &result,
            Err(Refusal::Problem(Problem::TooManyAttempts { .. }))
        );
        // Whoever only has to wait goes on with the same screen.
        if result.is_err() && !throttled {
            engine::set_csrf(cx, flow);
            flow.ui
                .upsert(address_node(cx).with_value(address.unwrap_or_default()));
        }
        result
    }
}

fn recipient(identity: &Identity, address: &VerifiableAddress) -> Recipient {
    Recipient {
        address: address.value.clone(),
        via: Some(address.via),
        identity_id: Some(identity.id),
        address_id: Some(address.id),
        ..Recipient::default()
    }
}

/// Where text messages can be sent the field takes phone numbers, too.
fn address_node(cx: &Cx) -> ui::Node {
    let (kind, label) = match cx.config().courier.channel(Channel::Sms.as_str()) {
        Some(_) => (InputType::Text, text::email_or_phone_label()),
        None => (InputType::Email, text::email_label()),
    };
    ui::input("email", kind, Group::Code)
        .required()
        .labelled(label)
}

/// A method is one of two, where one is named.
fn check_method(form: &Form) -> Result<(), Refusal> {
    let known = [MethodName::Code.as_str(), MethodName::Link.as_str()];
    match form.spelled("method") {
        Some(method) if !known.contains(&method.as_ref()) => {
            let reason = format!("The method is one of {}.", known.join(" and "));
            Err(Refusal::field("method", text::validation_generic(&reason)))
        }
        _ => Ok(()),
    }
}

async fn take(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    address: Option<&str>,
) -> Result<VerificationStep, Refusal> {
    let code = form.spelled("code");
    let is_meant = match form.method() {
        Some(method) => method == MethodName::Code.as_str(),
        None => code.is_some(),
    };
    if !is_meant {
        return Err(Refusal::form(text::verification_no_strategy()));
    }
    if flow.state == State::PassedChallenge {
        cx.because(Why::FlowCompleted);
        let why = Refusal::form(text::verification_already_completed());
        return Ok(VerificationStep::StartOver(Restart {
            why,
            client: flow.client,
        }));
    }
    match (code, address) {
        (Some(code), _) if cx.request.is_get => Ok(prefill(cx, flow, &code)),
        (Some(code), _) => check(cx, flow, &code).await,
        (None, Some(address)) => ask(cx, flow, form, address).await,
        (None, None) => Err(Refusal::field("email", text::validation_required("email"))),
    }
}

/// Opens the link of a mail: the code stands in the form, and the person confirms it. The form belongs
/// to the browser in which that happens.
fn prefill(cx: &Cx, flow: &mut Flow, code: &str) -> VerificationStep {
    if let Some(node) = flow.ui.find_mut("code") {
        node.set_value(Some(code.into()));
    }
    flow.csrf_token = cx.renew_csrf();
    flow.ui.set_csrf(&csrf::mask(&flow.csrf_token));
    VerificationStep::ShowPage
}

/// The screen that asks for the code. `resend` is the name of the button that sends another one.
fn show_code_screen(cx: &Cx, flow: &mut Flow, via: Channel, resend: &str, address: &str) {
    flow.state = State::SentEmail;
    flow.ui.nodes.clear();
    flow.ui
        .append(ui::hidden("method", MethodName::Code.as_str(), Group::Code));
    let code = ui::input("code", InputType::Text, Group::Code)
        .required()
        .autocomplete("one-time-code");
    flow.ui
        .append(code.labelled(text::verification_code_label()));
    flow.ui.append(ui::submit(
        MethodName::Code.as_str(),
        Group::Code,
        text::continue_label(),
    ));
    if !flow.is_native() {
        engine::set_csrf(cx, flow);
    }
    flow.ui.append(ui::submit_as(
        resend,
        address,
        Group::Code,
        text::resend_code_label(),
    ));
    flow.ui.messages = vec![match via {
        Channel::Email => text::verification_email_code_sent_notice(),
        Channel::Sms => text::verification_phone_code_sent_notice(),
    }];
}

/// The first screen: an address. Known and unknown ones are answered alike.
async fn ask(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    typed: &str,
) -> Result<VerificationStep, Refusal> {
    engine::check_csrf(cx, flow, form)?;
    let via = Channel::of_address(typed);
    match verification::find(cx, flow, via, typed).await? {
        Some((identity, address)) => {
            verification::send(cx, flow, &Code, &identity, &address).await?
        }
        None => {
            cx.because(Why::AddressUnknown);
            pretend(cx, flow, typed).await?;
            if cx
                .config()
                .selfservice
                .flows
                .verification
                .notify_unknown_recipients
                && via == Channel::Email
            {
                tell_unknown(cx, flow, typed).await?;
            }
        }
    }
    show_code_screen(cx, flow, via, "email", typed);
    flow.transient_payload = None;
    Ok(VerificationStep::AskAgain(FormStatus::Fine))
}

/// The second screen: the code.
async fn check(cx: &Cx, flow: &mut Flow, code: &str) -> Result<VerificationStep, Refusal> {
    let row = match redeem(cx, flow, code).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => {
            flow.ui.messages = vec![text::verification_code_invalid()];
            return Ok(VerificationStep::AskAgain(FormStatus::Fine));
        }
        Err(CodeRefused::Problem(problem @ Problem::BadRequest(_))) => {
            return Ok(VerificationStep::StartOver(Restart {
                why: problem.into(),
                client: flow.client,
            }));
        }
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    verification::confirm(
        cx,
        flow,
        &row,
        Group::Code,
        text::verification_code_invalid(),
    )
    .await
}
