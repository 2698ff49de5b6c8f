//! Files: one encoding each, and no panic on any bytes. Views for people.

use aludel_ledger::batch::SnapshotError;
use aludel_ledger::json::{ChainView, SealedBatchView};
use aludel_ledger::{Chain, ProofError, Queue, SealedBatch, replay};
use aludel_protocol::Entry;
use aludel_protocol::codec::DecodeError;
use proptest::prelude::*;

use crate::stub::*;

fn sample() -> (Chain, SealedBatch) {
    let (mut chain, _) = funded(2, 1000);
    let entries = vec![
        signed(transfer(1, 2, 0, 10, 1, 0)),
        Entry::Queue(to_key(3, 8, 70)),
        signed(withdraw(1, owner(9), 0, 10, 1, 1)),
        signed(rotate(1, key(7), 0, 1, 2)),
        Entry::Queue(forced(2, 0)),
        Entry::Queue(to_account(1, 0, 1)),
    ];
    let sealed = seal(&mut chain, 2, entries);
    (chain, sealed)
}

/// Cut short or with one bit flipped.
fn damage(bytes: &mut Vec<u8>, at: prop::sample::Index, bit: u8, cut: bool) {
    let i = at.index(bytes.len());
    if cut { bytes.truncate(i) } else { bytes[i] ^= 1 << bit }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_batches(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in prop::bool::weighted(0.2)) {
        let (chain, sealed) = sample();
        let mut bytes = sealed.to_bytes();
        damage(&mut bytes, at, bit, cut);
        if let Ok(other) = SealedBatch::from_bytes(&bytes) {
            prop_assert!(!cut && other != sealed);
            prop_assert_eq!(other.to_bytes(), bytes);
            // What the signature covers and the chain commits to does not change unnoticed.
            if let Ok(replayed) = replay(&other, &verify) {
                prop_assert_ne!((replayed.prev, replayed.next), (sealed.prev, chain.checkpoint));
            }
        }
    }

    #[test]
    fn damaged_snapshots(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in prop::bool::weighted(0.2)) {
        let (chain, _) = sample();
        let mut bytes = chain.to_bytes();
        damage(&mut bytes, at, bit, cut);
        if let Ok(other) = Chain::from_bytes(&bytes) {
            prop_assert_eq!(&other.state, &chain.state, "the root tells");
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn damaged_queues(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in prop::bool::weighted(0.2)) {
        let queue = Queue { items: vec![to_key(1, 2, 3), to_account(4, 5, 6), forced(1, 2)] };
        prop_assert_eq!(Queue::from_bytes(&queue.to_bytes()), Ok(queue.clone()));
        let mut bytes = queue.to_bytes();
        damage(&mut bytes, at, bit, cut);
        if let Ok(other) = Queue::from_bytes(&bytes) {
            prop_assert!(other != queue);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200), kind in 0..11u8) {
        let bytes = [&b"ALDL"[..], &[kind, 0, 1, 0], &body].concat();
        let _ = SealedBatch::from_bytes(&bytes);
        let _ = Queue::from_bytes(&bytes);
        let _ = Chain::from_bytes(&bytes);
    }
}

#[test]
fn snapshots_are_canonical() {
    let (chain, sealed) = sample();
    let bytes = chain.to_bytes();
    assert_eq!(Chain::from_bytes(&bytes).as_ref(), Ok(&chain));
    assert!(matches!(
        Chain::from_bytes(&sealed.to_bytes()),
        Err(SnapshotError::Decode(DecodeError::Kind { .. }))
    ));
    // Header 8, chain id 8, checkpoint 4 + 3 * 32 + 4, count 4; a cell is 7 + 80 bytes.
    let (start, size) = (124, 87);
    let mut swapped = bytes.clone();
    swapped[start..start + 2 * size].rotate_left(size);
    assert!(matches!(Chain::from_bytes(&swapped), Err(SnapshotError::Cells(ProofError::Order { .. }))));
    let mut other = chain.clone();
    other.checkpoint.state_root = aludel_protocol::Digest::ZERO;
    assert!(matches!(Chain::from_bytes(&other.to_bytes()), Err(SnapshotError::Root { .. })));
    let mut emptied = bytes;
    emptied[start + 7..start + size].fill(0);
    assert!(matches!(Chain::from_bytes(&emptied), Err(SnapshotError::Empty { .. })));
}

#[test]
fn people_read_json() {
    let (chain, sealed) = sample();
    let view = serde_json::to_value(SealedBatchView::from(&sealed)).expect("serialises");
    assert_eq!(view["header"]["number"], 2);
    assert_eq!(view["entries"][0]["transaction"]["transaction"]["action"]["transfer"]["amount"], "10");
    let signature = view["entries"][0]["transaction"]["signature"].as_str().expect("a string");
    assert_eq!(signature.len(), 2 * (5 + 8 + 8 * (46 + 20)) * 4);
    assert_eq!(view["entries"][1]["queue"]["key"], key(3).to_string());
    let view = serde_json::to_value(ChainView::from(&chain)).expect("serialises");
    assert_eq!(view["cells"], chain.state.len());
    let refusal = aludel_ledger::Refusal::System { account: aludel_protocol::AccountId(0) };
    assert_eq!(serde_json::to_string(&refusal).expect("serialises"), r#"{"reason":"system","account":0}"#);
}
