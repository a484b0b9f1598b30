//! The table of known keys: what may stand where, of which type, with which default.
//!
//! `key/keys.tsv` holds the compatible part and `key/bia.tsv` our own keys. A new key is a line there.

mod describe;
mod format;
mod suggest;

use std::sync::LazyLock;

use serde_json::{Map, Value};

pub use describe::{KeyInfo, describe, keys_below, top_level_keys};
pub(crate) use format::Format;
pub(crate) use suggest::{join, nearest};

/// The JSON type that a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Boolean,
    Integer,
    Number,
    Any,
}

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "any" => Self::Any,
            _ => return None,
        })
    }
}

/// Objects whose keys depend on the value of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// An element of a hook list: `hook` decides about `config`.
    Hook,
    /// Credentials of an outgoing request: `type` decides about `config`.
    Auth,
}

/// One known key, with everything below it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) default: Option<Value>,
    pub(crate) required: bool,
    /// Keys that are not listed are errors; in open objects they only have no effect.
    pub(crate) closed: bool,
    pub(crate) choices: Vec<String>,
    pub(crate) format: Option<Format>,
    pub(crate) minimum: Option<i64>,
    pub(crate) maximum: Option<i64>,
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: Option<usize>,
    pub(crate) min_items: Option<usize>,
    pub(crate) unique: bool,
    pub(crate) children: Vec<(String, Key)>,
    /// Rules that depend on the value, which the columns of the table cannot say.
    pub(crate) variant: Option<Variant>,
    /// What an array's elements are.
    pub(crate) element: Option<Box<Key>>,
    /// What the members of a map with free keys are.
    pub(crate) member: Option<Box<Key>>,
}

impl Key {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            default: None,
            required: false,
            closed: false,
            choices: Vec::new(),
            format: None,
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            min_items: None,
            unique: false,
            children: Vec::new(),
            variant: None,
            element: None,
            member: None,
        }
    }

    /// The known key `name` below this one.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        let listed = self
            .children
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, child)| child);
        listed.or(self.member.as_deref())
    }

    /// Whether an object may hold keys that the table does not list, without remark: a map, or free JSON.
    pub(crate) fn is_free(&self) -> bool {
        self.member.is_some() || (!self.closed && self.children.is_empty())
    }

    /// The defaults below this key, as far as plain objects lead there (never inside arrays and maps).
    pub(crate) fn defaults(&self) -> Option<Value> {
        if self.kind != Kind::Object {
            return self.default.clone();
        }
        let below: Map<String, Value> = self
            .children
            .iter()
            .filter_map(|(name, child)| child.defaults().map(|value| (name.clone(), value)))
            .collect();
        (!below.is_empty()).then_some(Value::Object(below))
    }
}

static ROOT: LazyLock<Key> = LazyLock::new(|| {
    parse(&[include_str!("key/keys.tsv"), include_str!("key/bia.tsv")])
        .expect("the embedded tables are well-formed; a test reads them")
});

/// The root object: every top-level key is below it.
pub(crate) fn root() -> &'static Key {
    &ROOT
}

/// A row of the table.
struct Row<'a> {
    path: &'a str,
    kind: &'a str,
    default: &'a str,
    rule: &'a str,
    required: bool,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            path: columns.next()?,
            kind: columns.next()?,
            default: columns.next().unwrap_or(""),
            rule: columns.next().unwrap_or(""),
            required: columns.next() == Some("required"),
        })
    }
}

/// A step of a path: a listed key, an array's element, or any key of a map.
enum Step<'a> {
    Key(&'a str),
    Element,
    Member,
}

/// Reads table texts. The error names the row that does not fit.
fn parse(texts: &[&str]) -> Result<Key, String> {
    let mut root = Key {
        closed: true,
        ..Key::new(Kind::Object)
    };
    let mut templates: Vec<(String, Key)> = Vec::new();
    let lines = texts.iter().flat_map(|text| text.lines());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let row = Row::parse(line).ok_or_else(|| format!("a row needs two columns: {line}"))?;
        let key = new_key(&row, &templates).ok_or_else(|| format!("not understood: {line}"))?;
        for path in alternatives(row.path) {
            let steps = steps(&path);
            let placed = match path.strip_prefix('@') {
                Some(_) => place_template(&mut templates, &steps, key.clone()),
                None => place(&mut root, &steps, key.clone()),
            };
            placed.ok_or_else(|| format!("its parent is not listed before it: {line}"))?;
        }
    }
    Ok(root)
}

