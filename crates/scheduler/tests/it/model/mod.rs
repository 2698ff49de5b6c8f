//! Random interleavings of clients, workers, time and crashes over a log in memory.
//!
//! `ALUDEL_MODEL_SEEDS=N` runs N seeds, `ALUDEL_MODEL_SEED=N` that one alone.

mod audit;
mod clients;
mod coordinator;
mod fleet;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

/// How often what happened. Evidence that something was tested.
type Seen = BTreeMap<&'static str, u64>;

fn number(name: &str) -> Option<u64> {
    env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

fn run(seed: u64, seen: &mut Seen) {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed);
        world.live(400);
        world.settle();
        world.seen
    }));
    match result {
        Ok(of_run) => of_run.into_iter().for_each(|(what, count)| *seen.entry(what).or_default() += count),
        Err(panic) => {
            eprintln!("the model failed with ALUDEL_MODEL_SEED={seed}");
            std::panic::resume_unwind(panic)
        }
    }
}

#[test]
fn nothing_is_lost_whatever_fails() {
    let mut seen = Seen::new();
    if let Some(seed) = number("ALUDEL_MODEL_SEED") {
        return run(seed, &mut seen);
    }
    let seeds = number("ALUDEL_MODEL_SEEDS").unwrap_or(1_000);
    (0..seeds).for_each(|seed| run(seed, &mut seen));
    println!("{seen:#?}");
    // A world in which something never happens tests nothing of it.
    for what in WITNESSED {
        assert!(seeds < 100 || seen.get(what).is_some_and(|count| *count > 3), "{what} hardly ever happened");
    }
}

/// What has to be seen in a hundred seeds.
const WITNESSED: &[&str] = &[
    "a job succeeded",
    "a job failed",
    "a job was cancelled",
    "a job expired",
    "a job of several segments succeeded",
    "a job of a root of at least three shards succeeded",
    "a job succeeded after a crash",
    "a job succeeded after a lost result",
    "crash before the append",
    "crash behind the append",
    "crash between commands",
    "a coordinator taken for dead lives on",
    "an append in conflict",
    "a result answered Done",
    "a result answered Already",
    "a result answered Stale",
    "a result after a cancel",
    "a cancel answered Cancelling",
    "a cancel answered Done",
    "a submit answered Already",
    "a key that is taken",
    "a refused segment",
    "a worker killed",
    "a worker unknown",
    "silent",
    "stalled",
    "evicted",
    "lost",
    "failed",
    "unverified",
    "input lost",
    "restarted",
    "stopped",
    "no room",
    "a thread abandoned",
    "the coordinator's own worker killed",
    "a number that was used",
    "too many batches in all",
    "a job failed by its check",
    "a job failed by restarts",
    "a job failed by what devices say",
    "waited for input",
    "waited for a worker",
    "waited for its turn",
    "waited for a task at work",
    "waited for a task to be tried again",
];
