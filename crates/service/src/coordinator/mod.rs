//! All jobs of a machine: one thread decides, appends, and then answers and has things done.
//!
//! | | |
//! |---|---|
//! | the thread: inputs in, records on the disk, answers and commands out | `run.rs` |
//! | how it begins from what is on the disk | `run/recover.rs` |
//! | devices and workers | `crew.rs` |
//! | what a worker takes and makes | `desk.rs` |
//! | the coordinator's own tasks | `own.rs` |
//! | who waits for a job, what a job holds and what it does not any more, what clients bring, the store | `notices.rs`, `held.rs`, `sweeper.rs`, `keeper.rs`, `shelf.rs` |
//! | which device a worker was on; how long tasks took | `names.rs`, `measured.rs` |

mod crew;
mod desk;
mod held;
mod keeper;
mod measured;
mod message;
mod names;
mod notices;
mod own;
mod run;
mod shelf;
mod sweeper;

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aludel_scheduler::artifacts::{ArtifactError, Artifacts, Pin, Quota, Room, Usage};
use aludel_scheduler::store::{DiskJobs, JobStore, Listed, Place, StoreError};
use aludel_scheduler::{Answer, ArtifactId, Input, JobId, Millis, Policy, Record};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::guard::serving;
use crate::judge::Judge;
use crate::seen::Remembering;
use crate::worker::Launch;

pub use crew::DeviceStatus;
use keeper::Keeper;
pub use measured::Kind;
use measured::Measured;
use message::Message;
use notices::Notices;
pub use shelf::OpenStore;
use shelf::Shelf;

/// How a coordinator works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where jobs and artifacts lie.
    pub folder: PathBuf,
    /// Bounds and patience.
    pub policy: Policy,
    /// Bytes of artifacts.
    pub quota: Quota,
    /// Of its own tasks so many at a time.
    pub own_slots: usize,
    /// How long an ended job is kept, with its proofs.
    pub keep_ended: Duration,
    /// Ended jobs that are kept at most; those that ended first go first, however short ago that was.
    pub keep_ended_most: usize,
}

/// Why a coordinator cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The logs cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The artifacts cannot be read.
    #[error(transparent)]
    Artifacts(#[from] ArtifactError),
    /// The system refuses a thread or a folder.
    #[error("{path}: {error}; mend that and start again", path = path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Nothing can be written at present.
    #[error("the jobs cannot be written: {0}")]
    Store(StoreError),
    /// This job's log is damaged.
    #[error("the log of this job is damaged: {0}; use another idempotency key")]
    Damaged(String),
    /// The process ends.
    #[error("the service is about to stop; try again in a moment")]
    Stopped,
}

/// What is at work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether it takes new jobs.
    pub is_draining: bool,
    /// Why nothing can be written at present.
    pub broken: Option<String>,
    /// Jobs that have not ended.
    pub jobs: usize,
    /// Jobs whose logs are damaged, and what is wrong with them.
    pub damaged: Vec<(JobId, String)>,
    /// Devices, in the order in which they were named.
    pub devices: Vec<DeviceStatus>,
}

struct Shared {
    inbox: Sender<Message>,
    shelf: Arc<Shelf>,
    artifacts: Artifacts,
    judge: Arc<dyn Judge>,
    clock: Clock,
    notices: Notices,
    keeper: Keeper,
    status: Mutex<Status>,
    measured: Measured,
    options: Options,
}

/// A coordinator at work. Copies are of the same.
#[derive(Clone)]
pub struct Coordinator(Arc<Shared>);

/// The thread of a coordinator.
#[derive(Debug)]
#[must_use = "it is to be ended"]
pub struct Running(JoinHandle<()>);

impl Running {
    /// Waits until it has ended.
    pub fn join(self) {
        let _ = self.0.join();
    }
}

impl Coordinator {
    /// Opens the folder, or makes it, and goes on with every job that has not ended.
    ///
    /// # Errors
    /// The folder cannot be used, or is damaged as a whole.
    pub fn start(
        options: Options,
        judge: Arc<dyn Judge>,
        devices: Vec<Arc<dyn Launch>>,
    ) -> Result<(Self, Running), StartError> {
        let path = options.folder.join("jobs.redb");
        let open: OpenStore = {
            let path = path.clone();
            Box::new(move || Ok(Box::new(DiskJobs::open(&path)?) as Box<dyn JobStore>))
        };
        Self::start_on(options, judge, devices, open)
    }

    /// The same, with another store.
    ///
    /// # Errors
    /// As of [`Coordinator::start`].
    pub fn start_on(
        options: Options,
        judge: Arc<dyn Judge>,
        devices: Vec<Arc<dyn Launch>>,
        open: OpenStore,
    ) -> Result<(Self, Running), StartError> {
        let io = |error| StartError::Io { path: options.folder.clone(), error };
        std::fs::create_dir_all(&options.folder).map_err(io)?;
        let shelf = Arc::new(Shelf::open(options.folder.join("jobs.redb"), open)?);
        let artifacts = Artifacts::open(&options.folder.join("artifacts"), options.quota)?;
        let keeper = Keeper::start(artifacts.clone()).map_err(io)?;
        let (inbox, messages) = mpsc::channel();
        let logs = run::read_all(&shelf)?;
        let shared = Arc::new(Shared {
            inbox,
            shelf,
            artifacts,
            judge: Arc::new(Remembering::new(judge)),
            clock: Clock::start(logs.last()),
            notices: Notices::default(),
            keeper,
            status: Mutex::new(Status::default()),
            measured: Measured::default(),
            options,
        });
        // What may fail has been tried. A panic of the pool is now one of a task.
        serving();
        let thread = run::Thread::new(Arc::clone(&shared), devices, messages, logs);
        let running = thread::Builder::new()
            .name("coordinator".into())
            .spawn(move || thread.run())
            .map_err(|error| StartError::Io { path: shared.options.folder.clone(), error })?;
        Ok((Self(shared), Running(running)))
    }

