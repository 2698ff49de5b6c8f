//! Each corruption and the constraint that names it.

use std::collections::BTreeSet;

use aludel_protocol::{AccountId, CellAddress, F, Payload};
use p3_field::PrimeCharacteristicRing;

use super::cases::CASES;
use super::trace::CellRow;
use crate::bus::Bus;
use crate::machine::MachineChip;
use crate::node::sample::{
    access, account, cells, chips_of, honest, ledger, neighbours, shard, statement_of, traces_of, tree,
};
use crate::shape::Shape;
use crate::tamper::{Traces, uncovered};

#[test]
fn every_corruption_is_refused() {
    let honest = honest();
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    let chip = MachineChip::all(Shape::Tiny).into_iter().find(|c| matches!(c, MachineChip::Cell(_)));
    assert_eq!(uncovered(&chip.expect("a chip of the machine"), CASES), Vec::<String>::new());
}

/// The chips over `rows`, beside a ledger that made the accesses of `truth`.
fn against(rows: &[CellRow], truth: &[CellRow]) -> Traces {
    let (updates, root) = tree(rows, &neighbours());
    let statement = statement_of(&root);
    let mut traces = chips_of(rows, &updates, &statement);
    ledger(&mut traces, truth, &statement);
    traces
}

fn refusals(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn an_address_has_one_first_and_one_last_access() {
    let (updates, root) = tree(&cells(), &neighbours());
    let fork = CellRow { last: account(9, 9), time: 33, ..cells()[0] };
    let rows = [cells(), vec![fork]].concat();
    let forged = traces_of(&rows, &updates, &statement_of(&root));
    assert_eq!(forged.refused_by(), refusals(&["bus node"]));
    // A second path for it, up to a root of its own, is refused at that root.
    let others = [&cells()[1..], &neighbours()].concat().into_iter();
    let others: Vec<CellRow> = others.map(|r| CellRow { last: r.initial, ..r }).collect();
    let (second, _) = tree(&[fork], &others);
    let forged = traces_of(&rows, &[updates, second].concat(), &statement_of(&root));
    assert_eq!(forged.refused_by(), refusals(&["bus node"]));
}

#[test]
fn nothing_is_read_before_its_first_access() {
    let mut forged = honest();
    let at = CellAddress::slot(AccountId(5), 4);
    forged.external(Bus::Cell, access(&at, 0, &Payload::EMPTY), -1);
    forged.external(Bus::Cell, access(&at, 8, &account(1, 1)), 1);
    assert_eq!(forged.refused_by(), refusals(&["bus cell"]));
}

#[test]
fn no_write_is_dropped_and_none_invented() {
    let truth = cells();
    for (i, row) in truth.iter().enumerate() {
        let forgeries = [
            CellRow { last: account(66, 6), ..*row },
            CellRow { last: row.initial, time: 0, ..*row },
            CellRow { initial: account(66, 6), ..*row },
            CellRow { time: row.time + 1, ..*row },
            CellRow { last: account(66, 6), time: 0, ..*row },
        ];
        for forgery in forgeries {
            let mut rows = truth.clone();
            rows[i] = forgery;
            assert_eq!(against(&rows, &truth).refused_by(), refusals(&["bus cell"]), "{forgery:?}");
        }
    }
}

#[test]
fn a_cell_nobody_accesses_must_stay_as_it_is() {
    let at = CellAddress::account(AccountId(99));
    let idle = CellRow { at, initial: account(1, 2), last: account(1, 2), time: 0 };
    let with = |row| against(&[cells(), vec![row]].concat(), &cells()).refused_by();
    assert_eq!(with(idle), refusals(&[]));
    assert_eq!(with(CellRow { last: account(1, 3), ..idle }), refusals(&["bus cell"]));
}

#[test]
fn a_zero_key_is_no_absence_and_absence_holds_nothing() {
    let at = CellAddress::account(AccountId(99));
    let mut zero_key = account(0, 5);
    zero_key.0[..Payload::SEQUENCE].fill(F::ZERO);
    let row = CellRow { at, initial: zero_key, last: zero_key, time: 40 };
    assert_eq!(shard(&[cells(), vec![row]].concat(), &[]).refused_by(), refusals(&[]));
    let mut ghost = zero_key;
    ghost.0[Payload::EXISTS] = F::ZERO;
    let forged = shard(&[cells(), vec![CellRow { last: ghost, ..row }]].concat(), &[]);
    assert_eq!(forged.refused_by(), refusals(&["cell: an absent cell is empty"]));
}
