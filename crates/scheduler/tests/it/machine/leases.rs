//! What becomes of leases.

use super::*;

#[test]
fn a_job_from_its_submit_to_its_end() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(3), &[(2, 4), (1, 1)]);
    let mut order = Vec::new();
    while let Some((worker, task)) = rig.assigned().into_iter().next() {
        let lease = rig.lease();
        order.push(format!("{worker}:{task}"));
        assert_eq!(rig.complete(worker, lease, &[]), Answer::Done);
    }
    let expected = "2:prove-0 2:lift-0 2:prove-1 2:lift-1 2:join-0-2 2:root 1:verify 1:publish";
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
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let lease = rig.lease();
    rig.lapse(2, lease, failed(FailureClass::Device));
    rig.wait(50, &[2]);
    let lease = rig.lease();
    rig.lapse(2, lease, Lapse::Unverified("of another statement".into()));
    // Not later, but again.
    let lease = rig.lease();
    // A result that the task cannot have counts as one.
    assert_eq!(rig.complete(2, lease, &[(2, 0)]), Answer::Stale);
    let Some(End::Failed(failure)) = rig.end() else { panic!("it goes on") };
    assert!(failure.class == FailureClass::Internal && failure.sentence.contains("cannot have"), "{failure}");
}

/// A worker of another build, or one that is broken, fails no job by its word; the coordinator's own word is final.
#[test]
fn what_a_device_says_of_the_input_is_not_final() {
    for class in [FailureClass::Input, FailureClass::Limit, FailureClass::VersionMismatch] {
        let mut rig = rig();
        rig.register(2, SPEC);
        rig.register(3, SPEC);
        rig.submit_checked("a", request(1), &[(1, 1)]);
        let lease = rig.lease();
        rig.lapse(2, lease, failed(class));
        assert_eq!(rig.assigned(), [(3, "prove-0".to_owned())], "at once, and elsewhere");
        let lease = rig.lease();
        rig.lapse(3, lease, failed(class));
        let Some(End::Failed(failure)) = rig.end() else { panic!("it goes on") };
        assert_eq!(failure.class, FailureClass::Internal, "the client's input was found right");
        let says =
            failure.sentence.contains("workers refused prove-0") && failure.sentence.contains("so it is");
        assert!(says, "{failure}");
        rig.submit("b", request(1));
        let lease = rig.lease();
        rig.lapse(OWN, lease, failed(class));
        assert_eq!(rig.end(), Some(&End::Failed(Failure::new(class, "so it is"))));
    }
}

/// A full disk is waited for, as long as the deadline lets it: other jobs end.
#[test]
fn a_result_without_room_is_tried_until_there_is_some() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let mut lease = rig.lease();
    // 50, and doubled up to 80.
    for delay in [50, 80, 80, 80, 80, 80, 80, 80] {
        assert_eq!(rig.lapse(2, lease, Lapse::NoRoom), Answer::Done);
        rig.wait(delay - 1, &[2]);
        assert_eq!(rig.assigned(), []);
        rig.wait(1, &[2]);
        lease = rig.lease();
    }
    let attempts = rig.machine.job(job("a")).and_then(|job| job.attempts(lease.task)).expect("was tried");
    assert_eq!((attempts.no_room, attempts.infrastructure, attempts.logic), (8, 0, 0));
    assert!(attempts.failed_on.is_empty());
    // Failures of machines have their own count.
    rig.lapse(2, lease, failed(FailureClass::Device));
    rig.wait(50, &[2]);
    lease = rig.lease();
    assert_eq!(rig.complete(2, lease, &[]), Answer::Done);
    assert_eq!(rig.assigned(), [(2, "lift-0".to_owned())]);
}

