//! What a run will take, said before it starts.

use std::fmt;

use aludel_circuits::Shape;

use super::plan::Plan;
use crate::cli::Workload;

/// About what a run takes. The rates are those of two cores of a server; others differ by a factor of two.
pub struct Estimate {
    seconds: f64,
    memory: f64,
    disk: f64,
}

impl Estimate {
    /// Of a plan, on the threads that the pool has.
    pub fn of(plan: &Plan, keep: bool, root: bool) -> Self {
        let wallets = plan.accounts as f64;
        let transfers = plan.transactions as f64;
        let shards = plan.shards() as f64;
        // A wallet has a power of two of one-time keys, at least two, and some more than its share of
        // payments.
        let epochs = match plan.workload {
            Workload::W1 | Workload::W2 => 2.0,
            Workload::Mixed => 2.0 * (transfers / wallets + 4.0),
        };
        let keys = 30e-6 * wallets * epochs;
        let execution = 60e-6 * wallets + 400e-6 * transfers;
        let proof = proof_cost(plan.shape);
        let folding = if root { ROOT + shards * FOLDING.seconds } else { 0.0 };
        let cores = rayon::current_num_threads() as f64 / 2.0;
        Self {
            seconds: STARTING + (keys + execution + shards * proof.seconds + folding) / cores,
            memory: 60e6
                + 3e3 * wallets
                + 6e3 * transfers
                + proof.memory.max(if root { FOLDING.memory } else { 0.0 }),
            disk: if keep { 4e3 * wallets + 3.5e3 * transfers + shards * proof.disk } else { 0.0 },
        }
    }
}

/// Seconds for keys of the proof system and for what cannot be spread over cores.
const STARTING: f64 = 0.5;

/// What one shard takes.
struct ProofCost {
    seconds: f64,
    memory: f64,
    disk: f64,
}

/// A lift and a join.
const FOLDING: ProofCost = ProofCost { seconds: 4.5, memory: 1.4e9, disk: 0.4e6 };

/// Seconds for the root and for the keys of all three.
const ROOT: f64 = 9.0;

const fn proof_cost(shape: Shape) -> ProofCost {
    let (seconds, memory, disk) = match shape {
        Shape::Tiny => (0.5, 0.05e9, 2.2e6),
        Shape::Small => (0.8, 0.14e9, 2.2e6),
        Shape::Medium => (2.0, 0.4e9, 2.2e6),
        Shape::Large => (6.5, 1.45e9, 2.3e6),
        Shape::Huge => (13.0, 2.9e9, 2.4e6),
    };
    ProofCost { seconds, memory, disk }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, memory, disk } = self;
        let threads = rayon::current_num_threads();
        write!(f, "estimate: about {seconds:.0} s on {threads} threads, {:.1} GB of memory, ", memory / 1e9)?;
        if *disk > 0.0 { write!(f, "{:.0} MB of disk", (disk / 1e6).ceil()) } else { f.write_str("no disk") }
    }
}
