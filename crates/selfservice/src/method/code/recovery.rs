//! Recovery by a code (spec: flows.md §10.1).

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Channel, Flow, Identity, MethodName, State, normalise, schema, text};
use bia_store::identity::Expand;

use super::Code;
use super::secret::{CodeRefused, Recipient, redeem};
use super::send::{Whom, send, tell_unknown};
use crate::cx::Cx;
use crate::engine;
use crate::form::Form;
use crate::method::{RecoveryMethod, RecoveryStep, Refusal, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;

/// Digits of a code, as the form says.
const CODE_LENGTH: u64 = 6;

#[async_trait]
impl RecoveryMethod for Code {
    async fn populate(&self, _cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        let node = ui::input("email", InputType::Email, Group::Code).required();
        flow.ui.append(node.labelled(text::email_label()));
        flow.ui.append(ui::submit(MethodName::Code.as_str(), Group::Code, text::continue_label()));
        Ok(())
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
        let has_email = form.text("email").is_some();
        if flow.state == State::PassedChallenge && !has_email {
            engine::check_csrf(cx, flow, form)?;
            return check(cx, flow, form.text("code").unwrap_or_default()).await;
        }
        if has_email || flow.state == State::ChooseMethod {
            return ask(cx, flow, form).await;
        }
        engine::check_csrf(cx, flow, form)?;
        match form.text("code") {
            Some(code) => check(cx, flow, code).await,
            None => Err(Refusal::field("code", text::validation_required("code"))),
        }
    }
}

/// The screen that asks for the code.
pub(crate) fn show_code_screen(flow: &mut Flow, resend_to: Option<&str>) {
    flow.state = State::SentEmail;
    flow.active = Some(MethodName::Code);
    let token = flow.ui.find("csrf_token").cloned();
    flow.ui.nodes.clear();
    flow.ui.nodes.extend(token);
    let mut code = ui::input("code", InputType::Text, Group::Code).required().autocomplete("one-time-code");
    if let Some(input) = code.as_input_mut() {
        input.pattern = Some("[0-9]+".into());
        input.maxlength = Some(CODE_LENGTH);
    }
    flow.ui.append(code.labelled(text::recovery_code_label()));
    if resend_to.is_some() {
        flow.ui.append(ui::hidden("method", MethodName::Code.as_str(), Group::Code));
    }
    flow.ui.append(ui::submit(MethodName::Code.as_str(), Group::Code, text::continue_label()));
    if let Some(address) = resend_to {
        flow.ui.append(ui::submit_as("email", address, Group::Code, text::resend_code_label()));
    }
}

/// The first screen: an address. Known and unknown ones are answered alike.
async fn ask(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    if form.method() != Some(MethodName::Code.as_str()) {
        return Err(Refusal::form(text::recovery_no_strategy()));
    }
    if cx.session_of_anybody().await?.is_some() {
        return Err(Problem::SignedInAlready(crate::return_to::default_url(cx).as_str().to_owned()).into());
    }
    fields::check_texts(form, &["email"], &["email"])?;
    let typed = form.text("email").unwrap_or_default().to_owned();
    if !schema::is_loose_email(&typed) {
        return Err(Refusal::field("email", text::validation_email(&typed)));
    }
    engine::check_csrf(cx, flow, form)?;
    if flow.state == State::PassedChallenge {
        return Ok(RecoveryStep::StartOver(text::recovery_already_completed()));
    }
    let found = find(cx, &typed).await?;
    show_code_screen(flow, Some(&typed));
    engine::remask_csrf(cx, flow);
    flow.ui.messages = vec![text::recovery_code_sent_notice()];
    match found {
        Some(identity) => {
            let recipient = Recipient {
                address: normalise::identifier(&typed),
                via: Some(Channel::Email),
                identity_id: Some(identity.id),
                address_id: None,
            };
            send(cx, flow, &[recipient], Whom::Identity(&identity)).await?;
        }
        None => {
            let mut conn = cx.write().await?;
            bia_store::code::delete_for_flow(&mut conn, flow.id).await?;
            drop(conn);
            if cx.config().selfservice.flows.recovery.notify_unknown_recipients {
                tell_unknown(cx, flow, &typed).await?;
            }
        }
    }
    Ok(RecoveryStep::AskAgain(FormStatus::Fine))
}

async fn find(cx: &Cx, typed: &str) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    let address = normalise::identifier(typed);
    Ok(bia_store::identity::find_by_recovery_address(&mut conn, Channel::Email, &address, typed).await?)
}

async fn check(cx: &Cx, flow: &mut Flow, code: &str) -> Result<RecoveryStep, Refusal> {
    flow.transient_payload = None;
    let row = match redeem(cx, flow, code).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => {
            flow.ui.messages = vec![text::recovery_code_invalid()];
            engine::remask_csrf(cx, flow);
            return Ok(RecoveryStep::AskAgain(FormStatus::Fine));
        }
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    let mut tx = cx.begin().await?;
    let id = row.identity_id.ok_or_else(|| Problem::Internal("a recovery code belongs to nobody".into()))?;
    let identity = bia_store::identity::find(&mut tx, id, Expand::Credentials).await?;
    let mut identity = identity.ok_or_else(|| Problem::NotFound("The account does not exist any more.".into()))?;
    // Whoever reads a mail owns its address; a code from an administrator proves nothing of the kind.
    let by_mail = identity.verifiable_addresses.iter_mut().find(|a| Some(&a.value) == row.address.as_ref() && !a.verified);
    if let Some(address) = by_mail {
        address.verify(cx.now);
        bia_store::identity::mark_verified(&mut tx, address.id, cx.now).await?;
    }
    tx.commit().await?;
    let method = AuthenticationMethod::new(MethodName::CodeRecovery, Aal::Aal1, cx.now);
    Ok(RecoveryStep::Recovered { identity: Box::new(identity), method })
}
