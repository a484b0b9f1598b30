//! Flows that take the place of others: somebody turned out to have an account, or to have none (spec: oidc.md §5).

use bia_model::{Aal, Flow};
use serde_json::Value;

use super::{login, registration};
use crate::cx::Cx;
use crate::hook;
use crate::method::LoginStage;
use crate::problem::Problem;
use crate::session::LiveSession;

/// A login flow in the place of a registration flow.
pub(crate) async fn to_login(cx: &Cx, old: &Flow) -> Result<Flow, Problem> {
    let flow = login_to_link(cx, old, LoginStage::FirstFactor).await?;
    hook::before(cx, &flow, None).await?;
    take_over(cx, old, &flow).await?;
    Ok(flow)
}

/// As [`to_login`], with another screen, and not stored yet.
pub(crate) async fn login_to_link(
    cx: &Cx,
    old: &Flow,
    stage: LoginStage<'_>,
) -> Result<Flow, Problem> {
    let mut flow = login::blank(cx, old.client);
    inherit(&mut flow, old);
    login::populate(cx, &mut flow, stage).await?;
    Ok(flow)
}

/// A registration flow in the place of a login flow.
pub(crate) async fn to_registration(cx: &Cx, old: &Flow) -> Result<Flow, Problem> {
    let mut flow = registration::blank(cx, old.client);
    inherit(&mut flow, old);
    registration::populate(cx, &mut flow).await?;
    hook::before(cx, &flow, None).await?;
    take_over(cx, old, &flow).await?;
    Ok(flow)
}

/// A login flow for the second factor of somebody who has just given the first one in `old`. It carries on what waits
/// there.
pub(crate) async fn to_second_factor(
    cx: &Cx,
    old: &Flow,
    live: &LiveSession,
    waiting: Vec<(&'static str, Value)>,
) -> Result<Flow, Problem> {
    let mut flow = login::blank(cx, old.client);
    inherit(&mut flow, old);
    flow.requested_aal = Aal::Aal2;
    login::populate(cx, &mut flow, LoginStage::SecondFactor(live)).await?;
    for (name, value) in waiting {
        flow.context.insert(name.to_owned(), value);
    }
    take_over(cx, old, &flow).await?;
    Ok(flow)
}

/// Stores the new flow. What an app exchanges for its session follows.
pub(crate) async fn take_over(cx: &Cx, old: &Flow, new: &Flow) -> Result<(), Problem> {
    bia_store::transact!(cx.app.store, tx => {
        bia_store::flow::insert(tx, new).await?;
        Ok::<_, Problem>(bia_store::exchange::follow(tx, old.id, new.id, cx.now).await?)
    })
}

fn inherit(new: &mut Flow, old: &Flow) {
    new.request_url.clone_from(&old.request_url);
    new.return_to.clone_from(&old.return_to);
    new.identity_schema.clone_from(&old.identity_schema);
    new.organization_id = old.organization_id;
    new.oauth2_login_challenge
        .clone_from(&old.oauth2_login_challenge);
    new.oauth2_login_request
        .clone_from(&old.oauth2_login_request);
    new.transient_payload.clone_from(&old.transient_payload);
}
