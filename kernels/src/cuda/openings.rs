//! Values at points and the codewords of claims, some rows at a time.
//!
//! What is taken of memory besides results: five words for each point that differs and each of at most `2^19` rows, sums of tiles (5 MiB at most), and tables of points
//! and claims.

use core::iter::zip;

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};

use super::buffer::Buffer;
use super::launch::{Arg, Launch};
use super::{Cuda, Matrix, words, words_mut};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::openings::{
    AtPoint, COLUMNS_AT_ONCE, Evaluated, Evaluations, POINTS, ROWS_AT_ONCE, Reduction, Rows,
};
use crate::seam::{Claims, Device, Openings};

/// Rows of a tile: `TILE` of the kernels.
const TILE: usize = 1 << 10;
/// Columns that a block adds at a time.
const COLUMNS: usize = 32;
/// Blocks that keep a device busy.
const BLOCKS: usize = 1 << 9;
/// Inverses or weights of rows, `[5][count]`, in memory for the most of them.
struct Weights {
    table: Buffer,
    count: usize,
}

/// Where sums of columns at points go.
struct Sums {
    /// Of tiles, until they are added.
    partial: Buffer,
    totals: Buffer,
}

/// Words of the weights of one point.
pub(super) fn weight_words(log_rows: usize) -> usize {
    DEGREE * ROWS_AT_ONCE.min(1 << log_rows)
}

/// Words of the sums of tiles of matrices of these widths, one after the other.
pub(super) fn partial_words(widths: &[usize], evaluations: &Evaluations) -> usize {
    let of = |(width, evaluated): (&usize, &Evaluated)| {
        let tiles = ROWS_AT_ONCE.min(1 << evaluated.log_rows).div_ceil(TILE);
        tiles * width.min(&COLUMNS_AT_ONCE) * evaluated.points.len().min(POINTS) * DEGREE
    };
    zip(widths, &evaluations.matrices).map(of).max().unwrap_or(0)
}

/// Words of all sums.
pub(super) fn total_words(widths: &[usize], evaluations: &Evaluations) -> usize {
    DEGREE * evaluations.sums(widths.iter().copied())
}

impl Cuda {
    /// Elements of the extension on the device.
    fn table(&self, elements: Vec<Challenge>) -> Result<Buffer, Error> {
        let flat: Vec<F> = Challenge::flatten_to_base(elements);
        let mut table = self.buffer(flat.len())?;
        self.stream.copy_in(words(&flat), &mut table)?;
        Ok(table)
    }

    /// Memory for the weights at a point of rows that are taken together.
    fn room(&self, log_rows: usize) -> Result<Weights, Error> {
        let count = ROWS_AT_ONCE.min(1 << log_rows);
        Ok(Weights { table: self.buffer(weight_words(log_rows))?, count })
    }

    /// `1 / (z - x)` of some rows, or `x / (z - x)`; the point is one of a table.
    fn invert(
        &self,
        points: &Buffer,
        point: usize,
        Rows { first, count }: Rows,
        weighted: bool,
        to: &Weights,
    ) -> Result<(), Error> {
        let args = [
            Arg::At(points, DEGREE * point),
            Arg::Word(words(&[F::GENERATOR])[0]),
            Arg::Word(self.word(first)?),
            Arg::Word(self.word(count)?),
            Arg::Word(u32::from(weighted)),
            Arg::At(&to.table, 0),
        ];
        // A thread makes eight, or all where they are fewer.
        let launch = self.per_item("openings_inverses", (count / 8).max(1))?;
        // SAFETY: the point is in its table; there is room for as many rows, a power of two, as are taken at a time.
        unsafe { self.launch(launch, &args) }
    }

    /// Adds what some rows of a matrix give to its values at one point or two, from word `at` of the totals on.
    fn add_rows(
        &self,
        matrix: &Matrix,
        rows: Rows,
        weights: &[&Weights],
        sums: &Sums,
        at: usize,
    ) -> Result<(), Error> {
        let tiles = rows.count.div_ceil(TILE);
        let words = DEGREE * weights.len();
        for column in (0..matrix.width).step_by(COLUMNS_AT_ONCE) {
            let width = COLUMNS_AT_ONCE.min(matrix.width - column);
            let mut args = vec![
                Arg::At(&matrix.buffer, column * matrix.height + rows.first),
                Arg::Word(matrix.height.trailing_zeros()),
                Arg::Word(self.word(rows.count)?),
                Arg::Word(self.word(width)?),
            ];
            for weights in weights {
                args.extend([Arg::At(&weights.table, 0), Arg::Word(self.word(weights.count)?)]);
            }
            args.push(Arg::At(&sums.partial, 0));
            let kernel = if weights.len() == 1 { "openings_dots_1" } else { "openings_dots_2" };
            let groups = width.div_ceil(COLUMNS).min(BLOCKS.div_ceil(tiles));
            let grid = (self.word(tiles)?, self.word(groups)?);
            // SAFETY: these rows are in each column, and their weights in the tables; there is room for the sums of all tiles.
            unsafe { self.launch(Launch { kernel, grid, block: (256, 1), shared_bytes: 0 }, &args) }?;
            let count = width * words;
            let args = [
                Arg::At(&sums.partial, 0),
                Arg::Word(self.word(tiles)?),
                Arg::Word(self.word(count)?),
                Arg::Word(u32::from(rows.first > 0)),
                Arg::At(&sums.totals, at + column * words),
            ];
            let grid = (self.word(count.div_ceil(32))?, 1);
            let launch = Launch { kernel: "openings_totals", grid, block: (32, 8), shared_bytes: 0 };
            // SAFETY: so many sums of so many tiles were made just before; these columns have as many totals.
            unsafe { self.launch(launch, &args) }?;
        }
        Ok(())
    }

