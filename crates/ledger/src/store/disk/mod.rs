//! The store on disk: one file of the database `redb`.
//!
//! A batch is one write transaction, durable when [`Store::apply`] returns; a process that is killed at any
//! moment leaves the state of before or after. What is read into a proof is checked against the checkpoint's root on its
//! way from the top ([`opened`]); [`DiskStore::check`] checks everything. Memory is bounded by
//! [`Options::cache_bytes`] and by the size of a batch.

mod check;
mod format;
mod guard;
mod journal;
mod meta;
mod opened;
mod overlay;
mod page;
mod row;
mod rows;
#[cfg(test)]
mod tests;
mod write;

use core::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aludel_durable::Opening;
use aludel_protocol::cell::{CellAddress, Payload, empty_subtree, node};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::ChainId;
use aludel_protocol::statement::Checkpoint;
use redb::Database;
use redb::backends::FileBackend;

pub use self::format::FORMAT;
use self::guard::Guard;
use self::meta::Meta;
use self::opened::Opened;
use self::overlay::{Overlay, Sweep};
use self::rows::Rows;
use super::{Store, StoreError, sorted};
use crate::multiproof::Multiproof;
use crate::state::State;
use crate::state::tree::{SPACES, depth};
pub use aludel_durable::catches_panics;

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Memory for pages of the file, read and written ones together, and for changes that wait to be sorted into
    /// it (an eighth).
    pub cache_bytes: usize,
    /// A file of at most so many bytes is read whole when it is opened, and every checksum of the database in it is
    /// verified; a larger one is checked as it is read.
    pub verify_bytes: u64,
}

impl Default for Options {
    /// A cache of 1 GiB; files of up to 64 MiB are verified whole.
    fn default() -> Self {
        Self { cache_bytes: 1 << 30, verify_bytes: 1 << 26 }
    }
}

impl Options {
    /// Memory for changes that wait.
    const fn waiting_bytes(&self) -> usize {
        self.cache_bytes / 8
    }

    fn builder(&self) -> redb::Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes - self.waiting_bytes());
        builder
    }
}

/// A rollup's state in a file, which no other process can open meanwhile.
pub struct DiskStore {
    guard: Guard,
    chain_id: ChainId,
    checkpoint: Checkpoint,
    tops: [Digest; 2],
    /// None after a write that failed.
    rows: Option<Rows>,
    /// What was opened last: a batch is proven, then applied, and both read the same pages.
    opened: Mutex<Option<Opened>>,
    database: Option<Database>,
}

impl DiskStore {
    /// Makes the file of a chain without batches. It appears whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    pub fn create(path: &Path, chain_id: ChainId, options: Options) -> Result<Self, StoreError> {
        let guard = Guard::new(path);
        if fs::exists(path).map_err(|e| guard.io(&e))? {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        let temporary = temporary(path).map_err(|e| guard.io(&e))?;
        let _ = fs::remove_file(&temporary);
        let made = Self::begin(&temporary, chain_id, options);
        let made = made.and_then(|mut store| store.apply(&State::genesis().cells(), Checkpoint::genesis));
        // Unlike a rename, a link never replaces what is there.
        let linked = made.and_then(|_| fs::hard_link(&temporary, path).map_err(|e| guard.io(&e)));
        let _ = fs::remove_file(&temporary);
        linked.and_then(|()| sync_path(path).map_err(|e| guard.io(&e)))?;
        Self::open(path, options)
    }

