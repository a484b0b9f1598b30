//! What the traits of an identity give: identifiers, addresses, labels (spec/identity.md §3, §4).

use serde_json::Value;

use super::document::Annotated;
use super::extension::CodeIdentifier;
use super::format;
use super::violation::{Violation, ViolationKind};
use crate::Channel;
use crate::normalise;
use crate::text::shortened;

/// What valid traits give. Lists are without duplicates and in the order of the schema.
///
/// An empty list of identifiers means that no trait with that use has a value, not that the identity has no such
/// credential. An identifier may be empty text (a blank user name), which cannot be kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Derived {
    /// The traits to keep: as given, phone numbers in E.164.
    pub traits: Value,
    /// Identifiers of the password method.
    pub password: Vec<String>,
    /// Identifiers of security keys.
    pub webauthn: Vec<String>,
    /// Identifiers of one-time codes.
    pub code: Vec<String>,
    /// Where one-time codes go, sorted by address, then channel.
    pub code_addresses: Vec<DerivedAddress>,
    /// The account's name in an authenticator app.
    pub totp_account_name: Option<String>,
    /// The account's name beside a passkey.
    pub passkey_display_name: Option<String>,
    /// Addresses to be verified.
    pub verifiable_addresses: Vec<DerivedAddress>,
    /// Addresses for recovery.
    pub recovery_addresses: Vec<DerivedAddress>,
}

/// An address and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DerivedAddress {
    /// The address in the spelling in which it is kept.
    pub value: String,
    /// How it is reached.
    pub via: Channel,
}

/// The most values with a use that one identity may have.
const MOST_USED: usize = 1000;

/// A trait with a use, and its value.
pub(super) struct Used<'a> {
    /// `#/traits/email`
    pub(super) pointer: String,
    pub(super) schema_pointer: String,
    pub(super) annotated: &'a Annotated,
    pub(super) value: &'a Value,
}

/// Derives everything from traits that fit the schema, in the order given.
pub(super) fn derive(traits: Value, used: &[Used<'_>]) -> Result<Derived, Vec<Violation>> {
    if used.len() > MOST_USED {
        return Err(vec![too_many()]);
    }
    let mut derived = Derived {
        traits,
        ..Derived::default()
    };
    let mut violations = Vec::new();
    let mut security_key_name = None;
    for one in used {
        let Some(text) = as_text(one.value) else {
            continue;
        };
        if let Err(kind) = add(&mut derived, one.annotated, &text) {
            let schema_pointer = format!("{}/format", one.schema_pointer);
            violations.push(Violation {
                pointer: one.pointer.clone(),
                schema_pointer,
                kind,
            });
        }
        if one.annotated.extension.webauthn && !text.is_empty() && security_key_name.is_none() {
            security_key_name = Some(text.to_lowercase());
        }
    }
    derived.code_addresses.sort();
    derived.passkey_display_name = derived.passkey_display_name.or(security_key_name);
    if violations.is_empty() {
        Ok(derived)
    } else {
        Err(violations)
    }
}

/// As [`derive`], from traits that need not fit: what cannot be derived is left out, also empty identifiers.
pub(super) fn presume(traits: Value, used: &[Used<'_>]) -> (Derived, Vec<Violation>) {
    let mut derived = Derived {
        traits,
        ..Derived::default()
    };
    let mut violations = Vec::new();
    for one in used.iter().take(MOST_USED) {
        let text = as_text(one.value).filter(|text| !text.trim().is_empty());
        if let Some(text) = text {
            // A value that is no address may still have given an identifier before that was seen.
            if let Err(kind) = add(&mut derived, one.annotated, &text) {
                violations.push(Violation {
                    pointer: one.pointer.clone(),
                    schema_pointer: one.schema_pointer.clone(),
                    kind,
                });
            }
        }
    }
    derived.code_addresses.sort();
    (derived, violations)
}

fn too_many() -> Violation {
    Violation {
        pointer: "#/traits".into(),
        schema_pointer: "#/properties/traits".into(),
        kind: ViolationKind::Other {
            reason: format!("The traits hold more than {MOST_USED} identifiers and addresses."),
        },
    }
}

/// Numbers and booleans are taken as their text; lists, objects and null give nothing.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn add(derived: &mut Derived, annotated: &Annotated, text: &str) -> Result<(), ViolationKind> {
    let (extension, format) = (&annotated.extension, annotated.format.as_deref());
    if extension.password {
        push_new(&mut derived.password, normalise::identifier(text));
    }
    if extension.webauthn {
        push_new(&mut derived.webauthn, normalise::identifier(text));
    }
    for (wanted, label) in [
        (extension.totp_account_name, &mut derived.totp_account_name),
        (
            extension.passkey_display_name,
            &mut derived.passkey_display_name,
        ),
    ] {
        if wanted && label.is_none() && !text.is_empty() {
            *label = Some(text.to_owned());
        }
    }
    if let Some(code) = extension.code {
        add_code(derived, code, format, text)?;
    }
    if let Some(via) = extension.verification {
        let value = normalise::identifier(&verifiable(via, format, text)?);
        push_new(
            &mut derived.verifiable_addresses,
            DerivedAddress { value, via },
        );
    }
    if let Some(via) = extension.recovery {
        let value = normalise::identifier(&recovery(via, format, text)?);
        push_new(
            &mut derived.recovery_addresses,
            DerivedAddress { value, via },
        );
    }
    Ok(())
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn add_code(
    derived: &mut Derived,
    code: CodeIdentifier,
    format: Option<&str>,
    text: &str,
) -> Result<(), ViolationKind> {
    let value = match code.via {
        None => normalise::identifier(text),
        Some(Channel::Email) if format.is_some_and(|format| format != "email") => {
            normalise::identifier(text)
        }
        Some(via) => strict(via, text)?,
    };
    if let Some(via) = code.via {
        push_new(
            &mut derived.code_addresses,
            DerivedAddress {
                value: value.clone(),
                via,
            },
        );
    }
    push_new(&mut derived.code, value);
    Ok(())
}

fn strict(via: Channel, text: &str) -> Result<String, ViolationKind> {
    match via {
        Channel::Email => normalise::strict_email(text),
        Channel::Sms => normalise::strict_phone(text),
    }
    .map_err(|refusal| ViolationKind::Other {
        reason: format!(
            "{:?} cannot be used as an address: {refusal}.",
            shortened(text)
        ),
    })
}

fn verifiable(via: Channel, format: Option<&str>, text: &str) -> Result<String, ViolationKind> {
    match (format, via) {
        (None, Channel::Email) if !format::is_email(text) => Err(ViolationKind::no_email(text)),
        (None, Channel::Sms) => Err(ViolationKind::Other {
            reason: "The schema has to name a format for an address that is verified by sms: \"tel\", or \"no-validate\" on purpose.".into(),
        }),
        (None | Some("email" | "tel"), _) => strict(via, text),
        _ => Ok(text.trim().to_owned()),
    }
}

fn recovery(via: Channel, format: Option<&str>, text: &str) -> Result<String, ViolationKind> {
    match via {
        Channel::Email
            if matches!(format, None | Some("" | "email")) && !format::is_email(text) =>
        {
            Err(ViolationKind::no_email(text))
        }
        Channel::Email => Ok(normalise::graceful_name(text)),
        Channel::Sms => normalise::strict_phone(text).map_err(|_| ViolationKind::no_phone(text)),
    }
}
