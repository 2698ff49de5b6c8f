//! The methods of `proto/` over gRPC.
//!
//! | | |
//! |---|---|
//! | the server: services beside the prover's, bounds, its end | here |
//! | what every call passes: trace, panics, time | `edge.rs`, [`trace`] |
//! | why a call is refused, as a table | [`reason`], `docs/errors.md` |
//! | the methods | `methods.rs` |
//! | batches on their way in | `input.rs` |
//! | a job as clients see it; its events | `proof.rs`, `watch.rs` |
//! | artifacts, verification; what there is and what it takes | `artifact.rs`, `capabilities.rs` |
//! | streams to clients | `stream.rs` |
//!
//! It decides nothing about jobs: it asks the [`Coordinator`], and answers with what is on the disk.

mod artifact;
mod capabilities;
mod edge;
mod input;
mod methods;
mod proof;
pub mod reason;
mod stream;
pub mod trace;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aludel_proto::prover_v1::prover_server::ProverServer;
use aludel_proto::prover_v1::{ListProofsRequest, ListProofsResponse, Proof};
use aludel_scheduler::store::Place;
use aludel_scheduler::{Answer, Input, JobId};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch as signal};
use tokio::task::spawn_blocking;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::coordinator::Coordinator;
use crate::guard::guarded;
use edge::Edge;
use proof::Known;
use reason::{Reason, Refused};

/// How long a wait lasts at most.
const MOST_WAIT: Duration = Duration::from_secs(60);
/// Proofs of a page where the client names no number, and at most.
const PAGE: u32 = 100;
const MOST_PAGE: u32 = 1000;
/// Calls of one connection at a time.
const CALLS: u32 = 256;
/// Largest batches that may arrive by streams at a time; of smaller ones, more.
const ARRIVING: usize = 4;
/// Bytes in which their memory is counted.
const UNIT: u64 = 64 * 1024;
/// How often a connection that says nothing is asked whether it lives, and how long it may take to answer.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_PATIENCE: Duration = Duration::from_secs(20);
/// How long calls may take to end once the server is told to.
const GRACE: Duration = Duration::from_secs(10);
/// How often the health of the service is looked at.
const HEALTH_EVERY: Duration = Duration::from_millis(200);

/// What is refused beyond these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message, both ways.
    pub message_bytes: usize,
    /// Bytes of a batch. Those that arrive by streams at a time have at most four times as many.
    pub batch_bytes: u64,
    /// Streams and waits of all clients at a time.
    pub streams: usize,
    /// How long a client may send nothing, or take nothing, in the middle of a stream.
    pub patience: Duration,
}

impl Default for Limits {
    /// Messages of 16 MiB, batches of 256 MiB, 1,024 streams, half a minute.
    fn default() -> Self {
        Self {
            message_bytes: 16 << 20,
            batch_bytes: 256 << 20,
            streams: 1024,
            patience: Duration::from_secs(30),
        }
    }
}

/// Why a server ends before it is told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket or the protocol.
    #[error("the gRPC server failed: {0}; see that its address is free and start again")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors of this build are broken.
    #[error("reflection cannot be offered: {0}; this is a bug in Aludel, report it")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// The prover's service. Copies are of the same.
#[derive(Clone)]
struct Service {
    coordinator: Coordinator,
    limits: Limits,
    streams: Arc<Semaphore>,
    verifying: Arc<Semaphore>,
    /// Room in memory for batches that arrive by streams, in units.
    arriving: Arc<Semaphore>,
    closing: signal::Receiver<bool>,
}

/// Serves until `shutdown` is done, then lets calls end: streams are told to go on elsewhere, and what is not over after ten seconds is dropped. Whoever
/// wants to drain first calls [`Coordinator::drain`]: meanwhile the health service says `NOT_SERVING`.
///
/// # Errors
/// The server fails.
pub async fn serve(
    coordinator: Coordinator,
    listener: TcpListener,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (close, closing) = signal::channel(false);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let service = Service {
        coordinator: coordinator.clone(),
        limits,
        streams: Arc::new(Semaphore::new(limits.streams.min(Semaphore::MAX_PERMITS))),
        verifying: Arc::new(Semaphore::new(cores)),
        arriving: Arc::new(Semaphore::new(ARRIVING * units(limits.batch_bytes) as usize)),
        closing: closing.clone(),
    };
    let prover = ProverServer::new(service)
        .max_decoding_message_size(limits.message_bytes)
        .max_encoding_message_size(limits.message_bytes);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(aludel_proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (health, health_service) = tonic_health::server::health_reporter();
    let router = Server::builder()
        .concurrency_limit_per_connection(CALLS as usize)
        .max_concurrent_streams(CALLS)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_PATIENCE))
        .add_service(Edge(prover))
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(health_service);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
    let mut ended = closing.clone();
    let told = async move { drop(ended.wait_for(|closing| *closing).await) };
    let serving = router.serve_with_incoming_shutdown(incoming, told);
    let reporting = report(&coordinator, &health);
    let closes = async {
        shutdown.await;
        set(&health, ServingStatus::NotServing).await;
        close.send_replace(true);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => Ok(served?),
        () = closes => Ok(()),
        never = reporting => match never {},
    }
}

