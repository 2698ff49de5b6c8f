//! A keystore that is open: the one place from which signatures leave.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use aludel_protocol::{AccountId, ChainId, KeyDigest, SignedTransaction, Transaction};
use rand::TryRng;
use rand::rngs::SysRng;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::check::{check, check_secrets, is_loss};
use super::contents::{Contents, Entry};
use super::error::{KeystoreError, SignerError};
use super::folder;
use super::order::{Consent, Order, Purpose};
use super::passphrase::Passphrase;
use super::record::Reservation;
use super::sealed::Work;
use super::signer::{Signer, sign_at};
use super::usage::{Usage, usage_path};
use crate::xmss::{Derivation, PublicKey, SecretKey, Window, generate_many};
use aludel_durable::files::{Files, replace};

/// What to do where the usage record is missing, damaged, too old, or another keystore's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// Do not open.
    Refuse,
    /// Open; every key then needs [`Consent::skip_to`] before it signs, and keys that are added derive from another
    /// seed.
    Rebuild,
}

/// A signature that left, after its epoch was on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The transaction with its epoch.
    pub transaction: SignedTransaction,
    /// What its owner should know.
    pub reservation: Reservation,
}

/// What a new keystore begins with.
#[derive(Debug)]
pub struct NewKeys<'a> {
    /// What keys that are added later derive from.
    pub seed: Zeroizing<[u8; 32]>,
    /// Keys that are added later have this counter or a larger one, and larger than those of `signers`. The
    /// caller vouches that they were never used with that seed.
    pub counter: u64,
    /// What a guess of the passphrase costs, now and whenever the keystore is written.
    pub work: Work,
    /// Its first keys, as far as they are used.
    pub signers: Vec<&'a Signer>,
}

/// An open keystore, held against every other process while it lives. Secrets are wiped on drop.
pub struct Keystore {
    path: PathBuf,
    passphrase: Passphrase,
    contents: Contents,
    usage: Usage,
    /// Trees of keys that have signed since it was opened.
    trees: BTreeMap<KeyDigest, SecretKey>,
    _lock: File,
}

impl Keystore {
    /// Makes a keystore file and its usage record, both of mode 0600. With one seed and the same signers both have
    /// the same bytes each time, but for the keystore's salt.
    ///
    /// # Errors
    /// When either exists, another process makes it, or the folder cannot be written.
    pub fn create(path: &Path, passphrase: &Passphrase, new: NewKeys<'_>) -> Result<Self, KeystoreError> {
        let path = folder::canonical_new(path)?;
        // Before the lock too, which leaves a file behind.
        folder::check_absent(&path)?;
        let lock = folder::lock(&path)?;
        folder::check_absent(&path)?;
        let NewKeys { seed, counter, work, signers } = new;
        let mut usage = Usage::new(counter);
        let mut records = signers.iter().map(|signer| signer.record.clone());
        records
            .try_for_each(|record| usage.insert(record))
            .map_err(|reason| KeystoreError::Keys { reason })?;
        let entries = signers.iter().copied().map(Entry::from).collect();
        let contents = Contents { generation: 0, work, seed: Box::new(seed), next_counter: counter, entries };
        let trees = BTreeMap::new();
        let mut new = Self { path, passphrase: passphrase.clone(), contents, usage, trees, _lock: lock };
        new.write_both()?;
        Ok(new)
    }

