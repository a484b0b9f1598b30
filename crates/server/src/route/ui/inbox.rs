//! The inbox of development mode: what the server sent, or would have sent had it a mail server.

use bia_selfservice::cx::Cx;
use bia_selfservice::problem::Problem;
use bia_store::courier::{self, Message, MessagePage};
use bia_ui::{Mail, inbox_page};

use super::Answer;
use super::view::View;

/// Most messages that are shown.
const MOST_MESSAGES: u32 = 50;

/// The newest messages. Outside of development mode there is no such page: anybody could read anybody's codes.
pub(super) async fn show(cx: &Cx) -> Result<Answer, Problem> {
    if !cx.config().dev {
        return Ok(Answer::Missing);
    }
    let mut conn = cx.read().await?;
    let newest = MessagePage {
        size: MOST_MESSAGES,
        ..MessagePage::default()
    };
    let messages = courier::list(&mut conn, &newest).await?.items;
    drop(conn);
    let mails: Vec<Mail> = messages.into_iter().map(mail).collect();
    let view = View::of(cx, None).await?;
    Ok(Answer::page(inbox_page(&mails, &view.context(None))))
}

fn mail(message: Message) -> Mail {
    Mail {
        recipient: message.recipient,
        subject: message.subject,
        body: message.body,
        status: message.status.as_str().to_owned(),
        at: message.created_at,
    }
}
