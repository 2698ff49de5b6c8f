//! Constraints of `transaction`.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{Flags, TransactionColumns};
use super::flow::CLOCK_STEP;
use super::{accesses, amounts, authorisation, flow};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};
use crate::shape::Shape;

/// The largest height at which no time wraps.
pub const MAX_LOG_HEIGHT: usize = 12;

const _: () = {
    assert!((CLOCK_STEP << MAX_LOG_HEIGHT) + 5 < 1 << 16);
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
        assert!(self.log_height <= MAX_LOG_HEIGHT, "at 2^{} rows time wraps", self.log_height);
        let r = b.local::<TransactionColumns<B::Var>>().lift::<B::Expr>();
        let next = b.next::<TransactionColumns<B::Var>>().lift::<B::Expr>();
        flow::kinds(b, &r, &next);
        flow::counters(b, &r);
        flow::first_row(b, &r);
        flow::carried(b, &r, &next.state);
        flow::boundaries(b, &r.state);
        accesses::parties(b, &r);
        accesses::existing(b, &r);
        accesses::increment(b, &r);
        accesses::creation(b, &r);
        accesses::memory(b, &r);
        amounts::token(b, &r);
        amounts::native(b, &r);
        amounts::debit(b, &r);
        amounts::credits(b, &r);
        authorisation::signature(b, &r);
        authorisation::epoch(b, &r);
        authorisation::expiry(b, &r);
        hashes(b, &r);
        for (x, count) in r.ranges() {
            b.range16(x, count);
        }
    }
}

/// The first two calls have inputs of degree 2 and stand alone; the last two share an auxiliary column.
fn hashes<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let calls = [
        (r.inner_call(), &r.inner, r.real()),
        (r.digest_call(), &r.digest, r.real()),
        (r.body_call(), &r.body_after, r.entry()),
        (r.queue_call(), &r.queue_after, r.deposit()),
    ];
    for (x, y, count) in calls {
        b.lookup(Bus::Hash24, [&x[..], &y[..]].concat(), count);
    }
}
