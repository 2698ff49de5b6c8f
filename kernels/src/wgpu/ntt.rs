//! Launches of `kernels/wgsl/ntt.wgsl`.

use core::ops::Range;

use ::wgpu::Buffer;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use super::launch::Commands;
use super::pieces::{Part, Pieces};
use super::pipeline::Kernel;
use super::source::{LOG_STEP, inverse_height, powers};
use super::transfer::to_word;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::seam::{Ntt, coset_log_height, log_height};

/// Words of a tile: `TILE` of the kernels.
const LOG_TILE: usize = 10;

/// Levels of a pass whose points lie apart: it leaves eight lanes side by side, 32 bytes.
const APART: usize = 7;

/// Some levels of a transform: lanes of `2^log_points` points that lie `2^log_stride` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Levels {
    log_points: usize,
    log_stride: usize,
}

impl Levels {
    /// How many lanes some columns of `2^log_height` rows have.
    const fn lanes(self, columns: usize, log_height: usize) -> usize {
        columns << (log_height - self.log_points)
    }

    const fn log_lanes_of_tile(self) -> usize {
        LOG_TILE - self.log_points
    }

    /// Workgroups, each with one tile.
    const fn tiles(self, lanes: usize) -> usize {
        lanes.div_ceil(1 << self.log_lanes_of_tile())
    }
}

/// Levels of a transform of height `2^log_height` in passes, as equal as can be; the last ten, where they are among them, in one.
fn passes(log_height: usize, levels: Range<usize>) -> Vec<Levels> {
    let together = if levels.end == log_height { levels.len().min(LOG_TILE) } else { 0 };
    let apart = levels.len() - together;
    let count = apart.div_ceil(APART);
    let sizes = (0..count).map(|i| (apart + i) / count).chain((together > 0).then_some(together));
    let mut level = levels.start;
    let pass = |log_points| {
        level += log_points;
        Levels { log_points, log_stride: log_height - level }
    };
    sizes.map(pass).collect()
}

/// Levels at the end of the inverse and at the start of the forward transform that an extension does at once.
const fn joint(log_height: usize) -> Levels {
    let log_points = if log_height <= LOG_TILE { log_height } else { APART };
    Levels { log_points, log_stride: log_height - log_points }
}

fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Which way a transform goes, and what its results are multiplied by.
#[derive(Clone, Copy)]
struct Way {
    inverse: bool,
    factor: F,
}

const FORWARD: Way = Way { inverse: false, factor: F::ONE };

/// Passes over some columns of a buffer, from its first on.
fn transform(
    commands: &mut Commands<'_>,
    buffer: &Buffer,
    columns: usize,
    log: usize,
    levels: Range<usize>,
    way: Way,
) {
    for pass in passes(log, levels) {
        let lanes = pass.lanes(columns, log);
        let factor = if pass.log_stride == 0 { way.factor } else { F::ONE };
        let parameters = [
            word(pass.log_points),
            word(pass.log_lanes_of_tile()),
            word(pass.log_stride),
            word(lanes),
            u32::from(way.inverse),
            to_word(factor),
        ];
        commands.kernel(Kernel::NttPass, &[buffer], &parameters, pass.tiles(lanes));
    }
}

impl Wgpu {
    fn in_place(&self, matrix: Matrix, way: Way) -> Result<Matrix, Error> {
        let log = log_height(self.id, matrix.height, 0)?;
        for part in matrix.columns.parts(0..matrix.width()) {
            self.launch(|commands| {
                transform(commands, part.buffer, part.units.len(), log, 0..log, way);
            })?;
        }
        Ok(matrix)
    }

    /// Columns of a buffer to columns of another, from `column` on.
    fn extend(
        &self,
        from: &Part<'_>,
        to: (&Buffer, usize),
        shape: &Extension,
        shifts: &Pieces,
    ) -> Result<(), Error> {
        let Extension { log, added_bits } = *shape;
        let (columns, levels) = (from.units.len(), joint(log));
        let apart = 0..log - levels.log_points;
        // The values stay: what goes before the joint pass is done on a copy.
        let copy = if apart.is_empty() { None } else { Some(self.pieces(columns, 1 << log)?) };
        let copy = copy.as_ref().and_then(|pieces| pieces.buffers.first());
        let (source, at) = copy.map_or((from.buffer, from.at), |buffer| (buffer, 0));
        let lanes = levels.lanes(columns, log);
        let parameters =
            [levels.log_points, levels.log_lanes_of_tile(), levels.log_stride, lanes, added_bits, at, to.1]
                .map(word);
        self.launch(|commands| {
            if let Some(copy) = copy {
                commands.copy((from.buffer, from.at << log), (copy, 0), columns << log);
                let way = Way { inverse: true, factor: F::ONE };
                transform(commands, copy, columns, log, apart, way);
            }
            let buffers = [source, to.0, &shifts.buffers[0]];
            commands.kernel(Kernel::NttExtend, &buffers, &parameters, levels.tiles(lanes));
        })
    }
}

/// Heights of an extension.
struct Extension {
    log: usize,
    added_bits: usize,
}

impl Ntt for Wgpu {
    fn ntt(&self, coefficients: Matrix) -> Result<Matrix, Error> {
        self.in_place(coefficients, FORWARD)
    }

    fn inverse_ntt(&self, values: Matrix) -> Result<Matrix, Error> {
        let log = log_height(self.id, values.height, 0)?;
        self.in_place(values, Way { inverse: true, factor: inverse_height(log) })
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        let log = coset_log_height(self.id, values.height, added_bits, shift)?;
        let lde = self.matrix(values.height << added_bits, values.width())?;
        let shifts = self.pieces(1, 2 << LOG_STEP)?;
        self.write(&shifts, &powers(shift, inverse_height(log)))?;
        for to in lde.columns.parts(0..lde.width()) {
            for from in values.columns.parts(to.units.clone()) {
                let column = to.at + from.units.start - to.units.start;
                self.extend(&from, (to.buffer, column), &Extension { log, added_bits }, &shifts)?;
            }
            // Each coset is a transform of its own, whose first levels are done.
            let (columns, levels) = (to.units.len() << added_bits, joint(log).log_points..log);
            self.launch(|commands| transform(commands, to.buffer, columns, log, levels, FORWARD))?;
        }
        Ok(lde)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::MAX_LOG_HEIGHT;

    #[test]
    fn passes_cover_all_levels_and_fit_a_tile() {
        for log in 0..=MAX_LOG_HEIGHT {
            for levels in [0..log, 0..log - joint(log).log_points, joint(log).log_points..log] {
                let passes = passes(log, levels.clone());
                let mut level = levels.start;
                for pass in passes {
                    level += pass.log_points;
                    assert_eq!(pass.log_stride, log - level);
                    assert!((1..=LOG_TILE).contains(&pass.log_points), "{pass:?}");
                    assert!(pass.log_stride == 0 || pass.log_points <= APART, "{pass:?}");
                }
                assert_eq!(level, levels.end, "2^{log}");
            }
        }
        assert_eq!(passes(24, 0..24).len(), 3);
    }
}
