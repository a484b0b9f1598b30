//! Commands that work on a database, as operators call them.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use bia_store::db::Value;
use bia_store::{Dsn, Store};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::run_bia::{run_bia, text};

const DSN: &str = "sqlite://db.sqlite?_fk=true&mode=rwc";

/// A folder with its databases, and the variables that commands see.
struct Desk {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, &'static str)>,
}

impl Desk {
    fn new() -> Desk {
        Desk {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// With a database that is ready.
    fn prepared() -> Desk {
        let desk = Desk::new();
        let up = desk.bia(&["migrate", "sql", "up", "-y", DSN], "");
        assert!(up.status.success(), "{up:?}");
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn bia(&self, arguments: &[&str], input: &str) -> Output {
        run_bia(self.path(), &self.environment, arguments, input)
    }

    fn clean(&self) -> Output {
        let now = "--database.cleanup.sleep.tables=0s";
        self.bia(&["cleanup", "sql", "-e=false", DSN, now], "")
    }

    async fn store(&self) -> Store {
        let file = self.path().join("db.sqlite");
        let dsn = Dsn::parse(&format!("sqlite://{}?_fk=true", file.display())).unwrap();
        Store::connect(&dsn.existing(), Duration::ZERO)
            .await
            .unwrap()
    }
}

#[test]
fn nobody_who_could_answer_is_a_failure_and_no_is_not() {
    let desk = Desk::new();
    for answers in ["", "perhaps\n"] {
        let output = desk.bia(&["migrate", "sql", "up", DSN], answers);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains("--yes"), "{output:?}");
    }
    let output = desk.bia(&["migrate", "sql", "up", DSN], "n\n");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let status = desk.bia(&["migrate", "sql", "status", DSN], "");
    assert!(!text(&status.stdout).contains("Applied"), "{status:?}");
    assert!(
        desk.bia(&["migrate", "sql", "up", DSN], "y\n")
            .status
            .success()
    );
    let down = desk.bia(&["migrate", "sql", "down", "--steps", "1", DSN], "");
    assert_eq!(down.status.code(), Some(1), "{down:?}");
    assert!(
        desk.bia(&["migrate", "sql", "status", DSN], "")
            .status
            .success()
    );
}

#[test]
fn looking_at_a_database_does_not_make_one() {
    let desk = Desk::new();
    let begun = Instant::now();
    for arguments in [
        &["migrate", "sql", "status", DSN][..],
        &["migrate", "sql", "down", "--steps=1", "-y", DSN],
        &["migrate", "normalize-phone-numbers", DSN],
        &["cleanup", "sql", "-e=false", DSN],
        &["search", "rebuild", DSN],
        &[
            "migrate",
            "sql",
            "up",
            "-y",
            "sqlite://no/such/folder/db.sqlite?_fk=true",
        ],
    ] {
        let output = desk.bia(arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert!(
            text(&output.stderr).contains("cannot be opened"),
            "{output:?}"
        );
    }
    assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 0);
    // A file that is not there is not there a minute later either.
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn flags_may_stand_before_the_command_that_they_are_for() {
    let mut desk = Desk::new();
    desk.environment = vec![("DSN", DSN)];
    let up = desk.bia(&["migrate", "sql", "-e", "up", "--yes=true"], "");
    assert!(up.status.success(), "{up:?}");
    let again = desk.bia(&["migrate", "sql", "up", "-e=true", "-y", "-y"], "");
    assert!(again.status.success(), "{again:?}");
}

#[tokio::test]
async fn nothing_is_removed_from_a_database_that_is_not_ready() {
    let desk = Desk::prepared();
    assert!(desk.clean().status.success());
    let down = desk.bia(&["migrate", "sql", "down", "-y", "--steps", "1", DSN], "");
    assert!(down.status.success(), "{down:?}");
    let output = desk.clean();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    assert!(
        told.contains("pending") && !told.contains("removed"),
        "{told}"
    );
}

const FLOW: &str = "INSERT INTO selfservice_login_flows (id, nid, issued_at, expires_at, active_method, csrf_token, \
                    created_at, updated_at, internal_context) SELECT $1, id, created_at, $2, '', '', created_at, \
                    created_at, '{}' FROM networks";
const CODE: &str = "INSERT INTO identity_login_codes (id, nid, code, address, address_type, expires_at, issued_at, \
                    selfservice_login_flow_id, identity_id, created_at, updated_at) SELECT $1, n.id, 'c', 'a', 'email', \
                    n.created_at, n.created_at, $2, i.id, n.created_at, n.created_at FROM networks n, identities i";
const PERSON: &str = "INSERT INTO identities (id, nid, schema_id, traits, state, created_at, updated_at) SELECT $1, id, \
                      'default', '{}', 'active', created_at, created_at FROM networks";
const CONTAINER: &str = "INSERT INTO continuity_containers (id, nid, name, expires_at, created_at, updated_at) SELECT $1, \
                         id, 'c', $2, created_at, created_at FROM networks";

async fn with_somebody(store: &Store) {
    let now = OffsetDateTime::now_utc();
    bia_store::network::ensure(store, now).await.unwrap();
    let mut conn = store.write().await.unwrap();
    let person = Value::from(Uuid::new_v4());
    conn.execute(PERSON, &[person]).await.unwrap();
}

#[tokio::test]
async fn what_the_reference_left_behind_is_cleaned_away_too() {
    let desk = Desk::prepared();
    let store = desk.store().await;
    let now = OffsetDateTime::now_utc();
    with_somebody(&store).await;
    let mut conn = store.write().await.unwrap();
    let (gone, open) = (
        now - time::Duration::hours(1),
        now + time::Duration::hours(1),
    );
    for expires_at in [gone, open] {
        let flow = Uuid::new_v4();
        for (sql, values) in [
            (FLOW, [Value::from(flow), Value::from(expires_at)]),
            (CODE, [Value::from(Uuid::new_v4()), Value::from(flow)]),
            (
                CONTAINER,
                [Value::from(Uuid::new_v4()), Value::from(expires_at)],
            ),
        ] {
            conn.execute(sql, &values).await.unwrap();
        }
    }
    drop(conn);
    let output = desk.clean();
    assert!(output.status.success(), "{output:?}");
    let told = text(&output.stderr);
    for line in [
        "1 login flows of the reference removed.",
        "1 continuity containers of the reference removed.",
        "0 settings flows of the reference removed.",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let mut conn = store.read().await.unwrap();
    for sql in [
        "SELECT COUNT(*) FROM selfservice_login_flows",
        "SELECT COUNT(*) FROM identity_login_codes",
        "SELECT COUNT(*) FROM continuity_containers",
    ] {
        let left: i64 = conn.fetch_one(sql, &[]).await.unwrap().only("t").unwrap();
        assert_eq!(left, 1, "{sql}");
    }
    drop(conn);
    // A table that somebody has dropped is not missed.
    let mut conn = store.write().await.unwrap();
    conn.script("DROP TABLE identity_login_codes; DROP TABLE selfservice_login_flows")
        .await
        .unwrap();
    drop(conn);
    store.close().await;
    let output = desk.clean();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn the_environment_counts_without_a_file_too() {
    let mut desk = Desk::prepared();
    let store = desk.store().await;
    with_somebody(&store).await;
    let mut conn = store.write().await.unwrap();
    for _ in 0..2 {
        let values = [
            Value::from(Uuid::new_v4()),
            Value::from(OffsetDateTime::now_utc() - time::Duration::hours(1)),
        ];
        conn.execute(FLOW, &values).await.unwrap();
    }
    drop(conn);
    store.close().await;
    desk.environment = vec![
        ("DSN", DSN),
        ("DATABASE_CLEANUP_SLEEP_TABLES", "0s"),
        ("DATABASE_CLEANUP_BATCH_SIZE", "1"),
        ("HASHERS_ARGON2_MEMORY", "1MB"),
        ("HASHERS_ARGON2_PARALLELISM", "3"),
    ];
    for removed in [1, 1, 0] {
        let cleanup = desk.bia(&["cleanup", "sql"], "");
        let line = format!("{removed} login flows of the reference removed.");
        assert!(text(&cleanup.stderr).contains(&line), "{cleanup:?}");
    }
    let load = [
        "hashers",
        "argon2",
        "load-test",
        "60",
        "--sample-time",
        "10ms",
        "--format=json",
    ];
    let load = desk.bia(&load, "");
    assert!(
        text(&load.stderr).contains("MEMORY\t\t\t1.00MB"),
        "{load:?}"
    );
    assert!(text(&load.stderr).contains("PARALLELISM\t\t3"), "{load:?}");
    desk.environment = vec![("HASHERS_ARGON2_PARALLELISM", "many")];
    let wrong = desk.bia(&["hashers", "argon2", "hash", "x"], "");
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
}

#[tokio::test]
async fn a_copy_is_not_made_into_memory_and_says_when_it_is_finished() {
    let desk = Desk::prepared();
    let store = desk.store().await;
    with_somebody(&store).await;
    store.close().await;
    let memory = desk.bia(&["copy", "--from", DSN, "--to", "memory"], "");
    assert_eq!(memory.status.code(), Some(1), "{memory:?}");
    assert!(text(&memory.stderr).contains("memory"), "{memory:?}");
    let copy = [
        "copy",
        "--from",
        DSN,
        "--to",
        "sqlite://target.sqlite?_fk=true",
    ];
    let made = desk.bia(&copy, "");
    assert!(made.status.success(), "{made:?}");
    let again = desk.bia(&copy, "");
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(text(&again.stderr).contains("finished before"), "{again:?}");
}
