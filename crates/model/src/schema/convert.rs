//! From the validator's errors to violations: leaves only, and of a value of the wrong type nothing but that.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Number, Value};

use super::pointer;
use super::violation::{Violation, ViolationKind};
use crate::text::shortened;

/// The most violations that one answer tells.
const MOST: usize = 100;

/// The most pairs of equal items that one list tells, and among how many of its first items they are looked for.
const MOST_PAIRS: usize = 10;
const COMPARED_ITEMS: usize = 1000;

/// The most unknown members that one violation names.
const MOST_NAMES: usize = 20;

/// The most causes that are looked at to find the violations of one answer.
const MOST_CAUSES: usize = 1000;

/// The violations that the errors stand for, in their order.
pub(super) fn violations<'e>(errors: impl Iterator<Item = ValidationError<'e>>) -> Vec<Violation> {
    let mut leaves = Vec::new();
    for error in errors.take(MOST) {
        collect(&error, &mut leaves);
    }
    let wrong_types: Vec<(String, String)> = leaves
        .iter()
        .filter(|leaf| leaf.is_type)
        .map(|leaf| {
            (
                leaf.violation.pointer.clone(),
                leaf.schema_of_rule().to_owned(),
            )
        })
        .collect();
    leaves.retain(|leaf| {
        leaf.is_type
            || !wrong_types
                .iter()
                .any(|(value, schema)| leaf.is_rule_of(value, schema))
    });
    leaves.truncate(MOST);
    leaves.into_iter().map(|leaf| leaf.violation).collect()
}

struct Leaf {
    violation: Violation,
    /// The path taken through the schema, references included.
    path: String,
    is_type: bool,
}

impl Leaf {
    fn schema_of_rule(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(schema, _)| schema)
    }

    fn is_rule_of(&self, value: &str, schema: &str) -> bool {
        self.violation.pointer == value
            && self
                .path
                .strip_prefix(schema)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

fn collect(error: &ValidationError<'_>, leaves: &mut Vec<Leaf>) {
    if leaves.len() >= MOST_CAUSES {
        return;
    }
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context }
            if context.iter().any(|branch| !branch.is_empty()) =>
        {
            context
                .iter()
                .flatten()
                .for_each(|cause| collect(cause, leaves));
        }
        Kind::PropertyNames { error: cause } => {
            let name = cause.instance().as_str().unwrap_or_default();
            let at = pointer::join(error.instance_path().as_str(), name);
            leaves.extend(kinds(cause).into_iter().map(|kind| leaf(cause, &at, kind)));
        }
        Kind::Required { property } => {
            let property = property.as_str().unwrap_or_default().to_owned();
            let at = pointer::join(error.instance_path().as_str(), &property);
            leaves.push(leaf(error, &at, ViolationKind::Required { property }));
        }
        _ => leaves.extend(
            kinds(error)
                .into_iter()
                .map(|kind| leaf(error, error.instance_path().as_str(), kind)),
        ),
    }
}

fn leaf(error: &ValidationError<'_>, at: &str, kind: ViolationKind) -> Leaf {
    Leaf {
        is_type: matches!(kind, ViolationKind::Type { .. }),
        violation: Violation {
            pointer: format!("#{at}"),
            schema_pointer: format!("#{}", error.schema_path().as_str()),
            kind,
        },
        path: error.evaluation_path().as_str().to_owned(),
    }
}

/// Mostly one; a list with several pairs of equal items has one for each.
fn kinds(error: &ValidationError<'_>) -> Vec<ViolationKind> {
    use ViolationKind as V;
    let value = error.instance().as_ref();
    let length = || value.as_str().map_or(0, |text| text.chars().count() as u64);
    let items = || value.as_array().map_or(0, Vec::len) as u64;
    vec![match error.kind() {
        Kind::MinLength { limit } => V::MinLength {
            min_length: *limit,
            actual_length: length(),
        },
        Kind::MaxLength { limit } => V::MaxLength {
            max_length: *limit,
            actual_length: length(),
        },
        Kind::Pattern { pattern } => V::Pattern {
            pattern: pattern.clone(),
        },
        Kind::Minimum { limit } => V::Minimum {
            minimum: number(limit),
            actual: number(value),
        },
        Kind::ExclusiveMinimum { limit } => V::ExclusiveMinimum {
            minimum: number(limit),
            actual: number(value),
        },
        Kind::Maximum { limit } => V::Maximum {
            maximum: number(limit),
            actual: number(value),
        },
        Kind::ExclusiveMaximum { limit } => V::ExclusiveMaximum {
            maximum: number(limit),
            actual: number(value),
        },
        Kind::MultipleOf { multiple_of } => V::MultipleOf {
            base: shortest(*multiple_of),
            actual: number(value),
        },
        Kind::MaxItems { limit } => V::MaxItems {
            max_items: *limit,
            actual_items: items(),
        },
        Kind::MinItems { limit } => V::MinItems {
            min_items: *limit,
            actual_items: items(),
        },
        Kind::UniqueItems => return equal_items(value),
        Kind::Type { kind } => V::Type {
            allowed_types: allowed_types(kind),
            actual_type: type_of(value),
        },
        Kind::Constant { expected_value } => constant(expected_value),
        Kind::Format { format } => format_violation(format, value),
        other => V::Other {
            reason: sentence(other),
        },
    }]
}

