//! The terms of an identity, and the conditions that are put to them.

use std::collections::BTreeSet;

use bia_model::{Credential, Identity, IdentityState, MethodName, normalise};
use serde_json::Value;

/// What is kept of a value, in characters. A longer one is found by its beginning.
const MAX_CHARS: usize = 200;

/// The most terms of one identity; what somebody puts into more traits is not found.
const MAX_TERMS: usize = 100;

/// How many words of a trait are found by their beginnings.
const MAX_WORDS: usize = 8;

/// Changed when terms are made in another way, so that all are made anew.
const FORM: u64 = 1;

/// Which traits identities are found by, besides identifiers and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searchable {
    paths: Vec<String>,
    shape: i64,
}

impl Default for Searchable {
    fn default() -> Searchable {
        Searchable::new(&[])
    }
}

impl Searchable {
    /// By the paths of traits, with dots between members: `name.first`.
    pub fn new(paths: &[String]) -> Searchable {
        let paths: BTreeSet<String> = paths.iter().cloned().collect();
        let mut hash = Fnv::default();
        hash.take(&FORM.to_be_bytes());
        for path in &paths {
            hash.take(path.as_bytes());
            hash.take(&[0]);
        }
        Searchable {
            paths: paths.into_iter().collect(),
            shape: hash.value(),
        }
    }

    /// Whether the trait with this path is among them.
    pub fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|known| known == path)
    }

    /// Another number for other terms of the same identity.
    pub(super) fn shape(&self) -> i64 {
        self.shape
    }
}

/// FNV-1a with 64 bits: the same in every build and process.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn value(self) -> i64 {
        i64::from_be_bytes(self.0.to_be_bytes())
    }
}

/// One thing that is asked of an identity: that one of its terms lies between two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The first term that fits.
    pub(super) low: String,
    /// The last one. Not the first behind those that fit: MySQL fills texts up with blanks before it compares them.
    pub(super) high: String,
}

impl Condition {
    /// An identifier, an address, the external id, a chosen trait, or a word in one begins so, in any case.
    pub fn word(beginning: &str) -> Condition {
        Condition::prefix(word(beginning))
    }

    /// It may sign in, or not.
    pub fn state(state: IdentityState) -> Condition {
        Condition::exact(of_state(state))
    }

    /// It was made with this schema, by the id as it was given then.
    pub fn schema(id: &str) -> Condition {
        Condition::exact(of_schema(id))
    }

    /// It has a verified address, or none.
    pub fn verified(verified: bool) -> Condition {
        Condition::exact(of_verified(verified))
    }

    /// It has set up this method.
    pub fn method(method: MethodName) -> Condition {
        Condition::exact(of_method(method))
    }

    /// The trait has this value, in any case; of a list, one of its items.
    pub fn of_trait(path: &str, value: &str) -> Condition {
        Condition::exact(of_trait(path, value))
    }

    fn exact(term: String) -> Condition {
        Condition {
            low: term.clone(),
            high: term,
        }
    }

    fn prefix(term: String) -> Condition {
        let high = format!("{term}{}", char::MAX);
        Condition { low: term, high }
    }

    /// Whether only one term fits.
    pub(super) fn is_exact(&self) -> bool {
        self.low == self.high
    }

    pub(super) fn fits(&self, terms: &BTreeSet<String>) -> bool {
        terms
            .range(self.low.clone()..=self.high.clone())
            .next()
            .is_some()
    }
}

/// The terms of an identity, which has its credentials and addresses.
pub(super) fn terms(identity: &Identity, searchable: &Searchable) -> BTreeSet<String> {
    let mut terms = BTreeSet::from([
        of_state(identity.state),
        of_schema(&identity.schema_id),
        of_verified(is_verified(identity)),
    ]);
    let set_up = identity.credentials.iter().filter(|c| is_set_up(c));
    terms.extend(set_up.map(|c| of_method(c.kind)));
    let mut words: Vec<&str> = identity.external_id.as_deref().into_iter().collect();
    let named = identity.credentials.iter().filter(|c| is_typed(c.kind));
    words.extend(named.flat_map(|c| &c.identifiers).map(String::as_str));
    words.extend(
        identity
            .verifiable_addresses
            .iter()
            .map(|a| a.value.as_str()),
    );
    words.extend(identity.recovery_addresses.iter().map(|a| a.value.as_str()));
    terms.extend(words.into_iter().map(word));
    for path in &searchable.paths {
        for value in values(&identity.traits, path) {
            terms.insert(of_trait(path, &value));
            terms.extend(words_of(&value));
        }
    }
    terms.retain(|term| term.len() > 2);
    terms.into_iter().take(MAX_TERMS).collect()
}

/// Whether an address of it is verified.
pub(super) fn is_verified(identity: &Identity) -> bool {
    identity.verifiable_addresses.iter().any(|a| a.verified)
}

/// Whether its identifiers are something that people know: the others' are random or the identity's id.
fn is_typed(kind: MethodName) -> bool {
    !matches!(
        kind,
        MethodName::Totp | MethodName::LookupSecret | MethodName::Passkey
    )
}

/// Whether somebody could sign in with it: the schema alone gives empty ones (identity.md §5).
fn is_set_up(credential: &Credential) -> bool {
    let filled = |member: &str| match credential.config.get(member) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Bool(yes)) => *yes,
        _ => false,
    };
    match credential.kind {
        MethodName::Password => filled("hashed_password") || filled("use_password_migration_hook"),
        MethodName::Oidc | MethodName::Saml => filled("providers"),
        MethodName::Totp => filled("totp_url"),
        MethodName::LookupSecret => filled("recovery_codes"),
        MethodName::Webauthn | MethodName::Passkey => filled("credentials"),
        _ => true,
    }
}

/// The values at a path of the traits: a text, a number, a truth value, or those in a list.
fn values(traits: &Value, path: &str) -> Vec<String> {
    let mut found = Some(traits);
    for member in path.split('.') {
        found = found.and_then(|value| value.get(member));
    }
    let items = match found {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

/// A text and each of its later words, by which it begins for people.
fn words_of(value: &str) -> impl Iterator<Item = String> {
    let later = value.split_whitespace().skip(1).take(MAX_WORDS);
    std::iter::once(value).chain(later).map(word)
}

/// One spelling for all cases and widths, cut off. Without blanks at its end, which MySQL does not tell from none.
fn folded(text: &str) -> String {
    let text = normalise::graceful_name(text);
    let cut: String = text.chars().take(MAX_CHARS).collect();
    cut.trim_end().to_owned()
}

fn word(text: &str) -> String {
    format!("w:{}", folded(text))
}

fn of_state(state: IdentityState) -> String {
    format!("s:{}", state.as_str())
}

fn of_schema(id: &str) -> String {
    let plain = id.chars().filter(|c| !c.is_control());
    format!("c:{}", plain.take(MAX_CHARS).collect::<String>())
}

fn of_verified(verified: bool) -> String {
    format!("v:{}", if verified { "yes" } else { "no" })
}

fn of_method(method: MethodName) -> String {
    format!("m:{}", method.as_str())
}

fn of_trait(path: &str, value: &str) -> String {
    format!("t:{path}:{}", folded(value))
}
