//! What becomes of a panic: the end of the process, or of one task where somebody catches it.

use crate::exit::Kind;

/// A panic is a bug of ours, on whatever thread: say so and leave with its code. Those over a damaged state are
/// caught, and become errors.
pub fn report_bug(panic: &std::panic::PanicHookInfo<'_>) {
    if aludel_ledger::store::catches_panics()
        || aludel_service::guard::catches_panics()
        || on_a_pool_that_serves()
    {
        return;
    }
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
    eprintln!("error: a bug in Aludel{place}: {what}; please report it with the command line that led here");
    std::process::exit(Kind::Bug as i32);
}

/// A panic on a thread of rayon's goes on in whoever waits for it, which a service catches.
fn on_a_pool_that_serves() -> bool {
    aludel_service::guard::is_serving() && rayon::current_thread_index().is_some()
}

#[cfg(test)]
mod tests {
    use std::io::pipe;
    use std::sync::Arc;
    use std::time::Duration;

    use aludel_protocol::{BatchNumber, ChainId, Digest};
    use aludel_scheduler::artifacts::Quota;
    use aludel_scheduler::plan::ShapeNumber;
    use aludel_scheduler::{
        Batch, End, Failure, FailureClass, IdempotencyKey, Input, Lapse, Policy, Priority, Record, Request,
        Target, Task,
    };
    use aludel_service::coordinator::{Coordinator, Options};
    use aludel_service::judge::{Checked, Judge, Work};
    use aludel_service::worker::serve::{Craft, serve};
    use aludel_service::worker::wire::{FromWorker, Order, ToWorker, receive, send};

    use super::report_bug;

    /// Panics on a thread of the pool.
    struct Panics;

    fn panics() -> ! {
        rayon::join(|| panic!("on purpose"), || ());
        unreachable!("it goes on in whoever waits")
    }

    impl Craft for Panics {
        fn keys(&self) -> Digest {
            Digest::ZERO
        }

        fn make(&mut self, _: &Order, _: &dyn Fn() -> bool) -> Result<Vec<u8>, Option<Failure>> {
            panics()
        }
    }

    impl Judge for Panics {
        fn keys(&self) -> Digest {
            Digest::ZERO
        }

        fn batch(&self, _: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
            panics()
        }

        fn check(&self, _: ChainId, _: &Work<'_>) -> Result<Checked, Lapse> {
            panics()
        }

        fn verify(&self, _: Task, _: Option<ShapeNumber>, _: &[u8], _: &[&[u8]]) -> Result<(), String> {
            panics()
        }

        fn fold(&self, _: &[&[u8]]) -> Result<Vec<u8>, Failure> {
            panics()
        }
    }

    fn is_of_the_task(failure: &Failure) -> bool {
        failure.class == FailureClass::Internal && failure.sentence.contains("failed: on purpose")
    }

    #[test]
    fn a_worker_survives_a_panic_of_the_pool() {
        std::panic::set_hook(Box::new(report_bug));
        let ((theirs, mut orders), (mut said, output)) = (pipe().expect("a pipe"), pipe().expect("a pipe"));
        let serving = std::thread::spawn(move || serve(Panics, theirs, output));
        for number in 1..3 {
            let order = Order { number, task: Task::Root, shape: None, inputs: Vec::new() };
            send(&mut orders, &ToWorker::Do(order)).expect("it reads");
            let failure = loop {
                match receive::<FromWorker>(&mut said).expect("reads").expect("it lives") {
                    FromWorker::Failed { why, .. } => break why.expect("a reason"),
                    FromWorker::Done { .. } => panic!("it has a result"),
                    _ => {}
                }
            };
            assert!(is_of_the_task(&failure), "{failure}");
        }
        drop(orders);
        serving.join().expect("no panic").expect("ends");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_coordinator_survives_a_panic_of_the_pool() {
        std::panic::set_hook(Box::new(report_bug));
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            folder: folder.path().into(),
            policy: Policy::default(),
            quota: Quota { bytes: 1 << 20, reserve: 0, small: 0 },
            own_slots: 1,
            keep_ended: Duration::from_secs(60),
            keep_ended_most: 1000,
        };
        let started = Coordinator::start(options, Arc::new(Panics), Vec::new());
        let (coordinator, running) = started.expect("starts");
        let chain = ChainId(7);
        let pin = coordinator.keep_input(b"a batch").expect("has room");
        let batch = Batch { number: BatchNumber(1), artifact: pin.id(), bytes: pin.bytes() };
        let request = Request {
            chain,
            target: Target::Shards,
            keys: Digest::ZERO,
            deadline: coordinator.now().after(60_000),
            priority: Priority::Normal,
            trace: [0; 16],
            batches: vec![batch],
            is_sealed: true,
        };
        let job = IdempotencyKey::new("a").expect("a key").job(chain);
        let mut changes = coordinator.subscribe(job);
        coordinator.ask(Input::Submit { job, request }, vec![pin]).await.expect("is durable");
        let end = loop {
            if let Some(Record::Ended { end, .. }) = coordinator.log(job, 0).expect("reads").pop() {
                break end;
            }
            changes.changed().await.expect("is told");
        };
        assert!(matches!(&end, End::Failed(failure) if is_of_the_task(failure)), "{end:?}");
        coordinator.end();
        running.join();
    }
}
