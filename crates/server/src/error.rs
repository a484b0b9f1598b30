//! The error catalogue: which status, id and words a problem gets (spec: errors.tsv). The only place with
//! status codes for errors.

use axum::response::{IntoResponse, Response};
use bia_model::ContinueWith;
use bia_model::text::with_short_quotes;
use bia_selfservice::problem::{CsrfFault, Problem, StartOver};
use bia_store::StoreError;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::envelope::ERROR_ID;

/// A problem in the words of the wire.
#[derive(Clone, Debug)]
pub struct ErrorAnswer {
    /// The status of the answer; the body's own code differs in one case.
    pub status: StatusCode,
    /// The `error` object.
    pub error: Map<String, Value>,
    /// What stands beside it.
    pub siblings: Map<String, Value>,
    /// After how many seconds the request may be made again, where that is known.
    pub retry_after: Option<u64>,
}

impl ErrorAnswer {
    fn new(status: StatusCode, message: &str) -> ErrorAnswer {
        let mut error = Map::new();
        error.insert("code".into(), json!(status.as_u16()));
        error.insert(
            "status".into(),
            json!(status.canonical_reason().unwrap_or_default()),
        );
        error.insert("message".into(), json!(with_short_quotes(message)));
        ErrorAnswer {
            status,
            error,
            siblings: Map::new(),
            retry_after: None,
        }
    }

    fn id(mut self, id: &str) -> ErrorAnswer {
        self.error.shift_insert(0, "id".into(), json!(id));
        self
    }

    fn reason(mut self, reason: impl Into<String>) -> ErrorAnswer {
        let at = self.error.len() - 1;
        let reason = reason.into();
        let reason = json!(with_short_quotes(&reason));
        self.error.shift_insert(at, "reason".into(), reason);
        self
    }

    fn detail(mut self, name: &str, value: Value) -> ErrorAnswer {
        let details = self.error.entry("details").or_insert_with(|| json!({}));
        if let Some(details) = details.as_object_mut() {
            details.insert(name.into(), value);
        }
        self
    }

    fn sibling(mut self, name: &str, value: Value) -> ErrorAnswer {
        self.siblings.insert(name.into(), value);
        self
    }

    /// The same with the id that the client gave its request.
    pub fn about(mut self, request_id: Option<&str>) -> ErrorAnswer {
        if let Some(id) = request_id {
            self.error.insert("request".into(), json!(id));
        }
        self
    }

    /// The same with what helps to go on: beside the error, where flows have it too, and in it, as it is kept for the
    /// error page.
    pub fn helped(mut self, help: Option<Value>) -> ErrorAnswer {
        if let Some(help) = &help {
            self.error.insert("bia".into(), help.clone());
        }
        self.helped_beside(help)
    }

    /// The same with the help beside the error only. Clients of the admin API may count the members of an error.
    pub fn helped_beside(self, help: Option<Value>) -> ErrorAnswer {
        match help {
            Some(help) => self.sibling("bia", help),
            None => self,
        }
    }

    /// The whole body.
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("error".into(), Value::Object(self.error.clone()));
        body.extend(self.siblings.clone());
        Value::Object(body)
    }
}

impl IntoResponse for ErrorAnswer {
    fn into_response(self) -> Response {
        let id = self
            .error
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static(""));
        let json = HeaderValue::from_static("application/json");
        let headers = [(header::CONTENT_TYPE, json), (ERROR_ID, id)];
        let body = crate::json::body(&self.body());
        let mut response = (self.status, headers, body).into_response();
        if let Some(seconds) = self.retry_after {
            let value = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

const BAD_REQUEST: &str = "The request was malformed or contained invalid parameters";
const FORBIDDEN: &str = "The requested action was forbidden";
const UNAUTHORIZED: &str = "The request could not be authorized";
const NOT_FOUND: &str = "The requested resource could not be found";
const CONFLICT: &str = "The resource could not be created due to a conflict";
const INTERNAL: &str = "An internal server error occurred, please contact the system administrator";

fn bad_request() -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::BAD_REQUEST, BAD_REQUEST)
}

fn forbidden() -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::FORBIDDEN, FORBIDDEN)
}

fn unauthorized() -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::UNAUTHORIZED, UNAUTHORIZED)
}

fn gone() -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::GONE, "The self-service flow has expired")
}

fn internal(reason: &str) -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL).reason(reason)
}

