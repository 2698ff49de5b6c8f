//! How much is kept of jobs that have ended.

use std::time::Duration;

use aludel_scheduler::{JobId, Target};

use crate::fakes::{Service, World, files, root};

/// Waits until these jobs alone are there, at most ten seconds.
async fn until_there(service: &Service, expected: &[JobId]) {
    let there = || -> Vec<JobId> {
        service.coordinator.list(None, 100).expect("lists").into_iter().map(|listed| listed.job).collect()
    };
    let until = tokio::time::Instant::now() + Duration::from_secs(60);
    while there() != expected {
        assert!(tokio::time::Instant::now() < until, "{:?} where {expected:?} are due", there());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_too_many_ended_jobs_the_oldest_go() {
    let mut world = World::new(1);
    world.keep_ended_most = 2;
    let service = world.start();
    let mut jobs = Vec::new();
    for n in 0..5 {
        let job = service.submit(&format!("job {n}"), Target::Root, &[n]).await;
        service.ended(job).await;
        jobs.push(job);
    }
    until_there(&service, &jobs[3..]).await;
    for (job, n) in jobs[3..].iter().zip(3..) {
        assert_eq!(service.proofs(&service.job(*job)), [root(&[n])]);
    }
    service.end();
    assert_eq!(files(&world), 4, "a root and a receipt of each");
    // After the next start as well, where there is less room then.
    world.keep_ended_most = 1;
    let service = world.start();
    until_there(&service, &jobs[4..]).await;
    service.end();
    assert_eq!(files(&world), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_has_not_ended_is_never_one_too_many() {
    let mut world = World::new(1);
    world.keep_ended_most = 0;
    let service = world.start();
    let (batches, pins) = service.batches(1, &[5]);
    let request =
        aludel_scheduler::Request { is_sealed: false, ..service.request(Target::Root, batches, 3_600_000) };
    let open = aludel_scheduler::IdempotencyKey::new("open").expect("a key").job(crate::fakes::CHAIN);
    service.ask(aludel_scheduler::Input::Submit { job: open, request }, pins).await.expect("is durable");
    service.submit("ends", Target::Root, &[1]).await;
    until_there(&service, &[open]).await;
    service.end();
}
