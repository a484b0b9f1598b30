//! Every message that Bia sends, with what its text is made of.
//!
//! The types and their members are the reference's (spec courier.md §5): the stored `template_data` of
//! either server can be read by the other.

mod context;
mod render;
#[cfg(test)]
mod tests;
pub(crate) mod variables;

use std::fmt;

use bia_model::Channel;
use serde::Deserialize;
use serde_json::Value;

pub use context::{
    AccountExists, AuthenticatorKeyAdded, CodeMessage, LoginCodeSms, LoginCodeValid, OAuth2Client,
    OAuth2LoginRequest, RecoveryCodeSms, RecoveryCodeValid, RecoveryValid, RegistrationCodeSms,
    RegistrationCodeValid, UnknownAddress, VerifiableAddressChanged, VerificationCodeSms,
    VerificationCodeValid, VerificationValid,
};

/// The type of a message, as stored and shown in `template_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemplateKind {
    /// A link that recovers an account.
    RecoveryValid,
    /// Recovery by link was asked for an address that no account has.
    RecoveryInvalid,
    /// A code that recovers an account.
    RecoveryCodeValid,
    /// Recovery by code was asked for an address that no account has.
    RecoveryCodeInvalid,
    /// A link that verifies an address.
    VerificationValid,
    /// Verification by link was asked for an address that no account has.
    VerificationInvalid,
    /// A code that verifies an address.
    VerificationCodeValid,
    /// Verification by code was asked for an address that no account has.
    VerificationCodeInvalid,
    /// A code that signs in.
    LoginCodeValid,
    /// A code that completes a sign-up.
    RegistrationCodeValid,
    /// Tells an old address that the account's addresses changed.
    VerifiableAddressChanged,
    /// Tells that an authenticator was added.
    AuthenticatorKeyAdded,
    /// Tells the owner of an address that somebody tried to sign up with it. Only this server sends it.
    AccountExists,
}

impl TemplateKind {
    /// All of them.
    pub const ALL: [TemplateKind; 13] = [
        TemplateKind::RecoveryValid,
        TemplateKind::RecoveryInvalid,
        TemplateKind::RecoveryCodeValid,
        TemplateKind::RecoveryCodeInvalid,
        TemplateKind::VerificationValid,
        TemplateKind::VerificationInvalid,
        TemplateKind::VerificationCodeValid,
        TemplateKind::VerificationCodeInvalid,
        TemplateKind::LoginCodeValid,
        TemplateKind::RegistrationCodeValid,
        TemplateKind::VerifiableAddressChanged,
        TemplateKind::AuthenticatorKeyAdded,
        TemplateKind::AccountExists,
    ];

