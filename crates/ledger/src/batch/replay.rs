//! Checking sealed batches by executing them again on the cells that they open.

use core::fmt;

use aludel_protocol::cell::CellAddress;
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::{BatchNumber, ChainId};
use aludel_protocol::records::{Header, Withdrawal};
use aludel_protocol::statement::Checkpoint;

use super::SealedBatch;
use super::rolling::{Failure, Rolling, next_number};
use crate::execute::{Authority, Context, ExecuteError, Executed, prepare};
use crate::multiproof::{Multiproof, PartialState, ProofError};
use crate::xmss::Claim;

/// What a run of batches did.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The rollup.
    pub chain_id: ChainId,
    /// The chain before the first batch.
    pub prev: Checkpoint,
    /// The chain after the last batch.
    pub next: Checkpoint,
    /// What each entry of each batch did.
    pub executed: Vec<Vec<Executed>>,
    /// What left in each batch, in order of index.
    pub withdrawals: Vec<Vec<Withdrawal>>,
    /// Every cell that the run touches, before its first batch and after its last.
    pub state: PartialState,
}

/// A part of a header that the entries determine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderField {
    /// One more than the batch before.
    Number,
    /// How many transactions.
    Transactions,
    /// How many items of the L1 queue.
    QueueItems,
    /// How many withdrawals.
    Withdrawals,
    /// The digest of what is published of the entries.
    Pubdata,
    /// The root of the tree of withdrawals.
    WithdrawalsRoot,
}

impl fmt::Display for HeaderField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Transactions => "count of transactions",
            Self::QueueItems => "count of queue items",
            Self::Withdrawals => "count of withdrawals",
            Self::Pubdata => "digest of published data",
            Self::WithdrawalsRoot => "root of withdrawals",
        })
    }
}

/// Why sealed batches are not accepted: each is bad as it stands and must be made or fetched again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There is nothing to replay.
    #[error("no batch was given: a run has at least one")]
    NoBatch,
    /// Batches of different rollups.
    #[error(
        "batch {number} is of chain {found}, those before it of chain {expected}; give batches of one chain"
    )]
    Chain {
        /// The batch.
        number: BatchNumber,
        /// The chain of the batches before it.
        expected: ChainId,
        /// Its own.
        found: ChainId,
    },
    /// A batch does not begin where the one before it ends.
    #[error("batch {number} begins at batch {} and state {}, the run has come to batch {} and state {}; give the batches in order, without gaps",
        found.number, found.state_root, expected.number, expected.state_root)]
    Link {
        /// The batch.
        number: BatchNumber,
        /// Where the batch before it ends.
        expected: Box<Checkpoint>,
        /// Where it begins.
        found: Box<Checkpoint>,
    },
    /// The header does not say what the entries do.
    #[error("the {field} in the header of batch {} is not that of its entries; fetch or make the batch again", found.number)]
    Header {
        /// The first part that differs.
        field: HeaderField,
        /// What the entries make, but for the operator.
        expected: Box<Header>,
        /// What the batch says.
        found: Box<Header>,
    },
    /// A count, the queue index or the number of the batch passes what its integer holds.
    #[error("batch {number} counts beyond what a header or checkpoint holds; make smaller batches")]
    Count {
        /// The batch.
        number: BatchNumber,
    },
    /// The multiproof is not one of the state before the batch.
    #[error("multiproof of batch {number}: {error}; fetch or make the batch again")]
    Proof {
        /// The batch.
        number: BatchNumber,
        /// What is wrong with it.
        error: ProofError,
    },
    /// An entry breaks a rule.
    #[error("entry {position} of batch {number}: {error}; fetch or make the batch again")]
    Entry {
        /// The batch.
        number: BatchNumber,
        /// The entry, from 0.
        position: usize,
        /// What is wrong with it.
        error: ExecuteError,
    },
    /// The multiproof opens a cell for nothing.
    #[error("batch {number} opens cell {at:?} and does not touch it; fetch or make the batch again")]
    Untouched {
        /// The batch.
        number: BatchNumber,
        /// The cell.
        at: CellAddress,
    },
    /// The union of the multiproofs does not lead where the batches lead: our bug.
    #[error("the cells of the run lead to state {found}, its batches to {expected}; report this")]
    Union {
        /// The root after the last batch.
        expected: Digest,
        /// The root of the union.
        found: Digest,
    },
}

/// An authority that takes every signature to be good.
pub(super) fn trusting(claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
    vec![Ok(()); claims.len()]
}

/// Checks one batch: [`replay_run`] of it alone.
///
/// # Errors
/// The first thing that is wrong.
pub fn replay(sealed: &SealedBatch, authority: &impl Authority) -> Result<Replay, ReplayError> {
    replay_run(core::slice::from_ref(sealed), authority)
}

