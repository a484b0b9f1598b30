//! The member `bia` of errors and of flows with an error: what was wrong with this request, what to do next, where more
//! is said.
//!
//! A hint is made of what the client itself sent, of the flow that it may read anyway, and of what the configuration
//! shows by its answers. Nothing in it depends on whether an account exists or what it has. `docs/hints.md` lists every
//! hint with what it reveals; a test compares.

mod flow;
mod next;
mod problem;
pub(crate) mod seen;
mod topic;

use bia_model::text::with_short_quotes;
use bia_selfservice::cx::Cx;
use bia_selfservice::mfa::Demand;
use serde_json::{Map, Value, json};

pub(crate) use flow::of_flow;
pub(crate) use problem::{mismatch, of_problem, topic_of};

use next::Next;

/// What helps with one answer.
pub(super) struct Help {
    /// One sentence or two on this request.
    hint: String,
    /// What to do.
    next: Next,
    /// The name under which `bia explain` says more.
    topic: String,
}

impl Help {
    fn json(&self, cx: &Cx) -> Value {
        let mut help = Map::new();
        help.insert("hint".into(), json!(with_short_quotes(&self.hint)));
        help.insert("next".into(), self.next.json());
        let docs = cx
            .config()
            .public_address(&format!("/bia/explain/{}", self.topic));
        help.insert("docs".into(), json!(docs));
        Value::Object(help)
    }
}

/// What a script does that is told to send its browser elsewhere: `next` alone.
pub(crate) fn of_location(cx: &Cx, url: &str) -> Value {
    Help {
        hint: "This flow goes on at another address, which a script has to send the browser to."
            .to_owned(),
        next: next::at_location(cx, url),
        topic: "browser_location_change_required".to_owned(),
    }
    .json(cx)
}

/// What somebody does next who signed in and owes what a policy asks for, whether or not answers carry help.
pub(crate) fn of_demand(cx: &Cx, demand: &Demand) -> Option<Value> {
    next::of_demand(cx, demand).map(|next| json!({"next": next.json()}))
}

/// Whether answers carry help.
pub(crate) fn is_on(cx: &Cx) -> bool {
    cx.config().bia.help.0
}

#[cfg(test)]
mod tests;
