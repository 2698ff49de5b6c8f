//! Input by a stream: in pieces, broken off, repeated, wrong.

use std::time::Duration;

use aludel_proto::prover_v1::push_input_request::Part;
use aludel_proto::prover_v1::{
    CancelProofRequest, InputBatch, InputBegin, Proof, PushInputRequest, PushInputResponse, State,
    SubmitProofRequest, Target,
};
use aludel_scheduler::{ArtifactId, Policy};
use aludel_service::rpc::Limits;
use aludel_service::rpc::reason::Reason;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::fakes::{self, Server, batch, batch_of, limits, refused, request, wait_until};

fn part(part: Part) -> PushInputRequest {
    PushInputRequest { part: Some(part) }
}

fn begin(id: &str, segment: u32, seal: bool) -> PushInputRequest {
    part(Part::Begin(InputBegin { id: id.into(), segment, seal }))
}

fn head(bytes: &[u8]) -> PushInputRequest {
    let sha256 = ArtifactId::of(bytes).0.to_vec();
    part(Part::Batch(InputBatch { size: bytes.len() as u64, sha256 }))
}

fn data(bytes: &[u8]) -> PushInputRequest {
    part(Part::Data(bytes.to_vec()))
}

/// A batch in pieces of so many bytes.
fn pieces(bytes: &[u8], size: usize) -> Vec<PushInputRequest> {
    let mut parts = vec![head(bytes)];
    parts.extend(bytes.chunks(size).map(data));
    parts
}

async fn push(server: &mut Server, parts: Vec<PushInputRequest>) -> Result<PushInputResponse, Status> {
    let answer = server.client.push_input(tokio_stream::iter(parts)).await?;
    Ok(answer.into_inner())
}

/// A proof that waits for input.
async fn open(server: &mut Server, key: &str) -> Proof {
    let asked = SubmitProofRequest { more_input: true, ..request(key, Target::Root, Vec::new()) };
    server.submit(asked).await.expect("is accepted").0
}

#[tokio::test]
async fn input_comes_in_segments_and_pieces() {
    let mut server = Server::start().await;
    let first = request("a", Target::Root, vec![batch(1, 10)]);
    let (proof, _) =
        server.submit(SubmitProofRequest { more_input: true, ..first }).await.expect("is accepted");
    assert_eq!((proof.segments, proof.input_sealed), (1, false));
    // Larger than a message.
    let (large, small) = (batch(2, 1_500_000), batch(3, 0));
    let mut parts = vec![begin(&proof.id, 1, false)];
    parts.extend(pieces(&large, 100_000));
    parts.extend(pieces(&small, 1));
    let answer = push(&mut server, parts.clone()).await.expect("is taken");
    let now = answer.proof.expect("a proof");
    assert_eq!((answer.existed, now.segments, now.batches, now.input_sealed), (false, 2, 3, false));
    let again = push(&mut server, parts.clone()).await.expect("is there");
    assert!(again.existed);
    // The next segment seals; the same again does no harm, before the end and after it.
    server.hold(true);
    let mut last = vec![begin(&proof.id, 2, true)];
    last.extend(pieces(&batch(4, 5), 1000));
    assert!(!push(&mut server, last.clone()).await.expect("is taken").existed);
    assert!(push(&mut server, last.clone()).await.expect("is there").existed);
    server.hold(false);
    let ended = server.ended(&proof.id).await;
    assert_eq!((ended.state(), ended.segments, ended.batches), (State::Succeeded, 3, 4));
    for parts in [parts, last] {
        assert!(push(&mut server, parts).await.expect("was there").existed);
    }
    assert!(push(&mut server, vec![begin(&proof.id, 0, true)]).await.expect("is sealed").existed);
    let mut more = vec![begin(&proof.id, 3, false)];
    more.extend(pieces(&batch(5, 5), 1000));
    refused(push(&mut server, more).await, Reason::Ended);
}

