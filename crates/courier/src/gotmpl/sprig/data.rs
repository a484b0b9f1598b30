//! What depends on the kind of a value: defaults, kinds, JSON.

use gotmpl::Value;

use super::Entry;
use super::args::{Args, Made};
use crate::gotmpl::value::{JsonStyle, from_json, to_json};

pub(super) const ALL: &[Entry] = &[
    ("default", |a| {
        let given = a.values.get(1).filter(|v| v.is_truthy());
        given.map_or_else(|| a.get(0).cloned(), |v| Ok(v.clone()))
    }),
    ("empty", |a| Ok(Value::Bool(!a.get(0)?.is_truthy()))),
    ("coalesce", |a| {
        Ok(a.values
            .iter()
            .find(|v| v.is_truthy())
            .cloned()
            .unwrap_or(Value::Nil))
    }),
    ("ternary", |a| {
        let yes = a.get(2)?.is_truthy();
        a.get(if yes { 0 } else { 1 }).cloned()
    }),
    ("fail", |a| Err(a.fails(a.str(0)?))),
    ("kindOf", |a| Ok(Value::from(kind(a.get(0)?)))),
    ("kindIs", |a| Ok(Value::Bool(a.str(0)? == kind(a.get(1)?)))),
    ("typeOf", |a| Ok(Value::from(type_name(a.get(0)?)))),
    ("typeIs", |a| {
        Ok(Value::Bool(a.str(0)? == type_name(a.get(1)?)))
    }),
    ("typeIsLike", |a| {
        let wanted = a.str(0)?;
        let is = type_name(a.get(1)?);
        Ok(Value::Bool(wanted == is || wanted == format!("*{is}")))
    }),
    ("deepEqual", |a| Ok(Value::Bool(a.get(0)? == a.get(1)?))),
    ("toJson", |a| json(a, true, false)),
    ("mustToJson", |a| json(a, true, false)),
    ("toPrettyJson", |a| json(a, true, true)),
    ("mustToPrettyJson", |a| json(a, true, true)),
    ("toRawJson", |a| json(a, false, false)),
    ("mustToRawJson", |a| json(a, false, false)),
    ("fromJson", |a| {
        Ok(serde_json::from_str(a.str(0)?).map_or(Value::Nil, |json| from_json(&json)))
    }),
    ("mustFromJson", |a| {
        let json = serde_json::from_str(a.str(0)?);
        json.map(|json| from_json(&json))
            .map_err(|_| a.fails("the text is not JSON"))
    }),
    ("duration", |a| Ok(Value::from(duration(a.int(0)?)))),
];

fn json(a: &Args<'_>, html_safe: bool, pretty: bool) -> Made {
    let style = JsonStyle { html_safe, pretty };
    let text = to_json(a.get(0)?, style);
    text.map(Value::from)
        .ok_or_else(|| a.fails("the value cannot be written as JSON"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Uint(_) => "uint",
        Value::Float(_) => "float64",
        Value::String(_) | Value::Safe { .. } => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Function(_) => "func",
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "<nil>",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        other => kind(other),
    }
}

/// Seconds as Go prints a duration: `1h2m3s`.
fn duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let all = seconds.unsigned_abs();
    let (hours, minutes, rest) = (all / 3600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gotmpl::value::text;

    #[test]
    fn durations_have_the_units_that_they_need() {
        assert_eq!(duration(5), "5s");
        assert_eq!(duration(95), "1m35s");
        assert_eq!(duration(-3600), "-1h0m0s");
        assert_eq!(text(&Value::Float(1e6)), "1e+06");
    }
}
