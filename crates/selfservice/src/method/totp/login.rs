//! The second factor at login.

use async_trait::async_trait;
use bia_config::section::abuse::Guarded;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Flow, Identity, MethodName, text};
use bia_store::identity::Expand;

use super::credential::TotpConfig;
use super::{Totp, step};
use crate::abuse::{self, Guess, Owner};
use crate::cx::Cx;
use crate::engine;
use crate::form::Form;
use crate::method::{LoginMethod, LoginStage, LoginStep, Refusal, fields};
use crate::problem::Problem;
use crate::why::Why;

const CODE: &str = "totp_code";

/// The fewest characters of a code; what is shorter is told so.
const MIN_CHARS: usize = 6;

#[async_trait]
impl LoginMethod for Totp {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        let LoginStage::SecondFactor(live) = stage else {
            return Ok(());
        };
        let mut conn = cx.read().await?;
        let found =
            bia_store::identity::find(&mut conn, live.identity.id, Expand::Credentials).await?;
        if found.is_none_or(|i| i.credential(MethodName::Totp).is_none()) {
            return Ok(());
        }
        let node = ui::input(CODE, InputType::Text, Group::Totp)
            .with_value("")
            .required();
        flow.ui.upsert(node.labelled(text::login_totp_code_label()));
        flow.ui.append(ui::submit(
            MethodName::Totp.as_str(),
            Group::Totp,
            text::login_totp_submit_label(),
        ));
        Ok(())
    }

    fn claims(&self, _cx: &Cx, flow: &Flow, form: &Form) -> bool {
        flow.requested_aal >= Aal::Aal2 && form.method() == Some(MethodName::Totp.as_str())
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let result = check(cx, flow, form).await;
        if let (Err(_), Some(node)) = (&result, flow.ui.find_mut(CODE)) {
            node.set_value(None);
        }
        let method = AuthenticationMethod::new(MethodName::Totp, Aal::Aal2, cx.now);
        result.map(|identity| LoginStep::Authenticated {
            identity: Box::new(identity),
            method,
        })
    }
}

async fn check(cx: &Cx, flow: &Flow, form: &Form) -> Result<Identity, Refusal> {
    fields::check_texts(form, &[CODE], &[CODE])?;
    let code = form.text(CODE).unwrap_or_default();
    let length = code.chars().count();
    if length < MIN_CHARS {
        return Err(Refusal::field(
            CODE,
            text::validation_min_length(MIN_CHARS as u64, length as u64),
        ));
    }
    engine::check_csrf(cx, flow, form)?;
    let Some(live) = cx.session().await? else {
        return Err(Problem::Aal1Required.into());
    };
    let mut conn = cx.read().await?;
    let found =
        bia_store::identity::find(&mut conn, live.session.identity_id, Expand::Credentials).await?;
    drop(conn);
    let Some(identity) = found else {
        return Err(Problem::Aal1Required.into());
    };
    cx.meant(identity.id);
    let Some(credential) = identity.credential(MethodName::Totp) else {
        cx.because(Why::NoSuchCredential);
        return Err(Refusal::form(text::no_totp_device()));
    };
    let config = TotpConfig::of(credential);
    let at = Guess {
        guarded: Guarded::Totp,
        owner: Owner::Identity(identity.id),
    };
    abuse::guess(cx, at, compare(cx, identity, &config, code)).await
}

async fn compare(
    cx: &Cx,
    identity: Identity,
    config: &TotpConfig,
    code: &str,
) -> Result<Identity, Refusal> {
    if is_right(cx, &identity, config, code).await? {
        Ok(identity)
    } else {
        Err(Refusal::form(text::totp_code_wrong()))
    }
}

/// Whether a code is right and its time step, or a later one, was not used before. It is used by this.
async fn is_right(
    cx: &Cx,
    identity: &Identity,
    config: &TotpConfig,
    code: &str,
) -> Result<bool, Problem> {
    let Some(key) = config.key() else {
        tracing::warn!(identity.id = %identity.id, "a stored authenticator app has no key that can be read");
        cx.because(Why::TotpKeyUnreadable);
        return Ok(false);
    };
    let Some(step) = step::of_code(&key, code, cx.now) else {
        cx.because(Why::TotpWrong);
        return Ok(false);
    };
    let mut conn = cx.write().await?;
    let first =
        bia_store::used_step::consume(&mut conn, identity.id, &key.fingerprint(), step).await?;
    if !first {
        tracing::info!(identity.id = %identity.id, "the code of an authenticator app was sent a second time");
        cx.because(Why::TotpUsed);
    }
    Ok(first)
}
