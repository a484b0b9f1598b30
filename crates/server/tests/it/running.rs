//! `bia serve` as a process: from start to SIGTERM.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::settings;

/// A server in a folder of its own.
pub(crate) struct Running {
    process: Child,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) public: u16,
    pub(crate) admin: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    pub(crate) fn start(more: Value) -> Running {
        Running::start_in(more, &[])
    }

    /// With these variables of the environment and no others.
    pub(crate) fn start_in(more: Value, environment: &[(&str, &str)]) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let (public, admin) = (free_port(), free_port());
        write_settings(folder.path(), public, admin, more);
        let process = Command::new(env!("CARGO_BIN_EXE_bia"))
            .args(["serve", "--watch-courier", "-c", "bia.json"])
            .current_dir(folder.path())
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let running = Running {
            process,
            folder,
            public,
            admin,
        };
        running.wait("it is ready", || {
            get(admin, "/health/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
        });
        running
    }

    fn change(&self, more: Value) {
        write_settings(self.folder.path(), self.public, self.admin, more);
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub(crate) fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !holds() {
            assert!(Instant::now() < end, "in vain: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as operators do, and waits for that.
    pub(crate) fn end(&mut self) {
        terminate(&self.process);
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    /// The ids of the schemas that are served.
    fn revision(&self) -> String {
        let answer = get(self.admin, "/health/config").unwrap_or_default();
        answer
            .split("\r\n\r\n")
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    }
}

pub(crate) fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn write_settings(folder: &Path, public: u16, admin: u16, more: Value) {
    let mut settings = settings(more);
    settings["serve"]["public"]["host"] = json!("127.0.0.1");
    settings["serve"]["public"]["port"] = json!(public);
    settings["serve"]["admin"]["host"] = json!("127.0.0.1");
    settings["serve"]["admin"]["port"] = json!(admin);
    settings["dsn"] = json!("sqlite://db.sqlite?_fk=true&mode=rwc");
    std::fs::write(folder.join("bia.json"), settings.to_string()).unwrap();
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn terminate(process: &Child) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_server_starts_on_an_empty_file_and_ends_with_0() {
    let mut running = Running::start(json!({"log": {"format": "json"}}));
    let answer = get(running.public, "/health/alive").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        get(
            running.public,
            "/self-service/login/api?return_to=hidden-query"
        )
        .is_some()
    );
    terminate(&running.process);
    let status = running.process.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", running.log());
    let log = running.log();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["service_name"], "Bia");
    }
    assert!(
        log.contains("\"http_request.path\":\"/self-service/login/api\""),
        "{log}"
    );
    assert!(!log.contains("hidden-query"), "{log}");
}

#[test]
fn a_changed_file_is_taken_and_a_wrong_one_is_not() {
    let running = Running::start(json!({"revision": "one"}));
    assert_eq!(running.revision(), "one");
    running.change(json!({"revision": "two"}));
    running.wait("the second configuration", || running.revision() == "two");
    running.change(json!({"revision": "three", "nonsense": 1}));
    running.wait("a word about the third", || {
        running.log().contains("nonsense")
    });
    assert_eq!(running.revision(), "two");
    std::fs::write(running.folder.path().join("bia.json"), "{\"broken\": ").unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(running.revision(), "two");
    running.change(json!({"revision": "four"}));
    running.wait("the fourth configuration", || running.revision() == "four");
}

#[test]
fn a_change_of_what_is_bound_to_the_process_is_named() {
    let running = Running::start(json!({}));
    running.change(json!({"log": {"level": "debug"}}));
    running.wait("a word about it", || running.log().contains("key=log"));
}

#[test]
fn a_courier_of_its_own_serves_metrics_and_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    write_settings(folder.path(), free_port(), free_port(), json!({}));
    let mut courier = Command::new(env!("CARGO_BIN_EXE_bia"))
        .args([
            "courier",
            "watch",
            "-c",
            "bia.json",
            "--expose-metrics-port",
            &port.to_string(),
        ])
        .current_dir(folder.path())
        .env_clear()
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    let metrics = loop {
        if let Some(answer) = get(port, "/metrics/prometheus") {
            break answer;
        }
        assert!(Instant::now() < end, "there are no metrics");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(
        metrics.contains("process_resident_memory_bytes"),
        "{metrics}"
    );
    terminate(&courier);
    assert_eq!(courier.wait().unwrap().code(), Some(0));
}

#[test]
fn without_a_configuration_a_developer_gets_a_server_with_keys_that_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (public, admin) = (free_port().to_string(), free_port().to_string());
    let start = || {
        let mut process = Command::new(env!("CARGO_BIN_EXE_bia"))
            .args(["serve", "--dev"])
            .current_dir(folder.path())
            .env_clear()
            .envs([("SERVE_PUBLIC_PORT", &public), ("SERVE_ADMIN_PORT", &admin)])
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while get(public.parse().unwrap(), "/health/ready").is_none() {
            assert!(Instant::now() < end, "it does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        terminate(&process);
        assert_eq!(process.wait().unwrap().code(), Some(0));
        std::fs::read_to_string(folder.path().join("bia-data/secrets")).unwrap()
    };
    let keys = start();
    assert_eq!(start(), keys);
    assert!(folder.path().join("bia-data/bia.sqlite").exists());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("/ui/"), "{log}");
    let (first, second) = keys.split_once('\n').unwrap();
    assert!(!log.contains(first) && !log.contains(second.trim()));
}
