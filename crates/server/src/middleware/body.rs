//! Bounds on what a client may send: so much, in so much time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::Bytes;
use futures::Stream;
use tokio::time::{Instant, Sleep};

/// The longest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 5 * 1024 * 1024;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyLimit {
    /// It is longer than [`MAX_BODY_BYTES`].
    #[error("http: request body too large")]
    TooLong,
    /// It took too long to come.
    #[error("the request body did not come in time")]
    TooSlow,
}

/// Gives a body that ends with an error after [`MAX_BODY_BYTES`] or after `time`. Without a body nothing is done.
pub(super) fn bounded(body: Body, time: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    // What its length shows to be far too long is refused before anything of it is read. A body that is
    // a little too long is read up to the limit, so that its client has sent it before the answer comes.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let deadline = Box::pin(tokio::time::sleep_until(Instant::now() + time));
    let left = if announced > 2 * MAX_BODY_BYTES {
        None
    } else {
        Some(MAX_BODY_BYTES)
    };
    Body::from_stream(Bounded {
        inner: body.into_data_stream(),
        left,
        deadline,
    })
}

struct Bounded {
    inner: BodyDataStream,
    /// How many bytes may still come; `None` once there were too many.
    left: Option<usize>,
    deadline: Pin<Box<Sleep>>,
}

impl Stream for Bounded {
    type Item = Result<Bytes, axum::BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(left) = self.left else {
            return Poll::Ready(Some(Err(BodyLimit::TooLong.into())));
        };
        let next = match Pin::new(&mut self.inner).poll_next(cx) {
            Poll::Ready(next) => next,
            Poll::Pending => {
                let late = self.deadline.as_mut().poll(cx).is_ready();
                return if late {
                    Poll::Ready(Some(Err(BodyLimit::TooSlow.into())))
                } else {
                    Poll::Pending
                };
            }
        };
        match next {
            Some(Ok(chunk)) => {
                self.left = left.checked_sub(chunk.len());
                let fits = self.left.is_some();
                Poll::Ready(Some(if fits {
                    Ok(chunk)
                } else {
                    Err(BodyLimit::TooLong.into())
                }))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body) -> Result<usize, String> {
        let bytes = axum::body::to_bytes(body, usize::MAX).await;
        bytes.map(|b| b.len()).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn a_body_of_the_full_length_passes_and_a_longer_one_does_not() {
        let time = Duration::from_secs(5);
        assert_eq!(
            read(bounded(Body::from(vec![0; MAX_BODY_BYTES]), time)).await,
            Ok(MAX_BODY_BYTES)
        );
        let announced = bounded(Body::from(vec![0; MAX_BODY_BYTES + 1]), time);
        assert_eq!(read(announced).await, Err(BodyLimit::TooLong.to_string()));
        let chunks = (0..6).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 1024 * 1024])));
        let streamed = Body::from_stream(futures::stream::iter(chunks));
        assert_eq!(
            read(bounded(streamed, time)).await,
            Err(BodyLimit::TooLong.to_string())
        );
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_ends_in_time() {
        let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let answer = read(bounded(never, Duration::from_millis(20))).await;
        assert_eq!(answer, Err(BodyLimit::TooSlow.to_string()));
    }
}
