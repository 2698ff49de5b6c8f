//! Values up to a factor and a summand, so that only sums of two values and products cost a row.

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
    /// The term times a number.
    pub fn scaled(self, by: F) -> Self {
        let value = self.value.map(|(factor, value)| (factor * by, value)).filter(|(f, _)| *f != F::ZERO);
        Self { value, summand: self.summand * by }
    }

    fn plus(self, number: F) -> Self {
        Self { summand: self.summand + number, ..self }
    }

    /// The sum of two.
    pub fn add<W>(self, other: Self, c: &mut Circuit<W>) -> Self {
        match (self.value, other.value) {
            (None, _) => other.plus(self.summand),
            (_, None) => self.plus(other.summand),
            (Some((f, a)), Some((g, b))) if a == b => {
                let sum = self.summand + other.summand;
                let value = Some((f + g, a)).filter(|(factor, _)| *factor != F::ZERO);
                Self { value, summand: sum }
            }
            (Some((f, a)), Some((g, b))) => {
                c.arithmetic(a, b, [F::ZERO, f, g, self.summand + other.summand]).into()
            }
        }
    }

    /// The difference of two.
    pub fn sub<W>(self, other: Self, c: &mut Circuit<W>) -> Self {
        self.add(other.scaled(F::NEG_ONE), c)
    }

    /// The product of two.
    pub fn mul<W>(self, other: Self, c: &mut Circuit<W>) -> Self {
        let (s, t) = (self.summand, other.summand);
        match (self.value, other.value) {
            (None, _) => other.scaled(s),
            (_, None) => self.scaled(t),
            (Some((f, a)), Some((g, b))) => c.arithmetic(a, b, [f * g, f * t, g * s, s * t]).into(),
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
