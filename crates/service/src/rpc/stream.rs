//! Streams to clients: bounded, ended when the client is gone or does not read, and never without a word when something is missing.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tracing::Instrument as _;

use super::reason::{Reason, Refused};
use super::trace::Trace;
use crate::guard::guarded_async;

/// Messages that wait for a client that does not read.
const AHEAD: usize = 16;

/// What a client reads.
pub(super) type Messages<T> = ReceiverStream<Result<T, Status>>;

/// Where a client's messages are put.
pub(super) struct Outlet<T> {
    sender: mpsc::Sender<Result<T, Status>>,
    /// How long the client may take for one message.
    patience: Duration,
}

impl<T> Outlet<T> {
    /// Puts one more message.
    ///
    /// # Errors
    /// The client is gone, or does not read.
    pub async fn put(&self, message: T) -> Result<(), Refused> {
        match timeout(self.patience, self.sender.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Refused::new(Reason::BrokenOff, "the client is gone")),
            Err(_) => {
                let message = format!("the client took nothing for {} s", self.patience.as_secs());
                Err(Refused::new(Reason::TooSlow, message))
            }
        }
    }

    /// Returns when the client is gone.
    pub async fn gone(&self) {
        self.sender.closed().await;
    }
}

/// Has `work` put messages, from a task of its own. Where it fails, the client's last message says so.
pub(super) fn streamed<T, F>(
    trace: Trace,
    permit: OwnedSemaphorePermit,
    patience: Duration,
    work: impl FnOnce(Outlet<T>) -> F,
) -> Messages<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Refused>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(AHEAD + 1);
    // A place for the last word, however full the channel is: a stream that just ended would look whole.
    let last = sender.clone().try_reserve_owned();
    let work = work(Outlet { sender, patience });
    let task = async move {
        let refused = match guarded_async(work).await {
            Ok(Ok(())) => None,
            Ok(Err(refused)) => Some(refused),
            Err(panic) => Some(Refused::new(Reason::Fault, format!("a stream failed: {panic}"))),
        };
        if let (Some(refused), Ok(last)) = (refused, last) {
            last.send(Err(refused.status(&trace)));
        }
        drop(permit);
    };
    tokio::spawn(task.in_current_span());
    ReceiverStream::new(receiver)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;
    use tokio_stream::StreamExt as _;
    use tonic::Code;

    use super::*;

    fn of<F: Future<Output = Result<(), Refused>> + Send + 'static>(
        work: impl FnOnce(Outlet<u32>) -> F,
    ) -> (Messages<u32>, Arc<Semaphore>) {
        let permits = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&permits).try_acquire_owned().expect("is free");
        (streamed(Trace::random(), permit, Duration::from_millis(50), work), permits)
    }

    async fn forever(outlet: Outlet<u32>) -> Result<(), Refused> {
        loop {
            outlet.put(1).await?;
        }
    }

    #[tokio::test]
    async fn whoever_does_not_read_is_told_that_something_is_missing() {
        let (mut stream, permits) = of(forever);
        // Nothing is read until it has given up.
        let _permit = permits.acquire().await.expect("is given back");
        let mut count = 0;
        let last = loop {
            match stream.next().await.expect("ends with a word") {
                Ok(_) => count += 1,
                Err(status) => break status,
            }
        };
        assert_eq!((count, last.code()), (AHEAD, Code::DeadlineExceeded));
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn whoever_leaves_costs_nothing_more() {
        let (stream, permits) = of(forever);
        drop(stream);
        let _permit = permits.acquire().await.expect("is given back");
        let waits = |outlet: Outlet<u32>| async move {
            outlet.gone().await;
            Ok(())
        };
        let (stream, permits) = of(waits);
        drop(stream);
        let _permit = permits.acquire().await.expect("is given back");
    }

    #[tokio::test]
    async fn a_panic_is_the_last_word() {
        let (mut stream, _permits) = of(|_| async { panic!("on purpose") });
        let status = stream.next().await.expect("one word").expect_err("is a refusal");
        assert_eq!(status.code(), Code::Internal);
        assert!(stream.next().await.is_none());
    }
}
