//! How one event becomes one line.

use std::fmt;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::{Format, level_name};

/// RFC 3339 with milliseconds, always of the same width.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Writes lines of one format.
pub(super) struct Lines {
    pub(super) format: Format,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let time = OffsetDateTime::now_utc().format(&TIME).unwrap_or_default();
        let line = match self.format {
            Format::Text => said.text(&time, level_name(*event.metadata().level())),
            Format::Json => said.json(time, level_name(*event.metadata().level())),
        };
        writeln!(out, "{line}")
    }
}

/// What an event says: a message, and named values in order.
#[derive(Default)]
struct Said {
    message: String,
    values: Vec<(&'static str, Value)>,
}

impl Said {
    fn text(&self, time: &str, level: &str) -> String {
        let mut line = format!("{time} {level:<7} {}", Plain(&self.message));
        for (name, value) in &self.values {
            let value = match value {
                Value::String(text) if is_plain_word(text) => text.clone(),
                other => other.to_string(),
            };
            line.push_str(&format!(" {name}={value}"));
        }
        line
    }

    fn json(self, time: String, level: &str) -> String {
        let mut line = Map::new();
        line.insert("time".into(), time.into());
        line.insert("level".into(), level.into());
        line.insert("msg".into(), self.message.into());
        line.insert("audience".into(), "application".into());
        line.insert("service_name".into(), "Bia".into());
        line.insert("service_version".into(), crate::version::VERSION.into());
        for (name, value) in self.values {
            line.insert(name.into(), value);
        }
        Value::Object(line).to_string()
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.values.push((name, value)),
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// Whether a value can stand in a line of text without quotes. With quotes nothing that a client sends can look
/// like another field or another line.
fn is_plain_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_graphic() && c != '"' && c != '=')
}

/// A message on one line.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                c if c.is_control() => write!(f, "{}", c.escape_default())?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said {
            message: "It\nhappened".into(),
            values: vec![
                ("http_request.path", "/a b\n=".into()),
                ("listener", "public".into()),
                ("n", 3.into()),
            ],
        }
    }

    #[test]
    fn a_line_of_text_is_one_line_whatever_is_in_it() {
        let line = said().text("2026-11-25T10:00:00.123Z", "info");
        assert_eq!(
            line,
            "2026-11-25T10:00:00.123Z info    It\\nhappened http_request.path=\"/a b\\n=\" listener=public n=3"
        );
    }

    #[test]
    fn a_line_of_json_has_the_reference_s_base_fields() {
        let line: Value =
            serde_json::from_str(&said().json("2026-11-25T10:00:00.123Z".into(), "warning"))
                .unwrap();
        assert_eq!(line["msg"], "It\nhappened");
        assert_eq!(line["level"], "warning");
        assert_eq!(line["audience"], "application");
        assert_eq!(line["http_request.path"], "/a b\n=");
        assert_eq!(line["n"], 3);
    }
}
