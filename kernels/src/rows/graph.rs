//! The graph of what is computed from a row: nodes without repetition, each after its operands.

use std::collections::{BTreeMap, HashMap};

use super::uniform::{Uniform, Uniforms};
use crate::fold::DEGREE;

/// Products in the field of an inversion in the extension.
const INVERSE: usize = 158;

/// A node's place in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(u32);

/// A column of one of a program's matrices, at the row or at its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Column {
    /// Which of the program's matrices.
    pub matrix: u16,
    /// Its column; of a value of the extension, the first of five.
    pub column: u32,
    /// Whether it is the next row's.
    pub next: bool,
}

/// What a node computes. The first six are elements of the field, the others of its extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A column.
    Column(Column),
    /// A uniform value in the base field.
    Uniform(Uniform),
    /// `a + b`.
    Add(Node, Node),
    /// `a - b`.
    Sub(Node, Node),
    /// `a b`.
    Mul(Node, Node),
    /// A sum with uniform coefficients, of the field all.
    Linear(Sum),
    /// Five columns.
    Columns(Column),
    /// A sum with uniform coefficients.
    Sum(Sum),
    /// The product of two of the extension.
    Product(Node, Node),
    /// One of the extension, the first, times one of the field.
    Scaled(Node, Node),
    /// The inverse of one of the extension; of zero it is zero.
    Inverse(Node),
}

/// A sum with uniform coefficients, operands in ascending order: of either kind in the extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sum {
    /// What does not depend on the row.
    pub constant: Uniform,
    /// Operands and their coefficients.
    pub terms: Vec<(Node, Uniform)>,
}

/// A sum while it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partial {
    pub constant: Uniform,
    pub terms: BTreeMap<Node, Uniform>,
}

/// Operations without repetition, with the uniform values that they use.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) uniforms: Uniforms,
    operations: Vec<Operation>,
    numbers: HashMap<Operation, Node>,
}

impl Node {
    /// Its place.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Operation {
    /// Whether the result is of the extension.
    pub const fn is_extension(&self) -> bool {
        !matches!(
            self,
            Self::Column(_)
                | Self::Uniform(_)
                | Self::Add(..)
                | Self::Sub(..)
                | Self::Mul(..)
                | Self::Linear(_)
        )
    }

    /// The nodes that it needs.
    pub fn operands(&self) -> Vec<Node> {
        match self {
            Self::Column(_) | Self::Uniform(_) | Self::Columns(_) => Vec::new(),
            Self::Add(a, b)
            | Self::Sub(a, b)
            | Self::Mul(a, b)
            | Self::Product(a, b)
            | Self::Scaled(a, b) => {
                vec![*a, *b]
            }
            Self::Inverse(a) => vec![*a],
            Self::Linear(sum) | Self::Sum(sum) => sum.terms.iter().map(|(node, _)| *node).collect(),
        }
    }
}

impl Graph {
    /// What a node computes.
    pub fn operation(&self, node: Node) -> &Operation {
        &self.operations[node.index()]
    }

    /// Operations in the field that a node takes, or columns that are read. Sums are not reduced before their end, so that a product and its addition are one.
    pub(super) fn cost(&self, node: Node) -> usize {
        match self.operation(node) {
            Operation::Uniform(_) => 0,
            Operation::Column(_) | Operation::Add(..) | Operation::Sub(..) | Operation::Mul(..) => 1,
            Operation::Columns(_) | Operation::Scaled(..) => DEGREE,
            Operation::Product(..) => DEGREE * DEGREE,
            Operation::Inverse(_) => INVERSE,
            Operation::Linear(sum) => sum.terms.len(),
            Operation::Sum(sum) => {
                let base = |weight| self.uniforms.is_base(weight);
                sum.terms.iter().map(|(node, weight)| self.term_cost(*node, base(*weight))).sum()
            }
        }
    }

    /// Operations in the field that a term of a sum takes, whose weight is of the field or not.
    pub(super) fn term_cost(&self, node: Node, base: bool) -> usize {
        let of = |is_base: bool| if is_base { 1 } else { DEGREE };
        of(!self.operation(node).is_extension()) * of(base)
    }

