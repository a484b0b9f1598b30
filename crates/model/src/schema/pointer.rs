//! JSON pointers as they stand in messages (`#/traits/email`) and the dotted names of form fields (`traits.email`).

/// One step further down.
pub(super) fn join(at: &str, segment: &str) -> String {
    format!("{at}/{}", escape(segment))
}

pub(super) fn escape(segment: &str) -> String {
    if segment.contains(['~', '/']) {
        segment.replace('~', "~0").replace('/', "~1")
    } else {
        segment.to_owned()
    }
}

pub(super) fn unescape(segment: &str) -> String {
    if segment.contains('~') {
        segment.replace("~1", "/").replace("~0", "~")
    } else {
        segment.to_owned()
    }
}

/// The steps of a pointer with or without `#`.
pub(super) fn segments(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer
        .trim_start_matches('#')
        .split('/')
        .skip(1)
        .map(unescape)
}

/// The name of the form field at a pointer: steps joined by dots, dots in a step escaped. Empty for the root.
pub(super) fn dotted(pointer: &str) -> String {
    segments(pointer)
        .map(|segment| escape_dots(&segment))
        .collect::<Vec<_>>()
        .join(".")
}

pub(super) fn escape_dots(segment: &str) -> String {
    if segment.contains('.') {
        segment.replace('.', "\\.")
    } else {
        segment.to_owned()
    }
}
