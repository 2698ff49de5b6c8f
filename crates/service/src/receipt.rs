//! What a proof cost, from the log of its job.

use std::collections::BTreeMap;
use std::time::Duration;

use aludel_proto::prover_v1::{Attempt, AttemptEnd, Receipt, TaskCost};
use aludel_protocol::{Digest, params::PROTOCOL_VERSION};
use aludel_scheduler::failure::Counts;
use aludel_scheduler::{JobId, Lapse, Millis, Record, Task, WorkerId};
use prost::Message;

/// A task, and who has been at it since when.
#[derive(Default)]
struct Account {
    cost: TaskCost,
    lease: Option<(WorkerId, Millis)>,
}

/// The bytes of the receipt of a job whose results are verified. `device` names the device of a worker where that is known; it is the one thing that does not
/// follow from the log.
pub fn of(id: JobId, log: &[Record], keys: Digest, device: impl Fn(WorkerId) -> Option<String>) -> Vec<u8> {
    let mut tasks: BTreeMap<Task, Account> = BTreeMap::new();
    let device = |worker| device(worker).unwrap_or_default();
    for record in log {
        match record {
            Record::Leased { task, worker, at, .. } => {
                let account = tasks.entry(*task).or_default();
                (account.cost.name, account.cost.worker) = (task.to_string(), worker.0);
                account.lease = Some((*worker, *at));
            }
            Record::Released { task, at, why, .. } => {
                let account = tasks.entry(*task).or_default();
                let end = end(*task, why);
                match end {
                    AttemptEnd::Infrastructure => account.cost.infrastructure_failures += 1,
                    AttemptEnd::Logic => account.cost.logic_failures += 1,
                    AttemptEnd::Restarted => account.cost.restarts += 1,
                    _ => {}
                }
                account.end(*at, end, &device);
            }
            Record::Completed { task, at, output, .. } => {
                let account = tasks.entry(*task).or_default();
                account.end(*at, AttemptEnd::Done, &device);
                (account.cost.bytes, account.cost.sha256) = (output.bytes, output.artifact.0.to_vec());
            }
            _ => {}
        }
    }
    // What writes the receipt is not in it.
    tasks.remove(&Task::Publish);
    let receipt = Receipt {
        id: id.to_string(),
        tasks: tasks.into_values().map(|account| account.cost).collect(),
        program_version: env!("CARGO_PKG_VERSION").into(),
        protocol_version: PROTOCOL_VERSION,
        key_set: borsh::to_vec(&keys).unwrap_or_default(),
    };
    receipt.encode_to_vec()
}

fn end(task: Task, why: &Lapse) -> AttemptEnd {
    match why.counts(task.side()) {
        Counts::Infrastructure => AttemptEnd::Infrastructure,
        Counts::Logic | Counts::Final => AttemptEnd::Logic,
        Counts::Nothing if *why == Lapse::Restarted => AttemptEnd::Restarted,
        Counts::Nothing => AttemptEnd::LetGo,
    }
}

impl Account {
    fn end(&mut self, at: Millis, end: AttemptEnd, device: &impl Fn(WorkerId) -> String) {
        let Some((worker, since)) = self.lease.take() else { return };
        let took = Duration::from_millis(at.0.saturating_sub(since.0));
        // A restart is written down by the next process: when the last one ended is not known.
        let took = Some(took).filter(|_| end != AttemptEnd::Restarted);
        if let Some(took) = took {
            let before = self.cost.time.take().unwrap_or_default();
            let before = Duration::try_from(before).unwrap_or_default();
            self.cost.time = duration(before.saturating_add(took));
        }
        self.cost.attempts.push(Attempt {
            worker: worker.0,
            device: device(worker),
            time: took.and_then(duration),
            end: end.into(),
        });
    }
}

fn duration(of: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(of).ok()
}

#[cfg(test)]
mod tests {
    use aludel_scheduler::{ArtifactId, Epoch, Failure, FailureClass, Output};

    use super::*;

