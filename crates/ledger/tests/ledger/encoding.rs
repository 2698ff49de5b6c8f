//! Files: one encoding each, and no panic on any bytes. Views for people.

use aludel_ledger::json::{ChainView, SealedBatchView};
use aludel_ledger::{Chain, Queue, SealedBatch, replay};
use aludel_protocol::Entry;
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
        Entry::Queue(forced(9, 0)),
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
    }
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
    let effects = &view["effects"];
    assert_eq!(effects["no_ops"], serde_json::json!([{ "entry": 5, "reason": "forced_no_account" }]));
    assert_eq!(effects["withdrawals"][0]["amount"], "10");
    assert_eq!(effects["withdrawals"][1]["to"], owner(2).to_string());
    let mut other = sealed;
    other.batch.entries.swap(0, 2);
    assert!(view.get("breaks").is_none());
    let other = SealedBatchView::from(&other);
    assert_eq!(other.effects, None, "it does not replay");
    assert!(other.breaks.is_some_and(|rule| rule.contains("entry 0")));
    let view = serde_json::to_value(ChainView::of(&chain).expect("reads")).expect("serialises");
    assert_eq!(view["cells"], chain.state.len());
    let refusal = aludel_ledger::Refusal::System { account: aludel_protocol::AccountId(0) };
    assert_eq!(serde_json::to_string(&refusal).expect("serialises"), r#"{"reason":"system","account":0}"#);
}
