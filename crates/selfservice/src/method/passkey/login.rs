//! Signing in with a passkey.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Flow, FlowKind, Identity, MethodName, text};
use bia_store::identity::Expand;
use bia_webauthn::Assertion;

use super::{Passkey, put_answer};
use crate::cx::Cx;
use crate::engine;
use crate::flow::login::identifier_label;
use crate::form::{Form, Text};
use crate::identity;
use crate::method::webauthn::ceremony::Site;
use crate::method::webauthn::key::{Key, KeysConfig};
use crate::method::webauthn::nodes;
use crate::method::webauthn::redeem::{Verified, redeem};
use crate::method::{LoginMethod, LoginStage, LoginStep, Method, Refusal, fields};
use crate::problem::Problem;
use crate::return_to;
use crate::session::LiveSession;
use crate::why::Why;

const ANSWER: &str = "passkey_login";
const CHALLENGE: &str = "passkey_challenge";
const IDENTIFIER: &str = "identifier";

/// The longest user handle, in bytes (W3C Web Authentication, section 5.4.3).
const MAX_HANDLE: usize = 64;

#[async_trait]
impl LoginMethod for Passkey {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        match stage {
            LoginStage::FirstFactor => {
                ask_anybody(cx, flow)?;
                put_button(flow);
            }
            LoginStage::Identification => ask_anybody(cx, flow)?,
            LoginStage::Credentials(identity) => {
                let has_key = identity.is_some_and(|i| self.first_factors(cx.config(), i) > 0);
                if has_key || cx.config().security.account_enumeration.mitigate {
                    put_button(flow);
                }
            }
            LoginStage::Refresh(live) => ask_again(cx, flow, live).await?,
            LoginStage::SecondFactor(_) => {}
        }
        Ok(())
    }

    fn claims(&self, _cx: &Cx, flow: &Flow, form: &Form) -> bool {
        let wanted = form.field(ANSWER) != Text::Absent
            || form.method() == Some(MethodName::Passkey.as_str());
        wanted && flow.requested_aal == Aal::Aal1
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let result = step(cx, flow, form).await;
        if let (Err(_), Some(node)) = (&result, flow.ui.find_mut(ANSWER)) {
            node.set_value(None);
        }
        result
    }
}

/// Asks for any passkey: by the button, or while a name is being typed.
fn ask_anybody(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    let options = Site::of_passkey(cx).ask_for(flow, std::iter::empty());
    let node = ui::input(IDENTIFIER, InputType::Text, Group::Default)
        .with_value("")
        .required()
        .autocomplete("username webauthn");
    flow.ui.upsert(node.labelled(identifier_label(cx, flow)?));
    flow.ui
        .upsert(ui::hidden(CHALLENGE, options.to_string(), Group::Passkey));
    nodes::put_script(cx, flow);
    put_answer(flow, ANSWER);
    let native = flow.is_native();
    if let Some(input) = flow.ui.find_mut(ANSWER).and_then(ui::Node::as_input_mut) {
        let function = "oryPasskeyLoginAutocompleteInit";
        input.onload_trigger = Some(function.into());
        input.onload = (!native).then(|| format!("window.{function}()"));
    }
    Ok(())
}

/// Asks for one of the passkeys of whoever is signed in, if there are some.
async fn ask_again(cx: &Cx, flow: &mut Flow, live: &LiveSession) -> Result<(), Problem> {
    let mut conn = cx.read().await?;
    let id = live.session.identity_id;
    let found = bia_store::identity::find(&mut conn, id, Expand::Credentials).await?;
    drop(conn);
    let Some(identity) = found.filter(|i| Passkey.first_factors(cx.config(), i) > 0) else {
        return Ok(());
    };
    let keys = keys_of(&identity, MethodName::Passkey);
    let options = Site::of_passkey(cx).ask_for(flow, keys.keys());
    flow.ui
        .upsert(ui::hidden(CHALLENGE, options.to_string(), Group::Passkey));
    nodes::put_script(cx, flow);
    put_answer(flow, ANSWER);
    put_button(flow);
    engine::set_csrf(cx, flow);
    let schema = identity::schema(cx, Some(&identity.schema_id))?;
    let name = schema.passkey_display_name(&identity.traits);
    let name = name.unwrap_or_default();
    flow.ui.upsert(ui::hidden(IDENTIFIER, name, Group::Default));
    Ok(())
}

fn put_button(flow: &mut Flow) {
    let name = "passkey_login_trigger";
    let button = nodes::trigger(flow, name, Group::Passkey, "oryPasskeyLogin", "");
    flow.ui
        .append(button.with_value("").labelled(text::login_passkey_label()));
}

async fn step(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    fields::check_texts(form, &[ANSWER], &[])?;
    engine::check_csrf(cx, flow, form)?;
    let Some(answer) = form.text(ANSWER) else {
        let page = return_to::page(cx, FlowKind::Login, flow.id);
        return Ok(LoginStep::SendAway(page));
    };
    let answer = Assertion::read(answer).map_err(|why| {
        Problem::BadRequest(format!("The answer of the passkey cannot be read: {why}."))
    })?;
    let Some((identity, kind)) = find(cx, answer.user_handle()).await? else {
        cx.because(Why::NoSuchCredential);
        return Err(Refusal::form(text::no_such_webauthn_user()));
    };
    cx.meant(identity.id);
    let keys = keys_of(&identity, kind);
    let alone = keys.keys().filter(|key| key.is_passwordless);
    let wrong = || {
        cx.because(Why::KeyRefused);
        Refusal::form(text::webauthn_assertion_wrong())
    };
    let site = Site::of_passkey(cx);
    // The account was found by the handle, so that it is the one that the key knows.
    let (key, used): (&Key, _) = site
        .take(flow, &answer, answer.user_handle(), alone)?
        .ok_or_else(wrong)?;
    let verified = Verified {
        question: MethodName::Passkey,
        kind,
        key,
        used,
    };
    let identity = redeem(cx, flow, identity, &verified)
        .await?
        .ok_or_else(wrong)?;
    Ok(LoginStep::Authenticated {
        identity: Box::new(identity),
        method: AuthenticationMethod::new(MethodName::Passkey, Aal::Aal1, cx.now),
    })
}

fn keys_of(identity: &Identity, kind: MethodName) -> KeysConfig {
    let credential = identity.credential(kind);
    credential.map(KeysConfig::of).unwrap_or_default()
}

/// Who is known by a user handle, and the type of the credential that has it: passkeys first, then security keys
/// that sign in alone.
async fn find(cx: &Cx, handle: &[u8]) -> Result<Option<(Identity, MethodName)>, Problem> {
    if handle.is_empty() || handle.len() > MAX_HANDLE {
        return Ok(None);
    }
    let mut conn = cx.read().await?;
    if let Some(name) = std::str::from_utf8(handle)
        .ok()
        .filter(|n| !n.contains('\0'))
    {
        let types = [MethodName::Passkey];
        let found = bia_store::identity::find_by_identifier(&mut conn, &types, name, name).await?;
        if let Some(identity) = found {
            return Ok(Some((identity, MethodName::Passkey)));
        }
    }
    let handle = STANDARD.encode(handle);
    let found = bia_store::identity::find_by_user_handle(&mut conn, &handle).await?;
    Ok(found.map(|identity| (identity, MethodName::Webauthn)))
}
