//! Changing a password.

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Credential, Flow, Identity, MethodName, text};
use zeroize::Zeroizing;

use super::{Password, PasswordConfig, accept};
use crate::cx::Cx;
use crate::engine;
use crate::flow::settings;
use crate::form::Form;
use crate::method::{Refusal, SettingsMethod, SettingsStep, fields};
use crate::problem::Problem;
use crate::session::LiveSession;

#[async_trait]
impl SettingsMethod for Password {
    async fn populate(
        &self,
        _cx: &Cx,
        flow: &mut Flow,
        _identity: &Identity,
    ) -> Result<(), Problem> {
        let node = ui::input("password", InputType::Password, Group::Password)
            .required()
            .autocomplete("new-password");
        flow.ui.append(node.labelled(text::password_input_label()));
        flow.ui.append(ui::submit(
            MethodName::Password.as_str(),
            Group::Password,
            text::save_label(),
        ));
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        form.method() == Some(MethodName::Password.as_str())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        live: &LiveSession,
        mut identity: Identity,
    ) -> Result<SettingsStep, Refusal> {
        fields::check_texts(form, &["password"], &[])?;
        engine::check_csrf(cx, flow, form)?;
        settings::require_recent_login(cx, flow, live).await?;
        let password = Zeroizing::new(form.text("password").unwrap_or_default().to_owned());
        if password.is_empty() {
            return Err(Refusal::field(
                "password",
                text::validation_required("password"),
            ));
        }
        let old = identity
            .credential(MethodName::Password)
            .map(PasswordConfig::of)
            .unwrap_or_default();
        let identifiers = identity
            .credential(MethodName::Password)
            .map(|c| c.identifiers.clone())
            .unwrap_or_default();
        let same = !old.hashed_password.is_empty()
            && cx
                .runtime
                .hasher
                .verify(&password, &old.hashed_password)
                .await
                .unwrap_or(false);
        if same {
            return Err(Refusal::field("password", text::password_same_as_old()));
        }
        accept::check(cx, &password, &identifiers).await?;
        let config = PasswordConfig::hashed(accept::hash(cx, &password).await?).to_json();
        match identity.credential_mut(MethodName::Password) {
            Some(credential) => {
                credential.config = config;
                credential.updated_at = cx.now;
            }
            None => identity.set_credential(Credential::new(
                MethodName::Password,
                identifiers,
                config,
                cx.now,
            )),
        }
        Ok(SettingsStep::save(identity))
    }
}
