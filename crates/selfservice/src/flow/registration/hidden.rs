//! Signing up with what somebody has already, without telling (`bia.registration.hide_existing_accounts`).
//!
//! To whoever signs up it looks as if an account had been made; the owner of the address is told by a message. That is
//! done for addresses alone, and for none that was proven in the flow: who proves that an address is theirs may know
//! what is theirs. Nobody can be written to at a user name, so that a taken one is told as ever.

use bia_courier::{AccountExists, Template, is_mail_address};
use bia_model::{Channel, Flow, FlowKind, Identity, MethodName, normalise};
use bia_store::Conn;
use uuid::Uuid;

use crate::cx::Cx;
use crate::identity::{Name, is_spelling_of};
use crate::method::code::CodeConfig;
use crate::method::post;
use crate::problem::Problem;
use crate::return_to;

/// An address that somebody wants to sign up with and somebody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenAddress {
    /// The address, as it is kept.
    pub(crate) value: String,
    /// How it is reached.
    pub(crate) via: Channel,
    /// Who has it.
    owner: Uuid,
}

/// Whether registration is not to tell who has an account.
pub(crate) fn is_on(cx: &Cx) -> bool {
    cx.config().bia.registration.hide_existing_accounts
}

/// Whether somebody who signs up may learn that a name of theirs is taken.
pub(crate) fn may_be_told(cx: &Cx, candidate: &Identity, name: Name<'_>) -> bool {
    !is_on(cx) || unproven_address(candidate, name).is_none()
}

/// The address that a name of whoever signs up is, and how it is reached, unless it was proven to be theirs. The schema
/// says which names are addresses; what is spelled as mail addresses are is one, too.
fn unproven_address(candidate: &Identity, name: Name<'_>) -> Option<(Channel, String)> {
    let value = normalise::identifier(name.value());
    let is_it = |address: &String| is_spelling_of(address, &value);
    let mut verifiable = candidate.verifiable_addresses.iter();
    if verifiable.clone().any(|a| a.verified && is_it(&a.value)) {
        return None;
    }
    let codes = candidate.credential(MethodName::Code).map(CodeConfig::of);
    let codes = codes.unwrap_or_default().addresses;
    let mut recovery = candidate.recovery_addresses.iter();
    let via = verifiable
        .find(|a| is_it(&a.value))
        .map(|a| a.via)
        .or_else(|| recovery.find(|a| is_it(&a.value)).map(|a| a.via))
        .or_else(|| codes.iter().find(|a| is_it(&a.address)).map(|a| a.channel))
        .or_else(|| is_mail_address(&value).then_some(Channel::Email))?;
    Some((via, value))
}

/// The taken addresses of whoever wants to sign up that are not to be told, each once, and whether anything else is
/// taken.
async fn look(cx: &Cx, candidate: &Identity) -> Result<(Vec<TakenAddress>, bool), Problem> {
    let mut conn = cx.read().await?;
    let mut taken: Vec<TakenAddress> = Vec::new();
    let mut more = false;
    for name in Name::all(candidate) {
        let Some(owner) = name.owner(&mut conn).await? else {
            continue;
        };
        match unproven_address(candidate, name) {
            None => more = true,
            Some((_, value)) if taken.iter().any(|known| known.value == value) => {}
            Some((via, value)) => taken.push(TakenAddress {
                value,
                via,
                owner: owner.id,
            }),
        }
    }
    Ok((taken, more))
}

/// The addresses that are taken and not to be told; none where registration tells.
pub(crate) async fn addresses(cx: &Cx, candidate: &Identity) -> Result<Vec<TakenAddress>, Problem> {
    if !is_on(cx) {
        return Ok(Vec::new());
    }
    Ok(look(cx, candidate).await?.0)
}

/// As [`addresses`], of somebody who could not be stored; `None` where that has to be told.
pub(super) async fn instead_of_refusing(
    cx: &Cx,
    candidate: &Identity,
) -> Result<Option<Vec<TakenAddress>>, Problem> {
    if !is_on(cx) {
        return Ok(None);
    }
    let (taken, more) = look(cx, candidate).await?;
    Ok((!more && !taken.is_empty()).then_some(taken))
}

/// The message to the owner of an address.
pub(crate) fn message(cx: &Cx, flow: &Flow, address: &TakenAddress) -> Template {
    let begin = |kind: FlowKind| return_to::own(cx, &format!("/self-service/{kind}/browser"), &[]);
    let recovers = cx.config().selfservice.flows.recovery.enabled;
    let message = AccountExists {
        to: address.value.clone(),
        login_url: begin(FlowKind::Login),
        recovery_url: if recovers {
            begin(FlowKind::Recovery)
        } else {
            String::new()
        },
        request_url: flow.request_url.clone(),
        transient_payload: post::payload(flow),
    };
    Template::account_exists(address.via, message)
}

/// Queues the messages to the owners; whoever commits wakes the courier.
pub(super) async fn tell_owners(
    cx: &Cx,
    conn: &mut Conn,
    flow: &Flow,
    taken: &[TakenAddress],
) -> Result<(), Problem> {
    for address in taken {
        tracing::info!(
            identity.id = %address.owner,
            flow.id = %flow.id,
            "Somebody signed up with an address of this identity. No account was made, and only its owner is told."
        );
        post::enqueue(cx, conn, message(cx, flow, address)).await?;
    }
    Ok(())
}
