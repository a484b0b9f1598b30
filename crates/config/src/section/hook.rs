//! What runs before or after a flow (`hooks` lists).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::request::Request;

/// One entry of a hook list.
#[derive(Debug, Clone, PartialEq)]
pub enum Hook {
    /// Calls a URL.
    WebHook(Box<WebHook>),
    /// Issues a session after registration.
    Session,
    /// Revokes the identity's other sessions.
    RevokeActiveSessions,
    /// Refuses a login without a verified address.
    RequireVerifiedAddress,
    /// Starts the verification of an unverified address at login.
    Verification,
    /// Sends the person on to the verification page.
    ShowVerificationUi,
    /// Saves a changed address only once it is verified.
    VerifyNewAddress,
    /// Tells previous addresses about a change.
    NotifyPreviousAddresses(Recipients),
    /// A hook that the schema allows but that does nothing here (`b2b_sso`, `organization`).
    Other(String),
}

impl Hook {
    /// The hook's name as in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::WebHook(_) => "web_hook",
            Self::Session => "session",
            Self::RevokeActiveSessions => "revoke_active_sessions",
            Self::RequireVerifiedAddress => "require_verified_address",
            Self::Verification => "verification",
            Self::ShowVerificationUi => "show_verification_ui",
            Self::VerifyNewAddress => "verify_new_address",
            Self::NotifyPreviousAddresses(_) => "notify_previous_addresses",
            Self::Other(name) => name,
        }
    }
}

/// Which previous addresses `notify_previous_addresses` writes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipients {
    /// The ones that are no longer there.
    #[default]
    Removed,
    /// All that were verified.
    AllVerified,
    /// All.
    All,
}

/// A call to another server (`spec` hooks §4).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WebHook {
    /// A label for events and logs.
    #[serde(default)]
    pub id: Option<String>,
    /// What is sent where.
    #[serde(flatten)]
    pub request: Request,
    /// What is done with the response.
    #[serde(default)]
    pub response: WebHookResponse,
    /// Only error responses are parsed. The predecessor of `response.parse`.
    #[serde(default)]
    pub can_interrupt: bool,
    /// Adds the request headers that identify the call; on unless switched off.
    #[serde(default = "on")]
    pub emit_analytics_event: bool,
}

fn on() -> bool {
    true
}

/// What is done with the response of a web hook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebHookResponse {
    /// The call runs beside the flow, and its response is not looked at.
    pub ignore: bool,
    /// The response may change the identity, or stop the flow with messages.
    pub parse: bool,
}

#[derive(Deserialize)]
struct Entry {
    hook: String,
    #[serde(default)]
    config: Value,
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        let Entry { hook, config } = Entry::deserialize(input)?;
        Ok(match hook.as_str() {
            "web_hook" => Self::WebHook(Box::new(
                WebHook::deserialize(config).map_err(D::Error::custom)?,
            )),
            "session" => Self::Session,
            "revoke_active_sessions" => Self::RevokeActiveSessions,
            "require_verified_address" => Self::RequireVerifiedAddress,
            "verification" => Self::Verification,
            "show_verification_ui" => Self::ShowVerificationUi,
            "verify_new_address" => Self::VerifyNewAddress,
            "notify_previous_addresses" => {
                Self::NotifyPreviousAddresses(match config.get("recipients") {
                    Some(recipients) => {
                        Recipients::deserialize(recipients).map_err(D::Error::custom)?
                    }
                    None => Recipients::default(),
                })
            }
            _ => Self::Other(hook),
        })
    }
}
