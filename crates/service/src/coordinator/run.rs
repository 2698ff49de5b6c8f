//! The thread.

mod forget;
mod recover;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use aludel_scheduler::artifacts::Pin;
use aludel_scheduler::machine::{Refusal, StaticEstimates, WorkerSpec};
use aludel_scheduler::plan::{Side, results};
use aludel_scheduler::store::{Appended, StoreError};
use aludel_scheduler::{
    Answer, Append, ArtifactId, Command, Failure, FailureClass, Input, Job, JobId, Lapse, LeaseId, Machine,
    Millis, Record, Step, Task, WorkerId,
};
use tokio::sync::oneshot;

use super::crew::Crew;
use super::held::Held;
use super::measured::Kind;
use super::message::{Assignment, Due, Message};
use super::names::Names;
use super::own::Own;
use super::sweeper::Sweeper;
use super::{Shared, Unavailable};
use crate::guard::guarded;
use crate::metrics;
use crate::worker::Launch;

use recover::Logs;
pub(super) use recover::read_all;

/// Inputs that share an append at most.
const MOST_AT_ONCE: usize = 512;
/// How long it waits before it opens a store again that cannot be written.
const REOPENS_AFTER: Duration = Duration::from_secs(1);

type Reply = oneshot::Sender<Result<Answer, Unavailable>>;

/// What is to be done when a step is durable.
struct Pending {
    step: Step,
    reply: Option<Reply>,
    pins: Vec<Pin>,
}

pub(super) struct Thread {
    shared: Arc<Shared>,
    inbox: Receiver<Message>,
    machine: Machine<StaticEstimates>,
    crew: Crew,
    names: Arc<Names>,
    held: Held,
    sweeper: Sweeper,
    damaged: BTreeMap<JobId, String>,
    /// When jobs ended, for those that have.
    ended: BTreeSet<(Millis, JobId)>,
    pending: Vec<Pending>,
    /// Of appends that failed.
    orphans: Vec<Pin>,
    /// The coordinator as a worker, and what it has at work.
    own: WorkerId,
    at_work: BTreeMap<LeaseId, Arc<AtomicBool>>,
    /// Of the next worker and of the next order.
    next_worker: u64,
    next_order: u64,
    /// Since when nothing can be written, and why.
    broken: Option<(Instant, StoreError)>,
    drains: Vec<oneshot::Sender<()>>,
    is_draining: bool,
    is_over: bool,
    forgets_at: Instant,
}

impl Thread {
    pub fn new(
        shared: Arc<Shared>,
        devices: Vec<Arc<dyn Launch>>,
        inbox: Receiver<Message>,
        logs: Logs,
    ) -> Self {
        let now = shared.clock.now();
        let names = Arc::new(Names::default());
        let (artifacts, judge) = (shared.artifacts.clone(), Arc::clone(&shared.judge));
        let crew = Crew::new(devices, artifacts, judge, shared.inbox.clone(), Arc::clone(&names));
        let policy = shared.options.policy;
        let mut thread = Self {
            inbox,
            machine: Machine::new(policy, StaticEstimates::default()),
            crew,
            names,
            held: Held::default(),
            sweeper: Sweeper::start(shared.artifacts.clone()),
            damaged: BTreeMap::new(),
            ended: BTreeSet::new(),
            pending: Vec::new(),
            orphans: Vec::new(),
            own: WorkerId(0),
            at_work: BTreeMap::new(),
            // No worker of an earlier process had such a number: logs name workers whose attempts failed.
            next_worker: now.0.saturating_mul(1000),
            next_order: 1,
            broken: None,
            drains: Vec::new(),
            is_draining: false,
            is_over: false,
            forgets_at: Instant::now(),
            shared,
        };
        thread.recover(logs);
        thread.shared.artifacts_swept(thread.damaged.is_empty());
        thread
    }

