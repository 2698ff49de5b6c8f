//! Clients: they ask, ask again, change their minds.

use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::ids::{ArtifactId, JobId, LeaseId, Millis};
use aludel_scheduler::machine::Refusal;
use aludel_scheduler::{Answer, Batch, IdempotencyKey, Input, Job, Priority, Record, Request, Target};

use rand::RngExt;

use super::world::World;

pub struct Client {
    pub request: Request,
    /// What is to come, by segment.
    pub parts: Vec<Vec<Batch>>,
    /// It was told that the job is accepted.
    pub is_accepted: bool,
    /// It was told that the job is cancelled or being cancelled.
    pub is_cancelled: bool,
    /// Results that workers were told are taken.
    pub taken: Vec<(LeaseId, ArtifactId)>,
}

const CHAIN: ChainId = ChainId(7);

impl World {
    fn batches(&mut self, from: u32, count: usize) -> Vec<Batch> {
        let batch = |number: u32| {
            let artifact = ArtifactId::of(format!("batch {number}").as_bytes());
            Batch { number: BatchNumber(number), artifact, bytes: 10 }
        };
        (from..).take(count).map(batch).collect()
    }

    pub fn submit_new(&mut self) {
        let job = IdempotencyKey::new(format!("job {}", self.clients.len())).expect("a key").job(CHAIN);
        let from = self.rng.random_range(0..1000);
        let count = 1 + self.below(4);
        let batches = self.batches(from, count);
        let is_sealed = self.chance(70);
        let ahead = if self.chance(20) { 2_000 } else { 300_000 };
        let mut parts = Vec::new();
        let mut next = from + count as u32;
        if !is_sealed {
            for _ in 0..self.below(3) {
                let count = 1 + self.below(3);
                parts.push(self.batches(next, count));
                next += count as u32;
            }
        }
        let request = Request {
            chain: CHAIN,
            target: if self.chance(70) { Target::Root } else { Target::Shards },
            keys: Digest::ZERO,
            deadline: self.now.after(ahead),
            priority: [Priority::High, Priority::Normal, Priority::Low][self.below(3)],
            batches,
            is_sealed,
            trace: self.rng.random(),
        };
        let client = Client { request, parts, is_accepted: false, is_cancelled: false, taken: Vec::new() };
        self.clients.insert(job, client);
        self.submit(job);
    }

    /// As a server does: the store is asked first about a job that the machine does not have.
    fn ask(&mut self, job: JobId, input: Input) -> Option<Answer> {
        let place = self.below(self.coordinators.len());
        if self.coordinators[place].machine.job(job).is_none()
            && let Some(log) = self.disk.get(&job)
        {
            if let Some(Record::Ended { .. }) = log.last() {
                let Some(Record::Accepted { request, .. }) = log.first() else { panic!("no request") };
                return Some(match input {
                    Input::Submit { request: other, .. } if other.digest() == request.digest() => {
                        Answer::Already
                    }
                    Input::Submit { .. } => Answer::Refused(Refusal::KeyTaken),
                    _ => Answer::NotLive,
                });
            }
            if place == 0 {
                self.adopt_orphans();
            }
        }
        self.perform(place, input)
    }

    fn submit(&mut self, job: JobId) {
        let mut request = self.clients[&job].request.clone();
        // Whoever tries again may have another deadline.
        request.deadline = Millis(request.deadline.0.max(self.now.0 + 1));
        let answer = self.ask(job, Input::Submit { job, request });
        let client = self.clients.get_mut(&job).expect("is a client");
        match answer {
            Some(Answer::Done) => client.is_accepted = true,
            Some(Answer::Already) => {
                client.is_accepted = true;
                self.note("a submit answered Already");
            }
            Some(Answer::Refused(Refusal::Busy { .. })) | None => {}
            Some(Answer::Refused(Refusal::TooManyBatchesInAll { .. })) => {
                self.note("too many batches in all")
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn submit_again(&mut self) {
        let Some(job) = self.some_job() else { return };
        if self.chance(30) && self.disk.contains_key(&job) {
            let mut request = self.clients[&job].request.clone();
            request.target = if request.target == Target::Root { Target::Shards } else { Target::Root };
            request.deadline = self.now.after(1_000);
            match self.ask(job, Input::Submit { job, request }) {
                Some(Answer::Refused(Refusal::KeyTaken)) => self.note("a key that is taken"),
                // Whoever was taken for dead knows no job that is not its own; the disk refuses it.
                None | Some(Answer::Refused(Refusal::Busy { .. } | Refusal::TooManyBatchesInAll { .. })) => {}
                other => panic!("{other:?}"),
            }
        } else {
            self.submit(job);
        }
    }

    /// Gives any segment, in order or not, or says that there are no more.
    pub fn give_input(&mut self) {
        let Some(job) = self.some_job() else { return };
        let client = &self.clients[&job];
        if client.request.is_sealed {
            return;
        }
        let parts = client.parts.clone();
        let Some(log) = self.disk.get(&job) else { return };
        let there = Job::of(log).expect("sound").segments().len();
        if there > parts.len() && self.chance(50) {
            let answer = self.ask(job, Input::SealInput { job });
            assert!(!matches!(answer, Some(Answer::Refused(Refusal::NoBatches))));
            return;
        }
        if parts.is_empty() {
            return;
        }
        let part = if self.chance(70) { there.max(1).min(parts.len()) - 1 } else { self.below(parts.len()) };
        let input = Input::AddInput { job, segment: part as u32 + 1, batches: parts[part].clone() };
        match self.ask(job, input) {
            Some(Answer::Refused(Refusal::Segment { .. })) => self.note("a refused segment"),
            Some(Answer::Refused(Refusal::Order { .. } | Refusal::NoBatches)) => {
                panic!("a sound segment is refused")
            }
            Some(Answer::Refused(Refusal::TooManyBatchesInAll { .. })) => {
                self.note("too many batches in all")
            }
            _ => {}
        }
    }

    pub fn ask_to_cancel(&mut self) {
        let Some(job) = self.some_job() else { return };
        if self.chance(50) {
            return;
        }
        match self.ask(job, Input::Cancel { job }) {
            Some(Answer::Cancelling) => self.note("a cancel answered Cancelling"),
            Some(Answer::Done) => self.note("a cancel answered Done"),
            None | Some(Answer::NotLive) => return,
            other => panic!("{other:?}"),
        }
        self.clients.get_mut(&job).expect("is a client").is_cancelled = true;
    }
}
