//! Sessions: who a request belongs to, what level it has, issuing a new one (spec: sessions.md).

pub mod signing_key;
pub mod tokenize;

use std::ops::Deref;
use std::sync::Arc;

use bia_config::RequiredAal;
use bia_model::{Aal, AuthenticationMethod, Device, Identity, Session};
use bia_store::identity::Expand;
use bia_store::{Tx, session as sessions};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::cx::Cx;
use crate::mfa::{self, Asked, Demand};
use crate::outcome::IssuedSession;
use crate::problem::Problem;
use crate::why::Why;
use crate::{method, return_to, token, trusted_browser};

/// A session that a request's credentials belong to.
///
/// It reads as the session (neither revoked nor expired) and the identity (without credentials) that it is made of.
#[derive(Clone)]
pub struct LiveSession {
    found: Arc<sessions::LiveSession>,
    /// The token that was presented. A secret.
    pub token: Arc<str>,
}

impl LiveSession {
    /// One that was just made.
    pub(crate) fn of(issued: &IssuedSession) -> LiveSession {
        let found = sessions::LiveSession::new(issued.session.clone(), issued.identity.clone());
        LiveSession {
            found: Arc::new(found),
            token: issued.token.as_str().into(),
        }
    }

    /// The same, to be handed out once more.
    pub fn handed_out_again(&self) -> IssuedSession {
        IssuedSession {
            session: self.session.clone(),
            identity: self.identity.clone(),
            token: self.token.to_string(),
        }
    }
}

impl Deref for LiveSession {
    type Target = sessions::LiveSession;

    fn deref(&self) -> &sessions::LiveSession {
        &self.found
    }
}

impl std::fmt::Debug for LiveSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveSession")
            .field("session", &self.session.id)
            .finish_non_exhaustive()
    }
}

/// The live session of the request's credentials, in one statement; also that of an inactive identity.
pub(crate) async fn find_live(cx: &Cx) -> Result<Option<LiveSession>, Problem> {
    let Some(token) = &cx.request.credentials.token else {
        return Ok(None);
    };
    find_by_token(cx, token).await
}

/// The live session that a token belongs to.
pub async fn find_by_token(cx: &Cx, token: &str) -> Result<Option<LiveSession>, Problem> {
    let candidates = cx.runtime.keys.session_token_candidates(token);
    if candidates.is_empty() {
        return Ok(None);
    }
    let (store, remembered) = (&cx.app.store, &cx.app.sessions);
    let found = remembered.find(store, &candidates, cx.now).await?;
    Ok(found.map(|found| LiveSession {
        found,
        token: token.into(),
    }))
}

/// Whether what the request presents is not a session's token, but one that a session was turned into for
/// other services: three parts, the first a JSON object.
pub fn is_token_for_others(cx: &Cx) -> bool {
    let token = cx.request.credentials.token.as_deref();
    token.is_some_and(|t| t.starts_with("eyJ") && t.split('.').count() == 3)
}

/// The session that `whoami` and other calls need: one that is live, at the level that is required.
pub async fn require(cx: &Cx) -> Result<&LiveSession, Problem> {
    let credentials_sent = cx.request.credentials.token.is_some();
    if let Some(live) = cx.session().await? {
        return Ok(live);
    }
    // Whoever was switched off is told no more than somebody without a session; operators are.
    if let Some(live) = cx.known_session() {
        cx.meant(live.identity.id);
        cx.because(Why::IdentityInactive);
    }
    Err(Problem::NoSession { credentials_sent })
}

/// Checks that a session has the level and the factors that it needs: those of its MFA policy, where one requires
/// some, else the stock level. Gives what the policy asks of it.
///
/// Somebody who needs a factor and has none that does still gives those that they have, before they set one up.
/// `return_to` is carried in the URL to which the session's owner is led.
pub async fn check_aal(
    cx: &Cx,
    live: &LiveSession,
    required: RequiredAal,
    return_to: Option<&str>,
) -> Result<Option<Asked>, Problem> {
    let asked = mfa::ask(cx, &live.session, &live.identity).await?;
    let demand = asked.as_ref().map(|asked| &asked.demand);
    if demand.is_none() || matches!(demand, Some(Demand::Enrol { .. })) {
        check_level(cx, live, required, return_to).await?;
    }
    if let Some(asked) = &asked {
        asked.check(cx, return_to)?;
    }
    Ok(asked)
}

/// Checks the level of a session (sessions.md §5). A level that had to be computed is stored.
async fn check_level(
    cx: &Cx,
    live: &LiveSession,
    required: RequiredAal,
    return_to: Option<&str>,
) -> Result<(), Problem> {
    let has = Aal::of_methods(&live.session.authentication_methods);
    if trusted_browser::stands_for(cx.config(), &live.session).is_some() {
        return Ok(());
    }
    if has >= Aal::Aal2 || (required == RequiredAal::Aal1 && has >= Aal::Aal1) {
        return Ok(());
    }
    if required == RequiredAal::HighestAvailable
        && available_aal(cx, &live.identity).await? < Aal::Aal2
    {
        return Ok(());
    }
    Err(Problem::Aal2Required {
        redirect_to: second_factor_url(cx, return_to),
    })
}

