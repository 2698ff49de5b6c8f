//! Bytes under their own SHA-256: batches, proofs, statements, receipts.
//!
//! A name leads to all of its bytes or is not there; who reads gets what the name says or an error. What nobody holds is removed. How many hold a file is known
//! in memory alone: whoever opens the folder holds what the logs of jobs name ([`Artifacts::hold`]), then has the rest removed ([`Artifacts::sweep`]).
//!
//! Small ones lie together in files, see `pack.rs`; all others are files with these names.
//!
//! It serves the one coordinator that has the store of jobs of the same folder open.

mod counts;
mod error;
mod pack;
mod packs;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aludel_durable::files::{Disk, Files, make_folder};

use crate::group::Group;
use crate::ids::ArtifactId;

use counts::{At, Counts, Gone};
pub use counts::{Quota, Room, Usage};
pub use error::ArtifactError;
use packs::{Content, Writer};

/// Bytes for which memory is taken before they are read: what the disk says of a file's length may be wrong.
const MOST_AT_ONCE: usize = 1 << 24;

/// A folder of artifacts. Copies are of the same.
#[derive(Debug)]
pub struct Artifacts<D: Disk = Files>(Arc<Folder<D>>);

impl<D: Disk> Clone for Artifacts<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Folder<D: Disk> {
    path: PathBuf,
    disk: D,
    counts: Mutex<Counts>,
    /// Of the next temporary name.
    next: AtomicU64,
    /// Those who wait for their names to be durable.
    names: Group<(), Result<(), io::ErrorKind>>,
    /// Those who wait for their small ones to be durable.
    small: Group<Content, Result<(), ArtifactError>>,
    writer: Mutex<Writer<D>>,
    /// A pack was begun since old ones were last looked at.
    is_untidy: AtomicBool,
}

/// An artifact that stays while this lives, whether anything else holds it or not.
#[derive(Debug)]
#[must_use = "what nobody holds is removed"]
pub struct Pin<D: Disk = Files> {
    id: ArtifactId,
    bytes: u64,
    folder: Arc<Folder<D>>,
}

/// What is about to be kept.
enum Begun<D: Disk> {
    /// It is kept already.
    There(Pin<D>),
    /// There is room for it.
    Reserved(Pin<D>),
}

impl<D: Disk> Pin<D> {
    /// Its name.
    pub const fn id(&self) -> ArtifactId {
        self.id
    }

    /// How many bytes it has.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<D: Disk> Drop for Pin<D> {
    fn drop(&mut self) {
        self.folder.let_go(self.id);
    }
}

impl Artifacts {
    /// Opens a folder, or makes it; removes what a killed process left half-written.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(path: &Path, quota: Quota) -> Result<Self, ArtifactError> {
        Self::on(path, quota, Files)
    }
}

impl<D: Disk> Artifacts<D> {
    /// The same, by way of another disk, over which everything is written and removed.
    ///
    /// # Errors
    /// As of [`Artifacts::open`].
    pub fn on(path: &Path, quota: Quota, disk: D) -> Result<Self, ArtifactError> {
        let io = |error: &io::Error| ArtifactError::io(path, error);
        // What is found in it counts as kept, whoever was killed before the name was durable.
        make_folder(&disk, path).map_err(|e| io(&e))?;
        let (mut files, mut packs) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(path).map_err(|e| io(&e))? {
            let entry = entry.map_err(|e| io(&e))?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if let Ok(id) = name.parse() {
                files.push((id, entry.metadata().map_err(|e| io(&e))?.len()));
            } else if let Some(number) = pack::number(name) {
                packs.push(number);
            } else if name.starts_with('.') && name.ends_with(".tmp") {
                disk.remove(&entry.path()).map_err(|e| io(&e))?;
            }
        }
        packs.sort_unstable();
        let mut counts = Counts::new(quota);
        for number in &packs {
            let pack = pack::path(path, *number);
            let io = |error: &io::Error| ArtifactError::io(&pack, error);
            // As with names: whoever wrote it may have been killed before it was durable.
            disk.sync_path(&pack).map_err(|e| io(&e))?;
            let (bytes, entries) = pack::scan(&pack).map_err(|e| io(&e))?;
            counts.found_pack(*number, bytes, &entries);
        }
        for (id, bytes) in files {
            if counts.found(id, bytes) == Gone::File {
                disk.remove(&path.join(id.to_string())).map_err(|e| io(&e))?;
            }
        }
        counts.seal_all();
        let folder = Folder {
            path: path.to_owned(),
            disk,
            counts: Mutex::new(counts),
            next: AtomicU64::new(0),
            names: Group::new(),
            small: Group::new(),
            is_untidy: AtomicBool::new(false),
            writer: Mutex::new(Writer::new(packs.into_iter().max().map_or(0, |last| last + 1))),
        };
        Ok(Self(Arc::new(folder)))
    }

