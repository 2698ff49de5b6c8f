//! Much at a time: what a machine takes for an input does not grow with what waits, nor with the job that it is about.
//!
//! The figures are printed. What is asserted is a ratio of two of them, each the least of several runs, with room for a noisy machine; a walk over what waits
//! would be a hundred times as much.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::ids::{ArtifactId, JobId, LeaseId, Millis, WorkerId};
use aludel_scheduler::machine::{StaticEstimates, WorkerSpec};
use aludel_scheduler::plan::{ShapeNumber, Side};
use aludel_scheduler::{
    Answer, Batch, Command, Cut, Failure, FailureClass, IdempotencyKey, Input, Lapse, Machine, Output,
    Policy, Priority, Record, Request, Target, Task,
};

/// A shape that every worker here holds, and one that none does.
const SMALL: ShapeNumber = ShapeNumber(0);
const HUGE: ShapeNumber = ShapeNumber(4);

/// Much less than what any of the walks that it is to find would make of it.
const MOST: f64 = 10.0;

fn job(n: u32) -> JobId {
    IdempotencyKey::new(n.to_string()).expect("a key").job(ChainId(7))
}

fn batch(n: u32) -> Batch {
    Batch { number: BatchNumber(n), artifact: ArtifactId::of(&n.to_le_bytes()), bytes: 1 }
}

fn request(target: Target, batches: u32) -> Request {
    Request {
        chain: ChainId(7),
        target,
        keys: Digest::ZERO,
        deadline: Millis(1_000_000),
        priority: Priority::Normal,
        batches: (0..batches).map(batch).collect(),
        is_sealed: true,
        trace: [0; 16],
    }
}

/// Of each the least of several runs, in turn: whatever else the computer does makes none shorter, and lasts for some of them.
fn least(few: impl Fn() -> f64, many: impl Fn() -> f64) -> (f64, f64) {
    let runs = (0..4).map(|_| (few(), many()));
    runs.fold((f64::INFINITY, f64::INFINITY), |least, (few, many)| (least.0.min(few), least.1.min(many)))
}

/// A machine with workers, and the time that it took.
struct Load {
    machine: Machine<StaticEstimates>,
    commands: VecDeque<Command>,
    inputs: u32,
    time: Duration,
    /// Of one input at most.
    longest: Duration,
    ended: u32,
}

impl Load {
    /// With the coordinator's own worker and eight devices, which no task of a huge shard fits.
    fn new() -> Self {
        let policy = Policy { most_jobs: 100_000, ..Policy::default() };
        let machine = Machine::new(policy, StaticEstimates::default());
        let mut load = Self {
            machine,
            commands: VecDeque::new(),
            inputs: 0,
            time: Duration::ZERO,
            longest: Duration::ZERO,
            ended: 0,
        };
        for n in 0..9 {
            let (side, slots) = if n == 0 { (Side::Coordinator, 4) } else { (Side::Device, 1) };
            let spec = WorkerSpec { side, memory_bytes: 2_500_000_000, slots };
            load.tell(Input::Register { worker: WorkerId(n), spec });
        }
        load
    }

    /// As the loop of a coordinator: an input, and when to wake up.
    fn tell(&mut self, input: Input) {
        let begun = Instant::now();
        let step = self.machine.handle(Millis(1_000), input);
        let wakeup = self.machine.next_wakeup();
        let taken = begun.elapsed();
        self.time += taken;
        self.longest = self.longest.max(taken);
        self.inputs += 1;
        assert_eq!(step.answer, Answer::Done);
        assert!(self.inputs == 1 || wakeup.is_some());
        let records = step.appends.iter().flat_map(|append| &append.records);
        self.ended += records.filter(|record| matches!(record, Record::Ended { .. })).count() as u32;
        self.commands.extend(step.commands);
    }

    fn submit(&mut self, job: JobId, request: Request) {
        self.tell(Input::Submit { job, request });
    }

    /// Works until nothing is assigned any more. Each batch is a shard of this shape; `fails` is what becomes of its proof.
    fn work(&mut self, shape: ShapeNumber, fails: Option<&Lapse>) {
        while let Some(command) = self.commands.pop_front() {
            let Command::Assign { worker, lease, inputs, .. } = command else { panic!("{command:?}") };
            self.tell(Input::Heartbeat { worker });
            self.tell(Input::Progress { worker, lease });
            self.tell(match fails.filter(|_| matches!(lease.task, Task::Prove { .. })) {
                Some(why) => Input::Lapsed { worker, lease, why: why.clone() },
                None => Input::Completed { worker, lease, output: output(lease, shape, inputs.len()) },
            });
        }
    }