#[tokio::test]
async fn a_stream_without_batches_seals() {
    let mut server = Server::start().await;
    let proof = open(&mut server, "a").await;
    refused(push(&mut server, vec![begin(&proof.id, 0, true)]).await, Reason::NoBatches);
    refused(push(&mut server, vec![begin(&proof.id, 0, false)]).await, Reason::NoBatches);
    let mut parts = vec![begin(&proof.id, 0, false)];
    parts.extend(pieces(&batch(9, 5), 1000));
    push(&mut server, parts).await.expect("is taken");
    let answer = push(&mut server, vec![begin(&proof.id, 1, true)]).await.expect("seals");
    assert!(!answer.existed && answer.proof.is_some_and(|proof| proof.input_sealed));
    assert_eq!(server.ended(&proof.id).await.state(), State::Succeeded);
}

#[tokio::test]
async fn wrong_streams_are_refused_and_leave_nothing() {
    let policy = Policy { most_batches: 3, ..Policy::default() };
    let limits = Limits { batch_bytes: 10_000, ..limits() };
    let mut server = Server::with(limits, policy, 1 << 30).await;
    let id = open(&mut server, "a").await.id;
    let good = batch(1, 100);
    let other = part(Part::Batch(InputBatch { size: good.len() as u64, sha256: vec![7; 32] }));
    let short = part(Part::Batch(InputBatch { size: good.len() as u64, sha256: vec![7; 31] }));
    let longer = part(Part::Batch(InputBatch { size: 10_001, sha256: vec![7; 32] }));
    let endless = part(Part::Batch(InputBatch { size: u64::MAX, sha256: vec![7; 32] }));
    let begun = || begin(&id, 0, false);
    let with = |bytes: &[u8]| [vec![begun()], pieces(bytes, 60)].concat();
    let unknown = begin(&"0".repeat(32), 0, false);
    let many = (1..=4).flat_map(|n| pieces(&batch(n, 5), 60)).collect::<Vec<_>>();
    let cases = [
        (vec![], Reason::StreamOrder),
        (vec![head(&good)], Reason::StreamOrder),
        (vec![data(&good)], Reason::StreamOrder),
        (vec![PushInputRequest { part: None }], Reason::Malformed),
        (vec![begun(), PushInputRequest { part: None }], Reason::Malformed),
        (vec![begun(), begun()], Reason::StreamOrder),
        (vec![begun(), data(&good)], Reason::StreamOrder),
        (vec![begun(), head(&good), head(&good)], Reason::StreamOrder),
        (vec![begun(), head(&good), begun()], Reason::StreamOrder),
        (vec![begun(), head(&good), data(&[&good[..], &[0]].concat())], Reason::StreamOrder),
        (vec![begun(), head(&good), data(&good), data(&[0])], Reason::StreamOrder),
        (vec![begun(), head(&good)], Reason::StreamCut),
        (vec![begun(), head(&good), data(&good[..50])], Reason::StreamCut),
        (vec![begun(), other, data(&good)], Reason::BatchDigest),
        (vec![begun(), short, data(&good)], Reason::Malformed),
        (vec![begun(), longer], Reason::BatchTooLarge),
        (vec![begun(), endless], Reason::BatchTooLarge),
        (vec![begun(), data(&vec![0; 1 << 20])], Reason::MessageTooLarge),
        (vec![begin("x", 0, false)], Reason::BadId),
        (vec![unknown], Reason::NoProof),
        (with(b"no batch"), Reason::BadBatch),
        (with(fakes::OLD), Reason::BatchVersion),
        (with(&batch_of(8, 1, 5)), Reason::OtherChain),
        ([with(&good), pieces(&batch(3, 5), 60)].concat(), Reason::BatchOrder),
        ([vec![begin(&id, 1, false)], pieces(&good, 60)].concat(), Reason::OtherSegment),
        ([vec![begun()], many].concat(), Reason::TooManyBatches),
    ];
    for (parts, reason) in cases {
        refused(push(&mut server, parts).await, reason);
        assert_eq!(server.get(&id).await.segments, 0, "{reason:?}");
        // What was kept is let go of behind the answer.
        wait_until(|| server.files() == 0).await;
    }
    // The segment is brought again, and then is what it is.
    push(&mut server, with(&good)).await.expect("is taken");
    refused(push(&mut server, with(&batch(1, 101))).await, Reason::OtherSegment);
    let seal = begin(&id, 1, true);
    push(&mut server, vec![seal]).await.expect("seals");
    server.ended(&id).await;
    // A proof that has not ended, and is sealed or cancelled.
    server.hold(true);
    let (sealed, _) =
        server.submit(request("b", Target::Root, vec![good.clone()])).await.expect("is accepted");
    let next = [vec![begin(&sealed.id, 1, false)], pieces(&batch(2, 5), 60)].concat();
    refused(push(&mut server, next.clone()).await, Reason::InputSealed);
    server.client.cancel_proof(CancelProofRequest { id: sealed.id.clone() }).await.expect("cancels");
    server.ended(&sealed.id).await;
    refused(push(&mut server, next).await, Reason::Ended);
}

