//! Corruptions of `transaction` and who refuses each.
//!
//! Any honest trace will do that has every kind of row: transfer, deposit to an account, forced withdrawal and overflow in
//! the native and in another token, the refusal of a number after an account was created, a forced withdrawal that is
//! refused to an address which differs from the owner's in the first limb, a batch with withdrawals and one without, both followed by another, an item of an unknown
//! kind, an entry that adds no leaf in the first two rows, and padding.

use crate::bus::Bus;
use crate::tamper::At::{self, After, Each, Last, Row, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

/// More than a limb holds.
const LIMB: Change = Add(1 << 16);

const ASKED: &str = "no effect on the account that is asked";
const COUNTER_ADVANCES: &str = "counter advances";
const COUNTER_CELL: &str = "counter cell";
const COUNTS: &str = "counts start at zero";
const CREDITED: At = Each(&[("to_account", 1), ("native", 0)]);
const CREDITED_IS_NAMED: &str = "the item names who is credited";
const EMPTY: At = Each(&[("seal", 1), ("has_withdrawals", 0)]);
const FORCED: At = Each(&[("forced", 1), ("native", 1)]);
const FORCED_IS_NAMED: &str = "the item names who is forced";
const FORCED_NO_ACCOUNT: At = Where("forced_no_account", 1);
const FORCED_TOKEN: At = Each(&[("forced", 1), ("native", 0)]);
const GAINS: &str = "recipient gains the amount";
const ITEM_KIND: &str = "the row is of the item's kind";
const KEEPS_NOTHING: &str = "who is forced keeps nothing";
const KIND: &str = "kind is boolean";
const LEFT: At = Where("has_withdrawals", 1);
const NAMED: &str = "no effect on the account that is named";
const NATIVE: At = Each(&[("transfer", 1), ("native", 1)]);
const NATIVE_AFTER: &str = "native balance after";
const NATIVE_BEFORE: &str = "native balance before";
const NOT_OWNER: At = Where("not_owner", 1);
const NO_ACCOUNT: At = Where("no_account", 1);
const NO_NUMBER: At = Where("no_number", 1);
const NUMBER: &str = "number follows the last sealed";
const ONE_KIND: &str = "one kind a row";
const OVERFLOW: At = Each(&[("overflow", 1), ("native", 1)]);
const OVERFLOW_TOKEN: At = Each(&[("overflow", 1), ("native", 0)]);
const OWNER: &str = "no effect on the owner";
const PAYS: &str = "sender pays amount and fee";
const PUBDATA: &str = "pubdata is carried";
const QUEUE_INDEX: &str = "queue index moves with items only";
const ROTATE: At = Where("rotate", 1);
const SEAL: At = Where("seal", 1);
const SECOND: At = Row(1);
const SEQUENCE: &str = "sequence advances";
const TOKEN: At = Each(&[("transfer", 1), ("native", 0)]);
const TOKEN_IS_NATIVE: &str = "a zero token is native";
const TO_ACCOUNT: At = Where("to_account", 1);
const TO_KEY: At = Where("to_key", 1);
const UNKNOWN: At = Where("unknown_kind", 1);
const WITHDRAW: At = Where("withdraw", 1);

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("transfer", NATIVE, Set(2), KIND),
    broken("transfer", NATIVE, Set(0), ONE_KIND),
    broken("transfer", Last, Set(1), "last row is padding"),
    broken("withdraw", WITHDRAW, Set(2), KIND),
    broken("withdraw", WITHDRAW, Set(0), ONE_KIND),
    unbalanced("withdraw", WITHDRAW, Set(0), Bus::Node),
    broken("rotate", ROTATE, Set(2), KIND),
    broken("rotate", ROTATE, Set(0), ONE_KIND),
    unbalanced("rotate", ROTATE, Set(0), Bus::Auth),
    broken("to_account", TO_ACCOUNT, Set(2), KIND),
    broken("to_account", TO_ACCOUNT, Set(0), ONE_KIND),
    unbalanced("to_account", TO_ACCOUNT, Set(0), Bus::Cell),
    broken("to_key", TO_KEY, Set(2), KIND),
    broken("to_key", TO_KEY, Set(0), ONE_KIND),
    broken("forced", FORCED, Set(2), KIND),
    broken("forced", FORCED, Set(0), ONE_KIND),
    broken("no_account", NO_ACCOUNT, Set(2), KIND),
    broken("no_account", TO_ACCOUNT, Set(1), ONE_KIND),
    broken("overflow", OVERFLOW, Set(2), KIND),
    broken("overflow", OVERFLOW, Set(0), ONE_KIND),
    broken("overflow", TO_ACCOUNT, Set(1), GAINS),
    broken("no_number", NO_NUMBER, Set(2), KIND),
    broken("no_number", NO_NUMBER, Set(0), ONE_KIND),
    broken("unknown_kind", UNKNOWN, Set(2), KIND),
    broken("unknown_kind", UNKNOWN, Set(0), ONE_KIND),
    unbalanced("unknown_kind", UNKNOWN, Set(0), Bus::Node),
    broken("forced_no_account", FORCED_NO_ACCOUNT, Set(2), KIND),
    broken("forced_no_account", FORCED, Set(1), ONE_KIND),
    broken("not_owner", NOT_OWNER, Set(2), KIND),
    broken("not_owner", FORCED, Set(1), ONE_KIND),
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
    broken("state.transactions", SEAL, Add(1), "transactions are counted"),
    broken("state.transactions", Row(0), Add(1), COUNTS),
    unbalanced("state.transactions", SEAL, Add(1), Bus::Hash24),
    broken("state.queue_items", SEAL, Add(1), "queue items are counted"),
    broken("state.queue_items", Row(0), Add(1), COUNTS),
    broken("state.withdrawals", SEAL, Add(1), "withdrawals are counted"),
    broken("state.withdrawals", Row(0), Add(1), COUNTS),
    broken("state.withdrawals", EMPTY, Add(1), "no withdrawal is left out"),
    unbalanced("state.withdrawals", WITHDRAW, Add(1), Bus::Node),
    broken("state.pubdata[0]", SEAL, Add(1), PUBDATA),
    broken("state.pubdata[7]", After("seal", 1), Add(1), PUBDATA),
    broken("state.pubdata[7]", Row(0), Add(1), "pubdata starts"),
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
    broken("from[1]", NO_NUMBER, Add(1), "the counter is the system's"),
    broken("from[0]", FORCED, Add(1), FORCED_IS_NAMED),
    broken("from[0]", FORCED_NO_ACCOUNT, Add(1), FORCED_IS_NAMED),
    broken("from[1]", NOT_OWNER, Add(1), FORCED_IS_NAMED),
    unbalanced("to[0]", NATIVE, Add(1), Bus::Cell),
    broken("to[1]", TO_ACCOUNT, Add(1), CREDITED_IS_NAMED),
    broken("to[0]", NO_ACCOUNT, Add(1), CREDITED_IS_NAMED),
    broken("to[0]", OVERFLOW, Add(1), CREDITED_IS_NAMED),
    unbalanced("to[0]", NATIVE, Add(1), Bus::Hash24),
    broken("to[0]", TO_KEY, Add(1), "a new account has the counter's number"),
    broken("third[0]", NATIVE, Add(1), "fees go to the operator"),
    broken("third[1]", TO_KEY, Add(1), "the owner is the new account's"),
    broken("third[0]", WITHDRAW, Add(1), "fees go to the operator"),
    broken("third[0]", FORCED, Add(1), "the owner is the forced account's"),
    broken("third[1]", NOT_OWNER, Add(1), "the owner is the forced account's"),
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
    broken("amount[0]", WITHDRAW, Add(1), PAYS),
    unbalanced("amount[0]", WITHDRAW, Add(1), Bus::Hash24),
    unbalanced("amount[7]", WITHDRAW, LIMB, Bus::Range16),
    broken("amount[0]", ROTATE, Add(1), "a rotation has no amount"),
    broken("amount[0]", OVERFLOW, Add(1), GAINS),
    unbalanced("amount[0]", NO_ACCOUNT, Add(1), Bus::Hash24),
    broken("fee[0]", WITHDRAW, Add(1), PAYS),
    broken("fee[0]", ROTATE, Add(1), PAYS),
    broken("fee[0]", NATIVE, Add(1), "operator gains the fee"),
    broken("fee[3]", NATIVE, Add(1), PAYS),
    unbalanced("fee[3]", NATIVE, LIMB, Bus::Range16),
    broken("item_kind", TO_ACCOUNT, Set(2), ITEM_KIND),
    broken("item_kind", NO_NUMBER, Set(4), ITEM_KIND),
    broken("item_kind", NOT_OWNER, Set(0), ITEM_KIND),
    broken("item_kind", UNKNOWN, Set(3), "product of differences to known kinds"),
    unbalanced("item_kind", UNKNOWN, Add(1), Bus::Hash24),
    broken("kind_product", UNKNOWN, Add(1), "product of differences to known kinds"),
    broken("kind_product", UNKNOWN, Set(0), "an unknown kind is none of the known"),
    broken("account[0]", TO_ACCOUNT, Add(1), CREDITED_IS_NAMED),
    broken("account[1]", FORCED, Add(1), FORCED_IS_NAMED),
    unbalanced("account[1]", UNKNOWN, Add(1), Bus::Hash24),
    unbalanced("l1[0]", WITHDRAW, LIMB, Bus::Range16),
    unbalanced("l1[9]", WITHDRAW, Add(1), Bus::Hash24),
    unbalanced("l1[0]", NO_ACCOUNT, Add(1), Bus::Hash24),
    broken("l1[9]", FORCED, Add(1), "the owner asks"),
    broken("l1[0]", TO_KEY, Add(1), "a new account's owner is the item's"),
    broken("l1[0]", NOT_OWNER, Add(1), "another owner than who asks"),
    broken("key[0]", TO_KEY, Add(1), "a new account has the item's key"),
    broken("key[15]", TO_KEY, Add(1), "a new account has the item's key"),
    unbalanced("key[15]", UNKNOWN, Add(1), Bus::Hash24),
    broken("difference[0]", NOT_OWNER, Add(1), "another owner than who asks"),
    broken("epoch", NATIVE, Add(1), "epoch is not used yet"),
    unbalanced("epoch", NATIVE, Add(1), Bus::Auth),
    broken("epoch_gap[0]", NATIVE, Add(1), "epoch is not used yet"),
    unbalanced("epoch_gap[0]", NATIVE, LIMB, Bus::Range16),
    unbalanced("epoch_gap[1]", NATIVE, Set(16), Bus::Range16),
    broken("epoch", ROTATE, Add(1), "epoch is not used yet"),
    unbalanced("epoch_gap[1]", ROTATE, Set(16), Bus::Range16),
    broken("inverse", NATIVE, Add(1), "epoch is not the last"),
    broken("inverse", WITHDRAW, Add(1), "epoch is not the last"),
    broken("inverse", UNKNOWN, Add(1), "an unknown kind is none of the known"),
    broken("inverse", LEFT, Add(1), "a tree has a withdrawal"),
    broken("expiry[0]", NATIVE, Add(1), "not expired"),
    unbalanced("expiry[1]", NATIVE, LIMB, Bus::Range16),
    broken("expiry[0]", WITHDRAW, Add(1), "not expired"),
    broken("slack[1]", NATIVE, Add(1), "not expired"),
    broken("slack[0]", ROTATE, Add(1), "not expired"),
    unbalanced("slack[0]", NATIVE, LIMB, Bus::Range16),
    broken("slack_borrow", NATIVE, Set(2), "slack borrow is boolean"),
    broken("slack_borrow", NATIVE, Add(1), "not expired"),
    broken("increment[0]", NATIVE, Add(1), SEQUENCE),
    broken("increment[0]", WITHDRAW, Add(1), SEQUENCE),
    broken("increment[0]", ROTATE, Add(1), SEQUENCE),
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
    unbalanced("accounts[0].old[0]", ROTATE, Add(1), Bus::Auth),
    broken("accounts[0].old[11]", NATIVE, Set(0), "sender exists"),
    broken("accounts[0].old[11]", WITHDRAW, Set(0), "sender exists"),
    broken("accounts[0].old[11]", ROTATE, Set(0), "sender exists"),
    broken("accounts[0].old[11]", FORCED, Set(0), "sender exists"),
    broken("accounts[0].old[11]", NOT_OWNER, Set(0), "sender exists"),
    broken("accounts[0].old[11]", FORCED_NO_ACCOUNT, Set(1), "no account to force"),
    broken("accounts[1].old[11]", NO_ACCOUNT, Set(1), "no account to credit"),
    broken("accounts[1].old[11]", OVERFLOW, Set(0), "recipient exists"),
    broken("accounts[2].old[11]", WITHDRAW, Set(0), "operator exists"),
    broken("accounts[2].old[11]", FORCED, Set(0), "the owner asks"),
    broken("accounts[2].old[0]", FORCED, Add(1), "the owner asks"),
    broken("accounts[2].old[0]", NOT_OWNER, Add(1), "another owner than who asks"),
    broken("accounts[0].old[0]", NO_NUMBER, Add(1), "the counter is at its end"),
    broken("accounts[0].old[1]", NO_NUMBER, Set(0), "the counter is at its end"),
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
    broken("accounts[1].new[0]", TO_KEY, Add(1), "a new account has the item's key"),
    broken("accounts[2].new[0]", TO_KEY, Add(1), "a new account's owner is the item's"),
    broken("accounts[2].new[10]", TO_KEY, Add(1), "owner cell"),
    broken("accounts[0].new[0]", WITHDRAW, Add(1), "sender keeps its key"),
    unbalanced("accounts[0].new[0]", ROTATE, Add(1), Bus::Hash24),
    broken("accounts[0].new[8]", ROTATE, Add(1), SEQUENCE),
    broken("accounts[0].new[10]", ROTATE, Add(1), "a new key has all its epochs"),
    broken("accounts[0].new[11]", ROTATE, Set(0), "who rotates goes on to exist"),
    broken("accounts[0].new[0]", FORCED, Add(1), "who is forced only pays"),
    broken("accounts[0].new[10]", FORCED, Add(1), "who is forced only pays"),
    broken("accounts[0].new[12]", FORCED, Add(1), NATIVE_AFTER),
    broken("accounts[0].new[12]", FORCED_TOKEN, Add(1), "native balance stays"),
    broken("accounts[2].new[0]", FORCED, Add(1), OWNER),
    broken("accounts[2].new[19]", NOT_OWNER, Add(1), OWNER),
    broken("accounts[0].new[12]", NOT_OWNER, Add(1), ASKED),
    broken("accounts[0].new[11]", FORCED_NO_ACCOUNT, Set(1), ASKED),
    broken("accounts[0].new[0]", NO_NUMBER, Add(1), ASKED),
    broken("accounts[1].new[11]", NO_ACCOUNT, Set(1), NAMED),
    broken("accounts[1].new[19]", OVERFLOW, Add(1), NAMED),
    broken("accounts[1].new[12]", OVERFLOW_TOKEN, Add(1), NAMED),
    unbalanced("accounts[2].new[9]", TO_KEY, Add(1), Bus::Cell),
    unbalanced("balances[0].previous", TOKEN, Add(1), Bus::Cell),
    unbalanced("balances[2].previous", TOKEN, LIMB, Bus::Range16),
    unbalanced("balances[1].exists", TOKEN, Add(1), Bus::Cell),
    unbalanced("balances[1].exists", OVERFLOW_TOKEN, Set(0), Bus::Cell),
    unbalanced("balances[0].before[0]", TOKEN, Add(1), Bus::Cell),
    unbalanced("balances[0].before[0]", FORCED_TOKEN, Add(1), Bus::Cell),
    unbalanced("balances[0].before[0]", FORCED_TOKEN, Add(1), Bus::Hash24),
    broken("balances[0].before[7]", FORCED, Add(1), NATIVE_BEFORE),
    broken("balances[1].before[0]", OVERFLOW_TOKEN, Add(1), GAINS),
    broken("balances[1].before[0]", TOKEN, Add(1), GAINS),
    broken("balances[0].before[0]", NATIVE, Add(1), NATIVE_BEFORE),
    broken("balances[2].before[7]", NATIVE, Add(1), NATIVE_BEFORE),
    broken("balances[0].after[0]", TOKEN, Add(1), PAYS),
    broken("balances[0].after[0]", FORCED, Add(1), KEEPS_NOTHING),
    broken("balances[0].after[7]", FORCED_TOKEN, Add(1), KEEPS_NOTHING),
    broken("balances[1].after[7]", OVERFLOW, Add(1), GAINS),
    unbalanced("balances[1].after[7]", OVERFLOW_TOKEN, LIMB, Bus::Range16),
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
    unbalanced("digest[0]", ROTATE, Add(1), Bus::Auth),
    unbalanced("digest[7]", SEAL, Add(1), Bus::Hash24),
    unbalanced("rolled[0]", TO_ACCOUNT, Add(1), Bus::Hash24),
    broken("rolled[7]", TO_ACCOUNT, Add(1), "queue is carried"),
    broken("rolled[7]", UNKNOWN, Add(1), "queue is carried"),
    broken("rolled[0]", SEAL, Add(1), "headers are carried"),
    unbalanced("pubdata_after[0]", NATIVE, Add(1), Bus::Hash24),
    broken("pubdata_after[7]", NATIVE, Add(1), PUBDATA),
    unbalanced("leaf[0]", WITHDRAW, Add(1), Bus::Hash24),
    unbalanced("leaf[7]", WITHDRAW, Add(1), Bus::Node),
    unbalanced("leaf[0]", FORCED, Add(1), Bus::Hash24),
    unbalanced("leaf[0]", NO_NUMBER, Add(1), Bus::Hash24),
    unbalanced("leaf[0]", LEFT, Add(1), Bus::Node),
    unbalanced("leaf[7]", LEFT, Add(1), Bus::Hash24),
    broken("leaf[0]", EMPTY, Add(1), "the root without withdrawals"),
    broken("has_withdrawals", LEFT, Set(2), "has withdrawals is boolean"),
    broken("has_withdrawals", LEFT, Set(0), "no withdrawal is left out"),
    unbalanced("has_withdrawals", LEFT, Set(0), Bus::Node),
    broken("has_withdrawals", EMPTY, Set(1), "a tree has a withdrawal"),
    broken("has_withdrawals", Last, Set(1), "only a seal takes withdrawals"),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "transaction", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "transaction", column, at, change, expect: Expect::Bus(bus) }
}
