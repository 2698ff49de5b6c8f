use aludel_protocol::{BatchNumber, ChainId, Digest};

use super::*;
use crate::failure::{Failure, FailureClass, Lapse};
use crate::ids::{ArtifactId, WorkerId};
use crate::plan::{Cut, ShapeNumber, Side, Stage};
use crate::request::{Priority, Target};

const AT: Millis = Millis(5);

fn batch(n: u32) -> Batch {
    Batch { number: BatchNumber(n), artifact: ArtifactId([n as u8; 32]), bytes: 1 }
}

fn accepted(batches: u32, is_sealed: bool) -> Record {
    let request = Request {
        chain: ChainId(7),
        target: Target::Root,
        keys: Digest::ZERO,
        deadline: Millis(1000),
        priority: Priority::Normal,
        batches: (1..=batches).map(batch).collect(),
        is_sealed,
    };
    Record::Accepted { at: AT, request }
}

fn leased(task: Task, epoch: u32) -> Record {
    Record::Leased { task, epoch: Epoch(epoch), worker: WorkerId(u64::from(epoch)), at: AT }
}

fn completed(task: Task, epoch: u32) -> Record {
    let cuts = match task {
        Task::Check { .. } => vec![Cut { batches: 1, shape: ShapeNumber(0), statement: Vec::new() }],
        _ => Vec::new(),
    };
    let artifact = ArtifactId::of(task.to_string().as_bytes());
    Record::Completed { task, epoch: Epoch(epoch), at: AT, output: Output { artifact, bytes: 1, cuts } }
}

fn released(task: Task, epoch: u32, why: Lapse) -> Record {
    Record::Released { task, epoch: Epoch(epoch), at: AT, why }
}

fn ended(end: End) -> Record {
    Record::Ended { at: AT, end }
}

const CHECK: Task = Task::Check { segment: 0 };
const PROVE: Task = Task::Prove { shard: 0 };
const LIFT: Task = Task::Lift { shard: 0 };

/// A job of one batch until its tasks, in order, are done.
fn done(tasks: &[Task]) -> Job {
    let mut job = Job::begin(&accepted(1, true)).expect("begins");
    for task in tasks {
        job.apply(&leased(*task, 1)).expect("is ready");
        job.apply(&completed(*task, 1)).expect("is leased");
    }
    job
}

fn ready(job: &Job) -> Vec<String> {
    let all = [Side::Device, Side::Coordinator].into_iter().flat_map(|side| job.ready(side));
    all.map(|planned| planned.task.to_string()).collect()
}

#[test]
fn a_job_goes_through_its_plan() {
    let tasks = [CHECK, PROVE, LIFT, Task::Root, Task::Verify, Task::Publish];
    for (count, task) in tasks.iter().enumerate() {
        let job = done(&tasks[..count]);
        assert_eq!(ready(&job), [task.to_string()]);
        let expected = match count {
            0 => Phase::Queued,
            _ => Phase::Running { stage: task.stage(), done: 0, total: 1 },
        };
        assert_eq!(job.phase(), expected);
        let inputs = job.inputs(job.planned(*task).expect("is planned")).expect("are there");
        let results = job.planned(*task).map(|planned| planned.after.len());
        assert_eq!(inputs.len(), results.unwrap_or(0).max(1));
        if count < 2 {
            assert_eq!(inputs, [batch(1).artifact]);
        }
    }
    let mut job = done(&tasks);
    let artifact = |task: Task| ArtifactId::of(task.to_string().as_bytes());
    assert_eq!(job.proofs(), Some(vec![artifact(Task::Root)]));
    assert_eq!(job.artifacts().len(), 1 + tasks.len());
    let end = End::Succeeded { proofs: vec![artifact(Task::Root)], receipt: artifact(Task::Publish) };
    job.apply(&ended(end)).expect("is published");
    assert_eq!(job.phase(), Phase::Succeeded);
    assert_eq!(job.artifacts(), [artifact(Task::Root), artifact(Task::Publish)]);
}

#[test]
fn input_that_comes_in_parts() {
    let mut job = Job::begin(&accepted(0, false)).expect("begins");
    assert_eq!(job.phase(), Phase::WaitingInput);
    job.apply(&Record::InputAdded { batches: vec![batch(1)] }).expect("is open");
    assert_eq!((ready(&job), job.phase()), (vec!["check-0".to_owned()], Phase::Queued));
    for task in [CHECK, PROVE, LIFT] {
        job.apply(&leased(task, 1)).expect("is ready");
        job.apply(&completed(task, 1)).expect("is leased");
    }
    assert_eq!(job.phase(), Phase::WaitingInput);
    job.apply(&Record::InputAdded { batches: vec![batch(2)] }).expect("is open");
    assert_eq!(job.phase(), Phase::Running { stage: Stage::Check, done: 1, total: 2 });
    job.apply(&Record::InputSealed).expect("is open");
    assert!(job.apply(&Record::InputSealed).is_err());
    assert!(job.apply(&Record::InputAdded { batches: vec![batch(3)] }).is_err());
    let mut empty = Job::begin(&accepted(0, false)).expect("begins");
    assert!(empty.apply(&Record::InputSealed).is_err(), "there is nothing to prove");
    assert!(empty.apply(&Record::InputAdded { batches: vec![] }).is_err());
}

