//! The body of a self-service submit as one shape, whatever its encoding (`spec/methods.md` §0.1).
//!
//! JSON and form bodies are treated the same: a top-level key is a field. The types that a field should have are
//! known only to the schema of the method that takes it, so values stay as they came; `Form` offers the readings
//! (`text`, `last_text`, `all_texts`) that the schema's types ask for.

use std::borrow::Cow;

use bytes::Bytes;
use futures::FutureExt;
use serde::Deserialize as _;
use serde_json::{Map, Value};

/// The most fields that a body may have.
pub const MAX_FIELDS: usize = 1000;

/// The deepest nesting of a JSON body, and the most dots in a field's name.
pub const MAX_DEPTH: usize = 64;

/// The longest field name, in bytes.
pub const MAX_NAME_BYTES: usize = 1024;

/// Why a body was refused. The texts are for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There is no body.
    #[error("The request has no body. Send the fields of the form as JSON or as a form.")]
    Empty,
    /// Neither JSON nor a form, or no `Content-Type` at all.
    #[error(
        "The Content-Type {0:?} is not supported. Use application/json, application/x-www-form-urlencoded or multipart/form-data."
    )]
    UnsupportedContentType(String),
    /// The body breaks the rules of its encoding, or a limit.
    #[error("The request body could not be read: {0}. Correct it and send it again.")]
    Malformed(String),
    /// The body is JSON, but not an object.
    #[error("The JSON body has to be an object with the fields of the form, but it is {0}.")]
    NotAnObject(&'static str),
}

/// How the fields were encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// A JSON object: values are typed.
    Json,
    /// A form or a query: values are text, names may repeat.
    Form,
}

/// The value of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// From a JSON body.
    Json(Value),
    /// From a form or a query.
    Text(String),
}

impl FieldValue {
    /// The value as form text: JSON `null` is empty, other JSON that is not a string is its JSON text.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Json(Value::String(text)) => Cow::Borrowed(text),
            Self::Json(Value::Null) => Cow::Borrowed(""),
            Self::Json(value) => Cow::Owned(value.to_string()),
        }
    }
}

/// The submitted fields in the order of the body. Names are full dotted names such as `traits.email`, or `traits`
/// with an object.
#[derive(Clone, PartialEq)]
pub struct Form {
    /// How the fields came; tells whether a later stage has to convert text into the schema's types.
    pub encoding: Encoding,
    /// Names and values. A name may repeat in a form, not in JSON (there the last one counts).
    pub fields: Vec<(String, FieldValue)>,
}

impl Form {
    /// Decodes a body. The caller has bounded its length (5 MiB).
    pub fn decode(content_type: Option<&str>, body: &Bytes) -> Result<Self, BodyError> {
        if body.is_empty() {
            return Err(BodyError::Empty);
        }
        let content_type = content_type.unwrap_or_default().trim();
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Self::from_json(body),
            "application/x-www-form-urlencoded" => Self::from_urlencoded(utf8(body)?),
            "multipart/form-data" => Self::from_multipart(content_type, body),
            _ => Err(BodyError::UnsupportedContentType(
                content_type.chars().take(100).collect(),
            )),
        }
    }

    /// Decodes the query of a GET submit; an empty query has no fields.
    pub fn from_query(query: &str) -> Result<Self, BodyError> {
        Self::from_urlencoded(query)
    }

    /// Adds the fields of a query, for the methods that read both. In a form the body comes first and so wins where
    /// one value is taken; a JSON field is replaced by the query's.
    pub fn with_query(mut self, query: &Form) -> Self {
        if self.encoding == Encoding::Json {
            self.fields.retain(|(name, _)| query.get(name).is_none());
        }
        for (name, value) in &query.fields {
            if self.encoding == Encoding::Form || self.get(name).is_none() {
                self.fields.push((name.clone(), value.clone()));
            }
        }
        self
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }

    /// All values of `name` in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a FieldValue> {
        self.fields
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value)
    }

    /// The first value of `name` as text, `None` when absent or empty: how texts and numbers are read.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name)
            .map(FieldValue::as_text)
            .filter(|text| !text.is_empty())
    }

    /// The last value of `name` as text: how booleans are read. A checkbox sends a hidden `false` before its `true`.
    pub fn last_text<'a>(&'a self, name: &'a str) -> Option<Cow<'a, str>> {
        self.values(name)
            .next_back()
            .map(FieldValue::as_text)
            .filter(|text| !text.is_empty())
    }

    /// All values of `name` as text: how lists of texts are read.
    pub fn all_texts<'a>(&'a self, name: &'a str) -> Vec<Cow<'a, str>> {
        self.values(name).map(FieldValue::as_text).collect()
    }

    /// The fields as one JSON object with untouched names (`traits.email` stays one key); of a repeated name the
    /// last value counts. For methods that look at a few plain fields only.
    pub fn to_object(&self) -> Map<String, Value> {
        let value = |value: &FieldValue| match value {
            FieldValue::Json(value) => value.clone(),
            FieldValue::Text(text) => Value::String(text.clone()),
        };
        self.fields
            .iter()
            .map(|(name, field)| (name.clone(), value(field)))
            .collect()
    }

    fn from_json(body: &[u8]) -> Result<Self, BodyError> {
        // Only the first value counts; what follows it is ignored, as the reference does.
        let mut reader = serde_json::Deserializer::from_str(utf8(body)?);
        let value =
            Value::deserialize(&mut reader).map_err(|error| malformed(json_reason(&error)))?;
        let object = match value {
            Value::Object(object) => object,
            other => return Err(BodyError::NotAnObject(json_kind(&other))),
        };
        let mut fields = Fields::new();
        for (name, value) in object {
            if depth_exceeds(&value, MAX_DEPTH) {
                return Err(malformed("it is nested too deeply"));
            }
            fields.push(name, FieldValue::Json(value))?;
        }
        Ok(Self {
            encoding: Encoding::Json,
            fields: fields.0,
        })
    }

    fn from_urlencoded(text: &str) -> Result<Self, BodyError> {
        let mut fields = Fields::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push(unescape(name)?, FieldValue::Text(unescape(value)?))?;
        }
        Ok(Self {
            encoding: Encoding::Form,
            fields: fields.0,
        })
    }

    fn from_multipart(content_type: &str, body: &Bytes) -> Result<Self, BodyError> {
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| malformed("its boundary is missing"))?;
        // The whole body is at hand, so reading never has to wait.
        let read = read_multipart(body.clone(), boundary).now_or_never();
        let fields = read.unwrap_or_else(|| Err(malformed("a part has no end")))?;
        Ok(Self {
            encoding: Encoding::Form,
            fields: fields.0,
        })
    }
}

