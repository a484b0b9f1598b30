//! What in the traits does not fit the schema.

use serde_json::Number;

use super::pointer;
use crate::text::shortened;

/// One thing in the traits that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Where in the identity: `#/traits/email`. For a missing property the pointer it would have.
    pub pointer: String,
    /// Which rule of the schema: `#/properties/traits/properties/email/format`.
    pub schema_pointer: String,
    /// What is wrong.
    pub kind: ViolationKind,
}

/// What is wrong. The kinds are the messages 4000001 to 4000041 that concern schemas; the members are their context.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "the members are the context of the messages, by their names"
)]
pub enum ViolationKind {
    /// 4000002.
    Required { property: String },
    /// 4000003, in characters.
    MinLength { min_length: u64, actual_length: u64 },
    /// 4000017, in characters.
    MaxLength { max_length: u64, actual_length: u64 },
    /// 4000004.
    Pattern { pattern: String },
    /// 4000018.
    Minimum { minimum: Number, actual: Number },
    /// 4000019.
    ExclusiveMinimum { minimum: Number, actual: Number },
    /// 4000020.
    Maximum { maximum: Number, actual: Number },
    /// 4000021.
    ExclusiveMaximum { maximum: Number, actual: Number },
    /// 4000022.
    MultipleOf { base: Number, actual: Number },
    /// 4000023.
    MaxItems { max_items: u64, actual_items: u64 },
    /// 4000024.
    MinItems { min_items: u64, actual_items: u64 },
    /// 4000025.
    UniqueItems { index_a: usize, index_b: usize },
    /// 4000026.
    Type {
        allowed_types: Vec<String>,
        actual_type: &'static str,
    },
    /// 4000029; the value as the wire shows it: `true`, `"text"`.
    Const { expected: String },
    /// 4000030.
    ConstGeneric,
    /// 4000040; the value as it is repeated, so not all of a long one.
    Email { value: String },
    /// 4000041; likewise.
    Phone { value: String },
    /// 4000001: any other rule, as a sentence.
    Other { reason: String },
}

impl ViolationKind {
    /// A text that is no mail address. Without any text there is nothing to show: that has the general message.
    pub(super) fn no_email(text: &str) -> ViolationKind {
        match text {
            "" => ViolationKind::Other {
                reason: "An e-mail address is expected, the text is empty.".into(),
            },
            _ => ViolationKind::Email {
                value: shortened(text).into_owned(),
            },
        }
    }

    /// A text that is no phone number, likewise.
    pub(super) fn no_phone(text: &str) -> ViolationKind {
        match text {
            "" => ViolationKind::Other {
                reason: "A phone number is expected, the text is empty.".into(),
            },
            _ => ViolationKind::Phone {
                value: shortened(text).into_owned(),
            },
        }
    }
}

impl Violation {
    /// The name of the form field that it concerns: `traits.name.first`, `traits.list.0`. Empty for the whole.
    pub fn name(&self) -> String {
        pointer::dotted(&self.pointer)
    }

    /// What is wrong, as a sentence.
    pub fn sentence(&self) -> String {
        use ViolationKind as K;
        match &self.kind {
            K::Required { property } => format!("The property \"{property}\" is missing."),
            K::MinLength {
                min_length,
                actual_length,
            } => format!("At least {min_length} characters are needed, {actual_length} came."),
            K::MaxLength {
                max_length,
                actual_length,
            } => format!("At most {max_length} characters are allowed, {actual_length} came."),
            K::Pattern { pattern } => format!("The text does not match the pattern {pattern:?}."),
            K::Minimum { minimum, actual } => {
                format!("The value must be {minimum} or more, {actual} came.")
            }
            K::ExclusiveMinimum { minimum, actual } => {
                format!("The value must be more than {minimum}, {actual} came.")
            }
            K::Maximum { maximum, actual } => {
                format!("The value must be {maximum} or less, {actual} came.")
            }
            K::ExclusiveMaximum { maximum, actual } => {
                format!("The value must be less than {maximum}, {actual} came.")
            }
            K::MultipleOf { base, actual } => {
                format!("The value must be a multiple of {base}, {actual} came.")
            }
            K::MaxItems {
                max_items,
                actual_items,
            } => format!("At most {max_items} items are allowed, {actual_items} came."),
            K::MinItems {
                min_items,
                actual_items,
            } => format!("At least {min_items} items are needed, {actual_items} came."),
            K::UniqueItems { index_a, index_b } => {
                format!("The items {index_a} and {index_b} are the same.")
            }
            K::Type {
                allowed_types,
                actual_type,
            } => format!(
                "The type must be {}, {actual_type} came.",
                allowed_types.join(" or ")
            ),
            K::Const { expected } => format!("The value must be {expected}."),
            K::ConstGeneric => "The value is not the one that the schema demands.".into(),
            K::Email { value } => format!("{value:?} is no e-mail address."),
            K::Phone { value } => format!("{value:?} is no phone number with a country code."),
            K::Other { reason } => reason.clone(),
        }
    }

    /// The line for the admin API: where in the identity, where in the schema, what is wrong.
    fn line(&self) -> String {
        let instance = match (&self.kind, self.pointer.rsplit_once('/')) {
            (ViolationKind::Required { .. }, Some((parent, _))) => parent,
            _ => &self.pointer,
        };
        format!(
            "I[{}] S[{}] {}",
            shortened(instance),
            self.schema_pointer,
            self.sentence()
        )
    }
}

/// The reason of the admin API's answer: one line, or a summary and one indented line for each.
pub fn reason(violations: &[Violation]) -> String {
    match violations {
        [one] => one.line(),
        several => {
            let lines: Vec<String> = several
                .iter()
                .map(|violation| format!("\n  {}", violation.line()))
                .collect();
            format!(
                "I[#] S[#] The traits do not fit the identity schema in {} places.{}",
                several.len(),
                lines.concat()
            )
        }
    }
}
