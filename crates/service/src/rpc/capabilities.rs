//! What this prover can do, and what a proof would take.

use std::collections::BTreeMap;
use std::time::Duration;

use aludel_circuits::Shape;
use aludel_proto::prover_v1::{
    self as api, BatchSize, Device, EstimateProofRequest, EstimateProofResponse, GetCapabilitiesResponse,
};
use aludel_protocol::params::PROTOCOL_VERSION;
use aludel_scheduler::machine::{MemoryModel, Refusal, StaticEstimates};
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{Planned, Stage, Target, Task};

use super::Service;
use super::proof::{bytes_of, target};
use super::reason::{Reason, Refused};
use crate::coordinator::Kind;

/// Bytes of a shard's proof by the number of its shape, and of a root: those of the frozen proofs. Others differ by some thousands, because openings share
/// more or less of their paths.
const SHARD_PROOF_BYTES: [u64; 5] = [2_200_991, 2_218_800, 2_271_888, 2_301_952, 2_372_128];
const ROOT_PROOF_BYTES: u64 = 367_498;

impl Service {
    pub(super) fn capabilities(&self) -> GetCapabilitiesResponse {
        let policy = &self.coordinator.options().policy;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let shape =
            |shape: Shape| api::Shape { name: shape.name().into(), transfers: count(shape.transfers()) };
        let device = |device: crate::coordinator::DeviceStatus| Device {
            name: device.name,
            memory_bytes: device.memory_bytes,
            available: device.missing.is_none(),
            reason: device.missing.unwrap_or_default(),
        };
        let ahead = std::time::Duration::from_millis(policy.most_ahead_ms);
        GetCapabilitiesResponse {
            program_version: env!("CARGO_PKG_VERSION").into(),
            protocol_version: PROTOCOL_VERSION,
            key_set: bytes_of(&self.coordinator.judge().keys()),
            targets: vec![api::Target::Shards.into(), api::Target::Root.into()],
            shapes: Shape::ALL.map(shape).into(),
            limits: Some(api::Limits {
                message_bytes: self.limits.message_bytes as u64,
                batch_bytes: self.limits.batch_bytes,
                batches: count(policy.most_batches),
                jobs: count(policy.most_jobs),
                free_input_bytes: self.coordinator.usage().free_for_inputs,
                deadline: prost_types::Duration::try_from(ahead).ok(),
            }),
            devices: self.coordinator.status().devices.into_iter().map(device).collect(),
        }
    }

    pub(super) fn estimate(&self, request: &EstimateProofRequest) -> Result<EstimateProofResponse, Refused> {
        let target = target(request.target)?;
        let most = self.coordinator.options().policy.most_batches;
        match request.batches.len() {
            0 => return Err(Refusal::NoBatches.into()),
            count if count > most => return Err(Refusal::TooManyBatches { most }.into()),
            _ => {}
        }
        let shapes = shards(&request.batches, self.coordinator.judge().most())?;
        let shards = u32::try_from(shapes.len()).unwrap_or(u32::MAX);
        let peak = peak_bytes(target, &shapes);
        let devices = self.coordinator.status().devices;
        let there: Vec<_> = devices.iter().filter(|device| device.missing.is_none()).collect();
        let fits = there.iter().any(|device| device.memory_bytes >= peak);
        let work = Work::of(target, &shapes, |kind| self.coordinator.mean_time(kind));
        let duration = |of| prost_types::Duration::try_from(of).ok();
        Ok(EstimateProofResponse {
            shards,
            work: work.as_ref().and_then(|work| duration(work.all)),
            proof_bytes: match target {
                Target::Shards => {
                    shapes.iter().map(|shape| SHARD_PROOF_BYTES[usize::from(shape.number())]).sum()
                }
                Target::Root => ROOT_PROOF_BYTES,
            },
            peak_memory_bytes: peak,
            fits,
            tasks: tasks(target, shards),
            elapsed: work.and_then(|work| duration(work.elapsed(there.len())?)),
        })
    }
}