fn equal_items(value: &Value) -> Vec<ViolationKind> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let pairs = items
        .iter()
        .take(COMPARED_ITEMS)
        .enumerate()
        .flat_map(|(b, later)| {
            items
                .iter()
                .take(b)
                .enumerate()
                .filter(move |(_, earlier)| *earlier == later)
                .map(move |(a, _)| (a, b))
        });
    let found: Vec<ViolationKind> = pairs
        .take(MOST_PAIRS)
        .map(|(index_a, index_b)| ViolationKind::UniqueItems { index_a, index_b })
        .collect();
    if found.is_empty() {
        vec![ViolationKind::Other {
            reason: "The list has the same item twice.".into(),
        }]
    } else {
        found
    }
}

fn allowed_types(kind: &jsonschema::error::TypeKind) -> Vec<String> {
    match kind {
        jsonschema::error::TypeKind::Single(one) => vec![one.to_string()],
        jsonschema::error::TypeKind::Multiple(several) => {
            several.iter().map(|one| one.to_string()).collect()
        }
    }
}

/// The JSON type by its name; whole numbers are numbers too.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Text in quotes, and numbers too: the wire has always shown them so.
fn constant(expected: &Value) -> ViolationKind {
    let expected = match expected {
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => format!("\"{number}\""),
        Value::Null => "<nil>".to_owned(),
        Value::Array(_) | Value::Object(_) => return ViolationKind::ConstGeneric,
    };
    ViolationKind::Const { expected }
}

fn format_violation(format: &str, value: &Value) -> ViolationKind {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    match format {
        "email" | "email_loose" => ViolationKind::no_email(&text),
        "tel" => ViolationKind::no_phone(&text),
        _ => ViolationKind::Other {
            reason: format!("{:?} is not valid as {format:?}.", shortened(&text)),
        },
    }
}

fn number(value: &Value) -> Number {
    value
        .as_number()
        .cloned()
        .unwrap_or_else(|| Number::from(0))
}

/// Whole numbers without a fraction.
pub(super) fn shortest(float: f64) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within ±2^53, checked above"
        )]
        return Number::from(float as i64);
    }
    Number::from_f64(float).unwrap_or_else(|| Number::from(0))
}

/// The rules that have no message of their own.
fn sentence(kind: &Kind) -> String {
    match kind {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("The schema does not know {}.", quoted(unexpected))
        }
        Kind::AdditionalItems { limit } => format!("No more than {limit} items are allowed."),
        Kind::UnevaluatedItems { .. } => "The list has items that the schema does not know.".into(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "The value fits none of the alternatives in the schema.".into()
        }
        Kind::OneOfMultipleValid { .. } => {
            "The value fits more than one of the alternatives in the schema.".into()
        }
        Kind::Enum { options } => format!("The value must be one of {options}."),
        Kind::Contains => "The list lacks an item that the schema demands.".into(),
        Kind::FalseSchema => "No value is allowed here.".into(),
        Kind::MaxProperties { limit } => format!("At most {limit} properties are allowed."),
        Kind::MinProperties { limit } => format!("At least {limit} properties are needed."),
        Kind::Not { .. } => "The value is one that the schema excludes.".into(),
        Kind::ContentEncoding { content_encoding } => {
            format!("The text is not encoded as {content_encoding}.")
        }
        Kind::ContentMediaType { content_media_type } => {
            format!("The text is not of the media type {content_media_type}.")
        }
        _ => "The value does not fit the schema.".into(),
    }
}

fn quoted(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("{:?}", shortened(name)))
        .collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
