//! The hook `require_verified_address`: no session without a verified address.

use bia_model::{Flow, MethodName, text};

use super::show_item;
use crate::cx::{Caller, Cx};
use crate::flow::verification;
use crate::method::Refusal;
use crate::outcome::IssuedSession;
use crate::problem::Problem;

pub(super) async fn run(cx: &Cx, flow: &mut Flow, issued: &IssuedSession) -> Result<(), Refusal> {
    let identity = &issued.identity;
    let older = cx
        .config()
        .feature_flags
        .legacy_require_verified_login_error;
    if older && flow.active != Some(MethodName::Password) {
        return Ok(());
    }
    if identity.verifiable_addresses.iter().any(|a| a.verified) {
        return Ok(());
    }
    let Some(address) = identity
        .verifiable_addresses
        .iter()
        .find(|a| !a.value.is_empty())
    else {
        let reason = "The hook require_verified_address is used, but this identity has no address to verify.";
        return Err(Problem::Misconfigured(reason.into()).into());
    };
    if older {
        return Err(Refusal::form(text::address_not_verified()));
    }
    let session = Some(issued.session.id);
    let started = verification::start(cx, flow, identity, session, address).await?;
    if cx.caller(flow) == Caller::Browser {
        let page = crate::return_to::page(cx, bia_model::FlowKind::Verification, started.id);
        return Err(Problem::GoElsewhere(page).into());
    }
    let continue_with = vec![show_item(cx, started.id, address.value.clone(), true)];
    Err(Problem::AddressNotVerified { continue_with }.into())
}
