//! Whole shards as adversaries write them: consistent in everything but what the crime takes. Our checker names
//! what is left over, and the verifier refuses the proof.

use std::collections::BTreeSet;

use aludel_circuits::{MachineChip, Shape};
use aludel_protocol::hash::{Tag, roll, rolling_start};
use aludel_protocol::{BatchNumber, ChainId, Digest, F, Statement, TokenId, Transfer, fe};
use aludel_prover::Prover;
use aludel_verifier::VerifyError;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_witness::Shard;
use p3_field::PrimeCharacteristicRing;

use crate::forgery::Forgery;
use crate::lawless::{Lawless, deposit};
use crate::slice::{BATCHES, PROOF, PROVER, SHARD, verdict};

/// What the verifier says of broken constraints of `transaction`, the seventh chip.
const BROKEN: &str = "mismatch at index 6";
/// What it says where only a bus does not balance.
const UNBALANCED: &str = "terminal sum";

fn prove(forgery: &Forgery) -> (BTreeSet<String>, Vec<u8>) {
    let traces = forgery.traces();
    let mains: Vec<_> = traces.chips().iter().map(|(_, main, _)| main.clone()).collect();
    (traces.refused_by(), PROVER.prove_unverified(&mains, &forgery.says).expect("a forger gets its bytes"))
}

