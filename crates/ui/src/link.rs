//! Links that may stand on a page, and texts with links in them.

/// A URL as the target of a link or form: kept when it is relative or `http(s)`, else `#`.
///
/// Control characters and white space are refused, since browsers skip them when they look for the
/// scheme (`java\tscript:`).
pub(crate) fn safe(url: &str) -> &str {
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return "#";
    }
    match scheme(url) {
        None => url,
        Some(scheme)
            if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
        {
            url
        }
        Some(_) => "#",
    }
}

/// A URL as the source of a picture: as [`safe`], and pictures inside a `data:` URL.
pub(crate) fn picture(url: &str) -> &str {
    const INSIDE: [&str; 4] = [
        "data:image/png;base64,",
        "data:image/jpeg;base64,",
        "data:image/gif;base64,",
        "data:image/webp;base64,",
    ];
    if INSIDE.iter().any(|start| url.starts_with(start)) {
        url
    } else {
        safe(url)
    }
}

/// What stands before the first colon, when that is not part of a path, query or fragment.
fn scheme(url: &str) -> Option<&str> {
    let end = url.find([':', '/', '?', '#', '\\'])?;
    url.get(end..)
        .is_some_and(|rest| rest.starts_with(':'))
        .then(|| url.get(..end))
        .flatten()
}

/// A piece of a mail's text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// A URL to be followed.
    Link(&'a str),
    /// A one-time code.
    Code(&'a str),
}

/// A text cut into words, URLs and six-digit codes. Nothing is lost or added.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let bare = bare.trim_end_matches(['.', ',', ';', ':', ')', '>', '"']);
        let start = at + (bare.len() - bare.trim_start_matches(['(', '<', '"']).len());
        let end = at + bare.len();
        if let Some(piece) = text.get(start..end).and_then(special) {
            found.extend(
                text.get(plain..start)
                    .filter(|t| !t.is_empty())
                    .map(Piece::Text),
            );
            found.push(piece);
            plain = end;
        }
        at += word.len();
    }
    found.extend(text.get(plain..).filter(|t| !t.is_empty()).map(Piece::Text));
    found
}

fn special(word: &str) -> Option<Piece<'_>> {
    let url = word.starts_with("http://") || word.starts_with("https://");
    if url && safe(word) == word {
        return Some(Piece::Link(word));
    }
    (word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit())).then_some(Piece::Code(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_relative_links_are_kept() {
        for good in [
            "/ui/",
            "assets/x.png",
            "https://example.org/a?b=c:d#e",
            "HTTP://x",
            "?flow=1",
            "#",
            "//x/y",
            "./a:b",
        ] {
            assert_eq!(safe(good), good);
        }
        for bad in [
            "javascript:alert(1)",
            "JavaScript:x",
            " javascript:x",
            "java\tscript:x",
            "data:text/html,x",
            "vbscript:x",
            "\u{1}javascript:x",
        ] {
            assert_eq!(safe(bad), "#", "{bad}");
        }
    }

    #[test]
    fn a_picture_may_be_inside_its_url_but_not_a_drawing_with_scripts() {
        assert_eq!(
            picture("data:image/png;base64,AAAA"),
            "data:image/png;base64,AAAA"
        );
        assert_eq!(picture("data:image/svg+xml;base64,AAAA"), "#");
        assert_eq!(picture("/logo.svg"), "/logo.svg");
    }

    #[test]
    fn links_and_codes_are_found_in_a_mail() {
        let text = "Enter 123456.\n\nOr open <http://localhost/ui/verification?flow=1&code=123456>, please (7 days).";
        assert_eq!(
            pieces(text),
            [
                Piece::Text("Enter "),
                Piece::Code("123456"),
                Piece::Text(".\n\nOr open <"),
                Piece::Link("http://localhost/ui/verification?flow=1&code=123456"),
                Piece::Text(">, please (7 days)."),
            ]
        );
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("ü .,;"), [Piece::Text("ü .,;")]);
    }
}
