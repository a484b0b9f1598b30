//! The book in `docs/src` has no page that nobody finds, and no link that leads nowhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src")
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "md") {
            found.push(path);
        }
    }
}

/// Where the links of a page lead, without what stands in code.
fn links(text: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
    }
    let targets = prose.split("](").skip(1);
    targets
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

#[test]
fn every_link_leads_to_a_page_and_every_page_is_in_the_summary() {
    let mut all = Vec::new();
    pages(&book(), &mut all);
    let mut gone = Vec::new();
    for page in &all {
        let text = std::fs::read_to_string(page).unwrap();
        for link in links(&text) {
            let target = link.split('#').next().unwrap();
            let elsewhere = link.contains("://") || target.is_empty();
            if !elsewhere && !page.parent().unwrap().join(target).exists() {
                gone.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(gone.is_empty(), "{gone:#?}");
    let summary = std::fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&summary)
        .iter()
        .map(|link| book().join(link))
        .collect();
    let there: BTreeSet<PathBuf> = all
        .into_iter()
        .filter(|page| !page.ends_with("SUMMARY.md"))
        .collect();
    assert_eq!(listed, there, "SUMMARY.md and the pages");
}

#[test]
fn links_in_code_are_no_links() {
    assert_eq!(
        links("[a](b.md) `[c](d.md)`\n```\n[e](f.md)\n```\n[g](h.md#i)"),
        ["b.md", "h.md#i"]
    );
}
