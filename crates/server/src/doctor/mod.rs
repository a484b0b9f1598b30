//! `bia doctor`: looks a configuration over for what the server takes, but nobody can have meant.
//!
//! One rule for each kind of mistake (`rule`); what needs a running server is in `probe`, what needs the database in
//! `database`. A rule finds nothing in a configuration that works, and nothing that the check at start says already.

mod case;
pub mod database;
mod diagnosis;
pub mod probe;
mod rule;

use bia_config::{Finding, Findings, SchemaSource, Sources, Survey};
use bia_model::schema::IdentitySchema;

pub use case::Case;
pub use diagnosis::Diagnosis;

use crate::explain::{self, Explanation};
use crate::identity_schemas;

/// What a look at the configuration alone gave.
pub struct Examined {
    /// What was found.
    pub findings: Vec<Diagnosis>,
    /// The configuration, unless it cannot be used at all.
    pub case: Option<Case>,
}

/// Reads a configuration and applies every rule that needs nothing else.
pub async fn examine(sources: &Sources) -> Examined {
    let survey = match Survey::load(sources, &identity_schemas::check).await {
        Ok(survey) => survey,
        Err(findings) => return unusable(&findings),
    };
    let mut findings = of_the_check(survey.config.warnings());
    match identity_schemas::compile_all(&survey.config).await {
        Ok(compiled) => {
            let sources = &survey.config.identity.schemas;
            let compiled = |source: &SchemaSource| {
                let (_, schema) = compiled.find(&source.id)?;
                Some((source.id.clone(), IdentitySchema::clone(schema)))
            };
            let schemas = sources.iter().filter_map(compiled).collect();
            let case = Case { survey, schemas };
            findings.extend(rule::ALL.iter().flat_map(|rule| rule(&case)));
            Examined {
                findings,
                case: Some(case),
            }
        }
        Err(error) => {
            let found =
                Finding::error("identity.schemas", error.to_string(), "Correct the schema.");
            findings.push(from_check(&found.at(survey.place("identity.schemas"))));
            Examined {
                findings,
                case: None,
            }
        }
    }
}

fn unusable(findings: &Findings) -> Examined {
    Examined {
        findings: of_the_check(findings),
        case: None,
    }
}

fn of_the_check(findings: &Findings) -> Vec<Diagnosis> {
    findings.iter().map(from_check).collect()
}

/// What the server itself says about a configuration at start, with what is known about the key.
fn from_check(finding: &Finding) -> Diagnosis {
    let (why, example) = match explain::explain(&finding.key, Some(explain::Kind::Key)) {
        Ok(known @ Explanation::Key { .. }) => (known.what(), known.example().unwrap_or_default()),
        _ => (String::new(), String::new()),
    };
    Diagnosis {
        rule: "configuration",
        place: finding.place.clone(),
        key: finding.key.clone(),
        what: finding.problem.clone(),
        why,
        mend: finding.mend.clone(),
        snippet: example,
    }
}

#[cfg(test)]
mod tests;
