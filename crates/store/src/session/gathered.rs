//! Look-ups of sessions, for all who ask at the same time.

use std::sync::Arc;

use time::OffsetDateTime;

use super::lookup::{LiveSession, Many, find_by_token, read_many};
use super::snapshot::Snapshot;
use crate::db::{Conn, Store, StoreError};
use crate::gathered::Statement;

/// The look-up of live sessions by their tokens; the snapshot is what was read before.
#[derive(Clone)]
pub(super) struct LookUp {
    pub(super) store: Store,
    pub(super) snapshot: Arc<Snapshot>,
}

/// Whose session is asked for.
pub(super) struct Question {
    /// As for [`find_by_token`].
    pub(super) tokens: Vec<String>,
    pub(super) now: OffsetDateTime,
}

type Found = Result<Option<Arc<LiveSession>>, StoreError>;

impl Statement for LookUp {
    type Question = Question;
    type Answer = Option<Arc<LiveSession>>;

    /// The texts of tokens.
    const MOST: usize = 256;

    fn weight(question: &Question) -> usize {
        question.tokens.len()
    }

    async fn answer(&self, questions: &[Question]) -> Result<Vec<Found>, StoreError> {
        let remembered = self.snapshot.all(questions.iter().map(|q| &q.tokens));
        let known = remembered.as_ref().map(|(stamp, _)| stamp.as_ref());
        let mut conn = self.store.read().await?;
        let many = read(&mut conn, questions, known).await?;
        if let (Some((known, sessions)), Some(stamp)) = (&remembered, &many.stamp)
            && known.as_ref() == stamp
        {
            let alive = |(live, question): (&Arc<LiveSession>, &Question)| {
                Ok(Some(Arc::clone(live)).filter(|live| is_alive(live, question)))
            };
            return Ok(sessions.iter().zip(questions).map(alive).collect());
        }
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            answers.push(session_of(&mut conn, &many, question).await);
        }
        if let Some(stamp) = many.stamp.filter(|_| self.store.has_true_snapshots()) {
            let found = questions.iter().map(|q| &q.tokens).zip(&answers);
            let found = found
                .filter_map(|(tokens, answer)| Some((tokens, answer.as_ref().ok()?.as_ref()?)));
            self.snapshot.keep(stamp, found);
        }
        Ok(answers)
    }
}

async fn read(
    conn: &mut Conn,
    questions: &[Question],
    known: Option<&str>,
) -> Result<Many, StoreError> {
    let earliest = questions.iter().map(|q| q.now).min();
    let now = earliest.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let tokens: Vec<&str> = questions
        .iter()
        .flat_map(|q| &q.tokens)
        .map(String::as_str)
        .collect();
    read_many(conn, &tokens, now, known).await
}

async fn session_of(conn: &mut Conn, many: &Many, question: &Question) -> Found {
    let found = if many.is_cut_off() {
        let texts: Vec<&str> = question.tokens.iter().map(String::as_str).collect();
        find_by_token(conn, &texts, question.now).await
    } else {
        many.session(&question.tokens)
    };
    Ok(found?.filter(|live| is_alive(live, question)).map(Arc::new))
}

fn is_alive(live: &LiveSession, question: &Question) -> bool {
    live.session.expires_at > question.now
}
