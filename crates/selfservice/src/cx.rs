//! The one context that is passed to everything: what the server has, and what this request brought.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use bia_config::Config;
use bia_courier::Courier;
use bia_jsonnet::Jsonnet;
use bia_model::schema::IdentitySchema;
use bia_model::{ClientType, Flow, FlowKind};
use bia_outbound::Outbound;
use bia_store::{Conn, Store, Tx};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

use crate::abuse::Refused;
use crate::background::Background;
use crate::hasher::Hasher;
use crate::headers::{Cookies, Headers};
use crate::method::oidc::Remembered;
use crate::method::password::policy::PasswordPolicy;
use crate::outcome::IssuedSession;
use crate::problem::Problem;
use crate::session::tokenize::TokenKeysByTemplate;
use crate::session::{self, LiveSession};
use crate::token::TokenKeys;
use crate::trusted_browser::TrustCookie;
use crate::why::{Because, Why};

/// Tells the time. Tests move it.
#[derive(Clone, Default)]
pub struct Clock {
    offset_seconds: Arc<std::sync::atomic::AtomicI64>,
}

impl Clock {
    /// The time now, in UTC, to the microsecond: what every database can keep.
    pub fn now(&self) -> OffsetDateTime {
        let offset = self
            .offset_seconds
            .load(std::sync::atomic::Ordering::Relaxed);
        let now = OffsetDateTime::now_utc() + time::Duration::seconds(offset);
        let micros = now.nanosecond() / 1000 * 1000;
        now.replace_nanosecond(micros).unwrap_or(now)
    }

    /// Moves the clock forward, in tests.
    pub fn advance(&self, by: time::Duration) {
        self.offset_seconds
            .fetch_add(by.whole_seconds(), std::sync::atomic::Ordering::Relaxed);
    }
}

/// Everything that follows from one reading of the configuration. A reload makes a new one.
pub struct Runtime {
    /// The configuration.
    pub config: Arc<Config>,
    /// The identity schemas, compiled.
    pub schemas: Schemas,
    /// Hashes and verifies passwords.
    pub hasher: Hasher,
    /// Judges new passwords.
    pub policy: PasswordPolicy,
    /// Hashes tokens and codes.
    pub keys: TokenKeys,
    /// What is remembered of identity providers.
    pub providers: Remembered,
    /// The keys that sign sessions as tokens.
    pub token_templates: TokenKeysByTemplate,
    /// Calls other servers, as far as `clients.http` allows.
    pub outbound: Arc<Outbound>,
    /// How messages are written, and how they leave.
    pub courier: Arc<Courier>,
}

/// The identity schemas by id.
#[derive(Default)]
pub struct Schemas {
    by_id: HashMap<String, Arc<IdentitySchema>>,
    code_by_name: bool,
}

impl Schemas {
    /// From ids and compiled schemas.
    pub fn new(all: impl IntoIterator<Item = (String, Arc<IdentitySchema>)>) -> Schemas {
        let by_id: HashMap<String, Arc<IdentitySchema>> = all.into_iter().collect();
        let names_only = |schema: &IdentitySchema| {
            schema
                .uses()
                .any(|(_, e)| e.code.is_some_and(|code| code.via.is_none()))
        };
        let code_by_name = by_id.values().any(|schema| names_only(schema));
        Schemas {
            by_id,
            code_by_name,
        }
    }

    /// Whether people of some schema get codes by a name that is no address: a trait with `code: {identifier: true}`
    /// and no `via`. The reference has no such schemas.
    pub fn code_by_name(&self) -> bool {
        self.code_by_name
    }

    /// The schema with an id, given as it is or as base64url of it (admin.md §8).
    pub fn find(&self, id: &str) -> Option<(&str, &Arc<IdentitySchema>)> {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        if let Some((id, schema)) = self.by_id.get_key_value(id) {
            return Some((id, schema));
        }
        let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        self.by_id
            .get_key_value(&decoded)
            .map(|(id, schema)| (id.as_str(), schema))
    }
}

/// What lives as long as the process.
pub struct App {
    /// The database.
    pub store: Store,
    /// What the configuration says now.
    pub runtime: ArcSwap<Runtime>,
    /// The clock.
    pub clock: Clock,
    /// Wakes the courier when there is something to send.
    pub courier: Arc<tokio::sync::Notify>,
    /// Wakes the worker of [`crate::hook::OutboxWorker`] when there is something to send.
    pub hook_calls: Arc<tokio::sync::Notify>,
    /// Sessions that were asked for a moment ago.
    pub sessions: bia_store::session::Remembered,
    /// Flows that are being created.
    pub new_flows: bia_store::flow::NewFlows,
    /// Evaluates an operator's snippets.
    pub jsonnet: Arc<Jsonnet>,
    /// Whose turn it is to change an account.
    pub turns: crate::turns::Turns,
    /// Calls whose answer no request waits for.
    pub background: Background,
    /// Attempts that were refused.
    pub refused: Arc<Refused>,
    /// What this process knows of the refused requests that it keeps.
    pub refusals: crate::refusal::Ledger,
}

