//! Machine, logs and artifacts together, killed again and again, on a disk that damages files.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::artifacts::{ArtifactError, Artifacts, Quota, Room};
use aludel_scheduler::ids::{ArtifactId, JobId, LeaseId, Millis, WorkerId};
use aludel_scheduler::machine::{Recovered, StaticEstimates, WorkerSpec};
use aludel_scheduler::plan::{ShapeNumber, Side};
use aludel_scheduler::store::{Appended, DiskJobs, JobStore};
use aludel_scheduler::{
    Answer, Batch, Command, Cut, End, IdempotencyKey, Input, Job, Lapse, Machine, Output, Policy, Priority,
    Record, Request, Step, Target, Task,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

const CHAIN: ChainId = ChainId(7);
const JOBS: u32 = 6;
const BATCHES: u32 = 3;

const POLICY: Policy = Policy {
    silence_ms: 10_000,
    stall_ms: 120_000,
    grace_ms: 100,
    // Damage is no reason to fail here.
    most_infrastructure: 1_000,
    most_logic: 2,
    most_restarts: 1_000,
    first_delay_ms: 1,
    most_delay_ms: 1,
    most_jobs: 100,
    most_batches: 100,
    most_segments: 1,
    most_batches_in_all: 100,
    most_ahead_ms: u64::MAX,
};

/// A coordinator as it is to be, but for its threads and its workers' processes.
struct Service {
    folder: TempDir,
    store: DiskJobs,
    artifacts: Artifacts,
    machine: Machine<StaticEstimates>,
    /// What each job holds.
    jobs: BTreeMap<JobId, Job>,
    commands: VecDeque<Command>,
    now: u64,
    workers: u64,
    /// Artifacts of at most so many bytes share files.
    small: u64,
}

impl Service {
    fn open(folder: TempDir, now: u64, workers: u64, small: u64) -> Self {
        let store = DiskJobs::open(&folder.path().join("jobs.redb")).expect("opens");
        let quota = Quota { bytes: 1 << 20, reserve: 1 << 10, small };
        let artifacts = Artifacts::open(&folder.path().join("artifacts"), quota).expect("opens");
        let listed = store.list(None, 1_000).expect("lists");
        let logs = listed.iter().map(|listed| (listed.job, store.log(listed.job, 0).expect("is whole")));
        let logs: Vec<_> = logs.collect();
        let jobs: BTreeMap<_, _> =
            logs.iter().map(|(id, log)| (*id, Job::of(log).expect("is sound"))).collect();
        jobs.values().for_each(|job| artifacts.hold(job.artifacts()));
        artifacts.sweep();
        let Recovered { machine, step, damaged } =
            Machine::recover(POLICY, StaticEstimates::default(), logs, Millis(now));
        assert_eq!(damaged, []);
        let commands = VecDeque::new();
        let mut service = Self { folder, store, artifacts, machine, jobs, commands, now, workers, small };
        service.carry_out(step);
        for (side, slots) in [(Side::Device, 2), (Side::Device, 1), (Side::Coordinator, 1)] {
            service.workers += 1;
            let spec = WorkerSpec { side, memory_bytes: 8_000_000_000, slots };
            service.tell(Input::Register { worker: WorkerId(service.workers), spec });
        }
        service
    }

    /// What is on the disk when the process is killed: its memory, and what it would do when it ends, is gone.
    fn kill(self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("artifacts")).expect("makes");
        let copy =
            |name: &Path| fs::copy(self.folder.path().join(name), folder.path().join(name)).expect("copies");
        copy(Path::new("jobs.redb"));
        for entry in fs::read_dir(self.folder.path().join("artifacts")).expect("reads") {
            copy(&Path::new("artifacts").join(entry.expect("reads").file_name()));
        }
        Self::open(folder, self.now, self.workers, self.small)
    }

    fn tell(&mut self, input: Input) -> Answer {
        let step = self.machine.handle(Millis(self.now), input);
        self.carry_out(step)
    }

    fn carry_out(&mut self, step: Step) -> Answer {
        let written = self.store.append(step.appends.clone()).expect("appends");
        assert!(written.iter().all(|written| *written == Appended::Written));
        for append in step.appends {
            self.follow(append.job, &append.records);
        }
        self.commands.extend(step.commands);
        step.answer
    }

    /// What a job holds is held before what it does not hold any more is let go of.
    fn follow(&mut self, id: JobId, records: &[Record]) {
        let before = self.jobs.get(&id).map(Job::artifacts).unwrap_or_default();
        let job = self.jobs.entry(id).or_insert_with(|| Job::begin(&records[0]).expect("begins"));
        for record in records.iter().filter(|record| !matches!(record, Record::Accepted { .. })) {
            job.apply(record).expect("follows");
        }
        self.artifacts.hold(job.artifacts());
        self.artifacts.let_go(before);
    }

    fn submit(&mut self, n: u32) {
        let id = IdempotencyKey::new(n.to_string()).expect("a key").job(CHAIN);
        let pins = (1..=BATCHES).map(|b| {
            let bytes = format!("batch {b} of job {n}");
            (b, self.artifacts.put(bytes.as_bytes(), Room::Input).expect("has room"))
        });
        let pins: Vec<_> = pins.collect();
        let batch = |(b, pin): &(u32, aludel_scheduler::artifacts::Pin)| Batch {
            number: BatchNumber(*b),
            artifact: pin.id(),
            bytes: pin.bytes(),
        };
        let request = Request {
            chain: CHAIN,
            target: if n.is_multiple_of(2) { Target::Root } else { Target::Shards },
            keys: Digest::ZERO,
            deadline: Millis(1 << 40),
            priority: Priority::Normal,
            batches: pins.iter().map(batch).collect(),
            is_sealed: true,
            trace: [0; 16],
        };
        if self.jobs.get(&id).is_none_or(|job| job.end().is_none()) {
            let answer = self.tell(Input::Submit { job: id, request });
            assert!(matches!(answer, Answer::Done | Answer::Already), "{answer:?}");
        }
    }

    /// A worker does what it is told, from what it reads.
    fn work(&mut self, worker: WorkerId, lease: LeaseId, inputs: &[ArtifactId]) {
        let mut result = lease.task.to_string().into_bytes();
        for input in inputs {
            match self.artifacts.read(*input) {
                Ok(bytes) => result.extend([b" (", &bytes[..], b")"].concat()),
                Err(ArtifactError::Missing { .. } | ArtifactError::Damaged { .. }) => {
                    let why = Lapse::InputLost(*input);
                    assert_eq!(self.tell(Input::Lapsed { worker, lease, why }), Answer::Done);
                    return;
                }
                Err(other) => panic!("{other}"),
            }
        }
        let cuts = match lease.task {
            Task::Check { .. } => {
                vec![Cut { batches: 1, shape: ShapeNumber(0), statement: Vec::new() }; BATCHES as usize]
            }
            _ => Vec::new(),
        };
        let pin = self.artifacts.put(&result, Room::Result).expect("has room");
        let output = Output { artifact: pin.id(), bytes: pin.bytes(), cuts };
        assert_eq!(self.tell(Input::Completed { worker, lease, output }), Answer::Done);
    }

    /// Some result of a job that has not ended is damaged, or gone.
    fn damage(&self, rng: &mut ChaCha8Rng) {
        let live = self.jobs.values().filter(|job| job.end().is_none());
        let results = live.flat_map(|job| job.plan().iter().filter_map(|planned| job.output(planned.task)));
        let results: Vec<_> = results.map(|output| output.artifact).collect();
        let Some(id) = results.get(rng.random_range(0..results.len().max(1))) else { return };
        let artifacts = self.folder.path().join("artifacts");
        if self.small > 0 {
            return damage_packs(&artifacts, &self.artifacts.read(*id).expect("is whole"), rng);
        }
        let path = artifacts.join(id.to_string());
        if rng.random_bool(0.5) {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, b"other bytes").expect("writes");
        }
    }

    fn is_done(&self) -> bool {
        self.jobs.len() == JOBS as usize && self.jobs.values().all(|job| job.end().is_some())
    }
}