/// What a batch of so many bytes counts as.
fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// Says how the service is, for as long as this is waited for.
async fn report(coordinator: &Coordinator, health: &HealthReporter) -> Infallible {
    let mut said = None;
    loop {
        let status = coordinator.status();
        let is_serving = !status.is_draining && status.broken.is_none();
        let now = if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        if said != Some(now) {
            set(health, now).await;
            said = Some(now);
        }
        tokio::time::sleep(HEALTH_EVERY).await;
    }
}

async fn set(health: &HealthReporter, status: ServingStatus) {
    health.set_service_status("", status).await;
    health.set_service_status("aludel.prover.v1.Prover", status).await;
}

/// Work that waits for the disk or takes the processor, off the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let span = tracing::Span::current();
    match spawn_blocking(move || span.in_scope(|| guarded(work))).await {
        Ok(done) => unpanicked(done),
        Err(_) => Err(Refused::new(Reason::Stopping, "the service stops")),
    }
}

/// A panic is a refusal.
fn unpanicked<T>(done: Result<Result<T, Refused>, String>) -> Result<T, Refused> {
    done.unwrap_or_else(|panic| Err(Refused::new(Reason::Fault, format!("a call failed: {panic}"))))
}

impl Service {
    /// One more stream or wait.
    fn stream(&self) -> Result<OwnedSemaphorePermit, Refused> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let most = self.limits.streams;
            Refused::new(
                Reason::TooManyStreams,
                format!("{most} streams and waits are open, which is the most"),
            )
        })
    }

    /// Returns when the server is told to end.
    async fn closing(&self) {
        let mut closing = self.closing.clone();
        let _ = closing.wait_for(|closing| *closing).await;
    }

    async fn known(&self, id: JobId) -> Result<Known, Refused> {
        let coordinator = self.coordinator.clone();
        blocking(move || Known::read(&coordinator, id)).await
    }

    async fn cancel(&self, id: JobId) -> Result<Proof, Refused> {
        match self.coordinator.ask(Input::Cancel { job: id }, Vec::new()).await? {
            Answer::Refused(refusal) => Err(refusal.into()),
            // Where it has ended, or never was, the log says so.
            _ => Ok(self.known(id).await?.proof()),
        }
    }

    async fn list(&self, request: ListProofsRequest) -> Result<ListProofsResponse, Refused> {
        let after = after(&request.page_token)?;
        let size = if request.page_size == 0 { PAGE } else { request.page_size.min(MOST_PAGE) } as usize;
        let coordinator = self.coordinator.clone();
        blocking(move || {
            let mut page = coordinator.list(after, size + 1)?;
            let is_more = page.len() > size;
            page.truncate(size);
            let last = page.last().filter(|_| is_more).map(|listed| listed.place);
            let next_page_token = last.map_or_else(String::new, |Place(place)| format!("{place:016x}"));
            let mut proofs = Vec::with_capacity(page.len());
            for listed in page {
                proofs.extend(listed_proof(&coordinator, listed.job)?);
            }
            Ok(ListProofsResponse { proofs, next_page_token })
        })
        .await
    }
}

/// A proof of a list; nothing where it was forgotten meanwhile. One whose log is damaged says so and hides no other.
fn listed_proof(coordinator: &Coordinator, id: JobId) -> Result<Option<Proof>, Refused> {
    match Known::read(coordinator, id) {
        Ok(known) => Ok(Some(Proof { artifacts: Vec::new(), receipt: None, ..known.proof() })),
        Err(Refused { reason: Reason::NoProof, .. }) => Ok(None),
        Err(Refused { reason: Reason::DamagedLog, message }) => {
            let why = aludel_scheduler::Failure::new(aludel_scheduler::FailureClass::Internal, message);
            Ok(Some(Proof {
                id: id.to_string(),
                failure: Some(proof::failure(id, &why)),
                ..Proof::default()
            }))
        }
        Err(other) => Err(other),
    }
}

/// The place that a page token names.
fn after(token: &str) -> Result<Option<Place>, Refused> {
    if token.is_empty() {
        return Ok(None);
    }
    let place = (token.len() == 16).then(|| u64::from_str_radix(token, 16).ok()).flatten();
    let place = place.filter(|place| format!("{place:016x}") == token);
    let bad = || Refused::new(Reason::BadPageToken, "the page token is none of this server");
    place.map(|place| Some(Place(place))).ok_or_else(bad)
}
