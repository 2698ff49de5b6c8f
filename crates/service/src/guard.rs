//! Panics that are of one task and not of the process.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

static SERVES: AtomicBool = AtomicBool::new(false);

/// This process serves: what panics on a pool's thread is passed on to whoever waits for the pool, and is caught there.
pub fn serving() {
    SERVES.store(true, Ordering::Relaxed);
}

/// Whether this process serves.
pub fn is_serving() -> bool {
    SERVES.load(Ordering::Relaxed)
}

/// Whether a panic of this thread is caught, so that a hook need not end the process.
pub fn catches_panics() -> bool {
    DEPTH.get() > 0
}

/// Does work; a panic is an error that says where it was. What the work had in hands must not be used again.
///
/// # Errors
/// It panicked.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
    })
}

/// The same of work that waits: a panic of any of its steps is an error, and it is not gone on with.
///
/// # Errors
/// It panicked.
pub async fn guarded_async<F: Future>(work: F) -> Result<F::Output, String> {
    let mut work = Box::pin(work);
    poll_fn(|context| match guarded(|| work.as_mut().poll(context)) {
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_of_the_work() {
        assert_eq!(guarded(|| 5), Ok(5));
        let panicked: Result<(), String> = guarded(|| {
            assert!(catches_panics());
            panic!("on {}", "purpose")
        });
        assert_eq!(panicked, Err("on purpose".into()));
        assert!(!catches_panics());
    }

    #[tokio::test]
    async fn a_panic_after_waiting_is_an_error_too() {
        let work = |panics: bool| async move {
            tokio::task::yield_now().await;
            assert!(catches_panics() && !panics, "on purpose");
            5
        };
        assert_eq!(guarded_async(work(false)).await, Ok(5));
        assert_eq!(guarded_async(work(true)).await, Err("on purpose".into()));
        assert!(!catches_panics());
    }
}
