//! Which runs of shards are joined: the tree of RFC 6962, section 2.1.
//!
//! A run `[a, b)` is its first `2^k` shards and the rest, `2^k` the largest power of two below `b - a`. Runs of `2^k` shards that begin at a multiple of
//! it are part of the tree of every larger number of shards, so they are joined before that number is known; and no tree is deeper than one of halves.

use super::Task;

/// The task that makes the run of these shards, of which there is at least one.
pub(super) const fn run(first: u32, end: u32) -> Task {
    if end - first == 1 { Task::Lift { shard: first } } else { Task::Join { first, end } }
}

/// A join with the runs that it takes; of at least two shards.
fn join(first: u32, end: u32) -> (Task, Vec<Task>) {
    let middle = first + (end - first).next_power_of_two() / 2;
    (Task::Join { first, end }, vec![run(first, middle), run(middle, end)])
}

/// The joins of runs of `2^k` shards that end at `end`, smallest first.
pub(super) fn complete(end: u32) -> impl Iterator<Item = (Task, Vec<Task>)> {
    (1..=end.trailing_zeros()).map(move |k| join(end - (1 << k), end))
}

/// The other joins of `shards` shards, smallest first.
pub(super) fn incomplete(shards: u32) -> Vec<(Task, Vec<Task>)> {
    let mut joins = Vec::new();
    let mut first = 0;
    while !(shards - first).is_power_of_two() {
        joins.push(join(first, shards));
        first += (shards - first).next_power_of_two() / 2;
    }
    joins.reverse();
    joins
}
