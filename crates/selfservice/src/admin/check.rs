//! What every write checks, and what is said of a store's refusal.

use bia_model::{Identity, IdentityState, schema};

use crate::cx::Cx;
use crate::identity::{self, IDENTIFIER_CHARS};
use crate::method::Refusal;
use crate::problem::Problem;

/// The names that `region` may have. It is echoed, nothing else.
const REGIONS: [&str; 8] = [
    "eu-central",
    "asia-northeast",
    "us-east",
    "us-west",
    "eu",
    "asia",
    "us",
    "global",
];

/// The most characters of an external id: what every database can keep.
const EXTERNAL_ID_CHARS: usize = 64;

/// Says no more than that: who else has it is not for everybody who may create identities.
pub(super) const TAKEN: &str =
    "Another identity already has one of these identifiers, addresses or the external id.";

/// Validates an identity against its schema, and derives identifiers, addresses and level.
pub(super) fn validate(cx: &Cx, candidate: &mut Identity) -> Result<(), Problem> {
    let Some((_, found)) = cx.runtime.schemas.find(&candidate.schema_id) else {
        return Err(Problem::BadRequest(format!(
            "There is no identity schema with the id {:?}. GET /schemas lists those that are configured.",
            candidate.schema_id
        )));
    };
    let found = found.clone();
    let derived = found
        .validate(&candidate.traits)
        .map_err(|v| Problem::BadRequest(schema::reason(&v)))?;
    identity::apply_derived(cx, candidate, derived).map_err(|refusal| match refusal {
        Refusal::Problem(problem) => problem,
        Refusal::Form(messages) => {
            let texts: Vec<String> = messages
                .into_iter()
                .map(|(_, message)| message.text)
                .collect();
            Problem::BadRequest(texts.join(" "))
        }
    })?;
    let identifiers = candidate.credentials.iter().flat_map(|c| &c.identifiers);
    if let Some(long) = identifiers
        .map(|i| i.chars().count())
        .find(|n| *n > IDENTIFIER_CHARS)
    {
        return Err(Problem::BadRequest(format!(
            "An identifier has {long} characters. At most {IDENTIFIER_CHARS} can be kept."
        )));
    }
    Ok(())
}

/// The state that a body asks for; `None` when it does not say.
pub(super) fn state(text: Option<&str>) -> Result<Option<IdentityState>, Problem> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    let wrong = || {
        Problem::BadRequest(format!(
            "The state {text:?} does not exist. It is active or inactive."
        ))
    };
    IdentityState::parse(text).map(Some).ok_or_else(wrong)
}

/// The region to be echoed.
pub(super) fn region(text: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if REGIONS.contains(&text) {
        return Ok(Some(text.to_owned()));
    }
    Err(Problem::BadRequest(format!(
        "The region {text:?} does not exist. It is one of {}.",
        REGIONS.join(", ")
    )))
}

/// An external id that can be kept; the empty one is none.
pub(super) fn external_id(text: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > EXTERNAL_ID_CHARS {
        return Err(Problem::BadRequest(format!(
            "An external_id has at most {EXTERNAL_ID_CHARS} characters."
        )));
    }
    Ok(Some(text.to_owned()))
}
