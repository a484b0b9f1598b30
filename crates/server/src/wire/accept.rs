//! Which kind of client is asking (`spec/flows.md` §2): three questions over `Accept` and `Content-Type`.
//!
//! The highest `q` wins; on equal `q` the more specific range; on a tie the earlier offer. As in the reference, a
//! range with a parameter other than `q` ends the reading of its header line, and names are compared as they are
//! written.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

const HTML: &str = "text/html";
const JSON: &str = "application/json";

/// The offers of the first two questions; the ranges among them take what a browser accepts by a wildcard.
const CLIENT_OFFERS: [&str; 4] = [HTML, "text/*", "*/*", JSON];

/// The offers of endpoints that redirect browsers.
const REDIRECT_OFFERS: [&str; 2] = [HTML, JSON];

/// How an endpoint that serves both kinds of client answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negotiated {
    /// With a redirect.
    Redirect,
    /// With a JSON body.
    Json,
}

/// Whether this is a JSON client: it prefers JSON, or its `Content-Type` is exactly `application/json`.
pub fn is_json_client(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == JSON.as_bytes());
    content_type || preferred(headers, &CLIENT_OFFERS) == JSON
}

/// Whether this is an HTML client. Can be true together with [`is_json_client`]: `*/*` and a JSON body.
pub fn is_html_client(headers: &HeaderMap) -> bool {
    preferred(headers, &CLIENT_OFFERS) == HTML
}

/// What create endpoints and finished flows answer; the content type of the request plays no part.
pub fn negotiated_redirect(headers: &HeaderMap) -> Negotiated {
    if preferred(headers, &REDIRECT_OFFERS) == JSON {
        Negotiated::Json
    } else {
        Negotiated::Redirect
    }
}

/// One element of an `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range<'a> {
    name: &'a str,
    q: f64,
}

impl Range<'_> {
    /// How closely this range names `offer`, higher is closer; `None` when it does not.
    fn closeness(&self, offer: &str) -> Option<u8> {
        if self.name == "*/*" {
            return Some(0);
        }
        if let Some(kind) = self
            .name
            .strip_suffix('*')
            .filter(|kind| kind.ends_with('/'))
        {
            return offer.starts_with(kind).then_some(1);
        }
        (self.name == offer).then_some(2)
    }
}

/// The best of `offers`; HTML when there is no `Accept` header or nothing matches.
fn preferred<'o>(headers: &HeaderMap, offers: &[&'o str]) -> &'o str {
    let ranges: Vec<Range<'_>> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(read_line)
        .filter(|range| range.q != 0.0)
        .collect();
    let mut best = None;
    for offer in offers {
        for range in &ranges {
            let Some(closeness) = range.closeness(offer) else {
                continue;
            };
            let better =
                best.is_none_or(|(q, close, _)| range.q > q || (range.q == q && closeness > close));
            if better {
                best = Some((range.q, closeness, *offer));
            }
        }
    }
    best.map_or(HTML, |(_, _, offer)| offer)
}

/// The ranges of one header line, up to the first that is not understood.
fn read_line(line: &str) -> Vec<Range<'_>> {
    let mut ranges = Vec::new();
    for element in line.split(',') {
        match read_range(element.trim_matches([' ', '\t'])) {
            Some(range) => ranges.push(range),
            None => break,
        }
    }
    ranges
}

fn read_range(element: &str) -> Option<Range<'_>> {
    let (name, parameters) = match element.split_once(';') {
        Some((name, parameters)) => (name.trim_end_matches([' ', '\t']), Some(parameters)),
        None => (element, None),
    };
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        return None;
    }
    let q = match parameters {
        Some(parameters) => read_q(
            parameters
                .trim_start_matches([' ', '\t'])
                .strip_prefix("q=")?,
        )?,
        None => 1.0,
    };
    Some(Range { name, q })
}

/// `0`, `1`, and either with a fraction; more digits than three are taken too.
fn read_q(text: &str) -> Option<f64> {
    let fraction = text.strip_prefix(['0', '1'])?;
    let well_formed = match fraction.strip_prefix('.') {
        Some(digits) => digits.len() < 32 && digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => fraction.is_empty(),
    };
    if well_formed {
        text.trim_end_matches('.').parse().ok()
    } else {
        None
    }
}

/// A token byte of RFC 9110 §5.6.2, or the slash.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(accept: &str, content_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(ACCEPT, accept), (CONTENT_TYPE, content_type)] {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        headers
    }

    /// Accept, content type → JSON client, HTML client, JSON negotiated.
    const TABLE: [(&str, &str, bool, bool, bool); 22] = [
        ("", "", false, true, false),
        ("*/*", "", false, true, false),
        ("", "application/json", true, true, false),
        ("*/*", "application/json", true, true, false),
        ("", "application/json; charset=utf-8", false, true, false),
        ("application/json", "", true, false, true),
        (
            "application/json",
            "application/x-www-form-urlencoded",
            true,
            false,
            true,
        ),
        ("text/html", "application/json", true, true, false),
        ("text/html,application/json", "", false, true, false),
        ("application/json,text/html", "", false, true, false),
        ("application/json, text/plain, */*", "", true, false, true),
        (
            "application/json;q=0.5, text/html;q=0.4",
            "",
            true,
            false,
            true,
        ),
        (
            "application/json;q=0.5, text/html;q=0.9",
            "",
            false,
            true,
            false,
        ),
        ("application/json;q=0, */*", "", false, true, false),
        ("text/*", "", false, true, false),
        ("application/*", "", true, false, true),
        ("image/png", "", false, true, false),
        // Real browsers.
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "",
            false,
            true,
            false,
        ),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            "",
            false,
            true,
            false,
        ),
        (
            "image/jpeg,application/x-ms-application,image/gif,application/xaml+xml,*/*",
            "",
            false,
            true,
            false,
        ),
        // A parameter other than q ends the line, so this client gets the default.
        ("application/json; charset=utf-8", "", false, true, false),
        (
            "application/json, text/html; charset=utf-8",
            "",
            true,
            false,
            true,
        ),
    ];

    #[test]
    fn every_known_client_is_told_apart() {
        for (accept, content_type, json, html, negotiated) in TABLE {
            let headers = headers(accept, content_type);
            let answer = (
                is_json_client(&headers),
                is_html_client(&headers),
                negotiated_redirect(&headers) == Negotiated::Json,
            );
            assert_eq!(
                answer,
                (json, html, negotiated),
                "Accept: {accept:?}, Content-Type: {content_type:?}"
            );
        }
    }

    #[test]
    fn several_accept_lines_count_together() {
        let mut headers = headers("text/html;q=0.3", "");
        headers.append(ACCEPT, HeaderValue::from_static("application/json;q=0.7"));
        assert!(is_json_client(&headers));
    }

    proptest! {
        #[test]
        fn any_header_is_answered(accept in "[ -~]{0,80}", content_type in "[ -~]{0,40}") {
            let headers = headers(&accept, &content_type);
            let json = is_json_client(&headers);
            // Negotiating JSON implies a JSON client: both ask the same header.
            prop_assert!(json || negotiated_redirect(&headers) == Negotiated::Redirect);
        }

        #[test]
        fn the_higher_quality_wins(json in 1_u16..1000, html in 1_u16..1000) {
            prop_assume!(json != html);
            let accept = format!("text/html;q=0.{html:03}, application/json;q=0.{json:03}");
            let headers = headers(&accept, "");
            prop_assert_eq!(is_json_client(&headers), json > html);
            prop_assert_eq!(is_html_client(&headers), html > json);
        }
    }
}
