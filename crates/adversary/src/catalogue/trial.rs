//! Where attempts are proven, verified and compared with what must come of them.

use std::collections::BTreeSet;

use aludel_protocol::Statement;
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify};

use super::Ending;
use crate::honest::{PROVER, verdict};
use crate::witness::Forgery;

/// The record of a crime's attempts, or of a control's.
#[derive(Debug, Default)]
pub struct Trial {
    /// What ended otherwise than it must, in words.
    pub failures: Vec<String>,
    /// The endings that were met, with how many attempts met them.
    pub refusals: Vec<Ending>,
    /// Honest attempts that were accepted.
    pub accepted: usize,
}

impl Trial {
    /// The endings met, each once.
    pub fn endings(&self) -> BTreeSet<Ending> {
        self.refusals.iter().copied().collect()
    }

    /// Records that an attempt ended in this error.
    pub fn ends(&mut self, attempt: &str, verdict: Result<Statement, VerifyError>, ending: Ending) {
        match verdict {
            Ok(_) => self.failures.push(format!("{attempt}: ACCEPTED, and must end in {ending:?}")),
            Err(error) if ending.is(&error) => self.refusals.push(ending),
            Err(error) => {
                self.failures.push(format!("{attempt}: must end in {ending:?}, and ended in {error:?}"))
            }
        }
    }

    /// Proves a shard of which just these constraints and buses, by our own checker, are violated; the proof must be
    /// refused in this way.
    pub(super) fn refused(&mut self, forgery: &Forgery, by: &[&str], ending: Ending) {
        let (found, bytes) = prove(forgery);
        self.violates(&found, by);
        self.ends(&by.join(", "), verdict(&bytes), ending);
    }

    /// Proves a shard that nothing refuses, and returns the proof.
    pub(super) fn accepted(&mut self, forgery: &Forgery) -> Vec<u8> {
        let (found, bytes) = prove(forgery);
        self.violates(&found, &[]);
        match verdict(&bytes) {
            Ok(statement) if statement == forgery.says => self.accepted += 1,
            other => self.failures.push(format!("what is honest must be accepted, and ended in {other:?}")),
        }
        bytes
    }

    /// Proves what a shard did, which is not what L1 expects, so that whoever asks for that refuses it; and then says
    /// what L1 expects.
    pub(super) fn another_queue(&mut self, mut forgery: Forgery, l1: Statement) {
        let wants = Expectations { statement: Some(l1), chain_id: None };
        let bytes = self.accepted(&forgery);
        self.ends("another statement than L1's", verify(&bytes, &wants), Ending::Statement);
        forgery.says = l1;
        self.refused(&forgery, &["bus boundary"], super::shards::UNBALANCED);
    }

    /// Records whether our checker names just these.
    fn violates(&mut self, found: &BTreeSet<String>, by: &[&str]) {
        if *found != by.iter().map(ToString::to_string).collect() {
            self.failures.push(format!("must be refused by {by:?}, and is by {found:?}"));
        }
    }
}

/// What our checker says of a shard, and its proof.
pub(super) fn prove(forgery: &Forgery) -> (BTreeSet<String>, Vec<u8>) {
    let traces = forgery.traces();
    let mains: Vec<_> = traces.chips().iter().map(|(_, main, _)| main.clone()).collect();
    (traces.refused_by(), PROVER.prove_unverified(&mains, &forgery.says).expect("a forger gets its bytes"))
}
