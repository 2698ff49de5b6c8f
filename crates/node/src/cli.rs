//! The command line.

mod service;

use std::path::PathBuf;

use aludel_circuits::Shape;
use aludel_kernels::DeviceId;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::files::Place;

pub use service::{Cancel, Config, Doctor, Endpoint, Fetch, Priority, Serve, Status, Submit, Target, Watch};

fn place(s: &str) -> Result<Place, std::convert::Infallible> {
    Ok(Place::from(s))
}

/// Prover appliance for rollups: executes batches, proves them in shards and verifies every proof.
///
/// Exit codes: 0 fine; 1 a proof or signature is not accepted; 2 usage; 3 input that does not decode; 4
/// refused by the ledger; 5 a bug of ours.
#[derive(Debug, Parser)]
#[command(name = "aludel", version, propagate_version = true)]
pub struct Cli {
    /// Threads to use; 0 means one a core.
    #[arg(long, global = true, env = "ALUDEL_THREADS", default_value_t = 0, value_name = "N",
        value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub threads: u16,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make secret keys in a keystore.
    Keygen(Keygen),
    /// List the keys of a keystore, and how far they are used. Needs no passphrase.
    Keys(Keys),
    /// Sign a transaction: JSON in, binary out.
    Sign(Sign),
    /// Apply queue items and transactions to a state and seal a batch.
    Execute(Execute),
    /// Prove sealed batches as one shard.
    Prove(Prove),
    /// Fold the proofs of contiguous shards into one root, of the same size for any number of them.
    Aggregate(Aggregate),
    /// Verify proofs of shards and roots.
    Verify(Verify),
    /// Rebuild the state from published data and the L1 queue, and compare it with statements.
    Rebuild(Rebuild),
    /// Make the claim of one withdrawal.
    Claim(Claim),
    /// Check a claim under a statement.
    VerifyClaim(VerifyClaim),
    /// Show what is in any file of ours.
    Inspect(Inspect),
    /// Show the protocol's parameters, keys and soundness.
    Params(Params),
    /// List the devices of this machine that kernels run on, and say why one is of no use.
    Devices(Devices),
    /// Measure kernels, and what a device can do at most.
    #[command(subcommand)]
    Bench(Bench),
    /// Make this machine a prover that rollups call over gRPC.
    Serve(Serve),
    /// Ask a service to prove sealed batches.
    Submit(Submit),
    /// Show where a proof is that a service was asked for, or list the last ones.
    Status(Status),
    /// Follow a proof until it has ended. A service that goes away meanwhile is waited for, about five minutes.
    Watch(Watch),
    /// End a proof that is not wanted any more.
    Cancel(Cancel),
    /// Fetch proofs that a service has made, and verify them here.
    Fetch(Fetch),
    /// Look for what keeps this machine from serving, with a remedy for each finding. Exit code 0: nothing does; 1: something does.
    Doctor(Doctor),
    /// Show every setting, its value, and where that comes from.
    Config(Config),
    /// Prove what a service sends over standard input. `serve` starts it; it is of no use by hand.
    #[command(hide = true)]
    Worker,
    /// Run everything on made-up wallets: fund, sign, execute, prove, verify, fold, print a table.
    Demo(Demo),
}

/// Where the passphrase of a keystore comes from. No flag and no variable holds it: other users see those.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct PassphraseFrom {
    /// File that holds the passphrase, without the line break at its end; nobody but its owner may read it.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Open descriptor from which the passphrase is read to its end.
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

