//! Runs a program over a witness.

mod hashes;
mod paths;

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, perm16};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_symmetric::Permutation;

use crate::bus::CHALLENGE;
use crate::recursion::bits;
use crate::recursion::bits::columns::BitsColumns;
use crate::recursion::extension::{challenge, coefficients, product};
use crate::recursion::path::trace::PathStep;
use crate::recursion::program::{Bit, Lane, Port, Program, Rows, Step, Value};
use crate::recursion::sponge::trace::SpongeStep;

/// The witness does not satisfy the program: the proof that it verifies is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stage}: {reason}")]
pub struct Unsatisfied {
    /// The stage of the circuit.
    pub stage: &'static str,
    /// What does not hold.
    pub reason: String,
}

/// A program's run: what the main columns are made from.
pub struct Execution<'p> {
    pub(super) rows: &'p Rows,
    /// The memory, by address.
    memory: Vec<[F; CHALLENGE]>,
    digests: Vec<[F; DIGEST]>,
    pub(super) bits: Vec<BitsColumns<F>>,
    pub(super) blocks: Vec<SpongeStep>,
    pub(super) nodes: Vec<PathStep>,
    /// States before each permutation of the challenger.
    pub(super) duplexes: Vec<[F; 16]>,
    /// How many paths end at each entry of a cap.
    pub(super) ends: Vec<u32>,
    unsatisfied: Vec<Unsatisfied>,
    stage: &'static str,
}

/// Runs a program. A witness that does not satisfy it is run to the end all the same, so that a forger's traces are as
/// complete as an honest prover's; [`Execution::check`] tells.
pub fn execute<'p, W>(program: &'p Program<W>, witness: &W) -> Execution<'p> {
    let rows = program.rows();
    let mut e = Execution {
        rows,
        memory: vec![[F::ZERO; CHALLENGE]; program.values()],
        digests: vec![[F::ZERO; DIGEST]; program.hashes as usize],
        bits: Vec::with_capacity(rows.bits.len()),
        blocks: Vec::with_capacity(rows.sponge.len()),
        nodes: vec![PathStep::default(); rows.path.len()],
        duplexes: Vec::with_capacity(rows.transcript.len()),
        ends: vec![0; rows.caps.len()],
        unsatisfied: Vec::new(),
        stage: "beginning",
    };
    program.steps.iter().for_each(|step| e.step(step, witness));
    for multiproof in &program.multiproofs {
        e.stage = multiproof.stage;
        e.walk(&multiproof.paths, &(multiproof.siblings)(witness));
    }
    e
}

