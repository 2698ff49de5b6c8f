//! Why a key does not sign, and why a keystore does not open.

use std::io;
use std::path::PathBuf;

use aludel_protocol::codec::DecodeError;
use aludel_protocol::{AccountId, ChainId, KeyDigest, Sequence};

use crate::xmss::SignError;

/// Why a key does not sign an order. Nothing was spent, but for [`SignerError::Scheme`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// The transaction is for another rollup.
    #[error(
        "this key is for chain {expected} and the transaction for chain {found}; use a key of that chain"
    )]
    Chain {
        /// The key's.
        expected: ChainId,
        /// The transaction's.
        found: ChainId,
    },
    /// The key has signed for another account.
    #[error(
        "this key is of account {expected} and the transaction of account {found}; use that account's key, or make one with `aludel keygen`"
    )]
    Account {
        /// The key's.
        expected: AccountId,
        /// The transaction's.
        found: AccountId,
    },
    /// The key's account has another key.
    #[error("this key was rotated away and signs nothing more; sign with the key that took over, {to}")]
    Rotated {
        /// The one that took over.
        to: KeyDigest,
    },
    /// An account rotates to a key that was never used, whose epochs the chain counts from 0 again.
    #[error(
        "no rotation to key {to}: {reason}; make an unused one with `aludel keygen` in the same keystore"
    )]
    Successor {
        /// The key that would take over.
        to: KeyDigest,
        /// Why it may not.
        reason: &'static str,
    },
    /// A later sequence was signed.
    #[error(
        "sequence {found} lies below {last}, which this key has signed; if it is meant to replace a pending transaction, say --lower-sequence and sign the later ones again"
    )]
    Sequence {
        /// The last one.
        last: Sequence,
        /// The transaction's.
        found: Sequence,
    },
    /// The usage record was lost.
    #[error(
        "how far this key was used is not known; say --skip-to with the account's next_epoch on the chain, plus every signature that may not be included yet; at least {least}"
    )]
    Unknown {
        /// The least that is known to be unused.
        least: u32,
    },
    /// Every epoch but the window's last is used, and that one is kept.
    #[error(
        "this key has used every epoch up to {last}, which it keeps for a rotation: make a key with `aludel keygen` and rotate the account to it"
    )]
    LastEpoch {
        /// The window's last.
        last: u32,
    },
    /// The last epoch is used too.
    #[error(
        "this key has used every epoch up to {last}, the last one too, and signs nothing more; only the rotation that was signed with it saves the account"
    )]
    UsedUp {
        /// The window's last.
        last: u32,
    },
    /// No epoch of the window is that late.
    #[error("epoch {asked} is not one of {next} to {last}, which this key has left; nothing was signed")]
    Beyond {
        /// The epoch asked for.
        asked: u32,
        /// The first that is unused.
        next: u32,
        /// The window's last.
        last: u32,
    },
    /// No such key.
    #[error("no key {key} in this keystore; `aludel keys` lists those that there are")]
    NoKey {
        /// The key asked for.
        key: KeyDigest,
    },
    /// The usage record knows the key and the keystore does not.
    #[error(
        "the keystore has no secrets of key {key}: it is older than its usage record, or `aludel keygen` was interrupted; restore the newest keystore, or use another key"
    )]
    NoSecrets {
        /// The key that would sign, or take over.
        key: KeyDigest,
    },
    /// The scheme refused: our bug.
    #[error(transparent)]
    Scheme(#[from] SignError),
}

/// Why a keystore is not opened, written or used.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A folder was named.
    #[error("{}: is a directory; name a file in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Another process signs.
    #[error("{}: another process uses this keystore; wait until it is done, since two that sign at once would give a one-time key away", path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
    },
    /// A file is there already.
    #[error("{}: exists already and is never overwritten; {remedy}", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// Others can read it, or write the record.
    #[error("{}: others have access to it (mode {mode:03o}); run `chmod 600` on it", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file has a second name, beside which another usage record may lie.
    #[error("{}: has {names} names (hard links), and each would count its epochs alone; remove all but one", path.display())]
    Linked {
        /// The file.
        path: PathBuf,
        /// How many.
        names: u64,
    },
    /// Larger than any keystore.
    #[error("{}: {found} bytes, larger than {most}, which no keystore is; check the path", path.display())]
    Large {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        found: u64,
        /// The most that is read.
        most: u64,
    },
    /// Another passphrase, or a damaged file.
    #[error("wrong passphrase, or the keystore's first bytes are damaged; try again, or restore the file")]
    WrongPassphrase,
    /// A passphrase guess costs more than we are willing to pay.
    #[error(
        "the keystore asks for 2^{required} rounds of scrypt and this build does at most 2^{most}; it was not made by `aludel keygen`"
    )]
    Work {
        /// Base-2 logarithm of what the file asks for.
        required: u8,
        /// Base-2 logarithm of the most.
        most: u8,
    },
    /// Not a keystore, or a damaged one.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Encryption failed: our bug.
    #[error("the keystore could not be encrypted: {reason}; this is a bug, please report it")]
    Encryption {
        /// What age says.
        reason: String,
    },
    /// No usage record beside the keystore.
    #[error("{}: is missing, and without it nobody knows which epochs are used. Restore it; or, if it is lost, sign with --skip-to EPOCH: the account's next_epoch on the chain, plus every signature that may not be included yet", path.display())]
    UsageMissing {
        /// Where it should lie.
        path: PathBuf,
    },
    /// The usage record does not decode.
    #[error("{}: {source}. Restore the newest one; or, if it is lost, sign with --skip-to EPOCH: the account's next_epoch on the chain, plus every signature that may not be included yet", path.display())]
    UsageDamaged {
        /// Where it lies.
        path: PathBuf,
        /// What is wrong.
        source: DecodeError,
    },
    /// The usage record was written before the keystore was.
    #[error("{}: is older than its keystore (generation {found}, not {expected}), so epochs that it calls unused may be used. Restore the newest one; or, if it is lost, sign with --skip-to EPOCH: the account's next_epoch on the chain, plus every signature that may not be included yet", path.display())]
    UsageOlder {
        /// Where it lies.
        path: PathBuf,
        /// The keystore's generation.
        expected: u64,
        /// The record's.
        found: u64,
    },
    /// The usage record lacks a key.
    #[error("{}: is of another keystore: it has no record of key {key}. Restore the right one; or, if it is lost, sign with --skip-to EPOCH: the account's next_epoch on the chain, plus every signature that may not be included yet", path.display())]
    UsageForeign {
        /// Where it lies.
        path: PathBuf,
        /// A key of the keystore.
        key: KeyDigest,
    },
    /// A stored key does not derive: our bug, or somebody's who knows the passphrase.
    #[error(
        "the secrets of key {expected} make key {found}; restore the keystore from a backup, with its usage record as it is now"
    )]
    Key {
        /// The key as it is named.
        expected: KeyDigest,
        /// What its seed makes.
        found: KeyDigest,
    },
    /// Two keys would be the same one.
    #[error("these keys do not make a keystore: {reason}; derive each with a counter of its own")]
    Keys {
        /// Which.
        reason: String,
    },
    /// The operating system has no random numbers.
    #[error("the operating system gives no random numbers: {reason}; try again")]
    Random {
        /// What it says.
        reason: String,
    },
    /// No counter is left.
    #[error("this keystore has used its last counter; make another keystore with another seed")]
    Counters,
}
