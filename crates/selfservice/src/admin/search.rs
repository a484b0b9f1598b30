//! `GET /admin/identities?bia_q=…`: the language in which operators ask for identities.
//!
//! Terms with blanks between, all of which have to fit: a bare word is the beginning of an identifier, an address, the
//! external id, or a word of a searchable trait; `state:inactive`, `schema:person`, `verified:yes`, `method:totp` and
//! `trait.name.first:ann` ask for one thing. A value with blanks or colons stands in double quotes.

use bia_model::{IdentityState, MethodName, normalise};
use bia_store::search::{self, Condition, Found, Position};

use crate::cx::Cx;
use crate::problem::Problem;

/// The query parameter.
pub const PARAMETER: &str = "bia_q";

/// The longest question, in characters.
const MAX_CHARS: usize = 512;

/// The most terms in one.
const MAX_TERMS: usize = 8;

/// The question that the request asks, if it asks one.
pub fn question(cx: &Cx) -> Option<&str> {
    let text = cx.request.query(PARAMETER)?;
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The identities that fit a question, with their credentials.
///
/// # Errors
/// [`Problem::BadRequest`] that says what in the question cannot be understood, and where.
pub async fn find(
    cx: &Cx,
    question: &str,
    after: Option<Position>,
    size: u32,
) -> Result<Found, Problem> {
    let traits = &cx.config().bia.search.traits;
    let conditions = conditions(question, traits).map_err(|wrong| wrong.problem())?;
    let mut conn = cx.read().await?;
    let mut found = search::find(&mut conn, &conditions, after, size).await?;
    bia_store::mfa::load(&mut conn, &mut found.items).await?;
    Ok(found)
}

/// What is wrong with a question.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    /// Which character of the question it is about, counted from 1.
    at: usize,
    /// A sentence.
    what: String,
}

impl Wrong {
    fn new(at: usize, what: impl Into<String>) -> Wrong {
        Wrong {
            at: at + 1,
            what: what.into(),
        }
    }

    fn problem(&self) -> Problem {
        Problem::BadRequest(format!(
            "The query parameter {PARAMETER} cannot be understood at character {}: {}",
            self.at, self.what
        ))
    }
}

/// One term of a question.
#[derive(Debug, PartialEq, Eq)]
struct Term {
    at: usize,
    /// What stands before the colon, when there is one outside of quotes.
    field: Option<String>,
    value: String,
}

fn conditions(question: &str, traits: &[String]) -> Result<Vec<Condition>, Wrong> {
    let terms = terms(question)?;
    if let Some(term) = terms.get(MAX_TERMS) {
        let what = format!("There are more than {MAX_TERMS} terms.");
        return Err(Wrong::new(term.at, what));
    }
    terms.iter().map(|term| term.condition(traits)).collect()
}

fn terms(question: &str) -> Result<Vec<Term>, Wrong> {
    let text: Vec<char> = question.chars().take(MAX_CHARS + 1).collect();
    if text.len() > MAX_CHARS {
        let what = format!("It is longer than {MAX_CHARS} characters.");
        return Err(Wrong::new(MAX_CHARS, what));
    }
    let mut reader = Reader { text: &text, at: 0 };
    let mut terms = Vec::new();
    while let Some(term) = reader.term()? {
        terms.push(term);
    }
    Ok(terms)
}

struct Reader<'t> {
    text: &'t [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn term(&mut self) -> Result<Option<Term>, Wrong> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let at = self.at;
        let (mut field, mut value) = (None, String::new());
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
            match c {
                '"' => self.quoted(&mut value)?,
                ':' if field.is_none() && self.is_bare(at) => {
                    field = Some(std::mem::take(&mut value));
                    self.at += 1;
                }
                c => {
                    value.push(c);
                    self.at += 1;
                }
            }
        }
        if self.at == at {
            return Ok(None);
        }
        // Also of characters that nobody sees, everybody would have one.
        if normalise::graceful_name(&value).trim().is_empty() {
            return Err(Wrong::new(at, "There is nothing to look for."));
        }
        Ok(Some(Term { at, field, value }))
    }

    /// Whether no quote has been opened since `begin`.
    fn is_bare(&self, begin: usize) -> bool {
        self.text
            .get(begin..self.at)
            .is_some_and(|read| !read.contains(&'"'))
    }

    /// What stands between two quotes; a backslash takes its meaning from the next character.
    fn quoted(&mut self, value: &mut String) -> Result<(), Wrong> {
        let begin = self.at;
        loop {
            self.at += 1;
            match self.peek() {
                Some('"') => break,
                Some('\\') => {
                    self.at += 1;
                    value.extend(self.peek());
                }
                Some(c) => value.push(c),
                None => return Err(Wrong::new(begin, "The quote is not closed.")),
            }
        }
        self.at += 1;
        Ok(())
    }
}