/// Shows names only: values are passwords and personal data.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Form")
            .field("encoding", &self.encoding)
            .field("names", &names)
            .finish()
    }
}

/// Collects fields within the limits.
struct Fields(Vec<(String, FieldValue)>);

impl Fields {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, name: String, value: FieldValue) -> Result<(), BodyError> {
        if name.len() > MAX_NAME_BYTES || name.matches('.').count() > MAX_DEPTH {
            return Err(malformed("the name of a field is too long"));
        }
        if self.0.len() == MAX_FIELDS {
            return Err(malformed(format!("it has more than {MAX_FIELDS} fields")));
        }
        self.0.push((name, value));
        Ok(())
    }
}

/// Reads the parts that are plain fields; files are skipped.
async fn read_multipart(body: Bytes, boundary: String) -> Result<Fields, BodyError> {
    let stream = futures::stream::once(futures::future::ready(Ok::<_, std::io::Error>(body)));
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut fields = Fields::new();
    while let Some(part) = parts
        .next_field()
        .await
        .map_err(|_| malformed("a part is damaged"))?
    {
        let name = part
            .name()
            .map(str::to_owned)
            .filter(|_| part.file_name().is_none());
        let content = part
            .bytes()
            .await
            .map_err(|_| malformed("a part is damaged"))?;
        if let Some(name) = name {
            fields.push(name, FieldValue::Text(utf8(&content)?.to_owned()))?;
        }
    }
    Ok(fields)
}

/// Undoes form encoding: `+` is a space, `%XX` a byte; anything that is not exactly that is refused.
fn unescape(text: &str) -> Result<String, BodyError> {
    if text.contains(';') {
        return Err(malformed("semicolons have to be written as %3B"));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_byte(rest.next(), rest.next())
                .ok_or_else(|| malformed("a percent sign has no two digits"))?,
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))
}

fn hex_byte(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn utf8(bytes: &[u8]) -> Result<&str, BodyError> {
    std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))
}

fn depth_exceeds(value: &Value, limit: usize) -> bool {
    // serde_json refuses more than 128 levels, so this recursion is bounded too.
    match value {
        Value::Array(items) => {
            limit == 0 || items.iter().any(|item| depth_exceeds(item, limit - 1))
        }
        Value::Object(members) => {
            limit == 0
                || members
                    .values()
                    .any(|member| depth_exceeds(member, limit - 1))
        }
        _ => false,
    }
}

fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Where the JSON is wrong, without repeating what was sent.
fn json_reason(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "the JSON ends too early".to_owned();
    }
    format!(
        "the JSON is wrong at line {}, column {}",
        error.line(),
        error.column()
    )
}

fn malformed(reason: impl Into<String>) -> BodyError {
    BodyError::Malformed(reason.into())
}

#[cfg(test)]
mod tests;
