//! `bia.abuse`: bounds for what strangers can make the server do, and for guessing.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::duration;

/// `bia.abuse`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaAbuse {
    /// How many messages one address gets in an hour at most; more are not sent, and nobody is told. Zero: no bound.
    pub messages_per_address: u32,
    /// Whether all of [`Guarded`] are bounded, those that nothing more is said of by their usual limits.
    guessing: bool,
    password: Option<Written>,
    totp: Option<Written>,
    lookup_secret: Option<Written>,
    code: Option<Written>,
    address: Option<Written>,
    network: Option<Written>,
    /// Whose word counts on where a request comes from. `None`: of all that have a private address.
    trusted_proxies: Option<Networks>,
    exempt: Networks,
}

impl Default for BiaAbuse {
    fn default() -> Self {
        Self {
            messages_per_address: 30,
            guessing: false,
            password: None,
            totp: None,
            lookup_secret: None,
            code: None,
            address: None,
            network: None,
            trusted_proxies: None,
            exempt: Networks::default(),
        }
    }
}

impl BiaAbuse {
    /// How often one may be wrong; `None` for as often as one likes.
    #[must_use]
    pub fn limit(&self, guarded: Guarded) -> Option<Limit> {
        let written = match guarded {
            Guarded::Password => &self.password,
            Guarded::Totp => &self.totp,
            Guarded::LookupSecret => &self.lookup_secret,
            Guarded::Code => &self.code,
            Guarded::Address => &self.address,
            Guarded::Network => &self.network,
        };
        let usual = guarded.usual();
        match written {
            Some(written) => written.over(usual),
            // Codes are short everywhere, so that there is a bound wherever there are codes.
            None => (self.guessing || guarded == Guarded::Code).then_some(usual),
        }
    }

    /// Whether requests are counted by where they come from.
    #[must_use]
    pub fn counts_origins(&self) -> bool {
        self.limit(Guarded::Address).is_some() || self.limit(Guarded::Network).is_some()
    }

    /// Whether attempts from here are neither counted nor refused.
    #[must_use]
    pub fn is_exempt(&self, client: IpAddr) -> bool {
        self.exempt.contain(client)
    }

    /// Whether any place is exempt.
    #[must_use]
    pub fn exempts(&self) -> bool {
        !self.exempt.0.is_empty()
    }

    /// Whether a machine is a proxy whose headers say where a request comes from.
    #[must_use]
    pub fn trusts(&self, proxy: IpAddr) -> bool {
        match &self.trusted_proxies {
            Some(networks) => networks.contain(proxy),
            None => PRIVATE.contain(proxy),
        }
    }

    /// The proxies that somebody wrote down; `None` when nobody did.
    #[must_use]
    pub fn written_proxies(&self) -> Option<&[IpNet]> {
        self.trusted_proxies.as_ref().map(|list| list.0.as_slice())
    }
}

/// What a limit is about: a secret of somebody's, whoever guesses at it, or a place, whatever is guessed at from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guarded {
    /// The password of whom an identifier names.
    Password,
    /// Codes of somebody's authenticator app.
    Totp,
    /// Somebody's backup codes.
    LookupSecret,
    /// Codes that are sent, in all flows.
    Code,
    /// An address that requests come from: all of an IPv4 address, the first 64 bits of an IPv6 one.
    Address,
    /// The network around it: 24 bits of an IPv4 address, 48 of an IPv6 one.
    Network,
}

impl Guarded {
    /// Those that are about a secret of somebody's.
    pub const SECRETS: [Guarded; 4] = [
        Guarded::Password,
        Guarded::Totp,
        Guarded::LookupSecret,
        Guarded::Code,
    ];

    /// The name of its key below `bia.abuse`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Guarded::Password => "password",
            Guarded::Totp => "totp",
            Guarded::LookupSecret => "lookup_secret",
            Guarded::Code => "code",
            Guarded::Address => "address",
            Guarded::Network => "network",
        }
    }

    /// The limit that counts where no other is written: more than people need who have forgotten something, and too
    /// little to guess anything.
    fn usual(self) -> Limit {
        let (attempts, delay) = match self {
            Guarded::Password | Guarded::Totp | Guarded::LookupSecret => (10, 30),
            Guarded::Code => (30, 60),
            Guarded::Address => (100, 30),
            Guarded::Network => (1000, 30),
        };
        Limit {
            attempts,
            window: Duration::from_secs(60 * 60),
            delay: Duration::from_secs(delay),
            max_delay: Duration::from_secs(15 * 60),
        }
    }
}

