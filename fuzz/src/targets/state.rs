//! The file of a state, and batches made on what it holds.

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::{LazyLock, Once};

use aludel_ledger::store::{Options, catches_panics};
use aludel_ledger::{BatchBuilder, DiskStore, Store, StoreError};
use aludel_protocol::cell::{CellAddress, Payload};
use aludel_protocol::{AccountId, Entry};

use crate::world::{SEALER, WORLD, World, trusting};
use crate::{Kind, Target, Verdict};

/// The family.
pub const TARGETS: &[Target] = &[Target { name: "state", kind: Kind::State, run, seeds }];

/// What the seed holds.
static HONEST: LazyLock<Vec<(CellAddress, Payload)>> = LazyLock::new(|| WORLD.chain.state.cells());

const OPTIONS: Options = Options { cache_bytes: 1 << 20, verify_bytes: u64::MAX };

fn seeds() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("state.redb");
    let World { batches, small, chain, .. } = &*WORLD;
    let mut store = DiskStore::create(&path, chain.chain_id, OPTIONS).expect("is made");
    for sealed in batches.iter().chain(small) {
        let mut builder = BatchBuilder::new(&mut store, SEALER, usize::MAX).expect("numbers are left");
        assert_eq!(builder.extend(sealed.batch.entries.clone(), &trusting), []);
        assert_eq!(&builder.seal_with(|_| Ok::<_, StoreError>(())).expect("is written"), sealed);
    }
    drop(store);
    vec![fs::read(&path).expect("it was written")]
}

/// Every answer is a value or a [`StoreError`]; what is proven is true, and what passes the check and has the seed's
/// root holds the seed's cells. No entry makes the ledger panic, whatever the cells hold.
///
/// Memory has no bound here: beside its cache, the database reads and allocates by sizes that the file names.
fn run(data: &[u8]) -> Verdict {
    pass_caught_panics();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("state.redb");
    fs::write(&path, data).expect("a temporary file takes it");
    match ask(&path) {
        Ok(()) => Verdict::Accepted,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Verdict::Refused
        }
    }
}

/// The database panics over some files and the store catches it: that is no failure, and thousands print nothing.
fn pass_caught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !catches_panics() {
                before(info);
            }
        }));
    });
}

fn ask(path: &Path) -> Result<(), StoreError> {
    let mut store = DiskStore::open(path, OPTIONS)?;
    let answers = [read(&store), prove(&store)];
    let checked = store.check();
    if checked.is_ok() {
        assert_eq!(answers, [Ok(()), Ok(())], "what passes the check can be read");
    }
    go_on(&mut store);
    checked
}

/// Every cell, in order of address, each as it is when it is asked for alone. Of a file with a circle in it there is
/// no last cell.
fn read(store: &DiskStore) -> Result<(), StoreError> {
    let cells = store.cells()?.take(2 * HONEST.len()).collect::<Result<Vec<_>, _>>()?;
    for (at, _) in &*HONEST {
        store.get(at)?;
    }
    if store.check().is_ok() {
        assert!(cells.is_sorted_by_key(|(at, _)| *at) && store.count() == Ok(cells.len() as u64));
        assert!(cells.iter().all(|(at, payload)| store.get(at) == Ok(*payload)));
        assert!(
            store.root() != WORLD.chain.checkpoint.state_root || cells == *HONEST,
            "other cells, same root"
        );
    }
    Ok(())
}

/// Cells that are there, and one that is not.
fn prove(store: &DiskStore) -> Result<(), StoreError> {
    let nobody = CellAddress::account(AccountId(u32::MAX));
    let proof = store.prove(HONEST.iter().map(|(at, _)| *at).step_by(3).chain([nobody]))?;
    assert_eq!(proof.root(), store.root(), "a proof is of the checkpoint's root");
    Ok(())
}

/// A batch of whatever enters, written where it can be.
fn go_on(store: &mut DiskStore) {
    let items = WORLD.items.iter().copied().map(Entry::Queue);
    let entries = items.chain(WORLD.transactions.iter().cloned().map(Entry::Transaction)).collect();
    let Ok(mut builder) = BatchBuilder::new(store, SEALER, usize::MAX) else { return };
    let refused = builder.extend(entries, &trusting);
    assert!(refused.iter().all(|(_, error)| !error.to_string().is_empty()));
    if let Err(error) = builder.seal_with(|_| Ok::<_, StoreError>(())) {
        assert!(!error.to_string().is_empty());
    }
}
