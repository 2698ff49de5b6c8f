//! Trees of withdrawals, in space 2: beside the state's tree and never in it.

use std::collections::BTreeSet;

use aludel_protocol::cell::{Child, NodeUpdate, empty_subtree, node};
use aludel_protocol::hash::Tag;
use aludel_protocol::records::{WithdrawalTree, no_withdrawals};
use aludel_protocol::{BatchNumber, Digest, F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use super::{refusals, without};
use crate::bus::Bus;
use crate::columns::Columns;
use crate::node::columns::{NodeColumns, NodeLane};
use crate::node::sample::{cells, neighbours, statement_of, traces_of, tree};
use crate::tamper::Traces;

/// A batch whose number has two limbs, and the one after it.
const NUMBERS: [BatchNumber; 2] = [BatchNumber(0x0003_ffff), BatchNumber(0x0004_0000)];

fn leaves(number: BatchNumber, n: usize) -> Vec<Digest> {
    let leaf = |i: usize| aludel_protocol::hash::hash_fields(Tag::Withdrawal, &[fe(number.0), fe(i as u32)]);
    (0..n).map(leaf).collect()
}

/// `space, stage, level, slot, number's limbs, old, new`.
fn message(place: [u32; 4], number: BatchNumber, old: Digest, new: Digest) -> Vec<F> {
    let limbs = [number.0 & 0xffff, number.0 >> 16].map(fe);
    [&place.map(fe)[..], &limbs, &old.0, &new.0].concat()
}

/// What the chip `transaction` says of a batch: its leaves from index 0 on, and the seal.
fn ledger(traces: &mut Traces, number: BatchNumber, leaves: &[Digest], root: Digest) {
    for (i, leaf) in leaves.iter().enumerate() {
        traces.external(Bus::Node, message([2, 0, 0, i as u32], number, Digest::ZERO, *leaf), 1);
    }
    traces.external(Bus::Node, message([2, 1, 0, 0], number, no_withdrawals(), root), -1);
}

/// The honest shard with these nodes beside its own.
fn beside(updates: &[NodeUpdate]) -> Traces {
    let (mut nodes, root) = tree(&cells(), &neighbours());
    nodes.extend(updates);
    traces_of(&cells(), &nodes, &statement_of(&root))
}

/// One batch of `n` withdrawals, with another list of nodes.
fn one(n: usize, change: impl Fn(&mut Vec<NodeUpdate>)) -> BTreeSet<String> {
    let (number, leaves) = (NUMBERS[0], leaves(NUMBERS[0], n));
    let tree = WithdrawalTree::new(leaves.clone());
    let mut updates = tree.updates(number);
    change(&mut updates);
    let mut traces = beside(&updates);
    ledger(&mut traces, number, &leaves, tree.root());
    traces.refused_by()
}

#[test]
fn trees_of_any_size_balance() {
    for n in [1, 2, 3, 5, 64, 65] {
        assert_eq!(one(n, |_| ()), refusals(&[]), "{n} leaves");
    }
    assert_eq!(WithdrawalTree::new(vec![]).updates(NUMBERS[0]), vec![]);
    let lengths = [1, 2, 3].map(|n| WithdrawalTree::new(leaves(NUMBERS[0], n)).updates(NUMBERS[0]).len());
    assert_eq!(lengths, [16, 16, 17]);
}

#[test]
fn each_batch_has_its_own() {
    let batches = NUMBERS.map(|number| (number, leaves(number, 3)));
    let trees = batches.clone().map(|(number, leaves)| (number, WithdrawalTree::new(leaves)));
    let updates = trees.each_ref().map(|(number, tree)| tree.updates(*number)).concat();
    let refused = |roots: [usize; 2]| {
        let mut traces = beside(&updates);
        for ((number, leaves), root) in batches.iter().zip(roots) {
            ledger(&mut traces, *number, leaves, trees[root].1.root());
        }
        traces.refused_by()
    };
    assert_eq!(refused([0, 1]), refusals(&[]));
    assert_eq!(refused([1, 0]), refusals(&["bus node"]));
    assert_eq!(refused([0, 0]), refusals(&["bus node"]));
}

#[test]
fn every_node_is_there_once() {
    for i in [0, 7, 16] {
        assert_eq!(one(3, |nodes| *nodes = without(nodes, i)), refusals(&["bus node"]));
        assert_eq!(one(3, |nodes| nodes.push(nodes[i])), refusals(&["bus node"]));
    }
}

/// The tree of all leaves but one, and of one more than there are.
#[test]
fn the_tree_holds_the_leaves() {
    let (number, all) = (NUMBERS[0], leaves(NUMBERS[0], 4));
    for n in [2, 4] {
        let tree = WithdrawalTree::new(all[..n].to_vec());
        let mut traces = beside(&tree.updates(number));
        ledger(&mut traces, number, &all[..3], tree.root());
        assert_eq!(traces.refused_by(), refusals(&["bus node"]));
    }
}

/// A leaf that nobody left: an untouched child that is not empty. The old tree then is not the empty one.
#[test]
fn the_tree_was_empty() {
    let (number, leaves) = (NUMBERS[0], leaves(NUMBERS[0], 1));
    let stranger = aludel_protocol::hash::hash_fields(Tag::Withdrawal, &[fe(99)]);
    let mut child = Child { touched: true, old: Digest::ZERO, new: leaves[0] };
    let mut updates = WithdrawalTree::new(leaves.clone()).updates(number);
    updates[0].right = Child { touched: false, old: stranger, new: stranger };
    for u in &mut updates {
        u.left = child;
        child =
            Child { touched: true, old: node(u.left.old, u.right.old), new: node(u.left.new, u.right.new) };
    }
    let mut traces = beside(&updates);
    ledger(&mut traces, number, &leaves, child.new);
    assert_eq!(traces.refused_by(), refusals(&["bus node"]));
    // Only its new digest.
    let mut updates = WithdrawalTree::new(leaves).updates(number);
    updates[0].right = Child { touched: false, old: empty_subtree(0), new: stranger };
    assert!(beside(&updates).refused_by().contains("node: an untouched child keeps its digest"));
}

/// A withdrawal that climbs on, through the account's levels up to the root of the state.
fn climbing(space: u8) -> (Vec<NodeUpdate>, Child) {
    let mut child = Child { touched: true, old: Digest::ZERO, new: leaves(BatchNumber(0), 1)[0] };
    let empty =
        |height: usize| Child { touched: false, old: empty_subtree(height), new: empty_subtree(height) };
    let mut updates = Vec::new();
    for height in 0..48 {
        let (stage, level) = ((height / 16) as u8, (height % 16) as u8);
        let right = empty(height);
        updates.push(NodeUpdate { space, stage, level, left: child, right, ..NodeUpdate::default() });
        child = Child { touched: true, old: node(child.old, right.old), new: node(child.new, right.new) };
    }
    (updates, child)
}

/// In space 2 it meets no root: the root's children are in spaces 0 and 1. In space 1 the leaf is not received.
#[test]
fn a_withdrawal_is_no_cell() {
    for (space, own) in [(1, 0), (2, 0), (2, 1)] {
        let (mut updates, top) = climbing(space);
        let left = Child { touched: false, old: empty_subtree(32), new: empty_subtree(32) };
        updates.push(NodeUpdate { space: own, stage: 3, left, right: top, ..NodeUpdate::default() });
        let root = Child { touched: true, old: node(left.old, top.old), new: node(left.new, top.new) };
        let mut traces = traces_of(&[], &updates, &statement_of(&root));
        let leaf = leaves(BatchNumber(0), 1)[0];
        traces.external(Bus::Node, message([2, 0, 0, 0], BatchNumber(0), Digest::ZERO, leaf), 1);
        assert_eq!(traces.refused_by(), refusals(&["bus node"]), "space {space}, root in {own}");
    }
}

/// The slots of an account are no withdrawals: a seal receives in space 2 only.
#[test]
fn a_cell_is_no_withdrawal() {
    let (updates, _) = climbing(1);
    let top = updates[15];
    let root = node(top.left.new, top.right.new);
    let mut traces = beside(&updates[..16]);
    traces.external(Bus::Node, message([1, 0, 0, 0], BatchNumber(0), Digest::ZERO, updates[0].left.new), 1);
    traces.external(Bus::Node, message([2, 1, 0, 0], BatchNumber(0), no_withdrawals(), root), -1);
    assert_eq!(traces.refused_by(), refusals(&["bus node"]));
}

#[test]
fn there_is_no_third_space_of_slots() {
    let slots = "node: slots lie in space 1 or 2";
    assert_eq!(one(2, |nodes| nodes.iter_mut().for_each(|u| u.space = 3)), refusals(&["bus node", slots]));
}

/// An index whose bits are not those of the path.
#[test]
fn an_index_names_its_place() {
    let (number, leaves) = (NUMBERS[0], leaves(NUMBERS[0], 2));
    let tree = WithdrawalTree::new(leaves.clone());
    for index in [0, 2, 1 << 16] {
        let mut traces = beside(&tree.updates(number));
        traces.external(Bus::Node, message([2, 0, 0, 0], number, Digest::ZERO, leaves[0]), 1);
        traces.external(Bus::Node, message([2, 0, 0, index], number, Digest::ZERO, leaves[1]), 1);
        traces.external(Bus::Node, message([2, 1, 0, 0], number, no_withdrawals(), tree.root()), -1);
        assert_eq!(traces.refused_by(), refusals(&["bus node"]));
    }
}

/// The leaf of index 1 as the left child of the place `1/2`, whose parent is `1/4`, and so on.
#[test]
fn an_index_is_halved_as_an_integer() {
    let (number, leaves) = (NUMBERS[0], leaves(NUMBERS[0], 1));
    let tree = WithdrawalTree::new(leaves.clone());
    let mut traces = beside(&tree.updates(number));
    let main = traces.main_mut("node").expect("there is one");
    let width = main.width();
    for row in main.values.chunks_exact_mut(width) {
        let mut cols = NodeColumns::read(row);
        for lane in cols.lane.iter_mut().filter(|lane| (lane.space * lane.is_slot) == fe(2)) {
            (lane.slot, lane.left_slot) = (F::ONE, F::ONE);
            (0..16)
                .take_while(|level| fe(*level) != lane.level)
                .for_each(|_| lane.left_slot = lane.left_slot.halve());
            lane.slot = lane.left_slot.halve();
        }
        row.copy_from_slice(&cols.to_row());
    }
    traces.external(Bus::Node, message([2, 0, 0, 1], number, Digest::ZERO, leaves[0]), 1);
    traces.external(Bus::Node, message([2, 1, 0, 0], number, no_withdrawals(), tree.root()), -1);
    assert_eq!(traces.refused_by(), refusals(&["bus node"]));
}

/// The tree of a batch goes to its seal, and not to a second one, nor on to where a state's root would be.
#[test]
fn a_tree_has_one_seal() {
    let (number, leaves) = (BatchNumber(0), leaves(BatchNumber(0), 1));
    let (updates, _) = climbing(2);
    let root = node(updates[15].left.new, updates[15].right.new);
    let refused = |updates: &[NodeUpdate], seals: usize| {
        let mut traces = beside(updates);
        ledger(&mut traces, number, &leaves, root);
        (1..seals).for_each(|_| ledger(&mut traces, number, &[], root));
        traces.refused_by()
    };
    assert_eq!(refused(&updates[..16], 1), refusals(&[]));
    assert_eq!(refused(&updates[..16], 2), refusals(&["bus node"]));
    assert_eq!(refused(&updates, 1), refusals(&["bus node"]));
    // Two trees over one leaf, for two seals of one number.
    assert_eq!(refused(&[&updates[..16], &updates[..16]].concat(), 2), refusals(&["bus node"]));
}

/// The leaf of index 5 at the place of index 0: what the leaf says and what its path says would be two things.
#[test]
fn an_index_is_its_path() {
    let (number, leaves) = (NUMBERS[0], leaves(NUMBERS[0], 1));
    let tree = WithdrawalTree::new(leaves.clone());
    let mut traces = beside(&tree.updates(number));
    let main = traces.main_mut("node").expect("there is one");
    let width = main.width();
    for row in main.values.chunks_exact_mut(width) {
        let mut cols = NodeColumns::read(row);
        let bottom = |lane: &&mut NodeLane<F>| [lane.space, lane.is_slot, lane.level] == [2, 1, 0].map(fe);
        cols.lane.iter_mut().filter(bottom).for_each(|lane| lane.left_slot = fe(5));
        row.copy_from_slice(&cols.to_row());
    }
    traces.external(Bus::Node, message([2, 0, 0, 5], number, Digest::ZERO, leaves[0]), 1);
    traces.external(Bus::Node, message([2, 1, 0, 0], number, no_withdrawals(), tree.root()), -1);
    assert_eq!(traces.refused_by(), refusals(&["node: left slot"]));
}
