//! Signing in with a password.

use async_trait::async_trait;
use bia_config::section::abuse::Guarded;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Aal, AuthenticationMethod, Flow, Identity, MethodName, normalise, text};
use bia_store::identity::Expand;
use zeroize::Zeroizing;

use super::{Password, PasswordConfig, migrate};
use crate::abuse::{self, Guess, Owner};
use crate::cx::Cx;
use crate::engine;
use crate::flow::login::identifier_label;
use crate::form::Form;
use crate::method::{LoginMethod, LoginStage, LoginStep, Method, Refusal, fields};
use crate::problem::Problem;
use crate::why::Why;

#[async_trait]
impl LoginMethod for Password {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        match stage {
            LoginStage::FirstFactor => {
                add_identifier(cx, flow)?;
                add_password(flow, text::login_password_submit_label());
            }
            LoginStage::Refresh(live) => {
                let mut conn = cx.read().await?;
                let whole =
                    bia_store::identity::find(&mut conn, live.identity.id, Expand::Credentials)
                        .await?;
                drop(conn);
                if let Some(identifier) = whole.as_ref().and_then(|i| usable_identifier(cx, i)) {
                    flow.ui
                        .upsert(ui::hidden("identifier", identifier, Group::Default));
                    add_password(flow, text::login_submit_label());
                }
            }
            LoginStage::Credentials(identity) => {
                let mitigate = cx.config().security.account_enumeration.mitigate;
                if mitigate || identity.is_some_and(|i| usable_identifier(cx, i).is_some()) {
                    add_password(flow, text::login_password_submit_label());
                }
            }
            LoginStage::SecondFactor(_) | LoginStage::Identification => {}
        }
        Ok(())
    }

    fn claims(&self, _cx: &Cx, flow: &Flow, form: &Form) -> bool {
        flow.requested_aal == Aal::Aal1 && form.method() == Some(MethodName::Password.as_str())
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let result = check(cx, flow, form).await;
        if result.is_err() {
            keep_identifier(flow, form);
        }
        let identity = result?;
        let method = AuthenticationMethod::new(MethodName::Password, Aal::Aal1, cx.now);
        Ok(LoginStep::Authenticated {
            identity: Box::new(identity),
            method,
        })
    }
}

fn usable_identifier(cx: &Cx, identity: &Identity) -> Option<String> {
    if Password.first_factors(cx.config(), identity) == 0 {
        return None;
    }
    identity
        .credential(MethodName::Password)?
        .identifiers
        .first()
        .cloned()
}

fn add_identifier(cx: &Cx, flow: &mut Flow) -> Result<(), Problem> {
    let node = ui::input("identifier", InputType::Text, Group::Default)
        .with_value("")
        .required();
    flow.ui.upsert(node.labelled(identifier_label(cx, flow)?));
    Ok(())
}

fn add_password(flow: &mut Flow, label: text::Message) {
    let node = ui::input("password", InputType::Password, Group::Password)
        .required()
        .autocomplete("current-password");
    flow.ui.append(node.labelled(text::password_input_label()));
    flow.ui.append(ui::submit(
        MethodName::Password.as_str(),
        Group::Password,
        label,
    ));
}

/// The form is shown again with the identifier that was typed, and without the password.
fn keep_identifier(flow: &mut Flow, form: &Form) {
    if let Some(node) = flow.ui.find_mut("identifier") {
        node.set_value(Some(typed_identifier(form).unwrap_or_default().into()));
    }
    if let Some(node) = flow.ui.find_mut("password") {
        node.set_value(None);
    }
}

/// The identifier, also under the name that old clients send.
fn typed_identifier(form: &Form) -> Option<&str> {
    form.text("identifier")
        .or_else(|| form.text("password_identifier"))
}

async fn check(cx: &Cx, flow: &Flow, form: &Form) -> Result<Identity, Refusal> {
    let required: &[&str] = if form.text("password_identifier").is_some() {
        &["password"]
    } else {
        &["identifier", "password"]
    };
    fields::check_texts(
        form,
        &["identifier", "password_identifier", "password"],
        required,
    )?;
    engine::check_csrf(cx, flow, form)?;
    let identifier = typed_identifier(form).unwrap_or_default();
    let password = Zeroizing::new(form.text("password").unwrap_or_default().to_owned());
    let at = Guess {
        guarded: Guarded::Password,
        owner: Owner::Identifier(identifier),
    };
    abuse::guess(cx, at, compare(cx, flow, identifier, password)).await
}

