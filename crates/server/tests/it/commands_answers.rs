//! Commands that get answers of something else than a server of ours, and whose own answers nobody reads.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use crate::commands::person;
use crate::run_bia::{run_bia, text};

/// Something that answers every request with the same, as a proxy without a server behind it does.
fn answering(status: &'static str, kind: &'static str, body: &'static str) -> String {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            // Whoever went away needs no answer.
            let _ = answer(&stream.unwrap(), status, kind, body);
        }
    });
    url
}

fn answer(stream: &TcpStream, status: &str, kind: &str, body: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn bia(arguments: &[&str], endpoint: &str, input: &str) -> Output {
    let environment = [("KRATOS_ADMIN_URL", endpoint)];
    run_bia(&std::env::temp_dir(), &environment, arguments, input)
}

#[test]
fn a_page_is_not_taken_for_an_answer() {
    let page = answering("200 OK", "text/html", "<h1>Welcome</h1>");
    let one = person(1).to_string();
    for arguments in [
        &["remote", "status"][..],
        &["remote", "version"],
        &["list", "identities"],
        &["get", "identity", "some-id"],
        &["delete", "identity", "some-id"],
        &["import", "identities"],
        &["import", "identities", "--bulk"],
        &["identities", "explain", "some-id"],
        &["explain", "--request", "some-id", "-e", &page],
    ] {
        let output = bia(arguments, &page, &one);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert!(
            text(&output.stderr).contains("not with JSON"),
            "{arguments:?}: {output:?}"
        );
    }
    let status = bia(&["remote", "status", "--format", "json"], &page, "");
    assert_eq!(text(&status.stdout), "{\"alive\":false,\"ready\":false}\n");
    let bulk = bia(&["import", "identities", "--bulk"], &page, &one);
    assert!(
        text(&bulk.stderr).contains("Go on with --from-line 1."),
        "{bulk:?}"
    );
}

#[test]
fn json_of_something_else_and_no_answer_at_all_are_no_success_either() {
    let other = answering("200 OK", "application/json", "{\"hello\": \"world\"}");
    let empty = answering("200 OK", "application/json", "");
    let one = person(1).to_string();
    for arguments in [
        &["remote", "status"][..],
        &["remote", "version"],
        &["list", "identities"],
        &["import", "identities"],
        &["import", "identities", "--bulk"],
    ] {
        for endpoint in [&other, &empty] {
            let output = bia(arguments, endpoint, &one);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        }
    }
    // Who deletes gets nothing.
    let gone = answering("204 No Content", "application/json", "");
    let output = bia(&["delete", "identity", "some-id", "-q"], &gone, "");
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "some-id\n")
    );
}

#[test]
fn nobody_hears_of_a_reader_that_has_gone() {
    let shown = |command: &mut Command| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command
            .stdin(Stdio::null())
            .stdout(writer)
            .output()
            .unwrap()
    };
    let mut completion = Command::new(env!("CARGO_BIN_EXE_bia"));
    let output = shown(completion.args(["completion", "bash"]));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    // What is begun is finished, also when nobody reads how it goes.
    let folder = tempfile::tempdir().unwrap();
    let mut up = Command::new(env!("CARGO_BIN_EXE_bia"));
    up.current_dir(folder.path()).args([
        "migrate",
        "sql",
        "up",
        "-y",
        "sqlite://db.sqlite?_fk=true",
    ]);
    assert_eq!(shown(&mut up).status.code(), Some(0));
    // The same for standard error.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut wrong = Command::new(env!("CARGO_BIN_EXE_bia"));
    let wrong = wrong.args(["explain", "no-such-name"]).stderr(writer);
    assert_eq!(wrong.status().unwrap().code(), Some(1));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut completion = Command::new(env!("CARGO_BIN_EXE_bia"));
    let output = completion
        .args(["completion", "bash"])
        .stdout(full)
        .stderr(Stdio::piped());
    let output = output.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("could not be written"),
        "{output:?}"
    );
}

#[test]
fn a_name_is_suggested_once() {
    let output = bia(&["explain", "identity_disabledx"], "", "");
    let told = text(&output.stderr);
    let (_, names) = told.split_once("Did you mean ").unwrap();
    let mut names: Vec<&str> = names.trim().trim_end_matches('?').split(", ").collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "{told}");
}
