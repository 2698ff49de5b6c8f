//! Whether the two files of a keystore fit together.

use std::collections::BTreeSet;
use std::path::Path;

use aludel_protocol::KeyDigest;

use super::contents::{Contents, Entry};
use super::error::{KeystoreError, SignerError};
use super::order::{Order, Purpose};
use super::record::Record;
use super::usage::{Usage, usage_path};

/// Whether the keystore can sign with a key of its record, and with the one that would take over.
pub(super) fn check_secrets(
    secrets: &BTreeSet<KeyDigest>,
    usage: &Usage,
    key: &KeyDigest,
    order: &Order,
) -> Result<(), SignerError> {
    let successor = match order.purpose {
        Purpose::Rotation { to } => Some(to),
        Purpose::Ordinary => None,
    };
    let lacks = |key: &KeyDigest| usage.get(key).is_some() && !secrets.contains(key);
    match [Some(*key), successor].into_iter().flatten().find(lacks) {
        Some(key) => Err(SignerError::NoSecrets { key }),
        None => Ok(()),
    }
}

/// Whether a usage record is the keystore's, and not from before the keystore was written.
pub(super) fn check(path: &Path, contents: &Contents, usage: Usage) -> Result<Usage, KeystoreError> {
    let path = || usage_path(path);
    let is_of = |entry: &Entry, record: &Record| record.is_of(&entry.from, entry.window);
    let lacks = |entry: &&Entry| !usage.get(&entry.key).is_some_and(|record| is_of(entry, record));
    if let Some(entry) = contents.entries.iter().find(lacks) {
        return Err(KeystoreError::UsageForeign { path: path(), key: entry.key });
    }
    let (expected, found) = (contents.generation, usage.generation);
    if found < expected {
        return Err(KeystoreError::UsageOlder { path: path(), expected, found });
    }
    Ok(usage)
}

/// Whether an error means that how far keys are used is not known any more.
pub(super) const fn is_loss(error: &KeystoreError) -> bool {
    use KeystoreError::{UsageDamaged, UsageForeign, UsageMissing, UsageOlder};
    matches!(error, UsageMissing { .. } | UsageDamaged { .. } | UsageOlder { .. } | UsageForeign { .. })
}
