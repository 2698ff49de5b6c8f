//! What becomes of leases.

use super::*;

#[test]
fn a_job_from_its_submit_to_its_end() {
    let mut rig = rig();
    assert_eq!(rig.submit("a", request(3)), Answer::Done);
    rig.register(1, SPEC);
    rig.register(2, WorkerSpec { side: Side::Coordinator, ..SPEC });
    // The check is assigned when there is a worker.
    let mut lease = LeaseId { job: job("a"), task: Task::Check { segment: 0 }, epoch: Default::default() };
    lease.epoch.0 = 1;
    assert_eq!(rig.complete(1, lease, &[(2, 4), (1, 1)]), Answer::Done);
    let mut order = Vec::new();
    while let Some((worker, task)) = rig.assigned().into_iter().next() {
        let lease = rig.lease();
        order.push(format!("{worker}:{task}"));
        assert_eq!(rig.complete(worker, lease, &[]), Answer::Done);
    }
    let expected = "1:prove-0 1:lift-0 1:prove-1 1:lift-1 1:join-0-2 1:root 2:verify 2:publish";
    assert_eq!(order.join(" "), expected);
    let artifact = |name: &str| ArtifactId::of(name.as_bytes());
    let end = End::Succeeded { proofs: vec![artifact("root")], receipt: artifact("publish") };
    assert_eq!(rig.end(), Some(&end));
    // In one append with the result: there is no log with the one and not the other.
    assert!(matches!(rig.records[..], [Record::Completed { task: Task::Publish, .. }, Record::Ended { .. }]));
    assert!(rig.machine.job(job("a")).is_none() && rig.machine.is_idle());
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::NotLive);
}

#[test]
fn failures_of_programs_have_their_own_bound() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.lapse(1, lease, failed(FailureClass::Device));
    rig.wait(50, &[1]);
    let lease = rig.lease();
    rig.lapse(1, lease, Lapse::Unverified("of another statement".into()));
    // Not later, but again.
    let lease = rig.lease();
    // A result that the task cannot have counts as one.
    assert_eq!(rig.complete(1, lease, &[(2, 0)]), Answer::Stale);
    let Some(End::Failed(failure)) = rig.end() else { panic!("it goes on") };
    assert!(failure.class == FailureClass::Internal && failure.sentence.contains("cannot have"), "{failure}");
}

#[test]
fn a_lost_result_is_made_again_and_a_lost_batch_fails_the_job() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.complete(1, lease, &[(1, 1)]);
    let lease = rig.lease();
    rig.complete(1, lease, &[]);
    let lease = rig.lease();
    assert_eq!(lease.task.to_string(), "lift-0");
    let proof = ArtifactId::of(b"prove-0");
    rig.lapse(1, lease, Lapse::InputLost(proof));
    assert!(rig.records.contains(&Record::OutputLost { task: Task::Prove { shard: 0 } }));
    assert_eq!(rig.assigned(), [(1, "prove-0".to_owned())]);
    let lease = rig.lease();
    let batch = request(1).batches[0].artifact;
    rig.lapse(1, lease, Lapse::InputLost(batch));
    assert!(matches!(rig.end(), Some(End::Failed(f)) if f.sentence.contains("a batch is missing")));
    // What is no input at all is a fault of the worker's program.
    rig.submit("b", request(1));
    let lease = rig.lease();
    rig.lapse(1, lease, Lapse::InputLost(proof));
    assert!(rig.records.iter().all(|record| !matches!(record, Record::OutputLost { .. })));
    let lease = rig.lease();
    rig.lapse(1, lease, Lapse::InputLost(proof));
    assert!(matches!(rig.end(), Some(End::Failed(f)) if f.class == FailureClass::Internal));
}

#[test]
fn leases_are_of_one_worker_and_one_epoch() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    let lease = rig.lease();
    rig.register(2, SPEC);
    assert_eq!(rig.complete(2, lease, &[(1, 1)]), Answer::Stale, "it is another's");
    assert_eq!(rig.lapse(2, lease, Lapse::Stopped), Answer::Stale);
    assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Stale);
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(1) }), Answer::Done);
    assert!(matches!(rig.records[0], Record::Released { why: Lapse::WorkerLost, .. }));
    rig.wait(50, &[2]);
    let next = rig.lease();
    assert_eq!((next.task, next.epoch.0), (lease.task, 2));
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale, "it is over");
    assert_eq!(rig.complete(2, next, &[(1, 1)]), Answer::Done);
    assert_eq!(rig.complete(2, next, &[(1, 1)]), Answer::Already);
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale, "the same bytes under an old epoch");
    assert_eq!(rig.tell(Input::Register { worker: WorkerId(2), spec: SPEC }), Answer::Already);
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(1) }), Answer::UnknownWorker);
}

#[test]
fn a_kill_costs_the_neighbours_nothing() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.submit("b", request(1));
    rig.register(1, device(100, 2));
    let lease = rig.lease();
    assert_eq!(rig.tell(Input::Cancel { job: lease.job }), Answer::Cancelling);
    rig.wait(100, &[1]);
    let released: Vec<_> = rig
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Released { why, .. } => Some(why),
            _ => None,
        })
        .collect();
    assert_eq!(released, [&Lapse::Stopped, &Lapse::Evicted]);
    rig.register(2, SPEC);
    assert_eq!(rig.assigned().len(), 1, "at once: it is no failure");
}

