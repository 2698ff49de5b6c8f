//! A program's instructions as the processor runs them: runs of one kind, which are decoded once, and terms of sums some at a time.

use core::ops::Range;

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use crate::rows::program::{Instruction, Operand, Weight};
use crate::rows::uniform::Uniform;

/// Terms of a sum that are multiplied together, and reduced once.
pub(super) const TERMS: usize = 8;

/// What many instructions are like. All others are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    AddValue,
    Sub,
    Mul,
    MulValue,
    Other,
}

impl Kind {
    fn of(instruction: &Instruction<u32>) -> Self {
        use Operand::{Register, Uniform};
        match instruction {
            Instruction::Add(_, Register(_), Register(_)) => Self::Add,
            Instruction::Sub(_, Register(_), Register(_)) => Self::Sub,
            Instruction::Mul(_, Register(_), Register(_)) => Self::Mul,
            Instruction::Add(_, Register(_), Uniform(_)) | Instruction::Add(_, Uniform(_), Register(_)) => {
                Self::AddValue
            }
            Instruction::Mul(_, Register(_), Uniform(_)) | Instruction::Mul(_, Uniform(_), Register(_)) => {
                Self::MulValue
            }
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Instructions of a kind.
    Run(Kind, Range<usize>),
    /// Adds products to the field's sum: of these registers by factors of a number.
    Products { registers: [u32; TERMS], factors: usize },
    /// Keeps an element that is to be added to a sum of the extension.
    Keep { register: u32, at: usize },
    /// Adds what is kept, times weights of a number.
    AddKept { to: u32, weights: usize },
}

/// A program's steps, in order. Where there are fewer terms than go together, the others are multiplied by zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    pub list: Vec<Step>,
    factors: Vec<[Uniform; TERMS]>,
    weights: Vec<[Uniform; TERMS]>,
}

impl Steps {
    pub fn new(code: &[Instruction<u32>]) -> Self {
        let mut steps = Self::default();
        // Terms that are kept, and of which sum.
        let mut kept: Option<(u32, Vec<Uniform>)> = None;
        let mut i = 0;
        while let Some(instruction) = code.get(i) {
            let (written, read) = instruction.registers();
            let term = match *instruction {
                Instruction::AddTerm(to, register, Weight::Extension(by)) => Some((to, register, by)),
                _ => None,
            };
            let touches = |sum: u32| written.iter().chain(&read).any(|register| *register == (sum, true));
            let goes_on = |(sum, terms): &(u32, Vec<Uniform>)| match term {
                Some((to, ..)) => to == *sum && terms.len() < TERMS,
                None => !touches(*sum),
            };
            if let Some((to, weights)) = kept.take_if(|kept| !goes_on(kept)) {
                steps.add_kept(to, &weights);
            }
            if let Some((to, register, by)) = term {
                let (_, weights) = kept.get_or_insert_with(|| (to, Vec::new()));
                steps.list.push(Step::Keep { register, at: weights.len() });
                weights.push(by);
                i += 1;
                continue;
            }
            i += steps.take(&code[i..], i);
        }
        if let Some((to, weights)) = kept {
            steps.add_kept(to, &weights);
        }
        steps
    }

    fn add_kept(&mut self, to: u32, weights: &[Uniform]) {
        self.list.push(Step::AddKept { to, weights: self.weights.len() });
        self.weights.push(filled(weights, Uniform::ZERO));
    }

    /// What comes first of some code, which begins at an index. How many instructions that are.
    fn take(&mut self, code: &[Instruction<u32>], at: usize) -> usize {
        let products = code.iter().map_while(|instruction| match *instruction {
            Instruction::AddProduct(register, by) => Some((register, by)),
            _ => None,
        });
        let (registers, factors): (Vec<_>, Vec<_>) = products.take(TERMS).unzip();
        if let Some(first) = registers.first() {
            self.list
                .push(Step::Products { registers: filled(&registers, *first), factors: self.factors.len() });
            self.factors.push(filled(&factors, Uniform::ZERO));
            return registers.len();
        }
        let kind = Kind::of(&code[0]);
        match self.list.last_mut() {
            Some(Step::Run(last, range)) if *last == kind && range.end == at => range.end += 1,
            _ => self.list.push(Step::Run(kind, at..at + 1)),
        }
        1
    }
}

fn filled<T: Copy>(some: &[T], rest: T) -> [T; TERMS] {
    core::array::from_fn(|i| some.get(i).copied().unwrap_or(rest))
}

/// The uniform values of a run, as steps read them.
pub(super) struct Values<'a> {
    pub all: &'a [Challenge],
    pub factors: Vec<[F; TERMS]>,
    /// Coefficient by coefficient.
    pub weights: Vec<[[F; TERMS]; 5]>,
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

/// A value of the field.
pub(super) fn element(values: &[Challenge], at: Uniform) -> F {
    values[at.index()].as_basis_coefficients_slice()[0]
}
