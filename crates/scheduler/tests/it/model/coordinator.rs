//! Coordinators: they append, then speak; they crash anywhere; one that was taken for dead may go on.

use std::collections::BTreeSet;

use aludel_scheduler::ids::JobId;
use aludel_scheduler::{Answer, Append, Command, Input, Job, Machine, Record, Step};

use super::fleet::Worker;
use super::world::{POLICY, Peaks, World};

pub struct Coordinator {
    /// Workers belong to one coordinator.
    pub name: u64,
    pub machine: Machine<Peaks>,
}

impl World {
    /// Appends; the jobs whose log was not as expected.
    fn append(&mut self, appends: &[Append]) -> BTreeSet<JobId> {
        let mut conflicts = BTreeSet::new();
        for Append { job, expected, records } in appends {
            assert!(!records.is_empty(), "an append of nothing");
            let head = self.heads.entry(*job).or_default();
            if head == expected {
                *head = records.iter().fold(*head, |head, record| head.after(record));
                self.disk.entry(*job).or_default().extend(records.iter().cloned());
            } else {
                conflicts.insert(*job);
            }
        }
        conflicts
    }

    /// A machine made from the disk. It may crash while it is made.
    pub fn recovered(&mut self) -> Coordinator {
        loop {
            let logs: Vec<_> = self.disk.iter().map(|(id, log)| (*id, log.clone())).collect();
            let open =
                logs.iter().filter(|(_, log)| !matches!(log.last(), Some(Record::Ended { .. }))).count();
            let recovered = Machine::recover(POLICY, Peaks, logs, self.now);
            assert_eq!(recovered.damaged, []);
            if self.trouble(5) {
                continue;
            }
            assert!(recovered.step.commands.is_empty());
            let ended = |append: &&Append| matches!(append.records.last(), Some(Record::Ended { .. }));
            let ended = recovered.step.appends.iter().filter(ended).count();
            assert_eq!(recovered.machine.jobs().count() + ended, open, "a restart lost a job");
            assert!(self.append(&recovered.step.appends).is_empty());
            if self.trouble(5) {
                continue;
            }
            let name = self.next_worker;
            self.next_worker += 1;
            return Coordinator { name, machine: recovered.machine };
        }
    }

    /// Whoever has this name, by its place.
    pub fn place_of(&self, name: u64) -> Option<usize> {
        self.coordinators.iter().position(|coordinator| coordinator.name == name)
    }

    /// Gives an input to a coordinator; what it says, unless it crashes before.
    pub fn perform(&mut self, place: usize, input: Input) -> Option<Answer> {
        self.perform_all(place, vec![input])?.pop()
    }

    /// Gives inputs to a coordinator, which appends what follows from all of them at once; what it says to each.
    pub fn perform_all(&mut self, place: usize, inputs: Vec<Input>) -> Option<Vec<Answer>> {
        let now = self.now;
        let machine = &mut self.coordinators[place].machine;
        let steps = inputs.into_iter().map(|input| machine.handle(now, input)).collect();
        self.carry_out(place, steps)
    }

    fn carry_out(&mut self, place: usize, steps: Vec<Step>) -> Option<Vec<Answer>> {
        if self.trouble(1) {
            self.note("crash before the append");
            self.crash(place);
            return None;
        }
        for step in &steps {
            let jobs: BTreeSet<_> = step.appends.iter().map(|append| append.job).collect();
            assert_eq!(jobs.len(), step.appends.len(), "two appends of one job");
        }
        let appends: Vec<_> = steps.iter().flat_map(|step| step.appends.iter().cloned()).collect();
        let conflicts = self.append(&appends);
        if self.trouble(1) {
            self.note("crash behind the append");
            self.crash(place);
            return None;
        }
        let (commands, answers): (Vec<_>, Vec<_>) =
            steps.into_iter().map(|step| (step.commands, step.answer)).unzip();
        let of_conflict = |command: &Command| command.job().is_some_and(|job| conflicts.contains(&job));
        let (unsent, commands): (Vec<_>, Vec<_>) = commands.into_iter().flatten().partition(of_conflict);
        for command in commands {
            if self.trouble(2) {
                self.note("crash between commands");
                self.crash(place);
                return None;
            }
            self.obey(place, command);
        }
        let name = self.coordinators[place].name;
        for job in &conflicts {
            self.note("an append in conflict");
            // It may have crashed over the one before.
            if self.place_of(name) == Some(place) {
                self.give_up(place, *job, &unsent);
            }
        }
        conflicts.is_empty().then_some(answers)
    }

