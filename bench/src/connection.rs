//! One keep-alive HTTP/1.1 connection, opened when first used and again after it broke.

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Larger answers are refused.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    address: String,
    host: HeaderValue,
    prefix: String,
}

impl Endpoint {
    /// From a URL; a path in it is put before every request's path.
    pub(crate) fn new(url: &url::Url) -> anyhow::Result<Self> {
        let host = url.host_str().context("the URL names no host")?;
        let port = url
            .port_or_known_default()
            .context("the URL names no port")?;
        let address = format!("{host}:{port}");
        Ok(Self {
            host: HeaderValue::from_str(&address)?,
            address,
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The request target for a path with its query.
    pub(crate) fn target(&self, path: &str) -> anyhow::Result<Uri> {
        Ok(format!("{}{path}", self.prefix).parse()?)
    }
}

/// A request that can be sent many times; copies share its parts.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    method: Method,
    target: Uri,
    header: Option<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Prepared {
    /// A GET without a body.
    pub(crate) fn get(endpoint: &Endpoint, path: &str) -> anyhow::Result<Self> {
        Ok(Self {
            method: Method::GET,
            target: endpoint.target(path)?,
            header: None,
            body: Bytes::new(),
        })
    }

    /// A request with a JSON body.
    pub(crate) fn json(
        endpoint: &Endpoint,
        method: Method,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<Self> {
        let header = Some((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ));
        Ok(Self {
            method,
            target: endpoint.target(path)?,
            header,
            body: serde_json::to_vec(body)?.into(),
        })
    }

    /// A DELETE without a body.
    pub(crate) fn delete(endpoint: &Endpoint, path: &str) -> anyhow::Result<Self> {
        Ok(Self {
            method: Method::DELETE,
            ..Self::get(endpoint, path)?
        })
    }

    /// The same with a session token.
    pub(crate) fn with_session(mut self, token: &str) -> anyhow::Result<Self> {
        self.header = Some((
            HeaderName::from_static("x-session-token"),
            HeaderValue::from_str(token)?,
        ));
        Ok(self)
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body, if the status is `wanted`; else an error with the beginning of the body.
    pub(crate) fn expect(self, wanted: StatusCode) -> anyhow::Result<Bytes> {
        if self.status == wanted {
            return Ok(self.body);
        }
        let body = String::from_utf8_lossy(&self.body);
        let text: String = body.trim().chars().take(300).collect();
        anyhow::bail!(
            "{} instead of {}: {text}",
            self.status.as_u16(),
            wanted.as_u16()
        )
    }
}

/// A connection to one endpoint.
#[derive(Debug)]
pub(crate) struct Connection {
    endpoint: Endpoint,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// Not opened yet.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            open: None,
        }
    }

    /// Sends a request and reads the whole answer. A connection that the server closed meanwhile is opened again.
    pub(crate) async fn send(&mut self, prepared: &Prepared) -> anyhow::Result<Answer> {
        let mut sender = match self.open.take() {
            Some(sender) if sender.is_ready() => sender,
            _ => self.connect().await?,
        };
        let response = sender.send_request(self.request(prepared)).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|e| anyhow::anyhow!("reading the answer: {e}"))?;
        // Ready again as soon as hyper has seen the end of the answer; closed connections fail here.
        if sender.ready().await.is_ok() {
            self.open = Some(sender);
        }
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.endpoint.address)
            .await
            .with_context(|| format!("no connection to {}", self.endpoint.address))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Ends when the server closes; whoever sends next notices.
            let _ended = connection.await;
        });
        Ok(sender)
    }

    fn request(&self, prepared: &Prepared) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(prepared.body.clone()));
        *request.method_mut() = prepared.method.clone();
        *request.uri_mut() = prepared.target.clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.endpoint.host.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = &prepared.header {
            headers.insert(name.clone(), value.clone());
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Connection, Endpoint, Prepared};
    use http::StatusCode;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[test]
    fn a_path_of_the_url_goes_before_every_target() -> anyhow::Result<()> {
        let endpoint = Endpoint::new(&"http://localhost/auth/".parse()?)?;
        assert_eq!(endpoint.address, "localhost:80");
        assert_eq!(
            endpoint.target("/sessions/whoami")?,
            "/auth/sessions/whoami"
        );
        Ok(())
    }

    #[test]
    fn an_unexpected_status_says_what_came() {
        let answer = Answer {
            status: StatusCode::UNAUTHORIZED,
            body: "no session".into(),
        };
        let error = answer
            .expect(StatusCode::OK)
            .map(drop)
            .map_err(|e| e.to_string());
        assert_eq!(error, Err("401 instead of 200: no session".to_owned()));
    }

    #[tokio::test]
    async fn a_connection_closed_by_the_server_is_opened_again() -> anyhow::Result<()> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?).parse()?;
        let server = tokio::spawn(async move {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await?;
                let mut seen = [0; 1024];
                let _read = stream.read(&mut seen).await?;
                stream
                    .write_all(
                        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
                    )
                    .await?;
            }
            std::io::Result::Ok(())
        });
        let endpoint = Endpoint::new(&url)?;
        let (mut connection, get) = (
            Connection::new(endpoint.clone()),
            Prepared::get(&endpoint, "/health/alive")?,
        );
        for _ in 0..2 {
            assert_eq!(connection.send(&get).await?.expect(StatusCode::OK)?, "ok");
        }
        server.await??;
        Ok(())
    }
}
