//! Values on their way out of a row.

mod mended;

use serde::de::DeserializeOwned;
use sqlx::mysql::{MySqlRow, MySqlValueRef};
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Column as _, Row as _, ValueRef as _};
use time::OffsetDateTime;
use uuid::Uuid;

use super::packed::PackedRow;
use super::{StoreError, mysql, packed, postgres, sqlite};

/// What a driver says when a value is not of the wanted type.
pub(crate) type DecodeError = Box<dyn std::error::Error + Send + Sync>;

/// One row of an answer.
pub struct Row(pub(super) RowKind);

pub(super) enum RowKind {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    MySql(MySqlRow),
    Packed(PackedRow),
}

/// One value of a row, as its driver has it.
pub enum Raw<'r> {
    #[doc(hidden)]
    Sqlite(SqliteValueRef<'r>),
    #[doc(hidden)]
    Postgres(PgValueRef<'r>),
    #[doc(hidden)]
    MySql(MySqlValueRef<'r>),
    /// Of a row that came with others in one text; see `packed`.
    #[doc(hidden)]
    Packed(&'r serde_json::Value),
}

impl Row {
    /// Reads the columns one after the other, in the order of the SELECT list. `table` names the
    /// source in errors.
    pub fn columns(&self, table: &'static str) -> Columns<'_> {
        Columns {
            row: self,
            table,
            next: 0,
        }
    }

    /// The single value of a row with one column.
    pub fn only<T: FromColumn>(&self, table: &'static str) -> Result<T, StoreError> {
        self.columns(table).take()
    }

    fn raw(&self, index: usize) -> Result<Raw<'_>, DecodeError> {
        Ok(match &self.0 {
            RowKind::Sqlite(row) => Raw::Sqlite(row.try_get_raw(index)?),
            RowKind::Postgres(row) => Raw::Postgres(row.try_get_raw(index)?),
            RowKind::MySql(row) => Raw::MySql(row.try_get_raw(index)?),
            RowKind::Packed(row) => Raw::Packed(row.cell(index)?),
        })
    }

    fn name(&self, index: usize) -> String {
        let name = match &self.0 {
            RowKind::Sqlite(row) => row.columns().get(index).map(|c| c.name()),
            RowKind::Postgres(row) => row.columns().get(index).map(|c| c.name()),
            RowKind::MySql(row) => row.columns().get(index).map(|c| c.name()),
            RowKind::Packed(row) => row.name(index),
        };
        name.map_or_else(|| format!("number {index}"), str::to_owned)
    }

    /// The row's id: by our habit the first column that is one.
    fn id(&self) -> Uuid {
        self.raw(0)
            .ok()
            .and_then(|raw| raw.uuid().ok())
            .unwrap_or_default()
    }
}

/// A walk through the columns of a row.
pub struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    next: usize,
}

impl Columns<'_> {
    /// The next column's value.
    pub fn take<T: FromColumn>(&mut self) -> Result<T, StoreError> {
        let index = self.next;
        self.next += 1;
        self.row
            .raw(index)
            .and_then(T::from_column)
            .map_err(|e| self.corrupt(index, e.to_string()))
    }

    /// The next column's value as a JSON document.
    pub fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let Json(value) = self.take()?;
        Ok(value)
    }

    /// As [`Columns::json`]; `None` for null.
    pub fn json_or_null<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        Ok(self.take::<Option<Json<T>>>()?.map(|Json(value)| value))
    }

    /// The next column's text as something that is parsed from it.
    pub fn parse<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        let index = self.next;
        let text: String = self.take()?;
        parse(&text)
            .ok_or_else(|| self.corrupt(index, "not a value that this column may hold".into()))
    }

    /// Leaves out the next `count` columns.
    pub fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// Names another table from here on, in a row that joins several.
    pub fn from_table(&mut self, table: &'static str) {
        self.table = table;
    }

    fn corrupt(&self, index: usize, reason: String) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column: self.row.name(index),
            id: self.row.id(),
            reason,
        }
    }
}

/// Types that can be read from a column.
pub trait FromColumn: Sized {
    /// Reads it; an error when the column is null or of another type.
    fn from_column(raw: Raw<'_>) -> Result<Self, Box<dyn std::error::Error + Send + Sync>>;
}

/// A column that holds a JSON document.
pub struct Json<T>(pub T);

/// The text of a JSON document as the database has it.
pub struct JsonText(pub String);

macro_rules! read {
    ($name:ident -> $type:ty) => {
        pub(super) fn $name(self) -> Result<$type, DecodeError> {
            if self.is_null() {
                return Err("the column is null".into());
            }
            match self {
                Raw::Sqlite(v) => sqlite::$name(v),
                Raw::Postgres(v) => postgres::$name(v),
                Raw::MySql(v) => mysql::$name(v),
                Raw::Packed(v) => packed::$name(v),
            }
        }
    };
}

impl Raw<'_> {
    read!(boolean -> bool);
    read!(int -> i64);
    read!(text -> String);
    read!(bytes -> Vec<u8>);
    read!(uuid -> Uuid);
    read!(time -> OffsetDateTime);

    fn is_null(&self) -> bool {
        match self {
            Raw::Sqlite(v) => v.is_null(),
            Raw::Postgres(v) => v.is_null(),
            Raw::MySql(v) => v.is_null(),
            Raw::Packed(v) => v.is_null(),
        }
    }

    fn json<T: DeserializeOwned>(self) -> Result<T, DecodeError> {
        let text = self.json_slice()?;
        serde_json::from_slice(text).or_else(|error| match mended::mended(text) {
            Some(mended) => Ok(serde_json::from_str(&mended)?),
            None => Err(error.into()),
        })
    }
}

impl<'r> Raw<'r> {
    /// A database's JSON types hand out their text behind different framing.
    fn json_slice(self) -> Result<&'r [u8], DecodeError> {
        match self {
            Raw::Sqlite(v) => sqlite::slice(v),
            Raw::Postgres(v) => postgres::json_slice(v),
            Raw::MySql(v) => mysql::slice(v),
            Raw::Packed(v) => packed::slice(v),
        }
    }
}

macro_rules! from_column {
    ($type:ty, $raw:ident => $read:expr) => {
        impl FromColumn for $type {
            fn from_column($raw: Raw<'_>) -> Result<Self, DecodeError> {
                $read
            }
        }
    };
}

from_column!(bool, raw => raw.boolean());
from_column!(i64, raw => raw.int());
from_column!(i32, raw => Ok(raw.int()?.try_into()?));
from_column!(u32, raw => Ok(raw.int()?.try_into()?));
from_column!(u16, raw => Ok(raw.int()?.try_into()?));
from_column!(String, raw => raw.text());
from_column!(Vec<u8>, raw => raw.bytes());
from_column!(Uuid, raw => raw.uuid());
from_column!(OffsetDateTime, raw => raw.time());

impl<T: DeserializeOwned> FromColumn for Json<T> {
    fn from_column(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.is_null() {
            return Err("the column is null".into());
        }
        raw.json().map(Json)
    }
}

impl FromColumn for JsonText {
    fn from_column(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.is_null() {
            return Err("the column is null".into());
        }
        Ok(JsonText(String::from_utf8(raw.json_slice()?.to_vec())?))
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.is_null() {
            Ok(None)
        } else {
            T::from_column(raw).map(Some)
        }
    }
}
