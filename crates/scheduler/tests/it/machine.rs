//! The rules of the machine, one at a time.

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::ids::{ArtifactId, JobId, LeaseId, Millis, WorkerId};
use aludel_scheduler::machine::{MemoryModel, Refusal, StaticEstimates, WorkerSpec};
use aludel_scheduler::plan::{Place, ShapeNumber};
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
    first_delay_ms: 50,
    most_delay_ms: 80,
    most_jobs: 3,
    most_batches: 8,
    most_ahead_ms: 1_000_000,
};

fn rig() -> Rig {
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
    }
}

const fn device(memory_bytes: u64, slots: usize) -> WorkerSpec {
    WorkerSpec { place: Place::Device, memory_bytes, slots }
}

const SPEC: WorkerSpec = device(100, 1);

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

    /// Time passes, with heartbeats of these workers; what all of it led to.
    fn wait(&mut self, millis: u64, workers: &[u64]) {
        self.now += millis;
        let (mut records, mut commands) = (Vec::new(), Vec::new());
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

    fn lapse(&mut self, worker: u64, lease: LeaseId, why: Lapse) -> Answer {
        self.tell(Input::Lapsed { worker: WorkerId(worker), lease, why })
    }

    fn complete(&mut self, worker: u64, lease: LeaseId, cuts: &[(u32, u8)]) -> Answer {
        let cuts = cuts.iter().map(|(batches, shape)| Cut { batches: *batches, shape: ShapeNumber(*shape) });
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

    fn phase(&self, name: &str) -> Phase {
        self.machine.job(job(name)).map(|job| job.phase()).expect("is live")
    }
}

fn failed(class: FailureClass) -> Lapse {
    Lapse::Failed(Failure::new(class, "so it is"))
}

#[test]
fn a_job_from_its_submit_to_its_end() {
    let mut rig = rig();
    assert_eq!(rig.submit("a", request(3)), Answer::Done);
    rig.register(1, SPEC);
    rig.register(2, WorkerSpec { place: Place::Coordinator, ..SPEC });
    // The check is assigned when there is a worker.
    let mut lease = LeaseId { job: job("a"), task: Task::Check { segment: 0 }, epoch: Default::default() };
    lease.epoch.0 = 1;
    assert_eq!(rig.complete(1, lease, &[(2, 4), (1, 1)]), Answer::Done);
    let mut order = Vec::new();
    while let Some((worker, task)) = rig.assigned().into_iter().next() {
        let lease = rig.lease();
        order.push(format!("{worker}:{task}"));
        assert_eq!(rig.complete(worker, lease, &[]), Answer::Done);
    }
    let expected = "1:prove-0 1:lift-0 1:prove-1 1:lift-1 1:join-0-2 1:root 2:verify 2:publish";
    assert_eq!(order.join(" "), expected);
    let artifact = |name: &str| ArtifactId::of(name.as_bytes());
    let end = End::Succeeded { proofs: vec![artifact("root")], receipt: artifact("publish") };
    assert_eq!(rig.end(), Some(&end));
    // In one append with the result: there is no log with the one and not the other.
    assert!(matches!(rig.records[..], [Record::Completed { task: Task::Publish, .. }, Record::Ended { .. }]));
    assert!(rig.machine.job(job("a")).is_none() && rig.machine.is_idle());
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::NotLive);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut rig = rig();
    let refused = |rig: &mut Rig, change: fn(&mut Request)| {
        let mut request = request(3);
        change(&mut request);
        let answer = rig.submit("a", request);
        assert_eq!(rig.records, []);
        match answer {
            Answer::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&mut rig, |r| r.batches.clear()), Refusal::NoBatches);
    let order = Refusal::Order { expected: 2, found: 3 };
    assert_eq!(refused(&mut rig, |r| r.batches[1].number = BatchNumber(3)), order);
    let order = Refusal::Order { expected: 1 << 32, found: 0 };
    let wraps: fn(&mut Request) = |r| {
        r.batches.truncate(2);
        (r.batches[0].number, r.batches[1].number) = (BatchNumber(u32::MAX), BatchNumber(0));
    };
    assert_eq!(refused(&mut rig, wraps), order);
    let most = Refusal::TooManyBatches { most: 8 };
    assert_eq!(refused(&mut rig, |r| r.batches = request(9).batches), most);
    assert!(matches!(refused(&mut rig, |r| r.deadline = Millis(1_000)), Refusal::Deadline { .. }));
    assert!(matches!(refused(&mut rig, |r| r.deadline = Millis(1_001_001)), Refusal::Deadline { .. }));
    assert_eq!(rig.submit("a", request(3)), Answer::Done);
    assert_eq!(refused(&mut rig, |r| r.target = Target::Shards), Refusal::KeyTaken);
    assert_eq!(rig.submit("a", request(3)), Answer::Already);
    assert_eq!([rig.submit("b", request(1)), rig.submit("c", request(1))], [Answer::Done, Answer::Done]);
    assert_eq!(rig.submit("d", request(1)), Answer::Refused(Refusal::Busy { most: 3 }));
    assert_eq!(rig.submit("a", request(3)), Answer::Already, "nothing is new about it");
    assert_eq!(rig.tell(Input::Drain), Answer::Done);
    assert_eq!(rig.submit("d", request(1)), Answer::Refused(Refusal::Draining));
}

