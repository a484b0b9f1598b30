//! Files that the pages load.

/// A file under `/ui/assets/`, by its path below that folder, with its media type.
///
/// The theme's own rules, `theme.css`, are not among them: see
/// [`Theme::stylesheet`](crate::Theme::stylesheet).
pub fn asset(path: &str) -> Option<(&'static [u8], &'static str)> {
    match path {
        "bia.css" => Some((
            include_bytes!("../assets/bia.css"),
            "text/css; charset=utf-8",
        )),
        "bia.js" => Some((
            include_bytes!("../assets/bia.js"),
            "text/javascript; charset=utf-8",
        )),
        _ => None,
    }
}
