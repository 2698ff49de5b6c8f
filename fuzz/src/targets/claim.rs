//! Claims of withdrawals.

use std::sync::LazyLock;

use aludel_ledger::{SealedBatch, replay};
use aludel_protocol::claim::Claim;
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::{Statement, Withdrawal};

use crate::world::{WORLD, trusting};
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[Target { name: "claim", kind: Kind::Statement, run, seeds }];

static STATEMENT: LazyLock<Statement> = LazyLock::new(|| {
    let chain = &WORLD.chain;
    Statement::new(chain.chain_id, WORLD.batches[0].prev, chain.checkpoint)
});

/// Every claim that holds under the statement.
static CLAIMS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
    let batches: Vec<_> = WORLD.batches.iter().chain(&WORLD.small).collect();
    (0..batches.len()).flat_map(|i| claims(batches[i], &batches[i + 1..])).collect()
});

fn claims(sealed: &SealedBatch, later: &[&SealedBatch]) -> Vec<Claim> {
    let withdrawals = replay(sealed, &trusting).expect("an honest batch").withdrawals.remove(0);
    let tree = WithdrawalTree::new(withdrawals.iter().map(Withdrawal::digest).collect());
    let claim = |withdrawal: Withdrawal| Claim {
        path: tree.path(withdrawal.index),
        withdrawal,
        header: sealed.batch.header,
        prev_headers: sealed.prev.headers,
        later: later.iter().map(|sealed| sealed.batch.header.digest()).collect(),
    };
    withdrawals.into_iter().map(claim).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    CLAIMS.iter().map(Claim::to_bytes).collect()
}

/// Under a statement only the claims of what left hold.
fn run(data: &[u8]) -> Verdict {
    let decoded = round_trip::binary(data, Claim::from_bytes, Claim::to_bytes);
    let Some(claim) = decoded else { return Verdict::Refused };
    let verdict = claim.verify(&STATEMENT);
    assert_eq!(verdict.is_ok(), CLAIMS.contains(&claim), "{verdict:?}");
    Verdict::Accepted
}