/// As [`check_aal`] asks it of settings, whatever browser the session is in: where a trusted one does not do.
pub async fn check_factor_itself(cx: &Cx, live: &LiveSession, back: &str) -> Result<(), Problem> {
    if live.session.trusted_browser().is_none() {
        return Ok(());
    }
    let mut plain = live.handed_out_again();
    plain.session = plain.session.without_trust();
    let required = cx.config().selfservice.flows.settings.required_aal;
    check_aal(cx, &LiveSession::of(&plain), required, Some(back))
        .await
        .map(drop)
}

/// Where a second factor can be given.
pub fn second_factor_url(cx: &Cx, return_to: Option<&str>) -> String {
    let mut pairs = vec![("aal", "aal2")];
    pairs.extend(return_to.map(|r| ("return_to", r)));
    return_to::own(cx, "/self-service/login/browser", &pairs)
}

/// The highest level that an identity can reach: as stored, else computed and stored.
pub async fn available_aal(cx: &Cx, identity: &Identity) -> Result<Aal, Problem> {
    if let Some(known) = identity.available_aal {
        return Ok(known);
    }
    let mut conn = cx.read().await?;
    let Some(whole) =
        bia_store::identity::find(&mut conn, identity.id, Expand::Credentials).await?
    else {
        return Ok(Aal::Aal0);
    };
    drop(conn);
    let computed = method::available_aal(cx.config(), &whole);
    let mut conn = cx.write().await?;
    bia_store::identity::set_available_aal(&mut conn, identity.id, computed).await?;
    Ok(computed)
}

/// A session that is about to be stored.
pub struct Draft {
    /// The session with its token and identity.
    pub issued: IssuedSession,
    /// Whether its row exists already and is to be updated.
    pub exists: bool,
}

/// A new session of an identity, with one completed method. Nothing is stored yet.
///
/// Errs when the identity is inactive.
pub fn start(cx: &Cx, identity: Identity, by: AuthenticationMethod) -> Result<Draft, Problem> {
    cx.meant(identity.id);
    if !identity.is_active() {
        cx.because(Why::IdentityInactive);
        return Err(Problem::IdentityDisabled(identity.id));
    }
    let now = cx.now;
    let mut session = Session {
        id: Uuid::new_v4(),
        identity_id: identity.id,
        active: true,
        issued_at: now,
        authenticated_at: now,
        expires_at: now,
        aal: Aal::Aal0,
        authentication_methods: Vec::new(),
        devices: vec![device(cx)],
        logout_token: token::logout_token(),
        created_at: now,
    };
    session.authenticate(by, now, lifespan(cx));
    let issued = IssuedSession {
        session,
        identity,
        token: token::session_token(),
    };
    Ok(Draft {
        issued,
        exists: false,
    })
}

/// The session of somebody who proved another factor, or a factor again: the same row, the same token.
///
/// Errs when the identity is inactive.
pub fn renew(
    cx: &Cx,
    live: &LiveSession,
    identity: Identity,
    by: AuthenticationMethod,
) -> Result<Draft, Problem> {
    if !identity.is_active() {
        cx.because(Why::IdentityInactive);
        return Err(Problem::IdentityDisabled(identity.id));
    }
    let mut session = live.session.clone();
    session.authenticate(by, cx.now, lifespan(cx));
    session.issued_at = cx.now;
    session.devices.push(device(cx));
    let issued = IssuedSession {
        session,
        identity,
        token: live.token.to_string(),
    };
    Ok(Draft {
        issued,
        exists: true,
    })
}

/// Stores a drafted session.
pub async fn store(cx: &Cx, tx: &mut Tx, draft: &Draft) -> Result<(), Problem> {
    let session = &draft.issued.session;
    if draft.exists {
        sessions::update(tx, session, cx.now).await?;
    } else {
        let stored = cx.runtime.keys.stored_session_token(&draft.issued.token);
        sessions::insert(tx, session, &stored).await?;
    }
    Ok(())
}

fn lifespan(cx: &Cx) -> Duration {
    signed(cx.config().session.lifespan)
}

/// A configured duration as a difference of times.
pub(crate) fn signed(duration: std::time::Duration) -> Duration {
    Duration::try_from(duration).unwrap_or(Duration::MAX)
}

fn device(cx: &Cx) -> Device {
    let origin = &cx.request.origin;
    Device {
        id: Uuid::new_v4(),
        ip_address: Some(origin.ip_address.clone()),
        user_agent: origin.user_agent.clone(),
        location: Some(origin.location.clone()),
    }
}

/// Whether a session's last sign-in is recent enough for changes to credentials (flows.md §9). A
/// configured age of zero asks for nothing.
pub fn is_privileged(cx: &Cx, session: &Session) -> bool {
    cx.config()
        .selfservice
        .flows
        .settings
        .privileged_session_max_age
        .is_zero()
        || is_recent(cx, session)
}

/// As [`is_privileged`], but an age of zero is never reached: how passwords are guarded.
pub fn is_recent(cx: &Cx, session: &Session) -> bool {
    let max_age = signed(
        cx.config()
            .selfservice
            .flows
            .settings
            .privileged_session_max_age,
    );
    is_within(session.authenticated_at, max_age, cx.now)
}

fn is_within(start: OffsetDateTime, age: Duration, now: OffsetDateTime) -> bool {
    start.checked_add(age).is_none_or(|end| end > now)
}
