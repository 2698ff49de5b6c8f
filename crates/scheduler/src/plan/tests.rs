use std::collections::BTreeMap;

use aludel_protocol::BatchNumber;

use super::*;
use crate::ids::ArtifactId;

fn batches(count: u32) -> Vec<Batch> {
    (0..count).map(|n| Batch { number: BatchNumber(n), artifact: ArtifactId([0; 32]), bytes: 1 }).collect()
}

fn cut(batches: u32, shape: u8) -> Cut {
    Cut { batches, shape: ShapeNumber(shape), statement: Vec::new() }
}

/// One segment of shards of one batch.
fn simple(shards: u32) -> Vec<Segment> {
    vec![Segment { batches: batches(shards), cuts: Some(vec![cut(1, 0); shards as usize]) }]
}

fn names(tasks: &[Planned]) -> String {
    tasks.iter().map(|planned| planned.task.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn small_plans() {
    let root = |shards| names(&plan(Target::Root, &simple(shards), true));
    assert_eq!(root(1), "check-0 prove-0 lift-0 root verify publish");
    assert_eq!(
        root(3),
        "check-0 prove-0 lift-0 prove-1 lift-1 join-0-2 prove-2 lift-2 join-0-3 root verify publish"
    );
    let shards = names(&plan(Target::Shards, &simple(2), true));
    assert_eq!(shards, "check-0 prove-0 prove-1 verify publish");
    assert_eq!(plan(Target::Root, &[], true), []);
    assert_eq!(plan(Target::Root, &[], false), []);
}

#[test]
fn every_shard_is_covered_once_and_every_result_taken() {
    for count in 1..=70 {
        let tasks = plan(Target::Root, &simple(count), true);
        let mut covers: BTreeMap<Task, (u32, u32, u32)> = BTreeMap::new();
        let mut taken: BTreeMap<Task, u32> = BTreeMap::new();
        for Planned { task, after, .. } in &tasks {
            let of = |i: usize| covers[&after[i]];
            let own = match *task {
                Task::Prove { shard } => (shard, shard + 1, 0),
                Task::Lift { .. } => of(0),
                Task::Join { first, end } => {
                    assert_eq!((of(0).0, of(0).1, of(1).1), (first, of(1).0, end));
                    (first, end, 1 + of(0).2.max(of(1).2))
                }
                Task::Root => of(0),
                _ => (0, 0, 0),
            };
            assert_eq!(covers.insert(*task, own), None, "{task} twice");
            after.iter().for_each(|before| *taken.entry(*before).or_default() += 1);
        }
        // No deeper than halves.
        assert_eq!(covers[&Task::Root], (0, count, count.next_power_of_two().ilog2()), "{count}");
        let last = tasks.last().expect("publishes");
        assert_eq!((last.task, &last.after[..]), (Task::Publish, &[Task::Root, Task::Verify][..]));
        for task in covers.keys().filter(|task| **task != Task::Publish) {
            let expected = if *task == Task::Root { 2 } else { 1 };
            assert_eq!(taken[task], expected, "{task} of {count}");
        }
    }
}

#[test]
fn verification_takes_proofs_and_what_the_checks_say() {
    let segments = [simple(2), simple(1)].concat();
    for (target, expected) in [(Target::Root, "root"), (Target::Shards, "prove-0 prove-1 prove-2")] {
        let tasks = plan(target, &segments, true);
        let [.., verify, publish] = &tasks[..] else { panic!("too few") };
        let taken =
            |planned: &Planned| planned.after.iter().map(Task::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(taken(verify), format!("{expected} check-0 check-1"));
        assert_eq!(taken(publish), format!("{expected} verify"));
    }
}

#[test]
fn shards_are_numbered_over_segments_and_lie_in_one() {
    let segments = [
        Segment { batches: batches(3), cuts: Some(vec![cut(2, 4), cut(1, 0)]) },
        Segment { batches: batches(2), cuts: Some(vec![cut(2, 3)]) },
    ];
    let tasks = plan(Target::Shards, &segments, false);
    let shown: Vec<_> = tasks.iter().map(|p| (p.task.to_string(), p.batches.clone(), p.shape)).collect();
    let shape = |n| Some(ShapeNumber(n));
    let expected = [
        ("check-0", 0..3, None),
        ("check-1", 3..5, None),
        ("prove-0", 0..2, shape(4)),
        ("prove-1", 2..3, shape(0)),
        ("prove-2", 3..5, shape(3)),
    ];
    assert_eq!(shown, expected.map(|(name, batches, shape)| (name.to_owned(), batches, shape)));
}

/// What comes later changes nothing: not the tasks that are there, not what they take.
#[test]
fn plans_grow() {
    for target in [Target::Root, Target::Shards] {
        let whole = [simple(3), simple(1), simple(6), simple(2)].concat();
        let mut before: Vec<Planned> = Vec::new();
        for sealed in [false, true] {
            for count in 0..=whole.len() {
                // A segment that is not checked hides the shards behind it, not their checks.
                for hidden in (0..count).map(Some).chain([None]) {
                    let mut segments = whole[..count].to_vec();
                    if let Some(hidden) = hidden {
                        segments[hidden].cuts = None;
                    }
                    let tasks = plan(target, &segments, sealed && count == whole.len());
                    let checks = tasks.iter().filter(|p| p.task.stage() == Stage::Check).count();
                    assert_eq!(checks, count);
                    let ends = tasks.iter().any(|p| p.task == Task::Publish);
                    assert_eq!(ends, sealed && count == whole.len() && hidden.is_none());
                    if hidden.is_none() {
                        assert!(sealed || before.iter().all(|planned| tasks.contains(planned)));
                        before = tasks;
                    } else {
                        let all = plan(target, &whole, true);
                        assert!(tasks.iter().all(|planned| all.contains(planned)));
                    }
                }
            }
        }
    }
}

#[test]
fn cuts_have_all_batches() {
    let segment = Segment { batches: batches(3), cuts: None };
    assert!(segment.is_cut(&[cut(2, 0), cut(1, 0)]) && segment.is_cut(&[cut(3, 0)]));
    for bad in [&[][..], &[cut(2, 0)], &[cut(4, 0)], &[cut(3, 0), cut(0, 0)], &[cut(u32::MAX, 0), cut(4, 0)]]
    {
        assert!(!segment.is_cut(bad), "{bad:?}");
    }
}
