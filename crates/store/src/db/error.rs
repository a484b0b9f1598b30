//! What can go wrong between Bia and its database.

use std::fmt;

use uuid::Uuid;

/// A failed query, in the words of its consequences.
///
/// No variant carries a bound value, so that an error can be logged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row already has a value that must be unique.
    #[error("the {constraint} is already in use")]
    Conflict {
        /// What must be unique.
        constraint: Unique,
    },
    /// The row that this one belongs to is gone, for example the identity of a new session.
    #[error("a row that this one refers to does not exist (any more)")]
    Dangling,
    /// A value does not fit its column: too long, or text that the database cannot hold.
    #[error("the database cannot hold a value: {reason}")]
    Refused {
        /// The database's words.
        reason: String,
    },
    /// Somebody else changed the row since it was read.
    #[error("the row was changed by somebody else in the meantime")]
    Stale,
    /// The row that was asked for by its key is not there.
    #[error("there is no such row in {table}")]
    NotFound {
        /// Where it was looked for.
        table: &'static str,
    },
    /// A deadlock, a serialization failure or a lock that did not come free; trying again may help.
    #[error("the database could not serve concurrent changes: {reason}")]
    Contention {
        /// The database's words.
        reason: String,
    },
    /// The database cannot be reached, or has no connection to spare.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// The driver's words, without the address' password.
        reason: String,
        /// Whether it stays so until somebody mends it: there is no such database, a password is wrong, a file cannot be
        /// opened.
        lasting: bool,
    },
    /// A stored value is not what its column should hold.
    #[error("table {table}, column {column}, row {id}: {reason}")]
    Corrupt {
        /// The table that was read.
        table: &'static str,
        /// The column that does not decode.
        column: String,
        /// The row's id, the nil id when it has none.
        id: Uuid,
        /// What is wrong with the value.
        reason: String,
    },
    /// The tables are not of a shape that this version of Bia can work with.
    #[error("{0}")]
    Shape(String),
    /// The database refused a statement. A mistake in Bia.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl StoreError {
    /// What may pass by itself.
    pub(crate) fn unavailable(reason: impl Into<String>) -> StoreError {
        StoreError::Unavailable {
            reason: reason.into(),
            lasting: false,
        }
    }

    /// What stays so until somebody mends it.
    pub(crate) fn barred(reason: impl Into<String>) -> StoreError {
        StoreError::Unavailable {
            reason: reason.into(),
            lasting: true,
        }
    }

    /// Whether the same unit of work may succeed when it is run again.
    pub fn is_transient(&self) -> bool {
        matches!(self, StoreError::Contention { .. })
    }

    /// The violated rule, when this is a [`StoreError::Conflict`].
    pub fn conflict(&self) -> Option<&Unique> {
        match self {
            StoreError::Conflict { constraint } => Some(constraint),
            _ => None,
        }
    }
}

/// What has to be unique in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unique {
    /// An identifier within its credential type.
    Identifier,
    /// A verifiable address.
    VerifiableAddress,
    /// A recovery address.
    RecoveryAddress,
    /// The operator's own id of an identity.
    ExternalId,
    /// A session's token or logout token.
    SessionToken,
    /// The id of a row.
    Id,
    /// Anything else, by the database's name for it.
    Other(String),
}

impl Unique {
    /// Reads the name that a database gives the violated rule: an index (`table_…_idx`), or on
    /// SQLite the columns (`table.column, table.column`).
    pub(crate) fn named(name: &str) -> Unique {
        let is = |table: &str| name.contains(table);
        if name.ends_with(".id") || name.ends_with("_pkey") || name.ends_with("PRIMARY") {
            Unique::Id
        } else if is("identity_credential_identifiers") {
            Unique::Identifier
        } else if is("identity_verifiable_addresses") {
            Unique::VerifiableAddress
        } else if is("identity_recovery_addresses") {
            Unique::RecoveryAddress
        } else if is("external_id") {
            Unique::ExternalId
        } else if is("sessions_token_uq")
            || is("sessions_logout_token_uq")
            || is("sessions.token")
            || is("sessions.logout_token")
        {
            Unique::SessionToken
        } else {
            Unique::Other(name.to_owned())
        }
    }
}

impl fmt::Display for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unique::Identifier => "credential identifier",
            Unique::VerifiableAddress => "verifiable address",
            Unique::RecoveryAddress => "recovery address",
            Unique::ExternalId => "external id",
            Unique::SessionToken => "session token",
            Unique::Id => "row id",
            Unique::Other(name) => name,
        })
    }
}
