//! Bytes that are no messages, on every method.

use std::time::{Duration, Instant};

use aludel_proto::prover_v1::{self as api, Target};
use aludel_service::rpc::reason::Reason;
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::fakes::{self, Server, batch, quiet, refused, request};

const METHODS: [&str; 11] = [
    "GetCapabilities",
    "EstimateProof",
    "SubmitProof",
    "PushInput",
    "GetProof",
    "ListProofs",
    "WaitProof",
    "WatchProof",
    "CancelProof",
    "GetArtifact",
    "VerifyProof",
];

/// Messages as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let count = bytes::Buf::remaining(buffer);
        Ok(Some(bytes::Buf::copy_to_bytes(buffer, count).to_vec()))
    }
}

/// Sends messages to a method and reads all that it says.
async fn call(channel: Channel, method: &str, messages: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
    let path = PathAndQuery::try_from(format!("/aludel.prover.v1.Prover/{method}")).expect("a path");
    let answer = grpc.streaming(Request::new(tokio_stream::iter(messages)), path, Raw).await?;
    answer.into_inner().collect().await
}

/// A message of each method that is right, of a proof that has ended.
fn right(method: &str, proof: &api::Proof) -> Vec<Vec<u8>> {
    let id = proof.id.clone();
    let artifact = proof.artifacts[0].id.clone();
    let timeout = Some(prost_types::Duration { seconds: 0, nanos: 1 });
    let message = match method {
        "GetCapabilities" => Vec::new(),
        "EstimateProof" => {
            let batches = vec![api::BatchSize { transactions: 9, queue_items: 1 }; 3];
            api::EstimateProofRequest { target: 2, batches }.encode_to_vec()
        }
        "SubmitProof" => request("fuzz", Target::Root, vec![batch(1, 10)]).encode_to_vec(),
        "PushInput" => {
            let bytes = batch(1, 10);
            let sha256 = aludel_scheduler::ArtifactId::of(&bytes).0.to_vec();
            let parts = [
                api::push_input_request::Part::Begin(api::InputBegin { id, segment: 0, seal: true }),
                api::push_input_request::Part::Batch(api::InputBatch { size: bytes.len() as u64, sha256 }),
                api::push_input_request::Part::Data(bytes),
            ];
            let parts = parts.map(|part| api::PushInputRequest { part: Some(part) }.encode_to_vec());
            return parts.to_vec();
        }
        "GetProof" => api::GetProofRequest { id }.encode_to_vec(),
        "ListProofs" => api::ListProofsRequest { page_size: 1, page_token: "0".repeat(16) }.encode_to_vec(),
        "WaitProof" => api::WaitProofRequest { id, timeout }.encode_to_vec(),
        "WatchProof" => api::WatchProofRequest { id, from_event: 1 }.encode_to_vec(),
        "CancelProof" => api::CancelProofRequest { id }.encode_to_vec(),
        "GetArtifact" => api::GetArtifactRequest { id: artifact, offset: 149_000 }.encode_to_vec(),
        _ => {
            let proof = Some(api::verify_proof_request::Proof::Data(vec![1; 50]));
            api::VerifyProofRequest { proof, chain_id: 3 }.encode_to_vec()
        }
    };
    vec![message]
}

/// Makes something else of messages.
fn spoil(messages: &mut Vec<Vec<u8>>, random: &mut StdRng) {
    match random.random_range(0..7) {
        0 => {
            let count = random.random_range(0..3);
            *messages = (0..count).map(|_| noise(random)).collect();
        }
        1 => messages.push(noise(random)),
        2 => drop(messages.pop()),
        _ => {
            let which = random.random_range(0..messages.len().max(1));
            let Some(message) = messages.get_mut(which) else { return };
            for _ in 0..random.random_range(1..4) {
                match random.random_range(0..3) {
                    0 => message.push(random.random()),
                    1 => drop(message.pop()),
                    _ if message.is_empty() => {}
                    _ => {
                        let at = random.random_range(0..message.len());
                        message[at] = random.random();
                    }
                }
            }
        }
    }
}

fn noise(random: &mut StdRng) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(0..100)];
    random.fill_bytes(&mut bytes);
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anything_is_answered() {
    const SEED: u64 = 1;
    const CASES: usize = 1500;
    quiet();
    let since = Instant::now();
    let mut server = Server::start().await;
    let proof = server.prove("a", Target::Root, 1).await;
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut good, mut refusals) = (0, [0; 2]);
    for method in METHODS {
        let sent = right(method, &proof);
        call(server.channel.clone(), method, sent.clone())
            .await
            .unwrap_or_else(|e| panic!("{method}: {e:?}"));
        let mut calls = JoinSet::new();
        for _ in 0..CASES {
            let mut messages = sent.clone();
            spoil(&mut messages, &mut random);
            let channel = server.channel.clone();
            calls.spawn(async move {
                let answer =
                    tokio::time::timeout(Duration::from_secs(10), call(channel, method, messages.clone()));
                (messages, answer.await)
            });
            if calls.len() == 16 {
                let done = calls.join_next().await.expect("one is there").expect("no panic here");
                judge(method, done, &mut good, &mut refusals);
            }
        }
        while let Some(done) = calls.join_next().await {
            judge(method, done.expect("no panic here"), &mut good, &mut refusals);
        }
    }
    // Not only what does not decode, and not only what is right.
    assert!(good > 1000 && refusals[0] > 2000 && refusals[1] > 800, "{good} {refusals:?}");
    // The server lives, and what was there is there.
    assert_eq!(server.get(&proof.id).await, proof);
    let took = since.elapsed();
    println!("{} calls in {took:?}: {good} answered, {refusals:?} refused", METHODS.len() * CASES);
}

type Done = (Vec<Vec<u8>>, Result<Result<Vec<Vec<u8>>, Status>, tokio::time::error::Elapsed>);

fn judge(method: &str, (messages, answer): Done, good: &mut usize, refusals: &mut [usize; 2]) {
    let answer = answer.unwrap_or_else(|_| panic!("{method} does not answer {messages:?}"));
    match answer {
        Ok(_) => *good += 1,
        Err(status) => {
            let detail = fakes::detail(&status);
            let bad =
                matches!(status.code(), Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss);
            assert!(!bad, "{method} {messages:?}: {status:?}");
            refusals[usize::from(detail.number != Reason::Malformed.number())] += 1;
        }
    }
}

#[tokio::test]
async fn what_is_no_call_of_this_version_is_refused() {
    let server = Server::start().await;
    let call = |method, messages| call(server.channel.clone(), method, messages);
    refused(call("ProveEverything", vec![Vec::new()]).await, Reason::UnknownMethod);
    refused(call("GetProof", vec![]).await, Reason::Malformed);
    refused(call("GetProof", vec![vec![0xff]]).await, Reason::Malformed);
    refused(call("GetProof", vec![vec![0x0a, 2, 0xff, 0xfe]]).await, Reason::Malformed);
    refused(call("GetProof", vec![vec![0; (1 << 20) + 1]]).await, Reason::MessageTooLarge);
    refused(call("PushInput", vec![vec![0xff]]).await, Reason::Malformed);
    // Fields that a later version may add are not looked at.
    let unknown = vec![0x7a, 1, b'x'];
    call("GetCapabilities", vec![unknown]).await.expect("is answered");
}
