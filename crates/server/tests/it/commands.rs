//! Commands that work with a running server.

use std::process::Output;

use serde_json::{Value, json};

use crate::run_bia::{run_bia, text};
use crate::running::Running;

/// A server, and commands that ask it.
pub(crate) struct Place {
    pub(crate) running: Running,
}

impl Place {
    pub(crate) fn new() -> Place {
        let schema = json!({
            "$id": "https://example.org/person.schema.json",
            "type": "object",
            "properties": {"traits": {"type": "object", "properties": {"email": {
                "type": "string", "format": "email",
                "ory.sh/kratos": {
                    "credentials": {"password": {"identifier": true}},
                    "verification": {"via": "email"}, "recovery": {"via": "email"},
                },
            }}, "required": ["email"], "additionalProperties": false}},
        });
        let schemas = json!([{"id": "default", "url": crate::world::as_url(&schema)}]);
        Place {
            running: Running::start(json!({"identity": {"schemas": schemas}})),
        }
    }

    pub(crate) fn bia(&self, arguments: &[&str], input: &str) -> Output {
        let endpoint = format!("http://127.0.0.1:{}", self.running.admin);
        let environment = [("KRATOS_ADMIN_URL", endpoint.as_str())];
        run_bia(self.running.folder.path(), &environment, arguments, input)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.bia(arguments, "");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

pub(crate) fn person(n: u32) -> Value {
    json!({"schema_id": "default", "traits": {"email": format!("user-{n}@example.org")}})
}

#[test]
fn identities_are_imported_shown_listed_and_deleted() {
    let place = Place::new();
    let imported = place.bia(
        &["import", "identities"],
        &json!([person(1), person(2)]).to_string(),
    );
    assert!(imported.status.success(), "{imported:?}");
    assert!(text(&imported.stdout).starts_with("ID\t"), "{imported:?}");

    let listed = place.json(&["list", "identities", "--format", "json"]);
    let ids: Vec<&str> = listed["identities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(listed["next_page_token"], "");
    let first = place.json(&["ls", "identities", "--page-size", "1", "--format=json"]);
    let token = first["next_page_token"].as_str().unwrap();
    let second = place.json(&[
        "identities",
        "list",
        "--page-size",
        "1",
        "--page-token",
        token,
        "--format",
        "json",
    ]);
    assert_ne!(first["identities"], second["identities"]);

    let one = place.json(&["get", "identity", ids[0], "--format", "json"]);
    assert_eq!(one["id"], ids[0]);
    let path = place.json(&[
        "identities",
        "get",
        ids[0],
        "--format",
        "jsonpath=verifiable_addresses.#.value",
    ]);
    assert_eq!(path, json!([one["traits"]["email"]]));

    let some = place.bia(&["delete", "identity", ids[0], "no-such-id", "-q"], "");
    assert_eq!(some.status.code(), Some(1));
    assert_eq!(text(&some.stdout), format!("{}\n", ids[0]));
    assert!(text(&some.stderr).contains("no-such-id: "), "{some:?}");
    assert_eq!(
        text(&place.bia(&["list", "identities", "-q"], "").stdout)
            .lines()
            .next(),
        Some(ids[1])
    );
}

#[test]
fn what_is_incomplete_is_not_sent_and_what_is_refused_is_told() {
    let place = Place::new();
    let half = json!([person(1), {"schema_id": "default"}]).to_string();
    let output = place.bia(&["import", "identities"], &half);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("STD_IN[1]"), "{output:?}");
    assert_eq!(
        place.json(&["list", "identities", "--format", "jsonpath=identities.#"]),
        json!(0)
    );

    std::fs::write(
        place.running.folder.path().join("one.json"),
        person(1).to_string(),
    )
    .unwrap();
    assert!(
        place
            .bia(&["import", "identities", "one.json"], "")
            .status
            .success()
    );
    let again = place.bia(&["import", "identities", "one.json"], "");
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("one.json[0]: "), "{again:?}");
}

#[test]
fn many_lines_are_imported_in_batches_and_bad_ones_are_told_by_number() {
    let place = Place::new();
    let mut lines: Vec<String> = (1..=1200).map(|n| person(n).to_string()).collect();
    lines[4] = "{".to_owned();
    lines[6] = json!({"schema_id": "default", "traits": {"email": "no address"}}).to_string();
    lines[1100] = person(1).to_string();
    std::fs::write(
        place.running.folder.path().join("many.jsonl"),
        lines.join("\n"),
    )
    .unwrap();
    let output = place.bia(&["identities", "import", "--bulk", "many.jsonl"], "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for line in [
        "line 5: ",
        "line 7: ",
        "line 1101: ",
        "1197 imported, 3 rejected.",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let rest = place.bia(
        &[
            "identities",
            "import",
            "--bulk",
            "many.jsonl",
            "--from-line",
            "1200",
        ],
        "",
    );
    assert!(
        text(&rest.stderr).contains("0 imported, 1 rejected."),
        "{rest:?}"
    );
}

#[test]
fn a_line_that_is_no_text_or_too_long_is_rejected_alone() {
    let place = Place::new();
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    let mut line = |content: &[u8]| {
        bytes.extend_from_slice(content);
        bytes.push(b'\n');
    };
    line(person(1).to_string().as_bytes());
    line(b"{\"schema_id\": \"default\", \"traits\": {\"email\": \"m\xfcller@example.org\"}}");
    line("x".repeat(3 * 1024 * 1024).as_bytes());
    line(person(2).to_string().as_bytes());
    let path = place.running.folder.path().join("odd.jsonl");
    std::fs::write(path, bytes).unwrap();
    let bulk = ["import", "identities", "--bulk", "odd.jsonl"];
    let output = place.bia(&bulk, "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "line 2: It is not UTF-8 text.",
        "line 3: It has more than 1 MiB.",
        "2 imported, 2 rejected.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let rest = place.bia(&[&bulk[..], &["--from-line", "4"]].concat(), "");
    assert!(
        text(&rest.stderr).contains("0 imported, 1 rejected."),
        "{rest:?}"
    );
    // Nothing is shown of them, so that a format would be in vain.
    for flag in ["--format=json", "-q"] {
        let output = place.bia(&[&bulk[..], &[flag]].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{flag}");
        assert!(
            text(&output.stderr).contains("--format and --quiet"),
            "{output:?}"
        );
    }
}

#[test]
fn what_went_well_is_shown_by_how_many_went_well() {
    let place = Place::new();
    let ids: Vec<String> = (1..=4)
        .map(|n| {
            let made = place.bia(
                &["import", "identities", "--format=json"],
                &person(n).to_string(),
            );
            let made: Value = serde_json::from_slice(&made.stdout).unwrap();
            made["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let shown = |arguments: &[&str]| -> Value {
        let output = place.bia(&[arguments, &["--format", "json"]].concat(), "");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    // As the reference shows them.
    assert_eq!(
        shown(&["get", "identity", &ids[0], "no-such-id"])["id"],
        json!(ids[0])
    );
    assert_eq!(shown(&["delete", "identity", &ids[0]]), json!(ids[0]));
    assert_eq!(
        shown(&["delete", "identity", &ids[1], "no-such-id"]),
        json!(ids[1])
    );
    assert_eq!(
        shown(&["delete", "identity", &ids[2], &ids[3]]),
        json!([ids[2], ids[3]])
    );
    let none = place.bia(&["import", "identities", "--format", "json"], "[]");
    assert_eq!((none.status.code(), text(&none.stdout)), (Some(0), "[]\n"));
    let nothing = place.bia(
        &["delete", "identity", "no-such-id", "--format", "json"],
        "",
    );
    assert_eq!(
        (nothing.status.code(), text(&nothing.stdout)),
        (Some(1), "")
    );
}

#[test]
fn identities_are_checked_as_the_server_would_without_being_sent() {
    let place = Place::new();
    let public = format!("http://127.0.0.1:{}", place.running.public);
    let good = json!([person(1), person(2)]).to_string();
    for command in [["validate", "identity"], ["identities", "validate"]] {
        // The admin listener would lead to the public address, which a test has not.
        let output = place.bia(&[&command[..], &["-e", &public]].concat(), &good);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output.stdout), "All 2 identities are valid.\n");
    }
    let mut unknown_member = person(1);
    unknown_member["colour"] = json!("red");
    let wrong_trait = json!({"schema_id": "default", "traits": {"email": "no address"}});
    let wrong = json!([person(1), unknown_member, wrong_trait]).to_string();
    let output = place.bia(&["validate", "identity", "-e", &public], &wrong);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    for part in [
        "STD_IN[1]: ",
        "colour",
        "STD_IN[2]: traits.email: ",
        "#/traits/email <- ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    for (member, value, told) in [
        ("state", json!("asleep"), "STD_IN[0]: state: "),
        ("region", json!("moon"), "STD_IN[0]: region: "),
        (
            "verifiable_addresses",
            json!([{"value": "user-1@example.org", "verified": true, "status": "completed"}]),
            "verifiable_addresses.0.via",
        ),
        (
            "credentials",
            json!({"password": {"config": {"password": 12}}}),
            "credentials.password.config.password: ",
        ),
        (
            "credentials",
            json!({"oidc": {"config": {"providers": [{"provider": "github"}]}}}),
            "subject",
        ),
    ] {
        let mut wrong = person(1);
        wrong[member] = value;
        let output = place.bia(&["validate", "identity", "-e", &public], &wrong.to_string());
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        assert!(text(&output.stderr).contains(told), "{told}: {output:?}");
    }
    let mut whole = person(1);
    whole["state"] = json!("inactive");
    whole["region"] = json!("eu");
    whole["verifiable_addresses"] = json!([{
        "value": "user-1@example.org", "verified": true, "via": "email", "status": "completed"
    }]);
    whole["credentials"] = json!({
        "password": {"config": {"password": "a long enough secret"}},
        "oidc": {"config": {"providers": [{"provider": "github", "subject": "17"}]}},
    });
    let output = place.bia(&["validate", "identity", "-e", &public], &whole.to_string());
    assert!(output.status.success(), "{output:?}");
    let mut of_nothing = person(1);
    of_nothing["schema_id"] = json!("no-such-schema");
    for wrong in [of_nothing, json!({"traits": {}}), json!("text")] {
        let output = place.bia(&["validate", "identity", "-e", &public], &wrong.to_string());
        assert_eq!(output.status.code(), Some(1), "{wrong}");
    }
    assert_eq!(
        place.json(&["list", "identities", "--format", "jsonpath=identities.#"]),
        json!(0)
    );
}

#[test]
fn costs_of_hashes_are_measured_and_found() {
    let place = Place::new();
    let small = ["--memory", "1MB", "--parallelism", "1"];
    let hash = [
        &["hashers", "argon2", "hash", "one", "two", "--parallel"][..],
        &small,
    ]
    .concat();
    let output = place.bia(&hash, "");
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(
        lines[0].starts_with("password 0: ") && lines[2].starts_with("total: "),
        "{lines:?}"
    );

    for spelling in ["load-test", "loadtest"] {
        let load = [
            "hashers",
            "argon2",
            spelling,
            "600",
            "--sample-time",
            "300ms",
            "--format=json",
        ];
        let measured = place.json(&[&load[..], &small].concat());
        assert!(
            measured["median_request_time"].as_u64() > Some(0),
            "{measured}"
        );
    }
    let found = place.json(&[
        "hashers",
        "argon2",
        "calibrate",
        "60",
        "--parallelism",
        "1",
        "--min-duration",
        "1ms",
        "--expected-deviation",
        "20s",
        "--adjust-memory-by",
        "4MB",
        "--max-memory",
        "16MB",
        "--sample-time",
        "1s",
        "--format",
        "json",
    ]);
    assert_eq!(found["parallelism"], 1, "{found}");
    let memory = found["memory"].as_str().unwrap();
    assert!(memory.ends_with("MB"), "{found}");

    for wrong in [
        &["hashers", "argon2", "hash"][..],
        &["hashers", "argon2", "hash", "x", "--memory", "lots"],
        &["hashers", "argon2", "load-test", "many"],
        &[
            "hashers",
            "argon2",
            "hash",
            "x",
            "--memory",
            "8MB",
            "--parallelism",
            "0",
        ],
    ] {
        assert_eq!(place.bia(wrong, "").status.code(), Some(1), "{wrong:?}");
    }
}

#[test]
fn a_server_tells_its_state_and_one_that_is_not_there_fails() {
    let place = Place::new();
    assert_eq!(
        place.json(&["remote", "status", "--format", "json"]),
        json!({"alive": true, "ready": true})
    );
    // The public listener has no admin API, and tells as well how it is.
    let public = format!("http://127.0.0.1:{}", place.running.public);
    assert_eq!(
        place.json(&["remote", "status", "--format", "json", "-e", &public]),
        json!({"alive": true, "ready": true})
    );
    assert_eq!(
        place.json(&["remote", "version", "--format", "json"])["version"],
        bia_server::version::VERSION
    );
    let nobody = place.bia(&["get", "identity", "x", "-e", "not a url"], "");
    assert_eq!(nobody.status.code(), Some(1));
    assert!(text(&nobody.stderr).contains("http://"), "{nobody:?}");
}

#[test]
fn expired_rows_are_removed_beside_a_server() {
    let place = Place::new();
    let output = place.bia(
        &[
            "cleanup",
            "sql",
            "-c",
            "bia.json",
            "--keep-last",
            "1h",
            "--database.cleanup.sleep.tables",
            "1ms",
        ],
        "",
    );
    assert!(output.status.success(), "{output:?}");
    assert!(
        text(&output.stderr).contains("0 sessions removed."),
        "{output:?}"
    );
    let wrong = place.bia(&["cleanup", "sql", "-e=false"], "");
    assert_eq!(wrong.status.code(), Some(1));
    let wrong = place.bia(&["cleanup", "sql", "--keep-last", "soon"], "");
    assert_eq!(wrong.status.code(), Some(1));
}

#[test]
fn shells_can_complete() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = place.bia(&["completion", shell], "");
        assert!(
            output.status.success() && text(&output.stdout).contains("identities"),
            "{shell}"
        );
        // What is hidden from people is not offered to them.
        assert!(
            !text(&output.stdout).contains("for whoever works on the server"),
            "{shell}"
        );
        assert!(!text(&output.stdout).contains("bia__reference"), "{shell}");
    }
    let bash = place.bia(&["completion", "bash"], "");
    assert!(text(&bash.stdout).contains("bia,ls)"), "{bash:?}");
}
