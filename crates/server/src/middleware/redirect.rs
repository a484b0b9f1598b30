//! The page that a redirect shows to whoever does not follow it.

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::{HeaderValue, Method, header};

/// Gives a redirect in answer to a GET a page with a link, as the reference does. One that has a body keeps it.
pub(super) fn explain(method: &Method, response: &mut Response) {
    let by_get = method == Method::GET || method == Method::HEAD;
    if !response.status().is_redirection()
        || !by_get
        || response.body().size_hint().exact() != Some(0)
    {
        return;
    }
    let status = response.status().canonical_reason().unwrap_or_default();
    let Some(page) = response
        .headers()
        .get(header::LOCATION)
        .and_then(|l| l.to_str().ok())
    else {
        return;
    };
    let page = format!("<a href=\"{}\">{status}</a>.\n\n", escaped(page));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    *response.body_mut() = Body::from(page);
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    async fn page(method: Method, location: &'static str) -> (Option<String>, String) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response
            .headers_mut()
            .insert(header::LOCATION, HeaderValue::from_static(location));
        explain(&method, &mut response);
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .map(|k| k.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        (kind, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_redirect_of_a_get_shows_a_link_that_is_no_html() {
        let (kind, body) = page(Method::GET, "http://app.local/?a=1&b=\"<x>").await;
        assert_eq!(kind.as_deref(), Some("text/html; charset=utf-8"));
        assert_eq!(
            body,
            "<a href=\"http://app.local/?a=1&amp;b=&#34;&lt;x&gt;\">See Other</a>.\n\n"
        );
    }

    #[tokio::test]
    async fn a_redirect_of_a_post_has_no_body() {
        assert_eq!(
            page(Method::POST, "http://app.local/").await,
            (None, String::new())
        );
    }
}
