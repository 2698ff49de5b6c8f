//! What happens when the proofs of ended jobs fill the disk quota.

use aludel_proto::prover_v1::Target;
use aludel_scheduler::Policy;
use aludel_service::rpc::reason::Reason;

use crate::fakes::{PROOF_BYTES, Server, batch, detail, limits, refused, request, wait_until};

#[tokio::test]
async fn ended_proofs_stay_and_submits_are_told_what_helps() {
    // Half of it is for inputs: three proofs of shards leave less than a fourth takes.
    let mut server = Server::with(limits(), Policy::default(), 7 * PROOF_BYTES as u64).await;
    let ended = server.prove("a", Target::Shards, 3).await;
    let more = || request("b", Target::Shards, vec![batch(1, 2 * PROOF_BYTES)]);
    let status = server.submit(more()).await.expect_err("there is no room");
    let remedy = detail(&status).remedy;
    assert!(["disk_quota", "keep_ended"].iter().all(|setting| remedy.contains(setting)), "{remedy}");
    refused(server.submit(more()).await, Reason::DiskQuota);
    // What was promised for `keep_ended` is there.
    assert_eq!(server.get(&ended.id).await, ended);
    wait_until(|| server.files() == 3 + 1).await;
    // What fits is taken.
    server.submit(request("c", Target::Shards, vec![batch(1, 10)])).await.expect("has room");
}
