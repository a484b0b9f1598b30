//! Headers that every answer of a listener has (flows.md §2, admin.md §1).

use http::{HeaderMap, HeaderValue, Method, header};

/// What every GET answer says to caches.
const NO_CACHE: HeaderValue =
    HeaderValue::from_static("private, no-cache, no-store, must-revalidate");

/// The public paths whose answers are the same for everybody, whatever the cookies.
const FOR_EVERYBODY: [&str; 5] = [
    "/health/alive",
    "/health/ready",
    "/version",
    "/metrics/prometheus",
    "/openapi.json",
];

/// Forbids caches to keep answers to GET. A handler that serves assets may have said something else.
pub(super) fn no_cache(method: &Method, answer: &mut HeaderMap) {
    if method == Method::GET && !answer.contains_key(header::CACHE_CONTROL) {
        answer.insert(header::CACHE_CONTROL, NO_CACHE);
    }
}

/// Tells caches that the answer depends on the cookies. The public listener only.
pub(super) fn vary_by_cookie(path: &str, answer: &mut HeaderMap) {
    if !FOR_EVERYBODY.contains(&path) {
        answer.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_to_get_are_kept_from_caches() {
        let mut answer = HeaderMap::new();
        no_cache(&Method::HEAD, &mut answer);
        no_cache(&Method::POST, &mut answer);
        assert!(answer.is_empty());
        no_cache(&Method::GET, &mut answer);
        assert_eq!(answer.get(header::CACHE_CONTROL), Some(&NO_CACHE));
    }

    #[test]
    fn health_is_the_same_for_everybody() {
        let mut answer = HeaderMap::new();
        vary_by_cookie("/health/ready", &mut answer);
        assert!(answer.is_empty());
        vary_by_cookie("/sessions/whoami", &mut answer);
        assert_eq!(
            answer.get(header::VARY),
            Some(&HeaderValue::from_static("Cookie"))
        );
    }
}
