//! Identities from files and from standard input.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// A file that is read whole; larger ones are for `--bulk`.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// One identity to import, and where it stood.
pub(super) struct Item {
    /// `file.json[3]`, or `STD_IN[3]`.
    pub(super) place: String,
    pub(super) identity: Value,
}

/// All items of the files, or of standard input when there are none: each is one object or an array of them.
///
/// # Errors
/// When one cannot be read, or lacks what every identity has: then nothing has been sent.
pub(super) fn read_all(files: &[std::path::PathBuf]) -> anyhow::Result<Vec<Item>> {
    if files.is_empty() {
        let text = limited(std::io::stdin().lock()).context("Standard input cannot be read.")?;
        return items("STD_IN", &text);
    }
    let mut all = Vec::new();
    for file in files {
        all.extend(items(&file.display().to_string(), &read(file)?)?);
    }
    Ok(all)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let opened = std::fs::File::open(path).map_err(anyhow::Error::from);
    opened
        .and_then(limited)
        .with_context(|| format!("{} cannot be read.", path.display()))
}

fn limited(input: impl std::io::Read) -> anyhow::Result<String> {
    let mut text = String::new();
    let bytes = input.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    anyhow::ensure!(
        bytes as u64 <= MAX_FILE_BYTES,
        "It has more than 256 MiB. Make it one identity a line, and import it with --bulk."
    );
    Ok(text)
}

/// What some editors put in front of a text, and no JSON begins with.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

fn items(name: &str, text: &str) -> anyhow::Result<Vec<Item>> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let value: Value = serde_json::from_str(text).with_context(|| {
        format!("{name} is not JSON. It holds one identity or an array of identities; one identity a line is for --bulk.")
    })?;
    let identities = match value {
        Value::Array(identities) => identities,
        one => vec![one],
    };
    let item = |(index, identity)| {
        let place = format!("{name}[{index}]");
        check(&identity).with_context(|| format!("{place} cannot be sent."))?;
        Ok(Item { place, identity })
    };
    identities.into_iter().enumerate().map(item).collect()
}

/// What every identity has.
pub(super) fn check(identity: &Value) -> anyhow::Result<()> {
    anyhow::ensure!(identity.is_object(), "An identity is a JSON object.");
    for member in ["schema_id", "traits"] {
        anyhow::ensure!(
            identity.get(member).is_some_and(|value| !value.is_null()),
            "It lacks {member:?}."
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_identity_or_an_array() {
        let one = r#"{"schema_id": "default", "traits": {}}"#;
        assert_eq!(items("a.json", one).unwrap()[0].place, "a.json[0]");
        let marked = format!("{BYTE_ORDER_MARK}{one}");
        assert_eq!(items("a.json", &marked).unwrap().len(), 1);
        let two = format!("[{one}, {one}]");
        assert_eq!(items("a.json", &two).unwrap()[1].place, "a.json[1]");
    }

    #[test]
    fn what_is_incomplete_is_refused_with_its_place() {
        let error = items("a.json", r#"[{"schema_id": "default"}]"#)
            .map(|_| ())
            .unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("a.json[0]") && text.contains("traits"),
            "{text}"
        );
        assert!(items("a.json", "{}\n{}").is_err());
    }
}
