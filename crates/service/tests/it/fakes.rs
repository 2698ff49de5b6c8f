//! A judge, devices and a folder. A statement is a run of batches with the sum of their payloads; a proof is its kind with its statement.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::artifacts::{Pin, Quota};
use aludel_scheduler::job::Job;
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{
    Answer, ArtifactId, Batch, Cut, End, Failure, FailureClass, IdempotencyKey, Input, JobId, Lapse, Policy,
    Priority, Record, Request, Stage, Target, Task,
};
use aludel_service::Coordinator;
use aludel_service::coordinator::{OpenStore, Options, Running, Unavailable};
use aludel_service::judge::{Checked, Judge, Work};
use aludel_service::rpc::{self, Limits, ServeError};
use aludel_service::worker::wire::{Order, ToWorker};
use aludel_service::worker::{Ear, Hand, Launch};
use borsh::{BorshDeserialize, BorshSerialize};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const CHAIN: ChainId = ChainId(7);

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Says {
    pub first: u32,
    pub last: u32,
    pub sum: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proof {
    pub kind: u8,
    pub says: Says,
}

pub fn batch_bytes(number: u32, payload: u64) -> Vec<u8> {
    borsh::to_vec(&(CHAIN.0, number, payload)).expect("writes")
}

fn read_batch(bytes: &[u8]) -> Option<(u64, u32, u64)> {
    BorshDeserialize::try_from_slice(bytes).ok()
}

fn kind(task: Task) -> u8 {
    match task {
        Task::Prove { .. } => 1,
        Task::Lift { .. } => 2,
        Task::Join { .. } => 3,
        Task::Root => 4,
        _ => 0,
    }
}

fn fold(all: &[Says]) -> Option<Says> {
    let (first, rest) = all.split_first()?;
    rest.iter().try_fold(*first, |before, next| {
        let sum = before.sum.wrapping_add(next.sum);
        (before.last + 1 == next.first).then_some(Says { first: before.first, last: next.last, sum })
    })
}

pub struct FakeJudge;

impl Judge for FakeJudge {
    fn keys(&self) -> Digest {
        Digest::ZERO
    }

    fn batch(&self, bytes: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
        let (chain, number, _) =
            read_batch(bytes).ok_or_else(|| Failure::new(FailureClass::Input, "no batch"))?;
        Ok((ChainId(chain), BatchNumber(number)))
    }

    fn check(&self, _: ChainId, work: &Work<'_>) -> Result<Checked, Lapse> {
        let mut cuts = Vec::new();
        for bytes in work.inputs() {
            let (_, number, sum) = read_batch(&bytes?).expect("was looked at");
            if sum == u64::MAX {
                return Err(Lapse::Failed(Failure::new(FailureClass::Unsatisfied, "it breaks a rule")));
            }
            let statement = borsh::to_vec(&Says { first: number, last: number, sum }).expect("writes");
            cuts.push(Cut { batches: 1, shape: ShapeNumber(0), statement });
        }
        let says: Vec<&[u8]> = cuts.iter().map(|cut| cut.statement.as_slice()).collect();
        let statement = self.fold(&says).map_err(Lapse::Failed)?;
        Ok(Checked { cuts, statement })
    }

    fn verify(&self, task: Task, _: Option<ShapeNumber>, proof: &[u8], says: &[&[u8]]) -> Result<(), String> {
        let expected = self.fold(says).map_err(|failure| failure.sentence)?;
        let expected = Proof { kind: kind(task), says: Says::try_from_slice(&expected).expect("is one") };
        match Proof::try_from_slice(proof) {
            Ok(found) if found == expected => Ok(()),
            other => Err(format!("{other:?} where {expected:?} is due")),
        }
    }

    fn fold(&self, says: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        let says: Vec<Says> = says.iter().map(|says| Says::try_from_slice(says).expect("is one")).collect();
        let all = fold(&says).ok_or_else(|| Failure::new(FailureClass::Input, "they do not follow"))?;
        Ok(borsh::to_vec(&all).expect("writes"))
    }
}

/// What an honest worker makes.
fn make(order: &Order) -> Vec<u8> {
    let parts = order.inputs.iter().map(|bytes| match order.task {
        Task::Prove { .. } => {
            let (_, number, sum) = read_batch(bytes).expect("a batch");
            Says { first: number, last: number, sum }
        }
        _ => Proof::try_from_slice(bytes).expect("a proof").says,
    });
    let says = fold(&parts.collect::<Vec<_>>()).expect("they follow");
    borsh::to_vec(&Proof { kind: kind(order.task), says }).expect("writes")
}

/// What a worker does with one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Its process ends.
    Dies,
    /// It lives, says that it does, and does nothing; it does not let go either.
    Hangs,
    /// It says nothing any more.
    FallsSilent,
    /// It gives bytes that are nothing.
    Garbage,
    /// It gives a proof that holds, of something else.
    OtherStatement,
    /// It gives the result of its last order again, under this one's number.
    Stale,
    /// It says that it failed.
    Fails(FailureClass),
    /// It gives its result twice, and that of an order which it never had.
    Twice,
}

