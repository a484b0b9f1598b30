//! Hooks that never run.

use serde_json::Value;

use super::{Case, Diagnosis};

const FLOWS: [&str; 5] = [
    "login",
    "registration",
    "settings",
    "recovery",
    "verification",
];

/// A hook as somebody wrote it.
pub(super) struct WrittenHook {
    pub(super) flow: &'static str,
    /// `None` for hooks of all methods, and for those that run before the flow.
    pub(super) method: Option<String>,
    pub(super) path: String,
    pub(super) name: String,
}

/// All hooks that are written, in the order of the configuration.
pub(super) fn every_hook(case: &Case) -> Vec<WrittenHook> {
    let mut all = Vec::new();
    for flow in FLOWS {
        let base = format!("selfservice.flows.{flow}");
        list(case, flow, None, &format!("{base}.before.hooks"), &mut all);
        list(case, flow, None, &format!("{base}.after.hooks"), &mut all);
        let after = case
            .survey
            .written(&format!("{base}.after"))
            .and_then(Value::as_object);
        let methods = after
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "hooks");
        for (method, _) in methods {
            list(
                case,
                flow,
                Some(method),
                &format!("{base}.after.{method}.hooks"),
                &mut all,
            );
        }
    }
    all
}

fn list(
    case: &Case,
    flow: &'static str,
    method: Option<&str>,
    path: &str,
    all: &mut Vec<WrittenHook>,
) {
    let hooks = case.written_list(path).iter().enumerate();
    all.extend(hooks.filter_map(|(index, hook)| {
        Some(WrittenHook {
            flow,
            method: method.map(str::to_owned),
            path: format!("{path}[{index}]"),
            name: hook.get("hook")?.as_str()?.to_owned(),
        })
    }));
}

/// The key that switches a flow on, when it is off.
fn flow_off(case: &Case, flow: &str) -> Option<String> {
    let flows = &case.config().selfservice.flows;
    let on = match flow {
        "registration" => flows.registration.enabled,
        "recovery" => flows.recovery.enabled,
        "verification" => flows.verification.enabled,
        _ => true,
    };
    (!on).then(|| format!("selfservice.flows.{flow}.enabled"))
}

/// The key that lets a method take part in a flow, when it does not.
fn method_off(case: &Case, flow: &str, method: &str) -> Option<&'static str> {
    let methods = &case.config().selfservice.methods;
    let (on, key) = match (method, flow) {
        ("password", _) => (
            methods.password.enabled,
            "selfservice.methods.password.enabled",
        ),
        ("oidc", _) => (methods.oidc.enabled, "selfservice.methods.oidc.enabled"),
        ("totp", _) => (methods.totp.enabled, "selfservice.methods.totp.enabled"),
        ("lookup_secret", _) => (
            methods.lookup_secret.enabled,
            "selfservice.methods.lookup_secret.enabled",
        ),
        ("passkey", _) => (
            methods.passkey.enabled,
            "selfservice.methods.passkey.enabled",
        ),
        ("profile", _) => (
            methods.profile.enabled,
            "selfservice.methods.profile.enabled",
        ),
        ("webauthn", "registration") if methods.webauthn.enabled => (
            methods.webauthn.config.passwordless,
            "selfservice.methods.webauthn.config.passwordless",
        ),
        ("webauthn", _) => (
            methods.webauthn.enabled,
            "selfservice.methods.webauthn.enabled",
        ),
        ("code", "registration") => (
            methods.code.passwordless_enabled,
            "selfservice.methods.code.passwordless_enabled",
        ),
        ("code", "login") => (
            methods.code.passwordless_enabled || methods.code.mfa_enabled,
            "selfservice.methods.code.passwordless_enabled",
        ),
        _ => (true, ""),
    };
    (!on).then_some(key)
}

/// `a.b.c` and a value as YAML.
fn yaml(path: &str, value: &str) -> String {
    let steps: Vec<&str> = path.split('.').collect();
    let last = steps.len().saturating_sub(1);
    let line = |(depth, step): (usize, &&str)| {
        let end = if depth == last {
            format!(" {value}")
        } else {
            String::new()
        };
        format!("{}{step}:{end}", "  ".repeat(depth))
    };
    steps
        .iter()
        .enumerate()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Hooks of flows and methods that are switched off: one finding for each list.
pub(super) fn of_what_is_off(case: &Case) -> Vec<Diagnosis> {
    let mut told: Vec<String> = Vec::new();
    let mut findings = Vec::new();
    for hook in every_hook(case) {
        let off = flow_off(case, hook.flow)
            .or_else(|| Some(method_off(case, hook.flow, hook.method.as_deref()?)?.to_owned()));
        let Some(key) = off else { continue };
        if told.contains(&key) {
            continue;
        }
        let what = format!("The hook {} never runs: {key} is false.", hook.name);
        let found = case.found("hooks.never_run", &hook.path, what);
        findings.push(
            found
                .why("It looks as if something were done after the flow, and it is not.")
                .mend(
                    "Remove the hook, or switch on what it belongs to.",
                    yaml(&key, "true"),
                ),
        );
        told.push(key);
    }
    findings
}

/// Hooks about verified addresses while no address is ever verified.
pub(super) fn need_verification(case: &Case) -> Vec<Diagnosis> {
    const ENABLED: &str = "selfservice.flows.verification.enabled";
    if case.config().selfservice.flows.verification.enabled {
        return Vec::new();
    }
    let running = |hook: &WrittenHook| {
        flow_off(case, hook.flow).is_none()
            && hook
                .method
                .as_deref()
                .is_none_or(|method| method_off(case, hook.flow, method).is_none())
    };
    let finding = |hook: &WrittenHook| {
        match hook.name.as_str() {
        "require_verified_address" => Some(
            case.found("hooks.locks_out", &hook.path, "Signing in needs a verified address, but verification is switched off.")
                .why("Nobody can verify an address, so nobody but those who have done so earlier can sign in.")
                .mend("Switch verification on.", yaml(ENABLED, "true")),
        ),
        "show_verification_ui" | "verification" | "verify_new_address" => Some(
            case.found("hooks.never_run", &hook.path, format!("The hook {} does nothing: verification is switched off.", hook.name))
                .why("No verification is ever started.")
                .mend("Switch verification on, or remove the hook.", yaml(ENABLED, "true")),
        ),
        _ => None,
    }
    };
    let hooks: Vec<WrittenHook> = every_hook(case)
        .into_iter()
        .filter(|hook| hook.flow != "verification")
        .collect();
    // All of them have one cause, so the first is enough.
    hooks
        .iter()
        .filter(|hook| running(hook))
        .find_map(finding)
        .into_iter()
        .collect()
}
