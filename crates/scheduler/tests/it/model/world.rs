//! Everything that is not the machine: disk, clock, messages, luck.

use std::collections::BTreeMap;

use aludel_scheduler::ids::{ArtifactId, JobId, LeaseId, Millis, WorkerId};
use aludel_scheduler::machine::MemoryModel;
use aludel_scheduler::plan::Planned;
use aludel_scheduler::{End, Failure, FailureClass, Head, Input, Lapse, Policy, Record, Stage, Task};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Seen;
use super::audit::audit;
use super::clients::Client;
use super::coordinator::Coordinator;
use super::fleet::Worker;

/// Shards of shape 1 fill a worker, others half of it.
#[derive(Clone, Debug)]
pub struct Peaks;

impl MemoryModel for Peaks {
    fn peak_bytes(&self, task: &Planned) -> u64 {
        match (task.task.stage(), task.shape) {
            (Stage::Prove, Some(shape)) if shape.0 == 1 => 100,
            (Stage::Prove, _) => 50,
            (Stage::Root, _) => 80,
            _ => 20,
        }
    }
}

pub const POLICY: Policy = Policy {
    silence_ms: 2_000,
    stall_ms: 3_000,
    grace_ms: 100,
    most_infrastructure: 3,
    most_logic: 1,
    most_restarts: 6,
    first_delay_ms: 50,
    most_delay_ms: 400,
    most_jobs: 6,
    most_batches: 12,
    most_segments: 4,
    most_batches_in_all: 30,
    most_ahead_ms: 1_000_000,
};

