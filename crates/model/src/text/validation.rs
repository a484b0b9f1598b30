//! What was wrong with an input (ids 400…), and messages about the system itself (ids 500…).

use serde_json::Number;

use super::catalogue::messages;
use super::render::ways_in;

messages! {
    // Never emitted.
    4000000 Error reserved validation_root_reserved() {} "";
    /// Fallback: (a) any 400-status rich error without special id -> its reason, as ui
    /// message; (b) JSON-schema errors without own translation (enum, oneOf,
    /// additionalProperties, format other than email/email_loose/tel, dependencies, ...);
    /// (c) raw validation errors such as unlink of last credential, duplicate WebAuthn
    /// credential.
    4000001 Error emitted validation_generic(reason: &str) { "reason": reason } "{reason}";
    /// Missing required property. Attached to the node with that dotted name (node is
    /// created if absent).
    4000002 Error emitted validation_required(property: &str) { "property": property }
        "Please fill in {property}: it is needed.";
    /// JSON-schema minLength.
    4000003 Error emitted validation_min_length(
        min_length: u64,
        actual_length: u64,
    ) {
        "min_length": min_length,
        "actual_length": actual_length,
    } "This has {actual_length} characters, but at least {min_length} are needed.";
    /// JSON-schema pattern.
    4000004 Error emitted validation_pattern(pattern: &str) { "pattern": pattern }
        "This does not have the form that is asked for. It has to match the pattern \
         “{pattern}”.";
    /// Password policy failure not covered by its own id (validator returned a plain
    /// error).
    4000005 Error emitted password_policy_generic(reason: &str) { "reason": reason }
        "This password cannot be used: {reason}";
    /// Password login: unknown identifier, wrong password, migration hook refused. ui
    /// message (pointer #/).
    4000006 Error emitted login_invalid_credentials() {}
        "User name or password is wrong. Check both for typing mistakes and try again.";
    /// Unique violation on registration / settings without hints (login_hints off or
    /// nothing found); settings verify_new_address conflict; verification conflict.
    4000007 Error emitted duplicate_credentials() {}
        "An account with the same identifier (e-mail address, phone number, user name …) \
         exists already. Sign in to it, or use another one.";
    /// Login: ui message; settings: on node totp_code.
    4000008 Error emitted totp_code_wrong() {}
        "This code is not right. Enter the code that the authenticator app shows now.";
    /// No credential identifier could be derived from traits (password, code, passkey,
    /// webauthn). Also ui message on settings populate when passkey has no display name.
    4000009 Error emitted identifier_missing() {}
        "There is nothing to sign in with. Fill in an e-mail address, a phone number or a \
         user name.";
    /// Login hook require_verified_address when it returns the plain error (legacy flag, or
    /// no address with a value).
    4000010 Error emitted address_not_verified() {}
        "Your address is not confirmed yet. Follow the message that we have sent to it, then \
         sign in again.";
    /// aal2 totp login without a totp credential.
    4000011 Error emitted no_totp_device() {}
        "This account has no authenticator app. Choose another second factor.";
    /// aal2 lookup_secret login with a used code.
    4000012 Error emitted lookup_already_used() {}
        "This backup code was used before. Each code works once: take another one.";
    /// WebAuthn/passkey login: identity or credential missing at assertion time.
    4000013 Error emitted no_webauthn_device() {}
        "This account has no security key or passkey. Choose another way to sign in.";
    /// aal2 lookup_secret login without credential.
    4000014 Error emitted no_lookup_codes() {}
        "This account has no backup codes. Choose another second factor.";
    /// Passwordless webauthn: identifier unknown or no passwordless key; passkey: user
    /// handle unknown.
    4000015 Error emitted no_such_webauthn_user() {}
        "No account with a security key or passkey was found. Check what you entered, or \
         choose another way to sign in.";
    /// aal2 lookup_secret login with unknown code.
    4000016 Error emitted lookup_invalid() {}
        "This is not one of the backup codes. Check for typing mistakes, or take another \
         code.";
    /// JSON-schema maxLength.
    4000017 Error emitted validation_max_length(
        max_length: u64,
        actual_length: u64,
    ) {
        "max_length": max_length,
        "actual_length": actual_length,
    } "This has {actual_length} characters, but no more than {max_length} are allowed.";
    /// JSON-schema minimum.
    4000018 Error emitted validation_minimum(
        minimum: &Number,
        actual: &Number,
    ) {
        "minimum": minimum.clone(),
        "actual": actual.clone(),
    } "{actual} is too small: the smallest allowed value is {minimum}.";
    /// JSON-schema exclusiveMinimum.
    4000019 Error emitted validation_exclusive_minimum(
        minimum: &Number,
        actual: &Number,
    ) {
        "minimum": minimum.clone(),
        "actual": actual.clone(),
    } "{actual} is too small: the value has to be greater than {minimum}.";
    /// JSON-schema maximum.
    4000020 Error emitted validation_maximum(
        maximum: &Number,
        actual: &Number,
    ) {
        "maximum": maximum.clone(),
        "actual": actual.clone(),
    } "{actual} is too large: the largest allowed value is {maximum}.";
    /// JSON-schema exclusiveMaximum.
    4000021 Error emitted validation_exclusive_maximum(
        maximum: &Number,
        actual: &Number,
    ) {
        "maximum": maximum.clone(),
        "actual": actual.clone(),
    } "{actual} is too large: the value has to be less than {maximum}.";
    /// JSON-schema multipleOf.
    4000022 Error emitted validation_multiple_of(
        base: &Number,
        actual: &Number,
    ) {
        "base": base.clone(),
        "actual": actual.clone(),
    } "{actual} cannot be used: the value has to be a multiple of {base}.";
    /// JSON-schema maxItems.
    4000023 Error emitted validation_max_items(
        max_items: u64,
        actual_items: u64,
    ) {
        "max_items": max_items,
        "actual_items": actual_items,
    } "There are {actual_items} entries, but no more than {max_items} are allowed.";
    /// JSON-schema minItems.
    4000024 Error emitted validation_min_items(
        min_items: u64,
        actual_items: u64,
    ) {
        "min_items": min_items,
        "actual_items": actual_items,
    } "There are {actual_items} entries, but at least {min_items} are needed.";
    /// JSON-schema uniqueItems.
    4000025 Error emitted validation_unique_items(
        index_a: u64,
        index_b: u64,
    ) {
        "index_a": index_a,
        "index_b": index_b,
    } "The entries {index_a} and {index_b} are the same, but each may stand here only once.";
    /// JSON-schema type.
    4000026 Error emitted validation_wrong_type(
        allowed_types: &[&str],
        actual_type: &str,
    ) {
        "allowed_types": allowed_types,
        "actual_type": actual_type,
    } ["types": &allowed_types.join(" or ")] "This has to be {types}, but it is {actual_type}.";
    /// Social registration conflict, only if the conflict error carries no validation
    /// message (practically unreachable).
    4000027 Error emitted duplicate_credentials_oidc_link() {}
        "An account with the same identifier (e-mail address, phone number, user name …) \
         exists already. Sign in to it, then link the other account in the settings.";
    /// As 4000007 when selfservice.flows.registration.login_hints is true and the
    /// conflicting identity was found.
    4000028 Error emitted duplicate_credentials_hints(
        available_credential_types: &[String],
        available_oidc_providers: &[String],
        credential_identifier_hint: &str,
    ) {
        "available_credential_types": available_credential_types,
        "available_oidc_providers": available_oidc_providers,
        "credential_identifier_hint": credential_identifier_hint,
    } ["ways": &ways_in(available_credential_types, available_oidc_providers)]
        "An account with {credential_identifier_hint} exists already. Sign in to it {ways}, \
         or use another identifier.";
    /// JSON-schema const with a scalar.
    4000029 Error emitted validation_const(expected: &str) { "expected": expected }
        "This has to be {expected}.";
    /// JSON-schema const without printable value.
    4000030 Error emitted validation_const_generic() {}
        "This does not have the one value that is allowed here.";
    /// Password too similar to an identifier. On node `password`.
    4000031 Error emitted password_too_similar() {}
        "This password is too much like your e-mail address, phone number or user name. \
         Choose a different one.";
    /// On node `password`.
    4000032 Error emitted password_min_length(
        min_length: u64,
        actual_length: u64,
    ) {
        "min_length": min_length,
        "actual_length": actual_length,
    }
        "This password has {actual_length} characters, but at least {min_length} are needed. \
         Choose a longer one.";
    /// On node `password`; emitted only by the bcrypt hasher when the password is longer
    /// than 72 bytes (max_length=72).
    4000033 Error emitted password_max_length(
        max_length: u64,
        actual_length: u64,
    ) {
        "max_length": max_length,
        "actual_length": actual_length,
    }
        "This password has {actual_length} characters, but no more than {max_length} are \
         allowed. Choose a shorter one.";
    /// HIBP count above max_breaches. On node `password`.
    4000034 Error emitted password_breached(breaches: u64) { "breaches": breaches }
        "This password is known from data leaks, so that others can guess it. Choose a \
         different one.";
    /// Code login: unknown identifier, no code credential (and fallback off), or refresh
    /// with another identity. ui message.
    4000035 Error emitted no_code_user() {}
        "This account does not exist or has not setup sign in with code.";
    /// Code registration step 2 with traits differing from the stored form nodes.
    4000036 Error emitted traits_mismatch() {}
        "The details differ from the ones you gave before. Go back and enter them again.";
    /// identifier_first: no strategy offered credentials and anti-enumeration is off (also
    /// for empty identifier). On node `identifier`.
    4000037 Error emitted account_not_found() {}
        "No account was found, or it has no way to sign in. Check what you entered, or sign \
         up.";
    // Only in the reference's commercial edition.
    4000038 Error reserved captcha_failed() {} "";
    /// Settings password equals the current one. On node `password`.
    4000039 Error emitted password_same_as_old() {}
        "This is your present password. Choose a different one.";
    /// JSON-schema format email or email_loose.
    4000040 Error emitted validation_email(value: &str) { "value": value }
        "This is not an e-mail address. Write it like name@example.org.";
    /// JSON-schema format tel.
    4000041 Error emitted validation_phone(value: &str) { "value": value }
        "This is not a phone number. Write it with the country code, like +1 202 555 0100.";
    // Only in the reference's commercial edition.
    4000042 Error reserved no_deviceauthn_device() {} "";
    /// WebAuthn or passkey assertion failed validation. ui message.
    4000043 Error emitted webauthn_assertion_wrong() {}
        "The answer of your security key or passkey could not be accepted. Try again, and use \
         the one that belongs to this account.";
    // Only in the reference's commercial edition.
    4000044 Error reserved deviceauthn_signature_wrong() {} "";
    // Only in the reference's commercial edition.
    4000045 Error reserved deviceauthn_relaxed_attestation_ended() {} "";
    // Only in the reference's commercial edition.
    4000046 Error reserved deviceauthn_reenroll() {} "";
    // Never emitted.
    5000000 Error reserved system_root_reserved() {} "";
    /// Only used internally to build the reason of self_service_flow_replaced errors.
    5000001 Error emitted system_generic(reason: &str) { "reason": reason } "{reason}";
    // Only in the reference's commercial edition.
    5000002 Error reserved no_methods_available() {} "";
    // Only in the reference's commercial edition.
    5000003 Error reserved organization_no_sso() {} "";
}
