//! The sockets: where the server listens, with or without TLS, and how it stops.

mod account;
mod tls;
mod unix;

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::SocketAddr as UnixAddress;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use axum_server::accept::{DefaultAcceptor, NoDelayAcceptor};
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Address, Control, Handle, Server};
use bia_config::section::serve::{Bind, Listener as Settings};
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tower::service_fn;

pub use tls::Certificate;

use crate::middleware::Front;

/// Connections that the system keeps waiting while all are busy.
const BACKLOG: u32 = 1024;

/// How long a new connection may take to send the head of its first request.
const FIRST_HEAD: Duration = Duration::from_secs(5);

/// The longest head of a request, in bytes, and the most headers in it.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;

/// A socket that is bound and not served yet.
pub struct Bound {
    name: &'static str,
    socket: Socket,
    certificate: Option<Certificate>,
    /// How long a connection may stay without a request.
    idle: Duration,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Bound {
    /// Binds the socket and reads the certificate, so that whatever is wrong with them shows before anything runs.
    ///
    /// # Errors
    /// When the address is in use or not ours, when socket owner or mode cannot be set, when there is no usable
    /// certificate. Each says which listener it is about.
    pub async fn new(
        name: &'static str,
        settings: &Settings,
        idle: Duration,
    ) -> anyhow::Result<Bound> {
        let certificate = match &settings.tls {
            Some(tls) => Some(
                Certificate::load(tls)
                    .with_context(|| format!("serve.{name}.tls cannot be used"))?,
            ),
            None => None,
        };
        let socket = match &settings.bind {
            Bind::Tcp { host, port } => Socket::Tcp(tcp(host, *port).await.with_context(|| {
                format!("The {name} listener cannot listen on {}:{port} (serve.{name}.host, serve.{name}.port). If another server is there, choose another port: in the configuration, or by {}=PORT", shown(host), port_variable(name))
            })?),
            Bind::Unix { path, owner, group, mode } => {
                let listener = unix::bind(path, owner.as_deref(), group.as_deref(), *mode)
                    .await
                    .with_context(|| format!("The {name} listener cannot listen on the socket {}", path.display()))?;
                Socket::Unix(listener, path.clone())
            }
        };
        Ok(Bound {
            name,
            socket,
            certificate,
            idle,
        })
    }

    /// The TCP address that is listened on; `None` for a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            Socket::Unix(..) => None,
        }
    }

    /// Serves all routes of a listener until `control` ends it.
    ///
    /// # Errors
    /// When the socket fails for good.
    pub async fn serve(self, front: Front, control: Control) -> io::Result<()> {
        match &self.socket {
            Socket::Tcp(_) => {
                let address = self
                    .address()
                    .map(|address| address.to_string())
                    .unwrap_or_default();
                tracing::info!(
                    address,
                    tls = self.certificate.is_some(),
                    "The {} listener is ready.",
                    self.name
                );
            }
            Socket::Unix(_, path) => {
                let path = path.display().to_string();
                tracing::info!(
                    path,
                    tls = self.certificate.is_some(),
                    "The {} listener is ready.",
                    self.name
                );
            }
        }
        match self.socket {
            Socket::Tcp(listener) => {
                let server = prepared::<SocketAddr>(listener, control, self.idle);
                let service =
                    service_fn(move |peer| ready(Ok::<_, Infallible>(front.called_by(peer))));
                match self.certificate {
                    Some(certificate) => {
                        let acceptor = RustlsAcceptor::new(certificate.watched())
                            .acceptor(NoDelayAcceptor::new());
                        server.acceptor(acceptor).serve(service).await
                    }
                    // Without TLS only HTTP/1.1 is spoken, as the reference does.
                    None => {
                        server
                            .acceptor(NoDelayAcceptor::new())
                            .http1_only()
                            .serve(service)
                            .await
                    }
                }
            }
            Socket::Unix(listener, path) => {
                let _gone_at_the_end = unix::Unlink(path);
                let server = prepared::<UnixAddress>(listener, control, self.idle);
                let service =
                    service_fn(move |_: UnixAddress| ready(Ok::<_, Infallible>(front.clone())));
                match self.certificate {
                    Some(certificate) => {
                        server
                            .acceptor(RustlsAcceptor::new(certificate.watched()))
                            .serve(service)
                            .await
                    }
                    None => server.http1_only().serve(service).await,
                }
            }
        }
    }
}

/// The environment variable of a listener's port.
fn port_variable(name: &str) -> String {
    format!("SERVE_{}_PORT", name.to_ascii_uppercase())
}

fn shown(host: &str) -> &str {
    if host.is_empty() { "0.0.0.0" } else { host }
}

/// Binds the first of the host's addresses that can be bound.
async fn tcp(host: &str, port: u16) -> io::Result<TcpListener> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = match host {
        "" => vec![SocketAddr::from(([0, 0, 0, 0], port))],
        host => tokio::net::lookup_host((host, port)).await?.collect(),
    };
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
    for address in addresses {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart must not wait for the connections of the process before it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A server with its time and size limits.
fn prepared<A: Address>(
    listener: A::Listener,
    control: Control,
    idle: Duration,
) -> Server<A, DefaultAcceptor> {
    let mut server = Server::from_listener(listener)
        .handle(Handle::with_control(control))
        .first_request_timeout(FIRST_HEAD)
        .accept_error_handler(
            |_, error| tracing::debug!(%error, "A connection could not be accepted."),
        );
    // Hyper counts the time until the next request's head is complete from the end of the answer before it, so this
    // is how long a connection may be idle. The first head has its own, shorter limit.
    server
        .http_builder()
        .http1()
        .header_read_timeout(idle)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS);
    server
        .http_builder()
        .http2()
        .max_header_list_size(64 * 1024)
        .max_concurrent_streams(128);
    server
}
