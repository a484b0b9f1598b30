//! Finding one identity by what a person types.
//!
//! Texts are compared again after the database did: MySQL's usual collations take `ü` for `u`.

use bia_model::{Channel, Identity, MethodName};
use uuid::Uuid;

use super::columns::{
    JOINED_ROWS, gather, identity_columns, join_addresses, recovery_columns, verifiable_columns,
};
use super::{Expand, complete, credential, find};
use crate::args;
use crate::db::{Conn, Row, StoreError, Value};

/// The identity that has the identifier in a credential of one of the types, with its credentials.
///
/// Both the normalised and the raw text are looked for, and a raw match wins: old rows may hold
/// texts that were not normalised (identity.md §3).
pub async fn find_by_identifier(
    conn: &mut Conn,
    types: &[MethodName],
    normalised: &str,
    raw: &str,
) -> Result<Option<Identity>, StoreError> {
    let raw = askable(raw, normalised);
    let types: Vec<Value<'_>> = types
        .iter()
        .map(|t| credential::type_id(*t).map(Value::from))
        .collect::<Result<_, _>>()?;
    let nid = conn.nid();
    let rows = conn
        .fetch_all_in(
            concat!(
                "SELECT ", identity_columns!(), ", ", verifiable_columns!(), ", ", recovery_columns!(), ", k.identifier",
                " FROM identity_credential_identifiers k JOIN identities i ON i.id = k.identity_id", join_addresses!(),
                " WHERE k.nid = $1 AND k.identifier IN ($2, $3) AND k.identity_credential_type_id IN ($*) LIMIT 200"
            ),
            &[nid.into(), normalised.into(), raw.into()],
            types,
        )
        .await?;
    let mut matches = Vec::new();
    for row in &rows {
        let mut c = row.columns("identity_credential_identifiers");
        let id: Uuid = c.take()?;
        c.skip(25);
        matches.push((id, c.take::<String>()?));
    }
    let Some(id) = better(&matches, normalised, raw) else {
        return Ok(None);
    };
    let full = rows.len() >= JOINED_ROWS;
    let found: Vec<Identity> = gather(&rows)?.into_iter().filter(|i| i.id == id).collect();
    complete(conn, found, Expand::Credentials, full)
        .await
        .map(|mut found| found.pop())
}

/// The identity that has the verifiable address, with its credentials. Raw and normalised as in [`find_by_identifier`].
pub async fn find_by_verifiable_address(
    conn: &mut Conn,
    via: Channel,
    normalised: &str,
    raw: &str,
) -> Result<Option<Identity>, StoreError> {
    let raw = askable(raw, normalised);
    let rows = conn
        .fetch_all(
            "SELECT identity_id, value FROM identity_verifiable_addresses WHERE nid = $1 AND via = $2 AND value IN ($3, $4)",
            args![conn.nid(), via.as_str(), normalised, raw],
        )
        .await?;
    of_match(conn, &rows, normalised, raw).await
}

/// The identity that has the recovery address, with its credentials. Raw and normalised as in [`find_by_identifier`].
pub async fn find_by_recovery_address(
    conn: &mut Conn,
    via: Channel,
    normalised: &str,
    raw: &str,
) -> Result<Option<Identity>, StoreError> {
    let raw = askable(raw, normalised);
    let rows = conn
        .fetch_all(
            "SELECT identity_id, value FROM identity_recovery_addresses WHERE nid = $1 AND via = $2 AND value IN ($3, $4)",
            args![conn.nid(), via.as_str(), normalised, raw],
        )
        .await?;
    of_match(conn, &rows, normalised, raw).await
}

/// The identity with the operator's own id, exactly.
pub async fn find_by_external_id(
    conn: &mut Conn,
    external_id: &str,
    expand: Expand,
) -> Result<Option<Identity>, StoreError> {
    let rows = conn
        .fetch_all(
            "SELECT id, external_id FROM identities WHERE nid = $1 AND external_id = $2",
            args![conn.nid(), external_id],
        )
        .await?;
    match better(&pairs(&rows)?, external_id, external_id) {
        Some(id) => find(conn, id, expand).await,
        None => Ok(None),
    }
}

/// The identity whose security keys know it by a user handle, in standard base64 as their credential keeps it; with
/// its credentials. A key without an identifier of its account is not found.
pub async fn find_by_user_handle(
    conn: &mut Conn,
    handle: &str,
) -> Result<Option<Identity>, StoreError> {
    // Only credentials with an identifier sign in alone, and an index leads to those of one type.
    let kept = conn.dialect().pick(
        "SELECT c.identity_id, json_extract(c.config, '$.user_handle') \
         FROM identity_credential_identifiers k JOIN identity_credentials c ON c.id = k.identity_credential_id \
         WHERE k.nid = $1 AND k.identity_credential_type_id = $2 \
         AND CASE WHEN json_valid(c.config) THEN json_extract(c.config, '$.user_handle') END = $3 LIMIT 10",
        "SELECT c.identity_id, c.config ->> 'user_handle' \
         FROM identity_credential_identifiers k JOIN identity_credentials c ON c.id = k.identity_credential_id \
         WHERE k.nid = $1 AND k.identity_credential_type_id = $2 AND c.config ->> 'user_handle' = $3 LIMIT 10",
        "SELECT c.identity_id, JSON_UNQUOTE(JSON_EXTRACT(c.config, '$.user_handle')) \
         FROM identity_credential_identifiers k JOIN identity_credentials c ON c.id = k.identity_credential_id \
         WHERE k.nid = $1 AND k.identity_credential_type_id = $2 \
         AND JSON_UNQUOTE(JSON_EXTRACT(c.config, '$.user_handle')) = $3 LIMIT 10",
    );
    let kind = credential::type_id(MethodName::Webauthn)?;
    let rows = conn
        .fetch_all(kept, args![conn.nid(), kind, handle])
        .await?;
    of_match(conn, &rows, handle, handle).await
}

/// The text as it was typed, unless it has a NUL in it: no column holds one, and PostgreSQL does not
/// even take the question. Normalised texts have none.
fn askable<'t>(raw: &'t str, normalised: &'t str) -> &'t str {
    if raw.contains('\0') { normalised } else { raw }
}

async fn of_match(
    conn: &mut Conn,
    rows: &[Row],
    normalised: &str,
    raw: &str,
) -> Result<Option<Identity>, StoreError> {
    match better(&pairs(rows)?, normalised, raw) {
        Some(id) => find(conn, id, Expand::Credentials).await,
        None => Ok(None),
    }
}

fn pairs(rows: &[Row]) -> Result<Vec<(Uuid, String)>, StoreError> {
    let pair = |row: &Row| {
        let mut c = row.columns("identities");
        Ok((c.take()?, c.take()?))
    };
    rows.iter().map(pair).collect()
}

fn better(matches: &[(Uuid, String)], normalised: &str, raw: &str) -> Option<Uuid> {
    let of = |text: &str| {
        matches
            .iter()
            .find(|(_, found)| found == text)
            .map(|(id, _)| *id)
    };
    of(raw).or_else(|| of(normalised))
}
