//! Credentials: rows of `identity_credentials` and their identifiers.

use bia_model::{Credential, Identity, MethodName};
use serde_json::{Value as Document, json};
use time::OffsetDateTime;
use uuid::{Uuid, uuid};

use super::upgrade::upgrade;
use crate::db::{Conn, StoreError, Tx, Value};

/// The rows of `identity_credential_types`, the same in every database.
const TYPES: [(MethodName, Uuid); 9] = [
    (
        MethodName::Password,
        uuid!("78c1b41d-8341-4507-aa60-aff1d4369670"),
    ),
    (
        MethodName::Oidc,
        uuid!("6fa5e2e0-bfce-4631-b62b-cf2b0252b289"),
    ),
    (
        MethodName::Totp,
        uuid!("5e29b036-aa47-457f-9fe6-aa8b854a752b"),
    ),
    (
        MethodName::LookupSecret,
        uuid!("567a0730-7f48-4dd7-a13d-df87a51c245f"),
    ),
    (
        MethodName::Webauthn,
        uuid!("6b213fa0-e6ad-46cb-8878-b088d2ce2e3c"),
    ),
    (
        MethodName::Code,
        uuid!("14f3b7e2-8725-4068-be39-8a796485fd97"),
    ),
    (
        MethodName::Passkey,
        uuid!("8d0ca544-9bf6-45d3-bd75-0bbb3aeba3c7"),
    ),
    (
        MethodName::Saml,
        uuid!("7bddcf6c-f50e-4a18-9b0f-429114c33419"),
    ),
    (
        MethodName::Deviceauthn,
        uuid!("26433aa2-c33a-4870-85dc-230af354e0bf"),
    ),
];

/// The id of a credential type. [`StoreError::Refused`] for a method that keeps no credentials.
pub(crate) fn type_id(kind: MethodName) -> Result<Uuid, StoreError> {
    let found = TYPES.iter().find(|(name, _)| *name == kind);
    found.map(|(_, id)| *id).ok_or_else(|| StoreError::Refused {
        reason: format!("{kind} keeps no credentials"),
    })
}

fn kind_of(id: Uuid) -> Option<MethodName> {
    TYPES
        .iter()
        .find(|(_, known)| *known == id)
        .map(|(name, _)| *name)
}

/// Reads the credentials of identities. Several rows of a type become one; identifiers are sorted.
/// Those of an old version are brought to the current one. Types that this version does not know are left out.
pub(crate) async fn load(conn: &mut Conn, identities: &mut [Identity]) -> Result<(), StoreError> {
    load_stored(conn, identities).await?;
    for identity in identities {
        upgrade(identity.id, &mut identity.credentials);
    }
    Ok(())
}

/// As [`load`], in the version in which they are stored.
pub(super) async fn load_stored(
    conn: &mut Conn,
    identities: &mut [Identity],
) -> Result<(), StoreError> {
    let nid = conn.nid();
    let ids: Vec<Value<'_>> = identities.iter().map(|i| Value::from(i.id)).collect();
    let rows = conn
        .fetch_all_in(
            "SELECT c.id, c.identity_id, c.identity_credential_type_id, c.config, c.version, c.created_at, c.updated_at, k.identifier \
             FROM identity_credentials c LEFT JOIN identity_credential_identifiers k ON k.identity_credential_id = c.id AND (k.nid = c.nid) IS TRUE \
             WHERE (c.nid = $1) IS TRUE AND c.identity_id IN ($*)",
            &[Value::from(nid)],
            ids,
        )
        .await?;
    for row in &rows {
        let mut c = row.columns("identity_credentials");
        let (id, owner, kind): (Uuid, Uuid, Uuid) = (c.take()?, c.take()?, c.take()?);
        let (Some(kind), Some(identity)) =
            (kind_of(kind), identities.iter_mut().find(|i| i.id == owner))
        else {
            continue;
        };
        let credential = Credential {
            id,
            kind,
            config: c.json()?,
            version: c.take()?,
            created_at: c.take()?,
            updated_at: c.take()?,
            identifiers: c.take::<Option<String>>()?.into_iter().collect(),
        };
        match identity.credential_mut(kind) {
            Some(known) => known.identifiers.extend(credential.identifiers),
            None => identity.credentials.push(credential),
        }
    }
    for credential in identities.iter_mut().flat_map(|i| &mut i.credentials) {
        credential.identifiers.sort();
        credential.identifiers.dedup();
    }
    for identity in identities {
        identity.credentials.sort_by_key(|c| c.kind);
    }
    Ok(())
}