#[tokio::test]
async fn a_stream_that_breaks_off_leaves_nothing() {
    let mut server = Server::start().await;
    let id = open(&mut server, "a").await.id;
    let (sender, receiver) = mpsc::channel(4);
    let mut client = server.client.clone();
    let pushing = tokio::spawn(async move { client.push_input(ReceiverStream::new(receiver)).await });
    let first = batch(1, 100);
    sender.send(begin(&id, 0, true)).await.expect("is sent");
    for part in pieces(&first, 1000) {
        sender.send(part).await.expect("is sent");
    }
    sender.send(head(&batch(2, 100))).await.expect("is sent");
    wait_until(|| server.files() == 1).await;
    pushing.abort();
    wait_until(|| server.files() == 0).await;
    assert_eq!(server.get(&id).await.segments, 0);
    let parts = [vec![begin(&id, 0, true)], pieces(&first, 1000), pieces(&batch(2, 100), 1000)].concat();
    assert!(!push(&mut server, parts).await.expect("is taken").existed);
    assert_eq!(server.ended(&id).await.state(), State::Succeeded);
}

#[tokio::test]
async fn who_sends_nothing_is_not_waited_for() {
    let limits = Limits { patience: Duration::from_millis(200), ..limits() };
    let mut server = Server::with(limits, Policy::default(), 1 << 30).await;
    let id = open(&mut server, "a").await.id;
    for parts in [vec![], vec![begin(&id, 0, false)], vec![begin(&id, 0, false), head(&batch(1, 1))]] {
        let (sender, receiver) = mpsc::channel(4);
        for part in parts {
            sender.send(part).await.expect("is sent");
        }
        refused(server.client.push_input(ReceiverStream::new(receiver)).await, Reason::TooSlow);
    }
}

#[tokio::test]
async fn batches_that_arrive_together_have_bounded_room() {
    let patience = Duration::from_millis(500);
    let limits = Limits { batch_bytes: 60_000, patience, ..limits() };
    let mut server = Server::with(limits, Policy::default(), 1 << 30).await;
    let id = open(&mut server, "a").await.id;
    let large = batch(1, 50_000);
    let mut slow = Vec::new();
    for _ in 0..4 {
        let (sender, receiver) = mpsc::channel(1);
        let mut client = server.client.clone();
        slow.push(tokio::spawn(async move { client.push_input(ReceiverStream::new(receiver)).await }));
        let parts = [vec![begin(&id, 0, true)], pieces(&large, 1)].concat();
        slow.push(tokio::spawn(async move {
            for part in parts {
                sender.send(part).await.expect("is sent");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("it is slower than this test")
        }));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let parts = [vec![begin(&id, 0, true)], pieces(&large, 1000)].concat();
    refused(push(&mut server, parts.clone()).await, Reason::TooManyStreams);
    slow.iter().for_each(|task| task.abort());
    assert!(!push(&mut server, parts).await.expect("there is room").existed);
}
