//! Programs over rows, interpreted: `kernels/cuda/rows.cu`.

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use super::buffer::Buffer;
use super::launch::{Arg, Launch};
use super::{Cuda, Matrix, words};
use crate::error::Error;
use crate::rows::encoding::{Columns, Encoding};
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::{Domain, Program};
use crate::seam::{Device, Rows};

/// Words of memory for all threads' slots, at most: 64 MiB.
const SCRATCH_WORDS: usize = 1 << 24;

/// Threads of a block.
const BLOCK: usize = 128;

/// A program on a device, as the interpreting kernel reads it.
#[derive(Debug)]
pub struct Compiled {
    code: Buffer,
    instructions: usize,
    slots: usize,
    needs: Needs,
}

impl Cuda {
    /// Blocks that there is memory for, with a row a thread: of what the budget has left, at most [`SCRATCH_WORDS`], at least one.
    fn blocks(&self, slots: usize, height: usize) -> usize {
        let usage = self.usage();
        let left =
            usize::try_from((usage.limit - usage.used) / size_of::<u32>() as u64).unwrap_or(usize::MAX);
        let most = left.min(SCRATCH_WORDS) / BLOCK / slots.max(1);
        most.clamp(1, height.div_ceil(BLOCK))
    }

    /// A table of the matrices for the kernel: an address, and the logarithm of the height, four words each.
    fn sources(&self, matrices: [Option<&Matrix>; MATRICES]) -> Result<Buffer, Error> {
        let entry = |matrix: Option<&Matrix>| {
            let (address, log) = matrix.map_or((0, 0), |m| (m.buffer.address(0), m.height.trailing_zeros()));
            [address as u32, (address >> 32) as u32, log, 0]
        };
        let mut sources = self.buffer(4 * MATRICES)?;
        self.stream.copy_in(matrices.map(entry).as_flattened(), &mut sources)?;
        Ok(sources)
    }
}

impl Rows for Cuda {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let encoding = Encoding::new(program, Columns::Loaded).map_err(|what| self.unsupported(what))?;
        let mut code = self.buffer(encoding.code.as_flattened().len())?;
        self.stream.copy_in(encoding.code.as_flattened(), &mut code)?;
        let (instructions, slots) = (encoding.code.len(), encoding.slots);
        Ok(Compiled { code, instructions, slots, needs: Needs::of(program) })
    }

    fn run(
        &self,
        compiled: &Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let Compiled { code, instructions, slots, needs } = compiled;
        let shapes = matrices.map(|matrix| matrix.map(|matrix| self.shape(matrix)));
        needs.check(self.id(), domain, shapes, values.len(), onto.as_ref().map(|m| self.shape(m)))?;
        let (height, width) = needs.result(domain);
        let adds = onto.is_some();
        let out = onto.map_or_else(|| self.matrix(height, width), Ok)?;
        let values: Vec<F> = Challenge::flatten_to_base(values[..needs.values].to_vec());
        let mut uniforms = self.buffer(values.len())?;
        self.stream.copy_in(words(&values), &mut uniforms)?;
        let sources = self.sources(matrices)?;
        let blocks = self.blocks(*slots, height);
        let scratch = self.buffer((blocks * BLOCK).saturating_mul(*slots))?;
        let (log_step, is_reversed) = match domain {
            Domain::Natural { .. } => (0, false),
            Domain::BitReversed { log_step, .. } => (log_step, true),
        };
        let numbers =
            [*instructions, domain.log_height(), log_step, usize::from(is_reversed), usize::from(adds)];
        let mut args: Vec<Arg<'_>> =
            [code, &uniforms, &sources, &scratch, &out.buffer].map(|buffer| Arg::At(buffer, 0)).into();
        for number in numbers {
            args.push(Arg::Word(self.word(number)?));
        }
        args.extend(matrices.into_iter().flatten().map(|matrix| Arg::Reached(&matrix.buffer)));
        let launch = Launch {
            kernel: "interpret_rows",
            grid: (self.word(blocks)?, 1),
            block: (BLOCK as u32, 1),
            shared_bytes: 0,
        };
        // SAFETY: `Needs::check` has seen that the matrices have the columns that the program reads and that there are as many values; the encoding's slots
        // are below `slots`, of which each thread has its own; stored is what the program has as outputs, five columns each.
        unsafe { self.launch(launch, &args) }?;
        Ok(out)
    }
}
