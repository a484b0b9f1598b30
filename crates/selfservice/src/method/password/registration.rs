//! Signing up with a password.

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Credential, Flow, MethodName, text};
use zeroize::Zeroizing;

use super::{Password, PasswordConfig, accept};
use crate::cx::Cx;
use crate::engine;
use crate::flow::registration::Candidate;
use crate::form::Form;
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep, fields};
use crate::problem::Problem;

#[async_trait]
impl RegistrationMethod for Password {
    async fn populate(
        &self,
        _cx: &Cx,
        flow: &mut Flow,
        stage: RegistrationStage,
    ) -> Result<(), Problem> {
        if stage == RegistrationStage::Profile {
            return Ok(());
        }
        let node = ui::input("password", InputType::Password, Group::Password)
            .required()
            .autocomplete("new-password");
        flow.ui.upsert(node.labelled(text::password_input_label()));
        flow.ui.append(ui::submit(
            MethodName::Password.as_str(),
            Group::Password,
            text::registration_submit_label(),
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
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal> {
        let faults = fields::faults_of_texts(form, &["password"], &[]);
        flow.transient_payload = Some(candidate.check(form, faults)?);
        engine::check_csrf(cx, flow, form)?;
        let password = Zeroizing::new(form.text("password").unwrap_or_default().to_owned());
        if password.is_empty() {
            return Err(Refusal::field(
                "password",
                text::validation_required("password"),
            ));
        }
        let mut identity = candidate.identity(cx)?;
        let identifiers = identity
            .credential(MethodName::Password)
            .map(|c| c.identifiers.clone())
            .unwrap_or_default();
        if identifiers.is_empty() {
            return Err(Refusal::form(text::identifier_missing()));
        }
        accept::check(cx, &password, &identifiers).await?;
        let hash = accept::hash(cx, &password).await?;
        let config = PasswordConfig::hashed(hash).to_json();
        identity.set_credential(Credential::new(
            MethodName::Password,
            identifiers,
            config,
            cx.now,
        ));
        let method = AuthenticationMethod::new(MethodName::Password, Aal::Aal1, cx.now);
        Ok(RegistrationStep::Register {
            identity: Box::new(identity),
            method,
            spends: None,
        })
    }
}
