//! Launches of `kernels/wgsl/ntt.wgsl`.

use core::ops::Range;

use ::wgpu::Buffer;

use aludel_protocol::F;
use p3_field::{PrimeCharacteristicRing, TwoAdicField};

use super::launch::Commands;
use super::pieces::{Part, Pieces};
use super::pipeline::Kernel;
use super::source::{LOG_RADIX, LOG_STEP, inverse_height, powers};
use super::transfer::to_word;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::seam::{Ntt, coset_log_height, log_height};

/// Words of a tile: `LOG_TILE` of the kernels.
const LOG_TILE: usize = 12;

/// Turns of a pass whose points lie apart, at most: it leaves sixteen lanes side by side, 64 bytes.
const APART_TURNS: usize = 2;

/// Stages of the joint kernel of an extension where points lie apart: `JOINT` of the kernels.
const JOINT: usize = 8;

/// A pass: some stages of a transform, lanes of `2^log_points` points that lie `2^log_stride` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pass {
    log_points: usize,
    log_stride: usize,
}

/// Some stages of a transform of height `2^log_height` in passes of whole turns. The first of all turns is the one that lacks stages; the last
/// three, where they are among them, are one pass.
fn passes(log_height: usize, stages: Range<usize>) -> Vec<Pass> {
    let mut turns = stages.len().div_ceil(LOG_RADIX);
    let mut stage = stages.start;
    let mut passes = Vec::new();
    while turns > 0 {
        let last = stages.end == log_height && turns * LOG_RADIX <= LOG_TILE;
        turns -= if last { turns } else { turns.min(APART_TURNS) };
        let log_points = stages.end - turns * LOG_RADIX - stage;
        stage += log_points;
        passes.push(Pass { log_points, log_stride: log_height - stage });
    }
    passes
}

/// Stages at the end of the inverse and at the start of the forward transform that an extension does at once.
const fn joint(log_height: usize) -> usize {
    if log_height <= LOG_TILE { log_height } else { JOINT }
}

/// Whether passes go before the joint one.
pub(super) const fn goes_before(log_height: usize) -> bool {
    log_height > joint(log_height)
}

/// Words of the powers of a coset's shift.
pub(super) const SHIFT_WORDS: usize = 2 << LOG_STEP;

fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Workgroups, each with one tile.
const fn tiles(words: usize) -> usize {
    words.div_ceil(1 << LOG_TILE)
}

/// Which way a transform goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Inverse,
}

impl Way {
    const fn kernel(self, pass: Pass) -> Kernel {
        match (self, pass.log_stride) {
            (Self::Forward, 0) => Kernel::NttLast,
            (Self::Forward, _) => Kernel::NttApart,
            (Self::Inverse, 0) => Kernel::InverseLast,
            (Self::Inverse, _) => Kernel::InverseApart,
        }
    }
}

/// Columns of `2^log_height` rows, from the first of a buffer on.
struct Columns<'a> {
    buffer: &'a Buffer,
    count: usize,
    log_height: usize,
}

impl Columns<'_> {
    /// A pass that writes them and reads them or, from a word on, another buffer. The last one of an inverse multiplies by one over the height.
    fn pass(&self, commands: &mut Commands<'_>, kernel: Kernel, pass: Pass, from: Option<(&Buffer, usize)>) {
        let words = self.count << self.log_height;
        let scale = to_word(inverse_height(self.log_height));
        let begin = from.map_or(0, |(_, word)| word);
        let parameters = [word(pass.log_points), word(pass.log_stride), word(words), scale, word(begin)];
        let buffers: Vec<_> = [self.buffer].into_iter().chain(from.map(|(buffer, _)| buffer)).collect();
        commands.kernel(kernel, &buffers, &parameters, tiles(words));
    }

    /// Some stages of their transforms, in place.
    fn transform(&self, commands: &mut Commands<'_>, passes: &[Pass], way: Way) {
        passes.iter().for_each(|pass| self.pass(commands, way.kernel(*pass), *pass, None));
    }

    /// The first stages of the inverse transforms of others, which stay. Points lie apart.
    fn begin_inverse(&self, commands: &mut Commands<'_>, passes: &[Pass], from: &Part<'_>) {
        if let [first, others @ ..] = passes {
            let from = (from.buffer, from.at << self.log_height);
            self.pass(commands, Kernel::InverseBegin, *first, Some(from));
            self.transform(commands, others, Way::Inverse);
        }
    }
}

/// Factors of a point by the bits of its number in a thread, from the lowest: in a transform of `2^log` points a thread has every `2^(log - 4)`-th,
/// and where there are fewer than sixteen, several transforms.
fn weights(log: usize, base: F) -> [u32; LOG_RADIX] {
    let step = base.exp_power_of_2(log.saturating_sub(LOG_RADIX));
    core::array::from_fn(|bit| to_word(if bit < log { step.exp_power_of_2(bit) } else { F::ONE }))
}

