//! What a client submits, whatever its encoding (spec: methods.md §0.1).

use std::borrow::Cow;

use bia_model::schema::IdentitySchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A submitted form. It may hold passwords.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Form {
    body: Body,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    /// A JSON object.
    Json(Map<String, Value>),
    /// Name and value pairs in order; names can repeat.
    Pairs(Vec<(String, String)>),
}

impl Default for Body {
    fn default() -> Body {
        Body::Pairs(Vec::new())
    }
}

/// What a field holds that should be a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Text<'f> {
    /// Nothing, JSON null, or an empty text.
    Absent,
    /// A text.
    Some(&'f str),
    /// Something else; the name of its JSON type.
    OtherType(&'static str),
}

impl Form {
    /// A JSON object.
    pub fn json(object: Map<String, Value>) -> Form {
        Form {
            body: Body::Json(object),
        }
    }

    /// An HTML form or a query.
    pub fn pairs(pairs: Vec<(String, String)>) -> Form {
        Form {
            body: Body::Pairs(pairs),
        }
    }

    /// The text in a field; `None` when it is absent, empty or not a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.field(name) {
            Text::Some(text) => Some(text),
            Text::Absent | Text::OtherType(_) => None,
        }
    }

    /// What is in a field that should hold a text.
    pub fn field(&self, name: &str) -> Text<'_> {
        match &self.body {
            Body::Pairs(pairs) => match pairs.iter().find(|(k, _)| k == name) {
                Some((_, v)) if !v.is_empty() => Text::Some(v),
                _ => Text::Absent,
            },
            Body::Json(object) => match object.get(name) {
                None | Some(Value::Null) => Text::Absent,
                Some(Value::String(s)) if s.is_empty() => Text::Absent,
                Some(Value::String(s)) => Text::Some(s),
                Some(other) => Text::OtherType(json_type(other)),
            },
        }
    }

    /// A field as a text, whatever its JSON type: numbers, lists and objects as they are written in JSON.
    /// `None` when it is absent, null or empty.
    pub fn spelled(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.field(name) {
            Text::Absent => None,
            Text::Some(text) => Some(Cow::Borrowed(text)),
            Text::OtherType(_) => match &self.body {
                Body::Json(object) => object
                    .get(name)
                    .filter(|v| !v.is_null())
                    .map(|v| Cow::Owned(v.to_string())),
                Body::Pairs(_) => None,
            },
        }
    }

    /// Whether a field is there at all, even if it is empty.
    pub fn has(&self, name: &str) -> bool {
        match &self.body {
            Body::Pairs(pairs) => pairs.iter().any(|(k, _)| k == name),
            Body::Json(object) => object.contains_key(name),
        }
    }

    /// A truth value: Go's spellings, the last of several form values (hidden `false`, checked `true`).
    pub fn boolean(&self, name: &str) -> bool {
        match &self.body {
            Body::Pairs(pairs) => pairs
                .iter()
                .rev()
                .find(|(k, _)| k == name)
                .is_some_and(|(_, v)| go_bool(v)),
            Body::Json(object) => match object.get(name) {
                Some(Value::Bool(b)) => *b,
                Some(Value::String(s)) => go_bool(s),
                _ => false,
            },
        }
    }

    /// The traits, typed as their schema says. Names that the schema does not know are dropped.
    pub fn traits(&self, schema: &IdentitySchema) -> Value {
        match &self.body {
            Body::Pairs(pairs) => schema.decode_form(pairs),
            Body::Json(object) => schema.decode_json(object),
        }
    }

    /// `transient_payload`: an object, `{}` when absent. `Err` holds the JSON type found instead.
    pub fn transient_payload(&self) -> Result<Value, &'static str> {
        let given = match &self.body {
            Body::Json(object) => object.get("transient_payload").cloned(),
            Body::Pairs(_) => self.text("transient_payload").map(|text| {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
            }),
        };
        match given {
            None | Some(Value::Null) => Ok(Value::Object(Map::new())),
            Some(value @ Value::Object(_)) => Ok(value),
            Some(other) => Err(json_type(&other)),
        }
    }

    /// The texts in an object: members of a JSON object, JSON in a form's field, or fields with dotted names.
    pub fn members(&self, name: &str) -> Vec<(String, String)> {
        let of = |object: &Map<String, Value>| {
            let text = |(k, v): (&String, &Value)| Some((k.clone(), v.as_str()?.to_owned()));
            object.iter().filter_map(text).collect()
        };
        match &self.body {
            Body::Json(object) => match object.get(name) {
                Some(Value::Object(members)) => of(members),
                _ => Vec::new(),
            },
            Body::Pairs(pairs) => {
                let whole = self.text(name).and_then(|t| serde_json::from_str(t).ok());
                let mut members = whole.as_ref().map(of).unwrap_or_default();
                let below = |k: &str| k.strip_prefix(name)?.strip_prefix('.').map(str::to_owned);
                members.extend(
                    pairs
                        .iter()
                        .filter_map(|(k, v)| Some((below(k)?, v.clone()))),
                );
                members
            }
        }
    }

    /// The method that the client names.
    pub fn method(&self) -> Option<&str> {
        self.text("method")
    }
}

/// The JSON type of a value, by the name that validators use.
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The spellings of true that Go's parser takes; everything else is false.
pub fn go_bool(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkbox_counts_by_its_last_value() {
        let form = Form::pairs(vec![
            ("a".into(), "false".into()),
            ("a".into(), "true".into()),
        ]);
        assert!(form.boolean("a"));
        assert!(!form.boolean("b"));
    }

    #[test]
    fn an_object_can_come_in_three_ways() {
        let expected = [("hd".to_owned(), "example.org".to_owned())];
        let Value::Object(object) =
            serde_json::json!({"up": {"hd": "example.org", "n": 1}, "up.x": "y"})
        else {
            return;
        };
        assert_eq!(Form::json(object).members("up"), expected);
        for (name, value) in [("up.hd", "example.org"), ("up", "{\"hd\":\"example.org\"}")] {
            let form = Form::pairs(vec![
                (name.into(), value.into()),
                ("uphd".into(), "x".into()),
            ]);
            assert_eq!(form.members("up"), expected);
        }
    }

    #[test]
    fn an_empty_text_is_absent_and_a_number_is_of_another_type() {
        let Value::Object(object) = serde_json::json!({"a": "", "b": 3, "c": "x", "d": null})
        else {
            return;
        };
        let form = Form::json(object);
        assert_eq!(form.field("a"), Text::Absent);
        assert_eq!(form.field("b"), Text::OtherType("number"));
        assert_eq!(form.text("c"), Some("x"));
        assert_eq!(form.field("d"), Text::Absent);
    }
}
