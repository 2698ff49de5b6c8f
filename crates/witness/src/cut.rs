//! Sealed batches to shards: each batch is replayed once, by itself, and shards are as long as a shape holds.

use aludel_circuits::Shape;
use aludel_ledger::batch::{ReplayError, SealedBatch, replay};
use aludel_protocol::{Checkpoint, Statement};

use crate::demand::Demand;
use crate::shard::{WitnessError, too_large};

/// Batches that make one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutShard {
    /// How many batches it has.
    pub batches: usize,
    /// The smallest shape that holds them.
    pub shape: Shape,
    /// What its proof will say.
    pub statement: Statement,
}

/// Takes the batches of a chain in order, replays them and cuts them into shards.
#[derive(Debug)]
pub struct Cutter {
    most: Shape,
    done: Vec<CutShard>,
    open: Option<(CutShard, Demand)>,
}

impl Cutter {
    /// Shards are of at most this shape, but for batches that alone need a larger one.
    pub const fn new(most: Shape) -> Self {
        Self { most, done: Vec::new(), open: None }
    }

    /// The next batch: whether it keeps the rules, its signatures among them, and follows the one before.
    ///
    /// # Errors
    /// It does not, or no shape holds it. Then the cutter is as before.
    pub fn push(&mut self, sealed: &SealedBatch) -> Result<(), WitnessError> {
        self.check_link(sealed)?;
        let replayed = replay(sealed, &aludel_ledger::xmss::verify_batch)?;
        let add = |demand: &mut Demand| {
            let entries = sealed.batch.entries.iter().zip(replayed.executed.iter().flatten());
            entries.for_each(|(entry, executed)| demand.add(entry, executed));
            demand.seal();
        };
        let mut alone = Demand::default();
        add(&mut alone);
        let shape = alone.smallest().ok_or_else(|| too_large(&alone))?;
        if let Some((shard, demand)) = &mut self.open {
            // Where it does not fit, the shard is as it was, and nothing more comes to it.
            add(demand);
            let fits = demand.smallest().filter(|shape| *shape <= self.most.max(shard.shape));
            if let Some(shape) = fits {
                let statement = Statement { next: replayed.next, ..shard.statement };
                *shard = CutShard { batches: shard.batches + 1, shape, statement };
                return Ok(());
            }
        }
        let statement = Statement::new(replayed.chain_id, replayed.prev, replayed.next);
        let shard = CutShard { batches: 1, shape, statement };
        self.done.extend(self.open.replace((shard, alone)).map(|(shard, _)| shard));
        Ok(())
    }

    /// The shards, in order.
    pub fn finish(self) -> Vec<CutShard> {
        let open = self.open.map(|(shard, _)| shard);
        self.done.into_iter().chain(open).collect()
    }

    fn check_link(&self, sealed: &SealedBatch) -> Result<(), ReplayError> {
        let Some((before, _)) = &self.open else { return Ok(()) };
        let number = sealed.batch.header.number;
        let Statement { chain_id: expected, next, .. } = before.statement;
        if sealed.chain_id != expected {
            return Err(ReplayError::Chain { number, expected, found: sealed.chain_id });
        }
        if sealed.prev != next {
            let boxed = |at: Checkpoint| Box::new(at);
            return Err(ReplayError::Link { number, expected: boxed(next), found: boxed(sealed.prev) });
        }
        Ok(())
    }
}
