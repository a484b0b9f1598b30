//! The inbox of development mode: what was sent, without a mail server.

use askama::Template;
use time::OffsetDateTime;

use crate::context::PageContext;
use crate::home::minutes;
use crate::link::{self, Piece};
use crate::page::{Frame, finish};
use crate::wording::Wording;

/// One message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Where it goes.
    pub recipient: String,
    /// Empty for SMS.
    pub subject: String,
    /// The plain text. Links and six-digit codes in it are made to stand out.
    pub body: String,
    /// `queued`, `sent`, `processing` or `abandoned`.
    pub status: String,
    /// When it was queued.
    pub at: OffsetDateTime,
}

struct Letter<'a> {
    mail: &'a Mail,
    at: String,
    pieces: Vec<Piece<'a>>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage<'a> {
    frame: Frame,
    letters: Vec<Letter<'a>>,
}

/// The page with the messages, in the order given (newest first reads best).
pub fn inbox_page(mails: &[Mail], ctx: &PageContext<'_>) -> String {
    let w = Wording::of(ctx.lang);
    let mut frame = Frame::new(ctx, w.inbox);
    frame.wide = true;
    frame.inbox = None;
    let letters = mails.iter().map(|mail| Letter {
        mail,
        at: minutes(mail.at),
        pieces: link::pieces(&mail.body),
    });
    finish(&InboxPage {
        frame,
        letters: letters.collect(),
    })
}
