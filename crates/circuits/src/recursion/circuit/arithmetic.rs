//! Arithmetic of the challenge field.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use super::Circuit;
use crate::bus::CHALLENGE;
use crate::recursion::alu::columns::LANES;
use crate::recursion::program::{Lane, Pack, Port, Step, Value};

/// `q_ab a b + q_a a + q_b b + q_0`: a part of a sum. A part without `a` has no `b`.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// First operand.
    pub a: Option<Value>,
    /// Second operand.
    pub b: Option<Value>,
    /// `q_ab, q_a, q_b, q_0`.
    pub factors: [F; 4],
}

impl Part {
    /// `factor a b`.
    pub const fn product(factor: F, a: Value, b: Value) -> Self {
        Self { a: Some(a), b: Some(b), factors: [factor, F::ZERO, F::ZERO, F::ZERO] }
    }

    /// `factor a`.
    pub const fn multiple(factor: F, a: Value) -> Self {
        Self { a: Some(a), b: None, factors: [F::ZERO, factor, F::ZERO, F::ZERO] }
    }

    /// A number.
    pub const fn number(x: F) -> Self {
        Self { a: None, b: None, factors: [F::ZERO, F::ZERO, F::ZERO, x] }
    }

    /// Two multiples as one part.
    const fn join(self, other: Self) -> Self {
        Self { a: self.a, b: other.a, factors: [F::ZERO, self.factors[1], other.factors[1], F::ZERO] }
    }
}

impl<W> Circuit<W> {
    /// Lanes in one row of `alu`, at most as many as it has: the shortest run that is free, or a new row.
    fn lanes(&mut self, n: usize) -> usize {
        let free = (n..LANES).find(|size| !self.free[*size].is_empty());
        let (start, size) = match free.and_then(|size| self.free[size].pop().map(|start| (start, size))) {
            Some(found) => found,
            None => {
                let start = self.program.rows.alu.len();
                self.program.rows.alu.resize(start + LANES, Lane::default());
                (start, LANES)
            }
        };
        if size > n {
            self.free[size - n].push(start + n);
        }
        start
    }

    /// A copy of a value, by a read that is counted already.
    pub(super) fn copy(&mut self, value: Value) -> Value {
        let copy = self.fresh();
        let ports = [Port::Read(value), Port::Unused, self.write(copy)];
        let lane = self.lanes(1);
        let factors = [F::ZERO, F::ONE, F::ZERO, F::ZERO];
        self.program.rows.alu[lane] = Lane { ports, factors, carries: false, computes: true };
        self.program.steps.push(Step::Compute(lane..lane + 1));
        copy
    }

    /// Places parts, each of which takes the sum of those before, in lanes of one row; the last one's `c` is `result`.
    fn run(&mut self, parts: &[Part], result: Port) -> core::ops::Range<usize> {
        let start = self.lanes(parts.len());
        for (i, part) in parts.iter().enumerate() {
            let [a, b] = [part.a, part.b].map(|value| value.map_or(Port::Unused, |value| self.read(value)));
            let last = i + 1 == parts.len();
            let c = if last { result } else { Port::Unused };
            let computes = !last || result != Port::Unused;
            self.program.rows.alu[start + i] =
                Lane { ports: [a, b, c], factors: part.factors, carries: i > 0, computes };
        }
        start..start + parts.len()
    }

    /// Parts as few lanes: two operands that are not multiplied share one. The sum of all but the last row's is a value.
    fn shorten(&mut self, parts: &[Part]) -> Vec<Part> {
        let (single, mut lanes): (Vec<Part>, Vec<Part>) =
            parts.iter().copied().partition(|part| part.b.is_none() && part.factors[0] == F::ZERO);
        let number: F = single.iter().map(|part| part.factors[3]).sum();
        let single: Vec<Part> = single.into_iter().filter(|part| part.a.is_some()).collect();
        lanes.extend(single.chunks(2).map(|pair| match pair {
            [a, b] => a.join(*b),
            [a] => Part { factors: [F::ZERO, a.factors[1], F::ZERO, F::ZERO], ..*a },
            _ => unreachable!("chunks of two"),
        }));
        match lanes.first_mut() {
            Some(first) => first.factors[3] += number,
            None => lanes.push(Part::number(number)),
        }
        while lanes.len() > LANES {
            let rest = lanes.split_off(LANES);
            let sum = self.sum_of_run(&lanes);
            lanes = self.shorten(&[&[Part::multiple(F::ONE, sum)], &rest[..]].concat());
        }
        lanes
    }

    fn sum_of_run(&mut self, lanes: &[Part]) -> Value {
        let c = self.fresh();
        let result = self.write(c);
        let run = self.run(lanes, result);
        self.program.steps.push(Step::Compute(run));
        c
    }

    /// The sum of parts.
    pub fn sum_of(&mut self, parts: &[Part]) -> Value {
        let lanes = self.shorten(parts);
        self.sum_of_run(&lanes)
    }