impl<'p> Execution<'p> {
    /// Whether the witness satisfies the program.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self) -> Result<(), Unsatisfied> {
        self.unsatisfied.first().map_or(Ok(()), |u| Err(u.clone()))
    }

    /// The public values.
    pub fn public(&self) -> Vec<F> {
        self.rows.public.iter().map(|value| self.base(*value)).collect()
    }

    /// A value of the memory.
    pub fn value(&self, value: Value) -> [F; CHALLENGE] {
        self.memory[value.index()]
    }

    fn base(&self, value: Value) -> F {
        self.value(value)[0]
    }

    pub(super) fn port(&self, port: Port) -> [F; CHALLENGE] {
        port.value().map_or([F::ZERO; CHALLENGE], |value| self.value(value))
    }

    pub(super) fn digest_at(&self, first: Value) -> [F; DIGEST] {
        core::array::from_fn(|i| self.base(first.plus(i as u32)))
    }

    fn set(&mut self, port: Port, x: [F; CHALLENGE]) {
        if let Port::Write(value) = port {
            self.memory[value.index()] = x;
        }
    }

    fn set_base(&mut self, port: Port, x: F) {
        self.set(port, [x, F::ZERO, F::ZERO, F::ZERO, F::ZERO]);
    }

    fn fail(&mut self, reason: impl Into<String>) {
        self.unsatisfied.push(Unsatisfied { stage: self.stage, reason: reason.into() });
    }

    fn step<W>(&mut self, step: &Step<W>, witness: &W) {
        let rows = self.rows;
        match step {
            Step::Stage(name) => self.stage = name,
            Step::Hint { first, n, whole, hint } => self.hint(*first, *n, *whole, &hint(witness)),
            Step::Compute(run) => {
                let run = &rows.alu[run.clone()];
                let sum = self.sum(run);
                run.iter().for_each(|lane| self.set(lane.ports[2], sum));
            }
            Step::Invert(lane) => self.invert(&rows.alu[*lane]),
            Step::Assert(run) => {
                if self.sum(&rows.alu[run.clone()]) != [F::ZERO; CHALLENGE] {
                    self.fail("two values that must be equal differ");
                }
            }
            Step::Hash { blocks, elements } => {
                let elements = elements.as_ref().map(|hint| hint(witness));
                self.hash(&rows.sponge[blocks.clone()], elements);
            }
            Step::Place { first, own, place, others } => {
                let bits = place.iter().map(|bit| self.base(*bit) != F::ZERO);
                let at = (0..).zip(bits).map(|(i, bit)| usize::from(bit) << i).sum();
                self.place(*first, 1 << place.len(), self.value(*own), at, others(witness));
            }
            Step::Duplex(row) => self.duplex(*row),
            Step::Join(row) => {
                let row = &rows.pack[*row];
                let x = row.base.map(|port| self.port(port)[0]);
                self.set(row.whole, x);
            }
            Step::Split(row) => {
                let row = &rows.pack[*row];
                let x = self.port(row.whole);
                row.base.into_iter().zip(x).for_each(|(port, x)| self.set_base(port, x));
            }
            Step::Bits(range) => self.take_apart(&rows.bits[range.clone()]),
            Step::Reveal { hashed, first } => {
                let digest = self.digests[hashed.0 as usize];
                for (i, x) in (0..).zip(digest) {
                    self.set_base(Port::Write(first.plus(i)), x);
                }
            }
        }
    }

    /// Of a witness that has too much the rest is left, of one that has too little zeros are taken.
    fn hint(&mut self, first: Value, n: usize, whole: bool, x: &[F]) {
        let size = if whole { CHALLENGE } else { 1 };
        for (i, x) in (0..).zip(x.chunks(size).take(n)) {
            let mut value = [F::ZERO; CHALLENGE];
            value[..x.len()].copy_from_slice(x);
            self.set(Port::Write(first.plus(i)), value);
        }
    }

    /// The sum of lanes.
    fn sum(&self, run: &[Lane]) -> [F; CHALLENGE] {
        run.iter().fold([F::ZERO; CHALLENGE], |sum, lane| self.lane(lane, sum))
    }

    /// `q_ab a b + q_a a + q_b b + q_0 + q_c before`.
    pub(super) fn lane(&self, lane: &Lane, before: [F; CHALLENGE]) -> [F; CHALLENGE] {
        let [a, b, _] = lane.ports.map(|port| self.port(port));
        let [q_ab, q_a, q_b, q_0] = lane.factors;
        let ab = product(&a, &b);
        let carried = F::from_bool(lane.carries);
        let mut sum = core::array::from_fn(|i| q_ab * ab[i] + q_a * a[i] + q_b * b[i] + carried * before[i]);
        sum[0] += q_0;
        sum
    }

    fn invert(&mut self, lane: &Lane) {
        let a = challenge(self.port(lane.ports[0]));
        match a.try_inverse() {
            Some(b) => self.set(lane.ports[1], coefficients(b)),
            None => self.fail("a divisor is zero"),
        }
    }

    fn place(&mut self, first: Value, n: usize, own: [F; CHALLENGE], at: usize, others: Vec<F>) {
        let mut all = others;
        all.resize((n - 1) * CHALLENGE, F::ZERO);
        all.splice(at * CHALLENGE..at * CHALLENGE, own);
        self.hint(first, n, true, &all);
    }

    fn duplex(&mut self, row: usize) {
        let row = &self.rows.transcript[row];
        let mut state = match self.duplexes.last() {
            Some(last) if !row.begin => perm16().permute(*last),
            _ => [F::ZERO; 16],
        };
        if row.absorbed > 0 {
            for (x, port) in state.iter_mut().zip(row.absorb) {
                *x = self.port(port)[0];
            }
            state[8] += F::from_usize(row.absorbed);
        }
        self.duplexes.push(state);
        let out = perm16().permute(state);
        row.squeeze.into_iter().zip(out).for_each(|(port, x)| self.set_base(port, x));
    }

    fn take_apart(&mut self, rows: &[Bit]) {
        let element = rows.last().and_then(|row| row.element).map_or(F::ZERO, |value| self.base(value));
        let columns = bits::trace::element(rows, element);
        for (row, columns) in rows.iter().zip(&columns) {
            let outputs = [(row.bit, columns.bit), (row.index, columns.index), (row.point, columns.point)];
            for (value, x) in outputs {
                self.set_base(value.map_or(Port::Unused, Port::Write), x);
            }
        }
        self.bits.extend(columns);
    }
}
