//! What a job whose deadline has passed is said to have waited for.

use super::*;

/// The sentence with which the job ends when its deadline passes.
fn expire(mut rig: Rig, workers: &[u64]) -> String {
    // Nobody falls silent or stalls on the way.
    rig.now = 500_000;
    for worker in workers.iter().chain([&OWN]) {
        rig.tell(Input::Heartbeat { worker: WorkerId(*worker) });
        let all = rig.machine.jobs().flat_map(|(job, state)| {
            let own = state.leases().iter().filter(|(_, lease)| lease.worker.0 == *worker);
            own.map(move |(task, lease)| LeaseId { job, task: *task, epoch: lease.epoch })
        });
        for lease in all.collect::<Vec<_>>() {
            assert_eq!(rig.tell(Input::Progress { worker: WorkerId(*worker), lease }), Answer::Done);
        }
    }
    rig.tell(Input::Tick);
    match rig.end() {
        Some(End::Expired(Failure { class: FailureClass::Deadline, sentence })) => sentence.clone(),
        other => panic!("{other:?}"),
    }
}

fn checked(cuts: &[(u32, u8)]) -> Rig {
    let mut rig = rig();
    rig.submit_checked("a", request(cuts.len() as u32), cuts);
    rig
}

#[track_caller]
fn assert_says(sentence: &str, says: &[&str]) {
    assert!(says.iter().all(|says| sentence.contains(says)), "{sentence}");
}

#[test]
fn input() {
    let mut rig = rig();
    rig.register(2, SPEC);
    assert_eq!(rig.submit("a", Request { is_sealed: false, batches: vec![], ..request(1) }), Answer::Done);
    assert_says(&expire(rig, &[2]), &["its input was not sealed", "seal it"]);
    // The same where all that came is done.
    let mut rig = super::rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", Request { is_sealed: false, target: Target::Shards, ..request(1) }, &[(1, 1)]);
    let lease = rig.lease();
    rig.complete(2, lease, &[]);
    assert_says(&expire(rig, &[2]), &["its input was not sealed"]);
}

#[test]
fn a_larger_worker() {
    let mut rig = checked(&[(1, 1), (1, 11)]);
    rig.register(2, SPEC);
    rig.register(3, device(50, 1));
    rig.register(4, device(500, 0));
    let sentence = expire(rig, &[2, 3, 4]);
    // Before what is at work, which would have been done in time.
    assert_says(&sentence, &["no worker is large enough for prove-1", "110 bytes", "the largest has 100"]);
}

#[test]
fn a_worker() {
    assert_says(
        &expire(checked(&[(1, 1)]), &[]),
        &["no worker with a device is there for prove-0", "start one"],
    );
    let mut rig = bare_rig();
    rig.register(OWN, SPEC);
    rig.submit("a", request(1));
    assert_says(&expire(rig, &[]), &["the coordinator's own worker is not there for check-0"]);
}

/// What was not there yet when the machine was made is not what was missing when the time was up.
#[test]
fn the_service() {
    let mut rig = checked(&[(1, 1)]);
    let log = vec![Record::Accepted { at: Millis(1_000), request: request(1) }];
    let recovered = Machine::recover(POLICY, Peaks, [(job("a"), log)], Millis(500_000));
    rig.machine = recovered.machine;
    assert_says(&expire(rig, &[]), &["the service did not run then", "submit again"]);
}

#[test]
fn its_turn() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("b", Request { deadline: Millis(600_000), ..request(1) }, &[(1, 1)]);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    assert_says(&expire(rig, &[2]), &["prove-0 was queued behind others", "add workers"]);
    let mut rig = checked(&[(1, 1)]);
    rig.tell(Input::Drain);
    rig.register(2, SPEC);
    assert_says(&expire(rig, &[2]), &["prove-0 was not begun", "about to stop"]);
}

#[test]
fn a_task_at_work() {
    let mut rig = checked(&[(1, 1)]);
    rig.register(2, SPEC);
    assert_says(&expire(rig, &[2]), &["prove-0 was at work; give it more time"]);
    let mut rig = checked(&[(1, 1)]);
    rig.register(2, SPEC);
    let lease = rig.lease();
    rig.lapse(2, lease, Lapse::Unverified("a query is wrong".into()));
    assert_eq!(rig.assigned().len(), 1);
    assert_says(
        &expire(rig, &[2]),
        &["prove-0 was at work again", "its result was refused: a query is wrong"],
    );
}

#[test]
fn a_task_that_is_tried_again() {
    for (why, says) in [
        (failed(FailureClass::Device), "so it is"),
        (Lapse::Stalled, "it made no progress"),
        (Lapse::NoRoom, "its result found no room on the disk"),
    ] {
        let mut rig = checked(&[(1, 1)]);
        rig.register(2, SPEC);
        let lease = rig.lease();
        rig.now = 499_990;
        rig.lapse(2, lease, why);
        assert_eq!(rig.assigned(), []);
        // The delay is not over.
        assert_says(&expire(rig, &[2]), &["prove-0 was to be tried again after this", says]);
    }
}
