//! Codes that an operator hands out: for recovery (spec: admin.md §10) and for verification.

use bia_model::ui::Ui;
use bia_model::{ClientType, Flow, FlowKind, MethodName, VerifiableAddress};
use bia_store::code::{self, Code, CodeKind};
use bia_store::transact;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Code as CodeMethod;
use super::recovery::show_code_screen;
use crate::cx::Cx;
use crate::method::VerificationMethod as _;
use crate::problem::Problem;
use crate::{return_to, token};

/// A recovery flow that waits for a code, and that code. Whoever has both is let into the account: the flow
/// belongs to no browser, so that it has no anti-CSRF token.
pub(crate) async fn recovery_by_operator(
    cx: &Cx,
    identity_id: Uuid,
    client: ClientType,
    expires_at: OffsetDateTime,
) -> Result<(Flow, String), Problem> {
    let mut flow = nobodys(cx, FlowKind::Recovery, client, expires_at);
    show_code_screen(&mut flow, None);
    let (row, secret) = code_for(cx, &flow, CodeKind::AdminRecovery, identity_id);
    keep(cx, &flow, &row).await?;
    Ok((flow, secret))
}

/// A verification flow that waits for a code, and that code. Whoever has both proves that the address is its
/// owner's.
pub(crate) async fn verification_by_operator(
    cx: &Cx,
    identity_id: Uuid,
    address: &VerifiableAddress,
    client: ClientType,
    expires_at: OffsetDateTime,
) -> Result<(Flow, String), Problem> {
    let mut flow = nobodys(cx, FlowKind::Verification, client, expires_at);
    flow.identity_id = Some(identity_id);
    CodeMethod.show_sent(cx, &mut flow, address);
    let (mut row, secret) = code_for(cx, &flow, CodeKind::Verification, identity_id);
    row.address = Some(address.value.clone());
    row.address_id = Some(address.id);
    row.via = Some(address.via);
    keep(cx, &flow, &row).await?;
    Ok((flow, secret))
}

/// A flow that no browser has, without nodes.
fn nobodys(cx: &Cx, kind: FlowKind, client: ClientType, expires_at: OffsetDateTime) -> Flow {
    let mut flow = Flow::new(kind, client, cx.now, expires_at);
    flow.request_url = cx.request.url.clone();
    flow.active = Some(MethodName::Code);
    flow.skip_csrf = true;
    flow.ui = Ui::new(return_to::action(cx, kind, flow.id));
    flow
}

/// A new code of a flow that lives as long as the flow, as it is kept and as it is told.
fn code_for(cx: &Cx, flow: &Flow, kind: CodeKind, identity_id: Uuid) -> (Code, String) {
    let secret = token::digits(6);
    let row = Code {
        id: Uuid::new_v4(),
        flow_id: flow.id,
        identity_id: Some(identity_id),
        address_id: None,
        address: None,
        via: None,
        kind,
        hmac: cx.runtime.keys.stored_code(&secret),
        issued_at: cx.now,
        expires_at: flow.expires_at,
        used_at: None,
    };
    (row, secret)
}

async fn keep(cx: &Cx, flow: &Flow, code: &Code) -> Result<(), Problem> {
    transact!(cx.app.store, tx => {
        bia_store::flow::insert(tx, flow).await?;
        code::insert(tx, std::slice::from_ref(code)).await?;
        Ok::<_, Problem>(())
    })
}
