//! The ways to prove or keep an identity. Everything Bia knows about a method is reachable from here:
//! flows ask [`METHODS`], in this order, and never name a method themselves.

pub mod code;
pub(crate) mod fields;
pub mod identifier_first;
mod imported;
pub mod link;
pub mod lookup_secret;
pub mod oidc;
pub mod passkey;
pub mod password;
pub(crate) mod post;
pub mod profile;
pub(crate) mod recovered;
pub mod totp;
pub mod webauthn;

use async_trait::async_trait;
use bia_config::Config;
use bia_model::text::Message;
use bia_model::{
    Aal, AuthenticationMethod, ClientType, Flow, Identity, MethodName, VerifiableAddress,
};
use bia_store::Tx;
use serde_json::Value;
use time::OffsetDateTime;

use crate::cx::Cx;
use crate::flow::registration::Candidate;
use crate::form::Form;
use crate::outcome::{FormStatus, Outcome};
use crate::problem::Problem;
use crate::session::LiveSession;

/// All methods, in the order of asking.
pub static METHODS: &[&dyn Method] = &[
    &profile::Profile,
    &password::Password,
    &oidc::Oidc,
    &code::Code,
    &link::Link,
    &totp::Totp,
    &passkey::Passkey,
    &webauthn::Webauthn,
    &lookup_secret::LookupSecret,
    &identifier_first::IdentifierFirst,
    &oidc::Saml,
];

/// One way to prove or keep an identity.
pub trait Method: Send + Sync {
    /// Wire name, credential type, node group, configuration key.
    fn name(&self) -> MethodName;

    /// Whether the configuration switches it on.
    fn is_enabled(&self, config: &Config) -> bool;

    /// How many of the identity's credentials count as a first factor (identity.md §6), whether or not
    /// the method is switched on.
    fn first_factors(&self, _config: &Config, _identity: &Identity) -> usize {
        0
    }

    /// How many of the identity's credentials count as a second factor (identity.md §6).
    fn second_factors(&self, _config: &Config, _identity: &Identity) -> usize {
        0
    }

    /// Whether it can be a second factor, as it is configured.
    fn is_second_factor(&self, _config: &Config) -> bool {
        false
    }

    /// Whether one use proves as much as two factors, as it is configured: possession, and who possesses it.
    fn proves_alone(&self, _config: &Config) -> bool {
        false
    }

    /// The method whose part of the settings sets it up.
    fn set_up_by(&self) -> MethodName {
        self.name()
    }

    /// Whether the identity can sign in with this method alone, so that somebody who tries to register
    /// it again is told so (message 4000028).
    fn is_way_in(&self, _identity: &Identity) -> bool {
        false
    }

    /// The other servers among those ways, by their ids in the configuration; sorted.
    fn partners(&self, _identity: &Identity) -> Vec<String> {
        Vec::new()
    }

    /// Its part in login flows.
    fn login(&self) -> Option<&dyn LoginMethod> {
        None
    }

    /// Its part in registration flows.
    fn registration(&self) -> Option<&dyn RegistrationMethod> {
        None
    }

    /// Its part in settings flows.
    fn settings(&self) -> Option<&dyn SettingsMethod> {
        None
    }

    /// Its part in recovery flows.
    fn recovery(&self) -> Option<&dyn RecoveryMethod> {
        None
    }

    /// Its part in verification flows.
    fn verification(&self) -> Option<&dyn VerificationMethod> {
        None
    }

    /// Its part in the admin API.
    fn admin(&self) -> Option<&dyn AdminMethod> {
        None
    }
}

/// The method with a name, when this server has it.
pub fn find(name: MethodName) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|m| m.name() == name)
}

/// The highest level that an identity can reach with its credentials.
pub fn available_aal(config: &Config, identity: &Identity) -> Aal {
    if METHODS
        .iter()
        .any(|m| m.second_factors(config, identity) > 0)
    {
        Aal::Aal2
    } else if METHODS
        .iter()
        .any(|m| m.first_factors(config, identity) > 0)
    {
        Aal::Aal1
    } else {
        Aal::Aal0
    }
}

/// How many first factors an identity can use to sign in.
pub fn first_factors(config: &Config, identity: &Identity) -> usize {
    METHODS
        .iter()
        .map(|m| m.first_factors(config, identity))
        .sum()
}

/// Why a submission was not taken.
#[derive(Debug)]
pub enum Refusal {
    /// Something is wrong with the form: messages by the dotted name of the node they concern; an
    /// empty name concerns the whole form.
    Form(Vec<(String, Message)>),
    /// Something that the form cannot show.
    Problem(Problem),
}

impl Refusal {
    /// A message that concerns the whole form.
    pub fn form(message: Message) -> Refusal {
        Refusal::Form(vec![(String::new(), message)])
    }

    /// A message that concerns one field.
    pub fn field(name: &str, message: Message) -> Refusal {
        Refusal::Form(vec![(name.to_owned(), message)])
    }
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Refusal {
        Refusal::Problem(error.into())
    }
}

