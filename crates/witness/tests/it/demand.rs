//! What a shard is said to need is what its traces hold.

use aludel_bench::Scenario;
use aludel_circuits::{Chip, MachineChip, Shape, signature};
use aludel_protocol::F;
use aludel_protocol::params::XMSS_STEPS;
use aludel_witness::{Demand, Shard};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::Matrix;

/// Every cell of a shard in the columns of a chip whose names end so.
fn cells(shard: &Shard, chip: &str, ends: &str) -> Vec<F> {
    let chips = MachineChip::all(shard.shape);
    let index = chips.iter().position(|c| c.name() == chip).expect("a chip of the machine");
    let columns: Vec<bool> = chips[index].column_names().iter().map(|name| name.ends_with(ends)).collect();
    assert!(columns.contains(&true), "{chip} has no column {ends}");
    let rows = shard.traces[index].rows().flatten();
    rows.zip(columns.iter().cycle()).filter(|(_, wanted)| **wanted).map(|(cell, _)| cell).collect()
}

fn sum(cells: &[F]) -> usize {
    cells.iter().map(|x| x.as_canonical_u32() as usize).sum()
}

#[test]
fn demand_is_what_the_traces_hold() {
    let batches = Scenario::new(4, 3).every_kind();
    for run in [&batches[..], &batches[..1], &batches[1..2], &batches[2..]] {
        let shard = Shard::generate(run, Some(Shape::Tiny)).expect("honest batches have a witness");
        let stages = ["is_slot", "is_lo", "is_hi", "is_root"];
        let nodes: usize = stages.iter().map(|stage| sum(&cells(&shard, "node", stage))).sum();
        let signed = shard.demand.transactions();
        let kinds = ["transfer", "withdraw", "rotate"];
        assert_eq!(signed, kinds.iter().map(|kind| sum(&cells(&shard, "transaction", kind))).sum::<usize>());
        let hashes = sum(&cells(&shard, "hash24", "count"));
        let held = signed * (XMSS_STEPS + signature::BLOCK) + 2 * nodes + hashes;
        // Every cell counts as two hash calls, and an absent one makes none.
        let real = sum(&cells(&shard, "cell", "real"));
        let there = sum(&cells(&shard, "cell", "initial[11]")) + sum(&cells(&shard, "cell", "last[11]"));
        assert_eq!(shard.demand.permutations(), held + 2 * real - there);
        assert_eq!(sum(&cells(&shard, "chain", "last")), chains(&shard));
    }
}

/// Chain ends that the signatures ask for.
fn chains(shard: &Shard) -> usize {
    let seven = [0, 1].map(|i| cells(shard, "signature", &format!("bit[{i}]")));
    let leaf =
        |row: usize| row % signature::BLOCK < 23 && row / signature::BLOCK < shard.demand.transactions();
    seven
        .iter()
        .flat_map(|bits| bits.iter().enumerate())
        .filter(|(row, x)| leaf(*row) && **x == F::ZERO)
        .count()
}

#[test]
fn the_smallest_shape_is_taken() {
    let batches = Scenario::new(4, 3).every_kind();
    let shard = Shard::generate(&batches, None).expect("honest batches have a witness");
    assert_eq!((shard.shape, shard.demand.smallest()), (Shape::Tiny, Some(Shape::Tiny)));
    let small = Shard::generate(&batches, Some(Shape::Small)).expect("what fits tiny fits small");
    assert_eq!((small.shape, small.statement), (Shape::Small, shard.statement));
    assert!(Demand::default().is_empty() && !shard.demand.is_empty());
}
