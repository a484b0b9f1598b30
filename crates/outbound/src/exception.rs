//! Globs over URLs (`clients.http.private_ip_exception_urls`).

use url::Url;

/// Whether one of the globs names the URL, seen without query and fragment. `*` stands for anything but `.` and `/`,
/// `**` for anything, `?` for one character that is neither.
pub(crate) fn names(globs: &[String], url: &Url) -> bool {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let text: Vec<char> = url.as_str().chars().collect();
    globs
        .iter()
        .any(|glob| matches(&glob.chars().collect::<Vec<_>>(), &text))
}

/// Matches by the set of places in the glob that can be reached: linear in both, whatever the glob.
fn matches(glob: &[char], text: &[char]) -> bool {
    let tokens = tokens(glob);
    let mut places = vec![false; tokens.len() + 1];
    places[0] = true;
    skip_empty(&tokens, &mut places);
    for &c in text {
        let mut next = vec![false; tokens.len() + 1];
        for (place, token) in tokens.iter().enumerate() {
            if !places[place] {
                continue;
            }
            match token {
                Token::Many if !is_separator(c) => next[place] = true,
                Token::All => next[place] = true,
                Token::One if !is_separator(c) => next[place + 1] = true,
                Token::Literal(literal) if *literal == c => next[place + 1] = true,
                _ => {}
            }
        }
        skip_empty(&tokens, &mut next);
        places = next;
    }
    places[tokens.len()]
}

/// A star can stand for nothing.
fn skip_empty(tokens: &[Token], places: &mut [bool]) {
    for (place, token) in tokens.iter().enumerate() {
        if places[place] && matches!(token, Token::Many | Token::All) {
            places[place + 1] = true;
        }
    }
}

enum Token {
    Literal(char),
    One,
    Many,
    All,
}

fn tokens(glob: &[char]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for &c in glob {
        match (c, tokens.last_mut()) {
            ('*', Some(last @ (Token::Many | Token::All))) => *last = Token::All,
            ('*', _) => tokens.push(Token::Many),
            ('?', _) => tokens.push(Token::One),
            (c, _) => tokens.push(Token::Literal(c)),
        }
    }
    tokens
}

fn is_separator(c: char) -> bool {
    c == '.' || c == '/'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, url: &str, expected: bool) {
        let url = Url::parse(url).unwrap();
        assert_eq!(
            names(&[glob.to_owned()], &url),
            expected,
            "{glob} and {url}"
        );
    }

    #[test]
    fn a_star_stays_within_a_part_and_two_do_not() {
        check("http://127.0.0.1/hook", "http://127.0.0.1/hook?x=1#y", true);
        check("http://127.0.0.1/*", "http://127.0.0.1/hook", true);
        check("http://127.0.0.1/*", "http://127.0.0.1/hook/other", false);
        check("http://127.0.0.1/**", "http://127.0.0.1/hook/other", true);
        check(
            "https://*.example.org/**",
            "https://a.example.org/x/y",
            true,
        );
        check("https://*.example.org/", "https://a.b.example.org/", false);
        check("http://**", "https://example.org/", false);
        check("http://localhost:90?0/", "http://localhost:9010/", true);
    }
}
