//! What a shard says of the chain: its queue, headers, roots, numbers, and the key that it was proven under.

use aludel_bench::{CHAIN, account, owner};
use aludel_circuits::transaction::columns::State;
use aludel_circuits::{MachineChip, Shape};
use aludel_protocol::hash::{Tag, rolling_start};
use aludel_protocol::{ChainId, F, QueueItem, Statement};
use aludel_prover::Prover;
use aludel_verifier::VerifyError;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_witness::Shard;
use p3_field::PrimeCharacteristicRing;

use super::{
    BROKEN, NATIVE, UNBALANCED, accepted, another_queue, deposit, five, honest, items, one, refused, withdraw,
};
use crate::forgery::Forgery;
use crate::lawless::Lawless;
use crate::slice::{BATCHES, PROOF, PROVER, SHARD};

/// Consumes items `order` of a queue of three, of which L1 knows the digest.
fn consuming(order: &[usize]) -> (Forgery, Statement) {
    let queue = [deposit(1, 70), QueueItem::forced(account(1), NATIVE, owner(1)), deposit(2, 80)];
    let consumed: Vec<_> = order.iter().map(|i| (queue[*i], None)).collect();
    let forgery = items(Lawless::new(), &consumed);
    let mut l1 = forgery.says;
    l1.next.queue = queue[..order.len()].iter().fold(l1.prev.queue, |digest, item| item.enqueue(digest));
    (forgery, l1)
}

#[test]
fn queue_items_in_order_are_accepted() {
    for order in [&[0][..], &[0, 1], &[0, 1, 2]] {
        let (forgery, l1) = consuming(order);
        assert_eq!(forgery.says, l1);
        accepted(&forgery);
    }
}

/// An exit that is skipped, too.
#[test]
fn a_skipped_reordered_or_repeated_queue_item() {
    for order in [&[1][..], &[1, 0], &[0, 0], &[0, 2], &[0, 1, 1]] {
        let (forgery, l1) = consuming(order);
        another_queue(forgery, l1);
    }
}

/// An exit that is skipped, and counted all the same.
#[test]
fn a_queue_item_that_no_row_consumes() {
    let (mut forgery, _) = consuming(&[0]);
    let (_, l1) = consuming(&[0, 1]);
    forgery.says.next.queue_index = l1.next.queue_index;
    refused(&forgery, &["bus boundary"], UNBALANCED);
    forgery.says.next.queue = l1.next.queue;
    refused(&forgery, &["bus boundary"], UNBALANCED);
}

type Count = fn(&mut State<F>) -> &mut F;

#[test]
fn a_header_with_other_counts() {
    let counts: [(Count, &str); 3] = [
        (|s| &mut s.transactions, "transaction: transactions are counted"),
        (|s| &mut s.queue_items, "transaction: queue items are counted"),
        (|s| &mut s.withdrawals, "transaction: withdrawals are counted"),
    ];
    for (count, by) in counts {
        let mut forgery = honest(withdraw(1, 5));
        forgery.edit(1, |r| *count(&mut r.state) += F::ONE);
        forgery.replant();
        refused(&forgery, &[by], BROKEN);
    }
}

/// A header that nobody's rows made.
#[test]
fn another_header() {
    let mut forgery = honest(five());
    forgery.says.next.headers.0[0] += F::ONE;
    refused(&forgery, &["bus boundary"], UNBALANCED);
}

/// Executed in the first batch, and in the header of the second.
#[test]
fn a_transfer_moved_to_another_batch() {
    let mut l = Lawless::new();
    let transfer = l.draft(1, five());
    let transfer = l.sign(1, transfer);
    let entry = l.transact(transfer);
    l.seal(vec![entry]);
    l.seal(Vec::new());
    let mut forgery = l.write();
    let (start, after) = (rolling_start(Tag::Pubdata).0, forgery.row(1).state);
    forgery.edit(1, |r| (r.state.transactions, r.state.pubdata) = (F::ZERO, start));
    forgery.edit(2, |r| (r.state.transactions, r.state.pubdata) = (after.transactions, after.pubdata));
    forgery.reseal();
    let by = ["transaction: pubdata is carried", "transaction: transactions are counted"];
    refused(&forgery, &by, BROKEN);
}

#[test]
fn another_chain_id() {
    let mut forgery = honest(five());
    forgery.says.chain_id.0 += 1;
    refused(&forgery, &["bus boundary"], UNBALANCED);
    // The ledger says the same chain as the statement; the wallets do not.
    let forgery = one(five(), |l, t| {
        l.chain_id = ChainId(CHAIN.0 + 1);
        l.sign(1, t)
    });
    refused(&forgery, &["bus auth"], UNBALANCED);
}

#[test]
fn another_root() {
    let mut forgery = honest(five());
    forgery.says.next.state_root.0[3] += F::ONE;
    refused(&forgery, &["bus node"], UNBALANCED);
    let mut forgery = honest(five());
    forgery.says.prev.state_root.0[3] += F::ONE;
    refused(&forgery, &["bus node"], UNBALANCED);
    let mut forgery = honest(five());
    forgery.says.next.state_root = forgery.says.prev.state_root;
    refused(&forgery, &["bus node"], UNBALANCED);
}

/// More batches, or fewer, than were sealed.
#[test]
fn another_number() {
    let mut forgery = honest(five());
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
