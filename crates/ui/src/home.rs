//! The home page: who is signed in, and where.

use askama::Template;
use bia_model::Session;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::context::PageContext;
use crate::page::{Frame, Way, finish};
use crate::wording::Wording;

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// How the person is called: a name or an identifier.
    pub name: &'a str,
    /// The person's live sessions; may be empty.
    pub sessions: &'a [Session],
    /// The id of the session that asks for the page.
    pub current: Option<Uuid>,
}

struct Seat {
    device: String,
    place: Option<String>,
    since: String,
    methods: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    frame: Frame,
    name: Option<&'a str>,
    seats: Vec<Seat>,
    ways: Vec<Way>,
}

/// The page at `/ui/`; `None` when nobody is signed in.
pub fn home_page(home: Option<&Home<'_>>, ctx: &PageContext<'_>) -> String {
    let w = Wording::of(ctx.lang);
    let links = ctx.links;
    let lead = if home.is_some() { "" } else { w.welcome.1 };
    let frame = Frame::new(ctx, (w.welcome.0, lead));
    let ways = match home {
        Some(_) => vec![
            Way::to(links.settings.as_ref(), w.to_settings, "settings"),
            Way::to(
                links.trusted_browsers.as_ref(),
                w.trusted.0,
                "trusted-browsers",
            ),
            Way::to(links.logout.as_ref(), w.to_logout, "logout"),
        ],
        None => vec![
            Way::to(links.login.as_ref(), w.to_login, "login"),
            Way::to(
                links.registration.as_ref(),
                w.to_registration,
                "registration",
            ),
            Way::to(links.recovery.as_ref(), w.to_recovery, "recovery"),
        ],
    };
    let seats = home.map(|home| seats(home, w)).unwrap_or_default();
    let ways = ways.into_iter().flatten().collect();
    finish(&HomePage {
        frame,
        name: home.map(|home| home.name),
        seats,
        ways,
    })
}

fn seats(home: &Home<'_>, w: &Wording) -> Vec<Seat> {
    let mut seats: Vec<Seat> = home
        .sessions
        .iter()
        .map(|session| seat(session, home.current, w))
        .collect();
    seats.sort_by_key(|seat| !seat.current);
    seats
}

fn seat(session: &Session, current: Option<Uuid>, w: &Wording) -> Seat {
    let device = session.devices.first();
    let agent = device
        .and_then(|device| device.user_agent.as_deref())
        .unwrap_or_default();
    let place = device.map(|device| {
        let parts = [device.location.as_deref(), device.ip_address.as_deref()];
        parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    });
    let mut methods: Vec<&str> = session
        .authentication_methods
        .iter()
        .map(|method| method.method.as_str())
        .collect();
    methods.dedup();
    Seat {
        device: browser(agent).unwrap_or_else(|| w.unknown_device.into()),
        place: place.filter(|place| !place.is_empty()),
        since: minutes(session.authenticated_at),
        methods: methods.join(" + "),
        current: current == Some(session.id),
    }
}

/// A time to the minute, in UTC.
pub(crate) fn minutes(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date} {hour:02}:{minute:02} UTC")
}

/// Browser and system from the client's own name; the name itself when neither is known.
pub(crate) fn browser(agent: &str) -> Option<String> {
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        _ if agent.trim().is_empty() => None,
        _ => Some(agent.chars().take(80).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_name() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(browser(firefox).as_deref(), Some("Firefox, Linux"));
        assert_eq!(browser("curl/8.5.0").as_deref(), Some("curl/8.5.0"));
        assert_eq!(browser(" "), None);
    }

    #[test]
    fn times_are_shown_in_utc() {
        let at = OffsetDateTime::from_unix_timestamp(1_795_629_600).unwrap();
        assert_eq!(minutes(at), "2026-11-25 18:00 UTC");
    }
}
