//! Adding and removing security keys.

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{AuthenticationMethod, Credential, Flow, Identity, MethodName, text};

use super::ceremony::Site;
use super::key::{self, Key, KeysConfig};
use super::{Webauthn, is_passwordless, level, nodes};
use crate::cx::Cx;
use crate::engine;
use crate::flow::settings;
use crate::form::{Form, Text};
use crate::method::{Refusal, SettingsMethod, SettingsStep, fields, first_factors};
use crate::problem::Problem;
use crate::session::LiveSession;

/// The name that a new key is given; also in registration.
pub(super) const NAME: &str = "webauthn_register_displayname";
/// The answer of a new key; also in registration.
pub(super) const ANSWER: &str = "webauthn_register";
/// The button that asks a new key; also in registration.
pub(super) const TRIGGER: &str = "webauthn_register_trigger";
/// What that button starts.
pub(super) const FUNCTION: &str = "oryWebAuthnRegistration";
const REMOVE: &str = "webauthn_remove";

#[async_trait]
impl SettingsMethod for Webauthn {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
        if flow.is_native() {
            return Ok(());
        }
        let keys = KeysConfig::stored(identity, MethodName::Webauthn)?;
        let is_only_way_in = first_factors(cx.config(), identity) < 2;
        for key in keys.keys() {
            flow.ui.append(remove_button(key, is_only_way_in));
        }
        let site = Site::of_webauthn(cx);
        let options = site.ask_for_new(flow, identity.id.as_bytes(), "", keys.keys());
        nodes::put_script(cx, flow);
        put_fields(
            flow,
            &options.to_string(),
            text::settings_webauthn_add_label(),
        );
        Ok(())
    }

    fn claims(&self, _cx: &Cx, flow: &Flow, form: &Form) -> bool {
        let wanted = |name| form.field(name) != Text::Absent;
        !flow.is_native() && (wanted(ANSWER) || wanted(REMOVE))
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        live: &LiveSession,
        identity: Identity,
    ) -> Result<SettingsStep, Refusal> {
        let adds = form.field(ANSWER) != Text::Absent;
        let required: &[&str] = if adds { &[NAME] } else { &[] };
        fields::check_texts(form, &[ANSWER, NAME, REMOVE], required)?;
        engine::check_csrf(cx, flow, form)?;
        settings::require_privileged(cx, flow, live).await?;
        match form.text(ANSWER) {
            Some(answer) => add(cx, flow, form, answer, identity),
            None => remove(cx, form.text(REMOVE).unwrap_or_default(), identity),
        }
    }
}

/// The last way in cannot be taken away.
fn remove_button(key: &Key, is_only_way_in: bool) -> ui::Node {
    let label = text::settings_webauthn_remove_label(key.shown_name(), key.shown_date());
    let id = hex::encode(key.id_bytes());
    let mut node = ui::submit_as(REMOVE, &id, Group::Webauthn, label);
    if let Some(input) = node.as_input_mut() {
        input.disabled = key.is_passwordless && is_only_way_in;
    }
    node
}

/// What registers a key, in registration too: its name, the button that asks it, and its answer.
pub(super) fn put_fields(flow: &mut Flow, options: &str, label: text::Message) {
    let name = ui::input(NAME, InputType::Text, Group::Webauthn).with_value("");
    flow.ui
        .upsert(name.labelled(text::settings_webauthn_name_label()));
    let trigger = nodes::trigger(flow, TRIGGER, Group::Webauthn, FUNCTION, options);
    flow.ui.upsert(trigger.with_value(options).labelled(label));
    flow.ui.upsert(ui::hidden(ANSWER, "", Group::Webauthn));
}

fn add(
    cx: &Cx,
    flow: &Flow,
    form: &Form,
    answer: &str,
    mut identity: Identity,
) -> Result<SettingsStep, Refusal> {
    let (new, _) = Site::of_webauthn(cx).take_new(flow, answer)?;
    let mut keys = KeysConfig::stored(&identity, MethodName::Webauthn)?;
    let name = form.text(NAME).unwrap_or_default();
    let key = Key::new(&new, name, is_passwordless(cx), cx.now);
    if !keys.add(key) {
        return Err(Refusal::field(
            ANSWER,
            text::validation_generic(
                "This security key is among your keys already. Remove it first to add it again.",
            ),
        ));
    }
    keys.user_handle = Some(key::default_handle(&identity));
    put(&mut identity, &keys, cx.now);
    Ok(SettingsStep::Save {
        identity: Box::new(identity),
        proved: Some(AuthenticationMethod::new(
            MethodName::Webauthn,
            level(cx),
            cx.now,
        )),
    })
}

fn remove(cx: &Cx, id: &str, mut identity: Identity) -> Result<SettingsStep, Refusal> {
    let mut keys = KeysConfig::stored(&identity, MethodName::Webauthn)?;
    let Some(removed) = keys.remove(id) else {
        let sentence = "There is no such key to remove. Look at the list of your keys again.";
        return Err(Problem::BadRequest(sentence.into()).into());
    };
    if removed.is_passwordless && first_factors(cx.config(), &identity) < 2 {
        return Err(Refusal::field(
            REMOVE,
            text::validation_generic(
                "This key is the only way in to your account. Set up another one before you remove it.",
            ),
        ));
    }
    if keys.keys().next().is_none() {
        identity
            .credentials
            .retain(|c| c.kind != MethodName::Webauthn);
    } else {
        put(&mut identity, &keys, cx.now);
    }
    Ok(SettingsStep::save(identity))
}

/// The schema gives the identifiers.
pub(super) fn put(identity: &mut Identity, keys: &KeysConfig, now: time::OffsetDateTime) {
    let kind = MethodName::Webauthn;
    match identity.credential_mut(kind) {
        Some(credential) => {
            credential.config = keys.to_json();
            credential.version = 1;
            credential.updated_at = now;
        }
        None => {
            let mut credential = Credential::new(kind, Vec::new(), keys.to_json(), now);
            credential.version = 1;
            identity.set_credential(credential);
        }
    }
}
