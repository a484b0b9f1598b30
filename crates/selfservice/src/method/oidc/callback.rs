//! Coming back from a provider (spec: oidc.md §3).

use bia_config::section::oidc::{OidcProvider, ProviderKind};
use bia_model::{ClientType, Flow, FlowKind, MethodName};

use super::arrival::{Arrival, Vouched};
use super::journey::{self, Journey, State};
use super::registration::object;
use super::token::plain;
use super::trial::Setback;
use super::{
    login, native, oauth1, provider as rules, registration, settings, token, trial, vendor,
};
use crate::cx::Cx;
use crate::engine;
use crate::flow;
use crate::method::Refusal;
use crate::outcome::Outcome;
use crate::problem::{Problem, StartOver};
use crate::return_to;
use crate::session::LiveSession;
use crate::why::Why;

/// Takes a browser that a provider sent back. `named` is the provider in the path, where it stands there. Gives the
/// kind of flow that this was about, as far as that is known.
pub async fn callback(cx: &Cx, named: Option<&str>) -> (FlowKind, Result<Outcome, Problem>) {
    match read_state(cx, named) {
        Ok(state) => (state.kind, resume(cx, &state).await),
        Err(problem) => (FlowKind::Login, Err(problem)),
    }
}

fn read_state(cx: &Cx, named: Option<&str>) -> Result<State, Problem> {
    let refused = |reason: &str| Problem::BadRequest(reason.to_owned());
    let sent = cx.request.query("state").filter(|s| !s.is_empty());
    let sent = sent.ok_or_else(|| refused("The provider did not send back the parameter state. Start again from the sign-in page."))?;
    let state = State::open(cx, sent).ok_or_else(|| {
        refused(
            "The parameter state was not made by this server. Start again from the sign-in page.",
        )
    })?;
    if named.is_some_and(|id| id != state.provider) {
        return Err(refused(
            "The parameter state belongs to another provider than this address. Start again from the sign-in page.",
        ));
    }
    Ok(state)
}

async fn resume(cx: &Cx, state: &State) -> Result<Outcome, Problem> {
    let mut flow = engine::load(cx, state.kind, state.flow).await?;
    // It is a browser that came, whoever the flow is for.
    cx.effect(|e| e.client = Some(ClientType::Browser));
    let live = cx.session().await?.cloned();
    if flow.kind == FlowKind::Settings {
        check_owner(&flow, live.as_ref())?;
    }
    if flow.is_expired(cx.now) {
        let (named, start_over) = (true, StartOver::Unsaid);
        return Err(Problem::FlowGone { named, start_over });
    }
    if let Some(home) = signed_in_already(cx, &flow, live.as_ref())? {
        return Ok(home);
    }
    let journey = journey::arrive(cx, &mut flow, &state.ticket).await?;
    let provider = rules::find(cx.config(), &journey.provider)?;
    let vouched = vouched(cx, provider, &journey).await;
    if trial::is(&flow) {
        return trial::capture(cx, flow, provider, vouched).await;
    }
    let vouched = vouched.map_err(|setback| setback.problem);
    dispatch(cx, flow, live, provider, journey, vouched).await
}

fn check_owner(flow: &Flow, live: Option<&LiveSession>) -> Result<(), Problem> {
    let live = live.ok_or(Problem::SessionInactive {
        credentials_missing: false,
    })?;
    if flow.identity_id == Some(live.session.identity_id) {
        Ok(())
    } else {
        Err(Problem::IdentityMismatch)
    }
}

/// Who is signed in already is sent on, unless the flow was made for that. The session of the browser that an app
/// opened is none of the app's.
fn signed_in_already(
    cx: &Cx,
    flow: &Flow,
    live: Option<&LiveSession>,
) -> Result<Option<Outcome>, Problem> {
    let Some(live) = live.filter(|_| !flow.is_native()) else {
        return Ok(None);
    };
    let done = match flow.kind {
        FlowKind::Login => !flow.refresh && flow.requested_aal <= live.session.aal,
        FlowKind::Registration => true,
        _ => false,
    };
    if !done {
        return Ok(None);
    }
    let url = return_to::resolve(cx, flow, return_to::default_url(cx))?;
    Ok(Some(Outcome::Redirect { url }))
}

