//! A job as its records make it, and nothing else: [`Job::begin`] takes the first, [`Job::apply`] every other, in order.
//!
//! Whoever writes a record applies it too, so that what runs and what a restart reads are made by the same lines.

mod attempts;
mod phase;

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{ArtifactId, Epoch, Millis};
use crate::plan::{Place, Planned, Segment, Task, plan, results};
use crate::record::{End, Output, Record};
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
    /// How many records there are.
    next: u32,
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
            next: 1,
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
        let number = self.next;
        let inconsistent = |reason| Inconsistent { number, reason };
        if self.end.is_some() {
            return Err(inconsistent("the job has ended"));
        }
        self.take(record).map_err(inconsistent)?;
        self.next += 1;
        Ok(())
    }

    fn take(&mut self, record: &Record) -> Result<(), &'static str> {
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
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Result<(), &'static str> {
        if !self.leases.is_empty() {
            return Err("a lease is live");
        }
        let is_published = self.attempts.get(&Task::Publish).is_some_and(|a| a.output.is_some());
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
        let ready = &mut self.ready[task.place() as usize];
        if can {
            ready.insert(place)
        } else {
            ready.remove(&place)
        };
    }
}

/// What can be asked of a job.
impl Job {
    /// What was asked for.
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// When it was accepted.
    pub const fn accepted(&self) -> Millis {
        self.accepted
    }

    /// The number of its next record.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// Its input so far.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Every batch so far, in order.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.segments.iter().flat_map(|segment| &segment.batches)
    }

    /// Whether its input is all there.
    pub const fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// Whether somebody has cancelled it.
    pub const fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// How it ended.
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Its tasks, as far as they are known.
    pub fn plan(&self) -> &[Planned] {
        &self.plan
    }

    /// A task with what it takes.
    pub fn planned(&self, task: Task) -> Option<&Planned> {
        self.plan.get(*self.places.get(&task)?)
    }

    /// What was tried of a task; `None` if nothing was.
    pub fn attempts(&self, task: Task) -> Option<&Attempts> {
        self.attempts.get(&task)
    }

    /// The epoch of a task's next lease; `None` when there can be no more.
    pub fn next_epoch(&self, task: Task) -> Option<Epoch> {
        self.attempts.get(&task).map_or(0, |attempts| attempts.epoch.0).checked_add(1).map(Epoch)
    }

    /// A task's result.
    pub fn output(&self, task: Task) -> Option<&Output> {
        self.attempts.get(&task)?.output.as_ref()
    }

    /// Who works for it.
    pub const fn leases(&self) -> &BTreeMap<Task, Lease> {
        &self.leases
    }

    /// What can be leased at a place, in the order in which it is best begun; nothing of a job that is cancelled or has ended.
    pub fn ready(&self, place: Place) -> impl Iterator<Item = &Planned> {
        let is_live = !self.is_cancelled && self.end.is_none();
        let places = is_live.then_some(&self.ready[place as usize]);
        places.into_iter().flatten().map(|i| &self.plan[*i])
    }

    fn is_ready(&self, task: Task) -> bool {
        self.places.get(&task).is_some_and(|place| self.ready[task.place() as usize].contains(place))
    }

    /// What a task takes: batches, or results in the order of [`Planned::after`]. `None` where a result is not there.
    pub fn inputs(&self, planned: &Planned) -> Option<Vec<ArtifactId>> {
        let batches = self.batches().skip(planned.batches.start).take(planned.batches.len());
        let batches = batches.map(|batch| Some(batch.artifact));
        let results = planned.after.iter().map(|task| Some(self.output(*task)?.artifact));
        batches.chain(results).collect()
    }

    /// The proofs that it ends with; `None` where one is not there.
    pub fn proofs(&self) -> Option<Vec<ArtifactId>> {
        let shards = self.segments.iter().flat_map(|segment| segment.cuts.iter().flatten()).count();
        let tasks = results(self.request.target, u32::try_from(shards).ok()?);
        tasks.into_iter().map(|task| Some(self.output(task)?.artifact)).collect()
    }

    /// The artifacts that must not be removed because of it: of a live job its batches and all results, of an ended one what it ended with. With
    /// repetitions.
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        match &self.end {
            Some(End::Succeeded { proofs, receipt }) => proofs.iter().chain([receipt]).copied().collect(),
            Some(End::Failed(_) | End::Cancelled | End::Expired) => Vec::new(),
            None => {
                let results = self.attempts.values().filter_map(|attempts| attempts.output.as_ref());
                let batches = self.batches().map(|batch| batch.artifact);
                batches.chain(results.map(|output| output.artifact)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
