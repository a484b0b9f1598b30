//! Signing in by a provider (spec: oidc.md §3, §5).

use async_trait::async_trait;
use bia_config::section::oidc::{OidcProvider, UpdateOnLogin};
use bia_model::ui::{self, Group};
use bia_model::{Aal, AuthenticationMethod, Flow, Identity, MethodName, text};
use bia_store::StoreError;
use bia_store::identity::{self as store, Expand};
use serde_json::Value;

use super::arrival::Arrival;
use super::mapper::{self, Mapped, overlay};
use super::registration::{self, object};
use super::start::{self, Wish};
use super::{Oidc, OidcConfig, asks_for_provider, link, native, provider as rules, trial, vendor};
use crate::cx::Cx;
use crate::flow::handover;
use crate::form::Form;
use crate::identity;
use crate::method::{LoginMethod, LoginStage, LoginStep, Refusal, fields};
use crate::problem::Problem;

/// How often an update of an identity is tried when others change it at the same time.
const ATTEMPTS: usize = 4;

#[async_trait]
impl LoginMethod for Oidc {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        match stage {
            LoginStage::FirstFactor | LoginStage::Identification => {
                rules::offered(cx.config()).for_each(|p| add_button(flow, p));
            }
            LoginStage::Refresh(live) => {
                let mut conn = cx.read().await?;
                let whole = store::find(&mut conn, live.identity.id, Expand::Credentials).await?;
                drop(conn);
                if let Some(whole) = whole {
                    linked(cx, &whole).for_each(|p| add_button(flow, p));
                }
            }
            LoginStage::Credentials(Some(identity))
                if !cx.config().security.account_enumeration.mitigate =>
            {
                flow.ui
                    .nodes
                    .retain(|n| n.group != Group::Oidc || n.id() != "provider");
                linked(cx, identity).for_each(|p| add_button(flow, p));
            }
            LoginStage::Credentials(_) | LoginStage::SecondFactor(_) => {}
        }
        Ok(())
    }

    fn offers(&self, cx: &Cx, identity: &Identity) -> bool {
        linked(cx, identity).next().is_some()
    }

    fn claims(&self, _cx: &Cx, flow: &Flow, form: &Form) -> bool {
        flow.requested_aal == Aal::Aal1 && asks_for_provider(form)
    }

    fn owns(&self, flow: &Flow) -> bool {
        trial::is(flow)
    }

    fn takes_links(&self) -> bool {
        true
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let provider = rules::find(cx.config(), form.text("provider").unwrap_or_default())?;
        let tries_out = trial::is(flow);
        if tries_out {
            trial::check(flow, form)?;
        }
        let payload = fields::transient_payload(form)?;
        let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
        let traits = object(&form.traits(schema));
        if let Some(token) = form.text("id_token").filter(|_| !tries_out) {
            let vouched = native::verify(cx, provider, token, form.text("id_token_nonce")).await?;
            let arrival = Arrival {
                provider,
                vouched,
                traits,
                in_browser: false,
            };
            return enter(cx, flow, &arrival).await;
        }
        let wish = Wish {
            form,
            traits: Value::Object(traits),
            payload,
        };
        let url = start::leave(cx, flow, provider, wish).await?;
        Ok(LoginStep::SendAway(url))
    }

    fn join(
        &self,
        cx: &Cx,
        flow: &Flow,
        identity: &mut Identity,
    ) -> Result<Option<AuthenticationMethod>, Refusal> {
        link::join(cx, flow, identity)
    }

    fn waits(&self, flow: &Flow) -> Option<(&'static str, Value)> {
        link::waiting(flow)
    }
}

pub(super) fn add_button(flow: &mut Flow, provider: &OidcProvider) {
    let label = text::login_with_provider_label(provider.title(), &provider.id);
    flow.ui
        .append(ui::submit_as("provider", &provider.id, Group::Oidc, label));
}

/// The providers that an identity is linked to, of those that are offered.
fn linked<'c>(cx: &'c Cx, identity: &Identity) -> impl Iterator<Item = &'c OidcProvider> {
    let config = identity
        .credential(MethodName::Oidc)
        .map(OidcConfig::of)
        .unwrap_or_default();
    rules::offered(cx.config()).filter(move |p| config.connections().any(|c| c.provider == p.id))
}

