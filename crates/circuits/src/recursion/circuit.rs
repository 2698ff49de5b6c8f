//! Writes programs.

use std::collections::{HashMap, HashSet};

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, Tag};
use p3_field::PrimeCharacteristicRing;

use super::alu::columns::LANES;
use super::program::{
    Bit, Block, Duplex, Entry, Hashed, Hint, Lane, Multiproof, Node, Pack, Port, Ports, Program, Rows, Step,
    Tree, Value,
};
use crate::bus::{CHALLENGE, MOST_READS};

/// Elements that a block of a hash absorbs.
const RATE: usize = 16;
/// Elements that a permutation of the challenger absorbs.
const DUPLEX: usize = 8;
/// Levels of a Merkle tree, those of its cap included. Steps and the entry where they end are a number of so many bits; one of 31
/// might be the index and `p`, and a leaf have two walks.
pub const LEVELS: usize = 24;
/// Bits of a field element.
pub const BITS: usize = 31;

/// A program in the making, for witnesses of a sort `W`.
///
/// Methods that name values take those of this circuit; values of another are a panic or another program, never a witness's choice.
pub struct Circuit<W> {
    program: Program<W>,
    /// Whether an address has its writer.
    written: Vec<bool>,
    /// Hints that are challenges.
    wide: HashSet<Value>,
    /// The copy of a value that is read on when it was read [`MOST_READS`] times.
    copies: HashMap<Value, Value>,
    constants: HashMap<F, Value>,
    /// Where lanes of a row of `alu` are free, by how many there are.
    free: [Vec<usize>; LANES],
    trees: u32,
    stage: &'static str,
}

impl<W> Default for Circuit<W> {
    fn default() -> Self {
        let program = Program {
            rows: Rows::default(),
            steps: Vec::new(),
            multiproofs: Vec::new(),
            reads: Vec::new(),
            hashes: 0,
        };
        Self {
            program,
            written: Vec::new(),
            wide: HashSet::new(),
            copies: HashMap::new(),
            constants: HashMap::new(),
            free: Default::default(),
            trees: 0,
            stage: "beginning",
        }
    }
}

impl<W> Circuit<W> {
    /// The program.
    ///
    /// # Panics
    /// A hint was made that no row writes, a value is read too often, or a hash is not taken by just one path: all are faults of the
    /// circuit.
    pub fn finish(self) -> Program<W> {
        let orphan = self.written.iter().position(|w| !w);
        assert_eq!(orphan, None, "every value has a writer");
        let most = self.program.reads.iter().copied().max().unwrap_or(0);
        assert!(most <= MOST_READS, "a value is read {most} times");
        let mut taken: Vec<Hashed> = self.program.rows.path.iter().filter_map(|node| node.digest).collect();
        taken.sort_unstable();
        assert!(taken.into_iter().eq((0..self.program.hashes).map(Hashed)), "every hash is taken once");
        self.program
    }

    /// The rows so far.
    pub const fn rows(&self) -> &Rows {
        self.program.rows()
    }

    /// What follows belongs to this stage: where a witness fails, it is named.
    pub fn stage(&mut self, name: &'static str) {
        self.stage = name;
        self.program.steps.push(Step::Stage(name));
    }

    fn fresh(&mut self) -> Value {
        self.fresh_many(1)
    }

    /// The first of so many addresses in a row.
    fn fresh_many(&mut self, n: usize) -> Value {
        let first = self.written.len();
        self.written.resize(first + n, false);
        self.program.reads.resize(first + n, 0);
        Value(first as u32)
    }

    fn write(&mut self, value: Value) -> Port {
        let written = &mut self.written[value.index()];
        assert!(!*written, "a value has one writer");
        *written = true;
        Port::Write(value)
    }

    fn write_fresh(&mut self) -> Value {
        let value = self.fresh();
        self.write(value);
        value
    }

    fn read(&mut self, value: Value) -> Port {
        let value = self.copy_to_read(value);
        self.program.reads[value.index()] += 1;
        Port::Read(value)
    }

    /// The value, or a copy of it where it has been read as often as it may be.
    fn copy_to_read(&mut self, mut value: Value) -> Value {
        while let Some(copy) = self.copies.get(&value) {
            value = *copy;
        }
        if self.program.reads[value.index()] + 1 < MOST_READS {
            return value;
        }
        self.program.reads[value.index()] += 1;
        let copy = self.fresh();
        let ports = [Port::Read(value), Port::Unused, self.write(copy)];
        let lane = self.lanes(1);
        let factors = [F::ZERO, F::ONE, F::ZERO, F::ZERO];
        self.program.rows.alu[lane] = Lane { ports, factors, carries: false, computes: true };
        self.program.steps.push(Step::Compute(lane..lane + 1));
        self.copies.insert(value, copy);
        copy
    }

