//! What clients want, and are refused.

use super::*;

#[test]
fn what_cannot_be_is_refused() {
    let mut rig = rig();
    let refused = |rig: &mut Rig, change: fn(&mut Request)| {
        let mut request = request(3);
        change(&mut request);
        let answer = rig.submit("a", request);
        assert_eq!(rig.records, []);
        match answer {
            Answer::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&mut rig, |r| r.batches.clear()), Refusal::NoBatches);
    let order = Refusal::Order { expected: 2, found: 3 };
    assert_eq!(refused(&mut rig, |r| r.batches[1].number = BatchNumber(3)), order);
    let order = Refusal::Order { expected: 1 << 32, found: 0 };
    let wraps: fn(&mut Request) = |r| {
        r.batches.truncate(2);
        (r.batches[0].number, r.batches[1].number) = (BatchNumber(u32::MAX), BatchNumber(0));
    };
    assert_eq!(refused(&mut rig, wraps), order);
    let most = Refusal::TooManyBatches { most: 8 };
    assert_eq!(refused(&mut rig, |r| r.batches = request(9).batches), most);
    assert!(matches!(refused(&mut rig, |r| r.deadline = Millis(1_000)), Refusal::Deadline { .. }));
    assert!(matches!(refused(&mut rig, |r| r.deadline = Millis(1_001_001)), Refusal::Deadline { .. }));
    assert_eq!(rig.submit("a", request(3)), Answer::Done);
    assert_eq!(refused(&mut rig, |r| r.target = Target::Shards), Refusal::KeyTaken);
    assert_eq!(rig.submit("a", Request { trace: [1; 16], ..request(3) }), Answer::Already);
    assert_eq!([rig.submit("b", request(1)), rig.submit("c", request(1))], [Answer::Done, Answer::Done]);
    assert_eq!(rig.submit("d", request(1)), Answer::Refused(Refusal::Busy { most: 3 }));
    assert_eq!(rig.submit("a", request(3)), Answer::Already, "nothing is new about it");
    assert_eq!(rig.tell(Input::Drain), Answer::Done);
    assert_eq!(rig.submit("d", request(1)), Answer::Refused(Refusal::Draining));
}

#[test]
fn input_comes_in_order_and_once() {
    let mut rig = rig();
    let mut first = request(2);
    first.is_sealed = false;
    let all = request(9).batches;
    assert_eq!(rig.submit("a", first), Answer::Done);
    let add = |rig: &mut Rig, segment: u32, range: core::ops::Range<usize>| {
        rig.tell(Input::AddInput { job: job("a"), segment, batches: all[range].to_vec() })
    };
    assert_eq!(add(&mut rig, 1, 2..4), Answer::Done);
    assert_eq!(add(&mut rig, 1, 2..4), Answer::Already);
    assert_eq!(rig.records, []);
    let segment = |found| Answer::Refused(Refusal::Segment { expected: 2, found });
    assert_eq!(add(&mut rig, 1, 2..5), segment(1));
    assert_eq!(add(&mut rig, 3, 4..5), segment(3));
    assert_eq!(add(&mut rig, 2, 5..6), Answer::Refused(Refusal::Order { expected: 5, found: 6 }));
    assert_eq!(add(&mut rig, 2, 4..4), Answer::Refused(Refusal::NoBatches));
    assert_eq!(add(&mut rig, 2, 4..9), Answer::Refused(Refusal::TooManyBatches { most: 8 }));
    assert_eq!(rig.tell(Input::SealInput { job: job("a") }), Answer::Done);
    assert_eq!(rig.tell(Input::SealInput { job: job("a") }), Answer::Already);
    assert_eq!(add(&mut rig, 2, 4..5), Answer::Refused(Refusal::Sealed));
    assert_eq!(add(&mut rig, 1, 2..4), Answer::Already);
}

#[test]
fn segments_and_batches_of_all_jobs_are_bounded() {
    let mut rig = rig();
    let open = || Request { is_sealed: false, ..request(1) };
    let add = |rig: &mut Rig, name: &str, segment: u32, batches: core::ops::Range<usize>| {
        let batches = request(8).batches[batches].to_vec();
        rig.tell(Input::AddInput { job: job(name), segment, batches })
    };
    assert_eq!(rig.submit("a", open()), Answer::Done);
    assert_eq!([add(&mut rig, "a", 1, 1..2), add(&mut rig, "a", 2, 2..3)], [Answer::Done, Answer::Done]);
    let segments = Answer::Refused(Refusal::TooManySegments { most: 3 });
    assert_eq!(add(&mut rig, "a", 3, 3..4), segments);
    // 3 and 8 are 11 of 12.
    assert_eq!(rig.submit("b", request(8)), Answer::Done);
    let all = Answer::Refused(Refusal::TooManyBatchesInAll { most: 12 });
    assert_eq!(rig.submit("c", request(2)), all);
    assert_eq!(rig.submit("c", open()), Answer::Done);
    assert_eq!(add(&mut rig, "c", 1, 1..2), all);
    // What ends makes room; so does what another coordinator takes.
    let lease = rig.lease_of("c");
    rig.lapse(OWN, lease, failed(FailureClass::Input));
    assert!(matches!(rig.end(), Some(End::Failed(_))));
    assert_eq!(rig.submit("c", request(2)), all);
    let step = rig.machine.forget(Millis(rig.now), job("b"), &[]);
    rig.take(step);
    assert_eq!(rig.submit("c", request(8)), Answer::Done);
    assert_eq!(rig.submit("d", request(2)), all, "and takes none twice");
    assert_eq!(rig.submit("d", request(1)), Answer::Done);
}

#[test]
fn a_cancel_waits_for_workers_and_not_for_long() {
    let mut rig = rig();
    rig.submit_checked("a", request(1), &[(1, 1)]);
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Done);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    rig.register(2, SPEC);
    assert_eq!(rig.assigned(), [], "nothing of it is begun any more");
    rig.submit_checked("b", request(1), &[(1, 1)]);
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!(rig.commands, [Command::Stop { worker: WorkerId(2), lease }]);
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!((rig.commands.len(), rig.phase("b")), (0, Phase::Cancelling));
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 100)));
    // A result that comes now changes nothing.
    assert_eq!(rig.complete(2, lease, &[]), Answer::Stale);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    // One that does not let go is killed.
    rig.submit_checked("c", request(1), &[(1, 1)]);
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: job("c") }), Answer::Cancelling);
    rig.wait(99, &[2]);
    assert_eq!((&rig.commands[..], rig.end()), (&[][..], None));
    rig.wait(1, &[2]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(2) }]);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    assert_eq!(rig.complete(2, lease, &[]), Answer::Stale);
    assert_eq!(rig.tell(Input::Heartbeat { worker: WorkerId(2) }), Answer::UnknownWorker);
}

#[test]
fn draining_begins_nothing() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit("a", request(1));
    let lease = rig.lease();
    rig.tell(Input::Drain);
    assert!(!rig.machine.is_idle());
    assert_eq!(rig.complete(OWN, lease, &[(1, 1)]), Answer::Done);
    assert_eq!(rig.commands, []);
    assert!(rig.machine.is_idle());
}
