//! The built-in texts: `templates/<kind>/…`, compiled in. HTML parts escape every value.

use askama::Template as _;

use super::{
    AccountExists, AuthenticatorKeyAdded, LoginCodeSms, LoginCodeValid, RecoveryCodeSms,
    RecoveryCodeValid, RecoveryValid, RegistrationCodeSms, RegistrationCodeValid, Template,
    VerifiableAddressChanged, VerificationCodeSms, VerificationCodeValid, VerificationValid,
};

/// Renders one file, with a context that the file calls `m` unless its text is always the same.
macro_rules! render {
    ($path:tt) => {{
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct Part;
        Part.render()
    }};
    ($context:ty, $path:tt, $m:expr) => {{
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct Part<'a> {
            m: &'a $context,
        }
        Part { m: $m }.render()
    }};
}

impl Template {
    /// The subject, trimmed and on one line; empty for text messages.
    pub fn subject(&self) -> Result<String, askama::Error> {
        let text = match self {
            Template::RecoveryValid(_) => render!("recovery/valid/subject.txt"),
            Template::RecoveryInvalid(_) => render!("recovery/invalid/subject.txt"),
            Template::RecoveryCodeValid(m) => {
                render!(RecoveryCodeValid, "recovery_code/valid/subject.txt", m)
            }
            Template::RecoveryCodeInvalid(_) => render!("recovery_code/invalid/subject.txt"),
            Template::VerificationValid(_) => render!("verification/valid/subject.txt"),
            Template::VerificationInvalid(_) => render!("verification/invalid/subject.txt"),
            Template::VerificationCodeValid(m) => render!(
                VerificationCodeValid,
                "verification_code/valid/subject.txt",
                m
            ),
            Template::VerificationCodeInvalid(_) => {
                render!("verification_code/invalid/subject.txt")
            }
            Template::LoginCodeValid(m) => {
                render!(LoginCodeValid, "login_code/valid/subject.txt", m)
            }
            Template::RegistrationCodeValid(m) => render!(
                RegistrationCodeValid,
                "registration_code/valid/subject.txt",
                m
            ),
            Template::VerifiableAddressChanged(_) => {
                render!("verifiable_address_changed/subject.txt")
            }
            Template::AuthenticatorKeyAdded(_) => render!("authenticator_key_added/subject.txt"),
            Template::AccountExists(_) => render!("bia_account_exists/subject.txt"),
            Template::RecoveryCodeSms(_)
            | Template::VerificationCodeSms(_)
            | Template::LoginCodeSms(_)
            | Template::RegistrationCodeSms(_)
            | Template::VerifiableAddressChangedSms(_)
            | Template::AuthenticatorKeyAddedSms(_)
            | Template::AccountExistsSms(_) => Ok(String::new()),
        }?;
        Ok(text.trim().replace(char::is_control, " "))
    }

    /// The plain text of a mail, or the text message.
    pub fn text(&self) -> Result<String, askama::Error> {
        match self {
            Template::RecoveryValid(m) => render!(RecoveryValid, "recovery/valid/body.txt", m),
            Template::RecoveryInvalid(_) => render!("recovery/invalid/body.txt"),
            Template::RecoveryCodeValid(m) => {
                render!(RecoveryCodeValid, "recovery_code/valid/body.txt", m)
            }
            Template::RecoveryCodeInvalid(_) => render!("recovery_code/invalid/body.txt"),
            Template::VerificationValid(m) => {
                render!(VerificationValid, "verification/valid/body.txt", m)
            }
            Template::VerificationInvalid(_) => render!("verification/invalid/body.txt"),
            Template::VerificationCodeValid(m) => {
                render!(VerificationCodeValid, "verification_code/valid/body.txt", m)
            }
            Template::VerificationCodeInvalid(_) => render!("verification_code/invalid/body.txt"),
            Template::LoginCodeValid(m) => render!(LoginCodeValid, "login_code/valid/body.txt", m),
            Template::RegistrationCodeValid(m) => {
                render!(RegistrationCodeValid, "registration_code/valid/body.txt", m)
            }
            Template::VerifiableAddressChanged(m) => render!(
                VerifiableAddressChanged,
                "verifiable_address_changed/body.txt",
                m
            ),
            Template::AuthenticatorKeyAdded(m) => {
                render!(AuthenticatorKeyAdded, "authenticator_key_added/body.txt", m)
            }
            Template::AccountExists(m) => {
                render!(AccountExists, "bia_account_exists/body.txt", m)
            }
            Template::RecoveryCodeSms(m) => {
                render!(RecoveryCodeSms, "recovery_code/valid/sms.txt", m)
            }
            Template::VerificationCodeSms(m) => {
                render!(VerificationCodeSms, "verification_code/valid/sms.txt", m)
            }
            Template::LoginCodeSms(m) => render!(LoginCodeSms, "login_code/valid/sms.txt", m),
            Template::RegistrationCodeSms(m) => {
                render!(RegistrationCodeSms, "registration_code/valid/sms.txt", m)
            }
            Template::VerifiableAddressChangedSms(m) => render!(
                VerifiableAddressChanged,
                "verifiable_address_changed/sms.txt",
                m
            ),
            Template::AuthenticatorKeyAddedSms(m) => {
                render!(AuthenticatorKeyAdded, "authenticator_key_added/sms.txt", m)
            }
            Template::AccountExistsSms(_) => render!("bia_account_exists/sms.txt"),
        }
    }

    /// The HTML of a mail; `None` for text messages.
    pub fn html(&self) -> Result<Option<String>, askama::Error> {
        match self {
            Template::RecoveryValid(m) => render!(RecoveryValid, "recovery/valid/body.html", m),
            Template::RecoveryInvalid(_) => render!("recovery/invalid/body.html"),
            Template::RecoveryCodeValid(m) => {
                render!(RecoveryCodeValid, "recovery_code/valid/body.html", m)
            }
            Template::RecoveryCodeInvalid(_) => render!("recovery_code/invalid/body.html"),
            Template::VerificationValid(m) => {
                render!(VerificationValid, "verification/valid/body.html", m)
            }
            Template::VerificationInvalid(_) => render!("verification/invalid/body.html"),
            Template::VerificationCodeValid(m) => render!(
                VerificationCodeValid,
                "verification_code/valid/body.html",
                m
            ),
            Template::VerificationCodeInvalid(_) => render!("verification_code/invalid/body.html"),
            Template::LoginCodeValid(m) => render!(LoginCodeValid, "login_code/valid/body.html", m),
            Template::RegistrationCodeValid(m) => render!(
                RegistrationCodeValid,
                "registration_code/valid/body.html",
                m
            ),
            Template::VerifiableAddressChanged(m) => render!(
                VerifiableAddressChanged,
                "verifiable_address_changed/body.html",
                m
            ),
            Template::AuthenticatorKeyAdded(m) => render!(
                AuthenticatorKeyAdded,
                "authenticator_key_added/body.html",
                m
            ),
            Template::AccountExists(m) => {
                render!(AccountExists, "bia_account_exists/body.html", m)
            }
            Template::RecoveryCodeSms(_)
            | Template::VerificationCodeSms(_)
            | Template::LoginCodeSms(_)
            | Template::RegistrationCodeSms(_)
            | Template::VerifiableAddressChangedSms(_)
            | Template::AuthenticatorKeyAddedSms(_)
            | Template::AccountExistsSms(_) => return Ok(None),
        }
        .map(Some)
    }
}
