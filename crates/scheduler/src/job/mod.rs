//! A job as its records make it, and nothing else: [`Job::begin`] takes the first, [`Job::apply`] every other, in order.
//!
//! Whoever writes a record applies it too, so that what runs and what a restart reads are made by the same lines.

mod attempts;
mod phase;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Epoch, Millis};
use crate::plan::{Planned, Segment, Task, plan};
use crate::record::{End, Head, Output, Record};
use crate::request::{Batch, Request};

pub use attempts::{Attempts, Lease};
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
    is_sealed: bool,
    /// Where its log ends.
    head: Head,
    attempts: BTreeMap<Task, Attempts>,
    plan: Vec<Planned>,
    /// By task its place in the plan.
    places: BTreeMap<Task, usize>,
    /// By task those that take its result.
    takers: BTreeMap<Task, Vec<Task>>,
    /// Places in the plan of what can be leased, by who does it.
    ready: [BTreeSet<usize>; 2],
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
        let mut segments = Vec::new();
        if !request.batches.is_empty() {
            segments.push(Segment { batches: request.batches.clone(), cuts: None });
        }
        let mut job = Self {
            request: request.clone(),
            accepted: *at,
            segments,
            is_sealed: request.is_sealed,
            head: Head::default().after(record),
            attempts: BTreeMap::new(),
            plan: Vec::new(),
            places: BTreeMap::new(),
            takers: BTreeMap::new(),
            ready: [BTreeSet::new(), BTreeSet::new()],
            leases: BTreeMap::new(),
            is_cancelled: false,
            end: None,
        };
        job.plan_anew();
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
        let number = self.head.count;
        let inconsistent = |reason| Inconsistent { number, reason };
        if self.end.is_some() {
            return Err(inconsistent("the job has ended"));
        }
        self.take(record).map_err(inconsistent)?;
        self.head = self.head.after(record);
        Ok(())
    }

    fn take(&mut self, record: &Record) -> Result<(), &'static str> {
        if self.is_published() && !matches!(record, Record::Released { .. } | Record::Ended { .. }) {
            return Err("it is published, and has only to end");
        }
        match record {
            Record::Accepted { .. } => return Err("the job is there already"),
            Record::InputAdded { batches } => self.add_input(batches)?,
            Record::InputSealed => self.seal()?,
            Record::Leased { task, epoch, worker, at } => {
                if self.is_cancelled || !self.is_ready(*task) {
                    return Err("the task cannot be leased");
                }
                if Some(*epoch) != self.next_epoch(*task) {
                    return Err("its epoch is not the next one");
                }
                self.attempts.entry(*task).or_default().epoch = *epoch;
                self.leases.insert(*task, Lease { epoch: *epoch, worker: *worker, since: *at });
                self.refresh(*task);
            }
            Record::Completed { task, epoch, output, .. } => self.complete(*task, *epoch, output)?,
            Record::Released { task, epoch, why, .. } => {
                let lease = self.end_lease(*task, *epoch)?;
                self.attempts.entry(*task).or_default().lapse(lease.worker, why);
                self.refresh(*task);
            }
            Record::OutputLost { task } => self.lose(*task)?,
            Record::CancelRequested { .. } if self.is_cancelled => return Err("it is cancelled already"),
            Record::CancelRequested { .. } => self.is_cancelled = true,
            Record::Ended { end, .. } => self.finish(end)?,
        }
        Ok(())
    }

    fn add_input(&mut self, batches: &[Batch]) -> Result<(), &'static str> {
        if self.is_sealed || batches.is_empty() {
            return Err("the input is sealed, or nothing is added");
        }
        self.segments.push(Segment { batches: batches.to_vec(), cuts: None });
        self.plan_anew();
        Ok(())
    }

    fn seal(&mut self) -> Result<(), &'static str> {
        if self.is_sealed || self.segments.is_empty() {
            return Err("the input is sealed, or there is none");
        }
        self.is_sealed = true;
        self.plan_anew();
        Ok(())
    }

    fn complete(&mut self, task: Task, epoch: Epoch, output: &Output) -> Result<(), &'static str> {
        if !self.is_result(task, output) {
            return Err("the result is none of the task");
        }
        if self.is_cancelled {
            return Err("the job was cancelled");
        }
        self.end_lease(task, epoch)?;
        let attempts = self.attempts.entry(task).or_default();
        attempts.output = Some(output.clone());
        if let Task::Check { segment } = task {
            // A check that is done again cuts again, and equally; the first cut holds, for shards of it may be proven.
            self.segments[segment as usize].cuts.get_or_insert_with(|| output.cuts.clone());
            self.plan_anew();
        } else {
            self.refresh_with_takers(task);
        }
        Ok(())
    }

    fn lose(&mut self, task: Task) -> Result<(), &'static str> {
        let attempts = self.attempts.get_mut(&task).ok_or("the task has no result")?;
        attempts.output.take().ok_or("the task has no result")?;
        attempts.infrastructure += 1;
        self.refresh_with_takers(task);
        // What is made again is verified again: it may be other bytes.
        let verify = self.places.get(&Task::Verify).map(|place| &self.plan[*place]);
        if verify.is_some_and(|verify| verify.after.contains(&task)) {
            if let Some(attempts) = self.attempts.get_mut(&Task::Verify) {
                attempts.output = None;
            }
            self.refresh_with_takers(Task::Verify);
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
            End::Succeeded { .. } => is_published,
            End::Cancelled => self.is_cancelled,
            End::Failed(_) | End::Expired => !self.is_cancelled && !is_published,
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
            _ => output.cuts.is_empty(),
        }
    }

    fn plan_anew(&mut self) {
        self.plan = plan(self.request.target, &self.segments, self.is_sealed);
        self.places = self.plan.iter().zip(0..).map(|(planned, i)| (planned.task, i)).collect();
        self.takers = BTreeMap::new();
        for planned in &self.plan {
            for before in &planned.after {
                self.takers.entry(*before).or_default().push(planned.task);
            }
        }
        self.ready = [BTreeSet::new(), BTreeSet::new()];
        for i in 0..self.plan.len() {
            self.refresh(self.plan[i].task);
        }
    }

    fn refresh_with_takers(&mut self, task: Task) {
        self.refresh(task);
        for taker in self.takers.get(&task).cloned().unwrap_or_default() {
            self.refresh(taker);
        }
    }

    /// Says anew whether a task can be leased.
    fn refresh(&mut self, task: Task) {
        let Some(&place) = self.places.get(&task) else { return };
        let is_done = |task: &Task| self.output(*task).is_some();
        let can =
            !is_done(&task) && !self.leases.contains_key(&task) && self.plan[place].after.iter().all(is_done);
        let ready = &mut self.ready[task.side() as usize];
        if can {
            ready.insert(place)
        } else {
            ready.remove(&place)
        };
    }
}

#[cfg(test)]
mod tests;
