//! Messages of recovery (ids 106…, 406… and 4010005).

use time::OffsetDateTime;

use super::catalogue::messages;
use super::render::rfc3339;

messages! {
    // Never emitted.
    1060000 Info reserved recovery_root_reserved() {} "";
    /// Only message of the settings flow created after successful recovery. Time = now +
    /// privileged_session_max_age.
    1060001 Success emitted recovery_done(
        privileged_until: OffsetDateTime,
    ) {
        "privilegedSessionExpiresAt": rfc3339(privileged_until),
        "privileged_session_expires_at": rfc3339(privileged_until),
        "privileged_session_expires_at_unix": privileged_until.unix_timestamp(),
    } "You are back in your account. Now choose a new password, or add another way to sign in.";
    /// `ui.messages` after recovery link submit (also for unknown address).
    1060002 Info emitted recovery_link_sent_notice() {}
        "If an account has this address, we have sent a recovery link to it. If none arrives, \
         check the spelling, or try another address.";
    /// `ui.messages` after recovery v1 code submit (also for unknown address).
    1060003 Info emitted recovery_code_sent_notice() {}
        "If an account has this address, we have sent a recovery code to it. If none arrives, \
         check the spelling, or try another address.";
    /// `ui.messages` in recovery v2 state recovery_awaiting_code.
    1060004 Info emitted recovery_code_sent_masked_notice(
        masked_address: &str,
    ) {
        "masked_address": masked_address,
    }
        "If the address {masked_address} belongs to an account, we have sent a recovery code \
         to it. If none arrives, check the spelling, or try another address.";
    /// `ui.messages` in recovery v2 state recovery_confirming_address.
    1060005 Info emitted recovery_ask_full_address_notice() {}
        "To be sure that it is you, please enter the whole address that the code should go \
         to.";
    /// `ui.messages` in recovery v2 state recovery_awaiting_address_choice.
    1060006 Info emitted recovery_choose_address_notice() {}
        "Where should the recovery code go? Choose an address.";
    /// Label of `screen`=previous submit in recovery v2.
    1060007 Info emitted recovery_back_label() {} "Back";
    /// Same for recovery.
    4010005 Error emitted recovery_no_strategy() {}
        "We do not know how to recover your account with what was sent. Check the form and \
         try again.";
    // Never emitted.
    4060000 Error reserved recovery_error_root_reserved() {} "";
    /// ui message of the replacement flow when a passed_challenge recovery flow is
    /// submitted again.
    4060001 Error emitted recovery_already_completed() {}
        "This recovery is done already. To recover an account again, start here.";
    /// ui message of the replacement flow when the flow is in an unknown state.
    4060002 Error emitted recovery_bad_state() {}
        "Something went wrong with this recovery. Please start again here.";
    // Id reserved only.
    4060003 Error reserved recovery_token_missing() {} "";
    /// ui message of the replacement flow: link token unknown, used, or for another flow.
    4060004 Error emitted recovery_token_invalid() {}
        "This recovery link is wrong, or was used before. Ask for a new one here.";
    /// ui message of the replacement recovery flow (also when a link token is expired).
    4060005 Error emitted recovery_flow_expired(
        expired_at: OffsetDateTime,
    ) {
        "expired_at": rfc3339(expired_at),
        "expired_at_unix": expired_at.unix_timestamp(),
    } "This recovery was open for too long. Here is a fresh start: please try again.";
    /// Recovery code unknown/expired. ui message, HTTP 200.
    4060006 Error emitted recovery_code_invalid() {}
        "This recovery code is wrong, or was used before. Check it, or ask for a new one.";
}
