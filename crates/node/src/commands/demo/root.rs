//! The shards' proofs, folded into one.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aludel_protocol::Statement;
use aludel_prover::aggregate::Shard;
use aludel_verifier::keys::FoldedKey;
use aludel_verifier::{Expectations, Role};
use rayon::prelude::*;

use super::keep::Keep;
use super::wallets::CHAIN;
use crate::commands::aggregate::fold;
use crate::commands::verify::verify_one;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;

/// The root of all shards, verified from its bytes.
pub struct Root {
    /// Bytes of the proof.
    pub bytes: usize,
    /// Wall time of its verification.
    pub verifying: Duration,
    /// Wall time of all lifts, joins and the root, of keys for them, and of reading the shards' proofs again.
    pub aggregating: Duration,
    /// Wall time of each lift.
    pub lifts: Vec<Duration>,
    /// Wall time of each join.
    pub joins: Vec<Duration>,
}

/// Folds the proofs of the shards, one step at a time.
pub fn folded(proofs: Vec<Vec<u8>>, statement: &Statement, keep: &Keep) -> Result<Root, Failure> {
    let start = Instant::now();
    let expected = Expectations { chain_id: Some(CHAIN), statement: None };
    let open = |bytes: Vec<u8>| Shard::open(&bytes, &expected).or_fail(Kind::Bug, "shards");
    let shards = proofs.into_par_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let times = Mutex::new((Vec::new(), Vec::new()));
    let root = fold(shards, 1, |done| {
        let (lifts, joins) = &mut *times.lock().unwrap_or_else(PoisonError::into_inner);
        match done.role {
            Role::Lift(_) => lifts.push(done.stats.proving),
            Role::Join => joins.push(done.stats.proving),
            Role::Shard(_) | Role::Root => {}
        }
    })?;
    let aggregating = start.elapsed();
    // So that no verification is charged for the key.
    FoldedKey::pinned(Role::Root).or_fail(Kind::Bug, "keys")?;
    let start = Instant::now();
    let found = verify_one(&Place::Stream, root.bytes(), Some(CHAIN))?;
    let verifying = start.elapsed();
    if found != *statement {
        return Err(Failure::new(Kind::Bug, "the root says something else than the shards"));
    }
    keep.root(root.bytes())?;
    let (lifts, joins) = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Root { bytes: root.bytes().len(), verifying, aggregating, lifts, joins })
}
