//! A program's instructions as the processor runs them: columns lie beside the registers of a block of rows before the program begins, instructions of one kind that follow one another are decoded
//! once, and products of a sum are made some at a time.

use core::ops::Range;
use std::collections::BTreeSet;

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use crate::fold::DEGREE;
use crate::rows::Column;
use crate::rows::program::{Instruction, Operand, Program, Weight};
use crate::rows::uniform::Uniform;

/// Terms of a sum that are multiplied together, and reduced once.
pub(super) const TERMS: usize = 8;

/// Columns that are read together, row after row: those of a cache line.
const GROUP: usize = 16;

/// What most instructions are: an operation in the field, on an element and another or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    AddValue,
    Sub,
    Mul,
    MulValue,
}

/// Elements of the field are numbered: registers, and then columns.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A range of operations of a kind.
    Run(Kind, Range<usize>),
    /// Adds products to the field's sum: of these elements by factors of a number.
    Products { elements: [u32; TERMS], factors: usize },
    /// Keeps an element that is to be added to a sum of the extension.
    Keep { element: u32, at: usize },
    /// Adds what is kept, times weights of a number.
    AddKept { to: u32, weights: usize },
    /// Five columns from an element on, which lie in their order.
    LoadFive { to: u32, first: usize },
    /// Anything else.
    Other(Instruction<u32>),
}

/// A program's steps, in order.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// The columns that it reads, in the order in which they lie in memory.
    pub columns: Vec<Column>,
    /// Of those that lie side by side, a few at a time, the first and how many there are.
    pub groups: Vec<(Column, usize)>,
    pub list: Vec<Step>,
    /// What is written, an element, and another or the number of a value.
    pub operations: Vec<[u32; 3]>,
    // Where there are fewer terms than go together, the others are multiplied by zero.
    factors: Vec<[Uniform; TERMS]>,
    weights: Vec<[Uniform; TERMS]>,
    /// The element that is in each register.
    elements: Vec<u32>,
}

impl Steps {
    pub fn new(program: &Program) -> Self {
        let columns = program.code.iter().flat_map(|instruction| match *instruction {
            Instruction::Load(_, column) => columns(column, 1),
            Instruction::LoadFive(_, column) => columns(column, DEGREE as u32),
            _ => Vec::new(),
        });
        let columns: BTreeSet<_> =
            columns.map(|column| (column.matrix, column.next, column.column)).collect();
        let columns = columns.into_iter().map(|(matrix, next, column)| Column { matrix, column, next });
        let columns: Vec<_> = columns.collect();
        let are_beside = |a: &Column, b: &Column| (Column { column: a.column + 1, ..*a }) == *b;
        let groups = columns.chunk_by(are_beside).flat_map(|columns| columns.chunks(GROUP));
        let mut steps = Self {
            groups: groups.map(|group| (group[0], group.len())).collect(),
            columns,
            list: Vec::new(),
            operations: Vec::new(),
            factors: Vec::new(),
            weights: Vec::new(),
            elements: (0..).take(program.registers).collect(),
        };
        steps.take_all(&program.code);
        steps
    }

    fn take_all(&mut self, code: &[Instruction<u32>]) {
        // Values by which elements are to be multiplied that are kept for a sum of the extension.
        let mut kept: Option<(u32, Vec<Uniform>)> = None;
        // Products of the field's sum that are to be added.
        let mut products: (Vec<u32>, Vec<Uniform>) = Default::default();
        for instruction in code {
            let (written, read) = instruction.registers();
            let term = match *instruction {
                Instruction::AddTerm(to, register, Weight::Extension(by)) => Some((to, register, by)),
                _ => None,
            };
            let touches = |sum: u32| written.iter().chain(&read).any(|register| *register == (sum, true));
            let ends = |(sum, weights): &mut (u32, Vec<Uniform>)| match term {
                Some((to, ..)) => to != *sum || weights.len() == TERMS,
                None => touches(*sum),
            };
            if let Some((to, weights)) = kept.take_if(ends) {
                self.add_kept(to, &weights);
            }
            match (*instruction, term) {
                (_, Some((to, register, by))) => {
                    let (_, weights) = kept.get_or_insert_with(|| (to, Vec::new()));
                    let element = self.elements[register as usize];
                    self.list.push(Step::Keep { element, at: weights.len() });
                    weights.push(by);
                }
                (Instruction::AddProduct(register, by), _) => {
                    let (elements, factors) = &mut products;
                    elements.push(self.elements[register as usize]);
                    factors.push(by);
                    if factors.len() == TERMS {
                        self.add_products(&mut products);
                    }
                }
                // What is multiplied may lie in a register that is given to the sum, and to nothing before: between are loads at most, which write none.
                (Instruction::End(_), _) => {
                    self.add_products(&mut products);
                    self.take(instruction);
                }
                _ => self.take(instruction),
            }
        }
        if let Some((to, weights)) = kept {
            self.add_kept(to, &weights);
        }
    }

