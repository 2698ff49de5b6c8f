//! Programs over rows, several rows at a time.

use std::sync::LazyLock;

use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F};
use p3_field::{Algebra, BasedVectorSpace, ExtensionField, Field, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::steps::{Kind, Step, Steps, TERMS, Values};
use super::{Cpu, Matrix, stored, taken};
use crate::error::Error;
use crate::id::DeviceId;
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::program::{Instruction, Operand, Weight};
use crate::rows::uniform::Uniform;
use crate::rows::{Column, Domain, Program};
use crate::seam::{Device, Rows};

type Packed = <F as Field>::Packing;

/// Vectors of rows that go through the program together: an instruction is decoded once for all of them.
const VECTORS: usize = 4;
/// Rows of a block.
const ROWS: usize = VECTORS * Packed::WIDTH;

/// An element of the field in each row of a block.
type Lane = [Packed; VECTORS];

/// The same in memory, in cache lines of its own.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Stored(Lane);

/// A program as the processor runs it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Of the field and of the extension.
    registers: [usize; 2],
    needs: Needs,
    steps: Steps,
}

impl Rows for Cpu {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let steps = Steps::new(program);
        Ok(Compiled { registers: [program.registers, program.fives], needs: Needs::of(program), steps })
    }

    fn run(
        &self,
        Compiled { registers, needs, steps }: &Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let shapes = matrices.map(|matrix| matrix.map(|matrix| self.shape(matrix)));
        needs.check(DeviceId::Cpu, domain, shapes, values.len(), onto.as_ref().map(|m| self.shape(m)))?;
        // What is not read may be of any shape.
        let matrices: [_; MATRICES] = core::array::from_fn(|i| matrices[i].filter(|_| needs.columns[i] > 0));
        let (height, width) = needs.result(domain);
        let (mut out, reserved) = match onto.map(taken) {
            Some((out, reserved)) => (out.values, reserved),
            None => {
                let reserved = self.reserve(height * width)?;
                (F::zero_vec(height * width), reserved)
            }
        };
        let given = Values::new(steps, values);
        out.par_chunks_mut((width * ROWS).max(1)).enumerate().for_each_init(
            || Block::new(*registers, steps),
            |block, (number, out)| {
                block.rows(domain, number * ROWS, &matrices);
                block.load(&steps.groups, &matrices);
                steps.list.iter().for_each(|step| block.step(step, steps, &given, out, width));
            },
        );
        Ok(stored(RowMajorMatrix::new(out, width), reserved))
    }
}

/// The registers and columns of a block of rows.
struct Block {
    base: Vec<Stored>,
    fives: Vec<[Lane; 5]>,
    /// How many of the elements are registers, after which columns lie.
    registers: usize,
    /// The sum that is made in the field.
    sum: Lane,
    /// Elements that are to be added to a sum of the extension.
    kept: [Lane; TERMS],
    /// Where in each matrix rows begin, and their successors.
    places: [[[usize; ROWS]; 2]; MATRICES],
}

impl Block {
    fn new([registers, fives]: [usize; 2], steps: &Steps) -> Self {
        let zero = [Packed::ZERO; VECTORS];
        Self {
            base: vec![Stored(zero); registers + steps.columns.len()],
            fives: vec![[zero; 5]; fives],
            registers,
            sum: zero,
            kept: [zero; TERMS],
            places: [[[0; ROWS]; 2]; MATRICES],
        }
    }

    fn rows(&mut self, domain: Domain, first: usize, matrices: &[Option<&Matrix>]) {
        // Of a domain with fewer rows than a block the others do the same again.
        let last = (1 << domain.log_height()) - 1;
        let here: [usize; ROWS] = core::array::from_fn(|i| (first + i).min(last));
        let next = here.map(|row| domain.next(row));
        for (places, matrix) in self.places.iter_mut().zip(matrices) {
            if let Some(matrix) = matrix {
                let (width, log_height) = (matrix.width(), matrix.height().ilog2() as usize);
                *places = [here, next].map(|rows| rows.map(|row| domain.place(row, log_height) * width));
            }
        }
    }

    /// All columns, in the order of memory, so that no instruction waits for one.
    fn load(&mut self, groups: &[(Column, usize)], matrices: &[Option<&Matrix>]) {
        let mut columns = &mut self.base[self.registers..];
        for (first, count) in groups {
            let (group, rest) = columns.split_at_mut(*count);
            let matrix = matrices[usize::from(first.matrix)].expect("a matrix that the program reads");
            let elements = &matrix.values.elements[first.column as usize..];
            let places = &self.places[usize::from(first.matrix)][usize::from(first.next)];
            for (row, place) in places.iter().enumerate() {
                for (column, element) in group.iter_mut().zip(&elements[*place..*place + count]) {
                    column.0[row / Packed::WIDTH].as_slice_mut()[row % Packed::WIDTH] = *element;
                }
            }
            columns = rest;
        }
    }