/// How often one may be wrong, and what happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many wrong attempts there may be within the window; the last of them begins the first wait. Never zero.
    pub attempts: u32,
    /// When the first wrong attempt is forgotten, and all after it.
    pub window: Duration,
    /// The first wait. Each wrong attempt after it doubles the next.
    pub delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
}

/// What is written of a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Written {
    attempts: Option<u32>,
    #[serde(deserialize_with = "duration::deserialize_option")]
    window: Option<Duration>,
    #[serde(deserialize_with = "duration::deserialize_option")]
    delay: Option<Duration>,
    #[serde(deserialize_with = "duration::deserialize_option")]
    max_delay: Option<Duration>,
}

impl Written {
    /// The limit, with what is usual where nothing is written; `None` where there is to be none.
    fn over(&self, usual: Limit) -> Option<Limit> {
        let attempts = self.attempts.unwrap_or(usual.attempts);
        let delay = self.delay.unwrap_or(usual.delay);
        // A first wait alone may be longer than what is usually the longest.
        let max_delay = self.max_delay.unwrap_or(usual.max_delay.max(delay));
        (attempts > 0).then(|| Limit {
            attempts,
            window: self.window.unwrap_or(usual.window),
            delay,
            max_delay,
        })
    }
}

/// A list of networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Networks(Vec<IpNet>);

impl Networks {
    fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(input)?;
        let parsed = texts.iter().map(|text| network(text).ok_or(text));
        let parsed: Result<Vec<IpNet>, &String> = parsed.collect();
        parsed
            .map(Networks)
            .map_err(|text| D::Error::custom(format!("{text:?} is no network")))
    }
}

/// A network as `203.0.113.0/24`, or one address.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address)
}

/// Addresses that nobody outside has (RFC 1918, 3927, 4193, 4291, 6598).
static PRIVATE: LazyLock<Networks> = LazyLock::new(|| {
    let texts = [
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    ];
    Networks(texts.into_iter().filter_map(network).collect())
});

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> BiaAbuse {
        serde_json::from_value(value).unwrap()
    }

    fn seconds(limit: Option<Limit>) -> Option<(u32, [u64; 3])> {
        let times = |l: Limit| [l.window, l.delay, l.max_delay].map(|time| time.as_secs());
        limit.map(|l| (l.attempts, times(l)))
    }

    #[test]
    fn only_codes_are_bounded_where_nothing_is_said() {
        let abuse = BiaAbuse::default();
        for guarded in [
            Guarded::Password,
            Guarded::Totp,
            Guarded::LookupSecret,
            Guarded::Address,
            Guarded::Network,
        ] {
            assert_eq!(abuse.limit(guarded), None);
        }
        assert_eq!(
            seconds(abuse.limit(Guarded::Code)),
            Some((30, [3600, 60, 900]))
        );
        assert!(!abuse.counts_origins());
    }

    #[test]
    fn one_word_bounds_all_and_a_section_one_of_them() {
        let all = read(json!({"guessing": true, "totp": {"attempts": 0}, "code": {"attempts": 5}}));
        assert_eq!(
            seconds(all.limit(Guarded::Password)),
            Some((10, [3600, 30, 900]))
        );
        assert_eq!(all.limit(Guarded::Totp), None);
        assert_eq!(
            seconds(all.limit(Guarded::Code)),
            Some((5, [3600, 60, 900]))
        );
        assert!(all.counts_origins());
        let one = read(json!({"password": {"window": "10m", "delay": "1h"}}));
        assert_eq!(
            seconds(one.limit(Guarded::Password)),
            Some((10, [600, 3600, 3600]))
        );
        assert_eq!(one.limit(Guarded::LookupSecret), None);
        assert_eq!(
            read(json!({"code": {"attempts": 0}})).limit(Guarded::Code),
            None
        );
    }

    #[test]
    fn proxies_have_private_addresses_unless_others_are_written() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let usual = BiaAbuse::default();
        for private in ["127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "::1", "fd00::7"] {
            assert!(usual.trusts(address(private)), "{private}");
        }
        assert!(!usual.trusts(address("203.0.113.9")));
        let written =
            read(json!({"trusted_proxies": ["203.0.113.9"], "exempt": ["2001:db8::/32"]}));
        assert!(written.trusts(address("203.0.113.9")) && !written.trusts(address("10.1.2.3")));
        assert!(written.is_exempt(address("2001:db8:7::1")));
        assert!(!written.is_exempt(address("203.0.113.9")));
    }
}
