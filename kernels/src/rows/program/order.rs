//! The order of computation.

use std::collections::{HashMap, HashSet};

use super::super::graph::{Graph, Node, Operation};
use super::super::uniform::Uniform;
use super::code::{Instruction, Operand, Weight};

/// Columns of the extension from which on a sum of them takes each when it is first loaded.
const MANY_COLUMNS: usize = 4;

/// Nodes in the order in which they are computed: each just before it is first needed, and stored as soon as it is there. Registers are the nodes themselves; columns are not loaded
/// yet.
///
/// A sum of many columns of the extension, which is that of all fractions, is begun with the first of them that anything needs: so one value waits in place of all of them.
pub(super) struct Order<'a> {
    graph: &'a Graph,
    pub code: Vec<Instruction<Node>>,
    done: Vec<bool>,
    /// Sums that are begun.
    begun: Vec<bool>,
    /// By the column of the extension, the sums that take it with its first use, and its weight there.
    takers: HashMap<Node, Vec<(Node, Uniform)>>,
    /// Sums, and columns that they took before their turn.
    taken: HashSet<(Node, Node)>,
    /// What is to be stored, and is not yet.
    outputs: HashMap<Node, Vec<usize>>,
}

/// A node that is being computed: so many of its operands are.
struct Frame {
    node: Node,
    operands: Vec<Node>,
    next: usize,
}

impl<'a> Order<'a> {
    pub fn of(graph: &'a Graph, outputs: &[Node]) -> Self {
        let none = || vec![false; graph.len()];
        let mut order = Self {
            graph,
            code: Vec::new(),
            done: none(),
            begun: none(),
            takers: takers(graph, outputs),
            taken: HashSet::new(),
            outputs: HashMap::new(),
        };
        for (number, output) in outputs.iter().enumerate() {
            order.outputs.entry(*output).or_default().push(number);
        }
        outputs.iter().for_each(|output| order.compute(*output));
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
                self.add(frame.node, operand, weight);
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
            self.store(node);
            stack.pop();
        }
    }

    fn frame(&mut self, node: Node) -> Frame {
        let operation = self.graph.operation(node);
        if let Operation::Sum(_) = operation {
            self.begin(node);
        }
        Frame { node, operands: operation.operands(), next: 0 }
    }

    fn begin(&mut self, node: Node) {
        if let Operation::Sum(sum) = self.graph.operation(node)
            && !core::mem::replace(&mut self.begun[node.index()], true)
        {
            self.code.push(Instruction::Start(node, sum.constant));
        }
    }

    /// A sum's term, if it is not in it yet.
    fn add(&mut self, sum: Node, operand: Node, weight: Uniform) {
        if !self.taken.remove(&(sum, operand)) {
            self.takers.entry(operand).and_modify(|takers| takers.retain(|(taker, _)| *taker != sum));
            self.push(term(self.graph, sum, operand, weight));
        }
    }

    /// An instruction, and then the terms of sums that take what it loads.
    fn push(&mut self, instruction: Instruction<Node>) {
        let (_, read) = instruction.registers();
        self.code.push(instruction);
        for (column, _) in read {
            for (sum, weight) in self.takers.remove(&column).unwrap_or_default() {
                self.begin(sum);
                self.code.push(term(self.graph, sum, column, weight));
                self.taken.insert((sum, column));
            }
        }
    }

    fn store(&mut self, node: Node) {
        for number in self.outputs.remove(&node).unwrap_or_default() {
            self.push(Instruction::Store(node, number));
        }
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
            Operation::Linear(ref sum) => {
                self.push(Instruction::Begin(sum.constant));
                sum.terms.iter().for_each(|(a, by)| self.push(Instruction::AddProduct(*a, *by)));
                Instruction::End(to)
            }
            Operation::Add(a, b) => Instruction::Add(to, operand(a), operand(b)),
            Operation::Sub(a, b) => Instruction::Sub(to, operand(a), operand(b)),
            Operation::Mul(a, b) => Instruction::Mul(to, operand(a), operand(b)),
            Operation::Product(a, b) => Instruction::Product(to, a, b),
            Operation::Scaled(a, b) => Instruction::Scaled(to, a, b),
            Operation::Inverse(a) => Instruction::Inverse(to, a),
        };
        self.push(instruction);
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

/// By the column of the extension, the sums of many such that the outputs need.
fn takers(graph: &Graph, outputs: &[Node]) -> HashMap<Node, Vec<(Node, Uniform)>> {
    let mut takers: HashMap<Node, Vec<(Node, Uniform)>> = HashMap::new();
    let (mut seen, mut stack) = (HashSet::new(), outputs.to_vec());
    while let Some(node) = stack.pop() {
        if !seen.insert(node) {
            continue;
        }
        let operation = graph.operation(node);
        stack.extend(operation.operands());
        if let Operation::Sum(sum) = operation {
            let is_column =
                |(operand, _): &&(Node, Uniform)| matches!(graph.operation(*operand), Operation::Columns(_));
            let columns: Vec<_> = sum.terms.iter().filter(is_column).collect();
            if columns.len() >= MANY_COLUMNS {
                columns
                    .iter()
                    .for_each(|(column, weight)| takers.entry(*column).or_default().push((node, *weight)));
            }
        }
    }
    takers
}
