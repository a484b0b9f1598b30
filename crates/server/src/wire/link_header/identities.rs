//! The list of identities: keyset by id, or pages for clients that still count them.

use http::HeaderMap;
use uuid::Uuid;

use super::{
    PagingError, Query, Sizes, first, has, keyset_links, link, page_links, set_link, set_total,
    token,
};

pub(super) const SIZES: Sizes = Sizes {
    default: 250,
    max: 500,
};

/// Pages times size may not go beyond this.
const MAX_COUNTED: i64 = 1000;

/// The part of the list of identities that a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPaging {
    page: Page,
    query: Vec<(String, String)>,
}

/// How the place in the list is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The `limit` identities whose ids come after `after`.
    Keyset {
        /// The last id of the page before; the nil UUID for the first page.
        after: Uuid,
        /// 1 to 500.
        limit: u32,
    },
    /// The `limit` identities after the first `offset`.
    Counted {
        /// How many come before.
        offset: i64,
        /// 1 to 500.
        limit: u32,
    },
}

impl IdentityPaging {
    /// Reads `page_size` and `page_token`; `page` and `per_page` when neither is there; `per_page` alone means
    /// `page_size`.
    ///
    /// # Errors
    /// [`PagingError::Size`], [`PagingError::Token`], [`PagingError::TooFar`].
    pub fn from_query(query: &Query) -> Result<Self, PagingError> {
        let with_token = has(query, "page_token") || has(query, "page_size");
        if !with_token && has(query, "page") {
            return Ok(Self {
                page: counted(query)?,
                query: query.to_vec(),
            });
        }
        let query = if with_token {
            query.to_vec()
        } else {
            with_page_size(query)
        };
        let after = match token(&query)? {
            None => Uuid::nil(),
            Some(token) => token.parse().map_err(|_| PagingError::Token)?,
        };
        Ok(Self {
            page: Page::Keyset {
                after,
                limit: SIZES.choose(&query)?,
            },
            query,
        })
    }

    /// Where in the list, and how many.
    pub fn page(&self) -> Page {
        self.page
    }

    /// Sets `Link` for a list under `path`, and `X-Total-Count` where clients know it.
    ///
    /// `last` is the id of the last item when more items follow. `total` is asked only for counted pages.
    pub fn add_headers(
        &self,
        path: &str,
        last: Option<Uuid>,
        total: impl FnOnce() -> i64,
        headers: &mut HeaderMap,
    ) {
        match self.page {
            Page::Keyset { limit, .. } => {
                let next = last.map(|id| id.to_string());
                let first = Uuid::nil().to_string();
                set_link(
                    headers,
                    &keyset_links(path, &self.query, limit, &first, next.as_deref()),
                );
            }
            Page::Counted { offset, limit } => {
                let total = total();
                set_total(headers, total);
                set_link(
                    headers,
                    &self.counted_links(path, total, offset, limit.into()),
                );
            }
        }
    }

    fn counted_links(&self, path: &str, total: i64, offset: i64, limit: i64) -> String {
        page_links(total, offset / limit, limit, |rel, size, offset| {
            let (page, size) = ((offset / size).to_string(), size.to_string());
            link(
                path,
                &self.query,
                &[("page", &page), ("per_page", &size)],
                rel,
            )
        })
    }
}

fn counted(query: &Query) -> Result<Page, PagingError> {
    let number = |name: &str| first(query, name).and_then(|text| text.parse::<i64>().ok());
    let page = number("page").unwrap_or_default().max(0);
    let size = number("per_page")
        .unwrap_or(SIZES.default.into())
        .clamp(1, SIZES.max.into());
    let offset = page.saturating_mul(size);
    if offset > MAX_COUNTED {
        return Err(PagingError::TooFar);
    }
    Ok(Page::Counted {
        offset,
        limit: u32::try_from(size).unwrap_or(SIZES.max),
    })
}

/// `per_page` as `page_size`, in the links too.
fn with_page_size(query: &Query) -> Vec<(String, String)> {
    let Some(size) = first(query, "per_page") else {
        return query.to_vec();
    };
    let mut rewritten: Vec<_> = query
        .iter()
        .filter(|(name, _)| name != "per_page")
        .cloned()
        .collect();
    rewritten.push(("page_size".to_owned(), size.to_owned()));
    rewritten
}