    fn read(log: &[Record]) -> Receipt {
        let device = |worker: WorkerId| (worker.0 > 3).then(|| format!("cpu:{}", worker.0));
        Receipt::decode(&*of(JobId([1; 16]), log, Digest::ZERO, device)).expect("reads")
    }

    /// Attempts at a task: who has it from when until when, and what ends it; nothing: a result.
    fn log(task: Task, attempts: &[(u64, u64, u64, Option<Lapse>)]) -> Vec<Record> {
        let of = |((worker, from, until, why), epoch): (&(u64, u64, u64, Option<Lapse>), u32)| {
            let epoch = Epoch(epoch);
            let leased = Record::Leased { task, epoch, worker: WorkerId(*worker), at: Millis(*from) };
            let at = Millis(*until);
            let output = Output { artifact: ArtifactId([9; 32]), bytes: 77, cuts: Vec::new() };
            let over = match why {
                Some(why) => Record::Released { task, epoch, at, why: why.clone() },
                None => Record::Completed { task, epoch, at, output },
            };
            [leased, over]
        };
        attempts.iter().zip(1..).flat_map(of).collect()
    }

    #[test]
    fn each_attempt_has_its_worker_its_time_and_its_end() {
        let refused = Lapse::Unverified("no".into());
        let attempts = [
            (2, 1_000, 1_250, Some(Lapse::WorkerLost)),
            (3, 2_000, 2_100, Some(refused)),
            (4, 3_000, 3_040, Some(Lapse::NoRoom)),
            (5, 4_000, 5_500, None),
        ];
        let log = log(Task::Prove { shard: 3 }, &attempts);
        let [task] = &read(&log).tasks[..] else { panic!("one task") };
        assert_eq!((task.name.as_str(), task.worker, task.bytes), ("prove-3", 5, 77));
        assert_eq!((task.infrastructure_failures, task.logic_failures, task.restarts), (1, 1, 0));
        let attempts: Vec<_> = task
            .attempts
            .iter()
            .map(|a| (a.worker, a.device.as_str(), a.time.expect("known").nanos / 1_000_000, a.end()))
            .collect();
        let expected = [
            (2, "", 250, AttemptEnd::Infrastructure),
            (3, "", 100, AttemptEnd::Logic),
            (4, "cpu:4", 40, AttemptEnd::LetGo),
            (5, "cpu:5", 500, AttemptEnd::Done),
        ];
        assert_eq!(attempts, expected);
        assert_eq!(duration(Duration::from_millis(250 + 100 + 40 + 1_500)), task.time);
    }

    #[test]
    fn what_lies_between_two_processes_is_no_time_of_a_task() {
        let day = 24 * 3_600_000;
        let attempts = [(2, 1_000, day, Some(Lapse::Restarted)), (7, day + 10, day + 310, None)];
        let [task] = &read(&log(Task::Root, &attempts)).tasks[..] else { panic!("one task") };
        assert_eq!((task.restarts, task.infrastructure_failures, task.logic_failures), (1, 0, 0));
        assert_eq!(task.time, duration(Duration::from_millis(300)));
        let ends: Vec<_> = task.attempts.iter().map(|a| (a.end(), a.time.is_some())).collect();
        assert_eq!(ends, [(AttemptEnd::Restarted, false), (AttemptEnd::Done, true)]);
    }

    #[test]
    fn a_result_that_was_lost_was_worked_for_too() {
        let task = Task::Lift { shard: 0 };
        let mut log = log(task, &[(5, 0, 100, None)]);
        log.push(Record::OutputLost { task });
        let again = Record::Leased { task, epoch: Epoch(2), worker: WorkerId(5), at: Millis(200) };
        let failed = Lapse::Failed(Failure::new(FailureClass::Device, "it"));
        log.extend([again, Record::Released { task, epoch: Epoch(2), at: Millis(260), why: failed }]);
        let [task] = &read(&log).tasks[..] else { panic!("one task") };
        let ends: Vec<_> = task.attempts.iter().map(Attempt::end).collect();
        assert_eq!(ends, [AttemptEnd::Done, AttemptEnd::Infrastructure]);
        assert_eq!(task.time, duration(Duration::from_millis(160)));
    }
}