/// The answer for a problem.
pub fn answer(problem: &Problem) -> ErrorAnswer {
    match problem {
        Problem::SessionAlreadyAvailable
        | Problem::SignedInAlready(_)
        | Problem::Aal1Required
        | Problem::Aal2Required { .. }
        | Problem::EnrolmentRequired { .. }
        | Problem::SessionInactive { .. }
        | Problem::NoSession { .. }
        | Problem::SignInFirst(_)
        | Problem::TokenForOthers
        | Problem::RefreshRequired { .. } => session_answer(problem),
        Problem::FlowGone { .. }
        | Problem::FlowExpired { .. }
        | Problem::FlowReplaced { .. }
        | Problem::RecoveryRestarted { .. }
        | Problem::RegistrationDisabled
        | Problem::FlowDisabled(_)
        | Problem::IdentityMismatch
        | Problem::Csrf(_)
        | Problem::AddressNotVerified { .. } => flow_answer(problem),
        Problem::ReturnToForbidden(url) => bad_request()
            .id("self_service_flow_return_to_forbidden")
            .reason(format!("The return_to URL {url:?} is not allowed. Use one that selfservice.allowed_return_urls lists.")),
        Problem::BadRequest(reason) => bad_request().reason(reason),
        Problem::BrowserInNativeFlow { reason, cookies } if cookies.is_empty() => bad_request().reason(reason),
        Problem::BrowserInNativeFlow { reason, cookies } => {
            bad_request().reason(reason).detail("found cookies", json!(cookies))
        }
        Problem::Malformed { message, reason } if reason.is_empty() => ErrorAnswer::new(StatusCode::BAD_REQUEST, message),
        Problem::Malformed { message, reason } => ErrorAnswer::new(StatusCode::BAD_REQUEST, message).reason(reason),
        Problem::Unreadable(message) => {
            let mut answer = ErrorAnswer::new(StatusCode::INTERNAL_SERVER_ERROR, message);
            answer.status = StatusCode::BAD_REQUEST;
            answer
        }
        Problem::NotFound(reason) if reason.is_empty() => ErrorAnswer::new(StatusCode::NOT_FOUND, NOT_FOUND),
        Problem::NotFound(reason) => ErrorAnswer::new(StatusCode::NOT_FOUND, NOT_FOUND).reason(reason),
        Problem::MethodDisabled(method) => ErrorAnswer::new(StatusCode::NOT_FOUND, NOT_FOUND)
            .reason(format!("The method {method} is switched off in the configuration of this server.")),
        Problem::Forbidden(reason) => forbidden().reason(reason),
        Problem::IdentityDisabled(id) => ErrorAnswer::new(StatusCode::BAD_REQUEST, "identity is disabled")
            .id("identity_disabled")
            .reason("This account was disabled.")
            .detail("identity_id", json!(id)),
        Problem::GoElsewhere(url) => location_change(url),
        Problem::Conflict(reason) if reason.is_empty() => ErrorAnswer::new(StatusCode::CONFLICT, CONFLICT),
        Problem::Conflict(reason) => ErrorAnswer::new(StatusCode::CONFLICT, CONFLICT).reason(reason),
        Problem::TooManyAttempts { wait, .. } => too_many_attempts(*wait),
        Problem::Misconfigured(reason) => internal(reason).id("invalid_configuration"),
        Problem::OAuth2 { accepting, status, hint } => oauth2_answer(*accepting, *status, hint.as_deref()),
        Problem::Upstream(reason) => ErrorAnswer::new(StatusCode::BAD_GATEWAY, "Another server answered badly")
            .id("upstream_error")
            .reason(reason),
        Problem::HookFailed(reason) => ErrorAnswer::new(StatusCode::BAD_GATEWAY, "A web hook answered badly").reason(reason),
        Problem::HookTimedOut => ErrorAnswer::new(StatusCode::GATEWAY_TIMEOUT, "A web hook did not answer in time")
            .reason("Another server that takes part in this did not answer in time. Try again in a moment."),
        Problem::Store(error) => store_answer(error),
        // What went wrong is for the log; the client cannot do anything about it.
        Problem::Internal(_) => internal("Something went wrong on the server. Try again; if it stays, tell the operator."),
    }
}

/// The same whoever was locked, and whether or not there is somebody.
fn too_many_attempts(wait: time::Duration) -> ErrorAnswer {
    let wait = std::time::Duration::try_from(wait).unwrap_or_default();
    let seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
    let mut answer = ErrorAnswer::new(StatusCode::TOO_MANY_REQUESTS, "There were too many wrong attempts")
        .id("too_many_attempts")
        .reason(format!("Nothing was tried this time, since there were too many wrong attempts before. Try again in {seconds} seconds."))
        .detail("retry_after_seconds", json!(seconds));
    answer.retry_after = Some(seconds);
    answer
}