/// Checks consecutive batches: that each begins where the one before it ends, that its multiproof opens just the
/// cells it touches in the state it begins with, that its entries keep the rules and bear signatures that
/// `authority` accepts, and that its header says what they are.
///
/// Whether the first batch begins at a point of the real chain, and whether the queue items are those of L1, is
/// not to be seen here: compare [`Replay::prev`] and the queue's digest in [`Replay::next`].
///
/// # Errors
/// The first thing that is wrong.
pub fn replay_run(batches: &[SealedBatch], authority: &impl Authority) -> Result<Replay, ReplayError> {
    let first = batches.first().ok_or(ReplayError::NoBatch)?;
    let (chain_id, prev) = (first.chain_id, first.prev);
    let mut next = prev;
    let mut executed = Vec::with_capacity(batches.len());
    let mut withdrawals = Vec::with_capacity(batches.len());
    let mut finals = Vec::with_capacity(batches.len());
    for sealed in batches {
        check_link(sealed, chain_id, &next)?;
        let one = replay_one(sealed, authority)?;
        next = one.next;
        executed.push(one.executed);
        withdrawals.push(one.withdrawals);
        finals.push(one.state);
    }
    let state = union(batches, finals, &prev, &next)?;
    Ok(Replay { chain_id, prev, next, executed, withdrawals, state })
}

fn check_link(sealed: &SealedBatch, expected: ChainId, at: &Checkpoint) -> Result<(), ReplayError> {
    let number = sealed.batch.header.number;
    if sealed.chain_id != expected {
        return Err(ReplayError::Chain { number, expected, found: sealed.chain_id });
    }
    if sealed.prev != *at {
        let (expected, found) = (Box::new(*at), Box::new(sealed.prev));
        return Err(ReplayError::Link { number, expected, found });
    }
    Ok(())
}

struct One {
    next: Checkpoint,
    executed: Vec<Executed>,
    withdrawals: Vec<Withdrawal>,
    state: PartialState,
}

fn replay_one(sealed: &SealedBatch, authority: &impl Authority) -> Result<One, ReplayError> {
    let found = sealed.batch.header;
    let proof = |error| ReplayError::Proof { number: found.number, error };
    let mut state = sealed.witness.open(sealed.prev.state_root).map_err(proof)?;
    let number = next_number(&sealed.prev).ok_or(ReplayError::Count { number: found.number })?;
    let context = Context { chain_id: sealed.chain_id, number, operator: found.operator };
    let mut rolling = Rolling::after(&sealed.prev, context);
    let executed = execute_all(sealed, &mut rolling, &mut state, authority)?;
    check_header(&rolling.header(), &found)?;
    check_touched(number, &state, &executed)?;
    let next = rolling.checkpoint(&sealed.prev, &found, state.root());
    Ok(One { next, executed, withdrawals: rolling.into_withdrawals(), state })
}

fn execute_all(
    sealed: &SealedBatch,
    rolling: &mut Rolling,
    state: &mut PartialState,
    authority: &impl Authority,
) -> Result<Vec<Executed>, ReplayError> {
    let (number, entries) = (sealed.batch.header.number, &sealed.batch.entries);
    let prepared = prepare(state, entries, authority);
    let one = |(position, pair)| {
        rolling.apply(state, pair, authority).map_err(|failure| match failure {
            Failure::Execute(error) => ReplayError::Entry { number, position, error },
            Failure::Exhausted => ReplayError::Count { number },
        })
    };
    entries.iter().zip(&prepared).enumerate().map(one).collect()
}

fn check_header(expected: &Header, found: &Header) -> Result<(), ReplayError> {
    let differs = [
        (HeaderField::Number, expected.number != found.number),
        (HeaderField::Transactions, expected.transactions != found.transactions),
        (HeaderField::QueueItems, expected.queue_items != found.queue_items),
        (HeaderField::Withdrawals, expected.withdrawals != found.withdrawals),
        (HeaderField::Pubdata, expected.pubdata != found.pubdata),
        (HeaderField::WithdrawalsRoot, expected.withdrawals_root != found.withdrawals_root),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((field, _)) => {
            let (expected, found) = (Box::new(*expected), Box::new(*found));
            Err(ReplayError::Header { field, expected, found })
        }
    }
}

fn check_touched(
    number: BatchNumber,
    state: &PartialState,
    executed: &[Executed],
) -> Result<(), ReplayError> {
    let accesses = executed.iter().flat_map(|one| one.accesses.iter().flatten());
    let mut touched: Vec<_> = accesses.map(|access| access.at).collect();
    touched.sort_unstable();
    let spare = state.cells().iter().find(|cell| touched.binary_search(&cell.at).is_err());
    spare.map_or(Ok(()), |cell| Err(ReplayError::Untouched { number, at: cell.at }))
}

/// The cells of all batches, opened in the state before the first and written as the batches leave them.
fn union(
    batches: &[SealedBatch],
    mut finals: Vec<PartialState>,
    prev: &Checkpoint,
    next: &Checkpoint,
) -> Result<PartialState, ReplayError> {
    if batches.len() == 1
        && let Some(only) = finals.pop()
    {
        return Ok(only);
    }
    let proof = |error| ReplayError::Proof { number: next.number, error };
    let proofs = batches.iter().map(|sealed| &sealed.witness);
    let opened = Multiproof::union(proofs).and_then(|all| all.open(prev.state_root));
    let mut state = opened.map_err(proof)?;
    for cell in finals.iter().flat_map(PartialState::cells) {
        state.set(&cell.at, cell.new).map_err(|error| proof(error.into()))?;
    }
    match state.root() {
        found if found == next.state_root => Ok(state),
        found => Err(ReplayError::Union { expected: next.state_root, found }),
    }
}
