//! The processor with a fault, as a device.

use core::ops::Range;
use core::time::Duration;
use std::cell::Cell;

use aludel_bench::kernels::Family;
use aludel_kernels::cpu::{Cpu, Tree, Words};
use aludel_kernels::limits::Operation;
use aludel_kernels::rows::lower::MATRICES;
use aludel_kernels::rows::{Domain, Program};
use aludel_kernels::{
    Budget, Claims, Clock, Device, DeviceId, Error, Fold, Grinding, Limits, MerkleTree, Ntt, Opening,
    Openings, Poseidon2, Quotients, Rows, RunningSums, Timer,
};
use aludel_protocol::grinding::Puzzle;
use aludel_protocol::trees::Cap;
use aludel_protocol::{Challenge, F};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

type Matrix = <Cpu as Device>::Matrix;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The last element of what a family makes is one too large: of a forward transform, of grinding, of those after it.
    Wrong(Family),
    /// The total of running sums is one too large, and they are right.
    WrongTotal,
    /// An opening's path has two siblings exchanged.
    WrongPath,
    /// Memory is short for matrices of so many elements.
    Short(usize),
    /// It is lost at the first extension.
    Lost,
}

/// The processor, with a fault.
pub struct Faulty {
    cpu: Cpu,
    fault: Fault,
    /// Data of every upload, by its first row, to see that it is fresh.
    pub first_rows: Cell<Vec<Vec<F>>>,
}

impl Faulty {
    pub fn new(fault: Fault) -> Self {
        Self { cpu: Cpu::new(1 << 30), fault, first_rows: Cell::default() }
    }

    /// What a family made, with its last element one too large where that is the fault.
    fn spoiled(&self, family: Family, made: Matrix) -> Result<Matrix, Error> {
        if self.fault != Fault::Wrong(family) {
            return Ok(made);
        }
        let mut rows = self.cpu.download(&made)?;
        if let Some(last) = rows.values.last_mut() {
            *last += F::ONE;
        }
        self.cpu.upload(&rows)
    }
}

impl Device for Faulty {
    type Matrix = Matrix;

    fn id(&self) -> DeviceId {
        self.cpu.id()
    }

    fn budget(&self) -> &Budget {
        self.cpu.budget()
    }

    fn shape(&self, matrix: &Matrix) -> (usize, usize) {
        self.cpu.shape(matrix)
    }

    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, Error> {
        let mut first_rows = self.first_rows.take();
        first_rows.push(rows.values[..rows.width].to_vec());
        self.first_rows.set(first_rows);
        match self.fault {
            Fault::Short(elements) if rows.values.len() > elements => Err(Error::OutOfMemory {
                device: self.id(),
                requested: 4 * rows.values.len() as u64,
                free: 7,
            }),
            _ => self.cpu.upload(rows),
        }
    }

    fn download(&self, matrix: &Matrix) -> Result<RowMajorMatrix<F>, Error> {
        self.cpu.download(matrix)
    }
}

impl Timer for Faulty {
    fn clock(&self) -> Clock {
        self.cpu.clock()
    }

    fn timed<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
        self.cpu.timed(work)
    }
}

impl Ntt for Faulty {
    fn ntt(&self, coefficients: Matrix) -> Result<Matrix, Error> {
        self.spoiled(Family::Ntt, self.cpu.ntt(coefficients)?)
    }

    fn inverse_ntt(&self, values: Matrix) -> Result<Matrix, Error> {
        self.cpu.inverse_ntt(values)
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        if self.fault == Fault::Lost {
            return Err(Error::DeviceLost { device: self.id(), reason: "it fell off the bus".to_owned() });
        }
        self.cpu.coset_lde(values, added_bits, shift)
    }
}

impl Poseidon2 for Faulty {
    fn permute(&self, states: Matrix) -> Result<Matrix, Error> {
        self.cpu.permute(states)
    }
}

