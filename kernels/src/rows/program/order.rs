//! The order of computation.

use super::super::graph::{Graph, Node, Operation};
use super::super::uniform::Uniform;
use super::code::{Instruction, Operand, Weight};

/// Nodes in the order in which they are computed: each just before it is first needed. Registers are the nodes themselves; columns are not loaded yet.
pub(super) struct Order<'a> {
    graph: &'a Graph,
    pub code: Vec<Instruction<Node>>,
    done: Vec<bool>,
}

/// A node that is being computed: so many of its operands are.
struct Frame {
    node: Node,
    operands: Vec<Node>,
    next: usize,
}

impl<'a> Order<'a> {
    pub fn of(graph: &'a Graph, outputs: &[Node]) -> Self {
        let mut order = Self { graph, code: Vec::new(), done: vec![false; graph.len()] };
        for (number, output) in outputs.iter().enumerate() {
            order.compute(*output);
            order.code.push(Instruction::Store(*output, number));
        }
        order
    }

    fn compute(&mut self, root: Node) {
        let mut stack = vec![self.frame(root)];
        while let Some(frame) = stack.last_mut() {
            if self.done[frame.node.index()] {
                stack.pop();
                continue;
            }
            // A sum takes each operand as soon as it is there.
            if frame.next > 0
                && let Operation::Sum(sum) = self.graph.operation(frame.node)
            {
                let (operand, weight) = sum.terms[frame.next - 1];
                self.code.push(term(self.graph, frame.node, operand, weight));
            }
            if let Some(operand) = frame.operands.get(frame.next).copied() {
                frame.next += 1;
                if !self.done[operand.index()] {
                    let frame = self.frame(operand);
                    stack.push(frame);
                }
                continue;
            }
            let node = frame.node;
            self.finish(node);
            stack.pop();
        }
    }

    fn frame(&mut self, node: Node) -> Frame {
        let operation = self.graph.operation(node);
        if let Operation::Sum(sum) = operation
            && !self.done[node.index()]
        {
            self.code.push(Instruction::Start(node, sum.constant));
        }
        Frame { node, operands: operation.operands(), next: 0 }
    }

    fn finish(&mut self, to: Node) {
        let operand = |node: Node| match self.graph.operation(node) {
            Operation::Uniform(value) => Operand::Uniform(*value),
            _ => Operand::Register(node),
        };
        self.done[to.index()] = true;
        let instruction = match *self.graph.operation(to) {
            Operation::Column(_) | Operation::Columns(_) | Operation::Uniform(_) | Operation::Sum(_) => {
                return;
            }
            Operation::Add(a, b) => Instruction::Add(to, operand(a), operand(b)),
            Operation::Sub(a, b) => Instruction::Sub(to, operand(a), operand(b)),
            Operation::Mul(a, b) => Instruction::Mul(to, operand(a), operand(b)),
            Operation::Product(a, b) => Instruction::Product(to, a, b),
            Operation::Scaled(a, b) => Instruction::Scaled(to, a, b),
            Operation::Inverse(a) => Instruction::Inverse(to, a),
        };
        self.code.push(instruction);
    }
}

fn term(graph: &Graph, to: Node, operand: Node, weight: Uniform) -> Instruction<Node> {
    let weight = match weight {
        Uniform::ONE => Weight::One,
        weight if graph.uniforms().is_base(weight) => Weight::Base(weight),
        weight => Weight::Extension(weight),
    };
    if graph.operation(operand).is_extension() {
        Instruction::AddFive(to, operand, weight)
    } else {
        Instruction::AddTerm(to, operand, weight)
    }
}
