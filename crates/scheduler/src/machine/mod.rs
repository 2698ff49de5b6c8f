//! All live jobs and all workers: inputs in, records, commands and an answer out.
//!
//! The caller appends a step's records, and only then sends its answer and carries out its commands. Where the append fails, what is in memory is ahead of
//! what is durable: the machine is dropped and another made with [`Machine::recover`]. Where one job's append meets another coordinator's, that job is
//! dropped with [`Machine::forget`], and commands for it are not carried out.
//!
//! | | |
//! |---|---|
//! | what is said | `words.rs` |
//! | what clients want | `clients.rs` |
//! | what becomes of leases | `leases.rs` |
//! | who gets what | `dispatch.rs` |
//! | what time does | `time.rs` |
//! | bounds, memory | `policy.rs`, `memory.rs` |

mod clients;
mod dispatch;
mod leases;
mod memory;
mod policy;
mod time;
mod words;
mod workers;

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Lapse;
use crate::ids::{JobId, LeaseId, Millis, WorkerId};
use crate::job::{Inconsistent, Job, Lease};
use crate::plan::{Side, Task};
use crate::record::{End, Record};
use crate::request::Priority;

pub use memory::{MemoryModel, StaticEstimates};
pub use policy::Policy;
pub use words::{Answer, Append, Command, Input, Refusal, Step, WorkerSpec};
use workers::{Worker, Workers};

/// A job that has not ended.
#[derive(Clone, Debug)]
struct Live {
    job: Job,
    /// When tasks that failed may be tried again.
    not_before: BTreeMap<Task, Millis>,
}

/// Where a job stands among others: class, deadline, acceptance.
type Turn = (Priority, Millis, Millis, JobId);

/// The state of a coordinator: what follows from its jobs' logs, and what is known of workers.
#[derive(Clone, Debug)]
pub struct Machine<M> {
    policy: Policy,
    model: M,
    now: Millis,
    jobs: BTreeMap<JobId, Live>,
    /// By side the jobs that have something to be leased, in their turn.
    turns: [BTreeSet<Turn>; 2],
    deadlines: BTreeSet<(Millis, JobId)>,
    workers: Workers,
    is_draining: bool,
}

/// A machine made from logs.
#[derive(Clone, Debug)]
pub struct Recovered<M> {
    /// The machine. It has no workers yet.
    pub machine: Machine<M>,
    /// What has to be recorded before it is used.
    pub step: Step,
    /// Jobs whose logs are damaged. The machine does not have them.
    pub damaged: Vec<(JobId, Inconsistent)>,
}

impl<M: MemoryModel> Machine<M> {
    /// A machine without jobs.
    pub fn new(policy: Policy, model: M) -> Self {
        Self {
            policy,
            model,
            now: Millis(0),
            jobs: BTreeMap::new(),
            turns: [BTreeSet::new(), BTreeSet::new()],
            deadlines: BTreeSet::new(),
            workers: Workers::default(),
            is_draining: false,
        }
    }

    /// The machine of a store: every job whose log does not end goes on.
    pub fn recover(
        policy: Policy,
        model: M,
        logs: impl IntoIterator<Item = (JobId, Vec<Record>)>,
        now: Millis,
    ) -> Recovered<M> {
        let mut machine = Self::new(policy, model);
        let mut step = Step::new();
        let mut damaged = Vec::new();
        for (job, log) in logs {
            match machine.adopt(now, job, &log) {
                Ok(adopted) => step.appends.extend(adopted.appends),
                Err(why) => damaged.push((job, why)),
            }
        }
        Recovered { machine, step, damaged }
    }

    /// Takes a job over that another coordinator had, or this one before. Its leases are revoked: what was at work is done again.
    ///
    /// # Errors
    /// Its log is damaged.
    pub fn adopt(&mut self, now: Millis, id: JobId, log: &[Record]) -> Result<Step, Inconsistent> {
        self.now = self.now.max(now);
        let mut step = Step::new();
        let job = Job::of(log)?;
        if job.end().is_some() {
            return Ok(step);
        }
        if job.is_published() {
            let reason = "it is published, and its end is missing";
            return Err(Inconsistent { number: job.head().count, reason });
        }
        let leases: Vec<_> = job.leases().iter().map(|(task, lease)| (*task, lease.epoch)).collect();
        let is_cancelled = job.is_cancelled();
        self.insert(id, job);
        for (task, epoch) in leases {
            self.write(&mut step, id, Record::Released { task, epoch, at: self.now, why: Lapse::Restarted });
        }
        if is_cancelled {
            self.end(&mut step, id, End::Cancelled);
        }
        self.dispatch(&mut step);
        Ok(step)
    }

