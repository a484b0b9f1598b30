//! What works as it is configured, and as the reference does, but leaves open what many take for granted.
//!
//! It is said in the log at start, and is no finding: nothing is wrong with such a configuration, so that `bia doctor`
//! has nothing to say of it.

use crate::{Config, Finding, Findings, Hook};

/// What is worth knowing about a configuration.
#[must_use]
pub fn advice(config: &Config) -> Findings {
    Findings(sessions_that_stay(config).into_iter().collect())
}

/// A changed password that ends no session: whoever knew the old one stays signed in.
fn sessions_that_stay(config: &Config) -> Option<Finding> {
    const METHOD: &str = "password";
    if !config.selfservice.methods.password.enabled {
        return None;
    }
    // The list of the flow as a whole takes web hooks alone.
    let hooks = config.selfservice.flows.settings.after.method_hooks(METHOD);
    if hooks.contains(&Hook::RevokeActiveSessions) {
        return None;
    }
    let problem = "A changed password leaves other sessions alive, so that whoever knew the old one may stay signed in.";
    let mend = "If that is not what you want, add the hook revoke_active_sessions to this list.";
    let key = "selfservice.flows.settings.after.password.hooks";
    Some(Finding::warning(key, problem, mend))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(selfservice: Value) -> usize {
        let mut settings = json!({
            "dsn": "memory",
            "selfservice": {"default_browser_return_url": "https://app.example.org/"},
            "identity": {"schemas": [{"id": "default", "url": "base64://e30="}]},
        });
        for (key, value) in selfservice.as_object().unwrap() {
            settings["selfservice"][key] = value.clone();
        }
        let config = Config::from_json(settings).unwrap();
        let about = |finding: &Finding| finding.problem.contains("changed password");
        assert!(!config.warnings().iter().any(about), "it is no finding");
        advice(&config).iter().count()
    }

    #[test]
    fn sessions_that_outlive_a_password_are_told_of_unless_a_hook_ends_them() {
        let ends = || json!([{"hook": "revoke_active_sessions"}]);
        let hook = json!({"hook": "web_hook", "config": {"url": "https://hooks.example.org/", "method": "POST", "body": "base64://e30="}});
        let others = || json!([hook]);
        let after = |after: Value| json!({"flows": {"settings": {"after": after}}});
        for (settings, expected) in [
            (json!({}), 1),
            (json!({"methods": {"password": {"enabled": false}}}), 0),
            (after(json!({"password": {"hooks": ends()}})), 0),
            (after(json!({"password": {"hooks": others()}})), 1),
        ] {
            assert_eq!(told(settings.clone()), expected, "{settings}");
        }
    }
}
