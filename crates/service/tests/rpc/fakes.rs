//! A server on a port of its own, over a coordinator whose judge and device are simple. A batch is its chain, its number and bytes; a statement is a run of
//! numbers; a proof is the kind of its task, its statement and padding.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aludel_proto::prover_v1::prover_client::ProverClient;
use aludel_proto::prover_v1::{
    ErrorDetail, GetProofRequest, Proof, ProofSpec, State, SubmitProofRequest, Target, WaitProofRequest,
};
use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::artifacts::Quota;
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{Cut, Failure, FailureClass, Lapse, Policy, Task};
use aludel_service::coordinator::{Options, Running};
use aludel_service::judge::{Checked, Judge, Work};
use aludel_service::rpc::reason::Reason;
use aludel_service::rpc::{self, Limits, ServeError};
use aludel_service::worker::wire::{Order, ToWorker};
use aludel_service::worker::{Ear, Hand, Launch};
use aludel_service::{Coordinator, guard};
use borsh::BorshDeserialize;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::Channel;

pub const CHAIN: u64 = 7;
/// Bytes of every proof, so that one is sent in pieces.
pub const PROOF_BYTES: usize = 150_000;

/// A batch; its payload is bytes of one value.
pub fn batch(number: u32, payload: usize) -> Vec<u8> {
    batch_of(CHAIN, number, payload)
}

pub fn batch_of(chain: u64, number: u32, payload: usize) -> Vec<u8> {
    borsh::to_vec(&(chain, number, vec![number as u8; payload])).expect("writes")
}

/// What the judge does not survive.
pub const PANICS: &[u8] = b"panic";
/// What it calls another version's.
pub const OLD: &[u8] = b"old";

struct FakeJudge;

impl Judge for FakeJudge {
    fn keys(&self) -> Digest {
        Digest::ZERO
    }

    fn batch(&self, bytes: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
        assert_ne!(bytes, PANICS, "on purpose");
        if bytes == OLD {
            return Err(Failure::new(FailureClass::VersionMismatch, "a batch of version 0"));
        }
        let read = <(u64, u32, Vec<u8>)>::try_from_slice(bytes);
        let (chain, number, _) = read.map_err(|_| Failure::new(FailureClass::Input, "no batch"))?;
        Ok((ChainId(chain), BatchNumber(number)))
    }

    fn check(&self, _: ChainId, work: &Work<'_>) -> Result<Checked, Lapse> {
        let mut cuts = Vec::new();
        for bytes in work.inputs() {
            let (_, BatchNumber(number)) = self.batch(&bytes?).map_err(Lapse::Failed)?;
            if number == u32::MAX {
                return Err(Lapse::Failed(Failure::new(FailureClass::Unsatisfied, "it breaks a rule")));
            }
            let statement = borsh::to_vec(&(number, number)).expect("writes");
            cuts.push(Cut { batches: 1, shape: ShapeNumber(0), statement });
        }
        let says: Vec<&[u8]> = cuts.iter().map(|cut| cut.statement.as_slice()).collect();
        let statement = self.fold(&says).map_err(Lapse::Failed)?;
        Ok(Checked { cuts, statement })
    }

    fn verify(&self, task: Task, _: Option<ShapeNumber>, proof: &[u8], says: &[&[u8]]) -> Result<(), String> {
        let statement = self.fold(says).map_err(|failure| failure.sentence)?;
        (proof == padded(task, &statement)).then_some(()).ok_or_else(|| "another proof".into())
    }

    fn fold(&self, says: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        let mut says = says.iter().map(|says| <(u32, u32)>::try_from_slice(says).expect("is one"));
        let (first, last) = (says.clone().next().expect("is one").0, says.next_back().expect("is one").1);
        Ok(borsh::to_vec(&(first, last)).expect("writes"))
    }
}

fn padded(task: Task, statement: &[u8]) -> Vec<u8> {
    let kind = match task {
        Task::Prove { .. } => 1,
        Task::Lift { .. } => 2,
        Task::Join { .. } => 3,
        _ => 4,
    };
    let mut proof = [&[kind], statement].concat();
    proof.resize(PROOF_BYTES, kind);
    proof
}

