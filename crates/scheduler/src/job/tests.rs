use std::collections::BTreeSet;

use aludel_protocol::{BatchNumber, ChainId, Digest};

use super::*;
use crate::failure::{Failure, FailureClass, Lapse};
use crate::ids::{ArtifactId, WorkerId};
use crate::plan::{Cut, Planned, ShapeNumber, Side, Stage, plan};
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
        trace: [0; 16],
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

fn late() -> End {
    End::Expired(Failure::new(FailureClass::Deadline, "it was late"))
}

fn added(batches: &[Batch]) -> Record {
    Record::InputAdded { at: AT, batches: batches.to_vec() }
}

const SEALED: Record = Record::InputSealed { at: AT };

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
    job.apply(&added(&[batch(1)])).expect("is open");
    assert_eq!((ready(&job), job.phase()), (vec!["check-0".to_owned()], Phase::Queued));
    for task in [CHECK, PROVE, LIFT] {
        job.apply(&leased(task, 1)).expect("is ready");
        job.apply(&completed(task, 1)).expect("is leased");
    }
    assert_eq!(job.phase(), Phase::WaitingInput);
    job.apply(&added(&[batch(2)])).expect("is open");
    assert_eq!(job.phase(), Phase::Running { stage: Stage::Check, done: 1, total: 2 });
    job.apply(&SEALED).expect("is open");
    assert!(job.apply(&SEALED).is_err());
    assert!(job.apply(&added(&[batch(3)])).is_err());
    let mut empty = Job::begin(&accepted(0, false)).expect("begins");
    assert!(empty.apply(&SEALED).is_err(), "there is nothing to prove");
    assert!(empty.apply(&added(&[])).is_err());
}

#[test]
fn lapses_are_counted_apart() {
    let failed = |class| Lapse::Failed(Failure::new(class, ""));
    let lost = Lapse::InputLost(ArtifactId([0; 32]));
    // What, and what it counts as where a device and where the coordinator did it: infrastructure, logic, room, restarts.
    let whys = [
        (Lapse::WorkerLost, [1, 0, 0, 0], [1, 0, 0, 0]),
        (Lapse::Silent, [1, 0, 0, 0], [1, 0, 0, 0]),
        (Lapse::Stalled, [1, 0, 0, 0], [1, 0, 0, 0]),
        (failed(FailureClass::Device), [1, 0, 0, 0], [1, 0, 0, 0]),
        (failed(FailureClass::Internal), [0, 1, 0, 0], [0, 1, 0, 0]),
        (failed(FailureClass::Limit), [0, 1, 0, 0], [0, 1, 0, 0]),
        (Lapse::Unverified(String::new()), [0, 1, 0, 0], [0, 1, 0, 0]),
        (Lapse::NoRoom, [0, 0, 1, 0], [0, 0, 1, 0]),
        (Lapse::Restarted, [0, 0, 0, 0], [0, 0, 0, 1]),
        (Lapse::Stopped, [0, 0, 0, 0], [0, 0, 0, 0]),
        (Lapse::Evicted, [0, 0, 0, 0], [0, 0, 0, 0]),
        (lost, [0, 0, 0, 0], [0, 0, 0, 0]),
    ];
    for (before, task, is_own) in [(&[CHECK][..], PROVE, false), (&[], CHECK, true)] {
        let mut job = done(before);
        let mut expected = [0; 4];
        let mut failed_on = BTreeSet::new();
        for ((why, device, own), epoch) in whys.clone().into_iter().zip(1..) {
            let counts = if is_own { own } else { device };
            job.apply(&leased(task, epoch)).expect("is ready");
            assert!(job.apply(&leased(task, epoch + 1)).is_err(), "it is leased");
            job.apply(&released(task, epoch, why.clone())).expect("is leased");
            expected.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            if counts[0] + counts[1] > 0 {
                failed_on.insert(WorkerId(u64::from(epoch)));
            }
            let found = job.attempts(task).expect("was tried");
            let counted = [found.infrastructure, found.logic, found.no_room, found.restarts];
            assert_eq!((counted, found.epoch), (expected, Epoch(epoch)), "{why:?} of {task}");
            assert_eq!(found.failed_on, failed_on, "{why:?} of {task}");
            assert_eq!(found.last == Some(why), counts != [0; 4]);
        }
    }
}

/// It grows by what comes, and is what a plan of all of it is.
#[test]
fn a_plan_grows_as_one_made_at_once() {
    let two = vec![Cut { batches: 1, shape: ShapeNumber(1), statement: Vec::new() }; 2];
    let check = |segment| Task::Check { segment };
    for target in [Target::Root, Target::Shards] {
        // The second segment is checked before the first one; what was lost is done again.
        for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0]] {
            let Record::Accepted { at, mut request } = accepted(2, false) else { panic!("begins so") };
            request.target = target;
            let mut job = Job::begin(&Record::Accepted { at, request }).expect("begins");
            job.apply(&added(&[batch(3), batch(4)])).expect("is open");
            job.apply(&added(&[batch(5), batch(6)])).expect("is open");
            for segment in order {
                for epoch in [1, 2] {
                    job.apply(&leased(check(segment), epoch)).expect("is ready");
                    let output = Output { artifact: ArtifactId([7; 32]), bytes: 1, cuts: two.clone() };
                    let (task, epoch) = (check(segment), Epoch(epoch));
                    job.apply(&Record::Completed { task, epoch, at: AT, output }).expect("is leased");
                    if epoch == Epoch(1) {
                        job.apply(&Record::OutputLost { task }).expect("is there");
                    }
                }
                let known = plan(target, job.segments(), false);
                assert_eq!(sorted(job.plan()), sorted(&known));
            }
            // Some are done before it is known what takes them.
            let proves = (0..6).map(|shard| Task::Prove { shard });
            let tasks: Vec<_> = match target {
                Target::Root => proves.chain((0..6).map(|shard| Task::Lift { shard })).collect(),
                Target::Shards => proves.collect(),
            };
            for task in tasks {
                assert_eq!(
                    job.inputs(job.planned(task).expect("is planned")).map(|inputs| inputs.len()),
                    Some(1)
                );
                job.apply(&leased(task, 1)).expect("is ready");
                job.apply(&completed(task, 1)).expect("is leased");
            }
            job.apply(&SEALED).expect("is open");
            let whole = plan(target, job.segments(), true);
            assert_eq!(sorted(job.plan()), sorted(&whole));
            let can = |planned: &&Planned| {
                let is_done = |task: &Task| job.output(*task).is_some();
                !is_done(&planned.task) && planned.after.iter().all(is_done)
            };
            let mut expected: Vec<_> =
                whole.iter().filter(can).map(|planned| planned.task.to_string()).collect();
            let mut found = ready(&job);
            expected.sort();
            found.sort();
            assert_eq!(found, expected);
            assert!(!found.is_empty());
        }
    }
}

