//! Removing what has expired (spec: storage.md §3).

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError, Value};
use crate::migrate::has_table;

/// Session token exchanges do not say when they end; no flow lives as long as this.
const EXCHANGE_LIFE: Duration = Duration::days(1);

/// Kinds of rows that expire, in the order in which they are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiring {
    /// Sessions, with their devices.
    Sessions,
    /// Continuity containers.
    Continuity,
    /// Continuity containers of the reference, where it was here before us.
    ReferenceContinuity,
    /// Flows of all kinds.
    Flows,
    /// Flows of the reference, with their codes and tokens.
    ReferenceLogins,
    /// Likewise.
    ReferenceRecoveries,
    /// Likewise.
    ReferenceRegistrations,
    /// Likewise.
    ReferenceSettings,
    /// Likewise.
    ReferenceVerifications,
    /// Codes and link tokens.
    Codes,
    /// Errors.
    Errors,
    /// Session token exchanges that were begun a day before.
    TokenExchanges,
    /// Leases of messages whose worker is gone and that were delivered or given up.
    Leases,
    /// Calls of web hooks that were delivered.
    HookCalls,
    /// Counters of wrong attempts that were long ago.
    AbuseCounters,
    /// Browsers that were trusted.
    TrustedBrowsers,
    /// Why requests were refused.
    Refusals,
}

/// The statements of a table whose rows end at the time in a column, if a condition holds. Where the network has an index
/// of its own, `IS TRUE` keeps it from being taken for that of the ids.
macro_rules! rows {
    ($table:literal, $end:literal) => {
        rows!($table, $end, "")
    };
    ($table:literal, $end:literal, $condition:literal) => {
        (
            concat!(
                "SELECT id FROM ",
                $table,
                " WHERE nid = $1",
                $condition,
                " AND ",
                $end,
                " <= $2",
                " ORDER BY ",
                $end,
                " LIMIT $3"
            ),
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE (nid = $1) IS TRUE",
                $condition,
                " AND id IN ($*)"
            ),
        )
    };
}

impl Expiring {
    /// All of them, in order.
    pub const ALL: [Expiring; 17] = [
        Expiring::Sessions,
        Expiring::Continuity,
        Expiring::ReferenceContinuity,
        Expiring::Flows,
        Expiring::ReferenceLogins,
        Expiring::ReferenceRecoveries,
        Expiring::ReferenceRegistrations,
        Expiring::ReferenceSettings,
        Expiring::ReferenceVerifications,
        Expiring::Codes,
        Expiring::Errors,
        Expiring::TokenExchanges,
        Expiring::Leases,
        Expiring::HookCalls,
        Expiring::AbuseCounters,
        Expiring::TrustedBrowsers,
        Expiring::Refusals,
    ];