    /// A port of a value that is read, or written where nothing has yet.
    fn take(&mut self, value: Value) -> Port {
        if self.written[value.index()] { self.read(value) } else { self.write(value) }
    }

    /// Base field elements that nothing computes. Some row must bring them into the memory: the transcript or a hash that absorbs
    /// them, or [`Circuit::adopt`].
    pub fn hint(&mut self, n: usize, hint: impl Fn(&W) -> Vec<F> + Send + Sync + 'static) -> Vec<Value> {
        self.hints(n, false, Box::new(hint))
    }

    /// Challenges that nothing computes, five coefficients each.
    pub fn hint_challenges(
        &mut self,
        n: usize,
        hint: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> Vec<Value> {
        self.hints(n, true, Box::new(hint))
    }

    /// Challenges of which one is `own`, at the place that `place`, least bit first, says; the others are hints, in order. A hash of all
    /// of them brings them into the memory.
    pub fn place(
        &mut self,
        own: Value,
        place: &[Value],
        others: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> Vec<Value> {
        let n = 1 << place.len();
        let first = self.fresh_many(n);
        let (place, others) = (place.to_vec(), Box::new(others));
        self.program.steps.push(Step::Place { first, own, place, others });
        let values: Vec<Value> = (0..n as u32).map(|i| first.plus(i)).collect();
        self.wide.extend(&values);
        values
    }

    fn hints(&mut self, n: usize, whole: bool, hint: Hint<W>) -> Vec<Value> {
        let first = self.fresh_many(n);
        self.program.steps.push(Step::Hint { first, whole, hint });
        let values: Vec<Value> = (0..n as u32).map(|i| first.plus(i)).collect();
        if whole {
            self.wide.extend(&values);
        }
        values
    }

    /// Brings hinted base field elements into the memory.
    pub fn adopt(&mut self, hints: &[Value]) {
        for five in hints.chunks(CHALLENGE) {
            let mut row = Pack::default();
            for (port, value) in row.base.iter_mut().zip(five) {
                *port = self.write(*value);
            }
            self.program.rows.pack.push(row);
        }
    }

    /// Makes values public, in order. Once a circuit.
    pub fn publish(&mut self, values: &[Value]) {
        assert!(self.program.rows.public.is_empty(), "public values are published once");
        self.program.rows.public = values
            .iter()
            .map(|value| {
                let value = self.copy_to_read(*value);
                self.program.reads[value.index()] += 1;
                value
            })
            .collect();
    }
}

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

/// Arithmetic.
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

/// Bits of drawn elements.
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

/// A Fiat-Shamir transcript: `DuplexChallenger` of width 16 and rate 8.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    waiting: Vec<Value>,
    /// The row that was squeezed last and how many of its elements are left.
    drawn: Option<(usize, usize)>,
    /// Its last row.
    last: Option<usize>,
}

/// Transcripts.
impl<W> Circuit<W> {
    /// Absorbs an element.
    pub fn observe(&mut self, transcript: &mut Transcript, value: Value) {
        transcript.drawn = None;
        transcript.waiting.push(value);
        if transcript.waiting.len() == DUPLEX {
            self.duplex(transcript);
        }
    }

    /// Absorbs elements.
    pub fn observe_all(&mut self, transcript: &mut Transcript, values: &[Value]) {
        values.iter().for_each(|value| self.observe(transcript, *value));
    }

    /// Draws an element.
    pub fn sample(&mut self, transcript: &mut Transcript) -> Value {
        if !transcript.waiting.is_empty() || transcript.drawn.is_none_or(|(_, left)| left == 0) {
            self.duplex(transcript);
        }
        let Some((row, left)) = &mut transcript.drawn else { unreachable!("a permutation was made") };
        *left -= 1;
        let (row, place) = (*row, *left);
        let value = self.fresh();
        self.program.rows.transcript[row].squeeze[place] = self.write(value);
        value
    }

    /// Draws a challenge.
    pub fn sample_challenge(&mut self, transcript: &mut Transcript) -> Value {
        let base: [Value; CHALLENGE] = core::array::from_fn(|_| self.sample(transcript));
        self.pack(&base)
    }

