//! Recovery by a link (spec: methods.md §4).

use async_trait::async_trait;
use bia_courier::{RecoveryValid, Template};
use bia_model::{
    Aal, AuthenticationMethod, Channel, ClientType, Flow, Identity, MethodName, State, normalise,
    text,
};
use bia_store::code::CodeKind;
use bia_store::transact;
use time::Duration;
use uuid::Uuid;

use super::token::{Owner, TokenRefused, issue, lifespan, redeem};
use super::{Link, is_asked_for, populate, show_address, token_of};
use crate::cx::Cx;
use crate::form::Form;
use crate::method::recovered::{recovered, refuse_somebody_signed_in};
use crate::method::{RecoveryMethod, RecoveryStep, Refusal, Restart, fields, post};
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::why::Why;
use crate::{engine, flow, identity};

#[async_trait]
impl RecoveryMethod for Link {
    async fn populate(&self, _cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
        populate(flow);
        Ok(())
    }

    fn claims(&self, _flow: &Flow, form: &Form) -> bool {
        token_of(form).is_some() || is_asked_for(form)
    }

    fn continues_in_browser(&self) -> bool {
        true
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
        fields::email(form)?;
        match token_of(form) {
            Some(token) => follow(cx, flow, token).await,
            None => ask(cx, flow, form).await,
        }
    }
}

/// The form: an address. Known and unknown ones are answered alike.
async fn ask(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal> {
    refuse_somebody_signed_in(cx).await?;
    if !is_asked_for(form) {
        return Err(Refusal::form(text::recovery_no_strategy()));
    }
    if flow.state == State::PassedChallenge {
        cx.because(Why::FlowCompleted);
        return Ok(start_over(text::recovery_already_completed()));
    }
    let Some(typed) = fields::email(form)? else {
        return Err(Refusal::field("email", text::validation_required("email")));
    };
    engine::check_csrf(cx, flow, form)?;
    let mut conn = cx.read().await?;
    let address = normalise::identifier(&typed);
    let found =
        bia_store::identity::find_by_recovery_address(&mut conn, Channel::Email, &address, &typed)
            .await?;
    drop(conn);
    match found {
        Some(identity) => send(cx, flow, &identity, address).await?,
        None => {
            cx.because(Why::AddressUnknown);
            tell_unknown(cx, flow, &typed).await?;
        }
    }
    flow.state = State::SentEmail;
    flow.active = Some(MethodName::Link);
    flow.ui.clear_messages();
    engine::remask_csrf(cx, flow);
    show_address(flow, &typed);
    flow.ui.messages = vec![text::recovery_link_sent_notice()];
    Ok(RecoveryStep::AskAgain(FormStatus::Fine))
}

async fn send(cx: &Cx, flow: &Flow, to: &Identity, address: String) -> Result<(), Problem> {
    let owner = Owner {
        identity_id: to.id,
        address: Some(address.clone()),
        address_id: None,
    };
    transact!(cx.app.store, tx => {
        let recovery_url = issue(cx, tx, flow, CodeKind::RecoveryLink, owner.clone(), lifespan(cx)).await?;
        let message = Template::RecoveryValid(RecoveryValid {
            to: address.clone(),
            recovery_url,
            identity: identity::public_json(cx, to),
            request_url: flow.request_url.clone(),
            transient_payload: post::payload(flow),
            expires_in_minutes: post::minutes(cx.config().selfservice.methods.link.config.lifespan),
        });
        post::enqueue(cx, tx, message).await
    })?;
    cx.app.courier.notify_one();
    Ok(())
}

async fn tell_unknown(cx: &Cx, flow: &Flow, typed: &str) -> Result<(), Problem> {
    if !cx
        .config()
        .selfservice
        .flows
        .recovery
        .notify_unknown_recipients
    {
        return Ok(());
    }
    let mut conn = cx.write().await?;
    post::enqueue(
        cx,
        &mut conn,
        Template::RecoveryInvalid(post::unknown(flow, typed)),
    )
    .await?;
    drop(conn);
    cx.app.courier.notify_one();
    Ok(())
}

/// The link was followed: the account is open, in whatever browser that was.
async fn follow(cx: &Cx, flow: &Flow, token: &str) -> Result<RecoveryStep, Refusal> {
    let row = match redeem(
        cx,
        flow,
        token,
        &[CodeKind::RecoveryLink, CodeKind::AdminRecoveryLink],
    )
    .await
    {
        Ok(row) => row,
        Err(TokenRefused::Invalid) => return Ok(start_over(text::recovery_token_invalid())),
        Err(TokenRefused::Expired(at)) => return Ok(start_over(text::recovery_flow_expired(at))),
        Err(TokenRefused::Problem(problem)) => return Err(problem.into()),
    };
    let identity = recovered(cx, &row).await?;
    let method = AuthenticationMethod::new(MethodName::LinkRecovery, Aal::Aal1, cx.now);
    Ok(RecoveryStep::Recovered {
        identity: Box::new(identity),
        method,
    })
}

/// Links are followed in browsers: so the new flow is for one.
fn start_over(message: text::Message) -> RecoveryStep {
    RecoveryStep::StartOver(Restart {
        why: Refusal::form(message),
        client: ClientType::Browser,
    })
}

/// A link that opens an identity's account for an operator to hand over, and the flow behind it. The
/// link is a secret.
pub(crate) async fn recovery_by_operator(
    cx: &Cx,
    identity_id: Uuid,
    lifetime: Duration,
) -> Result<(Flow, String), Problem> {
    let mut flow = flow::recovery::draft(cx, ClientType::Browser, MethodName::Link);
    flow.expires_at = cx.now.saturating_add(lifetime);
    engine::set_csrf(cx, &mut flow);
    populate(&mut flow);
    let owner = Owner {
        identity_id,
        address: None,
        address_id: None,
    };
    let link = transact!(cx.app.store, tx => {
        bia_store::flow::insert(tx, &flow).await?;
        issue(cx, tx, &flow, CodeKind::AdminRecoveryLink, owner.clone(), lifetime).await
    })?;
    Ok((flow, link))
}
