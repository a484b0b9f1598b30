//! Self-service flows (spec: flows.md §3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Aal, MethodName, timestamp, ui::Ui};

mod shown;

pub use shown::{ShownFlow, TEST_CONTEXT};

/// The five kinds of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the flows by their names")]
pub enum FlowKind {
    Login,
    Registration,
    Settings,
    Recovery,
    Verification,
}

impl FlowKind {
    /// Every kind.
    pub const ALL: [FlowKind; 5] = [
        FlowKind::Login,
        FlowKind::Registration,
        FlowKind::Settings,
        FlowKind::Recovery,
        FlowKind::Verification,
    ];

    /// The wire name, as in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            FlowKind::Login => "login",
            FlowKind::Registration => "registration",
            FlowKind::Settings => "settings",
            FlowKind::Recovery => "recovery",
            FlowKind::Verification => "verification",
        }
    }

    /// Reads the wire name; `None` for anything else.
    pub fn parse(text: &str) -> Option<FlowKind> {
        FlowKind::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

impl std::fmt::Display for FlowKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// For whom a flow was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientType {
    /// Something with cookies.
    Browser,
    /// A native app.
    Api,
}

impl ClientType {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            ClientType::Browser => "browser",
            ClientType::Api => "api",
        }
    }
}

/// How far a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing was chosen yet.
    ChooseMethod,
    /// A code or link was sent, by whatever channel.
    SentEmail,
    /// The challenge was passed.
    PassedChallenge,
    /// Settings: being filled.
    ShowForm,
    /// Settings: saved; can be submitted again.
    Success,
    /// Recovery v2: the first screen.
    RecoveryAwaitingAddress,
    /// Recovery v2: a choice of addresses.
    RecoveryAwaitingAddressChoice,
    /// Recovery v2: the whole address is asked for.
    RecoveryConfirmingAddress,
    /// Recovery v2: a code was sent.
    RecoveryAwaitingCode,
}

impl State {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            State::ChooseMethod => "choose_method",
            State::SentEmail => "sent_email",
            State::PassedChallenge => "passed_challenge",
            State::ShowForm => "show_form",
            State::Success => "success",
            State::RecoveryAwaitingAddress => "recovery_awaiting_address",
            State::RecoveryAwaitingAddressChoice => "recovery_awaiting_address_choice",
            State::RecoveryConfirmingAddress => "recovery_confirming_address",
            State::RecoveryAwaitingCode => "recovery_awaiting_code",
        }
    }
}

/// What a client should do next (spec: flows.md §14).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the wire's members by their names")]
pub enum ContinueWith {
    RedirectBrowserTo { redirect_browser_to: String },
    SetOrySessionToken { ory_session_token: String },
    ShowVerificationUi { flow: VerificationFlowRef },
    ShowSettingsUi { flow: FlowRef },
    ShowRecoveryUi { flow: FlowRef },
}

/// A flow to go to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowRef {
    /// Its id.
    pub id: Uuid,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A verification flow to go to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerificationFlowRef {
    /// Its id.
    pub id: Uuid,
    /// What is being verified.
    pub verifiable_address: String,
    /// Its page; browser flows only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A flow of any kind. Members that a kind does not have stay at their defaults and are not shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Random.
    pub id: Uuid,
    /// Which of the five.
    pub kind: FlowKind,
    /// Who it is for.
    pub client: ClientType,
    /// How far it is.
    pub state: State,
    /// When it was created.
    #[serde(with = "timestamp")]
    pub issued_at: OffsetDateTime,
    /// Until when it can be submitted.
    #[serde(with = "timestamp")]
    pub expires_at: OffsetDateTime,
    /// The URL that started it, as the client saw it.
    pub request_url: String,
    /// Where to go in the end, when it was set explicitly; else it is in `request_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// The method that is being used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<MethodName>,
    /// The form.
    pub ui: Ui,
    /// The anti-CSRF cookie's token (base64 of 32 bytes) that the flow is bound to; empty in native flows.
    #[serde(default)]
    pub csrf_token: String,
    /// Whether the anti-CSRF check is off, as in flows that an administrator made.
    #[serde(default)]
    pub skip_csrf: bool,
    /// Login, registration, settings: free data in this edition.
    #[serde(default)]
    pub organization_id: Option<Uuid>,
    /// Login: the level asked for.
    #[serde(default)]
    pub requested_aal: Aal,
    /// Login: whether a session is to be renewed.
    #[serde(default)]
    pub refresh: bool,
    /// Login, registration: the schema asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_schema: Option<String>,
    /// Settings: whose; recovery: who was recovered; verification: who registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<Uuid>,
    /// Verification: the session that it was started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
    /// Login, registration, verification: the challenge of an OAuth2 server that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_login_challenge: Option<String>,
    /// Login, registration: what that server asks for, as it says it; for answers. Not stored.
    #[serde(skip)]
    pub oauth2_login_request: Option<Value>,
    /// What methods keep for themselves between two submissions, by a name of their own.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
    /// How often it was stored; an update that read another count is refused.
    #[serde(skip)]
    pub revision: i64,
    /// Data of the client's own, in answers to the request that brought it. Not stored.
    #[serde(skip)]
    pub transient_payload: Option<Value>,
    /// What to do next. Not stored.
    #[serde(skip)]
    pub continue_with: Vec<ContinueWith>,
    /// The native half of a session token exchange; in the answer to the creation only. Not stored.
    #[serde(skip)]
    pub session_token_exchange_code: Option<String>,
}

impl Flow {
    /// A fresh flow, without nodes.
    pub fn new(
        kind: FlowKind,
        client: ClientType,
        issued_at: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Flow {
        Flow {
            id: Uuid::new_v4(),
            kind,
            client,
            state: if kind == FlowKind::Settings {
                State::ShowForm
            } else {
                State::ChooseMethod
            },
            issued_at,
            expires_at,
            request_url: String::new(),
            return_to: None,
            active: None,
            ui: Ui::new(""),
            csrf_token: String::new(),
            skip_csrf: false,
            organization_id: None,
            requested_aal: Aal::Aal1,
            refresh: false,
            identity_schema: None,
            identity_id: None,
            session_id: None,
            oauth2_login_challenge: None,
            oauth2_login_request: None,
            context: Map::new(),
            revision: 0,
            transient_payload: None,
            continue_with: Vec::new(),
            session_token_exchange_code: None,
        }
    }

    /// Whether it was created for a native app.
    pub fn is_native(&self) -> bool {
        self.client == ClientType::Api
    }

    /// Whether it can no longer be submitted.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at < now
    }

    /// Where the flow was asked to end: what was set explicitly, else `return_to` of the request.
    pub fn requested_return_to(&self) -> Option<String> {
        let explicit = (self.kind != FlowKind::Verification)
            .then(|| self.return_to.clone())
            .flatten();
        explicit
            .filter(|r| !r.is_empty())
            .or_else(|| query_value(&self.request_url, "return_to"))
    }
}

/// The first non-empty value of a name in a URL's query.
pub fn query_value(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let query = query.split_once('#').map_or(query, |(q, _)| q);
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(k, v)| k == name && !v.is_empty())
        .map(|(_, v)| v.into_owned())
}
