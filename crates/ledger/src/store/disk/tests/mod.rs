mod damage;
mod equality;
mod waiting;

use aludel_protocol::ids::BatchNumber;
use tempfile::TempDir;

use super::*;
use crate::state::tests::payload;

pub(super) const CHAIN: ChainId = ChainId(7);

/// A folder for one store, and the store's place in it.
pub(super) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    (folder, path)
}

/// So little memory that what [`some_cells`] change does not wait.
pub(super) const SMALL: Options = Options { cache_bytes: 1 << 20, verify_bytes: 0 };

pub(super) fn create(path: &Path) -> DiskStore {
    DiskStore::create(path, CHAIN, SMALL).expect("is made")
}

pub(super) fn open(path: &Path) -> Result<DiskStore, StoreError> {
    DiskStore::open(path, SMALL)
}

/// How many rows there are.
pub(super) fn count_rows(store: &DiskStore) -> usize {
    let rows = store.rows().expect("is open").all().expect("begins").collect::<Result<Vec<_>, _>>();
    rows.expect("reads").len()
}

/// Applies writes as the next batch.
pub(super) fn apply<S: Store>(store: &mut S, writes: &[(CellAddress, Payload)]) -> Checkpoint {
    let at = store.checkpoint();
    let number = BatchNumber(at.number.0 + 1);
    store.apply(writes, |state_root| Checkpoint { number, state_root, ..at }).expect("applies")
}

/// Cells of both spaces, near and far.
pub(super) fn some_cells() -> Vec<(CellAddress, Payload)> {
    let ids = (0..600).chain([70_000, u32::MAX]).map(aludel_protocol::AccountId);
    ids.flat_map(|id| {
        [CellAddress::account(id), CellAddress::slot(id, 0), CellAddress::slot(id, (id.0 % 40) as u16 * 900)]
    })
    .map(|at| (at, payload(at.account.0 % 1000 + 1)))
    .collect()
}
