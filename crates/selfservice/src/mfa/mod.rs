//! Who needs a second factor (`bia.mfa`), and what a session is asked for. All callers ask here.
//!
//! Invariants: where `bia.mfa` is not configured nothing is read and nothing is asked; whom a policy does not require
//! anything of is treated as if there were none; a policy counts as it is when a request comes, whenever the session
//! began. A session satisfies a policy by what was proven in it (its `authentication_methods`): a listed method at
//! the second level beside a first factor, or a passkey where passkeys are listed and verify their owner.

mod enrolment;
mod policy;

use std::borrow::Cow;

use bia_model::{Identity, MethodName, Session, timestamp};
use bia_store::identity::Expand;
use bia_store::mfa::{self as records, Record};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

pub use enrolment::{Enrolment, keep_a_factor};
pub use policy::{Able, Policy, Reason};

use crate::cx::Cx;
use crate::identity::schema_url;
use crate::problem::Problem;
use crate::{return_to, session};

/// What a policy asks of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It is satisfied.
    Nothing,
    /// One of the factors that the account has.
    StepUp(Able),
    /// That the account gets a factor.
    Enrol {
        /// Until when there is time for that.
        by: OffsetDateTime,
        /// By which methods of the settings.
        methods: Vec<MethodName>,
    },
}

/// What is asked of somebody who needs a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The policy.
    pub policy: Policy,
    /// What it asks for.
    pub demand: Demand,
}

/// The policy of an identity.
pub fn policy(cx: &Cx, identity: &Identity, record: &Record) -> Policy {
    let mfa = cx.config().bia.mfa.as_ref();
    // Nothing looks at the document where there are no rules.
    let document = match mfa {
        Some(mfa) if !mfa.rules.is_empty() => document(cx, identity),
        _ => Value::Null,
    };
    Policy::of(mfa, record.policy, &document)
}

/// What rules see of an identity.
fn document(cx: &Cx, identity: &Identity) -> Value {
    let mut json = identity.admin_json(&schema_url(cx, identity), None);
    if let Value::Object(members) = &mut json {
        members.shift_remove("bia");
    }
    json
}

/// The policy of an identity if it requires something, and what is kept for it.
async fn required(cx: &Cx, identity: &Identity) -> Result<Option<(Policy, Record)>, Problem> {
    if cx.config().bia.mfa.is_none() {
        return Ok(None);
    }
    let mut conn = cx.read().await?;
    let record = records::find(&mut conn, identity.id).await?;
    drop(conn);
    let policy = policy(cx, identity, &record);
    Ok(policy.required.then_some((policy, record)))
}

/// What is asked of a session; `None` where no policy requires anything of its identity.
///
/// Whoever is met for the first time without a factor has their grace begun.
pub async fn ask(
    cx: &Cx,
    session: &Session,
    identity: &Identity,
) -> Result<Option<Asked>, Problem> {
    let Some((policy, record)) = required(cx, identity).await? else {
        return Ok(None);
    };
    if policy.is_met_by(cx.config(), session) {
        let demand = Demand::Nothing;
        return Ok(Some(Asked { policy, demand }));
    }
    let able = policy.able(cx.config(), &*whole(cx, identity).await?);
    let demand = if able.is_empty() {
        Demand::Enrol {
            by: deadline(cx, identity, &policy, &record).await?,
            methods: policy.enrolled_by(cx.config()),
        }
    } else {
        Demand::StepUp(able)
    };
    Ok(Some(Asked { policy, demand }))
}

async fn whole<'i>(cx: &Cx, identity: &'i Identity) -> Result<Cow<'i, Identity>, Problem> {
    if !identity.credentials.is_empty() {
        return Ok(Cow::Borrowed(identity));
    }
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find(&mut conn, identity.id, Expand::Credentials).await?;
    found.map(Cow::Owned).ok_or(Problem::NoSession {
        credentials_sent: true,
    })
}

/// When the time ends that somebody without a factor has.
async fn deadline(
    cx: &Cx,
    identity: &Identity,
    policy: &Policy,
    record: &Record,
) -> Result<OffsetDateTime, Problem> {
    if policy.grace.is_zero() {
        return Ok(cx.now);
    }
    let start = match record.grace_started_at {
        Some(start) => start,
        None => {
            let (id, now) = (identity.id, cx.now);
            bia_store::transact!(cx.app.store, tx => records::start_grace(tx, id, now).await)
                .map_err(Problem::from)?
        }
    };
    Ok(end_of_grace(start, policy))
}

