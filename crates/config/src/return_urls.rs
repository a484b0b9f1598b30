//! Where a browser may be sent after a flow: `return_to` and the list that allows it.

use url::Url;

use crate::{RedirectUrl, origin::is_unsafe_wildcard};

/// Why a `return_to` is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnToError {
    /// It is no URL. Kept is the text as it was given.
    #[error("the return_to address is not a URL")]
    Unparsable(String),
    /// No entry of `selfservice.allowed_return_urls` matches. Kept is the completed address.
    #[error("the return_to address is not in selfservice.allowed_return_urls")]
    Forbidden(String),
}

/// The parsed `selfservice.allowed_return_urls`, and the server's own self-service addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnUrls {
    listed: Vec<Rule>,
    own: Rule,
    /// The built-in pages: a flow may have to come back to one of them.
    pages: Rule,
}

/// Which part of an address keeps it from matching the entry that is nearest to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// No entry has its host.
    Host,
    /// The entries with its host have another port.
    Port,
    /// The entries with its host have another scheme.
    Scheme,
    /// The entries with its host begin with another path.
    Path,
}

/// Scheme, host with port (which may start with `*`), and the start of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    scheme: String,
    host: String,
    path: String,
}

impl Rule {
    fn new(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: host_and_port(url),
            path: path(url).to_owned(),
        }
    }

    fn allows(&self, url: &Url) -> bool {
        self.has_host(&host_and_port(url))
            && url.scheme() == self.scheme
            && path(url).starts_with(&self.path)
    }

    /// Whether a host with its port is the entry's, or one that its wildcard means.
    fn has_host(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(rest) => host.ends_with(rest),
            None => host == self.host,
        }
    }
}

/// In lower case. A port that is the scheme's own is left out.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("").to_lowercase();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

fn path(url: &Url) -> &str {
    if url.path().is_empty() {
        "/"
    } else {
        url.path()
    }
}

/// Why an entry of the list is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusable {
    NotAbsolute,
    Unbounded,
}

impl ReturnUrls {
    /// Reads the entries. The ones that cannot be used are left out and named by index: what is not an absolute
    /// URL, and wildcards that could match other people's hosts unless `legacy` is set. Empty ones are skipped.
    pub(crate) fn new(
        entries: &[String],
        public_base: &Url,
        legacy: bool,
    ) -> (Self, Vec<(usize, Unusable)>) {
        let (mut listed, mut unusable) = (Vec::new(), Vec::new());
        for (index, entry) in entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !entry.is_empty())
        {
            match Url::parse(entry) {
                Ok(url) if is_unsafe_wildcard(&host_and_port(&url)) && !legacy => {
                    unusable.push((index, Unusable::Unbounded))
                }
                Ok(url) if url.has_host() => listed.push(Rule::new(&url)),
                _ => unusable.push((index, Unusable::NotAbsolute)),
            }
        }
        let mut own = Rule::new(public_base);
        let base = own.path.trim_end_matches('/').to_owned();
        own.path = format!("{base}/self-service");
        let pages = Rule {
            path: format!("{base}/ui/"),
            ..own.clone()
        };
        (Self { listed, own, pages }, unusable)
    }

    /// Decides where a browser goes: to `explicit` (the flow's own `return_to`), else to `from_query` (the
    /// `return_to` of the source URL's query), else to `default`. Empty texts count as absent.
    ///
    /// A `return_to` without scheme and host takes them from `default`. It has to match an entry: same scheme,
    /// same host and port (or, after a leading `*`, the same end), and a path that starts with the entry's.
    /// The server's own `/self-service` addresses and its pages below `/ui/` always match.
    ///
    /// # Errors
    /// [`ReturnToError::Unparsable`] and [`ReturnToError::Forbidden`].
    pub fn resolve(
        &self,
        explicit: Option<&str>,
        from_query: Option<&str>,
        default: &RedirectUrl,
    ) -> Result<RedirectUrl, ReturnToError> {
        let given = |text: &&str| !text.is_empty();
        let Some(raw) = explicit.filter(given).or(from_query.filter(given)) else {
            return Ok(default.clone());
        };
        self.decide(raw, default, |url| {
            self.listed
                .iter()
                .chain([&self.own, &self.pages])
                .any(|rule| rule.allows(url))
        })
    }

    /// Why `address`, which is not allowed, is not: what is wrong with it beside the entry that is nearest to it.
    /// `None` when it is no absolute URL, or an entry allows it after all.
    #[must_use]
    pub fn mismatch(&self, address: &str) -> Option<Mismatch> {
        let url = Url::parse(address).ok()?;
        let (host, bare) = (
            host_and_port(&url),
            url.host_str().unwrap_or_default().to_lowercase(),
        );
        let without_port = |rule: &Rule| Rule {
            host: rule.host.split(':').next().unwrap_or_default().to_owned(),
            ..rule.clone()
        };
        let (named, others): (Vec<&Rule>, Vec<&Rule>) =
            self.listed.iter().partition(|rule| rule.has_host(&host));
        if named.is_empty() {
            let port = others
                .into_iter()
                .any(|rule| without_port(rule).has_host(&bare));
            return Some(if port { Mismatch::Port } else { Mismatch::Host });
        }
        if named.iter().any(|rule| rule.allows(&url)) {
            return None;
        }
        let scheme = named.iter().any(|rule| rule.scheme == url.scheme());
        Some(if scheme {
            Mismatch::Path
        } else {
            Mismatch::Scheme
        })
    }

    /// Like [`Self::resolve`], but only the server's own `/self-service` addresses are allowed, and everything
    /// else silently becomes `default`. For people who are logged in already.
    #[must_use]
    pub fn resolve_own(&self, from_query: Option<&str>, default: &RedirectUrl) -> RedirectUrl {
        let raw = from_query.filter(|text| !text.is_empty());
        raw.and_then(|raw| self.decide(raw, default, |url| self.own.allows(url)).ok())
            .unwrap_or_else(|| default.clone())
    }

    fn decide(
        &self,
        raw: &str,
        default: &RedirectUrl,
        allowed: impl Fn(&Url) -> bool,
    ) -> Result<RedirectUrl, ReturnToError> {
        if raw.chars().any(char::is_control) || has_broken_escape(raw) {
            return Err(ReturnToError::Unparsable(raw.to_owned()));
        }
        let url = match Url::parse(raw) {
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => completed(raw, default)?,
            Err(_) => return Err(ReturnToError::Unparsable(raw.to_owned())),
        };
        if allowed(&url) {
            Ok(RedirectUrl::from_url(&url, raw))
        } else {
            Err(ReturnToError::Forbidden(
                RedirectUrl::from_url(&url, raw).as_str().to_owned(),
            ))
        }
    }
}

