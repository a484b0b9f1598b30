//! Several identities at once (admin.md §7).

use uuid::Uuid;

use super::body::{BatchBody, BatchItem, CreateBody, Object};
use super::create::{build, prepare, store};
use super::import::Imports;
use super::show::Written;
use crate::cx::Cx;
use crate::problem::Problem;

/// The most items of a batch.
const MOST: usize = 1000;

/// The most items with a plain password, which has to be hashed.
const MOST_PLAIN: usize = 200;

/// What became of an item.
pub struct Done {
    /// The caller's own name for it.
    pub patch_id: Option<Uuid>,
    /// The id of the new identity, or why there is none.
    pub result: Result<Uuid, Problem>,
}

/// Creates the identities of a batch, each for itself. `None` stands for an item that asks for nothing.
///
/// What is wrong with an item's traits, or taken, is told at the item; everything else, and a conflict of
/// the only item that is left, refuses the batch as a whole.
pub async fn create_batch(cx: &Cx, body: BatchBody) -> Result<Vec<Option<Done>>, Problem> {
    let items: Vec<BatchItem> = body
        .identities
        .unwrap_or_default()
        .into_iter()
        .map(|item| item.unwrap_or_default().0)
        .collect();
    check_size(&items)?;
    let mut built = Vec::with_capacity(items.len());
    for (item, imports) in prepared(cx, items).await? {
        built.push(build_item(cx, item, imports)?);
    }
    let alone = built
        .iter()
        .filter(|item| matches!(item, Some((_, Ok(_)))))
        .count()
        == 1;
    let mut done = Vec::with_capacity(built.len());
    for item in built {
        let Some((patch_id, result)) = item else {
            done.push(None);
            continue;
        };
        let result = match result {
            Ok(written) => match store(cx, &written.identity).await {
                Ok(()) => Ok(written.identity.id),
                Err(Problem::Conflict(_)) if alone => return Err(taken()),
                Err(Problem::Conflict(_)) => Err(taken()),
                Err(problem @ Problem::BadRequest(_)) => Err(problem),
                Err(other) => return Err(other),
            },
            Err(problem) => Err(problem),
        };
        done.push(Some(Done { patch_id, result }));
    }
    Ok(done)
}

/// The answers to batches say no more than that.
fn taken() -> Problem {
    Problem::Conflict(String::new())
}

fn check_size(items: &[BatchItem]) -> Result<(), Problem> {
    if items.len() > MOST {
        return Err(Problem::BadRequest(format!(
            "A batch has at most {MOST} identities, {} came.",
            items.len()
        )));
    }
    let plain = items
        .iter()
        .filter_map(|item| item.create.as_ref())
        .filter(|c| has_plain_password(&c.0))
        .count();
    if plain > MOST_PLAIN {
        return Err(Problem::BadRequest(format!(
            "At most {MOST_PLAIN} identities of a batch can have a plain password, {plain} have one. Send hashes instead, or several batches."
        )));
    }
    Ok(())
}

fn has_plain_password(create: &CreateBody) -> bool {
    let config = create
        .credentials
        .as_ref()
        .and_then(|c| c.0.password.as_ref())
        .and_then(|p| p.0.config.as_ref());
    config
        .and_then(|c| c.get("password"))
        .and_then(|p| p.as_str())
        .is_some_and(|p| !p.is_empty())
}

type Prepared = (Option<Object<CreateBody>>, Option<Uuid>);

/// The slow part, and what refuses the whole batch.
async fn prepared(cx: &Cx, items: Vec<BatchItem>) -> Result<Vec<(Prepared, Imports)>, Problem> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let imports = match &item.create {
            Some(Object(create)) => prepare(cx, create).await?,
            None => Imports::default(),
        };
        all.push(((item.create, item.patch_id), imports));
    }
    Ok(all)
}

type Built = Option<(Option<Uuid>, Result<Written, Problem>)>;

fn build_item(cx: &Cx, (create, patch_id): Prepared, imports: Imports) -> Result<Built, Problem> {
    let Some(Object(create)) = create else {
        return Ok(None);
    };
    match build(cx, create, &imports) {
        Ok(written) => Ok(Some((patch_id, Ok(written)))),
        Err(problem @ Problem::BadRequest(_)) => Ok(Some((patch_id, Err(problem)))),
        Err(Problem::Conflict(_)) => Ok(Some((patch_id, Err(taken())))),
        Err(other) => Err(other),
    }
}