fn sorted(plan: &[Planned]) -> Vec<&Planned> {
    let mut sorted: Vec<_> = plan.iter().collect();
    sorted.sort_by_key(|planned| planned.task);
    sorted
}

/// Batches lie in segments of any size; a task is given its own.
#[test]
fn tasks_take_their_own_batches() {
    let mut job = Job::begin(&accepted(3, false)).expect("begins");
    job.apply(&added(&[batch(4)])).expect("is open");
    job.apply(&added(&[batch(5), batch(6), batch(7), batch(8)])).expect("is open");
    let cuts = [vec![2, 1], vec![1], vec![1, 3]];
    for (segment, cuts) in (0..).zip(cuts) {
        let cuts = cuts
            .into_iter()
            .map(|batches| Cut { batches, shape: ShapeNumber(0), statement: Vec::new() })
            .collect();
        let (task, output) =
            (Task::Check { segment }, Output { artifact: ArtifactId([7; 32]), bytes: 1, cuts });
        job.apply(&leased(task, 1)).expect("is ready");
        job.apply(&Record::Completed { task, epoch: Epoch(1), at: AT, output }).expect("is leased");
    }
    let of = |task: Task| {
        let inputs = job.inputs(job.planned(task).expect("is planned")).expect("are there");
        inputs.iter().map(|id| id.0[0]).collect::<Vec<_>>()
    };
    let checks = [0, 1, 2].map(|segment| of(Task::Check { segment }));
    assert_eq!(checks, [vec![1, 2, 3], vec![4], vec![5, 6, 7, 8]]);
    let shards = [0, 1, 2, 3, 4].map(|shard| of(Task::Prove { shard }));
    assert_eq!(shards, [vec![1, 2], vec![3], vec![4], vec![5], vec![6, 7, 8]]);
    assert_eq!((job.batch_count(), job.last_batch()), (8, Some(&batch(8))));
}

/// A success stands for proofs that are there.
#[test]
fn what_was_lost_is_not_published() {
    let mut job = done(&[CHECK, PROVE, LIFT, Task::Root, Task::Verify]);
    job.apply(&leased(Task::Publish, 1)).expect("is ready");
    job.apply(&Record::OutputLost { task: Task::Root }).expect("was there");
    let refused = job.apply(&completed(Task::Publish, 1)).expect_err("the root is not there");
    assert_eq!(refused.reason, "the result is none of the task");
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
    assert_eq!(ready(&job), ["lift-0", "check-0"]);
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
    expired.apply(&ended(late())).expect("is live");
    let success = |proofs: Vec<ArtifactId>, receipt| ended(End::Succeeded { proofs, receipt });
    let [root, receipt] = [Task::Root, Task::Publish].map(|task| ArtifactId::of(task.to_string().as_bytes()));
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
        (&at_work, ended(late()), "a lease is live"),
        (&before, success(vec![], ArtifactId([0; 32])), "not the end"),
        (&before, ended(End::Cancelled), "not the end"),
        (&cancelled, leased(PROVE, 1), "cannot be leased"),
        (&cancelled, Record::CancelRequested { at: AT }, "cancelled already"),
        (&cancelled, ended(late()), "not the end"),
        (&cancelled, ended(failed.clone()), "not the end"),
        (&published, ended(failed), "not the end"),
        (&published, success(vec![], receipt), "other artifacts than its results"),
        (&published, success(vec![receipt], receipt), "other artifacts than its results"),
        (&published, success(vec![root, root], receipt), "other artifacts than its results"),
        (&published, success(vec![root], root), "other artifacts than its results"),
        (&expired, SEALED, "has ended"),
        (&expired, ended(late()), "has ended"),
    ];
    for (job, record, says) in bad {
        let mut job = job.clone();
        let as_before = job.clone();
        let error = job.apply(&record).expect_err(says);
        assert!(error.to_string().contains(says), "{record:?}: {error}");
        assert_eq!((error.number, &job), (as_before.head().count, &as_before));
    }
    assert!(Job::of(&[]).is_err() && Job::of(&[SEALED]).is_err());
}

#[test]
fn nothing_but_the_end_follows_a_receipt() {
    let mut job = done(&[CHECK, PROVE, LIFT, Task::Root, Task::Verify, Task::Publish]);
    for record in [Record::OutputLost { task: Task::Publish }, Record::CancelRequested { at: AT }] {
        let refused = job.apply(&record).expect_err("it is published");
        assert_eq!(refused.reason, "it is published, and has only to end");
    }
}
