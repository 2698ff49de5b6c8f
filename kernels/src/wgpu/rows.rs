//! Programs over rows, interpreted: `kernels/wgsl/gather_columns.wgsl` and `rows.wgsl`.
//!
//! Matrices may lie in more buffers than a kernel has bindings. So the columns that a program reads are gathered for some rows at a time, beside the other slots of these
//! rows; the program then sees one buffer, whatever there is. Outputs go the other way.

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use super::launch::Commands;
use super::pieces::{Pieces, WORD};
use super::pipeline::Kernel;
use super::poseidon2::{GROUP, each_column};
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::rows::encoding::{Columns, Encoding, Input, WORDS};
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::{Domain, Program};
use crate::seam::{Device, Rows};

/// Bytes for the slots of the rows that are worked on at once, at most.
const SCRATCH_BYTES: usize = 1 << 26;

/// Instructions by rows of a launch, at most: drivers end what takes seconds.
const STEPS: usize = 1 << 31;

/// Instructions of a dispatch, and columns, at most. Mesa's lavapipe leaves a shader's loops after 65,535 turns, those of all of them together, and says nothing; a product in the
/// extension takes some 35.
const INSTRUCTIONS: usize = 1 << 10;
const GATHERED: usize = 1 << 15;

/// Words of an entry of the list of columns, and its flag of a row's successor.
const ENTRY: usize = 2;
const NEXT: u32 = 1 << 31;

/// A program on a device, as the interpreting kernel reads it.
pub struct Compiled {
    /// Units are instructions.
    code: Pieces,
    /// Units are entries: the columns that it reads, by matrix and column, and their slots.
    list: Pieces,
    inputs: Vec<Input>,
    /// Instructions that invert.
    inversions: Vec<usize>,
    /// Slots of a row. Those of outputs come last.
    slots: usize,
    needs: Needs,
}

/// Some rows, and the memory of their slots.
#[derive(Clone, Copy)]
struct Block<'a> {
    slots: &'a ::wgpu::Buffer,
    first: usize,
    count: usize,
}

fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Compiled {
    fn outputs_at(&self) -> usize {
        self.slots - DEGREE * self.needs.outputs
    }

    /// Brings a matrix's columns to their slots.
    fn gather(
        &self,
        commands: &mut Commands<'_>,
        number: usize,
        matrix: &Matrix,
        domain: Domain,
        block: Block<'_>,
    ) {
        let (log_step, is_reversed) = match domain {
            Domain::Natural { .. } => (0, 0),
            Domain::BitReversed { log_step, .. } => (log_step, 1),
        };
        for part in matrix.columns.parts(0..matrix.width()) {
            let before = |end: usize| {
                self.inputs.partition_point(|i| {
                    (usize::from(i.column.matrix), i.column.column as usize) < (number, end)
                })
            };
            for entries in self.list.parts(before(part.units.start)..before(part.units.end)) {
                for first in (0..entries.units.len()).step_by(GATHERED) {
                    let parameters = [
                        block.count,
                        block.first,
                        entries.at + first,
                        GATHERED.min(entries.units.len() - first),
                        part.units.start,
                        matrix.height.trailing_zeros() as usize,
                        domain.log_height(),
                        log_step,
                        is_reversed,
                    ];
                    let buffers = [part.buffer, entries.buffer, block.slots];
                    let groups = block.count.div_ceil(GROUP);
                    commands.kernel(Kernel::GatherColumns, &buffers, &parameters.map(word), groups);
                }
            }
        }
    }

    /// Runs some instructions.
    fn interpret(
        &self,
        commands: &mut Commands<'_>,
        instructions: core::ops::Range<usize>,
        uniforms: &Pieces,
        adds: bool,
        block: Block<'_>,
    ) {
        for part in self.code.parts(instructions) {
            let mut first = part.units.start;
            while first < part.units.end {
                let inversion = self.inversions.partition_point(|i| *i < first);
                let inversion = self.inversions.get(inversion).copied().unwrap_or(usize::MAX);
                let (kernel, last) = match inversion == first {
                    true => (Kernel::InvertRows, first + 1),
                    false => {
                        (Kernel::InterpretRows, (first + INSTRUCTIONS).min(inversion).min(part.units.end))
                    }
                };
                let at = part.at + first - part.units.start;
                let parameters = [block.count, at, last - first, self.outputs_at(), usize::from(adds)];
                let buffers = [part.buffer, &uniforms.buffers[0], block.slots];
                commands.kernel(kernel, &buffers, &parameters.map(word), block.count.div_ceil(GROUP));
                first = last;
            }
        }
    }

    /// Copies outputs between their slots and the result.
    fn outputs(&self, commands: &mut Commands<'_>, result: &Matrix, to_slots: bool, block: Block<'_>) {
        let first = self.outputs_at() * block.count;
        each_column(result, block.first, block.count, |there, column| {
            let here = (block.slots, first + column);
            let (from, to) = if to_slots { (there, here) } else { (here, there) };
            commands.copy(from, to, block.count);
        });
    }
}

