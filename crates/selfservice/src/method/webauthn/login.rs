//! Signing in with a security key: alone, or as the second factor.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Flow, FlowKind, Identity, MethodName, normalise, text};
use bia_store::identity::Expand;
use bia_webauthn::Assertion;

use super::ceremony::Site;
use super::key::{self, Key, KeysConfig};
use super::redeem::{Verified, redeem};
use super::{Webauthn, is_passwordless, level, nodes};
use crate::cx::Cx;
use crate::engine;
use crate::flow::login::identifier_label;
use crate::form::{Form, Text};
use crate::method::{LoginMethod, LoginStage, LoginStep, Method, Refusal, fields};
use crate::problem::Problem;
use crate::return_to;
use crate::session::LiveSession;
use crate::why::Why;

const ANSWER: &str = "webauthn_login";
const FUNCTION: &str = "oryWebAuthnLogin";
const IDENTIFIER: &str = "identifier";

#[async_trait]
impl LoginMethod for Webauthn {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        if flow.is_native() {
            return Ok(());
        }
        let label = text::login_webauthn_label();
        match stage {
            LoginStage::FirstFactor if is_passwordless(cx) => {
                let node = ui::input(IDENTIFIER, InputType::Text, Group::Default)
                    .with_value("")
                    .required()
                    .autocomplete("username webauthn");
                flow.ui.upsert(node.labelled(identifier_label(cx, flow)?));
                flow.ui.append(button());
            }
            LoginStage::Credentials(identity) if is_passwordless(cx) => {
                let has_key = identity.is_some_and(|i| self.first_factors(cx.config(), i) > 0);
                if has_key || cx.config().security.account_enumeration.mitigate {
                    flow.ui.append(button());
                }
            }
            LoginStage::Refresh(live) => ask_again(cx, flow, live, Aal::Aal1).await?,
            LoginStage::SecondFactor(live) if flow.refresh => {
                ask_again(cx, flow, live, Aal::Aal2).await?;
            }
            LoginStage::SecondFactor(live) if !is_passwordless(cx) => {
                let identity = whole(cx, live).await?;
                let keys = stored_keys(&identity, |key| !key.is_passwordless);
                ask(cx, flow, &identity, &keys, label);
            }
            _ => {}
        }
        Ok(())
    }

    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool {
        let wanted = form.field(ANSWER) != Text::Absent
            || form.method() == Some(MethodName::Webauthn.as_str());
        let level = if is_first_factor(cx, flow) {
            Aal::Aal1
        } else {
            Aal::Aal2
        };
        !flow.is_native() && wanted && flow.requested_aal == level
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let result = step(cx, flow, form).await;
        if let (Err(_), Some(node)) = (&result, flow.ui.find_mut(ANSWER)) {
            node.set_value(None);
        }
        result
    }
}

/// Whether a key signs in alone in this flow.
fn is_first_factor(cx: &Cx, flow: &Flow) -> bool {
    is_passwordless(cx) || (flow.refresh && flow.requested_aal == Aal::Aal1)
}

fn button() -> ui::Node {
    let method = MethodName::Webauthn.as_str();
    ui::submit(method, Group::Webauthn, text::login_webauthn_label())
}

async fn whole(cx: &Cx, live: &LiveSession) -> Result<Identity, Problem> {
    let mut conn = cx.read().await?;
    let id = live.session.identity_id;
    let found = bia_store::identity::find(&mut conn, id, Expand::Credentials).await?;
    found.ok_or(Problem::Aal1Required)
}

fn stored_keys(identity: &Identity, counts: impl Fn(&Key) -> bool) -> Vec<Key> {
    let keys = identity
        .credential(MethodName::Webauthn)
        .map(KeysConfig::of)
        .unwrap_or_default();
    keys.keys().filter(|key| counts(key)).cloned().collect()
}

fn first_identifier(identity: &Identity) -> Option<&String> {
    identity
        .credential(MethodName::Webauthn)?
        .identifiers
        .first()
}

/// Somebody signs in again: with a key of the kind that the level asks for, if they have an identifier for it.
async fn ask_again(
    cx: &Cx,
    flow: &mut Flow,
    live: &LiveSession,
    level: Aal,
) -> Result<(), Problem> {
    let identity = whole(cx, live).await?;
    if first_identifier(&identity).is_some() {
        let keys = stored_keys(&identity, |key| key.is_passwordless == (level == Aal::Aal1));
        ask(cx, flow, &identity, &keys, text::login_webauthn_label());
    }
    Ok(())
}

