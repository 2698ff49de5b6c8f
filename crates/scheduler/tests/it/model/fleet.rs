//! Workers: they work, fail, hang, lie about epochs, come back late; what they say is repeated, delayed and lost.

use std::collections::BTreeSet;

use aludel_scheduler::ids::{ArtifactId, JobId, LeaseId, WorkerId};
use aludel_scheduler::machine::{MemoryModel, Refusal, WorkerSpec};
use aludel_scheduler::plan::{ShapeNumber, Side};
use aludel_scheduler::{Answer, Cut, Epoch, Failure, FailureClass, Input, Job, Lapse, Output, Record, Task};

use rand::{Rng, RngExt};

use super::world::{Peaks, World};

pub struct Worker {
    /// The coordinator that it speaks to.
    pub of: u64,
    pub spec: WorkerSpec,
    pub tasks: Vec<(LeaseId, Vec<ArtifactId>)>,
    /// It does not hear that it is to stop.
    pub is_deaf: bool,
    /// It sends no heartbeats any more.
    pub is_silent: bool,
    /// It gets on with nothing any more.
    pub hangs: bool,
    /// Of the coordinator's own: threads that get on no more, and hear nothing.
    pub stuck: BTreeSet<LeaseId>,
}

impl Worker {
    pub fn is_own(&self) -> bool {
        self.spec.side == Side::Coordinator
    }

    /// What it can get on with.
    fn at_hand(&self) -> Vec<usize> {
        let tasks =
            self.tasks.iter().zip(0..).filter(|((lease, _), _)| !self.hangs && !self.stuck.contains(lease));
        tasks.map(|(_, at)| at).collect()
    }
}

/// What a task makes: the same, whoever makes it.
pub fn output(job: JobId, task: Task, log: &[Record]) -> Output {
    let artifact = ArtifactId::of(format!("{job} {task}").as_bytes());
    let mut cuts = Vec::new();
    if let Task::Check { segment } = task {
        let job = Job::of(log).expect("sound");
        let mut left = job.segments()[segment as usize].batches.len() as u32;
        while left > 0 {
            let batches = left.min(1 + segment % 2);
            cuts.push(Cut { batches, shape: ShapeNumber((left % 2) as u8), statement: Vec::new() });
            left -= batches;
        }
    }
    Output { artifact, bytes: 5, cuts }
}

impl World {
    pub fn hire(&mut self) {
        let place = self.below(self.coordinators.len());
        self.employ(place);
        let of = self.coordinators[place].name;
        let own = self.workers.values().filter(|worker| worker.of == of);
        if own.clone().filter(|worker| !worker.is_own()).count() > 3 {
            return;
        }
        let spec = WorkerSpec {
            side: Side::Device,
            memory_bytes: [100, 120, 240, 60][if self.is_rough { self.below(4) } else { 0 }],
            slots: 1 + self.below(3),
        };
        self.register(place, spec);
    }

    /// A coordinator's own worker is there with it, and another one when it was killed.
    pub fn employ(&mut self, place: usize) {
        let of = self.coordinators[place].name;
        if !self.workers.values().any(|worker| worker.of == of && worker.is_own()) {
            let spec = WorkerSpec { side: Side::Coordinator, memory_bytes: 100, slots: 2 + self.below(3) };
            self.register(place, spec);
        }
    }

