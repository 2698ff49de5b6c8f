//! What each step costs: `cargo bench -p aludel-bench [-- FILTER]`.
//!
//! Throughputs are elements a second: permutations, cells, signatures, entries. The batches hold an entry for each
//! of 182 wallets: W1, transfers alone, fills the shape `small`; W2 has every kind of entry.

use std::hint::black_box;
use std::sync::LazyLock;

use aludel_bench::{CHAIN, OPERATOR, Scenario};
use aludel_circuits::Shape;
use aludel_ledger::xmss::{Claim, Derivation, SecretKey, Window, verify_batch};
use aludel_ledger::{BatchBuilder, Chain, SealedBatch, State, replay};
use aludel_protocol::cell::BalanceCell;
use aludel_protocol::hash::{compress16, compress24};
use aludel_protocol::{
    AccountId, Amount, CellAddress, Digest, Entry, Epoch, F, PackedF, Payload, SignedTransaction, fe,
};
use aludel_prover::Prover;
use aludel_verifier::verify::{Expectations, verify};
use aludel_witness::Shard;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use p3_field::{PackedValue, PrimeCharacteristicRing};

const ENTRIES: usize = 182;

/// A funded chain and entries that it accepts, with the batch that they make.
struct Fixture {
    before: Chain,
    entries: Vec<Entry>,
    batch: SealedBatch,
}

impl Fixture {
    fn new(workload: fn(&mut Scenario) -> Vec<Entry>) -> Self {
        let mut scenario = Scenario::new(ENTRIES, 2);
        let openings = scenario.openings();
        scenario.seal(openings);
        let before = scenario.chain.clone();
        let entries = workload(&mut scenario);
        let batch = scenario.seal(entries.clone());
        Self { before, entries, batch }
    }
}

static W1: LazyLock<Fixture> = LazyLock::new(|| Fixture::new(Scenario::w1));
static W2: LazyLock<Fixture> = LazyLock::new(|| Fixture::new(Scenario::w2));

fn workloads() -> [(&'static str, &'static Fixture); 2] {
    [("W1", &W1), ("W2", &W2)]
}

fn hashing(c: &mut Criterion) {
    let mut group = c.benchmark_group("hash");
    group.throughput(Throughput::Elements(PackedF::WIDTH as u64));
    let x16: [PackedF; 16] = core::array::from_fn(|i| PackedF::from(fe(i as u32)));
    let x24: [PackedF; 24] = core::array::from_fn(|i| PackedF::from(fe(i as u32)));
    group.bench_function("compress16 packed", |b| b.iter(|| compress16(black_box(x16))));
    group.bench_function("compress24 packed", |b| b.iter(|| compress24(black_box(x24))));
    group.throughput(Throughput::Elements(1));
    group.bench_function("compress16 scalar", |b| b.iter(|| compress16(black_box([F::TWO; 16]))));
    group.bench_function("compress24 scalar", |b| b.iter(|| compress24(black_box([F::TWO; 24]))));
    group.finish();
}

fn tree(c: &mut Criterion) {
    let write = |i: u32, amount: u128| -> (CellAddress, Payload) {
        (CellAddress::slot(AccountId(i * 7), 1), BalanceCell(Amount(amount)).payload())
    };
    let mut state = State::genesis();
    state.apply(&(0..1 << 14).map(|i| write(i, 1)).collect::<Vec<_>>());
    let mut group = c.benchmark_group("tree");
    group.throughput(Throughput::Elements(1 << 12));
    let writes: Vec<_> = (0..1 << 12).map(|i| write(4 * i, 2)).collect();
    group.bench_function("update 4096 of 16384 cells", |b| b.iter(|| state.apply(black_box(&writes))));
    group.finish();
}

fn signatures(c: &mut Criterion) {
    let fixture = &*W1;
    let transfers: Vec<&SignedTransaction> = fixture.entries.iter().filter_map(signed).collect();
    let digests: Vec<_> = transfers.iter().map(|t| t.transaction.digest()).collect();
    let keys: Vec<_> = (transfers.iter())
        .map(|t| fixture.before.state.get(&CellAddress::account(t.transaction.from)).key())
        .collect();
    let claims: Vec<Claim> = (transfers.iter().zip(&digests).zip(keys))
        .map(|((t, message), key)| Claim {
            key,
            epoch: t.transaction.epoch,
            message: *message,
            signature: &t.signature,
        })
        .collect();
    let mut group = c.benchmark_group("signature");
    group.throughput(Throughput::Elements(1));
    let from = Derivation { seed: [1; 32], chain_id: CHAIN, counter: 0 };
    let key = SecretKey::generate(&from, Window::new(Epoch(0), 1).expect("a window at the beginning exists"));
    // Messages differ, because the search for randomness takes another time for each.
    let mut message = 0;
    group.bench_function("sign", |b| {
        b.iter(|| {
            message += 1;
            key.sign(Epoch(0), &Digest([fe(message); 8]))
        });
    });
    group.throughput(Throughput::Elements(claims.len() as u64));
    group.bench_function("verify, all threads", |b| b.iter(|| verify_batch(black_box(&claims))));
    group.finish();
}

fn signed(entry: &Entry) -> Option<&SignedTransaction> {
    match entry {
        Entry::Transaction(signed) => Some(signed),
        Entry::Queue(_) => None,
    }
}

fn ledger(c: &mut Criterion) {
    for (name, fixture) in workloads() {
        let mut group = c.benchmark_group(format!("ledger {name}"));
        group.throughput(Throughput::Elements(ENTRIES as u64));
        group.bench_function("execute and seal", |b| {
            b.iter_batched(
                || (fixture.before.clone(), fixture.entries.clone()),
                |(mut chain, entries)| execute(&mut chain, entries),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("replay", |b| b.iter(|| replay(black_box(&fixture.batch), &verify_batch)));
        group.finish();
    }
}

fn execute(chain: &mut Chain, entries: Vec<Entry>) -> SealedBatch {
    let mut builder = BatchBuilder::new(chain, OPERATOR, ENTRIES).expect("numbers are left");
    assert!(builder.extend(entries, &verify_batch).is_empty());
    builder.seal()
}

fn proving(c: &mut Criterion) {
    let prover = Prover::new(Shape::Small).expect("the key is pinned");
    for (name, fixture) in workloads() {
        let batch = std::slice::from_ref(&fixture.batch);
        let shard = Shard::generate(batch, Some(Shape::Small)).expect("it fits");
        let proof = prover.prove(&shard.traces, &shard.statement).expect("it proves").bytes;
        let mut group = c.benchmark_group(format!("shard small {name}"));
        group.sample_size(10);
        group.throughput(Throughput::Elements(ENTRIES as u64));
        group.bench_function("witness", |b| b.iter(|| Shard::generate(black_box(batch), Some(Shape::Small))));
        group.bench_function("prove", |b| b.iter(|| prover.prove(&shard.traces, &shard.statement)));
        group.throughput(Throughput::Bytes(proof.len() as u64));
        group.bench_function("verify", |b| b.iter(|| verify(black_box(&proof), &Expectations::default())));
        group.finish();
    }
}

criterion_group!(benches, hashing, tree, signatures, ledger, proving);
criterion_main!(benches);