    /// Sums of `x f(x) / (z - x)`: for each matrix, for its points by twos, of its columns for each of these points.
    fn sums(&self, matrices: &[&Matrix], evaluations: &Evaluations) -> Result<Vec<F>, Error> {
        let all = || zip(matrices, &evaluations.matrices);
        let points = self.table(evaluations.points.iter().map(|(z, _)| *z).collect())?;
        let weights = evaluations.points.iter().map(|(_, log)| self.room(*log));
        let weights = weights.collect::<Result<Vec<_>, _>>()?;
        let widths: Vec<usize> = matrices.iter().map(|matrix| matrix.width).collect();
        let sums = Sums {
            partial: self.buffer(partial_words(&widths, evaluations))?,
            totals: self.buffer(total_words(&widths, evaluations))?,
        };
        for Rows { first, .. } in Rows::parts(evaluations.log_most(), ROWS_AT_ONCE) {
            let of = |log: usize| Rows::part(log, ROWS_AT_ONCE, first);
            for (point, (_, log)) in evaluations.points.iter().enumerate() {
                of(*log).map_or(Ok(()), |rows| self.invert(&points, point, rows, true, &weights[point]))?;
            }
            let mut at = 0;
            for (matrix, evaluated) in all() {
                for some in evaluated.points.chunks(POINTS) {
                    let weights: Vec<_> = some.iter().map(|point| &weights[*point]).collect();
                    if let Some(rows) = of(evaluated.log_rows) {
                        self.add_rows(matrix, rows, &weights, &sums, at)?;
                    }
                    at += matrix.width * some.len() * DEGREE;
                }
            }
        }
        let mut found = F::zero_vec(sums.totals.words());
        self.stream.copy_out(&sums.totals, 0, words_mut(&mut found))?;
        Ok(found)
    }
}

impl Openings for Cuda {
    fn values_at(
        &self,
        matrices: &[&Matrix],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Vec<Vec<Vec<Challenge>>>, Error> {
        let heights: Vec<usize> = matrices.iter().map(|matrix| matrix.height).collect();
        let evaluations = Evaluations::new(self.id(), &heights, points, added_bits)?;
        let sums: Vec<Challenge> = Challenge::reconstitute_from_base(self.sums(matrices, &evaluations)?);
        Ok(evaluations.values(matrices.iter().map(|matrix| matrix.width), &sums))
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
        let mut claimed = Vec::new();
        for claim in claims {
            let address = claim.matrix.buffer.address(0);
            claimed.extend([address as u32, (address >> 32) as u32, self.word(claim.matrix.width)?, 0]);
        }
        let mut matrices = self.buffer(claimed.len())?;
        self.stream.copy_in(&claimed, &mut matrices)?;
        let widest = claims.iter().map(|claim| claim.matrix.width).max().unwrap_or(0);
        for (i, some) in AtPoint::all(claims, challenge).chunks(POINTS).enumerate() {
            let points = self.table(some.iter().map(|at| at.z).collect())?;
            let constants = some.iter().map(|at| at.constant);
            let factors = (0..claims.len()).flat_map(|m| some.iter().map(move |at| at.factors[m]));
            let table =
                self.table(constants.chain(factors).chain(challenge.powers().take(widest)).collect())?;
            let inverses = some.iter().map(|_| self.room(reduction.log_height));
            let inverses = inverses.collect::<Result<Vec<_>, _>>()?;
            for rows in Rows::parts(reduction.log_height, ROWS_AT_ONCE) {
                for (point, inverses) in inverses.iter().enumerate() {
                    self.invert(&points, point, rows, false, inverses)?;
                }
                let word = |number: usize| self.word(number).map(Arg::Word);
                let mut args = vec![Arg::At(&matrices, 0), word(claims.len())?, Arg::At(&table, 0)];
                args.extend(inverses.iter().map(|inverses| Arg::At(&inverses.table, 0)));
                args.extend([word(rows.first)?, word(rows.count)?]);
                args.extend([word(reduction.log_height)?, word(log_arity)?, word(usize::from(i > 0))?]);
                args.push(Arg::At(&codeword.buffer, 0));
                args.extend(claims.iter().map(|claim| Arg::Reached(&claim.matrix.buffer)));
                let kernel = if some.len() == 1 { "openings_reduced_1" } else { "openings_reduced_2" };
                // A thread makes four rows, or all where they are fewer.
                let launch = self.per_item(kernel, (rows.count / 4).max(1))?;
                // SAFETY: the matrices, which the kernel reaches, have these rows, and the tables a power for each column; the codeword has their elements.
                unsafe { self.launch(launch, &args) }?;
            }
        }
        Ok(codeword)
    }
}