    fn duplex(&mut self, transcript: &mut Transcript) {
        let number = self.program.rows.transcript.len();
        let follows = transcript.last.is_none_or(|last| last + 1 == number);
        assert!(follows, "a transcript is run to its end before another begins");
        let waiting = core::mem::take(&mut transcript.waiting);
        let mut row =
            Duplex { begin: transcript.last.is_none(), absorbed: waiting.len(), ..Duplex::default() };
        if !waiting.is_empty() {
            let zero = self.constant(F::ZERO);
            for (i, port) in row.absorb.iter_mut().enumerate() {
                *port = self.take(waiting.get(i).copied().unwrap_or(zero));
            }
        }
        transcript.last = Some(number);
        transcript.drawn = Some((number, DUPLEX));
        self.program.steps.push(Step::Duplex(number));
        self.program.rows.transcript.push(row);
    }
}

/// `sum_i x_i beta^(exponent - i)` over the elements of a hash up to a cut, or over all.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// The sum.
    pub value: Value,
    /// The exponent of the first element: elements before the cut, or those of all blocks, less one.
    pub exponent: usize,
}

/// Hashes.
impl<W> Circuit<W> {
    fn hashed(&mut self, blocks: Vec<Block>, elements: Option<Hint<W>>) -> Hashed {
        let hashed = Hashed(self.program.hashes);
        self.program.hashes += 1;
        let start = self.program.rows.sponge.len();
        self.program.rows.sponge.extend(blocks);
        if let Some(last) = self.program.rows.sponge.last_mut() {
            last.digest = Some(hashed);
        }
        let blocks = start..self.program.rows.sponge.len();
        self.program.steps.push(Step::Hash { blocks, elements });
        hashed
    }

    /// The hash of `n` hinted elements, with their sums in powers of `beta` after each of the `cuts` and at the end.
    ///
    /// # Panics
    /// There are no elements, two cuts lie in one block, or one lies outside.
    pub fn hash_rows(
        &mut self,
        n: usize,
        cuts: &[usize],
        beta: Value,
        elements: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> (Hashed, Vec<Sum>) {
        assert!(n > 0 && cuts.iter().all(|cut| (1..=n).contains(cut)), "cuts lie inside a row");
        let blocks = n.div_ceil(RATE);
        let mut sums = Vec::new();
        let mut rows = Vec::with_capacity(blocks);
        for i in 0..blocks {
            let (from, to) = (i * RATE, n.min((i + 1) * RATE));
            let inside: Vec<usize> = cuts.iter().copied().filter(|c| (from + 1..=to).contains(c)).collect();
            assert!(inside.len() <= 1, "two cuts in one block of a hash");
            let cut = inside.first().map(|c| (c - 1 - from, self.write_fresh()));
            sums.extend(cut.map(|(after, value)| Sum { value, exponent: from + after }));
            let beta = (i == 0).then(|| match self.read(beta) {
                Port::Read(value) => value,
                _ => unreachable!("it is read"),
            });
            rows.push(Block { begin: i == 0, absorbed: to - from, cut, beta, ..Block::default() });
        }
        let sum = self.write_fresh();
        sums.push(Sum { value: sum, exponent: blocks * RATE - 1 });
        if let Some(last) = rows.last_mut() {
            last.sum = Some(sum);
        }
        (self.hashed(rows, Some(Box::new(elements))), sums)
    }

    /// The hash of challenges, five elements each. Hints among them are brought into the memory.
    ///
    /// # Panics
    /// There are more than eight, as no folding step has a larger arity; or a hint is a base field element, which would have free
    /// upper coefficients here.
    pub fn hash_challenges(&mut self, values: &[Value]) -> Hashed {
        assert!((1..=8).contains(&values.len()), "a folding step has at most eight values");
        let known = |value: &Value| self.written[value.index()] || self.wide.contains(value);
        assert!(values.iter().all(known), "a hint among challenges is a challenge");
        let n = values.len() * CHALLENGE;
        let kinds = [(Ports::Whole, 0, 4), (Ports::AfterFour, 4, 7), (Ports::AfterThree, 7, 8)];
        let mut rows = Vec::new();
        for (i, (kind, from, to)) in kinds.into_iter().enumerate().take(n.div_ceil(RATE)) {
            let absorbed = RATE.min(n - i * RATE);
            let mut ports = [Port::Unused; 4];
            let here = values.iter().take(to).skip(from);
            for (port, value) in ports.iter_mut().zip(here) {
                *port = self.take(*value);
            }
            rows.push(Block { begin: i == 0, absorbed, kind, ports, ..Block::default() });
        }
        self.hashed(rows, None)
    }

    /// [`hash_fields`](aludel_protocol::hash::hash_fields) of base field elements.
    ///
    /// # Panics
    /// There are none.
    pub fn hash_fields(&mut self, tag: Tag, fields: &[Value]) -> Hashed {
        assert!(!fields.is_empty(), "a chain has a call");
        let start = (tag.fe(), F::from_usize(fields.len()));
        let zero = self.constant(F::ZERO);
        let mut rows = Vec::new();
        for (i, block) in fields.chunks(RATE).enumerate() {
            let mut block = block.to_vec();
            block.resize(RATE, zero);
            let (packed, last) = block.split_at(RATE - 1);
            let mut ports = [Port::Unused; 4];
            for (port, five) in ports.iter_mut().zip(packed.chunks(CHALLENGE)) {
                let whole = self.pack(five);
                *port = self.read(whole);
            }
            ports[3] = self.read(last[0]);
            let kind = Ports::Fields;
            rows.push(Block {
                begin: i == 0,
                fields: Some(start),
                absorbed: RATE,
                kind,
                ports,
                ..Block::default()
            });
        }
        self.hashed(rows, None)
    }

    /// The elements of a digest, at addresses in a row.
    pub fn reveal(&mut self, hashed: Hashed) -> [Value; DIGEST] {
        let first = self.fresh_many(DIGEST);
        let values = core::array::from_fn(|i| first.plus(i as u32));
        self.program.steps.push(Step::Reveal { hashed, first });
        self.adopt(&values);
        let tree = self.cap(&values);
        let zero = self.constant(F::ZERO);
        self.path(hashed, zero, &[], tree, |_| Vec::new());
        values
    }
}

/// Merkle trees.
impl<W> Circuit<W> {
    /// The cap of a tree: its digests one after another, at addresses in a row.
    ///
    /// # Panics
    /// Addresses do not lie in a row.
    pub fn cap(&mut self, elements: &[Value]) -> Tree {
        let tree = Tree(self.trees);
        self.trees += 1;
        for (index, digest) in elements.chunks(DIGEST).enumerate() {
            let first = digest[0];
            assert!((0..).zip(digest).all(|(i, value)| *value == first.plus(i)), "a digest lies in a row");
            for value in digest {
                self.program.reads[value.index()] += 1;
            }
            self.program.rows.caps.push(Entry { tree, index, digest: first });
        }
        tree
    }

