//! The URL of a request as the client saw it: `request_url` of flows (`spec/flows.md` §1.1).
//!
//! Host: that of the request line, else `X-Forwarded-Host`, else `Host`. Scheme: `X-Forwarded-Proto`, else that of
//! the request line, else by whether the connection has TLS.

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Version};

/// Marks, as an extension, a request that came over TLS.
#[derive(Debug, Clone, Copy)]
pub struct OverTls;

/// The longest host that is believed, in bytes.
const MAX_HOST_BYTES: usize = 255;

/// The URL of this request: path and query as they came, no fragment.
pub fn of(parts: &Parts) -> String {
    let path_and_query = parts.uri.path_and_query().map_or("/", |text| text.as_str());
    format!("{}://{}{path_and_query}", scheme(parts), host(parts))
}

fn scheme(parts: &Parts) -> &str {
    if let Some(forwarded) =
        first_word(&parts.headers, "x-forwarded-proto").filter(|text| is_scheme(text))
    {
        return forwarded;
    }
    let of_connection = if parts.extensions.get::<OverTls>().is_some() {
        "https"
    } else {
        "http"
    };
    parts.uri.scheme_str().unwrap_or(of_connection)
}

fn host(parts: &Parts) -> &str {
    let in_request = parts.uri.authority().map(|authority| authority.as_str());
    // From HTTP/2 on every request has an authority: it stands for the Host header and not for a proxy request.
    let (in_line, in_header) = if parts.version >= Version::HTTP_2 {
        (None, in_request)
    } else {
        (
            in_request,
            parts
                .headers
                .get(HOST)
                .and_then(|value| value.to_str().ok()),
        )
    };
    let forwarded = first_word(&parts.headers, "x-forwarded-host");
    [in_line, forwarded, in_header]
        .into_iter()
        .flatten()
        .find(|host| is_host(host))
        .unwrap_or_default()
}

/// The first element of a header that several proxies may have added to.
fn first_word<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)?
        .to_str()
        .ok()?
        .split(',')
        .next()
        .map(str::trim)
}

fn is_scheme(text: &str) -> bool {
    matches!(text, "http" | "https")
}

/// A host with an optional port, and nothing that could end the host part of a URL.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !text.is_empty() && text.len() <= MAX_HOST_BYTES && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    fn url(uri: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_first_source_that_is_there_counts() {
        let path =
            "/self-service/login/browser?return_to=https%3A%2F%2Fapp.example.org%2F&refresh=true";
        let host = ("host", "id.example.org:4433");
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[host], "http://id.example.org:4433"),
            (
                &[host, ("x-forwarded-proto", "https")],
                "https://id.example.org:4433",
            ),
            (
                &[host, ("x-forwarded-host", "login.example.org")],
                "http://login.example.org",
            ),
            (
                &[
                    host,
                    ("x-forwarded-proto", "https, http"),
                    ("x-forwarded-host", "a.example.org, b.example.org"),
                ],
                "https://a.example.org",
            ),
            (
                &[host, ("x-forwarded-host", "evil.example.org/?x=")],
                "http://id.example.org:4433",
            ),
            (
                &[host, ("x-forwarded-proto", "javascript")],
                "http://id.example.org:4433",
            ),
        ];
        for (headers, expected) in cases {
            assert_eq!(
                url(path, headers),
                format!("{expected}{path}"),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn an_absolute_request_line_wins_over_headers() {
        let headers = [
            ("host", "b.example.org"),
            ("x-forwarded-host", "c.example.org"),
        ];
        assert_eq!(
            url("https://a.example.org/x", &headers),
            "https://a.example.org/x"
        );
    }

    #[test]
    fn http_2_carries_the_host_in_the_request() {
        let request = Request::builder()
            .uri("https://id.example.org/x?y")
            .version(Version::HTTP_2);
        let request = request
            .header("x-forwarded-host", "login.example.org")
            .body(())
            .unwrap();
        assert_eq!(of(&request.into_parts().0), "https://login.example.org/x?y");
    }

    #[test]
    fn tls_makes_https() {
        let request = Request::builder()
            .uri("/x")
            .header("host", "[::1]:4433")
            .extension(OverTls)
            .body(())
            .unwrap();
        assert_eq!(of(&request.into_parts().0), "https://[::1]:4433/x");
    }

    proptest! {
        #[test]
        fn no_header_can_change_the_path(forwarded in "[ -~]{0,60}", proto in "[ -~]{0,10}") {
            let headers = [("host", "id.example.org"), ("x-forwarded-host", &forwarded), ("x-forwarded-proto", &proto)];
            let url = url("/self-service/login?flow=1", &headers);
            prop_assert!(url.starts_with("http://") || url.starts_with("https://"));
            prop_assert_eq!(url.split('/').skip(3).collect::<Vec<_>>(), vec!["self-service", "login?flow=1"]);
        }
    }
}
