//! Lists of identities (spec: admin.md §3-4).

use bia_model::{Identity, MethodName};
use uuid::Uuid;

use super::columns::{identity_columns, read_identity};
use super::unreadable::{Unreadable, completed, readable};
use super::{Expand, credential};
use crate::args;
use crate::db::{Conn, Row, StoreError, Value};

/// Which identities.
#[derive(Clone, Copy, Debug)]
pub enum Filter<'a> {
    /// All of them.
    All,
    /// Those with one of these ids, at most 500; the paging is not looked at.
    Ids(&'a [Uuid]),
    /// Those with an identifier: `normalised` in a password, webauthn or code credential, `raw` in an
    /// oidc or saml one.
    Identifier {
        /// By the graceful rule of identity.md §3.
        normalised: &'a str,
        /// As it was given.
        raw: &'a str,
    },
    /// As [`Filter::Identifier`], for identifiers that begin so.
    IdentifierPrefix {
        /// By the graceful rule of identity.md §3.
        normalised: &'a str,
        /// As it was given.
        raw: &'a str,
    },
    /// Those of an organization.
    Organization(Uuid),
}

/// Which part of a list. Lists are in the order of the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// What comes after an id; the nil id for the first page.
    After {
        /// The last id of the page before.
        id: Uuid,
        /// Most items.
        size: u32,
    },
    /// What comes after a number of items.
    Offset {
        /// That number.
        skip: u32,
        /// Most items.
        size: u32,
    },
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether the list goes on.
    pub more: bool,
}

impl<T> Paged<T> {
    /// Of the items of a query for one more than `size`.
    pub(crate) fn cut(mut items: Vec<T>, size: u32) -> Paged<T> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let more = items.len() > size;
        items.truncate(size);
        Paged { items, more }
    }
}

/// A page of identities with their addresses, and with their credentials if wanted. Those of which something cannot be
/// read are left out, with a line in the log.
pub async fn list(
    conn: &mut Conn,
    filter: Filter<'_>,
    page: Page,
    expand: Expand,
) -> Result<Paged<Identity>, StoreError> {
    let (paged, left_out) = list_and_left_out(conn, filter, page, expand).await?;
    left_out.iter().for_each(Unreadable::log);
    Ok(paged)
}

/// As [`list`], with those that are left out in the place of lines in the log.
pub async fn list_and_left_out(
    conn: &mut Conn,
    filter: Filter<'_>,
    page: Page,
    expand: Expand,
) -> Result<(Paged<Identity>, Vec<Unreadable>), StoreError> {
    let mut left_out = Vec::new();
    let paged = match (filter, page) {
        (Filter::Ids(ids), _) => {
            let rows = by_ids(conn, ids).await?;
            let mut items = read(conn, &rows, expand, &mut left_out).await?;
            items.sort_by_key(|i| i.id);
            Paged { items, more: false }
        }
        (_, Page::After { id, size }) => {
            after(conn, filter, (id, size), expand, &mut left_out).await?
        }
        (_, Page::Offset { size, .. }) => {
            let rows = Paged::cut(paged(conn, filter, page).await?, size);
            Paged {
                items: read(conn, &rows.items, expand, &mut left_out).await?,
                more: rows.more,
            }
        }
    };
    Ok((paged, left_out))
}

/// What comes after an id. A page is filled up where some of it cannot be read, so that the list goes on behind it.
async fn after(
    conn: &mut Conn,
    filter: Filter<'_>,
    (mut id, size): (Uuid, u32),
    expand: Expand,
    left_out: &mut Vec<Unreadable>,
) -> Result<Paged<Identity>, StoreError> {
    let wanted = usize::try_from(size).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    loop {
        let rows = paged(conn, filter, Page::After { id, size }).await?;
        items.append(&mut read(conn, &rows, expand, left_out).await?);
        match rows.last() {
            Some(last) if rows.len() > wanted && items.len() <= wanted => {
                id = last.only("identities")?;
            }
            _ => return Ok(Paged::cut(items, size)),
        }
    }
}

/// The identities of rows that can be read.
async fn read(
    conn: &mut Conn,
    rows: &[Row],
    expand: Expand,
    left_out: &mut Vec<Unreadable>,
) -> Result<Vec<Identity>, StoreError> {
    let mut identities = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.only("identities")?;
        let read = read_identity(&mut row.columns("identities"));
        identities.extend(readable(id, read, left_out)?);
    }
    completed(conn, identities, expand, left_out).await
}

/// The number of all identities.
pub async fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    conn.fetch_one(
        "SELECT COUNT(*) FROM identities WHERE nid = $1",
        args![conn.nid()],
    )
    .await?
    .only("identities")
}

