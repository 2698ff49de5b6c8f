//! Launches of `kernels/wgsl/openings_*.wgsl`, some rows at a time.
//!
//! What is taken of memory besides results: five words for each point that differs and each of at most `2^19` rows, sums of tiles (5 MiB at most), tables of claims; of a
//! codeword, ten words a row that is made, and five more where it lies in several buffers.

use core::iter::zip;

use ::wgpu::Buffer;
use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};

use super::pieces::{Part, Pieces, WORD};
use super::pipeline::Kernel;
use super::poseidon2::{GROUP, each_column};
use super::transfer::to_word;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::openings::{AtPoint, COLUMNS_AT_ONCE, Evaluations, POINTS, ROWS_AT_ONCE, Reduction, Rows};
use crate::seam::{Claims, Device, Openings};

/// Rows of a tile: `TILE` of the kernel.
const TILE: usize = 1 << 10;

fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Inverses or weights of rows, in memory for the most of them.
struct Weights {
    table: Pieces,
    rows: usize,
}

/// Memory for sums of columns at points.
struct Sums {
    /// Of tiles, until they are added.
    partial: Pieces,
    totals: Pieces,
}

/// Some rows at one point or two.
struct Weighted<'a> {
    rows: Rows,
    weights: &'a [&'a Weights],
}

/// Rows of which a kernel sees five words each, for two points.
fn rows_at_once(binding_bytes: usize) -> usize {
    (1 << (binding_bytes / WORD / DEGREE / POINTS).max(1).ilog2()).min(ROWS_AT_ONCE)
}

/// Rows whose weights are in memory, of `2^log_rows`.
pub(super) fn rows_weighted(binding_bytes: usize, log_rows: usize) -> usize {
    rows_at_once(binding_bytes).min(1 << log_rows)
}

/// Words of the sums of tiles, and of their totals, of as many columns as are taken at a time.
pub(super) fn sum_words(binding_bytes: usize, log_most: usize, widest: usize) -> [usize; 2] {
    let tiles = rows_weighted(binding_bytes, log_most).div_ceil(TILE);
    let words = widest.min(COLUMNS_AT_ONCE) * POINTS * DEGREE;
    [tiles * words, words].map(|words| words.max(1))
}

/// Rows of a codeword that are made at a time: whole ones of its matrix.
pub(super) fn rows_made(binding_bytes: usize, reduction: Reduction) -> usize {
    rows_at_once(binding_bytes).max(1 << reduction.log_arity).min(1 << reduction.log_height)
}

impl Wgpu {
    /// Words in one buffer.
    fn room(&self, words: usize) -> Result<Pieces, Error> {
        // Units of one word would be too many to count; what is in one is in one buffer.
        self.pieces(1, words.max(1))
    }

    /// Elements of the extension on the device.
    fn table(&self, elements: Vec<Challenge>) -> Result<Pieces, Error> {
        let flat: Vec<F> = Challenge::flatten_to_base(elements);
        let table = self.room(flat.len())?;
        self.write(&table, &flat)?;
        Ok(table)
    }

    /// `1 / (z - x)` of some rows, or `x / (z - x)`.
    fn invert(&self, z: Challenge, rows: Rows, weighted: bool, to: &Weights) -> Result<(), Error> {
        let z = <Challenge as BasedVectorSpace<F>>::as_basis_coefficients_slice(&z);
        let mut parameters: Vec<u32> = z.iter().chain([&F::GENERATOR]).map(|x| to_word(*x)).collect();
        parameters.extend([word(rows.first), word(rows.count), u32::from(weighted)]);
        let groups = (rows.count / 8).max(1).div_ceil(GROUP);
        let buffers = [&to.table.buffers[0]];
        self.launch(|commands| commands.kernel(Kernel::OpeningsInverses, &buffers, &parameters, groups))
    }