#[test]
fn a_lost_result_is_made_again_and_a_lost_batch_fails_the_job() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let lease = rig.lease();
    rig.complete(2, lease, &[]);
    let lease = rig.lease();
    assert_eq!(lease.task.to_string(), "lift-0");
    let proof = ArtifactId::of(b"prove-0");
    rig.lapse(2, lease, Lapse::InputLost(proof));
    assert!(rig.records.contains(&Record::OutputLost { task: Task::Prove { shard: 0 } }));
    assert_eq!(rig.assigned(), [(2, "prove-0".to_owned())]);
    let lease = rig.lease();
    let batch = request(1).batches[0].artifact;
    rig.lapse(2, lease, Lapse::InputLost(batch));
    assert!(matches!(rig.end(), Some(End::Failed(f)) if f.sentence.contains("a batch is missing")));
    // What is no input at all is a fault of the worker's program.
    rig.submit_checked("b", request(1), &[(1, 1)]);
    let lease = rig.lease();
    rig.lapse(2, lease, Lapse::InputLost(proof));
    assert!(rig.records.iter().all(|record| !matches!(record, Record::OutputLost { .. })));
    let lease = rig.lease();
    rig.lapse(2, lease, Lapse::InputLost(proof));
    assert!(matches!(rig.end(), Some(End::Failed(f)) if f.class == FailureClass::Internal));
}

#[test]
fn leases_are_of_one_worker_and_one_epoch() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let lease = rig.lease();
    rig.register(3, SPEC);
    assert_eq!(rig.complete(3, lease, &[]), Answer::Stale, "it is another's");
    assert_eq!(rig.lapse(3, lease, Lapse::Stopped), Answer::Stale);
    assert_eq!(rig.tell(Input::Progress { worker: WorkerId(3), lease }), Answer::Stale);
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(2) }), Answer::Done);
    assert!(matches!(rig.records[0], Record::Released { why: Lapse::WorkerLost, .. }));
    rig.wait(50, &[3]);
    let next = rig.lease();
    assert_eq!((next.task, next.epoch.0), (lease.task, 2));
    assert_eq!(rig.complete(2, lease, &[]), Answer::Stale, "it is over");
    assert_eq!(rig.complete(3, next, &[]), Answer::Done);
    assert_eq!(rig.complete(3, next, &[]), Answer::Already);
    assert_eq!(rig.complete(2, lease, &[]), Answer::Stale, "the same bytes under an old epoch");
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(2) }), Answer::UnknownWorker);
}

/// What an old worker still says must not be taken for a new one's.
#[test]
fn numbers_of_workers_are_used_once() {
    let mut rig = rig();
    rig.register(5, SPEC);
    let register = |rig: &mut Rig, number: u64| {
        rig.tell(Input::Register { worker: WorkerId(number), spec: device(200, 3) })
    };
    assert_eq!(register(&mut rig, 5), Answer::Already, "it lives");
    rig.tell(Input::WorkerGone { worker: WorkerId(5) });
    for found in [5, 4, OWN + 1, 0] {
        let refused = Refusal::WorkerNumber { highest: WorkerId(5), found: WorkerId(found) };
        assert_eq!(register(&mut rig, found), Answer::Refused(refused));
        assert_eq!(rig.tell(Input::Heartbeat { worker: WorkerId(found) }), Answer::UnknownWorker);
    }
    rig.wait(1_000, &[]);
    assert_eq!(rig.commands, [], "none of them is there to fall silent");
    assert_eq!(register(&mut rig, 6), Answer::Done);
}

#[test]
fn a_kill_costs_the_neighbours_nothing() {
    let mut rig = rig();
    rig.register(2, device(100, 2));
    rig.submit_checked("a", request(1), &[(1, 1)]);
    let lease = rig.lease();
    rig.submit_checked("b", request(1), &[(1, 1)]);
    assert_eq!(rig.tell(Input::Cancel { job: lease.job }), Answer::Cancelling);
    rig.wait(100, &[2]);
    let mut released = rig.released();
    released.sort_by_key(|why| *why == Lapse::Evicted);
    assert_eq!(released, [Lapse::Stopped, Lapse::Evicted]);
    rig.register(3, SPEC);
    assert_eq!(rig.assigned().len(), 1, "at once: it is no failure");
}

