//! The steps of a program.

use super::super::graph::Column;
use super::super::uniform::Uniform;

/// An operand in the field: a register, or a uniform value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand<R> {
    /// A register.
    Register(R),
    /// A uniform value in the base field.
    Uniform(Uniform),
}

/// By what a term of a sum is multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// By nothing.
    One,
    /// By a uniform value in the base field.
    Base(Uniform),
    /// By one of the extension.
    Extension(Uniform),
}

/// A step. Registers of the field and of the extension are numbered apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction<R> {
    /// A column to a register of the field.
    Load(R, Column),
    /// Five columns to a register of the extension.
    LoadFive(R, Column),
    /// `to = a + b` in the field.
    Add(R, Operand<R>, Operand<R>),
    /// `to = a - b` in the field.
    Sub(R, Operand<R>, Operand<R>),
    /// `to = a b` in the field.
    Mul(R, Operand<R>, Operand<R>),
    /// Begins a sum in the field. One is made at a time: nothing but loads comes before its end.
    Begin(Uniform),
    /// Adds an element of the field, times a uniform value, to the sum that is begun.
    AddProduct(R, Uniform),
    /// What the sum is.
    End(R),
    /// Begins a sum, in the extension.
    Start(R, Uniform),
    /// Adds an element of the field, weighted, to a sum.
    AddTerm(R, R, Weight),
    /// Adds an element of the extension, weighted, to a sum.
    AddFive(R, R, Weight),
    /// `to = a b` in the extension.
    Product(R, R, R),
    /// `to = a b`, `a` in the extension and `b` in the field.
    Scaled(R, R, R),
    /// `to = 1 / a` in the extension, zero where `a` is.
    Inverse(R, R),
    /// An element of the extension to the output of this number.
    Store(R, usize),
}

/// A register, and whether it is of the extension.
type Register<R> = (R, bool);

impl<R: Copy> Instruction<R> {
    /// The register that it writes, if any, and those that it reads.
    pub(crate) fn registers(&self) -> (Option<Register<R>>, Vec<Register<R>>) {
        let base = |list: &[&Operand<R>]| {
            let of = |operand: &&Operand<R>| match operand {
                Operand::Register(register) => Some((*register, false)),
                Operand::Uniform(_) => None,
            };
            list.iter().filter_map(of).collect::<Vec<_>>()
        };
        match self {
            Self::Load(to, _) | Self::End(to) => (Some((*to, false)), Vec::new()),
            Self::Begin(_) => (None, Vec::new()),
            Self::AddProduct(a, _) => (None, vec![(*a, false)]),
            Self::LoadFive(to, _) | Self::Start(to, _) => (Some((*to, true)), Vec::new()),
            Self::Add(to, a, b) | Self::Sub(to, a, b) | Self::Mul(to, a, b) => {
                (Some((*to, false)), base(&[a, b]))
            }
            // What is added to is read and written.
            Self::AddTerm(to, a, _) => (Some((*to, true)), vec![(*to, true), (*a, false)]),
            Self::AddFive(to, a, _) => (Some((*to, true)), vec![(*to, true), (*a, true)]),
            Self::Product(to, a, b) => (Some((*to, true)), vec![(*a, true), (*b, true)]),
            Self::Scaled(to, a, b) => (Some((*to, true)), vec![(*a, true), (*b, false)]),
            Self::Inverse(to, a) => (Some((*to, true)), vec![(*a, true)]),
            Self::Store(a, _) => (None, vec![(*a, true)]),
        }
    }

    /// The same over other registers.
    pub(super) fn map<S>(&self, mut of: impl FnMut(R) -> S) -> Instruction<S> {
        let mut operand = |operand: &Operand<R>| match operand {
            Operand::Register(register) => Operand::Register(of(*register)),
            Operand::Uniform(value) => Operand::Uniform(*value),
        };
        match self {
            Self::Add(to, a, b) => {
                let (a, b) = (operand(a), operand(b));
                Instruction::Add(of(*to), a, b)
            }
            Self::Sub(to, a, b) => {
                let (a, b) = (operand(a), operand(b));
                Instruction::Sub(of(*to), a, b)
            }
            Self::Mul(to, a, b) => {
                let (a, b) = (operand(a), operand(b));
                Instruction::Mul(of(*to), a, b)
            }
            Self::Begin(constant) => Instruction::Begin(*constant),
            Self::AddProduct(a, by) => Instruction::AddProduct(of(*a), *by),
            Self::End(to) => Instruction::End(of(*to)),
            Self::Load(to, column) => Instruction::Load(of(*to), *column),
            Self::LoadFive(to, column) => Instruction::LoadFive(of(*to), *column),
            Self::Start(to, constant) => Instruction::Start(of(*to), *constant),
            Self::AddTerm(to, a, weight) => Instruction::AddTerm(of(*to), of(*a), *weight),
            Self::AddFive(to, a, weight) => Instruction::AddFive(of(*to), of(*a), *weight),
            Self::Product(to, a, b) => Instruction::Product(of(*to), of(*a), of(*b)),
            Self::Scaled(to, a, b) => Instruction::Scaled(of(*to), of(*a), of(*b)),
            Self::Inverse(to, a) => Instruction::Inverse(of(*to), of(*a)),
            Self::Store(a, output) => Instruction::Store(of(*a), *output),
        }
    }
}
