//! Where the cells of shards go, chip by chip, and how many of them are padding.

use std::collections::BTreeMap;

use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_verifier::ShardKey;
use aludel_witness::Demand;

use crate::exit::{Failure, Kind, OrFail};

/// What a chip costs, and how much of it is in rows that the work needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The chip.
    pub chip: &'static str,
    /// Main, preprocessed and 5 x lookup columns, times height.
    pub cells: usize,
    /// Those in rows that hold something.
    pub used: usize,
}

/// Costs of any number of shards, by shape and in the machine's order.
#[derive(Clone, Debug, Default)]
pub struct Costs(BTreeMap<Shape, Vec<Cost>>);

impl Costs {
    /// Adds a shard. Rows of the two chips that are the same in every shard count as used.
    ///
    /// # Errors
    /// No pinned key has this shape: our bug.
    pub fn add(&mut self, shape: Shape, demand: &Demand) -> Result<(), Failure> {
        let key = ShardKey::pinned(shape).or_fail(Kind::Bug, "keys")?;
        let rooms = demand.rooms(shape);
        let costs = MachineChip::all(shape).into_iter().zip(key.layout().chips()).map(|(chip, layout)| {
            let (chip, cells) = (chip.name(), layout.cells());
            let room = rooms.iter().find(|room| room.chip == chip);
            let used =
                room.map_or(cells, |r| (cells as u128 * r.used as u128 / r.available as u128) as usize);
            Cost { chip, cells, used }
        });
        self.merge(shape, costs);
        Ok(())
    }

    fn merge(&mut self, shape: Shape, costs: impl Iterator<Item = Cost>) {
        let sums = self.0.entry(shape).or_default();
        for (i, cost) in costs.enumerate() {
            match sums.get_mut(i) {
                None => sums.push(cost),
                Some(sum) => {
                    sum.cells += cost.cells;
                    sum.used += cost.used;
                }
            }
        }
    }

    /// By shape, smallest first.
    pub fn by_shape(&self) -> impl Iterator<Item = (Shape, &[Cost])> {
        self.0.iter().map(|(shape, costs)| (*shape, &costs[..]))
    }

    /// Cells of all shards.
    pub fn cells(&self) -> usize {
        self.all().map(|cost| cost.cells).sum()
    }

    /// Part of all cells that is padding, 0 to 1.
    pub fn padding(&self) -> f64 {
        let used: usize = self.all().map(|cost| cost.used).sum();
        1.0 - used as f64 / self.cells().max(1) as f64
    }

    fn all(&self) -> impl Iterator<Item = &Cost> {
        self.0.values().flatten()
    }
}
