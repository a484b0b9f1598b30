//! Several identities at once (admin.md §7).

use bia_model::Identity;
use bia_store::{StoreError, Tx, transact};
use serde_json::Value;
use uuid::Uuid;

use super::body::{BatchBody, BatchItem, CreateBody, Object};
use super::create::{build, insert_all, prepare};
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

/// Creates the identities of a batch: all that can be, or none. `None` stands for an item that asks for nothing.
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
    let stored = store_all(cx, &built).await?;
    let done: Vec<Option<Done>> = built
        .into_iter()
        .zip(stored)
        .map(|(item, stored)| {
            let (patch_id, result) = item?;
            let result = result.and_then(|new| stored.map(|()| new.identity.id));
            Some(Done { patch_id, result })
        })
        .collect();
    let is_conflict = |done: &Done| matches!(done.result, Err(Problem::Conflict(_)));
    let mut left = done
        .iter()
        .flatten()
        .filter(|d| d.result.is_ok() || is_conflict(d));
    match (left.next(), left.next()) {
        (Some(alone), None) if is_conflict(alone) => Err(taken()),
        _ => Ok(done),
    }
}

/// Stores what was built, in one unit of work: a retry after a broken one finds nothing half done. What becomes of each
/// item is told in their order; of those that were not built, nothing.
async fn store_all(cx: &Cx, built: &[Built]) -> Result<Vec<Result<(), Problem>>, Problem> {
    let mut new = Vec::with_capacity(built.len());
    for (place, item) in built.iter().enumerate() {
        if let Some((_, Ok(written))) = item {
            new.push((place, &written.identity));
        }
    }
    let faults: Result<Vec<Fault>, StoreError> =
        transact!(cx.app.store, tx => store_what_can_be(tx, &new).await);
    let mut outcomes: Vec<Result<(), Problem>> = built.iter().map(|_| Ok(())).collect();
    for (place, error) in faults? {
        let told = match error {
            StoreError::Conflict { .. } => taken(),
            other => other.into(),
        };
        if let Some(outcome) = outcomes.get_mut(place) {
            *outcome = Err(told);
        }
    }
    Ok(outcomes)
}

/// Which item could not be stored, by its place, and why.
type Fault = (usize, StoreError);

/// How many are stored together, by few statements.
const TOGETHER: usize = 64;

/// Stores all that can be. Where one of those that are stored together cannot be, each is stored by itself: of two that
/// want the same, the first gets it.
async fn store_what_can_be(
    tx: &mut Tx,
    new: &[(usize, &Identity)],
) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for part in new.chunks(TOGETHER) {
        let together: Vec<&Identity> = part.iter().map(|(_, identity)| *identity).collect();
        if store_part(tx, &together).await?.is_ok() {
            continue;
        }
        for (place, identity) in part {
            if let Err(own) = store_part(tx, &[*identity]).await? {
                faults.push((*place, own));
            }
        }
    }
    Ok(faults)
}

/// Stores some beside others; the inner error is the fault of one of them, after which nothing of them is stored and the
/// others go on.
async fn store_part(tx: &mut Tx, new: &[&Identity]) -> Result<Result<(), StoreError>, StoreError> {
    tx.begin_part().await?;
    match insert_all(tx, new).await {
        Ok(()) => tx.keep_part().await.map(Ok),
        Err(own @ (StoreError::Conflict { .. } | StoreError::Refused { .. })) => {
            tx.undo_part().await?;
            Ok(Err(own))
        }
        Err(other) => Err(other),
    }
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
        // An import that cannot be read is nobody's trait.
        let mut nobody = Identity::new(String::new(), Value::Null, cx.now);
        if let Err(problem @ Problem::BadRequest(_)) = imports.put_into(&mut nobody, cx.now) {
            return Err(problem);
        }
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
