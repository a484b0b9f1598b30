//! Wildcards in hosts and origins, and the list of origins that other sites may call from.

/// Whether a pattern's `*` could match hosts that belong to someone else.
///
/// A wildcard is safe when the part after its label holds a registrable domain: a public suffix and one label
/// more. So `https://*.example.com` is safe; `*`, `*.com`, `*.co.uk`, `*example.com`, `foo.*.com` and
/// `www.example.*` are not. A pattern without `*` is safe. Only the text from the last `*` counts, so a scheme
/// may be there or not; a port is ignored.
#[must_use]
pub fn is_unsafe_wildcard(pattern: &str) -> bool {
    let Some(star) = pattern.rfind('*') else {
        return false;
    };
    let Some((_, base)) = pattern[star..].split_once('.') else {
        return true;
    };
    let host = base
        .split([':', '/'])
        .next()
        .unwrap_or(base)
        .to_ascii_lowercase();
    // The public suffix list (publicsuffix.org) knows where domains can be registered by anyone.
    psl::domain_str(&host).is_none()
}

/// The site of a host: the part that somebody registered, within which browsers send cookies (`app.example.org` →
/// `example.org`). The host itself when nobody can register it, such as an address or a name without a dot.
#[must_use]
pub fn site(host: &str) -> &str {
    let is_address = host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[');
    if is_address {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// The origins that may read responses (`serve.public.cors.allowed_origins`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    exact: Vec<String>,
    wildcards: Vec<(String, String)>,
}

impl Origins {
    /// Takes the configured patterns. An empty list allows every origin. Unsafe wildcards are left out unless
    /// `legacy` (`feature_flags.legacy_allow_insecure_origins`) is set.
    #[must_use]
    pub fn new(patterns: &[String], legacy: bool) -> Self {
        let mut origins = Self {
            any: patterns.is_empty(),
            exact: Vec::new(),
            wildcards: Vec::new(),
        };
        for pattern in patterns {
            let pattern = pattern.to_lowercase();
            match pattern.split_once('*') {
                _ if pattern == "*" => origins.any = true,
                None => origins.exact.push(pattern),
                Some(_) if is_unsafe_wildcard(&pattern) && !legacy => {}
                Some((before, after)) => origins
                    .wildcards
                    .push((before.to_owned(), after.to_owned())),
            }
        }
        origins
    }

    /// Whether every origin is allowed.
    #[must_use]
    pub fn allows_any(&self) -> bool {
        self.any
    }

    /// Whether `origin` may read responses. It is compared as the `Origin` header sends it, so one with
    /// capitals is not allowed (browsers send none).
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        let fits = |(before, after): &(String, String)| {
            origin.len() >= before.len() + after.len()
                && origin.starts_with(before)
                && origin.ends_with(after)
        };
        self.any
            || self.exact.iter().any(|exact| exact == origin)
            || self.wildcards.iter().any(fits)
    }
}

impl Default for Origins {
    /// Every origin.
    fn default() -> Self {
        Self::new(&[], false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(patterns: &[&str]) -> Origins {
        Origins::new(
            &patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>(),
            false,
        )
    }

    #[test]
    fn a_wildcard_is_safe_below_a_registrable_domain_only() {
        for safe in [
            "https://*.example.com",
            "*.example.co.uk",
            "https://*.example.com:8443",
            "exact.com",
            "*.a.wild.example",
        ] {
            assert!(!is_unsafe_wildcard(safe), "{safe}");
        }
        for open in [
            "*",
            "https://*.com",
            "*.co.uk",
            "https://*example.com",
            "foo.*.com",
            "www.example.*",
            "*.vercel.app",
            "*:80",
        ] {
            assert!(is_unsafe_wildcard(open), "{open}");
        }
    }

    #[test]
    fn listed_origins_and_bounded_wildcards_are_allowed() {
        let list = origins(&[
            "https://App.example.org",
            "https://*.wild.example.org",
            "https://*.com",
        ]);
        for origin in [
            "https://app.example.org",
            "https://a.wild.example.org",
            "https://a.b.wild.example.org",
        ] {
            assert!(list.allows(origin), "{origin}");
        }
        for origin in [
            "https://App.example.org",
            "http://app.example.org",
            "https://app.example.org:8443",
            "https://app.example.org.evil.com",
            "https://wild.example.org",
            "null",
            "",
        ] {
            assert!(!list.allows(origin), "{origin}");
        }
    }

    #[test]
    fn an_empty_list_and_a_star_allow_everyone() {
        assert!(origins(&[]).allows("https://anyone.example.com"));
        assert!(origins(&["https://a.example.org", "*"]).allows("null"));
        assert!(Origins::new(&["https://*.com".to_owned()], true).allows("https://evil.com"));
    }
}
