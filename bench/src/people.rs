//! The identities and sessions of a run: made before it, deleted after it.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connection::{Connection, Endpoint, Prepared};
use crate::scenario::Created;

/// Connections that prepare and clean up.
const HANDS: usize = 4;
/// How often a job is tried: some servers refuse writes while another one is under way.
const TRIES: u32 = 6;
/// Identities in one batch request.
const BATCH: usize = 200;

/// Somebody who can log in and is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
    /// The token of a session that lasts through the run; empty until there is one.
    pub(crate) token: String,
}

/// An address nobody has used.
pub(crate) fn new_address() -> String {
    format!("bia-bench-{}@example.org", Uuid::new_v4().simple())
}

/// A password nobody has used.
pub(crate) fn new_password() -> String {
    format!("Pw-{}", Uuid::new_v4().simple())
}

/// The two servers and the schema that identities are made with.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) public: Endpoint,
    pub(crate) admin: Endpoint,
    pub(crate) schema: String,
    /// Ids of the identities that the run created, to be deleted at its end.
    created: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Takes the schema asked for, or the only one, or the one called `default`.
    pub(crate) async fn find(
        public: Endpoint,
        admin: Endpoint,
        schema: Option<&str>,
    ) -> anyhow::Result<Self> {
        let schema = match schema {
            Some(schema) => schema.to_owned(),
            None => only_schema(&public).await?,
        };
        Ok(Self {
            public,
            admin,
            schema,
            created: Arc::default(),
        })
    }

    /// Makes `count` identities with a password and a session each.
    pub(crate) async fn make_people(&self, count: usize) -> anyhow::Result<Vec<Person>> {
        let site = Arc::new(self.clone());
        in_parallel(count, move |_| {
            let site = Arc::clone(&site);
            async move { site.make_person().await }
        })
        .await
    }

    async fn make_person(&self) -> anyhow::Result<Person> {
        let (email, password) = (new_address(), new_password());
        let body = json!({
            "schema_id": self.schema,
            "traits": {"email": email},
            "credentials": {"password": {"config": {"password": password}}},
        });
        let create = Prepared::json(&self.admin, Method::POST, "/admin/identities", &body)?;
        let created = Connection::new(self.admin.clone())
            .send(&create)
            .await?
            .expect(StatusCode::CREATED)
            .context("creating an identity")?;
        let created: Created = serde_json::from_slice(&created)?;
        self.remember([created.id.clone()]);
        let mut person = Person {
            id: created.id,
            email,
            password,
            token: String::new(),
        };
        person.token = person
            .log_in(&mut Connection::new(self.public.clone()), &self.public)
            .await
            .context("logging in")?;
        Ok(person)
    }

    /// Makes identities that nobody logs in with, in batches.
    pub(crate) async fn fill(&self, count: usize) -> anyhow::Result<()> {
        let site = Arc::new(self.clone());
        in_parallel(count.div_ceil(BATCH), move |batch| {
            let site = Arc::clone(&site);
            async move { site.make_batch(BATCH.min(count - batch * BATCH)).await }
        })
        .await
        .map(drop)
    }

    async fn make_batch(&self, count: usize) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Batch {
            identities: Vec<Outcome>,
        }
        #[derive(Deserialize)]
        struct Outcome {
            identity: Option<String>,
        }
        let identities: Vec<Value> = (0..count)
            .map(|_| json!({"create": {"schema_id": self.schema, "traits": {"email": new_address()}}, "patch_id": Uuid::new_v4()}))
            .collect();
        let patch = Prepared::json(
            &self.admin,
            Method::PATCH,
            "/admin/identities",
            &json!({ "identities": identities }),
        )?;
        let answer = Connection::new(self.admin.clone())
            .send(&patch)
            .await?
            .expect(StatusCode::OK)
            .context("creating identities in a batch")?;
        let answer: Batch = serde_json::from_slice(&answer)?;
        self.remember(answer.identities.into_iter().filter_map(|o| o.identity));
        Ok(())
    }

    /// Notes identities that the run created.
    pub(crate) fn remember(&self, ids: impl IntoIterator<Item = String>) {
        self.created().extend(ids);
    }

    fn created(&self) -> MutexGuard<'_, Vec<String>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes the identities that the run created; those that are gone already do not matter.
    pub(crate) async fn delete_created(&self) -> anyhow::Result<()> {
        let ids = std::mem::take(&mut *self.created());
        eprintln!("deleting {} identities of this run", ids.len());
        let (admin, ids) = (self.admin.clone(), Arc::new(ids));
        in_parallel(ids.len(), move |at| {
            let (admin, ids) = (admin.clone(), Arc::clone(&ids));
            async move {
                let Some(id) = ids.get(at) else { return Ok(()) };
                let delete = Prepared::delete(&admin, &format!("/admin/identities/{id}"))?;
                let answer = Connection::new(admin).send(&delete).await?;
                if answer.status == StatusCode::NOT_FOUND {
                    Ok(())
                } else {
                    answer.expect(StatusCode::NO_CONTENT).map(drop)
                }
            }
        })
        .await
        .map(drop)
    }
}

async fn only_schema(public: &Endpoint) -> anyhow::Result<String> {
    let list = Connection::new(public.clone())
        .send(&Prepared::get(public, "/schemas")?)
        .await?
        .expect(StatusCode::OK)?;
    let list: Vec<Created> = serde_json::from_slice(&list)?;
    match list.as_slice() {
        [only] => Ok(only.id.clone()),
        several if several.iter().any(|s| s.id == "default") => Ok("default".to_owned()),
        several => bail!(
            "the server has {} identity schemas; name one with --schema",
            several.len()
        ),
    }
}

/// Does `count` jobs, a few at a time, each with several tries. A job that never succeeds ends it.
async fn in_parallel<T, F, Job>(count: usize, job: F) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Fn(usize) -> Job + Send + Sync + 'static,
    Job: Future<Output = anyhow::Result<T>> + Send,
{
    let (job, next) = (Arc::new(job), Arc::new(AtomicUsize::new(0)));
    let hands: Vec<_> = (0..HANDS.min(count))
        .map(|_| {
            let (job, next) = (Arc::clone(&job), Arc::clone(&next));
            tokio::spawn(async move {
                let mut results = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return anyhow::Ok(results);
                    }
                    results.push(patiently(|| job(at)).await?);
                }
            })
        })
        .collect();
    let mut results = Vec::with_capacity(count);
    for hand in hands {
        results.extend(hand.await??);
    }
    Ok(results)
}

async fn patiently<T, Job>(job: impl Fn() -> Job) -> anyhow::Result<T>
where
    Job: Future<Output = anyhow::Result<T>>,
{
    for attempt in 1..TRIES {
        if let Ok(done) = job().await {
            return Ok(done);
        }
        tokio::time::sleep(Duration::from_millis(20) * attempt).await;
    }
    job().await
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[tokio::test]
    async fn every_job_is_done_once() -> anyhow::Result<()> {
        let mut done = in_parallel(100, |at| async move { Ok(at) }).await?;
        done.sort_unstable();
        assert_eq!(done, (0..100).collect::<Vec<_>>());
        Ok(())
    }

    #[tokio::test]
    async fn a_job_that_never_succeeds_is_told() {
        let outcome = in_parallel(3, |at| async move {
            if at == 1 {
                Err(anyhow::anyhow!("no"))
            } else {
                Ok(())
            }
        })
        .await;
        assert!(outcome.is_err());
    }
}
