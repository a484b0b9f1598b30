//! Passwords that an operator brings along: plain, or hashed elsewhere (spec: hashes.md §2).

use async_trait::async_trait;
use bia_model::{Credential, Identity, MethodName};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::credential::strip_line_breaks;
use super::{Password, PasswordConfig};
use crate::cx::Cx;
use crate::hasher::{self, HashError};
use crate::method::imported::imported;
use crate::method::{self, AdminMethod};
use crate::problem::Problem;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Import {
    hashed_password: Option<String>,
    password: Option<String>,
    use_password_migration_hook: Option<bool>,
}

#[async_trait]
impl AdminMethod for Password {
    /// The hook wins over a plain password, which wins over a hash. The policy for new passwords is not asked.
    async fn import(&self, cx: &Cx, config: Value) -> Result<Value, Problem> {
        let import: Import = imported("the password", config)?;
        if import.use_password_migration_hook == Some(true) {
            // Written out, because the reference shows the empty hash beside the flag.
            return Ok(
                serde_json::json!({"hashed_password": "", "use_password_migration_hook": true}),
            );
        }
        let plain = import
            .password
            .filter(|p| !p.is_empty())
            .map(Zeroizing::new);
        let hash = match plain {
            Some(plain) => cx.runtime.hasher.hash(&plain).await.map_err(problem)?,
            None => {
                let mut given = import.hashed_password.unwrap_or_default();
                strip_line_breaks(&mut given);
                hasher::check_import(&given).map_err(problem)?;
                given
            }
        };
        Ok(PasswordConfig::hashed(hash).to_json())
    }

    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        match identity.credential_mut(MethodName::Password) {
            Some(old) => {
                old.config = imported;
                old.updated_at = now;
            }
            None => identity.set_credential(Credential::new(
                MethodName::Password,
                Vec::new(),
                imported,
                now,
            )),
        }
        Ok(())
    }

    /// The password goes; the credential stays, because the schema names it.
    fn remove(
        &self,
        cx: &Cx,
        identity: &mut Identity,
        _identifier: Option<&str>,
    ) -> Result<(), Problem> {
        if method::first_factors(cx.config(), identity) < 2 {
            let reason = "The password is the last way to sign in and stays. Add another first factor first.";
            return Err(Problem::BadRequest(reason.into()));
        }
        if let Some(credential) = identity.credential_mut(MethodName::Password) {
            credential.config = PasswordConfig::default().to_json();
            credential.updated_at = cx.now;
        }
        Ok(())
    }
}

fn problem(error: HashError) -> Problem {
    match error {
        HashError::Misconfigured | HashError::Unavailable => Problem::Internal(error.to_string()),
        HashError::PasswordTooLong { .. }
        | HashError::UnknownFormat
        | HashError::Malformed(_)
        | HashError::TooCostly { .. } => {
            Problem::BadRequest(format!("The password cannot be imported: {error}."))
        }
    }
}
