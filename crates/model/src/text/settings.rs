//! Messages of the settings flow (ids 105…, 405… and 4010004).

use time::OffsetDateTime;

use super::Message;
use super::catalogue::messages;
use super::render::{as_values, lookup_codes, rfc3339};

messages! {
    // Never emitted.
    1050000 Info reserved settings_root_reserved() {} "";
    /// Only ui message after a successful settings update (state success).
    1050001 Success emitted settings_saved() {} "Your changes are saved.";
    /// Label of oidc `link` submit.
    1050002 Info emitted settings_link_provider_label(provider: &str) { "provider": provider }
        "Link {provider}";
    /// Label of oidc `unlink` submit.
    1050003 Info emitted settings_unlink_provider_label(provider: &str) { "provider": provider }
        "Unlink {provider}";
    /// Label of `totp_unlink` submit.
    1050004 Info emitted settings_unlink_totp_label() {} "Remove the authenticator app";
    /// Meta label of `totp_qr` image.
    1050005 Info emitted settings_totp_qr_label() {} "QR code for your authenticator app";
    /// Text of `totp_secret_key` text node.
    1050006 Info emitted settings_totp_secret_text(secret: &str) { "secret": secret } "{secret}";
    /// Label of `lookup_secret_reveal` submit.
    1050007 Info emitted settings_lookup_reveal_label() {} "Show backup codes";
    /// Label of `lookup_secret_regenerate` submit.
    1050008 Info emitted settings_lookup_regenerate_label() {} "Make new backup codes";
    /// Nested in 1050015 context.secrets for an unused code.
    1050009 Info emitted settings_lookup_secret_item(secret: &str) { "secret": secret } "{secret}";
    /// Meta label of `lookup_secret_codes` text node.
    1050010 Info emitted settings_lookup_list_label() {}
        "Your backup codes. Keep them in a safe place.";
    /// Label of `lookup_secret_confirm` submit.
    1050011 Info emitted settings_lookup_confirm_label() {}
        "I have kept them safe: use these codes";
    /// Label of `webauthn_register_trigger` in settings.
    1050012 Info emitted settings_webauthn_add_label() {} "Add a security key";
    /// Label of `webauthn_register_displayname` (settings and registration).
    1050013 Info emitted settings_webauthn_name_label() {} "Name of the security key";
    /// Nested in 1050015 context.secrets for a used code.
    1050014 Info emitted settings_lookup_secret_used_item(
        used_at: OffsetDateTime,
    ) {
        "used_at": rfc3339(used_at),
        "used_at_unix": used_at.unix_timestamp(),
    } "This code was used at {used_at}.";
    /// Text of `lookup_secret_codes` text node.
    1050015 Info emitted settings_lookup_secret_list(
        secrets: &[Message],
    ) {
        "secrets": as_values(secrets),
    } ["codes": &lookup_codes(secrets)] "{codes}";
    /// Label of `lookup_secret_disable` submit.
    1050016 Info emitted settings_lookup_disable_label() {} "Remove the backup codes";
    /// Meta label of `totp_secret_key` text node.
    1050017 Info emitted settings_totp_secret_label() {}
        "If you cannot scan the QR code, type this key into your authenticator app:";
    /// Label of each `webauthn_remove` submit.
    1050018 Info emitted settings_webauthn_remove_label(
        display_name: &str,
        added_at: OffsetDateTime,
    ) {
        "display_name": display_name,
        "added_at": rfc3339(added_at),
        "added_at_unix": added_at.unix_timestamp(),
    } "Remove the security key “{display_name}”";
    /// Label of `passkey_register_trigger` in settings.
    1050019 Info emitted settings_passkey_add_label() {} "Add a passkey";
    /// Label of each `passkey_remove` submit.
    1050020 Info emitted settings_passkey_remove_label(
        display_name: &str,
        added_at: OffsetDateTime,
    ) {
        "display_name": display_name,
        "added_at": rfc3339(added_at),
        "added_at_unix": added_at.unix_timestamp(),
    } "Remove the passkey “{display_name}”";
    // Only in the reference's commercial edition.
    1050021 Info reserved settings_deviceauthn_remove_label() {} "";
    // Only in the reference's commercial edition.
    1050022 Info reserved settings_deviceauthn_nonce() {} "";
    /// `ui.messages` of a settings flow whose identity is bound to the flow organization
    /// (added once).
    1050023 Info emitted settings_managed_by_organization_notice() {}
        "Your organization manages this account, so some settings cannot be changed here.";
    /// Same for settings.
    4010004 Error emitted settings_no_strategy() {}
        "We do not know what to change with what was sent. Check the form and use one of its \
         buttons.";
    // Never emitted.
    4050000 Error reserved settings_error_root_reserved() {} "";
    /// ui message of the replacement settings flow.
    4050001 Error emitted settings_flow_expired(
        expired_at: OffsetDateTime,
    ) {
        "expired_at": rfc3339(expired_at),
        "expired_at_unix": expired_at.unix_timestamp(),
    } "This settings page was open for too long. Here is a fresh one: please try again.";
    /// verify_new_address hook: more than one changed address (HTTP 200 with flow for
    /// JSON).
    4050002 Error emitted settings_too_many_address_changes() {}
        "Only one address can be changed at a time. Change the first one, confirm it, then \
         change the next.";
}
