//! Finding one session.

use bia_model::{Aal, Device, Identity, Session};
use time::OffsetDateTime;
use uuid::Uuid;

use super::beside::Beside;
use crate::args;
use crate::db::{Columns, Conn, Dialect, Row, StoreError, Value};
use crate::identity::columns::{
    JOINED_ROWS, add_addresses, identity_columns, join_addresses, read_identity, recovery_columns,
    sort_addresses, verifiable_columns,
};
use crate::identity::{self, Expand};

/// A session that can be used, and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveSession {
    /// The session with its devices.
    pub session: Session,
    /// The identity with its addresses, without credentials. It may be inactive.
    pub identity: Identity,
    /// For whoever makes something of it.
    pub beside: Beside,
}

impl LiveSession {
    /// A session and its owner.
    pub fn new(session: Session, identity: Identity) -> LiveSession {
        LiveSession {
            session,
            identity,
            beside: Beside::default(),
        }
    }
}

/// The columns of `sessions s`, in the order of [`read_session`].
macro_rules! session_columns {
    () => {
        "s.id, s.identity_id, s.active, s.issued_at, s.authenticated_at, s.expires_at, s.aal, s.authentication_methods, \
         s.logout_token, s.created_at"
    };
}

/// The columns of `session_devices d`, in the order of [`read_device`].
macro_rules! device_columns {
    () => {
        "d.id, d.ip_address, d.user_agent, d.location, d.created_at"
    };
}

/// What a look-up of live sessions reads, and where: the token first.
macro_rules! live_columns {
    () => {
        concat!(
            "s.token, ",
            session_columns!(),
            ", ",
            device_columns!(),
            ", ",
            identity_columns!(),
            ", ",
            verifiable_columns!(),
            ", ",
            recovery_columns!()
        )
    };
}

/// The rows of [`live_columns`].
macro_rules! live_rows {
    () => {
        concat!(
            " FROM sessions s JOIN identities i ON i.id = s.identity_id",
            " LEFT JOIN session_devices d ON d.session_id = s.id AND (d.nid = s.nid) IS TRUE",
            join_addresses!()
        )
    };
}

pub(super) use session_columns;

/// For [`find_by_token`].
const ONE: &str = concat!(
    "SELECT ",
    live_columns!(),
    live_rows!(),
    " WHERE (s.nid = $1) IS TRUE AND s.active = $2 AND s.expires_at > $3 AND s.token IN ($*) LIMIT 200"
);

/// For [`read_many`]: as [`ONE`], with more rows. The first column is for what PostgreSQL has there.
const MANY: &str = concat!(
    "SELECT '' AS stamp, ",
    live_columns!(),
    live_rows!(),
    " WHERE (s.nid = $1) IS TRUE AND s.active = $2 AND s.expires_at > $3 AND s.token IN ($*) LIMIT 1000"
);

/// As [`MANY`], with the state that the rows are of, and without rows when the state is still that of `$1`.
/// The LIMIT keeps the inner query apart, so that it is not begun in that case.
const MANY_IF_CHANGED: &str = concat!(
    "SELECT state.stamp, live.* FROM",
    " (SELECT pg_postmaster_start_time()::text || ' ' || pg_current_snapshot()::text AS stamp) state",
    " LEFT JOIN LATERAL (SELECT ",
    live_columns!(),
    live_rows!(),
    " WHERE state.stamp <> $1 AND (s.nid = $2) IS TRUE AND s.active = $3 AND s.expires_at > $4 AND s.token IN ($*)",
    " LIMIT 1000) live ON TRUE"
);

/// The most rows that [`MANY`] and [`MANY_IF_CHANGED`] give.
const MANY_ROWS: usize = 1000;