/// The three kinds of callers (flows.md §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A browser that shows pages and follows redirects.
    Browser,
    /// A script in a browser that wants JSON.
    Spa,
    /// A native app.
    Api,
}

/// What kind of answer the client wants, decided once from what it sent (flows.md §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// It asks for JSON, or sends JSON.
    pub json: bool,
    /// It asks for pages. Both can be true.
    pub html: bool,
    /// It asks for JSON rather than for pages, whatever it sends.
    pub json_rather_than_html: bool,
}

/// From where a client calls, as far as it or its proxy tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// At most 50 bytes.
    pub ip_address: String,
    /// At most 512 bytes.
    pub user_agent: Option<String>,
    /// At most 512 bytes.
    pub location: String,
    /// The address that counts where requests are counted by it: one that the client cannot choose. `None` when it
    /// cannot be told, or nobody asks for it.
    pub client: Option<IpAddr>,
}

/// The credentials that a request brought (sessions.md §3).
#[derive(Clone, Default)]
pub struct Credentials {
    /// The token that counts.
    pub token: Option<String>,
    /// Whether it came in a session cookie.
    pub from_cookie: bool,
    /// When the session cookie says that the session ends.
    pub cookie_expires_at: Option<OffsetDateTime>,
    /// The token in the cookie, even when another one counts.
    pub cookie_token: Option<String>,
    /// A token sent as a bearer token.
    pub bearer: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}

/// One request, free of HTTP.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The URL as the client saw it.
    pub url: String,
    /// Its query.
    pub query: Vec<(String, String)>,
    /// Its headers, for those whom the configuration lets see some.
    pub headers: Headers,
    /// What it wants.
    pub wants: Wants,
    /// The anti-CSRF token that the client has; `None` when it has none, or one that is not whole.
    pub csrf_cookie: Option<String>,
    /// The token that the client has after this answer: its own, or a new one.
    pub csrf_token: String,
    /// Its credentials.
    pub credentials: Credentials,
    /// From where it comes.
    pub origin: Origin,
    /// What shows that it is a browser, one sentence each; native flows refuse such requests.
    pub browser_signs: Vec<String>,
    /// The names of the cookies among them.
    pub cookie_names: Vec<String>,
    /// What a browser was doing when it was sent away, by purpose (references to `bia_continuity`); one entry per
    /// cookie of the name, as browsers keep several for different paths and domains.
    pub continuity: Vec<HashMap<String, String>>,
    /// Its method.
    pub method: String,
    /// All its cookies.
    pub cookies: Cookies,
    /// Whether it was sent by GET, as links are.
    pub is_get: bool,
}

impl Request {
    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    }
}

/// What the answer has to carry besides its body.
#[derive(Debug, Default)]
pub struct Effects {
    /// A new anti-CSRF token for the client.
    pub csrf_token: Option<String>,
    /// A session whose cookie is to be set.
    pub session: Option<IssuedSession>,
    /// A cookie of a browser that is trusted, or no longer.
    pub trusted_browser: Option<TrustCookie>,
    /// Whether the session cookie is to be taken away.
    pub drop_session: bool,
    /// For whom the flow was created that the request is about, once it is known.
    pub client: Option<ClientType>,
    /// The method that the form named, for whoever explains why no method took it.
    pub sent_method: Option<String>,
    /// Continuity ids to set by purpose; `None` takes one away.
    pub continuity: Vec<(String, Option<String>)>,
}

/// The context of one request.
pub struct Cx {
    /// What lives as long as the process.
    pub app: Arc<App>,
    /// The configuration, as it was when the request came.
    pub runtime: Arc<Runtime>,
    /// The request.
    pub request: Request,
    /// When the request came.
    pub now: OffsetDateTime,
    session: OnceCell<Option<LiveSession>>,
    effects: Mutex<Effects>,
    because: Mutex<Because>,
}

