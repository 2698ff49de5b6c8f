//! Attacks on transfers.

use aludel_protocol::cell::AccountCell;
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, CellAddress, ChainId, Digest, Epoch, F, Payload, Sequence, fe,
};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::history::{NATIVE, SELF, TOKEN, honest, trace};
use super::judge::{edit, forge, refused, refused_only, row};
use super::world::{World, key};
use crate::transaction::ExecutedEntry;
use crate::transaction::columns::CellAccess;

/// The trace of one batch of operator 3.
fn batch(w: &World, entries: Vec<ExecutedEntry>) -> RowMajorMatrix<F> {
    trace(w, &[(3, entries)])
}

/// Makes the wallet sign whatever the row says.
pub fn sign_row(w: &mut World, main: &RowMajorMatrix<F>, at: usize) {
    let r = row(main, at);
    let key = core::array::from_fn(|i| r.accounts[0].old[i]);
    let epoch = aludel_protocol::Epoch(p3_field::PrimeField32::as_canonical_u32(&r.epoch));
    w.signed.insert((Digest(key), Digest(r.digest), epoch));
}

/// Writes the epoch's distance as one field element, which is what fits the equation.
fn force_epoch(main: &mut RowMajorMatrix<F>, at: usize) {
    edit(main, at, |r| r.epoch_gap = [r.epoch - r.accounts[0].old[Payload::NEXT_EPOCH], F::ZERO]);
}

#[test]
fn a_replay_has_the_wrong_sequence_and_epoch() {
    let mut w = World::new(5);
    let t = w.draft(1, 2, 0, 5, 1);
    w.sign(&t);
    let entries = vec![w.transfer(t), w.transfer(t)];
    let mut main = batch(&w, entries);
    refused(&w, &main, "epoch is not used yet");
    force_epoch(&mut main, 1);
    refused_only(&w, &main, &["auth", "range16"]);
}

#[test]
fn a_sequence_is_not_stolen() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.sequence = Sequence(t.sequence.0 + 1);
    w.sign(&t);
    let entry = w.transfer(t);
    refused_only(&w, &batch(&w, vec![entry]), &["auth"]);
}

#[test]
fn an_epoch_is_not_used_twice() {
    let mut w = World::new(5);
    let first = w.draft(1, 2, 0, 5, 1);
    w.sign(&first);
    let entry = w.transfer(first);
    let mut second = w.draft(1, 2, 0, 6, 1);
    second.epoch = first.epoch;
    w.sign(&second);
    let entries = vec![entry, w.transfer(second)];
    let mut main = batch(&w, entries);
    force_epoch(&mut main, 1);
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn the_last_epoch_signs_no_transfer() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.epoch = Epoch(XMSS_LIFETIME - 1);
    w.sign(&t);
    let entry = w.transfer(t);
    refused_only(&w, &batch(&w, vec![entry]), &["epoch is not the last"]);
}

/// A jump of `2^20` epochs needs a fifth bit in the upper part of the gap.
#[test]
fn an_epoch_gap_has_twenty_bits() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.epoch = Epoch(t.epoch.0 + XMSS_LIFETIME);
    w.sign(&t);
    let entry = w.transfer(t);
    refused_only(&w, &batch(&w, vec![entry]), &["range16"]);
}

#[test]
fn sequence_and_epoch_are_spent() {
    let (w, main) = honest();
    let mut bad = main.clone();
    edit(&mut bad, NATIVE, |r| {
        r.increment = [r.accounts[0].old[8], r.accounts[0].old[9]];
        r.accounts[0].new[8..10].copy_from_slice(&r.increment);
    });
    refused(&w, &bad, "sequence advances");
    let mut bad = main.clone();
    edit(&mut bad, NATIVE, |r| {
        r.accounts[0].new[Payload::NEXT_EPOCH] = r.accounts[0].old[Payload::NEXT_EPOCH]
    });
    refused(&w, &bad, "epoch is used up");
}

