//! Each corruption and the constraint that names it.

use std::collections::BTreeSet;

use aludel_protocol::{ChainId, Digest, F, QueueIndex, Statement, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use super::cases::CASES;
use crate::machine::MachineChip;
use crate::node::sample::{cells, chips_of, honest, ledger, neighbours, statement_of, tree};
use crate::shape::Shape;
use crate::tamper::uncovered;

#[test]
fn every_corruption_is_refused() {
    let honest = honest();
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    let chip = MachineChip::all(Shape::Tiny).into_iter().find(|c| matches!(c, MachineChip::Statement(_)));
    assert_eq!(uncovered(&chip.expect("a chip of the machine"), CASES), Vec::<String>::new());
}

fn refusals(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// The honest shard under a forged statement, complete with its digest.
fn under(forge: impl Fn(&mut Statement)) -> BTreeSet<String> {
    let (updates, root) = tree(&cells(), &neighbours());
    let truth = statement_of(&root);
    let mut forged = truth;
    forge(&mut forged);
    let mut traces = chips_of(&cells(), &updates, &forged);
    ledger(&mut traces, &cells(), &truth);
    traces.refused_by()
}

#[test]
fn a_statement_says_what_the_shard_did() {
    assert_eq!(under(|_| ()), refusals(&[]));
    let other = Digest([fe(3); 8]);
    assert_eq!(under(|s| s.prev.state_root = other), refusals(&["bus node"]));
    assert_eq!(under(|s| s.next.state_root = other), refusals(&["bus node"]));
    assert_eq!(under(|s| s.protocol_version = 2), refusals(&["statement: version"]));
    assert_eq!(under(|s| s.config = other), refusals(&["statement: config"]));
    let ledgers: [fn(&mut Statement); 7] = [
        |s| s.chain_id = ChainId(1),
        |s| core::mem::swap(&mut s.prev.number, &mut s.next.number),
        |s| s.next.number.0 += 1,
        |s| s.prev.headers.0[7] += F::ONE,
        |s| s.next.queue.0[0] += F::ONE,
        |s| s.prev.queue_index.0 += 1,
        |s| s.next.queue_index = QueueIndex(u32::MAX),
    ];
    for forge in ledgers {
        assert_eq!(under(forge), refusals(&["bus boundary"]));
    }
}

#[test]
fn later_rows_say_nothing() {
    let mut traces = honest();
    let main = traces.main_mut("statement").expect("there is one");
    let width = main.width();
    main.values[width..].fill(fe(7));
    assert_eq!(traces.refused_by(), refusals(&[]));
}
