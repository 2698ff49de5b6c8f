//! Values that are the same for every row: constants, public values, challenges, and what is computed of them alone.

use std::collections::HashMap;

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField32};

/// A uniform value's place in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uniform(u32);

impl Uniform {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(1);
    /// Minus one.
    pub const MINUS_ONE: Self = Self(2);

    /// Its place.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a uniform value is given as, or computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    /// The constant with these coefficients.
    Constant([u32; 5]),
    Public(u32),
    Challenge(u32),
    /// The power of the folding challenge that weighs a constraint.
    Weight(u32),
    Terminal,
    Add(Uniform, Uniform),
    Mul(Uniform, Uniform),
}

/// Uniform values without repetition, each after those that it is computed from.
#[derive(Clone, Debug)]
pub struct Uniforms {
    sources: Vec<Source>,
    /// Whether a value lies in the base field whatever is given.
    in_base: Vec<bool>,
    numbers: HashMap<Source, Uniform>,
}

/// What a run is given.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Public values of the chip.
    pub public_values: &'a [F],
    /// Challenges of its lookups, a pair a column.
    pub challenges: &'a [Challenge],
    /// What its lookups' sums end with, if it has lookups.
    pub terminal: Option<Challenge>,
    /// By what each constraint is multiplied, in the order of constraints.
    pub weights: &'a [Challenge],
}

impl Default for Uniforms {
    fn default() -> Self {
        let mut table = Self { sources: Vec::new(), in_base: Vec::new(), numbers: HashMap::new() };
        for constant in [F::ZERO, F::ONE, F::NEG_ONE] {
            table.constant(constant.into());
        }
        table
    }
}

impl Uniforms {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Never: there are zero, one and minus one.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether it lies in the base field whatever is given.
    pub fn is_base(&self, value: Uniform) -> bool {
        self.in_base[value.index()]
    }

    fn intern(&mut self, source: Source, in_base: bool) -> Uniform {
        let fresh = Uniform(u32::try_from(self.sources.len()).expect("fewer uniform values than 2^32"));
        let number = *self.numbers.entry(source).or_insert(fresh);
        if number == fresh {
            self.sources.push(source);
            self.in_base.push(in_base);
        }
        number
    }

    /// A constant.
    pub fn constant(&mut self, value: Challenge) -> Uniform {
        let coefficients: &[F] = value.as_basis_coefficients_slice();
        let words = core::array::from_fn(|i| coefficients[i].as_canonical_u32());
        self.intern(Source::Constant(words), words[1..] == [0; 4])
    }

    /// A public value of the chip.
    pub fn public(&mut self, index: usize) -> Uniform {
        self.intern(Source::Public(number(index)), true)
    }

    /// A challenge of its lookups.
    pub fn challenge(&mut self, index: usize) -> Uniform {
        self.intern(Source::Challenge(number(index)), false)
    }

    /// By what a constraint is multiplied.
    pub fn weight(&mut self, constraint: usize) -> Uniform {
        self.intern(Source::Weight(number(constraint)), false)
    }

    /// What the lookups' sums end with.
    pub fn terminal(&mut self) -> Uniform {
        self.intern(Source::Terminal, false)
    }

    /// A constant's value.
    pub(super) fn known(&self, value: Uniform) -> Option<Challenge> {
        match self.sources[value.index()] {
            Source::Constant(words) => Some(of_words(words)),
            _ => None,
        }
    }

    /// The sum.
    pub fn add(&mut self, a: Uniform, b: Uniform) -> Uniform {
        match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => self.constant(x + y),
            (Some(Challenge::ZERO), None) => b,
            (None, Some(Challenge::ZERO)) => a,
            _ => {
                let in_base = self.is_base(a) && self.is_base(b);
                self.intern(Source::Add(a.min(b), a.max(b)), in_base)
            }
        }
    }

    /// The product.
    pub fn mul(&mut self, a: Uniform, b: Uniform) -> Uniform {
        match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => self.constant(x * y),
            (Some(Challenge::ZERO), _) | (_, Some(Challenge::ZERO)) => Uniform::ZERO,
            (Some(Challenge::ONE), None) => b,
            (None, Some(Challenge::ONE)) => a,
            _ => {
                let in_base = self.is_base(a) && self.is_base(b);
                self.intern(Source::Mul(a.min(b), a.max(b)), in_base)
            }
        }
    }

    /// All values, from what is given. `None` where a value that is used was not given.
    pub fn values(&self, given: &Given<'_>) -> Option<Vec<Challenge>> {
        let mut values: Vec<Challenge> = Vec::with_capacity(self.len());
        for source in &self.sources {
            let at = |value: Uniform| values[value.index()];
            values.push(match *source {
                Source::Constant(words) => of_words(words),
                Source::Public(i) => (*given.public_values.get(i as usize)?).into(),
                Source::Challenge(i) => *given.challenges.get(i as usize)?,
                Source::Weight(i) => *given.weights.get(i as usize)?,
                Source::Terminal => given.terminal?,
                Source::Add(a, b) => at(a) + at(b),
                Source::Mul(a, b) => at(a) * at(b),
            });
        }
        Some(values)
    }
}

fn of_words(words: [u32; 5]) -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| F::from_u32(words[i]))
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 columns")
}
