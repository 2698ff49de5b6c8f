//! Many shards, one proof: lifted, joined two by two, and made a root.
//!
//! | | |
//! |---|---|
//! | which proofs are folded into which | `plan.rs` |
//! | in what order, on how many threads | `run.rs` |
//! | one lift, one join, one root | `folder.rs` |
//! | why not | `error.rs` |
//!
//! Every proof is verified before it is used and every result before it is handed on: [`Shard`] and [`Folded`] cannot be had otherwise.

mod error;
mod folder;
mod plan;
mod run;

use std::sync::Mutex;
use std::sync::PoisonError;

use aludel_protocol::fold::fold;
use aludel_verifier::Role;

pub use error::{AggregateError, Batches};
pub use folder::{Folded, Folder, Shard};
pub use plan::{Step, plan};
pub use run::run;

use crate::prove::Stats;

/// A step that is done.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// What was made.
    pub role: Role,
    /// What it cost.
    pub stats: Stats,
    /// Steps that are done, this one included.
    pub done: usize,
    /// All steps.
    pub of: usize,
}

/// Puts shards in the order of their batches.
///
/// # Errors
/// There is none, or they do not follow one another: names the two statements.
pub fn in_order(mut shards: Vec<Shard>) -> Result<Vec<Shard>, AggregateError> {
    shards.sort_by_key(|shard| (shard.statement().prev.number, shard.statement().next.number));
    let mut all = shards.first().ok_or(AggregateError::Nothing)?.statement().to_owned();
    for pair in shards.windows(2) {
        let [first, second] = pair else { continue };
        let (first, second) = (first.statement(), second.statement());
        all = fold(&all, second).map_err(|gap| AggregateError::gap(first, second, gap))?;
    }
    Ok(shards)
}

/// The root of shards in any order, `jobs` steps at a time; tells what is done.
///
/// # Errors
/// The shards do not follow one another; else a fault of this build or of the machine.
pub fn aggregate(
    folder: &Folder,
    shards: Vec<Shard>,
    jobs: usize,
    tell: impl Fn(Done) + Sync,
) -> Result<Folded, AggregateError> {
    let shards = in_order(shards)?;
    let steps = plan(shards.len());
    let shards: Vec<Mutex<Option<Shard>>> = shards.into_iter().map(|s| Mutex::new(Some(s))).collect();
    let take = |i: usize| shards[i].lock().unwrap_or_else(PoisonError::into_inner).take();
    let done = Mutex::new(0);
    let act = |step: Step, inputs: Vec<Folded>| {
        let made = match (step, &inputs[..]) {
            (Step::Lift { shard }, _) => folder.lift(take(shard).ok_or(AggregateError::Plan)?)?,
            (Step::Join { .. }, [first, second]) => folder.join(first, second)?,
            (Step::Root { .. }, [run]) => folder.root(run)?,
            _ => return Err(AggregateError::Plan),
        };
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        tell(Done { role: made.role(), stats: *made.stats(), done: *done, of: steps.len() });
        Ok(made)
    };
    run(&steps, jobs, act)?.ok_or(AggregateError::Plan)
}