    fn operand(&self, operand: &Operand<u32>, values: &[Challenge]) -> Lane {
        match operand {
            Operand::Register(element) => self.base[*element as usize].0,
            Operand::Uniform(value) => [Packed::from(value_of(values, value.index())); VECTORS],
        }
    }

    fn step(&mut self, step: &Step, steps: &Steps, given: &Values<'_>, out: &mut [F], width: usize) {
        match step {
            Step::Run(kind, range) => self.run(*kind, &steps.operations[range.clone()], given.all),
            Step::Products { elements, factors } => {
                let elements = elements.map(|element| &self.base[element as usize].0);
                let factors = &given.factors[*factors];
                let dot = |v| Packed::mixed_dot_product(&elements.map(|element| element[v]), factors);
                self.sum = core::array::from_fn(|v| self.sum[v] + dot(v));
            }
            Step::Keep { element, at } => self.kept[*at] = self.base[*element as usize].0,
            Step::AddKept { to, weights } => {
                let sum = &mut self.fives[*to as usize];
                for (sum, weights) in sum.iter_mut().zip(&given.weights[*weights]) {
                    for (v, sum) in sum.iter_mut().enumerate() {
                        let kept = self.kept.each_ref().map(|element| element[v]);
                        *sum += Packed::mixed_dot_product(&kept, weights);
                    }
                }
            }
            Step::LoadFive { to, first } => {
                self.fives[*to as usize] = core::array::from_fn(|i| self.base[first + i].0);
            }
            Step::Other(instruction) => self.other(instruction, given.all, out, width),
        }
    }

    /// Operations of one kind.
    fn run(&mut self, kind: Kind, operations: &[[u32; 3]], values: &[Challenge]) {
        let value = |number: u32| Packed::from(value_of(values, number as usize));
        match kind {
            Kind::Add => self.of_two(operations, |a, b| a + b),
            Kind::Sub => self.of_two(operations, |a, b| a - b),
            Kind::Mul => self.of_two(operations, |a, b| a * b),
            Kind::AddValue => self.of_one(operations, |a, b| a + value(b)),
            Kind::MulValue => self.of_one(operations, |a, b| a * value(b)),
        }
    }

    #[inline(always)]
    fn of_two(&mut self, operations: &[[u32; 3]], of: impl Fn(Packed, Packed) -> Packed) {
        for [to, a, b] in operations {
            let [a, b] = [a, b].map(|element| &self.base[*element as usize].0);
            let value = core::array::from_fn(|v| of(a[v], b[v]));
            self.base[*to as usize].0 = value;
        }
    }

    #[inline(always)]
    fn of_one(&mut self, operations: &[[u32; 3]], of: impl Fn(Packed, u32) -> Packed) {
        for [to, a, b] in operations {
            let value = self.base[*a as usize].0.map(|a| of(a, *b));
            self.base[*to as usize].0 = value;
        }
    }

    fn other(&mut self, instruction: &Instruction<u32>, values: &[Challenge], out: &mut [F], width: usize) {
        let at = |register: u32| register as usize;
        let element = |value: Uniform| value_of(values, value.index());
        let five = |value: Uniform| -> [Packed; 5] {
            let coefficients: &[F] = values[value.index()].as_basis_coefficients_slice();
            core::array::from_fn(|i| Packed::from(coefficients[i]))
        };
        match *instruction {
            Instruction::Add(to, a, b) => {
                let (a, b) = (self.operand(&a, values), self.operand(&b, values));
                self.base[at(to)].0 = core::array::from_fn(|v| a[v] + b[v]);
            }
            Instruction::Sub(to, a, b) => {
                let (a, b) = (self.operand(&a, values), self.operand(&b, values));
                self.base[at(to)].0 = core::array::from_fn(|v| a[v] - b[v]);
            }
            Instruction::Mul(to, a, b) => {
                let (a, b) = (self.operand(&a, values), self.operand(&b, values));
                self.base[at(to)].0 = core::array::from_fn(|v| a[v] * b[v]);
            }
            Instruction::Load(..) | Instruction::LoadFive(..) | Instruction::AddProduct(..) => {
                unreachable!("steps of their own")
            }
            Instruction::Begin(constant) => self.sum = [Packed::from(element(constant)); VECTORS],
            Instruction::End(to) => self.base[at(to)].0 = self.sum,
            Instruction::Start(to, constant) => self.fives[at(to)] = five(constant).map(|c| [c; VECTORS]),
            Instruction::AddTerm(to, a, weight) => {
                let a = self.base[at(a)].0;
                let sum = &mut self.fives[at(to)];
                match weight {
                    Weight::One => add(&mut sum[0], &a, |a| a),
                    Weight::Base(c) => {
                        let c = element(c);
                        add(&mut sum[0], &a, |a| a * c);
                    }
                    Weight::Extension(c) => {
                        sum.iter_mut().zip(five(c)).for_each(|(sum, c)| add(sum, &a, |a| a * c));
                    }
                }
            }
            Instruction::AddFive(to, a, weight) => {
                let a = self.fives[at(a)];
                let sum = &mut self.fives[at(to)];
                match weight {
                    Weight::One => sum.iter_mut().zip(&a).for_each(|(sum, a)| add(sum, a, |a| a)),
                    Weight::Base(c) => {
                        let c = element(c);
                        sum.iter_mut().zip(&a).for_each(|(sum, a)| add(sum, a, |a| a * c));
                    }
                    Weight::Extension(c) => {
                        let c = five(c).map(|c| [c; VECTORS]);
                        let product = product(&a, &c);
                        sum.iter_mut().zip(&product).for_each(|(sum, a)| add(sum, a, |a| a));
                    }
                }
            }
            Instruction::Product(to, a, b) => {
                self.fives[at(to)] = product(&self.fives[at(a)], &self.fives[at(b)])
            }
            Instruction::Scaled(to, a, b) => {
                let (a, b) = (self.fives[at(a)], self.base[at(b)].0);
                self.fives[at(to)] = a.map(|a| core::array::from_fn(|v| a[v] * b[v]));
            }
            Instruction::Inverse(to, a) => self.fives[at(to)] = inverse(&self.fives[at(a)]),
            Instruction::Store(a, output) => {
                let value = &self.fives[at(a)];
                for (row, out) in out.chunks_exact_mut(width).enumerate() {
                    for (i, coefficient) in value.iter().enumerate() {
                        let vector = coefficient[row / Packed::WIDTH].as_slice();
                        out[5 * output + i] += vector[row % Packed::WIDTH];
                    }
                }
            }
        }
    }
}

