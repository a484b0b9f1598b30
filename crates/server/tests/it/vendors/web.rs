//! A proxy that answers for the sites to which it is asked to lead.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The proxy. It stops with the test's runtime.
pub(super) struct Web {
    pub(super) proxy: String,
    inner: Arc<Inner>,
}

struct Inner {
    /// The answers, by host and path.
    sites: Map<String, Value>,
    /// Host and path of each call, and all of it.
    calls: Mutex<Vec<(String, String)>>,
    tls: TlsAcceptor,
}

impl Web {
    pub(super) async fn start(sites: Map<String, Value>) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let (calls, tls) = (Mutex::default(), tls());
        let inner = Arc::new(Inner { sites, calls, tls });
        let served = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&served);
                tokio::spawn(async move { inner.lead(stream).await });
            }
        });
        Web { proxy, inner }
    }

    /// The calls to a site so far.
    pub(super) fn calls(&self, site: &str) -> Vec<String> {
        let calls = self.inner.calls.lock().unwrap();
        let matching = calls.iter().filter(|(to, _)| to == site);
        matching.map(|(_, call)| call.clone()).collect()
    }
}

fn tls() -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Inner {
    async fn lead(&self, mut stream: TcpStream) -> Option<()> {
        let wish = read(&mut stream).await?;
        let host = wish.strip_prefix("CONNECT ")?.split(':').next()?.to_owned();
        stream.write_all(b"HTTP/1.1 200 Led\r\n\r\n").await.ok()?;
        let mut stream = self.tls.accept(stream).await.ok()?;
        loop {
            let call = read(&mut stream).await?;
            let path = call.split(' ').nth(1)?.split('?').next()?.to_owned();
            let site = format!("{host}{path}");
            let (status, body) = match self.sites.get(&site) {
                Some(answer) => (200, answer.to_string()),
                None => (404, "{}".to_owned()),
            };
            self.calls.lock().unwrap().push((site, call));
            let answer = format!(
                "HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
    }
}

/// A request, whole.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_it = name.eq_ignore_ascii_case("content-length");
                is_it.then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or_default() {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
