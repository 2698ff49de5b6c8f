//! A job as its records make it, and nothing else: [`Job::begin`] takes the first, [`Job::apply`] every other, in order.
//!
//! Whoever writes a record applies it too, so that what runs and what a restart reads are made by the same lines.

mod attempts;
mod graph;
mod phase;
mod read;

use std::collections::BTreeMap;

use crate::failure::Lapse;
use crate::ids::{Epoch, Millis};
use crate::plan::{Planner, Segment, Task};
use crate::record::{End, Head, Output, Record};
use crate::request::{Batch, Request};

pub use attempts::{Attempts, Lease};
pub(crate) use graph::Changed;
use graph::Graph;
pub use phase::Phase;

/// A log that no run of this program writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {number} of the log cannot follow those before it: {reason}; the log is damaged")]
pub struct Inconsistent {
    /// Its place in the log.
    pub number: u32,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A job after some of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    request: Request,
    accepted: Millis,
    segments: Vec<Segment>,
    /// By segment, how many batches are before it.
    firsts: Vec<usize>,
    is_sealed: bool,
    /// Where its log ends.
    head: Head,
    attempts: BTreeMap<Task, Attempts>,
    planner: Planner,
    graph: Graph,
    leases: BTreeMap<Task, Lease>,
    is_cancelled: bool,
    end: Option<End>,
}

impl Job {
    /// The job of a log's first record.
    ///
    /// # Errors
    /// That is not what a log begins with.
    pub fn begin(record: &Record) -> Result<Self, Inconsistent> {
        let Record::Accepted { at, request } = record else {
            return Err(Inconsistent { number: 0, reason: "it begins without a request" });
        };
        let mut job = Self {
            request: request.clone(),
            accepted: *at,
            segments: Vec::new(),
            firsts: Vec::new(),
            is_sealed: request.is_sealed,
            head: Head::default().after(record),
            attempts: BTreeMap::new(),
            planner: Planner::new(request.target),
            graph: Graph::default(),
            leases: BTreeMap::new(),
            is_cancelled: false,
            end: None,
        };
        if !request.batches.is_empty() {
            job.add_segment(&request.batches, &mut Changed::new());
        }
        Ok(job)
    }

    /// The job of a whole log.
    ///
    /// # Errors
    /// A record that cannot be where it is.
    pub fn of(log: &[Record]) -> Result<Self, Inconsistent> {
        let none = Inconsistent { number: 0, reason: "it is empty" };
        let (first, rest) = log.split_first().ok_or(none)?;
        let mut job = Self::begin(first)?;
        rest.iter().try_for_each(|record| job.apply(record))?;
        Ok(job)
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// It cannot follow; then the job is as before.
    pub fn apply(&mut self, record: &Record) -> Result<(), Inconsistent> {
        self.advance(record).map(drop)
    }

    /// The same, and which tasks can be leased now that could not, or the other way round; but for a cancel and an end, after which there are none.
    pub(crate) fn advance(&mut self, record: &Record) -> Result<Changed, Inconsistent> {
        let number = self.head.count;
        let inconsistent = |reason| Inconsistent { number, reason };
        if self.end.is_some() {
            return Err(inconsistent("the job has ended"));
        }
        let mut changed = Changed::new();
        self.take(record, &mut changed).map_err(inconsistent)?;
        self.head = self.head.after(record);
        Ok(changed)
    }

    fn take(&mut self, record: &Record, changed: &mut Changed) -> Result<(), &'static str> {
        if self.is_published() && !matches!(record, Record::Released { .. } | Record::Ended { .. }) {
            return Err("it is published, and has only to end");
        }
        match record {
            Record::Accepted { .. } => return Err("the job is there already"),
            Record::InputAdded { batches, .. } => self.add_input(batches, changed)?,
            Record::InputSealed { .. } => self.seal(changed)?,
            Record::Leased { task, epoch, worker, at } => {
                let is_ready = self.place(*task).is_some_and(|place| self.is_ready(place));
                if !is_ready {
                    return Err("the task cannot be leased");
                }
                if Some(*epoch) != self.next_epoch(*task) {
                    return Err("its epoch is not the next one");
                }
                self.attempts.entry(*task).or_default().epoch = *epoch;
                self.leases.insert(*task, Lease { epoch: *epoch, worker: *worker, since: *at });
                self.graph.lease(*task, changed);
            }
            Record::Completed { task, epoch, output, .. } => self.complete(*task, *epoch, output, changed)?,
            Record::Released { task, epoch, why, .. } => {
                let lease = self.end_lease(*task, *epoch)?;
                self.attempts.entry(*task).or_default().lapse(task.side(), lease.worker, why);
                self.graph.release(*task, changed);
            }
            Record::OutputLost { task } => self.lose(*task, changed)?,
            Record::CancelRequested { .. } if self.is_cancelled => return Err("it is cancelled already"),
            Record::CancelRequested { .. } => self.is_cancelled = true,
            Record::Ended { end, .. } => self.finish(end)?,
        }
        Ok(())
    }