    /// Another coordinator has written to a job's log.
    fn give_up(&mut self, place: usize, job: JobId, unsent: &[Command]) {
        let now = self.now;
        let step = self.coordinators[place].machine.forget(now, job, unsent);
        assert!(step.appends.iter().all(|append| append.job != job));
        self.carry_out(place, vec![step]);
    }

    /// The first coordinator takes over what nobody drives.
    pub fn adopt_orphans(&mut self) {
        let logs = self.disk.iter().filter(|(id, log)| {
            let is_open = !matches!(log.last(), Some(Record::Ended { .. }));
            is_open && self.coordinators[0].machine.job(**id).is_none()
        });
        let logs: Vec<_> = logs.map(|(id, log)| (*id, log.clone())).collect();
        for (id, log) in logs {
            let now = self.now;
            let step = self.coordinators[0].machine.adopt(now, id, &log).expect("a sound log");
            self.carry_out(0, vec![step]);
        }
    }

    /// Its memory is gone. Its workers go with it, or live on and speak to its successor, who does not know them.
    pub fn crash(&mut self, place: usize) {
        let name = self.coordinators[place].name;
        let all_go = self.chance(50);
        self.workers.retain(|_, worker| worker.of != name || !(all_go || worker.is_own()));
        let new = self.recovered();
        let successor = new.name;
        for worker in self.workers.values_mut().filter(|worker| worker.of == name) {
            worker.of = successor;
        }
        self.coordinators[place] = new;
        self.employ(place);
    }

    pub fn crash_somebody(&mut self) {
        let place = self.below(self.coordinators.len());
        self.crash(place);
    }

    /// A coordinator is taken for dead, and is not.
    pub fn split(&mut self) {
        if self.coordinators.len() == 1 {
            let new = self.recovered();
            self.coordinators.insert(0, new);
            self.had_rivals = true;
            self.note("a coordinator taken for dead lives on");
            self.employ(0);
        }
    }

    /// The one that was taken for dead dies.
    pub fn bury(&mut self) {
        if self.coordinators.len() > 1
            && let Some(old) = self.coordinators.pop()
        {
            self.workers.retain(|_, worker| worker.of != old.name);
        }
    }

    fn obey(&mut self, place: usize, command: Command) {
        let of = self.coordinators[place].name;
        match command {
            Command::Assign { worker, lease, inputs, shape: _ } => self.assign(of, worker, lease, &inputs),
            Command::Stop { worker, lease } => self.tell_to_stop(worker, lease),
            Command::Kill { worker } => {
                let is_own = self.workers.get(&worker).is_some_and(Worker::is_own);
                self.note(if is_own { "the coordinator's own worker killed" } else { "a worker killed" });
                self.workers.remove(&worker);
            }
            Command::Abandon { worker, lease } => self.abandon(worker, lease),
        }
    }

    /// What runs is what a restart would read, unless another coordinator has written since.
    pub fn compare(&mut self) {
        for (id, job) in self.coordinators.iter().flat_map(|coordinator| coordinator.machine.jobs()) {
            let log = self.disk.get(&id).map_or(&[][..], Vec::as_slice);
            if self.had_rivals && job.head() != self.heads[&id] {
                continue;
            }
            let read = Job::of(log);
            assert_eq!(read.as_ref(), Ok(job), "{id} is otherwise in memory than on the disk");
        }
    }
}
