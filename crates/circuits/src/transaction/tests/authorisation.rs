//! Attacks on who may move what, and when.

use super::history::{LOG_HEIGHT, NATIVE, batch, carry, honest, payment, trace};
use super::judge::{edit, forge, refused, refused_only, row};
use super::world::{World, key, to_account};
use aludel_protocol::cell::AccountCell;
use aludel_protocol::field::{Limbs, MODULUS};
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{AccountId, CellAddress, ChainId, Epoch, F, Payload, Sequence, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

/// Writes the epoch's distance as one field element, which is what fits the equation.
fn force_epoch(main: &mut RowMajorMatrix<F>, at: usize) {
    edit(main, at, |r| r.epoch_gap = [r.epoch - r.accounts[0].old[Payload::NEXT_EPOCH], F::ZERO]);
}

#[test]
fn a_replay_has_the_wrong_sequence_and_epoch() {
    let mut w = World::new(5);
    let t = w.draft(1, 2, 0, 5, 1);
    w.sign(&t);
    let entries = vec![w.transaction(t), w.transaction(t)];
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
    let entry = w.transaction(t);
    refused_only(&w, &batch(&w, vec![entry]), &["auth"]);
}

#[test]
fn an_epoch_is_not_used_twice() {
    let mut w = World::new(5);
    let first = w.draft(1, 2, 0, 5, 1);
    w.sign(&first);
    let entry = w.transaction(first);
    let mut second = w.draft(1, 2, 0, 6, 1);
    second.epoch = first.epoch;
    w.sign(&second);
    let entries = vec![entry, w.transaction(second)];
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
    let entry = w.transaction(t);
    refused_only(&w, &batch(&w, vec![entry]), &["epoch is not the last"]);
}

/// A jump of `2^20` epochs needs a fifth bit in the upper part of the gap.
#[test]
fn an_epoch_gap_has_twenty_bits() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.epoch = Epoch(t.epoch.0 + XMSS_LIFETIME);
    w.sign(&t);
    let entry = w.transaction(t);
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
fn an_epoch_is_used_up() {
    let (w, mut main) = payment(0);
    edit(&mut main, 0, |r| r.accounts[0].new[Payload::NEXT_EPOCH] -= F::ONE);
    refused_only(&w, &main, &["epoch is used up"]);
}

#[test]
fn a_sequence_goes_up_by_one() {
    for (i, both) in [(0, true), (1, true), (0, false), (1, false)] {
        let (w, mut main) = payment(0);
        edit(&mut main, 0, |r| {
            // Within the limb: the low one is full.
            let by = if i == 0 { -F::ONE } else { F::ONE };
            r.accounts[0].new[Payload::SEQUENCE + i] += by;
            r.increment[i] += by * F::from_bool(both);
        });
        refused_only(&w, &main, &["sequence advances"]);
    }
}

#[test]
fn the_last_sequence_does_not_wrap() {
    let mut w = World::new(5);
    let at = CellAddress::account(AccountId(1));
    let cell = AccountCell { sequence: Sequence(u32::MAX), ..w.account(1) };
    w.found(at, cell.payload());
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    refused(&w, &main, "sequence advances");
    edit(&mut main, 0, |r| r.accounts[0].new[9] = fe(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn a_sequence_does_not_jump_by_p() {
    let (w, mut main) = payment(0);
    let next = w.account(1).sequence.0 + MODULUS;
    edit(&mut main, 0, |r| {
        r.increment = next.limbs();
        r.increment_carry = carry(r.accounts[0].old[8] + F::ONE, r.increment[0]);
        r.accounts[0].new[8..10].copy_from_slice(&r.increment);
    });
    refused_only(&w, &main, &["increment carry is boolean"]);
}

#[test]
fn another_chains_transfer_is_not_ours() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.chain_id = ChainId(2);
    w.sign(&t);
    let entry = w.transaction(t);
    let mut main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["auth"]);
    // The whole trace of the other chain.
    for at in 0..1 << LOG_HEIGHT {
        forge(&mut main, at, |r| r.state.chain_id = t.chain_id.0.limbs());
    }
    refused_only(&w, &main, &["boundary"]);
}

#[test]
fn a_row_is_for_one_chain() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.chain_id = ChainId(2);
    w.sign(&t);
    let entries = vec![w.deposit(to_account(3, 0, 1)), w.transaction(t)];
    let mut main = trace(&w, &[(3, entries)]);
    let ours = row(&main, 0).state.chain_id;
    forge(&mut main, 1, |r| r.state.chain_id = t.chain_id.0.limbs());
    forge(&mut main, 2, |r| r.state.chain_id = ours);
    refused_only(&w, &main, &["chain id is carried"]);
}

#[test]
fn another_versions_transfer_is_not_ours() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.protocol_version += 1;
    w.sign(&t);
    let entry = w.transaction(t);
    refused_only(&w, &batch(&w, vec![entry]), &["auth"]);
}

#[test]
fn only_the_senders_key_signs() {
    let mut w = World::new(5);
    let t = w.draft(1, 2, 0, 5, 1);
    let entry = w.transaction(t);
    let main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["auth"]);
    w.signed.insert((key(2), t.digest(), t.epoch));
    refused_only(&w, &main, &["auth"]);
}

/// The signed digest over another amount: the first block is not what was signed.
#[test]
fn a_digest_covers_its_first_block() {
    let (w, mut main) = payment(7);
    edit(&mut main, 0, |r| {
        r.amount[0] += F::ONE;
        r.balances[0].after[0] -= F::ONE;
        r.balances[1].after[0] += F::ONE;
    });
    refused_only(&w, &main, &["hash24"]);
}
