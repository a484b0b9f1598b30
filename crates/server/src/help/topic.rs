//! The name under which a problem is explained.

use bia_model::FlowKind;
use bia_selfservice::problem::Problem;
use bia_store::StoreError;

/// The name of a problem in `explain/errors.md`: its id, or ours when it has none.
pub(super) fn of(problem: &Problem, kind: Option<FlowKind>) -> &'static str {
    match problem {
        Problem::SessionAlreadyAvailable | Problem::SignedInAlready(_) => {
            "session_already_available"
        }
        Problem::Aal1Required => "session_aal1_required",
        Problem::Aal2Required { .. } | Problem::EnrolmentRequired { .. } => "session_aal2_required",
        Problem::SessionInactive { .. } => "session_inactive",
        Problem::NoSession { .. } | Problem::SignInFirst(_) => "no_session",
        Problem::TokenForOthers => "tokenized_session",
        Problem::RefreshRequired { .. } => "session_refresh_required",
        Problem::IdentityMismatch => "security_identity_mismatch",
        Problem::ReturnToForbidden(_) => "self_service_flow_return_to_forbidden",
        Problem::FlowGone { .. } | Problem::FlowExpired { .. } => "self_service_flow_expired",
        Problem::FlowReplaced { .. } => "self_service_flow_replaced",
        Problem::RecoveryRestarted { original, .. } => original
            .as_deref()
            .map_or("too_many_submissions", |problem| of(problem, kind)),
        Problem::RegistrationDisabled => "self_service_flow_disabled",
        Problem::FlowDisabled(_) => "flow_disabled",
        Problem::Csrf(_) => "security_csrf_violation",
        Problem::AddressNotVerified { .. } => "session_verified_address_required",
        Problem::NotFound(_) if kind.is_some() => "flow_not_found",
        Problem::NotFound(_) => "not_found",
        Problem::MethodDisabled(_) => "method_disabled",
        Problem::BadRequest(_) | Problem::Malformed { .. } | Problem::Unreadable(_) => {
            "request_malformed"
        }
        Problem::BrowserInNativeFlow { .. } => "browser_in_native_flow",
        Problem::Forbidden(_) => "forbidden",
        Problem::IdentityDisabled(_) => "identity_disabled",
        Problem::GoElsewhere(_) => "browser_location_change_required",
        Problem::Conflict(_) | Problem::Store(StoreError::Conflict { .. }) => "conflict",
        Problem::TooManyAttempts { .. } => "too_many_attempts",
        Problem::Misconfigured(_) => "invalid_configuration",
        Problem::OAuth2 { .. } => "oauth2_login_failed",
        Problem::Upstream(_) => "upstream_error",
        Problem::HookFailed(_) => "web_hook_failed",
        Problem::HookTimedOut => "web_hook_timed_out",
        Problem::Store(StoreError::Unavailable { .. } | StoreError::Contention { .. }) => {
            "database_unavailable"
        }
        Problem::Store(StoreError::Corrupt { .. }) => "stored_value_unreadable",
        Problem::Store(_) | Problem::Internal(_) => "internal",
    }
}
