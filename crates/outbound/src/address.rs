//! Which addresses may be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// How far a call may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Public addresses, loopback and private networks; other special ranges stay closed (config.md §11).
    Private,
    /// Every address: a URL that the configuration names as an exception.
    Anywhere,
}

/// Whether an address is within reach.
///
/// What is not public follows the IANA registries of special-purpose addresses (RFC 6890), IPv4 addresses in IPv6
/// ones (mapped, 6to4, NAT64) count as what they contain.
#[must_use]
pub fn allows(reach: Reach, address: IpAddr) -> bool {
    match reach {
        Reach::Anywhere => true,
        Reach::Private => is_private(unwrapped(address)) || is_public(unwrapped(address)),
        Reach::Public => is_public(unwrapped(address)),
    }
}

fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    let octets = v6.octets();
    let at = |start: usize| {
        Ipv4Addr::new(
            octets[start],
            octets[start + 1],
            octets[start + 2],
            octets[start + 3],
        )
    };
    match v6.segments() {
        [0x2002, ..] => IpAddr::V4(at(2)),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => IpAddr::V4(at(12)),
        _ => address,
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => PRIVATE_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => PRIVATE_V6.iter().any(|net| net.contains(&v6)),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => {
            GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|net| net.contains(&v6))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

const PRIVATE_V4: [Ipv4Net; 5] = [
    v4(10, 0, 0, 0, 8),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
];

const PRIVATE_V6: [Ipv6Net; 2] = [
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
];

const SPECIAL_V4: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// Global unicast; everything else in IPv6 is special.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const SPECIAL_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, private: bool, public: bool) {
        let parsed = address.parse().unwrap();
        assert_eq!(allows(Reach::Private, parsed), private, "{address} private");
        assert_eq!(allows(Reach::Public, parsed), public, "{address} public");
        assert!(allows(Reach::Anywhere, parsed));
    }

    #[test]
    fn public_private_and_special_addresses_are_told_apart() {
        for address in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111"] {
            check(address, true, true);
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "::1",
            "fd00::1",
        ] {
            check(address, true, false);
        }
        for address in [
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            check(address, false, false);
        }
    }

    #[test]
    fn an_address_within_another_counts_as_itself() {
        check("::ffff:127.0.0.1", true, false);
        check("::ffff:8.8.8.8", true, true);
        check("64:ff9b::a00:1", true, false);
        check("2002:7f00:1::", true, false);
        check("::ffff:0.0.0.0", false, false);
    }
}
