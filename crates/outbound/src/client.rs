use std::error::Error;
use std::sync::OnceLock;

use bia_config::section::clients::HttpClient;
use bytes::BytesMut;
use http::HeaderMap;
use reqwest::redirect;
use tracing::Instrument as _;
use tracing::field::Empty;
use url::{Host, Url};

use crate::resolve::{OutOfReach, Resolver};
use crate::retry::Retry;
use crate::{Answer, Call, OutboundError, Reach, allows, exception};

const MAX_REDIRECTS: usize = 10;

/// Adds to a call's headers on whose behalf it is made.
pub type Mark = fn(&mut HeaderMap);

/// Calls other servers. Cheap to make: connections and certificates are set up with the first call.
pub struct Outbound {
    reach: Reach,
    exceptions: Vec<String>,
    mark: Option<Mark>,
    public: OnceLock<reqwest::Client>,
    private: OnceLock<reqwest::Client>,
    anywhere: OnceLock<reqwest::Client>,
}

impl Outbound {
    /// Calls under the rules of `clients.http`.
    #[must_use]
    pub fn new(rules: &HttpClient) -> Outbound {
        Outbound {
            reach: if rules.disallow_private_ip_ranges {
                Reach::Public
            } else {
                Reach::Private
            },
            exceptions: rules.private_ip_exception_urls.clone(),
            mark: None,
            public: OnceLock::new(),
            private: OnceLock::new(),
            anywhere: OnceLock::new(),
        }
    }

    /// The same, with each attempt of a call marked.
    #[must_use]
    pub fn marked_by(self, mark: Option<Mark>) -> Outbound {
        Outbound { mark, ..self }
    }

    /// Makes a call until it is answered with a status that does not ask to try again: one is 429, or 5xx but 501.
    ///
    /// `call` makes the request of each attempt, counted from 1. Redirects are followed, up to ten.
    ///
    /// # Errors
    /// [`OutboundError`]; [`OutboundError::GivenUp`] when the last of several attempts asked to try again.
    pub async fn send(
        &self,
        retry: Retry,
        mut call: impl FnMut(u32) -> Call,
    ) -> Result<Answer, OutboundError> {
        let mut attempt = 1;
        loop {
            let outcome = self.traced(call(attempt)).await;
            let last = attempt >= retry.attempts;
            let wait = match outcome {
                Ok(answer) if !Retry::applies(answer.status) => return Ok(answer),
                // The only attempt: whoever asks judges the status.
                Ok(answer) if retry.attempts <= 1 => return Ok(answer),
                Ok(answer) if last => {
                    return Err(OutboundError::GivenUp(answer.status.as_u16(), attempt));
                }
                Ok(answer) => retry.wait(attempt, Some(&answer.headers)),
                Err(error @ (OutboundError::TimedOut | OutboundError::Connection(_))) => {
                    if last {
                        return Err(error);
                    }
                    retry.wait(attempt, None)
                }
                Err(error) => return Err(error),
            };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// An attempt as a part of what it is made for. The span names no more of the address than where it leads.
    async fn traced(&self, call: Call) -> Result<Answer, OutboundError> {
        let span = tracing::info_span!(
            target: "traced",
            "call",
            otel.name = call.method.as_str(),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = call.method.as_str(),
            server.address = call.url.host_str(),
            server.port = call.url.port_or_known_default(),
            http.response.status_code = Empty,
        );
        let outcome = self.attempt(call).instrument(span.clone()).await;
        match &outcome {
            Ok(answer) => {
                span.record("http.response.status_code", answer.status.as_u16());
            }
            Err(_) => {
                span.record("otel.status_code", "ERROR");
            }
        }
        outcome
    }

    async fn attempt(&self, mut call: Call) -> Result<Answer, OutboundError> {
        if let Some(mark) = self.mark {
            mark(&mut call.headers);
        }
        let reach = self.reach_of(&call);
        if !literal_allowed(reach, &call.url) {
            return Err(OutboundError::OutOfReach);
        }
        let Call {
            method,
            url,
            headers,
            body,
            timeout,
            max_answer_bytes,
            cut_answer,
            ..
        } = call;
        let mut response = self
            .client(reach)?
            .request(method, url)
            .headers(headers)
            .body(body)
            .timeout(timeout)
            .send()
            .await
            .map_err(failure)?;
        let mut body = BytesMut::new();
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                // The status has come, and nothing else is asked for.
                Err(_) if cut_answer => break,
                Err(error) => return Err(failure(error)),
            };
            let room = max_answer_bytes.saturating_sub(body.len());
            if chunk.len() > room && cut_answer {
                body.extend(chunk.iter().take(room));
                break;
            }
            if chunk.len() > room {
                return Err(OutboundError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }

    fn reach_of(&self, call: &Call) -> Reach {
        if call.public_only {
            Reach::Public
        } else if exception::names(&self.exceptions, &call.url) {
            Reach::Anywhere
        } else {
            self.reach
        }
    }

    fn client(&self, reach: Reach) -> Result<&reqwest::Client, OutboundError> {
        let slot = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
            Reach::Anywhere => &self.anywhere,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = build(reach).map_err(|error| OutboundError::Setup(error.to_string()))?;
        Ok(slot.get_or_init(|| client))
    }
}

fn build(reach: Reach) -> reqwest::Result<reqwest::Client> {
    let follow = redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if literal_allowed(reach, attempt.url()) {
            attempt.follow()
        } else {
            attempt.error(OutOfReach)
        }
    });
    reqwest::Client::builder()
        .dns_resolver(std::sync::Arc::new(Resolver { reach }))
        .redirect(follow)
        .user_agent("bia")
        .build()
}

/// Addresses that stand in a URL are never resolved, so they are looked at here.
fn literal_allowed(reach: Reach, url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => allows(reach, address.into()),
        Some(Host::Ipv6(address)) => allows(reach, address.into()),
        _ => true,
    }
}

