//! What is wrong with traits, as messages on the form (spec: identity.md §9).

use bia_model::schema::{Violation, ViolationKind};
use bia_model::text::{self, Message};

/// One message per violation, with the dotted name of the node that it concerns.
pub fn messages(violations: &[Violation]) -> Vec<(String, Message)> {
    violations
        .iter()
        .map(|v| (v.name(), message(&v.kind)))
        .collect()
}

fn message(kind: &ViolationKind) -> Message {
    use ViolationKind as K;
    match kind {
        K::Required { property } => text::validation_required(property),
        K::MinLength {
            min_length,
            actual_length,
        } => text::validation_min_length(*min_length, *actual_length),
        K::MaxLength {
            max_length,
            actual_length,
        } => text::validation_max_length(*max_length, *actual_length),
        K::Pattern { pattern } => text::validation_pattern(pattern),
        K::Minimum { minimum, actual } => text::validation_minimum(minimum, actual),
        K::ExclusiveMinimum { minimum, actual } => {
            text::validation_exclusive_minimum(minimum, actual)
        }
        K::Maximum { maximum, actual } => text::validation_maximum(maximum, actual),
        K::ExclusiveMaximum { maximum, actual } => {
            text::validation_exclusive_maximum(maximum, actual)
        }
        K::MultipleOf { base, actual } => text::validation_multiple_of(base, actual),
        K::MaxItems {
            max_items,
            actual_items,
        } => text::validation_max_items(*max_items, *actual_items),
        K::MinItems {
            min_items,
            actual_items,
        } => text::validation_min_items(*min_items, *actual_items),
        K::UniqueItems { index_a, index_b } => {
            text::validation_unique_items(*index_a as u64, *index_b as u64)
        }
        K::Type {
            allowed_types,
            actual_type,
        } => {
            let allowed: Vec<&str> = allowed_types.iter().map(String::as_str).collect();
            text::validation_wrong_type(&allowed, actual_type)
        }
        K::Const { expected } => text::validation_const(expected),
        K::ConstGeneric => text::validation_const_generic(),
        K::Email { value } => text::validation_email(value),
        K::Phone { value } => text::validation_phone(value),
        K::Other { reason } => text::validation_generic(reason),
    }
}