    /// Keeps bytes. When this returns they survive a crash, and stay while the pin lives.
    ///
    /// # Errors
    /// [`ArtifactError::Full`] before anything is written, where there is no room of this sort; or when the disk itself is full.
    pub fn put(&self, bytes: &[u8], room: Room) -> Result<Pin<D>, ArtifactError> {
        let folder = &self.0;
        let pin = match self.begin(bytes, room)? {
            Begun::There(pin) => return Ok(pin),
            Begun::Reserved(pin) => pin,
        };
        if folder.counts().is_small(pin.bytes) {
            return folder.write_small(pin.id, bytes).map(|()| pin);
        }
        let written = folder.write(pin.id, bytes);
        let mut counts = folder.counts();
        // Where it was not written, it may have its name and not be durable.
        let gone = counts.written(pin.id, pin.bytes, written.is_ok());
        folder.remove(&mut counts, pin.id, gone);
        drop(counts);
        written.map(|()| pin)
    }

    /// The same for many, of which all that are small are written together; [`Artifacts::tidy`] is due behind it.
    pub fn put_all(&self, all: &[Vec<u8>], room: Room) -> Vec<Result<Pin<D>, ArtifactError>> {
        let folder = &self.0;
        let mut small = Vec::new();
        let begun = all.iter().map(|bytes| {
            if !folder.counts().is_small(bytes.len() as u64) {
                return self.put(bytes, room).map(Begun::There);
            }
            let begun = self.begin(bytes, room)?;
            if let Begun::Reserved(pin) = &begun {
                small.push((pin.id, bytes.clone()));
            }
            Ok(begun)
        });
        let begun: Vec<_> = begun.collect();
        let written = if small.is_empty() { Ok(()) } else { folder.keep_small(&small) };
        let end = |begun| match (begun, &written) {
            (Begun::There(pin), _) | (Begun::Reserved(pin), Ok(())) => Ok(pin),
            (Begun::Reserved(pin), Err(error)) => {
                let _ = folder.counts().packed(pin.id, pin.bytes, None);
                Err(error.clone())
            }
        };
        begun.into_iter().map(|begun| begun.and_then(end)).collect()
    }

    /// Copies what is left in old packs of which little is left, if that is due: for whoever has put many, when nobody waits.
    pub fn tidy(&self) {
        self.0.tidy_if_due();
    }

    /// Holds bytes that are about to be kept; takes room for them, unless they are there.
    fn begin(&self, bytes: &[u8], room: Room) -> Result<Begun<D>, ArtifactError> {
        let id = ArtifactId::of(bytes);
        let folder = &self.0;
        folder.counts().hold(id);
        // From here on it is held, and let go of if anything fails.
        let pin = Pin { id, bytes: bytes.len() as u64, folder: Arc::clone(folder) };
        // Once more behind the read: it may have read what is being written, which is not yet durable.
        let is_there = || folder.counts().at(id) != At::Nowhere;
        if is_there() && folder.read(id).is_ok() && is_there() {
            return Ok(Begun::There(pin));
        }
        folder.reserve(id, pin.bytes, room)?;
        Ok(Begun::Reserved(pin))
    }

    /// All bytes of an artifact, which are what its name says.
    ///
    /// # Errors
    /// [`ArtifactError::Missing`], [`ArtifactError::Damaged`]: it has to be made again. A damaged file is removed.
    pub fn read(&self, id: ArtifactId) -> Result<Vec<u8>, ArtifactError> {
        self.0.read(id)
    }

    /// One more that holds each of these, whether they are there or not.
    pub fn hold(&self, ids: impl IntoIterator<Item = ArtifactId>) {
        let mut counts = self.0.counts();
        ids.into_iter().for_each(|id| counts.hold(id));
    }

    /// One less that holds each of these; what nobody holds is removed.
    pub fn let_go(&self, ids: impl IntoIterator<Item = ArtifactId>) {
        ids.into_iter().for_each(|id| self.0.let_go(id));
    }

    /// Removes everything that nobody holds: once, when all that the logs name is held.
    pub fn sweep(&self) {
        let unheld = self.0.counts().unheld();
        for id in unheld {
            self.0.counts().hold(id);
            self.0.let_go(id);
        }
        let mut counts = self.0.counts();
        for gone in counts.dead_packs() {
            self.0.remove_pack(&mut counts, gone);
        }
    }

    /// What is taken of the quota.
    pub fn usage(&self) -> Usage {
        self.0.counts().usage()
    }
}

