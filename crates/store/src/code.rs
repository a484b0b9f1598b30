//! One-time codes and link tokens. Kept are keyed hashes only (spec: storage.md §5).

use bia_model::Channel;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Columns, Conn, Row, StoreError, Value};

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// Sign in.
    Login,
    /// Sign up.
    Registration,
    /// Recovery by code, asked for by the person.
    Recovery,
    /// Recovery by code, made by an administrator.
    AdminRecovery,
    /// Recovery by link, asked for by the person.
    RecoveryLink,
    /// Recovery by link, made by an administrator.
    AdminRecoveryLink,
    /// Verification by code.
    Verification,
    /// Verification by link.
    VerificationLink,
}

impl CodeKind {
    const ALL: [CodeKind; 8] = [
        CodeKind::Login,
        CodeKind::Registration,
        CodeKind::Recovery,
        CodeKind::AdminRecovery,
        CodeKind::RecoveryLink,
        CodeKind::AdminRecoveryLink,
        CodeKind::Verification,
        CodeKind::VerificationLink,
    ];

    /// The database's name.
    pub fn as_str(self) -> &'static str {
        match self {
            CodeKind::Login => "login",
            CodeKind::Registration => "registration",
            CodeKind::Recovery => "recovery",
            CodeKind::AdminRecovery => "admin_recovery",
            CodeKind::RecoveryLink => "recovery_link",
            CodeKind::AdminRecoveryLink => "admin_recovery_link",
            CodeKind::Verification => "verification",
            CodeKind::VerificationLink => "verification_link",
        }
    }

    fn parse(text: &str) -> Option<CodeKind> {
        CodeKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A one-time code of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// Random.
    pub id: Uuid,
    /// The flow it belongs to.
    pub flow_id: Uuid,
    /// What it is for.
    pub kind: CodeKind,
    /// The keyed hash, 64 lower-case hexadecimal characters. To be compared in constant time.
    pub hmac: String,
    /// Whose it is; `None` before registration.
    pub identity_id: Option<Uuid>,
    /// The row of the address that it was sent to, if it has one.
    pub address_id: Option<Uuid>,
    /// The address that it was sent to; `None` for codes that an administrator hands over.
    pub address: Option<String>,
    /// How it was sent.
    pub via: Option<Channel>,
    /// When it was made.
    pub issued_at: OffsetDateTime,
    /// Until when it counts.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub used_at: Option<OffsetDateTime>,
}

impl Code {
    /// Whether it no longer counts.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at <= now
    }
}

macro_rules! columns {
    () => {
        "id, flow_id, kind, hmac, identity_id, address_id, address, via, issued_at, expires_at, used_at"
    };
}

fn read(row: &Row) -> Result<Code, StoreError> {
    let c: &mut Columns<'_> = &mut row.columns("bia_code");
    Ok(Code {
        id: c.take()?,
        flow_id: c.take()?,
        kind: c.parse(CodeKind::parse)?,
        hmac: c.take()?,
        identity_id: c.take()?,
        address_id: c.take()?,
        address: c.take()?,
        via: c
            .take::<Option<String>>()?
            .as_deref()
            .and_then(Channel::parse),
        issued_at: c.take()?,
        expires_at: c.take()?,
        used_at: c.take()?,
    })
}

/// Keeps codes.
pub async fn insert(conn: &mut Conn, codes: &[Code]) -> Result<(), StoreError> {
    let nid = conn.nid();
    let row = |c| row_of(nid, c);
    let rows: Vec<[Value<'_>; 12]> = codes.iter().map(row).collect();
    conn.insert_rows(
        "INSERT INTO bia_code (id, nid, flow_id, kind, hmac, identity_id, address_id, address, via, issued_at, expires_at, used_at) VALUES $*",
        &rows,
    )
    .await
}

fn row_of(nid: Uuid, c: &Code) -> [Value<'_>; 12] {
    [
        c.id.into(),
        nid.into(),
        c.flow_id.into(),
        c.kind.as_str().into(),
        c.hmac.as_str().into(),
        c.identity_id.into(),
        c.address_id.into(),
        c.address.as_deref().into(),
        c.via.map(Channel::as_str).into(),
        c.issued_at.into(),
        c.expires_at.into(),
        c.used_at.into(),
    ]
}

/// Removes all codes of a flow, so that only those that are inserted next count.
pub async fn delete_for_flow(conn: &mut Conn, flow_id: Uuid) -> Result<(), StoreError> {
    conn.execute(
        "DELETE FROM bia_code WHERE nid = $1 AND flow_id = $2",
        args![conn.nid(), flow_id],
    )
    .await?;
    Ok(())
}

/// All codes of a flow, used and expired ones too; at most 100.
pub async fn list_for_flow(conn: &mut Conn, flow_id: Uuid) -> Result<Vec<Code>, StoreError> {
    let rows = conn
        .fetch_all(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bia_code WHERE nid = $1 AND flow_id = $2 ORDER BY issued_at, id LIMIT 100"
            ),
            args![conn.nid(), flow_id],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// The link token of one of these hashes (one per key), used and expired ones too. Long random
/// tokens only: a code of six digits is looked for in its flow.
pub async fn find_by_hmac(conn: &mut Conn, hmacs: &[&str]) -> Result<Option<Code>, StoreError> {
    let nid = conn.nid();
    let rows = conn
        .fetch_all_in(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bia_code WHERE nid = $1 AND hmac IN ($*)"
            ),
            &[Value::from(nid)],
            hmacs.iter().map(|hmac| Value::from(*hmac)),
        )
        .await?;
    let codes: Vec<Code> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(hmacs
        .iter()
        .find_map(|hmac| codes.iter().find(|code| code.hmac == *hmac))
        .cloned())
}

/// Uses a code up. `true` for the one caller that did; `false` when it was used before or is gone.
pub async fn consume(conn: &mut Conn, id: Uuid, now: OffsetDateTime) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE bia_code SET used_at = $1 WHERE nid = $2 AND id = $3 AND used_at IS NULL",
            args![now, conn.nid(), id],
        )
        .await?;
    Ok(found == 1)
}
