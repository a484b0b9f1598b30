//! Cookies against the addresses that they are meant for.

use bia_config::{is_unsafe_wildcard, section::cookies::SameSite, site};

use super::super::case::is_inside;
use super::{Case, Diagnosis};

/// The sections that cookies are configured in; the session's own counts more.
const SECTIONS: [&str; 2] = ["cookies", "session.cookie"];

fn snippet(section: &str, key: &str, value: &str) -> String {
    match section.split_once('.') {
        Some((outer, inner)) => format!("{outer}:\n  {inner}:\n    {key}: {value}"),
        None => format!("{section}:\n  {key}: {value}"),
    }
}

/// Cookies for another path than the one that the server is at.
pub(super) fn path_outside_the_prefix(case: &Case) -> Vec<Diagnosis> {
    let prefix = format!("{}/", case.base().path().trim_end_matches('/'));
    let wrong = |section: &&str| {
        let path = case.written_text(&format!("{section}.path"));
        path.is_some_and(|path| {
            !path.is_empty() && !prefix.starts_with(&format!("{}/", path.trim_end_matches('/')))
        })
    };
    let finding = |section: &str| {
        let key = format!("{section}.path");
        let what =
            format!("The cookies are for a path that the server is not at: its own is {prefix}.");
        let why = "Browsers never send them, so every form ends in 403 security_csrf_violation, and nobody stays signed in.";
        case.found("cookies.path", &key, what).why(why).mend(
            "Write / or the prefix of the public address.",
            snippet(section, "path", "/"),
        )
    };
    SECTIONS.into_iter().filter(wrong).map(finding).collect()
}

/// A cookie domain that is no domain of the server's.
pub(super) fn domain(case: &Case) -> Vec<Diagnosis> {
    SECTIONS
        .into_iter()
        .filter_map(|section| wrong_domain(case, section))
        .collect()
}

fn wrong_domain(case: &Case, section: &str) -> Option<Diagnosis> {
    let key = format!("{section}.domain");
    let domain = case
        .written_text(&key)?
        .trim_start_matches('.')
        .to_lowercase();
    let host = case.host();
    if domain.is_empty() || (domain == host && case.is_local()) {
        return None;
    }
    let right = snippet(section, "domain", site(host));
    let covers = host == domain || host.ends_with(&format!(".{domain}"));
    if !covers {
        let what = format!(
            "The cookie domain {domain:?} does not cover the public address, whose host is {host:?}."
        );
        let why = "Browsers throw such cookies away: forms end in 403 security_csrf_violation, and nobody stays signed in.";
        return Some(case.found("cookies.domain", &key, what).why(why).mend(
            "Write a domain that the host is in, or leave the key out.",
            right,
        ));
    }
    let public =
        domain.parse::<std::net::IpAddr>().is_err() && is_unsafe_wildcard(&format!("*.{domain}"));
    public.then(|| {
        let what = format!("Anybody can register names below the cookie domain {domain:?}.");
        case.found("cookies.domain_public", &key, what)
            .why("Browsers refuse cookies for it; one that did not would show sessions to strangers.")
            .mend("Write the domain that is yours, or leave the key out.", right)
    })
}

/// `SameSite=Strict` loses cookies when a browser comes back from elsewhere.
pub(super) fn strict_with_providers(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    if !config.selfservice.methods.oidc.enabled {
        return Vec::new();
    }
    let strict = [
        ("cookies", config.cookies.same_site),
        ("session.cookie", config.session.cookie.same_site),
    ];
    let wrong = strict
        .into_iter()
        .find(|(_, same_site)| *same_site == SameSite::Strict);
    let finding = |(section, _): (&str, SameSite)| {
        case.found("cookies.strict", &format!("{section}.same_site"), "Cookies with SameSite Strict, and sign-in by other providers.")
            .why("A browser that comes back from the provider does not send such cookies, so the sign-in cannot be finished.")
            .mend("Use Lax.", snippet(section, "same_site", "Lax"))
    };
    wrong.map(finding).into_iter().collect()
}

/// Secure cookies on a server that browsers reach by http.
pub(super) fn secure_over_http(case: &Case) -> Vec<Diagnosis> {
    let behind_https = case
        .own_pages()
        .iter()
        .any(|(_, _, url)| url.scheme() == "https");
    let config = case.config();
    let secure = config.session.cookie.secure || config.cookies.secure;
    let inside = is_inside(case.host()) || !case.is_written("serve.public.base_url");
    if case.base().scheme() != "http" || case.is_local() || behind_https || !secure || inside {
        return Vec::new();
    }
    let found = case.found(
        "cookies.secure",
        "serve.public.base_url",
        "The public address is http, but cookies are for https only.",
    );
    vec![found
        .why("Browsers neither keep nor send Secure cookies over http: people are signed out at once.")
        .mend("Use https; for a test inside a network, allow cookies over http.", "cookies:\n  secure: \"false\"\nsession:\n  cookie:\n    secure: \"false\"")]
}

/// Cookies that also travel over http, on a server with https.
pub(super) fn insecure_over_https(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    let lax = |section: &&str| match *section {
        "cookies" => !config.cookies.secure && config.cookies.same_site != SameSite::None,
        _ => !config.session.cookie.secure && config.session.cookie.same_site != SameSite::None,
    };
    if case.base().scheme() != "https" || config.dev {
        return Vec::new();
    }
    let finding = |section: &str| {
        case.found(
            "cookies.insecure",
            &format!("{section}.secure"),
            "The public address is https, but these cookies also travel over http.",
        )
        .why("Whoever listens to one http request of a browser can take its session.")
        .mend(
            "Send them over https only.",
            snippet(section, "secure", "\"true\""),
        )
    };
    SECTIONS.into_iter().filter(lax).map(finding).collect()
}

/// Pages on another site than the API: cookies do not go along.
pub(super) fn pages_on_another_site(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    let host = case.host();
    if case.is_local() || is_inside(host) || config.cookies.same_site == SameSite::None {
        return Vec::new();
    }
    let elsewhere = case.own_pages().into_iter().find(|(_, _, url)| {
        let page = url.host_str().unwrap_or_default();
        matches!(url.scheme(), "http" | "https") && !is_inside(page) && site(page) != site(host)
    });
    let finding = |(page, key, url): (bia_config::Page, String, url::Url)| {
        let what = format!(
            "The {} page is on the site {:?}, the API on {:?}.",
            page.name(),
            site(url.host_str().unwrap_or_default()),
            site(host)
        );
        case.found("cookies.other_site", &key, what)
            .why("Browsers do not send the API's cookies with requests from pages of another site, unless SameSite is None; many block even those.")
            .mend("Put pages and API below one domain; if that cannot be, allow it.", snippet("cookies", "same_site", "None"))
    };
    elsewhere.map(finding).into_iter().collect()
}
