//! The set of keys under which a recursion proof's children are accepted.
//!
//! A Merkle tree over the digests of keys, each leaf tagged with kind and shape. A join cannot contain its own key: the root is public, equal
//! across children, and pinned by whoever verifies the last proof.

use aludel_protocol::hash::{DIGEST, Tag, hash_fields};
use aludel_protocol::{Digest, F};
use p3_field::PrimeCharacteristicRing;

use crate::role::Role;

/// Base-2 logarithm of the keys that a set can hold.
pub const LOG_KEYS: usize = 4;

/// A set of keys. Places that are not used are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    roles: Vec<Role>,
    /// Nodes by level, leaves first.
    levels: Vec<Vec<Digest>>,
}

/// A key's place in a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath {
    /// From the leaf up, whether the node is a right child.
    pub right: [bool; LOG_KEYS],
    /// From the leaf up, what lies beside it.
    pub siblings: [Digest; LOG_KEYS],
}

/// The leaf of a key.
pub fn leaf(role: Role, key: Digest) -> Digest {
    let [kind, shape] = role.numbers().map(F::from_u8);
    let fields: Vec<F> = [kind, shape].into_iter().chain(key.0).collect();
    hash_fields(Tag::KeyLeaf, &fields)
}

/// The node above two.
pub fn node(left: Digest, right: Digest) -> Digest {
    let fields: [F; 2 * DIGEST] = core::array::from_fn(|i| {
        let half = if i < DIGEST { &left.0 } else { &right.0 };
        half.get(i % DIGEST).copied().unwrap_or_default()
    });
    hash_fields(Tag::KeyNode, &fields)
}

impl KeySet {
    /// The set of these keys; `None` where they are more than it can hold.
    pub fn new(keys: &[(Role, Digest)]) -> Option<Self> {
        if keys.len() > 1 << LOG_KEYS {
            return None;
        }
        let mut leaves: Vec<Digest> = keys.iter().map(|(role, key)| leaf(*role, *key)).collect();
        leaves.resize(1 << LOG_KEYS, Digest::ZERO);
        let mut levels = vec![leaves];
        for _ in 0..LOG_KEYS {
            let pairs = levels.last().map(|level| level.as_chunks::<2>().0).unwrap_or_default();
            let above = pairs.iter().map(|[left, right]| node(*left, *right)).collect();
            levels.push(above);
        }
        Some(Self { roles: keys.iter().map(|(role, _)| *role).collect(), levels })
    }

    /// Its root.
    pub fn root(&self) -> Digest {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The place of a role's key, if the set has one.
    pub fn path(&self, role: Role) -> Option<KeyPath> {
        let place = self.roles.iter().position(|own| *own == role)?;
        let at = |level: usize| place.checked_shr(u32::try_from(level).ok()?);
        let sibling = |level: usize| self.levels.get(level)?.get(at(level)? ^ 1).copied();
        Some(KeyPath {
            right: core::array::from_fn(|level| at(level).is_some_and(|place| place & 1 == 1)),
            siblings: core::array::from_fn(|level| sibling(level).unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use aludel_circuits::Shape;
    use aludel_protocol::fe;

    use super::*;

    fn key(x: u32) -> Digest {
        Digest([fe(x); DIGEST])
    }

    #[test]
    fn paths_lead_to_the_root() {
        let roles = Shape::ALL.map(Role::Lift).into_iter().chain([Role::Join]);
        let keys: Vec<(Role, Digest)> = (1..).map(key).zip(roles).map(|(key, role)| (role, key)).collect();
        let set = KeySet::new(&keys).expect("five keys");
        for (role, key) in &keys {
            let path = set.path(*role).expect("it is in the set");
            let mut digest = leaf(*role, *key);
            for (right, sibling) in path.right.into_iter().zip(path.siblings) {
                digest = if right { node(sibling, digest) } else { node(digest, sibling) };
            }
            assert_eq!(digest, set.root());
        }
        assert_eq!(set.path(Role::Shard(Shape::Tiny)), None);
    }

    #[test]
    fn a_root_follows_keys_roles_and_places() {
        let [a, b] = [(Role::Lift(Shape::Tiny), key(1)), (Role::Join, key(2))];
        let sets = [
            vec![a, b],
            vec![b, a],
            vec![a],
            vec![(Role::Lift(Shape::Small), key(1)), b],
            vec![(Role::Join, key(1)), b],
            vec![(Role::Shard(Shape::Tiny), key(1)), b],
            vec![(a.0, key(3)), b],
        ];
        let mut roots: Vec<Digest> = sets.iter().map(|keys| KeySet::new(keys).expect("few").root()).collect();
        roots.sort();
        roots.dedup();
        assert_eq!(roots.len(), sets.len());
        assert_eq!(KeySet::new(&[a; 17]), None);
    }
}