/// What a run of batches ends with.
pub fn root(first: u32, last: u32) -> Vec<u8> {
    padded(Task::Root, &borsh::to_vec(&(first, last)).expect("writes"))
}

/// What a batch ends with where shards are wanted.
pub fn shard(number: u32) -> Vec<u8> {
    padded(Task::Prove { shard: 0 }, &borsh::to_vec(&(number, number)).expect("writes"))
}

fn make(order: &Order) -> Vec<u8> {
    let run = |bytes: &Vec<u8>| match order.task {
        Task::Prove { .. } => {
            let (_, BatchNumber(number)) = FakeJudge.batch(bytes).expect("a batch");
            (number, number)
        }
        _ => <(u32, u32)>::try_from_slice(&bytes[1..9]).expect("a proof"),
    };
    let runs: Vec<(u32, u32)> = order.inputs.iter().map(run).collect();
    let run = (runs[0].0, runs[runs.len() - 1].1);
    padded(order.task, &borsh::to_vec(&run).expect("writes"))
}

/// Workers that are threads. While `holds`, they do nothing but live.
struct FakeDevice {
    holds: Arc<AtomicBool>,
}

struct FakeHand(Mutex<Option<Sender<ToWorker>>>);

impl Hand for FakeHand {
    fn send(&self, message: ToWorker) {
        if let Some(pipe) = &*self.0.lock().expect("whole") {
            let _ = pipe.send(message);
        }
    }

    fn kill(&self) {
        *self.0.lock().expect("whole") = None;
    }
}

impl Launch for FakeDevice {
    fn name(&self) -> String {
        "fake".into()
    }

    fn memory_bytes(&self) -> u64 {
        8_000_000_000
    }

    fn launch(&self, ear: Arc<dyn Ear>) -> io::Result<Arc<dyn Hand>> {
        let (pipe, messages) = mpsc::channel();
        let holds = Arc::clone(&self.holds);
        thread::spawn(move || {
            ear.hello(env!("CARGO_PKG_VERSION").into(), Digest::ZERO);
            let mut orders: VecDeque<Order> = VecDeque::new();
            loop {
                match messages.recv_timeout(Duration::from_millis(5)) {
                    Ok(ToWorker::Do(order)) => orders.push_back(order),
                    Ok(ToWorker::Stop(number)) => {
                        orders.retain(|order| order.number != number);
                        ear.failed(number, None);
                    }
                    Err(RecvTimeoutError::Timeout) => ear.heartbeat(),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if !holds.load(Ordering::Relaxed)
                    && let Some(order) = orders.pop_front()
                {
                    ear.done(order.number, make(&order));
                }
            }
            ear.gone("it was killed".into());
        });
        Ok(Arc::new(FakeHand(Mutex::new(Some(pipe)))))
    }
}

/// A server at work.
pub struct Server {
    pub coordinator: Coordinator,
    pub client: ProverClient<Channel>,
    pub channel: Channel,
    pub folder: TempDir,
    /// Whether the worker does nothing.
    pub holds: Arc<AtomicBool>,
    running: Option<Running>,
    shutdown: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), ServeError>>,
}

pub fn limits() -> Limits {
    Limits { message_bytes: 1 << 20, batch_bytes: 1 << 21, streams: 64, patience: Duration::from_secs(5) }
}

impl Server {
    pub async fn start() -> Self {
        Self::with(limits(), Policy::default(), 1 << 30).await
    }

