//! Help for flows with an error on the form.

use bia_model::text::Message;
use bia_model::{Aal, Flow, FlowKind, Identity};
use bia_selfservice::cx::Cx;
use bia_selfservice::flow::settings;
use serde_json::{Value, json};

use super::next::{self, Next};
use super::{Help, seen};
use crate::explain::{self, Explanation};

/// Messages that say that no method took the form.
const NO_METHOD: std::ops::RangeInclusive<u32> = 4_010_002..=4_010_006;

/// Methods that only ever give a second factor.
const SECOND_FACTORS: [&str; 2] = ["totp", "lookup_secret"];

/// The member `bia` of a flow: help where its form has an error, and in settings what their owner, who is `shown`,
/// should know. `None` where there is nothing of that, or help is switched off.
pub(crate) fn of_flow(cx: &Cx, flow: &Flow, shown: Option<&Identity>) -> Option<Value> {
    if !super::is_on(cx) {
        return None;
    }
    let help = first_error(flow).map(|message| help(cx, flow, message).json(cx));
    let notices = notices(cx, flow, shown);
    if notices.is_empty() {
        return help;
    }
    let mut help = help.unwrap_or_else(|| json!({}));
    help["notices"] = json!(notices);
    Some(help)
}

/// What the owner of settings should know of what they have set up.
pub(crate) fn notices(cx: &Cx, flow: &Flow, shown: Option<&Identity>) -> Vec<Message> {
    let shown = shown.filter(|_| flow.kind == FlowKind::Settings);
    shown.map_or_else(Vec::new, |identity| settings::notices(cx, identity))
}

fn first_error(flow: &Flow) -> Option<&Message> {
    let of_nodes = flow.ui.nodes.iter().flat_map(|node| &node.messages);
    flow.ui
        .messages
        .iter()
        .chain(of_nodes)
        .find(|message| message.is_error())
}

fn help(cx: &Cx, flow: &Flow, message: &Message) -> Help {
    let topic = message.id.to_string();
    if NO_METHOD.contains(&message.id) {
        let (hint, next) = no_method(cx, flow);
        return Help { hint, next, topic };
    }
    let (what, mend) = match explain::explain(&topic, Some(explain::Kind::Message)) {
        Ok(Explanation::Message { entry, .. }) => (
            entry.what.clone(),
            entry.mend.first().map_or("", |mend| *mend),
        ),
        // A hook's own message.
        _ => (message.text.clone(), ""),
    };
    // A message with facts says them in its text, which is about this request; the others are explained.
    let hint = if message.context.is_some() {
        message.text.clone()
    } else {
        what
    };
    let text = if mend.is_empty() {
        "Correct the form and send it again."
    } else {
        mend
    };
    let topic = if explain::explain(&topic, Some(explain::Kind::Message)).is_ok() {
        topic
    } else {
        "flow_has_messages".to_owned()
    };
    Help {
        hint,
        next: Next::post(text, flow.ui.action.clone()),
        topic,
    }
}

/// Which methods the form takes, which one came, and what was probably meant.
fn no_method(cx: &Cx, flow: &Flow) -> (String, Next) {
    let mut sent = None;
    cx.effect(|effects| sent.clone_from(&effects.sent_method));
    let sent = sent
        .map(|method| seen::shown(&method))
        .filter(|method| !method.is_empty());
    let offered = offered(flow);
    let takes = if offered.is_empty() {
        "This flow takes no method any more.".to_owned()
    } else {
        format!("This flow takes: {}.", offered.join(", "))
    };
    let came = match &sent {
        Some(method) if offered.contains(method) => format!(
            "The method {method} came without the fields that it needs, or in a state of the flow that does not take it."
        ),
        Some(method) => format!("The method {method} is none of this flow's."),
        None => "No method came with the form.".to_owned(),
    };
    let first_factor = flow.kind == FlowKind::Login && flow.requested_aal == Aal::Aal1;
    let second = sent.as_deref().is_some_and(|method| {
        SECOND_FACTORS.contains(&method) && !offered.iter().any(|offer| offer == method)
    });
    if first_factor && second {
        let hint = format!(
            "{came} {takes} A second factor is given in a login that was begun with aal=aal2, after the first one."
        );
        let text = "Submit a first factor to this flow; then begin this one with the session that it gives.";
        return (
            hint,
            Next::get(text, next::begin(cx, FlowKind::Login, &[("aal", "aal2")])),
        );
    }
    (
        format!("{came} {takes}"),
        Next::post(
            "Send the form again with one of these as method, and the fields of its nodes.",
            flow.ui.action.clone(),
        ),
    )
}

/// The methods that the form has nodes of.
fn offered(flow: &Flow) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for node in &flow.ui.nodes {
        let group = serde_json::to_value(node.group).ok();
        let Some(group) = group.as_ref().and_then(Value::as_str) else {
            continue;
        };
        if group != "default" && !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    groups
}
