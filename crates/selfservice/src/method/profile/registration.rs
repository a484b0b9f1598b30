//! The traits form of registration: all of it, or the first of two screens (spec: flows.md §8).

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType, Node};
use bia_model::{Flow, MethodName, State, text};

use super::Profile;
use crate::cx::Cx;
use crate::engine;
use crate::flow::registration::{self, CREDENTIALS_SCREEN, Candidate};
use crate::form::Form;
use crate::identity;
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep, fields};
use crate::outcome::FormStatus;
use crate::problem::Problem;

/// The value of `screen` that asks for the first screen again.
const PREVIOUS: &str = "previous";
/// The value of `method` that old clients send for the same.
const LEGACY_BACK: &str = "profile:back";

#[async_trait]
impl RegistrationMethod for Profile {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: RegistrationStage,
    ) -> Result<(), Problem> {
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
        let by_method = matches!(form.method(), Some(m) if m == MethodName::Profile.as_str() || m == LEGACY_BACK);
        registration::has_two_screens(cx) && (by_method || form.text("screen").is_some())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal> {
        let fault = fields::fault_of_choice(form, "screen", &[CREDENTIALS_SCREEN, PREVIOUS]);
        let payload = candidate.check(form, fault.into_iter().collect())?;
        if form.text("screen") == Some(PREVIOUS) || form.method() == Some(LEGACY_BACK) {
            show_profile(cx, flow, candidate).await?;
        } else {
            flow.transient_payload = Some(payload);
            flow.active = None;
            flow.state = State::ChooseMethod;
            engine::check_csrf(cx, flow, form)?;
            candidate.identity(cx)?;
            show_credentials(cx, flow, candidate).await?;
        }
        Ok(RegistrationStep::AskAgain(FormStatus::Next))
    }
}

fn trait_nodes(cx: &Cx, flow: &Flow) -> Result<Vec<Node>, Problem> {
    let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
    Ok(schema
        .fields()
        .iter()
        .map(|field| ui::trait_input(field, Group::Default))
        .collect())
}

fn continue_button() -> Node {
    ui::submit(
        MethodName::Profile.as_str(),
        Group::Profile,
        text::registration_submit_label(),
    )
}

/// The second screen: the traits are kept out of sight, the methods are offered.
async fn show_credentials(cx: &Cx, flow: &mut Flow, candidate: &Candidate) -> Result<(), Refusal> {
    flow.ui.clear_messages();
    flow.ui.nodes.retain(|n| n.group == Group::Default);
    for input in flow.ui.nodes.iter_mut().filter_map(Node::as_input_mut) {
        input.r#type = InputType::Hidden;
    }
    registration::populate_stage(cx, flow, RegistrationStage::Credentials).await?;
    let offers_nothing = flow.ui.nodes.iter().all(|n| n.group == Group::Default);
    if offers_nothing && !cx.config().security.account_enumeration.mitigate {
        return Err(Refusal::form(text::registration_no_strategy()));
    }
    flow.ui.append(ui::submit_as(
        "screen",
        PREVIOUS,
        Group::Profile,
        text::registration_back_label(),
    ));
    flow.ui
        .messages
        .push(text::registration_choose_credential_notice());
    candidate.put_values(flow);
    engine::remask_csrf(cx, flow);
    Ok(registration::sort(cx, flow)?)
}

/// The first screen again, with what was typed. How far the flow is stays as it was.
async fn show_profile(cx: &Cx, flow: &mut Flow, candidate: &Candidate) -> Result<(), Problem> {
    flow.organization_id = None;
    flow.ui.clear_messages();
    flow.ui.nodes.clear();
    engine::set_csrf(cx, flow);
    registration::populate_stage(cx, flow, RegistrationStage::Profile).await?;
    candidate.put_values(flow);
    registration::sort(cx, flow)
}
