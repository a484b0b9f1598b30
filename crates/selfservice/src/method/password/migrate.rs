//! Passwords that only another system knows: it is asked at the first login, then the hash is here
//! (spec: hooks.md §5, password_migration).

use bia_jsonnet::Input;
use bia_model::{Flow, Identity, MethodName, text};
use bia_outbound::Retry;
use bia_store::identity::Expand;
use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::PasswordConfig;
use crate::cx::Cx;
use crate::hook::web_hook::call::{self, Event, Failure};
use crate::hook::web_hook::context::{Subject, Told, context};
use crate::method::Refusal;
use crate::problem::Problem;
use crate::why::Why;

/// How much of an answer is looked at, in bytes.
const ANSWER_BYTES: usize = 1024;

/// Asks the other system about a password. Right: it is hashed and stored, and the identity comes back as it is now.
pub(super) async fn run(
    cx: &Cx,
    flow: &Flow,
    identity: Identity,
    identifier: &str,
    password: Zeroizing<String>,
) -> Result<Identity, Refusal> {
    let hook = &cx.config().selfservice.methods.password.config.migrate_hook;
    if !hook.enabled {
        return Err(Problem::Misconfigured(
            "This password has to be checked by the password migration hook, which is switched off."
                .into(),
        )
        .into());
    }
    let asked = ask(cx, flow, &identity, identifier, &password).await;
    let matches = asked.map_err(|failure| {
        tracing::warn!(identity.id = %identity.id, "The password migration hook failed: {failure}");
        cx.because_of(Why::HookFailed, "password_migration");
        failure.problem()
    })?;
    if !matches {
        cx.because(Why::PasswordRefusedElsewhere);
        return Err(Refusal::form(text::login_invalid_credentials()));
    }
    match take_over(cx, identity.id, &password).await? {
        Some(migrated) => Ok(migrated),
        // Somebody else set a password meanwhile; whether it is this one, the next login tells.
        None => Err(Refusal::form(text::login_invalid_credentials())),
    }
}

#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Call(#[from] Failure),
    #[error("it answered with status {0}")]
    Status(StatusCode),
}

impl Unanswered {
    fn problem(self) -> Problem {
        match self {
            Unanswered::Call(failure @ (Failure::NoBody | Failure::Unusable(_))) => {
                failure.problem("for password migration")
            }
            Unanswered::Call(failure @ Failure::NoAnswer(bia_outbound::OutboundError::TimedOut)) => {
                failure.problem("for password migration")
            }
            Unanswered::Call(_) => Problem::HookFailed(
                "The system that knows this password cannot be asked at the moment. Try again later.".into(),
            ),
            Unanswered::Status(status) => Problem::HookFailed(format!(
                "The system that knows this password answered with status {}. Try again later.",
                status.as_u16()
            )),
        }
    }
}

async fn ask(
    cx: &Cx,
    flow: &Flow,
    identity: &Identity,
    identifier: &str,
    password: &str,
) -> Result<bool, Unanswered> {
    let methods = &cx.config().selfservice.methods;
    let request = &methods.password.config.migrate_hook.config;
    let body = match &request.body {
        None => json!({"identifier": identifier, "password": password}),
        Some(snippet) => {
            let told = Told {
                identity: Some(Subject::Known(identity)),
                ..Told::default()
            };
            let mut ctx = context(cx, flow, told);
            ctx.insert("identifier".into(), identifier.into());
            ctx.insert("password".into(), password.into());
            let input = Input::ctx(Value::Object(ctx));
            let body = cx.app.jsonnet.evaluate_at(snippet, input).await;
            body.map_err(Failure::Body)?
        }
    };
    let event = Event {
        id: Uuid::new_v4(),
        has_trigger: false,
        is_kept: false,
    };
    let sent = call::send(&cx.app, &cx.runtime, request, &body, event, Retry::STANDARD);
    let answer = sent.await?;
    match answer.status {
        StatusCode::OK => Ok(says_yes(&answer.body)),
        StatusCode::FORBIDDEN => Ok(false),
        status => Err(Unanswered::Status(status)),
    }
}

/// Whether the first JSON value of an answer says that the password is right.
fn says_yes(body: &[u8]) -> bool {
    let beginning = body.get(..ANSWER_BYTES).unwrap_or(body);
    let mut values =
        serde_json::Deserializer::from_slice(beginning).into_iter::<Map<String, Value>>();
    matches!(values.next(), Some(Ok(verdict)) if verdict.get("status").is_some_and(|status| status == "password_match"))
}

/// Hashes first, then stores the hash in the place of the flag. `None` when the flag is gone by now.
async fn take_over(cx: &Cx, id: Uuid, password: &str) -> Result<Option<Identity>, Problem> {
    let hash = cx.runtime.hasher.hash(password).await;
    let hash = hash.map_err(|e| Problem::Internal(e.to_string()))?;
    bia_store::transact!(cx.app.store, tx => {
        if !bia_store::identity::lock(tx, id).await? {
            return Ok(None);
        }
        let mut current = bia_store::identity::get(tx, id, Expand::Credentials).await?;
        let stored = current.credential_mut(MethodName::Password);
        match stored.filter(|c| PasswordConfig::of(c).waits_for_migration()) {
            None => Ok(None),
            Some(credential) => {
                credential.config = PasswordConfig::hashed(hash.clone()).to_json();
                bia_store::identity::update(tx, &mut current, cx.now).await?;
                Ok::<_, Problem>(Some(current))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_word_means_yes() {
        assert!(says_yes(br#"{"status": "password_match"}"#));
        assert!(says_yes(b"{\"status\":\"password_match\",\"more\":[1]}\n"));
        for no in [
            &b""[..],
            b"password_match",
            br#"{"status": "PASSWORD_MATCH"}"#,
            br#"{"status": true}"#,
            br#"["password_match"]"#,
        ] {
            assert!(!says_yes(no), "{}", String::from_utf8_lossy(no));
        }
        let late = format!("{}{}", " ".repeat(1024), r#"{"status": "password_match"}"#);
        assert!(!says_yes(late.as_bytes()), "after the first KiB");
    }
}
