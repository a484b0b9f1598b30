//! Where a request comes from, as far as the client cannot choose it.
//!
//! [`super::client_address`] keeps what a request says of itself, as the reference does. Where something depends on
//! it, a header counts only when a proxy of the operator's own has sent it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use super::client_address::ADDRESS_HEADERS;

const CHAIN: &str = "x-forwarded-for";

/// The address of the client of a request. `None` when it came through a proxy that does not tell; then nobody can be
/// told from anybody. `trusts` says which machines are proxies whose word counts; what comes by a Unix socket was sent
/// by one.
pub fn of(parts: &Parts, trusts: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let socket = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = socket.map(|info| info.0.ip().to_canonical());
    match peer {
        Some(peer) if !trusts(peer) => Some(peer),
        _ => reported(&parts.headers, trusts),
    }
}

/// What a proxy says. Each has added its own client at the end of the chain, so that the last one that is no proxy
/// itself is the client; what stands before it is hearsay. Of proxies alone the farthest is the client.
fn reported(headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    if !headers.contains_key(CHAIN) {
        let mut single = ADDRESS_HEADERS.iter();
        let value = single.find_map(|name| headers.get(*name))?;
        return address(value.to_str().ok()?);
    }
    let lines: Option<Vec<&str>> = headers.get_all(CHAIN).iter().map(text).collect();
    let mut farthest = None;
    for entry in lines?.iter().rev().flat_map(|line| line.rsplit(',')) {
        let client = address(entry)?;
        if !trusts(client) {
            return Some(client);
        }
        farthest = Some(client);
    }
    farthest
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// An address, also with a port, as some proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let found = bare.parse::<IpAddr>().ok().or_else(with_port);
    found.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn trusts(address: IpAddr) -> bool {
        match address {
            IpAddr::V4(ip) => ip.is_private() || ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        }
    }

    fn certain(peer: Option<&str>, headers: &[(&str, &str)]) -> Option<String> {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        if let Some(peer) = peer {
            let peer: SocketAddr = peer.parse().unwrap();
            parts.extensions.insert(ConnectInfo(peer));
        }
        of(&parts, trusts).map(|address| address.to_string())
    }

    #[test]
    fn a_stranger_says_nothing_about_itself() {
        let lies = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-real-ip", "198.51.100.2"),
        ];
        let seen = certain(Some("203.0.113.9:4711"), &lies);
        assert_eq!(seen.as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn of_a_chain_the_last_that_is_no_proxy_counts_whatever_stands_before() {
        for (chain, client) in [
            ("198.51.100.1, 203.0.113.9", Some("203.0.113.9")),
            ("203.0.113.9, 10.0.0.1, 192.168.1.1", Some("203.0.113.9")),
            ("203.0.113.9:5511, 10.0.0.1:80", Some("203.0.113.9")),
            ("[2001:db8::1]:5511", Some("2001:db8::1")),
            ("::ffff:203.0.113.9", Some("203.0.113.9")),
            ("10.0.0.7, 10.0.0.1", Some("10.0.0.7")),
            ("203.0.113.9, unknown", None),
            ("", None),
        ] {
            let headers = [("x-forwarded-for", chain), ("x-real-ip", "198.51.100.2")];
            for peer in [Some("10.0.0.2:4711"), None] {
                assert_eq!(certain(peer, &headers).as_deref(), client, "{chain}");
            }
        }
        let two = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "203.0.113.9"),
        ];
        assert_eq!(certain(None, &two).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn a_proxy_that_tells_in_one_header_is_believed_and_one_that_is_silent_hides_everybody() {
        let proxy = Some("127.0.0.1:4711");
        let told = certain(proxy, &[("x-real-ip", "203.0.113.9")]);
        assert_eq!(told.as_deref(), Some("203.0.113.9"));
        assert_eq!(certain(proxy, &[]), None);
        assert_eq!(certain(proxy, &[("x-real-ip", "nobody")]), None);
    }
}
