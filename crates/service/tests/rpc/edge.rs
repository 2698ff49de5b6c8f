//! What all methods share: traces, health, reflection, the end of the server.

use std::time::{Duration, Instant};

use aludel_proto::prover_v1::{GetCapabilitiesRequest, GetProofRequest, Target, WatchProofRequest};
use aludel_service::rpc::reason::Reason;
use tokio_stream::StreamExt as _;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use crate::fakes::{self, Server, batch, refused, request};

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn traced<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let parent = format!("00-{ID}-00f067aa0ba902b7-01");
    request.metadata_mut().insert("traceparent", parent.parse().expect("is ascii"));
    request
}

#[tokio::test]
async fn calls_have_traces() {
    let mut server = Server::start().await;
    let answer = server.client.get_capabilities(traced(GetCapabilitiesRequest {})).await.expect("answers");
    assert_eq!(answer.metadata().get("trace-id").expect("is there"), ID);
    let status = server.client.get_proof(traced(GetProofRequest::default())).await.expect_err("is refused");
    assert_eq!(fakes::detail(&status).trace_id, ID);
    assert_eq!(status.metadata().get("trace-id").expect("is there"), ID);
    let mut random = Vec::new();
    for _ in 0..2 {
        let answer = server.client.get_capabilities(GetCapabilitiesRequest {}).await.expect("answers");
        let trace =
            answer.metadata().get("trace-id").expect("is there").to_str().expect("is text").to_owned();
        assert_eq!(trace.len(), 32);
        random.push(trace);
    }
    assert_ne!(random[0], random[1]);
}

async fn health(server: &Server, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.into() };
    let answer = HealthClient::new(server.channel.clone()).check(request).await.expect("answers");
    answer.into_inner().status()
}

#[tokio::test]
async fn health_follows_the_coordinator() {
    let server = Server::start().await;
    let becomes = async |expected| {
        for service in ["", "aludel.prover.v1.Prover"] {
            let wait = async {
                while health(&server, service).await != expected {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it becomes so");
        }
    };
    becomes(ServingStatus::Serving).await;
    server.coordinator.drain(Duration::from_secs(5)).await;
    becomes(ServingStatus::NotServing).await;
}

#[tokio::test]
async fn services_can_be_discovered() {
    let server = Server::start().await;
    let ask = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::FileContainingSymbol(
            "aludel.prover.v1.Prover".into(),
        )),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let mut answers =
        client.server_reflection_info(tokio_stream::iter([ask])).await.expect("answers").into_inner();
    let answer = answers.next().await.expect("one").expect("no error").message_response.expect("something");
    let v1::server_reflection_response::MessageResponse::FileDescriptorResponse(files) = answer else {
        panic!("{answer:?}")
    };
    assert!(!files.file_descriptor_proto.is_empty());
    let ask = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let mut answers =
        client.server_reflection_info(tokio_stream::iter([ask])).await.expect("answers").into_inner();
    let answer = answers.next().await.expect("one").expect("no error").message_response.expect("something");
    let v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}")
    };
    assert!(list.service.iter().any(|service| service.name == "aludel.prover.v1.Prover"), "{list:?}");
}

#[tokio::test]
async fn the_end_of_the_server_ends_streams_and_waits() {
    let mut server = Server::start().await;
    server.hold(true);
    let (proof, _) = server.submit(request("a", Target::Root, vec![batch(1, 1)])).await.expect("is accepted");
    let watch = WatchProofRequest { id: proof.id.clone(), from_event: 0 };
    let mut stream = server.client.watch_proof(watch).await.expect("is there").into_inner();
    stream.next().await.expect("one").expect("no error");
    let mut client = server.client.clone();
    let wait = aludel_proto::prover_v1::WaitProofRequest { id: proof.id.clone(), timeout: None };
    let waiting = tokio::spawn(async move { client.wait_proof(wait).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let since = Instant::now();
    server.end().await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    let last = loop {
        match stream.next().await.expect("a last word") {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    refused::<()>(Err(last), Reason::Stopping);
    refused(waiting.await.expect("no panic"), Reason::Stopping);
    let after = server.client.get_proof(GetProofRequest { id: proof.id }).await.expect_err("nobody is there");
    assert_eq!(after.code(), Code::Unavailable);
}
