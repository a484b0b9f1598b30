//! Storing a change of settings, and what follows from it (spec: flows.md §9).

use bia_model::{
    AuthenticationMethod, Channel, ContinueWith, Credential, Flow, FlowKind, Identity, MethodName,
    State, normalise, text,
};
use bia_store::hook_outbox::HookCall;
use bia_store::identity::Expand;
use bia_store::{StoreError, Tx, transact};

use super::{Change, fresh, require_privileged};
use crate::cx::{Caller, Cx};
use crate::hook;
use crate::identity;
use crate::method::Refusal;
use crate::mfa::{self, Enrolment};
use crate::outcome::{IssuedSession, Outcome};
use crate::problem::Problem;
use crate::return_to;
use crate::session::LiveSession;
use crate::trusted_browser;

/// The change is stored together with the flow, then the hooks run. `old` is the identity that the change
/// was made from; [`StoreError::Stale`] when it is another one by now, and then nothing was stored.
pub(super) async fn finish(
    cx: &Cx,
    flow: &mut Flow,
    live: &LiveSession,
    old: &Identity,
    change: Change,
) -> Result<Outcome, Refusal> {
    let Change {
        method,
        identity: mut changed,
        proved,
    } = change;
    let return_to = ends_at(cx, flow, method)?;
    identity::apply_schema(cx, &mut changed)?;
    if let Some(waits) = hook::before_saving(cx, flow, method, live, (old, &mut changed)).await? {
        return Ok(waits);
    }
    if touches_credentials(old, &changed) {
        require_privileged(cx, flow, live).await?;
    }
    mfa::keep_a_factor(cx, old, &changed).await?;
    let enrolment = still_enrolling(cx, live, &changed, proved.as_ref()).await?;
    let follower = fresh(cx, flow.client, &changed, enrolment.as_ref()).await?;
    let saved = shown_as_saved(flow, &follower);
    let told = (old, &changed);
    let calls = hook::calls_of_settings(cx, &saved, method, &live.session, told).await;
    let unit = Unit {
        old,
        saved: &saved,
        follower: &follower,
        live,
        proved: proved.as_ref(),
        calls: &calls,
        cx,
    };
    let stored: Result<(), StoreError> =
        transact!(cx.app.store, tx => unit.store(tx, &mut changed).await);
    stored.map_err(refusal)?;
    hook::wake_outbox(cx, &calls);
    *flow = saved;
    let identities = (old, &mut changed);
    let hooks = hook::after_settings(cx, flow, method, &live.session, identities).await?;
    if hooks.revoke_others {
        revoke_others(cx, live).await?;
    }
    if cx.caller(flow) == Caller::Spa {
        flow.continue_with.push(ContinueWith::RedirectBrowserTo {
            redirect_browser_to: return_to.clone(),
        });
    }
    flow.transient_payload = None;
    let issued = (!flow.is_native()).then(|| reissue(cx, live, &changed));
    let flow = Box::new(flow.clone());
    Ok(Outcome::Saved {
        flow,
        identity: Box::new(changed),
        issued,
        return_to,
    })
}

/// Whether the session, with what is proven by the change, still is of no use but for setting up a second factor.
async fn still_enrolling(
    cx: &Cx,
    live: &LiveSession,
    changed: &Identity,
    proved: Option<&AuthenticationMethod>,
) -> Result<Option<Enrolment>, Problem> {
    let mut session = live.session.clone();
    if let Some(proved) = proved {
        session.add_method(proved.clone(), cx.now);
    }
    match mfa::ask(cx, &session, changed).await? {
        Some(asked) => Ok(Enrolment::of(asked.check(cx, None)).unwrap_or(None)),
        None => Ok(None),
    }
}

/// Where saved settings lead; by default to the form again.
fn ends_at(cx: &Cx, flow: &Flow, method: MethodName) -> Result<String, Problem> {
    let after = &cx.config().selfservice.flows.settings.after;
    let page = return_to::page(cx, FlowKind::Settings, flow.id);
    let page = bia_config::RedirectUrl::parse(&page)
        .ok_or_else(|| Problem::Internal("the page of settings is not a URL".into()))?;
    return_to::resolve(cx, flow, after.return_url(method.as_str()).unwrap_or(&page))
}