    /// Sums of some columns, from place `at` of a buffer on, by weights of some rows.
    fn dots(
        &self,
        columns: &Buffer,
        height: usize,
        [at, width]: [usize; 2],
        Weighted { rows, weights }: &Weighted<'_>,
        sums: &Sums,
    ) -> Result<Vec<F>, Error> {
        let (kernel, together) = match weights.len() {
            1 => (Kernel::OpeningsDots1, 8),
            _ => (Kernel::OpeningsDots2, 4),
        };
        let (one, other) = (weights[0], weights[weights.len() - 1]);
        let buffers = [columns, &one.table.buffers[0], &other.table.buffers[0], &sums.partial.buffers[0]];
        let parameters = [rows.first, rows.count, height, at, width, one.rows, other.rows].map(word);
        let tiles = rows.count.div_ceil(TILE);
        let count = width * weights.len() * DEGREE;
        let totals = [&sums.partial.buffers[0], &sums.totals.buffers[0]];
        self.launch(|commands| {
            commands.kernel(kernel, &buffers, &parameters, tiles * width.div_ceil(together));
            let parameters = [word(tiles), word(count)];
            commands.kernel(Kernel::OpeningsTotals, &totals, &parameters, count.div_ceil(GROUP));
        })?;
        let mut found = Vec::with_capacity(count);
        self.read_buffer(totals[1], 0, count, &mut found)?;
        Ok(found)
    }

    /// Adds what some rows of a matrix give to its columns' sums at one point or two.
    fn add_rows(
        &self,
        matrix: &Matrix,
        weighted: &Weighted<'_>,
        sums: &Sums,
        to: &mut [Challenge],
    ) -> Result<(), Error> {
        for Part { buffer, at, units } in matrix.columns.parts(0..matrix.width()) {
            for first in units.clone().step_by(COLUMNS_AT_ONCE) {
                let width = COLUMNS_AT_ONCE.min(units.end - first);
                let place = [at + first - units.start, width];
                let found = self.dots(buffer, matrix.height, place, weighted, sums)?;
                let found: Vec<Challenge> = Challenge::reconstitute_from_base(found);
                let to = &mut to[first * weighted.weights.len()..];
                zip(to, found).for_each(|(to, found)| *to += found);
            }
        }
        Ok(())
    }

