//! Proofs that are asked for, looked at, listed, cancelled; what is refused of a request.

use std::time::Duration;

use aludel_proto::prover_v1::{
    BatchSize, CancelProofRequest, EstimateProofRequest, FailureClass, GetCapabilitiesRequest,
    GetProofRequest, ListProofsRequest, Priority, ProofSpec, State, SubmitProofRequest, Target,
};
use aludel_scheduler::Policy;
use aludel_service::rpc::Limits;
use aludel_service::rpc::reason::Reason;
use prost_types::Timestamp;

use crate::fakes::{self, CHAIN, Server, batch, batch_of, limits, quiet, refused, request, spec};

fn timestamp(millis: u64) -> Timestamp {
    Timestamp { seconds: (millis / 1000) as i64, nanos: (millis % 1000 * 1_000_000) as i32 }
}

#[tokio::test]
async fn what_is_asked_for_is_proven_once() {
    let mut server = Server::start().await;
    let asked = request("a", Target::Root, vec![batch(1, 10), batch(2, 10)]);
    let (proof, existed) = server.submit(asked.clone()).await.expect("is accepted");
    assert!(!existed);
    let ended = server.ended(&proof.id).await;
    assert_eq!(ended.state(), State::Succeeded);
    let sizes: Vec<u64> = ended.artifacts.iter().map(|artifact| artifact.size).collect();
    assert_eq!(sizes, [fakes::PROOF_BYTES as u64]);
    assert!(ended.receipt.as_ref().is_some_and(|receipt| receipt.size > 0));
    assert!(ended.end_time.expect("it ended").seconds >= ended.accept_time.expect("it began").seconds);
    let said = (ended.segments, ended.input_sealed, ended.batches, ended.failure.clone(), ended.progress);
    assert_eq!(said, (1, true, 2, None, None));
    let stands = ended.spec.clone().expect("a spec");
    assert_eq!(
        (stands.chain_id, stands.target(), stands.priority()),
        (CHAIN, Target::Root, Priority::Normal)
    );
    assert_eq!(stands.key_set, [0; 32]);
    // A day from now.
    let ahead = stands.deadline.expect("is there").seconds - ended.accept_time.expect("it began").seconds;
    assert!((86_399..=86_401).contains(&ahead), "{ahead}");
    // The same again, after its end.
    let (again, existed) = server.submit(asked).await.expect("is there");
    assert!(existed);
    assert_eq!(again, ended);
    assert_eq!(server.get(&ended.id).await, ended);
    let shards = server.prove("b", Target::Shards, 3).await;
    assert_eq!(shards.artifacts.len(), 3);
    let other = request("a", Target::Shards, vec![batch(1, 10), batch(2, 10)]);
    refused(server.submit(other).await, Reason::KeyTaken);
}

