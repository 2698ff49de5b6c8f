//! From Plonky3's symbolic expressions to a graph.
//!
//! A value of the extension is kept as a sum with uniform coefficients for as long as it is added to others or multiplied by uniform values: a fingerprint by
//! Horner's rule, a product in the extension an element, becomes one product by a known coefficient an element. The sum of all weighted constraints is one such sum.

mod lookups;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aludel_protocol::{Challenge, F};
use p3_air::symbolic::{
    BaseEntry, BaseLeaf, ConstraintLayout, ExtEntry, ExtLeaf, SymbolicExpr, SymbolicExpression,
    SymbolicExpressionExt, SymbolicVariableExt,
};

use super::graph::{Column, Graph, Node, Operation, Partial};
use super::linear::with_sums;
use super::uniform::Uniform;

type Base = SymbolicExpression<F>;
type Extension = SymbolicExpressionExt<F, Challenge>;

/// A program's matrices, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Matrices {
    /// The chip's own columns.
    Main = 0,
    /// Its preprocessed ones.
    Preprocessed = 1,
    /// Those of its lookups, five a value.
    Permutation = 2,
    /// What is not zero in the first row, in the last, in all but the last; one over what vanishes on the rows.
    Selectors = 3,
    /// Those which repeat.
    Periodic = 4,
}

/// How many [`Matrices`] there are.
pub const MATRICES: usize = 5;
/// The selectors' column by which a folded constraint is divided.
const INVERSE_VANISHING: usize = 3;
/// Terms beyond which a sum becomes a node, so that deep graphs take no quadratic time.
const MOST_TERMS: usize = 64;

/// Lowers expressions that outlive it.
#[derive(Debug, Default)]
pub struct Lowering<'a> {
    graph: Graph,
    // By address: an expression is borrowed, so no address is used twice.
    base: HashMap<*const Base, Node>,
    extension: HashMap<*const Extension, Value>,
    borrowed: core::marker::PhantomData<&'a Extension>,
}

/// What is computed for some of the constraints.
#[derive(Default)]
struct Part {
    nodes: HashSet<Node>,
    operations: usize,
}

impl Part {
    /// Takes a constraint. How many operations it needs that were not there.
    fn take(&mut self, graph: &Graph, sum: &Partial) -> usize {
        let before = self.operations;
        // Terms are multiplied by the constraint's weight.
        self.operations += sum.terms.keys().map(|node| graph.term_cost(*node, false)).sum::<usize>();
        let mut stack: Vec<Node> = sum.terms.keys().copied().collect();
        while let Some(node) = stack.pop() {
            if self.nodes.insert(node) {
                self.operations += graph.cost(node);
                stack.extend(graph.operation(node).operands());
            }
        }
        self.operations - before
    }
}

/// What an expression of the extension is.
#[derive(Clone, Debug)]
enum Value {
    Base(Node),
    Sum(Arc<Partial>),
}

impl<'a> Lowering<'a> {
    /// The weighted sum of a chip's constraints over what vanishes on its rows, as [`ConstraintLayout`] orders them.
    pub fn quotient(
        base: &'a [Base],
        extension: &'a [Extension],
        layout: &ConstraintLayout,
    ) -> (Graph, Node) {
        let (graph, parts) = Self::quotient_parts(base, extension, layout, usize::MAX);
        (graph, parts[0])
    }

    /// The same in parts, whose sum it is: constraints are taken in their order for as long as a part has at most so many operations in the field. A constraint that has more is a part of
    /// its own, and what several parts need, each computes.
    pub fn quotient_parts(
        base: &'a [Base],
        extension: &'a [Extension],
        layout: &ConstraintLayout,
        most_operations: usize,
    ) -> (Graph, Vec<Node>) {
        let mut lowering = Self::default();
        let mut constraints: Vec<(usize, Arc<Partial>)> = Vec::new();
        for (constraint, index) in base.iter().zip(&layout.base_indices) {
            let value = Value::Base(lowering.base(constraint));
            constraints.push((*index, lowering.sum(&value)));
        }
        for (constraint, index) in extension.iter().zip(&layout.ext_indices) {
            let value = lowering.extension(constraint);
            constraints.push((*index, lowering.sum(&value)));
        }
        let roots: Vec<_> = constraints.iter().flat_map(|(_, sum)| sum.terms.keys().copied()).collect();
        let (mut graph, moved) = with_sums(&lowering.graph, &roots);
        let mut parts = vec![Partial::default()];
        let mut part = Part::default();
        for (index, sum) in &constraints {
            let sum = moved.partial(&mut graph, sum);
            let cost = part.take(&graph, &sum);
            if part.operations > most_operations && part.operations > cost {
                part = Part::default();
                part.take(&graph, &sum);
                parts.push(Partial::default());
            }
            let total = parts.pop().unwrap_or_default();
            let weight = graph.uniforms.weight(*index);
            parts.push(graph.add_scaled(total, &sum, weight));
        }
        let inverse = graph.node(Operation::Column(column(Matrices::Selectors, INVERSE_VANISHING, 0)));
        let quotient = |total| {
            let folded = graph.finish(total);
            graph.node(Operation::Scaled(folded, inverse))
        };
        let quotients = parts.into_iter().map(quotient).collect();
        (graph, quotients)
    }

