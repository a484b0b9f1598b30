//! A request's headers and cookies, as hooks and message channels are told of them.

use std::collections::BTreeMap;
use std::fmt;

/// Headers by name, each in the spelling that the reference passes on: `X-Request-Id`. Values may be secrets, so
/// that `Debug` shows none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, Vec<String>>);

impl Headers {
    /// Adds a value.
    pub fn add(&mut self, name: &str, value: String) {
        self.0.entry(canonical(name)).or_default().push(value);
    }

    /// Those that a list names, in any spelling (`clients.web_hook.header_allowlist`).
    #[must_use]
    pub fn allowed(&self, names: &[String]) -> BTreeMap<String, Vec<String>> {
        let names = names.iter().map(|name| canonical(name));
        names
            .filter_map(|name| self.0.get_key_value(&name))
            .map(|(name, values)| (name.clone(), values.clone()))
            .collect()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A request's cookies, as they came. All of them may be secrets, so that `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// From names and values, in their order.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Cookies {
        Cookies(pairs)
    }

    /// Values by name; of several with one name the last.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&str, &str> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The first letter and each after a hyphen is a capital, all others are not.
fn canonical(name: &str) -> String {
    let mut starts = true;
    name.chars()
        .map(|c| {
            let c = if starts {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            };
            starts = c == '-';
            c
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_of_the_list_are_passed_on() {
        let mut headers = Headers::default();
        headers.add("accept-language", "de".to_owned());
        headers.add("ACCEPT-LANGUAGE", "en".to_owned());
        headers.add("authorization", "Bearer hunter2".to_owned());
        let allowed = headers.allowed(&["accept-Language".to_owned(), "X-None".to_owned()]);
        assert_eq!(
            allowed.into_iter().collect::<Vec<_>>(),
            [(
                "Accept-Language".to_owned(),
                vec!["de".to_owned(), "en".to_owned()]
            )]
        );
        assert!(!format!("{headers:?}").contains("hunter2"));
    }
}
