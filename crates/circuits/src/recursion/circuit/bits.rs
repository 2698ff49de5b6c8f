//! Bits of drawn elements.

use super::Circuit;
use crate::recursion::program::{Bit, Port, Step, Value};

/// Bits of a field element.
pub const BITS: usize = 31;

/// The bits of a drawn element, as rows of `bits`.
#[derive(Clone, Debug)]
pub struct Bits {
    rows: core::ops::Range<usize>,
    index_bits: usize,
}

impl Bits {
    /// Bits of the index.
    pub const fn index_bits(&self) -> usize {
        self.index_bits
    }

    fn row(&self, place: usize) -> usize {
        assert!(place < BITS);
        self.rows.start + BITS - 1 - place
    }
}

impl<W> Circuit<W> {
    /// Takes a base field element apart, canonically; its lowest `index_bits` are the index. At most 24 of them: the field has no point
    /// of a larger order of two.
    pub fn bits(&mut self, element: Value, index_bits: usize) -> Bits {
        assert!(index_bits <= 24, "an index has at most 24 bits");
        let Port::Read(element) = self.read(element) else { unreachable!("it is read") };
        let start = self.program.rows.bits.len();
        for place in (0..BITS).rev() {
            let element = (place == 0).then_some(element);
            self.program.rows.bits.push(Bit { place, index_bits, element, ..Bit::default() });
        }
        let rows = start..start + BITS;
        self.program.steps.push(Step::Bits(rows.clone()));
        Bits { rows, index_bits }
    }

    /// Bit `place`.
    pub fn bit(&mut self, bits: &Bits, place: usize) -> Value {
        let row = bits.row(place);
        if let Some(value) = self.program.rows.bits[row].bit {
            return value;
        }
        let value = self.write_fresh();
        self.program.rows.bits[row].bit = Some(value);
        value
    }

    /// The index without its lowest `places` bits.
    pub fn index(&mut self, bits: &Bits, places: usize) -> Value {
        let row = bits.row(places);
        if let Some(value) = self.program.rows.bits[row].index {
            return value;
        }
        let value = self.write_fresh();
        self.program.rows.bits[row].index = Some(value);
        value
    }

    /// The product of `g_(j + 1)` over the bits `j >= places` of the index that are one, where `g_k` generates the subgroup of order
    /// `2^k`: of a whole index of `h` bits that is `g_h` to the power of the index in reversed bits.
    pub fn point(&mut self, bits: &Bits, places: usize) -> Value {
        let row = bits.row(places);
        if let Some(value) = self.program.rows.bits[row].point {
            return value;
        }
        let value = self.write_fresh();
        self.program.rows.bits[row].point = Some(value);
        value
    }
}