    /// Sums of `x f(x) / (z - x)`, as [`Evaluations::values`] takes them.
    fn sums(&self, matrices: &[&Matrix], evaluations: &Evaluations) -> Result<Vec<Challenge>, Error> {
        let log_most = evaluations.log_most();
        let at_once = rows_at_once(self.binding_bytes);
        let room = |log: usize| {
            let rows = rows_weighted(self.binding_bytes, log);
            Ok(Weights { table: self.room(DEGREE * rows)?, rows })
        };
        let weights: Vec<Weights> =
            evaluations.points.iter().map(|(_, log)| room(*log)).collect::<Result<_, Error>>()?;
        let widest = matrices.iter().map(|matrix| matrix.width()).max().unwrap_or(0);
        let [partial, totals] = sum_words(self.binding_bytes, log_most, widest);
        let sums = Sums { partial: self.room(partial)?, totals: self.room(totals)? };
        let widths = matrices.iter().map(|matrix| matrix.width());
        let mut found = vec![Challenge::ZERO; evaluations.sums(widths)];
        for Rows { first, .. } in Rows::parts(log_most, at_once) {
            let of = |log: usize| Rows::part(log, at_once, first);
            for ((z, log), weights) in zip(&evaluations.points, &weights) {
                of(*log).map_or(Ok(()), |rows| self.invert(*z, rows, true, weights))?;
            }
            let mut left = found.as_mut_slice();
            for (matrix, evaluated) in zip(matrices, &evaluations.matrices) {
                for some in evaluated.points.chunks(POINTS) {
                    let (to, rest) = left.split_at_mut(matrix.width() * some.len());
                    left = rest;
                    let weights: Vec<&Weights> = some.iter().map(|point| &weights[*point]).collect();
                    if let Some(rows) = of(evaluated.log_rows) {
                        self.add_rows(matrix, &Weighted { rows, weights: &weights }, &sums, to)?;
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Claims at one point or two, with what is the same for all rows.
struct Group {
    points: Vec<Challenge>,
    /// Constants, factors, powers.
    table: Pieces,
    /// Place of the first power.
    powers: usize,
}

/// Memory in which rows of a codeword are made.
struct Making {
    /// Of each point.
    left: Pieces,
    inverses: Vec<Weights>,
    /// Rows of the codeword, where it lies in several buffers.
    through: Option<Pieces>,
}

impl Wgpu {
    /// Some rows of a codeword.
    fn make_rows(
        &self,
        claims: &[Claims<'_, Matrix>],
        groups: &[Group],
        codeword: &Matrix,
        (Reduction { log_arity, .. }, rows): (Reduction, Rows),
        Making { left, inverses, through }: &Making,
    ) -> Result<(), Error> {
        let left = &left.buffers[0];
        let [first, there] = [rows.first, rows.count].map(|n| n >> log_arity);
        let (to, parameters) = match through {
            Some(through) => (&through.buffers[0], [there, 0]),
            None => (&codeword.columns.buffers[0], [codeword.height, first]),
        };
        for (i, group) in groups.iter().enumerate() {
            let two = group.points.len() == 2;
            for (z, inverses) in zip(&group.points, inverses) {
                self.invert(*z, rows, false, inverses)?;
            }
            let table = &group.table.buffers[0];
            let mut begins = 1;
            for (m, claim) in claims.iter().enumerate() {
                for part in claim.matrix.columns.parts(0..claim.matrix.width()) {
                    let [at, first, width] = [part.at, part.units.start, part.units.len()];
                    let columns = [rows.first, rows.count, claim.matrix.height, at, width, first, m];
                    let parameters: Vec<u32> =
                        columns.into_iter().map(word).chain([begins, word(group.powers)]).collect();
                    begins = 0;
                    let kernel = if two { Kernel::OpeningsLeft2 } else { Kernel::OpeningsLeft1 };
                    let buffers = [part.buffer, table, left];
                    let groups = rows.count.div_ceil(GROUP);
                    self.launch(|commands| commands.kernel(kernel, &buffers, &parameters, groups))?;
                }
            }
            let kernel = if two { Kernel::OpeningsCodeword2 } else { Kernel::OpeningsCodeword1 };
            let [one, other] = [0, group.points.len() - 1].map(|i| &inverses[i].table.buffers[0]);
            let [here, first] = parameters;
            let parameters = [rows.count, log_arity, here, first, usize::from(i > 0)].map(word);
            let groups = rows.count.div_ceil(GROUP);
            self.launch(|commands| commands.kernel(kernel, &[left, one, other, to], &parameters, groups))?;
        }
        if through.is_none() {
            return Ok(());
        }
        self.launch(|commands| {
            each_column(codeword, first, there, |at, column| commands.copy((to, column), at, there));
        })
    }
}

impl Openings for Wgpu {
    fn values_at(
        &self,
        matrices: &[&Matrix],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Vec<Vec<Vec<Challenge>>>, Error> {
        self.alive()?;
        let heights: Vec<usize> = matrices.iter().map(|matrix| matrix.height).collect();
        let evaluations = Evaluations::new(self.id(), &heights, points, added_bits)?;
        let sums = self.sums(matrices, &evaluations)?;
        Ok(evaluations.values(matrices.iter().map(|matrix| matrix.width()), &sums))
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
        let widest = claims.iter().map(|claim| claim.matrix.width()).max().unwrap_or(0);
        let group = |some: &[AtPoint]| {
            let points: Vec<Challenge> = some.iter().map(|at| at.z).collect();
            let constants = some.iter().map(|at| at.constant);
            let factors = (0..claims.len()).flat_map(|m| some.iter().map(move |at| at.factors[m]));
            let table =
                self.table(constants.chain(factors).chain(challenge.powers().take(widest)).collect())?;
            Ok(Group { powers: points.len() * (1 + claims.len()), points, table })
        };
        let all = AtPoint::all(claims, challenge);
        let groups: Vec<Group> = all.chunks(POINTS).map(group).collect::<Result<_, Error>>()?;
        let most = groups[0].points.len();
        let rows = rows_made(self.binding_bytes, reduction);
        let inverses = || Ok(Weights { table: self.room(DEGREE * rows)?, rows });
        let apart = codeword.columns.buffers.len() > 1;
        let through = apart.then(|| self.room(DEGREE * rows)).transpose()?;
        let making = Making {
            left: self.room(most * DEGREE * rows)?,
            inverses: (0..most).map(|_| inverses()).collect::<Result<_, Error>>()?,
            through,
        };
        for rows in Rows::parts(reduction.log_height, rows) {
            self.make_rows(claims, &groups, &codeword, (reduction, rows), &making)?;
        }
        Ok(codeword)
    }
}
