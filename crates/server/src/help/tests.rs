use bia_model::text::{self, MessageType};

use crate::explain;

const REVIEW: &str = include_str!("../../../../docs/hints.md");

/// The names in the first column of the review.
fn reviewed() -> Vec<&'static str> {
    let cells = REVIEW
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect()
}

#[test]
fn every_hint_has_been_reviewed() {
    let reviewed = reviewed();
    for name in explain::error_names() {
        assert!(reviewed.contains(&name), "docs/hints.md lacks {name}");
    }
    let errors = text::CATALOGUE
        .iter()
        .filter(|entry| entry.kind == MessageType::Error && entry.emitted);
    for entry in errors {
        let number = entry.id.to_string();
        assert!(
            reviewed.contains(&number.as_str()),
            "docs/hints.md lacks {number} ({})",
            entry.slug
        );
    }
}

#[test]
fn the_review_names_nothing_that_is_gone() {
    for name in reviewed()
        .into_iter()
        .filter(|name| *name != "Hint" && !name.starts_with('-'))
    {
        assert!(
            explain::explain(name, None).is_ok(),
            "docs/hints.md names {name}"
        );
    }
}
