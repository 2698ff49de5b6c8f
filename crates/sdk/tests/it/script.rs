//! A prover that proves nothing: it notes what it is asked and fails as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aludel_proto::prover_v1::event::What;
use aludel_proto::prover_v1::prover_server::{Prover, ProverServer};
use aludel_proto::prover_v1::push_input_request::Part;
use aludel_proto::prover_v1::{self as api, ErrorDetail, InputBegin, Proof, State, SubmitProofRequest};
use aludel_sdk::{Client, Retries};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

pub const ID: &str = "00112233445566778899aabbccddeeff";

/// What the server does.
#[derive(Default)]
pub struct Script {
    /// With what the next calls, of whatever method, fail.
    pub failures: Mutex<VecDeque<Status>>,
    /// After how many messages the next streams break off.
    pub breaks: Mutex<VecDeque<usize>>,
    /// Methods that were called.
    pub calls: Mutex<Vec<&'static str>>,
    pub submitted: Mutex<Vec<SubmitProofRequest>>,
    pub pushed: Mutex<Vec<(InputBegin, Vec<Vec<u8>>)>>,
    /// Where streams began.
    pub begins: Mutex<Vec<u64>>,
    /// Events of the proof, the last of which ends it.
    pub events: u32,
    /// What lies between two messages of a stream.
    pub pause: Duration,
    pub artifact: Vec<u8>,
}

impl Script {
    fn call(&self, method: &'static str) -> Result<(), Status> {
        self.calls.lock().unwrap().push(method);
        self.failures.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    pub fn fail(&self, failures: impl IntoIterator<Item = Status>) {
        self.failures.lock().unwrap().extend(failures);
    }

    pub fn proof(&self) -> Proof {
        Proof { id: ID.into(), state: State::Succeeded.into(), next_event: self.events, ..Proof::default() }
    }

    /// A stream of these messages, as far as the script lets it come.
    fn stream<T: Send + 'static>(&self, messages: Vec<T>) -> Response<ReceiverStream<Result<T, Status>>> {
        let breaks = self.breaks.lock().unwrap().pop_front();
        let (pause, (sender, receiver)) = (self.pause, mpsc::channel(1));
        tokio::spawn(async move {
            for (message, number) in messages.into_iter().zip(0..) {
                if Some(number) == breaks {
                    let _ = sender.send(Err(Status::unavailable("it breaks off"))).await;
                    return;
                }
                tokio::time::sleep(pause).await;
                if sender.send(Ok(message)).await.is_err() {
                    return;
                }
            }
        });
        Response::new(ReceiverStream::new(receiver))
    }
}

/// A refusal as the service words it.
pub fn refusal(code: Code, retryable: bool) -> Status {
    let detail =
        ErrorDetail { class: 5, number: 77, retryable, remedy: "do that".into(), trace_id: "ab".repeat(16) };
    Status::with_details(code, "no", aludel_proto::status::encode(code as i32, "no", &detail).into())
}

