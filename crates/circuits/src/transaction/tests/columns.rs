//! Every cell of an honest row, off by one or by a limb, and who says so.

use aludel_protocol::{F, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;

use super::history::{
    LOG_HEIGHT, NATIVE, SEAL, SELF, TO_ACCOUNT, TO_ACCOUNT_TOKEN, TO_KEY, TO_KEY_TOKEN, TOKEN, honest,
};
use super::judge::{edit, refused};
use crate::chip::Chip;
use crate::machine::MachineChip;
use crate::tamper::{Traces, uncovered};
use crate::transaction::Transaction;
use crate::transaction::cases::CASES;

const CHIP: MachineChip = MachineChip::Transaction(Transaction { log_height: LOG_HEIGHT });

/// Beginning of a column's name, a row in which it counts, and who refuses it there.
const FAMILIES: &[(&str, usize, &str)] = &[
    ("transfer", NATIVE, "kind is boolean"),
    ("to_account", TO_ACCOUNT, "kind is boolean"),
    ("to_key", TO_KEY, "kind is boolean"),
    ("seal", SEAL, "kind is boolean"),
    ("padding", NATIVE, "one kind a row"),
    ("state.chain_id", TOKEN, "chain id is carried"),
    ("state.sealed", SELF, "last sealed is carried"),
    ("state.operator", TOKEN, "operator is the batch's"),
    ("state.transfers", SEAL, "transfers are counted"),
    ("state.queue_items", SEAL, "queue items are counted"),
    ("state.body", SEAL, "body is carried"),
    ("state.headers", SELF, "headers are carried"),
    ("state.queue[", TO_KEY_TOKEN, "queue is carried"),
    ("state.queue_index", TO_KEY_TOKEN, "queue index is carried"),
    ("state.clock", TOKEN, "clock advances by 8"),
    ("number[", NATIVE, "number follows the last sealed"),
    ("number_carry", SELF, "number follows the last sealed"),
    ("queue_carry", NATIVE, "queue index moves with items only"),
    ("queue_carry", TO_KEY_TOKEN, "queue carry is boolean"),
    ("from", NATIVE, "cell"),
    ("from", TO_KEY, "the counter is the system's"),
    ("to[", NATIVE, "cell"),
    ("to[", TO_KEY, "a new account has the counter's number"),
    ("third", NATIVE, "fees go to the operator"),
    ("third", TO_KEY, "the owner is the new account's"),
    ("token", TOKEN, "a zero token is native"),
    ("token_inverse", TOKEN, "a zero token is native"),
    ("native", TOKEN, "the native token is zero"),
    ("amount", NATIVE, "recipient gains the amount"),
    ("amount", TOKEN, "sender pays amount and fee"),
    ("amount", TO_ACCOUNT_TOKEN, "recipient gains the amount"),
    ("fee", NATIVE, "operator gains the fee"),
    ("epoch", NATIVE, "epoch is not used yet"),
    ("epoch_gap", NATIVE, "epoch is not used yet"),
    ("epoch_inverse", NATIVE, "epoch is not the last"),
    ("expiry", NATIVE, "not expired"),
    ("slack", NATIVE, "not expired"),
    ("slack_borrow", NATIVE, "not expired"),
    ("increment", NATIVE, "sequence advances"),
    ("increment", TO_KEY, "counter advances"),
    ("increment_carry", NATIVE, "sequence advances"),
    ("increment_carry", TO_KEY, "counter advances"),
    ("accounts", NATIVE, "cell"),
    ("accounts[0]", TO_KEY_TOKEN, "cell"),
    ("accounts[1].previous", TO_KEY, "cell"),
    ("accounts[1].old", TO_KEY, "cell"),
    ("accounts[2].previous", TO_KEY, "cell"),
    ("accounts[2].old", TO_KEY, "cell"),
    ("balances[0].previous", TOKEN, "cell"),
    ("balances[1].previous", TOKEN, "cell"),
    ("balances[1].previous", TO_KEY_TOKEN, "cell"),
    ("balances[2].previous", TOKEN, "cell"),
    ("balances[0].exists", TOKEN, "cell"),
    ("balances[1].exists", TOKEN, "cell"),
    ("balances[2].exists", TOKEN, "cell"),
    ("balances[0].before", TOKEN, "cell"),
    ("balances[1].before", TOKEN, "cell"),
    ("balances[2].before", TOKEN, "cell"),
    ("balances[0].before", NATIVE, "native balance before"),
    ("balances[1].before", NATIVE, "native balance before"),
    ("balances[2].before", NATIVE, "native balance before"),
    ("balances[0].after", TOKEN, "sender pays amount and fee"),
    ("balances[1].after", TOKEN, "recipient gains the amount"),
    ("balances[2].after", TOKEN, "operator gains the fee"),
    ("balances[0].after", NATIVE, "native balance after"),
    ("balances[1].after", TO_ACCOUNT, "native balance after"),
    ("balances[2].after", NATIVE, "native balance after"),
    ("balances[0].carry", NATIVE, "sender pays amount and fee"),
    ("balances[1].carry", NATIVE, "recipient gains the amount"),
    ("balances[2].carry", NATIVE, "operator gains the fee"),
    ("inner", NATIVE, "hash24"),
    ("inner", SEAL, "hash24"),
    ("digest", TO_KEY, "hash24"),
    ("digest", SEAL, "hash24"),
    ("body_after", NATIVE, "hash24"),
    ("queue_after", TO_ACCOUNT, "hash24"),
];

/// A prefix that ends where a name may end, so that `token` is not `token_inverse`.
fn names(prefix: &str, column: &str) -> bool {
    let rest = column.strip_prefix(prefix);
    rest.is_some_and(|rest| prefix.ends_with('[') || rest.is_empty() || rest.starts_with(['[', '.']))
}

#[test]
fn each_cell_off_by_one_is_refused() {
    let columns = CHIP.column_names();
    let (w, main) = honest();
    for (prefix, row, expected) in FAMILIES {
        for i in (0..columns.len()).filter(|i| names(prefix, &columns[*i])) {
            let mut bad = main.clone();
            bad.row_mut(*row)[i] += F::ONE;
            refused(&w, &bad, expected);
        }
    }
    assert_eq!(main.width(), columns.len());
}

#[test]
fn every_corruption_is_refused() {
    let (_, main) = honest();
    let mut honest = Traces::default();
    honest.chip(CHIP, main, &[]).close();
    assert_eq!(honest.violations(), Vec::new());
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    assert_eq!(uncovered(&CHIP, CASES), Vec::<String>::new());
}

/// Names of integers of 16 bits, and a row in which they count.
const LIMBS: &[(&str, usize)] = &[
    ("amount", NATIVE),
    ("amount", TO_ACCOUNT),
    ("amount", TO_KEY),
    ("fee", NATIVE),
    ("balances[0].after", NATIVE),
    ("balances[1].after", NATIVE),
    ("balances[1].after", TO_ACCOUNT),
    ("balances[1].after", TO_KEY),
    ("balances[2].after", NATIVE),
    ("increment", NATIVE),
    ("increment", TO_KEY),
    ("epoch_gap", NATIVE),
    ("expiry", NATIVE),
    ("slack", NATIVE),
    ("number", NATIVE),
    ("number", SEAL),
    ("state.queue_index", TO_ACCOUNT),
    ("state.queue_index", SEAL),
    ("state.operator", SEAL),
];

#[test]
fn each_limb_has_sixteen_bits() {
    let columns = CHIP.column_names();
    let (w, main) = honest();
    for (prefix, row) in LIMBS {
        for i in (0..columns.len()).filter(|i| names(prefix, &columns[*i])) {
            let mut bad = main.clone();
            bad.row_mut(*row)[i] += fe(1 << 16);
            refused(&w, &bad, "range16");
        }
    }
}

/// Four bits: sixteen does not fit, nor does what fits only when it is scaled.
#[test]
fn the_upper_part_of_an_epoch_gap_has_four_bits() {
    for hi in [fe(16), fe(1 << 12).inverse()] {
        let (w, mut main) = honest();
        edit(&mut main, NATIVE, |r| r.epoch_gap[1] = hi);
        refused(&w, &main, "range16");
    }
}
