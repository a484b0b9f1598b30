//! What errors, messages and configuration keys mean, without a server: `bia explain`, and the page that the member
//! `bia.docs` of an answer names.
//!
//! The words are in `crates/server/explain/*.md`; what the tables of messages and keys know is added.

mod entry;
mod key;
mod show;

use std::sync::LazyLock;

use bia_config::KeyInfo;
use bia_model::text;

pub use entry::Entry;

/// How alike two names must be (0 to 1, Jaro-Winkler) before one is suggested for the other.
const ALIKE: f64 = 0.82;

/// How many names are suggested at most.
const SUGGESTIONS: usize = 5;

static ERRORS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| entry::parse(include_str!("../../explain/errors.md")));
static MESSAGES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| entry::parse(include_str!("../../explain/messages.md")));
static KEYS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| entry::parse(include_str!("../../explain/keys.md")));

/// The kinds of things that can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The `id` of an error, or our name of one that has none.
    Error,
    /// The number of a message.
    Message,
    /// The path of a configuration key.
    Key,
}

/// One thing, explained.
#[derive(Debug)]
pub enum Explanation {
    /// An error.
    Error {
        /// Its name.
        id: &'static str,
        /// The words.
        entry: &'static Entry,
    },
    /// A message.
    Message {
        /// What the catalogue knows about it.
        message: &'static text::Entry,
        /// The words.
        entry: &'static Entry,
    },
    /// A configuration key.
    Key {
        /// Its path, `[]` for an element of a list.
        path: String,
        /// What the table of keys knows about it.
        info: KeyInfo,
        /// The words; none for a key that nobody has written about yet.
        entry: Option<&'static Entry>,
    },
}

/// Explains `name`: an error id, the number of a message, or the path of a key (an index in brackets is fine). With
/// `only`, nothing else is looked for.
///
/// # Errors
/// For an unknown name the known ones that it may have been meant to be, the likeliest first.
pub fn explain(name: &str, only: Option<Kind>) -> Result<Explanation, Vec<String>> {
    let name = name.trim();
    let wanted = |kind| only.is_none_or(|only| only == kind);
    let found = wanted(Kind::Error)
        .then(|| error(name))
        .flatten()
        .or_else(|| wanted(Kind::Message).then(|| message(name)).flatten());
    match found {
        Some(found) => Ok(found),
        None if wanted(Kind::Key) => key::explain(name).map_err(|nearest| {
            let alike = suggestions(name, wanted);
            // Only paths of keys have dots.
            let all: Vec<String> = match name.contains('.') {
                true => nearest.into_iter().chain(alike).collect(),
                false => alike.into_iter().chain(nearest).collect(),
            };
            all.into_iter().take(SUGGESTIONS).collect()
        }),
        None => Err(suggestions(name, wanted)),
    }
}

/// The names of all errors, in the order of the catalogue.
pub fn error_names() -> impl Iterator<Item = &'static str> {
    ERRORS.iter().flat_map(|entry| entry.names.iter().copied())
}

fn error(name: &str) -> Option<Explanation> {
    let named = |entry: &'static Entry| {
        entry
            .names
            .iter()
            .find(|known| **known == name)
            .map(|id| (*id, entry))
    };
    let (id, entry) = ERRORS.iter().find_map(named)?;
    Some(Explanation::Error { id, entry })
}

fn message(name: &str) -> Option<Explanation> {
    let message = text::CATALOGUE
        .iter()
        .find(|message| message.slug == name || message.id.to_string() == name)?;
    let number = message.id.to_string();
    let entry = MESSAGES
        .iter()
        .find(|entry| entry.names.contains(&number.as_str()))?;
    Some(Explanation::Message { message, entry })
}

/// Known names that look like `name`.
fn suggestions(name: &str, wanted: impl Fn(Kind) -> bool) -> Vec<String> {
    let lower = name.to_lowercase();
    let errors = error_names()
        .filter(|_| wanted(Kind::Error))
        .map(str::to_owned);
    let messages = text::CATALOGUE.iter().filter(|_| wanted(Kind::Message));
    let messages = messages.flat_map(|message| [message.id.to_string(), message.slug.to_owned()]);
    let mut alike: Vec<(f64, String)> = errors
        .chain(messages)
        .map(|known| (strsim::jaro_winkler(&known, &lower), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names = alike.into_iter().map(|(_, known)| known);
    names.take(SUGGESTIONS).collect()
}

#[cfg(test)]
mod tests;