    fn register(&mut self, place: usize, spec: WorkerSpec) {
        let of = self.coordinators[place].name;
        let worker = WorkerId(self.next_worker);
        self.next_worker += 1;
        let is_deaf = spec.side == Side::Device && self.trouble(20);
        let stuck = BTreeSet::new();
        let new = Worker { of, spec, tasks: Vec::new(), is_deaf, is_silent: false, hangs: false, stuck };
        self.workers.insert(worker, new);
        // Before it is answered: what it is assigned may come first.
        let answer = self.perform(place, Input::Register { worker, spec });
        assert!(matches!(answer, None | Some(Answer::Done)), "{answer:?}");
        // A number that was used is no new worker's.
        if self.trouble(10)
            && let Some(place) = self.place_of(of)
        {
            let worker = WorkerId(self.rng.random_range(0..=worker.0));
            match self.perform(place, Input::Register { worker, spec }) {
                Some(Answer::Refused(Refusal::WorkerNumber { .. })) => self.note("a number that was used"),
                // With `Already` it lives, or nobody has heard of its end.
                Some(Answer::Already) | None => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// A thread of the coordinator's own is forgotten. What it says afterwards is passed on all the same, but where another lease may have its name.
    pub fn abandon(&mut self, id: WorkerId, lease: LeaseId) {
        self.note("a thread abandoned");
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.stuck.remove(&lease);
        let Some(at) = worker.tasks.iter().position(|(own, _)| *own == lease) else { return };
        worker.tasks.remove(at);
        if !self.had_rivals && self.chance(50) {
            let log = self.disk.get(&lease.job).cloned().unwrap_or_default();
            let output = output(lease.job, lease.task, &log);
            self.mail.push((id, Input::Completed { worker: id, lease, output }));
        }
    }

    pub fn assign(&mut self, of: u64, id: WorkerId, lease: LeaseId, inputs: &[ArtifactId]) {
        let log = self.disk.get(&lease.job).expect("a lease of a job that is not there");
        let is_durable = log.iter().any(|record| {
            matches!(record, Record::Leased { task, epoch, worker, .. }
                if *task == lease.task && *epoch == lease.epoch && *worker == id)
        });
        assert!(is_durable, "{lease:?} is assigned and not recorded");
        let job = Job::of(log).expect("sound");
        let planned = job.planned(lease.task).expect("is planned").clone();
        let peak = |task: Task| Peaks.peak_bytes(job.planned(task).expect("is planned"));
        assert!(peak(planned.task) <= 240 && !inputs.is_empty());
        let Some(worker) = self.workers.get_mut(&id).filter(|worker| worker.of == of) else { return };
        assert_eq!(worker.spec.side, planned.task.side());
        assert!(worker.tasks.iter().all(|(own, _)| *own != lease), "two leases of one name");
        worker.tasks.push((lease, inputs.to_vec()));
        assert!(worker.tasks.len() <= worker.spec.slots, "more tasks than slots");
        let (tasks, spec) = (worker.tasks.clone(), worker.spec);
        let used: u64 = tasks
            .iter()
            .map(|(lease, _)| {
                let job = Job::of(&self.disk[&lease.job]).expect("sound");
                Peaks.peak_bytes(job.planned(lease.task).expect("is planned"))
            })
            .sum();
        assert!(used <= spec.memory_bytes, "memory is promised twice: {used} of {}", spec.memory_bytes);
    }

    pub fn tell_to_stop(&mut self, id: WorkerId, lease: LeaseId) {
        let Some(worker) = self.workers.get_mut(&id).filter(|worker| !worker.is_deaf) else { return };
        if worker.stuck.contains(&lease) {
            return;
        }
        if let Some(at) = worker.tasks.iter().position(|(own, _)| *own == lease) {
            worker.tasks.remove(at);
            self.mail.push((id, Input::Lapsed { worker: id, lease, why: Lapse::Stopped }));
        }
    }

    /// Some worker does something about some task of its.
    pub fn work(&mut self) {
        let busy = self.workers.iter().filter(|(_, worker)| !worker.at_hand().is_empty());
        let busy: Vec<WorkerId> = busy.map(|(id, _)| *id).collect();
        if busy.is_empty() {
            return;
        }
        let id = busy[self.below(busy.len())];
        let hangs = self.trouble(4);
        let pick = self.rng.next_u32() as usize;
        let worker = self.workers.get_mut(&id).expect("is there");
        let at_hand = worker.at_hand();
        let at = at_hand[pick % at_hand.len()];
        if hangs && worker.is_own() {
            worker.stuck.insert(worker.tasks[at].0);
            return;
        }
        if hangs {
            worker.hangs = true;
            return;
        }
        let (lease, inputs) = worker.tasks[at].clone();
        if self.chance(20) {
            self.mail.push((id, Input::Progress { worker: id, lease }));
            return;
        }
        self.workers.get_mut(&id).expect("is there").tasks.remove(at);
        let log = self.disk.get(&lease.job).cloned().unwrap_or_default();
        let mut output = output(lease.job, lease.task, &log);
        let roll = if self.is_rough { self.below(100) } else { 99 };
        let lapsed = |why| Input::Lapsed { worker: id, lease, why };
        let failed = |class| lapsed(Lapse::Failed(Failure::new(class, "so it is")));
        let message = match roll {
            0..5 => failed(FailureClass::Device),
            5..7 => failed(FailureClass::Capacity),
            7..10 => failed(FailureClass::Internal),
            10 => failed(FailureClass::Input),
            11..14 => lapsed(Lapse::Unverified("it does not verify".into())),
            14..18 => lapsed(Lapse::InputLost(inputs[self.below(inputs.len())])),
            18 => lapsed(Lapse::InputLost(ArtifactId([9; 32]))),
            23..25 => lapsed(Lapse::NoRoom),
            25..31 if lease.task.side() == Side::Device => failed(FailureClass::VersionMismatch),
            19..21 => {
                output.cuts.push(Cut { batches: 1, shape: ShapeNumber(0), statement: Vec::new() });
                Input::Completed { worker: id, lease, output }
            }
            21..23 => {
                let epoch = Epoch(lease.epoch.0.wrapping_add_signed(self.rng.random_range(-1..2)));
                Input::Completed { worker: id, lease: LeaseId { epoch, ..lease }, output }
            }
            _ => Input::Completed { worker: id, lease, output },
        };
        self.mail.push((id, message));
    }

    /// Some messages arrive together, perhaps not for the last time, perhaps never.
    pub fn deliver(&mut self) {
        let mut arrived = Vec::new();
        let mut of = None;
        for _ in 0..1 + self.below(3) {
            if self.mail.is_empty() {
                break;
            }
            let at = if self.is_rough { self.below(self.mail.len()) } else { 0 };
            let (id, message) = self.mail[at].clone();
            // Whom a worker speaks to that is gone, its successor hears.
            let speaks_to = self.workers.get(&id).and_then(|worker| self.place_of(worker.of)).unwrap_or(0);
            if *of.get_or_insert(speaks_to) != speaks_to {
                break;
            }
            if !self.trouble(20) {
                self.mail.remove(at);
            }
            if !self.trouble(3) {
                arrived.push((id, message));
            }
        }
        let messages = arrived.iter().map(|(_, message)| message.clone()).collect();
        let answers = self.perform_all(of.unwrap_or(0), messages);
        for ((id, message), answer) in arrived.iter().zip(answers.into_iter().flatten()) {
            self.hear(*id, message, Some(answer));
        }
    }

    fn hear(&mut self, id: WorkerId, message: &Input, answer: Option<Answer>) {
        match (message, answer) {
            (Input::Completed { lease, output, .. }, Some(Answer::Done)) => {
                self.note("a result answered Done");
                let taken = &mut self.clients.get_mut(&lease.job).expect("is a client").taken;
                taken.push((*lease, output.artifact));
            }
            (Input::Completed { .. }, Some(Answer::Already)) => self.note("a result answered Already"),
            (Input::Completed { lease, .. }, Some(Answer::Stale)) => {
                self.note("a result answered Stale");
                let log = self.disk.get(&lease.job).map_or(&[][..], Vec::as_slice);
                if log.iter().any(|record| matches!(record, Record::CancelRequested { .. })) {
                    self.note("a result after a cancel");
                }
            }
            (_, Some(Answer::UnknownWorker)) => {
                self.note("a worker unknown");
                self.workers.remove(&id);
            }
            _ => {}
        }
    }

    /// Everybody who can says that it lives.
    pub fn beat(&mut self) {
        let alive: Vec<_> =
            self.workers.iter().filter(|(_, w)| !w.is_silent).map(|(id, w)| (*id, w.of)).collect();
        for (id, of) in alive {
            let Some(place) = self.place_of(of) else { continue };
            let message = Input::Heartbeat { worker: id };
            let answer = self.perform(place, message.clone());
            self.hear(id, &message, answer);
        }
    }

    pub fn lose_worker(&mut self) {
        if self.workers.is_empty() {
            return;
        }
        let at = self.below(self.workers.len());
        let Some(id) = self.workers.keys().nth(at).copied() else { return };
        let is_own = self.workers[&id].is_own();
        if is_own && self.chance(70) {
            return;
        }
        if self.chance(30) {
            self.workers.get_mut(&id).expect("is there").is_silent = true;
        } else {
            self.workers.remove(&id);
            self.mail.push((id, Input::WorkerGone { worker: id }));
        }
    }

    /// Time passes, a little or much, and every coordinator notices.
    pub fn pass(&mut self) {
        let millis = [1, 20, 120, 300, 900][self.below(5)];
        self.now = self.now.after(millis);
        for place in 0..self.coordinators.len() {
            self.perform(place, Input::Tick);
        }
    }

    /// A turn of a world in which nothing fails: workers are there, work, and are heard.
    pub fn serve_well(&mut self) {
        self.now = self.now.after(5);
        self.workers.retain(|_, worker| !worker.hangs && !worker.is_silent && !worker.is_deaf);
        self.hire();
        self.beat();
        for _ in 0..8 {
            self.work();
            while !self.mail.is_empty() {
                self.deliver();
            }
        }
        let now = self.now;
        let next = self.coordinators[0].machine.next_wakeup();
        let is_stuck = self.workers.values().all(|worker| worker.at_hand().is_empty());
        if let Some(next) = next.filter(|next| is_stuck && *next > now) {
            self.now = next;
            self.beat();
        }
        self.perform(0, Input::Tick);
    }
}