    fn add_kept(&mut self, to: u32, weights: &[Uniform]) {
        self.list.push(Step::AddKept { to, weights: self.weights.len() });
        self.weights.push(filled(weights, Uniform::ZERO));
    }

    fn add_products(&mut self, (elements, factors): &mut (Vec<u32>, Vec<Uniform>)) {
        if let Some(first) = elements.first() {
            let elements = filled(elements, *first);
            self.list.push(Step::Products { elements, factors: self.factors.len() });
            self.factors.push(filled(factors, Uniform::ZERO));
        }
        elements.clear();
        factors.clear();
    }

    /// The elements that operands are.
    fn placed(&self, operand: Operand<u32>) -> Operand<u32> {
        match operand {
            Operand::Register(register) => Operand::Register(self.elements[register as usize]),
            Operand::Uniform(_) => operand,
        }
    }

    /// Any instruction that is no term of a sum by known values.
    fn take(&mut self, instruction: &Instruction<u32>) {
        use Operand::{Register, Uniform as Value};
        let at = |register: u32| self.elements[register as usize];
        match *instruction {
            // Numbers of registers and columns are 32 bits.
            Instruction::Load(to, column) => self.elements[to as usize] = self.column(column) as u32,
            Instruction::LoadFive(to, column) => {
                self.list.push(Step::LoadFive { to, first: self.column(column) });
            }
            Instruction::Add(to, a, b) => match (self.placed(a), self.placed(b)) {
                (Register(a), Register(b)) => self.operation(Kind::Add, to, a, b),
                (Register(a), Value(b)) | (Value(b), Register(a)) => {
                    self.operation(Kind::AddValue, to, a, b.index() as u32);
                }
                (a, b) => self.written(to, Instruction::Add(to, a, b)),
            },
            Instruction::Sub(to, a, b) => match (self.placed(a), self.placed(b)) {
                (Register(a), Register(b)) => self.operation(Kind::Sub, to, a, b),
                (a, b) => self.written(to, Instruction::Sub(to, a, b)),
            },
            Instruction::Mul(to, a, b) => match (self.placed(a), self.placed(b)) {
                (Register(a), Register(b)) => self.operation(Kind::Mul, to, a, b),
                (Register(a), Value(b)) | (Value(b), Register(a)) => {
                    self.operation(Kind::MulValue, to, a, b.index() as u32);
                }
                (a, b) => self.written(to, Instruction::Mul(to, a, b)),
            },
            Instruction::End(to) => self.written(to, Instruction::End(to)),
            Instruction::AddTerm(to, a, by) => {
                self.list.push(Step::Other(Instruction::AddTerm(to, at(a), by)))
            }
            Instruction::Scaled(to, a, b) => self.list.push(Step::Other(Instruction::Scaled(to, a, at(b)))),
            of_the_extension => self.list.push(Step::Other(of_the_extension)),
        }
    }

    /// A register is written.
    fn written(&mut self, to: u32, instruction: Instruction<u32>) {
        self.elements[to as usize] = to;
        self.list.push(Step::Other(instruction));
    }

    fn operation(&mut self, kind: Kind, to: u32, a: u32, b: u32) {
        self.elements[to as usize] = to;
        let at = self.operations.len();
        self.operations.push([to, a, b]);
        match self.list.last_mut() {
            Some(Step::Run(last, range)) if *last == kind => range.end += 1,
            _ => self.list.push(Step::Run(kind, at..at + 1)),
        }
    }

    /// The element that is a column.
    fn column(&self, column: Column) -> usize {
        let key = |column: &Column| (column.matrix, column.next, column.column);
        self.elements.len() + self.columns.partition_point(|other| key(other) < key(&column))
    }
}

fn columns(first: Column, count: u32) -> Vec<Column> {
    (0..count).map(|i| Column { column: first.column + i, ..first }).collect()
}

fn filled<T: Copy>(some: &[T], rest: T) -> [T; TERMS] {
    core::array::from_fn(|i| some.get(i).copied().unwrap_or(rest))
}

/// The uniform values of a run, as steps read them.
pub(super) struct Values<'a> {
    pub all: &'a [Challenge],
    pub factors: Vec<[F; TERMS]>,
    /// Coefficient by coefficient.
    pub weights: Vec<[[F; TERMS]; DEGREE]>,
}

impl<'a> Values<'a> {
    pub fn new(steps: &Steps, all: &'a [Challenge]) -> Self {
        let coefficient = |at: Uniform, i: usize| -> F { all[at.index()].as_basis_coefficients_slice()[i] };
        let factors = steps.factors.iter().map(|some| some.map(|at| coefficient(at, 0))).collect();
        let of = |some: &[Uniform; TERMS]| core::array::from_fn(|i| some.map(|at| coefficient(at, i)));
        let weights = steps.weights.iter().map(of).collect();
        Self { all, factors, weights }
    }
}
