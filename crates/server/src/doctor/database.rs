//! What only the database knows: its shape, and whether the identities in it suit the schemas of today. Reads only.

use std::collections::BTreeMap;
use std::time::Duration;

use bia_model::schema::{Derived, IdentitySchema, ViolationKind};
use bia_model::{Identity, MethodName};
use bia_store::identity::{self, Expand, Filter, Page, Unreadable};
use bia_store::{Dialect, Dsn, Store, StoreError, migrate, network};
use uuid::Uuid;

use super::{Case, Diagnosis};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many identities are looked at, at most.
const MOST: usize = 20_000;

/// How many are read at a time.
const PAGE: u32 = 500;

/// What a look into the database gave.
pub struct Looked {
    /// What was found.
    pub findings: Vec<Diagnosis>,
    /// Why it was not looked at, as a sentence, or how far.
    pub note: Option<String>,
}

impl Looked {
    fn not(why: impl Into<String>) -> Looked {
        Looked {
            findings: Vec::new(),
            note: Some(why.into()),
        }
    }
}

/// Looks into the configured database. One that cannot be reached is no finding: the command may run elsewhere than
/// the server.
pub async fn look(case: &Case) -> Looked {
    let Some(name) = &case.config().dsn else {
        return Looked::not("The database was not looked at: no dsn is configured.");
    };
    let dsn = match Dsn::parse(&without_making_it(name.expose())) {
        Ok(dsn) if dsn.is_memory() => {
            return Looked::not("The database was not looked at: it is only in a server's memory.");
        }
        Ok(dsn) => dsn,
        Err(error) => {
            let found = case.found("database.name", "dsn", error.to_string());
            let mend = found.why("The server cannot start.").mend(
                "Correct the name.",
                "dsn: postgres://user:password@db.example.org:5432/bia?sslmode=verify-full",
            );
            return Looked {
                findings: vec![mend],
                note: None,
            };
        }
    };
    let store = match Store::connect(&dsn, PATIENCE).await {
        Ok(store) => store,
        Err(StoreError::Unavailable {
            reason,
            lasting: true,
        }) if dsn.dialect() != Dialect::Sqlite => return refused(case, &reason),
        Err(_) => {
            return Looked::not("The database was not looked at: it cannot be reached from here.");
        }
    };
    let looked = inside(case, &store).await;
    store.close().await;
    looked.unwrap_or_else(|error| match error {
        StoreError::Shape(why) => Looked {
            findings: vec![
                case.found("database.shape", "dsn", why)
                    .why("The server refuses to start on it, so that nothing is damaged."),
            ],
            note: None,
        },
        error => Looked::not(format!("The database could not be read: {error}.")),
    })
}

/// There is a server, and it says no. (A file that is not there yet is made by the server's first start.)
fn refused(case: &Case, reason: &str) -> Looked {
    let found = case
        .found(
            "database.refused",
            "dsn",
            format!("The database cannot be opened: {reason}."),
        )
        .why("The server cannot start.")
        .mend(
            "Make the database, or correct its name, user and password.",
            "dsn: postgres://user:password@db.example.org:5432/bia?sslmode=verify-full",
        );
    Looked {
        findings: vec![found],
        note: Some("The database was not looked at.".into()),
    }
}

