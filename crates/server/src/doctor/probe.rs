//! What a client sees through the proxy (`--probe URL`), against what the configuration says.

use std::time::Duration;

use bia_config::section::clients::HttpClient;
use bia_outbound::{Answer, Call, Outbound, Retry};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use super::case::is_loopback;
use super::{Case, Diagnosis};

const PATIENCE: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 1 << 20;
const BASE_URL: &str = "serve.public.base_url";

/// Asks for a login flow at `url`, the address that browsers use, and compares.
pub async fn probe(case: &Case, url: &Url) -> Vec<Diagnosis> {
    let path = "/self-service/login/browser";
    let answer = match ask(url, path).await {
        Ok(answer) => answer,
        Err(why) => return vec![unreachable(case, url, &why)],
    };
    let flow: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let action = flow.pointer("/ui/action").and_then(Value::as_str);
    match (
        answer.status,
        action.and_then(|action| action.split("/self-service/").next()),
    ) {
        (StatusCode::OK, Some(base)) => {
            let mut findings: Vec<Diagnosis> = other_base(case, url, base).into_iter().collect();
            findings.extend(cookies(case, url, &answer));
            findings
        }
        (status, _) => vec![not_the_api(case, url, path, status)],
    }
}

async fn ask(url: &Url, path: &str) -> Result<Answer, String> {
    let address = format!("{}{path}", url.as_str().trim_end_matches('/'));
    let address = Url::parse(&address).map_err(|error| error.to_string())?;
    let call = |_| {
        let mut call = Call::new(Method::GET, address.clone());
        call.timeout = PATIENCE;
        call.max_answer_bytes = MAX_ANSWER_BYTES;
        call.headers
            .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        call
    };
    Outbound::new(&HttpClient::default())
        .send(Retry::NEVER, call)
        .await
        .map_err(|error| error.to_string())
}

fn unreachable(case: &Case, url: &Url, why: &str) -> Diagnosis {
    case.found("probe.unreachable", BASE_URL, format!("Nothing answers at {url}: {why}."))
        .why("Browsers meet the same, if this machine sees what they see.")
        .mend("Check name, port, certificate and the proxy's target (the public listener, port 4433 unless configured).", snippet(url))
}

fn not_the_api(case: &Case, url: &Url, path: &str, status: StatusCode) -> Diagnosis {
    let prefix = url.path().trim_end_matches('/');
    let mend = if prefix.is_empty() {
        "Let the proxy pass on all paths of the public API.".to_owned()
    } else {
        format!(
            "Let the proxy take the prefix {prefix} away before it passes a request on; the server itself answers without it."
        )
    };
    case.found("probe.path_prefix", BASE_URL, format!("{url} does not answer as the public API: {path} gave status {}.", status.as_u16()))
        .why("The proxy passes requests to another place, or leaves a path prefix on them that the server does not know.")
        .mend(mend, snippet(url))
}

fn snippet(url: &Url) -> String {
    format!(
        "serve:\n  public:\n    base_url: {}/",
        url.as_str().trim_end_matches('/')
    )
}

/// The forms lead to another address than the one that was asked.
fn other_base(case: &Case, url: &Url, base: &str) -> Option<Diagnosis> {
    let asked = url.as_str().trim_end_matches('/');
    if base.trim_end_matches('/') == asked {
        return None;
    }
    let configured = case.base().as_str().trim_end_matches('/');
    let also = if configured == base.trim_end_matches('/') {
        ""
    } else {
        " (the server that answered has another configuration than this one)"
    };
    let found = case.found(
        "probe.base_url",
        BASE_URL,
        format!("Browsers reach the server at {asked}/, but its forms lead to {base}/{also}."),
    );
    Some(found
        .why("Forms and links leave the proxy; the anti-CSRF cookie stays behind, and submissions end in 403 security_csrf_violation.")
        .mend("Write the address that browsers see.", snippet(url)))
}

/// Cookies that a browser would not take from this address.
fn cookies(case: &Case, url: &Url, answer: &Answer) -> Vec<Diagnosis> {
    let host = url.host_str().unwrap_or_default();
    let set: Vec<String> = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::to_lowercase)
        .collect();
    let mut findings = Vec::new();
    if url.scheme() == "http"
        && !is_loopback(host)
        && set
            .iter()
            .any(|cookie| cookie.split(';').any(|part| part.trim() == "secure"))
    {
        findings.push(
            case.found(
                "probe.secure_cookie",
                "cookies.secure",
                "The address is http, and the server sets cookies that are for https only.",
            )
            .why("Browsers do not keep them: every form ends in 403 security_csrf_violation.")
            .mend(
                "Use https; for a test inside a network, allow cookies over http.",
                "cookies:\n  secure: \"false\"\nsession:\n  cookie:\n    secure: \"false\"",
            ),
        );
    }
    let attribute = |cookie: &String, name: &str| {
        let part = cookie
            .split(';')
            .find_map(|part| part.trim().strip_prefix(name).map(str::to_owned));
        part.filter(|value| !value.is_empty())
    };
    let domain = set.iter().find_map(|cookie| attribute(cookie, "domain="));
    if let Some(domain) = domain
        .map(|domain| domain.trim_start_matches('.').to_owned())
        .filter(|domain| host != domain && !host.ends_with(&format!(".{domain}")))
    {
        findings.push(
            case.found(
                "probe.cookie_domain",
                "cookies.domain",
                format!(
                    "The server sets cookies for {domain:?}, which the host {host:?} is not in."
                ),
            )
            .why("Browsers throw them away.")
            .mend(
                "Write a domain that the host is in, or leave the key out.",
                format!("cookies:\n  domain: {}", bia_config::site(host)),
            ),
        );
    }
    let path = set.iter().find_map(|cookie| attribute(cookie, "path="));
    let prefix = format!("{}/", url.path().trim_end_matches('/'));
    if let Some(path) =
        path.filter(|path| !prefix.starts_with(&format!("{}/", path.trim_end_matches('/'))))
    {
        findings.push(
            case.found(
                "probe.cookie_path",
                "cookies.path",
                format!("The server sets cookies for the path {path}, but is reached at {prefix}."),
            )
            .why("Browsers do not send them.")
            .mend("Write / or the prefix.", "cookies:\n  path: /"),
        );
    }
    findings
}
