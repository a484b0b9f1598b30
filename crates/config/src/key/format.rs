//! Forms that a string can be required to have.

use url::Url;

use crate::{duration, redirect::RedirectUrl, section, size};

/// A form of strings. Each knows how to check a text and how to say what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Duration,
    Size,
    Uri,
    UriReference,
    Redirect,
    BaseUrl,
    ContentUrl,
    HttpUrl,
    SmtpUrl,
    Origin,
    HostPort,
    Email,
    Hostname,
    Uuid,
    Version,
    Network,
}

impl Format {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "duration" => Self::Duration,
            "size" => Self::Size,
            "uri" => Self::Uri,
            "uri-reference" => Self::UriReference,
            "redirect" => Self::Redirect,
            "base-url" => Self::BaseUrl,
            "content-url" => Self::ContentUrl,
            "http-url" => Self::HttpUrl,
            "smtp-url" => Self::SmtpUrl,
            "origin" => Self::Origin,
            "host-port" => Self::HostPort,
            "email" => Self::Email,
            "hostname" => Self::Hostname,
            "uuid" => Self::Uuid,
            "version" => Self::Version,
            "network" => Self::Network,
            _ => return None,
        })
    }

    /// Whether `text` has this form.
    pub(crate) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Duration => is_duration(text),
            Self::Size => size::parse(text).is_some(),
            Self::Uri => is_uri(text),
            Self::UriReference => !has_blank(text),
            Self::Redirect => text.is_empty() || RedirectUrl::parse(text).is_some(),
            Self::BaseUrl => Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()),
            Self::ContentUrl => {
                starts_with_scheme(text, &["http", "https", "file", "base64"]) && is_uri(text)
            }
            Self::HttpUrl => starts_with_scheme(text, &["http", "https"]),
            Self::SmtpUrl => starts_with_scheme(text, &["smtp", "smtps"]),
            Self::Origin => text == "*" || (is_uri(text) && text.matches('*').count() < 2),
            Self::HostPort => is_host_port(text),
            Self::Email => is_email(text),
            Self::Hostname => is_hostname(text),
            Self::Uuid => uuid::Uuid::parse_str(text).is_ok(),
            Self::Version => text.is_empty() || text.strip_prefix('v').is_some_and(is_semver),
            Self::Network => section::abuse::network(text).is_some(),
        }
    }

    /// What the form is, to follow "is not", with an example.
    pub(crate) fn description(self) -> (&'static str, &'static str) {
        match self {
            Self::Duration => (
                "a duration",
                "Write numbers with a unit each, such as \"1h30m\" or \"500ms\".",
            ),
            Self::Size => (
                "a size",
                "Write a whole number with B, KB, MB, GB, TB, PB or EB, such as \"128MB\".",
            ),
            Self::Uri => (
                "an absolute URL",
                "Write it with its scheme, such as \"https://example.org/path\".",
            ),
            Self::UriReference => ("a URL", "Leave out blanks and control characters."),
            Self::Redirect => (
                "an address that a browser can be sent to",
                "Write an absolute URL, or a path that starts with a slash.",
            ),
            Self::BaseUrl => (
                "the address of this server",
                "Write an absolute URL as browsers see it, such as \"https://auth.example.org/\".",
            ),
            Self::ContentUrl => (
                "the address of a content",
                "Start it with file://, base64://, http:// or https://.",
            ),
            Self::HttpUrl => ("an http(s) URL", "Start it with http:// or https://."),
            Self::SmtpUrl => (
                "the address of a mail server",
                "Start it with smtp:// or smtps://.",
            ),
            Self::Origin => (
                "an origin",
                "Write scheme, host and port, such as \"https://app.example.org\", with at most one *, or only \"*\".",
            ),
            Self::HostPort => (
                "a host with a port",
                "Write it without a scheme, such as \"collector:4318\".",
            ),
            Self::Email => (
                "an e-mail address",
                "Write it without a name, such as \"no-reply@example.org\".",
            ),
            Self::Hostname => (
                "a host name",
                "Write it without scheme and path, such as \"example.org\".",
            ),
            Self::Uuid => ("a UUID", "Write it as 8-4-4-4-12 hexadecimal digits."),
            Self::Version => (
                "a version",
                "Write it with a leading v, such as \"v1.3.0\".",
            ),
            Self::Network => (
                "a network",
                "Write an address with the number of its first bits, such as \"203.0.113.0/24\", or one address.",
            ),
        }
    }

    /// Whether a wrong text can be shown: never where people may have put credentials.
    pub(crate) fn can_be_shown(self) -> bool {
        matches!(
            self,
            Self::Duration
                | Self::Size
                | Self::HostPort
                | Self::Hostname
                | Self::Uuid
                | Self::Version
                | Self::Network
        )
    }
}

/// The settings take whole numbers with units; signs, fractions and a bare 0 are for programs.
fn is_duration(text: &str) -> bool {
    !text.contains(['+', '-', '.']) && text != "0" && duration::parse(text).is_ok()
}

fn has_blank(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || c == ' ')
}

/// RFC 3986 scheme, then anything without blanks: lenient like the reference, which takes `base64://` texts
/// and relative `file://` paths here. Addresses on the web have to be right.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !rest.is_empty()
        && !has_blank(rest)
        && (!matches!(scheme, "http" | "https") || Url::parse(text).is_ok())
}

fn starts_with_scheme(text: &str, schemes: &[&str]) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| schemes.contains(&scheme))
}

fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let host = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(host);
    !host.is_empty() && !has_blank(host) && !host.contains('/') && port.parse::<u16>().is_ok()
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    !local.is_empty() && !domain.is_empty() && !has_blank(text) && !text.contains(['<', '>'])
}

fn is_hostname(text: &str) -> bool {
    text.len() <= 253
        && text.trim_end_matches('.').split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// `1.2.3`, optionally with `-pre.release` and `+build` (semver.org 2.0.0).
fn is_semver(text: &str) -> bool {
    let text = text.split_once('+').map_or(text, |(before, _)| before);
    let core = text.split_once('-').map_or(text, |(before, _)| before);
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers
            .iter()
            .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}
