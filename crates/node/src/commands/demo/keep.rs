//! What `--keep` leaves behind.

use std::fs;
use std::path::{Path, PathBuf};

use aludel_ledger::batch::{Queue, SealedBatch};
use aludel_protocol::Statement;
use aludel_protocol::codec::{self, Kind as File};

use super::wallets::Wallets;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::{make_folder, write_private, write_whole};
use crate::render;

/// The folder to keep things in, if any.
pub struct Keep(Option<PathBuf>);

impl Keep {
    /// Makes the folder, which must be empty: what lies in it afterwards is of one run.
    pub fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(Self(None)) };
        make_folder(folder)?;
        if fs::read_dir(folder).or_fail(Kind::Usage, folder.display())?.next().is_some() {
            let reason = format!("{}: is not empty; name a new folder", folder.display());
            return Err(Failure::new(Kind::Usage, reason));
        }
        ["batches", "pubdata", "proofs"].iter().try_for_each(|name| make_folder(&folder.join(name)))?;
        Ok(Self(Some(folder.to_owned())))
    }

    fn write(&self, name: &str, bytes: impl FnOnce() -> Vec<u8>) -> Result<(), Failure> {
        match &self.0 {
            Some(folder) => write_whole(&folder.join(name), &bytes(), 0o644),
            None => Ok(()),
        }
    }

    /// `keys/ACCOUNT.key`, as used so far. All of them appear at once: there may be very many.
    pub fn keys(&self, wallets: &Wallets) -> Result<(), Failure> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let unfinished = folder.join(".keys.tmp");
        make_folder(&unfinished)?;
        for (wallet, signer, current) in wallets.keys() {
            if current {
                let name = format!("{}.key", super::workload::account(wallet));
                write_private(&unfinished.join(name), &signer.key().encode())?;
            }
        }
        fs::rename(&unfinished, folder.join("keys")).or_fail(Kind::Usage, folder.display())
    }

    /// `queue.bin`.
    pub fn queue(&self, queue: &Queue) -> Result<(), Failure> {
        self.write("queue.bin", || queue.to_bytes())
    }

    /// `batches/N.bin` and `pubdata/N.bin`, by the batch's number.
    pub fn batch(&self, sealed: &SealedBatch) -> Result<(), Failure> {
        if self.0.is_none() {
            return Ok(());
        }
        let number = sealed.batch.header.number;
        let published = sealed.published().or_fail(Kind::Bug, "published data")?;
        self.write(&format!("batches/{number}.bin"), || sealed.to_bytes())?;
        self.write(&format!("pubdata/{number}.bin"), || published.to_bytes())
    }

    /// `proofs/shard-N.proof`, counted from 1.
    pub fn proof(&self, number: usize, bytes: &[u8]) -> Result<(), Failure> {
        self.write(&format!("proofs/shard-{number}.proof"), || bytes.to_vec())
    }

    /// `statement.bin` and `statement.json`: what all proofs say together.
    pub fn statement(&self, statement: &Statement) -> Result<(), Failure> {
        let json = render::pretty(statement)?;
        self.write("statement.json", || json.into_bytes())?;
        self.write("statement.bin", || codec::encode(File::Statement, statement))
    }
}
