//! Codes themselves: six digits, kept as keyed hashes, redeemed once.

use bia_config::section::abuse::Guarded;
use bia_model::{Channel, Flow, FlowKind};
use bia_store::Conn;
use bia_store::code::{self, Code, CodeKind};
use uuid::Uuid;

use crate::abuse::{self, Guess, Owner, Verdict};
use crate::cx::Cx;
use crate::flow::registration::hidden::TakenAddress;
use crate::problem::Problem;
use crate::session::signed;
use crate::token;
use crate::why::Why;

/// Whom a code is for.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipient {
    /// The address it is sent to.
    pub address: String,
    /// How; mail unless said otherwise.
    pub via: Option<Channel>,
    /// Whose account it opens, when that is known.
    pub identity_id: Option<Uuid>,
    /// The verifiable address that it verifies.
    pub address_id: Option<Uuid>,
    /// Whose address it is, where somebody signs up with that of somebody else: its owner is told, instead of given a code.
    pub taken: Option<TakenAddress>,
}

impl Recipient {
    /// How the address is reached.
    pub(super) fn channel(&self) -> Channel {
        self.via.unwrap_or(Channel::Email)
    }
}

/// Makes a code for a flow and stores its hash. Returns the code itself, to be sent.
pub(super) async fn issue(
    cx: &Cx,
    conn: &mut Conn,
    flow: &Flow,
    to: &Recipient,
) -> Result<String, Problem> {
    let secret = token::digits(6);
    let row = Code {
        id: Uuid::new_v4(),
        flow_id: flow.id,
        identity_id: to.identity_id,
        address_id: to.address_id,
        address: Some(to.address.clone()),
        via: Some(to.channel()),
        kind: kind(flow),
        hmac: cx.runtime.keys.stored_code(&secret),
        issued_at: cx.now,
        expires_at: cx.now + signed(cx.config().selfservice.methods.code.lifespan),
        used_at: None,
    };
    code::insert(conn, &[row]).await?;
    Ok(secret)
}

fn kind(flow: &Flow) -> CodeKind {
    match flow.kind {
        FlowKind::Login => CodeKind::Login,
        FlowKind::Registration => CodeKind::Registration,
        FlowKind::Verification => CodeKind::Verification,
        FlowKind::Recovery | FlowKind::Settings => CodeKind::Recovery,
    }
}

/// Whether a code was made for nobody, and so was never sent.
fn is_nobodys(code: &Code) -> bool {
    code.identity_id.is_none() && code.kind != CodeKind::Registration
}

/// Why a code was not taken.
pub(super) enum CodeRefused {
    /// Unknown, of another flow, or expired.
    Invalid,
    /// The sentence says why it cannot even be tried.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for CodeRefused {
    fn from(error: E) -> CodeRefused {
        CodeRefused::Problem(error.into())
    }
}

impl Verdict for CodeRefused {
    fn is_wrong(&self) -> bool {
        matches!(self, CodeRefused::Invalid)
    }
}

/// Redeems a code of a flow: each at most once, however many requests race for it, only so many tries a flow, and
/// only so many wrong ones about one account, whatever the flow. A try counts before the code is looked at.
pub(super) async fn redeem(cx: &Cx, flow: &Flow, sent: &str) -> Result<Code, CodeRefused> {
    redeem_if(cx, flow, sent, |_| true).await
}

/// As [`redeem`]; a code that is not `acceptable` is as good as a wrong one, and stays unused.
pub(super) async fn redeem_if(
    cx: &Cx,
    flow: &Flow,
    sent: &str,
    acceptable: impl Fn(&Code) -> bool + Send,
) -> Result<Code, CodeRefused> {
    let mut tx = cx.begin().await?;
    let tries = bia_store::flow::increment_submit_count(&mut tx, flow.id).await?;
    let codes = code::list_for_flow(&mut tx, flow.id).await?;
    tx.commit().await?;
    if tries > i64::from(cx.config().selfservice.methods.code.max_submissions) {
        cx.because(Why::CodeTriesSpent);
        let reason = "Too many codes were tried in this flow. Start a new one.";
        return Err(Problem::BadRequest(reason.into()).into());
    }
    let Some(owner) = owner(&codes) else {
        // Nothing was sent that could be guessed at.
        cx.because(Why::CodeWrong);
        return Err(CodeRefused::Invalid);
    };
    let at = Guess {
        guarded: Guarded::Code,
        owner,
    };
    abuse::guess(cx, at, compare(cx, &codes, sent, acceptable)).await
}

/// Whose codes a flow has: an account's, else the address that they were sent to, or would have been.
fn owner(codes: &[Code]) -> Option<Owner<'_>> {
    let identity = codes.iter().find_map(|code| code.identity_id);
    let addresses = codes.iter().filter_map(|code| code.address.as_deref());
    identity
        .map(Owner::Identity)
        .or_else(|| addresses.min().map(Owner::Address))
}

async fn compare(
    cx: &Cx,
    codes: &[Code],
    sent: &str,
    acceptable: impl Fn(&Code) -> bool + Send,
) -> Result<Code, CodeRefused> {
    // Every stored hash is compared, so that the time does not tell which one matched.
    let asks_nobody = !codes.is_empty() && codes.iter().all(is_nobodys);
    let whose = codes.iter().find_map(|row| row.identity_id);
    let mut found = None;
    for row in codes {
        if cx.runtime.keys.code_matches(&row.hmac, sent) {
            found = Some(row);
        }
    }
    let invalid = |why| {
        cx.because(why);
        CodeRefused::Invalid
    };
    let Some(row) = found.cloned() else {
        if let Some(owner) = whose {
            cx.meant(owner);
        }
        // Of whom a code was asked for, its flow knows; one that belongs to nobody was never sent, see `send::pretend`.
        return Err(invalid(if asks_nobody {
            Why::CodeNeverSent
        } else {
            Why::CodeWrong
        }));
    };
    if is_nobodys(&row) {
        return Err(invalid(Why::CodeNeverSent));
    }
    if let Some(owner) = row.identity_id {
        cx.meant(owner);
    }
    let used = || {
        cx.because(Why::CodeUsed);
        Problem::BadRequest("This code was used already. Ask for a new one.".into())
    };
    if row.used_at.is_some() {
        return Err(used().into());
    }
    if row.is_expired(cx.now) {
        return Err(invalid(Why::CodeExpired));
    }
    if !acceptable(&row) {
        return Err(invalid(Why::CodeForAnother));
    }
    let mut conn = cx.write().await?;
    if code::consume(&mut conn, row.id, cx.now).await? {
        Ok(row)
    } else {
        Err(used().into())
    }
}
