//! Help for what a form cannot show.

use bia_config::Mismatch;
use bia_model::{ContinueWith, FlowKind};
use bia_selfservice::cx::Cx;
use bia_selfservice::problem::{CsrfFault, Problem};
use serde_json::{Value, json};

use super::next::{self, Next};
use super::{Help, seen, topic};
use crate::explain::{self, Explanation};

/// The member `bia` of the error for a problem; `None` where it is switched off. Without the next request nobody could
/// meet a policy of `bia.mfa`, so that this one is told in any case.
pub(crate) fn of_problem(cx: &Cx, problem: &Problem) -> Option<Value> {
    match problem {
        _ if super::is_on(cx) => Some(help(cx, problem).json(cx)),
        Problem::EnrolmentRequired { native, .. } => {
            Some(json!({"next": next::enrol(native.clone()).json()}))
        }
        _ => None,
    }
}

fn help(cx: &Cx, problem: &Problem) -> Help {
    let kind = kind_of_path(cx);
    let (hint, next) = match problem {
        Problem::SessionAlreadyAvailable
        | Problem::SignedInAlready(_)
        | Problem::Aal1Required
        | Problem::Aal2Required { .. }
        | Problem::EnrolmentRequired { .. }
        | Problem::SessionInactive { .. }
        | Problem::NoSession { .. }
        | Problem::SignInFirst(_)
        | Problem::TokenForOthers
        | Problem::RefreshRequired { .. }
        | Problem::IdentityMismatch
        | Problem::AddressNotVerified { .. } => about_session(cx, problem),
        Problem::Csrf(fault) => csrf(cx, kind, *fault),
        Problem::ReturnToForbidden(url) => (
            return_to(cx, url),
            Next::say(
                "Use an address that selfservice.allowed_return_urls lists, add this one there, or leave return_to out.",
            ),
        ),
        Problem::FlowGone { .. }
        | Problem::FlowExpired { .. }
        | Problem::FlowReplaced { .. }
        | Problem::RecoveryRestarted { .. } => about_age(cx, kind, problem),
        Problem::NotFound(_)
        | Problem::BadRequest(_)
        | Problem::Malformed { .. }
        | Problem::Unreadable(_) => {
            return about_reading(cx, kind, problem);
        }
        Problem::BrowserInNativeFlow { cookies, .. } => native(cx, kind, cookies),
        Problem::MethodDisabled(method) => (
            format!("The form names the method {method}, which is switched off on this server."),
            Next::say("Send a method that the nodes of the flow offer."),
        ),
        Problem::GoElsewhere(url) => (
            words("browser_location_change_required"),
            next::at_location(cx, url),
        ),
        _ => (
            words(topic::of(problem, kind)),
            Next::say(first_mend(topic::of(problem, kind))),
        ),
    };
    Help {
        hint,
        next,
        topic: topic::of(problem, kind).to_owned(),
    }
}

/// The name under which a problem of this request is explained.
pub(crate) fn topic_of(cx: &Cx, problem: &Problem) -> &'static str {
    topic::of(problem, kind_of_path(cx))
}

/// The kind of flow that the path is about.
fn kind_of_path(cx: &Cx) -> Option<FlowKind> {
    let (_, rest) = seen::path(cx).split_once("/self-service/")?;
    let name = rest.split('/').next()?.to_owned();
    FlowKind::ALL
        .into_iter()
        .find(|kind| kind.to_string() == name)
}

/// What the catalogue says happened.
fn words(topic: &str) -> String {
    match explain::explain(topic, Some(explain::Kind::Error)) {
        Ok(Explanation::Error { entry, .. }) => entry.what.clone(),
        _ => String::new(),
    }
}

/// What the catalogue says to do first.
fn first_mend(topic: &str) -> String {
    match explain::explain(topic, Some(explain::Kind::Error)) {
        Ok(Explanation::Error { entry, .. }) => entry
            .mend
            .first()
            .map_or_else(String::new, |mend| (*mend).to_owned()),
        _ => String::new(),
    }
}

