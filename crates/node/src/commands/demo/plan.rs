//! How large a demo is.

use aludel_circuits::Shape;

use crate::cli::{Demo, Workload};
use crate::exit::{Failure, Kind};

/// Accounts of the measured workloads.
const MEASURED_ACCOUNTS: usize = 1 << 16;

/// Steps of the workload w2: about three shards `large`.
const W2_STEPS: usize = 6000;

/// Accounts and transactions of a first look: a few small shards, seconds of work.
const MIXED: (usize, usize) = (32, 512);

/// Shards that a mixed run should not exceed, where a larger shape helps.
const FEW_SHARDS: usize = 4;

/// More accounts than this would take hours to make and fund.
const MAX_ACCOUNTS: usize = 1 << 20;

/// Sizes, checked.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Who pays whom.
    pub workload: Workload,
    /// Transactions; of w2, steps of any kind.
    pub transactions: usize,
    /// Wallets that take part.
    pub accounts: usize,
    /// The shape that each batch fits.
    pub shape: Shape,
    /// The shape in which every batch is proven, where one was asked for.
    pub shard_size: Option<Shape>,
    /// Of everything random.
    pub seed: u64,
}

impl Plan {
    /// From the command line.
    pub fn new(args: &Demo) -> Result<Self, Failure> {
        let (accounts, transactions) = match args.workload {
            Workload::Mixed => MIXED,
            Workload::W1 => (MEASURED_ACCOUNTS, args.shard_size.unwrap_or(Shape::Large).transfers()),
            Workload::W2 => (MEASURED_ACCOUNTS, W2_STEPS),
        };
        let transactions = args.transactions.unwrap_or(transactions);
        let plan = Self {
            workload: args.workload,
            transactions,
            accounts: args.accounts.unwrap_or(accounts),
            shape: args.shard_size.unwrap_or_else(|| batch_shape(args.workload, transactions)),
            shard_size: args.shard_size,
            seed: args.seed,
        };
        plan.check().map(|()| plan)
    }

    fn check(&self) -> Result<(), Failure> {
        let Self { workload, transactions, accounts, .. } = *self;
        let wrong = |reason: String| Err(Failure::new(Kind::Usage, reason));
        if transactions == 0 {
            return wrong("--transactions must be at least 1".into());
        }
        if !(2..=MAX_ACCOUNTS).contains(&accounts) {
            return wrong(format!("--accounts must be 2 to {MAX_ACCOUNTS}"));
        }
        // Before anything is multiplied by it; a wallet has at most 2^20 signatures.
        if transactions > MAX_ACCOUNTS {
            return wrong(format!("--transactions must be at most {MAX_ACCOUNTS}"));
        }
        match workload {
            Workload::W1 | Workload::W2 if transactions > accounts / 2 => wrong(format!(
                "each step of the workload takes a fresh pair, and {accounts} accounts make {pairs}: say at most \
                 --transactions {pairs} or more --accounts",
                pairs = accounts / 2
            )),
            _ => Ok(()),
        }
    }

    /// Shards, before deposits are counted.
    pub const fn shards(&self) -> usize {
        self.transactions.div_ceil(self.shape.transfers())
    }
}

fn batch_shape(workload: Workload, transactions: usize) -> Shape {
    let few = |shape: &Shape| transactions <= FEW_SHARDS * shape.transfers();
    match workload {
        Workload::W1 | Workload::W2 => Shape::Large,
        Workload::Mixed => Shape::ALL.into_iter().find(few).unwrap_or(Shape::Large),
    }
}
