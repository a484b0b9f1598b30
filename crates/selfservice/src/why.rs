//! Why requests are refused, as operators may know it: more than the client is told.
//!
//! Methods and flows say `cx.because(Why::…)` where they refuse. A request that goes well notes nothing and allocates
//! nothing. What was noted is kept by [`crate::refusal`]; the words are here, next to the names.

use uuid::Uuid;

/// How much of a name beside a reason is kept, in characters.
const SUBJECT_CHARS: usize = 100;

/// How many reasons one request gives at most.
const MOST: usize = 4;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $words:literal;)+) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Why {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Why {
            /// All of them.
            pub const ALL: &[Why] = &[$(Why::$variant,)+];

            /// The name in answers of the admin API; it does not change.
            pub const fn as_str(self) -> &'static str {
                match self { $(Why::$variant => $name,)+ }
            }

            /// The same as a sentence.
            pub const fn words(self) -> &'static str {
                match self { $(Why::$variant => $words,)+ }
            }

            /// Reads [`Why::as_str`].
            pub fn parse(name: &str) -> Option<Why> {
                Why::ALL.iter().copied().find(|why| why.as_str() == name)
            }
        }
    };
}

reasons! {
    /// No credential has this name.
    IdentifierUnknown = "identifier_unknown", "Nobody goes by the identifier that was sent.";
    /// The account exists and has nothing for this method.
    NoSuchCredential = "no_such_credential", "The account has no credential for this method.";
    /// The hash did not match.
    PasswordWrong = "password_wrong", "The password is not the one of the account.";
    /// The stored hash is of no known form, or damaged.
    PasswordHashUnreadable = "password_hash_unreadable", "The stored hash of the password cannot be verified: it is damaged, or of a kind that this server does not know.";
    /// The system that was asked for an old password said no.
    PasswordRefusedElsewhere = "password_refused_elsewhere", "The system that knows the old password, asked by the migration hook, refused it.";
    /// The account is switched off.
    IdentityInactive = "identity_inactive", "The account is inactive (state: inactive).";
    /// A hook asks for a verified address, and there is none that counts.
    AddressNotVerified = "address_not_verified", "The hook require_verified_address is configured, and the account has no verified address that it takes.";
    /// The digits of the authenticator app are not those of any time step that counts.
    TotpWrong = "totp_wrong", "The code is not what the account's authenticator app shows, within one step of 30 seconds. A clock that is wrong shows so.";
    /// The digits were right, and were used before.
    TotpUsed = "totp_used", "The code of the authenticator app was right, but was used before; each is good once.";
    /// The stored key of the authenticator app cannot be read.
    TotpKeyUnreadable = "totp_key_unreadable", "The stored key of the authenticator app cannot be read.";
    /// No such backup code.
    LookupCodeWrong = "lookup_code_wrong", "The backup code is none of the account's.";
    /// The backup code was used.
    LookupCodeUsed = "lookup_code_used", "The backup code was used before.";
    /// A security key's or passkey's answer does not fit.
    KeyRefused = "key_refused", "The answer of the security key or passkey does not fit: another key, another question, another site, or a signature that is wrong.";
    /// None of the flow's codes.
    CodeWrong = "code_wrong", "The code is none of those that were made for this flow.";
    /// The flow asked a recipient that does not exist, so no code was ever sent.
    CodeNeverSent = "code_never_sent", "The code is of a message that was never sent: nobody has the address that the flow was given.";
    /// Right, and too late.
    CodeExpired = "code_expired", "The code was right, but its time is over.";
    /// Right, and used.
    CodeUsed = "code_used", "The code was right, but was used before.";
    /// Right, and sent to another account or address.
    CodeForAnother = "code_for_another", "The code was right, but was sent to another account or address than the form names.";
    /// Too many tries in the flow.
    CodeTriesSpent = "code_tries_spent", "Too many codes were tried in this flow (selfservice.methods.code.config.max_submissions).";
    /// Sent once more after it went well.
    FlowCompleted = "flow_completed", "The flow had come to its good end before; whoever sends its form again starts over.";
    /// No token of a link, or one of another flow.
    LinkUnknown = "link_unknown", "The token of the link is unknown, or belongs to another flow.";
    /// A link that was followed before.
    LinkUsed = "link_used", "The link was followed before; a program that looks at links in mails does that, too.";
    /// A link whose time is over.
    LinkExpired = "link_expired", "The link was right, but its time is over.";
    /// An address that no account has.
    AddressUnknown = "address_unknown", "No account has the address that was sent.";
    /// A provider did not say who it is.
    ProviderRefused = "provider_refused", "The identity provider did not say who it is, or what it said cannot be used.";
    /// A web hook stopped the flow.
    HookInterrupted = "hook_interrupted", "A web hook stopped the flow.";
    /// Too many wrong attempts, so that this one was not looked at.
    Throttled = "throttled", "There were too many wrong attempts before it (bia.abuse), so that this one was not looked at.";
    /// A web hook could not be asked.
    HookFailed = "hook_failed", "A web hook did not answer, or not with what it has to.";
}

/// What was noted about one request.
#[derive(Clone, Debug, Default)]
pub struct Because {
    /// The reasons in the order in which they were found, each with what it is about (a hook, a provider), if anything.
    pub reasons: Vec<(Why, Option<String>)>,
    /// Whose account the request was about, when that is known.
    pub identity: Option<Uuid>,
    /// Under which name nobody was found. It is looked up once more, whatever the method, and not kept.
    pub sought: Option<String>,
}

impl Because {
    /// Adds a reason; `about` is the name of a hook or provider, never something that was typed.
    pub(crate) fn add(&mut self, why: Why, about: Option<&str>) {
        let known = self.reasons.iter().any(|(given, _)| *given == why);
        if !known && self.reasons.len() < MOST {
            let about = about.map(|name| name.chars().take(SUBJECT_CHARS).collect());
            self.reasons.push((why, about));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_name_and_a_sentence_of_its_own() {
        let names: HashSet<&str> = Why::ALL.iter().map(|why| why.as_str()).collect();
        let words: HashSet<&str> = Why::ALL.iter().map(|why| why.words()).collect();
        assert_eq!((names.len(), words.len()), (Why::ALL.len(), Why::ALL.len()));
        for why in Why::ALL {
            assert_eq!(Why::parse(why.as_str()), Some(*why));
            let words = why.words();
            assert!(words.ends_with('.') && words.len() > 20, "{words}");
        }
    }

    #[test]
    fn a_reason_is_noted_once_and_not_without_end() {
        let mut because = Because::default();
        for _ in 0..3 {
            because.add(Why::HookFailed, Some(&"x".repeat(1000)));
        }
        assert_eq!(because.reasons, [(Why::HookFailed, Some("x".repeat(100)))]);
        Why::ALL.iter().for_each(|why| because.add(*why, None));
        assert_eq!(because.reasons.len(), MOST);
    }
}