fn about_session(cx: &Cx, problem: &Problem) -> (String, Next) {
    let login = |query: &[(&str, &str)]| next::begin(cx, FlowKind::Login, query);
    match problem {
        Problem::SessionAlreadyAvailable | Problem::SignedInAlready(_) => (
            "Somebody is signed in with this request's session already.".to_owned(),
            Next::get("Ask who it is, and go on; to sign in again add refresh=true, for the second factor aal=aal2.", cx.config().public_address("/sessions/whoami")),
        ),
        Problem::Aal1Required => (
            format!("A second factor was asked for, but no session with a first one came. {}", seen::no_session(cx)),
            Next::get("Sign in with a first factor: begin a login without aal, then begin this one again with that session.", login(&[])),
        ),
        Problem::Aal2Required { redirect_to } => (
            "The session of this request was opened with one factor, and the account has a second one.".to_owned(),
            next::step_up(cx, redirect_to.contains("refresh=true")),
        ),
        Problem::EnrolmentRequired {
            native, methods, ..
        } => {
            let methods: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
            (
                format!("The account needs a second factor, and has none of those that are enough: {}.", methods.join(", ")),
                next::enrol(native.clone()),
            )
        }
        Problem::TokenForOthers => (words("tokenized_session"), Next::say(first_mend("tokenized_session"))),
        Problem::RefreshRequired { .. } => (
            "The sign-in of this session is older than selfservice.flows.settings.privileged_session_max_age allows for this change.".to_owned(),
            Next::get("Begin a login that repeats the sign-in, submit it, then send the settings again.", login(&[("refresh", "true")])),
        ),
        Problem::IdentityMismatch => (
            "The flow was begun by another account than the one that this request is signed in as.".to_owned(),
            Next::get("Begin a settings flow with the session of this request, and submit that one.", next::begin(cx, FlowKind::Settings, &[])),
        ),
        Problem::AddressNotVerified { continue_with } => (
            "The sign-in was right, but it needs a verified address, and this account has none.".to_owned(),
            go_on(cx, continue_with, "Go on with the verification flow, then sign in again."),
        ),
        _ => (seen::no_session(cx), Next::get("Sign in, then repeat the request with the session's cookie, or its token in X-Session-Token.", login(&[]))),
    }
}

fn go_on(cx: &Cx, continue_with: &[ContinueWith], text: &str) -> Next {
    let found = continue_with.iter().find_map(|item| match item {
        ContinueWith::ShowVerificationUi { flow } => Some((FlowKind::Verification, flow.id)),
        ContinueWith::ShowRecoveryUi { flow } => Some((FlowKind::Recovery, flow.id)),
        ContinueWith::ShowSettingsUi { flow } => Some((FlowKind::Settings, flow.id)),
        _ => None,
    });
    match found {
        Some((kind, id)) => Next::get(text, next::read(cx, kind, &id.to_string())),
        None => Next::say(text),
    }
}

/// Which of cookie and token is missing, and what came in place of it.
fn csrf(cx: &Cx, kind: Option<FlowKind>, fault: CsrfFault) -> (String, Next) {
    let name = seen::csrf_cookie_name(cx);
    let another = seen::cookie_names(cx)
        .into_iter()
        .find(|came| came.starts_with("csrf_token_") && *came != name);
    let hint = match (fault, another) {
        (CsrfFault::CookieMissing, Some(other)) => format!(
            "The cookie {name} did not come; {other} came instead, which belongs to a server with another serve.public.base_url (replicas and proxies have to agree on it)."
        ),
        (CsrfFault::CookieMissing, None)
            if cx.request.cookies.by_name().contains_key(name.as_str()) =>
        {
            format!("The cookie {name} came, but is damaged.")
        }
        (CsrfFault::CookieMissing, None) => format!(
            "The anti-CSRF cookie {name} did not come. {}",
            seen::cookies(cx)
        ),
        (CsrfFault::TokenMissing, _) => {
            format!("The cookie {name} came, but the form has no csrf_token.")
        }
        (CsrfFault::Mismatch, _) => format!(
            "The cookie {name} came, but it is not the one that this flow was begun with, or the csrf_token is of another flow."
        ),
    };
    let text = "Begin the flow again and keep the cookies of that answer (curl -c jar -b jar; fetch with credentials: 'include'), then send its node csrf_token along. Apps begin at …/api and need neither.";
    (
        hint,
        Next::get(text, next::begin(cx, kind.unwrap_or(FlowKind::Login), &[])),
    )
}

/// Which part of the address no entry of the list has.
fn return_to(cx: &Cx, url: &str) -> String {
    let (shown, part) = (seen::shown(url), mismatch(cx, url));
    format!("return_to names {shown}, and {part}.")
}

