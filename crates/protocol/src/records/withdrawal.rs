//! What leaves: a leaf a withdrawal, a tree a batch.

use p3_field::PrimeCharacteristicRing;
use serde::{Deserialize, Serialize};

use super::packed::packed;
use crate::cell::{Child, NodeUpdate, empty_subtree, node};
use crate::field::{F, Limbs};
use crate::hash::{Digest, Tag, compress24};
use crate::ids::{Amount, BatchNumber, L1Address, TokenId};
use crate::params::WITHDRAWAL_BITS;

/// Siblings of a leaf on the way to its batch's root, the leaf's first.
pub type WithdrawalPath = [Digest; WITHDRAWAL_BITS];

/// An amount that an address on L1 may claim, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The batch in which it left.
    pub number: BatchNumber,
    /// Its place among the batch's withdrawals, from 0.
    pub index: u16,
    /// The token.
    pub token: TokenId,
    /// How much.
    pub amount: Amount,
    /// Who may claim it.
    pub to: L1Address,
}

packed!(Withdrawal { number: BatchNumber, index: u16, token: TokenId, amount: Amount, to: L1Address });

impl Withdrawal {
    /// The one hash call of the leaf: `tag, number 2, index, token, amount 8, to 10, 0`.
    pub fn leaf_input(&self) -> [F; 24] {
        let mut x = [F::ZERO; 24];
        x[0] = Tag::Withdrawal.fe();
        x[1..3].copy_from_slice(&self.number.0.limbs());
        x[3] = F::from_u16(self.index);
        x[4] = F::from_u16(self.token.0);
        x[5..13].copy_from_slice(&self.amount.0.limbs());
        x[13..23].copy_from_slice(&self.to.limbs());
        x
    }

    /// The leaf.
    pub fn digest(&self) -> Digest {
        Digest(compress24(self.leaf_input()))
    }

    /// The root to which a path leads from this leaf at its index.
    pub fn root(&self, path: &WithdrawalPath) -> Digest {
        path.iter().enumerate().fold(self.digest(), |running, (level, sibling)| {
            match self.index >> level & 1 {
                0 => node(running, *sibling),
                _ => node(*sibling, running),
            }
        })
    }
}

/// The root of a batch without withdrawals.
pub fn no_withdrawals() -> Digest {
    empty_subtree(WITHDRAWAL_BITS)
}

/// The tree of a batch's withdrawals: the nodes above its leaves, by height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalTree {
    /// `levels[h][i]`: node `i` at height `h`; beyond the last, subtrees are empty.
    levels: Vec<Vec<Digest>>,
}

impl WithdrawalTree {
    /// The tree over leaves 0, 1, 2 and so on: at most `2^16`, what lies beyond is left out.
    pub fn new(mut leaves: Vec<Digest>) -> Self {
        leaves.truncate(1 << WITHDRAWAL_BITS);
        let mut levels = vec![leaves];
        for height in 0..WITHDRAWAL_BITS {
            let parent =
                |pair: &[Digest]| node(pair[0], pair.get(1).copied().unwrap_or(empty_subtree(height)));
            let above = levels[height].chunks(2).map(parent).collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// The node at a height and index.
    pub fn node(&self, height: usize, index: usize) -> Digest {
        let level = self.levels.get(height).map_or(&[][..], Vec::as_slice);
        level.get(index).copied().unwrap_or_else(|| empty_subtree(height))
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.node(WITHDRAWAL_BITS, 0)
    }

    /// How many nodes of a height lie above leaves.
    pub fn len_at(&self, height: usize) -> usize {
        self.levels.get(height).map_or(0, Vec::len)
    }

    /// The nodes above the leaves, from the empty tree to this one, as the circuit has them: in a space of their own, where
    /// the batch's number stands for the account and the index for the slot. Children before parents; none without leaves.
    pub fn updates(&self, number: BatchNumber) -> Vec<NodeUpdate> {
        let (lo, hi) = (number.0 as u16, (number.0 >> 16) as u16);
        let child = |height: usize, index: usize| Child {
            touched: index < self.len_at(height),
            old: empty_subtree(height),
            new: self.node(height, index),
        };
        let update = |height: usize, index: usize| {
            let [left, right] = [2 * index, 2 * index + 1].map(|i| child(height, i));
            NodeUpdate { space: 2, stage: 0, level: height as u8, slot: index as u16, lo, hi, left, right }
        };
        (0..WITHDRAWAL_BITS)
            .flat_map(|height| (0..self.len_at(height + 1)).map(move |index| (height, index)))
            .map(|(height, index)| update(height, index))
            .collect()
    }

    /// The path of a leaf.
    pub fn path(&self, index: u16) -> WithdrawalPath {
        core::array::from_fn(|height| self.node(height, (usize::from(index) >> height) ^ 1))
    }
}