    /// All nodes, each after those that it needs.
    pub(super) fn nodes(&self) -> impl DoubleEndedIterator<Item = Node> + use<> {
        // Numbers of nodes are 32 bits.
        (0..self.operations.len() as u32).map(Node)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The uniform values.
    pub const fn uniforms(&self) -> &Uniforms {
        &self.uniforms
    }

    /// The node that computes this.
    pub(super) fn node(&mut self, operation: Operation) -> Node {
        if let Some(node) = self.numbers.get(&operation) {
            return *node;
        }
        let node = Node(u32::try_from(self.operations.len()).expect("fewer nodes than 2^32"));
        self.operations.push(operation.clone());
        self.numbers.insert(operation, node);
        node
    }

    /// The uniform value that a node is, if it is one.
    pub(super) fn as_uniform(&self, node: Node) -> Option<Uniform> {
        match self.operation(node) {
            Operation::Uniform(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn uniform(&mut self, value: Uniform) -> Node {
        self.node(Operation::Uniform(value))
    }

    /// `a + b` in the field.
    pub(super) fn add(&mut self, a: Node, b: Node) -> Node {
        match (self.as_uniform(a), self.as_uniform(b)) {
            (Some(x), Some(y)) => {
                let sum = self.uniforms.add(x, y);
                self.uniform(sum)
            }
            (Some(Uniform::ZERO), _) => b,
            (_, Some(Uniform::ZERO)) => a,
            _ => self.node(Operation::Add(a.min(b), a.max(b))),
        }
    }

    /// `a - b` in the field.
    pub(super) fn sub(&mut self, a: Node, b: Node) -> Node {
        if let Some(y) = self.as_uniform(b) {
            let minus = self.uniforms.mul(Uniform::MINUS_ONE, y);
            if self.as_uniform(a).is_some() || minus == Uniform::ZERO {
                let minus = self.uniform(minus);
                return self.add(a, minus);
            }
        }
        if a == b {
            return self.uniform(Uniform::ZERO);
        }
        self.node(Operation::Sub(a, b))
    }

    /// `a b` in the field.
    pub(super) fn mul(&mut self, a: Node, b: Node) -> Node {
        match (self.as_uniform(a), self.as_uniform(b)) {
            (Some(x), Some(y)) => {
                let product = self.uniforms.mul(x, y);
                self.uniform(product)
            }
            (Some(Uniform::ZERO), _) | (_, Some(Uniform::ZERO)) => self.uniform(Uniform::ZERO),
            (Some(Uniform::ONE), _) => b,
            (_, Some(Uniform::ONE)) => a,
            (Some(Uniform::MINUS_ONE), _) => self.negated(b),
            (_, Some(Uniform::MINUS_ONE)) => self.negated(a),
            _ => self.node(Operation::Mul(a.min(b), a.max(b))),
        }
    }

    pub(super) fn negated(&mut self, a: Node) -> Node {
        let zero = self.uniform(Uniform::ZERO);
        self.sub(zero, a)
    }

    /// A node of either kind as a sum of one term.
    pub(super) fn partial(&self, node: Node) -> Partial {
        match self.as_uniform(node) {
            Some(constant) => Partial { constant, terms: BTreeMap::new() },
            None => Partial { constant: Uniform::ZERO, terms: BTreeMap::from([(node, Uniform::ONE)]) },
        }
    }

    /// `a + c b`.
    pub(super) fn add_scaled(&mut self, mut a: Partial, b: &Partial, c: Uniform) -> Partial {
        let constant = self.uniforms.mul(b.constant, c);
        a.constant = self.uniforms.add(a.constant, constant);
        for (node, coefficient) in &b.terms {
            let coefficient = self.uniforms.mul(*coefficient, c);
            let before = a.terms.get(node).copied().unwrap_or(Uniform::ZERO);
            match self.uniforms.add(before, coefficient) {
                Uniform::ZERO => drop(a.terms.remove(node)),
                sum => drop(a.terms.insert(*node, sum)),
            }
        }
        a
    }

    /// A sum of the field as a node.
    pub(super) fn linear(&mut self, sum: Partial) -> Node {
        if sum.terms.is_empty() {
            return self.uniform(sum.constant);
        }
        self.node(Operation::Linear(sum.into()))
    }

    /// A sum as a node of the extension, which is no uniform value.
    pub(super) fn finish(&mut self, sum: Partial) -> Node {
        if let (Uniform::ZERO, [(node, Uniform::ONE)]) =
            (sum.constant, &sum.terms.iter().map(|(n, u)| (*n, *u)).collect::<Vec<_>>()[..])
            && self.operation(*node).is_extension()
        {
            return *node;
        }
        self.node(Operation::Sum(sum.into()))
    }
}

impl Default for Partial {
    fn default() -> Self {
        Self { constant: Uniform::ZERO, terms: BTreeMap::new() }
    }
}

impl From<Sum> for Partial {
    fn from(sum: Sum) -> Self {
        Self { constant: sum.constant, terms: sum.terms.into_iter().collect() }
    }
}

impl From<Partial> for Sum {
    fn from(sum: Partial) -> Self {
        Self { constant: sum.constant, terms: sum.terms.into_iter().collect() }
    }
}