/// What the OAuth2 server did not take (oauth2.md §5): a challenge that is no good is the caller's fault, all else is not.
fn oauth2_answer(accepting: bool, status: Option<u16>, hint: Option<&str>) -> ErrorAnswer {
    let callers = !accepting && status.is_some_and(|status| (400..500).contains(&status));
    let answer = match (callers, accepting) {
        (true, _) => bad_request().reason("The OAuth2 server does not know this login_challenge (any more). Start over at the application."),
        (false, true) => internal("The OAuth2 server did not take the login. You are signed in here; start over at the application."),
        (false, false) => internal("The OAuth2 server could not be asked what it wants. Try again in a moment."),
    };
    let answer = match status {
        Some(status) => answer.detail("status_code", json!(status)),
        None => answer,
    };
    match hint {
        Some(hint) => answer.detail("oauth2_error_hint", json!(hint)),
        None => answer,
    }
}

fn session_answer(problem: &Problem) -> ErrorAnswer {
    match problem {
        Problem::SignedInAlready(_) => bad_request()
            .id("session_already_available")
            .reason("Somebody is signed in already, so there is nothing to recover. Sign out first."),
        Problem::SessionAlreadyAvailable => ErrorAnswer::new(StatusCode::BAD_REQUEST, "a session is already available")
            .id("session_already_available")
            .reason("Somebody is signed in already. Sign out first, or ask for a refresh or a higher level."),
        Problem::Aal1Required => {
            ErrorAnswer::new(StatusCode::UNAUTHORIZED, "aal2 and aal3 can only be requested if a session exists already")
                .id("session_aal1_required")
                .reason("You can not requested a higher AAL (AAL2/AAL3) without an active session.")
        }
        Problem::Aal2Required { redirect_to } => {
            ErrorAnswer::new(StatusCode::FORBIDDEN, "a second factor has to be given first")
                .id("session_aal2_required")
                .reason("This session was opened with one factor, but the account has a second one. Give it first.")
                .detail("redirect_browser_to", json!(redirect_to))
                .sibling("redirect_browser_to", json!(redirect_to))
        }
        Problem::EnrolmentRequired { redirect_to, methods, .. } => {
            let methods: Vec<&str> = methods.iter().map(|m| m.as_str()).collect();
            let sentence = format!(
                "This account needs a second factor and has none that does. Set one up in the settings first: {}.",
                methods.join(", ")
            );
            ErrorAnswer::new(StatusCode::FORBIDDEN, "a second factor has to be set up first")
                .id("session_aal2_required")
                .reason(sentence)
                .detail("redirect_browser_to", json!(redirect_to))
                .sibling("redirect_browser_to", json!(redirect_to))
        }
        Problem::SessionInactive { credentials_missing } => {
            let answer = unauthorized()
                .id("session_inactive")
                .reason("There is no active session in this request. Sign in first.");
            if *credentials_missing { answer.sibling("CredentialsMissing", json!(false)) } else { answer }
        }
        Problem::RefreshRequired { redirect_to } => forbidden()
            .id("session_refresh_required")
            .reason("The last sign-in is too long ago for this change. Sign in again.")
            .sibling("redirect_browser_to", json!(redirect_to)),
        Problem::TokenForOthers => unauthorized()
            .reason("This is a tokenized session, which other services verify by its signature. Here, send the session's own token or cookie."),
        _ => unauthorized().reason("There is no active session in this request. Sign in first."),
    }
}