fn failure(error: reqwest::Error) -> OutboundError {
    let error = error.without_url();
    if has_cause::<OutOfReach>(&error) {
        OutboundError::OutOfReach
    } else if error.is_redirect() {
        OutboundError::Redirects
    } else if error.is_timeout() {
        OutboundError::TimedOut
    } else {
        OutboundError::Connection(innermost(&error))
    }
}

fn has_cause<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(<dyn Error>::is::<E>)
}

/// The last cause says what happened; those around it only that something did.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

/// An error, its cause, the cause of that, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives each of the answers once, and its URL.
    async fn server(answers: Vec<String>) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Url::parse(&url).unwrap()
    }

    fn status(line: &str) -> String {
        format!("HTTP/1.1 {line}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
    }

    fn open() -> Outbound {
        Outbound::new(&HttpClient::default())
    }

    const QUICK: Retry = Retry {
        attempts: 3,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(2),
    };

    #[tokio::test]
    async fn it_tries_again_until_it_is_served() {
        let url = server(vec![
            status("503 Busy"),
            status("429 Slow down"),
            status("200 OK"),
        ])
        .await;
        let mut attempts = Vec::new();
        let answer = open()
            .send(QUICK, |attempt| {
                attempts.push(attempt);
                Call::new(Method::GET, url.clone())
            })
            .await
            .unwrap();
        assert_eq!(
            (answer.status.as_u16(), &answer.body[..]),
            (200, &b"ok"[..])
        );
        assert_eq!(attempts, [1, 2, 3]);
    }

    #[tokio::test]
    async fn it_gives_up_after_the_last_attempt_but_passes_on_a_refusal() {
        let url = server(vec![status("500 Oh"); 3]).await;
        let error = open()
            .send(QUICK, |_| Call::new(Method::GET, url.clone()))
            .await
            .unwrap_err();
        assert!(matches!(error, OutboundError::GivenUp(500, 3)), "{error}");
        let url = server(vec![status("403 No")]).await;
        let answer = open()
            .send(QUICK, |_| Call::new(Method::GET, url.clone()))
            .await
            .unwrap();
        assert_eq!(answer.status.as_u16(), 403);
    }

    #[tokio::test]
    async fn private_addresses_are_out_of_reach_by_number_name_and_redirect() {
        let closed = |exceptions: &[&str]| {
            Outbound::new(&HttpClient {
                disallow_private_ip_ranges: true,
                private_ip_exception_urls: exceptions
                    .iter()
                    .map(|text| (*text).to_owned())
                    .collect(),
            })
        };
        let call = |url: &str| Call::new(Method::GET, Url::parse(url).unwrap());
        let url = server(vec![status("200 OK")]).await;
        let port = url.port().unwrap();
        for url in [
            format!("http://127.0.0.1:{port}/"),
            format!("http://localhost:{port}/"),
            format!("http://[::ffff:127.0.0.1]:{port}/"),
        ] {
            let error = closed(&[]).send(QUICK, |_| call(&url)).await.unwrap_err();
            assert!(
                matches!(error, OutboundError::OutOfReach),
                "{url}: {error:?}"
            );
        }
        let moved = "HTTP/1.1 302 Found\r\nlocation: http://0.0.0.1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let from = server(vec![moved.to_owned()]).await;
        let error = open()
            .send(QUICK, |_| call(from.as_str()))
            .await
            .unwrap_err();
        assert!(matches!(error, OutboundError::OutOfReach), "{error:?}");
        let allowed = closed(&["http://127.0.0.1:*/"])
            .send(QUICK, |_| call(url.as_str()))
            .await;
        assert_eq!(allowed.unwrap().status.as_u16(), 200);
    }

    #[tokio::test]
    async fn time_and_size_are_bounded() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let error = open()
            .send(Retry::NEVER, |_| Call {
                timeout: Duration::from_millis(50),
                ..Call::new(Method::GET, silent.clone())
            })
            .await
            .unwrap_err();
        assert!(matches!(error, OutboundError::TimedOut), "{error:?}");
        let url = server(vec![status("200 OK")]).await;
        let error = open()
            .send(Retry::NEVER, |_| Call {
                max_answer_bytes: 1,
                ..Call::new(Method::GET, url.clone())
            })
            .await
            .unwrap_err();
        assert!(matches!(error, OutboundError::TooLarge), "{error:?}");
        let url = server(vec![status("200 OK")]).await;
        let answer = open()
            .send(Retry::NEVER, |_| Call {
                max_answer_bytes: 1,
                cut_answer: true,
                ..Call::new(Method::GET, url.clone())
            })
            .await
            .unwrap();
        assert_eq!(&answer.body[..], b"o");
        let broken = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\nconnection: close\r\n\r\nok";
        let url = server(vec![broken.to_owned(); 2]).await;
        for cut_answer in [true, false] {
            let call = Call {
                cut_answer,
                ..Call::new(Method::GET, url.clone())
            };
            let answer = open().send(Retry::NEVER, |_| call.clone()).await;
            assert_eq!(answer.is_ok(), cut_answer, "{answer:?}");
        }
    }
}
