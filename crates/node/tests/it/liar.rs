//! A service that gives what was not asked for.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aludel_circuits::Shape;
use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::artifacts::Quota;
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{Failure, Lapse, Policy, Task};
use aludel_service::coordinator::{Coordinator, Options, Running};
use aludel_service::judge::{Checked, Judge, Work};
use aludel_service::rpc::{Limits, serve};
use aludel_service::rules::Rules;
use aludel_service::worker::wire::ToWorker;
use aludel_service::worker::{Ear, Hand, Launch};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::world::World;

/// Every result is good enough.
struct Gullible(Rules);

impl Judge for Gullible {
    fn keys(&self) -> Digest {
        self.0.keys()
    }

    fn batch(&self, bytes: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
        self.0.batch(bytes)
    }

    fn check(&self, chain: ChainId, work: &Work<'_>) -> Result<Checked, Lapse> {
        self.0.check(chain, work)
    }

    fn verify(&self, _: Task, _: Option<ShapeNumber>, _: &[u8], _: &[&[u8]]) -> Result<(), String> {
        Ok(())
    }

    fn fold(&self, says: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        self.0.fold(says)
    }
}

/// The same result for every order.
struct Always {
    result: Vec<u8>,
    keys: Digest,
}

struct Answers {
    result: Vec<u8>,
    ear: Arc<dyn Ear>,
}

impl Launch for Always {
    fn name(&self) -> String {
        "liar".into()
    }

    fn memory_bytes(&self) -> u64 {
        u64::MAX
    }

    fn launch(&self, ear: Arc<dyn Ear>) -> io::Result<Arc<dyn Hand>> {
        ear.hello(env!("CARGO_PKG_VERSION").into(), self.keys);
        Ok(Arc::new(Answers { result: self.result.clone(), ear }))
    }
}

impl Hand for Answers {
    fn send(&self, message: ToWorker) {
        let ToWorker::Do(order) = message else { return };
        let (ear, result) = (Arc::clone(&self.ear), self.result.clone());
        // It is heard when the order has been given.
        thread::spawn(move || ear.done(order.number, result));
    }

    fn kill(&self) {}
}

/// A service whose every result is the same.
pub struct Liar {
    pub endpoint: String,
    coordinator: Coordinator,
    running: Option<Running>,
    _runtime: Runtime,
}

impl Liar {
    pub fn start(world: &World, folder: &str, result: Vec<u8>) -> Self {
        let options = Options {
            folder: world.path(folder),
            policy: Policy::default(),
            quota: Quota { bytes: 1 << 30, reserve: 0, small: 0 },
            own_slots: 1,
            keep_ended: Duration::from_secs(60),
            keep_ended_most: 1000,
        };
        let judge = Gullible(Rules::new(Shape::Large).expect("keys"));
        let device = Always { result, keys: judge.keys() };
        let started = Coordinator::start(options, Arc::new(judge), vec![Arc::new(device)]);
        let (coordinator, running) = started.expect("starts");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("is bound"));
        let serving = serve(coordinator.clone(), listener, Limits::default(), std::future::pending());
        runtime.spawn(async { drop(serving.await) });
        Self { endpoint, coordinator, running: Some(running), _runtime: runtime }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.coordinator.end();
        self.running.take().into_iter().for_each(Running::join);
    }
}
