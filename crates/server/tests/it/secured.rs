//! A listener with a certificate. The key in `tls/` is for this test only.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Control;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_config::section::serve::{Bind, Listener, Tls};
use bia_config::{Config, Secret};
use bia_server::listen::Bound;
use bia_server::route;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use serde_json::json;

use crate::world::{World, settings};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

fn listener(tls: Tls) -> Listener {
    let config = Config::from_json(settings(json!({}))).unwrap();
    let bind = Bind::Tcp {
        host: "127.0.0.1".into(),
        port: 0,
    };
    Listener {
        bind,
        tls: Some(tls),
        ..config.serve.public.clone()
    }
}

/// Asks over TLS, trusting nothing but the certificate of the test.
fn ask(address: SocketAddr) -> String {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(file("cert.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    stream
        .write_all(b"GET /health/alive HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    // The server may close without the alert that rustls wants to see.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

async fn check(tls: Tls) {
    let world = World::new().await;
    let idle = Duration::from_secs(60);
    let bound = Bound::new("public", &listener(tls), idle).await.unwrap();
    let address = bound.address().unwrap();
    let control = Control::new();
    let server = tokio::spawn(bound.serve(route::public_router(world.app), control.clone()));
    let answer = tokio::task::spawn_blocking(move || ask(address))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    control.shutdown();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_certificate_from_files_is_served() {
    check(Tls::Files {
        cert: file("cert.pem"),
        key: file("key.pem"),
    })
    .await;
}

#[tokio::test]
async fn a_certificate_from_the_configuration_is_served() {
    let encoded = |name| STANDARD.encode(std::fs::read(file(name)).unwrap());
    check(Tls::Inline {
        cert: encoded("cert.pem"),
        key: Secret::new(encoded("key.pem")),
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let tls = Tls::Files {
        cert: file("cert.pem"),
        key: file("not-there.pem"),
    };
    let idle = Duration::from_secs(60);
    let Err(error) = Bound::new("admin", &listener(tls), idle).await else {
        panic!("there is no such key")
    };
    let told = format!("{error:#}");
    assert!(
        told.contains("serve.admin.tls") && told.contains("not-there.pem"),
        "{told}"
    );
}
