//! What a log must be, said over its records alone, without the code of jobs and machines.

use std::collections::{BTreeMap, BTreeSet};

use aludel_scheduler::plan::{Segment, plan};
use aludel_scheduler::{End, Epoch, FailureClass, Lapse, Policy, Record, Task};

#[derive(Default)]
struct Tried {
    epoch: u32,
    live: Option<Epoch>,
    done: Option<[u8; 32]>,
    infrastructure: u32,
    logic: u32,
    restarts: u32,
    uncounted: u32,
    /// The record of its result.
    done_at: usize,
}

/// Infrastructure, logic, final, nothing.
fn counted(task: Task, why: &Lapse) -> usize {
    let is_own = matches!(task, Task::Check { .. } | Task::Verify | Task::Publish);
    match why {
        Lapse::WorkerLost | Lapse::Silent | Lapse::Stalled => 0,
        Lapse::Unverified(_) => 1,
        Lapse::Failed(failure) => match failure.class {
            FailureClass::Device | FailureClass::Capacity => 0,
            FailureClass::Unsatisfied | FailureClass::Internal | FailureClass::Deadline => 1,
            FailureClass::Input | FailureClass::Limit | FailureClass::VersionMismatch => {
                1 + usize::from(is_own)
            }
        },
        Lapse::Evicted => {
            assert!(!is_own, "a thread ends with its neighbour");
            3
        }
        Lapse::InputLost(_) | Lapse::Restarted | Lapse::Stopped | Lapse::NoRoom => 3,
    }
}

