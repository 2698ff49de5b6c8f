//! The command line of what serves, and of what speaks to a service.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::place;
use crate::files::Place;

/// Arguments of `serve`. What is not given here is taken from files and from the environment: see `aludel config --explain`.
#[derive(Debug, Args)]
pub struct Serve {
    /// A file of settings, on top of /etc/aludel/aludel.toml, the one in the user's configuration folder and ./aludel.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address on which to listen for gRPC.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Address of /metrics, /healthz and /readyz; empty for none.
    #[arg(long, value_name = "ADDRESS")]
    pub http_listen: Option<String>,
    /// Folder of jobs and proofs.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// Workers that prove on the processor.
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
    /// Shards are of at most this shape, but for batches that alone need a larger one.
    #[arg(long, value_name = "SHAPE")]
    pub largest_shape: Option<String>,
    /// How lines of the log look: pretty, compact or json.
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// A file of settings, as of `serve`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say what each setting is, and where its value comes from.
    #[arg(long)]
    pub explain: bool,
}

/// Where a service is.
#[derive(Debug, Args)]
pub struct Endpoint {
    /// The service; without it that of the settings, see `aludel config --explain`.
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
}

/// What a job ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// One proof of all batches.
    Root,
    /// A proof of each shard.
    Shards,
}

/// What goes before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Priority {
    /// Before all others.
    High,
    /// What most are.
    Normal,
    /// What may wait.
    Low,
}

/// Arguments of `submit`.
#[derive(Debug, Args)]
pub struct Submit {
    #[command(flatten)]
    pub service: Endpoint,
    /// Sealed batches of one chain without a gap. Files may be named in any order, streams and pipes in that of their batches.
    #[arg(required = true, value_name = "BATCH", value_parser = place)]
    pub batches: Vec<Place>,
    /// What the proof ends with.
    #[arg(long, value_enum, default_value_t = Target::Root)]
    pub target: Target,
    /// Your name for this proof; the same name and the same batches are the same proof. Without it one is made of the batches.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The proof ends without a result after this time, such as 10min.
    #[arg(long, value_name = "TIME")]
    pub within: Option<String>,
    /// What goes before what.
    #[arg(long, value_enum, default_value_t = Priority::Normal)]
    pub priority: Priority,
    /// Follow the proof until it has ended. A service that goes away meanwhile is waited for, about five minutes.
    #[arg(long)]
    pub wait: bool,
    /// With --wait: where the proof goes, verified; of shards a folder.
    #[arg(short, long, value_name = "PATH", requires = "wait")]
    pub output: Option<PathBuf>,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    pub service: Endpoint,
    /// The proof's id, as `submit` prints it; without it all proofs are listed.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    pub service: Endpoint,
    /// The proof's id.
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `cancel`.
#[derive(Debug, Args)]
pub struct Cancel {
    #[command(flatten)]
    pub service: Endpoint,
    /// The proof's id.
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Arguments of `fetch`.
#[derive(Debug, Args)]
pub struct Fetch {
    #[command(flatten)]
    pub service: Endpoint,
    /// The proof's id.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The rollup that the proof must be of; without it the server says which.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// Where the proof goes; of shards a folder.
    #[arg(short, long, value_name = "PATH")]
    pub output: PathBuf,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// A file of settings, as of `serve`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
