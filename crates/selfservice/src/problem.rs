//! What can go wrong in a way that a flow's form cannot show (spec: errors.tsv).
//!
//! A [`Problem`] says what happened; which status and wording it gets is decided in `server`.

use bia_model::{ContinueWith, text::Message};
use bia_store::StoreError;
use time::OffsetDateTime;
use uuid::Uuid;

/// Why the anti-CSRF check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsrfFault {
    /// The request brought no anti-CSRF cookie.
    CookieMissing,
    /// The form brought no token.
    TokenMissing,
    /// Cookie, token and flow do not belong together.
    Mismatch,
}

/// How a client that asks for an expired flow can start over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOver {
    /// A browser: the URL to go to, and where the flow was to end.
    Browser {
        /// The flow's init URL.
        redirect_to: String,
        /// May be empty.
        return_to: String,
    },
    /// A native app: the URL to call.
    Api(String),
    /// The answer does not say.
    Unsaid,
}

/// A request that could not be served.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The OAuth2 server that waits for a login does not go along.
    #[error("the OAuth2 server does not go along")]
    OAuth2 {
        /// Whether it was told who signed in; else it was asked what it wants.
        accepting: bool,
        /// The status of its answer, if it gave one.
        status: Option<u16>,
        /// What it said.
        hint: Option<String>,
    },
    /// Somebody is signed in already.
    #[error("somebody is signed in already")]
    SessionAlreadyAvailable,
    /// A second factor was asked for without a session.
    #[error("a second factor needs a session with a first one")]
    Aal1Required,
    /// The session needs a second factor.
    #[error("the session needs a second factor")]
    Aal2Required {
        /// Where it can be given.
        redirect_to: String,
    },
    /// The account needs a second factor and has none that does.
    #[error("the account needs a second factor, which has to be set up first")]
    EnrolmentRequired {
        /// Where browsers set one up.
        redirect_to: String,
        /// What native apps call for that.
        native: String,
        /// The methods of the settings by which it can be set up.
        methods: Vec<bia_model::MethodName>,
    },
    /// No session; the answer names the error.
    #[error("there is no active session")]
    SessionInactive {
        /// Whether the answer also says if credentials came at all.
        credentials_missing: bool,
    },
    /// No session; the answer has no error id.
    #[error("there is no active session")]
    NoSession {
        /// Whether the request brought any credential.
        credentials_sent: bool,
    },
    /// The request presents a token that a session was turned into for other services.
    #[error("a tokenized session is no session token")]
    TokenForOthers,
    /// A browser is sent where somebody goes who is signed in already.
    #[error("somebody is signed in already")]
    SignedInAlready(String),
    /// A browser without a session is sent to sign in.
    #[error("signing in comes first")]
    SignInFirst(String),
    /// The last sign-in is too old for this change.
    #[error("the last sign-in is too old for this change")]
    RefreshRequired {
        /// Where it can be renewed.
        redirect_to: String,
    },
    /// The flow belongs to somebody else.
    #[error("the flow belongs to another identity")]
    IdentityMismatch,
    /// `return_to` is not on the list.
    #[error("return_to {0} is not allowed")]
    ReturnToForbidden(String),
    /// The flow can no longer be read.
    #[error("the flow has expired")]
    FlowGone {
        /// Whether the answer names the error.
        named: bool,
        /// How to begin again.
        start_over: StartOver,
    },
    /// The flow can no longer be submitted; another takes its place.
    #[error("the flow has expired, {use_flow_id} takes its place")]
    FlowExpired {
        /// The new flow.
        use_flow_id: Uuid,
        /// When the old one ended.
        expired_at: OffsetDateTime,
        /// How long ago that was.
        since: time::Duration,
        /// Recovery: what to do next.
        continue_with: Vec<ContinueWith>,
    },
    /// The flow cannot go on; another takes its place.
    #[error("the flow was replaced by {use_flow_id}")]
    FlowReplaced {
        /// The new flow.
        use_flow_id: Uuid,
        /// Why.
        message: Message,
    },
    /// A recovery flow cannot go on; another takes its place, and the client is told by `continue_with`.
    #[error("the recovery flow was replaced: {reason}")]
    RecoveryRestarted {
        /// What was wrong, as a sentence.
        reason: String,
        /// The problem, when it has an id of its own.
        original: Option<Box<Problem>>,
        /// The new flow.
        continue_with: Vec<ContinueWith>,
    },
    /// Registration is switched off.
    #[error("registration is switched off")]
    RegistrationDisabled,
    /// Recovery or verification is switched off.
    #[error("{0} is switched off")]
    FlowDisabled(bia_model::FlowKind),
    /// The request may have been forged.
    #[error("the anti-CSRF check failed: {0:?}")]
    Csrf(CsrfFault),
    /// Nothing there; the sentence says what was looked for.
    #[error("{0}")]
    NotFound(String),
    /// A method that is switched off was asked for.
    #[error("the method {0} is switched off")]
    MethodDisabled(bia_model::MethodName),
    /// The request is wrong; the sentence says how. Flows show it as a message.
    #[error("{0}")]
    BadRequest(String),
    /// A native flow is used from a browser, where anybody's page could make it do so.
    #[error("{reason}")]
    BrowserInNativeFlow {
        /// What gives the browser away, as a sentence.
        reason: String,
        /// The names of the cookies that came.
        cookies: Vec<String>,
    },
    /// The request cannot even be read.
    #[error("{message}")]
    Malformed {
        /// What was wrong, as a sentence.
        message: String,
        /// What follows from it; may be empty.
        reason: String,
    },
    /// As [`Problem::Malformed`], of a batch of identities or a page of messages: there the reference says code 500 in
    /// the body of its 400 (admin.md §7, §11).
    #[error("{0}")]
    Unreadable(String),
    /// The client must not do that.
    #[error("{0}")]
    Forbidden(String),
    /// The identity may not sign in.
    #[error("identity {0} is inactive")]
    IdentityDisabled(Uuid),
    /// An address has to be verified first.
    #[error("an address has to be verified first")]
    AddressNotVerified {
        /// The verification to go to.
        continue_with: Vec<ContinueWith>,
    },
    /// A browser has to go to another page before it can go on.
    #[error("the browser has to go to {0} first")]
    GoElsewhere(String),
    /// Something with the same unique value exists. An empty sentence adds nothing to that.
    #[error("{0}")]
    Conflict(String),
    /// Somebody was wrong too often before, so that nothing is tried now. It says the same whoever, or whatever, was
    /// locked, and whether or not anybody has the identifier.
    #[error("there were too many wrong attempts")]
    TooManyAttempts {
        /// From when on something is tried again.
        until: OffsetDateTime,
        /// How long that is from now on.
        wait: time::Duration,
    },
    /// The configuration does not allow what was asked.
    #[error("configuration: {0}")]
    Misconfigured(String),
    /// Another server answered badly.
    #[error("upstream: {0}")]
    Upstream(String),
    /// A hook answered badly.
    #[error("{0}")]
    HookFailed(String),
    /// A hook did not answer in time.
    #[error("a web hook did not answer in time")]
    HookTimedOut,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Something that cannot happen did.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<StoreError> for Problem {
    /// What a database cannot hold came with the request: nothing of the server's own is too long, or no proper text.
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Refused { reason } => {
                tracing::info!(reason, "the database refused a value of a request");
                let reason = "The database cannot hold one of the values: it is too long, or no proper text.";
                Problem::BadRequest(reason.into())
            }
            other => Problem::Store(other),
        }
    }
}

impl bia_store::db::StoreFailure for Problem {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Problem::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl Problem {
    /// The request cannot even be read; the sentence is all that the answer says.
    pub fn malformed(message: impl Into<String>) -> Problem {
        Problem::Malformed {
            message: message.into(),
            reason: String::new(),
        }
    }

    /// The sentence that a flow shows for it under 4000001; `None` when it goes to the error page instead.
    pub fn shown_in_flow(&self) -> Option<String> {
        match self {
            Problem::BadRequest(reason) | Problem::BrowserInNativeFlow { reason, .. } => {
                Some(reason.clone())
            }
            Problem::SessionAlreadyAvailable => Some(
                "You are signed in already. Sign out first to sign in as somebody else.".into(),
            ),
            _ => None,
        }
    }
}
