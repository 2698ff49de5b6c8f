//! What can be begun: tasks that wait for nothing but a worker, in their turn.
//!
//! They lie apart by the memory that they take, of which there are few different figures: so a worker sees what it could hold without a look at what it
//! could not, however much of that there is.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{JobId, Millis};
use crate::job::Job;
use crate::request::Priority;

/// Where a task stands among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    class: Priority,
    deadline: Millis,
    accepted: Millis,
    pub job: JobId,
    /// In the job's plan.
    pub place: usize,
}

impl Turn {
    pub const fn new(id: JobId, job: &Job, place: usize) -> Self {
        let request = job.request();
        Self { class: request.priority, deadline: request.deadline, accepted: job.accepted(), job: id, place }
    }
}

/// The tasks of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// By the bytes that they take; no set is empty.
    by_bytes: BTreeMap<u64, BTreeSet<Turn>>,
}

impl Queue {
    pub fn insert(&mut self, peak_bytes: u64, turn: Turn) {
        self.by_bytes.entry(peak_bytes).or_default().insert(turn);
    }

    pub fn remove(&mut self, peak_bytes: u64, turn: &Turn) {
        let Some(turns) = self.by_bytes.get_mut(&peak_bytes) else { return };
        turns.remove(turn);
        if turns.is_empty() {
            self.by_bytes.remove(&peak_bytes);
        }
    }

    /// What takes at most so many bytes, with the bytes that it takes, in turn.
    pub fn in_turn(&self, most_bytes: u64) -> impl Iterator<Item = (u64, Turn)> {
        let sets = self.by_bytes.range(..=most_bytes);
        let mut heads: Vec<_> = sets.map(|(bytes, turns)| (*bytes, turns.iter().peekable())).collect();
        std::iter::from_fn(move || {
            let first = heads.iter_mut().filter_map(|(bytes, turns)| Some((**turns.peek()?, *bytes, turns)));
            let (turn, bytes, turns) = first.min_by_key(|(turn, ..)| *turn)?;
            turns.next();
            Some((bytes, turn))
        })
    }
}
