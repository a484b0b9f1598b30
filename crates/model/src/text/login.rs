//! Messages of login, logout and second factors (ids 101…, 102…, 103…, 401…).

use time::OffsetDateTime;

use super::catalogue::messages;
use super::render::rfc3339;

messages! {
    // Range root; never emitted.
    1010000 Info reserved login_root_reserved() {} "";
    /// Label of password method submit in login refresh (first factor). On account linking
    /// it is rewritten to 1010017.
    1010001 Info emitted login_submit_label() {} "Sign in";
    /// Label of each oidc `provider` submit in login flows. On account linking rewritten to
    /// 1010018.
    1010002 Info emitted login_with_provider_label(
        provider: &str,
        provider_id: &str,
    ) {
        "provider": provider,
        "provider_id": provider_id,
    } "Sign in with {provider}";
    /// `ui.messages` of a login flow created with refresh=true while a session exists
    /// (replaces the message list).
    1010003 Info emitted login_refresh_notice() {}
        "Please confirm that it is you: sign in once more.";
    /// `ui.messages` appended when a session exists, requested_aal is above the session AAL
    /// and above aal1.
    1010004 Info emitted login_second_factor_notice() {}
        "One more step: please confirm with your second factor.";
    // Defined, not emitted by the reference.
    1010005 Info reserved login_verify_label() {} "";
    /// Label of `totp_code` input in login.
    1010006 Info emitted login_totp_code_label() {} "Code from your authenticator app";
    /// Label of `lookup_secret` input in login.
    1010007 Info emitted login_lookup_code_label() {} "Backup code";
    /// Label of webauthn `method` submit (passwordless, step 1) and of
    /// `webauthn_login_trigger` for second factor / refresh.
    1010008 Info emitted login_webauthn_label() {} "Sign in with a security key";
    /// Label of totp `method` submit in login.
    1010009 Info emitted login_totp_submit_label() {} "Use the authenticator app";
    /// Label of lookup_secret `method` submit in login.
    1010010 Info emitted login_lookup_submit_label() {} "Use a backup code";
    // Defined, not emitted by the reference.
    1010011 Info reserved login_webauthn_continue_label() {} "";
    /// `ui.messages` after passwordless webauthn identifier step (challenge node was
    /// added).
    1010012 Info emitted login_webauthn_prepare_notice() {}
        "Have your security key ready, then continue.";
    /// Label of `webauthn_login_trigger` after the passwordless webauthn identifier step.
    1010013 Info emitted login_continue_label() {} "Continue";
    /// `ui.messages` after a login code was sent in an aal1, non-refresh login flow.
    1010014 Info emitted login_code_sent_notice() {}
        "We have sent a code to the address you entered. If none arrives, check the spelling, \
         or look for another address you may have signed up with.";
    /// Label of code `method` submit in login (first factor and identifier-first
    /// credentials).
    1010015 Info emitted login_code_submit_label() {} "Send me a code";
    /// Only message of the login flow that replaces a registration which hit a duplicate
    /// identifier via oidc (account linking).
    1010016 Info emitted login_account_link_notice(
        duplicate_identifier: &str,
        provider: &str,
        new_login_url: &str,
        available_credential_types: &[String],
        available_providers: &[String],
    ) {
        "duplicateIdentifier": duplicate_identifier,
        "duplicate_identifier": duplicate_identifier,
        "provider": provider,
        "newLoginUrl": new_login_url,
        "new_login_url": new_login_url,
        "available_credential_types": available_credential_types,
        "available_providers": available_providers,
    }
        "An account with {duplicate_identifier} exists already. Sign in to it once, and your \
         {provider} account will be linked to it.";
    /// Replaces 1010001 labels on an account-linking login flow (note: the label 1010022
    /// used by password first-factor is NOT rewritten).
    1010017 Info emitted login_and_link_label() {} "Sign in and link";
    /// Replaces 1010002 labels on an account-linking login flow (no provider_id in this
    /// context).
    1010018 Info emitted login_with_provider_and_link_label(provider: &str) { "provider": provider }
        "Sign in with {provider} and link";
    // Defined, not emitted by the reference.
    1010019 Info reserved login_code_mfa_label() {} "";
    // Id reserved only (no constructor).
    1010020 Info reserved login_code_mfa_hint() {} "";
    /// Label of `passkey_login_trigger` in login.
    1010021 Info emitted login_passkey_label() {} "Sign in with a passkey";
    /// Label of password `method` submit in login (unified first factor and identifier-
    /// first credentials).
    1010022 Info emitted login_password_submit_label() {} "Sign in with password";
    /// Label of each `address` submit of the code method in aal2 login, or aal1 refresh
    /// when refresh_login_choose_address is on.
    1010023 Info emitted login_code_to_address_label(
        address: &str,
        channel: &str,
    ) {
        "address": address,
        "channel": channel,
    } "Send a code to {address}";
    // Only in the reference's commercial edition.
    1010024 Info reserved login_deviceauthn_label() {} "";
    /// `ui.messages` after a login code was sent when the flow is refresh or
    /// requested_aal=aal2.
    1010025 Info emitted login_code_sent_known_user_notice() {}
        "We have sent you a code. Enter it here to go on.";
    // Never emitted.
    1020000 Info reserved logout_root_reserved() {} "";
    // Never emitted.
    1030000 Info reserved mfa_root_reserved() {} "";
    // Never emitted.
    4010000 Error reserved login_error_root_reserved() {} "";
    /// ui message of the replacement login flow.
    4010001 Error emitted login_flow_expired(
        expired_at: OffsetDateTime,
    ) {
        "expired_at": rfc3339(expired_at),
        "expired_at_unix": expired_at.unix_timestamp(),
    } "This sign-in page was open for too long. Here is a fresh one: please try again.";
    /// No strategy accepted the login submit (missing/unknown/disabled method, wrong AAL);
    /// also code method on a flow in passed_challenge.
    4010002 Error emitted login_no_strategy() {}
        "Could not find a strategy to log you in with. Did you fill out the form correctly?";
    // Defined, not emitted by the reference.
    4010007 Error reserved login_already_completed() {} "";
    /// Login code unknown/expired.
    4010008 Error emitted login_code_invalid() {}
        "This code is wrong, or was used before. Check it, or ask for a new one.";
    /// Account linking: the identity that logged in has no credential identifier equal to
    /// the duplicate identifier.
    4010009 Error emitted linked_credentials_mismatch() {}
        "This is not the account that the other sign-in should be linked to. Sign in to the \
         account with the same identifier.";
    /// aal2 code login with an address that is not a verifiable address of the session
    /// identity (fallback mode).
    4010010 Error emitted login_address_unknown() {}
        "This address does not belong to your account. Choose one that you have confirmed.";
    /// A session would be activated for an identity in state inactive (mapped from error id
    /// identity_disabled). ui message, HTTP 400.
    4010011 Error emitted identity_disabled() {}
        "This account is switched off. Ask the people who run this service.";
}
