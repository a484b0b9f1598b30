//! How answers are shown (cli.md §3).

use anyhow::Context as _;
use serde_json::Value;

/// Where tables have their next column.
const TAB: usize = 8;

/// A form of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Format {
    Table,
    Json,
    JsonPretty,
    Yaml,
    /// Members and indexes with dots between; `#` is the length of a list, `#.member` that member of all its items.
    JsonPath(String),
    /// RFC 6901.
    JsonPointer(String),
}

/// One answer, for people and for programs.
pub(in crate::cli) struct Shown {
    /// The titles of the columns.
    pub(in crate::cli) titles: Vec<&'static str>,
    /// The cells; one row is shown upright.
    pub(in crate::cli) rows: Vec<Vec<String>>,
    /// Whether several rows are meant, also when there is one.
    pub(in crate::cli) is_list: bool,
    /// Rows below the table: an empty one and the token of the next page.
    pub(in crate::cli) next_page_token: Option<String>,
    /// What JSON and YAML show.
    pub(in crate::cli) json: Value,
}

impl Format {
    /// Reads the value of `--format`; an unknown one is a table.
    pub(in crate::cli) fn parse(text: &str) -> Result<Format, String> {
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Some(argument.to_owned())),
            None => (text, None),
        };
        let needed = |what: &str| {
            argument
                .clone()
                .ok_or_else(|| format!("write {name}={what}"))
        };
        Ok(match name {
            "json" => Format::Json,
            "json-pretty" => Format::JsonPretty,
            "yaml" => Format::Yaml,
            "jsonpath" => {
                let path = needed("PATH, for example jsonpath=identities.0.id")?;
                understood(&path)?;
                Format::JsonPath(path)
            }
            "jsonpointer" => Format::JsonPointer(needed("POINTER, for example jsonpointer=/id")?),
            _ => Format::Table,
        })
    }
}

/// Prints an answer; `quiet` counts more than the format.
pub(in crate::cli) fn print(shown: &Shown, format: &Format, quiet: bool) -> anyhow::Result<()> {
    if quiet {
        print!("{}", ids(shown));
        return Ok(());
    }
    match format {
        Format::Table => print!("{}", table(shown)),
        Format::Json => println!("{}", serde_json::to_string(&shown.json)?),
        Format::JsonPretty => println!("{}", serde_json::to_string_pretty(&shown.json)?),
        Format::Yaml => print!("{}", serde_saphyr::to_string(&shown.json)?),
        Format::JsonPath(path) => {
            println!(
                "{}",
                serde_json::to_string_pretty(&by_path(&shown.json, path))?
            );
        }
        Format::JsonPointer(pointer) => {
            let found = shown.json.pointer(pointer);
            let found = found.with_context(|| format!("There is nothing at {pointer:?}."))?;
            println!("{}", serde_json::to_string_pretty(found)?);
        }
    }
    Ok(())
}

fn ids(shown: &Shown) -> String {
    let mut text = String::new();
    for row in &shown.rows {
        text.push_str(row.first().map_or("", String::as_str));
        text.push('\n');
    }
    if shown.next_page_token.is_some() {
        text.push_str("\nNEXT PAGE TOKEN\n");
    }
    text
}

/// The answer for people.
pub(in crate::cli) fn table(shown: &Shown) -> String {
    let titles: Vec<String> = shown
        .titles
        .iter()
        .map(|title| (*title).to_owned())
        .collect();
    if let (false, [row]) = (shown.is_list, shown.rows.as_slice()) {
        let upright: Vec<Vec<String>> = titles
            .into_iter()
            .zip(row)
            .map(|(title, cell)| vec![title, cell.clone()])
            .collect();
        return aligned(&upright);
    }
    let mut rows = vec![titles];
    rows.extend(shown.rows.iter().cloned());
    if let Some(token) = &shown.next_page_token {
        rows.push(vec![String::new()]);
        rows.push(vec!["NEXT PAGE TOKEN".to_owned(), token.clone()]);
    }
    aligned(&rows)
}

