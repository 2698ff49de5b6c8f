//! A shard's traces from its sealed batches.

use aludel_circuits::signature::trace::SignatureRow;
use aludel_circuits::transaction::trace::{Event, ExecutedBatch, ExecutedEntry, TransactionTrace};
use aludel_circuits::{Shape, Tables, TraceError, cell, chain, hash24, node, range16, signature, statement};
use aludel_circuits::{shape::LogHeights, transaction};
use aludel_ledger::Executed;
use aludel_ledger::batch::{Replay, ReplayError, SealedBatch, Tally, replay_run};
use aludel_ledger::xmss::{Claim, VerifyError, walk_batch};
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::{Checkpoint, Entry, F, KeyDigest, SignedTransaction, Statement};
use p3_matrix::dense::RowMajorMatrix;
use tracing::info_span;

use crate::demand::Demand;
use crate::signatures::{chain_walks, row};

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The batches do not replay.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A transaction's signature is not one.
    #[error("transaction {position} of the run: {error}")]
    Signature {
        /// Position among the run's transactions, from 0.
        position: usize,
        /// What is wrong with it.
        error: VerifyError,
    },
    /// A shape does not hold the batches.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Not even the largest shape holds the batches.
    #[error("the batches are too large for any shape ({0}); prove fewer of them in one shard")]
    TooLarge(TraceError),
}

/// Everything that a prover needs of a run of batches.
#[derive(Clone, Debug)]
pub struct Shard {
    /// The size.
    pub shape: Shape,
    /// What the proof will say.
    pub statement: Statement,
    /// One trace a chip, in the machine's order.
    pub traces: Vec<RowMajorMatrix<F>>,
    /// What the run needs.
    pub demand: Demand,
    /// What it did.
    pub tally: Tally,
}

impl Shard {
    /// Replays sealed batches, verifies their signatures and fills every trace; in the given shape or else in the
    /// smallest that holds them.
    ///
    /// # Errors
    /// Where the batches break a rule or do not fit.
    pub fn generate(batches: &[SealedBatch], shape: Option<Shape>) -> Result<Self, WitnessError> {
        let _span = info_span!("witness").entered();
        let replay = info_span!("replay").in_scope(|| replay_run(batches, &trusting))?;
        let (demand, tally) = measure(batches, &replay);
        let shape = match shape {
            Some(shape) => demand.fits(shape).map(|()| shape)?,
            None => demand.smallest().ok_or_else(|| too_large(&demand))?,
        };
        let statement = Statement::new(replay.chain_id, replay.prev, replay.next);
        let traces = fill(&shape.log_heights(), batches, &replay, &statement)?;
        Ok(Self { shape, statement, traces, demand, tally })
    }
}

/// Replay leaves signatures to [`walks`], which has to walk them anyway.
fn trusting(claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
    vec![Ok(()); claims.len()]
}

pub(crate) fn too_large(demand: &Demand) -> WitnessError {
    let [.., largest] = Shape::ALL;
    match demand.fits(largest) {
        Err(error) => WitnessError::TooLarge(error),
        Ok(()) => unreachable!("the largest shape holds what no shape holds"),
    }
}

fn measure(batches: &[SealedBatch], replay: &Replay) -> (Demand, Tally) {
    let (mut demand, mut tally) = (Demand::default(), Tally::default());
    for (sealed, executed) in batches.iter().zip(&replay.executed) {
        for (entry, executed) in sealed.batch.entries.iter().zip(executed) {
            demand.add(entry, executed);
            tally.add(entry, executed);
        }
        demand.seal();
    }
    (demand, tally)
}

fn fill(
    heights: &LogHeights,
    batches: &[SealedBatch],
    replay: &Replay,
    says: &Statement,
) -> Result<Vec<RowMajorMatrix<F>>, WitnessError> {
    let executed = executed(batches, replay);
    let (ledger, signatures) = rayon::join(
        || ledger_traces(heights, &executed, replay, says),
        || signature_traces(heights, batches, replay),
    );
    let (ledger, signatures) = (ledger?, signatures?);
    let mut tables = ledger.tables;
    tables.merge(signatures.tables);
    let hash24 = info_span!("hash24 trace").in_scope(|| hash24::generate(heights.hash24, &tables.hash24))?;
    let range16 = range16::generate(heights.range16, &tables)?;
    Ok(vec![
        range16,
        hash24,
        signatures.chain,
        signatures.signature,
        ledger.node,
        ledger.cell,
        ledger.transaction,
        ledger.statement,
    ])
}

struct LedgerTraces {
    transaction: RowMajorMatrix<F>,
    cell: RowMajorMatrix<F>,
    node: RowMajorMatrix<F>,
    statement: RowMajorMatrix<F>,
    tables: Tables,
}

