//! The pages of the five self-service flows.

use askama::Template;
use bia_model::flow::{FlowKind, State};
use bia_model::ui::{InputType, Ui};

use crate::context::PageContext;
use crate::field::Row;
use crate::form::{self, Arrangement};
use crate::page::{Frame, Way, finish};
use crate::wording::{Heading, Wording};

/// Which flow a page shows.
pub type PageKind = FlowKind;

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    frame: Frame,
    kind: &'static str,
    /// Whether every section has a card of its own.
    cards: bool,
    content: Arrangement,
    ways: Vec<Way>,
}

/// The page of a flow, from the flow's own nodes and messages.
pub fn flow_page(kind: PageKind, ui: &Ui, ctx: &PageContext<'_>) -> String {
    let wording = Wording::of(ctx.lang);
    let cards = kind == FlowKind::Settings;
    let content = if cards {
        form::of_settings(ui, wording)
    } else {
        form::of_flow(ui, wording)
    };
    let mut frame = Frame::new(ctx, heading(kind, ui, ctx.state, wording));
    frame.wide = cards;
    frame.failed = content.has_errors();
    frame.script = content.needs_script();
    frame.scripts.clone_from(&content.scripts);
    let ways = ways(kind, ui, ctx, wording);
    finish(&FlowPage {
        frame,
        kind: kind.as_str(),
        cards,
        content,
        ways,
    })
}

/// Messages that say what a login is for.
const REFRESH: u32 = 1_010_003;
const SECOND_FACTOR: u32 = 1_010_004;
const ACCOUNT_LINK: u32 = 1_010_016;
/// The message of the second registration screen.
const CHOOSE_CREDENTIAL: u32 = 1_040_009;

fn says(ui: &Ui, id: u32) -> bool {
    ui.messages.iter().any(|message| message.id == id)
}

/// Whether the form asks for a code that was sent.
fn awaits_code(ui: &Ui) -> bool {
    ui.find("code")
        .and_then(|node| node.as_input())
        .is_some_and(|input| input.r#type != InputType::Hidden)
}

/// After a wrong password the notice of the second registration screen is gone, its way back is not.
fn has_way_back(ui: &Ui) -> bool {
    ui.nodes
        .iter()
        .filter_map(|node| node.as_input())
        .any(|input| {
            input.name == "screen"
                && input
                    .value
                    .as_ref()
                    .is_some_and(|value| value == "previous")
        })
}

fn heading(kind: FlowKind, ui: &Ui, state: Option<State>, w: &Wording) -> Heading {
    match kind {
        FlowKind::Settings => w.settings,
        FlowKind::Verification
            if state == Some(State::PassedChallenge) || ui.find("continue").is_some() =>
        {
            w.verification_done
        }
        _ if awaits_code(ui) => w.code_sent,
        FlowKind::Login if says(ui, REFRESH) => w.login_refresh,
        FlowKind::Login if says(ui, SECOND_FACTOR) || asks_second_factor(ui) => w.login_second,
        FlowKind::Login if says(ui, ACCOUNT_LINK) => w.login_link,
        FlowKind::Registration if says(ui, CHOOSE_CREDENTIAL) || has_way_back(ui) => {
            w.registration_method
        }
        _ => w.flow(kind),
    }
}

/// After a wrong code the notice of the second factor is gone, its fields are not.
fn asks_second_factor(ui: &Ui) -> bool {
    ui.find("totp_code").is_some() || ui.find("lookup_secret").is_some()
}

fn ways(kind: FlowKind, ui: &Ui, ctx: &PageContext<'_>, w: &'static Wording) -> Vec<Way> {
    let links = ctx.links;
    let login = || Way::to(links.login.as_ref(), w.to_login, "login");
    let registration = || Way::to(links.registration.as_ref(), w.no_account, "registration");
    let recovery = || Way::to(links.recovery.as_ref(), w.to_recovery, "recovery");
    let logout = || Way::to(links.logout.as_ref(), w.to_other_account, "logout");
    let home = || Way::to(links.home.as_ref(), w.to_home, "home");
    // In development mode there is no other place to find the code.
    let inbox =
        awaits_code(ui).then(|| Way::to(links.inbox.as_ref(), w.code_in_inbox, "code-in-inbox"));
    let signed_in = links.logout.is_some();
    let stepping = says(ui, REFRESH) || says(ui, SECOND_FACTOR) || asks_second_factor(ui);
    let ways = match kind {
        FlowKind::Login if stepping || signed_in => vec![logout()],
        FlowKind::Login => vec![recovery(), registration()],
        FlowKind::Registration => vec![Way::to(links.login.as_ref(), w.have_account, "login")],
        FlowKind::Settings => {
            let verification = Way::to(
                links.verification.as_ref(),
                w.to_verification,
                "verification",
            );
            vec![
                home(),
                verification,
                Way::to(
                    links.trusted_browsers.as_ref(),
                    w.trusted.0,
                    "trusted-browsers",
                ),
                Way::to(links.logout.as_ref(), w.to_logout, "logout"),
            ]
        }
        FlowKind::Verification if signed_in => vec![home()],
        FlowKind::Recovery | FlowKind::Verification => vec![login(), registration()],
    };
    inbox.into_iter().chain(ways).flatten().collect()
}
