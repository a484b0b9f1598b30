//! Linking and unlinking providers (spec: oidc.md §6).

use async_trait::async_trait;
use bia_model::ui::{self, Group};
use bia_model::{Flow, Identity, MethodName, text};
use serde_json::{Map, Value};

use super::arrival::Arrival;
use super::start::{self, Wish};
use super::{Oidc, OidcConfig, link, provider as rules};
use crate::cx::Cx;
use crate::engine;
use crate::flow::settings::require_privileged;
use crate::form::Form;
use crate::method::{self, Refusal, SettingsMethod, SettingsStep, fields};
use crate::problem::Problem;
use crate::session::LiveSession;

#[async_trait]
impl SettingsMethod for Oidc {
    async fn populate(&self, cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem> {
        let can_unlink = method::first_factors(cx.config(), identity) > 1;
        for provider in rules::offered(cx.config()) {
            let (name, label) = if !is_linked(identity, &provider.id) {
                ("link", text::settings_link_provider_label(provider.title()))
            } else if can_unlink {
                (
                    "unlink",
                    text::settings_unlink_provider_label(provider.title()),
                )
            } else {
                continue;
            };
            flow.ui
                .append(ui::submit_as(name, &provider.id, Group::Oidc, label));
        }
        Ok(())
    }

    fn claims(&self, _cx: &Cx, _flow: &Flow, form: &Form) -> bool {
        let is_for_it = form.method().is_none_or(|m| m == MethodName::Oidc.as_str());
        is_for_it && (form.text("link").is_some() || form.text("unlink").is_some())
    }

    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        live: &LiveSession,
        mut identity: Identity,
    ) -> Result<SettingsStep, Refusal> {
        // A link that somebody else made would change the account: GET is for coming back from a new sign-in only.
        engine::check_csrf(cx, flow, form)?;
        require_privileged(cx, flow, live).await?;
        let refused = |reason: &str| Err(Refusal::form(text::validation_generic(reason)));
        match (form.text("link"), form.text("unlink")) {
            (Some(_), Some(_)) => {
                refused("A provider is either linked or unlinked. Choose one of both.")
            }
            (Some(id), None) => {
                let offered = rules::offered(cx.config()).any(|p| p.id == id);
                if !offered || is_linked(&identity, id) {
                    return refused(
                        "This provider cannot be linked: it is linked already, or there is no such provider.",
                    );
                }
                let provider = rules::find(cx.config(), id)?;
                let payload = fields::transient_payload(form)?;
                let wish = Wish {
                    form,
                    traits: Value::Object(Map::new()),
                    payload,
                };
                let url = start::leave(cx, flow, provider, wish).await?;
                Ok(SettingsStep::SendAway(url))
            }
            (None, Some(id)) => {
                if method::first_factors(cx.config(), &identity) < 2 {
                    return refused(
                        "This is the last way to sign in to the account, so it stays. Set up another one first.",
                    );
                }
                if !link::remove(&mut identity, id, cx.now) {
                    return refused("This provider is not linked to the account.");
                }
                Ok(SettingsStep::save(identity))
            }
            (None, None) => Err(Refusal::form(text::settings_no_strategy())),
        }
    }
}

fn is_linked(identity: &Identity, provider: &str) -> bool {
    let config = identity
        .credential(MethodName::Oidc)
        .map(OidcConfig::of)
        .unwrap_or_default();
    config.connections().any(|c| c.provider == provider)
}

/// Links whoever came back from a provider in a settings flow.
pub(super) fn link_to(
    cx: &Cx,
    arrival: &Arrival<'_>,
    mut identity: Identity,
) -> Result<SettingsStep, Refusal> {
    if is_linked(&identity, &arrival.provider.id) {
        return Err(Refusal::form(text::validation_generic(
            "This provider is linked to the account already.",
        )));
    }
    link::add(&mut identity, arrival.connection(), cx.now);
    Ok(SettingsStep::Save {
        identity: Box::new(identity),
        proved: Some(arrival.method(cx)),
    })
}
