//! Checks of the fields that methods read (spec: methods.md §0.1).

use bia_model::text;

use super::Refusal;
use crate::form::{Form, Text};

/// Checks that fields hold texts where they hold anything, and that the required ones do.
/// Errs with one message per field, in the order of `names`.
pub(crate) fn check_texts(form: &Form, names: &[&str], required: &[&str]) -> Result<(), Refusal> {
    let messages: Vec<_> = names
        .iter()
        .filter_map(|name| match form.field(name) {
            Text::OtherType(found) => {
                Some(((*name).to_owned(), text::validation_wrong_type(&["string"], found)))
            }
            Text::Absent if required.contains(name) => {
                Some(((*name).to_owned(), text::validation_required(name)))
            }
            _ => None,
        })
        .collect();
    if messages.is_empty() { Ok(()) } else { Err(Refusal::Form(messages)) }
}
