//! Chains of batches on disk and in memory; processes that are killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use aludel_ledger::batch::PushError;
use aludel_ledger::store::Options;
use aludel_ledger::{BatchBuilder, Chain, DiskStore, ExecuteError, Fault, SealedBatch, Store, StoreError};
use aludel_protocol::cell::{CellAddress, OwnerCell, Payload};
use aludel_protocol::{AccountId, BatchNumber, Checkpoint, Entry, L1Address};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::stub::*;

fn create(folder: &Path) -> DiskStore {
    DiskStore::create(&folder.join("state.redb"), CHAIN, Options::default()).expect("is made")
}

/// Deposits, then transfers, with some that are refused.
fn batches() -> Vec<Vec<Entry>> {
    let deposits = (1..=40).map(|n| Entry::Queue(to_key(n, 0, 1000)));
    let tokens = (1..=40).map(|n| Entry::Queue(to_account(n, (n % 5) as u16, 70)));
    let pay = |round: u32| (1..=40).map(move |n| signed(transfer(n, n % 40 + 1, 0, u128::from(n), 1, round)));
    vec![deposits.collect(), tokens.collect(), pay(0).collect(), pay(1).chain(pay(1)).collect(), vec![]]
}

fn fill<'a, S: Store>(store: &'a mut S, entries: Vec<Entry>) -> (BatchBuilder<'a, S>, Vec<PushError>) {
    let mut builder = BatchBuilder::new(store, AccountId(1), usize::MAX).expect("numbers are left");
    let refused = builder.extend(entries, &verify);
    (builder, refused.into_iter().map(|(_, error)| error).collect())
}

#[test]
fn chains_of_batches_are_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut disk, mut memory) = (create(folder.path()), Chain::genesis(CHAIN));
    for entries in batches() {
        let (builder, expected) = fill(&mut memory, entries.clone());
        let sealed = builder.seal();
        let (builder, refused) = fill(&mut disk, entries);
        assert_eq!(refused, expected);
        let mut kept = None;
        let keep = |sealed: &SealedBatch| {
            kept = Some(sealed.clone());
            Ok::<_, StoreError>(())
        };
        assert_eq!(builder.seal_with(keep), Ok(sealed.clone()));
        assert_eq!(kept, Some(sealed));
        assert_eq!(disk.checkpoint(), memory.checkpoint);
    }
    assert_eq!(memory.checkpoint.number, BatchNumber(5));
    let cells = disk.cells().expect("reads").collect::<Result<Vec<_>, _>>();
    assert_eq!(cells, Ok(memory.state.cells()));
    disk.check().expect("is whole");
}

#[test]
fn a_batch_that_cannot_be_kept_does_not_move_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut disk = create(folder.path());
    let before = disk.checkpoint();
    let (builder, _) = fill(&mut disk, batches().remove(0));
    let no = StoreError::Exists { path: PathBuf::from("batch") };
    assert_eq!(builder.seal_with(|_| Err(no.clone())), Err(no));
    assert_eq!((disk.checkpoint(), disk.count()), (before, Ok(1)));
    disk.check().expect("is whole");
}

/// A store whose cells cannot be read.
struct Failing(Chain);

impl Store for Failing {
    type Error = StoreError;

    fn chain_id(&self) -> aludel_protocol::ChainId {
        self.0.chain_id
    }

    fn checkpoint(&self) -> Checkpoint {
        self.0.checkpoint
    }

    fn get(&self, _: &CellAddress) -> Result<Payload, StoreError> {
        Err(StoreError::Closed { path: "state".into() })
    }

    fn prove(
        &self,
        addresses: impl IntoIterator<Item = CellAddress>,
    ) -> Result<aludel_ledger::Multiproof, StoreError> {
        Ok(self.0.state.prove(addresses))
    }

    fn apply(
        &mut self,
        _: &[(CellAddress, Payload)],
        _: impl FnOnce(aludel_protocol::Digest) -> Checkpoint,
    ) -> Result<Checkpoint, StoreError> {
        Err(StoreError::Closed { path: "state".into() })
    }

