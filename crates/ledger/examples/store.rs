//! What the store on disk costs, by the number of accounts:
//! `cargo run --release -p aludel-ledger --example store -- FILE [ACCOUNTS [BATCHES [CACHE_MIB [check | kill]]]]`.
//!
//! It fills FILE with accounts, each with its own cell and its owner's, where there is no such file yet; then opens
//! it, and applies batches like those of the workload W1: 2,912 transfers between 5,824 different accounts drawn at
//! random. Of each it reads the cells, makes the multiproof and applies the changed cells. With `check` it then
//! checks everything; with `kill` it lets another process apply batches, kills it in the middle of one and opens the
//! file again, a few times.

use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use aludel_ledger::store::Options;
use aludel_ledger::{DiskStore, Store, StoreError};
use aludel_protocol::cell::{AccountCell, CellAddress, CounterCell, OwnerCell, Payload};
use aludel_protocol::hash::{Tag, hash_fields};
use aludel_protocol::statement::Checkpoint;
use aludel_protocol::{AccountId, Amount, ChainId, Epoch, L1Address, Sequence, fe};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CHAIN: ChainId = ChainId(7);
const TRANSFERS: usize = 2912;
const SEED: u64 = 1;
/// Accounts that one transaction of the filling writes.
const CHUNK: u32 = 200_000;
/// Batches of which a line tells.
const GROUP: u32 = 50;
/// Processes that are killed, and batches that each applies before.
const KILLS: u32 = 5;
const BEFORE_KILL: usize = 3;

type Write = (CellAddress, Payload);

struct Args {
    path: PathBuf,
    accounts: u32,
    batches: u32,
    options: Options,
    mode: String,
}

fn args() -> Result<Args, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: store FILE [ACCOUNTS [BATCHES [CACHE_MIB [check | kill]]]]";
    let path = args.next().ok_or(usage)?.into();
    let accounts = args.next().map_or(Ok(10_000_000), |n| n.parse())?;
    let batches = args.next().map_or(Ok(20), |n| n.parse())?;
    let mut options = Options::default();
    if let Some(mib) = args.next() {
        options.cache_bytes = mib.parse::<usize>()? << 20;
    }
    Ok(Args { path, accounts, batches, options, mode: args.next().unwrap_or_default() })
}

fn main() -> Result<(), Box<dyn Error>> {
    let Args { path, accounts, batches, options, mode } = args()?;
    println!("{accounts} accounts, cache {} MiB, seed {SEED}", options.cache_bytes >> 20);
    if !path.exists() {
        fill(&path, accounts, options)?;
    }
    println!("file: {:.2} GB", std::fs::metadata(&path)?.len() as f64 / 1e9);
    let mut store = timed("open", || DiskStore::open(&path, options))?;
    println!("{} cells, batch {}", store.count()?, store.checkpoint().number);
    if mode == "go" {
        return Ok(go_on(&mut store, accounts)?);
    }
    transfers(&mut store, accounts, batches)?;
    println!("peak memory: {}", peak()?);
    timed("close", || drop(store));
    let store = timed("open again", || DiskStore::open(&path, options))?;
    match &mode[..] {
        "check" => timed("check", || store.check())?,
        "kill" => kill(store, &path, options)?,
        _ => return Ok(()),
    }
    println!("peak memory: {}", peak()?);
    Ok(())
}

/// Applies batches until it is killed.
fn go_on(store: &mut DiskStore, accounts: u32) -> Result<(), StoreError> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED + u64::from(store.checkpoint().number.0));
    loop {
        batch(store, &draw(&mut rng, accounts), &mut [Spent::default(); 3])?;
        println!("committed {}", store.checkpoint().number);
    }
}

/// Kills processes that apply batches, at different moments of a batch, and opens what they leave.
fn kill(store: DiskStore, path: &Path, options: Options) -> Result<(), Box<dyn Error>> {
    drop(store);
    let mut args: Vec<_> = std::env::args().skip(1).collect();
    args[4] = "go".to_owned();
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe()?).args(&args).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut committed =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("committed ")?.parse().ok());
        let last: u32 = committed.by_ref().take(BEFORE_KILL).last().ok_or("it ended")?;
        thread::sleep(Duration::from_millis(u64::from(70 * round)));
        child.kill()?;
        child.wait()?;
        let store = timed("open after a kill", || DiskStore::open(path, options))?;
        println!("  batch {last} was reported, {} is there", store.checkpoint().number);
    }
    Ok(())
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), cpu());
    let out = run();
    println!("{what}: {:.3} s, {:.2} s of cores", start.elapsed().as_secs_f64(), cpu() - before);
    out
}

