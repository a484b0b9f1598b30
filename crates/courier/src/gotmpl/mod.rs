//! Templates in the language of Go's `text/template` and `html/template`, as operators have them (spec courier.md §5).

mod check;
mod print;
mod sprig;
pub(crate) mod structure;
pub(crate) mod value;

use std::fmt;
use std::sync::LazyLock;

use gotmpl::parse::Parser;
use gotmpl::{FuncMap, TemplateError, Value, html};

/// The longest text that a template may make, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// How often the loops of a template may turn, all together.
const MAX_TURNS: u64 = 100_000;

static FUNCTIONS: LazyLock<FuncMap> = LazyLock::new(sprig::functions);

/// The text of a template, with what it may refer to.
pub(crate) struct Source {
    /// By what name errors call it.
    pub(crate) name: String,
    /// The template.
    pub(crate) text: String,
    /// Files beside it, by name.
    pub(crate) partials: Vec<(String, String)>,
}

/// What is wrong with a template, as a sentence without the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1, where it is known.
    pub(crate) line: Option<usize>,
    /// What is wrong.
    pub(crate) problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl From<TemplateError> for Fault {
    fn from(error: TemplateError) -> Fault {
        let line = match &error {
            TemplateError::Parse { line, .. } | TemplateError::Lex { line, .. } => Some(*line),
            _ => None,
        };
        let problem = match error {
            TemplateError::Parse { message, .. } | TemplateError::Lex { message, .. } => message,
            other => other.to_string(),
        };
        Fault { line, problem }
    }
}

/// A template that was read and looks right.
pub(crate) struct Parsed<'s> {
    source: &'s Source,
    template: gotmpl::Template,
}

impl Source {
    /// Reads the template. `variables` are the names that its data has.
    pub(crate) fn parse(&self, variables: &[&str]) -> Result<Parsed<'_>, Fault> {
        let mut template = gotmpl::Template::new(&self.name)
            .funcs(FUNCTIONS.clone())
            .max_range_iters(MAX_TURNS)
            .parse(&self.text)?;
        for (name, text) in &self.partials {
            let (tree, defined) = Parser::with_name(Some(name), text, "{{", "}}")?.parse()?;
            for one in defined {
                template = template.add_parse_tree(one.name.as_str(), one.body);
            }
            template = template.add_parse_tree(name, tree);
        }
        check::check(&template, variables)?;
        Ok(Parsed {
            source: self,
            template,
        })
    }
}

impl Parsed<'_> {
    /// The text for some data.
    pub(crate) fn text(self, data: &Value) -> Result<String, Fault> {
        let template = print::as_go(self.template);
        if template.lookup(&self.source.name).is_none() {
            return Ok(String::new());
        }
        let mut out = Bounded::default();
        let done = template.execute_template_fmt(&mut out, &self.source.name, data);
        out.taken(done)
    }

    /// The text for some data, where each value is escaped as its place in HTML needs it.
    pub(crate) fn html(self, data: &Value) -> Result<String, Fault> {
        let mut template = html::Template::new(&self.source.name)
            .funcs(FUNCTIONS.clone())
            .max_range_iters(MAX_TURNS)
            .parse(&self.source.text)?;
        let others = self.template.templates().into_iter();
        for name in others.filter(|name| *name != self.source.name) {
            if let Some(tree) = self.template.lookup(name) {
                template = template.add_parse_tree(name, tree.clone())?;
            }
        }
        let mut out = Bounded::default();
        let done = template.execute_fmt(&mut out, data);
        out.taken(done)
    }
}

/// A text that does not grow without end.
#[derive(Default)]
struct Bounded {
    text: String,
    is_full: bool,
}

impl Bounded {
    fn taken(self, done: gotmpl::Result<()>) -> Result<String, Fault> {
        if self.is_full {
            return Err(Fault {
                line: None,
                problem: "the text is longer than 1 MiB".to_owned(),
            });
        }
        done?;
        Ok(self.text)
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > MAX_BYTES {
            self.is_full = true;
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