async fn by_ids(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Row>, StoreError> {
    let nid = conn.nid();
    conn.fetch_all_in(
        concat!(
            "SELECT ",
            identity_columns!(),
            " FROM identities i WHERE i.nid = $1 AND i.id IN ($*)"
        ),
        &[Value::from(nid)],
        ids.iter().copied().map(Value::from),
    )
    .await
}

/// Runs the statement of a filter in one of its two pagings; asks for one row more than the page has.
async fn paged(conn: &mut Conn, filter: Filter<'_>, page: Page) -> Result<Vec<Row>, StoreError> {
    let (size, keyset) = match page {
        Page::After { size, .. } => (size, true),
        Page::Offset { size, .. } => (size, false),
    };
    let place = match page {
        Page::After { id, .. } => Value::from(id),
        Page::Offset { skip, .. } => Value::from(skip),
    };
    let limit = Value::from(i64::from(size) + 1);
    let nid = Value::from(conn.nid());
    let mut values = vec![nid.clone()];
    match filter {
        Filter::All | Filter::Ids(_) => {}
        Filter::Organization(id) => values.push(id.into()),
        Filter::Identifier { normalised, raw } => {
            let texts = [normalised.to_owned(), raw.to_owned()];
            values.extend(identifier_values(nid, texts)?);
        }
        Filter::IdentifierPrefix { normalised, raw } => {
            values.extend(identifier_values(nid, [prefix(normalised), prefix(raw)])?);
        }
    }
    values.extend(if keyset {
        [place, limit]
    } else {
        [limit, place]
    });
    conn.fetch_many(statement(filter, keyset), &values).await
}

/// The values of the identifier filters' part of the statement.
fn identifier_values(
    nid: Value<'static>,
    [normalised, raw]: [String; 2],
) -> Result<Vec<Value<'static>>, StoreError> {
    let types = |kinds: &[MethodName]| {
        kinds
            .iter()
            .map(|k| credential::type_id(*k).map(Value::from))
            .collect::<Result<Vec<_>, _>>()
    };
    let mut values = vec![nid];
    values.extend(types(&[
        MethodName::Password,
        MethodName::Webauthn,
        MethodName::Code,
    ])?);
    values.push(normalised.into());
    values.extend(types(&[MethodName::Oidc, MethodName::Saml])?);
    values.push(raw.into());
    Ok(values)
}

/// A LIKE pattern for texts that begin so.
fn prefix(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

macro_rules! select {
    ($($rest:literal),*) => {
        concat!("SELECT ", identity_columns!(), " FROM identities i WHERE i.nid = $1", $($rest),*)
    };
}

macro_rules! by_identifier {
    ($compare:literal, $escape:literal, $rest:literal) => {
        select!(
            " AND i.id IN (SELECT k.identity_id FROM identity_credential_identifiers k WHERE k.nid = $2 AND (\
              (k.identity_credential_type_id IN ($3, $4, $5) AND k.identifier ", $compare, " $6", $escape, ") OR \
              (k.identity_credential_type_id IN ($7, $8) AND k.identifier ", $compare, " $9", $escape, ")))", $rest
        )
    };
}

fn statement(filter: Filter<'_>, keyset: bool) -> &'static str {
    match (filter, keyset) {
        (Filter::All | Filter::Ids(_), true) => select!(" AND i.id > $2 ORDER BY i.id LIMIT $3"),
        (Filter::All | Filter::Ids(_), false) => select!(" ORDER BY i.id LIMIT $2 OFFSET $3"),
        (Filter::Organization(_), true) => {
            select!(" AND i.organization_id = $2 AND i.id > $3 ORDER BY i.id LIMIT $4")
        }
        (Filter::Organization(_), false) => {
            select!(" AND i.organization_id = $2 ORDER BY i.id LIMIT $3 OFFSET $4")
        }
        (Filter::Identifier { .. }, true) => {
            by_identifier!("=", "", " AND i.id > $10 ORDER BY i.id LIMIT $11")
        }
        (Filter::Identifier { .. }, false) => {
            by_identifier!("=", "", " ORDER BY i.id LIMIT $10 OFFSET $11")
        }
        (Filter::IdentifierPrefix { .. }, true) => {
            by_identifier!(
                "LIKE",
                " ESCAPE '!'",
                " AND i.id > $10 ORDER BY i.id LIMIT $11"
            )
        }
        (Filter::IdentifierPrefix { .. }, false) => {
            by_identifier!("LIKE", " ESCAPE '!'", " ORDER BY i.id LIMIT $10 OFFSET $11")
        }
    }
}