#[test]
fn input_comes_in_order_and_once() {
    let mut rig = rig();
    let mut first = request(2);
    first.is_sealed = false;
    let all = request(9).batches;
    assert_eq!(rig.submit("a", first), Answer::Done);
    let add = |rig: &mut Rig, segment: u32, range: core::ops::Range<usize>| {
        rig.tell(Input::AddInput { job: job("a"), segment, batches: all[range].to_vec() })
    };
    assert_eq!(add(&mut rig, 1, 2..4), Answer::Done);
    assert_eq!(add(&mut rig, 1, 2..4), Answer::Already);
    assert_eq!(rig.records, []);
    let segment = |found| Answer::Refused(Refusal::Segment { expected: 2, found });
    assert_eq!(add(&mut rig, 1, 2..5), segment(1));
    assert_eq!(add(&mut rig, 3, 4..5), segment(3));
    assert_eq!(add(&mut rig, 2, 5..6), Answer::Refused(Refusal::Order { expected: 5, found: 6 }));
    assert_eq!(add(&mut rig, 2, 4..4), Answer::Refused(Refusal::NoBatches));
    assert_eq!(add(&mut rig, 2, 4..9), Answer::Refused(Refusal::TooManyBatches { most: 8 }));
    assert_eq!(rig.tell(Input::SealInput { job: job("a") }), Answer::Done);
    assert_eq!(rig.tell(Input::SealInput { job: job("a") }), Answer::Already);
    assert_eq!(add(&mut rig, 2, 4..5), Answer::Refused(Refusal::Sealed));
    assert_eq!(add(&mut rig, 1, 2..4), Answer::Already);
}

#[test]
fn class_then_deadline_then_acceptance() {
    let mut rig = rig();
    let mut by_priority = |name: &str, priority, deadline| {
        rig.now += 1;
        let request = Request { priority, deadline: Millis(deadline), ..request(1) };
        assert_eq!(rig.submit(name, request), Answer::Done);
    };
    by_priority("late", Priority::Normal, 9_000);
    by_priority("high", Priority::High, 90_000);
    by_priority("early", Priority::Normal, 8_000);
    rig.register(1, SPEC);
    let mut order = Vec::new();
    for _ in 0..3 {
        let lease = rig.lease();
        order.push(lease.job);
        // A failure that ends the job makes room for the next.
        rig.lapse(1, lease, failed(FailureClass::Input));
        assert!(matches!(rig.end(), Some(End::Failed(f)) if f.class == FailureClass::Input));
    }
    assert_eq!(order, ["high", "early", "late"].map(job));
}

