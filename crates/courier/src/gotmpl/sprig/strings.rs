//! Texts.

use gotmpl::Value;

use super::Entry;
use super::args::{Args, MAX_LENGTH, Made};
use crate::gotmpl::value::text;

pub(super) const ALL: &[Entry] = &[
    ("upper", |a| made(a.str(0)?.to_uppercase())),
    ("lower", |a| made(a.str(0)?.to_lowercase())),
    ("title", |a| {
        made(words(a.str(0)?, |c| c.to_uppercase().collect()))
    }),
    ("untitle", |a| {
        made(words(a.str(0)?, |c| c.to_lowercase().collect()))
    }),
    ("trim", |a| made(a.str(0)?.trim())),
    ("trimAll", |a| made(trim_all(a)?)),
    ("trimall", |a| made(trim_all(a)?)),
    ("trimSuffix", |a| {
        let s = a.str(1)?;
        made(s.strip_suffix(a.str(0)?).unwrap_or(s))
    }),
    ("trimPrefix", |a| {
        let s = a.str(1)?;
        made(s.strip_prefix(a.str(0)?).unwrap_or(s))
    }),
    ("trunc", trunc),
    ("substr", substr),
    ("repeat", |a| {
        let (count, s) = (a.count(0)?, a.str(1)?);
        if s.len().saturating_mul(count) > MAX_LENGTH {
            return Err(a.fails("the text would be too long"));
        }
        made(s.repeat(count))
    }),
    ("replace", |a| {
        let (old, new, s) = (a.str(0)?, a.str(1)?, a.str(2)?);
        if new.len().saturating_mul(s.len() + 1) > 16 * MAX_LENGTH {
            return Err(a.fails("the text could be too long"));
        }
        made(s.replace(old, new))
    }),
    ("nospace", |a| {
        made(a.str(0)?.split_whitespace().collect::<String>())
    }),
    ("initials", |a| {
        let first = a
            .str(0)?
            .split_whitespace()
            .filter_map(|w| w.chars().next());
        made(first.collect::<String>())
    }),
    ("contains", |a| {
        Ok(Value::Bool(a.str(1)?.contains(a.str(0)?)))
    }),
    ("hasPrefix", |a| {
        Ok(Value::Bool(a.str(1)?.starts_with(a.str(0)?)))
    }),
    ("hasSuffix", |a| {
        Ok(Value::Bool(a.str(1)?.ends_with(a.str(0)?)))
    }),
    ("quote", |a| made(quoted(a, |s| format!("{s:?}")))),
    ("squote", |a| made(quoted(a, |s| format!("'{s}'")))),
    ("cat", |a| {
        let texts = a
            .values
            .iter()
            .filter(|v| !matches!(v, Value::Nil))
            .map(text);
        made(texts.collect::<Vec<_>>().join(" "))
    }),
    ("indent", |a| made(indented(a)?)),
    ("nindent", |a| made(format!("\n{}", indented(a)?))),
    ("abbrev", |a| {
        let (width, s) = (a.count(0)?, a.str(1)?);
        made(if width < 4 {
            s.to_owned()
        } else {
            abbreviated(s, 0, width)
        })
    }),
    ("abbrevboth", |a| {
        let (left, right, s) = (a.count(0)?, a.count(1)?, a.str(2)?);
        let as_it_is = right < 4 || (left > 0 && right < 7);
        made(if as_it_is {
            s.to_owned()
        } else {
            abbreviated(s, left, right)
        })
    }),
    ("wrap", |a| {
        made(wrapped(a.str(1)?, a.count(0)?, "\n", false))
    }),
    ("wrapWith", |a| {
        made(wrapped(a.str(2)?, a.count(0)?, a.str(1)?, true))
    }),
    ("plural", |a| {
        made(if a.int(2)? == 1 { a.str(0)? } else { a.str(1)? })
    }),
    ("snakecase", |a| {
        made(parts(a.str(0)?).join("_").to_lowercase())
    }),
    ("kebabcase", |a| {
        made(parts(a.str(0)?).join("-").to_lowercase())
    }),
    ("camelcase", |a| made(camel(a.str(0)?))),
    ("swapcase", |a| made(swapped(a.str(0)?))),
    ("toString", |a| made(a.text(0)?)),
    ("hello", |_| made("Hello!")),
];

fn made(text: impl Into<String>) -> Made {
    Ok(Value::from(text.into()))
}

