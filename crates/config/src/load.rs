//! From sources to a checked configuration.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    Config, Finding, Findings, Sources, check, fetch, fetch::FetchError, key,
    section::identity::SchemaSource, source::Tree,
};

/// Compiles an identity schema, to see whether that can be done. The texts of the error are whole sentences.
pub type SchemaCheck = dyn Fn(&SchemaSource) -> Result<(), Vec<String>> + Send + Sync;

/// Reads, merges, checks and parses a configuration, and loads its identity schemas.
///
/// # Errors
/// All findings at once, errors first. Warnings alone do not fail; they are then in [`Config::warnings`].
pub async fn load(sources: &Sources, check_schema: &SchemaCheck) -> Result<Config, Findings> {
    let draft = Draft::new(sources)?;
    let contents = draft.contents().await;
    draft.finish(contents, check_schema)
}

impl Config {
    /// Builds a configuration from JSON alone, without input or output: identity schemas have to be `base64://`
    /// addresses, and are not compiled.
    ///
    /// # Errors
    /// All findings at once, errors first.
    pub fn from_json(settings: Value) -> Result<Self, Findings> {
        let sources = Sources {
            built_in: Some(settings.into()),
            ..Sources::default()
        };
        let draft = Draft::new(&sources)?;
        let contents = draft
            .schemas()
            .iter()
            .map(|schema| fetch::fetch_inline(&schema.url))
            .collect();
        draft.finish(contents, &|_| Ok(()))
    }
}

/// A configuration that was read and checked, but whose schemas have not been loaded.
pub(crate) struct Draft {
    pub(crate) tree: Tree,
    pub(crate) effective: Value,
    findings: Findings,
}

/// An entry of `identity.schemas`.
struct SchemaEntry {
    path: String,
    id: String,
    url: String,
    selfservice_selectable: bool,
}

impl Draft {
    pub(crate) fn new(sources: &Sources) -> Result<Self, Findings> {
        let (tree, mut findings) = sources.read()?;
        let defaults = key::root()
            .defaults()
            .unwrap_or_else(|| Value::Object(Map::new()));
        let effective = tree.with_defaults(defaults);
        findings.extend(check::check(&tree, &effective).0);
        Ok(Self {
            tree,
            effective,
            findings,
        })
    }

    /// What is at the addresses of the schemas, in their order.
    pub(crate) async fn contents(&self) -> Vec<Result<Vec<u8>, FetchError>> {
        let mut contents = Vec::new();
        for schema in self.schemas() {
            contents.push(fetch::fetch(&schema.url).await);
        }
        contents
    }

    /// The entries that have an id and an address; the others are findings already.
    fn schemas(&self) -> Vec<SchemaEntry> {
        let list = self
            .effective
            .pointer("/identity/schemas")
            .and_then(Value::as_array);
        let entry = |(index, entry): (usize, &Value)| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
            Some(SchemaEntry {
                path: format!("identity.schemas[{index}].url"),
                id: text("id")?,
                url: text("url")?,
                selfservice_selectable: entry.get("selfservice_selectable")
                    == Some(&Value::Bool(true)),
            })
        };
        list.into_iter()
            .flatten()
            .enumerate()
            .filter_map(entry)
            .collect()
    }

    /// Parses everything. `contents` are what is at the addresses of [`Self::schemas`], in the same order.
    pub(crate) fn finish(
        mut self,
        contents: Vec<Result<Vec<u8>, FetchError>>,
        check_schema: &SchemaCheck,
    ) -> Result<Config, Findings> {
        let mut schemas = Vec::new();
        for (entry, content) in self.schemas().into_iter().zip(contents) {
            let path = entry.path.clone();
            match loaded(entry, content, check_schema) {
                Ok(schema) => schemas.push(schema),
                Err(findings) => {
                    let place = self.tree.place(&path);
                    self.findings.extend(
                        findings
                            .into_iter()
                            .map(|finding| finding.at(place.clone())),
                    );
                }
            }
        }
        if self.findings.has_errors() {
            return Err(self.findings.sorted());
        }
        Config::parse(&self.tree, self.effective, schemas, self.findings).map_err(Findings::from)
    }
}

fn loaded(
    entry: SchemaEntry,
    content: Result<Vec<u8>, FetchError>,
    check_schema: &SchemaCheck,
) -> Result<SchemaSource, Vec<Finding>> {
    let SchemaEntry {
        path,
        id,
        url,
        selfservice_selectable,
    } = entry;
    let wrong = |problem: String, mend: &str| Finding::error(path.clone(), problem, mend);
    let bytes = content.map_err(|error| {
        let problem = format!("The schema {id:?} could not be loaded: {error}.");
        vec![wrong(
            problem,
            "Check the address; this server has to be able to read it.",
        )]
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        vec![wrong(
            format!("The schema {id:?} is not UTF-8 text."),
            "Save it as UTF-8.",
        )]
    })?;
    let json: Value = serde_json::from_str(&text).map_err(|error| {
        vec![wrong(
            format!("The schema {id:?} is not well-formed JSON: {error}."),
            "Correct the schema.",
        )]
    })?;
    let schema = SchemaSource {
        id,
        url,
        text: text.into(),
        json: Arc::new(json),
        selfservice_selectable,
    };
    let found = |problem| {
        wrong(
            format!("The schema {:?} cannot be used: {problem}", schema.id),
            "Correct the schema.",
        )
    };
    check_schema(&schema)
        .map_err(|problems| problems.into_iter().map(found).collect::<Vec<_>>())?;
    Ok(schema)
}