#[test]
fn memory_is_not_promised_twice_and_large_tasks_are_not_starved() {
    let mut rig = rig();
    let request = Request { target: Target::Shards, ..request(4) };
    rig.submit("a", request);
    rig.register(1, device(50, 4));
    let lease = rig.lease();
    rig.complete(1, lease, &[(1, 3), (1, 4), (1, 1), (1, 6)]);
    // 30 are taken, 40 do not fit beside them, and 10 behind them would.
    assert_eq!(rig.assigned(), [(1, "prove-0".to_owned())]);
    let lease = rig.lease();
    rig.complete(1, lease, &[]);
    assert_eq!(rig.assigned(), [(1, "prove-1".to_owned()), (1, "prove-2".to_owned())]);
    // 60 never fit: others are not held up, and it waits for a larger worker.
    rig.register(2, device(60, 1));
    assert_eq!(rig.assigned(), [(2, "prove-3".to_owned())]);
}

#[test]
fn slots_bound_what_a_worker_does() {
    let mut rig = rig();
    for name in ["a", "b", "c"] {
        rig.submit(name, request(1));
    }
    rig.register(1, device(1_000, 2));
    assert_eq!(rig.assigned().len(), 2);
    rig.register(2, device(1_000, 0));
    assert_eq!(rig.assigned(), []);
}

#[test]
fn failures_of_machines_wait_and_go_elsewhere() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    assert_eq!(rig.lapse(1, lease, failed(FailureClass::Device)), Answer::Done);
    assert_eq!(rig.assigned(), []);
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 50)));
    // Too small for the task: it is no elsewhere.
    rig.register(3, device(5, 1));
    rig.wait(49, &[1]);
    assert_eq!(rig.assigned(), []);
    rig.wait(1, &[1]);
    assert_eq!(rig.assigned(), [(1, "check-0".to_owned())], "there is nobody else");
    let lease = rig.lease();
    rig.register(2, SPEC);
    rig.lapse(1, lease, failed(FailureClass::Capacity));
    rig.wait(79, &[1, 2]);
    assert_eq!(rig.assigned(), [], "doubled, and bounded");
    rig.wait(1, &[1, 2]);
    assert_eq!(rig.assigned(), [(2, "check-0".to_owned())]);
    let lease = rig.lease();
    rig.lapse(2, lease, failed(FailureClass::Device));
    assert_eq!(rig.end(), Some(&End::Failed(Failure::new(FailureClass::Device, "so it is"))));
}

#[test]
fn failures_of_programs_have_their_own_bound() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.lapse(1, lease, failed(FailureClass::Device));
    rig.wait(50, &[1]);
    let lease = rig.lease();
    rig.lapse(1, lease, Lapse::Unverified("of another statement".into()));
    // Not later, but again.
    let lease = rig.lease();
    // A result that the task cannot have counts as one.
    assert_eq!(rig.complete(1, lease, &[(2, 0)]), Answer::Stale);
    let Some(End::Failed(failure)) = rig.end() else { panic!("it goes on") };
    assert!(failure.class == FailureClass::Internal && failure.sentence.contains("cannot have"), "{failure}");
}

#[test]
fn a_lost_result_is_made_again_and_a_lost_batch_fails_the_job() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.complete(1, lease, &[(1, 1)]);
    let lease = rig.lease();
    rig.complete(1, lease, &[]);
    let lease = rig.lease();
    assert_eq!(lease.task.to_string(), "lift-0");
    let proof = ArtifactId::of(b"prove-0");
    rig.lapse(1, lease, Lapse::InputLost(proof));
    assert!(rig.records.contains(&Record::OutputLost { task: Task::Prove { shard: 0 } }));
    assert_eq!(rig.assigned(), [(1, "prove-0".to_owned())]);
    let lease = rig.lease();
    let batch = request(1).batches[0].artifact;
    rig.lapse(1, lease, Lapse::InputLost(batch));
    assert!(matches!(rig.end(), Some(End::Failed(f)) if f.sentence.contains("a batch is missing")));
    // What is no input at all is a fault of the worker's program.
    rig.submit("b", request(1));
    let lease = rig.lease();
    rig.lapse(1, lease, Lapse::InputLost(proof));
    assert!(rig.records.iter().all(|record| !matches!(record, Record::OutputLost { .. })));
    let lease = rig.lease();
    rig.lapse(1, lease, Lapse::InputLost(proof));
    assert!(matches!(rig.end(), Some(End::Failed(f)) if f.class == FailureClass::Internal));
}