    fn add_input(&mut self, batches: &[Batch], changed: &mut Changed) -> Result<(), &'static str> {
        if self.is_sealed || batches.is_empty() {
            return Err("the input is sealed, or nothing is added");
        }
        self.add_segment(batches, changed);
        Ok(())
    }

    fn add_segment(&mut self, batches: &[Batch], changed: &mut Changed) {
        self.firsts.push(self.batch_count());
        self.segments.push(Segment { batches: batches.to_vec(), cuts: None });
        let check = self.planner.add_segment(batches.len());
        self.graph.add(check, changed);
    }

    fn seal(&mut self, changed: &mut Changed) -> Result<(), &'static str> {
        if self.is_sealed || self.segments.is_empty() {
            return Err("the input is sealed, or there is none");
        }
        self.is_sealed = true;
        self.plan_on(changed);
        Ok(())
    }

    fn complete(
        &mut self,
        task: Task,
        epoch: Epoch,
        output: &Output,
        changed: &mut Changed,
    ) -> Result<(), &'static str> {
        if !self.is_result(task, output) {
            return Err("the result is none of the task");
        }
        if self.is_cancelled {
            return Err("the job was cancelled");
        }
        self.end_lease(task, epoch)?;
        self.attempts.entry(task).or_default().output = Some(output.clone());
        self.graph.complete(task, changed);
        if let Task::Check { segment } = task {
            // A check that is done again cuts again, and equally; the first cut holds, for shards of it may be proven.
            self.segments[segment as usize].cuts.get_or_insert_with(|| output.cuts.clone());
            self.plan_on(changed);
        }
        Ok(())
    }

    /// Plans what can be planned now: each task once in the job's life.
    fn plan_on(&mut self, changed: &mut Changed) {
        while let Some(Segment { cuts: Some(cuts), .. }) = self.segments.get(self.planner.next_cut() as usize)
        {
            let tasks = self.planner.add_shards(cuts);
            tasks.into_iter().for_each(|planned| self.graph.add(planned, changed));
        }
        if self.is_sealed && self.planner.is_checked() && self.place(Task::Publish).is_none() {
            self.planner.finish().into_iter().for_each(|planned| self.graph.add(planned, changed));
        }
    }

    fn lose(&mut self, task: Task, changed: &mut Changed) -> Result<(), &'static str> {
        let attempts = self.attempts.get_mut(&task).ok_or("the task has no result")?;
        let lost = attempts.output.take().ok_or("the task has no result")?;
        attempts.infrastructure += 1;
        attempts.last = Some(Lapse::InputLost(lost.artifact));
        self.graph.lose(task, changed);
        // What is made again is verified again: it may be other bytes.
        if self.graph.takes(Task::Verify, task)
            && let Some(attempts) = self.attempts.get_mut(&Task::Verify)
        {
            attempts.output = None;
            self.graph.lose(Task::Verify, changed);
        }
        Ok(())
    }

    /// Whether its result stands, so that nothing but the end can follow.
    pub fn is_published(&self) -> bool {
        self.attempts.get(&Task::Publish).is_some_and(|attempts| attempts.output.is_some())
    }

    fn finish(&mut self, end: &End) -> Result<(), &'static str> {
        if !self.leases.is_empty() {
            return Err("a lease is live");
        }
        let is_published = self.is_published();
        let is_right = match end {
            End::Succeeded { proofs, receipt } => {
                let is_named = |published: &Output| {
                    published.artifact == *receipt && self.proofs().as_ref() == Some(proofs)
                };
                if self.output(Task::Publish).is_some_and(|published| !is_named(published)) {
                    return Err("it succeeded with other artifacts than its results");
                }
                is_published
            }
            End::Cancelled => self.is_cancelled,
            End::Failed(_) | End::Expired(_) => !self.is_cancelled && !is_published,
        };
        if !is_right {
            return Err("it is not the end that the log leads to");
        }
        self.end = Some(end.clone());
        Ok(())
    }

    fn end_lease(&mut self, task: Task, epoch: Epoch) -> Result<Lease, &'static str> {
        match self.leases.get(&task) {
            Some(lease) if lease.epoch == epoch => {
                self.leases.remove(&task).ok_or("the task is not leased under this epoch")
            }
            _ => Err("the task is not leased under this epoch"),
        }
    }

    /// Whether a task may have this result.
    pub fn is_result(&self, task: Task, output: &Output) -> bool {
        match task {
            Task::Check { segment } => {
                let segment = self.segments.get(segment as usize);
                segment.is_some_and(|segment| {
                    segment.is_cut(&output.cuts)
                        && segment.cuts.as_ref().is_none_or(|cuts| *cuts == output.cuts)
                })
            }
            // What was lost since it began is not there to be published.
            Task::Publish => {
                let is_there = self.proofs().is_some_and(|proofs| !proofs.is_empty());
                output.cuts.is_empty() && is_there && self.output(Task::Verify).is_some()
            }
            _ => output.cuts.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests;
