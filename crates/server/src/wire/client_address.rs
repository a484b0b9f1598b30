//! Where a session comes from, as its device list shows it (`spec/sessions.md` §1).
//!
//! The headers are believed: the server is meant to stand behind a proxy that sets or removes them.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;

/// The longest address that is kept, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 50;

/// The longest user agent or location that is kept, in bytes.
pub const MAX_TEXT_BYTES: usize = 512;

/// The headers that name the client, in the order in which they are asked.
pub(super) const ADDRESS_HEADERS: [&str; 3] = ["true-client-ip", "cf-connecting-ip", "x-real-ip"];

/// The client of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientAddress {
    /// The address that a proxy reported; else that of the socket, with the port.
    pub ip_address: String,
    /// `None` when the client names none.
    pub user_agent: Option<String>,
    /// City and country as Cloudflare reports them, or empty.
    pub location: String,
}

/// The client of this request.
pub fn of(parts: &Parts) -> ClientAddress {
    let socket = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0);
    read(&parts.headers, socket)
}

fn read(headers: &HeaderMap, socket: Option<SocketAddr>) -> ClientAddress {
    ClientAddress {
        ip_address: cut(ip_address(headers, socket), MAX_ADDRESS_BYTES),
        user_agent: user_agent(headers).map(|agent| cut(agent, MAX_TEXT_BYTES)),
        location: cut(location(headers), MAX_TEXT_BYTES),
    }
}

fn ip_address(headers: &HeaderMap, socket: Option<SocketAddr>) -> String {
    if let Some(address) = ADDRESS_HEADERS
        .iter()
        .find_map(|name| first_line(headers, name))
    {
        return address;
    }
    if let Some(chain) = first_line(headers, "x-forwarded-for") {
        // The proxy nearest to us comes last; private addresses are proxies of our own.
        let client = chain
            .rsplit(',')
            .map(str::trim)
            .find(|address| !is_private(address));
        return client.unwrap_or_default().to_owned();
    }
    socket
        .map(|address| address.to_string())
        .unwrap_or_default()
}

/// Whether this is an address of RFC 1918 or RFC 4193.
fn is_private(address: &str) -> bool {
    match address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_unique_local(),
        Err(_) => false,
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<String> = headers
        .get_all(USER_AGENT)
        .iter()
        .map(|line| lossy(line.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn location(headers: &HeaderMap) -> String {
    let parts: Vec<String> = ["cf-ipcity", "cf-ipcountry"]
        .iter()
        .filter_map(|name| first_line(headers, name))
        .collect();
    parts.join(", ")
}

/// The first line of a header, unless it is empty.
fn first_line(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|line| lossy(line.as_bytes()))
        .filter(|text| !text.is_empty())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Cuts at the last whole character within `max_bytes`.
fn cut(mut text: String, max_bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(max_bytes));
    text
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn client(headers: &[(&'static str, &str)]) -> ClientAddress {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        read(&map, Some("192.0.2.7:4711".parse().unwrap()))
    }

    #[test]
    fn headers_are_asked_in_their_order_and_the_socket_last() {
        let mut headers = vec![
            ("true-client-ip", "203.0.113.1"),
            ("cf-connecting-ip", "203.0.113.2"),
            ("x-real-ip", "203.0.113.3"),
            ("x-forwarded-for", "203.0.113.4"),
        ];
        for expected in [
            "203.0.113.1",
            "203.0.113.2",
            "203.0.113.3",
            "203.0.113.4",
            "192.0.2.7:4711",
        ] {
            assert_eq!(client(&headers).ip_address, expected);
            if !headers.is_empty() {
                headers.remove(0);
            }
        }
    }

    #[test]
    fn of_a_chain_the_last_address_that_is_not_ours_counts() {
        let cases = [
            (
                "198.51.100.1, 203.0.113.9, 10.0.0.1, 192.168.1.1",
                "203.0.113.9",
            ),
            ("198.51.100.1,172.16.0.9", "198.51.100.1"),
            ("2001:db8::1, fd00::1", "2001:db8::1"),
            ("198.51.100.1, ::ffff:10.0.0.1", "198.51.100.1"),
            ("127.0.0.1", "127.0.0.1"),
            ("unknown", "unknown"),
            ("10.0.0.1", ""),
        ];
        for (chain, expected) in cases {
            assert_eq!(
                client(&[("x-forwarded-for", chain)]).ip_address,
                expected,
                "{chain}"
            );
        }
    }

    #[test]
    fn texts_are_cut_at_whole_characters() {
        let agent = format!("{}ü", "x".repeat(511));
        let long = client(&[
            ("user-agent", &agent),
            ("x-real-ip", &"9".repeat(60)),
            ("cf-ipcity", &"ü".repeat(300)),
        ]);
        assert_eq!(long.user_agent, Some("x".repeat(511)));
        assert_eq!(long.ip_address.len(), 50);
        assert_eq!(long.location, "ü".repeat(256));
    }

    #[test]
    fn agent_and_location_are_as_the_headers_say() {
        assert_eq!(client(&[]).user_agent, None);
        assert_eq!(
            client(&[("user-agent", "")]).user_agent.as_deref(),
            Some("")
        );
        assert_eq!(
            client(&[("user-agent", "a"), ("user-agent", "b")])
                .user_agent
                .as_deref(),
            Some("a b")
        );
        assert_eq!(client(&[]).location, "");
        assert_eq!(client(&[("cf-ipcountry", "DE")]).location, "DE");
        assert_eq!(
            client(&[("cf-ipcountry", "DE"), ("cf-ipcity", "Köln")]).location,
            "Köln, DE"
        );
    }
}