pub struct World {
    pub rng: ChaCha8Rng,
    pub now: Millis,
    /// What survives.
    pub disk: BTreeMap<JobId, Vec<Record>>,
    /// Where the logs end.
    pub heads: BTreeMap<JobId, Head>,
    /// One, or with it one that was taken for dead.
    pub coordinators: Vec<Coordinator>,
    /// What workers have said and nobody has heard yet.
    pub mail: Vec<(WorkerId, Input)>,
    pub workers: BTreeMap<WorkerId, Worker>,
    pub clients: BTreeMap<JobId, Client>,
    pub seen: Seen,
    pub next_worker: u64,
    /// Faults happen.
    pub is_rough: bool,
    /// There were two coordinators at a time.
    pub had_rivals: bool,
    /// How jobs had ended when somebody looked.
    ends: BTreeMap<JobId, End>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            now: Millis(1_000),
            disk: BTreeMap::new(),
            heads: BTreeMap::new(),
            coordinators: Vec::new(),
            mail: Vec::new(),
            workers: BTreeMap::new(),
            clients: BTreeMap::new(),
            seen: Seen::new(),
            next_worker: 1,
            is_rough: true,
            had_rivals: false,
            ends: BTreeMap::new(),
        };
        let first = world.recovered();
        world.coordinators.push(first);
        world.employ(0);
        world
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// A chance that is none once faults have stopped.
    pub fn trouble(&mut self, percent: u32) -> bool {
        self.is_rough && self.chance(percent)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }

    pub fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// A random job that some client knows.
    pub fn some_job(&mut self) -> Option<JobId> {
        let count = self.clients.len();
        (count > 0).then(|| self.below(count)).and_then(|i| self.clients.keys().nth(i).copied())
    }

    pub fn live(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.below(100) {
                0..4 => self.submit_new(),
                4..8 => self.submit_again(),
                8..14 => self.give_input(),
                14..17 => self.ask_to_cancel(),
                17..22 => self.hire(),
                22..50 => self.work(),
                50..72 => self.deliver(),
                72..82 => self.beat(),
                82..92 => self.pass(),
                92..94 => self.lose_worker(),
                94..96 => self.crash_somebody(),
                96 => self.split(),
                97 => self.bury(),
                _ => self.look(),
            }
        }
    }

    /// Faults stop: from here on everything that was accepted must end.
    pub fn settle(&mut self) {
        self.is_rough = false;
        while self.coordinators.len() > 1 {
            self.bury();
        }
        for turn in 0.. {
            self.adopt_orphans();
            if self.coordinators[0].machine.jobs().next().is_none() {
                break;
            }
            assert!(turn < 3_000, "jobs are lost: {:?}", self.coordinators[0].machine.jobs().next());
            self.serve_well();
        }
        self.look();
        self.check_clients();
        for (id, log) in &self.disk {
            assert!(matches!(log.last(), Some(Record::Ended { .. })), "{id} has not ended");
        }
        self.count_ends();
    }

    /// Reads the disk as anybody may: logs are sound, ends stay.
    pub fn look(&mut self) {
        for (id, log) in &self.disk {
            audit(log, &POLICY);
            let end = log.last().and_then(|last| match last {
                Record::Ended { end, .. } => Some(end.clone()),
                _ => None,
            });
            let before = self.ends.get(id);
            assert!(before.is_none() || before == end.as_ref(), "{id} ended as {before:?}, then as {end:?}");
            if let Some(end) = end {
                self.ends.insert(*id, end);
            }
        }
        self.check_clients();
        self.compare();
    }

    fn check_clients(&self) {
        for (id, client) in &self.clients {
            let log = self.disk.get(id);
            assert!(!client.is_accepted || log.is_some(), "{id} was accepted and is not there");
            if client.is_cancelled {
                let log = log.expect("was cancelled");
                let is_noted = log.iter().any(|record| matches!(record, Record::CancelRequested { .. }));
                assert!(is_noted, "{id}: a cancel was ignored");
            }
            for (lease, artifact) in &client.taken {
                assert!(
                    is_taken(log.map_or(&[], Vec::as_slice), lease, *artifact),
                    "{lease:?} was taken and is not there"
                );
            }
        }
    }

    fn count(&mut self, record: &Record) {
        if let Record::Released { why, .. } = record {
            self.note(name(why));
        }
    }

    fn count_ends(&mut self) {
        for (id, end) in self.ends.clone() {
            let log = self.disk[&id].clone();
            log.iter().for_each(|record| self.count(record));
            let has = |is: fn(&Record) -> bool| log.iter().any(is);
            let is_segmented = has(|r| matches!(r, Record::InputAdded { .. }));
            let is_joined = log
                .iter()
                .any(|r| matches!(r, Record::Completed { task: Task::Join { first: 0, end: 3.. }, .. }));
            let is_restarted = has(|r| matches!(r, Record::Released { why: Lapse::Restarted, .. }));
            let is_lost = has(|r| matches!(r, Record::OutputLost { .. }));
            match end {
                End::Succeeded { .. } => {
                    self.note("a job succeeded");
                    for (is, what) in [
                        (is_segmented, "a job of several segments succeeded"),
                        (is_joined, "a job of a root of at least three shards succeeded"),
                        (is_restarted, "a job succeeded after a crash"),
                        (is_lost, "a job succeeded after a lost result"),
                    ] {
                        if is {
                            self.note(what);
                        }
                    }
                }
                End::Failed(failure) => {
                    self.note("a job failed");
                    match failure.sentence {
                        why if why.contains("the service ended too often") => {
                            self.note("a job failed by restarts")
                        }
                        why if why.contains("workers refused") => {
                            self.note("a job failed by what devices say")
                        }
                        _ if failure.class == FailureClass::Input => self.note("a job failed by its check"),
                        _ => {}
                    }
                }
                End::Cancelled => self.note("a job was cancelled"),
                End::Expired(why) => {
                    self.note("a job expired");
                    self.note(waited_for(&why));
                }
            }
        }
    }
}

/// What a lapse is called among what was seen.
const fn name(why: &Lapse) -> &'static str {
    match why {
        Lapse::WorkerLost => "lost",
        Lapse::Silent => "silent",
        Lapse::Stalled => "stalled",
        Lapse::Evicted => "evicted",
        Lapse::Failed(_) => "failed",
        Lapse::Unverified(_) => "unverified",
        Lapse::InputLost(_) => "input lost",
        Lapse::Restarted => "restarted",
        Lapse::Stopped => "stopped",
        Lapse::NoRoom => "no room",
    }
}

/// What an expired job is said to have waited for, among what was seen.
fn waited_for(why: &Failure) -> &'static str {
    assert_eq!(why.class, FailureClass::Deadline);
    let kinds = [
        ("not sealed", "waited for input"),
        ("is large enough", "waited for a larger worker"),
        ("there for", "waited for a worker"),
        ("queued behind", "waited for its turn"),
        ("was at work", "waited for a task at work"),
        ("tried again", "waited for a task to be tried again"),
        ("did not run", "waited for the service"),
    ];
    let kind = kinds.iter().find(|(says, _)| why.sentence.contains(says));
    kind.unwrap_or_else(|| panic!("{why}")).1
}

fn is_taken(log: &[Record], lease: &LeaseId, of: ArtifactId) -> bool {
    log.iter().any(|record| {
        matches!(record, Record::Completed { task, epoch, output, .. }
            if *task == lease.task && *epoch == lease.epoch && output.artifact == of)
    })
}
