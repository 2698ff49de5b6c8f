//! Values up to a factor and a summand, so that only sums of two values and products cost a row.

use aludel_circuits::recursion::circuit::Part;
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

/// `factor value + summand`; a number, where there is no value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    value: Option<(F, Value)>,
    summand: F,
}

impl From<Value> for Term {
    fn from(value: Value) -> Self {
        Self { value: Some((F::ONE, value)), summand: F::ZERO }
    }
}

impl From<F> for Term {
    fn from(summand: F) -> Self {
        Self { value: None, summand }
    }
}

impl Term {
    /// `factor value + summand`.
    pub fn affine(value: Value, factor: F, summand: F) -> Self {
        Self { value: Some((factor, value)), summand }
    }

    /// The term times a number.
    pub fn scaled(self, by: F) -> Self {
        let value = self.value.map(|(factor, value)| (factor * by, value)).filter(|(f, _)| *f != F::ZERO);
        Self { value, summand: self.summand * by }
    }

    /// Its parts in a sum.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let value = self.value.map(|(factor, value)| Part::multiple(factor, value));
        let number = (self.summand != F::ZERO).then(|| Part::number(self.summand));
        value.into_iter().chain(number)
    }

    /// The parts of `factor` times the product of two in a sum.
    pub fn product(self, other: Self, factor: F) -> Vec<Part> {
        let (s, t) = (self.summand, other.summand);
        match (self.value, other.value) {
            (None, _) => other.scaled(s * factor).parts().collect(),
            (_, None) => self.scaled(t * factor).parts().collect(),
            (Some((f, a)), Some((g, b))) => {
                let factors = [f * g, f * t, g * s, s * t].map(|x| x * factor);
                vec![Part { a: Some(a), b: Some(b), factors }]
            }
        }
    }

    /// The sum of parts: no row, where it is a multiple of one value.
    pub fn sum<W>(parts: &[Part], c: &mut Circuit<W>) -> Self {
        let number = |part: &Part| part.a.is_none();
        let single = |part: &Part| part.b.is_none();
        match parts.iter().filter(|part| !number(part)).collect::<Vec<_>>()[..] {
            [] => Self::from(parts.iter().map(|part| part.factors[3]).sum::<F>()),
            [one] if single(one) => Self {
                value: one.a.map(|value| (one.factors[1], value)).filter(|(factor, _)| *factor != F::ZERO),
                summand: parts.iter().map(|part| part.factors[3]).sum(),
            },
            _ => c.sum_of(parts).into(),
        }
    }

    /// As a value.
    pub fn value<W>(self, c: &mut Circuit<W>) -> Value {
        match self.value {
            None => c.constant(self.summand),
            Some((factor, value)) if (factor, self.summand) == (F::ONE, F::ZERO) => value,
            Some((factor, value)) => c.affine(value, factor, self.summand),
        }
    }
}
