//! The pages that show flows.

use bia_config::Page;

use super::super::case::{is_inside, ui_url_key};
use super::{Case, Diagnosis};

/// Some flows have pages of the operator's own, others show the built-in ones.
pub(super) fn some_unset(case: &Case) -> Vec<Diagnosis> {
    let config = case.config();
    let flows = &config.selfservice.flows;
    let used = |page: Page| match page {
        Page::Registration => flows.registration.enabled,
        Page::Recovery => flows.recovery.enabled,
        Page::Verification => flows.verification.enabled,
        Page::Login | Page::Settings | Page::Error => true,
    };
    let (own, built_in): (Vec<Page>, Vec<Page>) = Page::ALL
        .into_iter()
        .filter(|page| used(*page))
        .partition(|page| config.selfservice.ui_url(*page).is_some());
    if own.is_empty() {
        return Vec::new();
    }
    let example = own
        .first()
        .and_then(|page| config.selfservice.ui_url(*page))
        .map_or("https://app.example.org/login", |url| url.as_str());
    let beside = |page: Page| {
        example
            .rsplit_once('/')
            .map_or_else(String::new, |(before, _)| {
                format!("{before}/{}", page.name())
            })
    };
    let finding = |page: Page| {
        let name = page.name();
        let what = format!("The {name} flow has no page of yours, though others have.");
        let why = "Browsers see the built-in page there (the reference would send them to its maker's site).";
        let snippet = format!(
            "selfservice:\n  flows:\n    {name}:\n      ui_url: {}",
            beside(page)
        );
        case.found("pages.unset", &ui_url_key(page), what)
            .why(why)
            .mend("Name your page for it.", snippet)
    };
    built_in.into_iter().map(finding).collect()
}

/// A page that only the inside of a network knows.
pub(super) fn inside(case: &Case) -> Vec<Diagnosis> {
    let pages = case.own_pages().into_iter();
    let inside = pages.filter(|(_, _, url)| {
        is_inside(url.host_str().unwrap_or_default()) && matches!(url.scheme(), "http" | "https")
    });
    let finding = |(page, key, url): (Page, String, url::Url)| {
        let name = page.name();
        let what = format!(
            "The {name} page is at {:?}, a name that only machines inside your network know.",
            url.host_str().unwrap_or_default()
        );
        let snippet = format!(
            "selfservice:\n  flows:\n    {name}:\n      ui_url: https://app.example.org/{name}"
        );
        case.found("pages.inside", &key, what)
            .why("Browsers are sent there, and cannot find it.")
            .mend("Write the address that browsers see.", snippet)
    };
    inside.map(finding).collect()
}
