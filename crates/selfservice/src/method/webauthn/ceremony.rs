//! A question put to keys: what the site asks, what a flow remembers of it, and what counts as an answer. Security
//! keys and passkeys share it.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bia_config::section::method::{AuthenticatorSelection, RelyingParty};
use bia_model::{Flow, MethodName};
use bia_webauthn::{Algorithm, Assertion, Creation, Expected, NewKey, Use};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::key::Key;
use crate::cx::Cx;
use crate::method::Refusal;
use crate::problem::Problem;

const CHALLENGE_BYTES: usize = 32;

/// How long browsers wait for a key, in milliseconds, where nothing else is configured: longer where it has to be
/// unlocked first.
const PATIENCE_MS: u64 = 300_000;
const PATIENCE_FOR_A_TOUCH_MS: u64 = 120_000;

const DISCOURAGED: &str = "discouraged";

/// The site that keys belong to, and what it asks of them.
pub(crate) struct Site<'c> {
    method: MethodName,
    rp: &'c RelyingParty,
    origins: Vec<String>,
    /// Of authenticators: all that is configured, or only whether they check their user.
    selection: Option<&'c AuthenticatorSelection>,
    attestation: Option<&'c str>,
    creation_ms: u64,
    request_ms: u64,
}

impl<'c> Site<'c> {
    /// As configured for security keys.
    pub(super) fn of_webauthn(cx: &'c Cx) -> Site<'c> {
        let rp = &cx.config().selfservice.methods.webauthn.config.rp;
        Site {
            method: MethodName::Webauthn,
            rp,
            origins: rp.allowed_origins(&cx.config().serve.public.base_url),
            selection: None,
            attestation: None,
            creation_ms: PATIENCE_FOR_A_TOUCH_MS,
            request_ms: PATIENCE_FOR_A_TOUCH_MS,
        }
    }

    /// As configured for passkeys.
    pub(crate) fn of_passkey(cx: &'c Cx) -> Site<'c> {
        let config = &cx.config().selfservice.methods.passkey.config;
        let patience = if config.authenticator_selection.user_verification == DISCOURAGED {
            PATIENCE_FOR_A_TOUCH_MS
        } else {
            PATIENCE_MS
        };
        let ms = |configured: Option<std::time::Duration>| {
            let ms = configured.and_then(|d| u64::try_from(d.as_millis()).ok());
            ms.unwrap_or(patience)
        };
        Site {
            method: MethodName::Passkey,
            rp: &config.rp,
            origins: config
                .rp
                .allowed_origins(&cx.config().serve.public.base_url),
            selection: Some(&config.authenticator_selection),
            attestation: Some(&config.attestation.preference),
            creation_ms: ms(config.timeouts.registration),
            request_ms: ms(config.timeouts.login),
        }
    }

    fn user_verification(&self) -> &str {
        self.selection
            .map_or(DISCOURAGED, |s| s.user_verification.as_str())
    }

    /// Asks for a new key of an account: the flow remembers the question, the options are for the browser.
    ///
    /// `name` is what the key shows for the account, the site's own name when it is empty; keys in `exclude` are
    /// those that the account has.
    pub(crate) fn ask_for_new<'k>(
        &self,
        flow: &mut Flow,
        handle: &[u8],
        name: &str,
        exclude: impl Iterator<Item = &'k Key>,
    ) -> Value {
        let ceremony = Ceremony::new(self, handle, Vec::new());
        let name = Some(name).filter(|n| !n.is_empty());
        let name = name.unwrap_or(&self.rp.display_name);
        let kinds: Vec<Value> = Algorithm::ALL
            .iter()
            .map(|a| json!({"type": "public-key", "alg": a.cose_id()}))
            .collect();
        let mut options = json!({
            "rp": {"name": self.rp.display_name, "id": self.rp.id},
            "user": {"name": name, "displayName": name, "id": URL_SAFE_NO_PAD.encode(handle)},
            "challenge": ceremony.challenge,
            "pubKeyCredParams": kinds,
            "timeout": self.creation_ms,
        });
        let exclude: Vec<Value> = exclude.map(descriptor).collect();
        if !exclude.is_empty() {
            options["excludeCredentials"] = exclude.into();
        }
        options["authenticatorSelection"] = self.authenticator_selection();
        if let Some(attestation) = self.attestation {
            options["attestation"] = attestation.into();
        }
        ceremony.keep(flow, self.method);
        json!({ "publicKey": options })
    }

    fn authenticator_selection(&self) -> Value {
        let mut members = Map::new();
        if let Some(selection) = self.selection {
            let attachment = selection.attachment.as_deref().filter(|a| !a.is_empty());
            if let Some(attachment) = attachment {
                members.insert("authenticatorAttachment".into(), attachment.into());
            }
            let required = selection.resident_key == "required";
            members.insert("requireResidentKey".into(), required.into());
            members.insert("residentKey".into(), selection.resident_key.as_str().into());
        }
        members.insert("userVerification".into(), self.user_verification().into());
        Value::Object(members)
    }

    /// Asks for the use of a key: of one of those given, or of any when there are none.
    pub(crate) fn ask_for<'k>(
        &self,
        flow: &mut Flow,
        keys: impl Iterator<Item = &'k Key>,
    ) -> Value {
        let (mut allowed, mut descriptors) = (Vec::new(), Vec::new());
        for key in keys {
            allowed.push(key.id.clone());
            descriptors.push(descriptor(key));
        }
        let ceremony = Ceremony::new(self, &[], allowed);
        let mut options = json!({
            "challenge": ceremony.challenge,
            "timeout": self.request_ms,
            "rpId": self.rp.id,
        });
        if !descriptors.is_empty() {
            options["allowCredentials"] = descriptors.into();
        }
        options["userVerification"] = self.user_verification().into();
        ceremony.keep(flow, self.method);
        json!({ "publicKey": options })
    }