/// A device whose workers are threads.
#[derive(Default)]
pub struct FakeDevice {
    /// What its workers do with their next orders.
    pub tricks: Mutex<VecDeque<Trick>>,
    /// How long they take.
    pub takes: Mutex<Duration>,
    /// The stage that takes them ten minutes.
    pub endless: Mutex<Option<Stage>>,
    /// Whether they let go when they are told to.
    pub is_stubborn: AtomicBool,
    /// Whether its workers are of another build.
    pub is_other: AtomicBool,
    /// How long its workers take to begin.
    pub begins_after: Mutex<Duration>,
    /// Whether its workers say a second time which build they are, and then that they are of another one.
    pub says_twice: AtomicBool,
    pub launched: AtomicU32,
    pub orders: AtomicU32,
}

enum Said {
    Message(ToWorker),
    Killed,
}

struct FakeHand(Mutex<Sender<Said>>);

impl Hand for FakeHand {
    fn send(&self, message: ToWorker) {
        let _ = self.0.lock().expect("whole").send(Said::Message(message));
    }

    fn kill(&self) {
        let _ = self.0.lock().expect("whole").send(Said::Killed);
    }
}

pub struct Device(pub Arc<FakeDevice>);

impl Launch for Device {
    fn name(&self) -> String {
        "fake".into()
    }

    fn memory_bytes(&self) -> u64 {
        8_000_000_000
    }

    fn launch(&self, ear: Arc<dyn Ear>) -> io::Result<Arc<dyn Hand>> {
        let device = Arc::clone(&self.0);
        device.launched.fetch_add(1, Ordering::Relaxed);
        let (hand, said) = mpsc::channel();
        thread::spawn(move || {
            let is_other = device.is_other.load(Ordering::Relaxed);
            let version = if is_other { "0.0.1" } else { env!("CARGO_PKG_VERSION") };
            thread::sleep(*device.begins_after.lock().expect("whole"));
            ear.hello(version.into(), Digest::ZERO);
            if device.says_twice.load(Ordering::Relaxed) {
                ear.hello("0.0.1".into(), Digest::ZERO);
            }
            let mut before = Vec::new();
            let mut is_silent = false;
            loop {
                let order = match said.recv_timeout(Duration::from_millis(20)) {
                    Ok(Said::Message(ToWorker::Do(order))) => order,
                    Ok(Said::Message(ToWorker::Stop(_))) => continue,
                    Err(RecvTimeoutError::Timeout) => {
                        if !is_silent {
                            ear.heartbeat();
                        }
                        continue;
                    }
                    Ok(Said::Killed) | Err(RecvTimeoutError::Disconnected) => break,
                };
                device.orders.fetch_add(1, Ordering::Relaxed);
                let number = order.number;
                let result = make(&order);
                match device.tricks.lock().expect("whole").pop_front() {
                    None => {
                        let is_endless = *device.endless.lock().expect("whole") == Some(order.task.stage());
                        let takes = *device.takes.lock().expect("whole");
                        let takes = if is_endless { Duration::from_secs(600) } else { takes };
                        let until = Instant::now() + takes;
                        if wait(&said, until, number, &*ear, device.is_stubborn.load(Ordering::Relaxed)) {
                            ear.done(number, result.clone());
                        }
                    }
                    Some(Trick::Dies) => break,
                    Some(Trick::Hangs) => continue,
                    Some(Trick::FallsSilent) => is_silent = true,
                    Some(Trick::Garbage) => ear.done(number, b"garbage".to_vec()),
                    Some(Trick::OtherStatement) => {
                        let mut proof = Proof::try_from_slice(&result).expect("a proof");
                        proof.says.sum ^= 1;
                        ear.done(number, borsh::to_vec(&proof).expect("writes"));
                    }
                    Some(Trick::Stale) => ear.done(number, std::mem::take(&mut before)),
                    Some(Trick::Fails(class)) => {
                        ear.failed(number, Some(Failure::new(class, "on purpose")));
                    }
                    Some(Trick::Twice) => {
                        ear.done(number + 1000, result.clone());
                        ear.done(number, result.clone());
                        ear.done(number, result.clone());
                    }
                }
                before = result;
            }
            ear.gone("it ended".into());
        });
        Ok(Arc::new(FakeHand(Mutex::new(hand))))
    }
}