fn ledger_traces(
    heights: &LogHeights,
    executed: &[ExecutedBatch],
    replay: &Replay,
    says: &Statement,
) -> Result<LedgerTraces, TraceError> {
    let _span = info_span!("ledger traces").entered();
    let mut tables = Tables::default();
    let TransactionTrace { main, cells, next, withdrawals, .. } =
        transaction::generate(heights.transaction, says.chain_id, &says.prev, executed, &mut tables)?;
    let found = Checkpoint {
        number: next.number,
        state_root: says.next.state_root,
        headers: next.headers,
        queue: next.queue,
        queue_index: next.queue_index,
    };
    if found != says.next {
        let reason = format!("the rows end at {found:?}, the batches at {:?}", says.next);
        return Err(TraceError::Inconsistent { chip: "transaction", reason });
    }
    let cell = cell::generate(heights.cell, &cells, &mut tables)?;
    let leaving =
        withdrawals.into_iter().flat_map(|(number, leaves)| WithdrawalTree::new(leaves).updates(number));
    let nodes: Vec<_> = replay.state.update().nodes.into_iter().chain(leaving).collect();
    let node = node::generate(heights.node, &nodes)?;
    let statement = statement::generate(heights.statement, says, &mut tables)?;
    Ok(LedgerTraces { transaction: main, cell, node, statement, tables })
}

fn executed(batches: &[SealedBatch], replay: &Replay) -> Vec<ExecutedBatch> {
    let event = |entry: &Entry| match entry {
        Entry::Transaction(signed) => Event::Transaction(signed.transaction),
        Entry::Queue(item) => Event::Queue(*item),
    };
    let entry = |(entry, executed): (&Entry, &Executed)| ExecutedEntry {
        event: event(entry),
        accesses: executed.accesses,
        no_op: executed.no_op,
    };
    let batch = |(sealed, executed): (&SealedBatch, &Vec<_>)| ExecutedBatch {
        header: sealed.batch.header,
        entries: sealed.batch.entries.iter().zip(executed).map(entry).collect(),
    };
    batches.iter().zip(&replay.executed).map(batch).collect()
}

struct SignatureTraces {
    chain: RowMajorMatrix<F>,
    signature: RowMajorMatrix<F>,
    tables: Tables,
}

fn signature_traces(
    heights: &LogHeights,
    batches: &[SealedBatch],
    replay: &Replay,
) -> Result<SignatureTraces, WitnessError> {
    let _span = info_span!("signature traces").entered();
    let signed = signed_transactions(batches, replay);
    let rows = walks(&signed)?;
    let walked = signed.iter().zip(&rows);
    let due: Vec<_> = walked.flat_map(|((_, signed), row)| chain_walks(&signed.signature, row)).collect();
    let mut tables = Tables::default();
    let (chain, signature) = rayon::join(
        || chain::generate(heights.chain, &due),
        || signature::generate(heights.signature, &rows, &mut tables),
    );
    Ok(SignatureTraces { chain: chain?, signature: signature?, tables })
}

/// Every transaction of the run with the key that its sender held.
fn signed_transactions<'a>(
    batches: &'a [SealedBatch],
    replay: &Replay,
) -> Vec<(KeyDigest, &'a SignedTransaction)> {
    let entries = batches.iter().flat_map(|sealed| &sealed.batch.entries);
    let with_key = |(entry, executed): (&'a Entry, &Executed)| match entry {
        Entry::Transaction(signed) => executed.accesses[0].map(|sender| (sender.old.key(), signed)),
        Entry::Queue(_) => None,
    };
    entries.zip(replay.executed.iter().flatten()).filter_map(with_key).collect()
}

fn walks(signed: &[(KeyDigest, &SignedTransaction)]) -> Result<Vec<SignatureRow>, WitnessError> {
    let claim = |(key, signed): &(KeyDigest, &'_ SignedTransaction)| (*key, signed.transaction.digest());
    let digests: Vec<_> = signed.iter().map(claim).collect();
    let claims: Vec<Claim> = (signed.iter().zip(&digests))
        .map(|((_, signed), (key, message))| Claim {
            key: *key,
            epoch: signed.transaction.epoch,
            message: *message,
            signature: &signed.signature,
        })
        .collect();
    let checked = walk_batch(&claims).into_iter().zip(&claims).map(|(walk, claim)| {
        let walk = walk?;
        if walk.key == claim.key {
            Ok(row(claim, walk))
        } else {
            Err(VerifyError::Key { expected: claim.key, found: walk.key })
        }
    });
    checked
        .enumerate()
        .map(|(position, row)| row.map_err(|error| WitnessError::Signature { position, error }))
        .collect()
}