/// The session of a token that is active and not expired at `now`, in one statement.
///
/// `tokens` are the texts under which the token may be kept (hashed with each key, plain); the
/// first that is found counts. Whether the identity may sign in is for the caller to see.
pub async fn find_by_token(
    conn: &mut Conn,
    tokens: &[&str],
    now: OffsetDateTime,
) -> Result<Option<LiveSession>, StoreError> {
    let nid = conn.nid();
    let rows = conn
        .fetch_all_in(
            ONE,
            &[nid.into(), true.into(), now.into()],
            tokens.iter().map(|token| Value::from(*token)),
        )
        .await?;
    let Some(token) = first_found(&rows, tokens)? else {
        return Ok(None);
    };
    let mut live = None;
    for row in &rows {
        let mut c = row.columns("sessions");
        if c.take::<String>()? == token {
            add_row(&mut live, &mut c)?;
        }
    }
    match live {
        Some(live) if rows.len() >= JOINED_ROWS => separately(conn, live).await,
        Some(mut live) => {
            sort_addresses(&mut live.identity);
            Ok(Some(live))
        }
        None => Ok(None),
    }
}

/// Rows of the sessions of several tokens.
pub(super) struct Many {
    /// The state of the database that the rows are of, where it tells one.
    pub(super) stamp: Option<String>,
    /// Nothing, when the state is still the one that was told of.
    rows: Vec<Row>,
}

/// The sessions of `tokens` that are active and not expired at `now`, in one statement. With `known`, a state that
/// was read before, there are no rows when nothing was committed since.
pub(super) async fn read_many(
    conn: &mut Conn,
    tokens: &[&str],
    now: OffsetDateTime,
    known: Option<&str>,
) -> Result<Many, StoreError> {
    let nid = conn.nid();
    let common: [Value<'_>; 3] = [nid.into(), true.into(), now.into()];
    let list = tokens.iter().map(|token| Value::from(*token));
    let rows = if conn.dialect() == Dialect::Postgres {
        let [nid, active, now] = common;
        let values = [known.unwrap_or_default().into(), nid, active, now];
        conn.fetch_all_in(MANY_IF_CHANGED, &values, list).await?
    } else {
        conn.fetch_all_in(MANY, &common, list).await?
    };
    let stamp = rows.first().map(|row| row.only::<String>("sessions"));
    let stamp = stamp.transpose()?.filter(|stamp| !stamp.is_empty());
    Ok(Many { stamp, rows })
}

impl Many {
    /// Whether there may be rows beyond those that were read.
    pub(super) fn is_cut_off(&self) -> bool {
        self.rows.len() >= MANY_ROWS
    }

    /// The session of one of the tokens, as [`find_by_token`] gives it.
    pub(super) fn session(&self, tokens: &[String]) -> Result<Option<LiveSession>, StoreError> {
        for wanted in tokens {
            let mut live = None;
            for row in &self.rows {
                let mut c = row.columns("sessions");
                c.skip(1);
                if c.take::<Option<String>>()?.as_ref() == Some(wanted) {
                    add_row(&mut live, &mut c)?;
                }
            }
            if let Some(mut live) = live {
                sort_addresses(&mut live.identity);
                return Ok(Some(live));
            }
        }
        Ok(None)
    }
}

/// The first of the texts that a row has, exactly: MySQL's usual collations ignore case.
fn first_found<'a>(rows: &[Row], tokens: &[&'a str]) -> Result<Option<&'a str>, StoreError> {
    let found: Vec<String> = rows
        .iter()
        .map(|row| row.only("sessions"))
        .collect::<Result<_, _>>()?;
    Ok(tokens
        .iter()
        .copied()
        .find(|token| found.iter().any(|f| f == token)))
}

/// The join gives a row per device and pair of addresses.
fn add_row(live: &mut Option<LiveSession>, c: &mut Columns<'_>) -> Result<(), StoreError> {
    let Some(live) = live else {
        let mut session = read_session(c)?;
        if session.aal == Aal::Unsaid || session.authentication_methods.is_empty() {
            session.aal = Aal::of_methods(&session.authentication_methods);
        }
        session
            .devices
            .extend(read_device(c)?.map(|(device, _)| device));
        let mut identity = read_identity(c)?;
        add_addresses(&mut identity, c)?;
        *live = Some(LiveSession::new(session, identity));
        return Ok(());
    };
    c.skip(SESSION_COLUMNS);
    if let Some((device, _)) = read_device(c)?
        && !live.session.devices.iter().any(|d| d.id == device.id)
    {
        live.session.devices.push(device);
    }
    c.skip(IDENTITY_COLUMNS);
    add_addresses(&mut live.identity, c)
}

const SESSION_COLUMNS: usize = 10;
const IDENTITY_COLUMNS: usize = 12;

