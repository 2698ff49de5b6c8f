//! What a shard says of the chain: its queue, headers, roots, numbers, and the key that it was proven under.

use aludel_bench::{CHAIN, account, owner};
use aludel_circuits::transaction::columns::State;
use aludel_circuits::{MachineChip, Shape};
use aludel_protocol::hash::{Tag, rolling_start};
use aludel_protocol::{ChainId, F, QueueItem, Statement};
use aludel_prover::Prover;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_witness::Shard;
use p3_field::PrimeCharacteristicRing;

use super::{
    BROKEN, Class, Control, Crime, Ending, NATIVE, Trial, UNBALANCED, deposit, five, honest, items, one,
    withdraw,
};
use crate::honest::{BATCHES, PROOF, PROVER, SHARD, verdict};
use crate::witness::{Forgery, Lawless};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_skipped_reordered_or_repeated_queue_item",
        class: Class::ReorderedQueue,
        tries: "skips, reorders or repeats items of the queue",
        ends: &[UNBALANCED, Ending::Statement],
        commit: a_skipped_reordered_or_repeated_queue_item,
    },
    Crime {
        name: "a_queue_item_that_no_row_consumes",
        class: Class::ReorderedQueue,
        tries: "counts an exit as consumed that no row executes",
        ends: &[UNBALANCED],
        commit: a_queue_item_that_no_row_consumes,
    },
    Crime {
        name: "a_header_with_other_counts",
        class: Class::PublishedData,
        tries: "writes other counts into a header",
        ends: &[BROKEN],
        commit: a_header_with_other_counts,
    },
    Crime {
        name: "another_header",
        class: Class::PublishedData,
        tries: "claims headers that no rows made",
        ends: &[UNBALANCED],
        commit: another_header,
    },
    Crime {
        name: "a_transfer_moved_to_another_batch",
        class: Class::PublishedData,
        tries: "executes a transfer in one batch and publishes it in the next",
        ends: &[BROKEN],
        commit: a_transfer_moved_to_another_batch,
    },
    Crime {
        name: "another_chain_id",
        class: Class::Replay,
        tries: "proves the batches of one chain as those of another",
        ends: &[UNBALANCED],
        commit: another_chain_id,
    },
    Crime {
        name: "another_root",
        class: Class::StateRoot,
        tries: "claims a state that the rows do not begin or end with",
        ends: &[UNBALANCED],
        commit: another_root,
    },
    Crime {
        name: "another_number",
        class: Class::StateRoot,
        tries: "claims more batches than were sealed",
        ends: &[UNBALANCED],
        commit: another_number,
    },
    Crime {
        name: "a_proof_under_another_shapes_key",
        class: Class::WrongShape,
        tries: "relabels a proof as another shape's",
        ends: &[HEIGHT, Ending::OtherRole, UNGROUND],
        commit: a_proof_under_another_shapes_key,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "queue_items_in_order_are_accepted",
    does: "consumes one, two or three items in order",
    commit: queue_items_in_order_are_accepted,
}];

const HEIGHT: Ending = Ending::Layout("height of a chip");
/// What the verifier says where its transcript is not the prover's: the first grinding fails.
const UNGROUND: Ending = Ending::Refused("InvalidPowWitness");

/// Consumes items `order` of a queue of three, of which L1 knows the digest.
fn consuming(order: &[usize]) -> (Forgery, Statement) {
    let queue = [deposit(1, 70), QueueItem::forced(account(1), NATIVE, owner(1)), deposit(2, 80)];
    let consumed: Vec<_> = order.iter().map(|i| (queue[*i], None)).collect();
    let forgery = items(Lawless::new(), &consumed);
    let mut l1 = forgery.says;
    l1.next.queue = queue[..order.len()].iter().fold(l1.prev.queue, |digest, item| item.enqueue(digest));
    (forgery, l1)
}

fn queue_items_in_order_are_accepted(t: &mut Trial) {
    for order in [&[0][..], &[0, 1], &[0, 1, 2]] {
        let (forgery, l1) = consuming(order);
        assert_eq!(forgery.says, l1);
        t.accepted(&forgery);
    }
}

