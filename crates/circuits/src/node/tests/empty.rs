//! Runs that touch no cell: a root row and nothing else.

use aludel_protocol::cell::{Child, NodeUpdate, node};
use aludel_protocol::{CellAddress, fe};

use super::refusals;
use crate::cell::trace::CellRow;
use crate::node::sample::{
    account, cells, chips_of, honest, ledger, neighbours, statement_of, traces_of, tree,
};
use crate::tamper::Case;

/// The root of a state that has some cells, none of which is touched.
fn still() -> (NodeUpdate, Child) {
    let (updates, root) = tree(&[], &neighbours());
    assert_eq!((updates.len(), root.touched, root.old), (1, false, root.new));
    (updates[0], root)
}

#[test]
fn a_run_without_cells_keeps_the_root() {
    let (update, root) = still();
    assert_eq!(traces_of(&[], &[update], &statement_of(&root)).refused_by(), refusals(&[]));
}

#[test]
fn nothing_changes_without_a_cell() {
    let (mut update, mut root) = still();
    update.right.new.0[0] += fe(1);
    root.new = node(update.left.new, update.right.new);
    let refused = traces_of(&[], &[update], &statement_of(&root)).refused_by();
    assert_eq!(refused, refusals(&["node: an untouched child keeps its digest"]));
}

/// A cell is touched, and the root row says that none is.
#[test]
fn a_touched_cell_is_not_ignored() {
    let (update, root) = still();
    let at = neighbours()[0].at;
    let row = CellRow { at, initial: account(77, 78), last: account(77, 79), time: 8 };
    let refused = traces_of(&[row], &[update], &statement_of(&root)).refused_by();
    assert_eq!(refused, refusals(&["bus node"]));
}

#[test]
fn there_is_one_root_row_all_the_same() {
    let (update, root) = still();
    let refused = |updates: &[NodeUpdate]| traces_of(&[], updates, &statement_of(&root)).refused_by();
    assert_eq!(refused(&[]), refusals(&["bus node"]));
    assert_eq!(refused(&[update, update]), refusals(&["bus node"]));
    // Beside a whole tree.
    let (mut updates, root) = tree(&cells(), &neighbours());
    updates.push(update);
    assert_eq!(traces_of(&cells(), &updates, &statement_of(&root)).refused_by(), refusals(&["bus node"]));
}

/// Beside the root row, or instead of it: one of another space, or of a place that is not the root's.
#[test]
fn the_root_row_has_the_roots_place() {
    let (update, root) = still();
    let others = [
        NodeUpdate { space: 1, ..update },
        NodeUpdate { space: 2, ..update },
        NodeUpdate { slot: 1, ..update },
        NodeUpdate { lo: 7, ..update },
        NodeUpdate { hi: 1, ..update },
    ];
    for other in others {
        for updates in [&[other][..], &[update, other]] {
            assert_eq!(traces_of(&[], updates, &statement_of(&root)).refused_by(), refusals(&["bus node"]));
        }
    }
}

/// Below the root a row without touched child would be received by nobody who has one: it is not even a row.
#[test]
fn no_other_row_lacks_a_touched_child() {
    for stage in ["is_slot", "is_lo", "is_hi"] {
        let column = ["lane[0].is_slot", "lane[0].is_lo", "lane[0].is_hi"];
        let column = column.into_iter().find(|c| c.ends_with(stage)).expect("a stage");
        let mut forged = honest();
        let case = Case {
            chip: "node",
            column,
            at: crate::tamper::At::Last,
            change: crate::tamper::Change::Set(1),
            expect: crate::tamper::Expect::Constraint("one stage where a child is touched, else none"),
        };
        assert!(case.apply(&mut forged).is_ok());
        assert!(forged.refused_by().contains("node: one stage where a child is touched, else none"));
    }
}

/// An account cell below a root row that has no touched child.
#[test]
fn a_cell_does_not_enter_at_the_root() {
    let row = CellRow {
        at: CellAddress::account(aludel_protocol::AccountId(0)),
        initial: account(1, 2),
        last: account(1, 3),
        time: 8,
    };
    let leaf = Child { touched: true, old: row.initial.digest(&row.at), new: row.last.digest(&row.at) };
    let (update, _) = still();
    let update = NodeUpdate { left: leaf, ..update };
    let both = |side: fn(&Child) -> aludel_protocol::Digest| node(side(&update.left), side(&update.right));
    let root = Child { touched: true, old: both(|c| c.old), new: both(|c| c.new) };
    let statement = statement_of(&root);
    let mut forged = chips_of(&[row], &[update], &statement);
    ledger(&mut forged, &[row], &statement);
    assert_eq!(forged.refused_by(), refusals(&["bus node"]));
}
