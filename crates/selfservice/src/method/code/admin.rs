//! Recovery codes that an operator hands out (spec: admin.md §10).

use bia_model::ui::Ui;
use bia_model::{ClientType, Flow, FlowKind, MethodName};
use bia_store::code::{self, Code, CodeKind};
use bia_store::transact;
use time::OffsetDateTime;
use uuid::Uuid;

use super::recovery::show_code_screen;
use crate::cx::Cx;
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
    let mut flow = Flow::new(FlowKind::Recovery, client, cx.now, expires_at);
    flow.request_url = cx.request.url.clone();
    flow.active = Some(MethodName::Code);
    flow.skip_csrf = true;
    flow.ui = Ui::new(return_to::action(cx, FlowKind::Recovery, flow.id));
    show_code_screen(&mut flow, None);
    let secret = token::digits(6);
    let row = Code {
        id: Uuid::new_v4(),
        flow_id: flow.id,
        identity_id: Some(identity_id),
        address_id: None,
        address: None,
        via: None,
        kind: CodeKind::AdminRecovery,
        hmac: cx.runtime.keys.stored_code(&secret),
        issued_at: cx.now,
        expires_at,
        used_at: None,
    };
    transact!(cx.app.store, tx => {
        bia_store::flow::insert(tx, &flow).await?;
        code::insert(tx, std::slice::from_ref(&row)).await?;
        Ok::<_, Problem>(())
    })?;
    Ok((flow, secret))
}
