//! The folder of a state: `state.bin`, `batches/N.bin` and `refused.json`.
//!
//! `state.bin` decides: a batch with a number beyond its checkpoint was left by a run that did not finish.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use aludel_ledger::batch::{Chain, SealedBatch};
use aludel_protocol::ChainId;

use crate::exit::{Failure, Kind, OrFail};
use crate::files::{Folder, Place, make_folder, write_whole};
use crate::formats;

/// An open folder, held against other processes while it lives.
pub struct Store {
    folder: PathBuf,
    /// The chain; [`Store::save`] writes it.
    pub chain: Chain,
    _alone: File,
}

impl Store {
    /// Opens a folder, or makes one for a rollup.
    pub fn open(folder: &Path, chain_id: Option<u64>) -> Result<Self, Failure> {
        let path = folder.join("state.bin");
        let found = fs::exists(&path).or_fail(Kind::Usage, path.display())?;
        let Some(id) = chain_id.filter(|_| !found) else {
            return Self::open_existing(folder, &path, chain_id);
        };
        make_folder(folder)?;
        let alone = Folder::at(folder).lock()?;
        Ok(Self { folder: folder.to_owned(), chain: Chain::genesis(ChainId(id)), _alone: alone })
    }

    fn open_existing(folder: &Path, path: &Path, chain_id: Option<u64>) -> Result<Self, Failure> {
        if !fs::exists(path).or_fail(Kind::Usage, path.display())? {
            let reason = format!("{}: no state yet; say --chain-id to begin a chain", folder.display());
            return Err(Failure::new(Kind::Usage, reason));
        }
        let alone = Folder::at(folder).lock()?;
        let place = Place::File(path.to_owned());
        let chain = formats::state(&place, &place.read()?)?;
        if let Some(id) = chain_id.filter(|id| *id != chain.chain_id.0) {
            let reason = format!("{place}: the state is of chain {}, not of chain {id}", chain.chain_id);
            return Err(Failure::new(Kind::Usage, reason));
        }
        Ok(Self { folder: folder.to_owned(), chain, _alone: alone })
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where a batch lies.
    pub fn batch(&self, number: u32) -> PathBuf {
        self.folder.join("batches").join(format!("{number}.bin"))
    }

    /// Writes the batches, then the state that they lead to.
    pub fn save(&self, batches: &[SealedBatch]) -> Result<(), Failure> {
        make_folder(&self.path("batches"))?;
        for sealed in batches {
            write_whole(&self.batch(sealed.batch.header.number.0), &sealed.to_bytes(), 0o644)?;
        }
        self.remove_unfinished()?;
        write_whole(&self.path("state.bin"), &self.chain.to_bytes(), 0o644)
    }

    /// Batches beyond the chain, which a run that did not finish left.
    fn remove_unfinished(&self) -> Result<(), Failure> {
        let mut number = self.chain.checkpoint.number.0;
        while let Some(next) = number.checked_add(1) {
            let path = self.batch(next);
            if !fs::exists(&path).or_fail(Kind::Usage, path.display())? {
                break;
            }
            fs::remove_file(&path).or_fail(Kind::Usage, path.display())?;
            number = next;
        }
        Ok(())
    }
}