#[test]
fn a_restart_reads_what_there_is() {
    let mut rig = rig();
    let mut log = Vec::new();
    rig.submit("a", request(1));
    log.append(&mut rig.records);
    rig.register(1, SPEC);
    log.append(&mut rig.records);
    let damaged = vec![Record::InputSealed];
    let ended = {
        let mut log = log[..1].to_vec();
        log.push(Record::CancelRequested { at: Millis(1) });
        log.push(Record::Ended { at: Millis(1), end: End::Cancelled });
        log
    };
    let cancelled = [&log[..], &[Record::CancelRequested { at: Millis(5) }]].concat();
    let logs = [(job("a"), log), (job("b"), damaged), (job("c"), ended), (job("d"), cancelled)];
    let recovered = Machine::recover(POLICY, Peaks, logs, Millis(2_000));
    assert_eq!(recovered.damaged.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [job("b")]);
    assert_eq!(recovered.machine.jobs().map(|(id, _)| id).collect::<Vec<_>>(), [job("a")]);
    let appends: Vec<_> =
        recovered.step.appends.iter().map(|a| (a.job, a.expected.count, a.records.len())).collect();
    assert_eq!(appends, [(job("a"), 2, 1), (job("d"), 3, 2)]);
    let mut rig = Rig { machine: recovered.machine, ..rig };
    rig.register(2, SPEC);
    assert_eq!((rig.lease().epoch.0, rig.assigned()), (2, vec![(2, "check-0".to_owned())]));
}

/// Another coordinator has written to a job's log: what was not said is taken back, what was said is said otherwise.
#[test]
fn a_job_that_is_lost_to_another_coordinator() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.submit("b", Request { deadline: Millis(600_000), ..request(1) });
    rig.register(1, SPEC);
    let unsent = rig.commands.clone();
    let phantom = rig.lease();
    assert_eq!(phantom.job, job("a"));
    let step = rig.machine.forget(Millis(rig.now), job("a"), &unsent);
    rig.take(step);
    assert_eq!(rig.lease().job, job("b"), "its place is free at once");
    assert_eq!(rig.complete(1, phantom, &[(1, 1)]), Answer::Stale);
    // One that works is told to stop, also where somebody else was to tell it.
    let lease = rig.lease_of("b");
    assert_eq!(rig.tell(Input::Cancel { job: job("b") }), Answer::Cancelling);
    let stop = Command::Stop { worker: WorkerId(1), lease };
    assert_eq!(rig.commands, std::slice::from_ref(&stop));
    let step = rig.machine.forget(Millis(rig.now), job("b"), std::slice::from_ref(&stop));
    rig.take(step);
    assert_eq!((&rig.commands[..], &rig.records[..]), (&[stop][..], &[][..]));
    assert!(rig.machine.jobs().next().is_none() && !rig.machine.is_idle());
    // The other one's log has no lease, so the next lease has the name of the old one; it is another worker's.
    rig.register(2, SPEC);
    let log = [Record::Accepted { at: Millis(1), request: request(1) }];
    let step = rig.machine.adopt(Millis(rig.now), job("b"), &log).expect("is sound");
    rig.take(step);
    assert_eq!((rig.lease(), rig.assigned()), (lease, vec![(2, "check-0".to_owned())]));
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale, "it lets go of the old one");
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(1) }), Answer::Done);
    assert_eq!(rig.records, []);
    assert_eq!(rig.complete(2, lease, &[(1, 1)]), Answer::Done);
}

/// What is made again may be other bytes, and nobody has verified those.
#[test]
fn what_is_made_again_after_it_was_verified_is_verified_again() {
    let mut rig = rig();
    let shards = Request { target: Target::Shards, ..request(1) };
    rig.submit("a", shards);
    rig.register(1, SPEC);
    rig.register(2, WorkerSpec { side: Side::Coordinator, ..SPEC });
    let lease = LeaseId { job: job("a"), task: Task::Check { segment: 0 }, epoch: Epoch(1) };
    rig.complete(1, lease, &[(1, 0)]);
    let artifact = ArtifactId::of(b"prove-0");
    for (worker, task) in [(1, "prove-0"), (2, "verify")] {
        let lease = rig.lease();
        assert_eq!(lease.task.to_string(), task);
        rig.complete(worker, lease, &[]);
    }
    let lease = rig.lease();
    assert_eq!(lease.task, Task::Publish);
    rig.lapse(2, lease, Lapse::InputLost(artifact));
    let mut order = Vec::new();
    while let Some((worker, task)) = rig.assigned().into_iter().next() {
        let lease = rig.lease();
        order.push(task);
        rig.complete(worker, lease, &[]);
    }
    assert_eq!(order, ["prove-0", "verify", "publish"]);
    assert!(matches!(rig.end(), Some(End::Succeeded { .. })));
}

/// Else it would be given the task again, for as long as the job lives.
#[test]
fn a_worker_that_stops_by_itself_has_failed() {
    for why in [Lapse::Stopped, Lapse::Evicted, Lapse::Restarted] {
        let mut rig = rig();
        rig.submit("a", request(1));
        rig.register(1, SPEC);
        let mut tries = 0;
        while rig.end().is_none() {
            let lease = rig.lease();
            rig.lapse(1, lease, why.clone());
            tries += 1;
            assert!(tries < 10, "it goes on");
        }
        assert!(matches!(rig.end(), Some(End::Failed(_))));
    }
}