    /// Asserts that the sum of parts is zero.
    pub fn assert_sum(&mut self, parts: &[Part]) {
        let lanes = self.shorten(parts);
        let run = self.run(&lanes, Port::Unused);
        self.program.steps.push(Step::Assert(run));
    }

    /// `q_ab a b + q_a a + q_b b + q_0`.
    pub fn arithmetic(&mut self, a: Value, b: Value, factors: [F; 4]) -> Value {
        self.sum_of_run(&[Part { a: Some(a), b: Some(b), factors }])
    }

    /// `q_a a + q_0`.
    pub fn affine(&mut self, a: Value, q_a: F, q_0: F) -> Value {
        self.sum_of_run(&[Part { a: Some(a), b: None, factors: [F::ZERO, q_a, F::ZERO, q_0] }])
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.arithmetic(a, b, [F::ZERO, F::ONE, F::ONE, F::ZERO])
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.arithmetic(a, b, [F::ZERO, F::ONE, F::NEG_ONE, F::ZERO])
    }

    /// `a b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.arithmetic(a, b, [F::ONE, F::ZERO, F::ZERO, F::ZERO])
    }

    /// `a b + c`.
    pub fn mul_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.sum_of(&[Part::multiple(F::ONE, c), Part::product(F::ONE, a, b)])
    }

    /// `a` where `bit` is 0 and `b` where it is 1: `a (1 - bit) + b bit`.
    pub fn select(&mut self, bit: Value, a: Value, b: Value) -> Value {
        let unless = Part { a: Some(a), b: Some(bit), factors: [F::NEG_ONE, F::ONE, F::ZERO, F::ZERO] };
        self.sum_of(&[unless, Part::product(F::ONE, b, bit)])
    }

    /// `a^(2^log_power)`.
    pub fn exp_power_of_2(&mut self, a: Value, log_power: usize) -> Value {
        (0..log_power).fold(a, |x, _| self.mul(x, x))
    }

    /// The sum of values; zero if there are none.
    pub fn sum(&mut self, values: &[Value]) -> Value {
        match values {
            [] => self.constant(F::ZERO),
            [one] => *one,
            _ => {
                let parts: Vec<Part> = values.iter().map(|value| Part::multiple(F::ONE, *value)).collect();
                self.sum_of(&parts)
            }
        }
    }

    /// `1 / a`. There is none of zero: no witness satisfies that.
    pub fn invert(&mut self, a: Value) -> Value {
        let a = self.read(a);
        let b = self.fresh();
        let ports = [a, self.write(b), Port::Unused];
        let lane = self.lanes(1);
        let factors = [F::ONE, F::ZERO, F::ZERO, F::NEG_ONE];
        self.program.rows.alu[lane] = Lane { ports, factors, ..Lane::default() };
        self.program.steps.push(Step::Invert(lane));
        b
    }

    /// Asserts `a = b`.
    pub fn assert_equal(&mut self, a: Value, b: Value) {
        self.assert_sum(&[Part::multiple(F::ONE, a), Part::multiple(F::NEG_ONE, b)]);
    }

    /// Asserts that a value is this number.
    pub fn assert_is(&mut self, a: Value, number: F) {
        self.assert_sum(&[Part::multiple(F::ONE, a), Part::number(-number)]);
    }

    /// A number that is part of the program.
    pub fn constant(&mut self, x: F) -> Value {
        if let Some(value) = self.constants.get(&x) {
            return *value;
        }
        let value = self.sum_of_run(&[Part::number(x)]);
        self.constants.insert(x, value);
        value
    }

    /// Numbers that are part of the program, at addresses in a row.
    pub fn constants_in_a_row(&mut self, numbers: &[F]) -> Vec<Value> {
        let first = self.fresh_many(numbers.len());
        let values: Vec<Value> = (0..numbers.len() as u32).map(|i| first.plus(i)).collect();
        for (value, x) in values.iter().zip(numbers) {
            let result = self.write(*value);
            let run = self.run(&[Part::number(*x)], result);
            self.program.steps.push(Step::Compute(run));
        }
        values
    }

    /// `base_0 + base_1 X + ..` of at most five base field elements.
    pub fn pack(&mut self, base: &[Value]) -> Value {
        let mut row = Pack::default();
        let zero = self.constant(F::ZERO);
        for (i, port) in row.base.iter_mut().enumerate() {
            *port = self.read(base.get(i).copied().unwrap_or(zero));
        }
        let whole = self.fresh();
        row.whole = self.write(whole);
        self.program.steps.push(Step::Join(self.program.rows.pack.len()));
        self.program.rows.pack.push(row);
        whole
    }

    /// The coefficients of a challenge.
    pub fn unpack(&mut self, whole: Value) -> [Value; CHALLENGE] {
        let base: [Value; CHALLENGE] = core::array::from_fn(|_| self.fresh());
        let row = Pack { base: base.map(|value| self.write(value)), whole: self.read(whole) };
        self.program.steps.push(Step::Split(self.program.rows.pack.len()));
        self.program.rows.pack.push(row);
        base
    }
}
