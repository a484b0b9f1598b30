//! Lists of identities (admin.md §4).

use bia_model::{Identity, normalise};
use bia_store::identity::{self as identities, Expand, Filter, Page, Paged};
use uuid::Uuid;

use super::read::IncludeCredentials;
use crate::cx::Cx;
use crate::problem::Problem;

/// The most ids that can be asked for.
const MOST_IDS: usize = 500;

const BY_IDENTIFIER: &str = "credentials_identifier";
const BY_PREFIX: &str = "preview_credentials_identifier_similar";
const BY_ORGANIZATION: &str = "organization_id";

/// Which identities a list is about.
enum Wanted<'r> {
    All,
    Ids(Vec<Uuid>),
    Identifier(&'r str),
    Prefix(&'r str),
    Organization(Uuid),
}

/// A page of a list, and what its answer needs to know.
pub struct Listed {
    /// The identities, by id.
    pub page: Paged<Identity>,
    /// The configs to be shown.
    pub include: IncludeCredentials,
    /// The length of the whole list, as pages that are counted show it.
    pub total: i64,
}

/// A page of the identities that the request's query asks for.
pub async fn list(cx: &Cx, page: Page) -> Result<Listed, Problem> {
    let wanted = wanted(cx)?;
    let include = IncludeCredentials::of_request(cx)?;
    let by_identifier = matches!(wanted, Wanted::Identifier(_) | Wanted::Prefix(_));
    let expand = if by_identifier || include.asked() {
        Expand::Credentials
    } else {
        Expand::Addresses
    };
    let mut conn = cx.read().await?;
    let mut found = match &wanted {
        Wanted::Ids(ids) => {
            let all = identities::list(&mut conn, Filter::Ids(ids), page, expand).await?;
            part(all.items, page)
        }
        other => {
            let normalised = other
                .identifier()
                .map(normalise::identifier)
                .unwrap_or_default();
            identities::list(&mut conn, other.filter(&normalised), page, expand).await?
        }
    };
    bia_store::mfa::load(&mut conn, &mut found.items).await?;
    let total = match wanted {
        Wanted::Identifier(_) => i64::try_from(found.items.len()).unwrap_or(i64::MAX),
        _ if matches!(page, Page::Offset { .. }) => identities::count(&mut conn).await?,
        _ => 0,
    };
    Ok(Listed {
        page: found,
        include,
        total,
    })
}

impl Wanted<'_> {
    fn identifier(&self) -> Option<&str> {
        match self {
            Wanted::Identifier(text) | Wanted::Prefix(text) => Some(text),
            Wanted::All | Wanted::Ids(_) | Wanted::Organization(_) => None,
        }
    }

    fn filter<'f>(&'f self, normalised: &'f str) -> Filter<'f> {
        match self {
            Wanted::All => Filter::All,
            Wanted::Ids(ids) => Filter::Ids(ids),
            Wanted::Identifier(raw) => Filter::Identifier { normalised, raw },
            Wanted::Prefix(raw) => Filter::IdentifierPrefix { normalised, raw },
            Wanted::Organization(id) => Filter::Organization(*id),
        }
    }
}

fn wanted(cx: &Cx) -> Result<Wanted<'_>, Problem> {
    let one = |name: &'static str| cx.request.query(name).filter(|v| !v.is_empty());
    let ids: Vec<&str> = cx
        .request
        .query
        .iter()
        .filter(|(name, _)| name == "ids")
        .map(|(_, v)| v.as_str())
        .collect();
    let (identifier, prefix, organization) =
        (one(BY_IDENTIFIER), one(BY_PREFIX), one(BY_ORGANIZATION));
    let given = [
        !ids.is_empty(),
        identifier.is_some(),
        prefix.is_some(),
        organization.is_some(),
    ];
    if given.into_iter().filter(|g| *g).count() > 1 {
        return Err(Problem::BadRequest(format!(
            "Only one of ids, {BY_IDENTIFIER}, {BY_PREFIX} and {BY_ORGANIZATION} can be given at a time."
        )));
    }
    if !ids.is_empty() {
        return read_ids(&ids).map(Wanted::Ids);
    }
    if let Some(text) = organization {
        return uuid(BY_ORGANIZATION, text).map(Wanted::Organization);
    }
    Ok(identifier
        .map(Wanted::Identifier)
        .or(prefix.map(Wanted::Prefix))
        .unwrap_or(Wanted::All))
}

/// Refuses the filters of the list beside another one.
pub fn refuse_filters_beside(cx: &Cx, parameter: &str) -> Result<(), Problem> {
    match wanted(cx)? {
        Wanted::All => Ok(()),
        _ => Err(Problem::BadRequest(format!(
            "{parameter} cannot be given together with ids, {BY_IDENTIFIER}, {BY_PREFIX} or {BY_ORGANIZATION}."
        ))),
    }
}

fn read_ids(ids: &[&str]) -> Result<Vec<Uuid>, Problem> {
    if ids.len() > MOST_IDS {
        return Err(Problem::BadRequest(format!(
            "At most {MOST_IDS} ids can be asked for at a time, {} came.",
            ids.len()
        )));
    }
    ids.iter().map(|text| uuid("ids", text)).collect()
}

fn uuid(name: &str, text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| {
        Problem::BadRequest(format!(
            "The query parameter {name} is not a UUID: {text:?}."
        ))
    })
}

/// The part of a whole list, in the order of the ids.
fn part(items: Vec<Identity>, page: Page) -> Paged<Identity> {
    let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let (mut items, size): (Vec<Identity>, usize) = match page {
        Page::After { id, size } => (
            items.into_iter().filter(|i| i.id > id).collect(),
            count(size),
        ),
        Page::Offset { skip, size } => (items.into_iter().skip(count(skip)).collect(), count(size)),
    };
    let more = items.len() > size;
    items.truncate(size);
    Paged { items, more }
}
