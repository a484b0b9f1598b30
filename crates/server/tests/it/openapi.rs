//! The documents of the API are what the routers answer, path by path and method by method.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Methods and paths, `GET /schemas`.
type Calls = BTreeSet<String>;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// One of the two listeners.
#[derive(Clone, Copy, PartialEq)]
enum Api {
    Public,
    Admin,
}

impl Api {
    async fn ask(self, world: &World, method: &str, path: &str) -> Answer {
        match self {
            Api::Public => world.public(method, path, &[]).await,
            Api::Admin => world.admin(method, path, &[]).await,
        }
    }

    async fn document(self, world: &World) -> Value {
        self.ask(world, "GET", "/openapi.json").await.json()
    }

    fn paths(self, world: &World) -> &[String] {
        match self {
            Api::Public => world.public_paths(),
            Api::Admin => world.admin_paths(),
        }
    }
}

/// The operations of a document: method, path, what is said of them.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let members = item.as_object().unwrap().iter();
        let members = members.filter(|(name, _)| METHODS.contains(&name.as_str()));
        operations.extend(members.map(|(method, said)| (method.as_str(), path.as_str(), said)));
    }
    operations
}

fn described(document: &Value) -> Calls {
    operations(document)
        .into_iter()
        .map(|(method, path, _)| format!("{} {path}", method.to_uppercase()))
        .collect()
}

/// What the routes of the API answer: each says so itself when it is asked with a method that nobody knows.
async fn answered(world: &World, api: Api, document: &Value) -> Calls {
    let mut answered = Calls::new();
    for path in api.paths(world) {
        let asked = path.replace(['{', '}'], "");
        let answer = api.ask(world, "PROPFIND", &asked).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed: Vec<&str> = answer.header("allow").unwrap().split(',').collect();
        if document["paths"][path]["x-bia-any-method"] == true {
            assert!(allowed.len() > 6, "{path} answers {allowed:?} only");
            answered.insert(format!("GET {path}"));
            continue;
        }
        // Whatever answers GET answers HEAD as well.
        for method in allowed.into_iter().filter(|method| *method != "HEAD") {
            // What another listener answers is sent there, and described there.
            let answer = api.ask(world, method, &asked).await;
            if answer.status != StatusCode::TEMPORARY_REDIRECT {
                answered.insert(format!("{method} {path}"));
            }
        }
    }
    answered
}

#[tokio::test]
async fn the_documents_describe_every_route_and_nothing_else() {
    let world = World::new().await;
    for api in [Api::Public, Api::Admin] {
        let document = api.document(&world).await;
        let (described, answered) = (described(&document), answered(&world, api, &document).await);
        assert!(answered.len() > 20);
        let unsaid: Vec<_> = answered.difference(&described).collect();
        assert!(unsaid.is_empty(), "not in the document: {unsaid:?}");
        let untrue: Vec<_> = described.difference(&answered).collect();
        assert!(
            untrue.is_empty(),
            "in the document, but no route: {untrue:?}"
        );
    }
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own_and_names_each_status() {
    let world = World::new().await;
    for api in [Api::Public, Api::Admin] {
        let document = api.document(&world).await;
        let mut seen = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(!id.is_empty(), "{method} {path} has no operationId");
            assert!(seen.insert(id), "{id} is there twice");
            assert!(operation["summary"].is_string(), "{id} has no summary");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                !responses.is_empty() && !responses.contains_key("default"),
                "{id}"
            );
        }
    }
}

/// Clients are generated from the document: these are the names that official SDKs call.
#[tokio::test]
async fn operations_are_called_as_sdks_call_them() {
    const PUBLIC: &str = "
        get /sessions/whoami toSession
        get /self-service/login/browser createBrowserLoginFlow
        get /self-service/registration/api createNativeRegistrationFlow
        get /self-service/settings/flows getSettingsFlow
        post /self-service/recovery updateRecoveryFlow
        delete /self-service/logout/api performNativeLogout
        get /sessions/token-exchange exchangeSessionToken";
    const ADMIN: &str = "
        patch /admin/identities batchPatchIdentities
        put /admin/identities/{id} updateIdentity
        post /admin/sessions manageSessions
        post /admin/recovery/code createRecoveryCodeForIdentity
        get /admin/courier/messages listCourierMessages";
    let world = World::new().await;
    for (api, known) in [(Api::Public, PUBLIC), (Api::Admin, ADMIN)] {
        let document = api.document(&world).await;
        for line in known.lines().filter(|line| !line.is_empty()) {
            let [method, path, id] = line.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            assert_eq!(document["paths"][path][method]["operationId"], id);
        }
    }
}

#[tokio::test]
async fn the_document_may_be_kept_and_read_by_other_origins() {
    let cors = json!({"enabled": true, "allowed_origins": ["https://app.example.org"]});
    let world = World::with(json!({"serve": {"public": {"cors": cors}}})).await;
    let origin = [("origin", "https://app.example.org")];
    let answer = world.public("GET", "/openapi.json", &origin).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("public, max-age=600"));
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example.org")
    );
    assert!(
        answer
            .headers
            .get_all("vary")
            .iter()
            .all(|vary| vary != "Cookie")
    );
}
