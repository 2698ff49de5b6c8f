//! Many jobs at a time: what a machine takes for an input does not grow with what waits.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::ids::{ArtifactId, Millis, WorkerId};
use aludel_scheduler::machine::{StaticEstimates, WorkerSpec};
use aludel_scheduler::plan::{ShapeNumber, Side};
use aludel_scheduler::{
    Answer, Batch, Command, Cut, IdempotencyKey, Input, Machine, Output, Policy, Priority, Record, Request,
    Target, Task,
};

fn request(batches: u32) -> Request {
    let batch =
        |n: u32| Batch { number: BatchNumber(n), artifact: ArtifactId::of(&n.to_le_bytes()), bytes: 1 };
    Request {
        chain: ChainId(7),
        target: Target::Root,
        keys: Digest::ZERO,
        deadline: Millis(1_000_000),
        priority: Priority::Normal,
        batches: (1..=batches).map(batch).collect(),
        is_sealed: true,
    }
}

/// Submits `jobs` jobs of `batches` shards each and works until all have ended; inputs, and the time that the machine took for them.
fn serve(jobs: u32, batches: u32) -> (u32, Duration) {
    let mut machine =
        Machine::new(Policy { most_jobs: jobs as usize, ..Policy::default() }, StaticEstimates::default());
    let (mut inputs, mut time, mut ended) = (0, Duration::ZERO, 0);
    let mut commands = VecDeque::new();
    let mut tell = |input: Input, commands: &mut VecDeque<Command>| {
        let begun = Instant::now();
        let step = machine.handle(Millis(1_000), input);
        time += begun.elapsed();
        inputs += 1;
        assert_eq!(step.answer, Answer::Done);
        let records = step.appends.iter().flat_map(|append| &append.records);
        ended += records.filter(|record| matches!(record, Record::Ended { .. })).count();
        commands.extend(step.commands);
    };
    for n in 0..jobs {
        let job = IdempotencyKey::new(n.to_string()).expect("a key").job(ChainId(7));
        tell(Input::Submit { job, request: request(batches) }, &mut commands);
    }
    for n in 0..9 {
        let side = if n == 0 { Side::Coordinator } else { Side::Device };
        let spec = WorkerSpec { side, memory_bytes: 8_000_000_000, slots: 2 };
        tell(Input::Register { worker: WorkerId(n), spec }, &mut commands);
    }
    while let Some(command) = commands.pop_front() {
        let Command::Assign { worker, lease, .. } = command else { panic!("{command:?}") };
        let cuts = match lease.task {
            Task::Check { .. } => {
                vec![Cut { batches: 1, shape: ShapeNumber(2), statement: Vec::new() }; batches as usize]
            }
            _ => Vec::new(),
        };
        let artifact = ArtifactId::of(lease.task.to_string().as_bytes());
        let output = Output { artifact, bytes: 1, cuts };
        tell(Input::Completed { worker, lease, output }, &mut commands);
    }
    assert_eq!(ended, jobs as usize);
    (inputs, time)
}

#[test]
fn an_input_takes_no_longer_because_much_waits() {
    // Many small jobs; and few of so many shards that a look at all tasks for each of them would show.
    for (jobs, batches) in [(10_000, 1), (2, 2_000)] {
        let (inputs, time) = serve(jobs, batches);
        let each = time / inputs;
        println!("{jobs} jobs of {batches} shards: {inputs} inputs, {each:?} each");
        // A tenth of what the service may take for a task, on a machine that does much else beside.
        assert!(each < Duration::from_micros(200), "{jobs} jobs of {batches} shards: {each:?} an input");
    }
}