/// An exit that is skipped, too.
fn a_skipped_reordered_or_repeated_queue_item(t: &mut Trial) {
    for order in [&[1][..], &[1, 0], &[0, 0], &[0, 2], &[0, 1, 1]] {
        let (forgery, l1) = consuming(order);
        t.another_queue(forgery, l1);
    }
}

/// An exit that is skipped, and counted all the same.
fn a_queue_item_that_no_row_consumes(t: &mut Trial) {
    let (mut forgery, _) = consuming(&[0]);
    let (_, l1) = consuming(&[0, 1]);
    forgery.says.next.queue_index = l1.next.queue_index;
    t.refused(&forgery, &["bus boundary"], UNBALANCED);
    forgery.says.next.queue = l1.next.queue;
    t.refused(&forgery, &["bus boundary"], UNBALANCED);
}

type Count = fn(&mut State<F>) -> &mut F;

fn a_header_with_other_counts(t: &mut Trial) {
    let counts: [(Count, &str); 3] = [
        (|s| &mut s.transactions, "transaction: transactions are counted"),
        (|s| &mut s.queue_items, "transaction: queue items are counted"),
        (|s| &mut s.withdrawals, "transaction: withdrawals are counted"),
    ];
    for (count, by) in counts {
        let mut forgery = honest(withdraw(1, 5));
        forgery.edit(1, |r| *count(&mut r.state) += F::ONE);
        forgery.replant();
        t.refused(&forgery, &[by], BROKEN);
    }
}

/// A header that nobody's rows made.
fn another_header(t: &mut Trial) {
    let mut forgery = honest(five());
    forgery.says.next.headers.0[0] += F::ONE;
    t.refused(&forgery, &["bus boundary"], UNBALANCED);
}

/// Executed in the first batch, and in the header of the second.
fn a_transfer_moved_to_another_batch(t: &mut Trial) {
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
    t.refused(&forgery, &by, BROKEN);
}

fn another_chain_id(t: &mut Trial) {
    let mut forgery = honest(five());
    forgery.says.chain_id.0 += 1;
    t.refused(&forgery, &["bus boundary"], UNBALANCED);
    // The ledger says the same chain as the statement; the wallets do not.
    let forgery = one(five(), |l, t| {
        l.chain_id = ChainId(CHAIN.0 + 1);
        l.sign(1, t)
    });
    t.refused(&forgery, &["bus auth"], UNBALANCED);
}

fn another_root(t: &mut Trial) {
    let mut forgery = honest(five());
    forgery.says.next.state_root.0[3] += F::ONE;
    t.refused(&forgery, &["bus node"], UNBALANCED);
    let mut forgery = honest(five());
    forgery.says.prev.state_root.0[3] += F::ONE;
    t.refused(&forgery, &["bus node"], UNBALANCED);
    let mut forgery = honest(five());
    forgery.says.next.state_root = forgery.says.prev.state_root;
    t.refused(&forgery, &["bus node"], UNBALANCED);
}

/// More batches, or fewer, than were sealed.
fn another_number(t: &mut Trial) {
    let mut forgery = honest(five());
    forgery.says.next.number.0 += 1;
    t.refused(&forgery, &["bus boundary"], UNBALANCED);
}

/// A proof belongs to its shape's key, whatever it says of itself.
fn a_proof_under_another_shapes_key(t: &mut Trial) {
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
    t.ends("tiny as small", relabelled(&PROOF.bytes, Shape::Small), HEIGHT);
    t.ends("small as tiny", relabelled(&proof, Shape::Tiny), HEIGHT);
    t.ends("small under tiny's key", verdict(&proof), Ending::OtherRole);
    // The very sizes of tiny under a key of its own: only the key's digest tells the transcripts apart.
    let twin = Prover::with_chips(Shape::Small, MachineChip::all(Shape::Tiny)).expect("keyed");
    let decoded = format::proof(PROVER.key(), &PROOF.bytes[PREFIX_BYTES..]).expect("honest");
    let claim = Claim::shard(Shape::Small, SHARD.statement);
    let bytes = format::encode(&claim, &decoded).expect("encodes");
    t.ends("under a twin's key", verify_with(twin.key(), &bytes, &Expectations::default()), UNGROUND);
}