#[test]
fn a_restart_reads_what_there_is() {
    let mut rig = rig();
    let mut log = Vec::new();
    rig.submit("a", request(1));
    log.append(&mut rig.records);
    let damaged = vec![Record::InputSealed { at: Millis(9_000) }];
    let ended = {
        let mut log = log[..1].to_vec();
        log.push(Record::CancelRequested { at: Millis(1) });
        log.push(Record::Ended { at: Millis(1), end: End::Cancelled });
        log
    };
    let cancelled = [&log[..], &[Record::CancelRequested { at: Millis(1_005) }]].concat();
    let logs = [(job("a"), log), (job("b"), damaged), (job("c"), ended), (job("d"), cancelled)];
    let recovered = Machine::recover(POLICY, Peaks, logs, Millis(2_000));
    assert_eq!(recovered.damaged.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [job("b")]);
    assert_eq!(recovered.machine.now(), Millis(2_000), "what is damaged says nothing");
    assert_eq!(recovered.machine.jobs().map(|(id, _)| id).collect::<Vec<_>>(), [job("a")]);
    let appends: Vec<_> =
        recovered.step.appends.iter().map(|a| (a.job, a.expected.count, a.records.len())).collect();
    assert_eq!(appends, [(job("a"), 2, 1), (job("d"), 3, 2)]);
    let mut rig = Rig { machine: recovered.machine, ..rig };
    rig.register(2, own(1));
    assert_eq!((rig.lease().epoch.0, rig.assigned()), (2, vec![(2, "check-0".to_owned())]));
}

/// The clock of the machine was set back while nothing ran: no record is earlier than the one before it.
#[test]
fn time_goes_on_from_the_logs() {
    let mut rig = rig();
    rig.now = 7_000;
    rig.submit("a", request(1));
    let log = std::mem::take(&mut rig.records);
    assert!(matches!(log[..], [Record::Accepted { .. }, Record::Leased { .. }]));
    let recovered = Machine::recover(POLICY, Peaks, [(job("a"), log)], Millis(2_000));
    assert_eq!(recovered.machine.now(), Millis(7_000));
    let released = &recovered.step.appends[0].records[0];
    assert_eq!(released.at(), Some(Millis(7_000)), "{released:?}");
    let mut machine = recovered.machine;
    let step = machine.handle(Millis(2_001), Input::Submit { job: job("b"), request: request(1) });
    assert_eq!(step.appends[0].records[0].at(), Some(Millis(7_000)));
    // One that is adopted later may be ahead too.
    let log = [Record::Accepted { at: Millis(8_000), request: request(1) }];
    assert!(machine.adopt(Millis(2_002), job("c"), &log).is_ok());
    assert_eq!(machine.now(), Millis(8_000));
}

/// Another coordinator has written to a job's log: what was not said is taken back, what was said is said otherwise.
#[test]
fn a_job_that_is_lost_to_another_coordinator() {
    let mut rig = bare_rig();
    rig.submit("a", request(1));
    rig.submit("b", Request { deadline: Millis(600_000), ..request(1) });
    rig.register(1, own(1));
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
    rig.register(2, own(1));
    let log = [Record::Accepted { at: Millis(1), request: request(1) }];
    let step = rig.machine.adopt(Millis(rig.now), job("b"), &log).expect("is sound");
    rig.take(step);
    assert_eq!((rig.lease(), rig.assigned()), (lease, vec![(2, "check-0".to_owned())]));
    assert_eq!(rig.complete(1, lease, &[(1, 1)]), Answer::Stale, "it lets go of the old one");
    assert_eq!(rig.tell(Input::WorkerGone { worker: WorkerId(1) }), Answer::Done);
    assert_eq!(rig.records, []);
    assert_eq!(rig.complete(2, lease, &[(1, 1)]), Answer::Done);
}

