//! Look-ups of sessions that are wanted at the same time, answered by one statement.
//!
//! Under load a database server spends most of a look-up on the statement around it. Whoever asks while others'
//! statements are on their way waits for one of them to come back, and takes all who wait along in the next. Who
//! asks alone waits for nobody. A statement always begins after the questions that it answers.

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::sync::{Semaphore, oneshot};

use super::lookup::{LiveSession, find_by_token, read_many};
use super::snapshot::Snapshot;
use crate::db::{Store, StoreError};

/// Statements that may be on their way at once: enough to keep a server busy, few enough that they are worth their
/// while.
const STATEMENTS: usize = 2;

/// The most texts of tokens that one statement asks for.
const TEXTS: usize = 256;

type Answer = Result<Option<Arc<LiveSession>>, StoreError>;

/// Who waits, and how many are asking.
pub(super) struct Gathered {
    waiting: Mutex<Vec<Question>>,
    statements: Semaphore,
    snapshot: Snapshot,
}

struct Question {
    tokens: Vec<String>,
    now: OffsetDateTime,
    answer: oneshot::Sender<Answer>,
}

impl Default for Gathered {
    fn default() -> Gathered {
        Gathered {
            waiting: Mutex::default(),
            statements: Semaphore::new(STATEMENTS),
            snapshot: Snapshot::default(),
        }
    }
}

impl Gathered {
    /// As [`find_by_token`].
    pub(super) async fn find(
        &self,
        store: &Store,
        tokens: &[String],
        now: OffsetDateTime,
    ) -> Answer {
        loop {
            let mut answer = self.ask(tokens, now);
            loop {
                tokio::select! {
                    biased;
                    answered = &mut answer => match answered {
                        Ok(answered) => return answered,
                        // Whoever asked for us gave up, as when a caller hangs up.
                        Err(_) => break,
                    },
                    Ok(_permit) = self.statements.acquire() => self.answer_all(store).await,
                }
            }
        }
    }

    fn ask(&self, tokens: &[String], now: OffsetDateTime) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.lock().push(Question {
            tokens: tokens.to_vec(),
            now,
            answer: sender,
        });
        receiver
    }

    /// Answers those who wait now, as far as one statement takes them.
    async fn answer_all(&self, store: &Store) {
        let questions = self.next();
        if questions.is_empty() {
            return;
        }
        match self.look_up(store, &questions).await {
            Ok(answers) => {
                for (question, answer) in questions.into_iter().zip(answers) {
                    // Nobody minds an answer that comes after its question was given up.
                    let _ = question.answer.send(answer);
                }
            }
            Err(error) => {
                for question in questions {
                    let _ = question.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// The questions of those who still wait, oldest first.
    fn next(&self) -> Vec<Question> {
        let mut waiting = self.lock();
        waiting.retain(|question| !question.answer.is_closed());
        let mut texts = 0;
        let fit = waiting
            .iter()
            .take_while(|question| {
                texts += question.tokens.len();
                texts <= TEXTS
            })
            .count();
        // One with more texts than fit goes alone.
        let count = fit.max(1).min(waiting.len());
        waiting.drain(..count).collect()
    }

    async fn look_up(
        &self,
        store: &Store,
        questions: &[Question],
    ) -> Result<Vec<Answer>, StoreError> {
        let remembered = self.snapshot.all(questions.iter().map(|q| &q.tokens));
        let known = remembered.as_ref().map(|(stamp, _)| stamp.as_ref());
        let earliest = questions.iter().map(|q| q.now).min();
        let tokens: Vec<&str> = questions
            .iter()
            .flat_map(|q| &q.tokens)
            .map(String::as_str)
            .collect();
        let mut conn = store.read().await?;
        let now = earliest.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let many = read_many(&mut conn, &tokens, now, known).await?;
        if let (Some((known, sessions)), Some(stamp)) = (&remembered, &many.stamp)
            && known.as_ref() == stamp
        {
            let alive = |(live, question): (&Arc<LiveSession>, &Question)| {
                Ok(Some(Arc::clone(live)).filter(|live| live.session.expires_at > question.now))
            };
            return Ok(sessions.iter().zip(questions).map(alive).collect());
        }
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            let found = if many.is_cut_off() {
                let texts: Vec<&str> = question.tokens.iter().map(String::as_str).collect();
                find_by_token(&mut conn, &texts, question.now).await
            } else {
                many.session(&question.tokens)
            };
            answers.push(found.map(|live| {
                live.filter(|live| live.session.expires_at > question.now)
                    .map(Arc::new)
            }));
        }
        if let Some(stamp) = many.stamp.filter(|_| store.has_true_snapshots()) {
            let found = questions.iter().map(|q| &q.tokens).zip(&answers);
            self.snapshot.keep(
                stamp,
                found
                    .filter_map(|(tokens, answer)| Some((tokens, answer.as_ref().ok()?.as_ref()?))),
            );
        }
        Ok(answers)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Question>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
