//! Authenticator assurance levels (spec: methods.md §0.4, identity.md §6).

use serde::{Deserialize, Deserializer, Serialize};

use crate::session::AuthenticationMethod;

/// How sure the server is of who somebody is: `aal1` one factor, `aal2` a second one of another kind.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Aal {
    /// A row does not say it, or says something that this version does not know: rows of old versions.
    #[serde(rename = "")]
    Unsaid,
    /// No factor at all.
    Aal0,
    /// One factor.
    #[default]
    Aal1,
    /// Two factors.
    Aal2,
}

impl Aal {
    /// The wire and database name.
    pub fn as_str(self) -> &'static str {
        match self {
            Aal::Unsaid => "",
            Aal::Aal0 => "aal0",
            Aal::Aal1 => "aal1",
            Aal::Aal2 => "aal2",
        }
    }

    /// Reads the wire name, in any case. `None` for anything else.
    pub fn parse(text: &str) -> Option<Aal> {
        match text.to_ascii_lowercase().as_str() {
            "aal0" => Some(Aal::Aal0),
            "aal1" => Some(Aal::Aal1),
            "aal2" => Some(Aal::Aal2),
            _ => None,
        }
    }

    /// Reads what a row holds, which may be nothing.
    pub fn stored(text: &str) -> Aal {
        Aal::parse(text).unwrap_or(Aal::Unsaid)
    }

    /// For `#[serde(deserialize_with)]`, of what a row holds: as [`Aal::stored`].
    pub(crate) fn deserialize_stored<'de, D: Deserializer<'de>>(d: D) -> Result<Aal, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        Ok(Aal::stored(text.as_deref().unwrap_or_default()))
    }

    /// The level that a session with these methods has: both levels present give `aal2`, an oidc or
    /// saml entry at `aal2` counts for both, any other entry gives `aal1`, none gives `aal0`.
    pub fn of_methods(methods: &[AuthenticationMethod]) -> Aal {
        if methods.is_empty() {
            return Aal::Aal0;
        }
        let federated = |m: &AuthenticationMethod| m.method == "oidc" || m.method == "saml";
        let second = methods.iter().any(|m| m.aal == Aal::Aal2);
        let first = methods
            .iter()
            .any(|m| m.aal == Aal::Aal1 || (m.aal == Aal::Aal2 && federated(m)));
        if first && second {
            Aal::Aal2
        } else {
            Aal::Aal1
        }
    }
}

impl std::fmt::Display for Aal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
