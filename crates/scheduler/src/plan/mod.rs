//! The tasks of a job: a pure function of what is known of its input.
//!
//! More input gives more tasks and changes none, so a task's name is its name in every plan of the job.

mod fold;
mod planner;

use core::fmt;
use core::ops::Range;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::request::{Batch, Target};

pub(crate) use planner::Planner;

/// A task of a job. With the job's it is the task's name, in every plan and after every restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Task {
    /// Replays a segment of the input, cuts it into shards, gives its statement.
    Check {
        /// From 0, in order of arrival.
        segment: u32,
    },
    /// Witness and proof of a shard.
    Prove {
        /// From 0, in order of batches.
        shard: u32,
    },
    /// A shard's proof becomes one that can be joined.
    Lift {
        /// The shard.
        shard: u32,
    },
    /// Two runs, the second right after the first, become one.
    Join {
        /// The first shard.
        first: u32,
        /// Behind the last one.
        end: u32,
    },
    /// The whole run becomes small.
    Root,
    /// The proofs are verified as they lie on the disk, against what the checks say.
    Verify,
    /// The receipt is written; its record ends the job.
    Publish,
}

/// What sort of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// [`Task::Check`].
    Check,
    /// [`Task::Prove`].
    Prove,
    /// [`Task::Lift`].
    Lift,
    /// [`Task::Join`].
    Join,
    /// [`Task::Root`].
    Root,
    /// [`Task::Verify`].
    Verify,
    /// [`Task::Publish`].
    Publish,
}

/// Who does a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// A worker, on its device.
    Device,
    /// The coordinator: it trusts no worker with what is to be proven or with the last look, and writes the receipt.
    Coordinator,
}

impl Task {
    /// What sort it is.
    pub const fn stage(self) -> Stage {
        match self {
            Self::Check { .. } => Stage::Check,
            Self::Prove { .. } => Stage::Prove,
            Self::Lift { .. } => Stage::Lift,
            Self::Join { .. } => Stage::Join,
            Self::Root => Stage::Root,
            Self::Verify => Stage::Verify,
            Self::Publish => Stage::Publish,
        }
    }

    /// The shards of which its result speaks, of so many in all.
    pub const fn shards(self, all: u32) -> Range<u32> {
        match self {
            Self::Check { .. } => 0..0,
            Self::Prove { shard } | Self::Lift { shard } => shard..shard.saturating_add(1),
            Self::Join { first, end } => first..end,
            Self::Root | Self::Verify | Self::Publish => 0..all,
        }
    }

    /// Who does it.
    pub const fn side(self) -> Side {
        match self {
            Self::Check { .. } | Self::Verify | Self::Publish => Side::Coordinator,
            Self::Prove { .. } | Self::Lift { .. } | Self::Join { .. } | Self::Root => Side::Device,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { segment } => write!(f, "check-{segment}"),
            Self::Prove { shard } => write!(f, "prove-{shard}"),
            Self::Lift { shard } => write!(f, "lift-{shard}"),
            Self::Join { first, end } => write!(f, "join-{first}-{end}"),
            Self::Root => f.write_str("root"),
            Self::Verify => f.write_str("verify"),
            Self::Publish => f.write_str("publish"),
        }
    }
}

/// The number of a shard's shape, as proofs carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct ShapeNumber(pub u8);

/// A shard, as a check cuts it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Cut {
    /// How many batches it has.
    pub batches: u32,
    /// The smallest shape that holds them.
    pub shape: ShapeNumber,
    /// What its proof must say, as whoever verifies it writes that.
    pub statement: Vec<u8>,
}

/// Batches that came together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// In order.
    pub batches: Vec<Batch>,
    /// Its shards, once it is checked.
    pub cuts: Option<Vec<Cut>>,
}

impl Segment {
    /// Whether these shards have all of its batches, each of them at least one.
    pub fn is_cut(&self, cuts: &[Cut]) -> bool {
        let sum: u64 = cuts.iter().map(|cut| u64::from(cut.batches)).sum();
        sum == self.batches.len() as u64 && cuts.iter().all(|cut| cut.batches > 0)
    }
}

/// A task with what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The task.
    pub task: Task,
    /// The tasks whose results it takes, in the order in which it takes them.
    pub after: Vec<Task>,
    /// The batches that it takes, among those of the job, from 0; none where it takes results.
    pub batches: Range<usize>,
    /// Of what concerns one shard, its shape.
    pub shape: Option<ShapeNumber>,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Device, Self::Coordinator];
}

/// The tasks that are known of a job, each behind those that it takes, in the order in which they are best begun. Those behind the input's end are
/// there once it `is_sealed` and checked.
pub fn plan(target: Target, segments: &[Segment], is_sealed: bool) -> Vec<Planned> {
    let mut planner = Planner::new(target);
    let mut tasks: Vec<_> =
        segments.iter().map(|segment| planner.add_segment(segment.batches.len())).collect();
    let checked = segments.iter().map_while(|segment| segment.cuts.as_ref());
    checked.for_each(|cuts| tasks.extend(planner.add_shards(cuts)));
    if is_sealed && planner.is_checked() {
        tasks.extend(planner.finish());
    }
    tasks
}

/// The proofs that a job ends with.
pub fn results(target: Target, shards: u32) -> Vec<Task> {
    match target {
        Target::Shards => (0..shards).map(|shard| Task::Prove { shard }).collect(),
        Target::Root => vec![Task::Root],
    }
}

fn taking_results((task, after): (Task, Vec<Task>)) -> Planned {
    Planned { task, after, batches: 0..0, shape: None }
}

#[cfg(test)]
mod tests;