#[tokio::test]
async fn a_request_that_is_wrong_is_refused_by_its_reason() {
    quiet();
    let policy = Policy { most_batches: 3, ..Policy::default() };
    let mut server = Server::with(limits(), policy, 1 << 30).await;
    let good = request("a", Target::Root, vec![batch(1, 10)]);
    let now = server.coordinator.now().0;
    let with = |change: fn(&mut SubmitProofRequest)| {
        let mut other = good.clone();
        change(&mut other);
        other
    };
    let with_spec = |change: fn(&mut ProofSpec)| {
        let mut other = good.clone();
        other.spec.as_mut().map(change);
        other
    };
    let until = |deadline| {
        let mut other = good.clone();
        other.spec = Some(ProofSpec { deadline: Some(deadline), ..spec(Target::Root) });
        other
    };
    let cases = [
        (with(|r| r.spec = None), Reason::NoSpec),
        (with_spec(|s| s.target = 0), Reason::NoTarget),
        (with_spec(|s| s.target = 99), Reason::UnknownTarget),
        (with_spec(|s| s.target = -1), Reason::UnknownTarget),
        (with_spec(|s| s.priority = 4), Reason::UnknownPriority),
        (with_spec(|s| s.key_set = vec![1; 32]), Reason::OtherKeys),
        (with_spec(|s| s.key_set = vec![0; 31]), Reason::OtherKeys),
        (with_spec(|s| s.chain_id = 8), Reason::OtherChain),
        (with(|r| r.idempotency_key.clear()), Reason::BadKey),
        (with(|r| r.idempotency_key = "x".repeat(129)), Reason::BadKey),
        (with(|r| r.batches[0].truncate(5)), Reason::BadBatch),
        (with(|r| r.batches[0] = fakes::OLD.into()), Reason::BatchVersion),
        (with(|r| r.batches.push(batch_of(8, 2, 0))), Reason::OtherChain),
        (with(|r| r.batches.push(batch(3, 0))), Reason::BatchOrder),
        (with(|r| r.batches.clear()), Reason::NoBatches),
        (with(|r| r.batches = (1..=4).map(|n| batch(n, 0)).collect()), Reason::TooManyBatches),
        (until(timestamp(now - 1)), Reason::BadDeadline),
        (until(timestamp(now + 8 * 24 * 3_600_000)), Reason::BadDeadline),
        (until(Timestamp { seconds: i64::MAX, nanos: 0 }), Reason::BadDeadline),
        (until(Timestamp { seconds: -5, nanos: 0 }), Reason::BadTime),
        (until(Timestamp { seconds: 5, nanos: -1 }), Reason::BadTime),
        (with(|r| r.batches[0] = fakes::PANICS.into()), Reason::Fault),
    ];
    for (request, reason) in cases {
        refused(server.submit(request).await, reason);
    }
    // Nothing is left of all that, and the server lives.
    assert_eq!(server.files(), 0);
    let page = server.client.list_proofs(ListProofsRequest::default()).await.expect("lists").into_inner();
    assert_eq!(page.proofs, []);
    let mut right = good.clone();
    right.spec = Some(ProofSpec { key_set: vec![0; 32], ..spec(Target::Root) });
    server.submit(right).await.expect("is accepted");
}

#[tokio::test]
async fn bounds_of_jobs_bytes_and_sizes_are_kept() {
    let policy = Policy { most_jobs: 1, ..Policy::default() };
    let limits = Limits { batch_bytes: 1000, ..limits() };
    let mut server = Server::with(limits, policy, 1 << 30).await;
    server.hold(true);
    let large = request("large", Target::Root, vec![batch(1, 1000)]);
    refused(server.submit(large).await, Reason::BatchTooLarge);
    let huge = request("huge", Target::Root, vec![batch(1, 1 << 20)]);
    refused(server.submit(huge).await, Reason::MessageTooLarge);
    let (first, _) =
        server.submit(request("a", Target::Root, vec![batch(1, 10)])).await.expect("is accepted");
    refused(server.submit(request("b", Target::Root, vec![batch(1, 10)])).await, Reason::Busy);
    server.hold(false);
    assert_eq!(server.ended(&first.id).await.state(), State::Succeeded);
}

