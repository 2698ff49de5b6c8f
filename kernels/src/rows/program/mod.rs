//! A graph as a list of instructions over numbered registers, of which as few as can be are in use at once.

mod assign;
mod code;
mod order;

pub use code::{Instruction, Operand, Weight};

use super::graph::{Graph, Node};
use super::uniform::Uniforms;
use assign::Assignment;
use order::Order;

/// What a kernel does with a row. Kernels trust it: each register is written before it is read, and what it stores are its outputs.
#[derive(Clone, Debug)]
pub struct Program {
    /// The steps, in order.
    pub(crate) code: Vec<Instruction<u32>>,
    /// Registers of the field that it needs.
    pub(crate) registers: usize,
    /// Registers of the extension that it needs.
    pub(crate) fives: usize,
    /// Values of the extension that it stores for a row.
    pub(crate) outputs: usize,
    /// Uniform values, of which a run is given the first ones.
    pub(crate) uniforms: Uniforms,
}

impl Program {
    /// The instructions that compute these nodes of a graph, which are of the extension. Columns are loaded again where more than `most` words would be in use, of which a value of
    /// the extension has five; what is computed is kept until its last use, so there may be more.
    pub fn new(graph: &Graph, outputs: &[Node], most: usize) -> Self {
        let order = Order::of(graph, outputs);
        let mut assigned = Assignment::new(graph, &order.code, most);
        order.code.iter().enumerate().for_each(|(i, instruction)| assigned.step(i, instruction));
        Self {
            code: assigned.code,
            registers: assigned.base.peak,
            fives: assigned.extension.peak,
            outputs: outputs.len(),
            uniforms: graph.uniforms().clone(),
        }
    }

    /// The steps, in order.
    pub fn code(&self) -> &[Instruction<u32>] {
        &self.code
    }

    /// Registers that it needs, of the field and of the extension.
    pub const fn registers(&self) -> [usize; 2] {
        [self.registers, self.fives]
    }

    /// Values of the extension that it stores for a row.
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Uniform values, of which a run is given the first ones.
    pub const fn uniforms(&self) -> &Uniforms {
        &self.uniforms
    }
}
