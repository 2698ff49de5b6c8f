//! Many jobs at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aludel_scheduler::Target;
use aludel_scheduler::artifacts::Quota;

use crate::fakes::{World, shards};

/// So many jobs by so many clients; `ALUDEL_LOAD_JOBS` says otherwise.
const JOBS: usize = 2_000;
const CLIENTS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_lose_nothing() {
    let jobs = std::env::var("ALUDEL_LOAD_JOBS").ok().and_then(|n| n.parse().ok()).unwrap_or(JOBS);
    let mut world = World::new(4);
    world.quota.small = Quota::SMALL;
    let service = Arc::new(world.start());
    let began = Instant::now();
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let service = Arc::clone(&service);
        clients.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            for n in (client..jobs).step_by(CLIENTS) {
                let asked = Instant::now();
                let job = service.submit(&n.to_string(), Target::Shards, &[n as u64]).await;
                mine.push((n, job, asked.elapsed()));
            }
            let mut times = Vec::new();
            for (n, job, took) in mine {
                let ended = service.ended(job).await;
                assert_eq!(service.proofs(&ended), shards(&[n as u64]));
                times.push(took);
            }
            times
        }));
    }
    let mut times: Vec<Duration> = Vec::new();
    for client in clients {
        times.extend(client.await.expect("it did not panic"));
    }
    times.sort_unstable();
    assert_eq!(times.len(), jobs);
    let took = began.elapsed();
    // Checks, proofs, verifications, receipts.
    let tasks = 4 * jobs;
    println!(
        "{jobs} jobs of {CLIENTS} clients: {took:.1?}, {:.2?} a task; submits: half in {:.1?}, 99 of 100 in {:.1?}",
        took / u32::try_from(tasks).expect("few"),
        times[jobs / 2],
        times[jobs * 99 / 100]
    );
    Arc::into_inner(service).expect("nobody has it").end();
}