    /// The wire and database name.
    pub fn as_str(self) -> &'static str {
        match self {
            TemplateKind::RecoveryValid => "recovery_valid",
            TemplateKind::RecoveryInvalid => "recovery_invalid",
            TemplateKind::RecoveryCodeValid => "recovery_code_valid",
            TemplateKind::RecoveryCodeInvalid => "recovery_code_invalid",
            TemplateKind::VerificationValid => "verification_valid",
            TemplateKind::VerificationInvalid => "verification_invalid",
            TemplateKind::VerificationCodeValid => "verification_code_valid",
            TemplateKind::VerificationCodeInvalid => "verification_code_invalid",
            TemplateKind::LoginCodeValid => "login_code_valid",
            TemplateKind::RegistrationCodeValid => "registration_code_valid",
            TemplateKind::VerifiableAddressChanged => "verifiable_address_changed",
            TemplateKind::AuthenticatorKeyAdded => "authenticator_key_added",
            TemplateKind::AccountExists => "bia_account_exists",
        }
    }

    /// Whether the headers of the request that caused it go along, for templates and the HTTP channel
    /// (spec courier.md §5.1).
    pub fn carries_request_headers(self) -> bool {
        matches!(
            self,
            TemplateKind::RecoveryCodeValid
                | TemplateKind::LoginCodeValid
                | TemplateKind::RegistrationCodeValid
        )
    }

    /// Where texts of this kind stand, as key of the configuration and as folder: `recovery`, `valid`.
    pub(crate) fn folder(self) -> (&'static str, Option<&'static str>) {
        match self {
            TemplateKind::RecoveryValid => ("recovery", Some("valid")),
            TemplateKind::RecoveryInvalid => ("recovery", Some("invalid")),
            TemplateKind::RecoveryCodeValid => ("recovery_code", Some("valid")),
            TemplateKind::RecoveryCodeInvalid => ("recovery_code", Some("invalid")),
            TemplateKind::VerificationValid => ("verification", Some("valid")),
            TemplateKind::VerificationInvalid => ("verification", Some("invalid")),
            TemplateKind::VerificationCodeValid => ("verification_code", Some("valid")),
            TemplateKind::VerificationCodeInvalid => ("verification_code", Some("invalid")),
            TemplateKind::LoginCodeValid => ("login_code", Some("valid")),
            TemplateKind::RegistrationCodeValid => ("registration_code", Some("valid")),
            TemplateKind::VerifiableAddressChanged => ("verifiable_address_changed", None),
            TemplateKind::AuthenticatorKeyAdded => ("authenticator_key_added", None),
            TemplateKind::AccountExists => ("bia_account_exists", None),
        }
    }

    /// Reads the wire name; `None` for anything else.
    pub fn parse(name: &str) -> Option<TemplateKind> {
        TemplateKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// A message with everything that its text is made of. The variant decides type and channel.
///
/// Holds codes and links that let people in: its `Debug` shows the type only.
#[derive(Clone, PartialEq)]
pub enum Template {
    /// Mail: a link that recovers an account.
    RecoveryValid(RecoveryValid),
    /// Mail: nobody to recover, by link.
    RecoveryInvalid(UnknownAddress),
    /// Mail: a code that recovers an account.
    RecoveryCodeValid(RecoveryCodeValid),
    /// Mail: nobody to recover, by code.
    RecoveryCodeInvalid(UnknownAddress),
    /// Mail: a link that verifies an address.
    VerificationValid(VerificationValid),
    /// Mail: nobody to verify, by link.
    VerificationInvalid(UnknownAddress),
    /// Mail: a code, and a link with it, that verifies an address.
    VerificationCodeValid(VerificationCodeValid),
    /// Mail: nobody to verify, by code.
    VerificationCodeInvalid(UnknownAddress),
    /// Mail: a code that signs in.
    LoginCodeValid(LoginCodeValid),
    /// Mail: a code that completes a sign-up.
    RegistrationCodeValid(RegistrationCodeValid),
    /// Mail: the account's addresses changed.
    VerifiableAddressChanged(VerifiableAddressChanged),
    /// Mail: an authenticator was added.
    AuthenticatorKeyAdded(AuthenticatorKeyAdded),
    /// Mail: somebody tried to sign up with the address.
    AccountExists(AccountExists),
    /// Text message: a code that recovers an account.
    RecoveryCodeSms(RecoveryCodeSms),
    /// Text message: a code that verifies a phone number.
    VerificationCodeSms(VerificationCodeSms),
    /// Text message: a code that signs in.
    LoginCodeSms(LoginCodeSms),
    /// Text message: a code that completes a sign-up.
    RegistrationCodeSms(RegistrationCodeSms),
    /// Text message: the account's addresses changed.
    VerifiableAddressChangedSms(VerifiableAddressChanged),
    /// Text message: an authenticator was added.
    AuthenticatorKeyAddedSms(AuthenticatorKeyAdded),
    /// Text message: somebody tried to sign up with the number.
    AccountExistsSms(AccountExists),
}

/// Runs an expression with `$m` bound to the context, whichever it is.
macro_rules! with_context {
    ($template:expr, $m:ident => $do:expr) => {
        match $template {
            Template::RecoveryValid($m) => $do,
            Template::RecoveryInvalid($m)
            | Template::RecoveryCodeInvalid($m)
            | Template::VerificationInvalid($m)
            | Template::VerificationCodeInvalid($m) => $do,
            Template::RecoveryCodeValid($m) => $do,
            Template::VerificationValid($m) => $do,
            Template::VerificationCodeValid($m) => $do,
            Template::LoginCodeValid($m) => $do,
            Template::RegistrationCodeValid($m) => $do,
            Template::VerifiableAddressChanged($m) | Template::VerifiableAddressChangedSms($m) => {
                $do
            }
            Template::AuthenticatorKeyAdded($m) | Template::AuthenticatorKeyAddedSms($m) => $do,
            Template::AccountExists($m) | Template::AccountExistsSms($m) => $do,
            Template::RecoveryCodeSms($m) => $do,
            Template::VerificationCodeSms($m) => $do,
            Template::LoginCodeSms($m) => $do,
            Template::RegistrationCodeSms($m) => $do,
        }
    };
}

impl Template {
    /// The message that carries a recovery code by the given way.
    pub fn recovery_code(via: Channel, m: CodeMessage) -> Template {
        match via {
            Channel::Email => Template::RecoveryCodeValid(m.into()),
            Channel::Sms => Template::RecoveryCodeSms(m.into()),
        }
    }

    /// The message that carries a verification code by the given way. The link goes into mails only.
    pub fn verification_code(via: Channel, m: CodeMessage, verification_url: String) -> Template {
        match via {
            Channel::Email => {
                Template::VerificationCodeValid(VerificationCodeValid::new(m, verification_url))
            }
            Channel::Sms => Template::VerificationCodeSms(m.into()),
        }
    }

    /// The message that carries a sign-in code by the given way.
    pub fn login_code(via: Channel, m: CodeMessage) -> Template {
        match via {
            Channel::Email => Template::LoginCodeValid(m.into()),
            Channel::Sms => Template::LoginCodeSms(m.into()),
        }
    }

    /// The message that carries a sign-up code by the given way. `m.identity` is the traits object: the
    /// identity does not exist yet.
    pub fn registration_code(via: Channel, m: CodeMessage) -> Template {
        match via {
            Channel::Email => Template::RegistrationCodeValid(m.into()),
            Channel::Sms => Template::RegistrationCodeSms(m.into()),
        }
    }

    /// The notice to an old address by the given way.
    pub fn verifiable_address_changed(via: Channel, m: VerifiableAddressChanged) -> Template {
        match via {
            Channel::Email => Template::VerifiableAddressChanged(m),
            Channel::Sms => Template::VerifiableAddressChangedSms(m),
        }
    }

    /// The notice to the owner of an address that somebody tried to sign up with it, by the given way.
    pub fn account_exists(via: Channel, m: AccountExists) -> Template {
        match via {
            Channel::Email => Template::AccountExists(m),
            Channel::Sms => Template::AccountExistsSms(m),
        }
    }

    /// The type.
    pub fn kind(&self) -> TemplateKind {
        match self {
            Template::RecoveryValid(_) => TemplateKind::RecoveryValid,
            Template::RecoveryInvalid(_) => TemplateKind::RecoveryInvalid,
            Template::RecoveryCodeValid(_) | Template::RecoveryCodeSms(_) => {
                TemplateKind::RecoveryCodeValid
            }
            Template::RecoveryCodeInvalid(_) => TemplateKind::RecoveryCodeInvalid,
            Template::VerificationValid(_) => TemplateKind::VerificationValid,
            Template::VerificationInvalid(_) => TemplateKind::VerificationInvalid,
            Template::VerificationCodeValid(_) | Template::VerificationCodeSms(_) => {
                TemplateKind::VerificationCodeValid
            }
            Template::VerificationCodeInvalid(_) => TemplateKind::VerificationCodeInvalid,
            Template::LoginCodeValid(_) | Template::LoginCodeSms(_) => TemplateKind::LoginCodeValid,
            Template::RegistrationCodeValid(_) | Template::RegistrationCodeSms(_) => {
                TemplateKind::RegistrationCodeValid
            }
            Template::VerifiableAddressChanged(_) | Template::VerifiableAddressChangedSms(_) => {
                TemplateKind::VerifiableAddressChanged
            }
            Template::AuthenticatorKeyAdded(_) | Template::AuthenticatorKeyAddedSms(_) => {
                TemplateKind::AuthenticatorKeyAdded
            }
            Template::AccountExists(_) | Template::AccountExistsSms(_) => {
                TemplateKind::AccountExists
            }
        }
    }

    /// How the message travels.
    pub fn channel(&self) -> Channel {
        match self {
            Template::RecoveryCodeSms(_)
            | Template::VerificationCodeSms(_)
            | Template::LoginCodeSms(_)
            | Template::RegistrationCodeSms(_)
            | Template::VerifiableAddressChangedSms(_)
            | Template::AuthenticatorKeyAddedSms(_)
            | Template::AccountExistsSms(_) => Channel::Sms,
            _ => Channel::Email,
        }
    }

    /// The mail address or phone number that it goes to.
    pub fn recipient(&self) -> &str {
        with_context!(self, m => &m.to)
    }

    /// What is stored as `template_data`.
    pub fn data(&self) -> Result<Value, serde_json::Error> {
        with_context!(self, m => serde_json::to_value(m))
    }

    /// Reads a stored message back. `None` when there is no such type on that channel.
    pub fn read(
        kind: &str,
        channel: Channel,
        data: &Value,
    ) -> Option<Result<Template, serde_json::Error>> {
        Some(match (TemplateKind::parse(kind)?, channel) {
            (TemplateKind::RecoveryValid, Channel::Email) => read(data, Template::RecoveryValid),
            (TemplateKind::RecoveryInvalid, Channel::Email) => {
                read(data, Template::RecoveryInvalid)
            }
            (TemplateKind::RecoveryCodeValid, Channel::Email) => {
                read(data, Template::RecoveryCodeValid)
            }
            (TemplateKind::RecoveryCodeValid, Channel::Sms) => {
                read(data, Template::RecoveryCodeSms)
            }
            (TemplateKind::RecoveryCodeInvalid, Channel::Email) => {
                read(data, Template::RecoveryCodeInvalid)
            }
            (TemplateKind::VerificationValid, Channel::Email) => {
                read(data, Template::VerificationValid)
            }
            (TemplateKind::VerificationInvalid, Channel::Email) => {
                read(data, Template::VerificationInvalid)
            }
            (TemplateKind::VerificationCodeValid, Channel::Email) => {
                read(data, Template::VerificationCodeValid)
            }
            (TemplateKind::VerificationCodeValid, Channel::Sms) => {
                read(data, Template::VerificationCodeSms)
            }
            (TemplateKind::VerificationCodeInvalid, Channel::Email) => {
                read(data, Template::VerificationCodeInvalid)
            }
            (TemplateKind::LoginCodeValid, Channel::Email) => read(data, Template::LoginCodeValid),
            (TemplateKind::LoginCodeValid, Channel::Sms) => read(data, Template::LoginCodeSms),
            (TemplateKind::RegistrationCodeValid, Channel::Email) => {
                read(data, Template::RegistrationCodeValid)
            }
            (TemplateKind::RegistrationCodeValid, Channel::Sms) => {
                read(data, Template::RegistrationCodeSms)
            }
            (TemplateKind::VerifiableAddressChanged, Channel::Email) => {
                read(data, Template::VerifiableAddressChanged)
            }
            (TemplateKind::VerifiableAddressChanged, Channel::Sms) => {
                read(data, Template::VerifiableAddressChangedSms)
            }
            (TemplateKind::AuthenticatorKeyAdded, Channel::Email) => {
                read(data, Template::AuthenticatorKeyAdded)
            }
            (TemplateKind::AuthenticatorKeyAdded, Channel::Sms) => {
                read(data, Template::AuthenticatorKeyAddedSms)
            }
            (TemplateKind::AccountExists, Channel::Email) => read(data, Template::AccountExists),
            (TemplateKind::AccountExists, Channel::Sms) => read(data, Template::AccountExistsSms),
            (_, Channel::Sms) => return None,
        })
    }
}

fn read<'de, T: Deserialize<'de>>(
    data: &'de Value,
    make: fn(T) -> Template,
) -> Result<Template, serde_json::Error> {
    T::deserialize(data).map(make)
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Template({} by {})",
            self.kind().as_str(),
            self.channel().as_str()
        )
    }
}
