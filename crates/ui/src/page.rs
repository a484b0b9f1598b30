//! The frame around every page.

use bia_model::ui::Script;

use crate::context::PageContext;
use crate::link;
use crate::wording::Wording;

/// A link below the content.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) href: String,
    pub(crate) text: &'static str,
    /// For tests and clients that look for the link.
    pub(crate) testid: &'static str,
}

impl Way {
    /// `None` where there is nowhere to go.
    pub(crate) fn to(
        url: Option<&String>,
        text: &'static str,
        testid: &'static str,
    ) -> Option<Way> {
        url.map(|url| Way {
            href: link::safe(url).into(),
            text,
            testid,
        })
    }
}

/// What the layout needs.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) w: &'static Wording,
    /// The page's own heading.
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) failed: bool,
    pub(crate) product: String,
    pub(crate) logo: Option<String>,
    pub(crate) home: Option<String>,
    pub(crate) assets: String,
    pub(crate) themed: bool,
    pub(crate) wide: bool,
    /// Whether the page's own script is loaded.
    pub(crate) script: bool,
    pub(crate) scripts: Vec<Script>,
    pub(crate) inbox: Option<Way>,
}

impl Frame {
    pub(crate) fn new(ctx: &PageContext<'_>, (title, lead): (&str, &str)) -> Frame {
        let w = Wording::of(ctx.lang);
        Frame {
            w,
            title: title.into(),
            lead: lead.into(),
            failed: false,
            product: ctx.theme.product().into(),
            logo: ctx
                .theme
                .logo
                .as_deref()
                .filter(|url| link::picture(url) == *url)
                .map(str::to_owned),
            home: ctx.links.home.as_deref().map(|url| link::safe(url).into()),
            assets: link::safe(&ctx.links.assets).into(),
            themed: ctx.theme.stylesheet().is_some(),
            wide: false,
            script: false,
            scripts: Vec::new(),
            inbox: Way::to(ctx.links.inbox.as_ref(), w.to_inbox, "inbox"),
        }
    }
}

/// A rendered template. Writing into a string fails only when a template asks for it; ours do not,
/// and a page that is empty is better than none.
pub(crate) fn finish(page: &impl askama::Template) -> String {
    page.render().unwrap_or_default()
}
