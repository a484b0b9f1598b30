//! The id that a client or its proxy gave a request, to find it again in logs and errors.

use http::{HeaderMap, HeaderName};

/// Where the id comes from.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids are not repeated.
const MAX_BYTES: usize = 256;

/// The request's id. `None` when there is none, or one that is too long or not plain text.
pub fn of(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    (!id.is_empty() && id.len() <= MAX_BYTES).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_too_long_is_not_repeated() {
        let mut headers = HeaderMap::new();
        assert_eq!(of(&headers), None);
        headers.insert(HEADER, "a-1".parse().unwrap());
        assert_eq!(of(&headers), Some("a-1"));
        headers.insert(HEADER, "x".repeat(257).parse().unwrap());
        assert_eq!(of(&headers), None);
    }
}
