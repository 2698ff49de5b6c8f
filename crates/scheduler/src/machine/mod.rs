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
//! | who gets what | `queue.rs`, `dispatch.rs` |
//! | what time does, and what a job waited for whose time is up | `time.rs`, `waits.rs` |
//! | bounds, memory | `policy.rs`, `memory.rs` |

mod clients;
mod dispatch;
mod leases;
mod memory;
mod policy;
mod queue;
mod time;
mod waits;
mod words;
mod workers;

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Lapse;
use crate::ids::{Epoch, JobId, LeaseId, Millis, WorkerId};
use crate::job::{Inconsistent, Job, Lease};
use crate::plan::{Side, Task};
use crate::record::{End, Record};

pub use memory::{MemoryModel, StaticEstimates};
pub use policy::Policy;
use queue::Queue;
pub use words::{Answer, Append, Command, Input, Refusal, Step, WorkerSpec};
use workers::{Held, Worker, Workers};

/// A job that has not ended.
#[derive(Clone, Debug)]
struct Live {
    job: Job,
    /// Until when tasks that failed are not tried again.
    delays: BTreeMap<Task, Millis>,
    /// Places in its plan of what lies in the queues, with the bytes that it takes.
    queued: BTreeMap<usize, u64>,
    /// Its deadline had passed when the machine read its log.
    is_late: bool,
}

/// The state of a coordinator: what follows from its jobs' logs, and what is known of workers.
#[derive(Clone, Debug)]
pub struct Machine<M> {
    policy: Policy,
    model: M,
    now: Millis,
    jobs: BTreeMap<JobId, Live>,
    /// How many batches they have.
    batches: usize,
    /// By side what can be begun.
    queues: [Queue; 2],
    /// By side whether a task or a worker has come that was not looked at.
    is_changed: [bool; 2],
    /// Those of all jobs.
    delays: BTreeSet<(Millis, JobId, Task)>,
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
            batches: 0,
            queues: [Queue::default(), Queue::default()],
            is_changed: [false; 2],
            delays: BTreeSet::new(),
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

    /// Takes a job over that another coordinator had, or this one before. Its leases are revoked: what was at work is done again. Where the machine has the job,
    /// it lets go of it first, as of one to [forget](Self::forget). Its time is then no earlier than that of any record.
    ///
    /// # Errors
    /// Its log is damaged; then nothing was changed.
    pub fn adopt(&mut self, now: Millis, id: JobId, log: &[Record]) -> Result<Step, Inconsistent> {
        let job = Job::of(log)?;
        if job.end().is_none() && job.is_published() {
            let reason = "it is published, and its end is missing";
            return Err(Inconsistent { number: job.head().count, reason });
        }
        self.now = log.iter().filter_map(Record::at).fold(self.now.max(now), Millis::max);
        let mut step = Step::new();
        if self.jobs.contains_key(&id) {
            self.let_go_of_job(&mut step, id, &[]);
        }
        if job.end().is_none() {
            let leases: Vec<_> = job.leases().iter().map(|(task, lease)| (*task, lease.epoch)).collect();
            self.insert(id, job);
            self.revoke(&mut step, id, &leases);
        }
        self.dispatch(&mut step);
        Ok(step)
    }

    /// The coordinator that gave these leases is gone.
    fn revoke(&mut self, step: &mut Step, id: JobId, leases: &[(Task, Epoch)]) {
        for &(task, epoch) in leases {
            self.write(step, id, Record::Released { task, epoch, at: self.now, why: Lapse::Restarted });
        }
        let Some(job) = self.job(id) else { return };
        let restarts = |task: Task| job.attempts(task).map_or(0, |attempts| attempts.restarts);
        let over = leases.iter().find(|(task, _)| restarts(*task) > self.policy.most_restarts);
        if job.is_cancelled() {
            self.end(step, id, End::Cancelled);
        } else if let Some((task, _)) = over {
            self.end(step, id, End::Failed(Lapse::Restarted.failure(*task)));
        }
    }

