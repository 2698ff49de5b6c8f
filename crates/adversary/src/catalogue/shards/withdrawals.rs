//! What leaves by a signed withdrawal: leaves, and the trees that hold them.

use aludel_bench::owner;
use aludel_protocol::{Action, Amount, BatchNumber, Digest, F, L1Address, Transaction, Withdrawal};
use p3_field::PrimeCharacteristicRing;

use super::{BROKEN, Class, Control, Crime, NATIVE, Trial, UNBALANCED, five, honest, one, withdraw};
use crate::witness::{Forgery, Lawless, gain};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_leaf_of_more_than_was_debited",
        class: Class::Inflation,
        tries: "has more leave than was debited",
        ends: &[BROKEN, UNBALANCED],
        commit: a_leaf_of_more_than_was_debited,
    },
    Crime {
        name: "a_withdrawal_that_nobody_signed_or_another_wallet",
        class: Class::Theft,
        tries: "withdraws without the account's signature",
        ends: &[UNBALANCED],
        commit: a_withdrawal_that_nobody_signed_or_another_wallet,
    },
    Crime {
        name: "a_leaf_to_another_address_than_signed",
        class: Class::Theft,
        tries: "pays a withdrawal to another address",
        ends: &[UNBALANCED],
        commit: a_leaf_to_another_address_than_signed,
    },
    Crime {
        name: "a_transfer_that_leaves",
        class: Class::Theft,
        tries: "executes a transfer as a withdrawal, and the reverse",
        ends: &[UNBALANCED],
        commit: a_transfer_that_leaves,
    },
    Crime {
        name: "a_leaf_that_is_left_out",
        class: Class::Censorship,
        tries: "debits a withdrawal whose leaf it leaves out",
        ends: &[BROKEN, UNBALANCED],
        commit: a_leaf_that_is_left_out,
    },
    Crime {
        name: "leaves_in_another_order",
        class: Class::Withdrawals,
        tries: "orders the leaves of a tree otherwise",
        ends: &[UNBALANCED],
        commit: leaves_in_another_order,
    },
    Crime {
        name: "a_leaf_twice",
        class: Class::Inflation,
        tries: "adds a leaf twice",
        ends: &[BROKEN, UNBALANCED],
        commit: a_leaf_twice,
    },
    Crime {
        name: "two_leaves_at_one_index",
        class: Class::Censorship,
        tries: "puts two leaves at one index, of which one stays",
        ends: &[BROKEN],
        commit: two_leaves_at_one_index,
    },
    Crime {
        name: "a_leaf_out_of_nothing",
        class: Class::Inflation,
        tries: "adds a leaf to a batch without withdrawals",
        ends: &[BROKEN],
        commit: a_leaf_out_of_nothing,
    },
    Crime {
        name: "a_leaf_in_another_batchs_tree",
        class: Class::Withdrawals,
        tries: "puts a leaf into another batch's tree, or into two",
        ends: &[BROKEN],
        commit: a_leaf_in_another_batchs_tree,
    },
    Crime {
        name: "trees_exchanged",
        class: Class::Withdrawals,
        tries: "exchanges the trees of two batches",
        ends: &[UNBALANCED],
        commit: trees_exchanged,
    },
    Crime {
        name: "another_trees_root_in_the_header",
        class: Class::Withdrawals,
        tries: "puts another tree's root into a header",
        ends: &[BROKEN, UNBALANCED],
        commit: another_trees_root_in_the_header,
    },
    Crime {
        name: "a_withdrawal_beyond_the_balance",
        class: Class::Inflation,
        tries: "withdraws more than the balance",
        ends: &[BROKEN],
        commit: a_withdrawal_beyond_the_balance,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "honest_withdrawals_are_accepted",
    does: "withdraws",
    commit: honest_withdrawals_are_accepted,
}];

const COUNTED: &str = "transaction: withdrawals are counted";

/// Wallet 1 withdraws five; row 1 is the seal.
fn leaving() -> Forgery {
    honest(withdraw(1, 5))
}

/// The leaf of a withdrawal in the shard's first batch.
fn leaf(index: u16, amount: u128, to: L1Address) -> Digest {
    Withdrawal { number: BatchNumber(2), index, token: NATIVE, amount: Amount(amount), to }.digest()
}

/// The batch's tree, which the forger makes anew.
fn leaves(forgery: &mut Forgery) -> &mut Vec<Digest> {
    &mut forgery.trees[0].1
}