/// Columns that are as wide as their widest cell, filled up with tabs.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max();
        (widest.unwrap_or_default() / TAB + 1) * TAB
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(cell);
            let missing = width - cell.chars().count();
            text.extend(std::iter::repeat_n('\t', missing.div_ceil(TAB)));
        }
        text.push('\n');
    }
    text
}

/// Refuses what other programs do with paths and this one does not: else the answer would be that there is nothing.
fn understood(path: &str) -> Result<(), String> {
    let foreign = |part: &str| {
        let is_word = part.starts_with(['@', '!', '$']) && part != "@this";
        let is_list = part.starts_with('#') && part != "#";
        is_word
            || is_list
            || part.contains(['*', '?', '|', '\\', '(', ')', '[', ']', '{', '}', '"'])
    };
    match path.split('.').find(|part| foreign(part)) {
        Some(part) => Err(format!(
            "{part:?} is not understood. A path has names and numbers with dots between; # is the length of a list, \
             #.name that member of all its items. For more, pipe --format=json into jq"
        )),
        None => Ok(()),
    }
}

/// What a path leads to; `null` where it leads nowhere.
fn by_path(value: &Value, path: &str) -> Value {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let next = match (value, first) {
        (_, "" | "@this") => Some(value),
        (Value::Array(items), "#") => {
            return match rest {
                None => Value::from(items.len()),
                Some(rest) => items
                    .iter()
                    .map(|item| by_path(item, rest))
                    .filter(|v| !v.is_null())
                    .collect(),
            };
        }
        (Value::Array(items), index) => index
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index)),
        (Value::Object(members), name) => members.get(name),
        _ => None,
    };
    match (next, rest) {
        (Some(next), Some(rest)) => by_path(next, rest),
        (Some(next), None) => next.clone(),
        (None, _) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(is_list: bool) -> Shown {
        Shown {
            titles: vec!["ID", "STATE"],
            rows: vec![vec!["12345678".to_owned(), "active".to_owned()]],
            is_list,
            next_page_token: is_list.then(|| "next".to_owned()),
            json: json!({"identities": [{"id": "a"}, {"id": "b"}], "n": 1}),
        }
    }

    #[test]
    fn one_row_stands_upright_and_several_make_a_table() {
        assert_eq!(table(&shown(false)), "ID\t12345678\t\nSTATE\tactive\t\t\n");
        assert_eq!(
            table(&shown(true)),
            "ID\t\tSTATE\t\n12345678\tactive\t\n\t\t\nNEXT PAGE TOKEN\tnext\t\n"
        );
        assert_eq!(ids(&shown(true)), "12345678\n\nNEXT PAGE TOKEN\n");
    }

    #[test]
    fn paths_lead_through_members_and_lists() {
        let json = shown(false).json;
        for (path, expected) in [
            ("n", json!(1)),
            ("identities.1.id", json!("b")),
            ("identities.#", json!(2)),
            ("identities.#.id", json!(["a", "b"])),
            ("identities.7.id", Value::Null),
            ("n.x", Value::Null),
        ] {
            assert_eq!(by_path(&json, path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_not_understood_is_refused() {
        for path in [
            "identities.#(id==\"x\").id",
            "identities.*",
            "identities[0].id",
            "$.id",
            "@reverse",
            "id|@this",
            "traits.a\\.b",
        ] {
            let refused = Format::parse(&format!("jsonpath={path}")).unwrap_err();
            assert!(refused.contains("not understood"), "{path}: {refused}");
        }
        for path in [
            "identities.#.traits.first-name",
            "@this",
            "0.id",
            "traits.a@b",
        ] {
            assert!(Format::parse(&format!("jsonpath={path}")).is_ok(), "{path}");
        }
    }

    #[test]
    fn a_format_without_its_argument_is_refused() {
        assert!(Format::parse("jsonpath").is_err());
        assert_eq!(
            Format::parse("jsonpointer=/id"),
            Ok(Format::JsonPointer("/id".to_owned()))
        );
        assert_eq!(Format::parse("whatever"), Ok(Format::Table));
    }
}
