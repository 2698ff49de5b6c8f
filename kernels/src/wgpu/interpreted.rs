//! Programs over rows, interpreted: `kernels/wgsl/rows.wgsl`.

use ::wgpu::Buffer;

use super::Wgpu;
use super::launch::Commands;
use super::pieces::Pieces;
use super::pipeline::Kernel;
use super::poseidon2::GROUP;
use super::rows::{Block, word};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::rows::Program;
use crate::rows::encoding::{Columns, Encoding, Input, WORDS};

/// Instructions by rows of a launch, at most: drivers end what takes seconds.
const STEPS: usize = 1 << 28;

/// Instructions of a dispatch, at most. Mesa's lavapipe leaves a shader's loops after 65,535 turns, those of all of them together, and says nothing; a product in the
/// extension takes some 35.
const INSTRUCTIONS: usize = 1 << 10;

/// A program as the interpreting kernel reads it.
pub(super) struct Interpreted {
    /// Units are instructions.
    code: Pieces,
    /// Instructions that invert.
    inversions: Vec<usize>,
}

impl Wgpu {
    /// A program's instructions on the device, with the columns that are to lie in its slots and the number of slots, those of outputs last.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it has more values than 32 bits can number; any of the device.
    pub(super) fn interpreted(&self, program: &Program) -> Result<(Interpreted, Vec<Input>, usize), Error> {
        let encoding = Encoding::new(program, Columns::Gathered).map_err(|what| self.unsupported(what))?;
        let code = self.pieces(encoding.code.len(), WORDS)?;
        for part in code.parts(0..code.units) {
            self.write_words(part.buffer, 0, encoding.code[part.units].as_flattened().iter().copied())?;
        }
        let slots = encoding.slots.saturating_add(DEGREE * program.outputs);
        Ok((Interpreted { code, inversions: encoding.inversions }, encoding.inputs, slots))
    }

    /// Runs all instructions for some rows.
    pub(super) fn run_interpreted(
        &self,
        Interpreted { code, inversions }: &Interpreted,
        uniforms: &Buffer,
        block: Block<'_>,
    ) -> Result<(), Error> {
        let some = (STEPS / block.count).max(1);
        for first in (0..code.units).step_by(some) {
            let last = (first + some).min(code.units);
            self.launch(|commands| launch(commands, code, inversions, first..last, uniforms, block))?;
        }
        Ok(())
    }
}

/// Some instructions.
fn launch(
    commands: &mut Commands<'_>,
    code: &Pieces,
    inversions: &[usize],
    instructions: core::ops::Range<usize>,
    uniforms: &Buffer,
    block: Block<'_>,
) {
    for part in code.parts(instructions) {
        let mut first = part.units.start;
        while first < part.units.end {
            let inversion = inversions.partition_point(|i| *i < first);
            let inversion = inversions.get(inversion).copied().unwrap_or(usize::MAX);
            let (kernel, last) = match inversion == first {
                true => (Kernel::InvertRows, first + 1),
                false => (Kernel::InterpretRows, (first + INSTRUCTIONS).min(inversion).min(part.units.end)),
            };
            let at = part.at + first - part.units.start;
            let parameters = [block.count, at, last - first, block.outputs, usize::from(block.adds)];
            let buffers = [part.buffer, uniforms, block.slots];
            commands.kernel(kernel, &buffers, &parameters.map(word), block.count.div_ceil(GROUP));
            first = last;
        }
    }
}