    pub async fn with(limits: Limits, policy: Policy, quota: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            folder: folder.path().into(),
            policy,
            quota: Quota { bytes: quota, reserve: quota / 2, small: 0 },
            own_slots: 2,
            keep_ended: Duration::from_secs(3600),
            keep_ended_most: 1000,
        };
        let holds = Arc::new(AtomicBool::new(false));
        let device = FakeDevice { holds: Arc::clone(&holds) };
        let started = Coordinator::start(options, Arc::new(FakeJudge), vec![Arc::new(device)]);
        let (coordinator, running) = started.expect("starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("is bound");
        let (shutdown, told) = oneshot::channel();
        let told = async move { drop(told.await) };
        let serving = tokio::spawn(rpc::serve(coordinator.clone(), listener, limits, told));
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect().await.expect("connects");
        let client = ProverClient::new(channel.clone());
        let (running, shutdown) = (Some(running), Some(shutdown));
        Self { coordinator, client, channel, folder, holds, running, shutdown, serving }
    }

    pub fn hold(&self, holds: bool) {
        self.holds.store(holds, Ordering::Relaxed);
    }

    /// Tells the server to end, and waits until it has.
    pub async fn end(&mut self) {
        drop(self.shutdown.take());
        let ended = tokio::time::timeout(Duration::from_secs(20), &mut self.serving).await;
        ended.expect("it ends").expect("no panic").expect("without an error");
    }

    pub async fn submit(&mut self, request: SubmitProofRequest) -> Result<(Proof, bool), Status> {
        let answer = self.client.submit_proof(request).await?.into_inner();
        Ok((answer.proof.expect("a proof"), answer.existed))
    }

    /// Has batches from number 1 on proven, and waits for the end.
    pub async fn prove(&mut self, key: &str, target: Target, batches: u32) -> Proof {
        let request = request(key, target, (1..=batches).map(|number| batch(number, 10)).collect());
        let (proof, _) = self.submit(request).await.expect("is accepted");
        self.ended(&proof.id).await
    }

    pub async fn ended(&mut self, id: &str) -> Proof {
        let wait = WaitProofRequest { id: id.into(), timeout: None };
        let proof = self.client.wait_proof(wait).await.expect("is there").into_inner().proof;
        let proof = proof.expect("a proof");
        assert!(proof.state >= State::Succeeded as i32, "{proof:?}");
        proof
    }

    pub async fn get(&mut self, id: &str) -> Proof {
        let got = self.client.get_proof(GetProofRequest { id: id.into() }).await.expect("is there");
        got.into_inner().proof.expect("a proof")
    }

    pub fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("artifacts")).expect("reads").count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.coordinator.end();
        if let Some(running) = self.running.take() {
            running.join();
        }
    }
}

pub fn spec(target: Target) -> ProofSpec {
    ProofSpec { chain_id: CHAIN, target: target.into(), ..ProofSpec::default() }
}

pub fn request(key: &str, target: Target, batches: Vec<Vec<u8>>) -> SubmitProofRequest {
    let spec = Some(spec(target));
    SubmitProofRequest { spec, idempotency_key: key.into(), batches, more_input: false }
}

/// The detail of a refusal, which every refusal has.
pub fn detail(status: &Status) -> ErrorDetail {
    let detail = aludel_proto::status::decode(status.details());
    let detail = detail.unwrap_or_else(|| panic!("no detail: {status:?}"));
    assert_eq!(detail.trace_id.len(), 32, "{status:?}");
    assert!(!detail.remedy.is_empty() && !status.message().is_empty(), "{status:?}");
    assert_eq!(
        status.metadata().get("trace-id").map_or(&detail.trace_id[..], |id| id.to_str().unwrap()),
        detail.trace_id
    );
    detail
}

/// That a call is refused for this reason, with its status.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, reason: Reason) {
    let status = answer.expect_err("is refused");
    let detail = detail(&status);
    let row = reason.row();
    let found = Reason::ALL.iter().find(|reason| reason.number() == detail.number);
    assert_eq!((found, status.code()), (Some(&reason), row.code), "{status:?}");
    assert_eq!((detail.class, detail.retryable), (row.class as i32, row.is_retryable));
}

/// Waits for what another thread does, at most a minute.
pub async fn wait_until(mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it comes to be so");
}

/// Panics on purpose are not to fill the output.
pub fn quiet() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !guard::catches_panics() {
            before(panic);
        }
    }));
}
