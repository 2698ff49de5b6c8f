//! Programs over rows, several rows at a time.

use std::sync::LazyLock;

use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, ExtensionField, Field, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::{Cpu, Matrix, stored, taken};
use crate::error::Error;
use crate::id::DeviceId;
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::program::{Instruction, Operand, Weight};
use crate::rows::{Column, Domain, Program};
use crate::seam::{Device, Rows};

type Packed = <F as Field>::Packing;

/// Vectors of rows that go through the program together: an instruction is decoded once for all of them.
const VECTORS: usize = 4;
/// Rows of a block.
const ROWS: usize = VECTORS * Packed::WIDTH;

/// An element of the field in each row of a block.
type Lane = [Packed; VECTORS];

/// A program as the processor runs it: as it is.
#[derive(Clone, Debug)]
pub struct Compiled {
    program: Program,
    needs: Needs,
}

impl Rows for Cpu {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        Ok(Compiled { program: program.clone(), needs: Needs::of(program) })
    }

    fn run(
        &self,
        Compiled { program, needs }: &Compiled,
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
        let uniforms: Vec<[Packed; 5]> = values
            .iter()
            .map(|value| {
                let coefficients: &[F] = value.as_basis_coefficients_slice();
                core::array::from_fn(|i| Packed::from(coefficients[i]))
            })
            .collect();
        out.par_chunks_mut((width * ROWS).max(1)).enumerate().for_each_init(
            || Block::new(program),
            |block, (number, out)| {
                block.rows(domain, number * ROWS, &matrices);
                program
                    .code
                    .iter()
                    .for_each(|instruction| block.step(instruction, &matrices, &uniforms, out, width));
            },
        );
        Ok(stored(RowMajorMatrix::new(out, width), reserved))
    }
}

/// The registers of a block of rows.
struct Block {
    base: Vec<Lane>,
    fives: Vec<[Lane; 5]>,
    /// Where in each matrix rows begin, and their successors.
    places: [[[usize; ROWS]; 2]; MATRICES],
}

impl Block {
    fn new(program: &Program) -> Self {
        let zero = [Packed::ZERO; VECTORS];
        Self {
            base: vec![zero; program.registers],
            fives: vec![[zero; 5]; program.fives],
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

    fn operand(&self, operand: &Operand<u32>, uniforms: &[[Packed; 5]]) -> Lane {
        match operand {
            Operand::Register(register) => self.base[*register as usize],
            Operand::Uniform(value) => [uniforms[value.index()][0]; VECTORS],
        }
    }

    fn step(
        &mut self,
        instruction: &Instruction<u32>,
        matrices: &[Option<&Matrix>],
        uniforms: &[[Packed; 5]],
        out: &mut [F],
        width: usize,
    ) {
        let at = |register: u32| register as usize;
        match *instruction {
            Instruction::Load(to, column) => self.base[at(to)] = self.load(column, matrices),
            Instruction::LoadFive(to, column) => {
                self.fives[at(to)] = core::array::from_fn(|i| {
                    self.load(Column { column: column.column + i as u32, ..column }, matrices)
                });
            }
            Instruction::Add(to, a, b) => {
                let (a, b) = (self.operand(&a, uniforms), self.operand(&b, uniforms));
                self.base[at(to)] = core::array::from_fn(|v| a[v] + b[v]);
            }
            Instruction::Sub(to, a, b) => {
                let (a, b) = (self.operand(&a, uniforms), self.operand(&b, uniforms));
                self.base[at(to)] = core::array::from_fn(|v| a[v] - b[v]);
            }
            Instruction::Mul(to, a, b) => {
                let (a, b) = (self.operand(&a, uniforms), self.operand(&b, uniforms));
                self.base[at(to)] = core::array::from_fn(|v| a[v] * b[v]);
            }
            Instruction::Start(to, constant) => {
                self.fives[at(to)] = core::array::from_fn(|i| [uniforms[constant.index()][i]; VECTORS]);
            }
            Instruction::AddTerm(to, a, weight) => {
                let a = self.base[at(a)];
                let sum = &mut self.fives[at(to)];
                match weight {
                    Weight::One => add(&mut sum[0], &a, |a| a),
                    Weight::Base(c) => add(&mut sum[0], &a, |a| a * uniforms[c.index()][0]),
                    Weight::Extension(c) => {
                        sum.iter_mut().zip(uniforms[c.index()]).for_each(|(sum, c)| add(sum, &a, |a| a * c));
                    }
                }
            }
            Instruction::AddFive(to, a, weight) => {
                let a = self.fives[at(a)];
                let sum = &mut self.fives[at(to)];
                match weight {
                    Weight::One => sum.iter_mut().zip(&a).for_each(|(sum, a)| add(sum, a, |a| a)),
                    Weight::Base(c) => {
                        let c = uniforms[c.index()][0];
                        sum.iter_mut().zip(&a).for_each(|(sum, a)| add(sum, a, |a| a * c));
                    }
                    Weight::Extension(c) => {
                        let c = uniforms[c.index()].map(|c| [c; VECTORS]);
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
