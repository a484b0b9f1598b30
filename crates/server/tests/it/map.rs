//! `ARCHITECTURE.md` names no path that is gone.

use std::path::Path;

#[test]
fn every_path_on_the_map_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let paths: Vec<&str> = map
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| is_path(word))
        .collect();
    assert!(paths.len() > 40, "only {} paths were found", paths.len());
    let gone: Vec<&&str> = paths
        .iter()
        .filter(|path| !root.join(path).exists() && !root.join("crates").join(path).exists())
        .collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// Words with a slash in them, but for addresses, commands and forms.
fn is_path(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    word.contains('/') && !word.starts_with(['/', '.']) && word.chars().all(plain)
}