    /// A value as a node of the extension.
    fn finished(&mut self, value: &Value) -> Node {
        let sum = self.sum(value);
        self.graph.finish(Arc::unwrap_or_clone(sum))
    }

    fn of_node(&self, node: Node) -> Value {
        Value::Sum(Arc::new(self.graph.partial(node)))
    }

    fn base(&mut self, root: &'a Base) -> Node {
        for x in post_order(root, |x| self.base.contains_key(&core::ptr::from_ref(x))) {
            let at = |child: &Arc<Base>| self.base[&Arc::as_ptr(child)];
            let graph = &mut self.graph;
            let node = match x {
                SymbolicExpr::Leaf(leaf) => leaf_node(graph, leaf),
                SymbolicExpr::Add { x, y, .. } => graph.add(at(x), at(y)),
                SymbolicExpr::Sub { x, y, .. } => graph.sub(at(x), at(y)),
                SymbolicExpr::Neg { x, .. } => graph.negated(at(x)),
                SymbolicExpr::Mul { x, y, .. } => graph.mul(at(x), at(y)),
            };
            self.base.insert(core::ptr::from_ref(x), node);
        }
        self.base[&core::ptr::from_ref(root)]
    }

    fn extension(&mut self, root: &'a Extension) -> Value {
        for x in post_order(root, |x| self.extension.contains_key(&core::ptr::from_ref(x))) {
            let at =
                |lowering: &Self, child: &Arc<Extension>| lowering.extension[&Arc::as_ptr(child)].clone();
            let value = match x {
                SymbolicExpr::Leaf(ExtLeaf::Base(base)) => Value::Base(self.base(base)),
                SymbolicExpr::Leaf(ExtLeaf::ExtVariable(variable)) => self.variable(variable),
                SymbolicExpr::Leaf(ExtLeaf::ExtConstant(c)) => {
                    let constant = self.graph.uniforms.constant(*c);
                    self.uniform(constant)
                }
                SymbolicExpr::Add { x, y, .. } => self.add(&at(self, x), &at(self, y), Uniform::ONE),
                SymbolicExpr::Sub { x, y, .. } => self.add(&at(self, x), &at(self, y), Uniform::MINUS_ONE),
                SymbolicExpr::Neg { x, .. } => {
                    let zero = self.uniform(Uniform::ZERO);
                    self.add(&zero, &at(self, x), Uniform::MINUS_ONE)
                }
                SymbolicExpr::Mul { x, y, .. } => self.mul(&at(self, x), &at(self, y)),
            };
            self.extension.insert(core::ptr::from_ref(x), value);
        }
        self.extension[&core::ptr::from_ref(root)].clone()
    }

    fn variable(&mut self, variable: &SymbolicVariableExt<F, Challenge>) -> Value {
        let uniform = match variable.entry {
            ExtEntry::Permutation { offset } => {
                let column = column(Matrices::Permutation, 5 * variable.index, offset);
                let node = self.graph.node(Operation::Columns(column));
                return self.of_node(node);
            }
            ExtEntry::Challenge => self.graph.uniforms.challenge(variable.index),
            ExtEntry::PermutationValue => self.graph.uniforms.terminal(),
        };
        self.uniform(uniform)
    }

    fn uniform(&self, constant: Uniform) -> Value {
        Value::Sum(Arc::new(Partial { constant, ..Partial::default() }))
    }

    fn sum(&self, value: &Value) -> Arc<Partial> {
        match value {
            Value::Base(node) => Arc::new(self.graph.partial(*node)),
            Value::Sum(sum) => Arc::clone(sum),
        }
    }

    /// `x + c y`.
    fn add(&mut self, x: &Value, y: &Value, c: Uniform) -> Value {
        match (x, y) {
            (Value::Base(a), Value::Base(b)) if c == Uniform::ONE => Value::Base(self.graph.add(*a, *b)),
            (Value::Base(a), Value::Base(b)) if c == Uniform::MINUS_ONE => {
                Value::Base(self.graph.sub(*a, *b))
            }
            _ => {
                let (a, b) = (self.sum(x), self.sum(y));
                let sum = self.graph.add_scaled(Arc::unwrap_or_clone(a), &b, c);
                self.bounded(sum)
            }
        }
    }