/// Somebody comes from a provider into a login flow: a stranger signs up instead.
pub(super) async fn enter(
    cx: &Cx,
    flow: &mut Flow,
    arrival: &Arrival<'_>,
) -> Result<LoginStep, Refusal> {
    if let Some(owner) = arrival.owner(cx).await? {
        return authenticate(cx, flow, arrival, owner).await;
    }
    if !cx.config().selfservice.flows.registration.enabled {
        let (candidate, ..) = registration::draft(cx, flow, arrival).await?;
        let Some(outcome) = link::offer_for(cx, flow, &candidate).await? else {
            return Err(Problem::BadRequest("Nobody here has this account, and new accounts cannot be made: registration is switched off.".into()).into());
        };
        return Ok(LoginStep::Handled(Box::new(outcome)));
    }
    let mut other = handover::to_registration(cx, flow).await?;
    if arrival.in_browser {
        other.active = Some(MethodName::Oidc);
    }
    let step = registration::register(cx, &mut other, arrival).await;
    let outcome =
        crate::flow::registration::conclude(cx, other, None, MethodName::Oidc, step).await?;
    Ok(LoginStep::Handled(Box::new(outcome)))
}

/// Signs in the one who has the connection.
pub(super) async fn authenticate(
    cx: &Cx,
    _flow: &mut Flow,
    arrival: &Arrival<'_>,
    owner: Identity,
) -> Result<LoginStep, Refusal> {
    let identity = up_to_date(cx, arrival, owner).await?;
    Ok(LoginStep::Authenticated {
        identity: Box::new(identity),
        method: arrival.method(cx),
    })
}

/// The identity as the claims want it now, stored if that changes it.
async fn up_to_date(
    cx: &Cx,
    arrival: &Arrival<'_>,
    mut identity: Identity,
) -> Result<Identity, Refusal> {
    let earlier = vendor::earlier_subject(arrival.provider, &arrival.vouched.claims);
    for _ in 0..ATTEMPTS {
        let mut changed = identity.clone();
        if let Some(earlier) = &earlier {
            link::rename(&mut changed, earlier, &arrival.connection(), cx.now);
        }
        if arrival.provider.update_identity_on_login == UpdateOnLogin::Automatic {
            let mapped = mapper::map(
                cx,
                arrival.provider,
                &arrival.vouched.claims,
                Some(&identity),
            )
            .await?;
            apply(cx, &mut changed, &mapped)?;
        }
        if changed == identity {
            return Ok(identity);
        }
        match save(cx, &identity, &mut changed).await {
            Ok(()) => return Ok(changed),
            Err(StoreError::Stale) => {}
            Err(StoreError::Conflict { .. }) => {
                return Err(Refusal::form(text::duplicate_credentials()));
            }
            Err(other) => return Err(Problem::from(other).into()),
        }
        let mut conn = cx.read().await?;
        identity = store::get(&mut conn, identity.id, Expand::Credentials).await?;
    }
    let reason = "the identity was changed by others again and again".into();
    Err(Problem::from(StoreError::Contention { reason }).into())
}

fn apply(cx: &Cx, identity: &mut Identity, mapped: &Mapped) -> Result<(), Refusal> {
    let mut traits = object(&identity.traits);
    overlay(&mut traits, &mapped.traits);
    identity.traits = Value::Object(traits);
    if let Some(metadata) = &mapped.metadata_public {
        identity.metadata_public = Some(metadata.clone());
    }
    if let Some(metadata) = &mapped.metadata_admin {
        identity.metadata_admin = Some(metadata.clone());
    }
    // The form that shows it has no fields for traits.
    identity::apply_schema(cx, identity).map_err(|refusal| match refusal {
        Refusal::Form(messages) => Refusal::Form(
            messages
                .into_iter()
                .map(|(_, m)| (String::new(), m))
                .collect(),
        ),
        other => other,
    })?;
    mapped.verify(identity, cx.now);
    Ok(())
}

async fn save(cx: &Cx, old: &Identity, changed: &mut Identity) -> Result<(), StoreError> {
    bia_store::transact!(cx.app.store, tx => {
        store::lock(tx, old.id).await?;
        if store::get(tx, old.id, Expand::Credentials).await? != *old {
            return Err(StoreError::Stale);
        }
        // An address that was there stays the same row, so that what points at it stays true.
        let is_old = |id| old.verifiable_addresses.iter().any(|a| a.id == id && !a.verified);
        for address in changed.verifiable_addresses.iter().filter(|a| a.verified && is_old(a.id)) {
            store::mark_verified(tx, address.id, cx.now).await?;
        }
        store::update(tx, changed, cx.now).await
    })
}
