//! The second factor at login.

use async_trait::async_trait;
use bia_config::section::abuse::Guarded;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Flow, Identity, MethodName, text};
use bia_store::identity::Expand;
use bia_store::{StoreError, Tx, transact};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LookupSecret;
use super::credential::{Found, LookupConfig};
use crate::abuse::{self, Guess, Owner};
use crate::cx::Cx;
use crate::engine;
use crate::form::Form;
use crate::method::{LoginMethod, LoginStage, LoginStep, Refusal, fields};
use crate::problem::Problem;
use crate::why::Why;

const CODE: &str = "lookup_secret";

#[async_trait]
impl LoginMethod for LookupSecret {
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
        if found.is_none_or(|i| i.credential(MethodName::LookupSecret).is_none()) {
            return Ok(());
        }
        let node = ui::input(CODE, InputType::Text, Group::LookupSecret)
            .with_value("")
            .required();
        flow.ui
            .upsert(node.labelled(text::login_lookup_code_label()));
        let name = MethodName::LookupSecret.as_str();
        flow.ui.append(ui::submit(
            name,
            Group::LookupSecret,
            text::login_lookup_submit_label(),
        ));
        Ok(())
    }

    fn claims(&self, _cx: &Cx, flow: &Flow, form: &Form) -> bool {
        flow.requested_aal >= Aal::Aal2 && form.method() == Some(MethodName::LookupSecret.as_str())
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let result = check(cx, flow, form).await;
        if let (Err(_), Some(node)) = (&result, flow.ui.find_mut(CODE)) {
            node.set_value(None);
        }
        let method = AuthenticationMethod::new(MethodName::LookupSecret, Aal::Aal2, cx.now);
        result.map(|identity| LoginStep::Authenticated {
            identity: Box::new(identity),
            method,
        })
    }
}

async fn check(cx: &Cx, flow: &Flow, form: &Form) -> Result<Identity, Refusal> {
    fields::check_texts(form, &[CODE], &[CODE])?;
    engine::check_csrf(cx, flow, form)?;
    let code = form.text(CODE).unwrap_or_default();
    let Some(live) = cx.session().await? else {
        return Err(Problem::Aal1Required.into());
    };
    let id = live.session.identity_id;
    let at = Guess {
        guarded: Guarded::LookupSecret,
        owner: Owner::Identity(id),
    };
    abuse::guess(cx, at, compare(cx, id, code)).await
}

async fn compare(cx: &Cx, id: Uuid, code: &str) -> Result<Identity, Refusal> {
    let answer: Result<Answer, StoreError> =
        transact!(cx.app.store, tx => use_code(tx, id, code, cx.now).await);
    let (why, message) = match answer? {
        Answer::Right(identity) => return Ok(*identity),
        Answer::NoCodes => (Why::NoSuchCredential, text::no_lookup_codes()),
        Answer::Used => (Why::LookupCodeUsed, text::lookup_already_used()),
        Answer::Wrong => (Why::LookupCodeWrong, text::lookup_invalid()),
    };
    cx.meant(id);
    cx.because(why);
    Err(Refusal::form(message))
}

enum Answer {
    Right(Box<Identity>),
    NoCodes,
    Used,
    Wrong,
}

/// Looks for a code and marks it as used, while nobody else can.
async fn use_code(
    tx: &mut Tx,
    id: Uuid,
    code: &str,
    now: OffsetDateTime,
) -> Result<Answer, StoreError> {
    bia_store::identity::lock(tx, id).await?;
    let mut identity = bia_store::identity::get(tx, id, Expand::Credentials).await?;
    let Some(credential) = identity.credential_mut(MethodName::LookupSecret) else {
        return Ok(Answer::NoCodes);
    };
    let mut config = LookupConfig::of(credential);
    match config.find(code) {
        Found::Nothing => return Ok(Answer::Wrong),
        Found::Used => return Ok(Answer::Used),
        Found::Unused(at) => config.mark_used(at, now),
    }
    credential.config = config.to_json();
    bia_store::identity::update(tx, &mut identity, now).await?;
    Ok(Answer::Right(Box::new(identity)))
}