impl Wgpu {
    /// Rows that are worked on at once: as many as a binding and [`SCRATCH_BYTES`] hold, and what the budget has left if that is enough for a workgroup.
    fn rows_with_slots(&self, slots: usize, height: usize) -> Result<usize, Error> {
        let row = slots * WORD;
        let most = self.binding_bytes.min(SCRATCH_BYTES.max(row)) / row;
        if most == 0 {
            return Err(self.unsupported(format!(
                "a program of {slots} values a row: a kernel sees {} bytes of a buffer",
                self.binding_bytes
            )));
        }
        let usage = self.usage();
        let left = usize::try_from(usage.limit - usage.used).unwrap_or(usize::MAX) / row;
        let rows = most.min(left.max(GROUP)).min(height);
        Ok(if rows > GROUP { rows / GROUP * GROUP } else { rows })
    }

    fn values_of(&self, values: &[Challenge]) -> Result<Pieces, Error> {
        let words: Vec<F> = Challenge::flatten_to_base(values.to_vec());
        if words.len() * WORD > self.binding_bytes {
            let what = format!(
                "{} uniform values: a kernel sees {} bytes of a buffer",
                values.len(),
                self.binding_bytes
            );
            return Err(self.unsupported(what));
        }
        let table = self.pieces(1, words.len())?;
        self.write(&table, &words)?;
        Ok(table)
    }
}

impl Rows for Wgpu {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let encoding = Encoding::new(program, Columns::Gathered).map_err(|what| self.unsupported(what))?;
        let needs = Needs::of(program);
        let code = self.pieces(encoding.code.len(), WORDS)?;
        for part in code.parts(0..code.units) {
            self.write_words(part.buffer, 0, encoding.code[part.units].as_flattened().iter().copied())?;
        }
        let inputs = encoding.inputs;
        let list = self.pieces(inputs.len(), ENTRY)?;
        let entry =
            |input: &Input| [input.column.column | if input.column.next { NEXT } else { 0 }, input.slot];
        for part in list.parts(0..list.units) {
            self.write_words(part.buffer, 0, inputs[part.units].iter().flat_map(entry))?;
        }
        let slots = encoding.slots.saturating_add(DEGREE * needs.outputs);
        Ok(Compiled { code, list, inputs, inversions: encoding.inversions, slots, needs })
    }

    fn run(
        &self,
        compiled: &Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let needs = compiled.needs;
        let shapes = matrices.map(|matrix| matrix.map(|matrix| self.shape(matrix)));
        needs.check(self.id(), domain, shapes, values.len(), onto.as_ref().map(|m| self.shape(m)))?;
        let (height, width) = needs.result(domain);
        let adds = onto.is_some();
        let result = onto.map_or_else(|| self.matrix(height, width), Ok)?;
        if width == 0 {
            return Ok(result);
        }
        let uniforms = self.values_of(&values[..needs.values])?;
        let at_once = self.rows_with_slots(compiled.slots, height)?;
        let slots = self.pieces(1, at_once * compiled.slots)?;
        let instructions = compiled.code.units;
        let some = (STEPS / at_once).max(1);
        for first in (0..height).step_by(at_once) {
            let block = Block { slots: &slots.buffers[0], first, count: at_once.min(height - first) };
            self.launch(|commands| {
                for (number, matrix) in
                    matrices.iter().enumerate().filter(|(number, _)| needs.columns[*number] > 0)
                {
                    matrix.iter().for_each(|matrix| compiled.gather(commands, number, matrix, domain, block));
                }
                if adds {
                    compiled.outputs(commands, &result, true, block);
                }
            })?;
            for first in (0..instructions).step_by(some) {
                let last = (first + some).min(instructions);
                self.launch(|commands| compiled.interpret(commands, first..last, &uniforms, adds, block))?;
            }
            self.launch(|commands| compiled.outputs(commands, &result, false, block))?;
        }
        Ok(result)
    }
}