/// The same without the address.
pub(crate) fn mismatch(cx: &Cx, url: &str) -> &'static str {
    match cx.config().selfservice.allowed_return_urls.mismatch(url) {
        Some(Mismatch::Host) => "no entry of selfservice.allowed_return_urls has this host",
        Some(Mismatch::Port) => {
            "the entry of selfservice.allowed_return_urls with this host has another port"
        }
        Some(Mismatch::Scheme) => {
            "the entry of selfservice.allowed_return_urls with this host has another scheme"
        }
        Some(Mismatch::Path) => {
            "the entry of selfservice.allowed_return_urls with this host begins with another path"
        }
        None => "it is on no entry of the list that counts here",
    }
}

fn about_age(cx: &Cx, kind: Option<FlowKind>, problem: &Problem) -> (String, Next) {
    let kind = kind.unwrap_or(FlowKind::Login);
    match problem {
        Problem::FlowExpired {
            use_flow_id,
            since,
            continue_with,
            ..
        } => {
            let hint = format!(
                "The flow ended {} seconds ago; another has taken its place.",
                since.whole_seconds().max(0)
            );
            let read = Next::get(
                "Read the new flow, show it, and submit that one.",
                next::read(cx, kind, &use_flow_id.to_string()),
            );
            (
                hint,
                if continue_with.is_empty() {
                    read
                } else {
                    go_on(cx, continue_with, "Go on with the new flow.")
                },
            )
        }
        Problem::FlowReplaced { use_flow_id, .. } => (
            words("self_service_flow_replaced"),
            Next::get(
                "Read the new flow; its messages say why.",
                next::read(cx, kind, &use_flow_id.to_string()),
            ),
        ),
        Problem::RecoveryRestarted {
            reason,
            continue_with,
            ..
        } => (
            reason.clone(),
            go_on(cx, continue_with, "Go on with the new flow."),
        ),
        _ => (
            "The flow has ended, and can be neither read nor submitted.".to_owned(),
            Next::get("Begin a new one.", next::begin(cx, kind, &[])),
        ),
    }
}

/// A request that cannot be used: its flow's id, if that is what is wrong, else the sentence that says what is.
fn about_reading(cx: &Cx, kind: Option<FlowKind>, problem: &Problem) -> Help {
    let path = seen::path(cx);
    let name = match kind {
        Some(_) if path.ends_with("/flows") => Some("id"),
        Some(kind) if path.ends_with(&format!("/self-service/{kind}")) => Some("flow"),
        _ => None,
    };
    let bad = name.and_then(|name| seen::bad_id(name, cx.request.query(name)));
    if let (Some(hint), Some(kind)) = (bad, kind) {
        let text =
            "Take ui.action of the flow as it is: the id is in it. Without a flow, begin one.";
        return Help {
            hint,
            next: Next::get(text, next::begin(cx, kind, &[])),
            topic: "flow_id_malformed".to_owned(),
        };
    }
    let topic = if path.ends_with("/self-service/errors") {
        "error_page_unknown"
    } else if path.ends_with("/token-exchange") {
        "token_exchange"
    } else {
        topic::of(problem, kind)
    };
    let (hint, next) = match (problem, kind) {
        (Problem::NotFound(_), Some(kind)) => (
            "There is no flow of this kind with this id on this server: it was removed after its end, belongs to another kind, or was made on another database.".to_owned(),
            Next::get("Begin a new one.", next::begin(cx, kind, &[])),
        ),
        (Problem::BadRequest(reason) | Problem::NotFound(reason) | Problem::Unreadable(reason) | Problem::Malformed { message: reason, .. }, _) if !reason.is_empty() => {
            (reason.clone(), Next::say(first_mend(topic)))
        }
        _ => (words(topic), Next::say(first_mend(topic))),
    };
    Help {
        hint,
        next,
        topic: topic.to_owned(),
    }
}

fn native(cx: &Cx, kind: Option<FlowKind>, cookies: &[String]) -> (String, Next) {
    let sign = if cookies.is_empty() {
        "an Origin header came with it".to_owned()
    } else {
        let names: Vec<String> = cookies
            .iter()
            .take(5)
            .map(|name| seen::shown(name))
            .collect();
        format!("cookies came with it: {}", names.join(", "))
    };
    let kind = kind.unwrap_or(FlowKind::Login);
    let browser = cx
        .config()
        .public_address(&format!("/self-service/{kind}/browser"));
    (
        format!("The flow is one for apps, but {sign}."),
        Next::get(
            "In a browser begin the flow here; an app sends neither Origin nor cookies.",
            browser,
        ),
    )
}
