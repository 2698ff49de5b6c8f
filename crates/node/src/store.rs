//! The folder of a state: `state.redb`, `batches/N.bin`, `pubdata/N.bin` and `refused.json`.
//!
//! `state.redb` decides: a batch with a number beyond its checkpoint was left by a run that did not finish.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use aludel_ledger::batch::SealedBatch;
use aludel_ledger::store::{DiskStore, Options, Store as _};
use aludel_protocol::{BatchNumber, ChainId};

use crate::exit::{Failure, Kind, OrFail};
use crate::files::{Folder, make_folder, write_whole};

/// An open folder, held against other processes while it lives.
pub struct Store {
    /// The files beside the state.
    pub files: Files,
    /// The chain, in `state.redb`.
    pub chain: DiskStore,
    _alone: File,
}

impl Store {
    /// Opens a folder, or makes one for a rollup; removes what a run that did not finish left.
    pub fn open(folder: &Path, chain_id: Option<u64>) -> Result<Self, Failure> {
        let path = folder.join("state.redb");
        let exists = || fs::exists(&path).or_fail(Kind::Usage, path.display());
        if chain_id.is_none() && !exists()? {
            let reason = format!("{}: no state yet; say --chain-id to begin a chain", folder.display());
            return Err(Failure::new(Kind::Usage, reason));
        }
        make_folder(folder)?;
        let alone = Folder::at(folder).lock()?;
        let chain = match chain_id.map(ChainId) {
            Some(id) if !exists()? => DiskStore::create(&path, id, Options::default())?,
            Some(id) => DiskStore::open_chain(&path, id, Options::default())?,
            None => DiskStore::open(&path, Options::default())?,
        };
        let files = Files { folder: folder.to_owned() };
        files.remove_unfinished(chain.checkpoint().number)?;
        Ok(Self { files, chain, _alone: alone })
    }
}

/// The files of a folder, beside its state.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The report of the last run.
    pub fn refused(&self) -> PathBuf {
        self.folder.join("refused.json")
    }

    /// Where a batch lies.
    pub fn batch(&self, number: u32) -> PathBuf {
        self.folder.join("batches").join(format!("{number}.bin"))
    }

    /// Where a batch's published data lie.
    pub fn pubdata(&self, number: u32) -> PathBuf {
        self.folder.join("pubdata").join(format!("{number}.bin"))
    }

    /// Writes a batch and what is published of it: to be done before the chain moves behind it.
    pub fn keep(&self, sealed: &SealedBatch) -> Result<(), Failure> {
        let number = sealed.batch.header.number.0;
        let published = sealed.published().or_fail(Kind::Bug, "published data")?;
        ["batches", "pubdata"].iter().try_for_each(|name| make_folder(&self.folder.join(name)))?;
        write_whole(&self.batch(number), &sealed.to_bytes(), 0o644)?;
        write_whole(&self.pubdata(number), &published.to_bytes(), 0o644)
    }

    /// Removes the batch beyond the chain, and what was to be published of it. A run leaves one at most, since the chain
    /// moves behind each before the next is made: where there are more the state is not the newest, and they are kept.
    fn remove_unfinished(&self, BatchNumber(number): BatchNumber) -> Result<(), Failure> {
        let beyond = |count| number.checked_add(count).map(|next| [self.batch(next), self.pubdata(next)]);
        let Some(unfinished) = beyond(1) else { return Ok(()) };
        for path in beyond(2).into_iter().flatten() {
            if fs::symlink_metadata(&path).is_ok() {
                let reason = format!(
                    "{}: two batches or more after batch {number}, where the state ends: it is an older one; bring the \
                     newest back, or move it away and make it again from all published data with `aludel rebuild`",
                    path.display()
                );
                return Err(Failure::new(Kind::Usage, reason));
            }
        }
        unfinished.into_iter().try_for_each(remove)
    }

    /// Fails where something is published beyond a batch: the next run would take it for unfinished.
    fn check_last(&self, BatchNumber(number): BatchNumber) -> Result<(), Failure> {
        let Some(path) = number.checked_add(1).map(|next| self.pubdata(next)) else { return Ok(()) };
        match fs::symlink_metadata(&path) {
            Err(_) => Ok(()),
            Ok(_) => {
                let reason = format!(
                    "{}: published after batch {number}, the last that was given; give it too, or name another folder",
                    path.display()
                );
                Err(Failure::new(Kind::Usage, reason))
            }
        }
    }
}

/// Removes a file if it is there.
fn remove(path: PathBuf) -> Result<(), Failure> {
    match fs::remove_file(&path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e).or_fail(Kind::Usage, path.display()),
    }
}

/// A state in the making: it appears in its folder whole or not at all.
pub struct Unfinished {
    path: PathBuf,
    finished: PathBuf,
    _alone: File,
}

impl Unfinished {
    /// A chain without batches, in a folder that holds no state.
    pub fn begin(folder: &Path, chain_id: ChainId) -> Result<(Self, DiskStore), Failure> {
        make_folder(folder)?;
        let alone = Folder::at(folder).lock()?;
        let finished = folder.join("state.redb");
        if fs::exists(&finished).or_fail(Kind::Usage, finished.display())? {
            let reason = format!("{}: there is a state already; move it away first", finished.display());
            return Err(Failure::new(Kind::Usage, reason));
        }
        let path = folder.join(".state.unfinished");
        remove(path.clone())?;
        let chain = DiskStore::create(&path, chain_id, Options::default())?;
        Ok((Self { path, finished, _alone: alone }, chain))
    }

    /// Closes it and puts it in its place, which must have nothing published beyond it.
    pub fn finish(self, chain: DiskStore) -> Result<(), Failure> {
        let folder = self.finished.parent().unwrap_or(Path::new("."));
        Files { folder: folder.to_owned() }.check_last(chain.checkpoint().number)?;
        drop(chain);
        fs::rename(&self.path, &self.finished).or_fail(Kind::Usage, self.finished.display())?;
        File::open(folder).and_then(|folder| folder.sync_all()).or_fail(Kind::Usage, folder.display())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Nothing is there any more where it was finished.
        let _ = fs::remove_file(&self.path);
    }
}
