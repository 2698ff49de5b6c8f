//! Programs over rows, interpreted: `kernels/cuda/rows.cu`.

use core::ops::Range;

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use super::buffer::Buffer;
use super::launch::{Arg, Launch};
use super::{Cuda, Matrix, words};
use crate::error::Error;
use crate::rows::encoding::{Columns, Encoding};
use crate::rows::lower::MATRICES;
use crate::rows::{Domain, Program};
use crate::seam::Device as _;

/// Words of memory for all threads' slots, at most: 64 MiB.
const SCRATCH_WORDS: usize = 1 << 24;

/// Words of the table of matrices.
pub(super) const SOURCE_WORDS: usize = 4 * MATRICES;

/// Instructions by rows of a launch, at most, or what all threads do at once: a device does some `10^10` a second, and drivers end launches of seconds on cards that show pictures.
pub(super) const MOST_STEPS: usize = 1 << 30;

/// Threads of a block.
const BLOCK: usize = 128;

/// A program as the interpreting kernel reads it.
#[derive(Debug)]
pub(super) struct Interpreted {
    code: Buffer,
    instructions: usize,
    slots: usize,
}

/// Blocks that there is memory for, with a row a thread: of what the budget has free, at most [`SCRATCH_WORDS`], at least one.
pub(super) fn blocks(free: u64, slots: usize, height: usize) -> usize {
    let free = usize::try_from(free / size_of::<u32>() as u64).unwrap_or(usize::MAX);
    let most = free.min(SCRATCH_WORDS) / BLOCK / slots.max(1);
    most.clamp(1, height.div_ceil(BLOCK))
}

/// Words of the slots of all threads of so many blocks.
pub(super) const fn scratch_words(blocks: usize, slots: usize) -> usize {
    (blocks * BLOCK).saturating_mul(slots)
}

/// Rows of a launch each: as many as all threads do at a time, or a multiple.
fn launches(
    height: usize,
    threads: usize,
    instructions: usize,
    most_steps: usize,
) -> impl Iterator<Item = Range<usize>> {
    let turns = (most_steps / threads / instructions.max(1)).max(1);
    let rows = threads * turns;
    (0..height).step_by(rows).map(move |first| first..height.min(first.saturating_add(rows)))
}

impl Cuda {
    /// A program's instructions on the device.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it has more values than 32 bits can number; any of the device.
    pub(super) fn interpreted(&self, program: &Program) -> Result<Interpreted, Error> {
        let encoding = Encoding::new(program, Columns::Loaded).map_err(|what| self.unsupported(what))?;
        let mut code = self.buffer(encoding.code.as_flattened().len())?;
        self.stream.copy_in(encoding.code.as_flattened(), &mut code)?;
        Ok(Interpreted { code, instructions: encoding.code.len(), slots: encoding.slots })
    }

    /// Queues it on matrices and values that were checked.
    pub(super) fn run_interpreted(
        &self,
        Interpreted { code, instructions, slots }: &Interpreted,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        (out, has_onto): (&Matrix, bool),
    ) -> Result<(), Error> {
        let values: Vec<F> = Challenge::flatten_to_base(values.to_vec());
        let mut uniforms = self.buffer(values.len())?;
        self.stream.copy_in(words(&values), &mut uniforms)?;
        let sources = self.sources(matrices)?;
        let blocks = blocks(self.usage().free(), *slots, out.height);
        let scratch = self.buffer(scratch_words(blocks, *slots))?;
        let log = |number: usize| number as u32;
        let domain = match domain {
            Domain::Natural { log_height } => [log(log_height), 0, 0],
            Domain::BitReversed { log_height, log_step } => [log(log_height), log(log_step), 1],
        };
        let buffers = [code, &uniforms, &sources, &scratch, &out.buffer];
        let mut args: Vec<Arg<'_>> = buffers.map(|buffer| Arg::At(buffer, 0)).into();
        args.extend([
            Arg::Word(self.word(*instructions)?),
            Arg::Words(&domain),
            Arg::Word(u32::from(has_onto)),
        ]);
        let (grid, block) = ((self.word(blocks)?, 1), (BLOCK as u32, 1));
        let launch = Launch { kernel: "interpret_rows", grid, block, shared_bytes: 0 };
        let fixed = args.len();
        for rows in launches(out.height, blocks * BLOCK, *instructions, self.most_steps) {
            args.truncate(fixed);
            args.extend([Arg::Word(self.word(rows.start)?), Arg::Word(self.word(rows.end)?)]);
            args.extend(matrices.into_iter().flatten().map(|matrix| Arg::Reached(&matrix.buffer)));
            // SAFETY: the matrices have the columns that the program reads, and there are as many values; slots are below `slots`, of which each thread has its own; what
            // is stored are the columns of `out`.
            unsafe { self.launch(launch, &args) }?;
        }
        Ok(())
    }

    /// A table of the matrices for the kernel: an address, and the logarithm of the height, four words each.
    fn sources(&self, matrices: [Option<&Matrix>; MATRICES]) -> Result<Buffer, Error> {
        let entry = |matrix: Option<&Matrix>| {
            let (address, log) = matrix.map_or((0, 0), |m| (m.buffer.address(0), m.height.trailing_zeros()));
            [address as u32, (address >> 32) as u32, log, 0]
        };
        let mut sources = self.buffer(SOURCE_WORDS)?;
        self.stream.copy_in(matrices.map(entry).as_flattened(), &mut sources)?;
        Ok(sources)
    }
}

#[cfg(test)]
mod tests {
    use super::launches;

    #[test]
    fn launches_are_short_and_of_whole_rounds() {
        let of = |height, threads, instructions, most_steps| {
            launches(height, threads, instructions, most_steps).collect::<Vec<_>>()
        };
        assert_eq!(of(1000, 256, 10, 6000), [0..512, 512..1000]);
        // What all threads do at once is one launch.
        assert_eq!(of(300, 128, 1 << 20, 1), [0..128, 128..256, 256..300]);
        let count = |height, threads, most_steps| launches(height, threads, 1 << 10, most_steps).count();
        assert_eq!([count(1 << 20, 1 << 17, 1 << 30), count(5, 128, usize::MAX)], [1, 1]);
    }
}
