//! The public address, as the configuration tells it.

use super::super::case::is_inside;
use super::{Case, Diagnosis};

const BASE_URL: &str = "serve.public.base_url";

fn snippet(url: &str) -> String {
    format!("serve:\n  public:\n    base_url: {url}")
}

/// Without the key, the address is made of the machine's name, which in a container changes with each start.
pub(super) fn base_url_unset(case: &Case) -> Vec<Diagnosis> {
    if case.is_written(BASE_URL) || case.config().dev || case.listens_locally() {
        return Vec::new();
    }
    let made = case.base();
    let found = case.found(
        "base_url.unset",
        BASE_URL,
        format!("The public address is not set; it was made of this machine's name: {made}."),
    );
    vec![found
        .why("Links, form actions, callbacks and the name of the anti-CSRF cookie are made of it. In a container it changes with each start, and browsers cannot reach it.")
        .mend("Write the address that browsers see, with the path prefix of a proxy.", snippet("https://auth.example.org/"))]
}

/// An address that only the inside of a network knows.
pub(super) fn base_url_inside(case: &Case) -> Vec<Diagnosis> {
    if !case.is_written(BASE_URL) || !is_inside(case.host()) {
        return Vec::new();
    }
    let host = case.host();
    let found = case.found(
        "base_url.inside",
        BASE_URL,
        format!("{host:?} is a name that only machines inside your network know."),
    );
    vec![found
        .why("Browsers are sent to it by every form and link, and cannot find it. It works in compose on one's own machine, and stops working behind an ingress.")
        .mend("Write the address that browsers see.", snippet("https://auth.example.org/"))]
}

/// An address with a part of our own paths, which would then be there twice.
pub(super) fn base_url_with_a_path_of_ours(case: &Case) -> Vec<Diagnosis> {
    const OURS: [&str; 5] = [
        "/self-service",
        "/sessions",
        "/admin",
        "/ui",
        "/.well-known",
    ];
    let path = case.base().path().trim_end_matches('/');
    let wrong = case.base().query().is_some() || OURS.iter().any(|ours| path.ends_with(ours));
    if !wrong {
        return Vec::new();
    }
    let mut right = case.base().clone();
    right.set_query(None);
    if let Some(ours) = OURS.iter().find(|ours| path.ends_with(**ours)) {
        right.set_path(&format!("{}/", path.trim_end_matches(ours)));
    }
    let found = case.found(
        "base_url.path",
        BASE_URL,
        "The public address ends in a path of the API.",
    );
    vec![
        found
            .why("Paths are put behind it, so that links would have that part twice.")
            .mend(
                "Write only what is in front of the API's own paths.",
                snippet(right.as_str()),
            ),
    ]
}

/// http here and https on the pages, or the other way round.
pub(super) fn scheme_unlike_the_pages(case: &Case) -> Vec<Diagnosis> {
    if case.is_local() || is_inside(case.host()) {
        return Vec::new();
    }
    let scheme = case.base().scheme();
    let other = case.own_pages().into_iter().find(|(_, _, url)| {
        matches!(url.scheme(), "http" | "https")
            && url.scheme() != scheme
            && !is_inside(url.host_str().unwrap_or_default())
    });
    let Some((page, key, url)) = other else {
        return Vec::new();
    };
    if scheme == "http" {
        let mut right = case.base().clone();
        if right.set_scheme("https").is_err() {
            return Vec::new();
        }
        let found = case.found(
            "base_url.scheme",
            BASE_URL,
            format!(
                "The public address is http, but the {} page is https.",
                page.name()
            ),
        );
        return vec![found
            .why("Behind a proxy that speaks https, browsers would post forms to http: they warn, lose Secure cookies, and end in 403 security_csrf_violation.")
            .mend("Write https, as browsers see it.", snippet(right.as_str()))];
    }
    let found = case.found(
        "pages.scheme",
        &key,
        format!(
            "The {} page is http, but the public address is https.",
            page.name()
        ),
    );
    let right = url.as_str().replacen("http:", "https:", 1);
    vec![
        found
            .why(
                "Browsers treat the two as different sites: cookies with SameSite do not go along.",
            )
            .mend(
                "Write https.",
                format!(
                    "selfservice:\n  flows:\n    {}:\n      ui_url: {right}",
                    page.name()
                ),
            ),
    ]
}