/// A method's part in the admin API: its credentials as they are imported, shown and taken away there.
#[async_trait]
pub trait AdminMethod: Send + Sync {
    /// Makes of the `config` of an import (admin.md §5.4) what is stored: unknown members are refused,
    /// secrets are hashed or sealed. Slow; never called inside a transaction.
    async fn import(&self, cx: &Cx, config: Value) -> Result<Value, Problem>;

    /// Puts what [`AdminMethod::import`] made into an identity that may have such a credential already.
    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem>;

    /// Takes the credential away, or the part of it that `identifier` names (admin.md §6.4). Errs when
    /// that is not possible; the last first factor may stay.
    fn remove(
        &self,
        _cx: &Cx,
        identity: &mut Identity,
        _identifier: Option<&str>,
    ) -> Result<(), Problem> {
        Err(Problem::BadRequest(format!(
            "Credentials of this type cannot be taken from identity {}.",
            identity.id
        )))
    }

    /// What an operator may see of a stored config; null shows nothing.
    fn reveal(&self, _cx: &Cx, config: &Value) -> Value {
        config.clone()
    }
}

/// Which screen of a login flow is filled.
#[derive(Clone, Copy)]
pub enum LoginStage<'a> {
    /// All first factors at once.
    FirstFactor,
    /// Second factors of somebody who is signed in.
    SecondFactor(&'a LiveSession),
    /// First factors of somebody who has to sign in again.
    Refresh(&'a LiveSession),
    /// The first of two screens: who is it?
    Identification,
    /// The second of two screens. `None` when nobody goes by that identifier and that must not show.
    Credentials(Option<&'a Identity>),
}

/// How a login submission ended.
#[derive(Debug)]
pub enum LoginStep {
    /// Somebody proved who they are.
    Authenticated {
        /// Who, with credentials.
        identity: Box<Identity>,
        /// By what.
        method: AuthenticationMethod,
    },
    /// The form is shown again, changed.
    AskAgain(FormStatus),
    /// The client goes to this page to go on; the form is stored as it is now.
    SendAway(String),
    /// Another flow took over, and this is how that ended.
    Handled(Box<Outcome>),
}

/// A method's part in login flows.
#[async_trait]
pub trait LoginMethod: Send + Sync {
    /// Adds the method's nodes to a screen, if it has any there.
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem>;

    /// Whether its nodes bring the (empty) anti-CSRF node with them in native flows; browser flows
    /// always have one (flows.md §4).
    fn puts_csrf(&self) -> bool {
        true
    }

    /// Goes on at once where a screen that was just filled leaves nothing to choose: the second screen
    /// of two, with the `identifier` that was typed, or second factors. Whether it did.
    async fn go_ahead(
        &self,
        _cx: &Cx,
        _flow: &mut Flow,
        _stage: LoginStage<'_>,
        _identifier: &str,
    ) -> Result<bool, Problem> {
        Ok(false)
    }

    /// Whether a submission is for this method.
    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool;

    /// Whether a flow was made for this method alone, so that no other takes anything in it.
    fn owns(&self, _flow: &Flow) -> bool {
        false
    }

    /// Whether it takes submissions by GET, as links are.
    fn takes_links(&self) -> bool {
        false
    }

    /// Whether the second of two screens has something of this method for somebody, though nothing was added to it.
    fn offers(&self, _cx: &Cx, _identity: &Identity) -> bool {
        false
    }

    /// Takes a submission.
    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal>;

    /// Adds to the identity of whoever signed in what waits for that in the flow, and gives what is thereby proven.
    fn join(
        &self,
        _cx: &Cx,
        _flow: &Flow,
        _identity: &mut Identity,
    ) -> Result<Option<AuthenticationMethod>, Refusal> {
        Ok(None)
    }

    /// What waits, as a member of the flow's context that another flow can carry on.
    fn waits(&self, _flow: &Flow) -> Option<(&'static str, Value)> {
        None
    }
}

/// Which screen of a registration flow is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationStage {
    /// Everything on one screen.
    Unified,
    /// The first of two screens: traits.
    Profile,
    /// The second of two screens: credentials.
    Credentials,
}

/// How a registration submission ended.
#[derive(Debug)]
pub enum RegistrationStep {
    /// Somebody signs up.
    Register {
        /// Who, with the new credential; its schema has been applied, it is not stored yet.
        identity: Box<Identity>,
        /// By what.
        method: AuthenticationMethod,
        /// The member of the flow's context that this uses up: whoever is second with it does not sign up.
        spends: Option<String>,
    },
    /// The form is shown again, changed.
    AskAgain(FormStatus),
    /// The client goes to this page to go on.
    SendAway(String),
    /// Another flow took over, and this is how that ended.
    Handled(Box<Outcome>),
}

/// A method's part in registration flows.
#[async_trait]
pub trait RegistrationMethod: Send + Sync {
    /// Adds the method's nodes to a screen, if it has any there.
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: RegistrationStage,
    ) -> Result<(), Problem>;

    /// Whether a submission is for this method.
    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool;

    /// Whether an address of who has signed up by this method is to be verified at once, rather than when it is
    /// asked for.
    fn verifies_after(&self, _identity: &Identity, _address: &VerifiableAddress) -> bool {
        true
    }

    /// Takes a submission. `candidate` is who wants to sign up, as the form says it; on a refusal their
    /// traits stay in the form.
    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        candidate: &Candidate,
    ) -> Result<RegistrationStep, Refusal>;

    /// Whether it takes submissions by GET, as links are.
    fn takes_links(&self) -> bool {
        false
    }

    /// What to do instead of refusing somebody who could not be stored since others have an identifier or address
    /// of theirs.
    async fn taken(
        &self,
        _cx: &Cx,
        _flow: &Flow,
        _candidate: &Identity,
    ) -> Result<Option<Outcome>, Problem> {
        Ok(None)
    }
}

