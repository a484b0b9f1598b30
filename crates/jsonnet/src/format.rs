//! One layout for Jsonnet files: two blanks a level, blanks around operators, commas at the ends of longer lists, single
//! quotes. Lines stay where their author broke them.

use crate::check;
use crate::source::{Kind, Part, parts};

/// The most empty lines in a row.
const MAX_EMPTY_LINES: usize = 2;

const KEYWORDS: [&str; 15] = [
    "assert",
    "else",
    "error",
    "for",
    "function",
    "if",
    "import",
    "importstr",
    "importbin",
    "in",
    "local",
    "tailstrict",
    "then",
    "true",
    "false",
];

/// The text in that layout, with a line end at its end.
///
/// # Errors
/// What is wrong with it, with line and column, when it is not Jsonnet.
pub fn format(text: &str) -> Result<String, String> {
    check(text)?;
    let unread = || "it cannot be read part by part".to_owned();
    let pieces = with_commas(pieces(&parts(text).ok_or_else(unread)?));
    let formatted = Layout::default().of(&pieces);
    // What is printed says the same as what was read, or nothing is printed.
    let read_again = with_commas(self::pieces(&parts(&formatted).ok_or_else(unread)?));
    let same =
        |(a, b): (&Piece<'_>, &Piece<'_>)| a.text == b.text || a.text.trim() == b.text.trim();
    if read_again.len() != pieces.len() || !pieces.iter().zip(&read_again).all(same) {
        return Err("its layout cannot be changed without changing what it says".to_owned());
    }
    Ok(formatted)
}

/// A part that is printed.
#[derive(Clone, Debug)]
struct Piece<'s> {
    kind: Kind,
    text: std::borrow::Cow<'s, str>,
    /// How many lines ended before it.
    breaks: usize,
}

fn pieces<'s>(parts: &[Part<'s>]) -> Vec<Piece<'s>> {
    let mut pieces: Vec<Piece<'s>> = Vec::new();
    let mut breaks = 0;
    for part in parts {
        if part.kind == Kind::Whitespace {
            breaks += part.text.matches('\n').count();
            continue;
        }
        let text = match part.kind {
            Kind::Comment => comment(part.text, pieces.is_empty()),
            Kind::Text => quoted(part.text),
            _ => part.text.into(),
        };
        let ended = part.kind == Kind::Comment && part.text.ends_with('\n');
        pieces.push(Piece {
            kind: part.kind,
            text,
            breaks,
        });
        breaks = usize::from(ended);
    }
    pieces
}

/// A comment without blanks at its end; `#` is written `//`, but not in the first line, which may name a program.
fn comment(text: &str, first: bool) -> std::borrow::Cow<'_, str> {
    let text = text.trim_end();
    match text.strip_prefix('#') {
        Some(rest) if !(first && rest.starts_with('!')) => format!("//{rest}").into(),
        _ => text.into(),
    }
}

/// A text in single quotes, where that changes nothing in it.
fn quoted(text: &str) -> std::borrow::Cow<'_, str> {
    let inside = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    match inside.filter(|inside| !inside.contains(['\'', '\\', '"'])) {
        Some(inside) => format!("'{inside}'").into(),
        None => text.into(),
    }
}

/// An opened bracket.
struct Open {
    text: String,
    /// Of an index, a slice or a computed name: no list.
    is_list: bool,
    /// Whether a comprehension stands in it.
    has_for: bool,
    /// The last piece in it that is no comment.
    last: usize,
}

