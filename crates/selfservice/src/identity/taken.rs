//! What is said when somebody else has an identifier or address already.

use bia_model::text::{self, Message};
use bia_model::{Identity, normalise};
use bia_store::Conn;
use bia_store::identity::{self as store, Expand};

use crate::cx::Cx;
use crate::method::METHODS;
use crate::problem::Problem;

/// The message for an identity that could not be stored since another one has an identifier or address
/// of it. With `registration.login_hints` it names that text and the ways in to the other account.
pub async fn message(cx: &Cx, identity: &Identity) -> Result<Message, Problem> {
    if !cx.config().selfservice.flows.registration.login_hints {
        return Ok(text::duplicate_credentials());
    }
    let mut conn = cx.read().await?;
    let Some((other, shared)) = find_other(&mut conn, identity).await? else {
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

/// Who has something of this identity already, and what: identifiers by their types' names come first,
/// then addresses to verify, then those to recover by.
pub async fn find_other(
    conn: &mut Conn,
    identity: &Identity,
) -> Result<Option<(Identity, String)>, Problem> {
    let mut credentials: Vec<_> = identity.credentials.iter().collect();
    credentials.sort_by_key(|c| c.kind.as_str());
    for credential in credentials {
        for value in &credential.identifiers {
            let normalised = normalise::identifier(value);
            if let Some(other) =
                store::find_by_identifier(conn, &[credential.kind], &normalised, value).await?
            {
                return Ok(Some((other, value.clone())));
            }
        }
    }
    for address in &identity.verifiable_addresses {
        let value = &address.value;
        if let Some(other) =
            store::find_by_verifiable_address(conn, address.via, value, value).await?
        {
            return Ok(Some((other, value.clone())));
        }
    }
    for address in &identity.recovery_addresses {
        let value = &address.value;
        if let Some(other) =
            store::find_by_recovery_address(conn, address.via, value, value).await?
        {
            return Ok(Some((other, value.clone())));
        }
    }
    Ok(None)
}