/// Works for a while, unless it is told to stop; whether it was not. A killed worker says nothing more.
fn wait(said: &mpsc::Receiver<Said>, until: Instant, number: u64, ear: &dyn Ear, is_stubborn: bool) -> bool {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match said.recv_timeout(left.min(Duration::from_millis(20))) {
            Ok(Said::Message(ToWorker::Stop(n))) if n == number && !is_stubborn => {
                ear.failed(number, None);
                return false;
            }
            Ok(Said::Message(_)) => {}
            Ok(Said::Killed) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) if Instant::now() >= until => return true,
            Err(RecvTimeoutError::Timeout) => ear.progress(number),
        }
    }
}

/// A folder in which services begin and end.
pub struct World {
    pub folder: TempDir,
    pub policy: Policy,
    pub devices: Vec<Arc<FakeDevice>>,
    pub quota: Quota,
    pub own_slots: usize,
    pub keep_ended_most: usize,
}

pub struct Service {
    pub coordinator: Coordinator,
    running: Option<Running>,
}

impl World {
    pub fn new(devices: usize) -> Self {
        let policy = Policy { silence_ms: 60_000, first_delay_ms: 5, ..Policy::default() };
        let devices = (0..devices).map(|_| Arc::default()).collect();
        let quota = Quota { bytes: 1 << 30, reserve: 1 << 20, small: 0 };
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, policy, devices, quota, own_slots: 2, keep_ended_most: 1000 }
    }

    /// With patience for workers that is tested: long enough for a busy machine.
    pub fn impatient(devices: usize) -> Self {
        let mut world = Self::new(devices);
        (world.policy.silence_ms, world.policy.stall_ms) = (4_000, 2_500);
        world
    }

    pub fn options(&self) -> Options {
        Options {
            folder: self.folder.path().into(),
            policy: self.policy,
            quota: self.quota,
            own_slots: self.own_slots,
            keep_ended: Duration::from_secs(3600),
            keep_ended_most: self.keep_ended_most,
        }
    }

    fn launchers(&self) -> Vec<Arc<dyn Launch>> {
        self.devices.iter().map(|device| Arc::new(Device(Arc::clone(device))) as Arc<dyn Launch>).collect()
    }

    pub fn start(&self) -> Service {
        let started = Coordinator::start(self.options(), Arc::new(FakeJudge), self.launchers());
        let (coordinator, running) = started.expect("starts");
        Service { coordinator, running: Some(running) }
    }

    pub fn start_on(&self, open: OpenStore) -> Service {
        let started = Coordinator::start_on(self.options(), Arc::new(FakeJudge), self.launchers(), open);
        let (coordinator, running) = started.expect("starts");
        Service { coordinator, running: Some(running) }
    }

    pub fn play(&self, tricks: &[Trick]) {
        self.devices[0].tricks.lock().expect("whole").extend(tricks);
    }
}

/// gRPC in front of a service.
pub struct Port {
    pub endpoint: String,
    shutdown: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Port {
    pub async fn close(self) {
        drop(self.shutdown);
        self.serving.await.expect("no panic").expect("ends");
    }
}

impl Service {
    /// Serves on a port that the system picks.
    pub async fn listen(&self) -> Port {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("is bound"));
        let (shutdown, told) = oneshot::channel::<()>();
        let limits = Limits { patience: Duration::from_secs(600), ..Limits::default() };
        let told = async { drop(told.await) };
        let serving = tokio::spawn(rpc::serve(self.coordinator.clone(), listener, limits, told));
        Port { endpoint, shutdown, serving }
    }

    pub fn end(mut self) {
        self.coordinator.end();
        if let Some(running) = self.running.take() {
            running.join();
        }
    }

