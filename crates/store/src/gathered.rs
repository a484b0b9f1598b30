//! Questions of one kind that are asked at the same time, answered by one statement.
//!
//! Under load a database server spends most of its time on the statement around a row. Whoever asks while others'
//! statements are on their way waits for one of them to come back, and is taken along in the next. Who asks alone waits
//! for nobody. A statement always begins after the questions that it answers, and ends also when those who
//! asked are gone.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::db::StoreError;

/// Statements that may be on their way at once: enough to keep a server busy, few enough that they are worth their
/// while.
const STATEMENTS: usize = 2;

/// A statement that answers many questions.
pub(crate) trait Statement: Clone + Send + Sync + 'static {
    /// What one asks.
    type Question: Send + Sync + 'static;
    /// What one is told.
    type Answer: Send + 'static;

    /// How much of a statement a question takes.
    fn weight(question: &Self::Question) -> usize;

    /// The greatest weight of one statement. A question that is heavier goes alone.
    const MOST: usize;

    /// Answers all questions, in their order.
    fn answer(
        &self,
        questions: &[Self::Question],
    ) -> impl Future<Output = Result<Vec<Result<Self::Answer, StoreError>>, StoreError>> + Send;
}

/// Who waits, and the right to ask.
pub(crate) struct Gathered<S: Statement> {
    shared: Arc<Shared<S>>,
}

struct Shared<S: Statement> {
    waiting: Mutex<Vec<Waiting<S>>>,
    statements: Arc<Semaphore>,
}

struct Waiting<S: Statement> {
    question: S::Question,
    answer: oneshot::Sender<Result<S::Answer, StoreError>>,
}

impl<S: Statement> Default for Gathered<S> {
    fn default() -> Gathered<S> {
        let shared = Shared {
            waiting: Mutex::default(),
            statements: Arc::new(Semaphore::new(STATEMENTS)),
        };
        Gathered {
            shared: Arc::new(shared),
        }
    }
}

impl<S: Statement> Gathered<S> {
    /// Asks, by `statement` or by an equal one that is sent for others as well.
    pub(crate) async fn ask(
        &self,
        statement: &S,
        question: S::Question,
    ) -> Result<S::Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.shared.lock().push(Waiting { question, answer });
        if let Some(permit) = self.shared.permit() {
            let (shared, statement) = (Arc::clone(&self.shared), statement.clone());
            tokio::spawn(async move { shared.answer_all(&statement, permit).await });
        }
        let gone = |_| StoreError::unavailable("the statement was given up before it was answered");
        answered.await.map_err(gone)?
    }
}

impl<S: Statement> Shared<S> {
    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.statements).try_acquire_owned().ok()
    }

    /// Answers until nobody waits. Who comes while the right to ask is being given back finds it free, or is found here.
    async fn answer_all(&self, statement: &S, permit: OwnedSemaphorePermit) {
        let mut permit = Some(permit);
        while permit.is_some() {
            loop {
                let batch = self.next();
                if batch.is_empty() {
                    break;
                }
                answer(statement, batch).await;
            }
            drop(permit.take());
            if !self.lock().is_empty() {
                permit = self.permit();
            }
        }
    }

    /// Those who still wait, oldest first, as far as one statement takes them.
    fn next(&self) -> Vec<Waiting<S>> {
        let mut waiting = self.lock();
        waiting.retain(|one| !one.answer.is_closed());
        let mut weight = 0;
        let fit = waiting
            .iter()
            .take_while(|one| {
                weight += S::weight(&one.question);
                weight <= S::MOST
            })
            .count();
        let count = fit.max(1).min(waiting.len());
        waiting.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting<S>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer<S: Statement>(statement: &S, batch: Vec<Waiting<S>>) {
    let (questions, senders): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|one| (one.question, one.answer))
        .unzip();
    match statement.answer(&questions).await {
        Ok(answers) => {
            for (sender, answer) in senders.into_iter().zip(answers) {
                // Nobody minds an answer that comes after its question was given up.
                let _ = sender.send(answer);
            }
        }
        Err(error) => {
            for sender in senders {
                let _ = sender.send(Err(error.clone()));
            }
        }
    }
}
