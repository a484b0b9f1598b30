//! Signing up by a provider (spec: oidc.md §2, §5).

use async_trait::async_trait;
use bia_model::ui::{self, Group};
use bia_model::{Flow, Identity, MethodName, schema, text};
use bia_store::{StoreError, flow as flows};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::arrival::{Arrival, Vouched};
use super::mapper::{self, overlay};
use super::start::{self, Wish};
use super::{Oidc, asks_for_provider, journey, link, native, provider as rules};
use crate::cx::Cx;
use crate::flow::handover;
use crate::flow::registration::Candidate;
use crate::form::Form;
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep, fields};
use crate::problem::Problem;
use crate::seal::Seal;
use crate::{csrf, engine, identity};

/// The member of a flow's context that holds what a provider said, sealed, until the missing traits are typed.
const KEPT: &str = "oidc_vouched";

const KEPT_SEAL: &str = "oidc vouched";

#[derive(Serialize, Deserialize)]
struct Kept {
    provider: String,
    vouched: Vouched,
}

#[async_trait]
impl RegistrationMethod for Oidc {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        _stage: RegistrationStage,
    ) -> Result<(), Problem> {
        for provider in rules::offered(cx.config()) {
            let label = text::registration_with_provider_label(provider.title(), &provider.id);
            flow.ui
                .append(ui::submit_as("provider", &provider.id, Group::Oidc, label));
        }
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        asks_for_provider(form)
    }

    fn takes_links(&self) -> bool {
        true
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal> {
        let provider = rules::find(cx.config(), form.text("provider").unwrap_or_default())?;
        let payload = fields::transient_payload(form)?;
        flow.transient_payload = Some(payload.clone());
        let traits = object(candidate.traits());
        if let Some(token) = form.text("id_token") {
            let vouched = native::verify(cx, provider, token, form.text("id_token_nonce")).await?;
            let arrival = Arrival {
                provider,
                vouched,
                traits,
                in_browser: false,
            };
            return enter(cx, flow, &arrival).await;
        }
        if let Some(vouched) = take_kept(cx, flow, form, &provider.id).await? {
            let arrival = Arrival {
                provider,
                vouched,
                traits,
                in_browser: true,
            };
            return enter(cx, flow, &arrival).await;
        }
        let wish = Wish {
            form,
            traits: Value::Object(traits),
            payload,
        };
        let url = start::leave(cx, flow, provider, wish).await?;
        Ok(RegistrationStep::SendAway(url))
    }

    async fn taken(
        &self,
        cx: &Cx,
        flow: &Flow,
        candidate: &Identity,
    ) -> Result<Option<crate::outcome::Outcome>, Problem> {
        link::offer_for(cx, flow, candidate).await
    }
}

pub(super) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Somebody comes from a provider into a registration flow: who is known already signs in instead.
pub(super) async fn enter(
    cx: &Cx,
    flow: &mut Flow,
    arrival: &Arrival<'_>,
) -> Result<RegistrationStep, Refusal> {
    let Some(owner) = arrival.owner(cx).await? else {
        return register(cx, flow, arrival).await;
    };
    let mut login = handover::to_login(cx, flow).await?;
    let step = super::login::authenticate(cx, &mut login, arrival, owner).await;
    let outcome = crate::flow::login::conclude(cx, login, None, MethodName::Oidc, step).await?;
    Ok(RegistrationStep::Handled(Box::new(outcome)))
}

/// Signs somebody up whom nobody here goes by.
pub(super) async fn register(
    cx: &Cx,
    flow: &mut Flow,
    arrival: &Arrival<'_>,
) -> Result<RegistrationStep, Refusal> {
    let (mut candidate, judged, mapped) = draft(cx, flow, arrival).await?;
    mapped.verify(&mut candidate, cx.now);
    // Before anything else is asked or anybody told: this may be somebody who has an account.
    if let Some(outcome) = link::offer_for(cx, flow, &candidate).await? {
        return Ok(RegistrationStep::Handled(Box::new(outcome)));
    }
    if let Err(messages) = judged {
        ask_for_traits(cx, flow, arrival, &candidate.traits)?;
        return Err(Refusal::Form(messages));
    }
    Ok(RegistrationStep::Register {
        identity: Box::new(candidate),
        method: arrival.method(cx),
        spends: None,
    })
}

type Judged = Result<(), Vec<(String, text::Message)>>;