/// Puts a comma behind the last item of lists and objects that end on a line of their own, and takes it away from
/// others.
fn with_commas(mut pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut open: Vec<Open> = Vec::new();
    let mut edits: Vec<(usize, bool)> = Vec::new();
    let mut last: Option<usize> = None;
    for (index, piece) in pieces.iter().enumerate() {
        if piece.kind == Kind::Comment {
            continue;
        }
        match piece.text.as_ref() {
            "{" | "[" | "(" => {
                let before = last.and_then(|last| pieces.get(last));
                let is_index = piece.text == "[" && before.is_some_and(ends_value);
                open.push(Open {
                    text: piece.text.to_string(),
                    is_list: piece.text != "(" && !is_index,
                    has_for: false,
                    last: index,
                });
            }
            "}" | "]" | ")" => {
                let names = pieces
                    .get(index + 1)
                    .is_some_and(|next| is_colon(&next.text));
                if let Some(open) = open.pop()
                    && open.is_list
                    && !open.has_for
                    && !(open.text == "[" && names)
                    && let Some(end) = pieces.get(open.last)
                {
                    let has_comma = end.text == ",";
                    let is_empty = ["{", "["].contains(&end.text.as_ref());
                    let wants_comma = piece.breaks > 0 && !is_empty;
                    if has_comma != wants_comma {
                        edits.push((open.last, wants_comma));
                    }
                }
            }
            "for" => open
                .last_mut()
                .into_iter()
                .for_each(|open| open.has_for = true),
            _ => {}
        }
        last = Some(index);
        open.last_mut()
            .into_iter()
            .for_each(|open| open.last = index);
    }
    edits.sort_unstable();
    for (index, wanted) in edits.into_iter().rev() {
        if wanted {
            let comma = Piece {
                kind: Kind::Symbol,
                text: ",".into(),
                breaks: 0,
            };
            pieces.insert(index + 1, comma);
        } else {
            pieces.remove(index);
        }
    }
    pieces
}

/// Whether a value may end with it, so that `[`, `(` and an operator behind it belong to that value.
fn ends_value(piece: &Piece<'_>) -> bool {
    match piece.kind {
        Kind::Word => {
            !KEYWORDS.contains(&piece.text.as_ref())
                || ["true", "false"].contains(&piece.text.as_ref())
        }
        Kind::Number | Kind::Text | Kind::Block => true,
        Kind::Symbol => [")", "]", "}", "$"].contains(&piece.text.as_ref()),
        Kind::Whitespace | Kind::Comment => false,
    }
}

fn is_colon(text: &str) -> bool {
    [":", "::", ":::", "+:", "+::", "+:::"].contains(&text)
}

/// An opened bracket while lines are laid out.
struct Level {
    text: String,
    /// How deep the line stands in which it was opened.
    indent: usize,
    /// Whether names are bound in it, by `local`.
    binds: bool,
}

#[derive(Default)]
struct Layout<'s> {
    out: String,
    levels: Vec<Level>,
    /// How deep this line stands.
    indent: usize,
    /// The last piece that is no comment, and the one before it.
    last: Option<Piece<'s>>,
    before_last: Option<Piece<'s>>,
    /// Whether the last piece is an operator in front of its only operand.
    unary: bool,
    begun: bool,
}

