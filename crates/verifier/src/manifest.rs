//! The keys that this build was released with, pinned in `keys.json`: a change of a key is a change of a
//! committed file, never an accident.
//!
//! A verifier takes the preprocessed root from here and need not commit to the columns again. Everything else
//! of a key it derives from the chips, and compares the digests.

use std::sync::OnceLock;

use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_protocol::Digest;
use serde::{Deserialize, Serialize};

use crate::error::KeyError;
use crate::keys::{ShardKey, cap_digests, cap_of};

const MANIFEST: &str = include_str!("../keys.json");

/// One key, as the manifest holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedKey {
    /// The shape's name.
    pub shape: String,
    /// Base-2 logarithms of the chips' heights, in order.
    pub log_heights: Vec<usize>,
    /// The key's digest.
    pub key: Digest,
    /// Root of the preprocessed columns: the top of a Merkle tree, or nothing.
    pub preprocessed: Vec<Digest>,
}

impl PinnedKey {
    /// What the manifest should hold of a shape's key.
    pub fn of(shape: Shape, key: &ShardKey) -> Self {
        Self {
            shape: shape.name().to_owned(),
            log_heights: key.chips().iter().map(Chip::log_height).collect(),
            key: key.digest(),
            preprocessed: cap_digests(key.root()),
        }
    }
}

/// The whole manifest as it should be, from the chips: seconds of work.
///
/// # Errors
/// A machine breaks a rule that soundness rests on.
pub fn derive() -> Result<Vec<PinnedKey>, KeyError> {
    Shape::ALL.into_iter().map(|shape| Ok(PinnedKey::of(shape, &ShardKey::derive(shape)?))).collect()
}

/// The entry of a shape.
///
/// # Errors
/// The manifest does not parse or lacks the shape.
pub fn pinned(shape: Shape) -> Result<PinnedKey, KeyError> {
    let bad = |reason: String| KeyError::Manifest { shape, reason };
    let all: Vec<PinnedKey> = serde_json::from_str(MANIFEST).map_err(|e| bad(e.to_string()))?;
    all.into_iter().find(|k| k.shape == shape.name()).ok_or_else(|| bad("it is missing".into()))
}

static KEYS: [OnceLock<Result<ShardKey, KeyError>>; Shape::ALL.len()] = [const { OnceLock::new() }; _];

impl ShardKey {
    /// The key of a shape, from the manifest; made on first use.
    ///
    /// # Errors
    /// The manifest is broken, or the chips of this build are not those that it pins.
    pub fn pinned(shape: Shape) -> Result<&'static Self, KeyError> {
        let missing = || KeyError::Manifest { shape, reason: "its number is out of range".into() };
        let slot = KEYS.get(usize::from(shape.number())).ok_or_else(missing)?;
        slot.get_or_init(|| from_manifest(shape)).as_ref().map_err(Clone::clone)
    }

    /// Compares the key with the manifest's of a shape.
    ///
    /// # Errors
    /// [`KeyError::Unannounced`] where they differ.
    pub fn check_pinned(&self, shape: Shape) -> Result<(), KeyError> {
        self.check_is(shape, pinned(shape)?.key)
    }

    fn check_is(&self, shape: Shape, pinned: Digest) -> Result<(), KeyError> {
        if pinned == self.digest() {
            return Ok(());
        }
        Err(KeyError::Unannounced { shape, pinned, found: self.digest() })
    }
}

fn from_manifest(shape: Shape) -> Result<ShardKey, KeyError> {
    from_entry(shape, &pinned(shape)?)
}

/// The key of an entry's root, which must be the entry's key.
fn from_entry(shape: Shape, entry: &PinnedKey) -> Result<ShardKey, KeyError> {
    let root = cap_of(&entry.preprocessed).map_err(|reason| KeyError::Manifest { shape, reason })?;
    let key = ShardKey::from_root(shape, MachineChip::all(shape), root)?;
    key.check_is(shape, entry.key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::REWRITE_KEYS;

    #[test]
    fn the_manifest_is_what_the_chips_give() {
        let pinned: Vec<PinnedKey> = serde_json::from_str(MANIFEST).expect("the manifest parses");
        let derived = derive().expect("every shape has a key");
        assert!(
            pinned == derived,
            "keys changed: if that is meant, run `{REWRITE_KEYS}` and commit keys.json"
        );
    }

    #[test]
    fn a_pinned_key_is_the_derived_one() {
        let key = ShardKey::pinned(Shape::Tiny).expect("pinned");
        assert_eq!(key.digest(), ShardKey::derive(Shape::Tiny).expect("derived").digest());
    }

    #[test]
    fn an_entry_that_is_not_the_chips_key_is_refused() {
        let shape = Shape::Tiny;
        let good = pinned(shape).expect("pinned");
        assert!(from_entry(shape, &good).is_ok());
        let mut root = good.clone();
        root.preprocessed.swap(3, 4);
        let other = PinnedKey { key: pinned(Shape::Small).expect("pinned").key, ..good.clone() };
        for entry in [root, other] {
            let error = from_entry(shape, &entry).err();
            assert!(
                matches!(error, Some(KeyError::Unannounced { pinned, .. }) if pinned == entry.key),
                "{error:?}"
            );
        }
        let mut short = good;
        short.preprocessed.pop();
        assert!(matches!(from_entry(shape, &short).err(), Some(KeyError::Manifest { .. })));
    }

    #[test]
    fn a_key_of_other_columns_is_not_the_pinned_one() {
        let mut entry = pinned(Shape::Tiny).expect("pinned");
        entry.preprocessed.reverse();
        let root = cap_of(&entry.preprocessed).expect("sixteen digests");
        let key = ShardKey::from_root(Shape::Tiny, MachineChip::all(Shape::Tiny), root).expect("a key");
        assert!(matches!(key.check_pinned(Shape::Tiny), Err(KeyError::Unannounced { .. })));
    }

    #[test]
    fn shapes_have_different_keys() {
        let keys = Shape::ALL.map(|s| pinned(s).expect("pinned").key);
        for (i, a) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(a));
        }
    }
}