/// Asks for one of these keys, if there is one. Whether it does.
fn ask(cx: &Cx, flow: &mut Flow, identity: &Identity, keys: &[Key], label: text::Message) -> bool {
    if keys.is_empty() {
        return false;
    }
    let options = Site::of_webauthn(cx).ask_for(flow, keys.iter()).to_string();
    if let Some(identifier) = first_identifier(identity) {
        flow.ui
            .upsert(ui::hidden(IDENTIFIER, identifier.as_str(), Group::Default));
    }
    engine::set_csrf(cx, flow);
    nodes::put_script(cx, flow);
    let trigger = nodes::trigger(
        flow,
        "webauthn_login_trigger",
        Group::Webauthn,
        FUNCTION,
        &options,
    );
    flow.ui.upsert(trigger.with_value(options).labelled(label));
    flow.ui.upsert(ui::hidden(ANSWER, "", Group::Webauthn));
    true
}

async fn step(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    fields::check_texts(form, &[ANSWER, IDENTIFIER], &[IDENTIFIER])?;
    engine::check_csrf(cx, flow, form)?;
    if !is_first_factor(cx, flow) {
        let Some(live) = cx.session().await?.cloned() else {
            return Err(Problem::Aal1Required.into());
        };
        let identity = whole(cx, &live).await?;
        return authenticate(cx, flow, form, identity).await;
    }
    let identifier = form.text(IDENTIFIER).unwrap_or_default();
    let Some(identity) = find(cx, identifier).await? else {
        cx.because_nobody_is(identifier);
        return Err(Refusal::form(text::no_such_webauthn_user()));
    };
    if form.text(ANSWER).is_some() {
        authenticate(cx, flow, form, identity).await
    } else {
        challenge(cx, flow, &identity, identifier)
    }
}

async fn find(cx: &Cx, identifier: &str) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    Ok(bia_store::identity::find_by_identifier(
        &mut conn,
        &[MethodName::Webauthn],
        &normalise::identifier(identifier),
        identifier,
    )
    .await?)
}

/// The second of two screens: the key is asked for, and nothing else can be chosen.
fn challenge(
    cx: &Cx,
    flow: &mut Flow,
    identity: &Identity,
    identifier: &str,
) -> Result<LoginStep, Refusal> {
    let keys = stored_keys(identity, |key| key.is_passwordless);
    let before = std::mem::take(&mut flow.ui.nodes);
    if !ask(cx, flow, identity, &keys, text::login_continue_label()) {
        flow.ui.nodes = before;
        cx.meant(identity.id);
        cx.because(Why::NoSuchCredential);
        return Err(Refusal::form(text::no_such_webauthn_user()));
    }
    let node = ui::hidden(IDENTIFIER, identifier, Group::Default).required();
    flow.ui.upsert(node);
    flow.ui.clear_messages();
    flow.ui.messages.push(text::login_webauthn_prepare_notice());
    let page = return_to::page(cx, FlowKind::Login, flow.id);
    Ok(LoginStep::SendAway(page))
}

async fn authenticate(
    cx: &Cx,
    flow: &mut Flow,
    form: &Form,
    identity: Identity,
) -> Result<LoginStep, Refusal> {
    cx.meant(identity.id);
    let Some(credential) = identity.credential(MethodName::Webauthn) else {
        cx.because(Why::NoSuchCredential);
        return Err(Refusal::form(text::no_webauthn_device()));
    };
    let handle = KeysConfig::of(credential).user_handle;
    let handle = handle.unwrap_or_else(|| key::default_handle(&identity));
    let account = STANDARD.decode(handle).unwrap_or_default();
    // Somebody who is signed in already may prove it by any key of theirs.
    let passwordless = is_first_factor(cx, flow);
    let keys = stored_keys(&identity, |key| {
        flow.refresh || key.is_passwordless == passwordless
    });
    let answer = Assertion::read(form.text(ANSWER).unwrap_or_default()).map_err(|why| {
        Problem::BadRequest(format!(
            "The answer of the security key cannot be read: {why}."
        ))
    })?;
    let wrong = || {
        cx.because(Why::KeyRefused);
        Refusal::form(text::webauthn_assertion_wrong())
    };
    let site = Site::of_webauthn(cx);
    let (key, used) = site
        .take(flow, &answer, &account, keys.iter())?
        .ok_or_else(wrong)?;
    let verified = Verified {
        question: MethodName::Webauthn,
        kind: MethodName::Webauthn,
        key,
        used,
    };
    let identity = redeem(cx, flow, identity, &verified)
        .await?
        .ok_or_else(wrong)?;
    Ok(LoginStep::Authenticated {
        identity: Box::new(identity),
        method: AuthenticationMethod::new(MethodName::Webauthn, level(cx), cx.now),
    })
}
