//! Signing up with a passkey.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::ui::{self, Group};
use bia_model::{Aal, AuthenticationMethod, Credential, Flow, MethodName, text};
use serde_json::{Value, json};

use super::{Passkey, model, new_handle, put_answer};
use crate::cx::Cx;
use crate::engine;
use crate::flow::registration::Candidate;
use crate::form::{Form, Text};
use crate::identity;
use crate::method::webauthn::ceremony::{Site, context_key};
use crate::method::webauthn::key::{Key, KeysConfig};
use crate::method::webauthn::nodes;
use crate::method::{Refusal, RegistrationMethod, RegistrationStage, RegistrationStep, fields};
use crate::problem::Problem;

const ANSWER: &str = "passkey_register";
/// The options, for the page's script.
pub(super) const CREATE: &str = "passkey_create_data";
/// The button that asks a new key.
pub(super) const TRIGGER: &str = "passkey_register_trigger";

/// The member of a flow's context that holds the options: they stay the same as long as the flow.
const OPTIONS: &str = "passkey_options";

#[async_trait]
impl RegistrationMethod for Passkey {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: RegistrationStage,
    ) -> Result<(), Problem> {
        if stage == RegistrationStage::Profile {
            return Ok(());
        }
        let Some(options) = options(cx, flow)? else {
            tracing::warn!(
                "no trait of the identity schema can name a passkey, so that none can be made; mark one by credentials.passkey.display_name"
            );
            return Ok(());
        };
        flow.ui
            .upsert(ui::hidden(CREATE, options.to_string(), Group::Passkey));
        flow.context.insert(OPTIONS.into(), options);
        let trigger = nodes::trigger(flow, TRIGGER, Group::Passkey, "oryPasskeyRegistration", "");
        flow.ui
            .upsert(trigger.labelled(text::registration_passkey_label()));
        nodes::put_script(cx, flow);
        put_answer(flow, ANSWER);
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        // An SDK sends "true" for a button that has no value.
        !matches!(form.field(ANSWER), Text::Absent | Text::Some("true"))
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal> {
        let faults = fields::faults_of_texts(form, &[ANSWER], &[]);
        flow.transient_payload = Some(candidate.check(form, faults)?);
        engine::check_csrf(cx, flow, form)?;
        let answer = form.text(ANSWER).unwrap_or_default();
        let (new, handle) = Site::of_passkey(cx).take_new(flow, answer)?;
        let mut identity = candidate.identity(cx)?;
        let keys = KeysConfig {
            credentials: Some(vec![Key::new(&new, model::name(&new.aaguid), true, cx.now)]),
            user_handle: Some(STANDARD.encode(&handle)),
        };
        let name = String::from_utf8(handle)
            .map_err(|_| Problem::Internal("a user handle of ours is no text".into()))?;
        let kind = MethodName::Passkey;
        let mut credential = Credential::new(kind, vec![name], keys.to_json(), cx.now);
        credential.version = 1;
        identity.set_credential(credential);
        identity.available_aal = Some(crate::method::available_aal(cx.config(), &identity));
        Ok(RegistrationStep::Register {
            identity: Box::new(identity),
            method: AuthenticationMethod::new(kind, Aal::Aal1, cx.now),
            spends: Some(context_key(kind)),
        })
    }
}

/// The options, and which fields of the form may name the key. `None` when there is no such field.
fn options(cx: &Cx, flow: &mut Flow) -> Result<Option<Value>, Problem> {
    if let Some(options) = flow.context.get(OPTIONS) {
        return Ok(Some(options.clone()));
    }
    let schema = identity::schema(cx, flow.identity_schema.as_deref())?;
    let names = schema.passkey_display_name_fields();
    let Some(first) = names.first() else {
        return Ok(None);
    };
    let handle = new_handle();
    let site = Site::of_passkey(cx);
    let options = site.ask_for_new(flow, handle.as_bytes(), "", std::iter::empty());
    Ok(Some(json!({
        "credentialOptions": options,
        "displayNameFieldName": first,
        "displayNameFieldNames": names,
    })))
}
