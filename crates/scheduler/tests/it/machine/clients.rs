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
    assert_eq!(rig.submit("a", request(3)), Answer::Already);
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
fn a_cancel_waits_for_workers_and_not_for_long() {
    let mut rig = rig();
    rig.submit("a", request(1));
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Done);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    rig.submit("b", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!(rig.commands, [Command::Stop { worker: WorkerId(1), lease }]);
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!((rig.commands.len(), rig.phase("b")), (0, Phase::Cancelling));
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 100)));
    // A result that comes now changes nothing.
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    // One that does not let go is killed.
    rig.submit("c", request(1));
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: job("c") }), Answer::Cancelling);
    rig.wait(99, &[1]);
    assert_eq!((&rig.commands[..], rig.end()), (&[][..], None));
    rig.wait(1, &[1]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(1) }]);
    assert_eq!(rig.end(), Some(&End::Cancelled));
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale);
    assert_eq!(rig.tell(Input::Heartbeat { worker: WorkerId(1) }), Answer::UnknownWorker);
}

#[test]
fn draining_begins_nothing() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.submit("b", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.tell(Input::Drain);
    assert!(!rig.machine.is_idle());
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Done);
    assert_eq!(rig.commands, []);
    assert!(rig.machine.is_idle());
}
