//! Programs over rows, several rows at a time.

use std::sync::LazyLock;

use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F};
use p3_field::{Algebra, BasedVectorSpace, ExtensionField, Field, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::steps::{Kind, Step, Steps, TERMS, Values, element};
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

/// A program as the processor runs it.
#[derive(Clone, Debug)]
pub struct Compiled {
    program: Program,
    needs: Needs,
    steps: Steps,
}

impl Rows for Cpu {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let steps = Steps::new(&program.code);
        Ok(Compiled { program: program.clone(), needs: Needs::of(program), steps })
    }

    fn run(
        &self,
        Compiled { program, needs, steps }: &Compiled,
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
            || Block::new(program),
            |block, (number, out)| {
                block.rows(domain, number * ROWS, &matrices);
                steps.list.iter().for_each(|step| match step {
                    Step::Run(kind, range) => {
                        block.run(*kind, &program.code[range.clone()], &matrices, &given, out, width);
                    }
                    Step::Products { registers, factors } => {
                        block.add_products(registers, &given.factors[*factors]);
                    }
                    Step::Keep { register, at } => block.kept[*at] = block.base[*register as usize],
                    Step::AddKept { to, weights } => block.add_kept(*to, &given.weights[*weights]),
                });
            },
        );
        Ok(stored(RowMajorMatrix::new(out, width), reserved))
    }
}

/// The registers of a block of rows.
struct Block {
    base: Vec<Lane>,
    fives: Vec<[Lane; 5]>,
    /// The sum that is made in the field.
    sum: Lane,
    /// Elements that are to be added to a sum of the extension.
    kept: [Lane; TERMS],
    /// Where in each matrix rows begin, and their successors.
    places: [[[usize; ROWS]; 2]; MATRICES],
}

