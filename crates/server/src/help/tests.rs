use std::sync::Arc;
use std::time::Duration;

use bia_config::Config;
use bia_model::text::{self, Message, MessageType};
use bia_model::{ClientType, Flow, FlowKind, MethodName};
use bia_selfservice::cx::{Cx, Request};
use bia_selfservice::problem::{CsrfFault, Problem, StartOver};
use bia_store::{Dsn, StoreError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{of_flow, of_problem};
use crate::{explain, start};

const REVIEW: &str = include_str!("../../../../docs/hints.md");

/// The names in the first column of the review.
fn reviewed() -> Vec<&'static str> {
    let cells = REVIEW
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect()
}

#[test]
fn every_hint_has_been_reviewed() {
    let reviewed = reviewed();
    for name in explain::error_names() {
        assert!(reviewed.contains(&name), "docs/hints.md lacks {name}");
    }
    let errors = text::CATALOGUE
        .iter()
        .filter(|entry| entry.kind == MessageType::Error && entry.emitted);
    for entry in errors {
        let number = entry.id.to_string();
        assert!(
            reviewed.contains(&number.as_str()),
            "docs/hints.md lacks {number} ({})",
            entry.slug
        );
    }
}

#[test]
fn the_review_names_nothing_that_is_gone() {
    for name in reviewed()
        .into_iter()
        .filter(|name| *name != "Hint" && !name.starts_with('-'))
    {
        assert!(
            explain::explain(name, None).is_ok(),
            "docs/hints.md names {name}"
        );
    }
}

/// A request that a server in memory got.
async fn cx(path: &str) -> Cx {
    // {"properties": {"traits": {"type": "object", "properties": {"email": {"type": "string"}}}}}
    let schema = "base64://eyJwcm9wZXJ0aWVzIjogeyJ0cmFpdHMiOiB7InR5cGUiOiAib2JqZWN0IiwgInByb3BlcnRpZXMiOiB7ImVtYWlsIjogeyJ0eXBlIjogInN0cmluZyJ9fX19fQ==";
    let config = Config::from_json(json!({
        "dsn": "memory",
        "serve": {"public": {"base_url": "http://public.example.org/"}},
        "identity": {"schemas": [{"id": "default", "url": schema}]},
        "selfservice": {"default_browser_return_url": "http://app.example.org/"},
        "secrets": {"default": ["a-secret-for-the-tests-0"]},
    }));
    let dsn = Dsn::parse("memory").unwrap();
    let store = start::open(&dsn, Duration::from_secs(5)).await.unwrap();
    let nobody = bia_jsonnet::Command {
        program: "false".into(),
        arguments: Vec::new(),
    };
    let app = start::app(Arc::new(config.unwrap()), store, nobody)
        .await
        .unwrap();
    let url = format!("http://public.example.org{path}");
    Cx::new(
        app,
        Request {
            url,
            ..Request::default()
        },
    )
}

