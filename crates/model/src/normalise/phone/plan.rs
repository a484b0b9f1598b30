//! Whether digits are a number that the numbering plan of their country knows.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex::{Regex, RegexBuilder};

/// The longest country code.
const CODE_DIGITS: usize = 3;

/// How many digits a number has without its country code.
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 2..=17;

/// How many compiled patterns are kept; the plans of all countries together have about 1500.
const PATTERNS: usize = 500;

/// The number in E.164, from its digits with the country code first.
pub(super) fn valid_number(digits: &str) -> Option<String> {
    if digits.starts_with('0') {
        return None;
    }
    let (code, national, plans) = (1..=CODE_DIGITS).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        Some((
            code,
            national,
            DATABASE.by_code(&code.parse::<u16>().ok()?)?,
        ))
    })?;
    let main = plans.first()?;
    let national = without_national_prefix(national, main);
    let own = plan_of(&national, &plans)?;
    (NATIONAL_DIGITS.contains(&national.len()) && is_known(&national, own))
        .then(|| format!("+{code}{national}"))
}

/// Several countries share a code (`+1`, `+7`): the one whose leading digits or numbers these are.
fn plan_of(national: &str, plans: &[&'static Metadata]) -> Option<&'static Metadata> {
    if let [only] = plans {
        return Some(only);
    }
    plans
        .iter()
        .copied()
        .find(|plan| match plan.leading_digits() {
            Some(leading) => {
                pattern(leading.as_str(), false).is_some_and(|leading| leading.is_match(national))
            }
            None => is_known(national, plan),
        })
}

/// Whether the plan has such numbers, of whatever kind.
fn is_known(national: &str, plan: &'static Metadata) -> bool {
    let kinds = plan.descriptors();
    let of_a_kind = [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.premium_rate(),
        kinds.toll_free(),
        kinds.shared_cost(),
        kinds.voip(),
        kinds.personal_number(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ];
    matches(national, kinds.general())
        && of_a_kind
            .into_iter()
            .flatten()
            .any(|kind| matches(national, kind))
}

fn matches(national: &str, kind: &'static Descriptor) -> bool {
    let lengths = kind.possible_length();
    (lengths.is_empty()
        || lengths
            .iter()
            .any(|length| usize::from(*length) == national.len()))
        && pattern(kind.national_number().as_str(), true)
            .is_some_and(|numbers| numbers.is_match(national))
}

/// Takes off what is only dialled inside the country (`0` in `+49 (0) 30 …`), unless that spoils a good number.
fn without_national_prefix(national: &str, plan: &'static Metadata) -> String {
    let unchanged = || national.to_owned();
    let prefix = plan
        .national_prefix_for_parsing()
        .map(|prefix| prefix.as_str())
        .or(plan.national_prefix());
    let Some(found) = prefix.and_then(|prefix| pattern(prefix, false)) else {
        return unchanged();
    };
    let Some(groups) = found.captures(national) else {
        return unchanged();
    };
    let end = groups.get(0).map_or(0, |whole| whole.end());
    let last_group = groups.get(groups.len() - 1).filter(|_| groups.len() > 1);
    let stripped = match (plan.national_prefix_transform_rule(), last_group) {
        (Some(rule), Some(_)) => found.replace(national, braced(rule)).into_owned(),
        (Some(rule), None) if groups.len() == 1 => {
            found.replace(national, braced(rule)).into_owned()
        }
        _ => national.get(end..).unwrap_or_default().to_owned(),
    };
    let good = |number: &str| {
        pattern(
            plan.descriptors().general().national_number().as_str(),
            true,
        )
        .is_some_and(|numbers| numbers.is_match(number))
    };
    if (good(national) && !good(&stripped)) || !has_possible_length(&stripped, plan) {
        unchanged()
    } else {
        stripped
    }
}

/// Whether the plan has numbers of this length, or only shorter ones.
fn has_possible_length(national: &str, plan: &Metadata) -> bool {
    let general = plan.descriptors().general();
    let length = |l: &u16| usize::from(*l);
    let local = general
        .possible_local_length()
        .iter()
        .any(|l| length(l) == national.len());
    let possible = general.possible_length();
    let too_long = possible
        .iter()
        .map(length)
        .max()
        .is_none_or(|longest| national.len() > longest);
    !local && (too_long || possible.iter().any(|l| length(l) == national.len()))
}

/// `9$1` as the regex crate reads it: `9${1}`.
fn braced(rule: &str) -> String {
    let mut out = String::with_capacity(rule.len() + 2);
    let mut characters = rule.chars();
    while let Some(c) = characters.next() {
        match c {
            '$' => out.extend([
                "${",
                &characters.next().map(String::from).unwrap_or_default(),
                "}",
            ]),
            _ => out.push(c),
        }
    }
    out
}

/// Compiled patterns by their source and whether they match to the end.
type Patterns = HashMap<(&'static str, bool), Arc<Regex>>;

/// A compiled pattern of the plans, matching from the start and, if `whole`, to the end.
fn pattern(source: &'static str, whole: bool) -> Option<Arc<Regex>> {
    static KEPT: LazyLock<RwLock<Patterns>> = LazyLock::new(RwLock::default);
    if let Some(known) = KEPT
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&(source, whole))
    {
        return Some(Arc::clone(known));
    }
    let anchored = if whole {
        format!("^(?:{source})$")
    } else {
        format!("^(?:{source})")
    };
    let compile = |unicode| {
        RegexBuilder::new(&anchored)
            .ignore_whitespace(true)
            .unicode(unicode)
            .build()
    };
    let compiled = Arc::new(compile(false).or_else(|_| compile(true)).ok()?);
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= PATTERNS {
        kept.clear();
    }
    kept.insert((source, whole), Arc::clone(&compiled));
    Some(compiled)
}
