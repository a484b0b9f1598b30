//! Self-service flows of all five kinds, in one table of Bia's own.

use bia_model::{ClientType, Flow, FlowKind, State};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, ROWS, Store, StoreError, Value};
use crate::gathered::{Gathered, Statement};

/// Keeps a new flow: one statement.
pub async fn insert(conn: &mut Conn, flow: &Flow) -> Result<(), StoreError> {
    insert_rows(conn, &[NewFlow::of(flow)?]).await
}

/// New flows; those that come at the same time are kept by one statement.
#[derive(Default)]
pub struct NewFlows {
    gathered: Gathered<Insert>,
}

impl NewFlows {
    /// As [`insert`], in a unit of work of its own.
    pub async fn insert(&self, store: &Store, flow: &Flow) -> Result<(), StoreError> {
        let insert = Insert(store.clone());
        self.gathered.ask(&insert, NewFlow::of(flow)?).await
    }
}

/// The row of a new flow.
struct NewFlow {
    id: Uuid,
    kind: FlowKind,
    client: ClientType,
    state: State,
    identity_id: Option<Uuid>,
    document: String,
    revision: i64,
    issued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl NewFlow {
    fn of(flow: &Flow) -> Result<NewFlow, StoreError> {
        Ok(NewFlow {
            id: flow.id,
            kind: flow.kind,
            client: flow.client,
            state: flow.state,
            identity_id: flow.identity_id,
            document: document(flow)?,
            revision: flow.revision,
            issued_at: flow.issued_at,
            expires_at: flow.expires_at,
        })
    }
}

#[derive(Clone)]
struct Insert(Store);

impl Statement for Insert {
    type Question = NewFlow;
    type Answer = ();

    /// The rows: as many as one INSERT takes, so that all of a batch are kept or none.
    const MOST: usize = ROWS;

    fn weight(_: &NewFlow) -> usize {
        1
    }

    async fn answer(&self, rows: &[NewFlow]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let mut conn = self.0.write().await?;
        let together = insert_rows(&mut conn, rows).await;
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            answers.push(match &together {
                // What is wrong with one row is no concern of the others. Nothing was kept of any.
                Err(StoreError::Conflict { .. } | StoreError::Refused { .. }) if rows.len() > 1 => {
                    insert_rows(&mut conn, std::slice::from_ref(row)).await
                }
                outcome => outcome.clone(),
            });
        }
        Ok(answers)
    }
}

/// Keeps new flows by one statement, if there are no more than [`Insert::MOST`].
async fn insert_rows(conn: &mut Conn, rows: &[NewFlow]) -> Result<(), StoreError> {
    let nid = conn.nid();
    let rows: Vec<[Value<'_>; 11]> = rows
        .iter()
        .map(|flow| {
            [
                flow.id.into(),
                nid.into(),
                flow.kind.as_str().into(),
                flow.client.as_str().into(),
                flow.state.as_str().into(),
                flow.identity_id.into(),
                flow.document.as_str().into(),
                Value::Int(0),
                flow.revision.into(),
                flow.issued_at.into(),
                flow.expires_at.into(),
            ]
        })
        .collect();
    conn.insert_rows(
        "INSERT INTO bia_flow (id, nid, kind, client, state, identity_id, document, submit_count, revision, issued_at, expires_at) \
         VALUES $*",
        &rows,
    )
    .await
}

fn document(flow: &Flow) -> Result<String, StoreError> {
    serde_json::to_string(flow).map_err(|e| StoreError::Refused {
        reason: e.to_string(),
    })
}

/// The flow of an id, if it is of this kind. Expired ones are found as well.
pub async fn find(conn: &mut Conn, kind: FlowKind, id: Uuid) -> Result<Option<Flow>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT id, revision, document FROM bia_flow WHERE nid = $1 AND id = $2 AND kind = $3",
            args![conn.nid(), id, kind.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut c = row.columns("bia_flow");
    c.skip(1);
    let revision = c.take()?;
    let mut flow: Flow = c.json()?;
    flow.revision = revision;
    Ok(Some(flow))
}

/// As [`find`]; [`StoreError::NotFound`] when there is none.
pub async fn get(conn: &mut Conn, kind: FlowKind, id: Uuid) -> Result<Flow, StoreError> {
    find(conn, kind, id)
        .await?
        .ok_or(StoreError::NotFound { table: "bia_flow" })
}

/// Stores a changed flow and counts its revision up. [`StoreError::Stale`] when somebody else has
/// stored it since it was read, or it is gone.
pub async fn update(conn: &mut Conn, flow: &mut Flow) -> Result<(), StoreError> {
    let next = flow.revision + 1;
    let found = conn
        .execute(
            "UPDATE bia_flow SET state = $1, identity_id = $2, document = $3, expires_at = $4, revision = $5 \
             WHERE nid = $6 AND id = $7 AND revision = $8",
            args![
                flow.state.as_str(),
                flow.identity_id,
                document(flow)?,
                flow.expires_at,
                next,
                conn.nid(),
                flow.id,
                flow.revision
            ],
        )
        .await?;
    if found == 0 {
        return Err(StoreError::Stale);
    }
    flow.revision = next;
    Ok(())
}

/// Stores a changed flow whoever else stored it meanwhile: the last one counts. For forms that are shown
/// again; what must happen once is guarded elsewhere.
pub async fn overwrite(conn: &mut Conn, flow: &Flow) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE bia_flow SET state = $1, identity_id = $2, document = $3, expires_at = $4, revision = revision + 1 \
         WHERE nid = $5 AND id = $6",
        args![flow.state.as_str(), flow.identity_id, document(flow)?, flow.expires_at, conn.nid(), flow.id],
    )
    .await?;
    Ok(())
}

/// Counts an attempt to use a code, before the code is looked at, and gives the number of attempts
/// so far, this one included. Among attempts at the same moment each number may be given to
/// several, but none is lower than it should be. [`StoreError::NotFound`] when the flow is gone.
pub async fn increment_submit_count(conn: &mut Conn, id: Uuid) -> Result<i64, StoreError> {
    let found = conn
        .execute(
            "UPDATE bia_flow SET submit_count = submit_count + 1 WHERE nid = $1 AND id = $2",
            args![conn.nid(), id],
        )
        .await?;
    if found == 0 {
        return Err(StoreError::NotFound { table: "bia_flow" });
    }
    let row = conn
        .fetch_one(
            "SELECT submit_count FROM bia_flow WHERE nid = $1 AND id = $2",
            args![conn.nid(), id],
        )
        .await?;
    row.only("bia_flow")
}

/// Removes a flow and its codes.
pub async fn delete(conn: &mut Conn, id: Uuid) -> Result<(), StoreError> {
    conn.execute(
        "DELETE FROM bia_code WHERE nid = $1 AND flow_id = $2",
        args![conn.nid(), id],
    )
    .await?;
    conn.execute(
        "DELETE FROM bia_flow WHERE nid = $1 AND id = $2",
        args![conn.nid(), id],
    )
    .await?;
    Ok(())
}
