//! Each corruption and the constraint that names it.

use std::collections::{BTreeMap, BTreeSet};

use aludel_protocol::cell::node;
use aludel_protocol::{AccountId, CellAddress, F, Payload, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use proptest::prelude::*;

use super::cases::CASES;
use super::columns::NodeColumns;
use super::sample::{
    account, cells, chips_of, honest, ledger, neighbours, shard, statement_of, traces_of, tree,
};
use super::trace::generate;
use crate::cell::trace::CellRow;
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::machine::MachineChip;
use crate::shape::Shape;
use crate::tamper::{Traces, uncovered};
use aludel_protocol::cell::{Child, NodeUpdate};

mod empty;
mod withdrawals;

#[test]
fn every_corruption_is_refused() {
    let honest = honest();
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    let chip = MachineChip::all(Shape::Tiny).into_iter().find(|c| matches!(c, MachineChip::Node(_)));
    assert_eq!(uncovered(&chip.expect("a chip of the machine"), CASES), Vec::<String>::new());
}

#[test]
fn the_honest_shard_has_no_violation() {
    assert_eq!(honest().violations(), Vec::new());
}

fn refusals(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// A shard of one cell that holds a balance, and of its path.
fn lone(at: CellAddress) -> (CellRow, Vec<NodeUpdate>, Child) {
    let row = CellRow { at, initial: account(1, 2), last: account(2, 1), time: 8 };
    let (updates, root) = tree(&[row], &[]);
    (row, updates, root)
}

/// The honest shard with another list of nodes.
fn with_nodes(change: impl Fn(&mut Vec<NodeUpdate>)) -> BTreeSet<String> {
    let (mut updates, root) = tree(&cells(), &neighbours());
    change(&mut updates);
    traces_of(&cells(), &updates, &statement_of(&root)).refused_by()
}

#[test]
fn a_subtree_of_slots_does_not_hang_below_an_account() {
    let (row, mut updates, _) = lone(CellAddress::slot(AccountId(5), 3));
    let root = updates.last_mut().expect("a root");
    (root.left, root.right) = (root.right, root.left);
    let statement = statement_of(&Child {
        touched: true,
        old: node(root.left.old, root.right.old),
        new: node(root.left.new, root.right.new),
    });
    updates.iter_mut().for_each(|u| u.space = 0);
    let forged = traces_of(&[row], &updates, &statement);
    assert_eq!(forged.refused_by(), refusals(&["bus node", "node: slots lie in space 1 or 2"]));
}

#[test]
fn an_inner_node_is_no_leaf_and_a_leaf_no_inner_node() {
    // The slots' subtree is left out, and the cell's own digest stands where its root was.
    let (row, updates, _) = lone(CellAddress::slot(AccountId(5), 3));
    let leaf = Child { touched: true, old: row.initial.digest(&row.at), new: row.last.digest(&row.at) };
    let mut forged = climb_from(leaf, &updates[16..]);
    let root = forged.1;
    let refused = traces_of(&[row], &forged.0, &statement_of(&root)).refused_by();
    assert_eq!(refused, refusals(&["bus node"]));
    // An account's leaf stands one level too high.
    let (row, updates, _) = lone(CellAddress::account(AccountId(0)));
    let leaf = Child { touched: true, old: row.initial.digest(&row.at), new: row.last.digest(&row.at) };
    forged = climb_from(leaf, &updates[1..]);
    let root = forged.1;
    let refused = traces_of(&[row], &forged.0, &statement_of(&root)).refused_by();
    assert_eq!(refused, refusals(&["bus node"]));
}

/// The same path of one touched cell with its lower end replaced.
fn climb_from(mut child: Child, path: &[NodeUpdate]) -> (Vec<NodeUpdate>, Child) {
    let mut out = Vec::new();
    for u in path {
        let mut u = *u;
        *(if u.left.touched { &mut u.left } else { &mut u.right }) = child;
        child =
            Child { touched: true, old: node(u.left.old, u.right.old), new: node(u.left.new, u.right.new) };
        out.push(u);
    }
    (out, child)
}

#[test]
fn no_level_is_skipped() {
    let (row, updates, _) = lone(CellAddress::account(AccountId(0)));
    let leaf = updates[0].left;
    let (mut path, root) = climb_from(leaf, &[&updates[..7], &updates[8..]].concat());
    path[..7].iter_mut().for_each(|u| u.level += 1);
    let refused = traces_of(&[row], &path, &statement_of(&root)).refused_by();
    assert_eq!(refused, refusals(&["bus node"]));
}

#[test]
fn no_stage_is_skipped() {
    let (row, updates, _) = lone(CellAddress::account(AccountId(0)));
    let leaf = updates[0].left;
    // The low limb's walk alone, then the root; and the high limb's alone.
    for range in [0..16, 16..32] {
        let (path, root) = climb_from(leaf, &[&updates[range], &updates[32..]].concat());
        let refused = traces_of(&[row], &path, &statement_of(&root)).refused_by();
        assert_eq!(refused, refusals(&["bus node"]));
    }
}

fn without(nodes: &[NodeUpdate], i: usize) -> Vec<NodeUpdate> {
    [&nodes[..i], &nodes[i + 1..]].concat()
}

#[test]
fn every_node_is_consumed_once() {
    for i in [0, 20, 100] {
        assert_eq!(with_nodes(|nodes| nodes.push(nodes[i])), refusals(&["bus node"]));
        assert_eq!(with_nodes(|nodes| *nodes = without(nodes, i)), refusals(&["bus node"]));
    }
}

#[test]
fn there_is_one_root_row() {
    assert_eq!(with_nodes(|nodes| nodes.push(nodes[nodes.len() - 1])), refusals(&["bus node"]));
    assert_eq!(with_nodes(|nodes| nodes.truncate(nodes.len() - 1)), refusals(&["bus node"]));
    // A whole second tree.
    assert_eq!(with_nodes(|nodes| nodes.extend_from_within(..)), refusals(&["bus node"]));
}

#[test]
fn an_untouched_neighbour_does_not_change() {
    for i in 0..neighbours().len() {
        let mut changed = neighbours();
        changed[i].last = account(79, 1 << 90);
        let refused = shard(&cells(), &changed).refused_by();
        assert_eq!(refused, refusals(&["node: an untouched child keeps its digest"]));
    }
}

#[test]
fn old_and_new_lie_at_one_address() {
    // The root's new children change places, and the new root follows.
    let (mut updates, mut root) = tree(&cells(), &neighbours());
    let top = updates.last_mut().expect("a root");
    (top.left.new, top.right.new) = (top.right.new, top.left.new);
    root.new = node(top.left.new, top.right.new);
    let refused = traces_of(&cells(), &updates, &statement_of(&root)).refused_by();
    assert_eq!(refused, refusals(&["bus node"]));
}

/// Moves coordinate `which` of every cell and node (all at 0) to `value`, halved a level as a field element.
fn shift(traces: &mut Traces, which: usize, value: F) {
    let cell = traces.main_mut("cell").expect("there is one");
    // space, hi, lo, slot follow `real`.
    cell.values[4 - which] = value;
    let main = traces.main_mut("node").expect("there is one");
    let width = main.width();
    for row in main.values.chunks_exact_mut(width) {
        let mut cols = NodeColumns::read(row);
        for lane in &mut cols.lane {
            let flags = [lane.is_slot, lane.is_lo, lane.is_hi, lane.is_root];
            let Some(stage) = flags.iter().position(|f| *f == F::ONE) else { continue };
            let level = (0..16).find(|l| fe(*l) == lane.level).expect("a level");
            let walked = match stage.cmp(&which) {
                core::cmp::Ordering::Less => 0,
                core::cmp::Ordering::Equal => u64::from(level) + 1,
                core::cmp::Ordering::Greater => 16,
            };
            let own = value * F::TWO.inverse().exp_u64(walked);
            let left = if stage == which { own.double() } else { own };
            let place = [(&mut lane.slot, &mut lane.left_slot), (&mut lane.lo, &mut lane.left_lo)];
            let place = place.into_iter().chain([(&mut lane.hi, &mut lane.left_hi)]);
            let (cell, child) = place.into_iter().nth(which).expect("three coordinates");
            (*cell, *child) = (own, left);
        }
        row.copy_from_slice(&cols.to_row());
    }
}

#[test]
fn coordinates_are_integers_of_16_bits() {
    // Cells that never existed, so that no digest depends on the address.
    let at = CellAddress::slot(AccountId(0), 0);
    let row = CellRow { at, initial: Payload::EMPTY, last: Payload::EMPTY, time: 0 };
    let (updates, root) = tree(&[row], &[]);
    let statement = statement_of(&root);
    for which in 0..3 {
        for value in [fe(1 << 16), fe(5), F::NEG_ONE, F::TWO.inverse()] {
            let mut forged = chips_of(&[row], &updates, &statement);
            ledger(&mut forged, &[], &statement);
            assert_eq!(forged.refused_by(), refusals(&[]));
            shift(&mut forged, which, value);
            assert_eq!(forged.refused_by(), refusals(&["bus node"]), "{which} {value}");
        }
    }
}

#[test]
fn events_that_are_no_nodes_make_no_trace() {
    let (updates, _) = tree(&cells(), &[]);
    assert!(matches!(generate(2, &updates), Err(TraceError::Full { chip: "node", .. })));
    let bad = |change: fn(&mut NodeUpdate)| {
        let mut u = updates[0];
        change(&mut u);
        matches!(generate(2, &[u]), Err(TraceError::Inconsistent { chip: "node", .. }))
    };
    assert!(bad(|u| u.stage = 4));
    assert!(bad(|u| u.level = 16));
    assert!(bad(|u| (u.left.touched, u.right.touched) = (false, false)));
    assert!(!bad(|_| ()));
    // The root alone needs no touched child.
    let root = NodeUpdate { stage: 3, ..NodeUpdate::default() };
    assert!(generate(2, &[root]).is_ok());
    assert!(generate(2, &[NodeUpdate { level: 1, ..root }]).is_err());
}

/// Addresses that meet: few bits differ, at both ends of every coordinate.
fn address() -> impl Strategy<Value = CellAddress> {
    let limb = || prop_oneof![0_u16..3, u16::MAX - 2..=u16::MAX, any::<u16>()];
    (any::<bool>(), limb(), limb(), limb()).prop_map(|(account, slot, lo, hi)| {
        let id = AccountId(u32::from(hi) << 16 | u32::from(lo));
        if account { CellAddress::account(id) } else { CellAddress::slot(id, slot) }
    })
}

fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![Just(Payload::EMPTY), (any::<u32>(), any::<u128>()).prop_map(|(s, b)| account(s, b))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_cells_balance(
        cells in proptest::collection::btree_map(address(), (payload(), payload(), any::<bool>()), 1..16),
    ) {
        let row = |(&at, &(initial, last, _)): (&CellAddress, &(Payload, Payload, bool))| {
            CellRow { at, initial, last, time: 8 }
        };
        let (touched, others): (BTreeMap<_, _>, BTreeMap<_, _>) = cells.into_iter().partition(|c| c.1.2);
        prop_assume!(!touched.is_empty());
        let touched: Vec<CellRow> = touched.iter().map(row).collect();
        let others: Vec<CellRow> = others.iter().map(row).map(|r| CellRow { last: r.initial, ..r }).collect();
        prop_assert_eq!(shard(&touched, &others).refused_by(), refusals(&[]));
    }
}
