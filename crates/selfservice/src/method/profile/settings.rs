//! The traits form of settings.

use async_trait::async_trait;
use bia_model::ui::{self, Group};
use bia_model::{Flow, Identity, MethodName, schema, text};

use super::Profile;
use crate::cx::Cx;
use crate::engine;
use crate::form::Form;
use crate::identity;
use crate::method::{Refusal, SettingsMethod, SettingsStep};
use crate::problem::Problem;
use crate::session::LiveSession;

#[async_trait]
impl SettingsMethod for Profile {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
        let of_identity = identity::schema(cx, Some(&identity.schema_id))?;
        for field in of_identity.fields() {
            flow.ui.upsert(ui::trait_input(field, Group::Profile));
        }
        show_values(flow, &identity.traits);
        flow.ui.append(ui::submit(
            MethodName::Profile.as_str(),
            Group::Profile,
            text::save_label(),
        ));
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        form.method() == Some(MethodName::Profile.as_str())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        _live: &LiveSession,
        mut identity: Identity,
    ) -> Result<SettingsStep, Refusal> {
        engine::check_csrf(cx, flow, form)?;
        let of_identity = identity::schema(cx, Some(&identity.schema_id))?.clone();
        identity.traits = form.traits(&of_identity);
        for node in flow
            .ui
            .nodes
            .iter_mut()
            .filter(|n| n.id().starts_with("traits."))
        {
            node.set_value(None);
        }
        show_values(flow, &identity.traits);
        Ok(SettingsStep::save(identity))
    }
}

fn show_values(flow: &mut Flow, traits: &serde_json::Value) {
    for (name, value) in schema::flatten("traits", traits) {
        flow.ui.set_value(&name, value, Group::Profile);
    }
}