    /// What a log line calls them.
    pub fn as_str(self) -> &'static str {
        match self {
            Expiring::Sessions => "sessions",
            Expiring::Continuity => "continuity containers",
            Expiring::ReferenceContinuity => "continuity containers of the reference",
            Expiring::Flows => "flows",
            Expiring::ReferenceLogins => "login flows of the reference",
            Expiring::ReferenceRecoveries => "recovery flows of the reference",
            Expiring::ReferenceRegistrations => "registration flows of the reference",
            Expiring::ReferenceSettings => "settings flows of the reference",
            Expiring::ReferenceVerifications => "verification flows of the reference",
            Expiring::Codes => "codes",
            Expiring::Errors => "errors",
            Expiring::TokenExchanges => "session token exchanges",
            Expiring::Leases => "courier leases",
            Expiring::HookCalls => "delivered calls of web hooks",
            Expiring::AbuseCounters => "counters of wrong attempts",
            Expiring::TrustedBrowsers => "trusted browsers",
            Expiring::Refusals => "refusals",
        }
    }

    /// The table of the reference that we neither read nor write, and that need not be there.
    fn foreign_table(self) -> Option<&'static str> {
        match self {
            Expiring::ReferenceContinuity => Some("continuity_containers"),
            Expiring::ReferenceLogins => Some("selfservice_login_flows"),
            Expiring::ReferenceRecoveries => Some("selfservice_recovery_flows"),
            Expiring::ReferenceRegistrations => Some("selfservice_registration_flows"),
            Expiring::ReferenceSettings => Some("selfservice_settings_flows"),
            Expiring::ReferenceVerifications => Some("selfservice_verification_flows"),
            _ => None,
        }
    }

    /// Which have expired, oldest first; and their removal.
    fn statements(self) -> (&'static str, &'static str) {
        match self {
            Expiring::Sessions => rows!("sessions", "expires_at"),
            Expiring::Continuity => rows!("bia_continuity", "expires_at"),
            Expiring::Flows => rows!("bia_flow", "expires_at"),
            Expiring::ReferenceContinuity => rows!("continuity_containers", "expires_at"),
            Expiring::ReferenceLogins => rows!("selfservice_login_flows", "expires_at"),
            Expiring::ReferenceRecoveries => rows!("selfservice_recovery_flows", "expires_at"),
            Expiring::ReferenceRegistrations => {
                rows!("selfservice_registration_flows", "expires_at")
            }
            Expiring::ReferenceSettings => rows!("selfservice_settings_flows", "expires_at"),
            Expiring::ReferenceVerifications => {
                rows!("selfservice_verification_flows", "expires_at")
            }
            Expiring::Codes => rows!("bia_code", "expires_at"),
            Expiring::Errors => rows!("bia_error", "expires_at"),
            Expiring::TokenExchanges => rows!("session_token_exchanges", "created_at"),
            Expiring::Leases => (
                "SELECT l.message_id FROM bia_courier_lease l WHERE l.nid = $1 AND l.until <= $2 AND NOT EXISTS \
                 (SELECT 1 FROM courier_messages m WHERE m.id = l.message_id AND m.status = 3) ORDER BY l.until LIMIT $3",
                "DELETE FROM bia_courier_lease WHERE nid = $1 AND message_id IN ($*)",
            ),
            Expiring::HookCalls => rows!("bia_hook_outbox", "due_at", " AND state = 'delivered'"),
            Expiring::AbuseCounters => rows!("bia_abuse_counter", "expires_at"),
            Expiring::TrustedBrowsers => rows!("bia_trusted_browsers", "expires_at"),
            Expiring::Refusals => rows!("bia_refusal", "expires_at"),
        }
    }
}

/// Those whose tables this database has, in order.
pub async fn present(conn: &mut Conn) -> Result<Vec<Expiring>, StoreError> {
    let mut kinds = Vec::new();
    for kind in Expiring::ALL {
        let is_there = match kind.foreign_table() {
            Some(table) => has_table(conn, table).await?,
            None => true,
        };
        if is_there {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// Removes at most `batch` rows of a kind that had expired at `before` (now, less the time that
/// expired rows are kept). Gives their number; fewer than `batch` means that no more are left.
pub async fn remove_expired(
    conn: &mut Conn,
    kind: Expiring,
    before: OffsetDateTime,
    batch: u32,
) -> Result<u64, StoreError> {
    let (find, remove) = kind.statements();
    let nid = conn.nid();
    let before = match kind {
        Expiring::TokenExchanges => before - EXCHANGE_LIFE,
        _ => before,
    };
    let rows = conn.fetch_all(find, args![nid, before, batch]).await?;
    let ids: Vec<Uuid> = rows
        .iter()
        .map(|row| row.only("expired"))
        .collect::<Result<_, _>>()?;
    if kind == Expiring::Flows {
        let of_flows = ids.iter().copied().map(Value::from);
        conn.execute_in(
            "DELETE FROM bia_code WHERE nid = $1 AND flow_id IN ($*)",
            &[Value::from(nid)],
            of_flows,
        )
        .await?;
    }
    conn.execute_in(
        remove,
        &[Value::from(nid)],
        ids.into_iter().map(Value::from),
    )
    .await
}