/// Inserts credentials, each of the identity with the id before it, and their identifiers.
pub(super) async fn insert(
    tx: &mut Tx,
    credentials: &[(Uuid, &Credential)],
) -> Result<(), StoreError> {
    let nid = tx.nid();
    let mut rows = Vec::new();
    let mut names = Vec::new();
    for &(identity_id, c) in credentials {
        let kind = type_id(c.kind)?;
        rows.push([
            c.id.into(),
            nid.into(),
            identity_id.into(),
            kind.into(),
            config_of(c).into(),
            c.version.into(),
            c.created_at.into(),
            c.updated_at.into(),
        ]);
        names.extend(
            c.identifiers
                .iter()
                .map(|identifier| identifier_row(nid, identity_id, c, kind, identifier)),
        );
    }
    tx.insert_rows(
        "INSERT INTO identity_credentials (id, nid, identity_id, identity_credential_type_id, config, version, created_at, updated_at) VALUES $*",
        &rows,
    )
    .await?;
    tx.insert_rows(
        "INSERT INTO identity_credential_identifiers (id, nid, identity_id, identity_credential_id, identity_credential_type_id, identifier, created_at, updated_at) VALUES $*",
        &names,
    )
    .await
}

fn identifier_row<'a>(
    nid: Uuid,
    identity_id: Uuid,
    c: &Credential,
    kind: Uuid,
    identifier: &'a str,
) -> [Value<'a>; 8] {
    [
        Uuid::new_v4().into(),
        nid.into(),
        identity_id.into(),
        c.id.into(),
        kind.into(),
        identifier.into(),
        c.created_at.into(),
        c.updated_at.into(),
    ]
}

static EMPTY: std::sync::LazyLock<Document> = std::sync::LazyLock::new(|| json!({}));

/// The column holds at least an empty object.
fn config_of(credential: &Credential) -> &Document {
    if credential.config.is_null() {
        &EMPTY
    } else {
        &credential.config
    }
}

/// Brings the stored credentials of an identity, of whatever version, to what `identity` says. Rows with the same
/// content stay as they are, and their ids and times are put into `identity`; changed ones are replaced:
/// new id, `updated_at` now, `created_at` as in `identity`. Identifiers in another spelling are a change, although the
/// reference finds none there: from then on they are found in every spelling.
pub(super) async fn replace_changed(
    tx: &mut Tx,
    identity: &mut Identity,
    stored: &[Credential],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let mut current = stored.to_vec();
    upgrade(identity.id, &mut current);
    let mut fresh = Vec::new();
    for credential in &mut identity.credentials {
        credential.identifiers.sort();
        credential.identifiers.dedup();
        let mut pairs = stored.iter().zip(&current);
        match pairs.find(|(old, current)| {
            old.identifiers == credential.identifiers && same(current, credential)
        }) {
            Some((_, current)) => *credential = current.clone(),
            None => {
                credential.id = Uuid::new_v4();
                credential.updated_at = now;
                fresh.push(credential.kind);
            }
        }
    }
    let gone = stored.iter().map(|old| old.kind).filter(|kind| {
        fresh.contains(kind) || !identity.credentials.iter().any(|c| c.kind == *kind)
    });
    let gone: Vec<Value<'_>> = gone
        .map(|kind| type_id(kind).map(Value::from))
        .collect::<Result<_, _>>()?;
    let values = [Value::from(tx.nid()), Value::from(identity.id)];
    tx.execute_in(
        "DELETE FROM identity_credentials WHERE nid = $1 AND identity_id = $2 AND identity_credential_type_id IN ($*)",
        &values,
        gone,
    )
    .await?;
    let fresh = identity
        .credentials
        .iter()
        .filter(|c| fresh.contains(&c.kind));
    let fresh: Vec<_> = fresh.map(|c| (identity.id, c)).collect();
    insert(tx, &fresh).await
}

fn same(a: &Credential, b: &Credential) -> bool {
    a.kind == b.kind
        && a.version == b.version
        && a.identifiers == b.identifiers
        && config_of(a) == config_of(b)
}
