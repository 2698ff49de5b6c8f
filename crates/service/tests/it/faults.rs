//! What happens where something fails.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aludel_protocol::BatchNumber;
use aludel_scheduler::artifacts::{ArtifactError, Quota};
use aludel_scheduler::machine::Append;
use aludel_scheduler::store::{Appended, DiskJobs, JobStore, Listed, Place, StoreError};
use aludel_scheduler::{Answer, Batch, End, FailureClass, Input, JobId, Lapse, Record, Stage, Target};
use aludel_service::coordinator::Unavailable;

use crate::fakes::{Service, Trick, World, files, root, shards};

const PAYLOADS: [u64; 3] = [5, 6, 7];

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_what_workers_do() {
    let tricks = [
        (Trick::Dies, "WorkerLost"),
        (Trick::Hangs, "Stalled"),
        (Trick::FallsSilent, "S"),
        (Trick::Garbage, "Unverified"),
        (Trick::OtherStatement, "Unverified"),
        (Trick::Stale, "Unverified"),
        (Trick::Fails(FailureClass::Device), "Failed"),
        (Trick::Fails(FailureClass::Capacity), "Failed"),
        (Trick::Fails(FailureClass::Internal), "Failed"),
    ];
    for (trick, expected) in tricks {
        let world = World::impatient(1);
        world.play(&[trick]);
        let service = world.start();
        let job = service.submit("a", Target::Root, &PAYLOADS).await;
        let ended = service.ended(job).await;
        assert_eq!(service.proofs(&ended), [root(&PAYLOADS)], "{trick:?}");
        let lapses = service.lapses(job);
        // Others may come on a machine that has much else to do.
        let is_it = |why: &Lapse| format!("{why:?}").starts_with(expected);
        assert!(lapses.iter().any(is_it), "{trick:?}: {lapses:?}");
        service.end();
        assert_eq!(files(&world), 2, "{trick:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_another_build_get_no_work() {
    let world = World::new(1);
    world.devices[0].is_other.store(true, Ordering::Relaxed);
    let service = world.start();
    let job = service.submit("a", Target::Shards, &[5]).await;
    let missing = || service.coordinator.status().devices[0].missing.clone().unwrap_or_default();
    let began = Instant::now();
    while !missing().contains("install one build") {
        assert!(began.elapsed() < Duration::from_secs(60), "it is used: {}", missing());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.devices[0].orders.load(Ordering::Relaxed), 0);
    world.devices[0].is_other.store(false, Ordering::Relaxed);
    assert_eq!(service.proofs(&service.ended(job).await), shards(&[5]));
    assert_eq!(missing(), "");
    service.end();
}

/// Numbers of workers only rise: of two that begin at the same time the slower one would be taken for an old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_begins_slowly_is_not_overtaken() {
    let world = World::new(2);
    *world.devices[0].begins_after.lock().expect("whole") = Duration::from_millis(300);
    for device in &world.devices {
        *device.takes.lock().expect("whole") = Duration::from_millis(50);
    }
    let service = world.start();
    let payloads: Vec<u64> = (0..60).collect();
    let job = service.submit("a", Target::Shards, &payloads).await;
    assert_eq!(service.proofs(&service.ended(job).await), shards(&payloads));
    for device in &world.devices {
        assert_eq!(device.launched.load(Ordering::Relaxed), 1);
        assert!(device.orders.load(Ordering::Relaxed) > 0);
    }
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_says_of_its_build_counts_once() {
    let world = World::new(1);
    world.devices[0].says_twice.store(true, Ordering::Relaxed);
    let service = world.start();
    let job = service.submit("a", Target::Root, &PAYLOADS).await;
    assert_eq!(service.proofs(&service.ended(job).await), [root(&PAYLOADS)]);
    assert_eq!(world.devices[0].launched.load(Ordering::Relaxed), 1);
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn words_about_other_orders_change_nothing() {
    let world = World::new(1);
    world.play(&[Trick::Twice; 4]);
    let service = world.start();
    let job = service.submit("a", Target::Root, &PAYLOADS).await;
    let ended = service.ended(job).await;
    assert_eq!(service.proofs(&ended), [root(&PAYLOADS)]);
    assert_eq!(service.lapses(job), []);
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_always_lies_fails_the_job_and_nothing_false_goes_out() {
    let world = World::new(1);
    world.play(&[Trick::OtherStatement; 20]);
    let service = world.start();
    let job = service.submit("a", Target::Shards, &[5]).await;
    let ended = service.ended(job).await;
    let Some(End::Failed(failure)) = ended.end() else { panic!("{:?}", ended.end()) };
    assert_eq!(failure.class, FailureClass::Internal);
    assert_eq!(service.lapses(job).len(), 3);
    assert!(service.lapses(job).iter().all(|why| matches!(why, Lapse::Unverified(_))));
    service.end();
    assert_eq!(files(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_lose_nothing() {
    let mut world = World::new(0);
    let service = world.start();
    let mut jobs = Vec::new();
    for n in 0..1_000u64 {
        let target = if n % 2 == 0 { Target::Root } else { Target::Shards };
        jobs.push((n, target, service.submit(&n.to_string(), target, &[n, n + 1]).await));
    }
    service.end();
    world.devices = vec![Arc::default(), Arc::default()];
    // As after kills: nothing is drained.
    for _ in 0..5 {
        let service = world.start();
        tokio::time::sleep(Duration::from_millis(30)).await;
        service.end();
    }
    let service = world.start();
    for (n, target, job) in jobs {
        let ended = service.ended(job).await;
        let expected = match target {
            Target::Root => vec![root(&[n, n + 1])],
            Target::Shards => shards(&[n, n + 1]),
        };
        assert_eq!(service.proofs(&ended), expected, "{n}");
        let only_restarts = service.lapses(job).iter().all(|why| *why == Lapse::Restarted);
        assert!(only_restarts, "{:?}", service.lapses(job));
    }
    service.end();
}

/// What one job has let go of is what another one still needs, and was written by a process before.
#[tokio::test(flavor = "multi_thread")]
async fn restarts_keep_what_several_jobs_hold() {
    let mut world = World::new(1);
    let service = world.start();
    let ended = service.submit("a", Target::Shards, &PAYLOADS).await;
    let _ = service.ended(ended).await;
    service.end();
    world.devices.clear();
    let service = world.start();
    let waits = service.submit("b", Target::Root, &PAYLOADS).await;
    service.end();
    for _ in 0..2 {
        world.start().end();
    }
    world.devices = vec![Arc::default()];
    let service = world.start();
    assert_eq!(service.proofs(&service.ended(waits).await), [root(&PAYLOADS)]);
    assert_eq!(service.proofs(&service.job(ended)), shards(&PAYLOADS));
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_results_are_made_again_and_lost_batches_fail() {
    let world = World::impatient(1);
    *world.devices[0].takes.lock().expect("whole") = Duration::from_millis(50);
    let service = world.start();
    let job = service.submit("a", Target::Root, &PAYLOADS).await;
    let mut changes = service.coordinator.subscribe(job);
    let mut damaged = 0;
    loop {
        let now = service.job(job);
        if now.end().is_some() {
            break;
        }
        let lift = now.plan().iter().find(|planned| planned.task.stage() == Stage::Lift);
        let output = lift.and_then(|lift| now.output(lift.task));
        if let (0, Some(output)) = (damaged, output) {
            let path = world.folder.path().join("artifacts").join(output.artifact.to_string());
            std::fs::write(path, b"other bytes").expect("writes");
            damaged += 1;
        }
        changes.changed().await.expect("is told");
    }
    assert_eq!(damaged, 1);
    assert_eq!(service.proofs(&service.job(job)), [root(&PAYLOADS)]);
    let log = service.coordinator.log(job, 0).expect("reads");
    assert!(log.iter().any(|record| matches!(record, Record::OutputLost { .. })));

    // Of the batches there is no other copy.
    let held = world.devices[0].tricks.lock().expect("whole").len();
    assert_eq!(held, 0);
    world.play(&[Trick::Hangs]);
    let job = service.submit("b", Target::Shards, &[77, 78]).await;
    service.at(job, Stage::Prove).await;
    for batch in service.job(job).batches() {
        let path = world.folder.path().join("artifacts").join(batch.artifact.to_string());
        std::fs::remove_file(path).expect("was there");
    }
    let ended = service.ended(job).await;
    let Some(End::Failed(failure)) = ended.end() else { panic!("{:?}", ended.end()) };
    assert!(failure.sentence.contains("batch is missing"), "{failure}");
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_takes_at_most_a_moment_at_every_stage() {
    for (stage, is_stubborn) in [
        (Stage::Prove, false),
        (Stage::Prove, true),
        (Stage::Lift, false),
        (Stage::Join, false),
        (Stage::Root, true),
    ] {
        let world = World::new(1);
        world.devices[0].is_stubborn.store(is_stubborn, Ordering::Relaxed);
        *world.devices[0].endless.lock().expect("whole") = Some(stage);
        let service = world.start();
        let job = service.submit("a", Target::Root, &PAYLOADS).await;
        service.at(job, stage).await;
        // The lease is recorded before the worker has the order.
        let orders = match stage {
            Stage::Prove => 1,
            Stage::Lift => 2,
            Stage::Join => 2 + 2 + 1,
            _ => 3 + 3 + 2 + 1,
        };
        while world.devices[0].orders.load(Ordering::Relaxed) < orders {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let began = Instant::now();
        let answer = service.ask(Input::Cancel { job }, Vec::new()).await;
        assert!(matches!(answer, Ok(Answer::Cancelling | Answer::Done)), "{answer:?}");
        let ended = service.ended(job).await;
        assert_eq!(ended.end(), Some(&End::Cancelled));
        // A tenth of a second, and what a busy machine adds.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        // Who does not let go is killed, and another one is hired.
        let killed = u32::from(is_stubborn);
        while world.devices[0].launched.load(Ordering::Relaxed) < 1 + killed {
            assert!(began.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        service.end();
        assert_eq!(world.devices[0].launched.load(Ordering::Relaxed), 1 + killed);
        assert_eq!(files(&world), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_what_is_at_work_and_what_waits() {
    for stage in [Stage::Prove, Stage::Lift, Stage::Join, Stage::Root] {
        let world = World::new(1);
        *world.devices[0].endless.lock().expect("whole") = Some(stage);
        let service = world.start();
        let at_work = service.submit_until("a", Target::Root, &PAYLOADS, 3_000).await;
        service.at(at_work, stage).await;
        let waits = service.submit_until("b", Target::Shards, &[6], 1_000).await;
        for (job, what) in [(waits, "prove-0"), (at_work, "at work")] {
            let ended = service.ended(job).await;
            let Some(End::Expired(failure)) = ended.end() else { panic!("{:?}", ended.end()) };
            assert_eq!(failure.class, FailureClass::Deadline);
            assert!(failure.sentence.contains(what), "{stage:?}: {failure}");
        }
        // The worker is free again, or another one.
        *world.devices[0].endless.lock().expect("whole") = None;
        let job = service.submit("c", Target::Shards, &[7]).await;
        assert_eq!(service.proofs(&service.ended(job).await), shards(&[7]));
        service.end();
        assert_eq!(files(&world), 2, "{stage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_without_room_wait_for_it() {
    let mut world = World::new(1);
    world.quota = Quota { bytes: 4_000, reserve: 10, small: 0 };
    let service = world.start();
    let upload = service.coordinator.keep_input(&[7; 3_970]).expect("has room");
    let job = service.submit("a", Target::Root, &[5]).await;
    let more = service.coordinator.keep_input(&[8; 20]);
    assert!(matches!(more, Err(ArtifactError::Full { .. })), "{more:?}");
    while service.lapses(job).len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(upload);
    assert_eq!(service.proofs(&service.ended(job).await), [root(&[5])]);
    assert!(service.lapses(job).iter().all(|why| *why == Lapse::NoRoom), "{:?}", service.lapses(job));
    service.end();
}

/// A store whose appends fail while it is told so.
struct Failing {
    store: DiskJobs,
    fails: Arc<AtomicU32>,
    /// Whether what fails is on the disk all the same.
    is_late: bool,
    /// The job whose log cannot be read.
    damaged: Arc<Mutex<Option<JobId>>>,
}

impl Failing {
    fn start(
        world: &World,
        fails: &Arc<AtomicU32>,
        is_late: bool,
        damaged: &Arc<Mutex<Option<JobId>>>,
    ) -> Service {
        let path = world.folder.path().join("jobs.redb");
        let (fails, damaged) = (Arc::clone(fails), Arc::clone(damaged));
        world.start_on(Box::new(move || {
            let (store, fails, damaged) = (DiskJobs::open(&path)?, Arc::clone(&fails), Arc::clone(&damaged));
            Ok(Box::new(Self { store, fails, is_late, damaged }))
        }))
    }
}

impl JobStore for Failing {
    fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, StoreError> {
        let failing = self.fails.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        match failing {
            Ok(_) => {
                if self.is_late {
                    let _ = self.store.append(appends);
                }
                Err(StoreError::Io {
                    path: "jobs".into(),
                    kind: std::io::ErrorKind::StorageFull,
                    reason: "no space left on device".into(),
                })
            }
            Err(_) => self.store.append(appends),
        }
    }

    fn log(&self, job: JobId, from: u32) -> Result<Vec<Record>, StoreError> {
        if *self.damaged.lock().expect("whole") == Some(job) {
            return Err(StoreError::Damaged { path: "jobs".into(), reason: "on purpose".into() });
        }
        self.store.log(job, from)
    }

    fn open_jobs(&self) -> Result<Vec<JobId>, StoreError> {
        self.store.open_jobs()
    }

    fn list(&self, after: Option<Place>, most: usize) -> Result<Vec<Listed>, StoreError> {
        self.store.list(after, most)
    }

    fn forget(&self, job: JobId) -> Result<bool, StoreError> {
        self.store.forget(job)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_service_for_as_long_as_it_is_full() {
    let world = World::new(1);
    *world.devices[0].takes.lock().expect("whole") = Duration::from_millis(20);
    let fails = Arc::new(AtomicU32::new(0));
    let service = Failing::start(&world, &fails, false, &Arc::default());
    let job = service.submit("a", Target::Root, &PAYLOADS).await;
    fails.store(2, Ordering::Relaxed);
    let (batches, pins) = service.batches(1, &[9]);
    let other = aludel_scheduler::IdempotencyKey::new("b").expect("a key").job(crate::fakes::CHAIN);
    let request = service.request(Target::Shards, batches, 3_600_000);
    // Its own append fails, or one of the job at work did before.
    let answer = service.ask(Input::Submit { job: other, request }, pins).await;
    assert!(matches!(answer, Err(Unavailable::Store(_))), "{answer:?}");
    assert!(service.coordinator.status().broken.is_some());
    let ended = service.ended(job).await;
    assert_eq!(service.proofs(&ended), [root(&PAYLOADS)]);
    assert_eq!(service.coordinator.log(other, 0), Ok(Vec::new()), "what was refused is not there");
    let again = service.submit("b", Target::Shards, &[9]).await;
    assert_eq!(service.proofs(&service.ended(again).await), shards(&[9]));
    service.end();
    assert_eq!(files(&world), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drains_finishes_what_is_at_work_and_begins_nothing() {
    let world = World::new(1);
    *world.devices[0].takes.lock().expect("whole") = Duration::from_millis(200);
    let service = world.start();
    let job = service.submit("a", Target::Shards, &[5, 6]).await;
    service.at(job, Stage::Prove).await;
    service.coordinator.drain(Duration::from_secs(20)).await;
    let now = service.job(job);
    assert_eq!((now.leases().len(), now.end()), (0, None));
    assert!(service.lapses(job).is_empty());
    let (batches, pins) = service.batches(1, &[9]);
    let other = aludel_scheduler::IdempotencyKey::new("b").expect("a key").job(crate::fakes::CHAIN);
    let request = service.request(Target::Shards, batches, 3_600_000);
    let answer = service.ask(Input::Submit { job: other, request }, pins).await;
    assert!(matches!(answer, Ok(Answer::Refused(_))), "{answer:?}");
    service.end();
    let service = world.start();
    assert_eq!(service.proofs(&service.ended(job).await), shards(&[5, 6]));
    service.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_though_it_failed_keeps_its_files() {
    let world = World::new(1);
    let fails = Arc::new(AtomicU32::new(0));
    let service = Failing::start(&world, &fails, true, &Arc::default());
    fails.store(1, Ordering::Relaxed);
    let job = aludel_scheduler::IdempotencyKey::new("a").expect("a key").job(crate::fakes::CHAIN);
    let (batches, pins) = service.batches(1, &PAYLOADS);
    let request = service.request(Target::Root, batches, 3_600_000);
    let answer = service.ask(Input::Submit { job, request }, pins).await;
    assert!(matches!(answer, Err(Unavailable::Store(_))), "{answer:?}");
    // The client asks again, and finds the job that there is.
    while service.coordinator.status().broken.is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(service.submit("a", Target::Root, &PAYLOADS).await, job);
    assert_eq!(service.proofs(&service.ended(job).await), [root(&PAYLOADS)]);
    service.end();
    assert_eq!(files(&world), 2);
}

/// What a log names that can no longer be read is not removed, for it may be read again.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_damaged_while_the_service_runs_keeps_its_files() {
    let world = World::new(1);
    let (fails, damaged) = (Arc::default(), Arc::default());
    let service = Failing::start(&world, &fails, false, &damaged);
    let job = service.submit("a", Target::Root, &PAYLOADS).await;
    let _ = service.ended(job).await;
    *damaged.lock().expect("whole") = Some(job);
    fails.store(1, Ordering::Relaxed);
    let (batches, pins) = service.batches(1, &[9]);
    let other = aludel_scheduler::IdempotencyKey::new("b").expect("a key").job(crate::fakes::CHAIN);
    let request = service.request(Target::Shards, batches, 3_600_000);
    let answer = service.ask(Input::Submit { job: other, request }, pins).await;
    assert!(matches!(answer, Err(Unavailable::Store(_))), "{answer:?}");
    while service.coordinator.status().broken.is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(service.coordinator.status().damaged, [(job, "on purpose".to_owned())]);
    let other = service.submit("b", Target::Shards, &[9]).await;
    assert_eq!(service.proofs(&service.ended(other).await), shards(&[9]));
    service.end();
    let service = world.start();
    assert_eq!(service.proofs(&service.job(job)), [root(&PAYLOADS)]);
    service.end();
    assert_eq!(files(&world), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_of_different_chains_fail_before_anything_is_proven() {
    let world = World::new(0);
    let service = world.start();
    let job = aludel_scheduler::IdempotencyKey::new("a").expect("a key").job(crate::fakes::CHAIN);
    let (batches, pins) = service.batches(1, &[5, 6]);
    let mut request = service.request(Target::Root, batches, 3_600_000);
    request.is_sealed = false;
    assert_eq!(service.ask(Input::Submit { job, request }, pins).await, Ok(Answer::Done));
    // By its number it follows, by what it says it does not.
    let pin = service.coordinator.keep_input(&crate::fakes::batch_bytes(9, 7)).expect("has room");
    let batch = Batch { number: BatchNumber(3), artifact: pin.id(), bytes: pin.bytes() };
    let _ = service.ask(Input::AddInput { job, segment: 1, batches: vec![batch] }, vec![pin]).await;
    let ended = service.ended(job).await;
    let Some(End::Failed(failure)) = ended.end() else { panic!("{:?}", ended.end()) };
    assert_eq!((failure.class, failure.sentence.as_str()), (FailureClass::Input, "they do not follow"));
    service.end();
}