    /// Opens a keystore and holds it.
    ///
    /// # Errors
    /// When the passphrase is wrong, another process holds it, others have access to its files, a file is damaged,
    /// or, with [`OnLoss::Refuse`], its usage record is not the newest one as far as can be seen.
    pub fn open(path: &Path, passphrase: &Passphrase, on_loss: OnLoss) -> Result<Self, KeystoreError> {
        // Before the lock, which leaves a file beside what may be no keystore.
        let path = folder::canonical(path)?;
        folder::probe(&path)?;
        let lock = folder::lock(&path)?;
        let contents = Contents::decode(&folder::read_keystore(&path)?, passphrase)?;
        let found = folder::read_usage(&path).and_then(|usage| check(&path, &contents, usage));
        let is_lost = on_loss == OnLoss::Rebuild && found.as_ref().is_err_and(is_loss);
        let usage = match is_lost {
            true => Usage::rebuilt(folder::set_aside(&path)?, &contents),
            false => found?,
        };
        let (passphrase, trees) = (passphrase.clone(), BTreeMap::new());
        let mut opened = Self { path, passphrase, contents, usage, trees, _lock: lock };
        if is_lost {
            opened.leave_seed()?;
        }
        Ok(opened)
    }

    /// Takes a fresh seed after a loss: with the record went what keys were made since this keystore was written, so
    /// that the next ones of the old seed may have signed before. The keystore is written first: killed between the
    /// two, it is still the newer one.
    fn leave_seed(&mut self) -> Result<(), KeystoreError> {
        let filled = SysRng.try_fill_bytes(self.contents.seed.as_mut().as_mut());
        filled.map_err(|e| KeystoreError::Random { reason: e.to_string() })?;
        self.begin_generation();
        self.write_keystore()?;
        self.write_usage()
    }

    /// How far its keys are used.
    pub const fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Makes keys that were never used, each with a counter of its own, and writes them down.
    ///
    /// # Errors
    /// When the files cannot be written, or no counter is left.
    pub fn add(
        &mut self,
        chain_id: ChainId,
        window: Window,
        account: Option<AccountId>,
        count: u32,
    ) -> Result<Vec<PublicKey>, KeystoreError> {
        let first = self.usage.next_counter.max(self.contents.next_counter);
        let after = first.checked_add(count.into()).ok_or(KeystoreError::Counters)?;
        let derive = |counter| Derivation { seed: **self.contents.seed, chain_id, counter };
        let mut signers = Signer::generate_many((first..after).map(derive).collect(), window);
        for signer in &mut signers {
            signer.record.account = account;
            let inserted = self.usage.insert(signer.record.clone());
            inserted.map_err(|reason| KeystoreError::Keys { reason })?;
            self.contents.entries.push(Entry::from(&*signer));
        }
        self.usage.next_counter = after;
        self.write_both()?;
        Ok(signers.iter().map(|signer| *signer.public_key()).collect())
    }

    /// Signs one transaction: [`Keystore::sign_many`] of one.
    ///
    /// # Errors
    /// As there. What its key refuses is the inner error.
    pub fn sign(
        &mut self,
        key: &KeyDigest,
        transaction: Transaction,
        consent: &Consent,
    ) -> Result<Result<Signed, SignerError>, KeystoreError> {
        let mut signed = self.sign_many(&[(*key, transaction)], consent)?;
        Ok(signed.pop().unwrap_or_else(|| unreachable!("one job has one answer")))
    }

    /// Signs transactions, each with a key of its own or several with one, in parallel. The epochs of all are on the
    /// disk, in one write, before the first is used; whatever epochs the transactions came with.
    ///
    /// # Errors
    /// When the epochs cannot be written or a key does not derive: then nothing was signed. What a key refuses is
    /// the answer to that one job.
    pub fn sign_many(
        &mut self,
        jobs: &[(KeyDigest, Transaction)],
        consent: &Consent,
    ) -> Result<Vec<Result<Signed, SignerError>>, KeystoreError> {
        self.grow_trees(jobs.iter().map(|(key, _)| key))?;
        let orders: Vec<_> = jobs.iter().map(|(key, transaction)| (*key, Order::from(transaction))).collect();
        let reserved = self.reserve(&orders, consent)?;
        let sign = |((key, transaction), reserved): (&(KeyDigest, Transaction), Result<Reservation, _>)| {
            let reservation: Reservation = reserved?;
            let secret = self.trees.get(key).ok_or(SignerError::NoKey { key: *key })?;
            let transaction = sign_at(secret, Transaction { epoch: reservation.epoch, ..*transaction })?;
            Ok(Signed { transaction, reservation })
        };
        Ok(jobs.par_iter().zip(reserved).map(sign).collect())
    }

