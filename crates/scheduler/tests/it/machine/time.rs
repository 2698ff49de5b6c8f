//! What time does.

use super::*;

#[test]
fn a_deadline_ends_a_job_wherever_it_is() {
    for leased in [false, true] {
        let mut rig = rig();
        rig.submit_checked("a", request(1), &[(1, 1)]);
        if leased {
            rig.register(2, SPEC);
        }
        rig.now = 499_999;
        let workers: &[u64] = if leased { &[2] } else { &[] };
        if leased {
            let lease = rig.lease();
            assert_eq!(rig.tell(Input::Progress { worker: WorkerId(2), lease }), Answer::Done);
        }
        rig.wait(0, workers);
        assert_eq!(rig.end(), None);
        rig.wait(1, workers);
        assert!(matches!(rig.end(), Some(End::Expired(f)) if f.class == FailureClass::Deadline));
        assert_eq!(rig.commands.len(), usize::from(leased));
        if leased {
            // Its place is taken until it lets go.
            rig.submit_checked("b", Request { deadline: Millis(600_000), ..request(1) }, &[(1, 1)]);
            assert_eq!(rig.assigned(), []);
            let lease = LeaseId { job: job("a"), task: Task::Prove { shard: 0 }, epoch: Epoch(1) };
            assert_eq!(rig.lapse(2, lease, Lapse::Stopped), Answer::Stale);
            assert_eq!(rig.assigned(), [(2, "prove-0".to_owned())]);
        }
    }
}

#[test]
fn a_cancelled_job_does_not_expire() {
    let mut rig = rig();
    rig.submit("a", request(1));
    assert_eq!(rig.tell(Input::Cancel { job: job("a") }), Answer::Cancelling);
    rig.now = 600_000;
    rig.wait(0, &[]);
    assert_eq!(rig.end(), Some(&End::Cancelled));
}

#[test]
fn workers_that_are_silent_or_hang_are_killed() {
    let mut rig = rig();
    rig.register(2, SPEC);
    rig.submit_checked("a", request(1), &[(1, 1)]);
    rig.wait(999, &[]);
    assert_eq!(rig.commands, []);
    rig.wait(1, &[]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(2) }]);
    assert_eq!(rig.released(), [Lapse::Silent]);
    rig.wait(50, &[]);
    rig.register(3, SPEC);
    let lease = rig.lease();
    for _ in 0..9 {
        rig.wait(900, &[3]);
        assert_eq!(rig.tell(Input::Progress { worker: WorkerId(3), lease }), Answer::Done);
    }
    for _ in 0..5 {
        rig.wait(900, &[3]);
        assert_eq!(rig.commands, []);
    }
    rig.wait(500, &[3]);
    assert_eq!(rig.commands, [Command::Kill { worker: WorkerId(3) }]);
    assert_eq!(rig.released(), [Lapse::Stalled]);
    assert_eq!(rig.tell(Input::Progress { worker: WorkerId(3), lease }), Answer::Stale);
}

/// Many end at once: some at a tick, all of them soon, with what else there is between.
#[test]
fn many_deadlines_are_passed_in_parts() {
    let policy = Policy { most_jobs: 1_000, most_batches_in_all: 1_000, ..POLICY };
    let mut rig = Rig { machine: Machine::new(policy, Peaks), ..bare_rig() };
    for n in 0..200 {
        assert_eq!(rig.submit(&n.to_string(), request(1)), Answer::Done);
    }
    rig.now = 500_000;
    let mut ends = Vec::new();
    while rig.machine.jobs().next().is_some() {
        assert!(rig.machine.next_wakeup() <= Some(Millis(rig.now)), "it waits with some left");
        rig.tell(Input::Tick);
        ends.push(rig.records.len());
    }
    assert_eq!((ends.iter().sum::<usize>(), ends.iter().max()), (200, Some(&64)));
    assert_eq!(rig.machine.next_wakeup(), None);
}

/// The same of what is to be tried again.
#[test]
fn many_delays_end_in_parts() {
    let policy = Policy { most_jobs: 1_000, most_batches_in_all: 1_000, ..POLICY };
    let mut rig = Rig { machine: Machine::new(policy, Peaks), ..bare_rig() };
    rig.register(OWN, own(8));
    rig.register(2, SPEC);
    for n in 0..200 {
        rig.submit_checked(&n.to_string(), request(1), &[(1, 1)]);
        let lease = rig.lease();
        rig.lapse(2, lease, failed(FailureClass::Device));
    }
    assert_eq!(rig.machine.next_wakeup(), Some(Millis(rig.now + 50)));
    rig.now += 50;
    let mut ticks = 0;
    while rig.machine.next_wakeup() <= Some(Millis(rig.now)) {
        rig.tell(Input::Tick);
        ticks += 1;
    }
    assert_eq!(ticks, 4, "of 64 at most");
    // None is forgotten.
    let mut tries = 0;
    loop {
        let mut leases = rig.machine.jobs().flat_map(|(job, state)| {
            state.leases().iter().map(move |(task, lease)| LeaseId { job, task: *task, epoch: lease.epoch })
        });
        let Some(lease) = leases.next() else { break };
        drop(leases);
        assert_eq!(rig.lapse(2, lease, Lapse::Unverified("no".into())), Answer::Done);
        tries += 1;
    }
    assert_eq!((tries, rig.machine.jobs().count()), (400, 0), "each fails at the second time");
}

#[test]
fn time_does_not_go_back() {
    let mut rig = rig();
    rig.submit("a", request(1));
    rig.now = 900;
    rig.submit("b", request(1));
    assert!(rig.records.iter().all(|record| record.at() == Some(Millis(1_000))) && !rig.records.is_empty());
}
