//! What is said when somebody else has an identifier or address already.

use bia_model::text::{self, Message};
use bia_model::{Channel, Identity, MethodName, normalise};
use bia_store::identity::{self as store, Expand};
use bia_store::{Conn, StoreError};

use crate::cx::Cx;
use crate::method::METHODS;
use crate::problem::Problem;

/// Something of an identity that only one of them can have.
#[derive(Clone, Copy, Debug)]
pub enum Name<'i> {
    /// An identifier for a method.
    Identifier(MethodName, &'i str),
    /// An address to verify.
    Verifiable(Channel, &'i str),
    /// An address to recover by.
    Recovery(Channel, &'i str),
}

impl<'i> Name<'i> {
    /// All of an identity: identifiers by their types' names come first, then addresses to verify, then those to recover
    /// by.
    pub fn all(identity: &'i Identity) -> impl Iterator<Item = Name<'i>> {
        let mut credentials: Vec<_> = identity.credentials.iter().collect();
        credentials.sort_by_key(|c| c.kind.as_str());
        let identifiers = credentials.into_iter().flat_map(|credential| {
            let all = credential.identifiers.iter();
            all.map(|value| Name::Identifier(credential.kind, value))
        });
        let verifiable = identity.verifiable_addresses.iter();
        let recovery = identity.recovery_addresses.iter();
        identifiers
            .chain(verifiable.map(|a| Name::Verifiable(a.via, &a.value)))
            .chain(recovery.map(|a| Name::Recovery(a.via, &a.value)))
    }

    /// The text.
    pub fn value(self) -> &'i str {
        match self {
            Name::Identifier(_, value) | Name::Verifiable(_, value) | Name::Recovery(_, value) => {
                value
            }
        }
    }

    /// Who has it.
    pub async fn owner(self, conn: &mut Conn) -> Result<Option<Identity>, StoreError> {
        match self {
            Name::Identifier(kind, value) => {
                let normalised = normalise::identifier(value);
                store::find_by_identifier(conn, &[kind], &normalised, value).await
            }
            Name::Verifiable(via, value) => {
                store::find_by_verifiable_address(conn, via, value, value).await
            }
            Name::Recovery(via, value) => {
                store::find_by_recovery_address(conn, via, value, value).await
            }
        }
    }
}

/// The message for an identity that could not be stored since another one has an identifier or address
/// of it. With `registration.login_hints` it names that text and the ways in to the other account, if it `may_be_told`.
pub async fn message(
    cx: &Cx,
    identity: &Identity,
    may_be_told: impl Fn(Name<'_>) -> bool + Send,
) -> Result<Message, Problem> {
    if !cx.config().selfservice.flows.registration.login_hints {
        return Ok(text::duplicate_credentials());
    }
    let mut conn = cx.read().await?;
    let Some((other, shared)) = find_other(&mut conn, identity, may_be_told).await? else {
        return Ok(text::duplicate_credentials());
    };
    let other = store::find(&mut conn, other.id, Expand::Credentials)
        .await?
        .unwrap_or(other);
    let (ways, partners) = ways_in(&other);
    Ok(text::duplicate_credentials_hints(
        &ways,
        &partners,
        shared.trim(),
    ))
}

/// The methods that an identity can sign in with, and the other servers among them; sorted.
pub fn ways_in(identity: &Identity) -> (Vec<String>, Vec<String>) {
    let ways = METHODS.iter().filter(|m| m.is_way_in(identity));
    let mut names: Vec<String> = ways.map(|m| m.name().as_str().to_owned()).collect();
    names.sort();
    let mut partners: Vec<String> = METHODS.iter().flat_map(|m| m.partners(identity)).collect();
    partners.sort();
    (names, partners)
}

/// Who has something of this identity already, and what: the first of all that `may_be_told`.
pub async fn find_other(
    conn: &mut Conn,
    identity: &Identity,
    may_be_told: impl Fn(Name<'_>) -> bool + Send,
) -> Result<Option<(Identity, String)>, Problem> {
    for name in Name::all(identity).filter(|name| may_be_told(*name)) {
        if let Some(other) = name.owner(conn).await? {
            return Ok(Some((other, name.value().to_owned())));
        }
    }
    Ok(None)
}
