//! Checks of the fields that methods read (spec: methods.md §0.1).

use bia_model::text::{self, Message};
use serde_json::Value;

use super::Refusal;
use crate::form::{Form, Text};

/// Checks that fields hold texts where they hold anything, and that the required ones do.
/// Errs with one message per field, in the order of `names`.
pub(crate) fn check_texts(form: &Form, names: &[&str], required: &[&str]) -> Result<(), Refusal> {
    let messages = faults_of_texts(form, names, required);
    if messages.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Form(messages))
    }
}

/// What is wrong with fields that should hold texts, as [`check_texts`] says it.
pub(crate) fn faults_of_texts(
    form: &Form,
    names: &[&str],
    required: &[&str],
) -> Vec<(String, Message)> {
    let fault = |name: &str| match form.field(name) {
        Text::OtherType(found) => Some(text::validation_wrong_type(&["string"], found)),
        Text::Absent if required.contains(&name) => Some(text::validation_required(name)),
        _ => None,
    };
    names
        .iter()
        .filter_map(|name| fault(name).map(|message| ((*name).to_owned(), message)))
        .collect()
}

/// What is wrong with a field that holds one of a few texts, or nothing.
pub(crate) fn fault_of_choice(
    form: &Form,
    name: &str,
    choices: &[&str],
) -> Option<(String, Message)> {
    let fault = match form.field(name) {
        Text::Absent => return None,
        Text::Some(sent) if choices.contains(&sent) => return None,
        Text::Some(_) => text::validation_generic(&format!(
            "{name} can only be one of: {}.",
            choices.join(", ")
        )),
        Text::OtherType(found) => text::validation_wrong_type(&["string"], found),
    };
    Some((name.to_owned(), fault))
}

/// The client's own data, which has to be an object (flows.md §17).
pub(crate) fn transient_payload(form: &Form) -> Result<Value, Refusal> {
    form.transient_payload().map_err(|found| {
        Refusal::field("transient_payload", text::validation_wrong_type(&["object"], found))
    })
}
