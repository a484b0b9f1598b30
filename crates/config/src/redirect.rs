//! Addresses that browsers are sent to.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

/// Where a browser is sent: an absolute URL, or a path on whatever host the browser is at (`/login`).
///
/// It keeps the spelling of the configuration (`http://app.local` stays without a slash), because clients
/// compare addresses as texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedirectUrl(String);

impl RedirectUrl {
    /// Takes an absolute URL or a path that starts with `/`; a query and a fragment may follow. `None` for
    /// anything else and for texts with control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) {
            return None;
        }
        let fits = text.starts_with('/') || Url::parse(text).is_ok();
        fits.then(|| Self(text.to_owned()))
    }

    /// Takes a URL, in the spelling that `raw` had: without the slash that parsing adds to a bare host.
    pub(crate) fn from_url(url: &Url, raw: &str) -> Self {
        let bare = url.path() == "/" && !after_authority(raw).starts_with('/');
        let text = url.as_str();
        match text
            .find("://")
            .and_then(|at| text[at + 3..].find('/').map(|slash| at + 3 + slash))
        {
            Some(slash) if bare => Self(format!("{}{}", &text[..slash], &text[slash + 1..])),
            _ => Self(text.to_owned()),
        }
    }

    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no host of its own.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        self.0.starts_with('/')
    }

    /// As a URL, with `base` for what a path leaves open. `None` only for a path that no URL can have.
    #[must_use]
    pub fn to_url(&self, base: &Url) -> Option<Url> {
        if self.is_relative() {
            base.join(&self.0).ok()
        } else {
            Url::parse(&self.0).ok()
        }
    }

    /// The same address with query parameters set: a parameter that is there already is replaced, the others
    /// stay. All parameters are sorted by name, as the reference does when it changes a query; a fragment stays.
    #[must_use]
    pub fn with_query(&self, set: &[(&str, &str)]) -> String {
        let (rest, fragment) = match self.0.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (self.0.as_str(), None),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .filter(|(name, _)| set.iter().all(|(replaced, _)| replaced != name))
            .collect();
        pairs.extend(
            set.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        match fragment {
            Some(fragment) => format!("{path}?{query}#{fragment}"),
            None => format!("{path}?{query}"),
        }
    }
}

/// What follows scheme and host in an absolute URL.
fn after_authority(raw: &str) -> &str {
    let rest = raw.split_once("://").map_or(raw, |(_, rest)| rest);
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

impl fmt::Display for RedirectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RedirectUrl {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom("neither an absolute URL nor a path with a leading slash")
        })
    }
}

/// For `#[serde(deserialize_with)]` on an `Option<RedirectUrl>`: an empty text counts as not set.
pub(crate) fn deserialize_option<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<RedirectUrl>, D::Error> {
    match Option::<String>::deserialize(input)? {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => RedirectUrl::parse(&text)
            .map(Some)
            .ok_or_else(|| D::Error::custom("not an address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(text: &str) -> RedirectUrl {
        RedirectUrl::parse(text).unwrap()
    }

    #[test]
    fn absolute_urls_and_paths_are_addresses() {
        for text in [
            "http://app.local",
            "https://app.local/a?b=c#d",
            "/login",
            "myapp://cb",
        ] {
            assert_eq!(redirect(text).as_str(), text);
        }
        for text in ["login", "", "http://", "http://app.local/\n", "?x=y"] {
            assert_eq!(RedirectUrl::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_query_is_set_sorted_and_the_fragment_stays() {
        assert_eq!(
            redirect("/login").with_query(&[("flow", "1")]),
            "/login?flow=1"
        );
        assert_eq!(
            redirect("http://a.local").with_query(&[("flow", "1")]),
            "http://a.local?flow=1"
        );
        assert_eq!(
            redirect("http://a.local/x?z=1&flow=0&b=%20#top")
                .with_query(&[("flow", "1"), ("a", "é")]),
            "http://a.local/x?a=%C3%A9&b=+&flow=1&z=1#top"
        );
    }

    #[test]
    fn paths_are_completed_by_a_base() {
        let base = Url::parse("https://auth.example.org/kratos/").unwrap();
        assert_eq!(
            redirect("/login").to_url(&base).unwrap().as_str(),
            "https://auth.example.org/login"
        );
        assert_eq!(
            redirect("http://app.local").to_url(&base).unwrap().as_str(),
            "http://app.local/"
        );
    }
}
