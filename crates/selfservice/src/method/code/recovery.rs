//! Recovery by a code (spec: flows.md §10.1).

use async_trait::async_trait;
use bia_model::schema::is_loose_email;
use bia_model::ui::{self, Group, InputType};
use bia_model::{
    Aal, AuthenticationMethod, Channel, ClientType, Flow, Identity, MethodName, State, normalise,
    text,
};

use super::Code;
use super::by_name;
use super::recovery_choice;
use super::secret::{CodeRefused, Recipient, redeem};
use super::send::{Whom, pretend, send, tell_unknown};
use crate::cx::Cx;
use crate::engine;
use crate::form::Form;
use crate::method::recovered::{recovered, refuse_somebody_signed_in};
use crate::method::{RecoveryMethod, RecoveryStep, Refusal, Restart, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::why::Why;

/// Digits of a code, as the form says.
const CODE_LENGTH: u64 = 6;

#[async_trait]
impl RecoveryMethod for Code {
    async fn populate(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        if cx.config().feature_flags.choose_recovery_address {
            recovery_choice::show_first_screen(cx, flow);
            return Ok(());
        }
        // A browser takes nothing but an address in a field of that type.
        let (kind, label) = match by_name::is_possible(cx) {
            true => (InputType::Text, text::identifier_label()),
            false => (InputType::Email, text::email_label()),
        };
        let node = ui::input("email", kind, Group::Code).required();
        flow.ui.append(node.labelled(label));
        flow.ui.append(ui::submit(
            MethodName::Code.as_str(),
            Group::Code,
            text::continue_label(),
        ));
        Ok(())
    }

    fn claims(&self, flow: &Flow, form: &Form) -> bool {
        flow.active == Some(MethodName::Code) && (is_code_step(flow, form) || is_asked_for(form))
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
        let address = if by_name::is_possible(cx) {
            fields::address(form, "email")?
        } else {
            fields::email(form)?
        };
        if let Err(problem) = engine::check_csrf(cx, flow, form) {
            // Whoever lost the token, or never had it, goes on in a browser, with a new one.
            let restart = Restart {
                why: problem.into(),
                client: ClientType::Browser,
            };
            return Ok(RecoveryStep::StartOver(restart));
        }
        if recovery_choice::is_used(flow) {
            refuse_somebody_signed_in(cx).await?;
            return recovery_choice::take(cx, flow, form).await;
        }
        if is_code_step(flow, form) {
            return check(
                cx,
                flow,
                form.spelled("code").as_deref().unwrap_or_default(),
            )
            .await;
        }
        ask(cx, flow, form, address).await
    }
}

/// Once a code was sent it is what the form is about, unless it names an address.
fn is_code_step(flow: &Flow, form: &Form) -> bool {
    flow.state != State::ChooseMethod && form.spelled("email").is_none()
}

fn is_asked_for(form: &Form) -> bool {
    form.method() == Some(MethodName::Code.as_str())
}

/// The screen that asks for the code. `resend_to` is the address to which another one can be sent.
pub(crate) fn show_code_screen(flow: &mut Flow, resend_to: Option<&str>) {
    flow.state = State::SentEmail;
    flow.active = Some(MethodName::Code);
    let token = flow.ui.find("csrf_token").cloned();
    flow.ui.nodes.clear();
    flow.ui.nodes.extend(token);
    flow.ui.append(code_input());
    if resend_to.is_some() {
        flow.ui
            .append(ui::hidden("method", MethodName::Code.as_str(), Group::Code));
    }
    flow.ui.append(ui::submit(
        MethodName::Code.as_str(),
        Group::Code,
        text::continue_label(),
    ));
    if let Some(address) = resend_to {
        flow.ui.append(ui::submit_as(
            "email",
            address,
            Group::Code,
            text::resend_code_label(),
        ));
    }
}

/// Where the code is typed.
pub(super) fn code_input() -> ui::Node {
    let mut code = ui::input("code", InputType::Text, Group::Code)
        .required()
        .autocomplete("one-time-code");
    if let Some(input) = code.as_input_mut() {
        input.pattern = Some("[0-9]+".into());
        input.maxlength = Some(CODE_LENGTH);
    }
    code.labelled(text::recovery_code_label())
}

/// The first screen: an address. Known and unknown ones are answered alike.
async fn ask(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    address: Option<String>,
) -> Result<RecoveryStep, Refusal> {
    refuse_somebody_signed_in(cx).await?;
    if !is_asked_for(form) {
        return Err(Refusal::form(text::recovery_no_strategy()));
    }
    if flow.state == State::PassedChallenge {
        cx.because(Why::FlowCompleted);
        let why = Refusal::form(text::recovery_already_completed());
        return Ok(RecoveryStep::StartOver(Restart {
            why,
            client: flow.client,
        }));
    }
    let Some(typed) = address else {
        return Err(Refusal::field("email", text::validation_required("email")));
    };
    let found = find(cx, &typed).await?;
    show_code_screen(flow, Some(&typed));
    engine::remask_csrf(cx, flow);
    flow.ui.messages = vec![text::recovery_code_sent_notice()];
    match found {
        Some((identity, recipients)) => {
            send(cx, flow, &recipients, Whom::Identity(&identity)).await?;
        }
        None => {
            cx.because(Why::AddressUnknown);
            pretend(cx, flow, &typed).await?;
            let told = cx
                .config()
                .selfservice
                .flows
                .recovery
                .notify_unknown_recipients;
            if told && is_loose_email(&typed) {
                tell_unknown(cx, flow, &typed).await?;
            }
        }
    }
    Ok(RecoveryStep::AskAgain(FormStatus::Fine))
}

/// Whose recovery address it is, and that address. Of a name for codes, all of them that are reached by mail: here
/// nothing shows who there is, so that there is no choice.
async fn find(cx: &Cx, typed: &str) -> Result<Option<(Identity, Vec<Recipient>)>, Problem> {
    let mut conn = cx.read().await?;
    let address = normalise::identifier(typed);
    let found =
        bia_store::identity::find_by_recovery_address(&mut conn, Channel::Email, &address, typed)
            .await?;
    drop(conn);
    let Some(identity) = found else {
        return by_name::recoverable(cx, typed, Some(Channel::Email)).await;
    };
    let recipient = Recipient {
        address,
        via: Some(Channel::Email),
        identity_id: Some(identity.id),
        address_id: None,
        taken: None,
    };
    Ok(Some((identity, vec![recipient])))
}

/// The second screen: the code.
pub(super) async fn check(cx: &Cx, flow: &mut Flow, code: &str) -> Result<RecoveryStep, Refusal> {
    let row = match redeem(cx, flow, code).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => {
            flow.ui.clear_messages();
            flow.ui.messages = vec![text::recovery_code_invalid()];
            engine::remask_csrf(cx, flow);
            return Ok(RecoveryStep::AskAgain(FormStatus::Fine));
        }
        Err(CodeRefused::Problem(problem @ Problem::BadRequest(_))) => {
            return Ok(RecoveryStep::StartOver(Restart {
                why: problem.into(),
                client: flow.client,
            }));
        }
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    let identity = recovered(cx, &row).await?;
    let method = AuthenticationMethod::new(MethodName::CodeRecovery, Aal::Aal1, cx.now);
    Ok(RecoveryStep::Recovered {
        identity: Box::new(identity),
        method,
    })
}
