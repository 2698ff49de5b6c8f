//! Launches of `kernels/wgsl/permute.wgsl`.

use ::wgpu::Buffer;

use super::launch::Commands;
use super::pieces::WORD;
use super::pipeline::Kernel;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::seam::Poseidon2;

/// Threads of a workgroup of every kernel but those of transforms.
pub(super) const GROUP: usize = 64;

/// Rows of states that go through one buffer at a time.
pub(super) fn rows_through(binding_bytes: usize, (height, width): (usize, usize)) -> usize {
    (binding_bytes / WORD / width).min(height)
}

impl Wgpu {
    /// States whose columns lie in several buffers, some rows at a time through one.
    fn permute_apart(&self, kernel: Kernel, states: &Matrix) -> Result<(), Error> {
        let rows = rows_through(self.binding_bytes, (states.height, states.width()));
        let together = self.pieces(rows, states.width())?;
        for first in (0..states.height).step_by(rows) {
            let rows = rows.min(states.height - first);
            self.launch(|commands| {
                let through = &together.buffers[0];
                each_column(states, first, rows, |at, column| commands.copy(at, (through, column), rows));
                permute(commands, kernel, through, rows);
                each_column(states, first, rows, |at, column| commands.copy((through, column), at, rows));
            })?;
        }
        Ok(())
    }
}

/// Where some rows of each column lie, and where among the columns of that many rows.
pub(super) fn each_column<'a>(
    states: &'a Matrix,
    first: usize,
    rows: usize,
    mut visit: impl FnMut((&'a Buffer, usize), usize),
) {
    for part in states.columns.parts(0..states.width()) {
        for (i, column) in part.units.clone().enumerate() {
            visit((part.buffer, (part.at + i) * states.height + first), column * rows);
        }
    }
}

fn permute(commands: &mut Commands<'_>, kernel: Kernel, states: &Buffer, rows: usize) {
    let parameter = u32::try_from(rows).unwrap_or(u32::MAX);
    commands.kernel(kernel, &[states], &[parameter], rows.div_ceil(GROUP));
}

impl Poseidon2 for Wgpu {
    fn permute(&self, states: Matrix) -> Result<Matrix, Error> {
        let kernel = match states.width() {
            16 => Kernel::PermuteRows16,
            24 => Kernel::PermuteRows24,
            width => return Err(self.unsupported(format!("states of {width} elements: they have 16 or 24"))),
        };
        match states.columns.buffers.as_slice() {
            [] => (),
            [one] => self.launch(|commands| permute(commands, kernel, one, states.height))?,
            _ => self.permute_apart(kernel, &states)?,
        }
        Ok(states)
    }
}
