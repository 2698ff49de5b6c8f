//! What a proof would take, from what proofs took before.

use std::time::Duration;

use aludel_proto::prover_v1::{BatchSize, EstimateProofRequest, EstimateProofResponse, Proof, Stage, Target};

use crate::fakes::{Server, batch, request};

async fn estimate(server: &mut Server, target: Target, transactions: &[u32]) -> EstimateProofResponse {
    let batches = transactions.iter().map(|n| BatchSize { transactions: *n, queue_items: 0 }).collect();
    let asked = EstimateProofRequest { target: target.into(), batches };
    server.client.estimate_proof(asked).await.expect("estimates").into_inner()
}

#[tokio::test]
async fn there_is_a_time_once_tasks_of_each_kind_were_done() {
    let mut server = Server::start().await;
    let tiny = [1];
    let before = estimate(&mut server, Target::Shards, &tiny).await;
    assert_eq!((before.shards, before.tasks, before.work, before.elapsed), (1, 1, None, None));
    server.hold(true);
    let (proof, _) = server.submit(request("a", Target::Shards, vec![batch(1, 10)])).await.expect("accepted");
    let is_proven = |proof: Proof| proof.progress.is_some_and(|progress| progress.stage() == Stage::Prove);
    while !is_proven(server.get(&proof.id).await) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.hold(false);
    server.ended(&proof.id).await;
    let known = estimate(&mut server, Target::Shards, &tiny).await;
    let work = Duration::try_from(known.work.expect("measured")).expect("is one");
    // The device had it for most of the time that it held.
    assert!((Duration::from_millis(20)..Duration::from_secs(20)).contains(&work), "{work:?}");
    assert_eq!(known.elapsed, known.work, "there is one device");
    // What was never done: folding, and another shape.
    let unknown = estimate(&mut server, Target::Root, &tiny).await;
    assert_eq!((unknown.tasks, unknown.work, unknown.elapsed), (3, None, None));
    assert_eq!(estimate(&mut server, Target::Shards, &[2912]).await.work, None);
    server.prove("b", Target::Root, 2).await;
    let folded = estimate(&mut server, Target::Root, &tiny).await;
    assert!(folded.work.is_some() && folded.elapsed == folded.work, "{folded:?}");
}
