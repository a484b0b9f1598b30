//! Data source names with which data does not stay.

use super::{Case, Diagnosis};

/// Options that lose data, each as the start of `name=value` in lower case, and what they do.
const OPTIONS: [(&str, &str); 9] = [
    ("_journal_mode=off", "switches SQLite's journal off"),
    ("_journal_mode=memory", "keeps SQLite's journal in memory"),
    ("_journal=off", "switches SQLite's journal off"),
    ("_journal=memory", "keeps SQLite's journal in memory"),
    ("_synchronous=off", "lets SQLite not wait for the disk"),
    ("_synchronous=0", "lets SQLite not wait for the disk"),
    ("_sync=off", "lets SQLite not wait for the disk"),
    ("_sync=0", "lets SQLite not wait for the disk"),
    (
        "synchronous_commit=off",
        "lets PostgreSQL not wait for the disk",
    ),
];

/// A database in memory, in a folder that is emptied, or with options that risk it. The name is never repeated: it
/// may hold a password.
pub(super) fn options_that_lose_data(case: &Case) -> Vec<Diagnosis> {
    let Some(dsn) = &case.config().dsn else {
        return Vec::new();
    };
    let Some((what, why)) = fault(dsn.expose(), case.is_local()) else {
        return Vec::new();
    };
    let found = case.found("dsn.loses_data", "dsn", what).why(why);
    vec![found.mend(
        "Use a file, or a database server.",
        "dsn: sqlite:///var/lib/bia/bia.sqlite?_fk=true&mode=rwc",
    )]
}

fn fault(dsn: &str, is_local: bool) -> Option<(String, &'static str)> {
    const GONE: &str =
        "Every account is gone when the process ends, and no two replicas share one.";
    let lower = dsn.to_lowercase();
    let sqlite = lower.starts_with("sqlite");
    // Plain `memory` is what tests on one's own machine say, and mean.
    if lower == "memory" {
        return (!is_local).then(|| ("The database is kept in memory.".to_owned(), GONE));
    }
    if sqlite && (lower.contains(":memory:") || lower.contains("mode=memory")) {
        return Some((
            "An option of the data source name keeps the database in memory.".to_owned(),
            GONE,
        ));
    }
    let path = lower
        .split_once("://")
        .map_or("", |(_, path)| path)
        .trim_start_matches("file:");
    let volatile = ["/tmp/", "/dev/shm/", "/run/"]
        .into_iter()
        .find(|folder| path.starts_with(folder));
    if let Some(folder) = volatile.filter(|_| sqlite && !is_local) {
        return Some((
            format!("The database is in {folder}."),
            "The folder is emptied when the machine or the container starts.",
        ));
    }
    let query = lower.split_once('?').map_or("", |(_, query)| query);
    let query = query.replace("%3d", "=").replace("%20", "&");
    let (option, does) = OPTIONS.iter().find(|(option, _)| {
        query.split('&').any(|given| {
            given
                .trim_start_matches("-c")
                .trim_start_matches("options=-c&")
                .ends_with(option)
        })
    })?;
    Some((
        format!("The option {option} {does}."),
        "What was written last, such as a new account or a changed password, can be lost when the power fails; SQLite may lose the whole file.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_that_forget_are_found_and_others_are_not() {
        let found = |dsn: &str| fault(dsn, false).map(|(what, _)| what);
        assert!(found("memory").is_some());
        assert!(fault("memory", true).is_none());
        assert!(found("sqlite:///var/lib/bia.sqlite?mode=memory&_fk=true").is_some());
        assert!(found("sqlite:///tmp/bia.sqlite?_fk=true").is_some());
        assert!(found("sqlite:///var/lib/bia.sqlite?_fk=true&_synchronous=OFF").is_some());
        assert!(
            found("postgres://u:p@db:5432/bia?options=-c%20synchronous_commit%3Doff").is_some()
        );
        assert_eq!(
            found("sqlite:///var/lib/bia.sqlite?_fk=true&mode=rwc&_journal_mode=wal"),
            None
        );
        assert_eq!(
            found("postgres://u:p@db:5432/bia?sslmode=verify-full&max_conns=20"),
            None
        );
        assert_eq!(found("mysql://u:p@tcp(db:3306)/bia?parseTime=true"), None);
    }
}
