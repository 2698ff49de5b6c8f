//! Beginning from what is on the disk: at the start, and when a write has failed.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Instant;

use aludel_scheduler::job::Inconsistent;
use aludel_scheduler::machine::{Recovered, StaticEstimates};
use aludel_scheduler::store::StoreError;
use aludel_scheduler::{Input, JobId, Machine, Millis, Record};

use super::super::Shared;
use super::super::shelf::Shelf;
use super::{Pending, Thread};
use crate::metrics;

/// All logs.
#[derive(Default)]
pub(in super::super) struct Logs {
    whole: Vec<(JobId, Vec<Record>)>,
    damaged: BTreeMap<JobId, String>,
}

impl Logs {
    /// The last time that is written down.
    pub fn last(&self) -> Millis {
        let records = self.whole.iter().flat_map(|(_, log)| log);
        records.filter_map(Record::at).max().unwrap_or_default()
    }
}

/// Reads every job there is; a log that cannot be read is damaged alone.
pub(in super::super) fn read_all(shelf: &Shelf) -> Result<Logs, StoreError> {
    let mut logs = Logs::default();
    let mut after = None;
    loop {
        let page = shelf.with(|store| store.list(after, 1000))?;
        let Some(last) = page.last() else { return Ok(logs) };
        after = Some(last.place);
        for listed in page {
            match shelf.with(|store| store.log(listed.job, 0)) {
                Ok(log) => logs.whole.push((listed.job, log)),
                Err(StoreError::Damaged { reason, .. }) => {
                    logs.damaged.insert(listed.job, reason);
                }
                Err(other) => return Err(other),
            }
        }
    }
}

impl Thread {
    /// The store cannot be written: what is in memory is ahead of it, and nothing more is done until it can.
    pub(super) fn fail(&mut self, error: StoreError) {
        tracing::error!(%error, "jobs cannot be written");
        metrics::broken();
        self.pending.clear();
        self.crew.kill_all("the jobs cannot be written");
        self.at_work.values().for_each(|stop| stop.store(true, Ordering::Relaxed));
        self.at_work.clear();
        self.machine = Machine::new(self.shared.options.policy, StaticEstimates::default());
        self.broken = Some((Instant::now(), error));
        self.tell_status();
    }

    pub(super) fn reopen(&mut self) {
        let logs = self.shared.shelf.reopen().and_then(|()| read_all(&self.shared.shelf));
        match logs {
            Ok(logs) => {
                self.broken = None;
                let before = self.held.clear();
                self.recover(logs);
                // What a log names that cannot be read any more stays.
                let read = before.into_iter().filter(|(id, _)| !self.damaged.contains_key(id));
                read.for_each(|(_, held)| self.sweeper.let_go(held));
                if self.broken.is_none() {
                    self.orphans.clear();
                }
                self.shared.notices.tell_all();
            }
            Err(error) => {
                tracing::error!(%error, "jobs cannot be read");
                self.broken = Some((Instant::now(), error));
            }
        }
    }

    /// Begins from what is on the disk.
    pub(super) fn recover(&mut self, logs: Logs) {
        self.damaged = logs.damaged;
        self.ended.clear();
        // What one job has let go of another one may hold, whose log comes later.
        let mut before = Vec::new();
        for (id, log) in &logs.whole {
            for record in log {
                before.extend(self.held.follow(&self.shared.artifacts, *id, record));
            }
            if let Some(Record::Ended { at, .. }) = log.last() {
                self.ended.insert((*at, *id));
            }
        }
        self.sweeper.let_go(before);
        let policy = self.shared.options.policy;
        let now = self.shared.clock.now();
        let Recovered { machine, step, damaged } =
            Machine::recover(policy, StaticEstimates::default(), logs.whole, now);
        self.machine = machine;
        self.damaged
            .extend(damaged.into_iter().map(|(id, why): (JobId, Inconsistent)| (id, why.to_string())));
        for (job, why) in &self.damaged {
            tracing::error!(%job, "the log of this job is damaged: {why}");
        }
        if self.is_draining {
            self.handle(Input::Drain);
        }
        self.pending.push(Pending { step, reply: None, pins: Vec::new() });
        self.register_own();
        self.flush();
    }
}

impl Shared {
    /// Removes what no log names, unless a log that cannot be read may name it.
    pub(super) fn artifacts_swept(&self, is_whole: bool) {
        if is_whole {
            self.artifacts.sweep();
        }
    }
}
