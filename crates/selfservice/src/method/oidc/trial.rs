//! Trying a provider out (spec: admin.md §12): an operator makes a login flow, somebody goes to the provider in it and
//! comes back, and what came is kept in the flow to be looked at. Nobody signs in by it, and nobody is made.

use bia_config::section::oidc::OidcProvider;
use bia_model::flow::TEST_CONTEXT;
use bia_model::{ClientType, Flow, FlowKind, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::arrival::Vouched;
use super::{login, mapper, provider as rules};
use crate::cx::Cx;
use crate::engine;
use crate::flow::login as flow;
use crate::form::Form;
use crate::identity;
use crate::outcome::Outcome;
use crate::problem::{CsrfFault, Problem};
use crate::return_to;

/// The longest id of a provider, in bytes.
const ID_BYTES: usize = 255;

const PROVIDER: &str = "provider_id";
const CAPTURED: &str = "debug_payload";

/// `POST /admin/test-login-flows`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TrialBody {
    provider_id: String,
}

/// How far somebody came who went to a provider (spec: oidc.md §3, the step codes), and what then went wrong.
pub(super) struct Setback {
    pub(super) step: &'static str,
    pub(super) problem: Problem,
}

impl Setback {
    /// For `map_err`.
    pub(super) fn at(step: &'static str) -> impl FnOnce(Problem) -> Setback {
        move |problem| Setback { step, problem }
    }
}

/// Makes the flow. It belongs to no browser: whoever has its token may begin, once.
pub async fn create(cx: &Cx, body: TrialBody) -> Result<Flow, Problem> {
    let id = body.provider_id;
    if id.is_empty() || id.len() > ID_BYTES {
        let reason = format!("provider_id is to name a provider in 1 to {ID_BYTES} bytes.");
        return Err(Problem::BadRequest(reason));
    }
    if !cx.config().selfservice.methods.oidc.enabled {
        return Err(Problem::Misconfigured(
            "No provider can be tried: selfservice.methods.oidc.enabled is off.".into(),
        ));
    }
    let provider = rules::find(cx.config(), &id)?;
    let mut flow = flow::blank(cx, ClientType::Browser);
    // Whoever is signed in goes to the provider all the same.
    flow.refresh = true;
    flow.skip_csrf = true;
    flow.csrf_token = Uuid::new_v4().to_string();
    flow.context
        .insert(TEST_CONTEXT.into(), json!({ PROVIDER: id }));
    flow.ui.set_csrf(&flow.csrf_token);
    login::add_button(&mut flow, provider);
    engine::insert(cx, &flow).await?;
    Ok(flow)
}

/// Whether a flow is one to try a provider out, which takes nothing else.
pub(super) fn is(flow: &Flow) -> bool {
    flow.kind == FlowKind::Login && flow.context.contains_key(TEST_CONTEXT)
}

fn is_captured(flow: &Flow) -> bool {
    let context = flow.context.get(TEST_CONTEXT);
    context.is_some_and(|context| context.get(CAPTURED).is_some())
}

/// Checks that a form may begin: it has the flow's token, names its provider, and nobody was there before.
pub(super) fn check(flow: &Flow, form: &Form) -> Result<(), Problem> {
    let sent = form.text("csrf_token").unwrap_or_default();
    if !bool::from(sent.as_bytes().ct_eq(flow.csrf_token.as_bytes())) {
        return Err(Problem::Csrf(CsrfFault::Mismatch));
    }
    if is_captured(flow) {
        return Err(Problem::BadRequest(
            "This flow has tried the provider already. Make another one.".into(),
        ));
    }
    if flow.context.get(TEST_CONTEXT).and_then(|c| c.get(PROVIDER))
        == form.text("provider").map(Value::from).as_ref()
    {
        Ok(())
    } else {
        Err(Problem::BadRequest(
            "This flow tries another provider out. Make one for this provider.".into(),
        ))
    }
}

/// Keeps what came from the provider. From now on the flow belongs to this browser.
pub(super) async fn capture(
    cx: &Cx,
    mut flow: Flow,
    provider: &OidcProvider,
    came: Result<Vouched, Setback>,
) -> Result<Outcome, Problem> {
    if !is_captured(&flow) {
        let payload = match came {
            Ok(vouched) => mapped(cx, provider, &vouched).await?,
            Err(setback) => json!({ "error": error(setback.step, "failed", &setback.problem) }),
        };
        flow.context.insert(
            TEST_CONTEXT.into(),
            json!({ PROVIDER: provider.id, CAPTURED: payload }),
        );
        flow.state = State::PassedChallenge;
        flow.skip_csrf = false;
        flow.csrf_token = cx.renew_csrf();
        flow.transient_payload = None;
        engine::save(cx, &flow).await?;
    }
    let id = flow.id.to_string();
    let url = return_to::own(cx, "/self-service/login/flows", &[("id", &id)]);
    Ok(Outcome::Redirect { url })
}

/// What a sign-up would make of the claims. Tokens are not told.
async fn mapped(cx: &Cx, provider: &OidcProvider, vouched: &Vouched) -> Result<Value, Problem> {
    let mut payload = Map::new();
    let claims = vouched.claims.to_json();
    payload.insert("id_token_claims".into(), claims.clone());
    payload.insert("jsonnet_mapper_url".into(), json!(provider.mapper_url));
    payload.insert("jsonnet_input".into(), claims);
    let output = match mapper::run(cx, provider, &vouched.claims, None).await {
        Ok(output) => output,
        Err(failed) => {
            payload.insert(
                "error".into(),
                error("jsonnet_run", "evaluation_failed", &failed),
            );
            return Ok(Value::Object(payload));
        }
    };
    payload.insert("jsonnet_output".into(), output.clone());
    match mapper::read(&output) {
        Err(failed) => {
            payload.insert(
                "error".into(),
                error("jsonnet_run", "invalid_output", &failed),
            );
        }
        Ok(mapped) => {
            let schema = identity::schema(cx, None)?;
            if let Err(violations) = schema.validate(&Value::Object(mapped.traits)) {
                let told = identity::violation_messages(&violations);
                let places = violations.iter().map(|v| v.pointer.trim_start_matches('#'));
                let list = places
                    .zip(&told)
                    .map(|(path, (_, message))| json!({"path": path, "message": message.text}));
                payload.insert("schema_validation_errors".into(), list.collect());
                let why = "The identity schema does not take what the mapper made.";
                payload.insert(
                    "error".into(),
                    error("schema_validate", "traits_invalid", &why),
                );
            }
        }
    }
    Ok(Value::Object(payload))
}

fn error(step: &str, reason: &str, message: &dyn std::fmt::Display) -> Value {
    json!({"step": step, "reason": reason, "message": message.to_string()})
}

/// Removes such a flow. One that holds what came from a provider is removed by the browser that it belongs to.
pub async fn delete(cx: &Cx, id: Option<&str>) -> Result<(), Problem> {
    let id = id.and_then(|id| Uuid::parse_str(id).ok());
    let id = id.ok_or_else(|| {
        Problem::BadRequest("The query parameter id is to be a flow's id.".into())
    })?;
    let mut conn = cx.write().await?;
    let found = bia_store::flow::find(&mut conn, FlowKind::Login, id).await?;
    let flow = found.filter(is).ok_or_else(|| {
        Problem::NotFound("There is no flow of this id that tries a provider out.".into())
    })?;
    if is_captured(&flow) {
        engine::check_csrf_of_reader(cx, &flow)
            .map_err(|_| Problem::Forbidden("This flow belongs to another browser.".into()))?;
    }
    Ok(bia_store::flow::delete(&mut conn, flow.id).await?)
}
