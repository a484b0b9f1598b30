//! Listeners on real sockets: plain, Unix, limits, stopping.

use std::path::Path;
use std::time::Duration;

use axum_server::Control;
use bia_config::Config;
use bia_config::section::serve::{Bind, Listener};
use bia_server::listen::Bound;
use bia_server::route;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::world::{World, settings};

const IDLE: Duration = Duration::from_secs(60);

fn listener(bind: Bind) -> Listener {
    let config = Config::from_json(settings(json!({}))).unwrap();
    Listener {
        bind,
        ..config.serve.public.clone()
    }
}

fn any_port() -> Bind {
    Bind::Tcp {
        host: "127.0.0.1".into(),
        port: 0,
    }
}

async fn ask(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const ALIVE: &str = "GET /health/alive HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_tcp_listener_serves_and_stops() {
    let world = World::new().await;
    let bound = Bound::new("public", &listener(any_port()), IDLE)
        .await
        .unwrap();
    let address = bound.address().unwrap();
    let control = Control::new();
    let server = tokio::spawn(bound.serve(route::public_router(world.app), control.clone()));
    let answer = ask(TcpStream::connect(address).await.unwrap(), ALIVE).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("{\"status\":\"ok\"}"),
        "{answer}"
    );
    control.graceful_shutdown(Some(Duration::from_secs(5)));
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_unix_socket_is_served_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("public.sock");
    let bind = Bind::Unix {
        path: path.clone(),
        owner: None,
        group: None,
        mode: 0o660,
    };
    let world = World::new().await;
    let bound = Bound::new("public", &listener(bind), IDLE).await.unwrap();
    let control = Control::new();
    let server = tokio::spawn(bound.serve(route::public_router(world.app), control.clone()));
    let answer = ask(UnixStream::connect(&path).await.unwrap(), ALIVE).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    control.graceful_shutdown(None);
    server.await.unwrap().unwrap();
    assert!(!Path::exists(&path));
}

#[tokio::test]
async fn an_address_in_use_is_named_with_its_keys() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let bind = Bind::Tcp {
        host: "127.0.0.1".into(),
        port,
    };
    let Err(error) = Bound::new("admin", &listener(bind), IDLE).await else {
        panic!("the port was free")
    };
    assert!(error.to_string().contains("serve.admin.port"), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let world = World::new().await;
    let bound = Bound::new("public", &listener(any_port()), IDLE)
        .await
        .unwrap();
    let address = bound.address().unwrap();
    let control = Control::new();
    let server = tokio::spawn(bound.serve(route::public_router(world.app), control.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let header = format!("x-filler: {}\r\n", "a".repeat(8000));
    let mut refused = false;
    for _ in 0..40 {
        refused = stream.write_all(header.as_bytes()).await.is_err();
        if refused {
            break;
        }
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    assert!(
        refused || read.is_err() || answer.starts_with(b"HTTP/1.1 431"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    control.shutdown();
    server.await.unwrap().unwrap();
}