/// The shapes of the shards into which batches are likely to be cut: each takes batches for as long as its signatures and its entries have room.
fn shards(batches: &[BatchSize], most: Shape) -> Result<Vec<Shape>, Refused> {
    let mut shards = Vec::new();
    let mut open: Option<(Load, Shape)> = None;
    for (batch, number) in batches.iter().zip(0_u32..) {
        let alone = Load::of(batch);
        let shape = alone.smallest().ok_or_else(|| {
            let huge = Shape::Huge.transfers();
            let message = format!(
                "batch {number} has {} transactions, and the largest shape holds {huge}",
                batch.transactions
            );
            Refused::new(Reason::NoShape, message)
        })?;
        let together = open.and_then(|(load, before)| {
            let load = load.with(alone);
            let shape = load.smallest().filter(|shape| *shape <= most.max(before))?;
            Some((load, shape))
        });
        match together {
            Some(together) => open = Some(together),
            None => shards.extend(open.replace((alone, shape)).map(|(_, shape)| shape)),
        }
    }
    shards.extend(open.map(|(_, shape)| shape));
    Ok(shards)
}

/// What a shard holds.
#[derive(Clone, Copy, Debug)]
struct Load {
    transactions: u64,
    /// Rows of the chip that orders them: entries and ends of batches.
    rows: u64,
}

impl Load {
    fn of(batch: &BatchSize) -> Self {
        let transactions = u64::from(batch.transactions);
        Self { transactions, rows: transactions + u64::from(batch.queue_items) + 1 }
    }

    const fn with(self, other: Self) -> Self {
        Self { transactions: self.transactions + other.transactions, rows: self.rows + other.rows }
    }

    fn smallest(self) -> Option<Shape> {
        let holds = |shape: &Shape| {
            self.transactions <= shape.transfers() as u64 && self.rows < 1 << shape.log_heights().transaction
        };
        Shape::ALL.into_iter().find(holds)
    }
}

/// How many tasks devices do.
const fn tasks(target: Target, shards: u32) -> u32 {
    match target {
        Target::Shards => shards,
        // A proof and a lift of each, a join between every two neighbours, a root.
        Target::Root => shards.saturating_mul(3),
    }
}

/// How long devices are at the tasks of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Work {
    /// All of them together.
    all: Duration,
    /// Those that wait for one another.
    chain: Duration,
}

impl Work {
    /// Where `mean` knows every kind of them.
    fn of(target: Target, shapes: &[Shape], mean: impl Fn(Kind) -> Option<Duration>) -> Option<Self> {
        let mut by_shape: BTreeMap<u8, u32> = BTreeMap::new();
        shapes.iter().for_each(|shape| *by_shape.entry(shape.number()).or_default() += 1);
        let mut work = Self { all: Duration::ZERO, chain: Duration::ZERO };
        for (shape, count) in by_shape {
            let of = |stage| mean((stage, Some(ShapeNumber(shape))));
            let mut shard = of(Stage::Prove)?;
            if target == Target::Root {
                shard = shard.saturating_add(of(Stage::Lift)?);
            }
            work.all = work.all.saturating_add(shard.saturating_mul(count));
            work.chain = work.chain.max(shard);
        }
        let joins = u32::try_from(shapes.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let mut add = |stage, count: u32, in_a_row: u32| {
            let each = mean((stage, None))?;
            work.all = work.all.saturating_add(each.saturating_mul(count));
            work.chain = work.chain.saturating_add(each.saturating_mul(in_a_row));
            Some(())
        };
        if target == Target::Root {
            if joins > 0 {
                // The height of a tree of halves.
                add(Stage::Join, joins, joins.ilog2() + 1)?;
            }
            add(Stage::Root, 1, 1)?;
        }
        Some(work)
    }

    /// How long that takes so many devices.
    fn elapsed(self, devices: usize) -> Option<Duration> {
        let devices = u32::try_from(devices).ok()?;
        Some(self.all.checked_div(devices)?.max(self.chain))
    }
}

/// Of the largest task.
fn peak_bytes(target: Target, shapes: &[Shape]) -> u64 {
    let model = StaticEstimates::default();
    let of = |task, shape: Option<Shape>| {
        let shape = shape.map(|shape| ShapeNumber(shape.number()));
        model.peak_bytes(&Planned { task, after: Vec::new(), batches: 0..0, shape })
    };
    let shard = shapes.iter().map(|shape| of(Task::Prove { shard: 0 }, Some(*shape)));
    let fold = [Task::Lift { shard: 0 }, Task::Join { first: 0, end: 2 }, Task::Root];
    let fold = fold.into_iter().filter(|_| target == Target::Root).map(|task| of(task, None));
    shard.chain(fold).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(transactions: u32, queue_items: u32) -> BatchSize {
        BatchSize { transactions, queue_items }
    }

    #[test]
    fn batches_are_cut_where_a_shape_is_full() {
        let cut = |batches: &[BatchSize], most| shards(batches, most).expect("fits");
        let full = Shape::Large.transfers() as u32;
        assert_eq!(cut(&[batch(full, 0)], Shape::Large), [Shape::Large]);
        assert_eq!(cut(&[batch(full, 0), batch(1, 0)], Shape::Large), [Shape::Large, Shape::Tiny]);
        assert_eq!(cut(&[batch(full, 0), batch(1, 0)], Shape::Huge), [Shape::Huge]);
        assert_eq!(cut(&[batch(full + 1, 0)], Shape::Large), [Shape::Huge]);
        assert_eq!(cut(&[batch(10, 0), batch(12, 0)], Shape::Large), [Shape::Tiny]);
        // 64 rows: 61 entries, the end of the batch, and one row more.
        assert_eq!(cut(&[batch(0, 62)], Shape::Large), [Shape::Tiny]);
        assert_eq!(cut(&[batch(0, 63)], Shape::Large), [Shape::Small]);
        let refused = shards(&[batch(1, 0), batch(u32::MAX, u32::MAX)], Shape::Large).expect_err("too large");
        assert_eq!(refused.reason, Reason::NoShape);
    }

    #[test]
    fn sizes_are_those_of_the_frozen_proofs() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../verifier/tests/frozen");
        let size =
            |name: &str| std::fs::metadata(folder.join(format!("{name}.proof"))).expect("is there").len();
        assert_eq!(Shape::ALL.map(|shape| size(shape.name())), SHARD_PROOF_BYTES);
        assert_eq!(size("root"), ROOT_PROOF_BYTES);
    }

