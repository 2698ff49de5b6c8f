//! Proofs that lie about themselves, each lie carried through by [`crate::prover`]: on the toy machine, on the real one in
//! shape `tiny`, or on both.

mod fixed;
mod heights;
mod low_degree;
mod openings;
mod quotients;
mod statements;
mod terminals;

pub use statements::altered;

use aludel_circuits::MachineChip;
use aludel_protocol::{Challenge, F, Statement, fe};
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify_with};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::{Chapter, Class, Crime, Ending, Trial};
use crate::honest::{PROVER, SHARD};
use crate::prover::{Forger, Lies, Trace};
use crate::toy::{self, Toy};

/// Every file here.
pub(super) const CHAPTERS: &[Chapter] = &[
    Chapter { name: "terminals", crimes: terminals::CRIMES, controls: &[] },
    Chapter { name: "quotients", crimes: quotients::CRIMES, controls: &[] },
    Chapter { name: "openings", crimes: openings::CRIMES, controls: &[] },
    Chapter { name: "low_degree", crimes: low_degree::CRIMES, controls: &[] },
    Chapter { name: "heights", crimes: heights::CRIMES, controls: &[] },
    Chapter { name: "statements", crimes: statements::CRIMES, controls: &[] },
    Chapter { name: "fixed", crimes: fixed::CRIMES, controls: &[] },
];

/// The last polynomial is not what a query folds to: some word is no polynomial of its height.
const NOT_LOW_DEGREE: Ending = Ending::Refused("FinalPolyMismatch");
/// An opened row of a commitment does not lead to its root.
const NOT_COMMITTED: Ending = Ending::Refused("InputError");
/// An opened row of a folded layer does not lead to its root.
const NOT_FOLDED: Ending = Ending::Refused("CommitPhaseMmcsError");
/// The challenge that batches openings was drawn without work, or from another transcript.
const NO_WORK: Ending = Ending::Refused("InvalidPowWitness");
/// The sums of the chips are not zero together.
const TERMINALS: Ending = Ending::Refused("terminal sum");

type Verdict = Result<Statement, VerifyError>;

/// Chips of the toy machine, by index.
mod toy_chip {
    pub const TABLE: usize = 0;
    pub const COUNTER: usize = 1;
    pub const SINK: usize = 2;
}

/// Chips of the real machine, by index.
mod chip {
    pub const RANGE16: usize = 0;
    pub const NODE: usize = 4;
    pub const CELL: usize = 5;
    pub const TRANSACTION: usize = 6;
    pub const STATEMENT: usize = 7;
}

/// The verdict over a forged proof of the toy machine that says `statement(3)`.
fn on_toy(traces: &[Trace], lies: &Lies<'_, Toy>) -> Verdict {
    let bytes = Forger::new(toy::prover().key()).prove(traces, &toy::statement(3), lies);
    verify_with(toy::prover().key(), &bytes, &Expectations::default())
}

/// The verdict over a forged proof of the real machine that says what the honest shard says.
fn on_real(traces: &[Trace], lies: &Lies<'_, MachineChip>) -> Verdict {
    on_real_saying(&SHARD.statement, traces, lies)
}

fn on_real_saying(statement: &Statement, traces: &[Trace], lies: &Lies<'_, MachineChip>) -> Verdict {
    let bytes = Forger::new(PROVER.key()).prove(traces, statement, lies);
    verify_with(PROVER.key(), &bytes, &Expectations::default())
}

/// Honest traces of the toy machine.
fn toy_traces() -> Vec<Trace> {
    toy::traces(&toy::statement(3))
}

/// Traces of the toy machine of which one message has no receiver.
fn toy_unbalanced() -> Vec<Trace> {
    let mut traces = toy_traces();
    traces[toy_chip::SINK].values[3 * 126 + 2] = F::ZERO;
    traces
}

/// Traces of the toy machine of which one cube is none.
fn toy_broken() -> Vec<Trace> {
    let mut traces = toy_traces();
    traces[toy_chip::COUNTER].values[4] += F::ONE;
    traces
}

/// The honest shard, in which a balance of the second row is larger by one.
fn real_broken() -> Vec<Trace> {
    let mut traces = SHARD.traces.clone();
    let width = traces[chip::CELL].width;
    traces[chip::CELL].values[width] += F::ONE;
    traces
}

/// The honest shard, with one lookup more answered than asked.
fn real_unbalanced() -> Vec<Trace> {
    let mut traces = SHARD.traces.clone();
    traces[chip::RANGE16].values[7] += F::ONE;
    traces
}

/// A challenge that stands for any other.
fn some() -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| fe(3 * i as u32 + 1))
}