    pub async fn ask(&self, input: Input, pins: Vec<Pin>) -> Result<Answer, Unavailable> {
        self.coordinator.ask(input, pins).await
    }

    /// Batches `first..` with these payloads.
    pub fn batches(&self, first: u32, payloads: &[u64]) -> (Vec<Batch>, Vec<Pin>) {
        let keep = |(payload, number): (&u64, u32)| {
            let keep = || self.coordinator.keep_input(&batch_bytes(number, *payload)).expect("has room");
            // As the server does it: others go on meanwhile.
            let pin = tokio::task::block_in_place(keep);
            (Batch { number: BatchNumber(number), artifact: pin.id(), bytes: pin.bytes() }, pin)
        };
        payloads.iter().zip(first..).map(keep).unzip()
    }

    pub async fn submit(&self, key: &str, target: Target, payloads: &[u64]) -> JobId {
        self.submit_until(key, target, payloads, 3_600_000).await
    }

    pub async fn submit_until(&self, key: &str, target: Target, payloads: &[u64], ms: u64) -> JobId {
        let job = IdempotencyKey::new(key).expect("a key").job(CHAIN);
        let (batches, pins) = self.batches(1, payloads);
        let request = self.request(target, batches, ms);
        let answer = self.ask(Input::Submit { job, request }, pins).await.expect("is durable");
        assert!(matches!(answer, Answer::Done | Answer::Already), "{answer:?}");
        job
    }

    pub fn request(&self, target: Target, batches: Vec<Batch>, ms: u64) -> Request {
        let deadline = self.coordinator.now().after(ms);
        let (keys, priority) = (Digest::ZERO, Priority::Normal);
        Request { chain: CHAIN, target, keys, deadline, priority, trace: [0; 16], batches, is_sealed: true }
    }

    pub fn job(&self, job: JobId) -> Job {
        Job::of(&self.coordinator.log(job, 0).expect("reads")).expect("is sound")
    }

    /// Waits until a job is as it should be, at most a minute.
    pub async fn until(&self, job: JobId, is_so: impl Fn(&Job) -> bool) -> Job {
        let mut changes = self.coordinator.subscribe(job);
        let wait = async {
            loop {
                let now = self.job(job);
                if is_so(&now) {
                    return now;
                }
                changes.changed().await.expect("is told");
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
        waited.unwrap_or_else(|_| panic!("{job} is not so: {:?}", self.coordinator.log(job, 0)))
    }

    /// Waits for the end of a job.
    pub async fn ended(&self, job: JobId) -> Job {
        self.until(job, |job| job.end().is_some()).await
    }

    /// Waits until a worker is at a stage of a job.
    pub async fn at(&self, job: JobId, stage: Stage) {
        let _ = self.until(job, |job| job.leases().keys().any(|task| task.stage() == stage)).await;
    }

    /// The proofs of a job that succeeded.
    pub fn proofs(&self, job: &Job) -> Vec<Proof> {
        let Some(End::Succeeded { proofs, .. }) = job.end() else { panic!("{:?}", job.end()) };
        let read = |id: &ArtifactId| self.coordinator.artifact(*id).expect("is there");
        proofs.iter().map(|id| Proof::try_from_slice(&read(id)).expect("is one")).collect()
    }

    /// What the log says of attempts that gave nothing.
    pub fn lapses(&self, job: JobId) -> Vec<Lapse> {
        let log = self.coordinator.log(job, 0).expect("reads");
        let why = |record: Record| if let Record::Released { why, .. } = record { Some(why) } else { None };
        log.into_iter().filter_map(why).collect()
    }
}

/// The root of these payloads.
pub fn root(payloads: &[u64]) -> Proof {
    let sum = payloads.iter().fold(0u64, |sum, payload| sum.wrapping_add(*payload));
    Proof { kind: 4, says: Says { first: 1, last: payloads.len() as u32, sum } }
}

/// Their shards.
pub fn shards(payloads: &[u64]) -> Vec<Proof> {
    let of = |(sum, n): (&u64, u32)| Proof { kind: 1, says: Says { first: n, last: n, sum: *sum } };
    payloads.iter().zip(1..).map(of).collect()
}

/// Names in the folder of artifacts.
pub fn files(world: &World) -> usize {
    std::fs::read_dir(world.folder.path().join("artifacts")).expect("reads").count()
}