/// The identity that the claims and the form make. Where its traits do not fit the schema, it has those identifiers
/// and addresses that can be told all the same.
pub(super) async fn draft(
    cx: &Cx,
    flow: &Flow,
    arrival: &Arrival<'_>,
) -> Result<(Identity, Judged, mapper::Mapped), Refusal> {
    let mapped = mapper::map(cx, arrival.provider, &arrival.vouched.claims, None).await?;
    let mut traits = mapped.traits.clone();
    overlay(&mut traits, &arrival.traits);
    let schema_id = flow
        .identity_schema
        .as_deref()
        .unwrap_or(&cx.config().identity.default_schema_id);
    let mut candidate = Identity::new(schema_id, Value::Object(traits), cx.now);
    candidate.metadata_public = mapped.metadata_public.clone();
    candidate.metadata_admin = mapped.metadata_admin.clone();
    candidate.organization_id = arrival
        .provider
        .organization_id
        .as_ref()
        .and_then(|o| o.parse().ok());
    candidate.set_credential(arrival.credential(cx));
    let schema = identity::schema(cx, Some(schema_id))?;
    let (derived, judged) = match schema.validate(&candidate.traits) {
        Ok(derived) => (derived, Ok(())),
        Err(mut violations) => {
            let (derived, more) = schema.presume(&candidate.traits);
            violations.extend(more);
            (derived, Err(identity::violation_messages(&violations)))
        }
    };
    identity::apply_derived(cx, &mut candidate, derived)?;
    Ok((candidate, judged, mapped))
}

/// The form asks for what the provider did not tell, and for nothing else.
fn ask_for_traits(
    cx: &Cx,
    flow: &mut Flow,
    arrival: &Arrival<'_>,
    traits: &Value,
) -> Result<(), Problem> {
    let group = if cx
        .config()
        .feature_flags
        .legacy_oidc_registration_node_group
    {
        Group::Oidc
    } else {
        Group::Default
    };
    let fields = identity::schema(cx, flow.identity_schema.as_deref())?
        .fields()
        .to_vec();
    flow.ui.nodes.clear();
    let masked = if flow.is_native() {
        String::new()
    } else {
        csrf::mask(&flow.csrf_token)
    };
    flow.ui.set_csrf(&masked);
    let label = text::registration_continue_label();
    flow.ui.append(ui::submit_as(
        "provider",
        &arrival.provider.id,
        Group::Oidc,
        label,
    ));
    for field in &fields {
        flow.ui.append(ui::trait_input(field, group));
    }
    for (name, value) in schema::flatten("traits", traits) {
        flow.ui.set_value(&name, value, group);
    }
    if arrival.in_browser && !flow.is_native() {
        keep(cx, flow, arrival)?;
    }
    Ok(())
}

fn keep(cx: &Cx, flow: &mut Flow, arrival: &Arrival<'_>) -> Result<(), Problem> {
    let kept = Kept {
        provider: arrival.provider.id.clone(),
        vouched: arrival.vouched.clone(),
    };
    let text = serde_json::to_vec(&kept).map_err(|e| Problem::Internal(e.to_string()))?;
    let seal = Seal {
        purpose: KEPT_SEAL,
        about: flow.id.as_bytes(),
    };
    let sealed = seal.close(journey::key(cx), &text)?;
    flow.context.insert(KEPT.into(), sealed.into());
    Ok(())
}

/// Takes what a provider said earlier in this flow, for the one request that does: a form of the flow's own browser.
async fn take_kept(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    provider: &str,
) -> Result<Option<Vouched>, Refusal> {
    if cx.request.is_get {
        return Ok(None);
    }
    let Some(sealed) = flow
        .context
        .get(KEPT)
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        return Ok(None);
    };
    let seal = Seal {
        purpose: KEPT_SEAL,
        about: flow.id.as_bytes(),
    };
    let kept: Option<Kept> = seal
        .open(journey::keys(cx), &sealed)
        .and_then(|text| serde_json::from_slice(&text).ok());
    let Some(kept) = kept.filter(|k| k.provider == provider) else {
        return Ok(None);
    };
    engine::check_csrf(cx, flow, form)?;
    flow.context.shift_remove(KEPT);
    let mut conn = cx.write().await?;
    match flows::update(&mut conn, flow).await {
        Ok(()) => Ok(Some(kept.vouched)),
        Err(StoreError::Stale) => Err(Problem::BadRequest(
            "The form was sent twice. Look whether you are signed in already.".into(),
        )
        .into()),
        Err(other) => Err(Problem::from(other).into()),
    }
}
