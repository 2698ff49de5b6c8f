//! Transforms, in passes of up to `2^10` points through shared memory.

use aludel_protocol::F;
use p3_field::{Field, PrimeCharacteristicRing};

use super::buffer::Buffer;
use super::image::{LOG_TABLE, power_tables, power_words};
use super::launch::{Arg, Launch};
use super::{Cuda, Matrix, words};
use crate::error::Error;
use crate::seam::{Device, Ntt, coset_log_height, log_height};

/// Stages of a pass, at most.
const MAX_STAGES: usize = 10;
/// Elements of a tile, at most: 32 KiB of shared memory.
const MAX_LOG_TILE: usize = 13;
/// Stages that a thread does at a time in its registers, at most: `LOG_RADIX` of `include/butterflies.h`.
const LOG_RADIX: usize = 4;

/// Stages of the passes that together make `stages`: as few as can be, and as equal.
fn passes(stages: usize) -> Vec<usize> {
    let count = stages.div_ceil(MAX_STAGES).max(1);
    (0..count).map(|i| (stages + i) / count).collect()
}

/// The shape of a pass over columns of `2^log_height` elements.
struct Pass {
    log_height: usize,
    first: usize,
    stages: usize,
    log_lanes: usize,
    log_runs: usize,
}

impl Pass {
    /// As many lanes as the stride leaves.
    fn new(log_height: usize, first: usize, stages: usize) -> Self {
        let log_lanes = (log_height - first - stages).min(MAX_LOG_TILE - stages);
        Self { log_height, first, stages, log_lanes, log_runs: 0 }
    }

    /// The same; where elements lie side by side, as many runs of them as there are.
    fn forward(log_height: usize, first: usize, stages: usize) -> Self {
        let log_runs = if first + stages == log_height { first.min(MAX_LOG_TILE - stages) } else { 0 };
        Self { log_runs, ..Self::new(log_height, first, stages) }
    }

    /// A pass over runs of `2^stages` elements: lanes are runs.
    fn of_runs(log_height: usize, stages: usize) -> Self {
        let log_lanes = (log_height - stages).min(MAX_LOG_TILE - stages);
        Self { log_height, first: log_height - stages, stages, log_lanes, log_runs: 0 }
    }

    fn launch(&self, device: &Cuda, kernel: &'static str, width: usize) -> Result<Launch, Error> {
        let log_tile = self.stages + self.log_lanes + self.log_runs;
        let grid = (device.word(width << (self.log_height - log_tile))?, 1);
        let threads = ((1u32 << log_tile) >> self.stages.min(LOG_RADIX)).clamp(1, 256);
        Ok(Launch { kernel, grid, block: (threads, 1), shared_bytes: 4 << log_tile })
    }
}

/// An exponent, which is small.
fn log(number: usize) -> Arg<'static> {
    Arg::Word(number as u32)
}

impl Cuda {
    /// Passes of a forward transform in place from stage `first` on. An `inverse` has inverse roots, and its last pass multiplies by
    /// what is given.
    fn forward(&self, matrix: &Matrix, first: usize, inverse: Option<F>) -> Result<(), Error> {
        let log_height = matrix.height.trailing_zeros() as usize;
        let plan = if first < log_height || first == 0 { passes(log_height - first) } else { Vec::new() };
        let mut first = first;
        for stages in plan {
            let pass = Pass::forward(log_height, first, stages);
            first += stages;
            let scale = inverse.filter(|_| first == log_height).unwrap_or(F::ONE);
            let args = [
                Arg::At(&matrix.buffer, 0),
                log(log_height),
                log(pass.first),
                log(stages),
                log(pass.log_lanes),
                log(pass.log_runs),
                Arg::Word(u32::from(inverse.is_some())),
                Arg::Word(words(&[scale])[0]),
            ];
            // SAFETY: the matrix has `width` columns of `2^log_height`; the grid has their tiles.
            unsafe { self.launch(pass.launch(self, "ntt_pass", matrix.width)?, &args) }?;
        }
        Ok(())
    }