/// `a.{b,c}.d` stands for `a.b.d` and `a.c.d`.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let Some((choices, after)) = rest.split_once('}') else {
        return vec![path.to_owned()];
    };
    choices
        .split(',')
        .map(|choice| format!("{before}{choice}{after}"))
        .collect()
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let name = part.trim_end_matches("[]");
        steps.push(if name == "*" {
            Step::Member
        } else {
            Step::Key(name)
        });
        steps.extend(std::iter::repeat_with(|| Step::Element).take((part.len() - name.len()) / 2));
    }
    steps
}

fn new_key(row: &Row<'_>, templates: &[(String, Key)]) -> Option<Key> {
    let mut key = match row.kind.strip_prefix('@') {
        Some(_) => templates
            .iter()
            .find(|(name, _)| name == row.kind)?
            .1
            .clone(),
        None => Key::new(Kind::parse(row.kind)?),
    };
    key.required = row.required;
    if !row.default.is_empty() {
        key.default = Some(serde_json::from_str(row.default).ok()?);
    }
    if row.path == "@hooks[]" {
        key.variant = Some(Variant::Hook);
    }
    if row.path == "@auth" {
        key.variant = Some(Variant::Auth);
    }
    if row.kind == "@hooks" {
        // The rule of a hook list is the list of hooks that may stand there.
        let hook = key
            .element
            .as_mut()?
            .children
            .iter_mut()
            .find(|(name, _)| name == "hook")?;
        apply_rule(&mut hook.1, row.rule)?;
    } else {
        for rule in row.rule.split("; ").filter(|rule| !rule.is_empty()) {
            apply_rule(&mut key, rule)?;
        }
    }
    Some(key)
}

fn apply_rule(key: &mut Key, rule: &str) -> Option<()> {
    if let Some(choices) = rule.strip_prefix("one of: ") {
        key.choices = choices.split(", ").map(str::to_owned).collect();
        return Some(());
    }
    match rule.split_once('=') {
        None if rule == "closed" => key.closed = true,
        None if rule == "unique" => key.unique = true,
        Some(("format", name)) => key.format = Some(Format::parse(name)?),
        Some(("minimum", number)) => key.minimum = Some(number.parse().ok()?),
        Some(("maximum", number)) => key.maximum = Some(number.parse().ok()?),
        Some(("minLength", number)) => key.min_length = Some(number.parse().ok()?),
        Some(("maxLength", number)) => key.max_length = Some(number.parse().ok()?),
        Some(("minItems", number)) => key.min_items = Some(number.parse().ok()?),
        _ => return None,
    }
    Some(())
}

fn place_template(templates: &mut Vec<(String, Key)>, steps: &[Step<'_>], key: Key) -> Option<()> {
    let (Step::Key(name), below) = steps.split_first()? else {
        return None;
    };
    match templates.iter_mut().find(|(known, _)| known == name) {
        Some((_, template)) => place(template, below, key),
        None if below.is_empty() => {
            templates.push(((*name).to_owned(), key));
            Some(())
        }
        None => None,
    }
}

fn place(parent: &mut Key, steps: &[Step<'_>], key: Key) -> Option<()> {
    let (step, below) = steps.split_first()?;
    if below.is_empty() {
        match step {
            Step::Key(name) => parent.children.push(((*name).to_owned(), key)),
            Step::Element => parent.element = Some(Box::new(key)),
            Step::Member => parent.member = Some(Box::new(key)),
        }
        return Some(());
    }
    let next = match step {
        Step::Key(name) => parent
            .children
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, child)| child)?,
        Step::Element => parent.element.as_deref_mut()?,
        Step::Member => parent.member.as_deref_mut()?,
    };
    place(next, below, key)
}