    fn bounded(&mut self, sum: Partial) -> Value {
        if sum.terms.len() <= MOST_TERMS {
            return Value::Sum(Arc::new(sum));
        }
        let node = self.graph.finish(sum);
        Value::Sum(Arc::new(self.graph.partial(node)))
    }

    fn mul(&mut self, x: &Value, y: &Value) -> Value {
        let (a, b) = match (x, y) {
            (Value::Base(a), Value::Base(b)) => return Value::Base(self.graph.mul(*a, *b)),
            (Value::Base(base), Value::Sum(sum)) | (Value::Sum(sum), Value::Base(base)) => {
                return self.scaled(sum, *base);
            }
            (Value::Sum(a), Value::Sum(b)) => (a, b),
        };
        for (uniform, sum) in [(a, b), (b, a)] {
            if uniform.terms.is_empty() {
                let product = self.graph.add_scaled(Partial::default(), sum, uniform.constant);
                return Value::Sum(Arc::new(product));
            }
        }
        let (a, b) = (self.graph.finish(a.as_ref().clone()), self.graph.finish(b.as_ref().clone()));
        let product = self.graph.node(Operation::Product(a.min(b), a.max(b)));
        Value::Sum(Arc::new(self.graph.partial(product)))
    }

    /// A sum times an element of the field.
    fn scaled(&mut self, sum: &Partial, by: Node) -> Value {
        if let Some(uniform) = self.graph.as_uniform(by) {
            return Value::Sum(Arc::new(self.graph.add_scaled(Partial::default(), sum, uniform)));
        }
        let only = (sum.terms.len() == 1).then(|| sum.terms.first_key_value()).flatten();
        let terms = match only {
            _ if sum.terms.is_empty() => [(by, sum.constant)].into(),
            // One product in the field in place of five.
            Some((node, coefficient))
                if sum.constant == Uniform::ZERO && !self.graph.operation(*node).is_extension() =>
            {
                [(self.graph.mul(*node, by), *coefficient)].into()
            }
            _ => {
                let sum = self.graph.finish(sum.clone());
                [(self.graph.node(Operation::Scaled(sum, by)), Uniform::ONE)].into()
            }
        };
        Value::Sum(Arc::new(Partial { constant: Uniform::ZERO, terms }))
    }
}

/// An expression's parts that are not `known`, each after its own parts. Without recursion: expressions may be deep.
fn post_order<A>(root: &SymbolicExpr<A>, known: impl Fn(&SymbolicExpr<A>) -> bool) -> Vec<&SymbolicExpr<A>> {
    let mut order = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut stack = vec![(root, false)];
    while let Some((x, parts_are_done)) = stack.pop() {
        if parts_are_done {
            order.push(x);
            continue;
        }
        if known(x) || !seen.insert(core::ptr::from_ref(x)) {
            continue;
        }
        stack.push((x, true));
        match x {
            SymbolicExpr::Leaf(_) => {}
            SymbolicExpr::Neg { x, .. } => stack.push((x, false)),
            SymbolicExpr::Add { x, y, .. }
            | SymbolicExpr::Sub { x, y, .. }
            | SymbolicExpr::Mul { x, y, .. } => {
                stack.extend([(y.as_ref(), false), (x.as_ref(), false)]);
            }
        }
    }
    order
}

fn leaf_node(graph: &mut Graph, leaf: &BaseLeaf<F>) -> Node {
    let column = match leaf {
        BaseLeaf::IsFirstRow => column(Matrices::Selectors, 0, 0),
        BaseLeaf::IsLastRow => column(Matrices::Selectors, 1, 0),
        BaseLeaf::IsTransition => column(Matrices::Selectors, 2, 0),
        BaseLeaf::Constant(c) => {
            let constant = graph.uniforms.constant((*c).into());
            return graph.uniform(constant);
        }
        BaseLeaf::Variable(v) => match v.entry {
            BaseEntry::Main { offset } => column(Matrices::Main, v.index, offset),
            BaseEntry::Preprocessed { offset } => column(Matrices::Preprocessed, v.index, offset),
            BaseEntry::Periodic => column(Matrices::Periodic, v.index, 0),
            BaseEntry::Public => {
                let value = graph.uniforms.public(v.index);
                return graph.uniform(value);
            }
        },
    };
    graph.node(Operation::Column(column))
}

fn column(matrix: Matrices, column: usize, offset: usize) -> Column {
    assert!(offset <= 1, "expressions see a row and its successor");
    let column = u32::try_from(column).expect("fewer than 2^32 columns");
    Column { matrix: matrix as u16, column, next: offset == 1 }
}