    /// Spends epochs on orders. They are on the disk when it returns.
    pub(super) fn reserve(
        &mut self,
        orders: &[(KeyDigest, Order)],
        consent: &Consent,
    ) -> Result<Vec<Result<Reservation, SignerError>>, KeystoreError> {
        let secrets: BTreeSet<_> = self.contents.entries.iter().map(|entry| entry.key).collect();
        let take = |(key, order): &(KeyDigest, Order)| {
            check_secrets(&secrets, &self.usage, key, order)?;
            self.usage.take(key, order, consent)
        };
        let reserved: Vec<_> = orders.iter().map(take).collect();
        let granted = || orders.iter().zip(&reserved).filter(|(_, reserved)| reserved.is_ok());
        let is_rotation = |order: &Order| matches!(order.purpose, Purpose::Rotation { .. });
        match granted().any(|((_, order), _)| is_rotation(order)) {
            true => self.write_both()?,
            false if granted().next().is_some() => self.write_usage()?,
            false => {}
        }
        Ok(reserved)
    }

    /// Computes the trees of keys that have none yet.
    fn grow_trees<'a>(&mut self, keys: impl Iterator<Item = &'a KeyDigest>) -> Result<(), KeystoreError> {
        let mut missing: BTreeMap<KeyDigest, Option<&Entry>> =
            keys.filter(|key| !self.trees.contains_key(*key)).map(|key| (*key, None)).collect();
        for entry in &self.contents.entries {
            missing.entry(entry.key).and_modify(|slot| *slot = Some(entry));
        }
        let mut by_window: BTreeMap<(u32, usize), Vec<&Entry>> = BTreeMap::new();
        for entry in missing.into_values().flatten() {
            by_window.entry((entry.window.start().0, entry.window.log_size())).or_default().push(entry);
        }
        for entries in by_window.into_values() {
            let from: Vec<Derivation> = entries.iter().map(|entry| (*entry.from).clone()).collect();
            for (entry, secret) in entries.iter().zip(generate_many(&from, entries[0].window)) {
                let (expected, found) = (entry.key, secret.key_digest());
                if expected != found {
                    return Err(KeystoreError::Key { expected, found });
                }
                self.trees.insert(found, secret);
            }
        }
        Ok(())
    }

    fn write_usage(&self) -> Result<(), KeystoreError> {
        let path = usage_path(&self.path);
        replace(&Files, &path, &self.usage.encode()).map_err(|source| KeystoreError::Io { path, source })
    }

    /// Writes the usage record, then the keystore: killed between the two, the record is the newer one, and knows
    /// every counter and every rotation that the keystore will know.
    fn write_both(&mut self) -> Result<(), KeystoreError> {
        self.begin_generation();
        self.write_usage()?;
        self.write_keystore()
    }

    /// Tells the keystore what its record knows, and gives both a higher number than either had.
    fn begin_generation(&mut self) {
        self.usage.generation = self.usage.generation.max(self.contents.generation) + 1;
        self.contents.generation = self.usage.generation;
        self.contents.next_counter = self.contents.next_counter.max(self.usage.next_counter);
        for entry in &mut self.contents.entries {
            if let Some(record) = self.usage.get(&entry.key) {
                (entry.account, entry.rotated_to) = (record.account, record.rotated_to);
            }
        }
    }

    fn write_keystore(&self) -> Result<(), KeystoreError> {
        let bytes = self.contents.encode(&self.passphrase)?;
        let path = self.path.clone();
        replace(&Files, &path, &bytes).map_err(|source| KeystoreError::Io { path, source })
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, usage, .. } = self;
        f.debug_struct("Keystore").field("path", path).field("usage", usage).finish_non_exhaustive()
    }
}
