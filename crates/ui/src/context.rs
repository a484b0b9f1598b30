//! What a page knows besides its content.

use bia_model::flow::State;

use crate::Theme;

/// The `Content-Security-Policy` under which every page works.
///
/// `form-action` is left out on purpose: browsers apply it to the redirects after a submission, and
/// those lead to identity providers and to the application's own site.
pub const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: https:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where the pages lead to; what is `None` is not offered.
///
/// URLs are relative or `http(s)`; any other is shown as a link to nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The folder of the style sheet, without a slash at the end. The default is relative, and fits
    /// all pages that lie directly under `/ui/`.
    pub assets: String,
    /// The home page.
    pub home: Option<String>,
    /// Starts a login.
    pub login: Option<String>,
    /// Starts a registration.
    pub registration: Option<String>,
    /// Starts a recovery.
    pub recovery: Option<String>,
    /// Starts a verification.
    pub verification: Option<String>,
    /// Starts the settings.
    pub settings: Option<String>,
    /// The page with the browsers that are trusted.
    pub trusted_browsers: Option<String>,
    /// Ends the session: the logout URL with its token. Its presence means that somebody is signed in.
    pub logout: Option<String>,
    /// The page with the mails of development mode.
    pub inbox: Option<String>,
}

impl Default for Links {
    fn default() -> Links {
        Links {
            assets: "assets".into(),
            home: None,
            login: None,
            registration: None,
            recovery: None,
            verification: None,
            settings: None,
            trusted_browsers: None,
            logout: None,
            inbox: None,
        }
    }
}

/// What every page is given besides its content.
#[derive(Debug, Clone, Copy)]
pub struct PageContext<'a> {
    /// Name, logo and colours.
    pub theme: &'a Theme,
    /// Where the page leads to.
    pub links: &'a Links,
    /// How far the flow is; `None` on pages without one.
    pub state: Option<State>,
    /// The reader's language (BCP 47). English and German are known, others read English.
    pub lang: &'a str,
}