/// Two withdrawals in one batch, or in a batch each.
fn two(batches: usize) -> Forgery {
    let mut l = Lawless::new();
    let entries = [1, 2].map(|wallet| {
        let draft = l.draft(wallet, withdraw(wallet, 5));
        let signed = l.sign(wallet, draft);
        l.transact(signed)
    });
    entries.chunks(2 / batches).for_each(|entries| l.seal(entries.to_vec()));
    l.write()
}

fn honest_withdrawals_are_accepted(t: &mut Trial) {
    let mut forgery = leaving();
    assert_eq!(*leaves(&mut forgery), [leaf(0, 5, owner(1))]);
    forgery.replant();
    t.accepted(&forgery);
    t.accepted(&two(1));
    t.accepted(&two(2));
}

fn a_leaf_of_more_than_was_debited(t: &mut Trial) {
    let mut forgery = leaving();
    forgery.plant(0, leaf(0, 500, owner(1)));
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
    // The row agrees, the account pays, and the signature is of five.
    let more = |t| Transaction { action: withdraw(1, 500), ..t };
    t.refused(&one(withdraw(1, 5), |l, t| more(l.sign(1, t))), &["bus auth"], UNBALANCED);
    // The signature, too, and the account pays five.
    let mut l = Lawless::new();
    let draft = l.draft(1, withdraw(1, 500));
    let signed = l.sign(1, draft);
    let mut entry = l.transact(signed);
    l.alter(&mut entry, 0, |p| gain(p, 495));
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: sender pays amount and fee"], BROKEN);
}

fn a_withdrawal_that_nobody_signed_or_another_wallet(t: &mut Trial) {
    t.refused(&one(withdraw(1, 5), |_, t| t), &["bus auth"], UNBALANCED);
    t.refused(&one(withdraw(0, 5), |l, t| l.sign(0, t)), &["bus auth"], UNBALANCED);
}

/// The owner of wallet 0 is paid what wallet 1 withdraws to its own.
fn a_leaf_to_another_address_than_signed(t: &mut Trial) {
    let mut forgery = leaving();
    forgery.plant(0, leaf(0, 5, owner(0)));
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
    let elsewhere = |t| Transaction { action: withdraw(0, 5), ..t };
    t.refused(&one(withdraw(1, 5), |l, t| elsewhere(l.sign(1, t))), &["bus auth"], UNBALANCED);
}

/// A transfer of five is signed, and leaves to wherever.
fn a_transfer_that_leaves(t: &mut Trial) {
    let leave = |t| Transaction { action: withdraw(0, 5), ..t };
    t.refused(&one(five(), |l, t| leave(l.sign(1, t))), &["bus auth"], UNBALANCED);
    let stay = |t| Transaction { action: five(), ..t };
    t.refused(&one(withdraw(1, 5), |l, t| stay(l.sign(1, t))), &["bus auth"], UNBALANCED);
}

fn a_leaf_that_is_left_out(t: &mut Trial) {
    let mut forgery = leaving();
    forgery.trees.clear();
    forgery.replant();
    t.refused(&forgery, &["bus node", "transaction: no withdrawal is left out"], BROKEN);
    forgery.edit(1, |r| r.state.withdrawals = F::ZERO);
    forgery.reseal();
    t.refused(&forgery, &["bus node", COUNTED], BROKEN);
    // One of two, in a tree that has the other.
    for kept in [0, 1] {
        let mut forgery = two(1);
        let leaf = leaves(&mut forgery)[kept];
        *leaves(&mut forgery) = vec![leaf];
        forgery.replant();
        t.refused(&forgery, &["bus node"], UNBALANCED);
    }
}

fn leaves_in_another_order(t: &mut Trial) {
    let mut forgery = two(1);
    leaves(&mut forgery).reverse();
    forgery.replant();
    t.refused(&forgery, &["bus node"], UNBALANCED);
}

/// Once as it is, and once as the next leaf, which no row adds.
fn a_leaf_twice(t: &mut Trial) {
    let mut forgery = leaving();
    for again in [leaves(&mut forgery)[0], leaf(1, 5, owner(1))] {
        let mut forgery = leaving();
        leaves(&mut forgery).push(again);
        forgery.replant();
        t.refused(&forgery, &["bus node"], UNBALANCED);
        forgery.edit(1, |r| r.state.withdrawals += F::ONE);
        forgery.replant();
        t.refused(&forgery, &["bus node", COUNTED], BROKEN);
    }
}

