//! Adding and removing passkeys.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::ui::{self, Group};
use bia_model::{Aal, AuthenticationMethod, Credential, Flow, Identity, MethodName, text};

use super::registration::{CREATE, TRIGGER};
use super::{Passkey, model, new_handle, put_answer};
use crate::cx::Cx;
use crate::engine;
use crate::flow::settings;
use crate::form::{Form, Text};
use crate::identity as identities;
use crate::method::webauthn::ceremony::Site;
use crate::method::webauthn::key::{Key, KeysConfig};
use crate::method::webauthn::nodes;
use crate::method::{Refusal, SettingsMethod, SettingsStep, fields, first_factors};
use crate::problem::Problem;
use crate::session::LiveSession;

const ANSWER: &str = "passkey_settings_register";
const REMOVE: &str = "passkey_remove";
const FUNCTION: &str = "oryPasskeySettingsRegistration";

#[async_trait]
impl SettingsMethod for Passkey {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
        let keys = KeysConfig::stored(identity, MethodName::Passkey)?;
        let is_only_way_in = first_factors(cx.config(), identity) < 2;
        for key in keys.keys() {
            flow.ui.append(remove_button(key, is_only_way_in));
        }
        let schema = identities::schema(cx, Some(&identity.schema_id))?;
        let Some(name) = schema.passkey_display_name(&identity.traits) else {
            flow.ui.messages.push(text::identifier_missing());
            return Ok(());
        };
        let site = Site::of_passkey(cx);
        let options = site.ask_for_new(flow, new_handle().as_bytes(), &name, keys.keys());
        nodes::put_script(cx, flow);
        let trigger = nodes::trigger(flow, TRIGGER, Group::Passkey, FUNCTION, "");
        flow.ui.upsert(
            trigger
                .with_value("")
                .labelled(text::settings_passkey_add_label()),
        );
        put_answer(flow, ANSWER);
        flow.ui
            .upsert(ui::hidden(CREATE, options.to_string(), Group::Passkey));
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        form.field(ANSWER) != Text::Absent || form.field(REMOVE) != Text::Absent
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        live: &LiveSession,
        identity: Identity,
    ) -> Result<SettingsStep, Refusal> {
        fields::check_texts(form, &[ANSWER, REMOVE], &[])?;
        engine::check_csrf(cx, flow, form)?;
        settings::require_privileged(cx, flow, live).await?;
        match form.text(REMOVE) {
            Some(id) => remove(cx, id, identity),
            None => add(cx, flow, form.text(ANSWER).unwrap_or_default(), identity),
        }
    }
}

/// The last way in cannot be taken away.
fn remove_button(key: &Key, is_only_way_in: bool) -> ui::Node {
    let label = text::settings_passkey_remove_label(key.shown_name(), key.shown_date());
    let id = hex::encode(key.id_bytes());
    let mut node = ui::submit_as(REMOVE, &id, Group::Passkey, label);
    if let Some(input) = node.as_input_mut() {
        input.disabled = is_only_way_in;
    }
    node
}

/// Each key knows the account by a handle of its own, and all of them are identifiers.
fn add(
    cx: &Cx,
    flow: &Flow,
    answer: &str,
    mut identity: Identity,
) -> Result<SettingsStep, Refusal> {
    let (new, handle) = Site::of_passkey(cx).take_new(flow, answer)?;
    let mut keys = KeysConfig::stored(&identity, MethodName::Passkey)?;
    if !keys.add(Key::new(&new, model::name(&new.aaguid), true, cx.now)) {
        return Err(Refusal::field(
            ANSWER,
            text::validation_generic(
                "This passkey is among your passkeys already. Remove it first to add it again.",
            ),
        ));
    }
    keys.user_handle = Some(STANDARD.encode(&handle));
    let name = String::from_utf8(handle)
        .map_err(|_| Problem::Internal("a user handle of ours is no text".into()))?;
    put(&mut identity, &keys, Some(name), cx.now);
    Ok(SettingsStep::Save {
        identity: Box::new(identity),
        proved: Some(AuthenticationMethod::new(
            MethodName::Passkey,
            Aal::Aal1,
            cx.now,
        )),
    })
}

fn remove(cx: &Cx, id: &str, mut identity: Identity) -> Result<SettingsStep, Refusal> {
    let mut keys = KeysConfig::stored(&identity, MethodName::Passkey)?;
    if keys.remove(id).is_none() {
        let sentence =
            "There is no such passkey to remove. Look at the list of your passkeys again.";
        return Err(Problem::BadRequest(sentence.into()).into());
    }
    if first_factors(cx.config(), &identity) < 2 {
        return Err(Refusal::field(
            REMOVE,
            text::validation_generic(
                "This passkey is the only way in to your account. Set up another one before you remove it.",
            ),
        ));
    }
    if keys.keys().next().is_none() {
        identity
            .credentials
            .retain(|c| c.kind != MethodName::Passkey);
    } else {
        put(&mut identity, &keys, None, cx.now);
    }
    Ok(SettingsStep::save(identity))
}

fn put(
    identity: &mut Identity,
    keys: &KeysConfig,
    new_name: Option<String>,
    now: time::OffsetDateTime,
) {
    let kind = MethodName::Passkey;
    let old = identity.credential(kind);
    let mut names = old.map(|c| c.identifiers.clone()).unwrap_or_default();
    let adds = new_name.is_some();
    names.extend(new_name);
    let mut credential = Credential::new(kind, names, keys.to_json(), now);
    credential.version = old.map_or(1, |c| if adds { 1 } else { c.version });
    if let Some(old) = old {
        (credential.id, credential.created_at) = (old.id, old.created_at);
    }
    identity.set_credential(credential);
}