#[tokio::test]
async fn a_full_disk_turns_requests_away_until_there_is_room() {
    let mut server = Server::with(limits(), Policy::default(), 1_000_000).await;
    server.hold(true);
    let first = request("a", Target::Root, vec![batch(1, 300_000)]);
    let (first, _) = server.submit(first).await.expect("is accepted");
    let second = request("b", Target::Root, vec![batch(2, 300_000)]);
    refused(server.submit(second.clone()).await, Reason::DiskQuota);
    server.client.cancel_proof(CancelProofRequest { id: first.id.clone() }).await.expect("cancels");
    server.ended(&first.id).await;
    server.submit(second).await.expect("there is room");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let mut server = Server::start().await;
    let mut ids = Vec::new();
    for n in 0..7 {
        ids.push(server.prove(&format!("{n}"), Target::Shards, 1).await.id);
    }
    let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = ListProofsRequest { page_size: 3, page_token: token };
        let page = server.client.list_proofs(request).await.expect("lists").into_inner();
        assert!(page.proofs.iter().all(|proof| proof.artifacts.is_empty() && proof.receipt.is_none()));
        assert!(page.proofs.iter().all(|proof| proof.state() == State::Succeeded));
        found.extend(page.proofs.into_iter().map(|proof| proof.id));
        token = page.next_page_token;
        pages += 1;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((found, pages), (ids, 3));
    // A page that is just full is the last one.
    let request = ListProofsRequest { page_size: 7, page_token: String::new() };
    let page = server.client.list_proofs(request).await.expect("lists").into_inner();
    assert_eq!((page.proofs.len(), page.next_page_token.as_str()), (7, ""));
    for token in ["x", "1", "000000000000000G", "00000000000000000", "+000000000000001", "000000000000000A"] {
        let request = ListProofsRequest { page_size: 0, page_token: token.into() };
        refused(server.client.list_proofs(request).await, Reason::BadPageToken);
    }
}

#[tokio::test]
async fn who_cancels_is_told_what_is_so() {
    let mut server = Server::start().await;
    server.hold(true);
    let (proof, _) =
        server.submit(request("a", Target::Root, vec![batch(1, 10)])).await.expect("is accepted");
    let cancel = CancelProofRequest { id: proof.id.clone() };
    let first = server.client.cancel_proof(cancel.clone()).await.expect("cancels").into_inner().proof;
    let state = first.expect("a proof").state();
    assert!(matches!(state, State::Cancelling | State::Cancelled), "{state:?}");
    let ended = server.ended(&proof.id).await;
    assert_eq!((ended.state(), &ended.failure, ended.artifacts.len()), (State::Cancelled, &None, 0));
    let again = server.client.cancel_proof(cancel).await.expect("says so again").into_inner().proof;
    assert_eq!(again, Some(ended));
    server.hold(false);
    let done = server.prove("b", Target::Shards, 1).await;
    let cancel = CancelProofRequest { id: done.id.clone() };
    let after = server.client.cancel_proof(cancel).await.expect("changes nothing").into_inner().proof;
    assert_eq!(after, Some(done));
}

#[tokio::test]
async fn a_proof_that_fails_or_is_late_says_why() {
    let mut server = Server::start().await;
    let (proof, _) =
        server.submit(request("bad", Target::Root, vec![batch(u32::MAX, 1)])).await.expect("accepted");
    let ended = server.ended(&proof.id).await;
    let failure = ended.failure.clone().expect("a failure");
    assert_eq!((ended.state(), failure.class()), (State::Failed, FailureClass::Unsatisfied));
    assert_eq!((failure.retryable, failure.trace_id.as_str()), (false, ended.id.as_str()));
    assert!(failure.message.contains("it breaks a rule"), "{failure:?}");
    server.hold(true);
    let mut late = request("late", Target::Root, vec![batch(1, 1)]);
    let deadline = timestamp(server.coordinator.now().0 + 300);
    late.spec = Some(ProofSpec { deadline: Some(deadline), ..spec(Target::Root) });
    let (proof, _) = server.submit(late).await.expect("is accepted");
    let ended = server.ended(&proof.id).await;
    let failure = ended.failure.clone().expect("a failure");
    assert_eq!(
        (ended.state(), failure.class(), failure.retryable),
        (State::Expired, FailureClass::Deadline, true)
    );
}

#[tokio::test]
async fn ids_are_known_or_refused() {
    let mut server = Server::start().await;
    let unknown = "0".repeat(32);
    for (id, reason) in [
        (unknown.as_str(), Reason::NoProof),
        ("", Reason::BadId),
        ("0", Reason::BadId),
        (&"g".repeat(32), Reason::BadId),
        (&"A".repeat(32), Reason::BadId),
        (&"0".repeat(33), Reason::BadId),
    ] {
        refused(server.client.get_proof(GetProofRequest { id: id.into() }).await, reason);
        refused(server.client.cancel_proof(CancelProofRequest { id: id.into() }).await, reason);
        let wait = aludel_proto::prover_v1::WaitProofRequest { id: id.into(), timeout: None };
        refused(server.client.wait_proof(wait).await, reason);
        let watch = aludel_proto::prover_v1::WatchProofRequest { id: id.into(), from_event: 0 };
        refused(server.client.watch_proof(watch).await, reason);
    }
}

