//! What devices prove, beside what Plonky3 and our prover prove.

use core::ops::Range;
use std::collections::BTreeSet;
use std::time::Instant;

use aludel_adversary::honest::{PROOF, PROVER, SHARD, verdict};
use aludel_circuits::{Chip as _, Shape};
use aludel_kernels::cpu::Cpu;
use aludel_kernels::{Device, Error, Modelled};
use aludel_protocol::F;
use aludel_verifier::Role;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim};
use p3_lookup::Kind;

use super::random::Machine;
use super::{Chip, Stages, Task, devices, memory, prove};

/// What is written of a proof that states nothing.
fn bytes(proof: &Proof) -> Vec<u8> {
    let claim = Claim { role: Role::from(Shape::Tiny), statement: aludel_adversary::toy::statement(1) };
    format::encode(&claim, proof).expect("a proof can be written")
}

/// What random machines had, all together: a test whose machines lack a case says so.
#[derive(Debug, Default)]
struct Seen {
    chips: usize,
    without_lookups: usize,
    /// Lookups within a chip, of a choice of messages, and of several messages that Plonky3 put together.
    lookups: [usize; 3],
    without_next: usize,
    fixed: usize,
    periodic: usize,
    public: usize,
    /// Quotients on fewer points than what is committed to, on as many, and on more.
    points: [usize; 3],
    /// By base-2 logarithm of their number.
    parts: [usize; 4],
    heights: BTreeSet<usize>,
    /// Places at which bits are ground, and at which none are: lookups, point, batch, folds, queries.
    ground: [usize; 5],
    unground: [usize; 5],
}

impl Seen {
    fn note(&mut self, task: &Task<'_>) {
        let p = task.parameters;
        let bits = [p.lookup_pow_bits, p.ood_pow_bits, p.batch_pow_bits, p.commit_pow_bits, p.query_pow_bits];
        for (place, bits) in bits.into_iter().enumerate() {
            let counts = if bits > 0 { &mut self.ground } else { &mut self.unground };
            counts[place] += 1;
        }
        for (chip, public) in task.chips.iter().zip(task.public_values) {
            self.chips += 1;
            self.without_lookups += usize::from(chip.lookups.is_empty());
            for lookup in chip.lookups.iter() {
                self.lookups[0] += usize::from(matches!(lookup.kind, Kind::Local));
                self.lookups[1] += usize::from(lookup.flags.is_some());
                let together = matches!(lookup.kind, Kind::Global(_)) && lookup.flags.is_none();
                self.lookups[2] += usize::from(together && lookup.elements.len() > 1);
            }
            self.without_next += usize::from(!chip.layout.next);
            self.fixed += usize::from(chip.fixed.is_some());
            self.periodic += usize::from(chip.periodic().is_some());
            self.public += usize::from(!public.is_empty());
            let points = chip.log_chunks().cmp(&p.log_blowup);
            self.points[(points as i8 + 1) as usize] += 1;
            self.parts[chip.log_chunks()] += 1;
            self.heights.insert(chip.layout.log_height);
        }
    }

    fn is_everything(&self) -> bool {
        let counts = [self.without_lookups, self.without_next, self.fixed, self.periodic, self.public];
        let all = counts.iter().chain(&self.lookups).chain(&self.points).chain(&self.parts);
        let mut all = all.chain(&self.ground).chain(&self.unground);
        all.all(|count| *count > 0) && self.heights.len() > 2
    }
}

/// Seeds of machines that leave no case out, and more for the device that takes no longer than Plonky3.
const SEEDS: Range<u64> = 0..40;
const MORE_SEEDS: Range<u64> = 0..120;