    /// Stages of the inverse transform of an extension from its last one back to stage `until`: out of `values` into `extended`.
    fn inverse(&self, values: &Matrix, extended: &Matrix, until: usize) -> Result<(), Error> {
        let log_height = values.height.trailing_zeros() as usize;
        let log_extended = extended.height.trailing_zeros() as usize;
        let plan = if until < log_height { passes(log_height - until) } else { Vec::new() };
        let mut end = log_height;
        for stages in plan.into_iter().rev() {
            let first = end - stages;
            let shape = [log(log_height), log(log_extended)];
            let to = Arg::At(&extended.buffer, 0);
            if end == log_height {
                let pass = Pass::of_runs(log_height, stages);
                let [height, extended_height] = shape;
                let from = Arg::At(&values.buffer, 0);
                let args = [from, to, height, extended_height, log(stages), log(pass.log_lanes)];
                // SAFETY: every run of every column is read once and written once; `extended` has rows for them.
                unsafe { self.launch(pass.launch(self, "lde_gather", values.width)?, &args) }?;
            } else {
                let pass = Pass::new(log_height, first, stages);
                let [height, extended_height] = shape;
                let args = [to, height, extended_height, log(first), log(stages), log(pass.log_lanes)];
                // SAFETY: in place in the first rows of each column.
                unsafe { self.launch(pass.launch(self, "lde_inverse", values.width)?, &args) }?;
            }
            end = first;
        }
        Ok(())
    }

    /// Powers of the shift, in two tables: the words of the first and the tables.
    fn powers(&self, height: usize, shift: F) -> Result<(usize, Buffer), Error> {
        let powers = power_tables(shift, height);
        let mut tables = self.buffer(power_words(height))?;
        self.stream.copy_in(words(&powers), &mut tables)?;
        Ok((height.min(1 << LOG_TABLE), tables))
    }
}

impl Ntt for Cuda {
    fn ntt(&self, coefficients: Matrix) -> Result<Matrix, Error> {
        log_height(self.id(), coefficients.height, 0)?;
        self.forward(&coefficients, 0, None)?;
        Ok(coefficients)
    }

    fn inverse_ntt(&self, values: Matrix) -> Result<Matrix, Error> {
        log_height(self.id(), values.height, 0)?;
        self.forward(&values, 0, Some(F::from_usize(values.height).inverse()))?;
        Ok(values)
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        let log_height = coset_log_height(self.id(), values.height, added_bits, shift)?;
        let log_extended = log_height + added_bits;
        let extended = self.matrix(1 << log_extended, values.width)?;
        let (low, tables) = self.powers(values.height, shift)?;
        // The pass in the middle undoes as many stages as its tile of the extension holds of coefficients.
        let forward = passes(log_extended)[0];
        let inverse = forward.saturating_sub(added_bits);
        self.inverse(values, &extended, inverse)?;
        let whole = inverse == log_height;
        let (source, log_source) = if whole { (values, log_height) } else { (&extended, log_extended) };
        let pass = Pass::new(log_extended, 0, forward);
        let args = [
            Arg::At(&source.buffer, 0),
            Arg::At(&extended.buffer, 0),
            log(log_height),
            log(log_extended),
            log(log_source),
            log(inverse),
            log(forward),
            log(pass.log_lanes),
            // One row is in any order.
            Arg::Word(u32::from(whole && log_height > 0)),
            Arg::At(&tables, 0),
            Arg::At(&tables, low),
            Arg::Word(words(&[F::from_usize(values.height).inverse()])[0]),
        ];
        // SAFETY: a tile reads and writes rows that no other tile does; the tables have a power for each coefficient.
        unsafe { self.launch(pass.launch(self, "lde_middle", values.width)?, &args) }?;
        self.forward_rest(&extended, forward)?;
        Ok(extended)
    }
}

impl Cuda {
    /// Forward passes after the first, if any stages are left.
    fn forward_rest(&self, extended: &Matrix, done: usize) -> Result<(), Error> {
        if 1 << done == extended.height { Ok(()) } else { self.forward(extended, done, None) }
    }
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn passes_are_few_and_equal() {
        assert_eq!(passes(0), [0]);
        assert_eq!(passes(10), [10]);
        assert_eq!(passes(11), [5, 6]);
        assert_eq!(passes(24), [8, 8, 8]);
        for stages in 1..=24 {
            assert_eq!(passes(stages).iter().sum::<usize>(), stages);
            assert!(passes(stages).iter().all(|pass| (1..=10).contains(pass)));
        }
    }
}
