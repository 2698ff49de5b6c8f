//! Trees of withdrawals against one that hashes every leaf there could be.

use aludel_protocol::cell::node;
use aludel_protocol::params::WITHDRAWAL_BITS;
use aludel_protocol::records::{WithdrawalTree, no_withdrawals};
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

/// Every level of the full tree, leaves first.
fn naive(leaves: &[Digest]) -> Vec<Vec<Digest>> {
    let mut level = leaves.to_vec();
    level.resize(1 << WITHDRAWAL_BITS, Digest::ZERO);
    let mut levels = vec![level];
    while levels[levels.len() - 1].len() > 1 {
        let below = &levels[levels.len() - 1];
        let above = below.chunks(2).map(|pair| node(pair[0], pair[1])).collect();
        levels.push(above);
    }
    levels
}

fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|i| withdrawal(3, i as u16).digest()).collect()
}

fn compare(count: usize) {
    let tree = WithdrawalTree::new(leaves(count));
    for (height, level) in naive(&leaves(count)).iter().enumerate() {
        let probes = (0..count.min(40)).chain([level.len() / 2, level.len() - 1]);
        for index in probes.filter(|i| *i < level.len()) {
            assert_eq!(tree.node(height, index), level[index], "{count} leaves, node {index} at {height}");
        }
        let covered = count.div_ceil(1 << height);
        assert_eq!(tree.len_at(height), covered, "{count} leaves, height {height}");
    }
}

#[test]
fn trees_are_the_naive_ones() {
    [0, 1, 2, 3, 16, 33].into_iter().for_each(compare);
    assert_eq!(WithdrawalTree::new(Vec::new()).root(), no_withdrawals());
}

#[test]
fn the_full_tree_has_a_leaf_for_every_index() {
    let all = (0..1 << WITHDRAWAL_BITS).map(|i| digest(i as u32)).collect::<Vec<_>>();
    let tree = WithdrawalTree::new(all.clone());
    let naive = naive(&all);
    assert_eq!(tree.root(), naive[WITHDRAWAL_BITS][0]);
    assert_eq!(tree.path(u16::MAX)[0], all[65534]);
    let more = [all, vec![digest(1)]].concat();
    assert_eq!(WithdrawalTree::new(more), tree);
}

proptest! {
    #[test]
    fn paths_lead_from_leaves_to_the_root(count in 1usize..70, at: prop::sample::Index, level in 0usize..16) {
        let tree = WithdrawalTree::new(leaves(count));
        let index = at.index(count) as u16;
        let (leaf, mut path) = (withdrawal(3, index), tree.path(index));
        prop_assert_eq!(leaf.root(&path), tree.root());
        prop_assert_ne!(Withdrawal { index: index ^ 1, ..leaf }.root(&path), tree.root());
        path[level] = digest(1);
        prop_assert_ne!(leaf.root(&path), tree.root());
    }

    #[test]
    fn withdrawals_round_trip(number: u32, index: u16) {
        let withdrawal = withdrawal(number, index);
        let bytes = withdrawal.to_packed();
        prop_assert_eq!(Withdrawal::unpack(&mut &bytes[..]).expect("unpacks"), withdrawal);
        let json = serde_json::to_string(&withdrawal).expect("a withdrawal is JSON");
        prop_assert_eq!(serde_json::from_str::<Withdrawal>(&json).expect("reads back"), withdrawal);
    }
}

#[test]
fn leaves_cover_every_field() {
    let honest = withdrawal(3, 4);
    let mut seen = vec![honest.digest()];
    let changes: [fn(&mut Withdrawal); 8] = [
        |w| w.number.0 ^= 1 << 31,
        |w| w.number.0 ^= 1,
        |w| w.index ^= 1,
        |w| w.token.0 ^= 1 << 15,
        |w| w.amount.0 ^= 1 << 127,
        |w| w.amount.0 ^= 1,
        |w| w.to.0[0] ^= 1,
        |w| w.to.0[19] ^= 1,
    ];
    for change in changes {
        let mut w = honest;
        change(&mut w);
        assert!(!seen.contains(&w.digest()), "{w:?}");
        seen.push(w.digest());
    }
}