/// That a device proves machines of random chips as Plonky3 does.
fn random_machines<D: Stages + Modelled>(device: &D, seeds: Range<u64>) {
    let mut seen = Seen::default();
    for seed in seeds {
        let machine = Machine::new(seed);
        seen.note(&machine.task());
        let expected = machine.reference();
        let (found, stages) = memory::measured(device, &machine.task());
        let found = found.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        memory::agrees(device, &machine.task(), &stages);
        assert_eq!(difference(&expected, &found), None, "seed {seed}, {:?}", machine.parameters);
        assert!(bytes(&expected) == bytes(&found), "seed {seed}: other bytes, {:?}", machine.parameters);
        machine.verdict(&found).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    assert_eq!(device.usage().used, 0, "memory that nobody gave back");
    println!("{seen:?}");
    assert!(seen.is_everything(), "a case is left out: {seen:?}");
}

/// The first part of a proof, in the order of the transcript, that another has not.
fn difference(a: &Proof, b: &Proof) -> Option<&'static str> {
    let opened = |proof: &Proof| -> Vec<_> {
        let of_chip = |chip: &p3_batch_stark::proof::OpenedValuesWithLookups<aludel_protocol::Challenge>| {
            let base = &chip.base_opened_values;
            let preprocessed =
                base.preprocessed.as_ref().map(|fixed| (fixed.local.clone(), fixed.next.clone()));
            let own = (
                base.trace_local.clone(),
                base.trace_next.clone(),
                preprocessed,
                base.quotient_chunks.clone(),
            );
            (own, chip.permutation_local.clone(), chip.permutation_next.clone())
        };
        proof.opened_values.instances.iter().map(of_chip).collect()
    };
    let terminals = |proof: &Proof| -> Vec<_> {
        proof.lookup_terminals.iter().map(|t| t.as_ref().map(|t| t.0)).collect()
    };
    let (fri, other) = (&a.opening_proof, &b.opening_proof);
    let parts = [
        ("main columns", a.commitments.main == b.commitments.main),
        ("grinding before the lookups", a.lookup_pow_witness == b.lookup_pow_witness),
        ("columns of lookups", a.commitments.permutation == b.commitments.permutation),
        ("terminals", terminals(a) == terminals(b)),
        ("quotients", a.commitments.quotient_chunks == b.commitments.quotient_chunks),
        ("grinding before the point", a.ood_pow_witness == b.ood_pow_witness),
        ("values", opened(a) == opened(b)),
        ("grinding before the batch", fri.batch_pow_witness == other.batch_pow_witness),
        ("layers", fri.commit_phase_commits == other.commit_phase_commits),
        ("grinding before folds", fri.commit_pow_witnesses == other.commit_pow_witnesses),
        ("last polynomial", fri.final_poly == other.final_poly),
        ("grinding before queries", fri.query_pow_witness == other.query_pow_witness),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

/// That a device proves the shard that [`PROOF`] is of, in the same bytes.
fn shard<D: Stages + Modelled>(device: &D) {
    let key = PROVER.key();
    let chips = key.chips().iter().zip(&key.common().lookups);
    let chips: Vec<Chip> = chips.map(|(chip, lookups)| Chip::new(chip, chip.log_height(), lookups)).collect();
    let layouts: Vec<_> = chips.iter().map(|chip| chip.layout).collect();
    assert_eq!(layouts, key.layout().chips());
    let public_values: Vec<Vec<F>> = key.public_values(&SHARD.statement);
    let task = Task {
        chips: &chips,
        parameters: key.layout().parameters(),
        key: key.digest(),
        traces: &SHARD.traces,
        public_values: &public_values,
    };
    let expected = &PROOF.bytes;
    let start = Instant::now();
    let (proof, stages) = memory::measured(device, &task);
    let proof = proof.expect("the device can");
    println!("{:.2} s, of Plonky3 {:.2} s", start.elapsed().as_secs_f64(), PROOF.stats.proving.as_secs_f64());
    let claim = Claim { role: key.role(), statement: SHARD.statement };
    let found = format::encode(&claim, &proof).expect("a proof can be written");
    assert!(found == *expected, "{} bytes, and {}", found.len(), expected.len());
    assert_eq!(verdict(&found).expect("it is accepted"), SHARD.statement);
    memory::agrees(device, &task, &stages);
    assert_eq!(device.usage().used, 0, "memory that nobody gave back");
}

#[test]
fn random_machines_on_the_processor() {
    random_machines(&Cpu::new(u64::MAX), MORE_SEEDS);
}

#[test]
fn the_shard_on_the_processor() {
    shard(&Cpu::new(u64::MAX));
}

/// An error in any stage is a value, and what the stages before took is given back.
#[test]
fn memory_that_does_not_suffice_is_said() {
    let machine = Machine::new(1);
    let enough = Cpu::new(u64::MAX);
    prove(&enough, &machine.task()).expect("it fits");
    let most = enough.usage().peak;
    let mut refused = 0;
    for part in 0..16 {
        let device = Cpu::new(most * part / 16);
        match prove(&device, &machine.task()) {
            Err(Error::OutOfMemory { .. }) => refused += 1,
            other => {
                panic!("{:?} of {most} bytes: {:?}", most * part / 16, other.map(|proof| bytes(&proof).len()))
            }
        }
        assert_eq!(device.usage().used, 0);
    }
    assert_eq!(refused, 16);
}

#[test]
fn random_machines_on_cuda() {
    let Some((device, _turn)) = devices::cuda(64 << 20) else { return };
    random_machines(&device, SEEDS);
}

#[test]
fn random_machines_through_wgpu() {
    let Some(device) = devices::wgpu(64 << 20) else { return };
    random_machines(&device, SEEDS);
}

#[test]
fn the_shard_on_cuda() {
    let Some((device, _turn)) = devices::cuda(4 << 30) else { return };
    shard(&device);
}

#[test]
fn the_shard_through_wgpu() {
    let Some(device) = devices::wgpu(4 << 30) else { return };
    shard(&device);
}