impl<D: Disk> Folder<D> {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, id: ArtifactId) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn let_go(&self, id: ArtifactId) {
        let mut counts = self.counts();
        // Under the lock, so that nobody begins to hold it meanwhile. What cannot be removed is removed when the folder is next opened.
        match counts.let_go(id) {
            Gone::File if self.disk.remove(&self.name(id)).is_err() => {}
            Gone::File => {
                let _ = counts.removed(id);
            }
            gone => self.remove_pack(&mut counts, gone),
        }
    }

    /// Takes room for bytes that are about to be written.
    fn reserve(&self, id: ArtifactId, bytes: u64, room: Room) -> Result<(), ArtifactError> {
        let reserved = self.counts().reserve(id, bytes, room);
        if !matches!(reserved, Err(ArtifactError::Full { .. })) {
            return reserved;
        }
        let needed = self.counts().needed(bytes);
        self.reclaim(needed, room);
        // In any case: another one may have given room back meanwhile.
        self.counts().reserve(id, bytes, room)
    }

    fn write_small(&self, id: ArtifactId, bytes: &[u8]) -> Result<(), ArtifactError> {
        let keep = |all: Vec<Content>| {
            let kept = self.keep_small(&all);
            vec![kept; all.len()]
        };
        let stopped = || Err(ArtifactError::io(&self.path, &io::Error::other("writing stopped in a panic")));
        let kept = self.small.ask((id, bytes.to_vec()), keep).unwrap_or_else(stopped);
        if kept.is_err() {
            let _ = self.counts().packed(id, bytes.len() as u64, None);
        }
        // When all who waited are answered.
        self.tidy_if_due();
        kept
    }

    fn write(&self, id: ArtifactId, bytes: &[u8]) -> Result<(), ArtifactError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = self.path.join(format!(".{id}.{number}.tmp"));
        let made = self.write_as(&temporary, &self.name(id), bytes);
        made.map_err(|error| {
            let _ = self.disk.remove(&temporary);
            ArtifactError::io(&self.name(id), &error)
        })
    }

    fn write_as(&self, temporary: &Path, name: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.disk.create(temporary)?;
        self.disk.write(&mut file, bytes)?;
        self.disk.sync(&file)?;
        self.disk.rename(temporary, name)?;
        // Whoever has renamed by then is served by one sync.
        let sync = |all: Vec<()>| {
            let synced = self.disk.sync_path(&self.path).map_err(|error| error.kind());
            vec![synced; all.len()]
        };
        self.names.ask((), sync).unwrap_or(Err(io::ErrorKind::Other)).map_err(io::Error::from)
    }

    fn read(&self, id: ArtifactId) -> Result<Vec<u8>, ArtifactError> {
        let missing = ArtifactError::Missing { id };
        let (mut at, mut length) = self.counts().find(id).ok_or(missing.clone())?;
        loop {
            let (path, read) = match at {
                At::Pack(place) => {
                    (pack::path(&self.path, place.pack), pack::read(&self.path, place, length))
                }
                At::File | At::Nowhere => (self.name(id), read_file(&self.name(id), length)),
            };
            let bytes = match read {
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let now = self.counts().find(id);
                    if let Some(now @ (At::Pack(_), _)) = now
                        && now.0 != at
                    {
                        // It was copied meanwhile.
                        (at, length) = now;
                        continue;
                    }
                    self.check_there(id, at);
                    return Err(missing);
                }
                read => read.map_err(|e| ArtifactError::io(&path, &e))?,
            };
            let found = ArtifactId::of(&bytes);
            if found == id {
                return Ok(bytes);
            }
            self.discard(id, at);
            return Err(ArtifactError::Damaged { id, found });
        }
    }

    /// Notes that an artifact is missing, unless it has been written since.
    fn check_there(&self, id: ArtifactId, at: At) {
        let mut counts = self.counts();
        let name = match at {
            At::Pack(place) => pack::path(&self.path, place.pack),
            At::File | At::Nowhere => self.name(id),
        };
        if counts.at(id) == at && matches!(fs::exists(name), Ok(false)) {
            let _ = counts.removed(id);
        }
    }

    /// Removes bytes that were others, unless they have been written anew since, or are about to be: who writes them replaces them.
    fn discard(&self, id: ArtifactId, at: At) {
        let mut counts = self.counts();
        if counts.at(id) != at {
            return;
        }
        if matches!(at, At::Pack(_)) {
            let gone = counts.removed(id);
            self.remove_pack(&mut counts, gone);
            return;
        }
        if counts.is_being_written(id) {
            return;
        }
        let is_whole = fs::read(self.name(id)).is_ok_and(|bytes| ArtifactId::of(&bytes) == id);
        if !is_whole && self.disk.remove(&self.name(id)).is_ok() {
            let _ = counts.removed(id);
        }
    }
}

/// A file of so many bytes.
fn read_file(path: &Path, expected: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0).min(MOST_AT_ONCE));
    // One byte more than there should be tells a longer file, of whatever length.
    file.take(expected.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
