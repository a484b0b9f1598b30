//! The list of messages: keyset by creation time, newest first, then id; the tokens are sealed and live an hour.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::HeaderMap;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{PagingError, Query, Sizes, keyset_links, set_link, token};

const SIZES: Sizes = Sizes {
    default: 10,
    max: 500,
};

const LIFETIME: Duration = Duration::HOUR;

/// What the tokens are for, so that nothing else that is sealed with the same secret passes for one.
const PURPOSE: &[u8] = b"bia courier page token 1";

/// Expiry (seconds), creation time (nanoseconds), id.
const PLAIN_BYTES: usize = 8 + 16 + 16;

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

/// The keys of page tokens, from `secrets.pagination`: the first seals, all open.
pub struct PageKeys(Vec<RandomizedNonceKey>);

impl PageKeys {
    /// Derives the keys. Without a secret all servers share a known key: a token only names a place in a list that
    /// its holder may read anyway.
    pub fn new<S: AsRef<[u8]>>(secrets: &[S]) -> Self {
        let derive =
            |secret: &S| key(digest::digest(&digest::SHA512_256, secret.as_ref()).as_ref());
        let mut keys: Vec<_> = secrets.iter().filter_map(derive).collect();
        keys.extend(key(&[0; 32]));
        Self(keys)
    }

    fn seal(&self, position: PagePosition, now: OffsetDateTime) -> Option<String> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + PLAIN_BYTES + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&(now + LIFETIME).unix_timestamp().to_be_bytes());
        sealed.extend_from_slice(&position.created_at.unix_timestamp_nanos().to_be_bytes());
        sealed.extend_from_slice(position.id.as_bytes());
        let nonce = self
            .0
            .first()?
            .seal_in_place_append_tag(Aad::from(PURPOSE), &mut sealed)
            .ok()?;
        Some(URL_SAFE.encode([nonce.as_ref().as_slice(), &sealed].concat()))
    }

    fn open(&self, token: &str, now: OffsetDateTime) -> Result<PagePosition, PagingError> {
        let bytes = URL_SAFE.decode(token).map_err(|_| PagingError::Token)?;
        let (nonce, sealed) = bytes
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(PagingError::Token)?;
        let open = |key: &RandomizedNonceKey| {
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let mut sealed = sealed.to_vec();
            read_plain(
                key.open_in_place(nonce, Aad::from(PURPOSE), &mut sealed)
                    .ok()?,
            )
        };
        let (expires_at, position) = self.0.iter().find_map(open).ok_or(PagingError::Token)?;
        if expires_at < now.unix_timestamp() {
            return Err(PagingError::ExpiredToken);
        }
        Ok(position)
    }
}

impl fmt::Debug for PageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageKeys({})", self.0.len())
    }
}

fn key(bytes: &[u8]) -> Option<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).ok()
}

fn read_plain(plain: &[u8]) -> Option<(i64, PagePosition)> {
    let (expires_at, rest) = plain.split_first_chunk()?;
    let (created_at, id) = rest.split_first_chunk()?;
    let created_at =
        OffsetDateTime::from_unix_timestamp_nanos(i128::from_be_bytes(*created_at)).ok()?;
    Some((
        i64::from_be_bytes(*expires_at),
        PagePosition {
            created_at,
            id: Uuid::from_slice(id).ok()?,
        },
    ))
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
            Some(token) => keys.open(&token, now)?,
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
        let Some(first) = keys.seal(PagePosition::START, now) else {
            return;
        };
        let next = last.and_then(|position| keys.seal(position, now));
        set_link(
            headers,
            &keyset_links(path, &self.query, self.limit, &first, next.as_deref()),
        );
    }
}
