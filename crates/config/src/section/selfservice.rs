//! `selfservice`: flows, methods, and where browsers may be sent.

use super::{flow::Flows, method::Methods};
use crate::{RedirectUrl, ReturnUrls};

/// What people do for themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfService {
    /// Where browsers go when nothing else says so.
    pub default_browser_return_url: RedirectUrl,
    /// Where `return_to` may lead.
    pub allowed_return_urls: ReturnUrls,
    /// Pages, lifespans and hooks of each flow.
    pub flows: Flows,
    /// The ways to prove and keep an identity.
    pub methods: Methods,
}

/// The pages that people see. Each has a `ui_url`, and a built-in page for when it is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Page {
    /// Login.
    Login,
    /// Registration.
    Registration,
    /// Settings.
    Settings,
    /// Recovery.
    Recovery,
    /// Verification.
    Verification,
    /// Errors.
    Error,
}

impl Page {
    /// All pages.
    pub const ALL: [Self; 6] = [
        Self::Login,
        Self::Registration,
        Self::Settings,
        Self::Recovery,
        Self::Verification,
        Self::Error,
    ];

    /// The flow's name as in paths and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Registration => "registration",
            Self::Settings => "settings",
            Self::Recovery => "recovery",
            Self::Verification => "verification",
            Self::Error => "error",
        }
    }
}

impl SelfService {
    /// The configured page; `None` means the built-in one.
    #[must_use]
    pub fn ui_url(&self, page: Page) -> Option<&RedirectUrl> {
        let flows = &self.flows;
        match page {
            Page::Login => flows.login.ui_url.as_ref(),
            Page::Registration => flows.registration.ui_url.as_ref(),
            Page::Settings => flows.settings.ui_url.as_ref(),
            Page::Recovery => flows.recovery.ui_url.as_ref(),
            Page::Verification => flows.verification.ui_url.as_ref(),
            Page::Error => flows.error.ui_url.as_ref(),
        }
    }
}
