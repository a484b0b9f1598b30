//! The hook `require_verified_address`: no session without a verified address.

use bia_config::section::bia::RequiredAddresses;
use bia_model::{Flow, Identity, MethodName, VerifiableAddress, normalise, text};

use super::show_item;
use crate::cx::{Caller, Cx};
use crate::flow::{login, verification};
use crate::method::Refusal;
use crate::outcome::IssuedSession;
use crate::problem::Problem;
use crate::why::Why;

pub(super) async fn run(cx: &Cx, flow: &mut Flow, issued: &IssuedSession) -> Result<(), Refusal> {
    let identity = &issued.identity;
    let older = cx
        .config()
        .feature_flags
        .legacy_require_verified_login_error;
    if older && flow.active != Some(MethodName::Password) {
        return Ok(());
    }
    let rule = cx.config().bia.require_verified_address;
    let address = match missing(rule, identity, login::typed_identifier(flow)) {
        Missing::Nothing => return Ok(()),
        Missing::Proof(address) => address,
        Missing::Address => {
            let reason = "The hook require_verified_address is used, but this identity has no address to verify.";
            return Err(Problem::Misconfigured(reason.into()).into());
        }
    };
    cx.because(Why::AddressNotVerified);
    if older {
        return Err(Refusal::form(text::address_not_verified()));
    }
    let session = Some(issued.session.id);
    let held = login::held::hold(flow, identity.id, &issued.session.authentication_methods);
    let started = verification::start_holding(cx, flow, identity, session, address, held).await?;
    if cx.caller(flow) == Caller::Browser {
        let page = crate::return_to::page(cx, bia_model::FlowKind::Verification, started.id);
        return Err(Problem::GoElsewhere(page).into());
    }
    let continue_with = vec![show_item(cx, started.id, address.value.clone(), true)];
    Err(Problem::AddressNotVerified { continue_with }.into())
}

/// What an identity lacks.
#[derive(Debug, PartialEq)]
enum Missing<'i> {
    Nothing,
    /// The address has to be verified first.
    Proof(&'i VerifiableAddress),
    /// There is none that could be.
    Address,
}

fn missing<'i>(
    rule: RequiredAddresses,
    identity: &'i Identity,
    typed: Option<&str>,
) -> Missing<'i> {
    let all = &identity.verifiable_addresses;
    let unverified = all.iter().find(|a| !a.verified && !a.value.is_empty());
    let used = typed
        .filter(|_| rule == RequiredAddresses::Identifier)
        .and_then(|typed| all.iter().find(|a| a.value == normalise::identifier(typed)));
    let enough = match (rule, used) {
        (_, Some(used)) if !used.verified => return Missing::Proof(used),
        (_, Some(_)) => true,
        (RequiredAddresses::All, None) => unverified.is_none() && !all.is_empty(),
        (RequiredAddresses::Any | RequiredAddresses::Identifier, None) => {
            all.iter().any(|a| a.verified)
        }
    };
    match unverified {
        _ if enough => Missing::Nothing,
        Some(address) => Missing::Proof(address),
        None => Missing::Address,
    }
}
