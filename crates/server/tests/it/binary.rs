//! The `bia` command.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::world::settings;

fn bia(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bia"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn write_settings(folder: &Path, more: Value) {
    std::fs::write(folder.join("bia.json"), settings(more).to_string()).unwrap();
}

#[test]
fn version_and_help_succeed_and_nonsense_fails_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let version = bia(&["version"], folder.path());
    assert_eq!(version.status.code(), Some(0));
    assert!(text(&version.stdout).contains(bia_server::version::VERSION));
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["migrate", "sql", "up", "--help"],
        &["courier", "watch", "--help"],
    ] {
        let help = bia(arguments, folder.path());
        assert_eq!(help.status.code(), Some(0), "{arguments:?}");
        assert!(text(&help.stdout).contains("Usage: bia"), "{arguments:?}");
    }
    for arguments in [
        &["nonsense"][..],
        &["serve", "--nonsense"],
        &["migrate", "sql", "up"],
        &[],
    ] {
        let wrong = bia(arguments, folder.path());
        assert_eq!(wrong.status.code(), Some(1), "{arguments:?}");
        assert!(!wrong.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let wrong =
        json!({"nonsense": 1, "log": {"level": "loud"}, "serve": {"public": {"port": 70000}}});
    write_settings(folder.path(), wrong);
    let refused = bia(&["serve", "-c", "bia.json"], folder.path());
    assert_eq!(refused.status.code(), Some(1));
    let told = text(&refused.stderr);
    for part in [
        "bia.json",
        "nonsense",
        "log.level",
        "serve.public.port",
        "nothing was started",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = bia(&["serve", "-c", "not-there.yml"], folder.path());
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("not-there.yml"));
}

#[test]
fn migrations_are_shown_applied_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let dsn = "sqlite://db.sqlite?_fk=true&mode=rwc";
    let run = |arguments: &[&str]| bia(&[&["migrate", "sql"], arguments].concat(), folder.path());
    std::fs::write(folder.path().join("db.sqlite"), "").unwrap();
    let before = run(&["status", dsn]);
    assert_eq!(before.status.code(), Some(1));
    assert!(text(&before.stdout).contains("Pending"));
    let up = run(&["up", dsn, "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    let again = run(&[dsn, "-y"]);
    assert_eq!(again.status.code(), Some(0));
    assert!(text(&again.stderr).contains("deprecated"));
    let after = run(&["status", dsn, "--format", "json", "--block"]);
    assert_eq!(after.status.code(), Some(0));
    let steps: Vec<Value> = serde_json::from_slice(&after.stdout).unwrap();
    assert!(
        !steps.is_empty() && steps.iter().all(|step| step["state"] == "Applied"),
        "{steps:?}"
    );
    let shown = |format: &str| text(&run(&["status", dsn, "--format", format]).stdout);
    assert!(
        shown("yaml").contains("state: Applied"),
        "{}",
        shown("yaml")
    );
    assert_eq!(shown("jsonpath=0.version"), "\"0001\"\n");
    assert_eq!(shown("jsonpointer=/0/version"), "\"0001\"\n");
    assert_eq!(shown("whatever"), shown("table"));
    assert_eq!(
        run(&["down", dsn, "-y"]).status.code(),
        Some(1),
        "down needs --steps"
    );
    let down = run(&["down", dsn, "-y", "--steps", "1"]);
    assert!(
        text(&down.stdout).contains("Rollback"),
        "{}",
        text(&down.stderr)
    );
    assert_eq!(run(&["status", dsn]).status.code(), Some(1));
}

#[test]
fn a_database_is_taken_from_a_file_or_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    write_settings(
        folder.path(),
        json!({"dsn": "sqlite://from-file.sqlite?_fk=true"}),
    );
    let up = bia(
        &["migrate", "sql", "up", "-e", "-y", "-c", "bia.json"],
        folder.path(),
    );
    assert_eq!(up.status.code(), Some(0), "{}", text(&up.stderr));
    assert!(folder.path().join("from-file.sqlite").exists());
    let without = bia(&["migrate", "sql", "up", "-e", "-y"], folder.path());
    assert_eq!(without.status.code(), Some(1));
    assert!(text(&without.stderr).contains("DSN"));
}