/// One of each. A new kind of problem does not compile before it is here.
fn problems() -> Vec<Problem> {
    let id = Uuid::nil();
    let at = OffsetDateTime::UNIX_EPOCH;
    let url = || "http://public.example.org/x".to_owned();
    let message = text::login_invalid_credentials;
    let unlisted = |problem: &Problem| match problem {
        Problem::OAuth2 { .. }
        | Problem::SessionAlreadyAvailable
        | Problem::Aal1Required
        | Problem::Aal2Required { .. }
        | Problem::EnrolmentRequired { .. }
        | Problem::SessionInactive { .. }
        | Problem::NoSession { .. }
        | Problem::TokenForOthers
        | Problem::SignedInAlready(_)
        | Problem::SignInFirst(_)
        | Problem::RefreshRequired { .. }
        | Problem::IdentityMismatch
        | Problem::ReturnToForbidden(_)
        | Problem::FlowGone { .. }
        | Problem::FlowExpired { .. }
        | Problem::FlowReplaced { .. }
        | Problem::RecoveryRestarted { .. }
        | Problem::RegistrationDisabled
        | Problem::FlowDisabled(_)
        | Problem::Csrf(_)
        | Problem::NotFound(_)
        | Problem::MethodDisabled(_)
        | Problem::BadRequest(_)
        | Problem::BrowserInNativeFlow { .. }
        | Problem::Malformed { .. }
        | Problem::Unreadable(_)
        | Problem::Forbidden(_)
        | Problem::IdentityDisabled(_)
        | Problem::AddressNotVerified { .. }
        | Problem::GoElsewhere(_)
        | Problem::TooManyAttempts { .. }
        | Problem::Conflict(_)
        | Problem::Misconfigured(_)
        | Problem::Upstream(_)
        | Problem::HookFailed(_)
        | Problem::HookTimedOut
        | Problem::Store(_)
        | Problem::Internal(_) => {}
    };
    let all = vec![
        Problem::OAuth2 {
            accepting: true,
            status: Some(404),
            hint: None,
        },
        Problem::SessionAlreadyAvailable,
        Problem::Aal1Required,
        Problem::Aal2Required { redirect_to: url() },
        Problem::EnrolmentRequired {
            redirect_to: url(),
            native: url(),
            methods: vec![MethodName::Totp],
        },
        Problem::SessionInactive {
            credentials_missing: true,
        },
        Problem::NoSession {
            credentials_sent: false,
        },
        Problem::TokenForOthers,
        Problem::SignedInAlready(url()),
        Problem::SignInFirst(url()),
        Problem::RefreshRequired { redirect_to: url() },
        Problem::IdentityMismatch,
        Problem::ReturnToForbidden("http://evil.example.org/".into()),
        Problem::FlowGone {
            named: false,
            start_over: StartOver::Unsaid,
        },
        Problem::FlowExpired {
            use_flow_id: id,
            expired_at: at,
            since: time::Duration::MINUTE,
            continue_with: Vec::new(),
        },
        Problem::FlowReplaced {
            use_flow_id: id,
            message: message(),
        },
        Problem::RecoveryRestarted {
            reason: "It was used.".into(),
            original: None,
            continue_with: Vec::new(),
        },
        Problem::RegistrationDisabled,
        Problem::FlowDisabled(FlowKind::Recovery),
        Problem::Csrf(CsrfFault::CookieMissing),
        Problem::Csrf(CsrfFault::TokenMissing),
        Problem::Csrf(CsrfFault::Mismatch),
        Problem::NotFound(String::new()),
        Problem::NotFound("There is no such thing.".into()),
        Problem::MethodDisabled(MethodName::Totp),
        Problem::BadRequest("It is wrong.".into()),
        Problem::BrowserInNativeFlow {
            reason: "It has cookies.".into(),
            cookies: vec!["a".into()],
        },
        Problem::malformed("It cannot be read."),
        Problem::Forbidden("No.".into()),
        Problem::IdentityDisabled(id),
        Problem::AddressNotVerified {
            continue_with: Vec::new(),
        },
        Problem::GoElsewhere(url()),
        Problem::Conflict(String::new()),
        Problem::TooManyAttempts {
            until: at,
            wait: time::Duration::MINUTE,
        },
        Problem::Misconfigured("a key".into()),
        Problem::Upstream("It answered 500.".into()),
        Problem::HookFailed("It answered 500.".into()),
        Problem::HookTimedOut,
        Problem::Store(StoreError::Stale),
        Problem::Internal("It cannot be.".into()),
    ];
    all.iter().for_each(unlisted);
    all
}

/// Hint, next and docs are there, and docs names something that can be read.
fn check(help: &Value, name: &str) {
    for text in [&help["hint"], &help["next"]["text"], &help["docs"]] {
        assert!(
            text.as_str().is_some_and(|text| !text.is_empty()),
            "{name}: {help}"
        );
    }
    let hint = help["hint"].as_str().unwrap();
    assert!(hint.ends_with(['.', '!', '?']), "{name}: {hint}");
    let topic = help["docs"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(explain::explain(topic, None).is_ok(), "{name}: {topic}");
}

#[tokio::test]
async fn every_error_says_what_was_wrong_and_what_to_do() {
    let paths = [
        "/sessions/whoami",
        "/self-service/login?flow=1",
        "/self-service/login/flows?id=1",
        "/self-service/registration/browser",
        "/self-service/settings?flow=1",
        "/self-service/recovery?flow=1",
        "/self-service/verification/api",
        "/self-service/errors",
        "/sessions/token-exchange",
    ];
    for path in paths {
        let cx = cx(path).await;
        for problem in problems() {
            let help = of_problem(&cx, &problem).unwrap();
            check(&help, &format!("{path}: {problem:?}"));
        }
    }
}

#[tokio::test]
async fn every_message_that_says_something_is_wrong_says_what_to_do() {
    let cx = cx("/self-service/login?flow=1").await;
    for entry in text::CATALOGUE {
        let message = Message {
            id: entry.id,
            // Some texts are, or end with, what others say.
            text: if entry.english.is_empty() {
                "A text.".into()
            } else {
                entry.english.replace("{reason}", "A reason.")
            },
            r#type: entry.kind,
            context: (!entry.context_keys.is_empty()).then(|| {
                [("reason".to_owned(), json!("A reason."))]
                    .into_iter()
                    .collect()
            }),
        };
        let at = OffsetDateTime::UNIX_EPOCH;
        let mut flow = Flow::new(FlowKind::Login, ClientType::Browser, at, at);
        flow.ui = bia_model::ui::Ui::new("http://public.example.org/self-service/login?flow=1");
        flow.ui.messages = vec![message];
        let help = of_flow(&cx, &flow, None);
        if entry.kind == MessageType::Error {
            let help = help.unwrap_or_else(|| panic!("{} {}", entry.id, entry.slug));
            check(&help, &format!("{} {}", entry.id, entry.slug));
            let number = help["docs"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/{}", entry.id));
            assert!(number, "{help}");
            assert_eq!(
                help["next"]["url"].as_str().is_some(),
                help["next"]["method"].as_str().is_some()
            );
        } else {
            assert!(help.is_none(), "{} {}", entry.id, entry.slug);
        }
    }
}
