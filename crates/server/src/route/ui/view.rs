//! What all pages show around their content: the product's name, and where one can go from here.

use bia_config::Config;
use bia_model::flow::State;
use bia_selfservice::cx::Cx;
use bia_selfservice::flow::logout;
use bia_selfservice::problem::Problem;
use bia_selfservice::return_to;
use bia_ui::{Links, PageContext, Theme};

use super::trusted_browsers;

/// A page's surroundings.
pub(super) struct View {
    theme: Theme,
    links: Links,
}

impl View {
    /// For whoever asks. `return_to` is where the person wants to end; the ways to other flows keep it.
    pub(super) async fn of(cx: &Cx, return_to: Option<&str>) -> Result<View, Problem> {
        let mut view = View::of_nobody(cx, return_to);
        if let Some(live) = cx.session_of_anybody().await? {
            view.links.logout = Some(logout::url(cx, live, None));
        }
        Ok(view)
    }

    /// As if nobody were signed in.
    pub(super) fn of_nobody(cx: &Cx, return_to: Option<&str>) -> View {
        let config = cx.config();
        let flows = &config.selfservice.flows;
        let begin = |kind: &str| {
            let pairs: Vec<(&str, &str)> = return_to
                .map(|url| ("return_to", url))
                .into_iter()
                .collect();
            return_to::own(cx, &format!("/self-service/{kind}/browser"), &pairs)
        };
        let links = Links {
            home: Some(return_to::own(cx, "/ui/", &[])),
            login: Some(begin("login")),
            registration: flows.registration.enabled.then(|| begin("registration")),
            recovery: flows.recovery.enabled.then(|| begin("recovery")),
            verification: flows.verification.enabled.then(|| begin("verification")),
            settings: Some(return_to::own(cx, "/self-service/settings/browser", &[])),
            trusted_browsers: config
                .bia
                .trusted_browser
                .enabled
                .then(|| return_to::own(cx, trusted_browsers::PATH, &[])),
            inbox: config.dev.then(|| return_to::own(cx, "/ui/inbox", &[])),
            ..Links::default()
        };
        View {
            theme: theme(config),
            links,
        }
    }

    /// For a page; `state` says how far its flow is.
    pub(super) fn context(&self, state: Option<State>) -> PageContext<'_> {
        PageContext {
            theme: &self.theme,
            links: &self.links,
            state,
            lang: "en",
        }
    }
}

/// The operator's own look of the pages.
pub(super) fn theme(config: &Config) -> Theme {
    Theme {
        name: config.bia.ui.name.clone().unwrap_or_default(),
        ..Theme::default()
    }
}