/// Two withdrawals at one place, of which the tree has room for one.
fn two_leaves_at_one_index(t: &mut Trial) {
    for kept in [0, 1] {
        let mut forgery = two(1);
        forgery.edit(1, |r| r.state.withdrawals = F::ZERO);
        forgery.edit(2, |r| r.state.withdrawals = F::ONE);
        forgery.edit(1, |r| r.leaf = leaf(0, 5, owner(2)).0);
        let leaf = [leaf(0, 5, owner(1)), leaf(0, 5, owner(2))][kept];
        *leaves(&mut forgery) = vec![leaf];
        forgery.replant();
        t.refused(&forgery, &["bus node", COUNTED], BROKEN);
    }
}

/// A batch with a transfer alone, from which the forger withdraws.
fn a_leaf_out_of_nothing(t: &mut Trial) {
    let mut forgery = honest(five());
    forgery.trees = vec![(BatchNumber(2), vec![leaf(0, 5, owner(0))])];
    forgery.replant();
    t.refused(&forgery, &["bus node", "transaction: a tree has a withdrawal"], BROKEN);
    forgery.edit(1, |r| r.state.withdrawals = F::ONE);
    forgery.replant();
    t.refused(&forgery, &["bus node", COUNTED], BROKEN);
}

/// The leaf, or one made for the place, is claimed from the batch after, which counts it or not.
fn a_leaf_in_another_batchs_tree(t: &mut Trial) {
    let mut l = Lawless::new();
    let draft = l.draft(1, withdraw(1, 5));
    let signed = l.sign(1, draft);
    let entry = l.transact(signed);
    l.seal(vec![entry]);
    l.seal(Vec::new());
    t.accepted(&l.write());
    for count in [F::ZERO, F::ONE] {
        let mut forgery = l.write();
        forgery.trees[0].0 = BatchNumber(3);
        forgery.edit(1, |r| r.state.withdrawals -= count);
        forgery.edit(2, |r| r.state.withdrawals += count);
        forgery.replant();
        let by = if count == F::ONE {
            &["bus node", COUNTED][..]
        } else {
            &["bus node", "transaction: a tree has a withdrawal", "transaction: no withdrawal is left out"]
        };
        t.refused(&forgery, by, BROKEN);
    }
    // In both trees.
    let mut forgery = l.write();
    let copy = (BatchNumber(3), forgery.trees[0].1.clone());
    forgery.trees.push(copy);
    forgery.edit(2, |r| r.state.withdrawals = F::ONE);
    forgery.replant();
    t.refused(&forgery, &["bus node", COUNTED], BROKEN);
}

/// The trees of two batches, each in the other's header.
fn trees_exchanged(t: &mut Trial) {
    let mut forgery = two(2);
    let [first, second] = [1, 3].map(|seal| forgery.row(seal).leaf);
    forgery.edit(1, |r| r.leaf = second);
    forgery.edit(3, |r| r.leaf = first);
    forgery.reseal();
    t.refused(&forgery, &["bus node"], UNBALANCED);
}

fn another_trees_root_in_the_header(t: &mut Trial) {
    let mut forgery = leaving();
    forgery.edit(1, |r| r.leaf[0] += F::ONE);
    forgery.reseal();
    t.refused(&forgery, &["bus node"], UNBALANCED);
    // Of a batch without withdrawals.
    let mut other = honest(five());
    let root = forgery.row(1).leaf;
    other.edit(1, |r| r.leaf = root);
    other.reseal();
    t.refused(&other, &["transaction: the root without withdrawals"], BROKEN);
}

/// More than the balance holds, which wraps.
fn a_withdrawal_beyond_the_balance(t: &mut Trial) {
    let all = Action::Withdraw { to: owner(1), amount: Amount(aludel_bench::FUNDS) };
    let mut forgery = honest(all);
    t.refused(&forgery, &["transaction: sender pays amount and fee"], BROKEN);
    let wrapped = forgery.row(0).balances[0].after;
    assert_eq!(wrapped, [F::from_u16(u16::MAX); 8]);
    let most = Action::Withdraw { to: owner(1), amount: Amount(aludel_bench::FUNDS - 1) };
    forgery = honest(most);
    t.accepted(&forgery);
}
