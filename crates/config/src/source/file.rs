//! Configuration files: YAML, JSON, TOML.

use std::{collections::HashMap, fmt, fs, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::tree::{Step, Tree, push_step};
use crate::{Finding, Place};

/// No configuration is larger; more would be a wrong file.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The syntaxes, told apart by the extension of the file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Yaml,
    Json,
    Toml,
}

/// Reads one file.
///
/// # Errors
/// A finding for a file that cannot be read, has an unknown extension, or is not well-formed (with the line).
pub(super) fn read(path: &Path) -> Result<Tree, Finding> {
    let name = path.display().to_string();
    let at = |line| {
        Some(Place::File {
            path: name.clone(),
            line,
        })
    };
    let syntax = syntax(path).ok_or_else(|| {
        let problem =
            "The name of a configuration file says its syntax; this one has no known extension.";
        Finding::error("", problem, "Name it .yaml, .yml, .json or .toml.").at(at(None))
    })?;
    let text =
        text(path).map_err(|(problem, mend)| Finding::error("", problem, mend).at(at(None)))?;
    let tree = parse(&text, syntax, &name).map_err(|wrong| {
        let mend = "Correct the file's syntax; nothing in it was used.";
        Finding::error("", wrong.problem, mend).at(at(wrong.line))
    })?;
    if tree.value.is_object() {
        return Ok(tree);
    }
    let problem = "The file does not hold an object with keys at its top.";
    Err(Finding::error(
        "",
        problem,
        "Start it with keys such as selfservice and identity.",
    )
    .at(at(Some(1))))
}

fn syntax(path: &Path) -> Option<Syntax> {
    Some(match path.extension()?.to_str()? {
        "yaml" | "yml" => Syntax::Yaml,
        "json" => Syntax::Json,
        "toml" => Syntax::Toml,
        _ => return None,
    })
}

fn text(path: &Path) -> Result<String, (String, &'static str)> {
    let size = fs::metadata(path)
        .map_err(|error| (unreadable(&error), "Check the path and the permissions."))?;
    if size.len() > MAX_BYTES {
        return Err((
            "The file is larger than 4 MiB.".to_owned(),
            "Name a configuration file.",
        ));
    }
    let bytes = fs::read(path)
        .map_err(|error| (unreadable(&error), "Check the path and the permissions."))?;
    String::from_utf8(bytes).map_err(|_| {
        (
            "The file is not UTF-8 text.".to_owned(),
            "Save it as UTF-8.",
        )
    })
}

fn unreadable(error: &std::io::Error) -> String {
    format!("The file cannot be read: {error}.")
}

/// What is wrong with a file's syntax.
struct Wrong {
    problem: String,
    line: Option<u32>,
}

fn parse(text: &str, syntax: Syntax, name: &str) -> Result<Tree, Wrong> {
    match syntax {
        Syntax::Yaml => {
            let root: Spanned<Node> = yaml(text).map_err(|error| Wrong {
                line: error
                    .location()
                    .and_then(|at| u32::try_from(at.line()).ok()),
                problem: format!(
                    "The file is not well-formed YAML: {}.",
                    first_line(&error.without_snippet().to_string())
                ),
            })?;
            Ok(with_places(root.value, name))
        }
        Syntax::Json => {
            let value: Value = serde_json::from_str(text).map_err(|error| Wrong {
                line: u32::try_from(error.line()).ok(),
                problem: format!("The file is not well-formed JSON: {error}."),
            })?;
            // JSON is YAML, so the same reader finds the lines; should it not, they are only not named.
            let lines = yaml::<Spanned<Node>>(text).map(|root| with_places(root.value, name));
            Ok(lines
                .ok()
                .filter(|tree| tree.value == value)
                .unwrap_or_else(|| without_lines(value, name)))
        }
        Syntax::Toml => {
            let value: Value = toml::from_str(text).map_err(|error: toml::de::Error| Wrong {
                line: error.span().and_then(|span| line_of(text, span.start)),
                problem: format!(
                    "The file is not well-formed TOML: {}.",
                    first_line(error.message())
                ),
            })?;
            Ok(without_lines(value, name))
        }
    }
}

fn yaml<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_saphyr::Error> {
    // `yes` and `on` are texts, as in YAML 1.2 and for the reference.
    serde_saphyr::from_str_with_options(
        text,
        serde_saphyr::options! { strict_booleans: true, with_snippet: false },
    )
}

fn first_line(message: &str) -> &str {
    message
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
}

fn line_of(text: &str, offset: usize) -> Option<u32> {
    let before = text.get(..offset)?;
    u32::try_from(before.matches('\n').count() + 1).ok()
}

fn without_lines(value: Value, name: &str) -> Tree {
    let mut places = HashMap::new();
    if let Value::Object(map) = &value {
        let place = Place::File {
            path: name.to_owned(),
            line: None,
        };
        // The top-level keys are enough: a path takes the place of what is around it.
        places.extend(map.keys().map(|key| (key.clone(), place.clone())));
    }
    Tree::new(value, places)
}

/// A YAML value whose parts know their lines.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(
            Number::from_f64(value).map_or(Value::Null, Value::Number),
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Node, D::Error> {
        Node::deserialize(input)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = access.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = access.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}

fn with_places(root: Node, name: &str) -> Tree {
    let mut places = HashMap::new();
    let value = collect(root, &mut String::new(), name, &mut places);
    Tree::new(value, places)
}

fn collect(
    node: Node,
    path: &mut String,
    name: &str,
    places: &mut HashMap<String, Place>,
) -> Value {
    match node {
        Node::Scalar(value) => value,
        Node::List(list) => {
            let collect_item = |(index, item): (usize, Spanned<Node>)| {
                let line = item.referenced.line();
                below(path, &Step::Index(index), line, name, places, item.value)
            };
            Value::Array(list.into_iter().enumerate().map(collect_item).collect())
        }
        Node::Map(entries) => {
            let mut map = Map::new();
            for (key, item) in entries {
                let step = Step::Key(key.value.clone());
                let value = below(path, &step, key.referenced.line(), name, places, item.value);
                map.insert(key.value, value);
            }
            Value::Object(map)
        }
    }
}

fn below(
    path: &mut String,
    step: &Step,
    line: u64,
    name: &str,
    places: &mut HashMap<String, Place>,
    node: Node,
) -> Value {
    let length = path.len();
    push_step(path, step);
    let line = u32::try_from(line).ok().filter(|line| *line > 0);
    places.insert(
        path.clone(),
        Place::File {
            path: name.to_owned(),
            line,
        },
    );
    let value = collect(node, path, name, places);
    path.truncate(length);
    value
}
