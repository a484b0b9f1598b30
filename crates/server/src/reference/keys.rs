//! The page of configuration keys.

use std::fmt::Write as _;

use bia_config::describe;

use super::markdown::explanation;
use crate::explain::{self, Explanation, Kind};

/// The lists of hooks and the settings of requests are the same everywhere; they are shown where they stand first.
const SHOWN_ONCE: [&str; 2] = ["hooks[]", "auth"];

pub(super) fn page() -> String {
    let mut page = String::from(
        "# Configuration keys\n\n`[]` is any element of a list, `*` any name. `bia explain KEY` prints the same, with an example for \
         each. Environment variables named like keys count more than files: `LOG_LEVEL` for `log.level`.\n\n",
    );
    let mut first: Vec<(String, String)> = Vec::new();
    for name in bia_config::top_level_keys() {
        let _ = write!(page, "## {name}\n\n");
        one(&name, &mut first, &mut page);
    }
    page
}

/// A key and everything below it.
fn one(path: &str, first: &mut Vec<(String, String)>, page: &mut String) {
    let Ok(info) = describe(path) else { return };
    let known = explain::explain(path, Some(Kind::Key));
    if path.contains('.') {
        let _ = write!(page, "### {path}\n\n");
    }
    if let Ok(known) = &known {
        page.push_str(&explanation(known, has_example(known)));
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    if SHOWN_ONCE.contains(&last) && !info.children.is_empty() {
        match first.iter().find(|(name, _)| name == last) {
            Some((_, there)) => {
                let _ = write!(page, "Its keys are those of `{there}`.\n\n");
                return;
            }
            None => first.push((last.to_owned(), path.to_owned())),
        }
    }
    for below in bia_config::keys_below(path) {
        one(&below, first, page);
    }
}

/// An example that somebody wrote; those that are made of the type alone are left to `bia explain`.
fn has_example(known: &Explanation) -> bool {
    known.entry().is_some_and(|entry| entry.example.is_some())
}
