//! Signing up with a security key.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::{AuthenticationMethod, Flow, MethodName, text};
use uuid::Uuid;

use super::ceremony::{Site, context_key};
use super::key::{Key, KeysConfig};
use super::settings::{ANSWER, NAME, put, put_fields};
use super::{Webauthn, is_passwordless, level, nodes};
use crate::cx::Cx;
use crate::engine;
use crate::flow::registration::Candidate;
use crate::form::{Form, Text};
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep, fields};
use crate::problem::Problem;

/// The member of a flow's context that holds the options: they stay the same as long as the flow.
const OPTIONS: &str = "webauthn_options";

#[async_trait]
impl RegistrationMethod for Webauthn {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: RegistrationStage,
    ) -> Result<(), Problem> {
        if flow.is_native() || !is_passwordless(cx) || stage == RegistrationStage::Profile {
            return Ok(());
        }
        let options = match flow.context.get(OPTIONS) {
            Some(options) => options.clone(),
            None => {
                let handle = Uuid::new_v4();
                Site::of_webauthn(cx).ask_for_new(flow, handle.as_bytes(), "", std::iter::empty())
            }
        };
        put_fields(
            flow,
            &options.to_string(),
            text::registration_webauthn_label(),
        );
        flow.context.insert(OPTIONS.into(), options);
        nodes::put_script(cx, flow);
        Ok(())
    }

    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool {
        let wanted = form.field(ANSWER) != Text::Absent
            || form.method() == Some(MethodName::Webauthn.as_str());
        !flow.is_native() && is_passwordless(cx) && wanted
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal> {
        let faults = fields::faults_of_texts(form, &[ANSWER, NAME], &[ANSWER]);
        flow.transient_payload = Some(candidate.check(form, faults)?);
        engine::check_csrf(cx, flow, form)?;
        let name = form.text(NAME).unwrap_or_default();
        let answer = form.text(ANSWER).unwrap_or_default();
        let taken = Site::of_webauthn(cx).take_new(flow, answer);
        if let (Err(_), Some(node)) = (&taken, flow.ui.find_mut(NAME)) {
            node.set_value(Some(name.into()));
        }
        let (new, handle) = taken?;
        let mut identity = candidate.identity(cx)?;
        let credential = identity.credential(MethodName::Webauthn);
        if credential.is_none_or(|c| c.identifiers.is_empty()) {
            return Err(Refusal::form(text::identifier_missing()));
        }
        let keys = KeysConfig {
            credentials: Some(vec![Key::new(&new, name, true, cx.now)]),
            user_handle: Some(STANDARD.encode(handle)),
        };
        put(&mut identity, &keys, cx.now);
        Ok(RegistrationStep::Register {
            identity: Box::new(identity),
            method: AuthenticationMethod::new(MethodName::Webauthn, level(cx), cx.now),
            spends: Some(context_key(MethodName::Webauthn)),
        })
    }
}