    /// Walks from a leaf to the cap. Siblings are hints, eight elements a step.
    ///
    /// # Panics
    /// The tree is deeper than [`LEVELS`].
    pub fn path(
        &mut self,
        leaf: Hashed,
        index: Value,
        levels: &[Option<Hashed>],
        cap: Tree,
        siblings: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) {
        self.paths(&[Walk { leaf, index, levels: levels.to_vec() }], cap, siblings);
    }

    /// Walks of one form from leaves to the cap. Siblings are hints, eight elements each: those that no other walk gives, level
    /// by level from the leaves, and from left to right.
    ///
    /// # Panics
    /// The tree is deeper than [`LEVELS`].
    pub fn paths(
        &mut self,
        walks: &[Walk],
        cap: Tree,
        siblings: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) {
        let paths = walks.iter().map(|walk| self.walk(walk, cap)).collect();
        let siblings = Box::new(siblings);
        self.program.multiproofs.push(Multiproof { stage: self.stage, paths, siblings });
    }

    fn walk(&mut self, walk: &Walk, cap: Tree) -> core::ops::Range<usize> {
        let entries = self.program.rows.caps.iter().filter(|entry| entry.tree == cap).count();
        let depth = walk.levels.len() + entries.next_power_of_two().trailing_zeros() as usize;
        assert!(depth <= LEVELS, "a path has at most {LEVELS} levels, and this tree {depth}");
        let Port::Read(index) = self.read(walk.index) else { unreachable!("it is read") };
        let nodes = &mut self.program.rows.path;
        let start = nodes.len();
        let begin = Node { digest: Some(walk.leaf), index: Some(index), ..Node::default() };
        if walk.levels.is_empty() {
            nodes.push(Node { bare: true, ..begin });
        }
        for (i, injected) in walk.levels.iter().enumerate() {
            nodes.push(if i == 0 { begin } else { Node::default() });
            if injected.is_some() {
                nodes.push(Node { digest: *injected, inject: true, ..Node::default() });
            }
        }
        let last = nodes.len() - 1;
        nodes[start..last].iter_mut().for_each(|node| node.linked = true);
        nodes[last].end = Some(cap);
        start..nodes.len()
    }
}

/// A way from a leaf to a cap.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The leaf.
    pub leaf: Hashed,
    /// Its index.
    pub index: Value,
    /// For every step up what is injected after it.
    pub levels: Vec<Option<Hashed>>,
}