/// Somewhere in a pack one of these bytes is another.
fn damage_packs(folder: &Path, content: &[u8], rng: &mut ChaCha8Rng) {
    for entry in fs::read_dir(folder).expect("reads") {
        let path = entry.expect("reads").path();
        let mut bytes = fs::read(&path).expect("reads");
        let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(content)).collect();
        if !places.is_empty() {
            let byte = rng.random_range(0..content.len());
            places.into_iter().for_each(|at| bytes[at + byte] ^= 0x40);
            // In place: who has it open goes on writing to it.
            let file = fs::File::options().write(true).open(&path).expect("opens");
            file.write_all_at(&bytes, 0).expect("writes");
        }
    }
}

/// What a job ends with does not depend on what happened on the way.
fn proofs(service: &Service) -> Vec<Vec<Vec<u8>>> {
    let read = |id: &ArtifactId| service.artifacts.read(*id).expect("is there");
    let of = |job: &Job| match job.end() {
        Some(End::Succeeded { proofs, receipt }) => proofs.iter().chain([receipt]).map(read).collect(),
        other => panic!("{other:?}"),
    };
    service.jobs.values().map(of).collect()
}

fn run(seed: Option<u64>, small: u64) -> (Vec<Vec<Vec<u8>>>, u32) {
    let mut service = Service::open(tempfile::tempdir().expect("a folder"), 1_000, 0, small);
    let mut rng = ChaCha8Rng::seed_from_u64(seed.unwrap_or(0));
    let mut kills = 0;
    let trouble = |rng: &mut ChaCha8Rng, chance: f64| seed.is_some() && rng.random_bool(chance);
    while !service.is_done() {
        service.now += 5;
        // A client that was not answered asks again.
        (0..JOBS).for_each(|n| service.submit(n));
        assert_eq!(service.tell(Input::Tick), Answer::Done);
        while let Some(command) = service.commands.pop_front() {
            if trouble(&mut rng, 0.1) {
                service = service.kill();
                kills += 1;
                break;
            }
            if trouble(&mut rng, 0.05) {
                service.damage(&mut rng);
            }
            let Command::Assign { worker, lease, inputs, .. } = command else { panic!("{command:?}") };
            service.work(worker, lease, &inputs);
        }
    }
    let proofs = proofs(&service);
    let kept: usize = service.jobs.values().map(|job| job.artifacts().len()).sum();
    let files = fs::read_dir(service.folder.path().join("artifacts")).expect("reads").count();
    assert_eq!(service.artifacts.usage().files, kept, "nothing but what the jobs ended with is kept");
    assert!(small > 0 || files == kept);
    (proofs, kills)
}

#[test]
fn kills_and_damage_change_nothing_of_what_is_proven() {
    let (expected, _) = run(None, 0);
    let mut kills = 0;
    for seed in 1..6 {
        let (found, of_run) = run(Some(seed), if seed % 2 == 0 { Quota::SMALL } else { 0 });
        assert_eq!(found, expected, "seed {seed}");
        kills += of_run;
    }
    println!("{kills} kills");
    assert!(kills > 20);
}
