//! How a request to a flow ended, free of HTTP.

use bia_model::{ContinueWith, Flow, Identity, Session};
use uuid::Uuid;

use crate::mfa::Asked;

/// A session together with what its holder gets to prove it.
#[derive(Clone)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub identity: Identity,
    /// `ory_st_` and 32 letters or digits. A secret: it goes to the client and nowhere else.
    pub token: String,
}

impl std::fmt::Debug for IssuedSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedSession")
            .field("session", &self.session.id)
            .finish_non_exhaustive()
    }
}

/// How the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormStatus {
    /// As an answer that is as expected.
    Fine,
    /// The next screen of several. Scripts and apps know it as a 400 with the flow, as if something were wrong.
    Next,
    /// As an answer to something wrong.
    Invalid,
}

/// How a submission ended.
#[derive(Debug)]
pub enum Outcome {
    /// The form is shown (again).
    Form {
        /// The flow, already stored.
        flow: Box<Flow>,
        /// With which tone.
        status: FormStatus,
        /// Settings: the identity that the flow shows.
        identity: Option<Box<Identity>>,
    },
    /// Signed in.
    LoggedIn {
        /// The session; its cookie or token goes to the client.
        issued: Box<IssuedSession>,
        /// What to do next.
        continue_with: Vec<ContinueWith>,
        /// Where a browser goes.
        return_to: String,
        /// Where a second factor has to be given or set up before the session is of use.
        second_factor: Option<String>,
        /// What an MFA policy asks of the session.
        mfa: Option<Box<Asked>>,
    },
    /// Signed up.
    Registered {
        /// Who it is now.
        identity: Box<Identity>,
        /// The session, when the `session` hook hands it out.
        issued: Option<Box<IssuedSession>>,
        /// What to do next.
        continue_with: Vec<ContinueWith>,
        /// Where a browser goes.
        return_to: String,
        /// What an MFA policy asks of the session.
        mfa: Option<Box<Asked>>,
    },
    /// Settings were saved.
    Saved {
        /// The flow, with what to do next.
        flow: Box<Flow>,
        /// The identity as it is now.
        identity: Box<Identity>,
        /// The session, to be handed out anew to browsers.
        issued: Option<Box<IssuedSession>>,
        /// Where a browser goes.
        return_to: String,
    },
    /// Recovered: signed in, and on the way to set a new password.
    Recovered {
        /// The recovery flow, with what to do next.
        flow: Box<Flow>,
        /// The session; browsers get its cookie.
        issued: Box<IssuedSession>,
        /// The settings page, or where the client wanted to end.
        next: String,
        /// Whether JSON and native clients get the flow (200) instead of being sent away (422).
        in_flow: bool,
    },
    /// The client has to go elsewhere: 422 for JSON clients, a redirect for others.
    Elsewhere {
        /// Where to.
        url: String,
    },
    /// The client is led on by a redirect, whatever it is.
    Redirect {
        /// Where to.
        url: String,
    },
    /// Another flow takes the place of this one and the client is led to it.
    Replaced {
        /// The kind of flow.
        kind: bia_model::FlowKind,
        /// The new flow.
        use_flow_id: Uuid,
    },
}

/// How the creation of a flow ended.
#[derive(Debug)]
pub enum Created {
    /// There it is.
    Flow {
        /// The flow, already stored.
        flow: Box<Flow>,
        /// Settings: the identity that the flow shows.
        identity: Option<Box<Identity>>,
    },
    /// A browser is sent elsewhere, since it is signed in already or cannot be helped here.
    Redirect {
        /// Where to.
        url: String,
    },
}
