//! The functions of the Sprig library, as far as they give the same result every time: what templates of operators
//! use (spec courier.md §5). Those that read the clock, the environment, the network or random numbers do not exist.
//!
//! Values cannot be changed here: `set` and `unset` give a new dictionary, so its result has to be used.

mod args;
mod data;
mod dict;
mod encode;
mod list;
mod math;
mod regexp;
mod semver;
mod strings;

use std::sync::Arc;

use gotmpl::{FuncMap, TemplateError, Value};

use args::{Args, Made};

/// A function by its name in templates.
type Entry = (&'static str, fn(&Args<'_>) -> Made);

/// All functions.
pub(crate) fn functions() -> FuncMap {
    let all = [
        strings::ALL,
        math::ALL,
        list::ALL,
        dict::ALL,
        data::ALL,
        encode::ALL,
        regexp::ALL,
        semver::ALL,
    ];
    let mut functions = FuncMap::new();
    for (name, function) in all.into_iter().flatten().copied() {
        let called = move |values: &[Value]| function(&Args { name, values });
        functions.insert(name.to_owned(), Arc::new(called));
    }
    functions
}

/// A function could not be carried out.
fn failed(name: &str, why: impl std::fmt::Display) -> TemplateError {
    TemplateError::Exec(format!("error calling {name}: {why}"))
}
