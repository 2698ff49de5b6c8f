//! The secret half of a keystore.

use std::io::{self, Read, Write};

use aludel_protocol::codec::{self, HEADER_BYTES, Kind};
use aludel_protocol::{AccountId, ChainId, KeyDigest};
use borsh::{BorshDeserialize, BorshSerialize};
use zeroize::Zeroizing;

use super::error::KeystoreError;
use super::passphrase::Passphrase;
use super::sealed::{self, OpenError, Work};
use super::signer::Signer;
use crate::xmss::{Derivation, Window};

/// Bytes of an entry at most: digests and seed 3 x 32, chain and counter 16, window 5, account 4, two options.
const ENTRY_BYTES: usize = 123;

/// What a keystore file holds when it is open.
///
/// File ([`Kind::Keystore`]): header, then the age encryption of the borsh encoding of these fields.
#[derive(Clone)]
pub(super) struct Contents {
    /// Number of the times that it was written. The usage record beside it is never older.
    pub generation: u64,
    pub work: Work,
    /// What keys that are made later derive from.
    pub seed: Box<Zeroizing<[u8; 32]>>,
    /// Larger than any counter used.
    pub next_counter: u64,
    pub entries: Vec<Entry>,
}

/// One key.
#[derive(Clone)]
pub(super) struct Entry {
    pub key: KeyDigest,
    // Boxed, so that a vector that grows leaves no copy of the seed.
    pub from: Box<Derivation>,
    pub window: Window,
    /// As it was when the keystore was written. The usage record knows more.
    pub account: Option<AccountId>,
    /// As `account`; a key that was rotated away stays so when the usage record is lost.
    pub rotated_to: Option<KeyDigest>,
}

impl From<&Signer> for Entry {
    fn from(signer: &Signer) -> Self {
        let record = &signer.record;
        Self {
            key: record.key,
            from: signer.from.clone(),
            window: record.window,
            account: record.account,
            rotated_to: record.rotated_to,
        }
    }
}

impl Contents {
    /// The whole file.
    pub fn encode(&self, passphrase: &Passphrase) -> Result<Vec<u8>, KeystoreError> {
        // Large enough from the start: a buffer that grows leaves copies behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(64 + ENTRY_BYTES * self.entries.len()));
        self.serialize(&mut *plain).unwrap_or_else(|_| unreachable!("a vector takes everything"));
        let sealed = sealed::seal(&plain, passphrase, self.work)
            .map_err(|reason| KeystoreError::Encryption { reason })?;
        Ok([&codec::header(Kind::Keystore)[..], &sealed].concat())
    }

    /// Reads a whole file.
    pub fn decode(bytes: &[u8], passphrase: &Passphrase) -> Result<Self, KeystoreError> {
        let damaged = |reason: String, position: usize| {
            KeystoreError::Decode(codec::DecodeError::Body { kind: Kind::Keystore, position, reason })
        };
        let plain = sealed::open(codec::body(Kind::Keystore, bytes)?, passphrase).map_err(|e| match e {
            OpenError::Passphrase => KeystoreError::WrongPassphrase,
            OpenError::Work { required } => KeystoreError::Work { required, most: Work::MOST.0 },
            OpenError::Damaged { reason } => damaged(reason, HEADER_BYTES),
        })?;
        Self::deserialize_exact(&plain).map_err(|e| damaged(e.to_string(), HEADER_BYTES))
    }

    fn serialize(&self, w: &mut impl Write) -> io::Result<()> {
        let Self { generation, work, seed, next_counter, entries } = self;
        BorshSerialize::serialize(&(*generation, work.0, *next_counter), w)?;
        w.write_all(seed.as_ref().as_ref())?;
        BorshSerialize::serialize(&(entries.len() as u32), w)?;
        entries.iter().try_for_each(|entry| entry.serialize(w))
    }

    fn deserialize_exact(mut plain: &[u8]) -> io::Result<Self> {
        let r = &mut plain;
        let (generation, work, next_counter) = <(u64, u8, u64)>::deserialize_reader(r)?;
        let mut seed = Box::new(Zeroizing::new([0; 32]));
        r.read_exact(seed.as_mut().as_mut())?;
        let count = u32::deserialize_reader(r)?;
        let entries = (0..count).map(|_| Entry::deserialize(r)).collect::<io::Result<_>>()?;
        if !r.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} bytes too many", r.len())));
        }
        // What is written under it was opened under another: age panics over 0, and nobody opens more than the most.
        let work = Work(work.clamp(Work::LEAST.0, Work::MOST.0));
        Ok(Self { generation, work, seed, next_counter, entries })
    }
}

impl Entry {
    fn serialize(&self, w: &mut impl Write) -> io::Result<()> {
        let Self { key, from, window, account, rotated_to } = self;
        w.write_all(&from.seed)?;
        BorshSerialize::serialize(&(*key, from.chain_id, from.counter, *window), w)?;
        BorshSerialize::serialize(&(*account, *rotated_to), w)
    }

    fn deserialize(r: &mut impl Read) -> io::Result<Self> {
        let mut from = Box::new(Derivation { seed: [0; 32], chain_id: ChainId(0), counter: 0 });
        r.read_exact(&mut from.seed)?;
        let (key, chain_id, counter, window) = <(KeyDigest, ChainId, u64, Window)>::deserialize_reader(r)?;
        (from.chain_id, from.counter) = (chain_id, counter);
        let (account, rotated_to) = <(Option<AccountId>, Option<KeyDigest>)>::deserialize_reader(r)?;
        Ok(Self { key, from, window, account, rotated_to })
    }
}
