//! On the admin listener every path works with and without `/admin` before it (admin.md §1).

use http::Uri;
use http::uri::PathAndQuery;

/// What all admin routes begin with.
pub const ADMIN: &str = "/admin";

/// Built-in pages of the admin listener, which are not part of the API and keep their path.
const PAGES: [&str; 2] = ["/console", "/console/"];

/// The same URI with the prefix; `None` when it is there already. `/adminfoo` counts as there, as in the reference.
pub(super) fn prefixed(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let page = path == PAGES[0] || path.starts_with(PAGES[1]);
    if path.starts_with(ADMIN) || page || !path.starts_with('/') {
        return None;
    }
    let rest = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{ADMIN}{rest}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_added_where_it_is_missing() {
        for (given, expected) in [
            (
                "/identities?page_size=1",
                Some("/admin/identities?page_size=1"),
            ),
            ("/health/alive", Some("/admin/health/alive")),
            ("/", Some("/admin/")),
            ("/consoles", Some("/admin/consoles")),
            ("/admin/identities", None),
            ("/adminfoo", None),
            ("/console/", None),
            ("*", None),
        ] {
            let uri: Uri = given.parse().unwrap();
            assert_eq!(
                prefixed(&uri).map(|u| u.to_string()).as_deref(),
                expected,
                "{given}"
            );
        }
    }
}