/// Seconds that this process spent on all cores so far, in hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = stat.split_whitespace().collect();
    // Time in the program and in the system, after a name without spaces.
    let ticks = |i: usize| fields.get(i).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(13) + ticks(14)) / 100.0
}

/// The most memory that this process had resident so far.
fn peak() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().to_owned())
}

fn fill(path: &Path, accounts: u32, options: Options) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mut store = DiskStore::create(path, CHAIN, options)?;
    for first in (1..=accounts).step_by(CHUNK as usize) {
        let last = accounts.min(first.saturating_add(CHUNK - 1));
        let mut writes: Vec<_> = (first..=last).flat_map(made).collect();
        writes.push((CellAddress::COUNTER, CounterCell(AccountId(last + 1)).payload()));
        let at = store.checkpoint();
        store.apply(&writes, |root| next(&at, root))?;
        if first % (CHUNK * 10) == 1 {
            println!("  {last} accounts after {:.1} s", start.elapsed().as_secs_f64());
        }
    }
    drop(store);
    println!("fill: {:.1} s, peak memory: {}", start.elapsed().as_secs_f64(), peak()?);
    Ok(())
}

fn made(number: u32) -> [Write; 2] {
    let key = hash_fields(Tag::XmssKey, &[fe(number)]);
    let (sequence, next_epoch, balance) = (Sequence(0), Epoch(0), Amount(1 << 70));
    let cell = AccountCell { key, sequence, next_epoch, balance };
    let [a, b, c, d] = number.to_le_bytes();
    let owner = OwnerCell(L1Address([[a, b, c, d]; 5].concat().try_into().expect("20 bytes")));
    let id = AccountId(number);
    [(CellAddress::account(id), cell.payload()), (CellAddress::slot(id, 0), owner.payload())]
}

fn next(at: &Checkpoint, state_root: aludel_protocol::Digest) -> Checkpoint {
    Checkpoint { number: aludel_protocol::BatchNumber(at.number.0 + 1), state_root, ..*at }
}

/// Seconds spent in a step of all batches: by the clock, and on all cores.
#[derive(Clone, Copy, Default)]
struct Spent {
    clock: f64,
    cores: f64,
}

impl Spent {
    fn time<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let (start, before) = (Instant::now(), cpu());
        let out = run();
        self.clock += start.elapsed().as_secs_f64();
        self.cores += cpu() - before;
        out
    }
}

fn transfers(store: &mut DiskStore, accounts: u32, batches: u32) -> Result<(), StoreError> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED + u64::from(store.checkpoint().number.0));
    for first in (0..batches).step_by(GROUP as usize) {
        let mut steps = [Spent::default(); 3];
        let count = GROUP.min(batches - first);
        for _ in 0..count {
            batch(store, &draw(&mut rng, accounts), &mut steps)?;
        }
        tell(count, steps);
    }
    Ok(())
}

fn tell(batches: u32, steps: [Spent; 3]) {
    println!("{batches} batches of {TRANSFERS} transfers:");
    for (name, Spent { clock, cores }) in ["read", "prove", "apply"].iter().zip(steps) {
        println!("  {name} {clock:.3} s, {cores:.2} s of cores");
    }
    let [clock, cores] = [steps.map(|s| s.clock), steps.map(|s| s.cores)].map(|s| s.iter().sum::<f64>());
    let count = f64::from(batches) * TRANSFERS as f64;
    println!(
        "  all {clock:.3} s, {cores:.2} s of cores: {:.0} transfers/s, {:.0} a core's second",
        count / clock,
        count / cores
    );
}

/// Different accounts, two a transfer; all there are, where that is less.
fn draw(rng: &mut ChaCha8Rng, accounts: u32) -> HashSet<u32> {
    let mut drawn = HashSet::new();
    while drawn.len() < (2 * TRANSFERS).min(accounts as usize) {
        drawn.insert(rng.random_range(1..=accounts));
    }
    drawn
}

fn batch(store: &mut DiskStore, accounts: &HashSet<u32>, steps: &mut [Spent; 3]) -> Result<(), StoreError> {
    let [read, prove, apply] = steps;
    let pay = |number: &u32| {
        let at = CellAddress::account(AccountId(*number));
        let mut payload = store.get(&at)?;
        payload.0[Payload::SEQUENCE] += fe(1);
        Ok((at, payload))
    };
    let writes = read.time(|| accounts.iter().map(pay).collect::<Result<Vec<_>, StoreError>>())?;
    prove.time(|| store.prove(writes.iter().map(|(at, _)| *at)))?;
    let at = store.checkpoint();
    apply.time(|| store.apply(&writes, |root| next(&at, root)))?;
    Ok(())
}
