//! The browsers in which somebody need not give the second factor, and the buttons that end that.

use askama::Template;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::context::PageContext;
use crate::home::{browser, minutes};
use crate::link;
use crate::page::{Frame, Way, finish};
use crate::wording::Wording;

/// A browser that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// What it is ended by.
    pub id: Uuid,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// Where it was when it was trusted, in parts; empty ones are left out.
    pub place: Vec<String>,
    /// When somebody last signed in there.
    pub last_used_at: OffsetDateTime,
    /// Until when it is trusted.
    pub expires_at: OffsetDateTime,
    /// Whether it is the one that asks for the page.
    pub current: bool,
}

/// Where the page's forms are sent, and what protects them.
#[derive(Debug, Clone, Copy)]
pub struct TrustForm<'a> {
    /// The address.
    pub action: &'a str,
    /// The anti-CSRF token.
    pub csrf_token: &'a str,
}

struct Seat {
    id: String,
    device: String,
    place: String,
    used: String,
    until: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "trusted.html")]
struct TrustedPage<'a> {
    frame: Frame,
    action: &'a str,
    csrf_token: &'a str,
    seats: Vec<Seat>,
    ways: Vec<Way>,
}

/// The page with the browsers that somebody trusts, in the order given.
pub fn trusted_page(all: &[Trusted], form: TrustForm<'_>, ctx: &PageContext<'_>) -> String {
    let w = Wording::of(ctx.lang);
    let mut frame = Frame::new(ctx, w.trusted);
    frame.wide = true;
    let links = ctx.links;
    let ways = [
        Way::to(links.home.as_ref(), w.to_home, "home"),
        Way::to(links.settings.as_ref(), w.to_settings, "settings"),
        Way::to(links.logout.as_ref(), w.to_logout, "logout"),
    ];
    finish(&TrustedPage {
        frame,
        action: link::safe(form.action),
        csrf_token: form.csrf_token,
        seats: all.iter().map(|one| seat(one, w)).collect(),
        ways: ways.into_iter().flatten().collect(),
    })
}

fn seat(one: &Trusted, w: &Wording) -> Seat {
    let agent = one.user_agent.as_deref().unwrap_or_default();
    let place = one.place.iter().filter(|part| !part.is_empty());
    let place: Vec<&str> = place.map(String::as_str).collect();
    Seat {
        id: one.id.to_string(),
        device: browser(agent).unwrap_or_else(|| w.unknown_device.into()),
        place: place.join(" · "),
        used: minutes(one.last_used_at),
        until: minutes(one.expires_at),
        current: one.current,
    }
}
