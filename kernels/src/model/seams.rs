//! What a device does, in shapes.

use core::ops::Range;

use aludel_protocol::grinding::Puzzle;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::trees::{Cap, Node};
use aludel_protocol::{Challenge, F};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;

use super::{Codeword, Compiled, Matrix, Model, Opened, Shape, Tree, ValuesAt};
use crate::error::Error;
use crate::fold::Folding;
use crate::id::DeviceId;
use crate::memory::{Budget, Reserved};
use crate::openings::{AtPoint, Evaluations, Reduction};
use crate::quotients::{Chunks, Coset, SELECTORS};
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::{Domain, Program};
use crate::running_sums;
use crate::seam::{
    Claims, Device, Fold, Grinding, MerkleTree, Ntt, Opening, Openings, Poseidon2, Quotients, Rows,
    RunningSums, coset_log_height, has_rows, log_height, log_tallest,
};

const NO_NODE: Node = [F::ZERO; DIGEST];

impl Matrix {
    const fn shape(&self) -> Shape {
        (self.height, self.width)
    }
}

impl Tree {
    fn width(&self) -> usize {
        self.matrices.iter().map(|matrix| matrix.width).sum()
    }
}

impl Model {
    /// What it takes to bring rows there or back.
    fn staged(&self, shape: Shape) -> Result<Reserved, Error> {
        self.reserve(self.sizes.staging(shape, self.budget.usage().free()))
    }
}

impl Device for Model {
    type Matrix = Matrix;

    fn id(&self) -> DeviceId {
        self.id
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn shape(&self, matrix: &Matrix) -> Shape {
        matrix.shape()
    }

    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, Error> {
        let matrix = self.matrix(rows.height(), rows.width())?;
        self.staged(matrix.shape())?;
        Ok(matrix)
    }

    fn download(&self, matrix: &Matrix) -> Result<RowMajorMatrix<F>, Error> {
        self.staged(matrix.shape())?;
        Ok(RowMajorMatrix::new(F::zero_vec(matrix.height * matrix.width), matrix.width))
    }
}

impl Ntt for Model {
    fn ntt(&self, coefficients: Matrix) -> Result<Matrix, Error> {
        log_height(self.id, coefficients.height, 0)?;
        Ok(coefficients)
    }

    fn inverse_ntt(&self, values: Matrix) -> Result<Matrix, Error> {
        self.ntt(values)
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        coset_log_height(self.id, values.height, added_bits, shift)?;
        let extended = self.matrix(values.height << added_bits, values.width)?;
        self.reserve(self.sizes.extending(values.shape(), added_bits))?;
        Ok(extended)
    }
}

impl Poseidon2 for Model {
    fn permute(&self, states: Matrix) -> Result<Matrix, Error> {
        if ![16, 24].contains(&states.width) {
            return Err(self.unsupported(format!("states of {} elements: they have 16 or 24", states.width)));
        }
        self.reserve(self.sizes.permuting(states.shape()))?;
        Ok(states)
    }
}

impl MerkleTree for Model {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        let log_height = log_tallest(self.id, matrices.iter().map(|matrix| matrix.height))?;
        let width = matrices.iter().map(|matrix| matrix.width).sum();
        let reserved = self.reserve(self.sizes.tree(log_height, width))?;
        let hashing = self.sizes.hashing(log_height).map_err(|what| self.unsupported(what))?;
        self.reserve(hashing)?;
        let log_cap = cap_height.min(log_height);
        Ok((Cap::new(vec![NO_NODE; 1 << log_cap]), Tree { matrices, log_height, log_cap, reserved }))
    }

    fn matrices<'a>(&self, tree: &'a Tree) -> Vec<&'a Matrix> {
        tree.matrices.iter().collect()
    }

    fn open(&self, tree: &Tree, indices: &[usize]) -> Result<Vec<Opening>, Error> {
        has_rows(self.id, tree.log_height, indices)?;
        let levels = tree.log_height - tree.log_cap;
        self.reserve(self.sizes.opening(Opened { count: indices.len(), width: tree.width(), levels }))?;
        let rows = tree.matrices.iter().map(|matrix| F::zero_vec(matrix.width)).collect();
        Ok(vec![Opening { rows, path: vec![NO_NODE; levels] }; indices.len()])
    }
}

