//! Messages that nobody delivers.

use bia_model::Channel;
use serde_json::Value;

use super::hooks::every_hook;
use super::{Case, Diagnosis};

/// Flows send mail, and there is no way to deliver it. In development mode the inbox page is enough.
pub(super) fn missing(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    if config.courier.delivers_mail() || config.dev {
        return Vec::new();
    }
    let Some(sender) = first_sender(case) else {
        return Vec::new();
    };
    let found = case.found(
        "courier.missing",
        "courier.smtp.connection_uri",
        format!("Mail is sent because of {sender}, but there is no way to deliver it."),
    );
    vec![found
        .why("Messages stay in the queue until they are given up: codes and links never arrive, and the flows say that they were sent.")
        .mend("Name your mail server, and let a process deliver (bia serve --watch-courier or bia courier watch).",
            "courier:\n  smtp:\n    connection_uri: smtps://user:password@mail.example.org:465/\n    from_address: no-reply@example.org")]
}

/// The key of the first thing that sends mail.
fn first_sender(case: &Case) -> Option<String> {
    let selfservice = &case.config().selfservice;
    let code = &selfservice.methods.code;
    let keys = [
        (
            selfservice.flows.recovery.enabled,
            "selfservice.flows.recovery.enabled",
        ),
        (
            selfservice.flows.verification.enabled,
            "selfservice.flows.verification.enabled",
        ),
        (
            code.passwordless_enabled,
            "selfservice.methods.code.passwordless_enabled",
        ),
        (code.mfa_enabled, "selfservice.methods.code.mfa_enabled"),
    ];
    let key = keys
        .into_iter()
        .find(|(on, _)| *on)
        .map(|(_, key)| key.to_owned());
    key.or_else(|| {
        let hooks = every_hook(case).into_iter();
        hooks
            .filter(|hook| hook.name == "notify_previous_addresses")
            .map(|hook| hook.path)
            .next()
    })
}

/// Traits whose codes go to a phone, and no service for text messages.
pub(super) fn no_way_for_text_messages(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    let selfservice = &config.selfservice;
    let code = &selfservice.methods.code;
    let wanted = case.any_trait(|extension| {
        let by_code = extension.code.and_then(|code| code.via) == Some(Channel::Sms)
            && (code.passwordless_enabled || code.mfa_enabled);
        let verified =
            extension.verification == Some(Channel::Sms) && selfservice.flows.verification.enabled;
        let recovered =
            extension.recovery == Some(Channel::Sms) && selfservice.flows.recovery.enabled;
        by_code || verified || recovered
    });
    if !wanted || config.courier.channel("sms").is_some() || config.dev {
        return Vec::new();
    }
    let found = case.found("courier.sms", "courier.channels", "An identity schema sends codes to phones (via: sms), but no channel for text messages is configured.");
    vec![found
        .why("The codes are never sent.")
        .mend("Name a web service that sends text messages.",
            "courier:\n  channels:\n    - id: sms\n      type: http\n      request_config:\n        url: https://sms.example.org/send\n        method: POST\n        body: file:///etc/bia/sms.jsonnet")]
}

/// A channel without what is filled in elsewhere, but not inside lists.
pub(super) fn channel_unfinished(case: &Case) -> Vec<Diagnosis> {
    let channels = case.written_list("courier.channels").iter().enumerate();
    let lacks = |(index, channel): (usize, &Value)| {
        let key = format!("courier.channels[{index}]");
        let has = |path: &str| channel.pointer(path).is_some();
        let missing = [
            ("/type", "type"),
            ("/request_config/body", "request_config.body"),
            ("/request_config/url", "request_config.url"),
        ];
        let (_, name) = missing.into_iter().find(|(path, _)| !has(path))?;
        let found = case.found(
            "courier.channel",
            &key,
            format!("The channel has no {name}."),
        );
        Some(found.why("Defaults are not filled in inside lists, so its messages cannot be delivered.").mend(
            "Write it.",
            "courier:\n  channels:\n    - id: sms\n      type: http\n      request_config:\n        url: https://sms.example.org/send\n        method: POST\n        body: file:///etc/bia/sms.jsonnet",
        ))
    };
    channels.filter_map(lacks).collect()
}
