//! How an identity can sign in, and what is asked of it: for operators who are asked why somebody cannot.

use bia_model::{Identity, timestamp};
use bia_store::mfa::Record;
use serde_json::{Value, json};

use super::explain;
use super::locks;
use super::read::get;
use crate::cx::Cx;
use crate::method::{self, METHODS};
use crate::mfa::{self, Policy, Reason};
use crate::problem::Problem;

/// What `GET /admin/identities/{id}/bia/access` answers. Holds no secrets.
pub async fn access(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let identity = get(cx, id).await?;
    let mut conn = cx.read().await?;
    let record = bia_store::mfa::find(&mut conn, identity.id).await?;
    drop(conn);
    let mut access = summary(cx, &identity);
    let more = json!({
        "schema_id": identity.schema_id,
        "identifiers": identifiers(&identity),
        "mfa": policy(cx, &identity, &record),
        "locks": locks::of(cx, &identity).await?,
        "last_refusals": explain::of_identity(cx, identity.id).await?,
    });
    if let (Some(access), Value::Object(more)) = (access.as_object_mut(), more) {
        access.extend(more);
    }
    Ok(access)
}

/// The short of it: whether and by what an identity (given with credentials) can sign in.
pub(super) fn summary(cx: &Cx, identity: &Identity) -> Value {
    json!({
        "id": identity.id,
        "state": identity.state,
        "can_sign_in": identity.is_active() && signs_in(cx, identity),
        "methods": methods(cx, identity),
        "available_aal": method::available_aal(cx.config(), identity),
    })
}

fn signs_in(cx: &Cx, identity: &Identity) -> bool {
    let config = cx.config();
    let mut methods = METHODS.iter().filter(|m| m.is_enabled(config));
    methods.any(|m| m.first_factors(config, identity) > 0)
}

fn identifiers(identity: &Identity) -> Vec<Value> {
    let of = |c: &bia_model::Credential| {
        let kind = c.kind;
        let names = c.identifiers.clone().into_iter();
        names.map(move |name| json!({"type": kind, "identifier": name}))
    };
    identity.credentials.iter().flat_map(of).collect()
}

/// The methods that the identity has something for, those that are switched off included.
fn methods(cx: &Cx, identity: &Identity) -> Vec<Value> {
    let config = cx.config();
    let described = |m: &&dyn method::Method| {
        let first = m.first_factors(config, identity);
        let second = m.second_factors(config, identity);
        (first + second > 0).then(|| {
            json!({
                "method": m.name(),
                "enabled": m.is_enabled(config),
                "first_factors": first,
                "second_factors": second,
            })
        })
    };
    METHODS.iter().filter_map(described).collect()
}

fn policy(cx: &Cx, identity: &Identity, record: &Record) -> Value {
    let policy = mfa::policy(cx, identity, record);
    let able = policy.able(cx.config(), identity);
    let satisfied = !policy.required || !able.is_empty();
    let (kind, rule) = match policy.reason {
        Reason::NotConfigured => ("not_configured", None),
        Reason::Override => ("override", None),
        Reason::Rule(at) => ("rule", Some(at)),
        Reason::Default => ("default", None),
    };
    let counting = policy.required && !satisfied && !policy.grace.is_zero();
    let started = record.grace_started_at.filter(|_| counting);
    let factors: Vec<_> = able.second.iter().chain(&able.alone).collect();
    json!({
        "required": policy.required,
        "because": kind,
        "rule": rule,
        "reason": reason(&policy, identity),
        "override": identity.mfa,
        "methods": policy.methods,
        "factors": if policy.required { json!(factors) } else { Value::Null },
        "satisfied": satisfied,
        "grace_seconds": policy.grace.whole_seconds(),
        "grace_started_at": started.map(timestamp::json),
        "enrol_by": started.map(|start| timestamp::json(mfa::end_of_grace(start, &policy))),
    })
}

/// The same as a sentence.
fn reason(policy: &Policy, identity: &Identity) -> String {
    match policy.reason {
        Reason::NotConfigured if identity.mfa.is_some() => {
            "bia.mfa is not configured, so that nobody needs a second factor; what is said of this identity will count once it is."
                .into()
        }
        Reason::NotConfigured => {
            "bia.mfa is not configured, so that nobody needs a second factor.".into()
        }
        Reason::Override if policy.required => {
            "An operator said so of this identity (its bia.mfa). Methods and grace are those of the first rule that it fits, if there is one.".into()
        }
        Reason::Override => "An operator said so of this identity (its bia.mfa).".into(),
        Reason::Rule(at) => format!("bia.mfa.rules[{at}] is the first rule that this identity fits."),
        Reason::Default => "No rule is about this identity, so that bia.mfa.default decides.".into(),
    }
}