#[test]
fn lapses_are_counted_apart() {
    let mut job = done(&[CHECK]);
    let device = Lapse::Failed(Failure::new(FailureClass::Device, ""));
    let whys = [Lapse::Silent, Lapse::Unverified(String::new()), device, Lapse::Restarted, Lapse::Stopped];
    for (why, epoch) in whys.into_iter().zip(1..) {
        job.apply(&leased(PROVE, epoch)).expect("is ready");
        assert!(job.apply(&leased(PROVE, epoch + 1)).is_err(), "it is leased");
        job.apply(&released(PROVE, epoch, why)).expect("is leased");
    }
    let attempts = job.attempts(PROVE).expect("was tried");
    assert_eq!((attempts.infrastructure, attempts.logic, attempts.epoch), (2, 1, Epoch(5)));
    assert_eq!(attempts.failed_on, BTreeSet::from([WorkerId(1), WorkerId(2), WorkerId(3)]));
}

#[test]
fn a_lost_result_is_made_again() {
    let mut job = done(&[CHECK, PROVE]);
    assert!(job.apply(&Record::OutputLost { task: LIFT }).is_err());
    job.apply(&Record::OutputLost { task: PROVE }).expect("was there");
    assert_eq!(ready(&job), ["prove-0"]);
    assert_eq!(job.attempts(PROVE).map(|a| a.infrastructure), Some(1));
    job.apply(&leased(PROVE, 2)).expect("is ready");
    job.apply(&completed(PROVE, 2)).expect("is leased");
    assert_eq!(ready(&job), ["lift-0"]);
    // A check that is done again takes back no shard.
    job.apply(&Record::OutputLost { task: CHECK }).expect("was there");
    assert_eq!(ready(&job), ["check-0", "lift-0"]);
    job.apply(&leased(CHECK, 2)).expect("is ready");
    let other = Output {
        artifact: ArtifactId([1; 32]),
        bytes: 1,
        cuts: vec![Cut { batches: 1, shape: ShapeNumber(3), statement: Vec::new() }],
    };
    let other = Record::Completed { task: CHECK, epoch: Epoch(2), at: AT, output: other };
    assert!(job.apply(&other).is_err(), "it cuts otherwise");
    job.apply(&completed(CHECK, 2)).expect("cuts as before");
    assert_eq!(ready(&job), ["lift-0"]);
}

/// Each of these logs is one that no run writes; the job stays as it was.
#[test]
fn what_cannot_follow_is_refused() {
    let before = done(&[CHECK]);
    let mut at_work = before.clone();
    at_work.apply(&leased(PROVE, 1)).expect("is ready");
    let mut cancelled = before.clone();
    cancelled.apply(&Record::CancelRequested { at: AT }).expect("is live");
    let mut expired = before.clone();
    expired.apply(&ended(End::Expired)).expect("is live");
    let success = End::Succeeded { proofs: vec![], receipt: ArtifactId([0; 32]) };
    let failed = End::Failed(Failure::new(FailureClass::Device, ""));
    let published = done(&[CHECK, PROVE, LIFT, Task::Root, Task::Verify, Task::Publish]);
    let bad = [
        (&before, accepted(1, true), "is there already"),
        (&before, leased(PROVE, 2), "epoch is not the next"),
        (&before, leased(PROVE, 0), "epoch is not the next"),
        (&before, leased(LIFT, 1), "cannot be leased"),
        (&before, leased(CHECK, 2), "cannot be leased"),
        (&before, leased(Task::Prove { shard: 1 }, 1), "cannot be leased"),
        (&before, completed(PROVE, 1), "not leased under this epoch"),
        (&before, released(CHECK, 1, Lapse::Silent), "not leased under this epoch"),
        (&at_work, completed(PROVE, 2), "not leased under this epoch"),
        (&at_work, completed(PROVE, 0), "not leased under this epoch"),
        (&at_work, ended(End::Expired), "a lease is live"),
        (&before, ended(success), "not the end"),
        (&before, ended(End::Cancelled), "not the end"),
        (&cancelled, leased(PROVE, 1), "cannot be leased"),
        (&cancelled, Record::CancelRequested { at: AT }, "cancelled already"),
        (&cancelled, ended(End::Expired), "not the end"),
        (&cancelled, ended(failed.clone()), "not the end"),
        (&published, ended(failed), "not the end"),
        (&expired, Record::InputSealed, "has ended"),
        (&expired, ended(End::Expired), "has ended"),
    ];
    for (job, record, says) in bad {
        let mut job = job.clone();
        let as_before = job.clone();
        let error = job.apply(&record).expect_err(says);
        assert!(error.to_string().contains(says), "{record:?}: {error}");
        assert_eq!((error.number, &job), (as_before.head().count, &as_before));
    }
    assert!(Job::of(&[]).is_err() && Job::of(&[Record::InputSealed]).is_err());
}

#[test]
fn nothing_but_the_end_follows_a_receipt() {
    let mut job = done(&[CHECK, PROVE, LIFT, Task::Root, Task::Verify, Task::Publish]);
    for record in [Record::OutputLost { task: Task::Publish }, Record::CancelRequested { at: AT }] {
        let refused = job.apply(&record).expect_err("it is published");
        assert_eq!(refused.reason, "it is published, and has only to end");
    }
}