/// Each first letter of a word goes through `change`.
fn words(text: &str, change: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for c in text.chars() {
        if in_word {
            out.push(c);
        } else {
            out.push_str(&change(c));
        }
        in_word = c.is_alphanumeric() || c == '_' || c == '\'';
    }
    out
}

fn trim_all<'a>(a: &Args<'a>) -> Result<&'a str, gotmpl::TemplateError> {
    let cut: Vec<char> = a.str(0)?.chars().collect();
    Ok(a.str(1)?.trim_matches(cut.as_slice()))
}

/// The first bytes, or by a negative number the last, never in the middle of a character.
fn trunc(a: &Args<'_>) -> Made {
    let (count, s) = (a.int(0)?, a.str(1)?);
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if length >= s.len() {
        return made(s);
    }
    if count >= 0 {
        return made(s.get(..s.floor_char_boundary(length)).unwrap_or(s));
    }
    made(s.get(s.ceil_char_boundary(s.len() - length)..).unwrap_or(s))
}

fn substr(a: &Args<'_>) -> Made {
    let (start, end, s) = (a.int(0)?, a.int(1)?, a.str(2)?);
    let at = |n: i64| s.floor_char_boundary(usize::try_from(n).unwrap_or(0).min(s.len()));
    let (start, end) = match (start, end) {
        (start, end) if start < 0 => (0, at(end)),
        (start, end) if end < 0 || end > s.len() as i64 => (at(start), s.len()),
        (start, end) => (at(start), at(end)),
    };
    made(s.get(start..end).unwrap_or_default())
}

fn quoted(a: &Args<'_>, quote: impl Fn(String) -> String) -> String {
    let texts = a.values.iter().filter(|v| !matches!(v, Value::Nil));
    texts.map(|v| quote(text(v))).collect::<Vec<_>>().join(" ")
}

fn indented(a: &Args<'_>) -> Result<String, gotmpl::TemplateError> {
    let (count, s) = (a.count(0)?, a.str(1)?);
    let lines = s.matches('\n').count() + 1;
    if count.saturating_mul(lines) > MAX_LENGTH {
        return Err(a.fails("the text would be too long"));
    }
    let blanks = " ".repeat(count);
    Ok(format!(
        "{blanks}{}",
        s.replace('\n', &format!("\n{blanks}"))
    ))
}

/// Shortened to `width` characters by dots, from `offset` on.
fn abbreviated(text: &str, offset: usize, width: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width {
        return text.to_owned();
    }
    let offset = offset.min(chars.len());
    let offset = match chars.len() - offset < width.saturating_sub(3) {
        true => chars.len() - width.saturating_sub(3),
        false => offset,
    };
    let taken = |from: usize, count: usize| chars.iter().skip(from).take(count).collect::<String>();
    if offset <= 4 {
        return format!("{}...", taken(0, width.saturating_sub(3)));
    }
    if offset + width.saturating_sub(3) < chars.len() {
        let rest: String = chars.iter().skip(offset).collect();
        return format!("...{}", abbreviated(&rest, 0, width.saturating_sub(3)));
    }
    format!(
        "...{}",
        taken(chars.len() - width.saturating_sub(3), usize::MAX)
    )
}

/// Lines of at most `width` characters, broken at blanks; long words only where that is wished.
fn wrapped(text: &str, width: usize, line_end: &str, breaks_words: bool) -> String {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let room = line.chars().count() + 1 + word.len() <= width;
        if !line.is_empty() && room {
            line.push(' ');
            line.extend(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while breaks_words && word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        line.extend(word);
    }
    lines.push(line);
    lines.join(line_end)
}

/// The words of `FirstName`, `first_name`, `first-name` and `first name`.
fn parts(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts: Vec<String> = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        if matches!(c, '_' | '-' | ' ') {
            parts.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let begins = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_numeric()
                    || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()))
            });
        if begins {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(*c);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn camel(text: &str) -> String {
    let capital = |part: &str| {
        let mut chars = part.chars();
        let first: String = chars
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        first + chars.as_str()
    };
    let parts = text.split(['_', '-', ' ']).filter(|part| !part.is_empty());
    parts.map(capital).collect()
}

/// Small becomes capital and the other way round; the first letter of a word becomes a title letter.
fn swapped(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_uppercase() {
                c.to_lowercase().collect::<String>()
            } else {
                c.to_uppercase().collect()
            }
        })
        .collect()
}
