//! What time does.

use super::*;

#[test]
fn a_deadline_ends_a_job_wherever_it_is() {
    for leased in [false, true] {
        let mut rig = rig();
        rig.submit("a", request(1));
        if leased {
            rig.register(1, SPEC);
        }
        rig.now = 499_999;
        let workers: &[u64] = if leased { &[1] } else { &[] };
        if leased {
            let lease = rig.lease();
            assert_eq!(rig.tell(Input::Progress { worker: WorkerId(1), lease }), Answer::Done);
        }
        rig.wait(0, workers);
        assert_eq!(rig.end(), None);
        rig.wait(1, workers);
        assert_eq!(rig.end(), Some(&End::Expired));
        assert_eq!(rig.commands.len(), usize::from(leased));
        if leased {
            // Its place is taken until it lets go.
            rig.submit("b", Request { deadline: Millis(600_000), ..request(1) });
            assert_eq!(rig.assigned(), []);
            let mut lease =
                LeaseId { job: job("a"), task: Task::Check { segment: 0 }, epoch: Default::default() };
            lease.epoch.0 = 1;
            assert_eq!(rig.lapse(1, lease, Lapse::Stopped), Answer::Stale);
            assert_eq!(rig.assigned(), [(1, "check-0".to_owned())]);
        }
    }
}

#[test]
fn a_cancelled_job_does_not_expire() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Cancelling);
    rig.now = 600_000;
    rig.wait(0, &[1]);
    assert_eq!(rig.end(), Some(&End::Cancelled));
}

#[test]
fn workers_that_are_silent_or_hang_are_killed() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.register(1, SPEC);
    rig.wait(999, &[]);
    assert_eq!(rig.commands, []);
    rig.wait(1, &[]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(1) }]);
    assert!(matches!(rig.records[..], [Record::Released { why: Lapse::Silent, .. }]));
    rig.wait(50, &[]);
    rig.register(2, SPEC);
    let lease = rig.lease();
    for _ in 0..9 {
        rig.wait(900, &[2]);
        assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Done);
    }
    for _ in 0..5 {
        rig.wait(900, &[2]);
        assert_eq!(rig.commands, []);
    }
    rig.wait(500, &[2]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(2) }]);
    assert!(matches!(rig.records[..], [Record::Released { why: Lapse::Stalled, .. }]));
    assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Stale);
}

#[test]
fn time_does_not_go_back() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.now = 900;
    rig.submit("b", request(1));
    assert!(matches!(rig.records[..], [Record::Accepted { at: Millis(1_000), .. }]));
}
