//! How many messages an address gets.

use bia_courier::Template;
use bia_store::Conn;
use time::Duration;

use crate::cx::Cx;
use crate::problem::Problem;

/// How far back messages to one address are counted.
const COUNTED: Duration = Duration::hours(1);

/// Whether the address of a message got so many lately that it gets no more for now, so that nobody can flood it.
/// Whoever asked for the message is answered as always.
pub(crate) async fn has_had_enough(
    cx: &Cx,
    conn: &mut Conn,
    message: &Template,
) -> Result<bool, Problem> {
    let most = i64::from(cx.config().bia.abuse.messages_per_address);
    if most == 0 {
        return Ok(false);
    }
    let since = cx.now - COUNTED;
    let had = bia_store::courier::count_since(conn, message.recipient(), since).await?;
    if had < most {
        return Ok(false);
    }
    tracing::warn!(
        message.template_type = message.kind().as_str(),
        "A message is not sent: its address got {most} in the last hour, which is the most that bia.abuse.messages_per_address allows."
    );
    Ok(true)
}