    fn each(&self) -> f64 {
        self.time.as_secs_f64() * 1e6 / f64::from(self.inputs)
    }

    /// What was there is not counted.
    fn begin(&mut self) {
        (self.inputs, self.time, self.longest, self.ended) = (1, Duration::ZERO, Duration::ZERO, 0);
    }
}

fn output(lease: LeaseId, shape: ShapeNumber, inputs: usize) -> Output {
    let cuts = match lease.task {
        Task::Check { .. } => vec![Cut { batches: 1, shape, statement: Vec::new() }; inputs],
        _ => Vec::new(),
    };
    Output { artifact: ArtifactId::of(lease.task.to_string().as_bytes()), bytes: 1, cuts }
}

/// Microseconds of an input, of as many jobs at a time, each of one shard; all is done `times` times.
fn small_jobs(jobs: u32, times: u32) -> f64 {
    let mut load = Load::new();
    load.begin();
    for time in 0..times {
        (0..jobs).for_each(|n| load.submit(job(time * jobs + n), request(Target::Root, 1)));
        load.work(SMALL, None);
    }
    assert_eq!(load.ended, jobs * times);
    println!(
        "{jobs} jobs of a shard, {times} times: {} inputs, {:.2} us each, {:?} at most",
        load.inputs,
        load.each(),
        load.longest
    );
    load.each()
}

#[test]
fn an_input_takes_no_longer_because_many_jobs_wait() {
    let (few, many) = least(|| small_jobs(100, 100), || small_jobs(10_000, 1));
    assert!(many < MOST * few, "{few:.2} us an input with 100 jobs, {many:.2} with 10,000");
}

/// Microseconds of an input, of a job of so many shards whose input comes in so many segments; all is done `times` times.
fn large_job(target: Target, shards: u32, segments: u32, times: u32) -> f64 {
    let mut load = Load::new();
    load.begin();
    for time in 0..times {
        let (job, of_segment) = (job(time), shards / segments);
        load.submit(job, Request { is_sealed: segments == 1, ..request(target, of_segment) });
        for segment in 1..segments {
            let batches = (segment * of_segment..(segment + 1) * of_segment).map(batch).collect();
            load.tell(Input::AddInput { job, segment, batches });
        }
        if segments > 1 {
            load.tell(Input::SealInput { job });
        }
        load.work(SMALL, None);
    }
    assert_eq!(load.ended, times);
    let (all, each) = (load.time / times, load.each());
    println!(
        "{target:?} of {shards} shards in {segments} segments: {all:?} in the machine, {each:.2} us an input"
    );
    each
}

#[test]
fn an_input_takes_no_longer_because_its_job_is_large() {
    for target in [Target::Root, Target::Shards] {
        for segmented in [false, true] {
            let segments = |shards: u32| if segmented { shards } else { 1 };
            let (small, large) = least(
                || large_job(target, 50, segments(50), 40),
                || large_job(target, 2_000, segments(2_000), 1),
            );
            assert!(large < MOST * small, "{small:.2} us an input of 50 shards, {large:.2} of 2,000");
        }
    }
}

/// Microseconds of an input of small jobs while others wait, before them, that cannot be begun.
fn behind(waiting: u32, shape: ShapeNumber, fails: Option<&Lapse>) -> f64 {
    let mut load = Load::new();
    for n in 0..waiting {
        load.submit(job(n), Request { priority: Priority::High, ..request(Target::Root, 1) });
    }
    load.work(shape, fails);
    load.begin();
    (0..2_000).for_each(|n| load.submit(job(waiting + n), request(Target::Root, 1)));
    load.work(SMALL, None);
    assert_eq!((load.ended, load.machine.jobs().count()), (2_000, waiting as usize));
    println!("behind {waiting} of shape {}, {fails:?}: {:.2} us an input", shape.0, load.each());
    load.each()
}

#[test]
fn an_input_takes_no_longer_because_others_cannot_be_begun() {
    let device = Lapse::Failed(Failure::new(FailureClass::Device, "so it is"));
    // What no worker can hold, and what is tried again later.
    for (shape, fails) in [(HUGE, None), (SMALL, Some(&device)), (SMALL, Some(&Lapse::NoRoom))] {
        let (few, many) = least(|| behind(10, shape, fails), || behind(10_000, shape, fails));
        assert!(many < MOST * few, "{few:.2} us an input behind 10 tasks, {many:.2} behind 10,000");
    }
}
