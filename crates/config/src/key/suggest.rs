//! The known key that an unknown one was probably meant to be.

use super::Key;

/// How alike two names must be (0 to 1, Jaro-Winkler) before one is suggested for the other.
const ALIKE: f64 = 0.82;

/// The known key nearest to `name`: a sibling with a similar name, else a key of the same or a similar name
/// elsewhere in the table. `parent` is the path of the object that `name` stands in, without indices.
pub(crate) fn nearest(root: &Key, siblings: &Key, parent: &str, name: &str) -> Option<String> {
    let sibling = best(name, siblings.children.iter().map(|(key, _)| key.as_str()));
    if let Some(sibling) = sibling {
        return Some(join(parent, sibling));
    }
    let mut found: Vec<String> = Vec::new();
    same_name(root, "", name, &mut found);
    // The shortest path is the one nearest to the top: the likely place of a key that slipped.
    found
        .into_iter()
        .min_by_key(|path| (unlike(path, parent), path.len()))
}

/// The most similar of `names`, if any is similar enough.
fn best<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|known| (strsim::jaro_winkler(&normal(name), &normal(known)), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Spelling differences that people do not see: case, and dashes for underscores.
fn normal(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn same_name(key: &Key, path: &str, name: &str, found: &mut Vec<String>) {
    for (known, child) in &key.children {
        let here = join(path, known);
        if normal(known) == normal(name) {
            found.push(here.clone());
        }
        same_name(child, &here, name, found);
    }
    if let Some(element) = &key.element {
        same_name(element, &format!("{path}[]"), name, found);
    }
}

/// How many leading steps of `path` differ from `parent`; fewer is nearer.
fn unlike(path: &str, parent: &str) -> usize {
    let shared = path
        .split('.')
        .zip(parent.split('.'))
        .take_while(|(a, b)| a == b)
        .count();
    path.split('.').count().saturating_sub(shared)
}

pub(crate) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}
