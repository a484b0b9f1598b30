//! Messages of verification (ids 108…, 407… and 4010006).

use time::OffsetDateTime;

use super::catalogue::messages;
use super::render::rfc3339;

messages! {
    // Never emitted.
    1080000 Info reserved verification_root_reserved() {} "";
    /// `ui.messages` after verification link submit.
    1080001 Info emitted verification_link_sent_notice() {}
        "If this address is waiting to be confirmed, we have sent a link to it. If none \
         arrives, check the spelling, or try another address.";
    /// Only message after a verified email address (state passed_challenge).
    1080002 Success emitted verification_email_done() {} "Your e-mail address is confirmed.";
    /// `ui.messages` when a code was sent and the channel is not sms (also for unknown
    /// address, and on hook-created flows).
    1080003 Info emitted verification_email_code_sent_notice() {}
        "If this e-mail address is waiting to be confirmed, we have sent a code to it. If \
         none arrives, check the spelling, or try another address.";
    /// Same, channel sms (submitted value has no @, or address.via = sms).
    1080004 Info emitted verification_phone_code_sent_notice() {}
        "If this phone number is waiting to be confirmed, we have sent a code to it. If none \
         arrives, check the number, or try another one.";
    /// As 1080002 for sms addresses.
    1080005 Success emitted verification_phone_done() {} "Your phone number is confirmed.";
    /// Same for verification.
    4010006 Error emitted verification_no_strategy() {}
        "We do not know how to confirm your address with what was sent. Check the form and \
         try again.";
    // Never emitted.
    4070000 Error reserved verification_error_root_reserved() {} "";
    /// Link token unknown/used (replacement flow) or pending trait change no longer
    /// applicable.
    4070001 Error emitted verification_token_invalid() {}
        "This confirmation link is wrong, or was used before. Ask for a new one here.";
    /// Replacement flow when a passed_challenge verification flow is submitted again.
    4070002 Error emitted verification_already_completed() {}
        "This confirmation is done already. To confirm another address, start here.";
    /// Replacement flow when in an unknown state.
    4070003 Error emitted verification_bad_state() {}
        "Something went wrong with this confirmation. Please start again here.";
    // Id reserved only.
    4070004 Error reserved verification_token_missing() {} "";
    /// ui message of the replacement verification flow.
    4070005 Error emitted verification_flow_expired(
        expired_at: OffsetDateTime,
    ) {
        "expired_at": rfc3339(expired_at),
        "expired_at_unix": expired_at.unix_timestamp(),
    } "This confirmation was open for too long. Here is a fresh start: please try again.";
    /// Verification code unknown/expired; pending trait change conflict. ui message, HTTP
    /// 200.
    4070006 Error emitted verification_code_invalid() {}
        "This confirmation code is wrong, or was used before. Check it, or ask for a new one.";
}
