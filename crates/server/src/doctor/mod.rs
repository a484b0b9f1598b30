//! `bia doctor`: looks a configuration over for what the server takes, but nobody can have meant.
//!
//! One rule for each kind of mistake (`rule`); what needs a running server is in `probe`, what needs the database in
//! `database`. A rule finds nothing in a configuration that works.

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
            let told: Vec<Diagnosis> = rule::ALL.iter().flat_map(|rule| rule(&case)).collect();
            // A rule says more than the warning at start about the same.
            findings.retain(|warning| !told.iter().any(|told| is_about(told, warning)));
            findings.extend(told);
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

/// Whether both are about the same key, or about the hook lists of one flow, where one takes another's place.
fn is_about(told: &Diagnosis, warning: &Diagnosis) -> bool {
    let list = told.key.split('[').next().unwrap_or_default();
    let lists = list.strip_suffix(".hooks").is_some_and(|after| {
        after.ends_with(".after")
            && warning.key.starts_with(after)
            && warning.key.ends_with(".hooks")
    });
    list == warning.key || lists
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
