//! The calls to a collector. They are made on the server's runtime, with the proxies and certificates that all its calls
//! have, while the thread that exports spans waits for them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bia_config::section::clients::HttpClient as Rules;
use bia_outbound::{Answer, Call, Outbound, OutboundError, Retry};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;
use url::Url;

/// How long a collector may take with a batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer of a collector that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Calls collectors.
#[derive(Clone)]
pub(super) struct Sender {
    runtime: Handle,
    /// Collectors stand in private networks as a rule, so `clients.http` does not keep them out; and calls to them
    /// are marked with no trace.
    outbound: Arc<Outbound>,
}

impl Sender {
    /// Has to be called within the runtime.
    pub(super) fn new() -> Sender {
        Sender {
            runtime: Handle::current(),
            outbound: Arc::new(Outbound::new(&Rules::default())),
        }
    }

    /// Posts a body. Can be awaited outside the runtime.
    pub(super) async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, OutboundError> {
        let call = Call {
            headers,
            body,
            timeout: PATIENCE,
            max_answer_bytes: MAX_ANSWER_BYTES,
            cut_answer: true,
            ..Call::new(Method::POST, url)
        };
        let outbound = Arc::clone(&self.outbound);
        let sent = self
            .runtime
            .spawn(async move { outbound.send(Retry::NEVER, |_| call.clone()).await });
        let stopping = || OutboundError::Connection("the server is stopping".into());
        sent.await.unwrap_or_else(|_| Err(stopping()))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string())?;
        let answer = self.post(url, head.headers, body).await?;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
