//! What a worker does on the processor: witnesses, proofs, folds.

use std::collections::HashMap;

use aludel_circuits::Shape;
use aludel_ledger::SealedBatch;
use aludel_protocol::Digest;
use aludel_prover::Prover;
use aludel_prover::aggregate::{AggregateError, Folded, Folder, Shard as Proven};
use aludel_scheduler::{Failure, FailureClass, Task};
use aludel_verifier::{Expectations, KeyError};
use aludel_witness::Shard;

use super::serve::Craft;
use super::wire::Order;
use crate::rules::class;

/// Proves on the processor. Keys are made when they are first needed, and kept.
pub struct OnProcessor {
    provers: HashMap<Shape, Prover>,
    folder: Folder,
}

const ANY: Expectations = Expectations { chain_id: None, statement: None };

impl OnProcessor {
    /// A worker that has made no keys yet.
    ///
    /// # Errors
    /// The manifest of keys is broken: a fault of this build.
    pub fn new() -> Result<Self, KeyError> {
        Ok(Self { provers: HashMap::new(), folder: Folder::new()? })
    }

    fn prove(&mut self, order: &Order, step: &dyn Fn() -> bool) -> Result<Vec<u8>, Option<Failure>> {
        let shape = order.shape.and_then(|number| Shape::from_number(number.0));
        let shape = shape.ok_or_else(|| other(&"the order names no shape of this build"))?;
        let read =
            |bytes: &Vec<u8>| SealedBatch::from_bytes(bytes).map_err(|e| fail(FailureClass::Input, &e));
        let batches = order.inputs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        go_on(step)?;
        let shard = Shard::generate(&batches, Some(shape)).map_err(|e| fail(class(&e), &e))?;
        drop(batches);
        go_on(step)?;
        if let std::collections::hash_map::Entry::Vacant(e) = self.provers.entry(shape) {
            e.insert(Prover::new(shape).map_err(|e| other(&e))?);
            go_on(step)?;
        }
        let prover = self.provers.get(&shape).ok_or_else(|| other(&"no prover"))?;
        prover.prove(&shard.traces, &shard.statement).map(|proof| proof.bytes).map_err(|e| other(&e))
    }

    fn fold(&self, order: &Order, step: &dyn Fn() -> bool) -> Result<Vec<u8>, Option<Failure>> {
        let open = |bytes: &Vec<u8>| Folded::open(bytes.clone(), &ANY);
        let folded = match (order.task, order.inputs.as_slice()) {
            (Task::Lift { .. }, [proof]) => {
                let shard = Proven::open(proof, &ANY).map_err(refused)?;
                go_on(step)?;
                self.folder.lift(shard)
            }
            (Task::Join { .. }, [first, second]) => {
                let (first, second) = (open(first).map_err(refused)?, open(second).map_err(refused)?);
                go_on(step)?;
                self.folder.join(&first, &second)
            }
            (Task::Root, [run]) => {
                let run = open(run).map_err(refused)?;
                go_on(step)?;
                self.folder.root(&run)
            }
            _ => return Err(other(&"the order is none of a worker")),
        };
        folded.map(|folded| folded.bytes().to_vec()).map_err(refused)
    }
}

impl Craft for OnProcessor {
    fn keys(&self) -> Digest {
        self.folder.set()
    }

    fn make(&mut self, order: &Order, step: &dyn Fn() -> bool) -> Result<Vec<u8>, Option<Failure>> {
        match order.task {
            Task::Prove { .. } => self.prove(order, step),
            _ => self.fold(order, step),
        }
    }
}

fn go_on(step: &dyn Fn() -> bool) -> Result<(), Option<Failure>> {
    if step() { Ok(()) } else { Err(None) }
}

fn fail(class: FailureClass, what: &dyn core::fmt::Display) -> Option<Failure> {
    Some(Failure::new(class, what.to_string()))
}

fn other(what: &dyn core::fmt::Display) -> Option<Failure> {
    fail(FailureClass::Internal, what)
}

fn refused(error: AggregateError) -> Option<Failure> {
    other(&error)
}