    pub fn run(mut self) {
        while !self.is_over {
            self.tell_status();
            match self.inbox.recv_timeout(self.patience()) {
                Ok(message) => {
                    self.take(message);
                    for _ in 1..MOST_AT_ONCE {
                        let Ok(message) = self.inbox.try_recv() else { break };
                        self.take(message);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.pass_time();
            self.flush();
            self.forget_old();
            if self.is_draining && self.machine.is_idle() {
                // Who does not wait any more need not be told.
                self.drains.drain(..).for_each(|reply| reply.send(()).unwrap_or_default());
            }
        }
        self.crew.kill_all("the service ends");
        self.at_work.values().for_each(|stop| stop.store(true, Ordering::Relaxed));
        // Threads that are still at work, and clients, may hold it for longer.
        self.shared.shelf.close();
    }

    /// How long it may wait for a message.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let machine = self.machine.next_wakeup().map(|then| self.shared.clock.until(then));
        let crew = self.crew.next_wakeup().map(|then| then.saturating_duration_since(now));
        let store =
            self.broken.as_ref().map(|(since, _)| (*since + REOPENS_AFTER).saturating_duration_since(now));
        let patience = [machine, crew, store].into_iter().flatten().min().unwrap_or(Duration::from_secs(1));
        // At least once a second, for the coordinator's own heartbeat.
        patience.clamp(Duration::from_millis(1), Duration::from_secs(1))
    }

    fn pass_time(&mut self) {
        if let Some((since, _)) = &self.broken {
            if since.elapsed() < REOPENS_AFTER {
                return;
            }
            self.reopen();
            if self.broken.is_some() {
                return;
            }
        }
        if !self.is_draining {
            let mut next_worker = self.next_worker;
            self.crew.hire(|| {
                next_worker += 1;
                WorkerId(next_worker)
            });
            self.next_worker = next_worker;
        }
        self.handle(Input::Heartbeat { worker: self.own });
        self.handle(Input::Tick);
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Ask { input, pins, reply } => self.ask(input, pins, reply),
            Message::Tell { input, pins } => self.tell(input, pins),
            Message::Hello { worker, version, keys } => {
                if let Some(memory_bytes) = self.crew.begin(worker, &version, keys) {
                    let spec = WorkerSpec { side: Side::Device, memory_bytes, slots: 1 };
                    self.handle(Input::Register { worker, spec });
                }
            }
            Message::Heartbeat { worker } => self.hear(worker),
            Message::Progress { worker, number } => match self.crew.lease(worker, number) {
                Some(lease) => self.handle(Input::Progress { worker, lease }),
                None => self.hear(worker),
            },
            Message::Gone { worker, why } => {
                if self.crew.gone(worker, &why) {
                    self.handle(Input::WorkerGone { worker });
                }
            }
            Message::Drain { reply } => {
                self.is_draining = true;
                self.drains.push(reply);
                self.handle(Input::Drain);
            }
            Message::End => self.is_over = true,
        }
    }

    /// A worker lives. One that the machine was told to take for dead must end.
    fn hear(&mut self, worker: WorkerId) {
        let step = self.machine.handle(self.shared.clock.now(), Input::Heartbeat { worker });
        if step.answer == Answer::UnknownWorker && self.crew.has_begun(worker) {
            self.crew.kill(worker, "it was taken for dead");
        }
        self.pending.push(Pending { step, reply: None, pins: Vec::new() });
    }

    /// An input to which nobody waits for an answer.
    fn handle(&mut self, input: Input) {
        self.tell(input, Vec::new());
    }

    fn tell(&mut self, input: Input, pins: Vec<Pin>) {
        let input = self.linked(input);
        self.crew.note(&input);
        if let Input::Completed { worker, lease, .. } | Input::Lapsed { worker, lease, .. } = &input
            && *worker == self.own
        {
            self.at_work.remove(lease);
        }
        let now = self.shared.clock.now();
        let took = self.took(&input, now);
        let step = self.machine.handle(now, input);
        if let (Answer::Done, Some((kind, took))) = (&step.answer, took) {
            self.shared.measured.add(kind, took);
        }
        self.pending.push(Pending { step, reply: None, pins });
    }

    /// Of a device's task that is said to be done, its kind and how long it took.
    fn took(&self, input: &Input, now: Millis) -> Option<(Kind, Duration)> {
        let Input::Completed { lease: LeaseId { job, task, .. }, .. } = input else { return None };
        let job = self.machine.job(*job).filter(|_| task.side() == Side::Device)?;
        let since = job.leases().get(task)?.since;
        let kind = (task.stage(), job.planned(*task)?.shape);
        Some((kind, Duration::from_millis(now.0.saturating_sub(since.0))))
    }

    /// A checked segment must follow the one before it, or its job is of no one chain: said now, not when all of it is proven.
    fn linked(&self, input: Input) -> Input {
        let Input::Completed { worker, lease, output } = &input else { return input };
        let (Task::Check { segment }, Some(job)) = (lease.task, self.machine.job(lease.job)) else {
            return input;
        };
        let cuts = |segment: u32| job.segments().get(segment as usize)?.cuts.as_deref();
        let before = segment.checked_sub(1).and_then(cuts).and_then(<[_]>::last);
        let behind = segment.checked_add(1).and_then(cuts).and_then(<[_]>::first);
        let pairs = [(before, output.cuts.first()), (output.cuts.last(), behind)];
        let gap = pairs.into_iter().find_map(|pair| {
            let (Some(a), Some(b)) = pair else { return None };
            // A panic would end the thread that all jobs need.
            let folded = guarded(|| self.shared.judge.fold(&[&a.statement, &b.statement]));
            folded.unwrap_or_else(|panic| Err(Failure::new(FailureClass::Internal, panic))).err()
        });
        match gap {
            None => input,
            Some(failure) => Input::Lapsed { worker: *worker, lease: *lease, why: Lapse::Failed(failure) },
        }
    }

    fn ask(&mut self, input: Input, pins: Vec<Pin>, reply: Reply) {
        if let Some((_, error)) = &self.broken {
            let _ = reply.send(Err(Unavailable::Store(error.clone())));
            return;
        }
        match self.before(&input) {
            Ok(None) => {
                let step = self.machine.handle(self.shared.clock.now(), input);
                self.pending.push(Pending { step, reply: Some(reply), pins });
            }
            Ok(Some(answer)) => drop(reply.send(Ok(answer))),
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    /// What is known of the job of a submit that the machine does not have: it may have ended.
    fn before(&mut self, input: &Input) -> Result<Option<Answer>, Unavailable> {
        let Input::Submit { job: id, request } = input else { return Ok(None) };
        if let Some(why) = self.damaged.get(id) {
            return Err(Unavailable::Damaged(why.clone()));
        }
        if self.machine.job(*id).is_some() {
            return Ok(None);
        }
        if self.pending.iter().any(|pending| pending.step.appends.iter().any(|append| append.job == *id)) {
            self.flush();
        }
        let log = self.shared.shelf.with(|store| store.log(*id, 0)).map_err(|error| match error {
            StoreError::Damaged { reason, .. } => Unavailable::Damaged(reason),
            error => Unavailable::Store(error),
        })?;
        Ok(log.first().map(|first| match first {
            Record::Accepted { request: known, .. } if known.digest() == request.digest() => Answer::Already,
            _ => Answer::Refused(Refusal::KeyTaken),
        }))
    }

    /// Makes durable what has happened, then says so and has things done.
    fn flush(&mut self) {
        // What is done may make more happen.
        while !self.pending.is_empty() && !self.is_over {
            let pending = std::mem::take(&mut self.pending);
            let appends: Vec<Append> =
                pending.iter().flat_map(|pending| pending.step.appends.iter().cloned()).collect();
            let written = match appends.is_empty() {
                true => Ok(Vec::new()),
                false => {
                    let began = Instant::now();
                    let written = self.shared.shelf.with(|store| store.append(appends.clone()));
                    metrics::append(began.elapsed(), appends.iter().map(|append| append.records.len()).sum());
                    written
                }
            };
            match written {
                Ok(written) => self.written(pending, &appends, &written),
                Err(error) => {
                    self.fail(error.clone());
                    for Pending { reply, pins, .. } in pending {
                        // It may have been written after all: what it names stays until the logs are read.
                        self.orphans.extend(pins);
                        if let Some(reply) = reply {
                            let _ = reply.send(Err(Unavailable::Store(error.clone())));
                        }
                    }
                    return;
                }
            }
        }
    }

    fn written(&mut self, pending: Vec<Pending>, appends: &[Append], written: &[Appended]) {
        let mut conflicts = BTreeSet::new();
        for (append, written) in appends.iter().zip(written) {
            match written {
                Appended::Written => self.follow(append.job, append.expected.count, &append.records),
                Appended::Conflict { .. } => drop(conflicts.insert(append.job)),
            }
        }
        let mut unsent = Vec::new();
        for Pending { step, reply, pins } in pending {
            // What they hold is held by its job now.
            drop(pins);
            let lost = step.appends.iter().any(|append| conflicts.contains(&append.job));
            if let Some(reply) = reply {
                let answer = if lost { Err(Unavailable::Stopped) } else { Ok(step.answer) };
                let _ = reply.send(answer);
            }
            for command in step.commands {
                match command.job() {
                    Some(job) if conflicts.contains(&job) => unsent.push(command),
                    _ => self.carry_out(command),
                }
            }
        }
        for job in conflicts {
            // Another process writes to this folder, which the store's lock prevents; a store of several coordinators does not.
            tracing::warn!(%job, "another coordinator has written to this job; it is left to it");
            let step = self.machine.forget(self.shared.clock.now(), job, &unsent);
            self.pending.push(Pending { step, reply: None, pins: Vec::new() });
        }
    }

    /// Records of a job are durable.
    fn follow(&mut self, id: JobId, before: u32, records: &[Record]) {
        for record in records {
            let before = self.held.follow(&self.shared.artifacts, id, record);
            self.sweeper.let_go(before);
            if let Record::Ended { at, .. } = record {
                self.ended.insert((*at, id));
            }
            super::log_record(id, record);
            metrics::record(record, self.held.accepted(id));
        }
        let count = before.saturating_add(u32::try_from(records.len()).unwrap_or(u32::MAX));
        self.shared.notices.tell(id, count);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Assign { worker, lease, inputs, shape } => match self.assignment(lease, inputs, shape) {
                Some(assignment) if worker == self.own => self.begin(assignment),
                Some(assignment) => {
                    if !self.crew.assign(worker, assignment) {
                        self.handle(Input::Lapsed { worker, lease, why: Lapse::WorkerLost });
                    }
                }
                // The job has ended meanwhile, and the worker is about to be told to stop.
                None => self.handle(Input::Lapsed { worker, lease, why: Lapse::Stopped }),
            },
            Command::Stop { worker, lease } if worker == self.own => {
                if let Some(stop) = self.at_work.get(&lease) {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            Command::Stop { worker, lease } => {
                if self.crew.stop(worker, &lease) {
                    self.handle(Input::Lapsed { worker, lease, why: Lapse::Stopped });
                }
            }
            Command::Abandon { lease, .. } => {
                // What its thread still says is of a lease that nobody has.
                if let Some(stop) = self.at_work.remove(&lease) {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            Command::Kill { worker } => {
                self.crew.kill(worker, "it did not get on, or not let go");
            }
        }
    }

    /// What a lease's worker must know.
    fn assignment(
        &mut self,
        lease: LeaseId,
        inputs: Vec<ArtifactId>,
        shape: Option<aludel_scheduler::plan::ShapeNumber>,
    ) -> Option<Assignment> {
        let job = self.machine.job(lease.job)?;
        let says = job.statements(lease.task).map(<[u8]>::to_vec).collect();
        let due = if lease.task == Task::Verify { due(job) } else { Vec::new() };
        let chain = job.request().chain;
        let number = self.next_order;
        self.next_order += 1;
        Some(Assignment { number, lease, shape, inputs, chain, says, due })
    }

    /// Begins one of its own tasks, on a thread.
    fn begin(&mut self, assignment: Assignment) {
        let (worker, lease) = (self.own, assignment.lease);
        let stop = Arc::new(AtomicBool::new(false));
        self.at_work.insert(lease, Arc::clone(&stop));
        let own = Own {
            artifacts: self.shared.artifacts.clone(),
            judge: Arc::clone(&self.shared.judge),
            shelf: Arc::clone(&self.shared.shelf),
            names: Arc::clone(&self.names),
            inbox: self.shared.inbox.clone(),
        };
        let begun = thread::Builder::new()
            .name(lease.task.to_string())
            .spawn(move || own.run(worker, &assignment, &stop));
        if begun.is_err() {
            self.handle(Input::Lapsed { worker, lease, why: Lapse::WorkerLost });
        }
    }

    /// The coordinator as a worker of a new machine.
    fn register_own(&mut self) {
        self.next_worker += 1;
        self.own = WorkerId(self.next_worker);
        let slots = self.shared.options.own_slots;
        let spec = WorkerSpec { side: Side::Coordinator, memory_bytes: u64::MAX, slots };
        self.handle(Input::Register { worker: self.own, spec });
    }

    fn tell_status(&self) {
        let mut status = self.shared.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.is_draining = self.is_draining;
        status.broken = self.broken.as_ref().map(|(_, error)| error.to_string());
        status.jobs = self.machine.live();
        status.devices = self.crew.status();
        if status.damaged.len() != self.damaged.len() {
            status.damaged = self.damaged.iter().map(|(id, why)| (*id, why.clone())).collect();
        }
        let missing = status.devices.iter().filter(|device| device.missing.is_some()).count();
        let ready = status.devices.len() - missing;
        let usage = self.shared.artifacts.usage();
        metrics::now(status.jobs, self.damaged.len(), usage.bytes, usage.free_for_inputs, ready, missing);
    }
}

/// What `verify` reads, in the order of its inputs: results first.
fn due(job: &Job) -> Vec<Due> {
    let shards = u32::try_from(job.shards().count()).unwrap_or(u32::MAX);
    let of = |task| Due { task, shape: job.planned(task).and_then(|planned| planned.shape) };
    results(job.request().target, shards).into_iter().map(of).collect()
}
