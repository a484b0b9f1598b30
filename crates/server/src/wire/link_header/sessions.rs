//! The admin's list of all sessions: keyset by creation time, newest first, then id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::HeaderMap;
use time::format_description::BorrowedFormatItem;
use time::macros::{datetime, format_description};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::{PagingError, Query, Sizes, keyset_links, set_link, token};

const SIZES: Sizes = Sizes {
    default: 250,
    max: 1000,
};

const WHOLE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const WITH_FRACTION: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]");

/// A place between two sessions of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPosition {
    /// Creation time of the last session before the place.
    pub created_at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

impl SessionPosition {
    /// The place before all sessions.
    pub const START: Self = Self {
        created_at: datetime!(2200-12-31 23:59:59 UTC),
        id: Uuid::nil(),
    };

    fn token(self) -> String {
        let at = self.created_at.to_offset(UtcOffset::UTC);
        let format = if at.nanosecond() == 0 {
            WHOLE_SECONDS
        } else {
            WITH_FRACTION
        };
        // Formatting a date of a database row cannot fail; an empty one would be refused when it comes back.
        let at = at.format(format).unwrap_or_default();
        STANDARD_NO_PAD.encode(format!("id={}/created_at={at}", self.id))
    }

    fn from_token(token: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD_NO_PAD.decode(token).ok()?).ok()?;
        let field = |name: &str| {
            text.split('/')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let at = field("created_at")?;
        let format = if at.contains('.') {
            WITH_FRACTION
        } else {
            WHOLE_SECONDS
        };
        let created_at = PrimitiveDateTime::parse(at, format).ok()?.assume_utc();
        Some(Self {
            created_at,
            id: field("id")?.parse().ok()?,
        })
    }
}

/// The part of the list of sessions that a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPaging {
    after: SessionPosition,
    limit: u32,
    query: Vec<(String, String)>,
}

impl SessionPaging {
    /// Reads `page_size` and `page_token`.
    ///
    /// # Errors
    /// [`PagingError::Size`], [`PagingError::Token`].
    pub fn from_query(query: &Query) -> Result<Self, PagingError> {
        let after = match token(query)? {
            None => SessionPosition::START,
            Some(token) => SessionPosition::from_token(&token).ok_or(PagingError::Token)?,
        };
        Ok(Self {
            after,
            limit: SIZES.choose(query)?,
            query: query.to_vec(),
        })
    }

    /// The sessions after this place are wanted.
    pub fn after(&self) -> SessionPosition {
        self.after
    }

    /// How many are wanted, 1 to 1000.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Sets `Link` for a list under `path`; `last` is the place of the last item when more items follow.
    pub fn add_headers(&self, path: &str, last: Option<SessionPosition>, headers: &mut HeaderMap) {
        let (first, next) = (
            SessionPosition::START.token(),
            last.map(SessionPosition::token),
        );
        set_link(
            headers,
            &keyset_links(path, &self.query, self.limit, &first, next.as_deref()),
        );
    }
}
