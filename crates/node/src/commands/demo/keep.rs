//! What `--keep` leaves behind.

use std::fs;
use std::path::{Path, PathBuf};

use aludel_ledger::batch::{Queue, SealedBatch};
use aludel_ledger::keys::{Keystore, NewKeys, Passphrase, Work};
use aludel_protocol::Statement;
use aludel_protocol::codec::{self, Kind as File};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use super::wallets::Wallets;
use crate::commands::keys::keystore_failure;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::{make_folder, write_whole};
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

    /// `keys.keystore` with every key as used so far, `keys.keystore.usage`, and `passphrase`: no secret, since
    /// the seed of a demo is on its command line.
    pub fn keys(&self, wallets: &Wallets, seed: u64) -> Result<(), Failure> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        // Another stream than the script's, which takes part in every proof.
        rng.set_stream(1);
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        let phrase = hex::encode(bytes);
        write_whole(&folder.join("passphrase"), format!("{phrase}\n").as_bytes(), 0o600)?;
        let mut key_seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(key_seed.as_mut());
        let path = folder.join("keys.keystore");
        let passphrase = Passphrase::new(&phrase).or_fail(Kind::Bug, "passphrase")?;
        let signers = wallets.keys().collect();
        let new = NewKeys { seed: key_seed, counter: 0, work: Work::STANDARD, signers };
        Keystore::create(&path, &passphrase, new).map_err(keystore_failure(&path))?;
        Ok(())
    }

    /// Says where the keys are.
    pub fn say(&self) {
        if let Some(folder) = &self.0 {
            let folder = folder.display();
            eprintln!(
                "kept: {folder}; its keys are in {folder}/keys.keystore, under the passphrase in {folder}/passphrase"
            );
        }
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

    /// `proofs/root.proof`.
    pub fn root(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.write("proofs/root.proof", || bytes.to_vec())
    }

    /// `statement.bin` and `statement.json`: what all proofs say together.
    pub fn statement(&self, statement: &Statement) -> Result<(), Failure> {
        let json = render::pretty(statement)?;
        self.write("statement.json", || json.into_bytes())?;
        self.write("statement.bin", || codec::encode(File::Statement, statement))
    }
}
