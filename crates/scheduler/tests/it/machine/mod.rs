//! The rules of the machine, one at a time.

mod clients;
mod dispatch;
mod leases;
mod own;
mod time;
mod waits;

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::ids::{ArtifactId, Epoch, JobId, LeaseId, Millis, WorkerId};
use aludel_scheduler::machine::{MemoryModel, Refusal, StaticEstimates, WorkerSpec};
use aludel_scheduler::plan::{ShapeNumber, Side};
use aludel_scheduler::{
    Answer, Batch, Command, Cut, End, Failure, FailureClass, IdempotencyKey, Input, Lapse, Machine, Output,
    Phase, Planned, Policy, Priority, Record, Request, Stage, Step, Target, Task,
};

/// Checks take 10, shards ten times their shape, all else 20.
struct Peaks;

impl MemoryModel for Peaks {
    fn peak_bytes(&self, task: &Planned) -> u64 {
        match (task.task.stage(), task.shape) {
            (Stage::Check, _) => 10,
            (Stage::Prove, Some(ShapeNumber(shape))) => 10 * u64::from(shape),
            _ => 20,
        }
    }
}

/// A machine with a clock, and what it said last.
struct Rig {
    machine: Machine<Peaks>,
    now: u64,
    records: Vec<Record>,
    commands: Vec<Command>,
}

const POLICY: Policy = Policy {
    silence_ms: 1_000,
    stall_ms: 5_000,
    grace_ms: 100,
    most_infrastructure: 2,
    most_logic: 1,
    most_restarts: 2,
    first_delay_ms: 50,
    most_delay_ms: 80,
    most_jobs: 3,
    most_batches: 8,
    most_segments: 3,
    most_batches_in_all: 12,
    most_ahead_ms: 1_000_000,
};

/// With the coordinator's own worker.
fn rig() -> Rig {
    let mut rig = bare_rig();
    rig.register(OWN, own(8));
    rig
}

/// Without workers.
fn bare_rig() -> Rig {
    Rig { machine: Machine::new(POLICY, Peaks), now: 1_000, records: Vec::new(), commands: Vec::new() }
}

fn job(name: &str) -> JobId {
    IdempotencyKey::new(name).expect("a key").job(ChainId(7))
}

fn request(batches: u32) -> Request {
    let batch =
        |n: u32| Batch { number: BatchNumber(n), artifact: ArtifactId::of(&n.to_le_bytes()), bytes: 1 };
    Request {
        chain: ChainId(7),
        target: Target::Root,
        keys: Digest::ZERO,
        deadline: Millis(500_000),
        priority: Priority::Normal,
        batches: (1..=batches).map(batch).collect(),
        is_sealed: true,
        trace: [0; 16],
    }
}

const fn device(memory_bytes: u64, slots: usize) -> WorkerSpec {
    WorkerSpec { side: Side::Device, memory_bytes, slots }
}

const SPEC: WorkerSpec = device(100, 1);

/// The number of the coordinator's own worker.
const OWN: u64 = 1;

const fn own(slots: usize) -> WorkerSpec {
    WorkerSpec { side: Side::Coordinator, memory_bytes: 100, slots }
}

impl Rig {
    fn take(&mut self, step: Step) -> Answer {
        self.records = step.appends.into_iter().flat_map(|append| append.records).collect();
        self.commands = step.commands;
        step.answer
    }

    fn tell(&mut self, input: Input) -> Answer {
        let step = self.machine.handle(Millis(self.now), input);
        self.take(step)
    }

    fn submit(&mut self, name: &str, request: Request) -> Answer {
        self.tell(Input::Submit { job: job(name), request })
    }

    fn register(&mut self, worker: u64, spec: WorkerSpec) {
        assert_eq!(self.tell(Input::Register { worker: WorkerId(worker), spec }), Answer::Done);
    }