#[test]
fn a_cancel_waits_for_workers_and_not_for_long() {
    let mut rig = rig();
    rig.submit("a", request(1));
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Done);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    rig.submit("b", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!(rig.commands, [Command::Stop { worker: WorkerId(1), lease }]);
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!((rig.commands.len(), rig.phase("b")), (0, Phase::Cancelling));
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 100)));
    // A result that comes now changes nothing.
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    // One that does not let go is killed.
    rig.submit("c", request(1));
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: job("c") }), Answer::Cancelling);
    rig.wait(99, &[1]);
    assert_eq!((&rig.commands[..], rig.end()), (&[][..], None));
    rig.wait(1, &[1]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(1) }]);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale);
    assert_eq!(rig.tell(Input::Heartbeat { worker: WorkerId(1) }), Answer::UnknownWorker);
}

#[test]
fn a_deadline_ends_a_job_wherever_it_is() {
    for leased in [false, true] {
        let mut rig = rig();
        rig.submit("a", request(1));
        if leased {
            rig.register(1, SPEC);
        }
        rig.now = 499_999;
        let workers: &[u64] = if leased { &[1] } else { &[] };
        if leased {
            let lease = rig.lease();
            assert_eq!(rig.tell(Input::Progress { worker: WorkerId(1), lease }), Answer::Done);
        }
        rig.wait(0, workers);
        assert_eq!(rig.end(), None);
        rig.wait(1, workers);
        assert_eq!(rig.end(), Some(&End::Expired));
        assert_eq!(rig.commands.len(), usize::from(leased));
        if leased {
            // Its place is taken until it lets go.
            rig.submit("b", Request { deadline: Millis(600_000), ..request(1) });
            assert_eq!(rig.assigned(), []);
            let mut lease =
                LeaseId { job: job("a"), task: Task::Check { segment: 0 }, epoch: Default::default() };
            lease.epoch.0 = 1;
            assert_eq!(rig.lapse(1, lease, Lapse::Stopped), Answer::Stale);
            assert_eq!(rig.assigned(), [(1, "check-0".to_owned())]);
        }
    }
}

#[test]
fn a_cancelled_job_does_not_expire() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Cancelling);
    rig.now = 600_000;
    rig.wait(0, &[1]);
    assert_eq!(rig.end(), Some(&End::Cancelled));
}

#[test]
fn workers_that_are_silent_or_hang_are_killed() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    rig.wait(999, &[]);
    assert_eq!(rig.commands, []);
    rig.wait(1, &[]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(1) }]);
    assert!(matches!(rig.records[..], [Record::Released { why: Lapse::Silent, .. }]));
    rig.wait(50, &[]);
    rig.register(2, SPEC);
    let lease = rig.lease();
    for _ in 0..9 {
        rig.wait(900, &[2]);
        assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Done);
    }
    for _ in 0..5 {
        rig.wait(900, &[2]);
        assert_eq!(rig.commands, []);
    }
    rig.wait(500, &[2]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(2) }]);
    assert!(matches!(rig.records[..], [Record::Released { why: Lapse::Stalled, .. }]));
    assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Stale);
}

#[test]
fn a_kill_costs_the_neighbours_nothing() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.submit("b", request(1));
    rig.register(1, device(100, 2));
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: lease.job }), Answer::Cancelling);
    rig.wait(100, &[1]);
    let released: Vec<_> = rig
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Released { why, .. } => Some(why),
            _ => None,
        })
        .collect();
    assert_eq!(released, [&Lapse::Stopped, &Lapse::Evicted]);
    rig.register(2, SPEC);
    assert_eq!(rig.assigned().len(), 1, "at once: it is no failure");
}

