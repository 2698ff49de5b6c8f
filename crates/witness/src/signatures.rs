//! What the chips of signatures are told of one signature that has been walked.

use aludel_circuits::chain::trace::ChainWalk;
use aludel_circuits::signature::trace::SignatureRow;
use aludel_ledger::xmss::{Claim, Walk};
use aludel_protocol::Signature;
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS};

/// The signature chip's part of a claim whose signature walks so.
pub fn row(claim: &Claim, walk: Walk) -> SignatureRow {
    SignatureRow {
        parameter: claim.signature.parameter,
        epoch: claim.epoch.0,
        message: claim.message,
        randomness: claim.signature.randomness,
        digits: walk.digits,
        ends: walk.ends,
        path: claim.signature.path,
    }
}

/// The hash chains that a signature has still to walk, at most [`XMSS_CHAINS`]: one that begins at its end walks no step.
pub fn chain_walks(signature: &Signature, row: &SignatureRow) -> Vec<ChainWalk> {
    let due = (0..XMSS_CHAINS).filter(|&i| usize::from(row.digits[i]) < XMSS_BASE - 1);
    due.map(|i| ChainWalk {
        parameter: row.parameter,
        epoch: row.epoch,
        chain: i as u8,
        digit: row.digits[i],
        start: signature.chains[i],
    })
    .collect()
}