#[track_caller]
fn refused(forgery: &Forgery, by: &[&str], reason: &str) {
    let (found, bytes) = prove(forgery);
    match verdict(&bytes) {
        Err(VerifyError::Refused { reason: found }) => assert!(found.contains(reason), "{found}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(found, by.iter().map(ToString::to_string).collect());
}

#[track_caller]
fn accepted(forgery: &Forgery) -> Vec<u8> {
    let (found, bytes) = prove(forgery);
    assert_eq!(found, BTreeSet::new());
    assert_eq!(verdict(&bytes), Ok(forgery.says));
    bytes
}

/// One batch with one transfer of five from wallet 1 to wallet 2, after it was drafted and signed as told.
fn one(write: impl FnOnce(&mut Lawless, Transfer) -> Transfer) -> Forgery {
    let mut l = Lawless::new();
    let draft = l.draft(1, 2, 5);
    let transfer = write(&mut l, draft);
    let entry = l.transfer(transfer);
    l.seal(vec![entry]);
    l.write()
}

fn honest() -> Forgery {
    one(|l, t| l.sign(1, t))
}

#[test]
fn without_a_crime_nothing_is_refused() {
    accepted(&honest());
}

/// Wallet 0 signs away what is wallet 1's.
#[test]
fn theft() {
    refused(&one(|l, t| l.sign(0, t)), &["bus auth"], UNBALANCED);
}

#[test]
fn a_transfer_without_a_signature() {
    refused(&one(|_, t| t), &["bus auth"], UNBALANCED);
}

/// The signature is good, and of a transfer of five.
#[test]
fn a_signature_for_another_message() {
    let forgery = one(|l, t| {
        let signed = l.sign(1, t);
        Transfer { amount: aludel_protocol::Amount(500), ..signed }
    });
    refused(&forgery, &["bus auth"], UNBALANCED);
}

/// The recipient is credited more than the sender pays; memory and state root follow.
#[test]
fn inflation() {
    let mut l = Lawless::new();
    let transfer = l.draft(1, 2, 5);
    let transfer = l.sign(1, transfer);
    let mut entry = l.transfer(transfer);
    l.mint(&mut entry, 1, 1 << 90);
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: recipient gains the amount"], BROKEN);
}

/// The state after it holds more than the last access wrote.
#[test]
fn inflation_in_the_state_alone() {
    let mut forgery = honest();
    let cell = forgery.cells.last_mut().expect("the shard touches cells");
    cell.last.0[19] += F::ONE;
    forgery.settle();
    refused(&forgery, &["bus cell"], UNBALANCED);
}

/// One transfer in two batches, its signature verified twice.
fn replayed() -> Forgery {
    let mut l = Lawless::new();
    let transfer = l.draft(1, 2, 5);
    let transfer = l.sign(1, transfer);
    l.signed.extend_from_within(..);
    for _ in 0..2 {
        let entry = l.transfer(transfer);
        l.seal(vec![entry]);
    }
    l.write()
}

#[test]
fn replay() {
    let by = ["bus auth", "bus range16", "transaction: epoch is not used yet"];
    refused(&replayed(), &by, BROKEN);
    // With the distance to a used epoch as the field has it: -1.
    let mut forgery = replayed();
    forgery.edit(2, |r| r.epoch_gap = [F::NEG_ONE, F::ZERO]);
    refused(&forgery, &["bus auth", "bus range16"], UNBALANCED);
}

/// The account is read as it was before the first transfer, sequence, epoch and balance.
#[test]
fn replay_over_a_dropped_write() {
    let mut forgery = replayed();
    let first = forgery.row(0);
    forgery.edit(2, |r| {
        (r.accounts[0], r.balances[0], r.increment) = (first.accounts[0], first.balances[0], first.increment);
        (r.increment_carry, r.epoch_gap) = (first.increment_carry, first.epoch_gap);
        (r.inner, r.digest) = (first.inner, first.digest);
        r.body_after = roll(rolling_start(Tag::Body), Digest(first.digest)).0;
    });
    let body = forgery.row(2).body_after;
    forgery.edit(3, |r| r.state.body = body);
    forgery.reseal();
    refused(&forgery, &["bus cell"], UNBALANCED);
}

#[test]
fn overdraft() {
    let forgery = one(|l, t| l.sign(1, Transfer { token: TokenId(3), ..t }));
    refused(&forgery, &["transaction: sender pays amount and fee"], BROKEN);
    // The last limb takes the loss instead of a borrow that it does not have.
    let mut forgery = one(|l, t| l.sign(1, Transfer { token: TokenId(3), ..t }));
    forgery.edit(0, |r| r.balances[0].after[7] -= fe(1 << 16));
    refused(&forgery, &["bus cell", "bus range16"], UNBALANCED);
}

/// What the sender paid comes back, or never reaches the recipient.
#[test]
fn a_dropped_write() {
    for i in 0..3 {
        for time in [honest().cells[i].time, 0] {
            let mut forgery = honest();
            let initial = forgery.cells[i].initial;
            (forgery.cells[i].last, forgery.cells[i].time) = (initial, time);
            forgery.settle();
            refused(&forgery, &["bus cell"], UNBALANCED);
        }
    }
}

/// Consumes items `order` of a queue of two, of which L1 knows the digest.
fn consuming(order: &[usize]) -> (Forgery, Statement) {
    let items = [deposit(1, 70), deposit(2, 80)];
    let mut l = Lawless::new();
    let entries = order.iter().map(|i| l.deposit(items[*i])).collect();
    l.seal(entries);
    let forgery = l.write();
    let mut l1 = forgery.says;
    l1.next.queue = items[..order.len()].iter().fold(l.prev.queue, |queue, item| roll(queue, item.digest()));
    (forgery, l1)
}

#[test]
fn queue_items_in_order_are_accepted() {
    for order in [&[0][..], &[0, 1]] {
        let (forgery, l1) = consuming(order);
        assert_eq!(forgery.says, l1);
        accepted(&forgery);
    }
}

#[test]
fn a_skipped_reordered_or_repeated_queue_item() {
    for order in [&[1][..], &[1, 0], &[0, 0]] {
        let (mut forgery, l1) = consuming(order);
        // It proves what it did, which is not what L1 expects.
        let wants = Expectations { statement: Some(l1), chain_id: None };
        assert!(matches!(verify(&accepted(&forgery), &wants), Err(VerifyError::Statement { .. })));
        forgery.says = l1;
        refused(&forgery, &["bus boundary"], UNBALANCED);
    }
}

#[test]
fn a_header_with_other_counts() {
    let mut forgery = honest();
    forgery.edit(1, |r| r.state.transfers += F::ONE);
    forgery.reseal();
    refused(&forgery, &["transaction: transfers are counted"], BROKEN);
    let mut forgery = honest();
    forgery.edit(1, |r| r.state.queue_items += F::ONE);
    forgery.reseal();
    refused(&forgery, &["transaction: queue items are counted"], BROKEN);
}

/// A header that nobody's rows made.
#[test]
fn another_header() {
    let mut forgery = honest();
    forgery.says.next.headers.0[0] += F::ONE;
    refused(&forgery, &["bus boundary"], UNBALANCED);
}

/// Executed in the first batch, and in the header of the second.
#[test]
fn a_transfer_moved_to_another_batch() {
    let mut l = Lawless::new();
    let transfer = l.draft(1, 2, 5);
    let transfer = l.sign(1, transfer);
    let entry = l.transfer(transfer);
    l.seal(vec![entry]);
    l.seal(Vec::new());
    let mut forgery = l.write();
    let after = forgery.row(1).state;
    forgery.edit(1, |r| (r.state.transfers, r.state.body) = (F::ZERO, rolling_start(Tag::Body).0));
    forgery.edit(2, |r| (r.state.transfers, r.state.body) = (after.transfers, after.body));
    forgery.reseal();
    let by = ["transaction: body is carried", "transaction: transfers are counted"];
    refused(&forgery, &by, BROKEN);
}

/// Its last batch is the one before.
#[test]
fn a_transfer_past_its_batch() {
    let forgery = one(|l, t| l.sign(1, Transfer { expiry: BatchNumber(1), ..t }));
    refused(&forgery, &["bus range16"], UNBALANCED);
}

#[test]
fn another_chain_id() {
    let mut forgery = honest();
    forgery.says.chain_id.0 += 1;
    refused(&forgery, &["bus boundary"], UNBALANCED);
    // The ledger says the same chain as the statement; the wallets do not.
    let forgery = one(|l, t| {
        l.chain_id = ChainId(aludel_bench::CHAIN.0 + 1);
        l.sign(1, t)
    });
    refused(&forgery, &["bus auth"], UNBALANCED);
}

#[test]
fn another_root() {
    let mut forgery = honest();
    forgery.says.next.state_root.0[3] += F::ONE;
    refused(&forgery, &["bus node"], UNBALANCED);
    let mut forgery = honest();
    forgery.says.prev.state_root.0[3] += F::ONE;
    refused(&forgery, &["bus node"], UNBALANCED);
    let mut forgery = honest();
    forgery.says.next.state_root = forgery.says.prev.state_root;
    refused(&forgery, &["bus node"], UNBALANCED);
}

/// More batches, or fewer, than were sealed.
#[test]
fn another_number() {
    let mut forgery = honest();
    forgery.says.next.number.0 += 1;
    refused(&forgery, &["bus boundary"], UNBALANCED);
}

/// A proof belongs to its shape's key, whatever it says of itself.
#[test]
fn a_proof_under_another_shapes_key() {
    let small = Prover::new(Shape::Small).expect("the key is pinned");
    let shard = Shard::generate(&BATCHES, Some(Shape::Small)).expect("what fits tiny fits small");
    let proof = small.prove(&shard.traces, &shard.statement).expect("an honest shard proves").bytes;
    assert_eq!(verify(&proof, &Expectations::default()), Ok(SHARD.statement));
    let shape_at = PREFIX_BYTES - format::STATEMENT_BYTES - 1;
    let relabelled = |bytes: &[u8], claimed: Shape| {
        let mut bytes = bytes.to_vec();
        bytes[shape_at] = claimed.number();
        verify(&bytes, &Expectations::default())
    };
    let height = |expected, found| Err(VerifyError::Layout { part: "height of a chip", expected, found });
    // The first chip whose height differs is `hash24`.
    let [small_height, tiny_height] = [Shape::Small, Shape::Tiny].map(|s| s.log_heights().hash24);
    assert_eq!(relabelled(&PROOF.bytes, Shape::Small), height(small_height, tiny_height));
    assert_eq!(relabelled(&proof, Shape::Tiny), height(tiny_height, small_height));
    // The very sizes of tiny under a key of its own: only the key's digest tells the transcripts apart.
    let twin = Prover::with_chips(Shape::Small, MachineChip::all(Shape::Tiny)).expect("keyed");
    let decoded = format::proof(PROVER.key(), &PROOF.bytes[PREFIX_BYTES..]).expect("honest");
    let claim = Claim { shape: Shape::Small, statement: SHARD.statement };
    let bytes = format::encode(&claim, &decoded).expect("encodes");
    let verdict = verify_with(twin.key(), &bytes, &Expectations::default());
    assert!(matches!(verdict, Err(VerifyError::Refused { .. })), "{verdict:?}");
}
