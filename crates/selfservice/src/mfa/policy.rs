//! Which policy an identity is under, and what satisfies it. No input or output.

use bia_config::Config;
use bia_config::section::mfa::{BiaMfa, MfaRequirement, MfaRule};
use bia_model::{Aal, Identity, MethodName, MfaOverride, Session};
use serde_json::Value;
use time::Duration;

use crate::method::{self, METHODS, Method};
use crate::session::signed;
use crate::trusted_browser;

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `bia.mfa` is not configured.
    NotConfigured,
    /// An operator's word on the identity.
    Override,
    /// The rule at this place of `bia.mfa.rules`.
    Rule(usize),
    /// `bia.mfa.default`.
    Default,
}

/// The policy of one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether a second factor is needed.
    pub required: bool,
    /// What satisfies it; `None` for any second factor.
    pub methods: Option<Vec<MethodName>>,
    /// How long somebody without one may go on.
    pub grace: Duration,
    /// What decided.
    pub reason: Reason,
}

/// The factors of an identity that satisfy its policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Able {
    /// Those that are given after a first one.
    pub second: Vec<MethodName>,
    /// Those that satisfy it by themselves.
    pub alone: Vec<MethodName>,
}

impl Able {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.second.is_empty() && self.alone.is_empty()
    }
}

impl Policy {
    /// The policy of an identity. `document` is its JSON as the admin API shows it, without credentials; `said` what
    /// an operator said about it.
    pub fn of(mfa: Option<&BiaMfa>, said: Option<MfaOverride>, document: &Value) -> Policy {
        let Some(mfa) = mfa else {
            return Policy::new(MfaRequirement::Optional, None, Reason::NotConfigured);
        };
        let mut rules = mfa.rules.iter().enumerate();
        let rule = rules.find(|(_, rule)| rule.when.holds(document));
        match (said, rule) {
            (Some(MfaOverride::Optional), _) => {
                Policy::new(MfaRequirement::Optional, None, Reason::Override)
            }
            (Some(MfaOverride::Required), rule) => {
                let rule = rule.map(|(_, rule)| rule);
                Policy::new(MfaRequirement::Required, rule, Reason::Override)
            }
            (None, Some((at, rule))) => Policy::new(rule.require, Some(rule), Reason::Rule(at)),
            (None, None) => Policy::new(mfa.default, None, Reason::Default),
        }
    }

    fn new(requirement: MfaRequirement, rule: Option<&MfaRule>, reason: Reason) -> Policy {
        Policy {
            required: requirement == MfaRequirement::Required,
            methods: rule.and_then(|rule| rule.methods.clone()),
            grace: rule.map_or(Duration::ZERO, |rule| signed(rule.grace)),
            reason,
        }
    }

    fn names(&self, method: MethodName) -> bool {
        self.methods.as_ref().is_some_and(|m| m.contains(&method))
    }

    /// Whether a method does as a second factor.
    fn takes_second(&self, method: MethodName) -> bool {
        self.methods.is_none() || self.names(method)
    }

    /// Whether a method does by itself: only where it is named.
    fn takes_alone(&self, config: &Config, method: &dyn Method) -> bool {
        self.names(method.name()) && method.proves_alone(config)
    }

    /// Whether what was proven in a session is enough.
    pub fn is_met_by(&self, config: &Config, session: &Session) -> bool {
        let trusted = trusted_browser::stands_for(config, session);
        if trusted.is_some_and(|factor| self.takes_second(factor)) {
            return true;
        }
        let proven = &session.authentication_methods;
        let both = Aal::of_methods(proven) >= Aal::Aal2;
        if self.methods.is_none() {
            return both;
        }
        proven.iter().any(|proven| {
            let method = MethodName::parse(&proven.method).and_then(method::find);
            method.is_some_and(|m| {
                (both && proven.aal == Aal::Aal2 && self.names(m.name()))
                    || self.takes_alone(config, m)
            })
        })
    }

    /// The factors that an identity (given with credentials) has set up and that satisfy the policy.
    pub fn able(&self, config: &Config, identity: &Identity) -> Able {
        let mut able = Able::default();
        for method in METHODS.iter().filter(|m| m.is_enabled(config)) {
            let name = method.name();
            if self.takes_second(name) && method.second_factors(config, identity) > 0 {
                able.second.push(name);
            } else if self.takes_alone(config, *method)
                && method.first_factors(config, identity) > 0
            {
                able.alone.push(name);
            }
        }
        able
    }

    /// The methods by which a factor can be set up that satisfies the policy.
    pub fn enrolled_by(&self, config: &Config) -> Vec<MethodName> {
        let mut found = Vec::new();
        for method in METHODS.iter().filter(|m| m.is_enabled(config)) {
            let second = self.takes_second(method.name()) && method.is_second_factor(config);
            if second || self.takes_alone(config, *method) {
                found.push(method.set_up_by());
            }
        }
        found
    }
}
