//! How SQLite differs. Ids and times are text; times look as the reference's driver writes them,
//! `YYYY-MM-DD HH:MM:SS[.ffffff]+00:00` with trailing zeros cut, so that text order is time order.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteRow, SqliteSynchronous, SqliteValueRef,
};
use sqlx::{Arguments as _, Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::dsn::SqliteFile;
use super::row::DecodeError;
use super::{StoreError, Unique, Value};

/// How long a statement waits for another process' lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Takes the write lock at once: a lock that is upgraded later can fail without waiting.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Lets readers go on while somebody writes, from now on and for everybody. Answers which journal there is then.
pub(super) const WRITE_AHEAD: &str = "PRAGMA journal_mode = WAL";

/// Options of the writer. A commit survives the end of the process (WAL, synchronous NORMAL);
/// a database that lives no longer than the process is not synchronised at all.
///
/// How the file keeps its journal is not changed by opening it: see [`WRITE_AHEAD`].
pub(super) fn options(file: &SqliteFile) -> SqliteConnectOptions {
    let synchronous = if file.ephemeral {
        SqliteSynchronous::Off
    } else {
        SqliteSynchronous::Normal
    };
    SqliteConnectOptions::new()
        .filename(&file.path)
        .create_if_missing(file.create)
        .foreign_keys(true)
        .synchronous(synchronous)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "memory")
        .statement_cache_capacity(256)
}

pub(super) fn bind(values: &[Value<'_>]) -> Result<SqliteArguments, DecodeError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<i64>),
            Value::Bool(v) => arguments.add(i64::from(*v)),
            Value::Int(v) => arguments.add(*v),
            Value::Text(v) | Value::Json(v) => arguments.add(v.as_ref()),
            Value::Bytes(v) => arguments.add(v.as_ref()),
            Value::Uuid(v) => arguments.add(v.to_string()),
            Value::Time(v) => arguments.add(time_text(*v)),
        }?;
    }
    Ok(arguments)
}

/// The reference's text form of a time, in microseconds.
pub(super) fn time_text(time: OffsetDateTime) -> String {
    use std::fmt::Write as _;
    let t = time.to_offset(UtcOffset::UTC);
    let mut text = String::with_capacity(32);
    // Writing into a String cannot fail.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    );
    if t.microsecond() != 0 {
        let _ = write!(text, ".{:06}", t.microsecond());
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push_str("+00:00");
    text
}

const ZONED: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]][offset_hour sign:mandatory]:[offset_minute]"
);
const ZONELESS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]");

/// Reads the forms that occur: the reference's, `CURRENT_TIMESTAMP`'s (no zone: UTC) and RFC 3339.
pub(super) fn parse_time(text: &str) -> Result<OffsetDateTime, DecodeError> {
    if let Some(time) = parse_usual(text.as_bytes()) {
        return Ok(time);
    }
    OffsetDateTime::parse(text, ZONED)
        .or_else(|_| PrimitiveDateTime::parse(text, ZONELESS).map(PrimitiveDateTime::assume_utc))
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .map(|t| t.to_offset(UtcOffset::UTC))
        .map_err(|_| "not a time".into())
}

/// The form that [`time_text`] writes, read without the general parser: every row has several times.
fn parse_usual(text: &[u8]) -> Option<OffsetDateTime> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let fraction = match rest.strip_suffix(b"+00:00")? {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_u32.pow(9 - u32::try_from(digits.len()).ok()?)
        }
        _ => return None,
    };
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b' ' | b'T',
        h0,
        h1,
        b':',
        n0,
        n1,
        b':',
        s0,
        s1,
    ] = date_time
    else {
        return None;
    };
    let two = |a: &u8, b: &u8| u8::try_from(number(&[*a, *b])?).ok();
    let year = i32::try_from(number(&[*y0, *y1, *y2, *y3])?).ok()?;
    let month = time::Month::try_from(two(m0, m1)?).ok()?;
    let date = time::Date::from_calendar_date(year, month, two(d0, d1)?).ok()?;
    let time =
        time::Time::from_hms_nano(two(h0, h1)?, two(n0, n1)?, two(s0, s1)?, fraction).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u32::from(digit - b'0'))
    })
}

pub(super) fn slice(value: SqliteValueRef<'_>) -> Result<&[u8], DecodeError> {
    Decode::<Sqlite>::decode(value)
}

fn is_text(value: &SqliteValueRef<'_>) -> bool {
    value.type_info().name() == "TEXT"
}

/// Columns with a default of `'false'` may hold it as text.
pub(super) fn boolean(value: SqliteValueRef<'_>) -> Result<bool, DecodeError> {
    if is_text(&value) {
        return Ok(is_true(&text(value)?));
    }
    int(value).map(|v| v != 0)
}

pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "true" | "TRUE" | "1" | "t")
}

