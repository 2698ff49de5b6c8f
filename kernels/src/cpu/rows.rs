//! Programs over rows, several rows at a time.

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing, batch_multiplicative_inverse};
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
                block.rows(domain, number * ROWS);
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
    rows: [[usize; ROWS]; 2],
    domain: Domain,
}

impl Block {
    fn new(program: &Program) -> Self {
        let zero = [Packed::ZERO; VECTORS];
        Self {
            base: vec![zero; program.registers],
            fives: vec![[zero; 5]; program.fives],
            rows: [[0; ROWS]; 2],
            domain: Domain::Natural { log_height: 0 },
        }
    }

    fn rows(&mut self, domain: Domain, first: usize) {
        // Of a domain with fewer rows than a block the others do the same again.
        let last = (1 << domain.log_height()) - 1;
        self.domain = domain;
        self.rows[0] = core::array::from_fn(|i| (first + i).min(last));
        self.rows[1] = self.rows[0].map(|row| domain.next(row));
    }

    fn load(&self, column: Column, matrices: &[Option<&Matrix>]) -> Lane {
        let matrix = matrices[usize::from(column.matrix)].expect("a matrix that the program reads");
        let (width, log_height) = (matrix.width(), matrix.height().ilog2() as usize);
        let elements = &matrix.values.elements;
        let rows = &self.rows[usize::from(column.next)];
        let at = |row: usize| elements[self.domain.place(row, log_height) * width + column.column as usize];
        core::array::from_fn(|v| Packed::from_fn(|i| at(rows[v * Packed::WIDTH + i])))
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
            <Challenge as p3_field::ExtensionField<F>>::ExtensionPacking::from_basis_coefficients_fn(|i| {
                x[i][v]
            })
        };
        let product = of(a) * of(b);
        let coefficients: &[Packed] = product.as_basis_coefficients_slice();
        (0..5).for_each(|i| out[i][v] = coefficients[i]);
    }
    out
}

/// The inverse in each row, zero of zero: one inversion for all rows of the block.
fn inverse(a: &[Lane; 5]) -> [Lane; 5] {
    let at =
        |coefficient: usize, row: usize| a[coefficient][row / Packed::WIDTH].as_slice()[row % Packed::WIDTH];
    let values: [Challenge; ROWS] =
        core::array::from_fn(|row| Challenge::from_basis_coefficients_fn(|i| at(i, row)));
    let inverses = batch_multiplicative_inverse(
        &values.map(|value| if value.is_zero() { Challenge::ONE } else { value }),
    );
    let coefficient = |row: usize, i: usize| match values[row].is_zero() {
        true => F::ZERO,
        false => <Challenge as BasedVectorSpace<F>>::as_basis_coefficients_slice(&inverses[row])[i],
    };
    core::array::from_fn(|i| {
        core::array::from_fn(|v| Packed::from_fn(|lane| coefficient(v * Packed::WIDTH + lane, i)))
    })
}
