//! Writes programs.

mod arithmetic;
mod bits;
mod hashes;
mod transcript;
mod trees;

use std::collections::{HashMap, HashSet};

use aludel_protocol::F;

pub use arithmetic::Part;
pub use bits::{BITS, Bits};
pub use hashes::Sum;
pub use transcript::Transcript;
pub use trees::{LEVELS, Walk};

use super::alu::columns::LANES;
use super::program::{Hashed, Hint, Pack, Port, Program, Rows, Step, Value};
use crate::bus::{CHALLENGE, MOST_READS};

/// A program in the making, for witnesses of a sort `W`.
///
/// Methods that name values take those of this circuit; values of another are a panic or another program, never a witness's choice.
pub struct Circuit<W> {
    program: Program<W>,
    /// Whether an address has its writer.
    written: Vec<bool>,
    /// Hints that are challenges.
    wide: HashSet<Value>,
    /// The copy of a value that is read on when it was read [`MOST_READS`] times.
    copies: HashMap<Value, Value>,
    constants: HashMap<F, Value>,
    /// Where lanes of a row of `alu` are free, by how many there are.
    free: [Vec<usize>; LANES],
    trees: u32,
    stage: &'static str,
}

impl<W> Default for Circuit<W> {
    fn default() -> Self {
        let program = Program {
            rows: Rows::default(),
            steps: Vec::new(),
            multiproofs: Vec::new(),
            reads: Vec::new(),
            hashes: 0,
        };
        Self {
            program,
            written: Vec::new(),
            wide: HashSet::new(),
            copies: HashMap::new(),
            constants: HashMap::new(),
            free: Default::default(),
            trees: 0,
            stage: "beginning",
        }
    }
}

impl<W> Circuit<W> {
    /// The program.
    ///
    /// # Panics
    /// A hint was made that no row writes, a value is read too often, or a hash is not taken by just one path: all are faults of the
    /// circuit.
    pub fn finish(self) -> Program<W> {
        let orphan = self.written.iter().position(|w| !w);
        assert_eq!(orphan, None, "every value has a writer");
        let most = self.program.reads.iter().copied().max().unwrap_or(0);
        assert!(most <= MOST_READS, "a value is read {most} times");
        let mut taken: Vec<Hashed> = self.program.rows.path.iter().filter_map(|node| node.digest).collect();
        taken.sort_unstable();
        assert!(taken.into_iter().eq((0..self.program.hashes).map(Hashed)), "every hash is taken once");
        self.program
    }

    /// The rows so far.
    pub const fn rows(&self) -> &Rows {
        self.program.rows()
    }

    /// What follows belongs to this stage: where a witness fails, it is named.
    pub fn stage(&mut self, name: &'static str) {
        self.stage = name;
        self.program.steps.push(Step::Stage(name));
    }

    fn fresh(&mut self) -> Value {
        self.fresh_many(1)
    }

    /// The first of so many addresses in a row.
    fn fresh_many(&mut self, n: usize) -> Value {
        let first = self.written.len();
        self.written.resize(first + n, false);
        self.program.reads.resize(first + n, 0);
        Value(first as u32)
    }

    fn write(&mut self, value: Value) -> Port {
        let written = &mut self.written[value.index()];
        assert!(!*written, "a value has one writer");
        *written = true;
        Port::Write(value)
    }

    fn write_fresh(&mut self) -> Value {
        let value = self.fresh();
        self.write(value);
        value
    }

    fn read(&mut self, value: Value) -> Port {
        let value = self.copy_to_read(value);
        self.program.reads[value.index()] += 1;
        Port::Read(value)
    }

    /// The value, or a copy of it where it has been read as often as it may be.
    fn copy_to_read(&mut self, mut value: Value) -> Value {
        while let Some(copy) = self.copies.get(&value) {
            value = *copy;
        }
        if self.program.reads[value.index()] + 1 < MOST_READS {
            return value;
        }
        self.program.reads[value.index()] += 1;
        let copy = self.copy(value);
        self.copies.insert(value, copy);
        copy
    }

    /// A port of a value that is read, or written where nothing has yet.
    fn take(&mut self, value: Value) -> Port {
        if self.written[value.index()] { self.read(value) } else { self.write(value) }
    }

    /// Base field elements that nothing computes. Some row must bring them into the memory: the transcript or a hash that absorbs
    /// them, or [`Circuit::adopt`].
    pub fn hint(&mut self, n: usize, hint: impl Fn(&W) -> Vec<F> + Send + Sync + 'static) -> Vec<Value> {
        self.hints(n, false, Box::new(hint))
    }

    /// Challenges that nothing computes, five coefficients each.
    pub fn hint_challenges(
        &mut self,
        n: usize,
        hint: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> Vec<Value> {
        self.hints(n, true, Box::new(hint))
    }

    /// Challenges of which one is `own`, at the place that `place`, least bit first, says; the others are hints, in order. A hash of all
    /// of them brings them into the memory.
    pub fn place(
        &mut self,
        own: Value,
        place: &[Value],
        others: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> Vec<Value> {
        let n = 1 << place.len();
        let first = self.fresh_many(n);
        let (place, others) = (place.to_vec(), Box::new(others));
        self.program.steps.push(Step::Place { first, own, place, others });
        let values: Vec<Value> = (0..n as u32).map(|i| first.plus(i)).collect();
        self.wide.extend(&values);
        values
    }

    fn hints(&mut self, n: usize, whole: bool, hint: Hint<W>) -> Vec<Value> {
        let first = self.fresh_many(n);
        self.program.steps.push(Step::Hint { first, n, whole, hint });
        let values: Vec<Value> = (0..n as u32).map(|i| first.plus(i)).collect();
        if whole {
            self.wide.extend(&values);
        }
        values
    }

    /// Brings hinted base field elements into the memory.
    pub fn adopt(&mut self, hints: &[Value]) {
        for five in hints.chunks(CHALLENGE) {
            let mut row = Pack::default();
            for (port, value) in row.base.iter_mut().zip(five) {
                *port = self.write(*value);
            }
            self.program.rows.pack.push(row);
        }
    }

    /// Makes values public, in order. Once a circuit.
    pub fn publish(&mut self, values: &[Value]) {
        assert!(self.program.rows.public.is_empty(), "public values are published once");
        self.program.rows.public = values
            .iter()
            .map(|value| {
                let value = self.copy_to_read(*value);
                self.program.reads[value.index()] += 1;
                value
            })
            .collect();
    }
}