/// Fails where a log is not one that a service may leave on the disk.
pub fn audit(log: &[Record], policy: &Policy) {
    let Some(Record::Accepted { request, .. }) = log.first() else { panic!("a log without a request") };
    let mut segments = Vec::new();
    if !request.batches.is_empty() {
        segments.push(Segment { batches: request.batches.clone(), cuts: None });
    }
    let mut is_sealed = request.is_sealed;
    let mut tasks: BTreeMap<Task, Tried> = BTreeMap::new();
    let mut is_cancelled = false;
    // Why the job has to fail, if it does.
    let mut must_fail = false;
    let mut published = 0;
    let mut verify_leased_at = 0;
    let times: Vec<_> = log.iter().filter_map(Record::at).collect();
    assert!(times.is_sorted(), "time goes back: {times:?}");
    for (number, record) in log.iter().enumerate() {
        let at = || format!("record {number} of {}: {record:?}", log.len());
        let is_end = matches!(record, Record::Ended { .. });
        // What a job fails of stands right before its end, but for leases that end with it.
        let goes_on =
            !is_end && !matches!(record, Record::Released { why: Lapse::Stopped | Lapse::Restarted, .. });
        assert!(
            !must_fail || !goes_on || matches!(record, Record::OutputLost { .. }),
            "it goes on: {}",
            at()
        );
        match record {
            Record::Accepted { .. } => assert_eq!(number, 0, "{}", at()),
            Record::InputAdded { batches, .. } => {
                assert!(!is_sealed && !is_cancelled, "{}", at());
                segments.push(Segment { batches: batches.clone(), cuts: None });
            }
            Record::InputSealed { .. } => {
                assert!(!is_sealed && !is_cancelled, "{}", at());
                is_sealed = true;
            }
            Record::Leased { task, epoch, .. } => {
                assert!(!is_cancelled, "leased after a cancel: {}", at());
                let planned = plan(request.target, &segments, is_sealed);
                let planned = planned.into_iter().find(|planned| planned.task == *task);
                let after = planned.unwrap_or_else(|| panic!("not planned: {}", at())).after;
                let missing = after.iter().find(|task| tasks.get(task).is_none_or(|t| t.done.is_none()));
                assert_eq!(missing, None, "its input is not there: {}", at());
                let tried = tasks.entry(*task).or_default();
                assert_eq!(epoch.0, tried.epoch + 1, "{}", at());
                assert!(tried.live.is_none() && tried.done.is_none(), "{}", at());
                let failures = tried.infrastructure + tried.logic + tried.uncounted;
                assert!(tried.epoch <= failures, "a lease without a reason: {}", at());
                (tried.epoch, tried.live) = (epoch.0, Some(*epoch));
                if *task == Task::Verify {
                    verify_leased_at = number;
                }
            }
            Record::Completed { task, epoch, output, .. } => {
                assert!(!is_cancelled, "completed after a cancel: {}", at());
                let tried = tasks.entry(*task).or_default();
                assert_eq!(tried.live.take(), Some(*epoch), "a stale epoch: {}", at());
                (tried.done, tried.done_at) = (Some(output.artifact.0), number);
                if let Task::Check { segment } = task {
                    let segment = &mut segments[*segment as usize];
                    let batches: u32 = output.cuts.iter().map(|cut| cut.batches).sum();
                    assert_eq!(batches as usize, segment.batches.len(), "{}", at());
                    segment.cuts = Some(output.cuts.clone());
                }
                published += u32::from(*task == Task::Publish);
            }
            Record::Released { task, epoch, why, .. } => {
                let tried = tasks.entry(*task).or_default();
                assert_eq!(tried.live.take(), Some(*epoch), "a stale epoch: {}", at());
                match counted(*task, why) {
                    0 => tried.infrastructure += 1,
                    1 => tried.logic += 1,
                    2 => {
                        tried.logic += 1;
                        must_fail |= !is_cancelled;
                    }
                    _ => tried.uncounted += 1,
                }
                let is_own = matches!(task, Task::Check { .. } | Task::Verify | Task::Publish);
                tried.restarts += u32::from(is_own && *why == Lapse::Restarted);
                let over = tried.infrastructure > policy.most_infrastructure
                    || tried.logic > policy.most_logic
                    || tried.restarts > policy.most_restarts;
                must_fail |= over && !is_cancelled;
                if let Lapse::InputLost(artifact) = why {
                    let is_batch = segments.iter().flat_map(|s| &s.batches).any(|b| b.artifact == *artifact);
                    must_fail |= is_batch && !is_cancelled;
                }
            }
            Record::OutputLost { task } => {
                let tried = tasks.entry(*task).or_default();
                assert!(tried.done.take().is_some(), "{}", at());
                tried.infrastructure += 1;
                must_fail |= tried.infrastructure > policy.most_infrastructure;
                let all = plan(request.target, &segments, is_sealed);
                let verify = all.iter().find(|planned| planned.task == Task::Verify);
                if verify.is_some_and(|verify| verify.after.contains(task)) {
                    let verify = tasks.entry(Task::Verify).or_default();
                    verify.uncounted += u32::from(verify.done.take().is_some());
                }
            }
            Record::CancelRequested { .. } => {
                assert!(!is_cancelled, "{}", at());
                is_cancelled = true;
            }
            Record::Ended { at: when, end } => {
                assert_eq!(number + 1, log.len(), "something follows the end: {}", at());
                assert!(tasks.values().all(|tried| tried.live.is_none()), "{}", at());
                assert_eq!(is_cancelled, *end == End::Cancelled, "a cancel was ignored or made up: {}", at());
                assert!(!must_fail || matches!(end, End::Failed(_)), "{}", at());
                match end {
                    End::Succeeded { proofs, receipt } => {
                        assert_eq!(published, 1, "{}", at());
                        assert_eq!(tasks[&Task::Publish].done, Some(receipt.0));
                        let all = plan(request.target, &segments, is_sealed);
                        let verify = all.iter().find(|planned| planned.task == Task::Verify);
                        let results = &verify.expect("is verified").after;
                        let unseen = results.iter().find(|task| tasks[task].done_at > verify_leased_at);
                        assert_eq!(unseen, None, "a result that was not verified: {}", at());
                        let results: Vec<_> =
                            results.iter().filter(|t| !matches!(t, Task::Check { .. })).collect();
                        let done: Vec<_> = results.iter().map(|task| tasks[task].done).collect();
                        assert_eq!(done, proofs.iter().map(|id| Some(id.0)).collect::<Vec<_>>());
                        let names: BTreeSet<_> = all.iter().map(|planned| planned.task).collect();
                        assert!(names.iter().all(|task| tasks[task].done.is_some()), "{}", at());
                    }
                    End::Failed(_) => assert!(must_fail, "it fails of nothing: {}", at()),
                    End::Expired(why) => {
                        assert!(*when >= request.deadline, "{}", at());
                        assert_eq!(why.class, FailureClass::Deadline, "{}", at());
                    }
                    End::Cancelled => {}
                }
            }
        }
    }
    let is_ended = matches!(log.last(), Some(Record::Ended { .. }));
    assert!(!must_fail || is_ended, "a job that had to fail goes on: {:?}", log.last());
    assert!(published == 0 || is_ended, "a job that is published goes on");
    let is_held = tasks.values().any(|tried| tried.live.is_some());
    assert!(!is_cancelled || is_ended || is_held, "a cancelled job that waits for nobody");
}