/// A SQLite file that is not there shall not be there afterwards.
fn without_making_it(dsn: &str) -> String {
    if !dsn.starts_with("sqlite") {
        return dsn.to_owned();
    }
    let (path, query) = dsn.split_once('?').unwrap_or((dsn, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|option| !option.is_empty() && *option != "mode=rwc")
        .collect();
    let mode = if kept.iter().any(|option| option.starts_with("mode=")) {
        None
    } else {
        Some("mode=rw")
    };
    let query: Vec<&str> = kept.into_iter().chain(mode).collect();
    format!("{path}?{}", query.join("&"))
}

async fn inside(case: &Case, store: &Store) -> Result<Looked, StoreError> {
    let shape = migrate::inspect(&mut store.read().await?).await?;
    let mut findings = Vec::new();
    let pending = migrate::status(store)
        .await?
        .iter()
        .filter(|step| step.applied_at.is_none())
        .count();
    if pending > 0 && store.dialect() != Dialect::Sqlite {
        let what =
            format!("The database still lacks {pending} of the steps of `bia migrate sql up`.");
        findings.push(
            case.found("database.pending", "dsn", what)
                .why("The server does not start before they are taken.")
                .mend("Run: bia migrate sql up -e -c YOUR-FILE.", ""),
        );
    }
    if shape == migrate::Shape::Empty || network::recall(store).await?.is_none() {
        return Ok(Looked {
            findings,
            note: Some("The database is empty.".to_owned()),
        });
    }
    let (tally, note) = walk(case, store).await?;
    findings.extend(tally.told(case));
    Ok(Looked { findings, note })
}

/// Looks at identities, in the order of their ids.
async fn walk(case: &Case, store: &Store) -> Result<(Tally, Option<String>), StoreError> {
    let mut tally = Tally::default();
    let mut after = Uuid::nil();
    let mut seen = 0_usize;
    loop {
        let page = Page::After {
            id: after,
            size: PAGE,
        };
        let mut conn = store.read().await?;
        let (paged, unreadable) =
            identity::list_and_left_out(&mut conn, Filter::All, page, Expand::Credentials).await?;
        drop(conn);
        tally.unreadable.extend(unreadable);
        for identity in &paged.items {
            tally.look(case, identity);
            after = identity.id;
        }
        seen += paged.items.len();
        if !paged.more {
            return Ok((tally, None));
        }
        if seen >= MOST {
            return Ok((
                tally,
                Some(format!(
                    "Only the first {seen} identities were compared with their schemas."
                )),
            ));
        }
    }
}

/// How many identities have which trouble; no identity is named but by its id, where something of it cannot be read.
#[derive(Default)]
struct Tally {
    /// By schema id.
    schema_gone: BTreeMap<String, usize>,
    /// By schema id and trait.
    lacking: BTreeMap<(String, String), usize>,
    /// By schema id.
    unfit: BTreeMap<String, usize>,
    /// By schema id and method.
    orphaned: BTreeMap<(String, &'static str), usize>,
    unreadable: Vec<Unreadable>,
}

impl Tally {
    fn look(&mut self, case: &Case, identity: &Identity) {
        let id = &identity.schema_id;
        let Some((_, schema)) = case.schemas.iter().find(|(known, _)| known == id) else {
            *self.schema_gone.entry(id.clone()).or_default() += 1;
            return;
        };
        match schema.validate(&identity.traits) {
            Ok(derived) => self.compare(identity, &derived),
            Err(violations) => {
                let lacks: Vec<&str> = violations
                    .iter()
                    .filter(|violation| matches!(violation.kind, ViolationKind::Required { .. }))
                    .map(|violation| violation.pointer.trim_start_matches("#/"))
                    .collect();
                if lacks.is_empty() {
                    *self.unfit.entry(id.clone()).or_default() += 1;
                }
                for name in lacks {
                    let name = name.replace('/', ".");
                    *self.lacking.entry((id.clone(), name)).or_default() += 1;
                }
                self.compare(identity, &presumed(schema, identity));
            }
        }
    }

    /// Identifiers in the database that the traits do not give any more.
    fn compare(&mut self, identity: &Identity, derived: &Derived) {
        let given = [
            (MethodName::Password, &derived.password),
            (MethodName::Webauthn, &derived.webauthn),
            (MethodName::Code, &derived.code),
        ];
        for (method, identifiers) in given {
            let Some(credential) = identity.credential(method) else {
                continue;
            };
            if credential
                .identifiers
                .iter()
                .any(|stored| !identifiers.contains(stored))
            {
                *self
                    .orphaned
                    .entry((identity.schema_id.clone(), method.as_str()))
                    .or_default() += 1;
            }
        }
    }

    fn told(self, case: &Case) -> Vec<Diagnosis> {
        let key = |id: &str| {
            let index = case
                .config()
                .identity
                .schemas
                .iter()
                .position(|source| source.id == id);
            index.map_or_else(
                || "identity.schemas".to_owned(),
                |index| format!("identity.schemas[{index}].url"),
            )
        };
        let mut findings: Vec<_> = unreadable(case, &self.unreadable).into_iter().collect();
        for (id, count) in self.schema_gone {
            let what =
                format!("{count} identities have the schema {id:?}, which is not configured.");
            findings.push(case.found("identities.schema_gone", "identity.schemas", what).why("They can neither sign in nor be changed.").mend("Keep every schema that identities have.", format!("identity:\n  schemas:\n    - id: {id}\n      url: file:///etc/bia/{id}.schema.json")));
        }
        for ((id, name), count) in self.lacking {
            let what = format!(
                "{count} identities of the schema {id:?} lack the trait {name}, which the schema requires."
            );
            let short = name.rsplit('.').next().unwrap_or(&name).to_owned();
            findings.push(case.found("identities.required_trait", &key(&id), what).why("Every change of such an account is refused with 4000002 until it has the trait; a sign-in by a provider that updates it fails.").mend("Make it optional, give it to the old identities by the admin API, or make a new schema for new ones.", format!("\"required\": [ /* without \"{short}\" */ ]")));
        }
        for (id, count) in self.unfit {
            let what = format!(
                "{count} identities of the schema {id:?} have traits that do not fit it any more."
            );
            findings.push(case.found("identities.unfit", &key(&id), what).why("Every change of such an account is refused.").mend("Loosen the schema, or make a new one for new identities.", "identity:\n  schemas:\n    - id: person_v2\n      url: file:///etc/bia/person_v2.schema.json"));
        }
        for ((id, method), count) in self.orphaned {
            let what = format!(
                "{count} identities of the schema {id:?} sign in by {method} with a name that the schema does not give any more."
            );
            findings.push(case.found("identities.orphaned_identifier", &key(&id), what).why("The name works until the account is next changed, and then is gone: its owner cannot sign in with it.").mend("Mark the trait as identifier again.", format!("\"ory.sh/kratos\": {{\"credentials\": {{\"{method}\": {{\"identifier\": true}}}}}}")));
        }
        findings
    }
}

/// How many unreadable identities are named.
const MOST_NAMED: usize = 5;

fn unreadable(case: &Case, identities: &[Unreadable]) -> Option<Diagnosis> {
    let named = identities.iter().take(MOST_NAMED);
    let named: Vec<String> = named
        .map(|one| format!("{} ({})", one.id, one.why))
        .collect();
    let what = format!(
        "{} identities have values that cannot be read: {}{}.",
        identities.len(),
        named.join("; "),
        if identities.len() > named.len() {
            "; and others"
        } else {
            ""
        },
    );
    (!named.is_empty()).then(|| {
        case.found("identities.unreadable", "dsn", what)
            .why("They are left out of lists and searches, and cannot sign in.")
            .mend(
                "Correct the columns that are named, or import the identities anew.",
                "",
            )
    })
}

fn presumed(schema: &IdentitySchema, identity: &Identity) -> Derived {
    schema.presume(&identity.traits).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        assert_eq!(
            without_making_it("sqlite:///a.sqlite?_fk=true&mode=rwc"),
            "sqlite:///a.sqlite?_fk=true&mode=rw"
        );
        assert_eq!(
            without_making_it("sqlite:///a.sqlite"),
            "sqlite:///a.sqlite?mode=rw"
        );
        assert_eq!(
            without_making_it("sqlite:///a.sqlite?mode=memory"),
            "sqlite:///a.sqlite?mode=memory"
        );
        assert_eq!(
            without_making_it("postgres://u@h/d?sslmode=require"),
            "postgres://u@h/d?sslmode=require"
        );
    }
}
