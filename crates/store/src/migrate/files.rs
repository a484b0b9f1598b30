//! The embedded files.

use crate::db::Dialect;

/// One step in its three spellings.
pub(super) struct Migration {
    pub(super) number: u32,
    pub(super) name: &'static str,
    up: [&'static str; 3],
    down: [&'static str; 3],
}

impl Migration {
    pub(super) fn up(&self, dialect: Dialect) -> &'static str {
        let [sqlite, postgres, mysql] = self.up;
        dialect.pick(sqlite, postgres, mysql)
    }

    pub(super) fn down(&self, dialect: Dialect) -> &'static str {
        let [sqlite, postgres, mysql] = self.down;
        dialect.pick(sqlite, postgres, mysql)
    }
}

macro_rules! three {
    ($file:literal) => {
        [
            include_str!(concat!("../../migrations/sqlite/", $file)),
            include_str!(concat!("../../migrations/postgres/", $file)),
            include_str!(concat!("../../migrations/mysql/", $file)),
        ]
    };
}

/// In order. The first has no way back.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "reference",
        up: three!("0001_reference.sql"),
        down: ["", "", ""],
    },
    Migration {
        number: 2,
        name: "short_lived",
        up: three!("0002_short_lived.sql"),
        down: three!("0002_short_lived.down.sql"),
    },
    Migration {
        number: 3,
        name: "used_steps",
        up: three!("0003_used_steps.sql"),
        down: three!("0003_used_steps.down.sql"),
    },
    Migration {
        number: 4,
        name: "identity_mfa",
        up: three!("0004_identity_mfa.sql"),
        down: three!("0004_identity_mfa.down.sql"),
    },
    Migration {
        number: 5,
        name: "search",
        up: three!("0005_search.sql"),
        down: three!("0005_search.down.sql"),
    },
    Migration {
        number: 6,
        name: "hook_outbox",
        up: three!("0006_hook_outbox.sql"),
        down: three!("0006_hook_outbox.down.sql"),
    },
    Migration {
        number: 7,
        name: "trusted_browsers",
        up: three!("0007_trusted_browsers.sql"),
        down: three!("0007_trusted_browsers.down.sql"),
    },
    Migration {
        number: 8,
        name: "abuse_counters",
        up: three!("0008_abuse_counters.sql"),
        down: three!("0008_abuse_counters.down.sql"),
    },
    Migration {
        number: 9,
        name: "refusals",
        up: three!("0009_refusals.sql"),
        down: three!("0009_refusals.down.sql"),
    },
];

/// Whether a step is one of this version.
pub(super) fn is_known(number: u32) -> bool {
    MIGRATIONS.iter().any(|m| m.number == number)
}

/// The reference's own steps, one a line: the version, and the databases on which it is taken
/// (s SQLite, p PostgreSQL, m MySQL, c CockroachDB).
const REFERENCE_VERSIONS: &str = include_str!("../../migrations/reference_versions.txt");

fn letter(dialect: Dialect) -> char {
    match dialect {
        Dialect::Sqlite => 's',
        Dialect::Postgres => 'p',
        Dialect::MySql => 'm',
        Dialect::Cockroach => 'c',
    }
}

fn versions() -> impl Iterator<Item = (&'static str, &'static str)> {
    REFERENCE_VERSIONS
        .lines()
        .filter_map(|line| line.split_once(' '))
}

/// Every version of the reference's current release.
pub(super) fn known_versions() -> impl Iterator<Item = &'static str> {
    versions().map(|(version, _)| version)
}

/// The versions that the reference's current release takes on this kind of database.
pub(super) fn required_versions(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    versions()
        .filter(move |(_, on)| on.contains(letter(dialect)))
        .map(|(version, _)| version)
}

/// The versions that a database made by Bia notes: the required ones, and those of SQLite, which
/// the reference documents as its complete list and does not mind elsewhere.
pub(super) fn versions_to_note(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    versions()
        .filter(move |(_, on)| on.contains(letter(dialect)) || on.contains('s'))
        .map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_folders_hold_the_same_numbers() {
        let names = |database: &str| {
            let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
            let mut names: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|f| f.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let sqlite = names("sqlite");
        assert_eq!(sqlite, names("postgres"));
        assert_eq!(sqlite, names("mysql"));
        let mut embedded: Vec<String> = MIGRATIONS
            .iter()
            .map(|m| format!("{:04}_{}.sql", m.number, m.name))
            .collect();
        embedded.extend(
            MIGRATIONS
                .iter()
                .skip(1)
                .map(|m| format!("{:04}_{}.down.sql", m.number, m.name)),
        );
        embedded.sort();
        assert_eq!(sqlite, embedded);
    }

    #[test]
    fn the_complete_list_has_696_versions_on_sqlite() {
        assert_eq!(required_versions(Dialect::Sqlite).count(), 696);
        assert_eq!(required_versions(Dialect::Postgres).count(), 348);
        assert_eq!(required_versions(Dialect::MySql).count(), 354);
    }
}