    /// Submits and checks a job of one segment, with these cuts: batches, shape. What the last step led to.
    fn submit_checked(&mut self, name: &str, request: Request, cuts: &[(u32, u8)]) {
        assert_eq!(self.submit(name, request), Answer::Done);
        let lease = LeaseId { job: job(name), task: Task::Check { segment: 0 }, epoch: Epoch(1) };
        assert!(self.commands.iter().any(|command| {
            matches!(command, Command::Assign { worker: WorkerId(OWN), lease: found, .. } if *found == lease)
        }));
        assert_eq!(self.complete(OWN, lease, cuts), Answer::Done);
    }

    /// Time passes, with heartbeats of these workers and of the coordinator's own; what all of it led to.
    fn wait(&mut self, millis: u64, workers: &[u64]) {
        self.now += millis;
        let (mut records, mut commands) = (Vec::new(), Vec::new());
        let step = self.machine.handle(Millis(self.now), Input::Heartbeat { worker: WorkerId(OWN) });
        assert!(matches!(self.take(step), Answer::Done | Answer::UnknownWorker));
        records.append(&mut self.records);
        commands.append(&mut self.commands);
        let beats = workers.iter().map(|worker| Input::Heartbeat { worker: WorkerId(*worker) });
        for input in beats.chain([Input::Tick]) {
            assert_eq!(self.tell(input), Answer::Done);
            records.append(&mut self.records);
            commands.append(&mut self.commands);
        }
        (self.records, self.commands) = (records, commands);
    }

    /// What the last step assigned: worker, job's task.
    fn assigned(&self) -> Vec<(u64, String)> {
        let assigned = self.commands.iter().filter_map(|command| match command {
            Command::Assign { worker, lease, .. } => Some((worker.0, lease.task.to_string())),
            _ => None,
        });
        assigned.collect()
    }

    /// The lease of the last step's first assignment.
    fn lease(&self) -> LeaseId {
        let lease = self.commands.iter().find_map(|command| match command {
            Command::Assign { lease, .. } => Some(*lease),
            _ => None,
        });
        lease.unwrap_or_else(|| panic!("nothing is assigned: {:?}", self.commands))
    }

    /// The lease of a job's only task.
    fn lease_of(&self, name: &str) -> LeaseId {
        let leases = self.machine.job(job(name)).map(|job| job.leases().clone()).expect("is live");
        let (task, lease) = leases.into_iter().next().expect("is leased");
        LeaseId { job: job(name), task, epoch: lease.epoch }
    }

    fn lapse(&mut self, worker: u64, lease: LeaseId, why: Lapse) -> Answer {
        self.tell(Input::Lapsed { worker: WorkerId(worker), lease, why })
    }

    fn complete(&mut self, worker: u64, lease: LeaseId, cuts: &[(u32, u8)]) -> Answer {
        let cuts = cuts.iter().map(|(batches, shape)| Cut {
            batches: *batches,
            shape: ShapeNumber(*shape),
            statement: Vec::new(),
        });
        let artifact = ArtifactId::of(lease.task.to_string().as_bytes());
        let output = Output { artifact, bytes: 1, cuts: cuts.collect() };
        self.tell(Input::Completed { worker: WorkerId(worker), lease, output })
    }

    fn end(&self) -> Option<&End> {
        self.records.iter().find_map(|record| match record {
            Record::Ended { end, .. } => Some(end),
            _ => None,
        })
    }

    /// Why leases are over.
    fn released(&self) -> Vec<Lapse> {
        let released = self.records.iter().filter_map(|record| match record {
            Record::Released { why, .. } => Some(why.clone()),
            _ => None,
        });
        released.collect()
    }

    fn phase(&self, name: &str) -> Phase {
        self.machine.job(job(name)).map(|job| job.phase()).expect("is live")
    }
}

fn failed(class: FailureClass) -> Lapse {
    Lapse::Failed(Failure::new(class, "so it is"))
}
