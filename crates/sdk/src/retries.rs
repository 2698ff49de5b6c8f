//! How often a call is tried, and what lies between two tries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tonic::{Response, Status};

use crate::error::Error;

/// How long an answer may take: a server that waits does so for a minute.
const ANSWER: Duration = Duration::from_secs(90);

/// How often a call is tried when the server is not available or the connection breaks. Every call of this SDK may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries in all without anything new; at least one.
    pub tries: u32,
    /// How long it waits after the first; doubled each time. The waits are random, from half of this on, so that many clients do not come back at once.
    pub first: Duration,
    /// How long it waits at most.
    pub most: Duration,
}

impl Default for Retries {
    /// Eight tries within about twelve seconds.
    fn default() -> Self {
        Self { tries: 8, first: Duration::from_millis(100), most: Duration::from_secs(5) }
    }
}

/// Told of a try that failed and will be repeated.
type OnRetry = Arc<dyn Fn(&Error, u32) + Send + Sync>;

/// How a client tries, and who is told of it.
#[derive(Clone)]
pub(crate) struct Trying {
    pub retries: Retries,
    pub on_retry: Option<OnRetry>,
}

impl fmt::Debug for Trying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.retries.fmt(f)
    }
}

impl Trying {
    /// Nobody is told.
    pub const fn silent(retries: Retries) -> Self {
        Self { retries, on_retry: None }
    }

    /// The one who counts tries.
    pub fn begin(&self) -> Tries {
        Tries { trying: self.clone(), failed: 0 }
    }

    /// Calls until there is an answer, or none is to be expected.
    pub async fn call<T, F>(&self, call: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        self.call_within(ANSWER, call).await
    }

    /// The same, where an answer may take so long.
    pub async fn call_within<T, F>(&self, most: Duration, call: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut tries = self.begin();
        loop {
            let answer = timeout(most, call()).await;
            match answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("there was no answer"))) {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => tries.failed(status.into()).await?,
            }
        }
    }
}

/// Tries so far.
pub(crate) struct Tries {
    trying: Trying,
    failed: u32,
}

impl Tries {
    /// Something new came: what failed before does not count.
    pub const fn succeeded(&mut self) {
        self.failed = 0;
    }

    /// A try failed. Returns when the next one is due.
    ///
    /// # Errors
    /// The error, where it would be the same again, or was tried often enough.
    pub async fn failed(&mut self, error: Error) -> Result<(), Error> {
        self.failed += 1;
        if !error.is_passing() || self.failed >= self.trying.retries.tries {
            return Err(error);
        }
        if let Some(tell) = &self.trying.on_retry {
            tell(&error, self.failed);
        }
        tokio::time::sleep(self.wait()).await;
        Ok(())
    }

    fn wait(&self) -> Duration {
        let doubled = 1_u32.checked_shl(self.failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let Retries { first, most, .. } = self.trying.retries;
        let most = first.saturating_mul(doubled).min(most);
        most.mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tonic::Code;

    use super::*;

    async fn count(code: Code, tries: u32) -> u32 {
        let calls = Cell::new(0);
        let retries = Retries { tries, first: Duration::from_millis(1), most: Duration::from_millis(2) };
        let call = || {
            calls.set(calls.get() + 1);
            async move { Err::<Response<()>, _>(Status::new(code, "no")) }
        };
        Trying::silent(retries).call(call).await.expect_err("fails");
        calls.get()
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_nothing_else() {
        assert_eq!(count(Code::Unavailable, 4).await, 4);
        assert_eq!(count(Code::Unavailable, 0).await, 1);
        assert_eq!(count(Code::Unimplemented, 4).await, 1);
        assert_eq!(count(Code::InvalidArgument, 4).await, 1);
    }

    #[test]
    fn waits_are_doubled_up_to_a_bound() {
        let retries =
            Retries { tries: 99, first: Duration::from_millis(100), most: Duration::from_millis(350) };
        for (failed, most) in [(1, 100), (2, 200), (3, 350), (40, 350)] {
            let wait = Tries { trying: Trying::silent(retries), failed }.wait();
            let most = Duration::from_millis(most);
            assert!(wait >= most / 2 && wait <= most, "{failed}: {wait:?}");
        }
    }
}
