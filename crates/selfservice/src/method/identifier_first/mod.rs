//! Login on two screens: who is it, then how (spec: flows.md §19).

use async_trait::async_trait;
use bia_config::Config;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Flow, Identity, MethodName, normalise, text};

use super::{LoginMethod, LoginStage, LoginStep, METHODS, Method, Refusal, fields};
use crate::cx::Cx;
use crate::engine;
use crate::flow::login::{go_ahead, identifier_label};
use crate::form::Form;
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::why::Why;

/// The method. It asks who it is and proves nothing.
pub struct IdentifierFirst;

impl Method for IdentifierFirst {
    fn name(&self) -> MethodName {
        MethodName::IdentifierFirst
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.identifier_first_enabled()
    }

    fn login(&self) -> Option<&dyn LoginMethod> {
        Some(self)
    }
}

#[async_trait]
impl LoginMethod for IdentifierFirst {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        if !matches!(stage, LoginStage::Identification) {
            return Ok(());
        }
        let node = ui::input("identifier", InputType::Text, Group::IdentifierFirst)
            .with_value("")
            .required();
        let node = node
            .autocomplete("username webauthn")
            .labelled(identifier_label(cx, flow)?);
        flow.ui.upsert(node);
        let method = MethodName::IdentifierFirst.as_str();
        flow.ui.append(ui::submit(
            method,
            Group::IdentifierFirst,
            text::continue_label(),
        ));
        Ok(())
    }

    fn claims(&self, cx: &Cx, flow: &Flow, _form: &Form) -> bool {
        // Whatever no other method took (flows.md §7.2).
        cx.config().identifier_first_enabled()
            && flow.requested_aal == bia_model::Aal::Aal1
            && !flow.refresh
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let identifier = form.text("identifier").unwrap_or_default();
        let result = identify(cx, flow, form, identifier).await;
        if result.is_err()
            && let Some(node) = flow.ui.find_mut("identifier")
        {
            node.set_value(Some(identifier.into()));
        }
        result
    }
}

async fn identify(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    identifier: &str,
) -> Result<LoginStep, Refusal> {
    fields::check_texts(form, &["identifier"], &[])?;
    engine::check_csrf(cx, flow, form)?;
    let identity = find(cx, identifier).await?;
    flow.ui.clear_messages();
    let before = flow.ui.nodes.clone();
    let stage = LoginStage::Credentials(identity.as_ref());
    let mut offers_nothing = true;
    for method in METHODS
        .iter()
        .filter(|m| m.is_enabled(cx.config()))
        .filter_map(|m| m.login())
    {
        method.populate(cx, flow, stage).await?;
        offers_nothing &= !identity.as_ref().is_some_and(|i| method.offers(cx, i));
    }
    let mitigate = cx.config().security.account_enumeration.mitigate;
    offers_nothing &= flow.ui.nodes.iter().all(|n| before.contains(n));
    if (offers_nothing && !mitigate) || identifier.is_empty() {
        flow.ui.nodes = before;
        match &identity {
            Some(identity) => {
                cx.meant(identity.id);
                cx.because(Why::NoSuchCredential);
            }
            None => cx.because_nobody_is(identifier),
        }
        return Err(Refusal::field("identifier", text::account_not_found()));
    }
    if !go_ahead(cx, flow, stage, identifier).await? {
        hide_identifier(cx, flow, identifier);
    }
    Ok(LoginStep::AskAgain(FormStatus::Next))
}

/// The second screen keeps the identifier, out of sight.
fn hide_identifier(cx: &Cx, flow: &mut Flow, identifier: &str) {
    flow.active = Some(MethodName::IdentifierFirst);
    flow.ui
        .nodes
        .retain(|n| n.group != Group::IdentifierFirst || n.id() != "method");
    if let Some(input) = flow
        .ui
        .find_mut("identifier")
        .and_then(ui::Node::as_input_mut)
    {
        input.r#type = InputType::Hidden;
        input.value = Some(identifier.into());
    }
    engine::remask_csrf(cx, flow);
}

async fn find(cx: &Cx, identifier: &str) -> Result<Option<Identity>, Problem> {
    if identifier.is_empty() {
        return Ok(None);
    }
    let mut conn = cx.read().await?;
    Ok(bia_store::identity::find_by_identifier(
        &mut conn,
        &MethodName::CREDENTIAL_TYPES,
        &normalise::identifier(identifier),
        identifier,
    )
    .await?)
}
