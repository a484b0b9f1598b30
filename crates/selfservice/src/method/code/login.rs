//! Signing in by a code (spec: methods.md §3.2). First factor; codes as second factor are not here yet,
//! and the configuration says so at start.

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Flow, Identity, MethodName, State, normalise, text};
use bia_store::identity::Expand;

use super::credential::CodeConfig;
use super::secret::{CodeRefused, Recipient, redeem};
use super::send::{Whom, send};
use super::Code;
use crate::cx::Cx;
use crate::engine;
use crate::flow::login::identifier_label;
use crate::form::Form;
use crate::method::{LoginMethod, LoginStage, LoginStep, Refusal, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;

#[async_trait]
impl LoginMethod for Code {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, stage: LoginStage<'_>) -> Result<(), Problem> {
        if !cx.config().selfservice.methods.code.passwordless_enabled {
            return Ok(());
        }
        match stage {
            LoginStage::FirstFactor | LoginStage::Refresh(_) => {
                let node = ui::input("identifier", InputType::Text, Group::Default).with_value("").required();
                flow.ui.upsert(node.labelled(identifier_label(cx, flow)?));
                flow.ui.append(submit_button(text::login_code_submit_label()));
            }
            LoginStage::Credentials(identity) => {
                let mitigate = cx.config().security.account_enumeration.mitigate;
                if mitigate || identity.is_some_and(|i| i.credential(MethodName::Code).is_some()) {
                    flow.ui.append(submit_button(text::login_code_submit_label()));
                }
            }
            LoginStage::SecondFactor(_) | LoginStage::Identification => {}
        }
        Ok(())
    }

    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool {
        let passwordless = cx.config().selfservice.methods.code.passwordless_enabled;
        passwordless && flow.requested_aal == Aal::Aal1 && form.method() == Some(MethodName::Code.as_str())
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        fields::check_texts(form, &["identifier", "code"], &[])?;
        engine::check_csrf(cx, flow, form)?;
        flow.active = Some(MethodName::Code);
        if form.text("resend") == Some(MethodName::Code.as_str()) {
            flow.state = State::ChooseMethod;
        }
        match flow.state {
            State::ChooseMethod => ask(cx, flow, form).await,
            State::SentEmail => check(cx, flow, form).await,
            _ => Err(Refusal::form(text::login_no_strategy())),
        }
    }
}

fn submit_button(label: text::Message) -> ui::Node {
    ui::submit(MethodName::Code.as_str(), Group::Code, label)
}

/// The first step: who is it? A code goes to the identity's address.
async fn ask(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    let Some(typed) = form.text("identifier") else {
        return Err(Refusal::field("identifier", text::validation_required("identifier")));
    };
    let typed = typed.to_owned();
    let Some((identity, recipients)) = find(cx, &typed).await? else {
        return Err(Refusal::form(text::no_code_user()));
    };
    show_code_screen(cx, flow, &typed);
    send(cx, flow, &recipients, Whom::Identity(&identity)).await?;
    Ok(LoginStep::AskAgain(FormStatus::Invalid))
}

/// Who goes by an identifier, and where codes for it go: to that address when it is one of theirs, else to all.
async fn find(cx: &Cx, typed: &str) -> Result<Option<(Identity, Vec<Recipient>)>, Problem> {
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find_by_identifier(&mut conn, &[MethodName::Code], &normalise::identifier(typed), typed).await?;
    drop(conn);
    let Some(identity) = found else { return Ok(None) };
    let addresses = identity.credential(MethodName::Code).map(|c| CodeConfig::of(c).addresses).unwrap_or_default();
    let wanted = normalise::identifier(typed);
    let exact = addresses.iter().any(|a| a.address == wanted);
    let recipients: Vec<Recipient> = addresses
        .into_iter()
        .filter(|a| !exact || a.address == wanted)
        .map(|a| Recipient {
            address: a.address,
            via: Some(a.channel),
            identity_id: Some(identity.id),
            address_id: None,
        })
        .collect();
    Ok((!recipients.is_empty()).then_some((identity, recipients)))
}

/// The screen that asks for the code; the identifier stays, out of sight.
fn show_code_screen(cx: &Cx, flow: &mut Flow, identifier: &str) {
    flow.state = State::SentEmail;
    flow.ui.clear_messages();
    let label = flow.ui.find("identifier").and_then(|n| n.meta.label.clone());
    let mut node = ui::hidden("identifier", identifier, Group::Default).required();
    node.meta.label = label;
    let token = flow.ui.find("csrf_token").cloned();
    flow.ui.nodes = vec![node, ui::hidden("method", MethodName::Code.as_str(), Group::Code)];
    let code = ui::input("code", InputType::Text, Group::Code).required().autocomplete("one-time-code");
    flow.ui.append(code.labelled(text::login_code_label()));
    flow.ui.append(submit_button(text::continue_label()));
    let resend = MethodName::Code.as_str();
    flow.ui.append(ui::submit_as("resend", resend, Group::Code, text::resend_code_label()));
    flow.ui.nodes.extend(token);
    engine::remask_csrf(cx, flow);
    let known = flow.refresh || flow.requested_aal > Aal::Aal1;
    flow.ui.messages =
        vec![if known { text::login_code_sent_known_user_notice() } else { text::login_code_sent_notice() }];
}

/// The second step: the code.
async fn check(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    flow.transient_payload = None;
    if let Some(identifier) = form.text("identifier") {
        flow.ui.upsert(ui::hidden("identifier", identifier, Group::Default));
    }
    let Some(sent) = form.text("code") else {
        return Err(Refusal::field("code", text::validation_required("code")));
    };
    let row = match redeem(cx, flow, sent).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => return Err(Refusal::form(text::login_code_invalid())),
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    flow.state = State::PassedChallenge;
    let identity = verified(cx, &row).await?;
    let method = AuthenticationMethod::new(MethodName::Code, Aal::Aal1, cx.now);
    Ok(LoginStep::Authenticated { identity: Box::new(identity), method })
}

/// The identity of a redeemed code; the address that received it is verified by that.
async fn verified(cx: &Cx, row: &bia_store::code::Code) -> Result<Identity, Problem> {
    let mut tx = cx.begin().await?;
    let id = row.identity_id.ok_or_else(|| Problem::Internal("a login code belongs to nobody".into()))?;
    let found = bia_store::identity::find(&mut tx, id, Expand::Credentials).await?;
    let mut identity = found.ok_or_else(|| Problem::NotFound("The account does not exist any more.".into()))?;
    let reached = |a: &&mut bia_model::VerifiableAddress| Some(a.via) == row.via && Some(&a.value) == row.address.as_ref();
    let address = identity.verifiable_addresses.iter_mut().find(reached).filter(|a| !a.verified);
    if let Some(address) = address {
        address.verify(cx.now);
        bia_store::identity::mark_verified(&mut tx, address.id, cx.now).await?;
    }
    tx.commit().await?;
    Ok(identity)
}