    /// Verifies the answer to [`Site::ask_for_new`]. The question stays until the key is kept. Also gives what
    /// the key knows the account by.
    pub(crate) fn take_new(&self, flow: &Flow, answer: &str) -> Result<(NewKey, Vec<u8>), Refusal> {
        let answer = Creation::read(answer)
            .map_err(|why| refusal(format!("The answer of the key cannot be read: {why}.")))?;
        let ceremony = self.open_question(flow)?;
        let (challenge, handle) = (ceremony.challenge(), ceremony.handle());
        match answer.verify(&self.expected(&challenge, &ceremony)) {
            Ok(key) => Ok((key, handle)),
            Err(fault) => {
                tracing::info!(flow.id = %flow.id, %fault, "the answer of a new key is refused");
                Err(refusal(format!(
                    "The new key cannot be accepted: {fault}. Try again, with the same browser and on this page."
                )))
            }
        }
    }

    /// Verifies the answer to [`Site::ask_for`] with one of an account's keys; `account` is what they know it by.
    /// `None` when it is not accepted; the log says why. The question stays until the use is noted.
    pub(crate) fn take<'k>(
        &self,
        flow: &Flow,
        answer: &Assertion,
        account: &[u8],
        mut keys: impl Iterator<Item = &'k Key>,
    ) -> Result<Option<(&'k Key, Use)>, Refusal> {
        let ceremony = self.open_question(flow)?;
        let key = keys
            .find(|key| key.id_bytes() == answer.key_id())
            .filter(|key| ceremony.allows(key));
        let Some(key) = key else {
            tracing::info!(flow.id = %flow.id, "a key answered that was not asked");
            return Ok(None);
        };
        let challenge = ceremony.challenge();
        match key.verify(answer, &self.expected(&challenge, &ceremony), account) {
            Ok(used) => Ok(Some((key, used))),
            Err(fault) => {
                tracing::info!(flow.id = %flow.id, %fault, "the answer of a key is refused");
                Ok(None)
            }
        }
    }

    fn open_question(&self, flow: &Flow) -> Result<Ceremony, Refusal> {
        Ceremony::of(flow, self.method).ok_or_else(|| {
            refusal("This form does not wait for a key any more. Start over with a new one.".into())
        })
    }

    fn expected<'e>(&'e self, challenge: &'e [u8], ceremony: &Ceremony) -> Expected<'e> {
        Expected {
            rp_id: &self.rp.id,
            origins: &self.origins,
            challenge,
            user_verification_required: ceremony.user_verification_required,
        }
    }
}

fn refusal(sentence: String) -> Refusal {
    Problem::BadRequest(sentence).into()
}

/// A key as browsers are told of it (W3C Web Authentication, section 5.8.3).
fn descriptor(key: &Key) -> Value {
    let mut descriptor =
        json!({"type": "public-key", "id": URL_SAFE_NO_PAD.encode(key.id_bytes())});
    if let Some(transports) = key.transports() {
        descriptor["transports"] = transports.clone();
    }
    descriptor
}

/// What a flow remembers of a question. Whoever gets the answer in time takes it away.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ceremony {
    /// As browsers get it: base64url.
    challenge: String,
    /// What a new key is to know the account by; standard base64.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    handle: String,
    /// The names of the keys that may answer, as they are stored; none when any may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<String>,
    user_verification_required: bool,
}

impl Ceremony {
    fn new(site: &Site<'_>, handle: &[u8], allowed: Vec<String>) -> Ceremony {
        let mut challenge = [0; CHALLENGE_BYTES];
        rand::rng().fill_bytes(&mut challenge);
        Ceremony {
            challenge: URL_SAFE_NO_PAD.encode(challenge),
            handle: STANDARD.encode(handle),
            allowed,
            user_verification_required: site.user_verification() == "required",
        }
    }

    fn of(flow: &Flow, method: MethodName) -> Option<Ceremony> {
        let kept = flow.context.get(&context_key(method))?;
        serde_json::from_value(kept.clone()).ok()
    }

    fn keep(&self, flow: &mut Flow, method: MethodName) {
        let kept = serde_json::to_value(self).unwrap_or_default();
        flow.context.insert(context_key(method), kept);
    }

    fn challenge(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.challenge).unwrap_or_default()
    }

    fn handle(&self) -> Vec<u8> {
        STANDARD.decode(&self.handle).unwrap_or_default()
    }

    fn allows(&self, key: &Key) -> bool {
        self.allowed.is_empty() || self.allowed.contains(&key.id)
    }
}

/// The member of a flow's context that holds the question of a method.
pub(crate) fn context_key(method: MethodName) -> String {
    format!("{method}_ceremony")
}