    /// Opens a file and checks that the tops of its tree are those of its checkpoint. After a crash it goes back
    /// to the last whole batch, in a moment.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the file is not one that this program left, [`StoreError::Locked`] where
    /// another process has it open.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let guard = Guard::new(path);
        let file = File::options().read(true).write(true).open(path).map_err(|e| guard.io(&e))?;
        let length = file.metadata().map_err(|e| guard.io(&e))?.len();
        // redb would begin a database in it.
        if length == 0 {
            return Err(guard.damaged("it is empty"));
        }
        let file = guard.call(|| FileBackend::new(file))?;
        let opening = Opening::new(file, &options.builder(), length <= options.verify_bytes);
        let database = opening.map_err(|trouble| guard.name(trouble))?;
        let Meta { chain_id, checkpoint, cells, sweep } = meta::read(&database, &guard)?;
        let overlay = meta::read_journal(&database, &guard, Overlay::new(options.waiting_bytes(), sweep))?;
        let rows = Rows::begin(&database, &guard, overlay, cells)?;
        let tops = [opened::top(&rows, SPACES[0])?, opened::top(&rows, SPACES[1])?];
        let (found, expected) = (node(tops[0], tops[1]), checkpoint.state_root);
        if found != expected {
            return Err(
                guard.damaged(format!("the top of its tree is {found}, its checkpoint says {expected}"))
            );
        }
        let (rows, database) = (Some(rows), Some(database.keep()));
        Ok(Self { guard, chain_id, checkpoint, tops, rows, opened: Mutex::default(), database })
    }

    /// As [`DiskStore::open`], of a chain.
    ///
    /// # Errors
    /// [`StoreError::Chain`] where the state is that of another chain.
    pub fn open_chain(path: &Path, expected: ChainId, options: Options) -> Result<Self, StoreError> {
        let store = Self::open(path, options)?;
        match store.chain_id {
            found if found == expected => Ok(store),
            found => Err(StoreError::Chain { path: path.to_owned(), expected, found }),
        }
    }

    /// Whether a file begins as one of these does: for commands that take files of several kinds.
    pub fn is_store(path: &Path) -> bool {
        let mut found = [0; 4];
        let read = File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut found));
        read.is_ok() && &found == b"redb"
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.guard.path
    }

    /// A file without cells.
    fn begin(path: &Path, chain_id: ChainId, options: Options) -> Result<Self, StoreError> {
        let guard = Guard::new(path);
        let tops = SPACES.map(|space| empty_subtree(depth(space)));
        let checkpoint = Checkpoint::genesis(node(tops[0], tops[1]));
        let database = guard.call(|| options.builder().create(path))?;
        write::begin(&database, &guard, &Meta { chain_id, checkpoint, cells: 0, sweep: Sweep::default() })?;
        let overlay = Overlay::new(options.waiting_bytes(), Sweep::default());
        let rows = Some(Rows::begin(&database, &guard, overlay, 0)?);
        Ok(Self {
            guard,
            chain_id,
            checkpoint,
            tops,
            rows,
            opened: Mutex::default(),
            database: Some(database),
        })
    }

    fn rows(&self) -> Result<&Rows, StoreError> {
        self.rows.as_ref().ok_or_else(|| self.closed())
    }

    fn closed(&self) -> StoreError {
        StoreError::Closed { path: self.guard.path.clone() }
    }

    /// The part of the tree above sorted, unique addresses.
    fn open_cells(&self, addresses: &[CellAddress]) -> Result<Opened, StoreError> {
        let last = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        match last.filter(|opened| opened.is_of(addresses)) {
            Some(opened) => Ok(opened),
            None => Opened::load(self.rows()?, &self.guard, self.tops, addresses),
        }
    }
}

impl Store for DiskStore {
    type Error = StoreError;

    fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    fn get(&self, at: &CellAddress) -> Result<Payload, StoreError> {
        self.rows()?.get(at)
    }

    fn prove(&self, addresses: impl IntoIterator<Item = CellAddress>) -> Result<Multiproof, StoreError> {
        let mut addresses: Vec<_> = addresses.into_iter().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let opened = self.open_cells(&addresses)?;
        let proof = opened.multiproof();
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(proof)
    }

    fn apply(
        &mut self,
        writes: &[(CellAddress, Payload)],
        next: impl FnOnce(Digest) -> Checkpoint,
    ) -> Result<Checkpoint, StoreError> {
        let writes = sorted(writes);
        let addresses: Vec<_> = writes.iter().map(|(at, _)| *at).collect();
        let change = self.open_cells(&addresses)?.change(&writes);
        let found = node(change.tops[0], change.tops[1]);
        let checkpoint = next(found);
        if checkpoint.state_root != found {
            return Err(StoreError::Root { expected: checkpoint.state_root, found });
        }
        let (tops, grown) = (change.tops, change.grown);
        // What the readers hold cannot be used again by the writer; and if it fails, nobody reads.
        let rows = self.rows.take().ok_or_else(|| self.closed())?;
        let cells = rows.count.saturating_add_signed(grown);
        let mut overlay = rows.into_overlay();
        let turn =
            overlay.turn(change.rows).ok_or_else(|| self.guard.damaged("a change does not fit its row"))?;
        let database = self.database.as_ref().ok_or_else(|| self.closed())?;
        let meta = Meta { chain_id: self.chain_id, checkpoint, cells, sweep: overlay.place() };
        write::commit(database, &self.guard, &turn, &meta)?;
        (self.tops, self.checkpoint) = (tops, checkpoint);
        self.rows = Some(Rows::begin(database, &self.guard, overlay, cells)?);
        Ok(checkpoint)
    }

    fn count(&self) -> Result<u64, StoreError> {
        Ok(self.rows()?.count)
    }

    fn cells(&self) -> Result<impl Iterator<Item = Result<(CellAddress, Payload), StoreError>>, StoreError> {
        self.rows()?.cells()
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        self.rows = None;
        let Some(database) = self.database.take() else { return };
        // What was applied is durable; where closing fails, the next open does what it left undone.
        let _ = self.guard.call(|| database.close());
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guard, chain_id, checkpoint, .. } = self;
        let mut shown = f.debug_struct("DiskStore");
        shown.field("path", &guard.path).field("chain_id", chain_id).field("checkpoint", checkpoint);
        shown.finish_non_exhaustive()
    }
}

/// A name beside the file's own, for the time in which it is not whole.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "names no file"))?;
    Ok(path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id())))
}

/// Makes the name of a new file durable.
fn sync_path(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
