//! What `bia copy` makes of such a database serves as well.

use std::process::{Command, Output};

use http::StatusCode;

use super::place::Filled;
use crate::client::Client;
use crate::databases::open;

fn bia_copy(from: &str, to: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bia"))
        .args(["copy", "--from", from, "--to", to])
        .env_clear()
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The last word of the line about a table.
fn found<'o>(output: &'o Output, table: &str) -> &'o str {
    let mut lines = text(&output.stdout).lines();
    let line = lines.find(|line| line.starts_with(table)).unwrap();
    line.split_whitespace().last().unwrap()
}

pub(super) async fn a_copy_serves_as_well(place: &Filled) {
    let folder = tempfile::tempdir().unwrap();
    let target = format!(
        "sqlite://{}?_fk=true&mode=rwc",
        folder.path().join("copy").display()
    );
    let output = bia_copy(&place.dsn, &target);
    assert!(output.status.success(), "{output:?}");
    for table in [
        "identities",
        "identity_credentials",
        "sessions",
        "courier_messages",
    ] {
        assert_eq!(found(&output, table), "equal", "{output:?}");
    }
    let world = place.world_on(&target).await;
    let token = place.of(2)["token"].as_str().unwrap();
    let whoami = world
        .public("GET", "/sessions/whoami", &[("x-session-token", token)])
        .await;
    assert_eq!(whoami.status, StatusCode::OK, "{}", whoami.body);
    let answer = Client::app(&world)
        .sign_in(
            "user-1@example.org",
            place.known["password"].as_str().unwrap(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    world.app.store.close().await;

    let again = bia_copy(&place.dsn, &target);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("data of its own"), "{again:?}");
    let lost = folder.path().join("lost");
    let mistyped = bia_copy(&format!("sqlite://{}", lost.display()), &target);
    assert!(
        text(&mistyped.stderr).contains("--from") && !lost.exists(),
        "{mistyped:?}"
    );
    let itself = bia_copy(&target, &target);
    assert!(
        text(&itself.stderr).contains("the same database"),
        "{itself:?}"
    );
}

pub(super) async fn a_difference_is_the_exit_code(place: &Filled) {
    let folder = tempfile::tempdir().unwrap();
    let target = format!(
        "sqlite://{}?_fk=true&mode=rwc",
        folder.path().join("copy").display()
    );
    assert!(bia_copy(&place.dsn, &target).status.success());
    // As if it had been ended just before the comparison, and somebody had been at the target.
    let store = open(&target).await;
    let mut conn = store.write().await.unwrap();
    conn.script(
        "CREATE TABLE bia_copy (name VARCHAR(64) NOT NULL PRIMARY KEY, last_key VARCHAR(36) NOT NULL, rows_done INTEGER NOT NULL);
         INSERT INTO bia_copy SELECT 'source', id, 0 FROM networks;
         INSERT INTO bia_copy SELECT name, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 1 FROM sqlite_master WHERE type = 'table';
         UPDATE identities SET state = 'active' WHERE external_id = 'crm-8';",
    )
    .await
    .unwrap();
    drop(conn);
    store.close().await;
    let output = bia_copy(&place.dsn, &target);
    assert_eq!(output.status.code(), Some(1));
    let id = place.of(8)["id"].as_str().unwrap().to_owned();
    assert!(
        text(&output.stdout).contains(&format!("1 differ, of these {id} (state)\n")),
        "{output:?}"
    );
    assert_eq!(found(&output, "sessions"), "equal");
    assert!(
        text(&output.stderr).contains("1 tables are not the same"),
        "{output:?}"
    );
}
