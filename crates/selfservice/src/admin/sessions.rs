//! Everybody's sessions (admin.md §9).

use std::collections::HashMap;

use bia_model::{Identity, Session};
use bia_store::identity::{self as identities, Expand, Filter, Page, Paged};
use bia_store::session::{self as sessions, AdminPage, AdminPosition, Bulk};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::show::member_json;
use crate::cx::Cx;
use crate::problem::Problem;
use crate::session::signed;

/// The most ids of a bulk change.
const MOST_IDS: usize = 500;

/// The most sessions that one bulk change of all touches.
const MOST_OF_ALL: u32 = 5000;

/// How many identities are looked up at a time.
const LOOKED_UP: usize = 500;

/// What is shown with a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpandSession {
    /// Whose it is.
    pub identity: bool,
    /// From where it was used.
    pub devices: bool,
}

impl ExpandSession {
    /// Reads the query parameter `expand`, which may come several times, in any case.
    pub fn of_request(cx: &Cx) -> Result<ExpandSession, Problem> {
        let mut expand = ExpandSession::default();
        for (_, value) in cx.request.query.iter().filter(|(name, _)| name == "expand") {
            match value.to_lowercase().as_str() {
                "identity" => expand.identity = true,
                "devices" => expand.devices = true,
                _ => {
                    return Err(Problem::BadRequest(format!(
                        "There is no expand={value:?}: only identity and devices can be expanded."
                    )));
                }
            }
        }
        Ok(expand)
    }
}

/// A page of all sessions as JSON, and where it ends.
pub struct ListedSessions {
    /// The sessions, newest first.
    pub items: Vec<Value>,
    /// The place of the last one, when the list goes on.
    pub last: Option<AdminPosition>,
}

/// A page of all sessions; `active` as in [`AdminPage`].
pub async fn list(
    cx: &Cx,
    active: Option<bool>,
    after: Option<AdminPosition>,
    size: u32,
) -> Result<ListedSessions, Problem> {
    let expand = ExpandSession::of_request(cx)?;
    let mut conn = cx.read().await?;
    let page = AdminPage {
        active,
        after,
        size,
        devices: expand.devices,
    };
    let Paged { items: found, more } = sessions::list(&mut conn, page, cx.now).await?;
    drop(conn);
    let owners = if expand.identity {
        owners(cx, &found).await?
    } else {
        HashMap::new()
    };
    let last = found.last().filter(|_| more).map(|s| AdminPosition {
        created_at: s.created_at,
        id: s.id,
    });
    let items = found.iter().map(|session| {
        let mut shown = json_of(cx, session, owners.get(&session.identity_id));
        if !expand.devices {
            set_devices(&mut shown, Value::Null);
        }
        shown
    });
    Ok(ListedSessions {
        items: items.collect(),
        last,
    })
}

/// The identities of sessions, without addresses: lists do not show them.
async fn owners(cx: &Cx, of: &[Session]) -> Result<HashMap<Uuid, Identity>, Problem> {
    let mut ids: Vec<Uuid> = of.iter().map(|s| s.identity_id).collect();
    ids.sort();
    ids.dedup();
    let mut owners = HashMap::with_capacity(ids.len());
    let mut conn = cx.read().await?;
    let everything = Page::Offset {
        skip: 0,
        size: u32::MAX,
    };
    for some in ids.chunks(LOOKED_UP) {
        let found =
            identities::list(&mut conn, Filter::Ids(some), everything, Expand::Addresses).await?;
        owners.extend(found.items.into_iter().map(|mut identity| {
            identity.verifiable_addresses.clear();
            identity.recovery_addresses.clear();
            (identity.id, identity)
        }));
    }
    Ok(owners)
}

fn json_of(cx: &Cx, session: &Session, owner: Option<&Identity>) -> Value {
    let active = session.is_live(cx.now) && owner.is_none_or(Identity::is_active);
    session.json(
        active,
        owner.map_or(Value::Null, |owner| member_json(cx, owner)),
    )
}

fn set_devices(shown: &mut Value, devices: Value) {
    if let Value::Object(members) = shown {
        members.insert("devices".into(), devices);
    }
}

/// The id of a session or of the identity whose sessions a path names.
fn id_of(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::malformed(format!("The id {text:?} is not a UUID.")))
}

fn not_found() -> Problem {
    Problem::NotFound(String::new())
}

async fn find(cx: &Cx, id: Uuid) -> Result<Session, Problem> {
    let mut conn = cx.read().await?;
    sessions::find(&mut conn, id).await?.ok_or_else(not_found)
}

async fn owner(cx: &Cx, session: &Session) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    Ok(identities::find(&mut conn, session.identity_id, Expand::Addresses).await?)
}

/// One session, as far as the query's `expand` says.
pub async fn get(cx: &Cx, id: &str) -> Result<Value, Problem> {
    let id = id_of(id)?;
    let expand = ExpandSession::of_request(cx)?;
    let session = find(cx, id).await?;
    let owner = if expand.identity {
        owner(cx, &session).await?
    } else {
        None
    };
    let mut shown = json_of(cx, &session, owner.as_ref());
    if !expand.devices || session.devices.is_empty() {
        set_devices(&mut shown, json!([]));
    }
    Ok(shown)
}