async fn compare(
    cx: &Cx,
    flow: &Flow,
    identifier: &str,
    password: Zeroizing<String>,
) -> Result<Identity, Refusal> {
    let Some(identity) = find(cx, identifier).await? else {
        cx.because_nobody_is(identifier);
        // Work as for a known identifier, so that the time of the answer does not tell.
        cx.runtime.hasher.verify_nothing(&password).await;
        return Err(Refusal::form(text::login_invalid_credentials()));
    };
    verify(cx, flow, identity, identifier, password).await
}

async fn find(cx: &Cx, identifier: &str) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    Ok(bia_store::identity::find_by_identifier(
        &mut conn,
        &[MethodName::Password],
        &normalise::identifier(identifier),
        identifier,
    )
    .await?)
}

async fn verify(
    cx: &Cx,
    flow: &Flow,
    mut identity: Identity,
    identifier: &str,
    password: Zeroizing<String>,
) -> Result<Identity, Refusal> {
    let wrong = |why| {
        cx.because(why);
        Refusal::form(text::login_invalid_credentials())
    };
    cx.meant(identity.id);
    let config = identity
        .credential(MethodName::Password)
        .map(PasswordConfig::of)
        .unwrap_or_default();
    if config.hashed_password.is_empty() && !config.use_password_migration_hook {
        // As for nobody: whether somebody has a password is not told by the time of the answer either.
        cx.runtime.hasher.verify_nothing(&password).await;
        return Err(wrong(Why::NoSuchCredential));
    }
    if config.waits_for_migration() {
        return migrate::run(cx, flow, identity, identifier, password).await;
    }
    let verified = cx
        .runtime
        .hasher
        .verify(&password, &config.hashed_password)
        .await;
    match verified {
        Ok(true) => {}
        Ok(false) => {
            if cx.runtime.hasher.needs_rehash(&config.hashed_password) {
                // An imported hash may cost less than one of ours: the time is not to tell of it.
                cx.runtime.hasher.verify_nothing(&password).await;
            }
            return Err(wrong(Why::PasswordWrong));
        }
        Err(error) => {
            tracing::warn!(identity.id = %identity.id, %error, "a stored password hash cannot be verified");
            return Err(wrong(Why::PasswordHashUnreadable));
        }
    }
    if cx.runtime.hasher.needs_rehash(&config.hashed_password) {
        rehash(cx, &mut identity, &config.hashed_password, &password).await;
    }
    Ok(identity)
}

/// Replaces a hash of another kind. A failure is only logged: the login succeeds all the same.
async fn rehash(cx: &Cx, identity: &mut Identity, verified: &str, password: &str) {
    match replace_hash(cx, identity.id, verified, password).await {
        Ok(Some(changed)) => *identity = changed,
        Ok(None) => {
            tracing::debug!(identity.id = %identity.id, "the password was changed meanwhile and stays")
        }
        Err(error) => {
            tracing::warn!(identity.id = %identity.id, %error, "a password hash could not be renewed")
        }
    }
}

/// Hashes first, then looks again: whatever was changed while this login was being verified stays.
/// `None` when the stored hash is no longer the one that was verified.
async fn replace_hash(
    cx: &Cx,
    id: uuid::Uuid,
    verified: &str,
    password: &str,
) -> Result<Option<Identity>, Problem> {
    let hash = cx
        .runtime
        .hasher
        .hash(password)
        .await
        .map_err(|e| Problem::Internal(e.to_string()))?;
    bia_store::transact!(cx.app.store, tx => {
        if !bia_store::identity::lock(tx, id).await? {
            return Ok(None);
        }
        let mut current = bia_store::identity::get(tx, id, Expand::Credentials).await?;
        let stored = current.credential_mut(MethodName::Password);
        match stored.filter(|c| PasswordConfig::of(c).hashed_password == verified) {
            None => Ok(None),
            Some(credential) => {
                credential.config = PasswordConfig::hashed(hash.clone()).to_json();
                bia_store::identity::update(tx, &mut current, cx.now).await?;
                Ok::<_, Problem>(Some(current))
            }
        }
    })
}