impl Term {
    fn condition(&self, traits: &[String]) -> Result<Condition, Wrong> {
        let value = self.value.as_str();
        let Some(field) = self.field.as_deref() else {
            return Ok(Condition::word(value));
        };
        let wrong = |what: &str| Wrong::new(self.at, what);
        match field {
            "state" => IdentityState::parse(value)
                .map(Condition::state)
                .ok_or_else(|| wrong("A state is active or inactive.")),
            "verified" => match value {
                "yes" | "true" => Ok(Condition::verified(true)),
                "no" | "false" => Ok(Condition::verified(false)),
                _ => Err(wrong("After verified: comes yes or no.")),
            },
            "method" => MethodName::parse(value).map(Condition::method).ok_or_else(|| {
                wrong("There is no such method. Methods are for example password, oidc, totp and passkey.")
            }),
            "schema" => Ok(Condition::schema(value)),
            _ => self.of_trait(field, traits),
        }
    }

    fn of_trait(&self, field: &str, traits: &[String]) -> Result<Condition, Wrong> {
        let Some(path) = field.strip_prefix("trait.") else {
            let what = format!(
                "There is no {field:?} to ask for: there are state, schema, verified, method and trait.PATH. \
                 A value with a colon in it stands in double quotes."
            );
            return Err(Wrong::new(self.at, what));
        };
        if traits.iter().any(|known| known == path) {
            return Ok(Condition::of_trait(path, &self.value));
        }
        let what = format!(
            "The trait {path:?} is not searchable. Add it to bia.search.traits in the configuration."
        );
        Err(Wrong::new(self.at, what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(question: &str) -> Result<Vec<Condition>, Wrong> {
        conditions(question, &["name.first".to_owned()])
    }

    #[test]
    fn each_kind_of_term_has_its_condition() {
        let all = "ann state:inactive  schema:person verified:no method:totp trait.name.first:\"Ann Marie\"";
        assert_eq!(
            read(all),
            Ok(vec![
                Condition::word("ann"),
                Condition::state(IdentityState::Inactive),
                Condition::schema("person"),
                Condition::verified(false),
                Condition::method(MethodName::Totp),
                Condition::of_trait("name.first", "Ann Marie"),
            ])
        );
        assert_eq!(read("   "), Ok(Vec::new()));
        assert_eq!(
            read("\"shop:s \\\"1\\\"\""),
            Ok(vec![Condition::word("shop:s \"1\"")])
        );
        assert_eq!(
            read("\"state:inactive\""),
            Ok(vec![Condition::word("state:inactive")])
        );
    }

    #[test]
    fn what_cannot_be_understood_is_told_with_its_place() {
        for (question, at, part) in [
            ("ann state:asleep", 5, "active or inactive"),
            ("verified:maybe", 1, "yes or no"),
            ("method:magic", 1, "method"),
            ("shop:subject", 1, "double quotes"),
            ("ann trait.name.last:x", 5, "bia.search.traits"),
            ("ann \"marie", 5, "not closed"),
            ("ann \"\"", 5, "nothing to look for"),
            ("state:", 1, "nothing to look for"),
            ("\u{202e}", 1, "nothing to look for"),
            ("ann \u{200b}", 5, "nothing to look for"),
            ("a b c d e f g h i", 17, "more than 8"),
            ("\"a\\", 1, "not closed"),
        ] {
            let wrong = read(question).unwrap_err();
            assert_eq!(wrong.at, at, "{question}: {wrong:?}");
            assert!(wrong.what.contains(part), "{question}: {wrong:?}");
        }
        assert_eq!(read(&"ü".repeat(513)).unwrap_err().at, 513);
    }
}
