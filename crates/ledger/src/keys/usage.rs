//! The public half of a keystore: how far each key is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aludel_protocol::KeyDigest;
use aludel_protocol::codec::{self, DecodeError, Kind};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::contents::Contents;
use super::error::SignerError;
use super::order::{Consent, Order, Purpose};
use super::record::{Record, Reservation};
use aludel_durable::files::beside;

/// Bytes of the SHA-256 at the end of the file.
const CHECKSUM: usize = 32;

/// Fewest digits by which a key is named, so that no such name is taken for a position.
const PREFIX: usize = 8;

/// How far the keys of one keystore are used, in the order in which they were made.
///
/// File ([`Kind::KeyUsage`]): header, generation `u64`, next counter `u64`, the records, and the SHA-256 of all that.
/// The checksum catches a damaged disk, not somebody who writes the file: who can write it can also bring an
/// older one back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub(super) generation: u64,
    pub(super) next_counter: u64,
    keys: Vec<Record>,
    #[serde(skip)]
    positions: BTreeMap<KeyDigest, usize>,
}

/// Why a word names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Neither a position nor a prefix.
    #[error("{word:?} names no key: give its position (0 to {}) or {PREFIX} or more of its first hex digits", count.saturating_sub(1))]
    Word {
        /// What was given.
        word: String,
        /// Keys that there are.
        count: usize,
    },
    /// No key begins so.
    #[error("no key begins with {word}; `aludel keys` lists them")]
    None {
        /// What was given.
        word: String,
    },
    /// Several do.
    #[error("{count} keys begin with {word}; give more digits")]
    Several {
        /// What was given.
        word: String,
        /// Keys that begin so.
        count: usize,
    },
}

/// Where the usage record of a keystore lies: `KEYSTORE.usage`.
pub fn usage_path(keystore: &Path) -> PathBuf {
    beside(keystore, "", ".usage")
}

impl Usage {
    /// Of no keys yet; the next one gets this counter or a larger one.
    pub(super) fn new(next_counter: u64) -> Self {
        Self { next_counter, ..Self::default() }
    }

    /// Every key, in the order in which they were made.
    pub fn records(&self) -> &[Record] {
        &self.keys
    }

    /// One key.
    pub fn get(&self, key: &KeyDigest) -> Option<&Record> {
        self.keys.get(*self.positions.get(key)?)
    }

    /// The key that a person means: a position, or at least eight of its first hex digits.
    ///
    /// # Errors
    /// When it is neither, or names no key or several.
    pub fn select(&self, word: &str) -> Result<&Record, SelectError> {
        if word.len() < PREFIX {
            let found = word.parse::<usize>().ok().and_then(|position| self.keys.get(position));
            return found.ok_or_else(|| SelectError::Word { word: word.into(), count: self.keys.len() });
        }
        let begins = |record: &&Record| record.key.to_string().starts_with(&word.to_ascii_lowercase());
        match self.keys.iter().filter(begins).collect::<Vec<_>>()[..] {
            [one] => Ok(one),
            [] => Err(SelectError::None { word: word.into() }),
            ref several => Err(SelectError::Several { word: word.into(), count: several.len() }),
        }
    }

    /// The whole file.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = codec::encode(Kind::KeyUsage, &(self.generation, self.next_counter));
        borsh::to_writer(&mut bytes, &self.keys)
            .unwrap_or_else(|_| unreachable!("a vector takes everything"));
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// When it is another kind of file or damaged anywhere.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::body(Kind::KeyUsage, bytes)?;
        let position = bytes.len().saturating_sub(CHECKSUM);
        let fault = |reason: String| DecodeError::Body { kind: Kind::KeyUsage, position, reason };
        let (rest, checksum) = bytes.split_at(position);
        if Sha256::digest(rest)[..] != *checksum {
            return Err(fault("its checksum is of other bytes".to_owned()));
        }
        let Written { generation, next_counter, keys } = codec::decode(Kind::KeyUsage, rest)?;
        let mut usage = Self { generation, ..Self::new(next_counter) };
        keys.into_iter().try_for_each(|record| usage.insert(record)).map_err(&fault)?;
        match usage.next_counter == next_counter {
            true => Ok(usage),
            false => Err(fault(format!("a counter is not below {next_counter}, the next"))),
        }
    }

    /// Adds a key; the reason where that cannot be.
    pub(super) fn insert(&mut self, record: Record) -> Result<(), String> {
        if let Some(fault) = record.fault() {
            return Err(format!("key {}: {fault}", record.key));
        }
        if self.positions.insert(record.key, self.keys.len()).is_some() {
            return Err(format!("key {} is there twice", record.key));
        }
        self.next_counter = self.next_counter.max(record.counter.saturating_add(1));
        self.keys.push(record);
        Ok(())
    }

    /// Spends an epoch of a key on an order, and gives its account to the key that it rotates to. Nothing changes
    /// where it is refused.
    pub(super) fn take(
        &mut self,
        key: &KeyDigest,
        order: &Order,
        consent: &Consent,
    ) -> Result<Reservation, SignerError> {
        let position = *self.positions.get(key).ok_or(SignerError::NoKey { key: *key })?;
        let successor = match order.purpose {
            Purpose::Rotation { to } if to != *key => Some(self.successor(key, order, to)?),
            _ => None,
        };
        let reservation = self.keys[position].take(order, consent)?;
        if let Some(successor) = successor {
            self.keys[successor].account = Some(order.from);
        }
        Ok(reservation)
    }

    /// The position of the key that takes over, which must be unused, or be that of an earlier such rotation.
    fn successor(&self, key: &KeyDigest, order: &Order, to: KeyDigest) -> Result<usize, SignerError> {
        let refused = |reason| SignerError::Successor { to, reason };
        let position = *self.positions.get(&to).ok_or(refused("it is not in this keystore"))?;
        let record = &self.keys[position];
        if record.chain_id != order.chain_id {
            return Err(refused("it is of another chain"));
        }
        let is_repeated = self.get(key).is_some_and(|own| own.rotated_to == Some(to));
        let is_promised = || self.keys.iter().any(|own| own.key != *key && own.rotated_to == Some(to));
        match is_repeated || (record.is_fresh_for(order.from) && !is_promised()) {
            true => Ok(position),
            false => Err(refused("it was used before, or is another account's")),
        }
    }

    /// What is known of a keystore whose usage record was lost: every record that was found, and one for each
    /// key, all marked as not known.
    pub(super) fn rebuilt(found: Option<Self>, contents: &Contents) -> Self {
        let mut usage = found.unwrap_or_default();
        usage.generation = usage.generation.max(contents.generation);
        usage.next_counter = usage.next_counter.max(contents.next_counter);
        for entry in &contents.entries {
            if usage.get(&entry.key).is_none() {
                let fresh = Record::new(entry.key, &entry.from, entry.window, entry.account);
                usage.insert(fresh).unwrap_or_else(|_| unreachable!("a new record of a new key"));
            }
            let record = &mut usage.keys[usage.positions[&entry.key]];
            // What the keystore says of its keys is encrypted; a record is what anybody may have written.
            if !record.is_of(&entry.from, entry.window) {
                *record = Record::new(entry.key, &entry.from, entry.window, entry.account);
            }
            record.is_known = false;
            record.account = record.account.or(entry.account);
            record.rotated_to = record.rotated_to.or(entry.rotated_to);
        }
        usage
    }
}

/// The body of the file, before it is checked.
#[derive(BorshSerialize, BorshDeserialize)]
struct Written {
    generation: u64,
    next_counter: u64,
    keys: Vec<Record>,
}