impl Rows for Model {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let sizes = self.sizes.program(program).map_err(|what| self.unsupported(what))?;
        Ok(Compiled { needs: Needs::of(program), sizes, reserved: self.reserve(sizes.kept)? })
    }

    fn run(
        &self,
        program: &Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let shapes = matrices.map(|matrix| matrix.map(Matrix::shape));
        program.needs.check(self.id, domain, shapes, values.len(), onto.as_ref().map(Matrix::shape))?;
        let (height, width) = program.needs.result(domain);
        let result = onto.map_or_else(|| self.matrix(height, width), Ok)?;
        let words = self.sizes.running(program.sizes, height, self.budget.usage().free());
        self.reserve(words.map_err(|what| self.unsupported(what))?)?;
        Ok(result)
    }
}

impl RunningSums for Model {
    fn running_sums(&self, rows: Matrix) -> Result<(Matrix, Challenge), Error> {
        let log_height = running_sums::log_height(self.id, rows.shape())?;
        self.reserve(self.sizes.summing(log_height))?;
        Ok((rows, Challenge::ZERO))
    }
}

impl Quotients for Model {
    fn selectors(&self, log_rows: usize, log_step: usize) -> Result<Matrix, Error> {
        let coset = Coset::new(self.id, log_rows, log_step)?;
        self.matrix(1 << coset.log_points, SELECTORS)
    }

    fn chunks(&self, values: &Matrix, log_chunks: usize) -> Result<Vec<Matrix>, Error> {
        let chunks = Chunks::new(self.id, values.height, log_chunks)?;
        chunks.first_rows().map(|_| self.matrix(chunks.rows(), values.width)).collect()
    }
}

impl Openings for Model {
    fn values_at(
        &self,
        matrices: &[&Matrix],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Vec<Vec<Vec<Challenge>>>, Error> {
        let heights: Vec<usize> = matrices.iter().map(|matrix| matrix.height).collect();
        let widths: Vec<usize> = matrices.iter().map(|matrix| matrix.width).collect();
        let evaluations = Evaluations::new(self.id, &heights, points, added_bits)?;
        self.reserve(self.sizes.evaluating(ValuesAt { widths: &widths, evaluations: &evaluations }))?;
        let of = |(width, points): (&usize, &Vec<Challenge>)| vec![Challenge::zero_vec(*width); points.len()];
        Ok(widths.iter().zip(points).map(of).collect())
    }

    fn reduced(
        &self,
        claims: &[Claims<'_, Matrix>],
        challenge: Challenge,
        log_arity: usize,
    ) -> Result<Matrix, Error> {
        let reduction = Reduction::new(self, claims, log_arity)?;
        let (height, width) = reduction.result();
        let codeword = self.matrix(height, width)?;
        let widest = claims.iter().map(|claim| claim.matrix.width).max().unwrap_or(0);
        let points = AtPoint::all(claims, challenge).len();
        self.reserve(self.sizes.reducing(Codeword { reduction, claims: claims.len(), widest, points }))?;
        Ok(codeword)
    }
}

impl Fold for Model {
    fn fold(
        &self,
        codeword: &Matrix,
        _challenge: Challenge,
        joined: Option<&Matrix>,
        log_next: usize,
    ) -> Result<Matrix, Error> {
        let folding = Folding::new(self.id, codeword.shape(), joined.map(Matrix::shape), log_next)?;
        let (height, width) = folding.result();
        let folded = self.matrix(height, width)?;
        self.reserve(self.sizes.folding(folding, joined.is_some()))?;
        Ok(folded)
    }
}

impl Grinding for Model {
    fn smallest_witness(&self, _puzzle: &Puzzle, candidates: Range<u32>) -> Result<Option<F>, Error> {
        self.reserve(self.sizes.grinding())?;
        Ok(candidates.into_iter().next().map(F::from_u32))
    }
}