#[test]
fn the_last_sequence_does_not_wrap() {
    let mut w = World::new(5);
    let at = CellAddress::account(AccountId(1));
    let cell = AccountCell { sequence: Sequence(u32::MAX), ..w.account(1) };
    w.genesis.insert(at, cell.payload());
    w.state.insert(at, cell.payload());
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    refused(&w, &main, "sequence advances");
    edit(&mut main, 0, |r| r.accounts[0].new[9] = fe(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn another_chains_transfer_is_not_ours() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.chain_id = ChainId(2);
    w.sign(&t);
    let entry = w.transfer(t);
    let mut main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["auth"]);
    edit(&mut main, 0, |r| r.state.chain_id = [fe(2), F::ZERO, F::ZERO, F::ZERO]);
    refused(&w, &main, "chain id is carried");
    let ours = w.chain_id;
    w.chain_id = ChainId(2);
    let t = w.draft(3, 2, 0, 5, 1);
    w.sign(&t);
    let entry = w.transfer(t);
    w.genesis.extend(w.state.clone());
    let main = batch(&w, vec![entry]);
    w.chain_id = ours;
    refused(&w, &main, "boundary");
}

#[test]
fn another_versions_transfer_is_not_ours() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.protocol_version += 1;
    w.sign(&t);
    let entry = w.transfer(t);
    refused_only(&w, &batch(&w, vec![entry]), &["auth"]);
}

#[test]
fn expired_transfers_stay_out() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.expiry = w.prev.number;
    w.sign(&t);
    let entry = w.transfer(t);
    refused_only(&w, &batch(&w, vec![entry]), &["range16"]);
}

/// A transfer for the first batch is sealed into the second.
#[test]
fn a_transfer_does_not_move_past_its_batch() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.expiry = BatchNumber(w.prev.number.0 + 1);
    w.sign(&t);
    let entry = w.transfer(t);
    let mut main = trace(&w, &[(3, vec![]), (3, vec![entry])]);
    refused_only(&w, &main, &["range16"]);
    edit(&mut main, 1, |r| {
        r.number = r.expiry;
        r.slack = [F::ZERO; 2];
        r.slack_borrow = F::ZERO;
    });
    refused_only(&w, &main, &["number follows the last sealed"]);
}

/// An entry takes effect in the first batch and is absorbed by the second one's header: its row leaves the body as
/// it was, and a later row takes the digest in.
#[test]
fn an_entry_is_covered_by_its_batchs_header() {
    let (w, mut main) = honest();
    let moved = row(&main, TOKEN);
    forge(&mut main, TOKEN + 1, |r| r.state.body = moved.state.body);
    refused_only(&w, &main, &["body is carried"]);
    let (w, mut main) = honest();
    forge(&mut main, SELF, |r| r.state.body = moved.body_after);
    refused_only(&w, &main, &["body is carried"]);
}

#[test]
fn nobody_pays_what_it_lacks() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 1 << 65, 1);
    let mut main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["sender pays amount and fee"]);
    // The last limb takes the loss instead of a borrow that it does not have.
    edit(&mut main, 0, |r| r.balances[0].after[7] -= fe(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn the_fee_counts_against_the_balance() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, (1 << 64) + 3, 1);
    refused_only(&w, &batch(&w, vec![entry]), &["sender pays amount and fee"]);
}

#[test]
fn a_balance_does_not_overflow() {
    for (to, operator, name) in [(2, 3, "recipient gains the amount"), (4, 2, "operator gains the fee")] {
        let mut w = World::new(5);
        let at = CellAddress::account(AccountId(2));
        let rich = AccountCell { balance: Amount(u128::MAX), ..w.account(2) }.payload();
        w.genesis.insert(at, rich);
        w.state.insert(at, rich);
        w.operator = AccountId(operator);
        let entry = w.pay(1, to, 0, 1, 1);
        refused_only(&w, &trace(&w, &[(operator, vec![entry])]), &[name]);
    }
}

#[test]
fn the_operator_gets_the_signed_fee() {
    let (w, mut main) = honest();
    forge(&mut main, NATIVE, |r| {
        r.balances[2].after[0] += F::ONE;
        r.accounts[2].new[Payload::BALANCE] += F::ONE;
    });
    refused(&w, &main, "operator gains the fee");
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.fee[0] += F::ONE;
        for (role, by) in [(0, -F::ONE), (2, F::ONE)] {
            r.balances[role].after[0] += by;
            r.accounts[role].new[Payload::BALANCE] += by;
        }
    });
    refused_only(&w, &main, &["auth"]);
}

#[test]
fn the_fee_goes_to_the_batchs_operator() {
    let mut w = World::new(5);
    w.operator = AccountId(4);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = trace(&w, &[(4, vec![entry])]);
    for at in [0, 1] {
        forge(&mut main, at, |r| r.state.operator[0] = fe(3));
    }
    refused_only(&w, &main, &["fees go to the operator"]);
}

