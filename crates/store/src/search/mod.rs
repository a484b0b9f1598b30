//! Finding identities by what stands in them.
//!
//! Each identity has terms (`term.rs`): words and facts, kept in a table of Bia's own in the unit of work that changes
//! the identity (`keep.rs`). A question is a few ranges of terms (`find.rs`). The reference changes identities beside
//! us and knows nothing of terms, so all identities are looked at again and again, a few at a time (`refresh.rs`).

mod find;
mod keep;
mod refresh;
mod term;
#[cfg(test)]
mod tests;

pub use find::{Found, Position, find};
pub(crate) use keep::{insert, mark_verified, outdated, remove, replace};
pub use refresh::{Looked, refresh, start_over};
pub use term::{Condition, Searchable};
