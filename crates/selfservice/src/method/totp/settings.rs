//! Setting up an authenticator app, and removing it.

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Credential, Flow, Identity, MethodName, text};
use serde_json::{Value, json};

use super::key::Key;
use super::{Totp, is_set_up, picture, step};
use crate::cx::Cx;
use crate::engine;
use crate::flow::settings;
use crate::form::{Form, Text};
use crate::identity as identities;
use crate::method::{Refusal, SettingsMethod, SettingsStep};
use crate::problem::Problem;
use crate::session::LiveSession;

const CODE: &str = "totp_code";
const UNLINK: &str = "totp_unlink";

/// The member of a flow's context that holds the URL of the key that the flow offers.
const OFFERED: &str = "totp_url";

#[async_trait]
impl SettingsMethod for Totp {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
        if is_set_up(identity) {
            let button = ui::submit_as(
                UNLINK,
                "true",
                Group::Totp,
                text::settings_unlink_totp_label(),
            );
            flow.ui.upsert(button.required());
            return Ok(());
        }
        let key = Key::random();
        let url = key.url(&issuer(cx), &account(cx, identity)?);
        let qr = ui::image(
            "totp_qr",
            &picture::data_url(&url)?,
            (picture::SIDE, picture::SIDE),
            Group::Totp,
        );
        let secret = ui::text(
            "totp_secret_key",
            text::settings_totp_secret_text(&key.text()),
            Group::Totp,
        );
        let code = ui::input(CODE, InputType::Text, Group::Totp).required();
        flow.ui
            .upsert(secret.labelled(text::settings_totp_secret_label()));
        flow.ui.upsert(qr.labelled(text::settings_totp_qr_label()));
        flow.ui.upsert(code.labelled(text::verify_code_label()));
        flow.ui.append(ui::submit(
            MethodName::Totp.as_str(),
            Group::Totp,
            text::save_label(),
        ));
        flow.context.insert(OFFERED.into(), url.into());
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        form.boolean(UNLINK) || form.method() == Some(MethodName::Totp.as_str())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        live: &LiveSession,
        mut identity: Identity,
    ) -> Result<SettingsStep, Refusal> {
        engine::check_csrf(cx, flow, form)?;
        settings::require_privileged(cx, flow, live).await?;
        if !is_set_up(&identity) {
            return set_up(cx, flow, form, identity);
        }
        if form.boolean(UNLINK) {
            identity.credentials.retain(|c| c.kind != MethodName::Totp);
        }
        Ok(SettingsStep::save(identity))
    }
}

/// The name that apps show for the server.
fn issuer(cx: &Cx) -> String {
    let config = cx.config();
    let named = config.selfservice.methods.totp.config.issuer.clone();
    named.unwrap_or_else(|| {
        config
            .serve
            .public
            .base_url
            .host_str()
            .unwrap_or_default()
            .to_owned()
    })
}

/// The name that apps show for the account: the trait that the schema marks, else the identity's id.
fn account(cx: &Cx, identity: &Identity) -> Result<String, Problem> {
    let schema = identities::schema(cx, Some(&identity.schema_id))?;
    let derived = schema.validate(&identity.traits).ok();
    let marked = derived
        .and_then(|d| d.totp_account_name)
        .filter(|name| !name.is_empty());
    Ok(marked.unwrap_or_else(|| identity.id.to_string()))
}

/// The offered key is taken once a code proves that an app has it. That code can still be used to sign in.
fn set_up(
    cx: &Cx,
    flow: &Flow,
    form: &Form,
    mut identity: Identity,
) -> Result<SettingsStep, Refusal> {
    let offered = flow
        .context
        .get(OFFERED)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(key) = Key::of_url(offered) else {
        let sentence =
            "This form offers no authenticator app to set up. Start a new settings flow.";
        return Err(Problem::BadRequest(sentence.into()).into());
    };
    let code = match form.field(CODE) {
        Text::Absent => return Err(Refusal::field(CODE, text::validation_required(CODE))),
        Text::OtherType(_) => "",
        Text::Some(code) => code,
    };
    if step::of_code(&key, code, cx.now).is_none() {
        return Err(Refusal::field(CODE, text::totp_code_wrong()));
    }
    let (names, config) = (
        vec![identity.id.to_string()],
        json!({ "totp_url": offered }),
    );
    identity.set_credential(Credential::new(MethodName::Totp, names, config, cx.now));
    let proved = AuthenticationMethod::new(MethodName::Totp, Aal::Aal2, cx.now);
    Ok(SettingsStep::Save {
        identity: Box::new(identity),
        proved: Some(proved),
    })
}