/// For the rare session whose join was cut off.
async fn separately(
    conn: &mut Conn,
    mut live: LiveSession,
) -> Result<Option<LiveSession>, StoreError> {
    load_devices(conn, std::slice::from_mut(&mut live.session)).await?;
    let identity = identity::find(conn, live.session.identity_id, Expand::Addresses).await?;
    Ok(identity.map(|identity| LiveSession::new(live.session, identity)))
}

/// The session of a token in whatever state it is, with its devices. `tokens` as in [`find_by_token`].
pub async fn find_any_by_token(
    conn: &mut Conn,
    tokens: &[&str],
) -> Result<Option<Session>, StoreError> {
    let nid = conn.nid();
    let rows = conn
        .fetch_all_in(
            concat!(
                "SELECT s.token, ",
                session_columns!(),
                " FROM sessions s WHERE (s.nid = $1) IS TRUE AND s.token IN ($*)"
            ),
            &[Value::from(nid)],
            tokens.iter().map(|token| Value::from(*token)),
        )
        .await?;
    let Some(token) = first_found(&rows, tokens)? else {
        return Ok(None);
    };
    for row in &rows {
        let mut c = row.columns("sessions");
        if c.take::<String>()? == token {
            let mut session = read_session(&mut c)?;
            load_devices(conn, std::slice::from_mut(&mut session)).await?;
            return Ok(Some(session));
        }
    }
    Ok(None)
}

/// The session of an id, in whatever state, with its devices.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Session>, StoreError> {
    let row = conn
        .fetch_optional(
            concat!(
                "SELECT ",
                session_columns!(),
                " FROM sessions s WHERE s.nid = $1 AND s.id = $2"
            ),
            args![conn.nid(), id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut session = read_session(&mut row.columns("sessions"))?;
    load_devices(conn, std::slice::from_mut(&mut session)).await?;
    Ok(Some(session))
}

/// Reads the devices of sessions, oldest first.
pub(super) async fn load_devices(
    conn: &mut Conn,
    sessions: &mut [Session],
) -> Result<(), StoreError> {
    let nid = conn.nid();
    let ids: Vec<Value<'_>> = sessions.iter().map(|s| Value::from(s.id)).collect();
    let rows = conn
        .fetch_all_in(
            concat!(
                "SELECT ",
                device_columns!(),
                ", d.session_id FROM session_devices d WHERE (d.nid = $1) IS TRUE AND d.session_id IN ($*)"
            ),
            &[Value::from(nid)],
            ids,
        )
        .await?;
    sessions.iter_mut().for_each(|s| s.devices.clear());
    let mut found = Vec::new();
    for row in &rows {
        let mut c = row.columns("session_devices");
        if let Some((device, made)) = read_device(&mut c)? {
            found.push((made, c.take::<Uuid>()?, device));
        }
    }
    found.sort_by_key(|(made, _, device)| (*made, device.id));
    for (_, owner, device) in found {
        if let Some(session) = sessions.iter_mut().find(|s| s.id == owner) {
            session.devices.push(device);
        }
    }
    Ok(())
}

pub(super) fn read_session(c: &mut Columns<'_>) -> Result<Session, StoreError> {
    c.from_table("sessions");
    Ok(Session {
        id: c.take()?,
        identity_id: c.take()?,
        active: c.take::<Option<bool>>()?.unwrap_or_default(),
        issued_at: c.take()?,
        authenticated_at: c.take()?,
        expires_at: c.take()?,
        aal: Aal::stored(&c.take::<String>()?),
        authentication_methods: c.json_or_null::<Option<_>>()?.flatten().unwrap_or_default(),
        logout_token: c.take::<Option<String>>()?.unwrap_or_default(),
        created_at: c.take()?,
        devices: Vec::new(),
    })
}

/// `None` where the join found no device.
fn read_device(c: &mut Columns<'_>) -> Result<Option<(Device, OffsetDateTime)>, StoreError> {
    c.from_table("session_devices");
    let Some(id) = c.take::<Option<Uuid>>()? else {
        c.skip(4);
        return Ok(None);
    };
    let device = Device {
        id,
        ip_address: c.take()?,
        user_agent: c.take()?,
        location: c.take()?,
    };
    Ok(Some((device, c.take()?)))
}
