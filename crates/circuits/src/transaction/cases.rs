//! Corruptions of `transaction` and who refuses each.
//!
//! Any honest trace will do that has a transfer of the native and of another token, a deposit that creates an
//! account and one to an account in another token, two batches, an entry in its first two rows, and padding.

use crate::bus::Bus;
use crate::tamper::At::{self, After, Each, Last, Row, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

/// More than a limb holds.
const LIMB: Change = Add(1 << 16);

const BODY: &str = "body is carried";
const COUNTER_ADVANCES: &str = "counter advances";
const COUNTER_CELL: &str = "counter cell";
const COUNTS: &str = "counts start at zero";
const CREDITED: At = Each(&[("to_account", 1), ("native", 0)]);
const GAINS: &str = "recipient gains the amount";
const KIND: &str = "kind is boolean";
const NATIVE: At = Each(&[("transfer", 1), ("native", 1)]);
const NATIVE_AFTER: &str = "native balance after";
const NATIVE_BEFORE: &str = "native balance before";
const NUMBER: &str = "number follows the last sealed";
const ONE_KIND: &str = "one kind a row";
const PAYS: &str = "sender pays amount and fee";
const QUEUE_INDEX: &str = "queue index moves with items only";
const SEAL: At = Where("seal", 1);
const SECOND: At = Row(1);
const SEQUENCE: &str = "sequence advances";
const TOKEN: At = Each(&[("transfer", 1), ("native", 0)]);
const TOKEN_IS_NATIVE: &str = "a zero token is native";
const TO_ACCOUNT: At = Where("to_account", 1);
const TO_KEY: At = Where("to_key", 1);

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("transfer", NATIVE, Set(2), KIND),
    broken("transfer", NATIVE, Set(0), ONE_KIND),
    broken("transfer", Last, Set(1), "last row is padding"),
    broken("to_account", TO_ACCOUNT, Set(2), KIND),
    broken("to_account", TO_ACCOUNT, Set(0), ONE_KIND),
    unbalanced("to_account", TO_ACCOUNT, Set(0), Bus::Cell),
    broken("to_key", TO_KEY, Set(2), KIND),
    broken("to_key", TO_KEY, Set(0), ONE_KIND),
    broken("seal", SEAL, Set(2), KIND),
    broken("seal", Last, Set(1), "padding to the end"),
    broken("padding", NATIVE, Set(1), ONE_KIND),
    broken("padding", Row(0), Set(1), "first row is not padding"),
    broken("padding", SECOND, Set(1), "an entry's batch is sealed"),
    broken("state.chain_id[0]", SECOND, Add(1), "chain id is carried"),
    broken("state.chain_id[3]", Last, Add(1), "chain id is carried"),
    unbalanced("state.chain_id[0]", Row(0), Add(1), Bus::Boundary),
    broken("state.sealed[0]", After("seal", 1), Add(1), "last sealed is carried"),
    unbalanced("state.sealed[1]", Last, Add(1), Bus::Boundary),
    broken("state.operator[0]", SECOND, Add(1), "operator is the batch's"),
    unbalanced("state.operator[1]", SEAL, LIMB, Bus::Range16),
    broken("state.transfers", SEAL, Add(1), "transfers are counted"),
    broken("state.transfers", Row(0), Add(1), COUNTS),
    unbalanced("state.transfers", SEAL, Add(1), Bus::Hash24),
    broken("state.queue_items", SEAL, Add(1), "queue items are counted"),
    broken("state.queue_items", Row(0), Add(1), COUNTS),
    broken("state.body[0]", SEAL, Add(1), BODY),
    broken("state.body[7]", After("seal", 1), Add(1), BODY),
    broken("state.body[7]", Row(0), Add(1), "body starts"),
    broken("state.headers[0]", After("seal", 1), Add(1), "headers are carried"),
    unbalanced("state.headers[7]", Row(0), Add(1), Bus::Boundary),
    broken("state.queue[0]", SECOND, Add(1), "queue is carried"),
    unbalanced("state.queue[7]", Last, Add(1), Bus::Boundary),
    unbalanced("state.queue[0]", TO_KEY, Add(1), Bus::Hash24),
    broken("state.queue_index[0]", SECOND, Add(1), "queue index is carried"),
    unbalanced("state.queue_index[1]", SEAL, LIMB, Bus::Range16),
    unbalanced("state.queue_index[0]", Row(0), Add(1), Bus::Boundary),
    broken("state.clock", SECOND, Add(1), "clock advances by 8"),
    broken("state.clock", Row(0), Add(1), "clock starts at 8"),
    unbalanced("state.clock", Row(0), Add(1), Bus::Cell),
    broken("number[0]", NATIVE, Add(1), NUMBER),
    broken("number[1]", SEAL, Add(1), NUMBER),
    unbalanced("number[0]", SEAL, LIMB, Bus::Range16),
    broken("number_carry", Row(0), Set(2), "number carry is boolean"),
    broken("number_carry", SEAL, Add(1), NUMBER),
    broken("queue_carry", TO_KEY, Set(2), "queue carry is boolean"),
    broken("queue_carry", NATIVE, Set(1), QUEUE_INDEX),
    broken("queue_carry", Last, Set(1), QUEUE_INDEX),
    unbalanced("from[0]", NATIVE, Add(1), Bus::Cell),
    unbalanced("from[1]", NATIVE, Add(1), Bus::Hash24),
    broken("from[0]", TO_KEY, Add(1), "the counter is the system's"),
    unbalanced("to[0]", NATIVE, Add(1), Bus::Cell),
    unbalanced("to[1]", TO_ACCOUNT, Add(1), Bus::Hash24),
    broken("to[0]", TO_KEY, Add(1), "a new account has the counter's number"),
    broken("third[0]", NATIVE, Add(1), "fees go to the operator"),
    broken("third[1]", TO_KEY, Add(1), "the owner is the new account's"),
    broken("token", TOKEN, Add(1), TOKEN_IS_NATIVE),
    unbalanced("token", TOKEN, Add(1), Bus::Cell),
    broken("token", NATIVE, Set(7), "the native token is zero"),
    broken("token_inverse", TOKEN, Add(1), TOKEN_IS_NATIVE),
    broken("native", TOKEN, Set(1), "the native token is zero"),
    broken("native", NATIVE, Set(0), TOKEN_IS_NATIVE),
    broken("amount[0]", NATIVE, Add(1), GAINS),
    broken("amount[7]", TOKEN, Add(1), PAYS),
    broken("amount[0]", CREDITED, Add(1), GAINS),
    unbalanced("amount[0]", NATIVE, LIMB, Bus::Range16),
    unbalanced("amount[7]", TO_KEY, LIMB, Bus::Range16),
    broken("fee[0]", NATIVE, Add(1), "operator gains the fee"),
    broken("fee[3]", NATIVE, Add(1), PAYS),
    unbalanced("fee[3]", NATIVE, LIMB, Bus::Range16),
    broken("epoch", NATIVE, Add(1), "epoch is not used yet"),
    unbalanced("epoch", NATIVE, Add(1), Bus::Auth),
    broken("epoch_gap[0]", NATIVE, Add(1), "epoch is not used yet"),
    unbalanced("epoch_gap[0]", NATIVE, LIMB, Bus::Range16),
    unbalanced("epoch_gap[1]", NATIVE, Set(16), Bus::Range16),
    broken("epoch_inverse", NATIVE, Add(1), "epoch is not the last"),
    broken("expiry[0]", NATIVE, Add(1), "not expired"),
    unbalanced("expiry[1]", NATIVE, LIMB, Bus::Range16),
    broken("slack[1]", NATIVE, Add(1), "not expired"),
    unbalanced("slack[0]", NATIVE, LIMB, Bus::Range16),
    broken("slack_borrow", NATIVE, Set(2), "slack borrow is boolean"),
    broken("slack_borrow", NATIVE, Add(1), "not expired"),
    broken("increment[0]", NATIVE, Add(1), SEQUENCE),
    broken("increment[1]", TO_KEY, Add(1), COUNTER_ADVANCES),
    unbalanced("increment[0]", NATIVE, LIMB, Bus::Range16),
    unbalanced("increment[1]", TO_KEY, LIMB, Bus::Range16),
    broken("increment_carry", NATIVE, Set(2), "increment carry is boolean"),
    broken("increment_carry", TO_KEY, Add(1), COUNTER_ADVANCES),
    unbalanced("accounts[0].previous", NATIVE, Add(1), Bus::Cell),
    unbalanced("accounts[1].previous", TO_KEY, Add(1), Bus::Cell),
    unbalanced("accounts[2].previous", NATIVE, LIMB, Bus::Range16),
    unbalanced("accounts[0].old[0]", NATIVE, Add(1), Bus::Auth),
    unbalanced("accounts[0].old[8]", NATIVE, Add(1), Bus::Hash24),
    broken("accounts[0].old[11]", NATIVE, Set(0), "sender exists"),
    broken("accounts[1].old[11]", NATIVE, Set(0), "recipient exists"),
    broken("accounts[1].old[11]", TO_ACCOUNT, Set(0), "recipient exists"),
    broken("accounts[2].old[11]", NATIVE, Set(0), "operator exists"),
    unbalanced("accounts[1].old[19]", TOKEN, Add(1), Bus::Cell),
    broken("accounts[0].old[2]", TO_KEY, Add(1), COUNTER_CELL),
    broken("accounts[0].old[0]", TO_KEY, Add(1), "a new account has the counter's number"),
    broken("accounts[1].old[0]", TO_KEY, Add(1), "new account was empty"),
    broken("accounts[1].old[19]", TO_KEY, Add(1), "new account was empty"),
    broken("accounts[2].old[0]", TO_KEY, Add(1), "new owner was empty"),
    broken("accounts[0].new[0]", NATIVE, Add(1), "sender keeps its key"),
    broken("accounts[0].new[8]", NATIVE, Add(1), SEQUENCE),
    broken("accounts[0].new[10]", NATIVE, Add(1), "epoch is used up"),
    broken("accounts[0].new[0]", TO_KEY, Add(1), COUNTER_ADVANCES),
    broken("accounts[0].new[19]", TO_KEY, Add(1), COUNTER_CELL),
    broken("accounts[1].new[0]", NATIVE, Add(1), "recipient only gains"),
    broken("accounts[1].new[11]", TO_ACCOUNT, Set(0), "recipient only gains"),
    broken("accounts[2].new[10]", NATIVE, Add(1), "operator only gains"),
    broken("accounts[0].new[12]", TOKEN, Add(1), "native balance stays"),
    broken("accounts[1].new[19]", NATIVE, Add(1), NATIVE_AFTER),
    broken("accounts[1].new[8]", TO_KEY, Add(1), "new account starts at zero"),
    unbalanced("accounts[1].new[0]", TO_KEY, Add(1), Bus::Hash24),
    broken("accounts[2].new[10]", TO_KEY, Add(1), "owner cell"),
    unbalanced("accounts[2].new[9]", TO_KEY, Add(1), Bus::Cell),
    unbalanced("balances[0].previous", TOKEN, Add(1), Bus::Cell),
    unbalanced("balances[2].previous", TOKEN, LIMB, Bus::Range16),
    unbalanced("balances[1].exists", TOKEN, Add(1), Bus::Cell),
    unbalanced("balances[0].before[0]", TOKEN, Add(1), Bus::Cell),
    broken("balances[1].before[0]", TOKEN, Add(1), GAINS),
    broken("balances[0].before[0]", NATIVE, Add(1), NATIVE_BEFORE),
    broken("balances[2].before[7]", NATIVE, Add(1), NATIVE_BEFORE),
    broken("balances[0].after[0]", TOKEN, Add(1), PAYS),
    broken("balances[1].after[0]", NATIVE, Add(1), NATIVE_AFTER),
    broken("balances[2].after[0]", TOKEN, Add(1), "operator gains the fee"),
    unbalanced("balances[0].after[7]", NATIVE, LIMB, Bus::Range16),
    unbalanced("balances[1].after[0]", TO_KEY, LIMB, Bus::Range16),
    unbalanced("balances[2].after[0]", TOKEN, Add(1), Bus::Cell),
    broken("balances[0].carry[0]", NATIVE, Set(3), "borrow is 0, 1 or 2"),
    broken("balances[0].carry[6]", NATIVE, Add(1), PAYS),
    broken("balances[1].carry[0]", NATIVE, Set(2), "carry is boolean"),
    broken("balances[2].carry[6]", NATIVE, Add(1), "operator gains the fee"),
    unbalanced("inner[0]", NATIVE, Add(1), Bus::Hash24),
    unbalanced("inner[7]", SEAL, Add(1), Bus::Hash24),
    unbalanced("digest[0]", NATIVE, Add(1), Bus::Auth),
    unbalanced("digest[7]", SEAL, Add(1), Bus::Hash24),
    unbalanced("body_after[0]", NATIVE, Add(1), Bus::Hash24),
    broken("body_after[7]", NATIVE, Add(1), BODY),
    unbalanced("queue_after[0]", TO_ACCOUNT, Add(1), Bus::Hash24),
    broken("queue_after[7]", TO_ACCOUNT, Add(1), "queue is carried"),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "transaction", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "transaction", column, at, change, expect: Expect::Bus(bus) }
}