fn value_of(values: &[Challenge], number: usize) -> F {
    values[number].as_basis_coefficients_slice()[0]
}

fn add(sum: &mut Lane, a: &Lane, of: impl Fn(Packed) -> Packed) {
    sum.iter_mut().zip(a).for_each(|(sum, a)| *sum += of(*a));
}

/// The product by `X^5 = 1 - X^2`.
fn product(a: &[Lane; 5], b: &[Lane; 5]) -> [Lane; 5] {
    let mut out = [[Packed::ZERO; VECTORS]; 5];
    for v in 0..VECTORS {
        let of = |x: &[Lane; 5]| {
            <Challenge as ExtensionField<F>>::ExtensionPacking::from_basis_coefficients_fn(|i| x[i][v])
        };
        let product = of(a) * of(b);
        let coefficients: &[Packed] = product.as_basis_coefficients_slice();
        (0..5).for_each(|i| out[i][v] = coefficients[i]);
    }
    out
}

/// The inverse in each row, zero of zero (Itoh and Tsujii): with `a^(p + p^2 + p^3 + p^4)` the product is the norm, which the field has.
fn inverse(a: &[Lane; 5]) -> [Lane; 5] {
    let [once, twice] = &*FROBENIUS;
    let first = image(a, once);
    let two = product(&first, &image(&first, once));
    let others = product(&two, &image(&two, twice));
    // Of the product, the coefficient of 1.
    let norm = core::array::from_fn(|v| {
        let reversed = [others[0][v], others[4][v], others[3][v], others[2][v], others[1][v]];
        Packed::dot_product(&a.each_ref().map(|a| a[v]), &reversed) - a[4][v] * others[4][v]
    });
    let inverse = base_inverse(norm);
    others.map(|coefficient| times(coefficient, inverse))
}

/// The images of `X`, `X^2`, `X^3` and `X^4` under the Frobenius and under its square, which are linear.
static FROBENIUS: LazyLock<[[Challenge; 4]; 2]> = LazyLock::new(|| {
    let x = Challenge::from_basis_coefficients_fn(|i| F::from_bool(i == 1));
    let to_the_p = |x: Challenge| x.exp_u64(MODULUS.into());
    [to_the_p(x), to_the_p(to_the_p(x))].map(|image| core::array::from_fn(|i| image.exp_u64(i as u64 + 1)))
});

fn image(a: &[Lane; 5], powers: &[Challenge; 4]) -> [Lane; 5] {
    let mut image: [Lane; 5] = core::array::from_fn(|j| {
        let by = powers.map(|power| {
            let coefficients: &[F] = power.as_basis_coefficients_slice();
            Packed::from(coefficients[j])
        });
        core::array::from_fn(|v| Packed::dot_product(&[a[1][v], a[2][v], a[3][v], a[4][v]], &by))
    });
    add(&mut image[0], &a[0], |a| a);
    image
}

fn times(a: Lane, b: Lane) -> Lane {
    core::array::from_fn(|v| a[v] * b[v])
}

/// The power of `p - 2`, whose bits are six ones, a zero and 24 ones.
fn base_inverse(x: Lane) -> Lane {
    let squared = |x: Lane, times: usize| (0..times).fold(x, |x, _| x.map(|x| x.square()));
    let two = times(squared(x, 1), x);
    let three = times(squared(two, 1), x);
    let six = times(squared(three, 3), three);
    (0..4).fold(squared(six, 1), |power, _| times(squared(power, 6), six))
}
