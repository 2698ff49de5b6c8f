//! Attacks on what leaves: leaves, their places, and the root in the header.

use aludel_protocol::hash::compress24;
use aludel_protocol::records::{WithdrawalTree, no_withdrawals};
use aludel_protocol::{Digest, F, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::history::{
    FORCED, LEAVES, NO_ACCOUNT, PADDING, SEAL, TOKEN, WITHDRAW, batch, empty, honest, sign_row, trace,
};
use super::judge::{edit, forge, refused, refused_only, row};
use super::world::{World, to_account};
use crate::transaction::columns::TransactionColumns;

/// A withdrawal as an adversary writes it, signed by the wallet whatever it says.
fn lone(change: impl FnOnce(&mut TransactionColumns<F>)) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let entry = w.withdraw(1, 7, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, change);
    sign_row(&mut w, &main, 0);
    (w, main)
}

/// An address on L1 that nobody could encode: its leaf could not be published.
#[test]
fn a_destination_has_limbs() {
    for i in 0..10 {
        let (w, main) = lone(|r| r.l1[i] += fe(1 << 16));
        refused_only(&w, &main, &["range16"]);
    }
    let (w, main) = lone(|r| r.l1[3] = -F::ONE);
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn an_amount_has_limbs() {
    let (w, main) = lone(|r| {
        r.amount[0] = fe((1 << 16) + 5);
        r.balances[0].carry[0] += F::ONE;
        r.balances[0].after[1] -= F::ONE;
    });
    refused(&w, &main, "range16");
}

/// The leaf says what left, to whom, from which batch and at which index.
#[test]
fn a_leaf_is_the_rows() {
    for at in [WITHDRAW, FORCED, NO_ACCOUNT] {
        // Batch, index, token, amount, destination, and the element that is always 0.
        for i in [0, 1, 3, 4, 5, 12, 13, 22, 23] {
            let (w, mut main) = honest();
            let mut leaf = row(&main, at).leaf_call();
            leaf[i] += F::ONE;
            edit(&mut main, at, |r| r.leaf = compress24(leaf));
            replant(&mut main);
            refused_only(&w, &main, &["hash24"]);
        }
    }
}

/// Makes every root and what follows fit the leaves.
fn replant(main: &mut RowMajorMatrix<F>) {
    let leaves = (SEAL..LEAVES).map(|i| row(main, i)).filter(|r| r.leaves().is_one()).map(|r| Digest(r.leaf));
    let root = WithdrawalTree::new(leaves.collect()).root();
    forge(main, LEAVES, |r| r.leaf = root.0);
}

/// The signed destination, and another one in the leaf.
#[test]
fn a_destination_is_signed() {
    let mut w = World::new(5);
    let entry = w.withdraw(1, 7, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| r.l1[0] += F::ONE);
    refused_only(&w, &main, &["auth"]);
}

/// The root of a tree that lacks a leaf, has one twice, or has two that changed places.
#[test]
fn the_root_is_of_the_batchs_leaves() {
    let changes: [fn(&mut Vec<Digest>); 4] = [
        |leaves| leaves.truncate(leaves.len() - 1),
        |leaves| leaves.rotate_left(1),
        |leaves| leaves.push(leaves[0]),
        |leaves| leaves.swap(0, 1),
    ];
    for change in changes {
        let (w, mut main) = honest();
        let all = (SEAL..LEAVES).map(|i| row(&main, i)).filter(|r| r.leaves().is_one());
        let mut leaves: Vec<_> = all.map(|r| Digest(r.leaf)).collect();
        change(&mut leaves);
        forge(&mut main, LEAVES, |r| r.leaf = WithdrawalTree::new(leaves).root().0);
        refused_only(&w, &main, &["node"]);
    }
}

/// A batch with withdrawals says that it has none.
#[test]
fn a_seal_leaves_no_withdrawal_out() {
    let (w, mut main) = honest();
    forge(&mut main, LEAVES, |r| {
        r.has_withdrawals = F::ZERO;
        r.leaf = no_withdrawals().0;
    });
    refused_only(&w, &main, &["no withdrawal is left out", "node"]);
    // And that it counted none.
    let (w, mut main) = honest();
    forge(&mut main, LEAVES, |r| {
        r.has_withdrawals = F::ZERO;
        r.state.withdrawals = F::ZERO;
        r.leaf = no_withdrawals().0;
    });
    refused_only(&w, &main, &["node", "withdrawals are counted"]);
}

/// A batch without any has a root of something else.
#[test]
fn a_batch_without_withdrawals_has_no_root() {
    let (w, mut main) = empty(1);
    forge(&mut main, 0, |r| r.leaf[0] += F::ONE);
    refused_only(&w, &main, &["the root without withdrawals"]);
    let (w, mut main) = empty(1);
    forge(&mut main, 0, |r| r.has_withdrawals = F::ONE);
    refused_only(&w, &main, &["a tree has a withdrawal", "node"]);
}

/// Only a seal receives, once; otherwise a row would take what another leaves.
#[test]
fn only_seals_receive() {
    let (w, mut main) = honest();
    edit(&mut main, PADDING, |r| r.has_withdrawals = F::ONE);
    refused(&w, &main, "only a seal takes withdrawals");
    let (w, mut main) = honest();
    edit(&mut main, TOKEN, |r| (r.has_withdrawals, r.inverse) = (F::ONE, F::ONE));
    refused(&w, &main, "only a seal takes withdrawals");
    let (w, mut main) = honest();
    edit(&mut main, LEAVES, |r| r.has_withdrawals = fe(2));
    refused(&w, &main, "has withdrawals is boolean");
}

/// Two leaves at one index, and an index that is skipped.
#[test]
fn each_leaf_has_its_index() {
    for by in [-F::ONE, F::ONE] {
        let (w, mut main) = honest();
        forge(&mut main, FORCED, |r| r.state.withdrawals += by);
        refused(&w, &main, "withdrawals are counted");
    }
    let mut w = World::new(5);
    let entries = vec![w.withdraw(1, 0, 5, 1), w.queue(to_account(77, 0, 1))];
    let mut main = trace(&w, &[(3, entries)]);
    forge(&mut main, 1, |r| r.state.withdrawals = F::ZERO);
    refused_only(&w, &main, &["node", "withdrawals are counted"]);
}

/// The count begins again with each batch.
#[test]
fn each_batch_has_its_tree() {
    let mut w = World::new(5);
    let batches = [(3, vec![w.withdraw(1, 0, 5, 1)]), (3, vec![w.withdraw(1, 0, 5, 1)])];
    let honest = trace(&w, &batches);
    refused_only(&w, &honest, &[]);
    let mut main = honest.clone();
    forge(&mut main, 2, |r| r.state.withdrawals = F::ONE);
    refused(&w, &main, "withdrawals are counted");
    // The second batch's leaf in the first one's tree.
    let mut main = honest;
    let first = row(&main, 0);
    edit(&mut main, 2, |r| (r.number, r.number_carry) = (first.number, first.number_carry));
    refused(&w, &main, "number follows the last sealed");
}

/// The published data name the recipient of a transfer, and only what the entry is.
#[test]
fn pubdata_are_the_entrys() {
    for (at, i) in [(TOKEN, 16), (TOKEN, 8), (WITHDRAW, 18), (FORCED, 8), (NO_ACCOUNT, 16)] {
        let (w, mut main) = honest();
        let mut call = row(&main, at).pubdata_call();
        call[i] += F::ONE;
        let forged = compress24(call);
        edit(&mut main, at, |r| r.pubdata_after = forged);
        forge(&mut main, at + 1, |r| r.state.pubdata = forged);
        refused_only(&w, &main, &["hash24"]);
    }
}
