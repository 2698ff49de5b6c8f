//! What has no witness, and why.

use aludel_bench::Scenario;
use aludel_circuits::{Shape, TraceError};
use aludel_ledger::{ReplayError, SealedBatch};
use aludel_protocol::{Entry, F};
use aludel_witness::{Shard, WitnessError};
use p3_field::PrimeCharacteristicRing;

fn honest() -> Vec<SealedBatch> {
    Scenario::new(4, 3).every_kind()
}

/// Replay does not look at signatures; the walk that the traces need does.
#[test]
fn a_bad_signature_is_named() {
    let mut batches = honest();
    let Entry::Transaction(signed) = &mut batches[1].batch.entries[2] else {
        panic!("payments are transfers")
    };
    signed.signature.path[3].0[0] += F::ONE;
    let refused = Shard::generate(&batches, None).map(|_| ());
    assert!(matches!(refused, Err(WitnessError::Signature { position: 2, .. })), "{refused:?}");
}

#[test]
fn another_payment_than_the_signed_one_is_refused() {
    let mut batches = honest();
    let Entry::Transaction(signed) = &mut batches[1].batch.entries[2] else {
        panic!("payments are transfers")
    };
    signed.transaction.fee += 1;
    let refused = Shard::generate(&batches, None).map(|_| ());
    assert!(matches!(refused, Err(WitnessError::Replay(ReplayError::Header { .. }))), "{refused:?}");
}

#[test]
fn batches_follow_one_another() {
    let mut batches = honest();
    batches.swap(0, 1);
    let refused = Shard::generate(&batches, None).map(|_| ());
    assert!(matches!(refused, Err(WitnessError::Replay(ReplayError::Link { .. }))), "{refused:?}");
    let refused = Shard::generate(&[], None).map(|_| ());
    assert!(matches!(refused, Err(WitnessError::Replay(ReplayError::NoBatch))), "{refused:?}");
}

/// Tiny holds 22 signatures.
#[test]
fn the_chip_that_is_too_small_is_named() {
    let mut scenario = Scenario::new(4, 3);
    let openings = scenario.openings();
    let mut batches = vec![scenario.seal(openings)];
    let payments = (0..23).map(|i| scenario.pay(i % 4, (i + 1) % 4, 0, 1, 1));
    let payments: Vec<_> = payments.map(Entry::Transaction).collect();
    batches.push(scenario.seal(payments));
    let refused = Shard::generate(&batches, Some(Shape::Tiny)).map(|_| ());
    let full = TraceError::Full { chip: "signature", needed: 23 * 45, available: 1024 };
    assert!(matches!(refused, Err(WitnessError::Trace(found)) if found == full));
    let shard = Shard::generate(&batches, None).expect("it fits the next shape");
    assert_eq!(shard.shape, Shape::Small);
}
