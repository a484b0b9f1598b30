//! The list of messages: keyset by creation time, newest first, then id; the tokens are sealed and live an hour.

use http::HeaderMap;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::{PageKeys, PagingError, Query, Sizes, keyset_links, set_link, token};

const SIZES: Sizes = Sizes {
    default: 10,
    max: 500,
};

/// What the tokens are for, so that nothing else that is sealed with the same secret passes for one.
const PURPOSE: &[u8] = b"bia courier page token 1";

/// Creation time (nanoseconds), id.
const PLACE_BYTES: usize = 16 + 16;

/// A place between two messages of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagePosition {
    /// Creation time of the last message before the place.
    pub created_at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

impl PagePosition {
    /// The place before all messages.
    pub const START: Self = Self {
        created_at: datetime!(2200-12-31 23:59:59 UTC),
        id: Uuid::nil(),
    };
}

fn written(position: PagePosition) -> [u8; PLACE_BYTES] {
    let mut place = [0; PLACE_BYTES];
    let (time, id) = place.split_at_mut(16);
    time.copy_from_slice(&position.created_at.unix_timestamp_nanos().to_be_bytes());
    id.copy_from_slice(position.id.as_bytes());
    place
}

fn read_place(place: &[u8]) -> Option<PagePosition> {
    let (created_at, id) = place.split_first_chunk()?;
    let created_at = i128::from_be_bytes(*created_at);
    Some(PagePosition {
        created_at: OffsetDateTime::from_unix_timestamp_nanos(created_at).ok()?,
        id: Uuid::from_slice(id).ok()?,
    })
}

/// The part of the list of messages that a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourierPaging {
    after: PagePosition,
    limit: u32,
    query: Vec<(String, String)>,
}

impl CourierPaging {
    /// Reads `page_size` and `page_token` at `now`.
    ///
    /// # Errors
    /// [`PagingError::Size`], [`PagingError::Token`], [`PagingError::ExpiredToken`].
    pub fn from_query(
        query: &Query,
        keys: &PageKeys,
        now: OffsetDateTime,
    ) -> Result<Self, PagingError> {
        let after = match token(query)? {
            None => PagePosition::START,
            Some(token) => {
                read_place(&keys.open(PURPOSE, &token, now)?).ok_or(PagingError::Token)?
            }
        };
        Ok(Self {
            after,
            limit: SIZES.choose(query)?,
            query: query.to_vec(),
        })
    }

    /// The messages after this place are wanted.
    pub fn after(&self) -> PagePosition {
        self.after
    }

    /// How many are wanted, 1 to 500.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Sets `Link` for a list under `path`; `last` is the place of the last item when more items follow.
    pub fn add_headers(
        &self,
        path: &str,
        last: Option<PagePosition>,
        keys: &PageKeys,
        now: OffsetDateTime,
        headers: &mut HeaderMap,
    ) {
        let Some(first) = keys.seal(PURPOSE, &written(PagePosition::START), now) else {
            return;
        };
        let next = last.and_then(|position| keys.seal(PURPOSE, &written(position), now));
        set_link(
            headers,
            &keyset_links(path, &self.query, self.limit, &first, next.as_deref()),
        );
    }
}