/// The text of a row with one column, unless it is none.
pub(super) fn only_text(row: &SqliteRow) -> Option<&str> {
    row.try_get_unchecked(0).ok()
}

pub(super) fn int(value: SqliteValueRef<'_>) -> Result<i64, DecodeError> {
    if is_text(&value) {
        return Ok(text(value)?.parse()?);
    }
    Decode::<Sqlite>::decode(value)
}

pub(super) fn text(value: SqliteValueRef<'_>) -> Result<String, DecodeError> {
    Decode::<Sqlite>::decode(value)
}

pub(super) fn bytes(value: SqliteValueRef<'_>) -> Result<Vec<u8>, DecodeError> {
    Decode::<Sqlite>::decode(value)
}

pub(super) fn uuid(value: SqliteValueRef<'_>) -> Result<Uuid, DecodeError> {
    let text: &str = Decode::<Sqlite>::decode(value)?;
    Ok(Uuid::try_parse(text)?)
}

pub(super) fn time(value: SqliteValueRef<'_>) -> Result<OffsetDateTime, DecodeError> {
    parse_time(Decode::<Sqlite>::decode(value)?)
}

/// Extended result codes: <https://www.sqlite.org/rescode.html>.
pub(super) fn classify(error: &dyn DatabaseError) -> StoreError {
    let code: i32 = error
        .code()
        .and_then(|c| c.parse().ok())
        .unwrap_or_default();
    let message = error.message();
    match (code, code & 0xff) {
        // UNIQUE, PRIMARY KEY, ROWID
        (2067 | 1555 | 2579, _) => {
            let name = message
                .rsplit_once("failed: ")
                .map_or(message, |(_, name)| name);
            StoreError::Conflict {
                constraint: Unique::named(first_rule(name)),
            }
        }
        (787, _) => StoreError::Dangling,
        // BUSY, LOCKED
        (_, 5 | 6) => StoreError::Contention {
            reason: message.to_owned(),
        },
        // READONLY, IOERR, CANTOPEN
        (_, 8 | 10 | 14) => StoreError::barred(message),
        // FULL
        (_, 13) => StoreError::unavailable(message),
        // TOOBIG, MISMATCH, CONSTRAINT
        (_, 18..=20) => StoreError::Refused {
            reason: message.to_owned(),
        },
        _ => StoreError::Statement(message.to_owned()),
    }
}

/// SQLite names the columns (`t.a, t.b`), or `index 'name'` where the index has a condition.
fn first_rule(name: &str) -> &str {
    name.strip_prefix("index '")
        .map_or(name, |name| name.trim_end_matches('\''))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_look_as_the_reference_writes_them() {
        assert_eq!(
            time_text(datetime!(2026-03-01 12:00:00.120_000_999 UTC)),
            "2026-03-01 12:00:00.12+00:00"
        );
        assert_eq!(
            time_text(datetime!(2026-03-01 01:00:00 +1)),
            "2026-03-01 00:00:00+00:00"
        );
    }

    #[test]
    fn text_order_is_time_order_whatever_the_fraction() {
        let texts = [
            "2026-03-01 12:00:00+00:00",
            "2026-03-01 12:00:00.1+00:00",
            "2026-03-01 12:00:00.12+00:00",
            "2026-03-01 12:00:00.123456789+00:00",
            "2026-03-01 12:00:00.2+00:00",
            "2026-03-01 12:00:01+00:00",
        ];
        assert!(texts.is_sorted());
        let times: Vec<OffsetDateTime> = texts.iter().map(|t| parse_time(t).unwrap()).collect();
        assert!(times.is_sorted());
    }

    #[test]
    fn the_usual_form_is_read_as_the_general_parser_reads_it() {
        for text in [
            "2026-03-01 12:00:00+00:00",
            "2024-02-29 23:59:59.999999999+00:00",
            "1999-12-31 00:00:00.000001+00:00",
        ] {
            let general = OffsetDateTime::parse(text, ZONED).unwrap();
            assert_eq!(parse_usual(text.as_bytes()), Some(general), "{text}");
        }
        for text in [
            "2026-02-30 12:00:00+00:00",
            "2026-03-01 12:00:0x+00:00",
            "2026-03-01 12:00:00.+00:00",
            "2026-03-01 12:00:00+01:00",
            "",
        ] {
            assert_eq!(parse_usual(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn other_forms_of_times_are_read_too() {
        let noon = datetime!(2026-03-01 12:00 UTC);
        for text in [
            "2026-03-01 12:00:00",
            "2026-03-01T12:00:00Z",
            "2026-03-01 13:00:00+01:00",
        ] {
            assert_eq!(parse_time(text).unwrap(), noon, "{text}");
        }
        assert!(parse_time("yesterday").is_err());
    }
}
