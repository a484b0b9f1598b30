//! Signing up by a code that is sent to the address (spec: methods.md §3.3).

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{
    Aal, AuthenticationMethod, Flow, Identity, MethodName, State, VerifiableAddress, text,
};
use bia_store::code::Code as StoredCode;

use super::Code;
use super::by_name;
use super::credential::{CodeAddress, own_addresses, verifiable};
use super::secret::{CodeRefused, Recipient, redeem_if};
use super::send::{Whom, send};
use crate::cx::Cx;
use crate::engine;
use crate::flow::registration::hidden::{self, TakenAddress};
use crate::flow::registration::{CREDENTIALS_SCREEN, Candidate, has_two_screens};
use crate::form::Form;
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep, fields};
use crate::oauth2;
use crate::outcome::FormStatus;
use crate::problem::Problem;

#[async_trait]
impl RegistrationMethod for Code {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: RegistrationStage,
    ) -> Result<(), Problem> {
        let offered = cx.config().selfservice.methods.code.passwordless_enabled;
        if offered && stage != RegistrationStage::Profile {
            let label = text::registration_code_submit_label();
            flow.ui
                .append(ui::submit(MethodName::Code.as_str(), Group::Code, label));
        }
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        form.method() == Some(MethodName::Code.as_str())
    }

    /// Whoever proved one address by a code did not ask for messages to the others. Those that codes sign in with are
    /// written to all the same: the reference's recorded answers have that.
    fn verifies_after(&self, identity: &Identity, address: &VerifiableAddress) -> bool {
        targets(identity)
            .iter()
            .any(|a| a.channel == address.via && a.address == address.value)
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal> {
        if !cx.config().selfservice.methods.code.passwordless_enabled {
            return Err(Problem::MethodDisabled(MethodName::Code).into());
        }
        let mut faults = fields::faults_of_texts(form, &["code"], &[]);
        faults.extend(fields::fault_of_choice(
            form,
            "resend",
            &[MethodName::Code.as_str()],
        ));
        flow.transient_payload = Some(candidate.check(form, faults)?);
        engine::check_csrf(cx, flow, form)?;
        if form.text("resend").is_some() {
            flow.state = State::ChooseMethod;
        }
        match flow.state {
            State::ChooseMethod => ask(cx, flow, candidate).await,
            State::SentEmail => check(cx, flow, form, candidate).await,
            _ => Err(Refusal::form(text::registration_no_strategy())),
        }
    }
}

/// The first step: a code goes to each address. Nobody is told here whether one of them is taken.
async fn ask(cx: &Cx, flow: &mut Flow, candidate: &Candidate) -> Result<RegistrationStep, Refusal> {
    let identity = candidate.identity(cx)?;
    let taken = hidden::addresses(cx, &identity).await?;
    let to = addresses(&identity)?.into_iter();
    let recipients: Vec<Recipient> = to.map(|to| recipient(to, &taken)).collect();
    oauth2::show_if_quick(cx, flow).await;
    send(cx, flow, &recipients, Whom::Traits(candidate.traits())).await?;
    flow.state = State::SentEmail;
    flow.active = Some(MethodName::Code);
    show_code_screen(cx, flow);
    candidate.show_values(flow);
    Ok(RegistrationStep::AskAgain(FormStatus::Next))
}

/// The addresses that codes go to: those for codes. Who has but a name for codes proves an address that can be verified,
/// so that later codes go there.
fn targets(identity: &Identity) -> Vec<CodeAddress> {
    if by_name::is_name_only(identity) {
        verifiable(identity, |_| true)
    } else {
        own_addresses(identity)
    }
}

/// As [`targets`]. Errs when the traits hold none.
fn addresses(identity: &Identity) -> Result<Vec<CodeAddress>, Refusal> {
    let addresses = targets(identity);
    if addresses.is_empty() {
        Err(Refusal::form(text::identifier_missing()))
    } else {
        Ok(addresses)
    }
}

fn recipient(to: CodeAddress, taken: &[TakenAddress]) -> Recipient {
    let mut taken = taken.iter();
    Recipient {
        taken: taken.find(|known| known.value == to.address).cloned(),
        address: to.address,
        via: Some(to.channel),
        ..Recipient::default()
    }
}

/// The screen that asks for the code; the traits stay, out of sight.
fn show_code_screen(cx: &Cx, flow: &mut Flow) {
    flow.ui.clear_messages();
    flow.ui.nodes.retain(|n| {
        let is_button = n.as_input().is_some_and(|i| i.r#type == InputType::Submit);
        n.group == Group::Default && !is_button
    });
    for input in flow.ui.nodes.iter_mut().filter_map(ui::Node::as_input_mut) {
        input.r#type = InputType::Hidden;
    }
    let method = MethodName::Code.as_str();
    flow.ui.append(ui::hidden("method", method, Group::Code));
    let code = ui::input("code", InputType::Text, Group::Code)
        .required()
        .autocomplete("one-time-code");
    flow.ui
        .append(code.labelled(text::registration_code_label()));
    flow.ui
        .append(ui::submit(method, Group::Code, text::continue_label()));
    flow.ui.append(ui::submit_as(
        "resend",
        method,
        Group::Code,
        text::resend_code_label(),
    ));
    if has_two_screens(cx) {
        let back = text::registration_back_label();
        flow.ui.append(ui::submit_as(
            "screen",
            CREDENTIALS_SCREEN,
            Group::Profile,
            back,
        ));
    }
    engine::remask_csrf(cx, flow);
    flow.ui.messages = vec![text::registration_code_sent_notice()];
}

/// The second step: the code, with the same traits again.
async fn check(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    candidate: &Candidate,
) -> Result<RegistrationStep, Refusal> {
    let Some(sent) = form.text("code") else {
        return Err(Refusal::field("code", text::validation_required("code")));
    };
    let mut identity = candidate.identity(cx)?;
    let known = addresses(&identity)?;
    if !candidate.agrees_with(flow) {
        return Err(Refusal::form(text::traits_mismatch()));
    }
    // The code proves the address that it was sent to, so that address has to be one of theirs.
    let is_theirs = |row: &StoredCode| {
        known
            .iter()
            .any(|a| Some(&a.address) == row.address.as_ref() && Some(a.channel) == row.via)
    };
    let row = match redeem_if(cx, flow, sent, is_theirs).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => return Err(Refusal::form(text::registration_code_invalid())),
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    flow.state = State::PassedChallenge;
    let reached = |a: &&mut bia_model::VerifiableAddress| {
        Some(a.via) == row.via && Some(&a.value) == row.address.as_ref()
    };
    if let Some(address) = identity.verifiable_addresses.iter_mut().find(reached) {
        address.verify(cx.now);
    }
    let method = AuthenticationMethod::new(MethodName::Code, Aal::Aal1, cx.now);
    Ok(RegistrationStep::Register {
        identity: Box::new(identity),
        method,
        spends: None,
    })
}
