//! `kill -9` in the middle of many registrations: nothing that was acknowledged may be missing afterwards.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::world::{merge, settings};

const PEOPLE: usize = 200;
/// How many registrations are acknowledged before the server is killed.
const BEFORE_THE_END: usize = 60;

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (public, admin) = (free_port(), free_port());
    std::fs::write(
        folder.path().join("bia.json"),
        configuration(public, admin, json!({})),
    )
    .unwrap();
    let mut server = start(folder.path(), admin);

    let (tell, told) = mpsc::channel();
    for n in 0..PEOPLE {
        let tell = tell.clone();
        std::thread::spawn(move || {
            if let Some(id) = register(public, n) {
                let _ = tell.send(id);
            }
        });
    }
    drop(tell);
    let mut acknowledged: HashSet<String> = told.iter().take(BEFORE_THE_END).collect();
    server.kill();
    acknowledged.extend(told.iter());
    assert!(acknowledged.len() >= BEFORE_THE_END);

    let _server = start(folder.path(), admin);
    let kept = identities(admin);
    let lost: Vec<&String> = acknowledged.difference(&kept).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are lost",
        lost.len(),
        acknowledged.len()
    );
}

#[test]
fn what_other_servers_are_to_be_told_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (public, admin, peer) = (free_port(), free_port(), free_port());
    let body = STANDARD.encode("function(ctx) ctx.identity.id");
    let body = format!("base64://{body}");
    let hook = json!({"hook": "web_hook", "config": {
        "url": format!("http://127.0.0.1:{peer}/"), "method": "POST", "body": body, "response": {"ignore": true},
    }});
    let more = json!({
        "selfservice": {"flows": {"registration": {"after": {"hooks": [hook]}}}},
        "bia": {"hooks": {"outbox": true}},
    });
    std::fs::write(
        folder.path().join("bia.json"),
        configuration(public, admin, more),
    )
    .unwrap();
    let mut server = start(folder.path(), admin);
    let (tell, told) = mpsc::channel();
    for n in 0..PEOPLE {
        let tell = tell.clone();
        std::thread::spawn(move || {
            if let Some(id) = register(public, n) {
                let _ = tell.send(id);
            }
        });
    }
    drop(tell);
    let mut acknowledged: HashSet<String> = told.iter().take(BEFORE_THE_END).collect();
    server.kill();
    acknowledged.extend(told.iter());

    // Only now there is somebody to be told.
    let hears = listen(peer);
    let _server = start(folder.path(), admin);
    let mut events = HashSet::new();
    while !acknowledged.is_empty() {
        let (event, id) = hears.recv_timeout(Duration::from_secs(150)).unwrap();
        assert!(events.insert(event), "nobody was told before");
        acknowledged.remove(&id);
    }
}

/// A server that takes everything. Gives the ids of events, and what came with them.
fn listen(port: u16) -> mpsc::Receiver<(String, String)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut text, mut part) = (String::new(), [0; 4096]);
            // The body is a text in quotes.
            while !text.trim_end().ends_with('"') {
                let read = stream.read(&mut part).unwrap();
                assert!(read > 0, "{text}");
                text.push_str(&String::from_utf8_lossy(&part[..read]));
            }
            let event = text
                .lines()
                .find_map(|line| line.strip_prefix("webhook-id: "))
                .unwrap();
            let id = text.lines().last().unwrap().trim_matches('"');
            let _ = tell.send((event.to_owned(), id.to_owned()));
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
        }
    });
    told
}

fn configuration(public: u16, admin: u16, more: Value) -> String {
    let mut settings = settings(json!({
        "dsn": "sqlite://people.sqlite?_fk=true&mode=rwc",
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
        "selfservice": {"methods": {"password": {"config": {"haveibeenpwned_enabled": false}}}},
        "log": {"level": "error"},
    }));
    merge(&mut settings, more);
    for (listener, port) in [("public", public), ("admin", admin)] {
        settings["serve"][listener] = json!({"host": "127.0.0.1", "port": port});
    }
    settings["serve"]["public"]["base_url"] = json!(format!("http://127.0.0.1:{public}/"));
    let schema = json!({
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {"email": {
            "type": "string", "format": "email",
            "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}},
        }}}},
    });
    settings["identity"]["schemas"] = json!([{"id": "default", "url": base64_url(&schema)}]);
    settings.to_string()
}

fn base64_url(schema: &Value) -> String {
    format!("base64://{}", STANDARD.encode(schema.to_string()))
}

/// A server that does not outlive its test.
struct Server(Child);

impl Server {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Path, admin: u16) -> Server {
    let process = Command::new(env!("CARGO_BIN_EXE_bia"))
        .args(["serve", "--dev", "-c", "bia.json"])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let server = Server(process);
    let deadline = Instant::now() + Duration::from_secs(30);
    while call(admin, "GET", "/health/ready", None).is_none_or(|(status, _)| status != 200) {
        assert!(
            Instant::now() < deadline,
            "{}",
            std::fs::read_to_string(folder.join("log")).unwrap()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    server
}

/// Signs somebody up; gives the id of the identity that the server acknowledged, `None` when it was too late.
fn register(public: u16, n: usize) -> Option<String> {
    let (_, flow) = call(public, "GET", "/self-service/registration/api", None)?;
    let path = format!("/self-service/registration?flow={}", flow["id"].as_str()?);
    let body = json!({
        "method": "password",
        "password": "correct-horse-battery-42",
        "traits": {"email": format!("user-{n}@example.org")},
    });
    let (status, answer) = call(public, "POST", &path, Some(&body))?;
    (status == 200).then(|| answer["identity"]["id"].as_str().unwrap().to_owned())
}

fn identities(admin: u16) -> HashSet<String> {
    let (status, list) = call(admin, "GET", "/admin/identities?page_size=500", None).unwrap();
    assert_eq!(status, 200, "{list}");
    let ids = list.as_array().unwrap().iter();
    ids.map(|identity| identity["id"].as_str().unwrap().to_owned())
        .collect()
}

fn call(port: u16, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}