/// Arguments of `keygen`.
#[derive(Debug, Args)]
pub struct Keygen {
    /// The keystore: made with mode 0600 where it is missing, otherwise keys are added to it. Its usage record
    /// lies beside it, as FILE.usage: copy and restore both together, always the newest.
    #[arg(long, value_name = "FILE")]
    pub keystore: PathBuf,
    #[command(flatten)]
    pub passphrase: PassphraseFrom,
    /// The rollup for which the keys will sign.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: u64,
    /// The only account that the keys may sign for; without it that of a key's first signature.
    #[arg(long)]
    pub account: Option<u32>,
    /// Keys to make.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 16))]
    pub count: u32,
    /// One-time keys to compute now, as a power of two: 10 means 1,024, the last kept for a
    /// rotation.
    #[arg(
        long,
        default_value_t = 10,
        value_name = "LOG2",
        value_parser = clap::value_parser!(u8).range(0..=20)
    )]
    pub window: u8,
    /// File with the 32-byte seed of a new keystore in hex, which nobody but its owner may read; without it the seed
    /// comes from the operating system.
    #[arg(long, value_name = "FILE", value_parser = place)]
    pub seed_file: Option<Place>,
    /// First counter of a new keystore, which tells the keys of one seed apart: these numbers were never used
    /// with that seed. A keystore that exists goes on with its own.
    #[arg(long, value_name = "N", requires = "seed_file")]
    pub counter: Option<u64>,
}

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub struct Keys {
    /// The keystore; only its usage record, FILE.usage, is read.
    #[arg(long, value_name = "FILE")]
    pub keystore: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sign`.
#[derive(Debug, Args)]
pub struct Sign {
    /// The keystore; the key's next epoch is on the disk, in FILE.usage, before the signature is written.
    #[arg(long, value_name = "FILE")]
    pub keystore: PathBuf,
    #[command(flatten)]
    pub passphrase: PassphraseFrom,
    /// The key, by its position in `aludel keys` or by eight or more of its first hex digits; without it the key
    /// of the account, or the only one.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The rollup to sign for; the key refuses every other than its own, which is the default.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// Use this one-time key or a later one: the account's next_epoch on the chain, plus every signature that may
    /// not be included yet. Needed where the usage record was lost or both files come from a backup.
    #[arg(long, value_name = "EPOCH")]
    pub skip_to: Option<u32>,
    /// Sign at a sequence below one that the key has signed, to replace a pending transaction. Those that were
    /// signed after it must be signed again.
    #[arg(long)]
    pub lower_sequence: bool,
    /// The transaction: JSON with `from, token, fee, sequence, expiry` and `action`, which is `{"transfer": {"to":
    /// ACCOUNT, "amount": "N"}}`, `{"withdraw": {"to": "0x..", "amount": "N"}}` or `{"rotate": {"key": "HEX"}}`.
    #[arg(value_name = "JSON", default_value = "-", value_parser = place)]
    pub input: Place,
    /// Where the signed transaction goes.
    #[arg(short, long, value_name = "FILE", default_value = "-", value_parser = place)]
    pub output: Place,
}

/// Arguments of `execute`.
#[derive(Debug, Args)]
pub struct Execute {
    /// Folder of the state, created on first use.
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// The rollup; needed when the folder is created, checked afterwards.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// The account that receives the fees.
    #[arg(long, default_value_t = 1)]
    pub operator: u32,
    /// The L1 queue from its first item on, binary or JSON: items that the state has not consumed are taken
    /// from it.
    #[arg(long, value_name = "FILE", value_parser = place)]
    pub queue: Option<Place>,
    /// Signed transactions, in order.
    #[arg(value_name = "TRANSACTION", value_parser = place)]
    pub transactions: Vec<Place>,
}

/// Arguments of `prove`.
#[derive(Debug, Args)]
pub struct Prove {
    /// Sealed batches without a gap; together they become one shard. Files may be named in any order, streams and pipes
    /// in that of their batches.
    #[arg(required = true, value_name = "BATCH", value_parser = place)]
    pub batches: Vec<Place>,
    /// Size of the shard; without it the smallest that holds the batches.
    #[arg(long, value_name = "SHAPE")]
    pub shard_size: Option<Shape>,
    /// Print time and memory by stage and cells by chip.
    #[arg(long)]
    pub profile: bool,
    /// Where the proof goes.
    #[arg(short, long, value_name = "FILE", value_parser = place)]
    pub output: Place,
}

/// Arguments of `aggregate`.
#[derive(Debug, Args)]
pub struct Aggregate {
    /// Shard proofs without a gap or an overlap, in any order. Each is verified before it is used.
    #[arg(required = true, value_name = "PROOF", value_parser = place)]
    pub proofs: Vec<Place>,
    /// The rollup that they must speak of.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// Proofs to make at a time. One keeps all threads busy for most of its time; each takes half a gigabyte, the root one, and a
    /// shard's proof some megabytes until it is folded.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,
    /// Print time and memory by stage.
    #[arg(long)]
    pub profile: bool,
    /// Where the root goes.
    #[arg(short, long, value_name = "FILE", value_parser = place)]
    pub output: Place,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Proofs of shards, or roots; several must follow one another.
    #[arg(required = true, value_name = "PROOF", value_parser = place)]
    pub proofs: Vec<Place>,
    /// The statement that they must make together, binary or JSON.
    #[arg(long, value_name = "FILE", value_parser = place)]
    pub statement: Option<Place>,
    /// The rollup that they must speak of.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// Print the statement as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `rebuild`.
#[derive(Debug, Args)]
pub struct Rebuild {
    /// Published data of every batch from the first on. Files may be named in any order, streams and pipes in that of
    /// their batches.
    #[arg(required = true, value_name = "PUBDATA", value_parser = place)]
    pub pubdata: Vec<Place>,
    /// The L1 queue from its first item on, binary or JSON.
    #[arg(long, value_name = "FILE", value_parser = place)]
    pub queue: Place,
    /// A statement, binary or JSON, that must be met at both of its ends; may be repeated.
    #[arg(long = "statement", value_name = "FILE", value_parser = place)]
    pub statements: Vec<Place>,
    /// The rollup; without it that of the first statement.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// Leave the state in this folder, for `execute` to go on with; it must hold none yet: move a damaged one away. What
    /// its folder `pubdata` has must all be given.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Arguments of `claim`.
#[derive(Debug, Args)]
pub struct Claim {
    /// Sealed batches, or published data of every batch from the first on; without gaps, up to the last batch of the
    /// statement under which the claim is to hold. Files may be named in any order, streams and pipes in that of their
    /// batches.
    #[arg(required = true, value_name = "BATCH", value_parser = place)]
    pub batches: Vec<Place>,
    /// The L1 queue from its first item on, binary or JSON; for published data.
    #[arg(long, value_name = "FILE", value_parser = place)]
    pub queue: Option<Place>,
    /// The rollup; for published data.
    #[arg(long, env = "ALUDEL_CHAIN_ID")]
    pub chain_id: Option<u64>,
    /// The batch in which the withdrawal left.
    #[arg(long, value_name = "N")]
    pub batch: u32,
    /// Its place among the batch's withdrawals, from 0.
    #[arg(long, value_name = "N")]
    pub index: u16,
    /// Where the claim goes.
    #[arg(short, long, value_name = "FILE", value_parser = place)]
    pub output: Place,
}

/// Arguments of `verify-claim`.
#[derive(Debug, Args)]
pub struct VerifyClaim {
    /// The claim.
    #[arg(value_name = "CLAIM", value_parser = place)]
    pub claim: Place,
    /// The statement, binary or JSON.
    #[arg(long, value_name = "FILE", value_parser = place)]
    pub statement: Place,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// The file.
    #[arg(value_name = "FILE", value_parser = place)]
    pub file: Place,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `devices`.
#[derive(Debug, Args)]
pub struct Devices {
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `bench` measures.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Time kernels on fresh random data, each beside the least time that its bytes and multiplications need: field-base, field-quintic,
    /// ntt, inverse-ntt, coset-lde, poseidon2-16, poseidon2-24, merkle-commit, merkle-open, fold, grinding, running-sums, selectors,
    /// chunks, openings, reduced, quotient, lookups. Each is first checked against the processor.
    Kernels(BenchArgs),
    /// Time what bounds kernels: copy, copy-to-device, copy-from-device, multiply-low, multiply-high, multiply-wide, fma-64.
    Limits(BenchArgs),
    /// Time the processor's device and Plonky3's own calls by turns.
    Plonky3(BenchPlonky3),
}

/// Arguments of `bench kernels` and `bench limits`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The device: cpu, cuda:N or wgpu:N, as `aludel devices` lists them.
    #[arg(long, env = "ALUDEL_DEVICE", default_value = "cpu", value_name = "DEVICE")]
    pub device: DeviceId,
    /// Bytes that matrices and trees may take on it; without it most of a GPU's memory, or half of what the host has free. Sizes
    /// follow from it.
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<u64>,
    /// Only rows with this in their name; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Repetitions of each row, after one that is not counted.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub repeat: u16,
    /// Of the random data.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Profile of the device in place of the one that its name finds: TOML, as in hw-profiles/.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Leave raw output in this folder, which must be empty or not exist: kernels.json, limits.json and README.md.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Compare with a run: a folder that `--out` made, or its JSON file.
    #[arg(long, value_name = "RUN")]
    pub against: Option<PathBuf>,
    /// Fail with exit code 1 where a row takes more than so many times as long as in the run before.
    #[arg(long, value_name = "RATIO", requires = "against", value_parser = ratio)]
    pub fail_above: Option<f64>,
    /// One JSON object instead of the table.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Comma-separated values instead of the table.
    #[arg(long)]
    pub csv: bool,
}

fn ratio(s: &str) -> Result<f64, String> {
    let number = s.parse::<f64>().ok().filter(|ratio| ratio.is_finite() && *ratio > 0.0);
    number.ok_or_else(|| format!("{s:?} is no number above zero"))
}

/// Arguments of `bench plonky3`.
#[derive(Debug, Args)]
pub struct BenchPlonky3 {
    /// Only rows with this in their name; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Repetitions of each, after one that is not counted.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub repeat: u16,
    /// A JSON list instead of the table.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `params`.
#[derive(Debug, Args)]
pub struct Params {
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
    /// Derive the keys from the code and compare them with the manifest (seconds).
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Transactions to make; of the workload w2, steps of any kind.
    #[arg(long, value_name = "N")]
    pub transactions: Option<usize>,
    /// Wallets to make.
    #[arg(long, value_name = "N")]
    pub accounts: Option<usize>,
    /// Size of the shards; without it the smallest that holds a batch.
    #[arg(long, value_name = "SHAPE")]
    pub shard_size: Option<Shape>,
    /// Same seed, same bytes, whatever the threads.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// End with the proofs of the shards, without folding them into a root.
    #[arg(long)]
    pub no_root: bool,
    /// Keep keys, batches, queue, proofs and statement in this folder.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// What is transferred between whom.
    #[arg(long, value_enum, default_value_t = Workload::Mixed)]
    pub workload: Workload,
    /// One JSON object instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Print time and memory by stage and cells by chip.
    #[arg(long)]
    pub profile: bool,
}

/// Workloads of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Every kind of entry, in two tokens, between random wallets, all of it proven.
    Mixed,
    /// The measured one: 2^16 accounts, every transfer between a fresh pair, shards full; the deposits that
    /// fund the accounts are executed and not proven.
    W1,
    /// As W1, with all kinds: 70% transfers, 10% deposits, 10% withdrawals, 5% forced withdrawals, 5% rotations.
    W2,
}
