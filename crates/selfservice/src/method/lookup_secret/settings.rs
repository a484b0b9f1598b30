//! Making, showing and removing backup codes.

use async_trait::async_trait;
use bia_model::text::Message;
use bia_model::ui::{self, Group};
use bia_model::{Aal, AuthenticationMethod, Credential, Flow, Identity, MethodName, text};

use super::credential::LookupConfig;
use super::{LookupSecret, is_set_up};
use crate::cx::Cx;
use crate::engine;
use crate::flow::settings;
use crate::form::Form;
use crate::method::{Refusal, SettingsMethod, SettingsStep};
use crate::outcome::FormStatus;
use crate::problem::Problem;
use crate::session::LiveSession;

const CONFIRM: &str = "lookup_secret_confirm";
const REVEAL: &str = "lookup_secret_reveal";
const DISABLE: &str = "lookup_secret_disable";
const REGENERATE: &str = "lookup_secret_regenerate";
const LIST: &str = "lookup_secret_codes";

/// The buttons. Where several were pressed the first of them counts.
const BUTTONS: [&str; 4] = [CONFIRM, REVEAL, DISABLE, REGENERATE];

/// With so many unused codes or fewer it is time for new ones.
const FEW: usize = 3;

/// The member of a flow's context that holds codes that were shown and are not valid yet.
const OFFERED: &str = "lookup_secret_offered";

#[async_trait]
impl SettingsMethod for LookupSecret {
    async fn populate(
        &self,
        _cx: &Cx,
        flow: &mut Flow,
        identity: &Identity,
    ) -> Result<(), Problem> {
        if is_set_up(identity) {
            add_button(flow, REVEAL);
            add_button(flow, DISABLE);
        } else {
            add_button(flow, REGENERATE);
        }
        Ok(())
    }

    fn notice(&self, identity: &Identity) -> Option<Message> {
        let credential = identity.credential(MethodName::LookupSecret)?;
        let left = LookupConfig::of(credential).unused();
        (is_set_up(identity) && left <= FEW).then(|| text::lookup_secrets_running_out(left))
    }

    fn claims(&self, cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        let pressed = pressed(form).is_some();
        let enabled = cx.config().selfservice.methods.lookup_secret.enabled;
        // Without a button the method is not asked; where it is switched off, naming it says so.
        pressed || (!enabled && form.method() == Some(MethodName::LookupSecret.as_str()))
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
        match pressed(form) {
            Some(CONFIRM) => confirm(cx, flow, identity),
            Some(REVEAL) => reveal(flow, &identity),
            Some(DISABLE) => {
                identity
                    .credentials
                    .retain(|c| c.kind != MethodName::LookupSecret);
                Ok(SettingsStep::save(identity))
            }
            _ => Ok(regenerate(flow)),
        }
    }
}

fn pressed(form: &Form) -> Option<&'static str> {
    BUTTONS.into_iter().find(|name| form.boolean(name))
}

fn add_button(flow: &mut Flow, name: &str) {
    let label = match name {
        CONFIRM => text::settings_lookup_confirm_label(),
        REVEAL => text::settings_lookup_reveal_label(),
        DISABLE => text::settings_lookup_disable_label(),
        _ => text::settings_lookup_regenerate_label(),
    };
    flow.ui
        .upsert(ui::submit_as(name, "true", Group::LookupSecret, label));
}

/// The codes take the place of the buttons.
fn show(flow: &mut Flow, config: &LookupConfig) {
    for name in BUTTONS {
        flow.ui.remove(name);
    }
    flow.ui.remove(LIST);
    let list = ui::text(LIST, config.listed(), Group::LookupSecret);
    flow.ui
        .append(list.labelled(text::settings_lookup_list_label()));
}

fn reveal(flow: &mut Flow, identity: &Identity) -> Result<SettingsStep, Refusal> {
    let Some(credential) = identity
        .credential(MethodName::LookupSecret)
        .filter(|_| is_set_up(identity))
    else {
        return Err(Problem::BadRequest(
            "There are no backup codes to show. Make new ones first.".into(),
        )
        .into());
    };
    show(flow, &LookupConfig::of(credential));
    add_button(flow, DISABLE);
    add_button(flow, REGENERATE);
    Ok(SettingsStep::AskAgain(FormStatus::Fine))
}

/// New codes are shown; they become valid by the confirmation that their owner has kept them.
fn regenerate(flow: &mut Flow) -> SettingsStep {
    let config = LookupConfig::random();
    show(flow, &config);
    add_button(flow, CONFIRM);
    flow.context.insert(OFFERED.into(), config.to_json());
    SettingsStep::AskAgain(FormStatus::Fine)
}

fn confirm(cx: &Cx, flow: &Flow, mut identity: Identity) -> Result<SettingsStep, Refusal> {
    let Some(offered) = flow.context.get(OFFERED) else {
        return Err(Problem::BadRequest(
            "There are no new backup codes to confirm. Make new ones first.".into(),
        )
        .into());
    };
    let names = vec![identity.id.to_string()];
    identity.set_credential(Credential::new(
        MethodName::LookupSecret,
        names,
        offered.clone(),
        cx.now,
    ));
    let proved = AuthenticationMethod::new(MethodName::LookupSecret, Aal::Aal2, cx.now);
    Ok(SettingsStep::Save {
        identity: Box::new(identity),
        proved: Some(proved),
    })
}