/// When a grace ends that began at a time.
pub fn end_of_grace(start: OffsetDateTime, policy: &Policy) -> OffsetDateTime {
    start.checked_add(policy.grace).unwrap_or(start)
}

/// The methods that a login flow of somebody who is signed in is narrowed to; `None` where it is not. A second step
/// (`is_second`) has the factors of theirs that satisfy the policy, and no weaker ones; who has such as are given
/// alone only, and still owes one, signs in again with that.
pub async fn offered(
    cx: &Cx,
    live: &session::LiveSession,
    is_second: bool,
) -> Result<Option<Vec<MethodName>>, Problem> {
    let Some((policy, _)) = required(cx, &live.identity).await? else {
        return Ok(None);
    };
    let able = policy.able(cx.config(), &*whole(cx, &live.identity).await?);
    let owes = !policy.is_met_by(cx.config(), &live.session);
    Ok(match is_second {
        true => Some(able.second).filter(|m| !m.is_empty()),
        false => Some(able.alone).filter(|m| owes && able.second.is_empty() && !m.is_empty()),
    })
}

/// Whether a second step is needed though the session has reached its level: by a factor that does not satisfy
/// the policy.
pub async fn owes_second_step(cx: &Cx, live: &session::LiveSession) -> Result<bool, Problem> {
    let asked = ask(cx, &live.session, &live.identity).await?;
    Ok(asked.is_some_and(
        |asked| matches!(asked.demand, Demand::StepUp(able) if !able.second.is_empty()),
    ))
}

/// Errs when a policy keeps a session from being used. What the stock levels ask for is not looked at.
pub async fn check(cx: &Cx, live: &session::LiveSession) -> Result<(), Problem> {
    match ask(cx, &live.session, &live.identity).await? {
        Some(asked) => asked.check(cx, None),
        None => Ok(()),
    }
}

impl Asked {
    /// Errs with what has to be done before the session can be used. `return_to` is carried along.
    pub fn check(&self, cx: &Cx, return_to: Option<&str>) -> Result<(), Problem> {
        match &self.demand {
            Demand::Nothing => Ok(()),
            Demand::StepUp(able) => Err(Problem::Aal2Required {
                redirect_to: step_up_url(cx, able, return_to),
            }),
            Demand::Enrol { by, .. } if *by > cx.now => Ok(()),
            Demand::Enrol { methods, .. } => Err(enrolment_first(cx, return_to, methods)),
        }
    }

    /// When the time ends in which the session may be used without a factor; `None` where no such time runs.
    pub fn grace_ends(&self) -> Option<OffsetDateTime> {
        match &self.demand {
            Demand::Enrol { by, .. } => Some(*by),
            Demand::Nothing | Demand::StepUp(_) => None,
        }
    }

    /// What sessions say of it, as the member `mfa` of `bia`.
    pub fn json(&self) -> Value {
        let mut members = Map::new();
        members.insert("required".into(), json!(true));
        let satisfied = self.demand == Demand::Nothing;
        members.insert("satisfied".into(), json!(satisfied));
        if let Some(methods) = &self.policy.methods {
            members.insert("methods".into(), json!(methods));
        }
        if let Demand::Enrol { by, .. } = &self.demand {
            members.insert("enrol_by".into(), timestamp::json(*by));
        }
        Value::Object(members)
    }
}

/// Where one of the factors can be given.
fn step_up_url(cx: &Cx, able: &Able, return_to: Option<&str>) -> String {
    if !able.second.is_empty() {
        return session::second_factor_url(cx, return_to);
    }
    let mut pairs = vec![("refresh", "true")];
    pairs.extend(return_to.map(|r| ("return_to", r)));
    return_to::own(cx, "/self-service/login/browser", &pairs)
}

/// A factor has to be set up before anything else.
fn enrolment_first(cx: &Cx, return_to: Option<&str>, methods: &[MethodName]) -> Problem {
    let pairs: Vec<(&str, &str)> = return_to.map(|r| ("return_to", r)).into_iter().collect();
    Problem::EnrolmentRequired {
        redirect_to: return_to::own(cx, "/self-service/settings/browser", &pairs),
        native: return_to::own(cx, "/self-service/settings/api", &[]),
        methods: methods.to_vec(),
    }
}
