//! Verifying an address by a link (spec: methods.md §4).

use async_trait::async_trait;
use bia_courier::{Template, VerificationValid};
use bia_model::ui::{self, Group};
use bia_model::{Channel, ClientType, Flow, Identity, State, VerifiableAddress, text};
use bia_store::Tx;
use bia_store::code::CodeKind;

use super::token::{Owner, TokenRefused, issue, lifespan, redeem};
use super::{Link, is_asked_for, populate, show_address, token_of};
use crate::cx::Cx;
use crate::engine;
use crate::flow::verification;
use crate::form::Form;
use crate::identity;
use crate::method::{Refusal, Restart, VerificationMethod, VerificationStep, fields, post};
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::why::Why;

#[async_trait]
impl VerificationMethod for Link {
    async fn populate(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        engine::set_csrf(cx, flow);
        populate(flow);
        Ok(())
    }

    fn continues_in_browser(&self) -> bool {
        true
    }

    fn show_sent(&self, cx: &Cx, flow: &mut Flow, address: &VerifiableAddress) {
        engine::set_csrf(cx, flow);
        populate(flow);
        let resend = ui::submit_as(
            address.via.as_str(),
            &address.value,
            Group::Code,
            text::resend_code_label(),
        );
        flow.ui.append(resend);
    }

    async fn send(
        &self,
        cx: &Cx,
        tx: &mut Tx,
        flow: &Flow,
        to: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem> {
        let verification_url = make(cx, tx, flow, to, address).await?;
        let message = Template::VerificationValid(VerificationValid {
            to: address.value.clone(),
            verification_url,
            identity: identity::public_json(cx, to),
            request_url: flow.request_url.clone(),
            transient_payload: post::payload(flow),
            expires_in_minutes: post::minutes(cx.config().selfservice.methods.link.config.lifespan),
            oauth2_login_request: crate::oauth2::told(flow),
        });
        post::enqueue(cx, tx, message).await
    }

    async fn pretend(
        &self,
        cx: &Cx,
        tx: &mut Tx,
        flow: &Flow,
        nobody: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem> {
        make(cx, tx, flow, nobody, address).await?;
        Ok(())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
    ) -> Result<VerificationStep, Refusal> {
        fields::email(form)?;
        if let Some(token) = token_of(form) {
            return follow(cx, flow, token).await;
        }
        let result = ask(cx, flow, form).await;
        if result.is_err() {
            // The form shows what was typed, or that nothing was.
            show_address(flow, form.text("email").unwrap_or_default());
        }
        result
    }
}

/// Makes the token for an address, and gives its link.
async fn make(
    cx: &Cx,
    tx: &mut Tx,
    flow: &Flow,
    to: &Identity,
    address: &VerifiableAddress,
) -> Result<String, Problem> {
    let owner = Owner {
        identity_id: to.id,
        address: Some(address.value.clone()),
        address_id: Some(address.id),
    };
    let kind = CodeKind::VerificationLink;
    issue(cx, tx, flow, kind, owner, lifespan(cx)).await
}

/// The form: an address. Known and unknown ones are answered alike.
async fn ask(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<VerificationStep, Refusal> {
    if !is_asked_for(form) {
        return Err(Refusal::form(text::verification_no_strategy()));
    }
    if flow.state == State::PassedChallenge {
        cx.because(Why::FlowCompleted);
        return Ok(start_over(text::verification_already_completed()));
    }
    let Some(typed) = fields::email(form)? else {
        return Err(Refusal::field("email", text::validation_required("email")));
    };
    engine::check_csrf(cx, flow, form)?;
    match verification::find(cx, flow, Channel::Email, &typed).await? {
        Some((identity, address)) => {
            verification::send(cx, flow, &Link, &identity, &address).await?
        }
        None => {
            cx.because(Why::AddressUnknown);
            tell_unknown(cx, flow, &typed).await?;
        }
    }
    flow.state = State::SentEmail;
    flow.ui.clear_messages();
    engine::remask_csrf(cx, flow);
    show_address(flow, &typed);
    flow.ui.messages = vec![text::verification_link_sent_notice()];
    flow.transient_payload = None;
    Ok(VerificationStep::AskAgain(FormStatus::Fine))
}

/// The link was followed: the address is verified.
async fn follow(cx: &Cx, flow: &mut Flow, token: &str) -> Result<VerificationStep, Refusal> {
    let row = match redeem(cx, flow, token, &[CodeKind::VerificationLink]).await {
        Ok(row) => row,
        Err(TokenRefused::Invalid) => return Ok(start_over(text::verification_token_invalid())),
        Err(TokenRefused::Expired(at)) => {
            return Ok(start_over(text::verification_flow_expired(at)));
        }
        Err(TokenRefused::Problem(problem)) => return Err(problem.into()),
    };
    verification::confirm(
        cx,
        flow,
        &row,
        Group::Link,
        text::verification_token_invalid(),
    )
    .await
}

/// Links are followed in browsers: so the new flow is for one.
fn start_over(message: text::Message) -> VerificationStep {
    VerificationStep::StartOver(Restart {
        why: Refusal::form(message),
        client: ClientType::Browser,
    })
}

async fn tell_unknown(cx: &Cx, flow: &Flow, typed: &str) -> Result<(), Problem> {
    if !cx
        .config()
        .selfservice
        .flows
        .verification
        .notify_unknown_recipients
    {
        return Ok(());
    }
    let mut conn = cx.write().await?;
    post::enqueue(
        cx,
        &mut conn,
        Template::VerificationInvalid(post::unknown(flow, typed)),
    )
    .await?;
    drop(conn);
    cx.app.courier.notify_one();
    Ok(())
}
