//! Credentials that an operator brings along (admin.md §5.4).

use bia_model::{Identity, MethodName};
use serde_json::Value;
use time::OffsetDateTime;

use super::body::{ImportBodies, Object};
use crate::cx::Cx;
use crate::method::{self, AdminMethod};
use crate::problem::Problem;

/// Credentials that were read and hashed, and wait to be put into an identity.
#[derive(Default)]
pub(super) struct Imports(Vec<(MethodName, Value)>);

impl Imports {
    /// Reads the credentials of a body. Slow: plain passwords are hashed.
    pub(super) async fn prepare(
        cx: &Cx,
        bodies: Option<Object<ImportBodies>>,
    ) -> Result<Imports, Problem> {
        let Object(bodies) = bodies.unwrap_or_default();
        let named = [
            (MethodName::Password, bodies.password),
            (MethodName::Oidc, bodies.oidc),
            (MethodName::Saml, bodies.saml),
            (MethodName::Totp, bodies.totp),
            (MethodName::LookupSecret, bodies.lookup_secret),
            (MethodName::Webauthn, bodies.webauthn),
            (MethodName::Passkey, bodies.passkey),
        ];
        let mut prepared = Vec::new();
        for (kind, body) in named {
            let Some(Object(body)) = body else { continue };
            let config = Value::Object(body.config.unwrap_or_default());
            prepared.push((kind, of(kind)?.import(cx, config).await?));
        }
        Ok(Imports(prepared))
    }

    /// Puts the credentials into an identity. Its schema gives them their identifiers afterwards.
    pub(super) fn put_into(
        &self,
        identity: &mut Identity,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        for (kind, config) in &self.0 {
            of(*kind)?.merge(identity, config.clone(), now)?;
        }
        Ok(())
    }
}

/// The part of a method in the admin API.
pub(super) fn of(kind: MethodName) -> Result<&'static dyn AdminMethod, Problem> {
    let found = method::find(kind).and_then(method::Method::admin);
    found.ok_or_else(|| {
        Problem::BadRequest(format!(
            "Credentials of the type {kind} cannot be written by this server."
        ))
    })
}
