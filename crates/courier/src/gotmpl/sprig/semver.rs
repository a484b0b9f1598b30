//! Versions (semver.org 2.0.0), and what they have to fulfil.

use std::cmp::Ordering;

use gotmpl::Value;

use super::Entry;
use super::args::{Args, Made};
use crate::gotmpl::value::map;

pub(super) const ALL: &[Entry] = &[("semver", semver), ("semverCompare", compare)];

/// A version; parts that were left out are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Version {
    numbers: [u64; 3],
    /// How many numbers stood there; less than three in `1.2` and `1.x`.
    given: usize,
    prerelease: String,
    metadata: String,
}

impl Version {
    fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let mut version = Version {
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            ..Version::default()
        };
        for part in core.split('.') {
            if matches!(part, "x" | "X" | "*") {
                break;
            }
            *version.numbers.get_mut(version.given)? = part.parse().ok()?;
            version.given += 1;
        }
        Some(version)
    }

    fn order(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => order_of_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }

    /// The first version that `^` or `~` or a wildcard no longer takes: the number at `at` is one more.
    fn after(&self, at: usize) -> Version {
        let mut numbers = self.numbers;
        for (place, number) in numbers.iter_mut().enumerate() {
            match place.cmp(&at) {
                Ordering::Less => {}
                Ordering::Equal => *number = number.saturating_add(1),
                Ordering::Greater => *number = 0,
            }
        }
        Version {
            numbers,
            given: 3,
            ..Version::default()
        }
    }
}

fn order_of_prereleases(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one.split('.'), other.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => match (l.parse::<u64>(), r.parse::<u64>()) {
                (Ok(l), Ok(r)) => l.cmp(&r),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => l.cmp(r),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn semver(a: &Args<'_>) -> Made {
    let text = a.str(0)?;
    let version = Version::parse(text).ok_or_else(|| a.fails("the text is no version"))?;
    let [major, minor, patch] = version.numbers;
    Ok(map([
        ("Major", Value::Uint(major)),
        ("Minor", Value::Uint(minor)),
        ("Patch", Value::Uint(patch)),
        ("Prerelease", Value::from(version.prerelease)),
        ("Metadata", Value::from(version.metadata)),
        ("Original", Value::from(text)),
    ]))
}

fn compare(a: &Args<'_>) -> Made {
    let version = Version::parse(a.str(1)?).ok_or_else(|| a.fails("the text is no version"))?;
    let wrong = || a.fails("the condition on the version cannot be read");
    let mut fulfilled = false;
    for alternative in a.str(0)?.split("||") {
        let mut all = true;
        for condition in conditions(alternative) {
            all &= fulfils(&version, &condition).ok_or_else(wrong)?;
        }
        fulfilled |= all;
    }
    Ok(Value::Bool(fulfilled))
}

/// `>= 1.2, <2` as its conditions: signs and versions may stand apart.
fn conditions(text: &str) -> Vec<String> {
    let mut conditions: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match conditions.last_mut() {
            Some(last) if last.ends_with(['=', '<', '>', '~', '^', '!']) => last.push_str(word),
            _ => conditions.push(word.to_owned()),
        }
    }
    conditions
}

fn fulfils(version: &Version, condition: &str) -> Option<bool> {
    let sign_end = condition.find(|c: char| !"=<>~^!".contains(c))?;
    let (sign, text) = condition.split_at(sign_end);
    let bound = Version::parse(text)?;
    // A version before a release fulfils only conditions that name one.
    if !version.prerelease.is_empty() && bound.prerelease.is_empty() {
        return Some(false);
    }
    let order = version.order(&bound);
    let below = |at: usize| order.is_ge() && version.order(&bound.after(at)).is_lt();
    let any = bound.given == 0;
    Some(match sign {
        "" | "=" if any => true,
        "" | "=" if bound.given < 3 => below(bound.given - 1),
        "" | "=" => order.is_eq(),
        "!=" => order.is_ne(),
        ">" if bound.given > 0 && bound.given < 3 => {
            version.order(&bound.after(bound.given - 1)).is_ge()
        }
        ">" => order.is_gt(),
        "<" => order.is_lt(),
        ">=" | "=>" => order.is_ge(),
        "<=" | "=<" if bound.given > 0 && bound.given < 3 => {
            version.order(&bound.after(bound.given - 1)).is_lt()
        }
        "<=" | "=<" => order.is_le(),
        "~" | "~>" => any || below(if bound.given == 1 { 0 } else { 1 }),
        "^" => {
            any || below(
                bound
                    .numbers
                    .iter()
                    .position(|n| *n > 0)
                    .unwrap_or(bound.given - 1)
                    .min(bound.given - 1),
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_fulfil_what_they_should() {
        let check = |condition: &str, version: &str, expected: bool| {
            let a = [Value::from(condition), Value::from(version)];
            let made = compare(&Args {
                name: "semverCompare",
                values: &a,
            });
            assert_eq!(
                made.unwrap(),
                Value::Bool(expected),
                "{condition} {version}"
            );
        };
        check(">=1.2.0", "1.3.0", true);
        check(">= 1.2, <2", "1.9.9", true);
        check(">= 1.2, <2", "2.0.0", false);
        check("^1.2.3", "1.9.0", true);
        check("^0.2.3", "0.3.0", false);
        check("~1.2.3", "1.2.9", true);
        check("~1.2.3", "1.3.0", false);
        check("1.x", "1.4.0", true);
        check("1.2 || 3.x", "3.1.0", true);
        check(">1.0.0", "1.1.0-beta", false);
        check(">1.1.0-alpha", "1.1.0-beta", true);
    }
}
