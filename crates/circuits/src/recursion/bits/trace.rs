//! Rows of `bits`.

use aludel_protocol::F;
use p3_field::{PrimeCharacteristicRing, PrimeField32, TwoAdicField};
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{BitsColumns, BitsFixed};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::recursion::circuit::BITS;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};
use crate::recursion::program::{Bit, Counts, Port};

/// The lower bits: an element whose upper seven are ones has zeros there.
const LOW: usize = 24;

/// The preprocessed columns `[2^log_height][BitsFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = p.rows.bits.iter().flat_map(|bit| bit_fixed(bit, p.counts).to_row());
    let mut unused = F::zero_vec(BitsFixed::<F>::WIDTH);
    unused[0] = F::ONE;
    pad("bits", cells.collect(), BitsFixed::<F>::WIDTH, log_height, &unused)
}

/// `g_(place + 1) - 1` of a bit of the index, 0 of another.
fn root(bit: &Bit) -> F {
    if bit.place < bit.index_bits { F::two_adic_generator(bit.place + 1) - F::ONE } else { F::ZERO }
}

fn bit_fixed(bit: &Bit, counts: Counts<'_>) -> BitsFixed<F> {
    let (bit_address, bit_count) = counts.write(bit.bit);
    let (index_address, index_count) = counts.write(bit.index);
    let (point_address, point_count) = counts.write(bit.point);
    BitsFixed {
        first: F::from_bool(bit.place + 1 == BITS),
        top: F::from_bool((LOW..BITS - 1).contains(&bit.place)),
        low: F::from_bool(bit.place < LOW),
        indexed: F::from_bool(bit.place < bit.index_bits),
        root: root(bit),
        last: F::from_bool(bit.element.is_some()),
        element: counts.of(bit.element.map_or(Port::Unused, Port::Read)).0,
        bit_address,
        bit_count,
        index_address,
        index_count,
        point_address,
        point_count,
    }
}

/// The columns of the 31 rows of an element.
pub(in crate::recursion) fn element(rows: &[Bit], element: F) -> Vec<BitsColumns<F>> {
    let number = element.as_canonical_u32();
    let (mut prefix, mut ones, mut index, mut point) = (0_u32, true, 0_u32, F::ONE);
    let columns = rows.iter().map(|row| {
        let bit = number >> row.place & 1;
        prefix = 2 * prefix + bit;
        ones &= row.place < LOW || bit == 1;
        if row.place < row.index_bits {
            index = 2 * index + bit;
        }
        point += root(row) * F::from_u32(bit) * point;
        BitsColumns {
            prefix: F::from_u32(prefix),
            bit: F::from_u32(bit),
            ones: F::from_bool(ones),
            index: F::from_u32(index),
            point,
        }
    });
    columns.collect()
}

/// The main columns `[2^log_height][BitsColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = e.bits.iter().flat_map(|row| row.to_row());
    let unused = BitsColumns { prefix: F::ZERO, bit: F::ZERO, ones: F::ZERO, index: F::ZERO, point: F::ONE };
    pad("bits", cells.collect(), BitsColumns::<F>::WIDTH, log_height, &unused.to_row())
}
