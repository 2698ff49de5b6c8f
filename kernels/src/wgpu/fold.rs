//! Launches of `kernels/wgsl/fold.wgsl`.

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use ::wgpu::Buffer;

use super::launch::Commands;
use super::pieces::{Pieces, WORD};
use super::pipeline::Kernel;
use super::poseidon2::{GROUP, each_column};
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::fold::{DEGREE, Folding};
use crate::seam::{Device, Fold};

/// Some rows of a codeword.
#[derive(Clone, Copy)]
struct Rows {
    first: usize,
    count: usize,
}

impl Folding {
    /// Rows that go through one buffer at a time: a whole number of rows of the result, and as many bytes at most as of the codeword.
    pub(super) fn rows_through(self, binding_bytes: usize) -> usize {
        let fitting = (binding_bytes / WORD / (DEGREE << self.log_arity)).max(1);
        (1 << fitting.ilog2()).max(1 << self.log_next).min(1 << self.log_height)
    }

    const fn kernel(self) -> Kernel {
        match self.log_arity {
            1 => Kernel::Fold2,
            2 => Kernel::Fold4,
            _ => Kernel::Fold8,
        }
    }

    /// Those buffers hold these rows alone.
    fn launch(self, commands: &mut Commands<'_>, buffers: [&Buffer; 4], rows: Rows, has_joined: bool) {
        let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let [count, first] = [rows.count, rows.first].map(word);
        let parameters = [count, first, word(self.log_height), word(self.log_next), u32::from(has_joined)];
        commands.kernel(self.kernel(), &buffers, &parameters, rows.count.div_ceil(GROUP));
    }
}

impl Wgpu {
    /// Codewords whose columns lie in several buffers, some rows at a time through one.
    fn fold_apart(
        &self,
        folding: Folding,
        [codeword, folded]: [&Matrix; 2],
        joined: Option<&Matrix>,
        scalars: &Pieces,
    ) -> Result<(), Error> {
        let count = folding.rows_through(self.binding_bytes);
        let there = count >> folding.log_next;
        let through = [self.pieces(codeword.width(), count)?, self.pieces(folded.width(), there)?];
        let added = self.pieces(joined.map_or(1, Matrix::width), joined.map_or(1, |_| there))?;
        let [from, to, added] = [&through[0], &through[1], &added].map(|pieces| single(self, pieces));
        let (from, to, added) = (from?, to?, added?);
        for first in (0..codeword.height).step_by(count) {
            let to_first = first >> folding.log_next;
            self.launch(|commands| {
                each_column(codeword, first, count, |at, column| commands.copy(at, (from, column), count));
                if let Some(joined) = joined {
                    each_column(joined, to_first, there, |at, column| {
                        commands.copy(at, (added, column), there)
                    });
                }
                let buffers = [from, added, to, &scalars.buffers[0]];
                folding.launch(commands, buffers, Rows { first, count }, joined.is_some());
                each_column(folded, to_first, there, |at, column| commands.copy((to, column), at, there));
            })?;
        }
        Ok(())
    }
}

/// The buffer of pieces that lie in one.
fn single<'a>(device: &Wgpu, pieces: &'a Pieces) -> Result<&'a Buffer, Error> {
    match pieces.buffers.as_slice() {
        [one] => Ok(one),
        _ => Err(device.unsupported("rows of a codeword that no binding holds")),
    }
}

impl Fold for Wgpu {
    fn fold(
        &self,
        codeword: &Matrix,
        challenge: Challenge,
        joined: Option<&Matrix>,
        log_next: usize,
    ) -> Result<Matrix, Error> {
        let shape = self.shape(codeword);
        let folding = Folding::new(self.id(), shape, joined.map(|m| self.shape(m)), log_next)?;
        let (height, width) = folding.result();
        let folded = self.matrix(height, width)?;
        let table: Vec<F> = Challenge::flatten_to_base(folding.scalars(challenge));
        let scalars = self.pieces(table.len() / DEGREE, DEGREE)?;
        self.write(&scalars, &table)?;
        let buffers = |matrix: &'_ Matrix| matrix.columns.buffers.len();
        if [Some(codeword), Some(&folded), joined].into_iter().flatten().any(|matrix| buffers(matrix) > 1) {
            self.fold_apart(folding, [codeword, &folded], joined, &scalars)?;
        } else {
            // Not read where nothing is joined.
            let added = joined.unwrap_or(codeword);
            let [from, added, to] = [codeword, added, &folded].map(|matrix| &matrix.columns.buffers[0]);
            let rows = Rows { first: 0, count: codeword.height };
            self.launch(|commands| {
                folding.launch(commands, [from, added, to, &scalars.buffers[0]], rows, joined.is_some());
            })?;
        }
        Ok(folded)
    }
}
