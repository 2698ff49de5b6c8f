//! The coordinator's own worker: its places are threads of one process.

use super::*;

/// Two checks in two places of it; the leases.
fn two(rig: &mut Rig) -> [LeaseId; 2] {
    let mut lease = |name: &str| {
        rig.submit(name, request(1));
        rig.lease()
    };
    [lease("a"), lease("b")]
}

const ABANDONED: fn(LeaseId) -> Command = |lease| Command::Abandon { worker: WorkerId(OWN), lease };

#[test]
fn a_thread_that_does_not_let_go_is_abandoned_alone() {
    let mut rig = rig();
    let [stuck, neighbour] = two(&mut rig);
    assert_eq!(rig.tell(Input::Cancel { job: stuck.job }), Answer::Cancelling);
    rig.wait(99, &[]);
    assert_eq!(rig.commands, []);
    rig.wait(1, &[]);
    assert_eq!(rig.commands, [ABANDONED(stuck)]);
    assert_eq!((rig.released(), rig.end()), (vec![Lapse::Stopped], Some(&End::Cancelled)));
    assert_eq!(rig.complete(OWN, stuck, &[(1, 1)]), Answer::Stale, "it comes late");
    assert_eq!(rig.complete(OWN, neighbour, &[(1, 1)]), Answer::Done);
}

#[test]
fn a_thread_that_makes_no_progress_is_abandoned_alone() {
    let mut rig = bare_rig();
    rig.register(OWN, own(2));
    let [stuck, neighbour] = two(&mut rig);
    rig.submit("c", request(1));
    assert_eq!(rig.assigned(), [], "two places are taken");
    for _ in 0..5 {
        rig.wait(999, &[]);
        assert_eq!(rig.commands, []);
        assert_eq!(rig.tell(Input::Progress { worker: WorkerId(OWN), lease: neighbour }), Answer::Done);
    }
    rig.wait(5, &[]);
    assert_eq!(rig.commands[0], ABANDONED(stuck));
    assert_eq!(rig.released(), [Lapse::Stalled]);
    assert_eq!(rig.lease().job, job("c"), "its place is free");
    // It counts, and is tried again, by the same worker: there is no other.
    let attempts = rig.machine.job(job("a")).and_then(|job| job.attempts(stuck.task)).expect("was tried");
    assert_eq!(attempts.infrastructure, 1);
    assert_eq!(rig.complete(OWN, stuck, &[(1, 1)]), Answer::Stale, "it comes late");
    assert_eq!(rig.complete(OWN, neighbour, &[(1, 1)]), Answer::Done);
    rig.wait(50, &[]);
    assert_eq!((rig.lease().job, rig.lease().epoch), (job("a"), Epoch(2)));
}

/// What ends the process must not end it for ever; what only ends with it must not fail soon.
#[test]
fn restarts_are_counted_for_the_coordinators_own_tasks() {
    for is_own in [true, false] {
        let mut rig = rig();
        let mut log = Vec::new();
        if is_own {
            rig.submit("a", request(1));
            log.append(&mut rig.records);
        } else {
            rig.submit("a", request(1));
            log.append(&mut rig.records);
            let lease = rig.lease();
            rig.complete(OWN, lease, &[(1, 1)]);
            log.append(&mut rig.records);
            rig.register(2, SPEC);
            log.append(&mut rig.records);
        }
        for restart in 1..10 {
            let recovered = Machine::recover(POLICY, Peaks, [(job("a"), log.clone())], Millis(rig.now));
            rig = Rig { machine: recovered.machine, ..rig };
            rig.records = recovered.step.appends.into_iter().flat_map(|append| append.records).collect();
            assert_eq!(rig.released(), [Lapse::Restarted]);
            if is_own && restart == 3 {
                let Some(End::Failed(failure)) = rig.end() else { panic!("it goes on for ever") };
                let says = ["check-0", "see its log", "more memory"];
                assert!(says.iter().all(|says| failure.sentence.contains(says)), "{failure}");
                assert_eq!(failure.class, FailureClass::Internal);
                break;
            }
            assert_eq!(rig.end(), None, "after {restart} restarts");
            log.append(&mut rig.records);
            rig.register(1, if is_own { own(1) } else { SPEC });
            assert_eq!(rig.assigned().len(), 1);
            log.append(&mut rig.records);
        }
    }
}
