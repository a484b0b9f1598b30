//! The traits form of registration: all of it, or the first of two screens (spec: flows.md §8).

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType, Node};
use bia_model::{Flow, MethodName, State, text};

use super::Profile;
use crate::cx::Cx;
use crate::engine;
use crate::flow::registration::{self, Candidate};
use crate::form::Form;
use crate::identity;
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep};
use crate::outcome::FormStatus;
use crate::problem::Problem;

/// The value of `screen` that asks for the second screen.
const CREDENTIALS: &str = "credential-selection";
/// The value of `screen` that asks for the first screen again.
const PREVIOUS: &str = "previous";
/// The value of `method` that old clients send for the same.
const LEGACY_BACK: &str = "profile:back";

#[async_trait]
impl RegistrationMethod for Profile {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, stage: RegistrationStage) -> Result<(), Problem> {
        if stage == RegistrationStage::Credentials {
            return Ok(());
        }
        for node in trait_nodes(cx, flow)? {
            flow.ui.upsert(node);
        }
        if stage == RegistrationStage::Profile {
            flow.ui.append(continue_button());
        }
        Ok(())
    }

    fn claims(&self, cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        if !registration::has_two_screens(cx) {
            return false;
        }
        let by_method = matches!(form.method(), Some(m) if m == MethodName::Profile.as_str() || m == LEGACY_BACK);
        by_method || (form.has("screen") && form.method().is_none())
            || matches!(form.text("screen"), Some(CREDENTIALS | PREVIOUS))
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RegistrationStep, Refusal> {
        let candidate = Candidate::read(cx, flow, form)?;
        if form.text("screen") == Some(PREVIOUS) || form.method() == Some(LEGACY_BACK) {
            show_profile(cx, flow, &candidate).await?;
            return Ok(RegistrationStep::AskAgain(FormStatus::Invalid));
        }
        candidate.show_values(flow);
        engine::check_csrf(cx, flow, form)?;
        candidate.validate(cx)?;
        show_credentials(cx, flow).await?;
        Ok(RegistrationStep::AskAgain(FormStatus::Invalid))
    }
}

fn trait_nodes(cx: &Cx, flow: &Flow) -> Result<Vec<Node>, Problem> {
    let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
    Ok(schema.fields().iter().map(|field| ui::trait_input(field, Group::Default)).collect())
}

fn continue_button() -> Node {
    ui::submit(MethodName::Profile.as_str(), Group::Profile, text::registration_submit_label())
}

/// The second screen: the traits are kept out of sight, the methods are offered.
async fn show_credentials(cx: &Cx, flow: &mut Flow) -> Result<(), Refusal> {
    flow.active = None;
    flow.state = State::ChooseMethod;
    flow.ui.clear_messages();
    for node in flow.ui.nodes.iter_mut().filter(|n| n.group == Group::Default) {
        if let Some(input) = node.as_input_mut() {
            input.r#type = InputType::Hidden;
        }
    }
    flow.ui.nodes.retain(|n| n.group != Group::Profile || n.id() != "method");
    let before = flow.ui.nodes.len();
    registration::populate_stage(cx, flow, RegistrationStage::Credentials).await?;
    let offers_nothing = flow.ui.nodes.len() == before;
    if offers_nothing && !cx.config().security.account_enumeration.mitigate {
        return Err(Refusal::form(text::registration_no_strategy()));
    }
    flow.ui.append(ui::submit_as("screen", PREVIOUS, Group::Profile, text::registration_back_label()));
    flow.ui.messages.push(text::registration_choose_credential_notice());
    engine::remask_csrf(cx, flow);
    Ok(registration::sort(cx, flow)?)
}

/// The first screen again, with what was typed.
async fn show_profile(cx: &Cx, flow: &mut Flow, candidate: &Candidate) -> Result<(), Problem> {
    flow.active = None;
    flow.state = State::ChooseMethod;
    flow.organization_id = None;
    flow.ui.clear_messages();
    flow.ui.nodes.clear();
    engine::set_csrf(cx, flow);
    registration::populate_stage(cx, flow, RegistrationStage::Profile).await?;
    candidate.show_values(flow);
    registration::sort(cx, flow)
}
