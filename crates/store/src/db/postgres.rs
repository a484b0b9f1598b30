//! How PostgreSQL and CockroachDB differ: native ids, `timestamp` without zone in UTC, `jsonb`.

use sqlx::encode::IsNull;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Arguments as _, Decode, Encode, Postgres, Type};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::row::DecodeError;
use super::{StoreError, Unique, Value};

pub(super) const BEGIN: &str = "BEGIN";

/// A JSON text that goes out as `jsonb` without being parsed here.
struct JsonText<'a>(&'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        <sqlx::types::Json<()> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, DecodeError> {
        // The binary form of jsonb: format version 1, then the text.
        buffer.push(1);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

pub(super) fn bind(values: &[Value<'_>]) -> Result<PgArguments, DecodeError> {
    use super::value::Kind;
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Null(Kind::Bool) => arguments.add(None::<bool>),
            Value::Null(Kind::Int) => arguments.add(None::<i64>),
            Value::Null(Kind::Text) => arguments.add(None::<&str>),
            Value::Null(Kind::Bytes) => arguments.add(None::<&[u8]>),
            Value::Null(Kind::Uuid) => arguments.add(None::<Uuid>),
            Value::Null(Kind::Time) => arguments.add(None::<PrimitiveDateTime>),
            Value::Null(Kind::Json) => arguments.add(None::<JsonText<'_>>),
            Value::Bool(v) => arguments.add(*v),
            Value::Int(v) => arguments.add(*v),
            Value::Text(v) => arguments.add(v.as_ref()),
            Value::Bytes(v) => arguments.add(v.as_ref()),
            Value::Uuid(v) => arguments.add(*v),
            Value::Time(v) => arguments.add(without_zone(*v)),
            Value::Json(v) => arguments.add(JsonText(v)),
        }?;
    }
    Ok(arguments)
}

fn without_zone(time: OffsetDateTime) -> PrimitiveDateTime {
    let utc = time.to_offset(UtcOffset::UTC);
    PrimitiveDateTime::new(utc.date(), utc.time())
}

pub(super) fn boolean(value: PgValueRef<'_>) -> Result<bool, DecodeError> {
    Decode::<Postgres>::decode(value)
}

/// `int2`, `int4` and `int8`: told apart by their length.
pub(super) fn int(value: PgValueRef<'_>) -> Result<i64, DecodeError> {
    if value.format() == PgValueFormat::Text {
        return Ok(value.as_str()?.parse()?);
    }
    let bytes = value.as_bytes()?;
    match bytes.len() {
        8 => Ok(i64::from_be_bytes(bytes.try_into()?)),
        4 => Ok(i32::from_be_bytes(bytes.try_into()?).into()),
        2 => Ok(i16::from_be_bytes(bytes.try_into()?).into()),
        _ => Err("not a whole number".into()),
    }
}

pub(super) fn text(value: PgValueRef<'_>) -> Result<String, DecodeError> {
    Ok(value.as_str()?.to_owned())
}

pub(super) fn bytes(value: PgValueRef<'_>) -> Result<Vec<u8>, DecodeError> {
    Decode::<Postgres>::decode(value)
}

pub(super) fn uuid(value: PgValueRef<'_>) -> Result<Uuid, DecodeError> {
    Decode::<Postgres>::decode(value)
}

pub(super) fn time(value: PgValueRef<'_>) -> Result<OffsetDateTime, DecodeError> {
    let time: PrimitiveDateTime = Decode::<Postgres>::decode(value)?;
    Ok(time.assume_utc())
}

/// The text of a JSON value. The binary form of `jsonb` starts with a version byte.
pub(super) fn json_slice(value: PgValueRef<'_>) -> Result<&[u8], DecodeError> {
    let binary = value.format() == PgValueFormat::Binary;
    let bytes = value.as_bytes()?;
    match bytes.split_first() {
        Some((1, text)) if binary => Ok(text),
        _ => Ok(bytes),
    }
}

/// Whether this server's `version()` is that of PostgreSQL itself. Others that speak its language (YugabyteDB,
/// `PostgreSQL 15.2-YB-…`) keep transactions elsewhere, and their snapshots say nothing.
pub(super) fn has_true_snapshots(version: &str) -> bool {
    let mut words = version.split_whitespace();
    let number = (words.next() == Some("PostgreSQL")).then(|| words.next());
    number
        .flatten()
        .is_some_and(|n| n.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn classify(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let reason = || error.message().to_owned();
    match code.as_ref() {
        "23505" => StoreError::Conflict {
            constraint: Unique::named(error.constraint().unwrap_or_default()),
        },
        "23503" => StoreError::Dangling,
        // serialization_failure (CockroachDB: restart), deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => StoreError::Contention { reason: reason() },
        code if code.starts_with("22") || code.starts_with("23") => {
            StoreError::Refused { reason: reason() }
        }
        // invalid authorization, unknown database
        code if code.starts_with("28") || code.starts_with("3D") => StoreError::barred(reason()),
        // connection exceptions, insufficient resources, operator intervention, system errors
        code if ["08", "53", "57", "58", "25006"]
            .iter()
            .any(|c| code.starts_with(c)) =>
        {
            StoreError::unavailable(reason())
        }
        _ => StoreError::Statement(reason()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_snapshots_of_postgresql_itself_are_trusted() {
        let debian =
            "PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc";
        assert!(has_true_snapshots(debian));
        for other in [
            "PostgreSQL 15.2-YB-2.25.1.0-b0 on x86_64-pc-linux-gnu, compiled by clang",
            "CockroachDB CCL v23.1.0 (x86_64-pc-linux-gnu)",
            "PostgreSQL",
            "",
        ] {
            assert!(!has_true_snapshots(other), "{other}");
        }
    }
}
