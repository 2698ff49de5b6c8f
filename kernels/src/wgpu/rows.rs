//! Programs over rows: short ones as kernels of their own, others interpreted.
//!
//! Matrices may lie in more buffers than a kernel has bindings. So the columns that a program reads are gathered for some rows at a time (`kernels/wgsl/gather_columns.wgsl`),
//! beside the other slots of these rows; the program then sees one buffer, whatever there is. Outputs go the other way.

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use ::wgpu::Buffer;

use super::generated::Generated;
use super::interpreted::Interpreted;
use super::launch::Commands;
use super::pieces::{Pieces, WORD};
use super::pipeline::Kernel;
use super::poseidon2::{GROUP, each_column};
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::rows::encoding::Input;
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::{Domain, Program};
use crate::seam::{Device, Rows};

/// Bytes for the slots of the rows that are worked on at once, at most.
const SCRATCH_BYTES: usize = 1 << 26;

/// Columns that a dispatch gathers, at most: lavapipe leaves a loop after 65,535 turns.
const GATHERED: usize = 1 << 15;

/// Words of an entry of the list of columns, and its flag of a row's successor.
pub(super) const ENTRY: usize = 2;
const NEXT: u32 = 1 << 31;

/// A program on a device.
pub struct Compiled {
    needs: Needs,
    body: Body,
    /// The columns that it reads, by matrix and column, and their slots; on the device units are entries.
    inputs: Vec<Input>,
    list: Pieces,
    /// Slots of a row. Those of outputs come last.
    slots: usize,
}

enum Body {
    Generated(Generated),
    Interpreted(Interpreted),
}

/// Some rows, and the memory of their slots.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub slots: &'a Buffer,
    pub first: usize,
    pub count: usize,
    /// The slot of the first output, and whether outputs are added to what is there.
    pub outputs: usize,
    pub adds: bool,
}

pub(super) fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Compiled {
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
        let before = |end: usize| {
            let key = |i: &Input| (usize::from(i.column.matrix), i.column.column as usize);
            self.inputs.partition_point(|input| key(input) < (number, end))
        };
        for part in matrix.columns.parts(0..matrix.width()) {
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

    /// What the program's kernel reads of the uniform values: at least a word.
    fn uniforms(&self, values: &[Challenge]) -> Vec<F> {
        let words = match &self.body {
            Body::Generated(kernel) => kernel.text.values(values),
            Body::Interpreted(_) => Challenge::flatten_to_base(values.to_vec()),
        };
        if words.is_empty() { vec![F::ZERO] } else { words }
    }
}

/// Copies outputs between their slots and the result.
fn copy_outputs(commands: &mut Commands<'_>, result: &Matrix, to_slots: bool, block: Block<'_>) {
    let first = block.outputs * block.count;
    each_column(result, block.first, block.count, |there, column| {
        let here = (block.slots, first + column);
        let (from, to) = if to_slots { (there, here) } else { (here, there) };
        commands.copy(from, to, block.count);
    });
}

/// Rows that are worked on at once: as many as a binding and [`SCRATCH_BYTES`] hold, and what the budget has free if that is enough for a workgroup.
///
/// # Errors
/// Why there are none: a binding does not hold the slots of a row.
pub(super) fn rows_with_slots(
    binding_bytes: usize,
    free: u64,
    slots: usize,
    height: usize,
) -> Result<usize, String> {
    let row = slots * WORD;
    let most = binding_bytes.min(SCRATCH_BYTES.max(row)) / row;
    if most == 0 {
        return Err(format!(
            "a program of {slots} values a row: a kernel sees {binding_bytes} bytes of a buffer"
        ));
    }
    let free = usize::try_from(free).unwrap_or(usize::MAX) / row;
    let rows = most.min(free.max(GROUP)).min(height);
    Ok(if rows > GROUP { rows / GROUP * GROUP } else { rows })
}

impl Wgpu {
    /// Words that a kernel reads whole.
    fn whole(&self, words: &[F]) -> Result<Pieces, Error> {
        if words.len() * WORD > self.binding_bytes {
            return Err(self.unsupported(format!(
                "{} words of uniform values: a kernel sees {} bytes of a buffer",
                words.len(),
                self.binding_bytes
            )));
        }
        let table = self.pieces(1, words.len())?;
        self.write(&table, words)?;
        Ok(table)
    }

    /// The list of columns for the kernel that gathers them.
    fn list(&self, inputs: &[Input]) -> Result<Pieces, Error> {
        let list = self.pieces(inputs.len(), ENTRY)?;
        let entry =
            |input: &Input| [input.column.column | if input.column.next { NEXT } else { 0 }, input.slot];
        for part in list.parts(0..list.units) {
            self.write_words(part.buffer, 0, inputs[part.units].iter().flat_map(entry))?;
        }
        Ok(list)
    }
}

impl Rows for Wgpu {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        self.alive()?;
        let needs = Needs::of(program);
        let (body, inputs, slots) = match self.generate(program, &needs)? {
            Some((kernel, inputs, slots)) => (Body::Generated(kernel), inputs, slots),
            None => {
                let (code, inputs, slots) = self.interpreted(program)?;
                (Body::Interpreted(code), inputs, slots)
            }
        };
        Ok(Compiled { list: self.list(&inputs)?, needs, body, inputs, slots })
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
        let uniforms = self.whole(&compiled.uniforms(&values[..needs.values]))?;
        let uniforms = &uniforms.buffers[0];
        let free = self.usage().free();
        let at_once = rows_with_slots(self.binding_bytes, free, compiled.slots, height)
            .map_err(|what| self.unsupported(what))?;
        let slots = self.pieces(1, at_once * compiled.slots)?;
        let slots = &slots.buffers[0];
        let outputs = compiled.slots - DEGREE * needs.outputs;
        for first in (0..height).step_by(at_once) {
            let count = at_once.min(height - first);
            let block = Block { slots, first, count, outputs, adds };
            self.launch(|commands| {
                for (number, matrix) in matrices.iter().enumerate() {
                    if let Some(matrix) = matrix.filter(|_| needs.columns[number] > 0) {
                        compiled.gather(commands, number, matrix, domain, block);
                    }
                }
                if adds {
                    copy_outputs(commands, &result, true, block);
                }
            })?;
            match &compiled.body {
                Body::Interpreted(code) => self.run_interpreted(code, uniforms, block)?,
                Body::Generated(kernel) => self.launch(|commands| {
                    let parameters = [word(count), u32::from(adds)];
                    commands.pipeline(
                        &kernel.pipeline,
                        &[uniforms, slots],
                        &parameters,
                        count.div_ceil(GROUP),
                    );
                })?,
            }
            self.launch(|commands| copy_outputs(commands, &result, false, block))?;
        }
        Ok(result)
    }
}
