//! One mail address out of a text, by RFC 5322 §3.4 with UTF-8 (RFC 6532): `a@b`, `"a b"@c`, `Name <a@b>`.

/// The bare address of a text that is exactly one mailbox. A quoted local part loses its quotes. `None` for
/// anything else; groups are no mailbox.
pub fn bare_address(text: &str) -> Option<String> {
    let mut rest = Rest(text);
    rest.skip_blanks();
    let address = match rest.addr_spec() {
        Some(address) => address,
        None => rest.name_addr()?,
    };
    rest.skip_comments()?;
    rest.0.is_empty().then_some(address)
}

/// How deep comments may nest.
const COMMENT_DEPTH: usize = 10;

/// What is not read yet.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, c: char) -> bool {
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// `local@domain`; nothing is consumed when it is not there.
    fn addr_spec(&mut self) -> Option<String> {
        let mut ahead = *self;
        ahead.skip_blanks();
        let local = if ahead.0.starts_with('"') {
            ahead.quoted().filter(|q| !q.is_empty())?
        } else {
            ahead.dot_atom()?.to_owned()
        };
        if !ahead.take('@') {
            return None;
        }
        ahead.skip_blanks();
        let domain = if ahead.0.starts_with('[') {
            ahead.domain_literal()?
        } else {
            ahead.dot_atom()?
        };
        *self = ahead;
        Some(format!("{local}@{domain}"))
    }

    /// `Name <local@domain>`, the name optional.
    fn name_addr(&mut self) -> Option<String> {
        let mut words = 0;
        while !self.0.starts_with('<') {
            if words > 0 {
                self.skip_comments()?;
            }
            self.skip_blanks();
            let word = if self.0.starts_with('"') {
                self.quoted().is_some()
            } else {
                self.atom_with_dots().is_some()
            };
            if !word {
                break;
            }
            words += 1;
        }
        self.skip_blanks();
        if !self.take('<') {
            return None;
        }
        let address = self.addr_spec()?;
        self.take('>').then_some(address)
    }

    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in self.0.char_indices().skip(1) {
            match c {
                _ if escaped && (is_visible(c) || is_blank(c)) => {
                    text.push(c);
                    escaped = false;
                }
                _ if escaped => return None,
                '"' => {
                    self.0 = self.0.get(at + 1..)?;
                    return Some(text);
                }
                '\\' => escaped = true,
                _ if is_visible(c) || is_blank(c) => text.push(c),
                _ => return None,
            }
        }
        None
    }

    fn atom_with_dots(&mut self) -> Option<&'a str> {
        let end = self.0.find(|c| !is_atom_text(c)).unwrap_or(self.0.len());
        let (atom, rest) = self.0.split_at(end);
        self.0 = rest;
        (!atom.is_empty()).then_some(atom)
    }

    fn dot_atom(&mut self) -> Option<&'a str> {
        self.atom_with_dots()
            .filter(|atom| !atom.split('.').any(str::is_empty))
    }

    /// `[127.0.0.1]`: an IP address in brackets.
    fn domain_literal(&mut self) -> Option<&'a str> {
        let end = self.0.find(']')?;
        let (literal, rest) = self.0.split_at(end + 1);
        literal.get(1..end)?.parse::<std::net::IpAddr>().ok()?;
        self.0 = rest;
        Some(literal)
    }

    /// Blanks and `(comments)`; `None` for a comment that does not end.
    fn skip_comments(&mut self) -> Option<()> {
        self.skip_blanks();
        while self.take('(') {
            self.comment()?;
            self.skip_blanks();
        }
        Some(())
    }

    fn comment(&mut self) -> Option<()> {
        let (mut depth, mut escaped) = (1, false);
        for (at, c) in self.0.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.0 = self.0.get(at + 1..)?;
                return Some(());
            }
            if depth > COMMENT_DEPTH {
                return None;
            }
        }
        None
    }
}

fn is_visible(c: char) -> bool {
    ('!'..='~').contains(&c) || !c.is_ascii()
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_atom_text(c: char) -> bool {
    is_visible(c)
        && !matches!(
            c,
            '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '"'
        )
}
