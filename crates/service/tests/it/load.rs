//! Many jobs at once. Figures are printed; only what must hold on any machine is asserted.

use aludel_proto::prover_v1::{ProofSpec, SubmitProofRequest, Target};
use aludel_scheduler::artifacts::Quota;

use crate::drive::{drive, most_memory};
use crate::fakes::{CHAIN, World, batch_bytes, shards};

/// So many jobs by so many clients; `ALUDEL_LOAD_JOBS` says otherwise.
const JOBS: usize = 10_000;
const CLIENTS: usize = 200;
/// Of server and clients together: some 100 MB are taken, and 40 kB a job would be too many.
const MOST_MEMORY: u64 = 400_000_000;

fn request(n: usize) -> SubmitProofRequest {
    let spec = Some(ProofSpec { chain_id: CHAIN.0, target: Target::Shards.into(), ..ProofSpec::default() });
    let batches = vec![batch_bytes(1, n as u64)];
    SubmitProofRequest { spec, idempotency_key: n.to_string(), batches, more_input: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_lose_nothing() {
    let jobs = std::env::var("ALUDEL_LOAD_JOBS").ok().and_then(|n| n.parse().ok()).unwrap_or(JOBS);
    let mut world = World::new(4);
    world.quota.small = Quota::SMALL;
    (world.policy.most_jobs, world.keep_ended_most, world.own_slots) = (jobs, jobs, 8);
    let service = world.start();
    let port = service.listen().await;
    let report = drive(&port.endpoint, CLIENTS, jobs, request).await;
    println!("{report}; {} MB at most", most_memory("self") / 1_000_000);
    for (n, proof) in report.proofs.iter().enumerate() {
        let id = proof.id.parse().expect("an id");
        assert_eq!(service.proofs(&service.job(id)), shards(&[n as u64]));
    }
    assert!(most_memory("self") < MOST_MEMORY);
    port.close().await;
    service.end();
}
