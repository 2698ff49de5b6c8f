//! Many real jobs at once, by many clients. Figures are printed; only what must hold on any machine is asserted.

use std::collections::BTreeMap;

use aludel_proto::prover_v1::{ProofSpec, SubmitProofRequest, Target};

use crate::drive::{drive, most_memory};
use crate::serving::Serving;
use crate::world::World;

/// So many jobs by so many clients; `ALUDEL_LOAD_JOBS` says otherwise.
const JOBS: usize = 1_000;
const CLIENTS: usize = 200;
/// Each job has one of so many batches proven.
const BATCHES: usize = 8;
/// Of the server without its workers: some 100 MB are taken, and a proof held for each job would be 2 GB.
const MOST_MEMORY: u64 = 400_000_000;

#[test]
fn a_thousand_jobs_of_two_hundred_clients() {
    let jobs = std::env::var("ALUDEL_LOAD_JOBS").ok().and_then(|n| n.parse().ok()).unwrap_or(JOBS);
    let world = World::new("load");
    world.funded();
    let execute = "execute --state state --chain-id 7 --queue queue.json";
    world.ok(execute);
    for n in 0..BATCHES as u32 - 1 {
        // Tests' keys have three signatures each.
        world.sign((n as u8 % 3 + 1, 1), n / 3, "payment.bin");
        world.ok(&format!("{execute} payment.bin"));
    }
    let batches: Vec<_> = (1..=BATCHES).map(|n| world.read(&format!("state/batches/{n}.bin"))).collect();
    let request = |n: usize| SubmitProofRequest {
        spec: Some(ProofSpec { chain_id: 7, target: Target::Shards.into(), ..ProofSpec::default() }),
        idempotency_key: n.to_string(),
        batches: vec![batches[n % BATCHES].clone()],
        more_input: false,
    };
    let serving = Serving::start_with(&world, "--listen 127.0.0.1:0 --http-listen= --largest-shape tiny");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("starts");
    let report = runtime.block_on(drive(&serving.endpoint(), CLIENTS, jobs, request));
    let memory = most_memory(&serving.id().to_string());
    println!("{report}; {} MB at most", memory / 1_000_000);
    assert!(memory < MOST_MEMORY);
    // The same batch is the same proof, and each of these verifies.
    let mut proofs: BTreeMap<usize, (&str, &str)> = BTreeMap::new();
    for (n, proof) in report.proofs.iter().enumerate() {
        assert_eq!(proof.artifacts.len(), 1, "{proof:?}");
        let found = (proof.artifacts[0].id.as_str(), proof.id.as_str());
        assert_eq!(proofs.entry(n % BATCHES).or_insert(found).0, found.0, "job {n}");
    }
    for (n, (_, id)) in proofs {
        world.ok(&serving.at(&format!("fetch {id} -o {n}")));
        let said = world.ok(&format!("verify {n}/shard-0.bin --chain-id 7 --json")).out;
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(
            (&said["prev"]["number"], &said["next"]["number"]),
            (&n.into(), &(n + 1).into()),
            "{said}"
        );
    }
    assert_eq!(serving.end(), Some(0));
}
