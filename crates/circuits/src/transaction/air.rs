//! Constraints of `transaction`.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{Flags, TransactionColumns};
use super::flow::CLOCK_STEP;
use super::{accesses, amounts, authorisation, calls, flow, items, kinds, withdrawals};
use crate::builder::ChipBuilder;
use crate::chip::Chip;
use crate::columns::{Columns, names};
use crate::shape::Shape;

/// The largest height at which every gap between two times has a limb: the last row is padding, so that the last time is
/// `8 (2^13 - 1) + 5`, below `2^16`.
pub const MAX_LOG_HEIGHT: usize = 13;

const _: () = {
    assert!(CLOCK_STEP * ((1 << MAX_LOG_HEIGHT) - 1) + 5 < 1 << 16);
    let mut i = 0;
    while i < Shape::ALL.len() {
        assert!(Shape::ALL[i].log_heights().transaction <= MAX_LOG_HEIGHT);
        i += 1;
    }
};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// Base-2 logarithm of its height, at most [`MAX_LOG_HEIGHT`].
    pub log_height: usize,
}

impl Chip for Transaction {
    fn name(&self) -> &'static str {
        "transaction"
    }

    fn width(&self) -> usize {
        <TransactionColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<TransactionColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        let width = self.fixed_width();
        let mut cells = F::zero_vec(width << self.log_height);
        let last = cells.len() - 1;
        cells[0] = fe(1);
        cells[last] = fe(1);
        Some(RowMajorMatrix::new(cells, width))
    }

    fn fixed_width(&self) -> usize {
        <Flags<u8> as Columns<u8>>::WIDTH
    }

    fn reads_next(&self) -> bool {
        true
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        assert!(self.log_height <= MAX_LOG_HEIGHT, "at 2^{} rows gaps have no limb", self.log_height);
        let r = b.local::<TransactionColumns<B::Var>>().lift::<B::Expr>();
        let next = b.next::<TransactionColumns<B::Var>>().lift::<B::Expr>();
        kinds::kinds(b, &r, &next);
        kinds::item_kind(b, &r);
        flow::counters(b, &r);
        flow::first_row(b, &r);
        flow::carried(b, &r, &next.state);
        flow::boundaries(b, &r.state);
        accesses::parties(b, &r);
        accesses::existing(b, &r);
        accesses::untouched(b, &r);
        accesses::increment(b, &r);
        accesses::memory(b, &r);
        items::creation(b, &r);
        items::force(b, &r);
        items::reasons(b, &r);
        amounts::token(b, &r);
        amounts::native(b, &r);
        amounts::fixed(b, &r);
        amounts::debit(b, &r);
        amounts::credits(b, &r);
        authorisation::signature(b, &r);
        authorisation::epoch(b, &r);
        authorisation::expiry(b, &r);
        withdrawals::withdrawals(b, &r);
        calls::hashes(b, &r);
        for (x, count) in r.ranges() {
            b.range16(x, count);
        }
    }
}
