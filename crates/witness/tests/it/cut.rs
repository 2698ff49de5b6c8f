//! A run of batches as shards.

use aludel_bench::Scenario;
use aludel_circuits::Shape;
use aludel_ledger::{ReplayError, SealedBatch};
use aludel_protocol::fold::fold;
use aludel_witness::{CutShard, Cutter, Shard, WitnessError};

fn honest() -> Vec<SealedBatch> {
    Scenario::new(4, 3).every_kind()
}

fn cut(batches: &[SealedBatch], most: Shape) -> Vec<CutShard> {
    let mut cutter = Cutter::new(most);
    batches.iter().for_each(|sealed| cutter.push(sealed).expect("honest"));
    cutter.finish()
}

#[test]
fn shards_are_what_the_prover_makes_of_them() {
    let batches = honest();
    for most in [Shape::Tiny, Shape::Small, Shape::Large] {
        let shards = cut(&batches, most);
        let mut rest = &batches[..];
        for shard in &shards {
            let (own, behind) = rest.split_at(shard.batches);
            let made = Shard::generate(own, None).expect("has a witness");
            assert_eq!((made.shape, made.statement), (shard.shape, shard.statement), "{most}");
            rest = behind;
            // Not one batch more would fit.
            if let Some(next) = rest.first() {
                let longer = [own, core::slice::from_ref(next)].concat();
                let most = most.max(shard.shape);
                assert!(Shard::generate(&longer, Some(most)).is_err());
            }
        }
        assert!(rest.is_empty());
        let says = shards.iter().map(|shard| shard.statement);
        let all = says.reduce(|a, b| fold(&a, &b).expect("they follow")).expect("some");
        assert_eq!(all, Shard::generate(&batches, None).expect("has a witness").statement);
    }
    assert_eq!(cut(&batches, Shape::Small).len(), 1);
    assert!(Cutter::new(Shape::Tiny).finish().is_empty());
}

#[test]
fn long_runs_are_cut_where_a_shape_is_full() {
    let cuts: Vec<_> = [12, 16, 20, 60]
        .map(|accounts| {
            let batches = Scenario::new(accounts, 3).every_kind();
            let shards = cut(&batches, Shape::Tiny);
            assert_eq!(shards.iter().map(|shard| shard.batches).sum::<usize>(), batches.len());
            shards
        })
        .into();
    assert!(cuts.iter().any(|shards| shards.len() > 1), "{cuts:?}");
    // A batch that alone needs more gets more.
    assert!(cuts.iter().flatten().any(|shard| shard.shape > Shape::Tiny), "{cuts:?}");
}

#[test]
fn what_does_not_follow_or_hold_is_refused_and_changes_nothing() {
    let batches = honest();
    let mut cutter = Cutter::new(Shape::Tiny);
    cutter.push(&batches[0]).expect("honest");
    let gap = cutter.push(&batches[2]);
    assert!(matches!(gap, Err(WitnessError::Replay(ReplayError::Link { .. }))), "{gap:?}");
    let mut other = batches[1].clone();
    other.chain_id.0 += 1;
    let chain = cutter.push(&other);
    assert!(matches!(chain, Err(WitnessError::Replay(ReplayError::Chain { .. }))), "{chain:?}");
    let mut forged = batches[1].clone();
    let entry = forged.batch.entries.iter_mut().find_map(|entry| match entry {
        aludel_protocol::Entry::Transaction(signed) => Some(signed),
        aludel_protocol::Entry::Queue(_) => None,
    });
    let signature = &mut entry.expect("payments are transfers").signature;
    signature.path[3].0[0] += <aludel_protocol::F as p3_field::PrimeCharacteristicRing>::ONE;
    assert!(cutter.push(&forged).is_err(), "signatures are looked at");
    batches[1..].iter().for_each(|sealed| cutter.push(sealed).expect("honest"));
    assert_eq!(cutter.finish(), cut(&batches, Shape::Tiny));
}