    fn count(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn cells(&self) -> Result<impl Iterator<Item = Result<(CellAddress, Payload), StoreError>>, StoreError> {
        Ok(std::iter::empty())
    }
}

#[test]
fn a_failing_store_is_no_fault_of_the_entry() {
    let mut failing = Failing(Chain::genesis(CHAIN));
    let entries = vec![Entry::Queue(to_key(1, 0, 5)), signed(transfer(1, 2, 0, 1, 1, 0))];
    let closed = || StoreError::Closed { path: "state".into() };
    let fault = PushError::Execute(ExecuteError::Fault(Fault::Store(closed())));
    let (builder, refused) = fill(&mut failing, entries);
    assert_eq!(refused, [fault.clone(), fault]);
    assert_eq!(builder.seal_with(|_| Ok(())), Err(closed()));
}

const KILLED: &str = "ALUDEL_TEST_KILLED_STORE";
const SEED: u64 = 4;
/// Kills: so many, or as many as there is time for, but never too few to tell.
const ROUNDS: u32 = 40;
const FEWEST: u32 = 10;
const TIME: Duration = Duration::from_secs(20);
/// How long the process that is killed goes on at most, and its parent waits for it.
const LIMIT: Duration = Duration::from_secs(60);

/// What batch `number` writes: removals among it.
fn writes(number: u32) -> Vec<(CellAddress, Payload)> {
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(number));
    let write = |_| {
        let id = AccountId(rng.random_range(0..2000));
        let at = CellAddress::slot(id, rng.random_range(0..3));
        let payload = OwnerCell(L1Address([rng.random_range(0..=255); 20])).payload();
        (at, if rng.random_range(0..8) == 0 { Payload::EMPTY } else { payload })
    };
    (0..300).map(write).collect()
}

fn apply_next<S: Store>(store: &mut S) -> Result<Checkpoint, S::Error> {
    let at = store.checkpoint();
    let number = BatchNumber(at.number.0 + 1);
    store.apply(&writes(number.0), |state_root| Checkpoint { number, state_root, ..at })
}

/// The process that is killed; nothing where no test asks for it.
#[test]
fn killed() {
    let Ok(path) = std::env::var(KILLED) else { return };
    let path = Path::new(&path);
    // Changes wait for some batches, then they are moved.
    let options = Options { cache_bytes: 1 << 25, ..Options::default() };
    let opened =
        if path.exists() { DiskStore::open(path, options) } else { DiskStore::create(path, CHAIN, options) };
    let mut store = opened.expect("opens");
    println!("\ncommitted {}", store.checkpoint().number);
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        println!("committed {}", apply_next(&mut store).expect("applies").number);
    }
}

fn start(path: &Path) -> (Child, Receiver<u32>) {
    let mut command = Command::new(std::env::current_exe().expect("has a name"));
    command.args(["store::killed", "--exact", "--nocapture"]).env(KILLED, path);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let numbers = lines.map_while(Result::ok).filter_map(|l| l.strip_prefix("committed ")?.parse().ok());
        numbers.map(|number| sender.send(number)).take_while(Result::is_ok).count()
    });
    (child, receiver)
}

/// Lets the process write some batches, then kills it at a random moment of the next ones; the last batch that it
/// said was written. Counted and not timed, so that a busy machine sees as many.
fn run_and_kill(path: &Path, batches: usize, rng: &mut ChaCha8Rng) -> Option<u32> {
    let (mut child, committed) = start(path);
    let said: Vec<_> = (0..batches).map(|_| committed.recv_timeout(LIMIT).expect("it goes on")).collect();
    thread::sleep(Duration::from_micros(rng.random_range(0..20_000)));
    child.kill().expect("runs until it is killed");
    assert!(!child.wait().expect("ends").success(), "it was killed");
    said.into_iter().chain(committed).max()
}

/// Compares the file with the same batches in memory, of which one at most was not reported.
fn compare(path: &Path, memory: &mut Chain, last: u32) {
    let store = DiskStore::open(path, Options::default()).expect("opens");
    let found = store.checkpoint().number.0;
    assert!(last <= found && found <= last + 1, "batch {last} was reported, {found} is there");
    while memory.checkpoint.number.0 < found {
        let Ok(_) = apply_next(memory);
    }
    assert_eq!((store.checkpoint(), store.count()), (memory.checkpoint, Ok(memory.state.len() as u64)));
    store.check().expect("is whole");
}

#[test]
fn a_killed_process_leaves_the_state_of_before_or_after() {
    println!("seed {SEED}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut memory = Chain::genesis(CHAIN);
    let (start, mut rounds, mut asked) = (Instant::now(), 0, 0);
    while rounds < FEWEST || (rounds < ROUNDS && start.elapsed() < TIME) {
        // The first word is said before the first batch; some die while they open the file.
        let batches = if rng.random_range(0..8) == 0 { 0 } else { rng.random_range(1..8) };
        let before = memory.checkpoint.number.0;
        let last = run_and_kill(&path, batches, &mut rng).unwrap_or(before);
        match path.exists() {
            true => compare(&path, &mut memory, last),
            false => assert_eq!(last, 0),
        }
        (rounds, asked) = (rounds + 1, asked + batches.saturating_sub(1));
    }
    println!("{rounds} kills, {} batches, {:.1?}", memory.checkpoint.number, start.elapsed());
    assert!(memory.checkpoint.number.0 as usize >= asked && asked > 20, "too few to tell");
}
