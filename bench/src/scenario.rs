//! What is asked of the server, one scenario each.

use std::sync::Arc;

use anyhow::Context as _;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::connection::{Connection, Endpoint, Prepared};
use crate::load::Step;
use crate::people::{Person, Site};

/// One kind of load.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scenario {
    /// `GET /health/alive`: the cheapest request there is, the ceiling of the others.
    Health,
    /// `GET /sessions/whoami` with a session token.
    Whoami,
    /// `GET /self-service/login/api`: a new login flow.
    Flow,
    /// A new login flow, then the password.
    Login,
    /// A new registration flow, then traits and password at once.
    Registration,
    /// `GET /admin/identities/{id}`.
    AdminGet,
    /// `GET /admin/identities?page_size=100`.
    AdminList,
    /// `GET /admin/identities?bia_q=…&page_size=100`: two terms, one of which everybody fits.
    AdminSearch,
    /// Of a hundred requests 85 whoami, 10 login flows, 4 identities and one list.
    Mixed,
}

impl Scenario {
    /// All of them, in the order in which they are measured and printed.
    pub(crate) const ALL: [Self; 9] = [
        Self::Health,
        Self::Whoami,
        Self::Flow,
        Self::Login,
        Self::Registration,
        Self::AdminGet,
        Self::AdminList,
        Self::AdminSearch,
        Self::Mixed,
    ];

    /// The word on the command line and in the JSON report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Whoami => "whoami",
            Self::Flow => "flow",
            Self::Login => "login",
            Self::Registration => "registration",
            Self::AdminGet => "admin-get",
            Self::AdminList => "admin-list",
            Self::AdminSearch => "admin-search",
            Self::Mixed => "mixed",
        }
    }

    /// The row's title in a table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Health => "health (ceiling: an empty request)",
            Self::Whoami => "whoami",
            Self::Flow => "login flow created",
            Self::Login => "password login (flow and submit)",
            Self::Registration => "registration (flow and submit)",
            Self::AdminGet => "admin: one identity",
            Self::AdminList => "admin: list of 100 identities",
            Self::AdminSearch => "admin: search, 100 of those found",
            Self::Mixed => "mixed (85 whoami, 10 flows, 4 gets, 1 list)",
        }
    }

    /// Whether the server computes a password hash for it.
    pub(crate) fn hashes(self) -> bool {
        matches!(self, Self::Login | Self::Registration)
    }
}

/// Everything that the visitors of a run share.
#[derive(Debug)]
pub(crate) struct Targets {
    site: Site,
    people: Vec<Person>,
    health: Prepared,
    login_flow: Prepared,
    registration_flow: Prepared,
    admin_list: Prepared,
    admin_search: Prepared,
    whoami: Vec<Prepared>,
    admin_get: Vec<Prepared>,
}

#[derive(Deserialize)]
struct Flow {
    id: String,
}

#[derive(Deserialize)]
struct Registered {
    identity: Created,
}

/// The part of an identity that the tool needs.
#[derive(Deserialize)]
pub(crate) struct Created {
    pub(crate) id: String,
}

impl Targets {
    /// Prepares the requests of all scenarios.
    pub(crate) fn new(site: Site, people: Vec<Person>) -> anyhow::Result<Self> {
        let (public, admin) = (&site.public, &site.admin);
        Ok(Self {
            health: Prepared::get(public, "/health/alive")?,
            login_flow: Prepared::get(public, "/self-service/login/api")?,
            registration_flow: Prepared::get(public, "/self-service/registration/api")?,
            admin_list: Prepared::get(admin, "/admin/identities?page_size=100")?,
            // Everybody's address begins so, and everybody is active: the costliest kind of question.
            admin_search: Prepared::get(
                admin,
                "/admin/identities?page_size=100&bia_q=state:active%20bia-bench",
            )?,
            whoami: people
                .iter()
                .map(|p| Prepared::get(public, "/sessions/whoami")?.with_session(&p.token))
                .collect::<Result<_, _>>()?,
            admin_get: people
                .iter()
                .map(|p| Prepared::get(admin, &format!("/admin/identities/{}", p.id)))
                .collect::<Result<_, _>>()?,
            site,
            people,
        })
    }
}

/// Somebody who sends one request after the other over connections of their own.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) scenario: Scenario,
    targets: Arc<Targets>,
    public: Connection,
    admin: Connection,
    turn: usize,
}

impl Visitor {
    /// `number` tells visitors apart, so that they do not all ask for the same person.
    pub(crate) fn new(targets: &Arc<Targets>, number: usize) -> Self {
        Self {
            scenario: Scenario::Health,
            public: Connection::new(targets.site.public.clone()),
            admin: Connection::new(targets.site.admin.clone()),
            targets: Arc::clone(targets),
            turn: number.wrapping_mul(7919),
        }
    }