/// Ends a session. Its row stays.
pub async fn revoke(cx: &Cx, id: &str) -> Result<(), Problem> {
    let id = id_of(id)?;
    let mut conn = cx.write().await?;
    if sessions::revoke(&mut conn, id, cx.now).await? {
        Ok(())
    } else {
        Err(not_found())
    }
}

/// Lets a session last for another lifespan, if its end is near enough (sessions.md §6). `None` where the
/// configuration wants no answer.
pub async fn extend(cx: &Cx, id: &str) -> Result<Option<Value>, Problem> {
    let id = id_of(id)?;
    find(cx, id).await?;
    let config = &cx.config().session;
    let ends = cx.now.saturating_add(signed(config.lifespan));
    let near = cx
        .now
        .saturating_add(signed(config.earliest_possible_extend));
    let mut conn = cx.write().await?;
    sessions::extend(&mut conn, id, ends, near, cx.now).await?;
    drop(conn);
    if cx.config().feature_flags.faster_session_extend {
        return Ok(None);
    }
    let session = find(cx, id).await?;
    let owner = owner(cx, &session).await?;
    let active = session.is_live(cx.now) && owner.as_ref().is_none_or(Identity::is_active);
    let who = owner.map_or(Value::Null, |owner| {
        crate::identity::public_json(cx, &owner)
    });
    let mut shown = session.json(active, who);
    set_devices(&mut shown, json!([]));
    Ok(Some(shown))
}

/// A part of an identity's sessions as JSON, newest first, and how many there are in all.
pub async fn of_identity(
    cx: &Cx,
    id: &str,
    active: Option<bool>,
    part: (u32, u32),
) -> Result<(Vec<Value>, i64), Problem> {
    let id = id_of(id)?;
    let mut conn = cx.read().await?;
    let total = sessions::count_of_identity(&mut conn, id, active, None, cx.now).await?;
    let found = sessions::list_of_identity(&mut conn, id, active, None, part, cx.now).await?;
    let Some(mut owner) = identities::find(&mut conn, id, Expand::Addresses).await? else {
        return Ok((Vec::new(), total));
    };
    owner.verifiable_addresses.clear();
    owner.recovery_addresses.clear();
    // The reference does not know the schema's URL here.
    let who = owner.admin_json("", None);
    let shown =
        |session: &Session| session.json(session.is_live(cx.now) && owner.is_active(), who.clone());
    Ok((found.iter().map(shown).collect(), total))
}

/// Removes all sessions of an identity.
pub async fn delete_of_identity(cx: &Cx, id: &str) -> Result<(), Problem> {
    let id = id_of(id)?;
    let mut conn = cx.write().await?;
    if sessions::delete_of_identity(&mut conn, id).await? > 0 {
        Ok(())
    } else {
        Err(not_found())
    }
}

/// `POST /sessions`: an end to many sessions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BulkBody {
    action: Option<String>,
    identities: Option<Vec<String>>,
    sessions: Option<Vec<String>>,
}

/// How many sessions a bulk change touched, and whether there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processed {
    /// Their number.
    pub processed: u64,
    /// Whether the call has to be repeated to reach all.
    pub more: bool,
}

/// Ends or removes the sessions that a body names.
pub async fn bulk(cx: &Cx, body: BulkBody) -> Result<Processed, Problem> {
    let deletes = match body.action.as_deref() {
        Some("disable") => false,
        Some("delete") => true,
        _ => {
            return Err(Problem::BadRequest(
                "The action is neither disable nor delete.".into(),
            ));
        }
    };
    let (identities, sessions) = (
        body.identities.unwrap_or_default(),
        body.sessions.unwrap_or_default(),
    );
    let all = identities.as_slice() == ["*"];
    let (named, of_identities) = match (identities.is_empty(), sessions.is_empty()) {
        (false, true) => (identities, true),
        (true, false) => (sessions, false),
        _ => {
            return Err(Problem::BadRequest(
                "Name either identities or sessions, and at least one.".into(),
            ));
        }
    };
    if named.len() > MOST_IDS {
        return Err(Problem::BadRequest(format!(
            "At most {MOST_IDS} ids can be named at a time, {} came.",
            named.len()
        )));
    }
    let ids = if all { Vec::new() } else { read_ids(&named)? };
    let which = match (all, of_identities) {
        (true, _) => Bulk::All(MOST_OF_ALL),
        (false, true) => Bulk::Identities(&ids),
        (false, false) => Bulk::Sessions(&ids),
    };
    let mut conn = cx.write().await?;
    let processed = if deletes {
        sessions::delete_bulk(&mut conn, which).await?
    } else {
        sessions::revoke_bulk(&mut conn, which, cx.now).await?
    };
    Ok(Processed {
        processed,
        more: all && processed >= u64::from(MOST_OF_ALL),
    })
}

fn read_ids(named: &[String]) -> Result<Vec<Uuid>, Problem> {
    let wrong = |text: &str| {
        Problem::BadRequest(format!(
            "{text:?} is not a UUID. Only identities can be [\"*\"], alone."
        ))
    };
    named
        .iter()
        .map(|text| Uuid::try_parse(text).map_err(|_| wrong(text)))
        .collect()
}