/// A `return_to` without a scheme, completed by the default address. What is no path from the root on is
/// never allowed, nor is anything when the default has no host to give.
fn completed(raw: &str, default: &RedirectUrl) -> Result<Url, ReturnToError> {
    let forbidden = || ReturnToError::Forbidden(raw.to_owned());
    if !raw.starts_with(['/', '?', '#', '\\']) {
        return Err(forbidden());
    }
    let base = Url::parse(default.as_str()).map_err(|_| forbidden())?;
    let root = base.join("/").map_err(|_| forbidden())?;
    root.join(raw)
        .map_err(|_| ReturnToError::Unparsable(raw.to_owned()))
}

/// A `%` before the query that two hexadecimal digits do not follow.
fn has_broken_escape(raw: &str) -> bool {
    let path = raw.split(['?', '#']).next().unwrap_or(raw).as_bytes();
    let broken = |at: usize| {
        !path
            .get(at + 1..at + 3)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    path.iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'%' && broken(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "https://auth.example.org/kratos/";

    fn rules(entries: &[&str]) -> ReturnUrls {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        ReturnUrls::new(&entries, &Url::parse(PUBLIC).unwrap(), false).0
    }

    fn app() -> RedirectUrl {
        RedirectUrl::parse("https://app.example.org/home").unwrap()
    }

    fn go(rules: &ReturnUrls, return_to: &str) -> Result<String, ReturnToError> {
        rules
            .resolve(None, Some(return_to), &app())
            .map(|url| url.as_str().to_owned())
    }

    #[test]
    fn what_keeps_an_address_from_the_nearest_entry_is_named() {
        let rules = rules(&[
            "https://app.example.org/start",
            "https://*.example.com:8443/",
        ]);
        let why = |address: &str| rules.mismatch(address);
        assert_eq!(why("https://evil.example.net/"), Some(Mismatch::Host));
        assert_eq!(
            why("https://app.example.org:444/start"),
            Some(Mismatch::Port)
        );
        assert_eq!(why("http://app.example.org/start"), Some(Mismatch::Scheme));
        assert_eq!(why("https://app.example.org/other"), Some(Mismatch::Path));
        assert_eq!(why("https://a.example.com/"), Some(Mismatch::Port));
        assert_eq!(why("https://app.example.org/start/here"), None);
        assert_eq!(why("/no/host"), None);
    }

    fn allowed(rules: &ReturnUrls, return_to: &str) {
        assert_eq!(go(rules, return_to).as_deref(), Ok(return_to));
    }

    fn refused(rules: &ReturnUrls, return_to: &str) {
        assert!(
            matches!(go(rules, return_to), Err(ReturnToError::Forbidden(_))),
            "{return_to}"
        );
    }

    #[test]
    fn what_the_reference_was_seen_to_do() {
        let wild = rules(&["https://*.example.com/app"]);
        allowed(&wild, "https://a.example.com/app/x");
        refused(&wild, "https://example.com/app");
        refused(&wild, "https://a.example.com/other");

        let port = rules(&["https://Ex.org:8443/x"]);
        allowed(&port, "https://ex.org:8443/xyz");
        refused(&port, "https://ex.org/x");

        allowed(&rules(&["myapp://cb"]), "myapp://cb/z");

        let list = rules(&["https://app.example.org"]);
        assert_eq!(
            go(&list, "/foo").as_deref(),
            Ok("https://app.example.org/foo")
        );
    }

    #[test]
    fn without_a_return_to_the_default_is_taken() {
        let list = rules(&[]);
        assert_eq!(list.resolve(None, None, &app()), Ok(app()));
        assert_eq!(list.resolve(Some(""), Some(""), &app()), Ok(app()));
    }

    #[test]
    fn the_flow_s_own_return_to_comes_before_the_query() {
        let list = rules(&["https://app.example.org"]);
        let chosen = list.resolve(
            Some("https://app.example.org/a"),
            Some("https://app.example.org/b"),
            &app(),
        );
        assert_eq!(chosen.unwrap().as_str(), "https://app.example.org/a");
    }

    #[test]
    fn the_server_s_own_pages_are_always_allowed() {
        let none = rules(&[]);
        allowed(
            &none,
            "https://auth.example.org/kratos/self-service/settings?flow=1",
        );
        allowed(&none, "https://auth.example.org/kratos/ui/settings?flow=1");
        refused(&none, "https://auth.example.org/kratos/uix");
        refused(&none, "https://auth.example.org/ui/settings");
        refused(&none, "https://auth.example.org/kratos/admin");
        refused(&none, "https://app.example.org/home");
        let own = none.resolve_own(
            Some("https://auth.example.org/kratos/self-service/x"),
            &app(),
        );
        assert_eq!(
            own.as_str(),
            "https://auth.example.org/kratos/self-service/x"
        );
        assert_eq!(
            none.resolve_own(Some("https://evil.example/"), &app()),
            app()
        );
    }

    #[test]
    fn tricks_do_not_lead_elsewhere() {
        let list = rules(&["https://app.example.org/safe", "https://*.wild.example"]);
        for trick in [
            "//evil.example/safe",
            "/\\evil.example/safe",
            "\\\\evil.example/safe",
            "https://app.example.org@evil.example/safe",
            "https://app.example.org.evil.example/safe",
            "https:/evil.example/safe",
            "https://app.example.org/safe/../other",
            "https://app.example.org:444/safe",
            "http://app.example.org/safe",
            "https://evilwild.example/",
            "https://evil.example/?x=.wild.example",
            "javascript:alert(1)",
            "safe",
            "data:text/html,hi",
        ] {
            refused(&list, trick);
        }
        for broken in [
            "https://app.example.org/safe\n",
            "https://app.example.org/%zz",
            "https://[::1/safe",
            "java\tscript:x",
        ] {
            assert!(
                matches!(go(&list, broken), Err(ReturnToError::Unparsable(_))),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn the_spelling_of_the_client_is_kept() {
        let list = rules(&["https://app.example.org"]);
        for text in [
            "https://app.example.org",
            "https://app.example.org?x=1",
            "https://app.example.org/#top",
        ] {
            allowed(&list, text);
        }
    }

    #[test]
    fn entries_that_cannot_be_used_are_left_out_and_named() {
        let entries: Vec<String> = [
            "*",
            "https://*.com",
            "https://*foo.com",
            "https://foo.*.com",
            "/path",
            "",
            "https://ok.example",
        ]
        .map(str::to_owned)
        .into();
        let base = Url::parse(PUBLIC).unwrap();
        let (list, unusable) = ReturnUrls::new(&entries, &base, false);
        let indices: Vec<usize> = unusable.iter().map(|(index, _)| *index).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4]);
        assert_eq!(list.listed.len(), 1);
        assert_eq!(ReturnUrls::new(&entries, &base, true).0.listed.len(), 4);
    }
}
