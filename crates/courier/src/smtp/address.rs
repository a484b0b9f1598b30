//! Which addresses of a mail server may be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{DIAL_TIMEOUT, FAILED};
use crate::error::DeliveryError;
use crate::settings::SmtpUri;

/// The addresses of a server, in the resolver's order. What is checked here is what is dialled, so a
/// name that changes its mind in between gains nothing.
pub(super) async fn resolve(
    server: &SmtpUri,
    refuse_private: bool,
) -> Result<Vec<SocketAddr>, DeliveryError> {
    let lookup = tokio::net::lookup_host((server.host.as_str(), server.port));
    let found: Vec<SocketAddr> = match tokio::time::timeout(DIAL_TIMEOUT, lookup).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => {
            return Err(DeliveryError::temporary(
                FAILED,
                format!("the mail server's name cannot be resolved: {error}"),
            ));
        }
        Err(_) => {
            return Err(DeliveryError::temporary(
                FAILED,
                "the mail server's name was not resolved within 10 seconds",
            ));
        }
    };
    let allowed: Vec<SocketAddr> = found
        .into_iter()
        .filter(|a| !refuse_private || is_public(a.ip()))
        .collect();
    if allowed.is_empty() {
        return Err(DeliveryError::permanent(
            FAILED,
            "the mail server is in a private network, which clients.smtp.disallow_private_ip_ranges forbids",
        ));
    }
    Ok(allowed)
}

/// Whether an address is reachable from anywhere: none of the special-purpose ranges (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || (a == 100 && (64..128).contains(&b)) // shared by carriers (RFC 6598)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)) // benchmarks (RFC 2544)
        || a >= 240;
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [first, second, ..] = ip.segments();
    // Global unicast is 2000::/3; the rest is loopback, local, multicast or reserved.
    let global = (first & 0xe000) == 0x2000;
    let special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8, // protocols such as Teredo; documentation
        0x2002 => true,                                // 6to4, which may hide any IPv4 address
        0x3fff => second < 0x1000,                     // documentation
        _ => false,
    };
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_special_addresses_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
