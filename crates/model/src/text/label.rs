//! Labels of form fields and buttons that several flows share (ids 107…).

use super::catalogue::messages;

messages! {
    /// Label of each `recovery_select_address` submit in recovery v2.
    1070000 Info emitted generic_label(text: &str) {} ["text": text] "{text}";
    /// Label of every `password` input.
    1070001 Info emitted password_input_label() {} "Password";
    /// Label of trait inputs with a schema title; also of `identifier` when exactly one
    /// identifier trait has a title. No title -> node has empty meta.
    1070002 Info emitted trait_label(title: &str, name: &str) { "title": title, "name": name }
        "{title}";
    /// Label of `method` submit of profile, password, totp in settings.
    1070003 Info emitted save_label() {} "Save";
    /// Label of `identifier` when zero or more than one identifier trait (or no title).
    1070004 Info emitted identifier_label() {} "E-mail, phone number or user name";
    // Defined, not emitted by the reference.
    1070005 Info reserved submit_label() {} "";
    /// Label of `totp_code` in settings.
    1070006 Info emitted verify_code_label() {} "Code that the app shows";
    /// Label of `email` in recovery/verification (no sms channel),
    /// `recovery_confirm_address` containing @.
    1070007 Info emitted email_label() {} "E-mail";
    /// Label of resend submits (`resend`, `email`, `sms`, `recovery_confirm_address`).
    1070008 Info emitted resend_code_label() {} "Send the code again";
    /// Label of code/link continue submits, identifier_first submit; also title and label
    /// of verification `continue` anchor.
    1070009 Info emitted continue_label() {} "Continue";
    /// Label of `code` in recovery.
    1070010 Info emitted recovery_code_label() {} "Recovery code";
    /// Label of `code` in verification.
    1070011 Info emitted verification_code_label() {} "Verification code";
    /// Label of `code` in registration.
    1070012 Info emitted registration_code_label() {} "Sign-up code";
    /// Label of `code` in login.
    1070013 Info emitted login_code_label() {} "Sign-in code";
    // Defined, not emitted by the reference.
    1070014 Info reserved login_and_link_credential_label() {} "";
    // Only in the reference's commercial edition.
    1070015 Info reserved captcha_container() {} "";
    /// Label of `recovery_address` in recovery v2 first screen.
    1070016 Info emitted recovery_address_label() {} "E-mail or phone number";
    /// Label of `recovery_confirm_address` without @.
    1070017 Info emitted phone_label() {} "Phone number";
    /// Label of verification `email` when a courier channel with id sms is configured
    /// (input type is then text).
    1070018 Info emitted email_or_phone_label() {} "E-mail or phone number";
}
