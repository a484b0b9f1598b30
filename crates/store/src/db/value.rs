//! Values on their way into a statement.

use std::borrow::Cow;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;

/// One bound value. Each knows its type even when it is null: PostgreSQL refuses an untyped null.
///
/// There is no `Debug` on purpose: values are tokens, addresses and hashes.
#[derive(Clone)]
pub enum Value<'a> {
    /// Nothing, in a column of this type.
    Null(Kind),
    /// A truth value.
    Bool(bool),
    /// A whole number; fits every integer column that the value fits.
    Int(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Raw bytes.
    Bytes(Cow<'a, [u8]>),
    /// An id: native on PostgreSQL, hyphenated text elsewhere.
    Uuid(Uuid),
    /// A point in time; stored in UTC with microseconds, on MySQL with whole seconds, cut off so
    /// that no stored time lies in the future.
    Time(OffsetDateTime),
    /// A JSON document.
    Json(Cow<'a, str>),
}

/// The type of a null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it; see Value")]
pub enum Kind {
    Bool,
    Int,
    Text,
    Bytes,
    Uuid,
    Time,
    Json,
}

impl Value<'_> {
    /// The JSON text of anything that serialises.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Value<'static>, StoreError> {
        let text = serde_json::to_string(value).map_err(|e| StoreError::Refused {
            reason: e.to_string(),
        })?;
        Ok(Value::Json(Cow::Owned(text)))
    }
}

/// Types that stand for one kind of column.
pub trait Bind<'a>: Into<Value<'a>> {
    /// The type that a null gets.
    const KIND: Kind;
}

macro_rules! bind {
    ($type:ty, $kind:ident, $value:ident => $make:expr) => {
        impl<'a> From<$type> for Value<'a> {
            fn from($value: $type) -> Value<'a> {
                $make
            }
        }
        impl<'a> Bind<'a> for $type {
            const KIND: Kind = Kind::$kind;
        }
    };
}

bind!(bool, Bool, v => Value::Bool(v));
bind!(i64, Int, v => Value::Int(v));
bind!(i32, Int, v => Value::Int(v.into()));
bind!(u32, Int, v => Value::Int(v.into()));
bind!(u16, Int, v => Value::Int(v.into()));
bind!(&'a str, Text, v => Value::Text(Cow::Borrowed(v)));
bind!(&'a String, Text, v => Value::Text(Cow::Borrowed(v)));
bind!(String, Text, v => Value::Text(Cow::Owned(v)));
bind!(&'a [u8], Bytes, v => Value::Bytes(Cow::Borrowed(v)));
bind!(Vec<u8>, Bytes, v => Value::Bytes(Cow::Owned(v)));
bind!(Uuid, Uuid, v => Value::Uuid(v));
bind!(OffsetDateTime, Time, v => Value::Time(v));
bind!(&'a serde_json::Value, Json, v => Value::Json(Cow::Owned(v.to_string())));

impl<'a, T: Bind<'a>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Value<'a> {
        value.map_or(Value::Null(T::KIND), Into::into)
    }
}

/// The values of a statement, in the order of its `$1 … $n`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$($crate::db::Value::from($value)),*]
    };
}