/// An amount of `-5`: the sender gains what the recipient loses. Its wallet would sign that.
#[test]
fn amounts_have_limbs() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 0, 0);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.amount[0] = -fe(5);
        r.balances[0].after[0] += fe(5);
        r.balances[1].after[0] -= fe(5);
        r.balances[1].after[0] += fe(1 << 16);
        r.balances[1].carry[0] = -F::ONE;
    });
    sign_row(&mut w, &main, 0);
    refused(&w, &main, "range16");
    refused(&w, &main, "carry is boolean");
}

/// A fee limb of `2^16`, as another spelling of a carry.
#[test]
fn fees_have_limbs() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 0, 1 << 16);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.fee = [fe(1 << 16), F::ZERO, F::ZERO, F::ZERO];
        r.balances[0].carry[0] += F::ONE;
        r.balances[2].carry[0] += F::ONE;
    });
    sign_row(&mut w, &main, 0);
    refused_only(&w, &main, &["range16"]);
}

/// An expiry of more limbs than it has.
#[test]
fn an_expiry_has_limbs() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.expiry[0] += fe(1 << 16);
        r.slack_borrow = F::ZERO;
        r.slack = [r.expiry[0] - r.number[0], r.expiry[1] - r.number[1]];
    });
    sign_row(&mut w, &main, 0);
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn only_the_senders_key_signs() {
    let mut w = World::new(5);
    let t = w.draft(1, 2, 0, 5, 1);
    let entry = w.transfer(t);
    let main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["auth"]);
    w.signed.insert((key(2), t.digest(), t.epoch));
    refused_only(&w, &main, &["auth"]);
}

/// A transfer of nothing among these, with whatever signature it takes.
fn among(from: u32, to: u32, operator: u32) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 0, 0);
    (t.from, t.to, w.operator) = (AccountId(from), AccountId(to), AccountId(operator));
    let entry = w.transfer(t);
    let main = trace(&w, &[(operator, vec![entry])]);
    sign_row(&mut w, &main, 0);
    (w, main)
}

#[test]
fn parties_exist() {
    for nobody in [0, 77] {
        for (who, name) in [
            ([nobody, 2, 3], "sender exists"),
            ([1, nobody, 3], "recipient exists"),
            ([1, 2, nobody], "operator exists"),
        ] {
            let (w, mut main) = among(who[0], who[1], who[2]);
            edit(&mut main, 0, |r| r.accounts.iter_mut().for_each(unwritten));
            refused_only(&w, &main, &[name]);
        }
    }
}

/// What never existed goes on not to exist.
fn unwritten(access: &mut CellAccess<F>) {
    access.new[Payload::EXISTS] = access.old[Payload::EXISTS];
}

#[test]
fn a_transfer_changes_nothing_else() {
    for (role, i, name) in [
        (0, 0, "sender keeps its key"),
        (0, Payload::EXISTS, "sender keeps its key"),
        (1, 7, "recipient only gains"),
        (1, 8, "recipient only gains"),
        (1, Payload::NEXT_EPOCH, "recipient only gains"),
        (1, Payload::EXISTS, "recipient only gains"),
        (2, 0, "operator only gains"),
        (2, Payload::EXISTS, "operator only gains"),
    ] {
        let (w, mut main) = honest();
        edit(&mut main, SELF, |r| r.accounts[role].new[i] += F::ONE);
        refused(&w, &main, name);
    }
    let (w, mut main) = honest();
    edit(&mut main, TOKEN, |r| r.accounts[1].new[Payload::BALANCE] += F::ONE);
    refused(&w, &main, "native balance stays");
}

/// The account's `l1_owner` is no balance, and a token's balance is not the native one.
#[test]
fn the_token_says_where_its_balance_lies() {
    let (w, main) = honest();
    let mut bad = main.clone();
    edit(&mut bad, NATIVE, |r| r.native = F::ZERO);
    refused(&w, &bad, "a zero token is native");
    let mut bad = main.clone();
    edit(&mut bad, TOKEN, |r| {
        r.native = F::ONE;
        r.token_inverse = F::ZERO;
    });
    refused(&w, &bad, "the native token is zero");
    let mut bad = main;
    edit(&mut bad, TOKEN, |r| {
        r.token += fe(1 << 16);
        r.token_inverse = r.token.inverse();
    });
    refused(&w, &bad, "cell");
}
