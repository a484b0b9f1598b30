//! Checks of the fields that methods read (spec: methods.md §0.1).

use bia_model::schema;
use bia_model::text::{self, Message};
use serde_json::Value;

use super::Refusal;
use crate::form::{Form, Text};

/// Checks that fields hold texts where they hold anything, that the required ones do, and that a
/// `transient_payload` is an object. Errs with one message per field, in the order of `names`.
pub(crate) fn check_texts(form: &Form, names: &[&str], required: &[&str]) -> Result<(), Refusal> {
    let mut messages = faults_of_texts(form, names, required);
    if let Err(found) = form.transient_payload() {
        let message = text::validation_wrong_type(&["object"], found);
        messages.push(("transient_payload".to_owned(), message));
    }
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

/// Characters of an address at most.
const MAX_ADDRESS_CHARS: u64 = 320;

/// The mail address in the field `email`, loosely checked; `None` when there is none.
pub(crate) fn email(form: &Form) -> Result<Option<String>, Refusal> {
    let Some(typed) = form.spelled("email") else {
        return Ok(None);
    };
    let mut messages = Vec::new();
    if !schema::is_loose_email(&typed) {
        // As the reference does: of a value with quotes in it, what follows the last one is shown.
        let shown = typed
            .rsplit('"')
            .next()
            .filter(|s| !s.is_empty())
            .unwrap_or(&typed);
        messages.push(("email".to_owned(), text::validation_email(shown)));
    }
    messages.extend(too_long("email", &typed));
    if messages.is_empty() {
        Ok(Some(typed.into_owned()))
    } else {
        Err(Refusal::Form(messages))
    }
}

/// The mail address or phone number in a field; `None` when there is none. Whether it is one is seen
/// when nobody has it.
pub(crate) fn address(form: &Form, name: &str) -> Result<Option<String>, Refusal> {
    let Some(typed) = form.spelled(name) else {
        return Ok(None);
    };
    match too_long(name, &typed) {
        None => Ok(Some(typed.into_owned())),
        Some(message) => Err(Refusal::Form(vec![message])),
    }
}

fn too_long(name: &str, typed: &str) -> Option<(String, Message)> {
    let length = u64::try_from(typed.chars().count()).unwrap_or(u64::MAX);
    let message = || text::validation_max_length(MAX_ADDRESS_CHARS, length);
    (length > MAX_ADDRESS_CHARS).then(|| (name.to_owned(), message()))
}

/// The client's own data, which has to be an object (flows.md §17).
pub(crate) fn transient_payload(form: &Form) -> Result<Value, Refusal> {
    form.transient_payload().map_err(|found| {
        Refusal::field(
            "transient_payload",
            text::validation_wrong_type(&["object"], found),
        )
    })
}