    /// Lets a job go that another coordinator has written to: whoever works for it is told to stop, nothing is recorded. `unsent` are the commands of the step
    /// whose append was in conflict: they were not carried out.
    pub fn forget(&mut self, now: Millis, id: JobId, unsent: &[Command]) -> Step {
        self.now = self.now.max(now);
        let mut step = Step::new();
        self.remove(id);
        for command in unsent {
            match command {
                Command::Assign { worker, lease, .. } if lease.job == id => {
                    self.workers.let_go(*worker, lease);
                }
                Command::Stop { worker, lease } if lease.job == id => {
                    // To be said below.
                    if let Some(held) = self.workers.held(*worker, lease) {
                        held.stopping = None;
                    }
                }
                _ => {}
            }
        }
        let held: Vec<_> = self.workers.all_held().filter(|(_, lease, _)| lease.job == id).collect();
        held.into_iter().for_each(|(worker, lease, _)| self.stop(&mut step, worker, lease));
        self.dispatch(&mut step);
        step
    }

    /// Takes an input. Time that is earlier than it was counts as what it was.
    pub fn handle(&mut self, now: Millis, input: Input) -> Step {
        self.now = self.now.max(now);
        let mut step = Step::new();
        step.answer = match input {
            Input::Submit { job, request } => self.submit(&mut step, job, request),
            Input::AddInput { job, segment, batches } => self.add_input(&mut step, job, segment, batches),
            Input::SealInput { job } => self.seal_input(&mut step, job),
            Input::Cancel { job } => self.cancel(&mut step, job),
            Input::Register { worker, spec } => self.register(worker, spec),
            Input::Heartbeat { worker } => self.heard(worker),
            Input::Progress { worker, lease } => self.progress(worker, &lease),
            Input::Completed { worker, lease, output } => self.completed(&mut step, worker, lease, output),
            Input::Lapsed { worker, lease, why } => self.lapsed(&mut step, worker, lease, why),
            Input::WorkerGone { worker } => self.worker_gone(&mut step, worker),
            Input::Drain => {
                self.is_draining = true;
                Answer::Done
            }
            Input::Tick => {
                self.pass_time(&mut step);
                Answer::Done
            }
        };
        self.dispatch(&mut step);
        step
    }

    /// A job that has not ended.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id).map(|live| &live.job)
    }

    /// The jobs that have not ended.
    pub fn jobs(&self) -> impl Iterator<Item = (JobId, &Job)> {
        self.jobs.iter().map(|(id, live)| (*id, &live.job))
    }

    /// Whether no worker has anything in hands.
    pub fn is_idle(&self) -> bool {
        self.workers.all_held().next().is_none()
    }

    fn register(&mut self, worker: WorkerId, spec: WorkerSpec) -> Answer {
        if self.workers.0.contains_key(&worker) {
            return Answer::Already;
        }
        self.workers.0.insert(worker, Worker { spec, heard: self.now, held: BTreeMap::new() });
        Answer::Done
    }

    fn heard(&mut self, worker: WorkerId) -> Answer {
        let now = self.now;
        self.workers.0.get_mut(&worker).map_or(Answer::UnknownWorker, |worker| {
            worker.heard = now;
            Answer::Done
        })
    }

    fn insert(&mut self, id: JobId, job: Job) {
        self.deadlines.insert((job.request().deadline, id));
        self.jobs.insert(id, Live { job, not_before: BTreeMap::new() });
        self.take_turn(id);
    }

    fn remove(&mut self, id: JobId) {
        let Some(live) = self.jobs.remove(&id) else { return };
        let turn = turn(id, &live.job);
        for turns in &mut self.turns {
            turns.remove(&turn);
        }
        self.deadlines.remove(&(live.job.request().deadline, id));
    }

    /// Records what happens to a live job.
    fn write(&mut self, step: &mut Step, id: JobId, record: Record) {
        let Some(live) = self.jobs.get_mut(&id) else { return };
        let head = live.job.head();
        live.job.apply(&record).expect("the machine records what can follow");
        step.write(id, head, record);
        self.take_turn(id);
    }

    /// Says anew whether a job waits for workers.
    fn take_turn(&mut self, id: JobId) {
        let Some(Live { job, .. }) = self.jobs.get(&id) else { return };
        let turn = turn(id, job);
        for side in [Side::Device, Side::Coordinator] {
            let turns = &mut self.turns[side as usize];
            if job.ready(side).next().is_some() {
                turns.insert(turn)
            } else {
                turns.remove(&turn)
            };
        }
    }

    /// Ends a job. Who still works for it is told to stop.
    fn end(&mut self, step: &mut Step, id: JobId, end: End) {
        let Some(live) = self.jobs.get(&id) else { return };
        for (task, Lease { epoch, worker, .. }) in live.job.leases().clone() {
            self.write(step, id, Record::Released { task, epoch, at: self.now, why: Lapse::Stopped });
            self.stop(step, worker, LeaseId { job: id, task, epoch });
        }
        self.write(step, id, Record::Ended { at: self.now, end });
        self.remove(id);
    }

    /// Tells a worker to let go.
    fn stop(&mut self, step: &mut Step, worker: WorkerId, lease: LeaseId) {
        let now = self.now;
        let Some(held) = self.workers.held(worker, &lease) else { return };
        if held.stopping.is_none() {
            held.stopping = Some(now);
            step.commands.push(Command::Stop { worker, lease });
        }
    }
}

fn turn(id: JobId, job: &Job) -> Turn {
    (job.request().priority, job.request().deadline, job.accepted(), id)
}
