//! The L1 queue: as a file, as JSON, and its items executed, none of which may be refused.

use std::collections::HashMap;

use aludel_ledger::batch::Queue;
use aludel_ledger::{BatchBuilder, Chain, Executed, replay};
use aludel_protocol::ids::QueueIndex;
use aludel_protocol::records::{NoOp, Packed};
use aludel_protocol::{Entry, QueueItem, Request};

use crate::targets::batch::supply_change;
use crate::world::{SEALER, WORLD, trusting};
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "queue", kind: Kind::Queue, run: binary, seeds: binary_seeds },
    Target { name: "queue_json", kind: Kind::Json, run: json, seeds: json_seeds },
    Target { name: "queue_items", kind: Kind::Queue, run: items, seeds: item_seeds },
];

/// Items that one input executes at most.
const MOST: usize = 24;

fn queues() -> Vec<Queue> {
    let all = &WORLD.items;
    vec![Queue::default(), Queue { items: all[..1].to_vec() }, Queue { items: all.clone() }]
}

fn binary_seeds() -> Vec<Vec<u8>> {
    queues().iter().map(Queue::to_bytes).collect()
}

fn binary(data: &[u8]) -> Verdict {
    check(round_trip::binary(data, Queue::from_bytes, Queue::to_bytes))
}

fn json_seeds() -> Vec<Vec<u8>> {
    queues().iter().map(|queue| serde_json::to_vec(queue).expect("string keys")).collect()
}

fn json(data: &[u8]) -> Verdict {
    let queue = round_trip::json::<Queue>(data);
    if let Some(queue) = &queue {
        assert_eq!(Queue::from_bytes(&queue.to_bytes()).as_ref(), Ok(queue), "one value, both encodings");
    }
    check(queue)
}

fn check(decoded: Option<Queue>) -> Verdict {
    let Some(queue) = decoded else { return Verdict::Refused };
    let count = u32::try_from(queue.items.len()).expect("the count is a u32");
    assert!(queue.digest(QueueIndex(count)).is_some());
    assert_eq!(queue.digest(QueueIndex(count + 1)), None);
    assert_eq!(queue.pending(QueueIndex(count)), []);
    Verdict::Accepted
}

fn item_seeds() -> Vec<Vec<u8>> {
    let packed: Vec<_> = WORLD.items.iter().map(Packed::to_packed).collect();
    let all = packed.concat();
    packed.into_iter().chain([all, vec![0xff; QueueItem::BYTES], vec![0; QueueItem::BYTES]]).collect()
}

/// As many items as the bytes hold: any 76 bytes are one, and every one has an outcome.
fn items(data: &[u8]) -> Verdict {
    let chunks = data.chunks_exact(QueueItem::BYTES).take(MOST);
    let items: Vec<_> = chunks.map(item).collect();
    if items.is_empty() {
        return Verdict::Refused;
    }
    for chain in [&WORLD.chain, &WORLD.full] {
        execute(chain.clone(), &items);
    }
    Verdict::Accepted
}

fn item(mut bytes: &[u8]) -> QueueItem {
    let given = bytes;
    let item = QueueItem::unpack(&mut bytes).expect("any 76 bytes are an item");
    assert!(bytes.is_empty() && item.to_packed() == given);
    item
}

fn execute(mut chain: Chain, items: &[QueueItem]) {
    let mut builder = BatchBuilder::new(&mut chain, SEALER, usize::MAX).expect("numbers are left");
    for item in items {
        assert_eq!(builder.push(Entry::Queue(*item), &trusting), Ok(()), "{item:?}");
    }
    for (item, executed) in items.iter().zip(builder.executed()) {
        check_outcome(item, executed);
    }
    let sealed = builder.seal();
    let replayed = replay(&sealed, &trusting).expect("what was sealed replays");
    assert_eq!(replayed.next, chain.checkpoint);
    assert_eq!(supply_change(&sealed, &replayed), HashMap::new(), "supply");
}

/// The reason for having no effect is one of the item's kind, and its amount is paid back where that is promised.
fn check_outcome(item: &QueueItem, executed: &Executed) {
    let Executed { accesses, no_op, payout } = executed;
    let reasons: &[_] = match item.request() {
        Request::ToAccount { .. } => &[NoOp::NoAccount, NoOp::Overflow],
        Request::ToKey { .. } => &[NoOp::NoNumber],
        Request::Forced { .. } => &[NoOp::ForcedNoAccount, NoOp::NotOwner],
        Request::Unknown => &[NoOp::UnknownKind],
    };
    assert!(no_op.is_none_or(|reason| reasons.contains(&reason)), "{item:?}: {no_op:?}");
    assert!(no_op.is_some() || item.request() != Request::Unknown, "{item:?}");
    let changes = accesses.iter().flatten().any(|access| access.old != access.new);
    assert!(no_op.is_none() || !changes, "{item:?} has no effect and changes cells");
    let is_forced = no_op.is_none() && item.kind == QueueItem::FORCED;
    let is_refund = no_op.is_some_and(NoOp::refunds);
    assert_eq!(payout.is_some(), is_forced || is_refund, "{item:?}: {payout:?}");
    if let Some(payout) = payout {
        assert_eq!((payout.token, payout.to), (item.token, item.l1));
        assert!(is_forced || payout.amount == item.amount, "{item:?}: {payout:?}");
    }
}
