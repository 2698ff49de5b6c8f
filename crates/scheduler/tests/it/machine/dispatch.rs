//! Who gets what.

use super::*;

#[test]
fn class_then_deadline_then_acceptance() {
    let mut rig = bare_rig();
    let mut by_priority = |name: &str, priority, deadline| {
        rig.now += 1;
        let request = Request { priority, deadline: Millis(deadline), ..request(1) };
        assert_eq!(rig.submit(name, request), Answer::Done);
    };
    by_priority("late", Priority::Normal, 9_000);
    by_priority("high", Priority::High, 90_000);
    by_priority("early", Priority::Normal, 8_000);
    rig.register(1, own(1));
    let mut order = Vec::new();
    for _ in 0..3 {
        let lease = rig.lease();
        order.push(lease.job);
        // A failure that ends the job makes room for the next.
        rig.lapse(1, lease, failed(FailureClass::Input));
        assert!(matches!(rig.end(), Some(End::Failed(f)) if f.class == FailureClass::Input));
    }
    assert_eq!(order, ["high", "early", "late"].map(job));
}

#[test]
fn memory_is_not_promised_twice_and_large_tasks_are_not_starved() {
    let mut rig = rig();
    let request = Request { target: Target::Shards, ..request(4) };
    rig.register(2, device(50, 4));
    rig.submit_checked("a", request, &[(1, 3), (1, 4), (1, 1), (1, 6)]);
    // 30 are taken, 40 do not fit beside them, and 10 behind them would.
    assert_eq!(rig.assigned(), [(2, "prove-0".to_owned())]);
    let lease = rig.lease();
    rig.complete(2, lease, &[]);
    assert_eq!(rig.assigned(), [(2, "prove-1".to_owned()), (2, "prove-2".to_owned())]);
    // 60 never fit: others are not held up, and it waits for a larger worker.
    rig.register(3, device(60, 1));
    assert_eq!(rig.assigned(), [(3, "prove-3".to_owned())]);
}

#[test]
fn slots_bound_what_a_worker_does() {
    let mut rig = rig();
    for name in ["a", "b", "c"] {
        rig.submit_checked(name, request(1), &[(1, 1)]);
    }
    rig.register(2, device(1_000, 2));
    assert_eq!(rig.assigned().len(), 2);
    rig.register(3, device(1_000, 0));
    assert_eq!(rig.assigned(), []);
}

#[test]
fn failures_of_machines_wait_and_go_elsewhere() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let lease = rig.lease();
    assert_eq!(rig.lapse(2, lease, failed(FailureClass::Device)), Answer::Done);
    assert_eq!(rig.assigned(), []);
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 50)));
    // Too small for the task: it is no elsewhere.
    rig.register(3, device(5, 1));
    rig.wait(49, &[2]);
    assert_eq!(rig.assigned(), []);
    rig.wait(1, &[2]);
    assert_eq!(rig.assigned(), [(2, "prove-0".to_owned())], "there is nobody else");
    let lease = rig.lease();
    rig.register(4, SPEC);
    rig.lapse(2, lease, failed(FailureClass::Capacity));
    rig.wait(79, &[2, 4]);
    assert_eq!(rig.assigned(), [], "doubled, and bounded");
    rig.wait(1, &[2, 4]);
    assert_eq!(rig.assigned(), [(4, "prove-0".to_owned())]);
    let lease = rig.lease();
    rig.lapse(4, lease, failed(FailureClass::Device));
    assert_eq!(rig.end(), Some(&End::Failed(Failure::new(FailureClass::Device, "so it is"))));
}

/// Nothing is left of a job that would wake anybody.
#[test]
fn delays_end_with_their_job() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let lease = rig.lease();
    rig.lapse(2, lease, failed(FailureClass::Device));
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 50)));
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Done);
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 1_000)), "workers fall silent");
}

/// Who has failed a task gets it again when the one who was to have it is gone.
#[test]
fn elsewhere_ends_with_who_is_there() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let first = rig.lease();
    rig.register(3, SPEC);
    rig.submit_checked("b", request(1), &[(1, 1)]);
    assert_eq!(rig.assigned(), [(3, "prove-0".to_owned())]);
    rig.lapse(2, first, Lapse::Unverified("no".into()));
    assert_eq!(rig.assigned(), [], "it is for the other one, which is busy");
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(3) }), Answer::Done);
    assert_eq!((rig.lease().job, rig.assigned()), (job("a"), vec![(2, "prove-0".to_owned())]));
}

/// One that fails whatever it is given is not given all there is, while there is another.
#[test]
fn a_worker_that_fails_everything_is_given_little() {
    let policy = Policy { most_jobs: 1_000, most_batches_in_all: 1_000, ..POLICY };
    let mut rig = Rig { machine: Machine::new(policy, Peaks), ..bare_rig() };
    rig.register(OWN, own(4));
    for n in 0..200 {
        rig.submit_checked(&n.to_string(), request(1), &[(1, 1)]);
    }
    rig.register(2, SPEC);
    let busy = rig.lease();
    rig.register(3, SPEC);
    let mut given = 0;
    while !rig.assigned().is_empty() {
        let lease = rig.lease();
        rig.lapse(3, lease, Lapse::Unverified("no".into()));
        given += 1;
    }
    assert!((10..100).contains(&given), "{given} tasks");
    // The other one has them, and takes them all.
    rig.complete(2, busy, &[]);
    for _ in 0..150 {
        let (worker, lease) = (rig.assigned()[0].0, rig.lease());
        assert_eq!(rig.complete(worker, lease, &[]), Answer::Done);
    }
}

#[test]
fn estimates_hold_for_every_task() {
    let model = StaticEstimates::default();
    let planned = |task, shape: Option<u8>| Planned {
        task,
        after: vec![],
        batches: 0..0,
        shape: shape.map(ShapeNumber),
    };
    let shard = |shape| model.peak_bytes(&planned(Task::Prove { shard: 0 }, shape));
    let shapes = [0, 3, 4, 5, 200].map(|shape| shard(Some(shape)));
    assert_eq!(shapes, [1_750_000_000, 1_750_000_000, 3_000_000_000, 3_000_000_000, 3_000_000_000]);
    assert_eq!(shard(None), shapes[4]);
    assert!(model.peak_bytes(&planned(Task::Root, None)) > model.peak_bytes(&planned(Task::Verify, None)));
}
