//! The catalogue of messages, and the macro that writes an entry and its constructor from one line.

use serde_json::{Map, Value};

use super::{
    Message, MessageType, label, login, own, recovery, registration, render, settings, validation,
    verification,
};

/// What is known about one message before it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The number that clients know the message by.
    pub id: u32,
    /// Our name of it, also the name of its constructor.
    pub slug: &'static str,
    /// Label or notice, error, or success.
    pub kind: MessageType,
    /// Whether there is a constructor. A number that is only reserved is never sent.
    pub emitted: bool,
    /// The members of the context, in the order of `spec/messages.tsv`.
    pub context_keys: &'static [&'static str],
    /// The English text; `{name}` stands for a member of the context, or for a value that the
    /// constructor derives from its arguments. Empty when the message is never sent.
    pub english: &'static str,
}

impl Entry {
    /// The message of this entry with these facts; `extra` fills placeholders that are not members
    /// of the context.
    pub(super) fn message<const N: usize>(
        &self,
        context: [(&str, Value); N],
        extra: &[(&str, &str)],
    ) -> Message {
        let mut context: Map<String, Value> = context
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        context.sort_keys();
        Message {
            id: self.id,
            text: render::fill(self.english, &context, extra),
            r#type: self.kind,
            context: (!context.is_empty()).then_some(context),
        }
    }
}

/// Every message of `spec/messages.tsv` and `own.tsv`, grouped as in the modules of [`text`](super).
pub const CATALOGUE: &[Entry] = &join::<COUNT>(PARTS);

const PARTS: &[&[Entry]] = &[
    login::ENTRIES,
    registration::ENTRIES,
    settings::ENTRIES,
    recovery::ENTRIES,
    verification::ENTRIES,
    label::ENTRIES,
    validation::ENTRIES,
    own::ENTRIES,
];

const COUNT: usize = {
    let (mut part, mut count) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

/// The parts one after another. Runs in the compiler only, so a wrong index is a build error.
const fn join<const N: usize>(parts: &[&[Entry]]) -> [Entry; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut next) = (0, 0);
    while part < parts.len() {
        let mut i = 0;
        while i < parts[part].len() {
            all[next] = parts[part][i];
            next += 1;
            i += 1;
        }
        part += 1;
    }
    all
}

/// The entry of a message number; `None` for a number that is not ours (a web hook's, for example).
pub fn entry(id: u32) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.id == id)
}

/// Writes `ENTRIES` and the constructors of a module, one message a line:
///
/// ```text
/// /// When it is said.
/// <id> <kind> emitted|reserved <slug>(<arguments>) { <context key>: <value>, … } [<placeholder>: <text>, …] "<English>";
/// ```
///
/// The part in brackets is for placeholders that are not members of the context.
macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $id:literal $kind:ident $status:ident $slug:ident ( $($arg:ident : $ty:ty),* $(,)? )
        { $($key:literal : $value:expr),* $(,)? }
        $([ $($place:literal : $text:expr),* ])?
        $english:literal;
    )*) => {
        pub(super) const ENTRIES: &[super::Entry] = &[$(
            super::catalogue::messages!(@entry $id $kind $status $slug [$($key),*] $english)
        ),*];
        $(super::catalogue::messages! {
            @constructor $status
            $(#[$doc])*
            #[doc = concat!("\n\nMessage ", stringify!($id), ".")]
            pub fn $slug($($arg: $ty),*) -> super::Message {
                super::catalogue::messages!(@entry $id $kind $status $slug [$($key),*] $english)
                    .message(
                        [$(($key, serde_json::Value::from($value))),*],
                        &[$($(($place, $text)),*)?],
                    )
            }
        })*
    };
    (@entry $id:literal $kind:ident $status:ident $slug:ident [$($key:literal),*] $english:literal) => {
        super::Entry {
            id: $id,
            slug: stringify!($slug),
            kind: super::MessageType::$kind,
            emitted: super::catalogue::messages!(@emitted $status),
            context_keys: &[$($key),*],
            english: $english,
        }
    };
    (@emitted emitted) => { true };
    (@emitted reserved) => { false };
    (@constructor emitted $($function:tt)*) => { $($function)* };
    (@constructor reserved $($function:tt)*) => {};
}
pub(super) use messages;