    /// Its time.
    pub fn now(&self) -> Millis {
        self.0.clock.now()
    }

    /// When it will be so late by the clock on the wall, which clients mean.
    pub fn of_wall(&self, then: Millis) -> Millis {
        self.0.clock.of_wall(then)
    }

    /// Its options.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What judges batches and proofs.
    pub fn judge(&self) -> &dyn Judge {
        self.0.judge.as_ref()
    }

    /// Keeps what a client brings, for as long as the pin lives or a job names it.
    ///
    /// # Errors
    /// There is no room.
    pub fn keep_input(&self, bytes: &[u8]) -> Result<Pin, ArtifactError> {
        self.0.artifacts.put(bytes, Room::Input)
    }

    /// The same for several that are small, without a thread that waits; none where one of them cannot be kept.
    ///
    /// # Errors
    /// There is no room, or the service stops.
    pub async fn keep_inputs(&self, all: Vec<Vec<u8>>) -> Result<Vec<Pin>, ArtifactError> {
        let stopped = || {
            let reason = "it was not written, the service stops".into();
            Err(ArtifactError::Io {
                path: self.0.options.folder.clone(),
                kind: std::io::ErrorKind::Other,
                reason,
            })
        };
        self.0.keeper.keep(all).await.unwrap_or_else(stopped)
    }

    /// An artifact, all of it.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn artifact(&self, id: ArtifactId) -> Result<Vec<u8>, ArtifactError> {
        self.0.artifacts.read(id)
    }

    /// What is taken of the quota.
    pub fn usage(&self) -> Usage {
        self.0.artifacts.usage()
    }

    /// A client's wish. When the answer comes it is durable; the pins are held until then.
    ///
    /// # Errors
    /// It cannot be made durable.
    pub async fn ask(&self, input: Input, pins: Vec<Pin>) -> Result<Answer, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let asked = self.0.inbox.send(Message::Ask { input, pins, reply });
        asked.map_err(|_| Unavailable::Stopped)?;
        answer.await.map_err(|_| Unavailable::Stopped)?
    }

    /// The records of a job from a number on; none where there is no such job.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn log(&self, job: JobId, from: u32) -> Result<Vec<Record>, StoreError> {
        self.0.shelf.with(|store| store.log(job, from))
    }

    /// Jobs in order of acceptance.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn list(&self, after: Option<Place>, most: usize) -> Result<Vec<Listed>, StoreError> {
        self.0.shelf.with(|store| store.list(after, most))
    }

    /// Changes whenever a job has more records. Who subscribes first and reads the log then misses nothing.
    pub fn subscribe(&self, job: JobId) -> watch::Receiver<u32> {
        self.0.notices.subscribe(job)
    }

    /// How long tasks of a kind took of late, from when their worker was given them until their result was verified and kept; nothing where this process has
    /// done none.
    pub fn mean_time(&self, kind: Kind) -> Option<Duration> {
        self.0.measured.mean(kind)
    }

    /// What is at work.
    pub fn status(&self) -> Status {
        self.0.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes no new jobs and begins nothing; waits until nothing is at work, at most so long.
    pub async fn drain(&self, most: Duration) {
        let (reply, done) = oneshot::channel();
        if self.0.inbox.send(Message::Drain { reply }).is_ok() {
            let _ = tokio::time::timeout(most, done).await;
        }
    }

    /// Ends the thread and all workers. What was at work is done again after the next start.
    pub fn end(&self) {
        let _ = self.0.inbox.send(Message::End);
    }
}

/// A line of the log for what happens to a job.
fn log_record(job: JobId, record: &Record) {
    match record {
        Record::Accepted { request, .. } => {
            tracing::info!(%job, chain = request.chain.0, batches = request.batches.len(), "accepted");
        }
        Record::InputAdded { batches, .. } => tracing::info!(%job, batches = batches.len(), "input added"),
        Record::InputSealed { .. } => tracing::info!(%job, "input sealed"),
        Record::Leased { task, worker, epoch, .. } => {
            tracing::debug!(%job, %task, worker = worker.0, epoch = epoch.0, "leased");
        }
        Record::Completed { task, output, .. } => {
            tracing::info!(%job, %task, bytes = output.bytes, "done");
        }
        Record::Released { task, why, .. } => tracing::warn!(%job, %task, ?why, "released"),
        Record::OutputLost { task } => tracing::warn!(%job, %task, "its result is lost; it is done again"),
        Record::CancelRequested { .. } => tracing::info!(%job, "cancel requested"),
        Record::Ended { end, .. } => match end {
            aludel_scheduler::End::Failed(failure) => {
                tracing::warn!(%job, class = ?failure.class, "failed: {failure}")
            }
            end => tracing::info!(%job, ?end, "ended"),
        },
    }
}