impl Cx {
    /// The context of a request.
    pub fn new(app: Arc<App>, request: Request) -> Cx {
        let runtime = app.runtime.load_full();
        let now = app.clock.now();
        Cx {
            app,
            runtime,
            request,
            now,
            session: OnceCell::new(),
            effects: Mutex::default(),
            because: Mutex::default(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.runtime.config
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<Conn, Problem> {
        Ok(self.app.store.read().await?)
    }

    /// A connection for one statement that writes.
    pub async fn write(&self) -> Result<Conn, Problem> {
        Ok(self.app.store.write().await?)
    }

    /// A transaction.
    pub async fn begin(&self) -> Result<Tx, Problem> {
        Ok(self.app.store.begin().await?)
    }

    /// The live session that the request's credentials belong to, of an active identity. Looked up once.
    pub async fn session(&self) -> Result<Option<&LiveSession>, Problem> {
        let found = self
            .session
            .get_or_try_init(|| session::find_live(self))
            .await?;
        Ok(found.as_ref().filter(|live| live.identity.is_active()))
    }

    /// As [`Cx::session`], also when its identity is inactive (sessions.md §6).
    pub async fn session_of_anybody(&self) -> Result<Option<&LiveSession>, Problem> {
        Ok(self
            .session
            .get_or_try_init(|| session::find_live(self))
            .await?
            .as_ref())
    }

    /// The session that the request was found to belong to, if anybody has looked.
    pub fn known_session(&self) -> Option<&LiveSession> {
        self.session.get()?.as_ref()
    }

    /// Notes why the request is refused, for operators. Clients are not told.
    pub fn because(&self, why: Why) {
        self.note(|because| because.add(why, None));
    }

    /// As [`Cx::because`], with the name of the hook or provider that it is about; never with what was typed.
    pub fn because_of(&self, why: Why, name: &str) {
        self.note(|because| because.add(why, Some(name)));
    }

    /// Notes that nobody was found under what was typed. What was typed is not kept: only whether somebody has that name
    /// for other methods.
    pub fn because_nobody_is(&self, identifier: &str) {
        self.note(|because| {
            because.add(Why::IdentifierUnknown, None);
            because.sought = Some(identifier.to_owned());
        });
    }

    /// Notes whose account the request is about, for the same operators.
    pub fn meant(&self, identity: uuid::Uuid) {
        self.note(|because| because.identity = Some(identity));
    }

    /// What was noted so far.
    pub fn noted(&self) -> Because {
        self.note(|because| because.clone())
    }

    fn note<T>(&self, f: impl FnOnce(&mut Because) -> T) -> T {
        // As for the effects: nobody leaves it half written.
        f(&mut self
            .because
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Which kind of caller a flow is answered to.
    pub fn caller(&self, flow: &Flow) -> Caller {
        self.caller_of(flow.kind, flow.client)
    }

    /// Which kind of caller a form that was wrong is answered to: in verification too, native clients
    /// and scripts get JSON then.
    pub fn caller_when_refused(&self, flow: &Flow) -> Caller {
        match flow.client {
            ClientType::Api => Caller::Api,
            ClientType::Browser if self.request.wants.json => Caller::Spa,
            ClientType::Browser => Caller::Browser,
        }
    }

    /// Which kind of caller a flow of a kind is answered to. Verification asks another question than
    /// the others and asks it of native flows too (flows.md §2).
    pub fn caller_of(&self, kind: FlowKind, client: ClientType) -> Caller {
        let wants = self.request.wants;
        match (kind, client) {
            (FlowKind::Verification, ClientType::Api) if wants.html => Caller::Browser,
            (FlowKind::Verification, ClientType::Browser) if wants.html => Caller::Browser,
            (FlowKind::Verification, ClientType::Browser) => Caller::Spa,
            (_, ClientType::Api) => Caller::Api,
            (_, ClientType::Browser) if wants.json => Caller::Spa,
            (_, ClientType::Browser) => Caller::Browser,
        }
    }

    /// Gives the client a new anti-CSRF token and returns it. There is one new token per answer, however many reasons
    /// there are for it: a flow that was bound to it earlier in the request stays readable.
    pub fn renew_csrf(&self) -> String {
        self.with_effects(|e| {
            e.csrf_token
                .get_or_insert_with(crate::csrf::new_token)
                .clone()
        })
    }

    /// The anti-CSRF token that the client will have after the answer.
    pub fn csrf_token(&self) -> String {
        let renewed = self.with_effects(|e| e.csrf_token.clone());
        renewed.unwrap_or_else(|| self.request.csrf_token.clone())
    }

    /// Notes something that the answer has to carry.
    pub fn effect(&self, note: impl FnOnce(&mut Effects)) {
        self.with_effects(note);
    }

    /// Takes what the answer has to carry.
    pub fn take_effects(&self) -> Effects {
        self.with_effects(std::mem::take)
    }

    fn with_effects<T>(&self, f: impl FnOnce(&mut Effects) -> T) -> T {
        // A poisoned lock only means that another holder panicked between two plain assignments.
        f(&mut self
            .effects
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