impl Wgpu {
    fn in_place(&self, matrix: Matrix, way: Way) -> Result<Matrix, Error> {
        let log = log_height(self.id, matrix.height, 0)?;
        for part in matrix.columns.parts(0..matrix.width()) {
            let columns = Columns { buffer: part.buffer, count: part.units.len(), log_height: log };
            self.launch(|commands| columns.transform(commands, &passes(log, 0..log), way))?;
        }
        Ok(matrix)
    }

    /// Columns of a buffer to those of another.
    fn extend(&self, from: &Part<'_>, to: &Buffer, shape: &Extension, shifts: &Pieces) -> Result<(), Error> {
        let Extension { log, added_bits, shift } = *shape;
        let (count, before) = (from.units.len(), passes(log, 0..log - joint(log)));
        // The values stay: what goes before the joint pass has a place of its own.
        let own = if goes_before(log) { Some(self.pieces(count, 1 << log)?) } else { None };
        let own = own.as_ref().and_then(|pieces| pieces.buffers.first());
        let (source, at) = own.map_or((from.buffer, from.at), |buffer| (buffer, 0));
        let kernel = if goes_before(log) { Kernel::ExtendApart } else { Kernel::ExtendWhole };
        let words = count << log;
        let [of_shift, of_cosets] =
            [shift, F::two_adic_generator(log + added_bits)].map(|base| weights(log, base));
        let shape = [log, added_bits, words, at].map(word);
        let parameters = [&shape[..], &of_shift, &of_cosets].concat();
        self.launch(|commands| {
            if let Some(buffer) = own {
                Columns { buffer, count, log_height: log }.begin_inverse(commands, &before, from);
            }
            commands.kernel(kernel, &[to, source, &shifts.buffers[0]], &parameters, tiles(words));
        })
    }
}

/// An extension: heights, and the shift of its coset.
struct Extension {
    log: usize,
    added_bits: usize,
    shift: F,
}

impl Ntt for Wgpu {
    fn ntt(&self, coefficients: Matrix) -> Result<Matrix, Error> {
        self.in_place(coefficients, Way::Forward)
    }

    fn inverse_ntt(&self, values: Matrix) -> Result<Matrix, Error> {
        self.in_place(values, Way::Inverse)
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        let log = coset_log_height(self.id, values.height, added_bits, shift)?;
        let lde = self.matrix(values.height << added_bits, values.width())?;
        let shifts = self.pieces(1, SHIFT_WORDS)?;
        self.write(&shifts, &powers(shift, inverse_height(log)))?;
        for to in lde.columns.parts(0..lde.width()) {
            // Heights and bindings are powers of two, so that the values of these columns are in one buffer too.
            for from in values.columns.parts(to.units.clone()) {
                self.extend(&from, to.buffer, &Extension { log, added_bits, shift }, &shifts)?;
            }
            // Each coset is a transform of its own, whose first stages are done.
            let cosets = Columns { buffer: to.buffer, count: to.units.len() << added_bits, log_height: log };
            let rest = passes(log, joint(log)..log);
            self.launch(|commands| cosets.transform(commands, &rest, Way::Forward))?;
        }
        Ok(lde)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::MAX_LOG_HEIGHT;

    #[test]
    fn passes_cover_all_stages_and_fit_a_tile() {
        for log in 0..=MAX_LOG_HEIGHT {
            for stages in [0..log, 0..log - joint(log), joint(log)..log] {
                let passes = passes(log, stages.clone());
                let mut stage = stages.start;
                for (i, pass) in passes.iter().enumerate() {
                    stage += pass.log_points;
                    assert_eq!(pass.log_stride, log - stage);
                    // Sixteen lanes, and rows for a turn; only the first pass has a turn that is not whole.
                    let least = if pass.log_stride > 0 || log > LOG_RADIX { LOG_RADIX } else { log };
                    let most = if pass.log_stride > 0 { APART_TURNS * LOG_RADIX } else { LOG_TILE };
                    assert!((least..=most).contains(&pass.log_points), "{pass:?}");
                    assert!(i == 0 || pass.log_points.is_multiple_of(LOG_RADIX), "{pass:?}");
                    assert!(
                        pass.log_stride == 0 || pass.log_stride + pass.log_points >= LOG_TILE,
                        "{pass:?}"
                    );
                }
                assert_eq!(stage, stages.end, "2^{log}");
            }
        }
        let points = |log, stages| passes(log, stages).iter().map(|pass| pass.log_points).collect::<Vec<_>>();
        assert!(points(0, 0..0).is_empty());
        assert_eq!(points(9, 0..9), [9]);
        assert_eq!(points(17, 0..17), [5, 12]);
        assert_eq!(points(23, 0..23), [7, 8, 8]);
        assert_eq!(points(23, 0..15), [7, 8]);
        assert_eq!(points(19, 0..11), [7, 4]);
    }
}