/// Whether a change reaches what somebody signs in with or is reached by. Configs are compared as JSON, and
/// everything in one order: databases give members and rows back in an order of their own. Old rows that are
/// only spelled anew are no change.
fn touches_credentials(old: &Identity, new: &Identity) -> bool {
    let credentials = |i: &Identity| {
        let all = i.credentials.iter();
        let mut all: Vec<_> = all
            .map(|c| (c.kind, identifiers(c), c.config.clone()))
            .collect();
        all.sort_by_key(|(kind, ..)| *kind);
        all
    };
    credentials(old) != credentials(new) || addresses(old) != addresses(new)
}

/// All addresses by what they are for, how they are reached, and their spelling.
fn addresses(identity: &Identity) -> Vec<(bool, Channel, String)> {
    let verifiable = identity.verifiable_addresses.iter();
    let verifiable = verifiable.map(|a| (true, a.via, normalise::identifier(&a.value)));
    let recovery = identity.recovery_addresses.iter();
    let recovery = recovery.map(|a| (false, a.via, normalise::identifier(&a.value)));
    let mut all: Vec<_> = verifiable.chain(recovery).collect();
    all.sort_by(|a, b| (a.0, a.1.as_str(), &a.2).cmp(&(b.0, b.1.as_str(), &b.2)));
    all
}

/// Subjects of other providers count to the letter.
fn identifiers(credential: &Credential) -> Vec<String> {
    let to_the_letter = matches!(credential.kind, MethodName::Oidc | MethodName::Saml);
    let all = credential.identifiers.iter();
    let mut all: Vec<String> = all
        .map(|i| {
            if to_the_letter {
                i.clone()
            } else {
                normalise::identifier(i)
            }
        })
        .collect();
    all.sort();
    all
}

/// The form becomes that of a flow that would be started now, and says that the change was saved. The
/// form is sent to that other flow, as the reference's is; both are stored and serve the same.
fn shown_as_saved(flow: &Flow, follower: &Flow) -> Flow {
    let mut saved = flow.clone();
    saved.state = State::Success;
    saved.ui = follower.ui.clone();
    saved.ui.messages = vec![text::settings_saved()];
    saved.context = follower.context.clone();
    saved.csrf_token = follower.csrf_token.clone();
    saved
}

/// What is stored at once.
struct Unit<'u> {
    old: &'u Identity,
    saved: &'u Flow,
    follower: &'u Flow,
    live: &'u LiveSession,
    proved: Option<&'u bia_model::AuthenticationMethod>,
    calls: &'u [HookCall],
    cx: &'u Cx,
}

impl Unit<'_> {
    async fn store(&self, tx: &mut Tx, changed: &mut Identity) -> Result<(), StoreError> {
        let now = self.cx.now;
        bia_store::identity::lock(tx, changed.id).await?;
        if bia_store::identity::get(tx, changed.id, Expand::Credentials).await? != *self.old {
            return Err(StoreError::Stale);
        }
        bia_store::identity::update(tx, changed, now).await?;
        trusted_browser::after_change(self.cx, tx, self.old, changed).await?;
        if let Some(proved) = self.proved {
            let stored = bia_store::session::find(tx, self.live.session.id).await?;
            if let Some(mut session) = stored.filter(|s| s.is_live(now)) {
                session.add_method(proved.clone(), now);
                bia_store::session::update(tx, &session, now).await?;
            }
        }
        hook::store_calls(tx, self.calls).await?;
        bia_store::flow::insert(tx, self.follower).await?;
        bia_store::flow::overwrite(tx, self.saved).await
    }
}

fn refusal(error: StoreError) -> Refusal {
    match error {
        StoreError::Conflict { .. } => Refusal::form(text::duplicate_credentials()),
        other => Problem::from(other).into(),
    }
}

async fn revoke_others(cx: &Cx, live: &LiveSession) -> Result<(), Problem> {
    let mut conn = cx.write().await?;
    let session = &live.session;
    bia_store::session::revoke_others(&mut conn, session.identity_id, session.id, cx.now).await?;
    Ok(())
}

fn reissue(cx: &Cx, live: &LiveSession, changed: &Identity) -> Box<IssuedSession> {
    let issued = IssuedSession {
        session: live.session.clone(),
        identity: changed.clone(),
        token: live.token.to_string(),
    };
    cx.effect(|e| e.session = Some(issued.clone()));
    Box::new(issued)
}
