//! The list of identities that fit a question: keyset by term and id; a token fits the question that it was made for.

use bia_store::search::Position;
use http::HeaderMap;
use time::OffsetDateTime;
use uuid::Uuid;

use super::identities::SIZES;
use super::{PageKeys, PagingError, Query, has, keyset_links, set_link, token};

/// What the tokens are for; the question follows.
const PURPOSE: &str = "bia search page token 1 ";

/// The part of a list that a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPaging {
    after: Option<Position>,
    limit: u32,
    purpose: String,
    query: Vec<(String, String)>,
}

impl SearchPaging {
    /// Reads `page_size` and `page_token` at `now`; `question` is what was asked.
    ///
    /// # Errors
    /// [`PagingError::Size`], [`PagingError::Token`], [`PagingError::ExpiredToken`], [`PagingError::Counted`].
    pub fn from_query(
        query: &Query,
        question: &str,
        keys: &PageKeys,
        now: OffsetDateTime,
    ) -> Result<Self, PagingError> {
        if has(query, "page") || has(query, "per_page") {
            return Err(PagingError::Counted);
        }
        let purpose = format!("{PURPOSE}{question}");
        let after = match token(query)? {
            None => None,
            Some(token) => read_place(&keys.open(purpose.as_bytes(), &token, now)?)?,
        };
        Ok(Self {
            after,
            limit: SIZES.choose(query)?,
            purpose,
            query: query.to_vec(),
        })
    }

    /// The identities after this place are wanted; `None`: the first.
    pub fn after(&self) -> Option<Position> {
        self.after.clone()
    }

    /// How many are wanted, 1 to 500.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Sets `Link` for a list under `path` that goes on at `next`.
    pub fn add_headers(
        &self,
        path: &str,
        next: Option<&Position>,
        keys: &PageKeys,
        now: OffsetDateTime,
        headers: &mut HeaderMap,
    ) {
        let seal = |place: &[u8]| keys.seal(self.purpose.as_bytes(), place, now);
        let Some(first) = seal(&[]) else { return };
        let next = next.and_then(|position| seal(&written(position)));
        set_link(
            headers,
            &keyset_links(path, &self.query, self.limit, &first, next.as_deref()),
        );
    }
}

/// The leading condition, the id, the term; nothing at all for the place before everybody.
fn written(position: &Position) -> Vec<u8> {
    let mut place = vec![position.leading];
    place.extend_from_slice(position.id.as_bytes());
    place.extend_from_slice(position.term.as_bytes());
    place
}

fn read_place(place: &[u8]) -> Result<Option<Position>, PagingError> {
    let Some((leading, rest)) = place.split_first() else {
        return Ok(None);
    };
    let (id, term) = rest.split_first_chunk::<16>().ok_or(PagingError::Token)?;
    Ok(Some(Position {
        leading: *leading,
        id: Uuid::from_bytes(*id),
        term: String::from_utf8(term.to_vec()).map_err(|_| PagingError::Token)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str, token: &str) -> Result<SearchPaging, PagingError> {
        let keys = PageKeys::new(&["a secret of pages"]);
        let query = [("page_token".to_owned(), token.to_owned())];
        SearchPaging::from_query(&query, question, &keys, OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_token_names_its_place_and_fits_its_question_only() {
        let position = Position {
            leading: 1,
            term: "w:ünal".to_owned(),
            id: Uuid::from_u128(7),
        };
        let keys = PageKeys::new(&["a secret of pages"]);
        let purpose = format!("{PURPOSE}ünal");
        let now = OffsetDateTime::UNIX_EPOCH;
        let token = keys
            .seal(purpose.as_bytes(), &written(&position), now)
            .unwrap();
        assert_eq!(asked("ünal", &token).unwrap().after(), Some(position));
        assert_eq!(asked("other", &token), Err(PagingError::Token));
        assert_eq!(asked("ünal", "forged"), Err(PagingError::Token));
        let first = keys.seal(purpose.as_bytes(), &[], now).unwrap();
        assert_eq!(asked("ünal", &first).unwrap().after(), None);
    }

    #[test]
    fn found_identities_cannot_be_paged_by_number() {
        let keys = PageKeys::new::<&str>(&[]);
        let query = [("page".to_owned(), "1".to_owned())];
        let now = OffsetDateTime::UNIX_EPOCH;
        let paging = SearchPaging::from_query(&query, "ann", &keys, now);
        assert_eq!(paging, Err(PagingError::Counted));
    }
}