    async fn health(&mut self) -> anyhow::Result<()> {
        self.public
            .send(&self.targets.health)
            .await?
            .expect(StatusCode::OK)
            .map(drop)
    }

    async fn whoami(&mut self) -> anyhow::Result<()> {
        let request = pick(&self.targets.whoami, self.turn)?;
        self.public
            .send(request)
            .await?
            .expect(StatusCode::OK)
            .map(drop)
    }

    async fn flow(&mut self) -> anyhow::Result<()> {
        self.public
            .send(&self.targets.login_flow)
            .await?
            .expect(StatusCode::OK)
            .map(drop)
    }

    async fn login(&mut self) -> anyhow::Result<()> {
        let person = pick(&self.targets.people, self.turn)?;
        person
            .log_in(&mut self.public, &self.targets.site.public)
            .await
            .map(drop)
    }

    async fn registration(&mut self) -> anyhow::Result<()> {
        let flow = self
            .public
            .send(&self.targets.registration_flow)
            .await?
            .expect(StatusCode::OK)?;
        let flow: Flow = serde_json::from_slice(&flow)?;
        let body = json!({
            "method": "password",
            "password": crate::people::new_password(),
            "traits": {"email": crate::people::new_address()},
        });
        let submit = Prepared::json(
            &self.targets.site.public,
            Method::POST,
            &format!("/self-service/registration?flow={}", flow.id),
            &body,
        )?;
        let answer = self.public.send(&submit).await?.expect(StatusCode::OK)?;
        let registered: Registered = serde_json::from_slice(&answer)?;
        self.targets.site.remember([registered.identity.id]);
        Ok(())
    }

    async fn admin_get(&mut self) -> anyhow::Result<()> {
        let request = pick(&self.targets.admin_get, self.turn)?;
        self.admin
            .send(request)
            .await?
            .expect(StatusCode::OK)
            .map(drop)
    }

    async fn admin_list(&mut self) -> anyhow::Result<()> {
        self.admin
            .send(&self.targets.admin_list)
            .await?
            .expect(StatusCode::OK)
            .map(drop)
    }

    async fn admin_search(&mut self) -> anyhow::Result<()> {
        self.admin
            .send(&self.targets.admin_search)
            .await?
            .expect(StatusCode::OK)
            .map(drop)
    }

    async fn mixed(&mut self) -> anyhow::Result<()> {
        // 37 and 100 have no common divisor: a hundred turns visit every number once, well shuffled.
        match self.turn.wrapping_mul(37) % 100 {
            0..85 => self.whoami().await,
            85..95 => self.flow().await,
            95..99 => self.admin_get().await,
            _ => self.admin_list().await,
        }
    }
}

impl Step for Visitor {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.turn = self.turn.wrapping_add(1);
        match self.scenario {
            Scenario::Health => self.health().await,
            Scenario::Whoami => self.whoami().await,
            Scenario::Flow => self.flow().await,
            Scenario::Login => self.login().await,
            Scenario::Registration => self.registration().await,
            Scenario::AdminGet => self.admin_get().await,
            Scenario::AdminList => self.admin_list().await,
            Scenario::AdminSearch => self.admin_search().await,
            Scenario::Mixed => self.mixed().await,
        }
    }
}

impl Person {
    /// Logs in by password in a native flow; answers the session token.
    pub(crate) async fn log_in(
        &self,
        connection: &mut Connection,
        public: &Endpoint,
    ) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct LoggedIn {
            session_token: String,
        }
        let flow = connection
            .send(&Prepared::get(public, "/self-service/login/api")?)
            .await?
            .expect(StatusCode::OK)?;
        let flow: Flow = serde_json::from_slice(&flow)?;
        let body =
            json!({"method": "password", "identifier": self.email, "password": self.password});
        let submit = Prepared::json(
            public,
            Method::POST,
            &format!("/self-service/login?flow={}", flow.id),
            &body,
        )?;
        let answer = connection.send(&submit).await?.expect(StatusCode::OK)?;
        let answer: LoggedIn = serde_json::from_slice(&answer)?;
        Ok(answer.session_token)
    }
}

fn pick<T>(all: &[T], turn: usize) -> anyhow::Result<&T> {
    all.get(turn % all.len().max(1))
        .context("nobody has been prepared")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hundred_mixed_turns_visit_every_number_once() {
        let mut seen: Vec<usize> = (1000_usize..1100)
            .map(|turn| turn.wrapping_mul(37) % 100)
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
    }
}
