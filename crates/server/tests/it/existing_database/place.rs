//! A database as the reference left it, and a server on it.

use bia_store::migrate::{self, Step};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::databases::{Database, Kind, open};
use crate::world::{World, as_url, merge};

pub(crate) const ORIGIN: &str = "http://localhost:4455";

/// The tables, which are the reference's on each database (`store/tests/it/tables.rs`), and what it put into them.
struct Dump {
    tables: &'static str,
    data: &'static str,
    known: &'static str,
}

macro_rules! dump {
    ($kind:literal) => {
        Dump {
            tables: include_str!(concat!(
                "../../../../store/migrations/",
                $kind,
                "/0001_reference.sql"
            )),
            data: include_str!(concat!("../../databases/", $kind, ".sql")),
            known: include_str!(concat!("../../databases/", $kind, ".json")),
        }
    };
}

/// A filled database of its own, gone after the test.
pub(crate) struct Filled {
    /// What people know: passwords, tokens, keys.
    pub(crate) known: Value,
    pub(crate) dsn: String,
    database: Database,
    _folder: tempfile::TempDir,
}

impl Filled {
    /// `None` when no server of this kind was named.
    pub(crate) async fn ready(kind: Kind) -> Option<Filled> {
        let dump = match kind {
            Kind::Sqlite => dump!("sqlite"),
            Kind::Postgres => dump!("postgres"),
            Kind::MySql => dump!("mysql"),
        };
        let database = Database::make(kind).await?;
        let folder = tempfile::tempdir().unwrap();
        let dsn = match kind {
            Kind::Sqlite => format!(
                "sqlite://{}?_fk=true&mode=rwc",
                folder.path().join("db").display()
            ),
            Kind::Postgres | Kind::MySql => database.dsn.clone(),
        };
        let store = open(&dsn).await;
        let mut conn = store.write().await.unwrap();
        conn.script(dump.tables).await.unwrap();
        conn.script(dump.data).await.unwrap();
        drop(conn);
        store.close().await;
        Some(Filled {
            known: serde_json::from_str(dump.known).unwrap(),
            dsn,
            database,
            _folder: folder,
        })
    }

    /// What somebody knows.
    pub(crate) fn of(&self, n: u32) -> &Value {
        &self.known["people"][format!("user-{n}")]
    }

    /// What `bia migrate sql up` does.
    pub(crate) async fn migrate(&self) -> Vec<Step> {
        let store = open(&self.dsn).await;
        let taken = migrate::up(&store, OffsetDateTime::now_utc())
            .await
            .unwrap();
        store.close().await;
        taken
    }

    /// A server with the configuration that the reference had.
    pub(crate) async fn world(&self) -> World {
        self.world_with(json!({})).await
    }

    /// A server with that configuration on another database.
    pub(crate) async fn world_on(&self, dsn: &str) -> World {
        World::on(dsn, settings(&self.known["cipher"])).await
    }

    pub(crate) async fn world_with(&self, more: Value) -> World {
        self.migrate().await;
        let mut settings = settings(&self.known["cipher"]);
        merge(&mut settings, more);
        World::on(&self.dsn, settings).await
    }

    /// Removes the database.
    pub(crate) async fn remove(self) {
        self.database.remove().await;
    }
}

fn settings(cipher: &Value) -> Value {
    let session = json!({"hooks": [{"hook": "session"}]});
    let rp = json!({"id": "localhost", "display_name": "App", "origins": [ORIGIN]});
    json!({
        "identity": {"schemas": [
            {"id": "default", "url": as_url(&person())},
            {"id": "plain", "url": as_url(&plain())},
        ]},
        "session": {"lifespan": "262800h", "whoami": {"required_aal": "aal1"}},
        "selfservice": {
            "methods": {
                "code": {"enabled": true, "passwordless_enabled": true},
                "totp": {"enabled": true, "config": {"issuer": "App"}},
                "lookup_secret": {"enabled": true},
                "webauthn": {"enabled": true, "config": {"passwordless": false, "rp": rp}},
                "passkey": {"enabled": true, "config": {"rp": rp}},
                "password": {"config": {"haveibeenpwned_enabled": false}},
            },
            "flows": {
                "registration": {"enable_legacy_one_step": true, "after": {"password": session}},
                "recovery": {"enabled": true},
                "verification": {"enabled": true},
            },
        },
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
        "ciphers": {"algorithm": cipher},
        "secrets": {
            "default": ["a-default-secret-of-invented-people"],
            "cookie": ["a-cookie-secret-of-invented-people"],
            "cipher": ["a-cipher-secret-of-32-characters"],
        },
    })
}

fn person() -> Value {
    let email = json!({
        "credentials": {
            "password": {"identifier": true}, "code": {"identifier": true, "via": "email"},
            "webauthn": {"identifier": true}, "passkey": {"display_name": true}, "totp": {"account_name": true},
        },
        "verification": {"via": "email"},
        "recovery": {"via": "email"},
    });
    json!({
        "$id": "https://example.org/person.schema.json",
        "type": "object",
        "properties": {"traits": {
            "type": "object",
            "properties": {
                "email": {"type": "string", "format": "email", "ory.sh/kratos": email},
                "name": {"type": "string"},
                "visits": {"type": "integer"},
            },
            "required": ["email"],
            "additionalProperties": false,
        }},
    })
}

fn plain() -> Value {
    let login = json!({"credentials": {"password": {"identifier": true}}});
    json!({
        "$id": "https://example.org/plain.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {"login": {"type": "string", "ory.sh/kratos": login}}}},
    })
}