impl Block {
    fn new(program: &Program) -> Self {
        let zero = [Packed::ZERO; VECTORS];
        Self {
            base: vec![zero; program.registers],
            fives: vec![[zero; 5]; program.fives],
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

    fn load(&self, column: Column, matrices: &[Option<&Matrix>]) -> Lane {
        let matrix = matrices[usize::from(column.matrix)].expect("a matrix that the program reads");
        let elements = &matrix.values.elements;
        let places = &self.places[usize::from(column.matrix)][usize::from(column.next)];
        let at = |row: usize| elements[places[row] + column.column as usize];
        core::array::from_fn(|v| Packed::from_fn(|i| at(v * Packed::WIDTH + i)))
    }

    fn operand(&self, operand: &Operand<u32>, values: &[Challenge]) -> Lane {
        match operand {
            Operand::Register(register) => self.base[*register as usize],
            Operand::Uniform(value) => [Packed::from(element(values, *value)); VECTORS],
        }
    }

    #[inline(always)]
    fn of_two(&mut self, [to, a, b]: [u32; 3], of: impl Fn(Packed, Packed) -> Packed) {
        let (a, b) = (&self.base[a as usize], &self.base[b as usize]);
        let value = core::array::from_fn(|v| of(a[v], b[v]));
        self.base[to as usize] = value;
    }

    #[inline(always)]
    fn of_one(&mut self, [to, a]: [u32; 2], of: impl Fn(Packed) -> Packed) {
        let value = self.base[a as usize].map(of);
        self.base[to as usize] = value;
    }

    /// Adds the products of some elements.
    fn add_products(&mut self, registers: &[u32; TERMS], factors: &[F; TERMS]) {
        let elements = registers.map(|register| &self.base[register as usize]);
        self.sum = core::array::from_fn(|v| self.sum[v] + dot(&elements.map(|element| element[v]), factors));
    }

    /// Adds the products of what is kept by values of the extension.
    fn add_kept(&mut self, to: u32, weights: &[[F; TERMS]; 5]) {
        for (sum, weights) in self.fives[to as usize].iter_mut().zip(weights) {
            for (v, sum) in sum.iter_mut().enumerate() {
                *sum += dot(&self.kept.each_ref().map(|element| element[v]), weights);
            }
        }
    }

    /// Instructions of one kind.
    fn run(
        &mut self,
        kind: Kind,
        code: &[Instruction<u32>],
        matrices: &[Option<&Matrix>],
        given: &Values<'_>,
        out: &mut [F],
        width: usize,
    ) {
        use Operand::{Register, Uniform as Value};
        let value = |at| Packed::from(element(given.all, at));
        for instruction in code {
            match (kind, *instruction) {
                (Kind::Add, Instruction::Add(to, Register(a), Register(b))) => {
                    self.of_two([to, a, b], |a, b| a + b);
                }
                (Kind::Sub, Instruction::Sub(to, Register(a), Register(b))) => {
                    self.of_two([to, a, b], |a, b| a - b);
                }
                (Kind::Mul, Instruction::Mul(to, Register(a), Register(b))) => {
                    self.of_two([to, a, b], |a, b| a * b);
                }
                (
                    Kind::AddValue,
                    Instruction::Add(to, Register(a), Value(b)) | Instruction::Add(to, Value(b), Register(a)),
                ) => {
                    let b = value(b);
                    self.of_one([to, a], |a| a + b);
                }
                (
                    Kind::MulValue,
                    Instruction::Mul(to, Register(a), Value(b)) | Instruction::Mul(to, Value(b), Register(a)),
                ) => {
                    let b = value(b);
                    self.of_one([to, a], |a| a * b);
                }
                _ => self.step(instruction, matrices, given.all, out, width),
            }
        }
    }

    fn step(
        &mut self,
        instruction: &Instruction<u32>,
        matrices: &[Option<&Matrix>],
        values: &[Challenge],
        out: &mut [F],
        width: usize,
    ) {
        let five = |value: Uniform| -> [Packed; 5] {
            let coefficients: &[F] = values[value.index()].as_basis_coefficients_slice();
            core::array::from_fn(|i| Packed::from(coefficients[i]))
        };
        let at = |register: u32| register as usize;
        match *instruction {
            Instruction::Load(to, column) => self.base[at(to)] = self.load(column, matrices),
            Instruction::LoadFive(to, column) => {
                self.fives[at(to)] = core::array::from_fn(|i| {
                    self.load(Column { column: column.column + i as u32, ..column }, matrices)
                });
            }
            Instruction::Add(to, a, b) => {
                let (a, b) = (self.operand(&a, values), self.operand(&b, values));
                self.base[at(to)] = core::array::from_fn(|v| a[v] + b[v]);
            }
            Instruction::Sub(to, a, b) => {
                let (a, b) = (self.operand(&a, values), self.operand(&b, values));
                self.base[at(to)] = core::array::from_fn(|v| a[v] - b[v]);
            }
            Instruction::Mul(to, a, b) => {
                let (a, b) = (self.operand(&a, values), self.operand(&b, values));
                self.base[at(to)] = core::array::from_fn(|v| a[v] * b[v]);
            }
            Instruction::Begin(constant) => self.sum = [Packed::from(element(values, constant)); VECTORS],
            Instruction::AddProduct(a, by) => {
                let (a, by) = (&self.base[at(a)], Packed::from(element(values, by)));
                self.sum.iter_mut().zip(a).for_each(|(sum, a)| *sum += *a * by);
            }
            Instruction::End(to) => self.base[at(to)] = self.sum,
            Instruction::Start(to, constant) => self.fives[at(to)] = five(constant).map(|c| [c; VECTORS]),
            Instruction::AddTerm(to, a, weight) => {
                let a = self.base[at(a)];
                let sum = &mut self.fives[at(to)];
                match weight {
                    Weight::One => add(&mut sum[0], &a, |a| a),
                    Weight::Base(c) => {
                        let c = element(values, c);
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
                        let c = element(values, c);
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
                let (a, b) = (self.fives[at(a)], self.base[at(b)]);
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

/// The sum of products, of which the last ones may be by zero.
fn dot(elements: &[Packed; TERMS], factors: &[F; TERMS]) -> Packed {
    Packed::mixed_dot_product(elements, factors)
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
