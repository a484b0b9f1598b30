//! Settings of somebody who has to set up a second factor first.

use bia_model::ui::Group;
use bia_model::{Flow, Identity, MethodName, text};

use super::{enrolment_first, required};
use crate::cx::Cx;
use crate::method::Refusal;
use crate::method::webauthn::nodes::SCRIPT_NODE;
use crate::problem::Problem;

/// What is left of the settings for somebody who has to set up a second factor first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    methods: Vec<MethodName>,
}

impl Enrolment {
    /// Takes the demand for an enrolment, which the settings can meet, out of a refusal.
    pub fn of<T>(refused: Result<T, Problem>) -> Result<Option<Enrolment>, Problem> {
        match refused {
            Ok(_) => Ok(None),
            Err(Problem::EnrolmentRequired { methods, .. }) => Ok(Some(Enrolment { methods })),
            Err(other) => Err(other),
        }
    }

    /// Whether a method of the settings can be used.
    pub fn permits(&self, method: MethodName) -> bool {
        self.methods.contains(&method)
    }

    /// What is said to whoever wants something else.
    pub fn comes_first(&self, cx: &Cx) -> Problem {
        enrolment_first(cx, None, &self.methods)
    }

    /// Takes everything else out of a form, and says why.
    pub fn restrict(&self, flow: &mut Flow) {
        let has_keys = self.has_keys();
        flow.ui.nodes.retain(|node| {
            let group = node.group.as_str();
            group == Group::Default.as_str()
                || self.methods.iter().any(|method| method.as_str() == group)
                || (has_keys && node.id() == SCRIPT_NODE)
        });
        let why = text::enrolment_notice();
        if flow.ui.messages.iter().all(|said| said.id != why.id) {
            flow.ui.messages.push(why);
        }
    }

    /// Whether security keys or passkeys can be set up: they share a script.
    fn has_keys(&self) -> bool {
        [MethodName::Webauthn, MethodName::Passkey]
            .iter()
            .any(|method| self.permits(*method))
    }
}

/// Refuses a change of somebody who needs a second factor that would leave them without any that satisfies their
/// policy. Both are given with credentials.
pub async fn keep_a_factor(cx: &Cx, old: &Identity, new: &Identity) -> Result<(), Refusal> {
    let Some((policy, _)) = required(cx, old).await? else {
        return Ok(());
    };
    let had = !policy.able(cx.config(), old).is_empty();
    if had && policy.able(cx.config(), new).is_empty() {
        return Err(Refusal::form(text::validation_generic(
            "Your account needs a second factor, and this is the last one. Set up another one before you remove it.",
        )));
    }
    Ok(())
}