/// The same worker has two places: as long as it holds the old lease it is not given a new one of the same name.
#[test]
fn nobody_has_two_leases_of_one_name() {
    let mut rig = rig();
    rig.submit("a", request(1));
    let lease = rig.lease();
    let step = rig.machine.forget(Millis(rig.now), job("a"), &[]);
    rig.take(step);
    let log = [Record::Accepted { at: Millis(1), request: request(1) }];
    let step = rig.machine.adopt(Millis(rig.now), job("a"), &log).expect("is sound");
    rig.take(step);
    assert_eq!(rig.assigned(), []);
    assert_eq!(rig.lapse(OWN, lease, Lapse::Stopped), Answer::Stale);
    assert_eq!((rig.lease(), rig.assigned()), (lease, vec![(OWN, "check-0".to_owned())]));
}

/// What the machine has of it is let go of first: the log says what is.
#[test]
fn a_job_that_is_there_is_adopted_anew() {
    let mut rig = rig();
    rig.register(2, SPEC);
    let accepted =
        Record::Accepted { at: Millis(1_000), request: Request { is_sealed: false, ..request(1) } };
    rig.submit_checked("a", Request { is_sealed: false, ..request(1) }, &[(1, 1)]);
    let old = rig.lease();
    assert_eq!(old.task, Task::Prove { shard: 0 });
    // Damaged: nothing is changed.
    assert!(rig.machine.adopt(Millis(rig.now), job("a"), &[]).is_err());
    assert_eq!(rig.machine.job(job("a")).map(|job| job.leases().len()), Some(1));
    let batches = request(4).batches[1..].to_vec();
    let log = [accepted, Record::InputAdded { at: Millis(1_000), batches }];
    let step = rig.machine.adopt(Millis(rig.now), job("a"), &log).expect("is sound");
    rig.take(step);
    assert_eq!(rig.commands[0], Command::Stop { worker: WorkerId(2), lease: old });
    assert_eq!(rig.assigned(), [(OWN, "check-0".to_owned()), (OWN, "check-1".to_owned())]);
    assert_eq!(rig.complete(2, old, &[]), Answer::Stale);
    // Its batches count once: 4 and 8 are 12.
    assert_eq!(rig.submit("b", request(8)), Answer::Done);
    let all = Answer::Refused(Refusal::TooManyBatchesInAll { most: 12 });
    assert_eq!(rig.submit("c", request(1)), all);
    // Its log has ended: it is gone.
    let (cancel, end) =
        (Record::CancelRequested { at: Millis(1) }, Record::Ended { at: Millis(1), end: End::Cancelled });
    let log = [log[0].clone(), cancel, end];
    let step = rig.machine.adopt(Millis(rig.now), job("a"), &log).expect("is sound");
    rig.take(step);
    assert_eq!((rig.machine.job(job("a")), rig.records.len(), rig.commands.len()), (None, 0, 2));
}

/// What is made again may be other bytes, and nobody has verified those.
#[test]
fn what_is_made_again_after_it_was_verified_is_verified_again() {
    let mut rig = rig();
    let shards = Request { target: Target::Shards, ..request(1) };
    rig.register(2, SPEC);
    rig.submit_checked("a", shards, &[(1, 0)]);
    let artifact = ArtifactId::of(b"prove-0");
    for (worker, task) in [(2, "prove-0"), (OWN, "verify")] {
        let lease = rig.lease();
        assert_eq!(lease.task.to_string(), task);
        rig.complete(worker, lease, &[]);
    }
    let lease = rig.lease();
    assert_eq!(lease.task, Task::Publish);
    rig.lapse(OWN, lease, Lapse::InputLost(artifact));
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
        rig.register(2, SPEC);
        rig.submit_checked("a", request(1), &[(1, 1)]);
        let mut tries = 0;
        while rig.end().is_none() {
            let lease = rig.lease();
            rig.lapse(2, lease, why.clone());
            tries += 1;
            assert!(tries < 10, "it goes on");
        }
        assert!(matches!(rig.end(), Some(End::Failed(_))));
    }
}