#[test]
fn leases_are_of_one_worker_and_one_epoch() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.register(2, SPEC);
    assert_eq!(rig.complete(2, lease, &[(1, 1)]), Answer::Stale, "it is another's");
    assert_eq!(rig.lapse(2, lease, Lapse::Stopped), Answer::Stale);
    assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Stale);
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(1) }), Answer::Done);
    assert!(matches!(rig.records[0], Record::Released { why: Lapse::WorkerLost, .. }));
    rig.wait(50, &[2]);
    let next = rig.lease();
    assert_eq!((next.task, next.epoch.0), (lease.task, 2));
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale, "it is over");
    assert_eq!(rig.complete(2, next, &[(1, 1)]), Answer::Done);
    assert_eq!(rig.complete(2, next, &[(1, 1)]), Answer::Already);
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale, "the same bytes under an old epoch");
    assert_eq!(rig.tell(Input::Register { worker: WorkerId(2), spec: SPEC }), Answer::Already);
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(1) }), Answer::UnknownWorker);
}

#[test]
fn draining_begins_nothing() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.submit("b", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.tell(Input::Drain);
    assert!(!rig.machine.is_idle());
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Done);
    assert_eq!(rig.commands, []);
    assert!(rig.machine.is_idle());
}

#[test]
fn time_does_not_go_back() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.now = 900;
    rig.submit("b", request(1));
    assert!(matches!(rig.records[..], [Record::Accepted { at: Millis(1_000), .. }]));
}

#[test]
fn a_restart_reads_what_there_is() {
    let mut rig = rig();
    let mut log = Vec::new();
    rig.submit("a", request(1));
    log.append(&mut rig.records);
    rig.register(1, SPEC);
    log.append(&mut rig.records);
    let damaged = vec![Record::InputSealed];
    let ended = {
        let mut log = log[..1].to_vec();
        log.push(Record::CancelRequested { at: Millis(1) });
        log.push(Record::Ended { at: Millis(1), end: End::Cancelled });
        log
    };
    let cancelled = [&log[..], &[Record::CancelRequested { at: Millis(5) }]].concat();
    let logs = [(job("a"), log), (job("b"), damaged), (job("c"), ended), (job("d"), cancelled)];
    let recovered = Machine::recover(POLICY, Peaks, logs, Millis(2_000));
    assert_eq!(recovered.damaged.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [job("b")]);
    assert_eq!(recovered.machine.jobs().map(|(id, _)| id).collect::<Vec<_>>(), [job("a")]);
    let appends: Vec<_> =
        recovered.step.appends.iter().map(|a| (a.job, a.expected, a.records.len())).collect();
    assert_eq!(appends, [(job("a"), 2, 1), (job("d"), 3, 2)]);
    let mut rig = Rig { machine: recovered.machine, ..rig };
    rig.register(2, SPEC);
    assert_eq!((rig.lease().epoch.0, rig.assigned()), (2, vec![(2, "check-0".to_owned())]));
}

#[test]
fn estimates_hold_for_every_task() {
    let model = StaticEstimates::default();
    let planned = |task, shape: Option<u8>| Planned {
        task,
        after: vec![],
        batches: 0..0,
        shape: shape.map(ShapeNumber),
    };
    let shard = |shape| model.peak_bytes(&planned(Task::Prove { shard: 0 }, shape));
    let shapes = [0, 3, 4, 5, 200].map(|shape| shard(Some(shape)));
    assert_eq!(shapes, [1_750_000_000, 1_750_000_000, 3_000_000_000, 3_000_000_000, 3_000_000_000]);
    assert_eq!(shard(None), shapes[4]);
    assert!(model.peak_bytes(&planned(Task::Root, None)) > model.peak_bytes(&planned(Task::Verify, None)));
}