fn flow_answer(problem: &Problem) -> ErrorAnswer {
    match problem {
        Problem::FlowGone { named, start_over } => gone_answer(*named, start_over),
        Problem::FlowExpired { use_flow_id, expired_at, since, continue_with } => {
            let answer = gone()
                .id("self_service_flow_expired")
                .reason("The flow has expired. Another one took its place.")
                .sibling("expired_at", bia_model::timestamp::json(*expired_at))
                .sibling("since", json!(i64::try_from(since.whole_nanoseconds()).unwrap_or(i64::MAX)))
                .sibling("use_flow_id", json!(use_flow_id));
            with_continue(answer, continue_with)
        }
        Problem::FlowReplaced { use_flow_id, message } => ErrorAnswer::new(StatusCode::GONE, "The flow was replaced")
            .id("self_service_flow_replaced")
            .reason(&message.text)
            .sibling("use_flow_id", json!(use_flow_id)),
        Problem::RecoveryRestarted { reason, original, continue_with } => {
            let cause = original.as_deref().map_or_else(|| bad_request().reason(reason), answer);
            with_continue(cause, continue_with)
        }
        Problem::RegistrationDisabled => ErrorAnswer::new(StatusCode::BAD_REQUEST, "registration is switched off")
            .id("self_service_flow_disabled")
            .reason("Registration is switched off on this server."),
        Problem::FlowDisabled(kind) => bad_request().reason(format!("The {kind} flow is switched off on this server.")),
        Problem::IdentityMismatch => forbidden()
            .id("security_identity_mismatch")
            .reason("The request was initiated by someone else and has been blocked for security reasons. Please go back and try again."),
        Problem::AddressNotVerified { continue_with } => {
            let mut answer = ErrorAnswer::new(StatusCode::BAD_REQUEST, "an address has to be verified first")
                .id("session_verified_address_required")
                .reason("Verify your address first, then sign in again.");
            // The reference's body says 400 while its answer is a 403; clients know both.
            answer.status = StatusCode::FORBIDDEN;
            with_continue(answer, continue_with)
        }
        Problem::Csrf(fault) => csrf_answer(*fault),
        _ => bad_request(),
    }
}

fn with_continue(answer: ErrorAnswer, items: &[ContinueWith]) -> ErrorAnswer {
    if items.is_empty() {
        answer
    } else {
        answer.detail("continue_with", json!(items))
    }
}

fn gone_answer(named: bool, start_over: &StartOver) -> ErrorAnswer {
    let answer = gone().reason("The flow has expired. Start a new one.");
    let answer = if named {
        answer.id("self_service_flow_expired")
    } else {
        answer
    };
    match start_over {
        StartOver::Unsaid => answer,
        StartOver::Api(url) => answer.detail("api", json!(url)),
        StartOver::Browser {
            redirect_to,
            return_to,
        } => answer
            .detail("redirect_to", json!(redirect_to))
            .detail("return_to", json!(return_to)),
    }
}

fn csrf_answer(fault: CsrfFault) -> ErrorAnswer {
    let reason = match fault {
        CsrfFault::CookieMissing => {
            "The anti-CSRF cookie did not come with the request. Send the cookies that came with the flow; scripts need credentials: 'include'."
        }
        CsrfFault::TokenMissing => {
            "The anti-CSRF token did not come with the form. Send the value of the node csrf_token as csrf_token."
        }
        CsrfFault::Mismatch => {
            "The anti-CSRF token does not belong to the anti-CSRF cookie. Start a new flow in this browser and use its token."
        }
    };
    ErrorAnswer::new(
        StatusCode::FORBIDDEN,
        "the request was rejected to protect you from Cross-Site-Request-Forgery",
    )
    .id("security_csrf_violation")
    .reason(reason)
}

/// The same for operators, who are also told which stored value cannot be read.
pub fn answer_to_operator(problem: &Problem) -> ErrorAnswer {
    match problem {
        Problem::Store(StoreError::Corrupt { table, column, id, reason }) => internal(&format!(
            "The column {column} of the row {id} in the table {table} cannot be read: {reason}. Mend it in the database, or remove the identity."
        ))
        .detail("table", json!(table))
        .detail("column", json!(column))
        .detail("id", json!(id)),
        other => answer(other),
    }
}

fn store_answer(error: &StoreError) -> ErrorAnswer {
    match error {
        StoreError::Conflict { .. } => ErrorAnswer::new(StatusCode::CONFLICT, CONFLICT)
            .reason("Something with the same unique value exists already."),
        StoreError::Unavailable { .. } | StoreError::Contention { .. } => {
            let message = "The database cannot be reached at the moment";
            ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, message)
                .reason("Try again in a moment.")
        }
        StoreError::Corrupt { .. } => internal(
            "Something that is stored of this account cannot be read, so that trying again does not help. Tell the operator: the log says where it stands.",
        ),
        _ => internal(
            "Something went wrong on the server. Try again; if it stays, tell the operator.",
        ),
    }
}

/// The answer that sends a script's browser to another place.
pub fn location_change(url: &str) -> ErrorAnswer {
    ErrorAnswer::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "browser location change required",
    )
    .id("browser_location_change_required")
    .reason(format!(
        "In order to complete this flow please redirect the browser to: {url}"
    ))
    .sibling("redirect_browser_to", json!(url))
}