    /// Lets a job go that another coordinator has written to: whoever works for it is told to stop, nothing is recorded. `unsent` are the commands of the step
    /// whose append was in conflict: they were not carried out.
    pub fn forget(&mut self, now: Millis, id: JobId, unsent: &[Command]) -> Step {
        self.now = self.now.max(now);
        let mut step = Step::new();
        self.let_go_of_job(&mut step, id, unsent);
        self.dispatch(&mut step);
        step
    }

    fn let_go_of_job(&mut self, step: &mut Step, id: JobId, unsent: &[Command]) {
        self.remove(id);
        for command in unsent {
            match command {
                Command::Assign { worker, lease, .. } if lease.job == id => {
                    self.let_go(*worker, lease);
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
        held.into_iter().for_each(|(worker, lease, _)| self.stop(step, worker, lease));
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

    /// How many jobs have not ended.
    pub fn live(&self) -> usize {
        self.jobs.len()
    }

    /// Whether no worker has anything in hands.
    pub fn is_idle(&self) -> bool {
        self.workers.all_held().next().is_none()
    }

    /// Its time: that of the last input, or of the last record that it has read if that is later. A clock that begins when the process does begins no
    /// earlier, or nothing would happen until it has caught up.
    pub const fn now(&self) -> Millis {
        self.now
    }

    fn register(&mut self, id: WorkerId, spec: WorkerSpec) -> Answer {
        if self.workers.alive.contains_key(&id) {
            return Answer::Already;
        }
        match self.workers.highest {
            // What the old one still says would be taken for the new one's.
            Some(highest) if id <= highest => {
                return Answer::Refused(Refusal::WorkerNumber { highest, found: id });
            }
            _ => self.workers.highest = Some(id),
        }
        self.workers.alive.insert(id, Worker { spec, heard: self.now, held: BTreeMap::new() });
        self.is_changed[spec.side as usize] = true;
        Answer::Done
    }

    fn heard(&mut self, worker: WorkerId) -> Answer {
        let now = self.now;
        self.workers.alive.get_mut(&worker).map_or(Answer::UnknownWorker, |worker| {
            worker.heard = now;
            Answer::Done
        })
    }

    /// A worker that lives has a lease in hands no more.
    fn let_go(&mut self, worker: WorkerId, lease: &LeaseId) -> Option<Held> {
        let worker = self.workers.alive.get_mut(&worker)?;
        let held = worker.held.remove(lease)?;
        self.is_changed[worker.spec.side as usize] = true;
        Some(held)
    }

    fn insert(&mut self, id: JobId, job: Job) {
        self.deadlines.insert((job.request().deadline, id));
        self.batches += job.batch_count();
        let ready = Side::ALL.into_iter().flat_map(|side| job.ready(side));
        let ready: Vec<_> = ready.filter_map(|planned| job.place(planned.task)).collect();
        let is_late = job.request().deadline <= self.now;
        self.jobs.insert(id, Live { job, delays: BTreeMap::new(), queued: BTreeMap::new(), is_late });
        self.requeue(id, ready);
    }

    fn remove(&mut self, id: JobId) {
        self.unqueue_all(id);
        let Some(Live { job, .. }) = self.jobs.remove(&id) else { return };
        self.deadlines.remove(&(job.request().deadline, id));
        self.batches -= job.batch_count();
    }

    /// Records what happens to a live job.
    fn write(&mut self, step: &mut Step, id: JobId, record: Record) {
        let Some(live) = self.jobs.get_mut(&id) else { return };
        let head = live.job.head();
        let changed = live.job.advance(&record).expect("the machine records what can follow");
        step.write(id, head, record);
        if self.job(id).is_some_and(Job::is_cancelled) {
            self.unqueue_all(id);
        } else {
            self.requeue(id, changed);
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
