//! Messages of registration (ids 104…, 404… and 4010003).

use time::OffsetDateTime;

use super::catalogue::messages;
use super::render::rfc3339;

messages! {
    // Never emitted.
    1040000 Info reserved registration_root_reserved() {} "";
    /// Label of password `method` submit, and of profile `method` submit (step 1 of two-
    /// step).
    1040001 Info emitted registration_submit_label() {} "Sign up";
    /// Label of each oidc `provider` submit in registration.
    1040002 Info emitted registration_with_provider_label(
        provider: &str,
        provider_id: &str,
    ) {
        "provider": provider,
        "provider_id": provider_id,
    } "Sign up with {provider}";
    /// Label of the single oidc `provider` submit when a social registration needs more
    /// traits (form is reduced).
    1040003 Info emitted registration_continue_label() {} "Continue";
    /// Label of `webauthn_register_trigger` in registration.
    1040004 Info emitted registration_webauthn_label() {} "Sign up with a security key";
    /// `ui.messages` after registration code was sent.
    1040005 Info emitted registration_code_sent_notice() {}
        "We have sent a code to the address you entered. Enter it here to finish signing up.";
    /// Label of code `method` submit in registration.
    1040006 Info emitted registration_code_submit_label() {} "Sign up with a code";
    /// Label of `passkey_register_trigger` in registration.
    1040007 Info emitted registration_passkey_label() {} "Sign up with a passkey";
    /// Label of `screen` submit (value previous on credential step; value credential-
    /// selection on the code-sent screen).
    1040008 Info emitted registration_back_label() {} "Back";
    /// `ui.messages` when step 2 (credential selection) is shown.
    1040009 Info emitted registration_choose_credential_notice() {}
        "Choose how you want to sign in from now on.";
    /// Same for registration; also step 1 with no strategy populated.
    4010003 Error emitted registration_no_strategy() {}
        "We do not know how to sign you up with what was sent. Check the form and choose one \
         of its ways to sign up.";
    // Never emitted.
    4040000 Error reserved registration_error_root_reserved() {} "";
    /// ui message of the replacement registration flow.
    4040001 Error emitted registration_flow_expired(
        expired_at: OffsetDateTime,
    ) {
        "expired_at": rfc3339(expired_at),
        "expired_at_unix": expired_at.unix_timestamp(),
    } "This sign-up page was open for too long. Here is a fresh one: please try again.";
    // Defined, not emitted by the reference.
    4040002 Error reserved registration_already_completed() {} "";
    /// Registration code unknown/expired or its address is not among the submitted
    /// identifiers.
    4040003 Error emitted registration_code_invalid() {}
        "This code is wrong, or was used before. Check it, or ask for a new one.";
}
