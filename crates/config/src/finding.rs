//! What a check of the configuration found: where, what is wrong, what to do.

use std::fmt;

/// Whether the server can start in spite of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration is not taken.
    Error,
    /// The configuration is taken; part of it has no effect or not the one that was meant.
    Warning,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A configuration file, with the line (from 1) where it is known.
    File {
        /// The path as it was given.
        path: String,
        /// The line of the key.
        line: Option<u32>,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line, such as `--dev`.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{path}:{line}"),
            Self::File { path, line: None } => f.write_str(path),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing that is wrong with a configuration.
///
/// `problem` and `mend` are whole sentences for the person who wrote the configuration. They never repeat a
/// value that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it keeps the server from starting.
    pub severity: Severity,
    /// Where the setting stands, when that is known.
    pub place: Option<Place>,
    /// The key's path, such as `selfservice.flows.login.after.hooks[0].hook`; empty for a whole file.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

impl Finding {
    /// A finding that keeps the server from starting.
    pub fn error(
        key: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            place: None,
            key: key.into(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    /// A finding that does not keep the server from starting.
    pub fn warning(
        key: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(key, problem, mend)
        }
    }

    /// The same, with the place where the setting stands.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }
}

/// A block of lines: place and path, problem, mend.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}")?;
        if let Some(place) = &self.place {
            write!(f, ": {place}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, "\n  {}", self.problem)?;
        if !self.mend.is_empty() {
            write!(f, "\n  {}", self.mend)?;
        }
        Ok(())
    }
}

/// Everything that a check found, errors first, in the order of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Whether any of them keeps the server from starting.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// The findings in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = Finding>) {
        self.0.extend(more);
    }

    /// Errors before warnings; within each the order in which they were found.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by_key(|finding| finding.severity);
        self
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The text for a terminal: one block per finding, blank lines between them.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_blocks_of_place_path_problem_and_mend() {
        let place = Place::File {
            path: "kratos.yml".into(),
            line: Some(7),
        };
        let findings = Findings(vec![
            Finding::warning("log.level", "It is odd.", ""),
            Finding::error("dsn", "It is empty.", "Give a DSN.").at(Some(place)),
        ])
        .sorted();
        assert_eq!(
            findings.to_string(),
            "error: kratos.yml:7: dsn\n  It is empty.\n  Give a DSN.\n\nwarning: log.level\n  It is odd."
        );
    }
}
