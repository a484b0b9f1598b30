//! Commands that ask a running server's admin API.

mod bulk;
pub(super) mod explain;
pub(super) mod identities;
mod input;
pub(super) mod locks;
pub(super) mod output;
pub(super) mod remote;
pub(super) mod validate;

use std::time::Duration;

use anyhow::Context as _;
use bia_config::section::clients::HttpClient;
use bia_outbound::{Call, Outbound, Retry};
use clap::Args;
use http::{HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

pub(super) use output::Format;

/// A batch of a thousand identities whose passwords are hashed takes a while.
const PATIENCE: Duration = Duration::from_secs(300);

/// A page of a thousand identities is far below.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// How much is shown of an answer that is not JSON.
const MAX_TEXT_CHARS: usize = 1000;

const RETRY: Retry = Retry {
    attempts: 5,
    first_wait: Duration::from_millis(500),
    longest_wait: Duration::from_secs(10),
};

/// Which server is asked, and how the answer is shown.
#[derive(Args, Clone)]
pub(super) struct Client {
    /// The URL of the admin API, for example http://127.0.0.1:4434.
    #[arg(
        short = 'e',
        long,
        env = "KRATOS_ADMIN_URL",
        value_name = "URL",
        global = true
    )]
    endpoint: Option<String>,

    /// How the answer is shown: table, json, json-pretty, yaml, jsonpath=PATH or jsonpointer=POINTER.
    #[arg(long, default_value = "table", value_parser = Format::parse, global = true)]
    format: Format,

    /// Show ids only, one a line.
    #[arg(short, long, global = true)]
    quiet: bool,
}

/// A server's admin API.
pub(super) struct Admin {
    base: Url,
    outbound: Outbound,
}

/// What a server that refuses says, and with which status.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(super) struct Refused {
    pub(super) status: u16,
    text: String,
}

/// A JSON answer, and the link to the next page where there is one.
pub(super) struct Reply {
    pub(super) body: Value,
    pub(super) next_page_token: Option<String>,
}

impl Client {
    pub(super) fn admin(&self) -> anyhow::Result<Admin> {
        Admin::at(self.endpoint.as_deref())
    }

    fn show(&self, shown: &output::Shown) -> anyhow::Result<()> {
        output::print(shown, &self.format, self.quiet)
    }
}

impl Admin {
    /// The admin API at a URL.
    pub(super) fn at(endpoint: Option<&str>) -> anyhow::Result<Admin> {
        let endpoint = endpoint.filter(|text| !text.is_empty()).context(
            "Say which server to ask: --endpoint http://127.0.0.1:4434, or the environment variable KRATOS_ADMIN_URL.",
        )?;
        let base = Url::parse(endpoint)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .with_context(|| {
                format!(
                    "{endpoint:?} is not the URL of a server. It begins with http:// or https://."
                )
            })?;
        Ok(Admin {
            base,
            outbound: Outbound::new(&HttpClient::default()),
        })
    }

    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Reply> {
        self.ask(Method::GET, path, query, None).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> anyhow::Result<Reply> {
        self.ask(method, path, &[], Some(body)).await
    }

    pub(super) async fn delete(&self, path: &[&str]) -> anyhow::Result<()> {
        self.ask(Method::DELETE, path, &[], None).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Reply> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // What was sent may have been done although no answer came: only questions are asked again.
        let retry = if method == Method::GET {
            RETRY
        } else {
            Retry::NEVER
        };
        let text = body
            .map(serde_json::to_vec)
            .transpose()?
            .unwrap_or_default();
        let answer = self
            .outbound
            .send(retry, |_| {
                let mut call = Call::new(method.clone(), url.clone());
                call.timeout = PATIENCE;
                call.max_answer_bytes = MAX_ANSWER_BYTES;
                call.body = text.clone().into();
                let json = HeaderValue::from_static("application/json");
                call.headers.insert(header::ACCEPT, json.clone());
                if body.is_some() {
                    call.headers.insert(header::CONTENT_TYPE, json);
                }
                call
            })
            .await
            .with_context(|| format!("{} cannot be asked.", self.base))?;
        if !answer.status.is_success() {
            return Err(refused(answer.status.as_u16(), &answer.body).into());
        }
        // Who deletes gets an empty answer.
        let body = match answer.body.trim_ascii() {
            b"" if method == Method::DELETE => Value::Null,
            text => serde_json::from_slice(text).with_context(|| {
                format!("{url} answered, but not with JSON. Is this the address of the admin API?")
            })?,
        };
        let next_page_token = answer.headers.get(header::LINK).and_then(next_page);
        Ok(Reply {
            body,
            next_page_token,
        })
    }
}

/// Message and reason of the error, one a line; else the whole answer.
fn refused(status: u16, body: &[u8]) -> Refused {
    let body: Value = serde_json::from_slice(body).unwrap_or_else(|_| {
        let shown: String = String::from_utf8_lossy(body)
            .chars()
            .take(MAX_TEXT_CHARS)
            .collect();
        Value::from(shown)
    });
    let part = |name: &str| body["error"][name].as_str().map(str::to_owned);
    let parts: Vec<String> = [part("message"), part("reason")]
        .into_iter()
        .flatten()
        .collect();
    let text = if parts.is_empty() {
        format!("The server answered with status {status}, and with this: {body:#}")
    } else {
        parts.join("\n")
    };
    Refused { status, text }
}

/// The token in `<…?page_token=…>; rel="next"`.
fn next_page(link: &HeaderValue) -> Option<String> {
    let link = link.to_str().ok()?;
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    let base = Url::parse("http://server.invalid/").ok()?;
    let url = base.join(url).ok()?;
    let token = url.query_pairs().find(|(name, _)| name == "page_token")?.1;
    (!token.is_empty()).then(|| token.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_token_of_the_next_page_is_in_the_link_header() {
        let link = HeaderValue::from_static(
            "</admin/identities?page_size=2&page_token=>; rel=\"first\",</admin/identities?page_size=2&page_token=eyJ%3D>; rel=\"next\"",
        );
        assert_eq!(next_page(&link).as_deref(), Some("eyJ="));
        let last = HeaderValue::from_static("</admin/identities?page_size=2>; rel=\"first\"");
        assert_eq!(next_page(&last), None);
    }

    #[test]
    fn a_refusal_is_told_in_the_server_s_words() {
        let body = json!({"error": {"message": "No.", "reason": "Because."}}).to_string();
        assert_eq!(refused(400, body.as_bytes()).to_string(), "No.\nBecause.");
        let page = refused(502, b"<h1>Bad Gateway</h1>").to_string();
        assert!(
            page.contains("502") && page.contains("Bad Gateway"),
            "{page}"
        );
    }
}
