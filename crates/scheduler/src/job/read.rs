//! What can be asked of a job.

use core::ops::Range;
use std::collections::BTreeMap;

use super::{Attempts, Job, Lease};
use crate::ids::{ArtifactId, Epoch, Millis};
use crate::plan::{Cut, Planned, Segment, Side, Stage, Task, results};
use crate::record::{End, Head, Output};
use crate::request::{Batch, Request};

impl Job {
    /// What was asked for.
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// When it was accepted.
    pub const fn accepted(&self) -> Millis {
        self.accepted
    }

    /// Where its log ends.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Its input so far.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many batches there are so far.
    pub fn batch_count(&self) -> usize {
        self.firsts.last().copied().unwrap_or(0) + self.segments.last().map_or(0, |last| last.batches.len())
    }

    /// The last batch so far.
    pub fn last_batch(&self) -> Option<&Batch> {
        self.segments.last()?.batches.last()
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
        self.graph.plan()
    }

    /// A task with what it takes.
    pub fn planned(&self, task: Task) -> Option<&Planned> {
        self.graph.plan().get(self.graph.place(task)?)
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

    /// What can be leased on a side, in the order in which it is best begun; nothing of a job that is cancelled or has ended.
    pub fn ready(&self, side: Side) -> impl Iterator<Item = &Planned> {
        let is_live = !self.is_cancelled && self.end.is_none();
        let places = is_live.then(|| self.graph.ready(side));
        places.into_iter().flatten().map(|place| &self.graph.plan()[*place])
    }

    /// Whether the task at a place of the plan is one of those.
    pub(crate) fn is_ready(&self, place: usize) -> bool {
        let planned = self.graph.plan().get(place);
        let is_live = !self.is_cancelled && self.end.is_none();
        is_live && planned.is_some_and(|planned| self.graph.ready(planned.task.side()).contains(&place))
    }

    pub(crate) fn place(&self, task: Task) -> Option<usize> {
        self.graph.place(task)
    }

    /// What a task takes: batches, or results in the order of [`Planned::after`]. `None` where a result is not there.
    pub fn inputs(&self, planned: &Planned) -> Option<Vec<ArtifactId>> {
        let batches = self.batches_of(planned).iter().map(|batch| Some(batch.artifact));
        let results = planned.after.iter().map(|task| Some(self.output(*task)?.artifact));
        batches.chain(results).collect()
    }

    /// The shards of its input that are cut, as far as segments are checked without a gap.
    pub fn shards(&self) -> impl Iterator<Item = &Cut> {
        self.segments.iter().map_while(|segment| segment.cuts.as_ref()).flatten()
    }

    /// What a task's result must say of each shard of which it speaks, in order.
    pub fn statements(&self, task: Task) -> impl Iterator<Item = &[u8]> {
        let Range { start, end } = task.shards(u32::MAX);
        let shards = self.shards().skip(start as usize).take(end.saturating_sub(start) as usize);
        shards.map(|cut| cut.statement.as_slice())
    }

    /// The batches that a task takes: they lie in one segment.
    fn batches_of(&self, planned: &Planned) -> &[Batch] {
        let range = &planned.batches;
        let behind = self.firsts.partition_point(|first| *first <= range.start);
        let of_segment = behind.checked_sub(1).and_then(|segment| {
            let first = self.firsts[segment];
            self.segments[segment].batches.get(range.start - first..range.end.checked_sub(first)?)
        });
        of_segment.unwrap_or_default()
    }

    /// The proofs that it ends with; `None` where one is not there.
    pub fn proofs(&self) -> Option<Vec<ArtifactId>> {
        let (_, shards) = self.graph.stage(Stage::Prove);
        let tasks = results(self.request.target, shards);
        tasks.into_iter().map(|task| Some(self.output(task)?.artifact)).collect()
    }

    /// The artifacts that must not be removed because of it: of a live job its batches and all results, of an ended one what it ended with. With
    /// repetitions.
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        match &self.end {
            Some(End::Succeeded { proofs, receipt }) => proofs.iter().chain([receipt]).copied().collect(),
            Some(End::Failed(_) | End::Cancelled | End::Expired(_)) => Vec::new(),
            None => {
                let results = self.attempts.values().filter_map(|attempts| attempts.output.as_ref());
                let batches = self.batches().map(|batch| batch.artifact);
                batches.chain(results.map(|output| output.artifact)).collect()
            }
        }
    }
}
