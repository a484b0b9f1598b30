//! One thing that was found: what, where, why it matters, and the mend.

use std::fmt;

use bia_config::Place;
use serde_json::{Value, json};

/// Something that is wrong with an installation. Texts never repeat a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The rule that found it, such as `cookies.domain`.
    pub rule: &'static str,
    /// Where the setting stands, or the nearest thing around it.
    pub place: Option<Place>,
    /// The key that it is about; empty when it is about no key.
    pub key: String,
    /// What was found, a sentence.
    pub what: String,
    /// Why it matters; may be empty.
    pub why: String,
    /// What to do about it, a sentence.
    pub mend: String,
    /// The mend as a piece of configuration (or of a schema); may be empty.
    pub snippet: String,
}

impl Diagnosis {
    /// The same for a program.
    pub fn json(&self) -> Value {
        json!({
            "rule": self.rule,
            "place": self.place.as_ref().map(ToString::to_string),
            "key": self.key,
            "what": self.what,
            "why": self.why,
            "mend": self.mend,
            "snippet": self.snippet,
        })
    }
}

/// Paragraphs for a terminal.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_ref().map(ToString::to_string);
        let place = place.filter(|place| !place.is_empty());
        let whereabouts: Vec<&str> = [place.as_deref(), Some(self.key.as_str())]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect();
        writeln!(f, "{} [{}]", whereabouts.join(": "), self.rule)?;
        for text in [&self.what, &self.why, &self.mend] {
            if !text.is_empty() {
                writeln!(f, "  {text}")?;
            }
        }
        self.snippet
            .lines()
            .try_for_each(|line| writeln!(f, "      {line}"))
    }
}
