//! Security keys and passkeys against the pages that use them.

use bia_config::section::method::RelyingParty;
use url::Url;

use super::super::case::{is_inside, is_loopback};
use super::{Case, Diagnosis};

/// The methods that are on, each with its site and the key of that.
fn parties(case: &Case) -> Vec<(&'static str, &RelyingParty)> {
    let methods = &case.config().selfservice.methods;
    let both = [
        (
            methods.webauthn.enabled,
            "selfservice.methods.webauthn.config.rp",
            &methods.webauthn.config.rp,
        ),
        (
            methods.passkey.enabled,
            "selfservice.methods.passkey.config.rp",
            &methods.passkey.config.rp,
        ),
    ];
    both.into_iter()
        .filter(|(on, _, rp)| *on && !rp.id.is_empty())
        .map(|(_, key, rp)| (key, rp))
        .collect()
}

fn snippet(key: &str, id: &str, origin: &str) -> String {
    let method = if key.contains("passkey") {
        "passkey"
    } else {
        "webauthn"
    };
    format!(
        "selfservice:\n  methods:\n    {method}:\n      config:\n        rp:\n          id: {id}\n          origins:\n            - {origin}"
    )
}

/// `rp.id` is not the host of its pages, nor a domain around it.
pub(super) fn wrong_host(case: &Case) -> Vec<Diagnosis> {
    let outside = |(key, rp): (&'static str, &RelyingParty)| {
        let hosts: Vec<String> = rp
            .allowed_origins(case.base())
            .iter()
            .filter_map(|origin| Url::parse(origin).ok()?.host_str().map(str::to_owned))
            .collect();
        let suits = |host: &String| {
            let around = *host == rp.id || host.ends_with(&format!(".{}", rp.id));
            // On one's own machine 127.0.0.1 and localhost are the same.
            around || (is_loopback(host) && is_loopback(&rp.id))
        };
        let wrong = hosts.iter().find(|host| !suits(host));
        let no_host = rp.id.contains([':', '/']);
        if wrong.is_none() && !no_host {
            return None;
        }
        let host = wrong.cloned().unwrap_or_else(|| case.host().to_owned());
        let what = if no_host {
            format!(
                "The site {:?} is no host name: it has a scheme, a port or a path.",
                rp.id
            )
        } else {
            format!(
                "The site {:?} is not the host of the page {host:?}, nor a domain around it.",
                rp.id
            )
        };
        let found = case.found("relying_party.host", &format!("{key}.id"), what);
        Some(found.why("Browsers refuse to make or use a key there, with a SecurityError that the server never sees.").mend("Write the host of your pages, or the domain that they are in.", snippet(key, bia_config::site(&host), &format!("https://{host}"))))
    };
    parties(case).into_iter().filter_map(outside).collect()
}

/// The login page is on an origin from which keys are not accepted.
pub(super) fn page_not_listed(case: &Case) -> Vec<Diagnosis> {
    if case.is_local() || is_inside(case.host()) {
        return Vec::new();
    }
    let login = case
        .config()
        .ui_url(bia_config::Page::Login)
        .to_url(case.base());
    let Some(origin) = login
        .filter(|url| !is_inside(url.host_str().unwrap_or_default()))
        .map(|url| url.origin().ascii_serialization())
    else {
        return Vec::new();
    };
    let finding = |(key, rp): (&'static str, &RelyingParty)| {
        let origins = rp.allowed_origins(case.base());
        let host = Url::parse(&origin).ok()?.host_str()?.to_owned();
        let suits = host == rp.id || host.ends_with(&format!(".{}", rp.id));
        // When the site itself is wrong, that has been said.
        if !suits
            || origins
                .iter()
                .any(|listed| listed.trim_end_matches('/') == origin)
        {
            return None;
        }
        let found = case.found(
            "relying_party.origin",
            &format!("{key}.origins"),
            format!("The login page is at {origin}, from where keys are not accepted."),
        );
        Some(
            found
                .why("Every use of a key on that page ends in message 4000043.")
                .mend("Add the page's origin.", snippet(key, &rp.id, &origin)),
        )
    };
    parties(case).into_iter().filter_map(finding).collect()
}
