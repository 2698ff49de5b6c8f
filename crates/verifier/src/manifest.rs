//! The keys that this build was released with, pinned in `keys.json`: a change of a key is a change of a
//! committed file, never an accident.
//!
//! A verifier takes the preprocessed root from here and need not commit to the columns again. Everything else
//! of a key it derives from the chips, and compares the digests. What the manifest should hold is derived where the programs of folded
//! proofs are: in `aludel-recursion`.

use std::sync::OnceLock;

use aludel_circuits::recursion::RecursionChip;
use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_protocol::Digest;
use serde::{Deserialize, Serialize};

use crate::error::KeyError;
use crate::key_set::KeySet;
use crate::keys::{FoldedKey, Key, ShardKey, cap_digests, cap_of};
use crate::machine::Machine;
use crate::role::Role;

const MANIFEST: &str = include_str!("../keys.json");

/// One key, as the manifest holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedKey {
    /// What its proofs are of: [`Role::name`].
    pub role: String,
    /// Base-2 logarithms of the chips' heights, in order.
    pub log_heights: Vec<usize>,
    /// The key's digest.
    pub key: Digest,
    /// Root of the preprocessed columns: the top of a Merkle tree, or nothing.
    pub preprocessed: Vec<Digest>,
}

impl PinnedKey {
    /// What the manifest should hold of a key.
    pub fn of<A: Chip>(key: &Key<A>) -> Self {
        Self {
            role: key.role().name(),
            log_heights: key.chips().iter().map(Chip::log_height).collect(),
            key: key.digest(),
            preprocessed: cap_digests(key.root()),
        }
    }
}

/// The whole manifest of this build.
///
/// # Errors
/// It does not parse: serde's reason.
pub fn all() -> Result<Vec<PinnedKey>, String> {
    serde_json::from_str(MANIFEST).map_err(|e| e.to_string())
}

/// The entry of a role.
///
/// # Errors
/// The manifest does not parse or lacks the role.
pub fn pinned(role: impl Into<Role>) -> Result<PinnedKey, KeyError> {
    let role = role.into();
    let bad = |reason: String| KeyError::Manifest { role, reason };
    let name = role.name();
    all().map_err(bad)?.into_iter().find(|k| k.role == name).ok_or_else(|| bad("it is missing".into()))
}

static SHARDS: [OnceLock<Result<ShardKey, KeyError>>; Shape::ALL.len()] = [const { OnceLock::new() }; _];

/// Lifts by shape, the join, the root.
static FOLDED: [OnceLock<Result<FoldedKey, KeyError>>; Shape::ALL.len() + 2] = [const { OnceLock::new() }; _];

/// A key that is made on first use.
fn once<A>(
    keys: &'static [OnceLock<Result<Key<A>, KeyError>>],
    place: Option<usize>,
    role: Role,
    make: impl FnOnce() -> Result<Key<A>, KeyError>,
) -> Result<&'static Key<A>, KeyError> {
    let none = || KeyError::Manifest { role, reason: "it holds no key of this kind".into() };
    let slot = place.and_then(|place| keys.get(place)).ok_or_else(none)?;
    slot.get_or_init(make).as_ref().map_err(Clone::clone)
}

impl ShardKey {
    /// The key of a shape, from the manifest; made on first use.
    ///
    /// # Errors
    /// The manifest is broken, or the chips of this build are not those that it pins.
    pub fn pinned(shape: Shape) -> Result<&'static Self, KeyError> {
        let role = Role::Shard(shape);
        let make = || from_entry(role, MachineChip::all(shape), &pinned(role)?);
        once(&SHARDS, Some(usize::from(shape.number())), role, make)
    }
}

impl FoldedKey {
    /// The key of a lift, the join or the root, from the manifest; made on first use. Its proofs must name the set of the manifest.
    ///
    /// # Errors
    /// The manifest is broken, the chips of this build are not those that it pins, or the role is a shard's.
    pub fn pinned(role: Role) -> Result<&'static Self, KeyError> {
        let heights = role.heights().ok_or(KeyError::NotFolded { role })?;
        let make = || {
            let key = from_entry(role, RecursionChip::all(&heights), &pinned(role)?)?;
            Ok(key.with_set(KeySet::pinned()?.root()))
        };
        once(&FOLDED, Role::folded().position(|own| own == role), role, make)
    }
}

