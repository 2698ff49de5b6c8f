//! The rules of this build: batches of our ledger, proofs under the pinned keys.

use aludel_circuits::Shape;
use aludel_ledger::SealedBatch;
use aludel_protocol::codec::{self, Kind};
use aludel_protocol::fold::fold;
use aludel_protocol::{BatchNumber, ChainId, Digest, Statement};
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{Cut, Failure, FailureClass, Lapse, Task};
use aludel_verifier::{Expectations, KeyError, KeySet, Role, format, verify};
use aludel_witness::{CutShard, Cutter, WitnessError};

use crate::judge::{Checked, Judge, Work};

/// Replays with the ledger, verifies with the verifier.
#[derive(Clone, Debug)]
pub struct Rules {
    keys: Digest,
    most: Shape,
}

impl Rules {
    /// Rules under the pinned keys; shards are of at most this shape, but for batches that alone need a larger one.
    ///
    /// # Errors
    /// The manifest of keys is broken: a fault of this build.
    pub fn new(most: Shape) -> Result<Self, KeyError> {
        Ok(Self { keys: KeySet::pinned()?.root(), most })
    }
}

impl Judge for Rules {
    fn keys(&self) -> Digest {
        self.keys
    }

    fn batch(&self, bytes: &[u8]) -> Result<(ChainId, BatchNumber), Failure> {
        let sealed = read(bytes)?;
        Ok((sealed.chain_id, sealed.batch.header.number))
    }

    fn check(&self, chain: ChainId, work: &Work<'_>) -> Result<Checked, Lapse> {
        let failed =
            |class, what: &dyn core::fmt::Display| Lapse::Failed(Failure::new(class, what.to_string()));
        let mut cutter = Cutter::new(self.most);
        for bytes in work.inputs() {
            let sealed = read(&bytes?).map_err(Lapse::Failed)?;
            if sealed.chain_id != chain {
                let (number, found) = (sealed.batch.header.number, sealed.chain_id);
                let what = format!("batch {number} is of chain {found}, the job of chain {chain}");
                return Err(failed(FailureClass::Input, &what));
            }
            cutter.push(&sealed).map_err(|e| failed(class(&e), &e))?;
        }
        let shards = cutter.finish();
        let cuts: Vec<Cut> = shards.iter().map(cut).collect();
        let says: Vec<&[u8]> = cuts.iter().map(|cut| cut.statement.as_slice()).collect();
        let statement = self.fold(&says).map_err(Lapse::Failed)?;
        Ok(Checked { cuts, statement })
    }

    fn verify(
        &self,
        task: Task,
        shape: Option<ShapeNumber>,
        proof: &[u8],
        says: &[&[u8]],
    ) -> Result<(), String> {
        let expected = self.fold(says).map_err(|failure| failure.sentence)?;
        let statement = decode(&expected).map_err(|failure| failure.sentence)?;
        let (claim, _) = format::claim(proof).map_err(|e| e.to_string())?;
        let is_it = match (task, claim.role) {
            (Task::Prove { .. }, Role::Shard(found)) | (Task::Lift { .. }, Role::Lift(found)) => {
                shape == Some(ShapeNumber(found.number()))
            }
            (Task::Join { .. }, Role::Join) | (Task::Root, Role::Root) => true,
            _ => false,
        };
        if !is_it {
            return Err(format!("{task} was answered with a proof of another kind: {}", claim.role.name()));
        }
        let expectations = Expectations { chain_id: None, statement: Some(statement) };
        verify(proof, &expectations).map(|_| ()).map_err(|e| e.to_string())
    }

    fn most(&self) -> Shape {
        self.most
    }

    fn fold(&self, says: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        let mut all: Option<Statement> = None;
        for bytes in says {
            let one = decode(bytes)?;
            all = Some(match &all {
                None => one,
                Some(before) => fold(before, &one).map_err(|gap| {
                    let what = format!(
                        "the batches of the job do not follow one another: {} is {} where {} must be; submit batches without a gap",
                        gap.field, gap.found, gap.expected
                    );
                    Failure::new(FailureClass::Input, what)
                })?,
            });
        }
        let none = || {
            Failure::new(FailureClass::Internal, "nothing was to be said; this is a bug in Aludel, report it")
        };
        Ok(codec::encode(Kind::Statement, &all.ok_or_else(none)?))
    }
}

fn cut(shard: &CutShard) -> Cut {
    Cut {
        batches: u32::try_from(shard.batches).unwrap_or(u32::MAX),
        shape: ShapeNumber(shard.shape.number()),
        statement: codec::encode(Kind::Statement, &shard.statement),
    }
}

fn read(bytes: &[u8]) -> Result<SealedBatch, Failure> {
    let bad = |e| Failure::new(FailureClass::Input, format!("a batch cannot be read: {e}"));
    SealedBatch::from_bytes(bytes).map_err(bad)
}

fn decode(bytes: &[u8]) -> Result<Statement, Failure> {
    codec::decode(Kind::Statement, bytes).map_err(|e| {
        let what = format!(
            "a recorded statement cannot be read ({e}); check the disk, then submit again under another key"
        );
        Failure::new(FailureClass::Internal, what)
    })
}

/// What sort of failure it is that batches have no witness.
pub const fn class(error: &WitnessError) -> FailureClass {
    match error {
        WitnessError::Replay(_) | WitnessError::Signature { .. } => FailureClass::Unsatisfied,
        WitnessError::TooLarge(_) => FailureClass::Limit,
        WitnessError::Trace(_) => FailureClass::Internal,
    }
}
