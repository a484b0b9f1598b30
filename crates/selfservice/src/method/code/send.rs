//! Sending codes: which message goes where.

use bia_courier::{
    LoginCodeSms, LoginCodeValid, RecoveryCodeSms, RecoveryCodeValid, RegistrationCodeSms,
    RegistrationCodeValid, Template, VerificationCodeSms, VerificationCodeValid,
};
use bia_model::{Channel, Flow, FlowKind, Identity, normalise};
use bia_store::{Tx, transact};
use serde_json::Value;

use super::secret::{self, Recipient};
use crate::cx::Cx;
use crate::flow::registration::hidden;
use crate::identity;
use crate::method::post::{self, enqueue, payload, unknown};
use crate::problem::Problem;
use crate::{oauth2, return_to};

/// Who a message speaks to.
pub(super) enum Whom<'a> {
    /// Somebody with an account.
    Identity(&'a Identity),
    /// Somebody who is signing up with these traits.
    Traits(&'a Value),
}

/// Replaces the flow's codes by new ones, one for each recipient, and queues the messages.
pub(super) async fn send(
    cx: &Cx,
    flow: &Flow,
    to: &[Recipient],
    whom: Whom<'_>,
) -> Result<(), Problem> {
    transact!(cx.app.store, tx => send_in(cx, tx, flow, to, &whom).await)?;
    cx.app.courier.notify_one();
    Ok(())
}

/// As [`send`], as part of a transaction; whoever commits it wakes the courier.
pub(super) async fn send_in(
    cx: &Cx,
    tx: &mut Tx,
    flow: &Flow,
    to: &[Recipient],
    whom: &Whom<'_>,
) -> Result<(), Problem> {
    bia_store::code::delete_for_flow(tx, flow.id).await?;
    for recipient in to {
        let code = secret::issue(cx, tx, flow, recipient).await?;
        let message = match &recipient.taken {
            Some(address) => hidden::message(cx, flow, address),
            None => message(cx, flow, recipient, &code, whom),
        };
        enqueue(cx, tx, message).await?;
    }
    Ok(())
}

/// Does for an address that nobody has what [`send`] does for others, as far as the database can tell:
/// the flow's codes are replaced by one that nobody learns and that opens nothing. A keyed hash stands for the address,
/// so that wrong codes are counted for it, too.
pub(super) async fn pretend(cx: &Cx, flow: &Flow, address: &str) -> Result<(), Problem> {
    let nobody = Recipient {
        // What was typed may be too long to be kept, or no text that every database takes.
        address: cx.runtime.keys.stored_code(&normalise::identifier(address)),
        ..Recipient::default()
    };
    transact!(cx.app.store, tx => {
        bia_store::code::delete_for_flow(tx, flow.id).await?;
        secret::issue(cx, tx, flow, &nobody).await?;
        Ok(())
    })
}

/// Tells an address that nobody here has it; mail only.
pub(super) async fn tell_unknown(cx: &Cx, flow: &Flow, address: &str) -> Result<(), Problem> {
    let context = unknown(flow, address);
    let message = match flow.kind {
        FlowKind::Verification => Template::VerificationCodeInvalid(context),
        _ => Template::RecoveryCodeInvalid(context),
    };
    let mut conn = cx.write().await?;
    enqueue(cx, &mut conn, message).await?;
    drop(conn);
    cx.app.courier.notify_one();
    Ok(())
}

/// The host of the URL that started the flow, without its port, for codes that phones fill in by themselves.
fn domain(flow: &Flow) -> String {
    url::Url::parse(&flow.request_url)
        .ok()
        .and_then(|u| u.host_str().map(str::to_owned))
        .unwrap_or_default()
}

fn minutes(cx: &Cx) -> i64 {
    post::minutes(cx.config().selfservice.methods.code.lifespan)
}

fn message(cx: &Cx, flow: &Flow, to: &Recipient, code: &str, whom: &Whom<'_>) -> Template {
    let who = match whom {
        Whom::Identity(who) => identity::public_json(cx, who),
        Whom::Traits(traits) => (*traits).clone(),
    };
    match to.channel() {
        Channel::Email => mail(cx, flow, to.address.clone(), code.to_owned(), who),
        Channel::Sms => sms(cx, flow, to.address.clone(), code.to_owned(), who),
    }
}

fn mail(cx: &Cx, flow: &Flow, to: String, code: String, who: Value) -> Template {
    let request_url = flow.request_url.clone();
    let transient_payload = payload(flow);
    let expires_in_minutes = minutes(cx);
    match flow.kind {
        FlowKind::Login => Template::LoginCodeValid(LoginCodeValid {
            to,
            login_code: code,
            identity: who,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request: oauth2::told(flow),
        }),
        FlowKind::Registration => Template::RegistrationCodeValid(RegistrationCodeValid {
            to,
            traits: who,
            registration_code: code,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request: oauth2::told(flow),
        }),
        FlowKind::Verification => Template::VerificationCodeValid(VerificationCodeValid {
            to,
            verification_url: verification_url(cx, flow, &code),
            verification_code: code,
            identity: who,
            request_url,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request: oauth2::told(flow),
        }),
        FlowKind::Recovery | FlowKind::Settings => Template::RecoveryCodeValid(RecoveryCodeValid {
            to,
            recovery_code: code,
            identity: who,
            request_url,
            transient_payload,
            expires_in_minutes,
        }),
    }
}

fn sms(cx: &Cx, flow: &Flow, to: String, code: String, who: Value) -> Template {
    let (request_url, request_url_domain) = (flow.request_url.clone(), domain(flow));
    let (transient_payload, expires_in_minutes) = (payload(flow), minutes(cx));
    match flow.kind {
        FlowKind::Login => Template::LoginCodeSms(LoginCodeSms {
            to,
            login_code: code,
            identity: who,
            request_url,
            request_url_domain,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request: oauth2::told(flow),
        }),
        FlowKind::Registration => Template::RegistrationCodeSms(RegistrationCodeSms {
            to,
            registration_code: code,
            identity: who,
            request_url,
            request_url_domain,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request: oauth2::told(flow),
        }),
        FlowKind::Verification => Template::VerificationCodeSms(VerificationCodeSms {
            to,
            verification_code: code,
            identity: who,
            request_url,
            request_url_domain,
            transient_payload,
            expires_in_minutes,
            oauth2_login_request: oauth2::told(flow),
        }),
        FlowKind::Recovery | FlowKind::Settings => Template::RecoveryCodeSms(RecoveryCodeSms {
            to,
            recovery_code: code,
            identity: who,
            request_url,
            request_url_domain,
            transient_payload,
            expires_in_minutes,
        }),
    }
}

fn verification_url(cx: &Cx, flow: &Flow, code: &str) -> String {
    return_to::own(
        cx,
        "/self-service/verification",
        &[("code", code), ("flow", &flow.id.to_string())],
    )
}
