//! The tokens in links: long and random, kept as keyed hashes, each good once and for one flow.

use bia_model::{Channel, Flow, FlowKind};
use bia_store::Conn;
use bia_store::code::{self, Code, CodeKind};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::cx::Cx;
use crate::problem::Problem;
use crate::return_to;
use crate::session::signed;
use crate::token;
use crate::why::Why;

/// Letters and digits of a token: 190 bits.
const TOKEN_LENGTH: usize = 32;

/// Whom a link is for.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// Whose account it opens, or whose address it verifies.
    pub identity_id: Uuid,
    /// The address that it is sent to; none for links that an operator hands over.
    pub address: Option<String>,
    /// The verifiable address that it verifies.
    pub address_id: Option<Uuid>,
}

/// How long links are good.
pub(super) fn lifespan(cx: &Cx) -> Duration {
    signed(cx.config().selfservice.methods.link.config.lifespan)
}

/// Makes a token for a flow and stores its hash. Returns the link that carries the token.
pub(super) async fn issue(
    cx: &Cx,
    conn: &mut Conn,
    flow: &Flow,
    kind: CodeKind,
    owner: Owner,
    lifespan: Duration,
) -> Result<String, Problem> {
    let secret = token::alphanumeric(TOKEN_LENGTH);
    let row = Code {
        id: Uuid::new_v4(),
        flow_id: flow.id,
        kind,
        hmac: cx.runtime.keys.stored_code(&secret),
        identity_id: Some(owner.identity_id),
        address_id: owner.address_id,
        via: owner.address.is_some().then_some(Channel::Email),
        address: owner.address,
        issued_at: cx.now,
        expires_at: cx.now.saturating_add(lifespan),
        used_at: None,
    };
    code::insert(conn, &[row]).await?;
    Ok(link(cx, flow.kind, flow.id, &secret))
}

fn link(cx: &Cx, kind: FlowKind, flow: Uuid, secret: &str) -> String {
    return_to::own(
        cx,
        &format!("/self-service/{kind}"),
        &[("flow", &flow.to_string()), ("token", secret)],
    )
}

/// Why a token was not taken.
pub(super) enum TokenRefused {
    /// Unknown, of another flow, or used before.
    Invalid,
    /// It came too late.
    Expired(OffsetDateTime),
    /// The token could not be looked at.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for TokenRefused {
    fn from(error: E) -> TokenRefused {
        TokenRefused::Problem(error.into())
    }
}

/// Redeems a token of a flow: once, however many requests race for it. One that came too late is used
/// up as well.
pub(super) async fn redeem(
    cx: &Cx,
    flow: &Flow,
    sent: &str,
    kinds: &[CodeKind],
) -> Result<Code, TokenRefused> {
    let candidates = cx.runtime.keys.code_candidates(sent);
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let mut conn = cx.write().await?;
    let found = code::find_by_hmac(&mut conn, &candidates).await?;
    let refused = |why| {
        cx.because(why);
        TokenRefused::Invalid
    };
    let row = found.filter(|row| row.flow_id == flow.id && kinds.contains(&row.kind));
    let row = row.ok_or_else(|| refused(Why::LinkUnknown))?;
    if let Some(owner) = row.identity_id {
        cx.meant(owner);
    }
    if row.used_at.is_some() || !code::consume(&mut conn, row.id, cx.now).await? {
        return Err(refused(Why::LinkUsed));
    }
    if row.is_expired(cx.now) {
        cx.because(Why::LinkExpired);
        Err(TokenRefused::Expired(row.expires_at))
    } else {
        Ok(row)
    }
}
