//! Events, and waiting.

use std::time::{Duration, Instant};

use aludel_proto::prover_v1::event::What;
use aludel_proto::prover_v1::{
    CancelProofRequest, Stage, State, SubmitProofRequest, Target, WaitProofRequest, WatchProofRequest,
    WatchProofResponse,
};
use aludel_scheduler::{Job, JobId, Policy};
use aludel_service::rpc::Limits;
use aludel_service::rpc::reason::Reason;
use tokio_stream::StreamExt as _;

use crate::fakes::{Server, batch, limits, refused, request};

async fn watch(server: &mut Server, id: &str, from_event: u32) -> tonic::Streaming<WatchProofResponse> {
    let request = WatchProofRequest { id: id.into(), from_event };
    server.client.watch_proof(request).await.expect("is there").into_inner()
}

async fn all(stream: tonic::Streaming<WatchProofResponse>) -> Vec<WatchProofResponse> {
    let all = stream.collect::<Result<Vec<_>, _>>();
    let all = tokio::time::timeout(Duration::from_secs(20), all).await;
    all.expect("the stream ends").expect("without an error")
}

#[tokio::test]
async fn every_event_is_told_once_and_in_order() {
    let mut server = Server::start().await;
    server.hold(true);
    let (proof, _) = server
        .submit(request("a", Target::Root, vec![batch(1, 10), batch(2, 10), batch(3, 10)]))
        .await
        .expect("is accepted");
    // One that watches while it happens.
    let mut live = watch(&mut server, &proof.id, 0).await;
    let first = live.next().await.expect("one").expect("no error");
    assert_eq!(first.event.clone().map(|event| event.number), Some(0));
    assert_eq!((first.state(), first.progress), (State::Queued, None));
    server.hold(false);
    let mut told = vec![first];
    told.extend(all(live).await);
    let numbers: Vec<u32> = told.iter().map(|told| told.event.as_ref().expect("an event").number).collect();
    assert_eq!(numbers, (0..told.len() as u32).collect::<Vec<_>>());
    let kinds: Vec<&What> =
        told.iter().map(|told| told.event.as_ref().unwrap().what.as_ref().unwrap()).collect();
    assert!(matches!(kinds[0], What::Accepted(_)));
    assert!(matches!(kinds[kinds.len() - 1], What::Ended(end) if end.state() == State::Succeeded));
    let done = kinds.iter().filter(|what| matches!(what, What::TaskDone(_))).count();
    // A check, three shards proven and lifted, two joins, a root, verified and published.
    assert_eq!(done, 1 + 3 + 3 + 2 + 1 + 2);
    // States and progress are those of the log so far.
    let id: JobId = proof.id.parse().expect("an id");
    let log = server.coordinator.log(id, 0).expect("reads");
    assert_eq!(log.len(), told.len());
    let mut proving = Vec::new();
    for (told, count) in told.iter().zip(1..) {
        let job = Job::of(&log[..count]).expect("is sound");
        // Published, and the record of the end comes next.
        let state = if job.is_published() && job.end().is_none() {
            assert_eq!(
                told.progress.map(|progress| (progress.stage(), progress.done)),
                Some((Stage::Publish, 1))
            );
            "Running".into()
        } else {
            format!("{:?}", job.phase())
        };
        assert!(state.starts_with(&format!("{:?}", told.state())), "{state} {told:?}");
        if let Some(progress) = &told.progress
            && progress.stage() == Stage::Prove
        {
            proving.push((progress.done, progress.total));
        }
    }
    assert!(proving.contains(&(0, 3)) && proving.contains(&(2, 3)), "{proving:?}");
    // Whoever comes later, and whoever goes on, is told the same.
    assert_eq!(all(watch(&mut server, &proof.id, 0).await).await, told);
    for from in [1, 5, told.len() - 1] {
        assert_eq!(all(watch(&mut server, &proof.id, from as u32).await).await, told[from..]);
    }
    let next = server.get(&proof.id).await.next_event;
    assert_eq!(next, told.len() as u32);
    assert_eq!(all(watch(&mut server, &proof.id, next).await).await, []);
    let beyond = WatchProofRequest { id: proof.id.clone(), from_event: next + 1 };
    refused(server.client.watch_proof(beyond).await, Reason::EventBehindEnd);
}

#[tokio::test]
async fn input_and_cancels_are_events() {
    let mut server = Server::start().await;
    let asked = SubmitProofRequest { more_input: true, ..request("a", Target::Root, vec![batch(1, 1)]) };
    let (proof, _) = server.submit(asked).await.expect("is accepted");
    let stream = watch(&mut server, &proof.id, 0).await;
    let waiting = async {
        while server.get(&proof.id).await.state() != State::WaitingInput {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it waits for input");
    server.client.cancel_proof(CancelProofRequest { id: proof.id.clone() }).await.expect("cancels");
    let told = all(stream).await;
    let kinds: Vec<&What> =
        told.iter().map(|told| told.event.as_ref().unwrap().what.as_ref().unwrap()).collect();
    assert!(kinds.iter().any(|what| matches!(what, What::CancelRequested(_))));
    assert!(matches!(kinds[kinds.len() - 1], What::Ended(end) if end.state() == State::Cancelled));
    assert_eq!(told.last().expect("the end").state(), State::Cancelled);
}

#[tokio::test]
async fn waits_end_with_the_proof_or_with_their_time() {
    let mut server = Server::start().await;
    server.hold(true);
    let (proof, _) =
        server.submit(request("a", Target::Shards, vec![batch(1, 1)])).await.expect("is accepted");
    let wait = |millis: i32| WaitProofRequest {
        id: proof.id.clone(),
        timeout: Some(prost_types::Duration { seconds: 0, nanos: millis * 1_000_000 }),
    };
    let since = Instant::now();
    let early = server.client.wait_proof(wait(150)).await.expect("the time is up").into_inner();
    assert!(since.elapsed() >= Duration::from_millis(150));
    assert!(early.proof.expect("a proof").state() < State::Succeeded);
    // One that waits while it ends.
    let mut client = server.client.clone();
    let request = WaitProofRequest { id: proof.id.clone(), timeout: None };
    let waiting = tokio::spawn(async move { client.wait_proof(request).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    server.hold(false);
    let ended = waiting.await.expect("no panic").expect("it ends").into_inner().proof.expect("a proof");
    assert_eq!(ended.state(), State::Succeeded);
    // One that comes after the end.
    let after = server.client.wait_proof(wait(0)).await.expect("at once").into_inner().proof;
    assert_eq!(after, Some(ended));
    let bad = WaitProofRequest {
        id: proof.id.clone(),
        timeout: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
    };
    refused(server.client.wait_proof(bad).await, Reason::BadTime);
}

#[tokio::test]
async fn streams_are_counted_and_given_back() {
    let limits = Limits { streams: 2, ..limits() };
    let mut server = Server::with(limits, Policy::default(), 1 << 30).await;
    server.hold(true);
    let (proof, _) =
        server.submit(request("a", Target::Shards, vec![batch(1, 1)])).await.expect("is accepted");
    let first = watch(&mut server, &proof.id, 0).await;
    let _second = watch(&mut server, &proof.id, 0).await;
    let third = WatchProofRequest { id: proof.id.clone(), from_event: 0 };
    refused(server.client.watch_proof(third.clone()).await, Reason::TooManyStreams);
    let wait = WaitProofRequest { id: proof.id.clone(), timeout: None };
    refused(server.client.wait_proof(wait).await, Reason::TooManyStreams);
    // A client that leaves makes room.
    drop(first);
    let room = async {
        while server.client.watch_proof(third.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), room).await.expect("there is room");
}
