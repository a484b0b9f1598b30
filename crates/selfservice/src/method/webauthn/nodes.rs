//! Nodes that security keys and passkeys have in common.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::Flow;
use bia_model::ui::{self, Group, InputType, Node, Script};
use uuid::Uuid;

use super::SCRIPT;
use crate::cx::Cx;

/// The digest by which browsers know the script (Subresource Integrity).
static INTEGRITY: LazyLock<String> = LazyLock::new(|| {
    let digest = digest::digest(&digest::SHA512, SCRIPT.as_bytes());
    format!("sha512-{}", STANDARD.encode(digest))
});

/// The id of the node with the script.
pub(crate) const SCRIPT_NODE: &str = "webauthn_script";

/// The script, for browsers.
pub(crate) fn put_script(cx: &Cx, flow: &mut Flow) {
    if flow.is_native() {
        return;
    }
    let script = Script {
        src: cx.config().public_address("/.well-known/ory/webauthn.js"),
        r#async: true,
        referrerpolicy: "no-referrer".into(),
        crossorigin: "anonymous".into(),
        integrity: INTEGRITY.clone(),
        r#type: "text/javascript".into(),
        id: SCRIPT_NODE.into(),
        nonce: Uuid::new_v4().to_string(),
    };
    flow.ui.upsert(ui::script(script, Group::Webauthn));
}

/// A button that starts a function of the script, with an argument in parentheses or none. Native apps are told
/// the function's name only.
pub(crate) fn trigger(
    flow: &Flow,
    name: &str,
    group: Group,
    function: &str,
    argument: &str,
) -> Node {
    let mut node = ui::input(name, InputType::Button, group);
    if let Some(input) = node.as_input_mut() {
        input.onclick_trigger = Some(function.into());
        input.onclick = (!flow.is_native()).then(|| format!("window.{function}({argument})"));
    }
    node
}