/// How a settings submission ended.
#[derive(Debug)]
pub enum SettingsStep {
    /// The identity changes.
    Save {
        /// As it is to be, with credentials.
        identity: Box<Identity>,
        /// A factor that was set up by this change, and thereby proven.
        proved: Option<AuthenticationMethod>,
    },
    /// The form is shown again, changed.
    AskAgain(FormStatus),
    /// The client goes to this page to go on.
    SendAway(String),
}

impl SettingsStep {
    /// The identity changes, and nothing was proven by it.
    pub fn save(identity: Identity) -> SettingsStep {
        SettingsStep::Save {
            identity: Box::new(identity),
            proved: None,
        }
    }
}

/// A method's part in settings flows.
#[async_trait]
pub trait SettingsMethod: Send + Sync {
    /// Adds the method's nodes, if it has any for this identity (given with credentials).
    async fn populate(&self, cx: &Cx, flow: &mut Flow, identity: &Identity) -> Result<(), Problem>;

    /// What somebody should know of what they have set up, whenever they see their settings. `identity` has credentials.
    fn notice(&self, _identity: &Identity) -> Option<Message> {
        None
    }

    /// Whether a submission is for this method.
    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool;

    /// Takes a submission of somebody who is signed in. `identity` has credentials.
    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
        live: &LiveSession,
        identity: Identity,
    ) -> Result<SettingsStep, Refusal>;
}

/// How a recovery submission ended.
#[derive(Debug)]
pub enum RecoveryStep {
    /// The account's owner is back: a session is to be issued.
    Recovered {
        /// Who, with credentials.
        identity: Box<Identity>,
        /// By what.
        method: AuthenticationMethod,
    },
    /// The form is shown again, changed.
    AskAgain(FormStatus),
    /// The flow cannot go on; a new one of this method takes its place.
    StartOver(Restart),
}

/// Why and how a new flow takes the place of one that cannot go on.
#[derive(Debug)]
pub struct Restart {
    /// What the new flow says.
    pub why: Refusal,
    /// For whom it is.
    pub client: ClientType,
}

/// A method's part in recovery flows.
#[async_trait]
pub trait RecoveryMethod: Send + Sync {
    /// Fills the first screen.
    async fn populate(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem>;

    /// Whether a submission is for this method; what no method claims is for the one that the flow was
    /// made for.
    fn claims(&self, flow: &Flow, form: &Form) -> bool;

    /// Whether what it sends is used in a browser, whoever asked for it. Then success and failure lead to
    /// pages, and new flows are for browsers.
    fn continues_in_browser(&self) -> bool {
        false
    }

    /// Takes a submission.
    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<RecoveryStep, Refusal>;
}

/// How a verification submission ended.
#[derive(Debug)]
pub enum VerificationStep {
    /// An address was verified.
    Verified,
    /// The form is shown on its page, whatever the client wants: a link in a message was opened.
    ShowPage,
    /// The form is shown again, changed.
    AskAgain(FormStatus),
    /// The flow cannot go on; a new one of this method takes its place.
    StartOver(Restart),
}

/// A method's part in verification flows.
#[async_trait]
pub trait VerificationMethod: Send + Sync {
    /// Fills the first screen, with the anti-CSRF token where it belongs.
    async fn populate(&self, cx: &Cx, flow: &mut Flow) -> Result<(), Problem>;

    /// Whether what it sends is used in a browser, whoever asked for it. Then failure leads to pages.
    fn continues_in_browser(&self) -> bool {
        false
    }

    /// Fills the screen of a flow that a hook starts: the challenge was sent to an address.
    fn show_sent(&self, cx: &Cx, flow: &mut Flow, address: &VerifiableAddress);

    /// Sends the challenge of a flow to an address, as part of a transaction.
    async fn send(
        &self,
        cx: &Cx,
        tx: &mut Tx,
        flow: &Flow,
        identity: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem>;

    /// Makes the challenge that [`VerificationMethod::send`] makes, and sends it to nobody: there is no such identity.
    async fn pretend(
        &self,
        cx: &Cx,
        tx: &mut Tx,
        flow: &Flow,
        nobody: &Identity,
        address: &VerifiableAddress,
    ) -> Result<(), Problem>;

    /// Takes a submission.
    async fn submit(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        form: &Form,
    ) -> Result<VerificationStep, Refusal>;
}
