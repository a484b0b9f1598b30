//! What is copied: tables with their columns, in an order in which what is referred to comes first.

use crate::db::Kind;

/// A table of rows that last. The first column is its key, an id.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Kind],
    pub(super) names: &'static [&'static str],
    /// The migration that made it, for one of Bia's own.
    pub(super) since: Option<u32>,
    /// Whether a new database has rows here from its migrations; these are left as they are.
    pub(super) given: bool,
    pub(super) sql: Sql,
}

/// The statements of a table.
pub(super) struct Sql {
    /// The first rows, at most `$1`.
    pub(super) first: &'static str,
    /// The rows after the key `$1`, at most `$2`.
    pub(super) after: &'static str,
    pub(super) count: &'static str,
    pub(super) insert: &'static str,
}

macro_rules! table {
    ($name:literal: $key:literal Uuid $(, $column:literal $kind:ident)* $(; $member:ident = $value:expr)?) => {
        Table {
            columns: &[Kind::Uuid $(, Kind::$kind)*],
            names: &[$key $(, $column)*],
            sql: Sql {
                first: concat!("SELECT ", $key $(, ", ", $column)*, " FROM ", $name, " ORDER BY ", $key, " LIMIT $1"),
                after: concat!(
                    "SELECT ", $key $(, ", ", $column)*, " FROM ", $name, " WHERE ", $key, " > $1 ORDER BY ", $key, " LIMIT $2"
                ),
                count: concat!("SELECT COUNT(*) FROM ", $name),
                insert: concat!("INSERT INTO ", $name, " (", $key $(, ", ", $column)*, ") VALUES $*"),
            },
            $($member: $value,)?
            ..Table { name: $name, columns: &[], names: &[], since: None, given: false, sql: Sql { first: "", after: "", count: "", insert: "" } }
        }
    };
}

/// All tables that are copied, with the names of their columns.
pub fn tables() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TABLES.iter().map(|table| (table.name, table.names))
}

pub(super) fn reference_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.since.is_none())
}

pub(super) fn own_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.since.is_some())
}

/// The reference's durable tables (storage.md, section 2), then Bia's own.
static TABLES: &[Table] = &[
    table!("networks": "id" Uuid, "created_at" Time, "updated_at" Time),
    table!("identity_credential_types": "id" Uuid, "name" Text; given = true),
    table!("identities": "id" Uuid, "nid" Uuid, "schema_id" Text, "traits" Json, "state" Text, "state_changed_at" Time, "metadata_public" Json, "metadata_admin" Json, "available_aal" Text, "organization_id" Uuid, "external_id" Text, "created_at" Time, "updated_at" Time),
    table!("identity_credentials": "id" Uuid, "nid" Uuid, "identity_id" Uuid, "identity_credential_type_id" Uuid, "config" Json, "version" Int, "created_at" Time, "updated_at" Time),
    table!("identity_credential_identifiers": "id" Uuid, "nid" Uuid, "identity_id" Uuid, "identity_credential_id" Uuid, "identity_credential_type_id" Uuid, "identifier" Text, "created_at" Time, "updated_at" Time),
    table!("identity_verifiable_addresses": "id" Uuid, "nid" Uuid, "identity_id" Uuid, "via" Text, "value" Text, "verified" Bool, "verified_at" Time, "status" Text, "created_at" Time, "updated_at" Time),
    table!("identity_recovery_addresses": "id" Uuid, "nid" Uuid, "identity_id" Uuid, "via" Text, "value" Text, "break_glass_for_organization" Uuid, "created_at" Time, "updated_at" Time),
    table!("sessions": "id" Uuid, "nid" Uuid, "identity_id" Uuid, "token" Text, "logout_token" Text, "active" Bool, "issued_at" Time, "authenticated_at" Time, "expires_at" Time, "aal" Text, "authentication_methods" Json, "created_at" Time, "updated_at" Time),
    table!("session_devices": "id" Uuid, "nid" Uuid, "session_id" Uuid, "identity_id" Uuid, "ip_address" Text, "user_agent" Text, "location" Text, "created_at" Time, "updated_at" Time),
    table!("courier_messages": "id" Uuid, "nid" Uuid, "type" Int, "status" Int, "recipient" Text, "subject" Text, "body" Text, "template_type" Text, "template_data" Bytes, "request_headers" Json, "channel" Text, "send_count" Int, "created_at" Time, "updated_at" Time),
    table!("courier_message_dispatches": "id" Uuid, "nid" Uuid, "message_id" Uuid, "status" Text, "error" Json, "created_at" Time, "updated_at" Time),
    table!("bia_used_step": "identity_id" Uuid, "nid" Uuid, "fingerprint" Text, "step" Int; since = Some(3)),
    table!("bia_identity_mfa": "identity_id" Uuid, "nid" Uuid, "policy" Text, "grace_started_at" Time; since = Some(4)),
    table!("bia_hook_outbox": "id" Uuid, "nid" Uuid, "hook" Text, "name" Text, "body" Text, "state" Text, "attempts" Int, "last_error" Text, "holder" Uuid, "due_at" Time, "created_at" Time, "updated_at" Time; since = Some(6)),
    table!("bia_trusted_browsers": "id" Uuid, "nid" Uuid, "identity_id" Uuid, "token_hash" Text, "previous_hash" Text, "secrets_hash" Text, "rotated_at" Time, "method" Text, "ip_address" Text, "user_agent" Text, "location" Text, "created_at" Time, "last_used_at" Time, "expires_at" Time; since = Some(7)),
];
