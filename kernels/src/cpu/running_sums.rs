//! Running sums: of blocks of rows, then of the rows of each.

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_maybe_rayon::prelude::*;

use super::{Cpu, Matrix};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::id::DeviceId;
use crate::running_sums::log_height;
use crate::seam::{Device, RunningSums};

/// Rows that a thread takes at a time.
const BLOCK: usize = 1 << 12;

type Sum = [F; DEGREE];

/// Adds the first columns of a row.
fn add(sum: &mut Sum, row: &[F]) {
    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += *x);
}

/// Puts sums of what was before in the place of each row's first columns.
fn run(mut sum: Sum, rows: &mut [F], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        let before = sum;
        add(&mut sum, row);
        row[..DEGREE].copy_from_slice(&before);
    }
}

impl RunningSums for Cpu {
    fn running_sums(&self, mut rows: Matrix) -> Result<(Matrix, Challenge), Error> {
        log_height(DeviceId::Cpu, self.shape(&rows))?;
        let width = rows.width;
        let values = &mut rows.values.elements;
        let of_block = |block: &[F]| {
            let mut sum = [F::ZERO; DEGREE];
            block.chunks_exact(width).for_each(|row| add(&mut sum, row));
            sum
        };
        let mut sums: Vec<Sum> = values.par_chunks(BLOCK * width).map(of_block).collect();
        let mut total = [F::ZERO; DEGREE];
        for sum in &mut sums {
            let before = total;
            add(&mut total, sum);
            *sum = before;
        }
        let blocks = values.par_chunks_mut(BLOCK * width).zip(sums);
        blocks.for_each(|(block, before)| run(before, block, width));
        Ok((rows, Challenge::from_basis_coefficients_fn(|i| total[i])))
    }
}