impl<'s> Layout<'s> {
    fn of(mut self, pieces: &[Piece<'s>]) -> String {
        let mut after_comment = false;
        for piece in pieces {
            self.space(piece, after_comment);
            self.out.push_str(&piece.text);
            self.begun = true;
            after_comment = piece.kind == Kind::Comment;
            if !after_comment {
                self.note(piece);
            }
        }
        self.out.push('\n');
        self.out
    }

    /// What stands between the last piece and this one.
    fn space(&mut self, piece: &Piece<'s>, after_comment: bool) {
        if !self.begun {
            return;
        }
        if piece.breaks > 0 {
            let empty = (piece.breaks - 1).min(MAX_EMPTY_LINES);
            self.out.extend(std::iter::repeat_n('\n', empty + 1));
            self.indent = self.indent_of(piece);
            self.out.extend(std::iter::repeat_n(' ', self.indent * 2));
        } else if piece.kind == Kind::Comment {
            self.out.push_str("  ");
        } else if after_comment || self.is_spaced(piece) {
            self.out.push(' ');
        }
    }

    /// How deep a line stands that begins with this piece.
    fn indent_of(&self, piece: &Piece<'s>) -> usize {
        let closes = piece.kind == Kind::Symbol && ["}", "]", ")"].contains(&piece.text.as_ref());
        let inside = self.levels.last().map_or(0, |level| level.indent + 1);
        if closes {
            return self.levels.last().map_or(0, |level| level.indent);
        }
        let goes_on = self.last.as_ref().is_some_and(|last| {
            ["=", "then", "else"].contains(&last.text.as_ref()) || is_colon(&last.text)
        });
        inside + usize::from(goes_on)
    }

    fn is_spaced(&self, piece: &Piece<'s>) -> bool {
        let Some(last) = &self.last else { return false };
        let (before, text) = (last.text.as_ref(), piece.text.as_ref());
        let in_bracket = self.levels.last().map(|level| level.text.as_str());
        if self.unary
            || ["(", "[", "."].contains(&before)
            || [")", "]", ",", ";", "."].contains(&text)
        {
            return false;
        }
        if before == "{" || text == "}" {
            return !(before == "{" && text == "}");
        }
        if is_colon(text) {
            return false;
        }
        if is_colon(before) {
            return in_bracket != Some("[");
        }
        if text == "=" || before == "=" {
            return !self.is_argument(text);
        }
        match text {
            "(" => !(ends_value(last) || before == "function"),
            "[" => !ends_value(last),
            _ => true,
        }
    }

    /// Whether the equals sign here gives an argument or a parameter its value.
    fn is_argument(&self, text: &str) -> bool {
        let level = self.levels.last();
        let in_call = level.is_some_and(|level| level.text == "(" && !level.binds);
        let name = if text == "=" {
            &self.last
        } else {
            &self.before_last
        };
        in_call && name.as_ref().is_some_and(|name| name.kind == Kind::Word)
    }

    fn note(&mut self, piece: &Piece<'s>) {
        let text = piece.text.as_ref();
        self.unary = piece.kind == Kind::Symbol
            && ["-", "+", "!", "~"].contains(&text)
            && !self.last.as_ref().is_some_and(ends_value);
        match text {
            _ if piece.kind == Kind::Text => {}
            "{" | "[" | "(" => self.levels.push(Level {
                text: text.to_owned(),
                indent: self.indent,
                binds: false,
            }),
            "}" | "]" | ")" => {
                self.levels.pop();
            }
            "local" | ";" => {
                let binds = text == "local";
                self.levels
                    .last_mut()
                    .into_iter()
                    .for_each(|level| level.binds = binds);
            }
            _ => {}
        }
        self.before_last = self.last.replace(piece.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_format(text: &str, expected: &str) {
        let formatted = format(text).unwrap();
        assert_eq!(formatted, expected, "{text}");
        assert_eq!(
            format(&formatted).unwrap(),
            formatted,
            "a second time: {text}"
        );
    }

    #[test]
    fn a_body_of_a_web_hook_is_laid_out() {
        check_format(
            "function(ctx) {\n    userId:ctx.identity.id,   # who\n  traits :{email:ctx.identity.traits[\"email\"]},\n\n\n\n list:[ 1,2 ],\n  [if ctx.n!=null then \"n\"]: -1\n}",
            "function(ctx) {\n  userId: ctx.identity.id,  // who\n  traits: { email: ctx.identity.traits['email'] },\n\n\n  list: [1, 2],\n  [if ctx.n != null then 'n']: -1,\n}\n",
        );
    }

    #[test]
    fn operators_calls_and_locals_are_laid_out() {
        check_format(
            "local a=1;local f(x,y=2)=x+y;f(a,y=-3)",
            "local a = 1; local f(x, y=2) = x + y; f(a, y=-3)\n",
        );
        check_format(
            "local a =\n1;\n!(a==2)&&std.length([1,2,][0:1])>0",
            "local a =\n  1;\n!(a == 2) && std.length([1, 2][0:1]) > 0\n",
        );
        check_format(
            "{a+:{b::1},}{c:super.a}",
            "{ a+: { b:: 1 } } { c: super.a }\n",
        );
        check_format("[x for x in [1]\n]", "[x for x in [1]\n]\n");
        check_format(
            "std.mergePatch({},{\na: 1\n})",
            "std.mergePatch({}, {\n  a: 1,\n})\n",
        );
        check_format("if true then\n1\nelse\n2", "if true then\n  1\nelse\n  2\n");
    }

    #[test]
    fn texts_and_comments_keep_what_they_say() {
        check_format(
            "/* one\n   two */\n\"it's\" + \"a\\n\"",
            "/* one\n   two */\n\"it's\" + \"a\\n\"\n",
        );
        check_format(
            "{a: |||\n    text\n      more\n  |||}",
            "{ a: |||\n    text\n      more\n  ||| }\n",
        );
        check_format("#!/usr/bin/jsonnet\n{}", "#!/usr/bin/jsonnet\n{}\n");
        check_format("[\n1 // one\n]", "[\n  1,  // one\n]\n");
    }

    #[test]
    fn what_is_not_jsonnet_is_told_with_its_place() {
        assert!(format("{a: }").unwrap_err().contains("line 1, column 5"));
    }
}
