//! From signatures to the keys that they open, with lanes running across signatures.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH};
use aludel_protocol::xmss::{key_input, leaf_prefix, message_input, node_input, wide};
use aludel_protocol::{Digest, F, KeyDigest};
use rayon::prelude::*;

use super::chain::{self, Run};
use super::lanes::compress24_all;
use super::verify::{AllDigits, Claim, VerifyError, check_digits, check_epoch, check_key};

/// Signatures of one parallel task: enough chains to fill the lanes of every bucket of [`chain::ends`].
const BLOCK: usize = 64;

/// What verification of one signature computes, and a witness shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The message hash, of which the first six elements are decoded.
    pub message_hash: [F; DIGEST],
    /// Its digits: one a chain, with the target sum, and two unused.
    pub digits: AllDigits,
    /// The last value of each chain.
    pub ends: [Digest; XMSS_CHAINS],
    /// Digest of the ends.
    pub leaf: Digest,
    /// Root of the tree of one-time keys.
    pub root: Digest,
    /// The key that the signature opens.
    pub key: KeyDigest,
}

/// Walks every claim's signature to the key that it opens, in order and in parallel. [`Claim::key`] is not read:
/// compare it with [`Walk::key`], or ask [`verify_batch`].
pub fn walk_batch(claims: &[Claim]) -> Vec<Result<Walk, VerifyError>> {
    let blocks: Vec<_> = claims.par_chunks(BLOCK).map(walk_block).collect();
    blocks.into_iter().flatten().collect()
}

/// Verifies many signatures, in order and in parallel: [`super::verify`] of each, about ten times faster.
pub fn verify_batch(claims: &[Claim]) -> Vec<Result<(), VerifyError>> {
    let verdict = |(claim, walk): (&Claim, Result<Walk, _>)| check_key(claim.key, walk?.key);
    let block = |claims: &[Claim]| claims.iter().zip(walk_block(claims)).map(verdict).collect();
    let blocks: Vec<Vec<_>> = claims.par_chunks(BLOCK).map(block).collect();
    blocks.into_iter().flatten().collect()
}

/// A claim whose message hash has the target sum.
struct Encoded<'a> {
    claim: &'a Claim<'a>,
    epoch: u32,
    hash: [F; DIGEST],
    digits: AllDigits,
}

fn walk_block(claims: &[Claim]) -> Vec<Result<Walk, VerifyError>> {
    let hashes = compress24_all(claims.len(), |i| {
        let Claim { epoch, message, signature, .. } = &claims[i];
        message_input(&signature.parameter, epoch.0, message, &signature.randomness)
    });
    let encode = |(claim, hash): (_, &Digest)| encoded(claim, hash.0);
    let encoded: Vec<_> = claims.iter().zip(&hashes).map(encode).collect();
    let accepted: Vec<&Encoded> = encoded.iter().flatten().collect();
    let mut walks = walk_encoded(&accepted).into_iter();
    let walk = |e: &Result<Encoded, VerifyError>| match e {
        Ok(_) => Ok(walks.next().unwrap_or_else(|| unreachable!("one walk for each encoded claim"))),
        Err(e) => Err(*e),
    };
    encoded.iter().map(walk).collect()
}

fn encoded<'a>(claim: &'a Claim<'a>, hash: [F; DIGEST]) -> Result<Encoded<'a>, VerifyError> {
    let epoch = check_epoch(claim.epoch)?;
    Ok(Encoded { claim, epoch, hash, digits: check_digits(&hash)? })
}

fn walk_encoded(claims: &[&Encoded]) -> Vec<Walk> {
    let ends = chain_ends(claims);
    let leaves = leaves(claims, &ends);
    let roots = roots(claims, &leaves);
    let parameter = |i: usize| &claims[i].claim.signature.parameter;
    let keys = compress24_all(claims.len(), |i| key_input(parameter(i), &roots[i]));
    let walk = |(i, e): (usize, &&Encoded)| Walk {
        message_hash: e.hash,
        digits: e.digits,
        ends: ends[i],
        leaf: leaves[i],
        root: roots[i],
        key: keys[i],
    };
    claims.iter().enumerate().map(walk).collect()
}

fn chain_ends(claims: &[&Encoded]) -> Vec<[Digest; XMSS_CHAINS]> {
    let run = |i: usize| {
        let (e, chain) = (claims[i / XMSS_CHAINS], i % XMSS_CHAINS);
        Run {
            parameter: &e.claim.signature.parameter,
            epoch: e.epoch,
            chain,
            from: usize::from(e.digits[chain]),
            to: XMSS_BASE - 1,
            value: e.claim.signature.chains[chain],
        }
    };
    let runs: Vec<Run> = (0..claims.len() * XMSS_CHAINS).map(run).collect();
    let ends = chain::ends(&runs);
    ends.chunks_exact(XMSS_CHAINS).map(|ends| core::array::from_fn(|i| ends[i])).collect()
}

fn leaves(claims: &[&Encoded], ends: &[[Digest; XMSS_CHAINS]]) -> Vec<Digest> {
    let prefix = |e: &&Encoded| Digest(leaf_prefix(&e.claim.signature.parameter, e.epoch));
    (0..XMSS_CHAINS).step_by(2).fold(claims.iter().map(prefix).collect(), |states: Vec<Digest>, chain| {
        compress24_all(claims.len(), |i| wide(states[i].0, ends[i][chain].0, ends[i][chain + 1].0))
    })
}

fn roots(claims: &[&Encoded], leaves: &[Digest]) -> Vec<Digest> {
    (0..XMSS_DEPTH).fold(leaves.to_vec(), |nodes, level| {
        compress24_all(claims.len(), |i| {
            let (epoch, signature) = (claims[i].epoch, claims[i].claim.signature);
            let (own, other) = (&nodes[i], &signature.path[level]);
            let (left, right) = if (epoch >> level) & 1 == 0 { (own, other) } else { (other, own) };
            node_input(&signature.parameter, level, epoch >> (level + 1), left, right)
        })
    })
}