#[tokio::test]
async fn what_there_is_and_what_it_takes() {
    let mut server = Server::start().await;
    server.prove("a", Target::Shards, 1).await;
    let found = server.client.get_capabilities(GetCapabilitiesRequest {}).await.expect("says").into_inner();
    assert_eq!((found.program_version.as_str(), found.protocol_version), (env!("CARGO_PKG_VERSION"), 1));
    assert_eq!((found.key_set.clone(), found.targets.clone()), (vec![0; 32], vec![1, 2]));
    assert_eq!(found.shapes.len(), 5);
    assert_eq!(found.shapes[3].transfers, 2912);
    let bounds = found.limits.expect("bounds");
    assert_eq!((bounds.message_bytes, bounds.batch_bytes), (1 << 20, 1 << 21));
    assert_eq!((bounds.batches, bounds.jobs), (10_000, 10_000));
    assert!(bounds.free_input_bytes > 0 && bounds.free_input_bytes < 1 << 29);
    assert_eq!(bounds.deadline.expect("a bound").seconds, 7 * 24 * 3600);
    let [device] = &found.devices[..] else { panic!("{:?}", found.devices) };
    assert_eq!((device.name.as_str(), device.memory_bytes, device.available), ("fake", 8_000_000_000, true));
    let ask = |target: Target, sizes: &[(u32, u32)]| EstimateProofRequest {
        target: target.into(),
        batches: sizes.iter().map(|(t, q)| BatchSize { transactions: *t, queue_items: *q }).collect(),
    };
    let estimate = ask(Target::Root, &[(2912, 0), (2000, 10), (20, 0)]);
    let estimate = server.client.estimate_proof(estimate).await.expect("estimates").into_inner();
    assert_eq!((estimate.shards, estimate.fits, estimate.work), (2, true, None));
    assert!(estimate.peak_memory_bytes >= 1_000_000_000 && estimate.proof_bytes > 300_000);
    refused(server.client.estimate_proof(ask(Target::Root, &[])).await, Reason::NoBatches);
    refused(server.client.estimate_proof(ask(Target::Root, &[(10_000_000, 0)])).await, Reason::NoShape);
    refused(server.client.estimate_proof(ask(Target::Unspecified, &[(1, 0)])).await, Reason::NoTarget);
    let many = vec![(1, 0); 10_001];
    refused(server.client.estimate_proof(ask(Target::Root, &many)).await, Reason::TooManyBatches);
    let unknown = EstimateProofRequest { target: 3, ..ask(Target::Root, &[(1, 0)]) };
    refused(server.client.estimate_proof(unknown).await, Reason::UnknownTarget);
}

#[tokio::test]
async fn what_drains_takes_nothing_new() {
    let mut server = Server::start().await;
    let done = server.prove("a", Target::Shards, 1).await;
    server.coordinator.drain(Duration::from_secs(5)).await;
    refused(server.submit(request("b", Target::Root, vec![batch(1, 1)])).await, Reason::Draining);
    // What is there is still answered.
    let (proof, existed) =
        server.submit(request("a", Target::Shards, vec![batch(1, 10)])).await.expect("is there");
    assert!(existed);
    assert_eq!(proof, done);
    server.coordinator.end();
    let stopped = async {
        loop {
            let answer = server.submit(request("c", Target::Root, vec![batch(1, 1)])).await;
            if answer.as_ref().is_err_and(|status| fakes::detail(status).number != Reason::Draining.number())
            {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), stopped).await.expect("it stops");
    refused(answer, Reason::Stopping);
}
