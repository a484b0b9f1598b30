//! Pieces of Markdown.

use std::fmt::Write as _;

use crate::explain::Explanation;

/// A page as it is checked in: said to be made, without blanks at the ends of lines, one empty line at most.
pub(super) fn page(text: &str) -> String {
    const MADE: &str = "<!-- Made by `bia reference --out docs/src/reference`. Change the tables, not this page. -->\n\n";
    let mut page = MADE.to_owned();
    let mut empty = false;
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && empty) {
            page.push_str(line);
            page.push('\n');
        }
        empty = line.is_empty();
    }
    page
}

/// A text in which nothing but what stands in backticks can look like HTML.
pub(super) fn prose(text: &str) -> String {
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => part
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
        _ => format!("`{part}`"),
    };
    text.split('`').enumerate().map(part).collect()
}

/// The same in a cell of a table.
pub(super) fn cell(text: &str) -> String {
    prose(&text.replace('\n', " ")).replace('|', "\\|")
}

/// A block of code that nobody runs.
pub(super) fn code(text: &str) -> String {
    format!("```text\n{}\n```\n\n", text.trim_end())
}

/// What is known about one thing, below its heading.
pub(super) fn explanation(known: &Explanation, with_example: bool) -> String {
    let mut text = format!("{}\n\n", prose(&known.what()));
    for (name, fact) in known.facts() {
        let _ = writeln!(text, "- {name}: {}", fact_text(name, &fact));
    }
    text.push('\n');
    if let Some(entry) = known.entry() {
        text.push_str(&list("Usual causes", &entry.causes));
        text.push_str(&list("What to do", &entry.mend));
    }
    if let Some(example) = known.example().filter(|_| with_example) {
        text.push_str(&code(&example));
    }
    if let Some(see) = known
        .entry()
        .map(|entry| &entry.see)
        .filter(|see| !see.is_empty())
    {
        let names: Vec<String> = see.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "See also: {}\n", names.join(", "));
    }
    text
}

/// Names and values are code, sentences are not.
fn fact_text(name: &str, fact: &str) -> String {
    match name {
        "Default" | "Name" => format!("`{fact}`"),
        "Allowed" | "Keys" | "Context" => {
            let names: Vec<String> = fact.split(", ").map(|name| format!("`{name}`")).collect();
            names.join(", ")
        }
        _ => prose(fact),
    }
}

fn list(title: &str, items: &[&str]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: String = items
        .iter()
        .map(|item| format!("- {}\n", prose(item)))
        .collect();
    format!("{title}:\n\n{items}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_may_hold_brackets() {
        assert_eq!(
            prose("a < b, `?flow=<id>` & c"),
            "a &lt; b, `?flow=<id>` &amp; c"
        );
        assert_eq!(cell("a|b\nc"), "a\\|b c");
        let page = page("# A  \n\n\n\nB");
        assert!(page.ends_with("-->\n\n# A\n\nB\n"), "{page}");
    }
}
