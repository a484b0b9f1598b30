//! The order of nodes on a form: two stable sorts (spec: flows.md §4.1).

use std::borrow::Cow;

use serde_json::Value;

use super::{Attributes, Group, Node};

/// The order of groups on a form; groups that are not listed come first.
pub type GroupOrder = &'static [Group];

/// Groups of login flows.
pub const LOGIN: GroupOrder = &[
    Group::Oidc,
    Group::Default,
    Group::Webauthn,
    Group::Passkey,
    Group::Code,
    Group::Password,
    Group::Totp,
    Group::LookupSecret,
];

/// Groups of registration flows.
pub const REGISTRATION: GroupOrder = &[
    Group::Oidc,
    Group::Saml,
    Group::Default,
    Group::Webauthn,
    Group::Passkey,
    Group::Code,
    Group::Password,
    Group::Captcha,
    Group::Profile,
];

/// Groups of settings flows.
pub const SETTINGS: GroupOrder = &[
    Group::Default,
    Group::Profile,
    Group::Password,
    Group::Oidc,
    Group::LookupSecret,
    Group::Webauthn,
    Group::Passkey,
    Group::Totp,
];

/// Keys of login flows.
pub const LOGIN_KEYS: &[&str] = &["csrf_token", "identifier", "password"];

const WEBAUTHN_KEYS: [&str; 3] = [
    "webauthn_remove",
    "webauthn_register_displayname",
    "webauthn_register",
];

/// Keys of registration flows: the password stands after the first trait.
pub fn registration_keys(traits: &[String]) -> Vec<String> {
    let mut keys = vec!["csrf_token".to_owned()];
    let mut traits = traits.iter().cloned();
    keys.extend(traits.next());
    keys.push("password".into());
    keys.extend(traits);
    keys.extend(WEBAUTHN_KEYS.map(str::to_owned));
    keys
}

/// Keys of settings flows: the traits, then each method's fields.
pub fn settings_keys(traits: &[String]) -> Vec<String> {
    const REST: [&str; 13] = [
        "lookup_secret_reveal",
        "lookup_secret_regenerate",
        "lookup_secret_codes",
        "lookup_secret_confirm",
        "webauthn_remove",
        "webauthn_register_displayname",
        "webauthn_register",
        "passkey_remove",
        "passkey_register",
        "totp_qr",
        "totp_secret_key",
        "totp_unlink",
        "totp_code",
    ];
    traits
        .iter()
        .cloned()
        .chain(REST.map(str::to_owned))
        .collect()
}

/// Puts nodes in the order of a form. `keys` holds full dotted names or prefixes of node ids.
pub fn sort<K: AsRef<str>>(nodes: &mut [Node], groups: GroupOrder, keys: &[K]) {
    nodes.sort_by_key(|n| group_position(groups, n.group));
    // Within the same group, and between default and password, the keys decide; a stable sort may
    // not compare unequal groups, so runs of comparable groups are sorted one by one.
    let mut start = 0usize;
    while let Some(first) = nodes.get(start) {
        let group = first.group;
        let length = nodes
            .iter()
            .skip(start)
            .take_while(|n| n.group == group)
            .count();
        if let Some(run) = nodes.get_mut(start..start + length) {
            run.sort_by(|a, b| node_key(a, keys).cmp(&node_key(b, keys)));
        }
        start += length;
    }
    mix_default_and_password(nodes, keys);
}

fn group_position(groups: GroupOrder, group: Group) -> isize {
    groups
        .iter()
        .position(|g| *g == group)
        .and_then(|p| isize::try_from(p).ok())
        .unwrap_or(-1)
}

/// Nodes of `default` and of `password` share one order, each keeping to the places that both take.
fn mix_default_and_password<K: AsRef<str>>(nodes: &mut [Node], keys: &[K]) {
    let shared = |n: &Node| matches!(n.group, Group::Default | Group::Password);
    let places: Vec<usize> = nodes
        .iter()
        .enumerate()
        .filter(|(_, n)| shared(n))
        .map(|(i, _)| i)
        .collect();
    let adjacent = places.windows(2).all(|w| matches!(w, [a, b] if b - a == 1));
    if let (true, Some(first), Some(last)) = (adjacent, places.first(), places.last())
        && let Some(run) = nodes.get_mut(*first..=*last)
    {
        run.sort_by(|a, b| node_key(a, keys).cmp(&node_key(b, keys)));
    }
}

fn node_key<'n, K: AsRef<str>>(node: &'n Node, keys: &[K]) -> (usize, Cow<'n, str>) {
    (key_position(node.id(), keys), value_text(node))
}

fn key_position<K: AsRef<str>>(id: &str, keys: &[K]) -> usize {
    if id == "method" {
        return usize::MAX;
    }
    keys.iter()
        .position(|k| id.starts_with(k.as_ref()))
        .unwrap_or(keys.len())
}

fn value_text(node: &Node) -> Cow<'_, str> {
    let value = match &node.attributes {
        Attributes::Input(input) => input.value.as_ref(),
        Attributes::Script(script) => return script.src.as_str().into(),
        Attributes::Img { src, .. } => return src.as_str().into(),
        Attributes::A { href, .. } => return href.as_str().into(),
        Attributes::Text { .. } | Attributes::Div { .. } => None,
    };
    match value {
        None | Some(Value::Null) => "<nil>".into(),
        Some(Value::String(s)) => s.as_str().into(),
        Some(other) => other.to_string().into(),
    }
}
