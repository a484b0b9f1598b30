//! Paging: the parameters of lists, and the `Link` headers that lead on (`spec/admin.md` §3, `spec/sessions.md` §10).
//!
//! There are five flavours, and each list has its own: [`IdentityPaging`] (keyset, or pages for old clients),
//! [`SessionPaging`] (keyset over time and id), [`Migration`] (pages with tokens), and with
//! sealed tokens [`CourierPaging`] and [`SearchPaging`]. Links are relative, keep all other parameters, and have their query sorted by name.

mod courier;
mod identities;
mod keys;
mod migration;
mod search;
mod sessions;

use http::header::LINK;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub use courier::{CourierPaging, PagePosition};
pub use identities::{IdentityPaging, Page};
pub use keys::PageKeys;
pub use migration::Migration;
pub use search::SearchPaging;
pub use sessions::{SessionPaging, SessionPosition};

/// The number of all items of a list.
pub const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// A decoded query: names and values in the order of the URL.
type Query = [(String, String)];

/// What is wrong with the paging parameters of a request; each is a 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PagingError {
    /// `page_size` is no number.
    #[error("The page_size has to be a whole number.")]
    Size,
    /// `page_token` is none of this list's tokens.
    #[error("The page_token is not valid. Take it from the Link header of the page before.")]
    Token,
    /// `page_token` was valid, but is too old.
    #[error("The page_token has expired. Start again from the first page.")]
    ExpiredToken,
    /// Pages are counted too far; keyset paging has no such limit.
    #[error(
        "Paging with page and per_page ends at 1000 items. Use page_size and page_token instead."
    )]
    TooFar,
    /// Pages are counted where only tokens lead on.
    #[error(
        "What was found is not paged by page and per_page. Use page_size and page_token instead."
    )]
    Counted,
}

/// How many items a keyset page has.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    default: u32,
    max: u32,
}

impl Sizes {
    /// The size that the parameters ask for: absent, zero and negative mean the default.
    fn choose(self, query: &Query) -> Result<u32, PagingError> {
        let Some(text) = first_non_empty(query, "page_size") else {
            return Ok(self.default);
        };
        let asked: i64 = text.parse().map_err(|_| PagingError::Size)?;
        if asked <= 0 {
            return Ok(self.default);
        }
        Ok(u32::try_from(asked).map_or(self.max, |asked| asked.min(self.max)))
    }
}

/// The `page_token`, unescaped once more than the query itself; `None` for the first page.
fn token(query: &Query) -> Result<Option<String>, PagingError> {
    let Some(raw) = first_non_empty(query, "page_token") else {
        return Ok(None);
    };
    let bytes: Vec<u8> = percent_decode_str(&raw.replace('+', " ")).collect();
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| PagingError::Token)
}

/// The links of a keyset list: always `first`, and `next` unless this is the last page.
fn keyset_links(path: &str, query: &Query, size: u32, first: &str, next: Option<&str>) -> String {
    let size = size.to_string();
    let page = |rel, token: &str| {
        link(
            path,
            query,
            &[("page_token", token), ("page_size", &size)],
            rel,
        )
    };
    let mut links = vec![page("first", first)];
    links.extend(next.map(|token| page("next", token)));
    links.join(",")
}

/// The links of a list with pages; `page` is called with the page size and the offset that a link shows.
fn page_links(total: i64, page: i64, size: i64, link: impl Fn(&str, i64, i64) -> String) -> String {
    let size = size.max(1);
    let current = page.saturating_mul(size);
    let last = if total % size == 0 {
        total - size
    } else {
        total / size * size
    };
    let first = link("first", size, 0);
    let next = || link("next", size, current.saturating_add(size));
    let previous = || link("prev", size, current - size);
    if current >= last {
        return match total {
            0 => [first, next(), previous()].join(","),
            _ if total <= size => link("first", total, 0),
            _ => [first, link("prev", size, last - size)].join(","),
        };
    }
    if current < size {
        return [next(), link("last", size, last)].join(",");
    }
    [first, next(), previous(), link("last", size, last)].join(",")
}

/// One link: the query with `set` in place of what it had under these names.
fn link(path: &str, query: &Query, set: &[(&str, &str)], rel: &str) -> String {
    let kept = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut pairs: Vec<(&str, &str)> = kept
        .filter(|(name, _)| !set.iter().any(|(replaced, _)| replaced == name))
        .collect();
    pairs.extend(set);
    pairs.sort_by_key(|(name, _)| *name);
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    format!("<{path}?{}>; rel=\"{rel}\"", pairs.join("&"))
}

/// Everything but letters, digits and these four is escaped, a space becomes a plus.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b' ');

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED)
        .to_string()
        .replace(' ', "+")
}

fn set_link(headers: &mut HeaderMap, links: &str) {
    // Paths and escaped queries are visible ASCII; should a caller's path not be, the list goes out without links.
    if let Ok(value) = HeaderValue::from_str(links) {
        headers.insert(LINK, value);
    }
}

fn set_total(headers: &mut HeaderMap, total: i64) {
    headers.insert(TOTAL_COUNT, HeaderValue::from(total));
}

fn has(query: &Query, name: &str) -> bool {
    query.iter().any(|(key, _)| key == name)
}

fn first<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    query
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn first_non_empty<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    query
        .iter()
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests;