/// What the provider says about the one who came back.
async fn vouched(cx: &Cx, provider: &OidcProvider, journey: &Journey) -> Result<Vouched, Setback> {
    let sent = |name: &str| cx.request.query(name).filter(|v| !v.is_empty());
    if let Some(error) = sent("error") {
        let problem = Problem::BadRequest(format!(
            "The provider answered with the error {:?} instead of a code.",
            plain(error)
        ));
        return Err(Setback::at("provider_denied")(problem));
    }
    // DingTalk has a name of its own for it.
    let code = sent("code").or_else(|| sent("authCode"));
    if provider.kind == ProviderKind::X {
        let secret = journey.request_secret.as_deref().unwrap_or_default();
        let claims = oauth1::claims(cx, provider, secret).await;
        return claims
            .map(Vouched::bare)
            .map_err(Setback::at("claims_decode"));
    }
    let code = code.ok_or_else(|| {
        let problem = Problem::BadRequest("The provider did not send back a code.".into());
        Setback::at("callback")(problem)
    })?;
    let tokens = token::exchange(cx, provider, code, journey.verifier.as_deref()).await;
    let tokens = tokens.map_err(Setback::at("token_exchange"))?;
    let claims = vendor::claims(cx, provider, &tokens).await;
    let claims = claims.map_err(Setback::at("claims_decode"))?;
    Vouched::with_tokens(cx, claims, &tokens).map_err(Setback::at("callback"))
}

async fn dispatch(
    cx: &Cx,
    mut flow: Flow,
    live: Option<LiveSession>,
    provider: &OidcProvider,
    journey: Journey,
    vouched: Result<Vouched, Problem>,
) -> Result<Outcome, Problem> {
    flow.transient_payload = Some(journey.payload);
    let came = vouched.map(|vouched| Arrival {
        provider,
        vouched,
        traits: object(&journey.traits),
        in_browser: true,
    });
    let came = came.map_err(|problem| {
        cx.because_of(Why::ProviderRefused, &provider.id);
        Refusal::from(problem)
    });
    let (origin, code) = (flow.clone(), native::return_code(cx, &flow).await?);
    let outcome = match flow.kind {
        FlowKind::Login => {
            flow.active = Some(MethodName::Oidc);
            let step = match came {
                Ok(arrival) => login::enter(cx, &mut flow, &arrival).await,
                Err(refusal) => Err(refusal),
            };
            let live = live.filter(|_| !flow.is_native());
            flow::login::conclude(cx, flow, live.as_ref(), MethodName::Oidc, step).await?
        }
        FlowKind::Registration => {
            let step = match came {
                Ok(arrival) => {
                    flow.active = Some(MethodName::Oidc);
                    registration::enter(cx, &mut flow, &arrival).await
                }
                Err(refusal) => Err(refusal),
            };
            flow::registration::conclude(cx, flow, None, MethodName::Oidc, step).await?
        }
        _ => {
            let live = live.ok_or(Problem::SessionInactive {
                credentials_missing: false,
            })?;
            return match came {
                Ok(arrival) => {
                    flow.active = Some(MethodName::Oidc);
                    let link = |identity| settings::link_to(cx, &arrival, identity);
                    flow::settings::resume(cx, flow, &live, MethodName::Oidc, link).await
                }
                Err(refusal) => flow::settings::resume_refused(cx, flow, &live, refusal).await,
            };
        }
    };
    match code {
        Some(code) => native::hand_back(cx, &origin, &code, outcome).await,
        None => Ok(outcome),
    }
}