    #[test]
    fn time_is_that_of_the_tasks_and_no_less_than_that_of_a_chain() {
        let mean = |(stage, shape): Kind| {
            let seconds = match (stage, shape) {
                (Stage::Prove, Some(ShapeNumber(0))) => 10,
                (Stage::Prove, Some(ShapeNumber(3))) => 100,
                (Stage::Lift, Some(ShapeNumber(0 | 3))) => 20,
                (Stage::Join, None) => 30,
                (Stage::Root, None) => 7,
                _ => return None,
            };
            Some(Duration::from_secs(seconds))
        };
        let of = |target, shapes: &[Shape]| {
            let work = Work::of(target, shapes, mean)?;
            Some((work.all.as_secs(), work.chain.as_secs()))
        };
        assert_eq!(of(Target::Shards, &[Shape::Tiny]), Some((10, 10)));
        assert_eq!(of(Target::Shards, &[Shape::Tiny, Shape::Large, Shape::Tiny]), Some((120, 100)));
        assert_eq!(of(Target::Root, &[Shape::Tiny]), Some((37, 37)));
        assert_eq!(of(Target::Root, &[Shape::Tiny; 2]), Some((30 * 2 + 30 + 7, 30 + 30 + 7)));
        assert_eq!(of(Target::Root, &[Shape::Tiny; 4]), Some((30 * 4 + 90 + 7, 30 + 60 + 7)));
        let five = [Shape::Tiny, Shape::Tiny, Shape::Large, Shape::Tiny, Shape::Tiny];
        assert_eq!(of(Target::Root, &five), Some((30 * 4 + 120 + 120 + 7, 120 + 90 + 7)));
        assert_eq!(of(Target::Shards, &[Shape::Tiny, Shape::Huge]), None, "none of that shape was done");
        let work = Work::of(Target::Root, &[Shape::Tiny; 4], mean).expect("measured");
        let elapsed = [0, 1, 2, 100].map(|devices| work.elapsed(devices).map(|d| d.as_secs_f64()));
        assert_eq!(elapsed, [None, Some(217.0), Some(108.5), Some(97.0)]);
        assert_eq!([tasks(Target::Shards, 5), tasks(Target::Root, 1), tasks(Target::Root, 5)], [5, 3, 15]);
    }

    #[test]
    fn folding_takes_memory_too() {
        let alone = peak_bytes(Target::Shards, &[Shape::Tiny]);
        assert!(peak_bytes(Target::Root, &[Shape::Tiny]) >= alone);
        assert!(peak_bytes(Target::Shards, &[Shape::Tiny, Shape::Huge]) > alone);
    }
}