impl MerkleTree for Faulty {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        self.cpu.commit(matrices, cap_height)
    }

    fn matrices<'a>(&self, tree: &'a Tree) -> Vec<&'a Matrix> {
        self.cpu.matrices(tree)
    }

    fn open(&self, tree: &Tree, indices: &[usize]) -> Result<Vec<Opening>, Error> {
        let mut openings = self.cpu.open(tree, indices)?;
        if self.fault == Fault::WrongPath {
            openings[0].path.swap(0, 1);
        }
        Ok(openings)
    }
}

impl Fold for Faulty {
    fn fold(
        &self,
        codeword: &Matrix,
        challenge: Challenge,
        joined: Option<&Matrix>,
        log_next: usize,
    ) -> Result<Matrix, Error> {
        self.spoiled(Family::Fold, self.cpu.fold(codeword, challenge, joined, log_next)?)
    }
}

impl Grinding for Faulty {
    fn smallest_witness(&self, puzzle: &Puzzle, candidates: Range<u32>) -> Result<Option<F>, Error> {
        let found = self.cpu.smallest_witness(puzzle, candidates)?;
        Ok(found.map(|x| if self.fault == Fault::Wrong(Family::Grinding) { x + F::ONE } else { x }))
    }
}

impl RunningSums for Faulty {
    fn running_sums(&self, rows: Matrix) -> Result<(Matrix, Challenge), Error> {
        let (sums, total) = self.cpu.running_sums(rows)?;
        let more = if self.fault == Fault::WrongTotal { Challenge::ONE } else { Challenge::ZERO };
        Ok((self.spoiled(Family::RunningSums, sums)?, total + more))
    }
}

impl Quotients for Faulty {
    fn selectors(&self, log_rows: usize, log_step: usize) -> Result<Matrix, Error> {
        self.spoiled(Family::Selectors, self.cpu.selectors(log_rows, log_step)?)
    }

    fn chunks(&self, values: &Matrix, log_chunks: usize) -> Result<Vec<Matrix>, Error> {
        let mut chunks = self.cpu.chunks(values, log_chunks)?;
        if let Some(last) = chunks.pop() {
            chunks.push(self.spoiled(Family::Chunks, last)?);
        }
        Ok(chunks)
    }
}

impl Openings for Faulty {
    fn values_at(
        &self,
        matrices: &[&Matrix],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Vec<Vec<Vec<Challenge>>>, Error> {
        let mut values = self.cpu.values_at(matrices, points, added_bits)?;
        if self.fault == Fault::Wrong(Family::Openings)
            && let Some(last) = values.iter_mut().flatten().flatten().last()
        {
            *last += Challenge::ONE;
        }
        Ok(values)
    }

    fn reduced(
        &self,
        claims: &[Claims<'_, Matrix>],
        challenge: Challenge,
        log_arity: usize,
    ) -> Result<Matrix, Error> {
        self.spoiled(Family::Reduced, self.cpu.reduced(claims, challenge, log_arity)?)
    }
}

impl Rows for Faulty {
    type Compiled = <Cpu as Rows>::Compiled;

    fn compile(&self, program: &Program) -> Result<Self::Compiled, Error> {
        self.cpu.compile(program)
    }

    fn run(
        &self,
        program: &Self::Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let family = match domain {
            Domain::Natural { .. } => Family::Lookups,
            Domain::BitReversed { .. } => Family::Quotient,
        };
        self.spoiled(family, self.cpu.run(program, domain, matrices, values, onto)?)
    }
}

impl Limits for Faulty {
    type Words = Words;

    fn words(&self, count: usize) -> Result<Words, Error> {
        self.cpu.words(count)
    }

    fn send(&self, from: &[u32], to: &mut Words) -> Result<(), Error> {
        self.cpu.send(from, to)
    }

    fn fetch(&self, from: &Words, to: &mut [u32]) -> Result<(), Error> {
        self.cpu.fetch(from, to)
    }

    fn copy(&self, from: &Words, to: &mut Words) -> Result<(), Error> {
        self.cpu.copy(from, to)
    }

    fn multiply(
        &self,
        operation: Operation,
        factor: u32,
        rounds: u32,
        chains: &mut Words,
    ) -> Result<(), Error> {
        self.cpu.multiply(operation, factor, rounds, chains)
    }
}
