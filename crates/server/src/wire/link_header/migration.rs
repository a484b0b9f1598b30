//! Pages with tokens: own sessions, the sessions of an identity, schemas.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::Value;

use super::{Query, first, has, link, page_links, set_link, set_total};

const DEFAULT_SIZE: i64 = 250;
const MAX_SIZE: i64 = 1000;

/// `page_size` and `page_token`, or, when neither is there, `per_page` and `page`. What cannot be read counts as
/// absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    page: i64,
    size: i64,
    query: Vec<(String, String)>,
}

impl Migration {
    /// Reads the parameters. There are no errors.
    pub fn from_query(query: &Query) -> Self {
        let number = |name: &str| first(query, name).and_then(|text| text.parse::<i64>().ok());
        let with_token = has(query, "page_token") || has(query, "page_size");
        let size =
            number(if with_token { "page_size" } else { "per_page" }).unwrap_or(DEFAULT_SIZE);
        let size = size.clamp(1, MAX_SIZE);
        let page = if with_token {
            first(query, "page_token")
                .and_then(offset)
                .unwrap_or_default()
                .max(0)
                / size
        } else {
            number("page").unwrap_or_default().max(0)
        };
        Self {
            page,
            size,
            query: query.to_vec(),
        }
    }

    /// The page, from 0.
    pub fn page(&self) -> i64 {
        self.page
    }

    /// How many items a page has, 1 to 1000.
    pub fn limit(&self) -> i64 {
        self.size
    }

    /// How many items come before the page.
    pub fn offset(&self) -> i64 {
        self.page.saturating_mul(self.size)
    }

    /// How many rows come before the page in the lists of sessions, whose clients know a quirk: pages 0 and 1 are
    /// the same, and each later page comes one later than its number says.
    pub fn sql_offset_of_own_sessions(&self) -> i64 {
        (self.page.max(1) - 1).saturating_mul(self.size)
    }

    /// Sets `X-Total-Count` and `Link` for a list of `total` items under `path`.
    pub fn add_headers(&self, path: &str, total: i64, headers: &mut HeaderMap) {
        set_total(headers, total);
        set_link(headers, &self.links(path, total));
    }

    pub(super) fn links(&self, path: &str, total: i64) -> String {
        page_links(total, self.page, self.size, |rel, size, offset| {
            let (page, size, token) =
                ((offset / size).to_string(), size.to_string(), token(offset));
            let set = [
                ("page_size", &size),
                ("page_token", &token),
                ("per_page", &size),
                ("page", &page),
            ];
            link(
                path,
                &self.query,
                &set.map(|(name, value)| (name, value.as_str())),
                rel,
            )
        })
    }
}

fn token(offset: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"offset":"{offset}","v":2}}"#))
}

fn offset(token: &str) -> Option<i64> {
    let json: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    match json.get("offset")? {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}
