//! A configuration with what it takes to judge it: the values as they are written, and where.

use serde_json::Value;

use crate::{Config, Findings, Place, SchemaCheck, SecretJson, Sources, load::Draft, source::Tree};

/// A configuration, read and checked, with the values behind it.
pub struct Survey {
    /// The configuration as the server sees it.
    pub config: Config,
    settings: SecretJson,
    tree: Tree,
}

impl Survey {
    /// Like [`crate::load`], but keeps the values and their places.
    ///
    /// # Errors
    /// All findings at once, errors first.
    pub async fn load(sources: &Sources, check_schema: &SchemaCheck) -> Result<Self, Findings> {
        let draft = Draft::new(sources)?;
        let contents = draft.contents().await;
        let (tree, settings) = (draft.tree.clone(), draft.effective.clone().into());
        let config = draft.finish(contents, check_schema)?;
        Ok(Self {
            config,
            settings,
            tree,
        })
    }

    /// The value at `path` (keys with dots between them), defaults included.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        at(self.settings.expose(), path)
    }

    /// The value at `path` as somebody wrote it.
    #[must_use]
    pub fn written(&self, path: &str) -> Option<&Value> {
        at(&self.tree.value, path)
    }

    /// Where `path` was written; for a path that was not, where the nearest thing around it was.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<Place> {
        self.tree.place(path)
    }
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}
