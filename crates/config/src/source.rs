//! Where a configuration comes from: files, flags, environment variables. They are merged into one tree that
//! remembers for each key where it was written.

mod environment;
mod file;
mod tree;

use std::{collections::HashMap, fmt, path::PathBuf};

use serde_json::Value;

use crate::{Finding, Findings, Place, Secret, SecretJson};

pub(crate) use environment::parse_bool;
pub(crate) use tree::Tree;

/// Everything that a configuration is built from. Kept by the process, to build it again when a file changes.
#[derive(Clone, Default)]
pub struct Sources {
    /// Settings below all files, for a server without a file ([`crate::dev_settings`]).
    pub built_in: Option<SecretJson>,
    /// The files, each merged over the ones before it.
    pub files: Vec<PathBuf>,
    /// The environment variables, usually all of the process; those that name no known key are ignored.
    pub env: Vec<(String, String)>,
    /// What the command line says.
    pub flags: Flags,
}

/// The flags of the command line that set configuration keys.
///
/// `None` means that the command has no such flag. A flag that a command has beats the files even when it was
/// not given (so `dev: true` in a file does not switch `serve` into development mode), as with the reference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--dev`
    pub dev: Option<bool>,
    /// `--watch-courier`
    pub watch_courier: Option<bool>,
    /// `--sqa-opt-out`
    pub sqa_opt_out: Option<bool>,
    /// `--expose-metrics-port`
    pub expose_metrics_port: Option<u16>,
}

impl Flags {
    fn values(self) -> impl Iterator<Item = (&'static str, &'static str, Value)> {
        [
            ("dev", "--dev", self.dev.map(Value::from)),
            (
                "watch-courier",
                "--watch-courier",
                self.watch_courier.map(Value::from),
            ),
            (
                "sqa-opt-out",
                "--sqa-opt-out",
                self.sqa_opt_out.map(Value::from),
            ),
            (
                "expose-metrics-port",
                "--expose-metrics-port",
                self.expose_metrics_port.map(Value::from),
            ),
        ]
        .into_iter()
        .filter_map(|(key, flag, value)| value.map(|value| (key, flag, value)))
    }
}

/// Variables can hold secrets, so only their number is shown.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Sources");
        shown
            .field("files", &self.files)
            .field("flags", &self.flags)
            .field("variables", &self.env.len());
        shown.finish_non_exhaustive()
    }
}

impl Sources {
    /// Reads and merges all sources: files in order, then flags, then environment variables.
    ///
    /// Returns the tree and remarks on it, or what kept files from being read (all of them).
    pub(crate) fn read(&self) -> Result<(Tree, Findings), Findings> {
        let mut tree = match &self.built_in {
            Some(settings) => Tree::new(settings.expose().clone(), HashMap::new()),
            None => Tree::default(),
        };
        let (mut remarks, mut broken) = (Findings::default(), Findings::default());
        for path in &self.files {
            match file::read(path) {
                Ok(more) => tree.merge(more),
                Err(finding) => broken.push(finding),
            }
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        self.apply_flags(&mut tree, &mut remarks);
        environment::apply(&self.env, &mut tree, &mut remarks);
        Ok((tree, remarks))
    }

    /// The database alone, for commands that need nothing else of a configuration: the rest is not checked.
    /// `None` when it is not set.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn dsn(&self) -> Result<Option<Secret>, Findings> {
        let (tree, _) = self.read()?;
        let dsn = tree
            .value
            .get("dsn")
            .and_then(Value::as_str)
            .filter(|dsn| !dsn.is_empty());
        Ok(dsn.map(|dsn| Secret::new(dsn.to_owned())))
    }

    fn apply_flags(&self, tree: &mut Tree, remarks: &mut Findings) {
        for (key, flag, value) in self.flags.values() {
            if let Some(written) = tree.value.get(key)
                && *written != value
                && (key == "dev" || key == "watch-courier")
            {
                let problem = format!(
                    "This setting has no effect here: the flag {flag} decides, given or not."
                );
                let mend = format!(
                    "Start the server with {flag}, or without it, and remove the key from the file."
                );
                remarks.push(Finding::warning(key, problem, mend).at(tree.place(key)));
            }
            tree.set(&[key.into()], value, &Place::Flag(flag));
        }
    }
}
