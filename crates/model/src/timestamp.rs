//! Times on the wire: RFC 3339 in UTC, the fraction with trailing zeros cut.

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// What the reference, which is written in Go, writes where there is no time.
pub const fn zero() -> OffsetDateTime {
    datetime!(0001-01-01 00:00 UTC)
}

/// The wire text of a time. Years outside 0–9999, which RFC 3339 cannot say, become the nearest it can.
pub fn text(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(&Rfc3339)
        .unwrap_or_else(|_| {
            if at.year() > 9999 {
                "9999-12-31T23:59:59Z".into()
            } else {
                "0001-01-01T00:00:00Z".into()
            }
        })
}

/// The wire value of a time.
pub fn json(at: OffsetDateTime) -> Value {
    Value::String(text(at))
}

/// Reads a wire text.
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .map(|t| t.to_offset(UtcOffset::UTC))
}

/// For `#[serde(with = "timestamp")]`.
pub fn serialize<S: Serializer>(at: &OffsetDateTime, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&text(*at))
}

/// For `#[serde(with = "timestamp")]`.
pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<OffsetDateTime, D::Error> {
    let raw = String::deserialize(d)?;
    parse(&raw).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
}

/// The same for times that may be absent and are told all the same.
pub mod or_zero {
    use super::*;

    pub use super::serialize;

    /// For `#[serde(with = "timestamp::or_zero")]`: null is [`zero`].
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<OffsetDateTime, D::Error> {
        Ok(option::deserialize(d)?.unwrap_or(zero()))
    }
}

/// The same for times that may be absent: null, or [`zero`].
pub mod option {
    use super::*;

    /// For `#[serde(with = "timestamp::option")]`.
    pub fn serialize<S: Serializer>(at: &Option<OffsetDateTime>, s: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => s.serialize_str(&text(*at)),
            None => s.serialize_none(),
        }
    }

    /// For `#[serde(with = "timestamp::option")]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        match Option::<String>::deserialize(d)? {
            None => Ok(None),
            Some(raw) => parse(&raw)
                .map(|at| Some(at).filter(|at| *at != zero()))
                .ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time")),
        }
    }
}
