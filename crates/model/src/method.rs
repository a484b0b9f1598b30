//! The names of the ways to prove or keep an identity.

use serde::{Deserialize, Serialize};

macro_rules! method_names {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A method's name: on the wire, as credential type, as node group and as configuration key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum MethodName {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl MethodName {
            /// Every name.
            pub const ALL: &'static [MethodName] = &[$(MethodName::$variant),*];

            /// The wire name.
            pub fn as_str(self) -> &'static str {
                match self { $(MethodName::$variant => $name),* }
            }

            /// Reads a wire name; `None` when no method has it.
            pub fn parse(text: &str) -> Option<MethodName> {
                match text { $($name => Some(MethodName::$variant),)* _ => None }
            }
        }
    };
}

method_names! {
    /// A password.
    Password = "password",
    /// Social sign-in.
    Oidc = "oidc",
    /// A second factor by an authenticator app.
    Totp = "totp",
    /// Printed one-time codes.
    LookupSecret = "lookup_secret",
    /// Security keys.
    Webauthn = "webauthn",
    /// One-time codes by mail or SMS.
    Code = "code",
    /// Passkeys.
    Passkey = "passkey",
    /// Enterprise sign-in; stored only.
    Saml = "saml",
    /// Device keys; stored only.
    Deviceauthn = "deviceauthn",
    /// Links by mail, for recovery and verification.
    Link = "link",
    /// The traits form.
    Profile = "profile",
    /// The first of two login screens.
    IdentifierFirst = "identifier_first",
    /// Recovery by link, as an authentication method of a session.
    LinkRecovery = "link_recovery",
    /// Recovery by code, as an authentication method of a session.
    CodeRecovery = "code_recovery",
}

impl MethodName {
    /// The methods that have rows in `identity_credential_types`.
    pub const CREDENTIAL_TYPES: [MethodName; 9] = [
        MethodName::Password,
        MethodName::Oidc,
        MethodName::Totp,
        MethodName::LookupSecret,
        MethodName::Webauthn,
        MethodName::Code,
        MethodName::Passkey,
        MethodName::Saml,
        MethodName::Deviceauthn,
    ];
}

impl std::fmt::Display for MethodName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