pub struct Played(pub Arc<Script>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Prover for Played {
    type WatchProofStream = ReceiverStream<Result<api::WatchProofResponse, Status>>;
    type GetArtifactStream = ReceiverStream<Result<api::GetArtifactResponse, Status>>;

    async fn get_capabilities(
        &self,
        _: Request<api::GetCapabilitiesRequest>,
    ) -> Answer<api::GetCapabilitiesResponse> {
        self.0.call("capabilities")?;
        Ok(Response::new(api::GetCapabilitiesResponse { protocol_version: 1, ..Default::default() }))
    }

    async fn estimate_proof(
        &self,
        _: Request<api::EstimateProofRequest>,
    ) -> Answer<api::EstimateProofResponse> {
        Err(Status::unimplemented("not in the script"))
    }

    async fn submit_proof(&self, request: Request<SubmitProofRequest>) -> Answer<api::SubmitProofResponse> {
        self.0.submitted.lock().unwrap().push(request.into_inner());
        self.0.call("submit")?;
        Ok(Response::new(api::SubmitProofResponse { proof: Some(self.0.proof()), existed: false }))
    }

    async fn push_input(
        &self,
        request: Request<Streaming<api::PushInputRequest>>,
    ) -> Answer<api::PushInputResponse> {
        self.0.call("push")?;
        let (mut stream, mut begin, mut batches) = (request.into_inner(), None, Vec::<Vec<u8>>::new());
        while let Some(message) = stream.message().await? {
            match message.part {
                Some(Part::Begin(part)) => begin = Some(part),
                Some(Part::Batch(_)) => batches.push(Vec::new()),
                Some(Part::Data(data)) => batches.last_mut().expect("of a batch").extend(data),
                None => return Err(Status::invalid_argument("no part")),
            }
        }
        self.0.pushed.lock().unwrap().push((begin.expect("it begins"), batches));
        Ok(Response::new(api::PushInputResponse { proof: Some(self.0.proof()), existed: false }))
    }

    async fn get_proof(&self, _: Request<api::GetProofRequest>) -> Answer<api::GetProofResponse> {
        self.0.call("get")?;
        Ok(Response::new(api::GetProofResponse { proof: Some(self.0.proof()) }))
    }

    async fn list_proofs(&self, request: Request<api::ListProofsRequest>) -> Answer<api::ListProofsResponse> {
        self.0.call("list")?;
        let next_page_token = if request.into_inner().page_token.is_empty() { "more" } else { "" };
        let proofs = vec![self.0.proof()];
        Ok(Response::new(api::ListProofsResponse { proofs, next_page_token: next_page_token.into() }))
    }

    async fn wait_proof(&self, _: Request<api::WaitProofRequest>) -> Answer<api::WaitProofResponse> {
        self.0.call("wait")?;
        let has_ended = self.0.calls.lock().unwrap().len() > 2;
        let state = if has_ended { State::Succeeded } else { State::Running };
        let proof = Proof { state: state.into(), ..self.0.proof() };
        Ok(Response::new(api::WaitProofResponse { proof: Some(proof) }))
    }

    async fn watch_proof(&self, request: Request<api::WatchProofRequest>) -> Answer<Self::WatchProofStream> {
        self.0.call("watch")?;
        let from = request.into_inner().from_event;
        self.0.begins.lock().unwrap().push(from.into());
        let last = self.0.events - 1;
        let update = |number: u32| {
            let state = if number == last { State::Succeeded } else { State::Running };
            let what = match number == last {
                true => What::Ended(api::Ended { state: state.into(), failure: None }),
                false => What::InputSealed(api::InputSealed {}),
            };
            let event = Some(api::Event { number, time: None, what: Some(what) });
            api::WatchProofResponse { event, state: state.into(), progress: None }
        };
        Ok(self.0.stream((from..self.0.events).map(update).collect()))
    }

    async fn cancel_proof(&self, _: Request<api::CancelProofRequest>) -> Answer<api::CancelProofResponse> {
        self.0.call("cancel")?;
        Ok(Response::new(api::CancelProofResponse { proof: Some(self.0.proof()) }))
    }

    async fn get_artifact(
        &self,
        request: Request<api::GetArtifactRequest>,
    ) -> Answer<Self::GetArtifactStream> {
        self.0.call("artifact")?;
        let offset = request.into_inner().offset;
        self.0.begins.lock().unwrap().push(offset);
        let size = self.0.artifact.len() as u64;
        let rest = self.0.artifact[offset as usize..].chunks(100);
        let first = api::GetArtifactResponse { size, data: Vec::new() };
        let pieces = rest.map(|data| api::GetArtifactResponse { size, data: data.to_vec() });
        Ok(self.0.stream(std::iter::once(first).chain(pieces).collect()))
    }

    async fn verify_proof(&self, _: Request<api::VerifyProofRequest>) -> Answer<api::VerifyProofResponse> {
        Err(Status::unimplemented("not in the script"))
    }
}

/// Serves a script; where.
pub async fn serve(script: &Arc<Script>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("is bound");
    let service = ProverServer::new(Played(Arc::clone(script)));
    tokio::spawn(
        Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)),
    );
    address
}

/// A client that tries at once and four times.
pub async fn client(address: SocketAddr) -> Client {
    let retries = Retries { tries: 4, first: Duration::from_millis(5), most: Duration::from_millis(20) };
    Client::connect_with(format!("http://{address}"), retries).await.expect("connects")
}

/// Goes between client and server, and cuts every connection after so long.
pub async fn cutting(to: SocketAddr, after: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("is bound");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(to).await.expect("is there");
                let _ = tokio::time::timeout(after, tokio::io::copy_bidirectional(&mut client, &mut server))
                    .await;
            });
        }
    });
    address
}