impl KeySet {
    /// The set of the manifest: its lifts by shape, then its join.
    ///
    /// # Errors
    /// The manifest does not parse, or lacks one of them.
    pub fn pinned() -> Result<Self, KeyError> {
        let members = Role::folded().filter(|role| *role != Role::Root);
        let keys = members.map(|role| Ok((role, pinned(role)?.key))).collect::<Result<Vec<_>, KeyError>>()?;
        let many = || KeyError::Manifest { role: Role::Join, reason: "more keys than a set holds".into() };
        Self::new(&keys).ok_or_else(many)
    }
}

impl<A> Key<A> {
    /// Compares the key with the manifest's of its role.
    ///
    /// # Errors
    /// [`KeyError::Unannounced`] where they differ.
    pub fn check_pinned(&self) -> Result<(), KeyError> {
        self.check_is(pinned(self.role())?.key)
    }

    fn check_is(&self, pinned: Digest) -> Result<(), KeyError> {
        if pinned == self.digest() {
            return Ok(());
        }
        Err(KeyError::Unannounced { role: self.role(), pinned, found: self.digest() })
    }
}

/// The key of an entry's root, which must be the entry's key.
fn from_entry<A: Machine>(role: Role, chips: Vec<A>, entry: &PinnedKey) -> Result<Key<A>, KeyError> {
    let root = cap_of(&entry.preprocessed).map_err(|reason| KeyError::Manifest { role, reason })?;
    let key = Key::from_root(role, chips, root)?;
    key.check_is(entry.key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: Role = Role::Shard(Shape::Tiny);

    fn chips() -> Vec<MachineChip> {
        MachineChip::all(Shape::Tiny)
    }

    #[test]
    fn a_pinned_key_is_the_derived_one() {
        let key = ShardKey::pinned(Shape::Tiny).expect("pinned");
        assert_eq!(key.digest(), ShardKey::derive(Shape::Tiny).expect("derived").digest());
    }

    #[test]
    fn an_entry_that_is_not_the_chips_key_is_refused() {
        let good = pinned(TINY).expect("pinned");
        assert!(from_entry(TINY, chips(), &good).is_ok());
        let mut root = good.clone();
        root.preprocessed.swap(3, 4);
        let other = PinnedKey { key: pinned(Shape::Small).expect("pinned").key, ..good.clone() };
        for entry in [root, other] {
            let error = from_entry(TINY, chips(), &entry).err();
            assert!(
                matches!(error, Some(KeyError::Unannounced { pinned, .. }) if pinned == entry.key),
                "{error:?}"
            );
        }
        let mut short = good;
        short.preprocessed.pop();
        assert!(matches!(from_entry(TINY, chips(), &short).err(), Some(KeyError::Manifest { .. })));
    }

    #[test]
    fn a_key_of_other_columns_is_not_the_pinned_one() {
        let mut entry = pinned(TINY).expect("pinned");
        entry.preprocessed.reverse();
        let root = cap_of(&entry.preprocessed).expect("sixteen digests");
        let key = ShardKey::from_root(TINY, chips(), root).expect("a key");
        assert!(matches!(key.check_pinned(), Err(KeyError::Unannounced { .. })));
    }

    #[test]
    fn every_role_is_pinned_once_and_has_a_key_of_its_own() {
        let roles: Vec<Role> = Shape::ALL.into_iter().map(Role::Shard).chain(Role::folded()).collect();
        let entries = all().expect("the manifest parses");
        let named: Vec<_> = entries.iter().map(|k| k.role.clone()).collect();
        assert_eq!(named, roles.iter().map(|role| role.name()).collect::<Vec<_>>());
        for (i, a) in entries.iter().enumerate() {
            assert!(!entries[..i].iter().any(|b| b.key == a.key), "{}", a.role);
        }
    }

    #[test]
    fn folded_keys_are_of_the_manifest_and_shards_are_none_of_them() {
        let set = KeySet::pinned().expect("pinned");
        for role in Role::folded() {
            let key = FoldedKey::pinned(role).expect("pinned");
            assert_eq!((key.role(), key.digest()), (role, pinned(role).expect("pinned").key));
            assert_eq!(set.path(role).is_some(), role != Role::Root);
        }
        assert_eq!(FoldedKey::pinned(TINY).err(), Some(KeyError::NotFolded { role: TINY }));
    }
}
