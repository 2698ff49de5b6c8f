//! Every cell of an honest row, off by one or by a limb, and who says so.

use aludel_protocol::{F, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;

use super::history::*;
use super::judge::{edit, refusals, refused};
use crate::chip::Chip;
use crate::machine::MachineChip;
use crate::tamper::{Traces, uncovered};
use crate::transaction::Transaction;
use crate::transaction::cases::CASES;

const CHIP: MachineChip = MachineChip::Transaction(Transaction { log_height: LOG_HEIGHT });

/// Beginning of a column's name, a row in which it counts, and who refuses it there.
const FAMILIES: &[(&str, usize, &str)] = &[
    ("transfer", NATIVE, "kind is boolean"),
    ("withdraw", WITHDRAW, "kind is boolean"),
    ("rotate", ROTATE, "kind is boolean"),
    ("to_account", TO_ACCOUNT, "kind is boolean"),
    ("to_key", TO_KEY, "kind is boolean"),
    ("forced", FORCED, "kind is boolean"),
    ("no_account", NO_ACCOUNT, "kind is boolean"),
    ("overflow", OVERFLOW, "kind is boolean"),
    ("no_number", NO_NUMBER, "kind is boolean"),
    ("unknown_kind", UNKNOWN_KIND, "kind is boolean"),
    ("forced_no_account", FORCED_NO_ACCOUNT, "kind is boolean"),
    ("not_owner", NOT_OWNER, "kind is boolean"),
    ("seal", SEAL, "kind is boolean"),
    ("padding", NATIVE, "one kind a row"),
    ("state.chain_id", TOKEN, "chain id is carried"),
    ("state.sealed", SELF, "last sealed is carried"),
    ("state.operator", TOKEN, "operator is the batch's"),
    ("state.transactions", SEAL, "transactions are counted"),
    ("state.queue_items", SEAL, "queue items are counted"),
    ("state.withdrawals", LEAVES, "withdrawals are counted"),
    ("state.pubdata", SEAL, "pubdata is carried"),
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
    ("from", NO_NUMBER, "the counter is the system's"),
    ("from", FORCED, "the item names who is forced"),
    ("from", FORCED_NO_ACCOUNT, "the item names who is forced"),
    ("to[", NATIVE, "cell"),
    ("to[", TO_KEY, "a new account has the counter's number"),
    ("to[", TO_ACCOUNT, "the item names who is credited"),
    ("to[", NO_ACCOUNT, "the item names who is credited"),
    ("third", NATIVE, "fees go to the operator"),
    ("third", WITHDRAW, "fees go to the operator"),
    ("third", ROTATE, "fees go to the operator"),
    ("third", TO_KEY, "the owner is the new account's"),
    ("third", FORCED, "the owner is the forced account's"),
    ("third", NOT_OWNER, "the owner is the forced account's"),
    ("token", TOKEN, "a zero token is native"),
    ("token_inverse", TOKEN, "a zero token is native"),
    ("native", TOKEN, "the native token is zero"),
    ("amount", NATIVE, "recipient gains the amount"),
    ("amount", TOKEN, "sender pays amount and fee"),
    ("amount", TO_ACCOUNT_TOKEN, "recipient gains the amount"),
    ("amount", WITHDRAW, "sender pays amount and fee"),
    ("amount", ROTATE, "a rotation has no amount"),
    ("amount", OVERFLOW, "recipient gains the amount"),
    ("amount", NO_ACCOUNT, "hash24"),
    ("amount", FORCED, "hash24"),
    ("fee", NATIVE, "operator gains the fee"),
    ("fee", WITHDRAW, "sender pays amount and fee"),
    ("fee", ROTATE, "sender pays amount and fee"),
    ("item_kind", TO_ACCOUNT, "the row is of the item's kind"),
    ("item_kind", NOT_OWNER, "the row is of the item's kind"),
    ("item_kind", NO_NUMBER, "the row is of the item's kind"),
    ("item_kind", UNKNOWN_KIND, "hash24"),
    ("kind_product", UNKNOWN_KIND, "product of differences to known kinds"),
    ("account", TO_ACCOUNT, "the item names who is credited"),
    ("account", OVERFLOW, "the item names who is credited"),
    ("account", NOT_OWNER, "the item names who is forced"),
    ("account", UNKNOWN_KIND, "hash24"),
    ("l1", WITHDRAW, "hash24"),
    ("l1", FORCED, "the owner asks"),
    ("l1", TO_KEY, "a new account's owner is the item's"),
    ("l1", NO_ACCOUNT, "hash24"),
    ("key", TO_KEY, "a new account has the item's key"),
    ("key", FORCED, "hash24"),
    ("difference", NOT_OWNER_NOBODY, "another owner than who asks"),
    ("epoch", NATIVE, "epoch is not used yet"),
    ("epoch", ROTATE, "epoch is not used yet"),
    ("epoch_gap", NATIVE, "epoch is not used yet"),
    ("inverse", NATIVE, "epoch is not the last"),
    ("inverse", WITHDRAW, "epoch is not the last"),
    ("inverse", UNKNOWN_KIND, "an unknown kind is none of the known"),
    ("inverse", LEAVES, "a tree has a withdrawal"),
    ("expiry", NATIVE, "not expired"),
    ("expiry", ROTATE, "not expired"),
    ("slack", WITHDRAW, "not expired"),
    ("slack_borrow", NATIVE, "not expired"),
    ("increment", NATIVE, "sequence advances"),
    ("increment", ROTATE, "sequence advances"),
    ("increment", TO_KEY, "counter advances"),
    ("increment_carry", NATIVE, "sequence advances"),
    ("increment_carry", TO_KEY, "counter advances"),
    ("accounts", NATIVE, "cell"),
    ("accounts[0]", WITHDRAW_TOKEN, "cell"),
    ("accounts[2]", WITHDRAW, "cell"),
    ("accounts[0].old", ROTATE, "cell"),
    ("accounts[0]", TO_KEY_TOKEN, "cell"),
    ("accounts[1].previous", TO_KEY, "cell"),
    ("accounts[1].old", TO_KEY, "cell"),
    ("accounts[2].previous", TO_KEY, "cell"),
    ("accounts[2].old", TO_KEY, "cell"),
    ("accounts[0].old", FORCED, "cell"),
    ("accounts[2].old", FORCED, "cell"),
    ("accounts[0].old", FORCED_TOKEN, "cell"),
    ("accounts[1].old", NO_ACCOUNT, "cell"),
    ("accounts[1].old", OVERFLOW, "cell"),
    ("accounts[1].old", OVERFLOW_TOKEN, "cell"),
    ("accounts[0].old", NO_NUMBER, "cell"),
    ("accounts[0].old", FORCED_NO_ACCOUNT, "cell"),
    ("accounts[0].old", NOT_OWNER, "cell"),
    ("accounts[2].old", NOT_OWNER, "cell"),
    ("accounts[0].new", FORCED_NO_ACCOUNT, "no effect on the account that is asked"),
    ("accounts[0].new", NO_NUMBER, "no effect on the account that is asked"),
    ("accounts[0].new", NOT_OWNER, "no effect on the account that is asked"),
    ("accounts[1].new", NO_ACCOUNT, "no effect on the account that is named"),
    ("accounts[1].new", OVERFLOW, "no effect on the account that is named"),
    ("accounts[1].new", OVERFLOW_TOKEN, "no effect on the account that is named"),
    ("accounts[2].new", FORCED, "no effect on the owner"),
    ("accounts[2].new", NOT_OWNER_NOBODY, "no effect on the owner"),
    ("balances[0].previous", TOKEN, "cell"),
    ("balances[0].previous", FORCED_TOKEN, "cell"),
    ("balances[1].previous", TOKEN, "cell"),
    ("balances[1].previous", TO_KEY_TOKEN, "cell"),
    ("balances[1].previous", OVERFLOW_TOKEN, "cell"),
    ("balances[2].previous", TOKEN, "cell"),
    ("balances[0].exists", TOKEN, "cell"),
    ("balances[0].exists", FORCED_TOKEN, "cell"),
    ("balances[1].exists", TOKEN, "cell"),
    ("balances[1].exists", OVERFLOW_TOKEN, "cell"),
    ("balances[2].exists", ROTATE_TOKEN, "cell"),
    ("balances[0].before", TOKEN, "cell"),
    ("balances[0].before", FORCED_TOKEN, "cell"),
    ("balances[1].before", TOKEN, "cell"),
    ("balances[1].before", OVERFLOW_TOKEN, "cell"),
    ("balances[2].before", WITHDRAW_TOKEN, "cell"),
    ("balances[0].before", NATIVE, "native balance before"),
    ("balances[0].before", FORCED, "native balance before"),
    ("balances[1].before", NATIVE, "native balance before"),
    ("balances[1].before", OVERFLOW, "native balance before"),
    ("balances[2].before", NATIVE, "native balance before"),
    ("balances[0].after", TOKEN, "sender pays amount and fee"),
    ("balances[0].after", FORCED, "who is forced keeps nothing"),
    ("balances[0].after", FORCED_TOKEN, "who is forced keeps nothing"),
    ("balances[1].after", TOKEN, "recipient gains the amount"),
    ("balances[1].after", OVERFLOW, "recipient gains the amount"),
    ("balances[2].after", TOKEN, "operator gains the fee"),
    ("balances[0].after", NATIVE, "native balance after"),
    ("balances[1].after", TO_ACCOUNT, "native balance after"),
    ("balances[2].after", NATIVE, "native balance after"),
    ("balances[0].carry", NATIVE, "sender pays amount and fee"),
    ("balances[1].carry", NATIVE, "recipient gains the amount"),
    ("balances[1].carry", OVERFLOW, "recipient gains the amount"),
    ("balances[2].carry", NATIVE, "operator gains the fee"),
    ("inner", NATIVE, "hash24"),
    ("inner", SEAL, "hash24"),
    ("digest", TO_KEY, "hash24"),
    ("digest", SEAL, "hash24"),
    ("digest", WITHDRAW, "auth"),
    ("digest", ROTATE, "auth"),
    ("rolled", TO_ACCOUNT, "hash24"),
    ("rolled", SEAL, "headers are carried"),
    ("rolled", UNKNOWN_KIND, "queue is carried"),
    ("pubdata_after", NATIVE, "hash24"),
    ("pubdata_after", NO_NUMBER, "pubdata is carried"),
    ("leaf", WITHDRAW, "hash24"),
    ("leaf", WITHDRAW, "node"),
    ("leaf", FORCED, "hash24"),
    ("leaf", NO_ACCOUNT, "hash24"),
    ("leaf", OVERFLOW, "hash24"),
    ("leaf", NO_NUMBER, "hash24"),
    ("leaf", UNKNOWN_KIND, "hash24"),
    ("leaf", SEAL, "the root without withdrawals"),
    ("leaf", LEAVES, "node"),
    ("leaf", LEAVES, "hash24"),
    ("leaf", LEAVES_TOKEN, "node"),
    ("leaf", EMPTY, "the root without withdrawals"),
    ("has_withdrawals", LEAVES, "has withdrawals is boolean"),
    ("has_withdrawals", SEAL, "a tree has a withdrawal"),
    ("has_withdrawals", WITHDRAW, "only a seal takes withdrawals"),
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
    let mut wrong = Vec::new();
    for (prefix, row, expected) in FAMILIES {
        for i in (0..columns.len()).filter(|i| names(prefix, &columns[*i])) {
            let mut bad = main.clone();
            bad.row_mut(*row)[i] += F::ONE;
            let by = refusals(&w, &bad);
            if !by.contains(expected) {
                wrong.push(format!("{} in row {row}: {by:?}, not {expected:?}", columns[i]));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
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
    ("amount", WITHDRAW),
    ("amount", NO_NUMBER),
    ("l1", WITHDRAW),
    ("fee", NATIVE),
    ("fee", WITHDRAW),
    ("fee", ROTATE),
    ("balances[0].after", NATIVE),
    ("balances[1].after", NATIVE),
    ("balances[1].after", TO_ACCOUNT),
    ("balances[1].after", TO_KEY),
    ("balances[0].after", WITHDRAW),
    ("balances[1].after", OVERFLOW),
    ("balances[1].after", OVERFLOW_TOKEN),
    ("balances[2].after", NATIVE),
    ("balances[2].after", ROTATE),
    ("increment", NATIVE),
    ("increment", TO_KEY),
    ("increment", WITHDRAW),
    ("epoch_gap", NATIVE),
    ("epoch_gap", ROTATE),
    ("expiry", NATIVE),
    ("expiry", WITHDRAW),
    ("slack", NATIVE),
    ("slack", ROTATE),
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
