//! Linear parts of a graph, in the field, as sums that are reduced once.
//!
//! A *region* is what additions, subtractions and products by constants join. Below it are columns and products; above it are its *results*: operands of products, terms of
//! sums of the extension, roots. Either a region stays as it is, an instruction a node; or its results, and nodes that many others use, become sums with constant coefficients of each other and
//! of what lies below, and the nodes between are gone: whichever takes less. So layers of few additions stay, and of layer after layer with products by constants
//! one sum a result is left.

use std::collections::HashMap;

use aludel_protocol::F;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::graph::{Graph, Node, Operation, Partial};

// Instructions of a GPU, twice as many: of an addition, of a product, of a sum and of each of its terms with its share of corrections.
const ADDITION: usize = 4;
const PRODUCT: usize = 8;
const SUM: usize = 8;
const TERM: usize = 3;
/// A region becomes sums where these take at most such a part: a sum waits for all that it is of.
const MOST_TAKEN: [usize; 2] = [3, 4];
/// Nodes from which on a node that they use is a sum of its own, where it has more than two terms.
const MANY_USES: usize = 4;
/// Terms beyond which a node is one, so that deep graphs take no quadratic time.
const MOST_TERMS: usize = 64;

/// What stands for each node of a graph in another, if it is needed there.
pub(super) struct Moved(Vec<Option<Node>>);

impl Moved {
    /// The node that stands for one which a root needs.
    pub fn node(&self, node: Node) -> Node {
        self.0[node.index()].expect("a node that is needed")
    }

    /// A sum of nodes that roots are.
    pub fn partial(&self, graph: &mut Graph, sum: &Partial) -> Partial {
        let constant = Partial { constant: sum.constant, ..Partial::default() };
        sum.terms.iter().fold(constant, |moved, (node, coefficient)| {
            let node = graph.partial(self.node(*node));
            graph.add_scaled(moved, &node, *coefficient)
        })
    }
}

/// The graph of what roots need, with sums where they take less.
pub(super) fn with_sums(graph: &Graph, roots: &[Node]) -> (Graph, Moved) {
    let linear = Linear::of(graph, roots);
    let become_sums = linear.become_sums();
    let mut fresh = Graph::default();
    fresh.uniforms.clone_from(&graph.uniforms);
    let mut moved = Moved(vec![None; graph.len()]);
    for node in graph.nodes().filter(|node| linear.uses[node.index()] > 0) {
        let i = node.index();
        let new = if linear.is_linear[i] && become_sums[linear.regions[i]] {
            let Some(form) = &linear.sums[i] else { continue };
            built(&mut fresh, form, &moved)
        } else {
            copied(&mut fresh, graph.operation(node), &moved)
        };
        moved.0[i] = Some(new);
    }
    (fresh, moved)
}

fn copied(fresh: &mut Graph, operation: &Operation, moved: &Moved) -> Node {
    let at = |node: &Node| moved.node(*node);
    match operation {
        Operation::Column(_) | Operation::Uniform(_) | Operation::Columns(_) => fresh.node(operation.clone()),
        Operation::Add(a, b) => fresh.add(at(a), at(b)),
        Operation::Sub(a, b) => fresh.sub(at(a), at(b)),
        Operation::Mul(a, b) => fresh.mul(at(a), at(b)),
        Operation::Linear(sum) => {
            let sum = moved.partial(fresh, &sum.clone().into());
            fresh.linear(sum)
        }
        Operation::Sum(sum) => {
            let sum = moved.partial(fresh, &sum.clone().into());
            fresh.finish(sum)
        }
        Operation::Product(a, b) => fresh.node(Operation::Product(at(a).min(at(b)), at(a).max(at(b)))),
        Operation::Scaled(a, b) => match fresh.as_uniform(at(b)) {
            Some(by) => {
                let sum = fresh.partial(at(a));
                let sum = fresh.add_scaled(Partial::default(), &sum, by);
                fresh.finish(sum)
            }
            None => fresh.node(Operation::Scaled(at(a), at(b))),
        },
        Operation::Inverse(a) => fresh.node(Operation::Inverse(at(a))),
    }
}

/// A form as it takes less: one instruction after the other, or a sum.
fn built(fresh: &mut Graph, form: &Form, moved: &Moved) -> Node {
    let [steps, sum] = form.costs();
    let constant = fresh.uniforms.constant(form.constant.into());
    if sum < steps {
        let mut partial = Partial { constant, ..Partial::default() };
        for (node, coefficient) in &form.terms {
            let coefficient = fresh.uniforms.constant((*coefficient).into());
            let node = fresh.partial(moved.node(*node));
            partial = fresh.add_scaled(partial, &node, coefficient);
        }
        return fresh.linear(partial);
    }
    // What is subtracted comes last, so that nothing is negated.
    let (minus, plus): (Vec<_>, Vec<_>) = form.terms.iter().copied().partition(|(_, by)| *by == F::NEG_ONE);
    let mut value = fresh.uniform(constant);
    for (node, coefficient) in plus {
        let coefficient = fresh.uniforms.constant(coefficient.into());
        let coefficient = fresh.uniform(coefficient);
        let product = fresh.mul(moved.node(node), coefficient);
        value = fresh.add(value, product);
    }
    minus.iter().fold(value, |value, (node, _)| fresh.sub(value, moved.node(*node)))
}

/// A sum with constant coefficients, of nodes in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    constant: F,
    terms: Vec<(Node, F)>,
}

impl Form {
    /// `a + c b`.
    fn add_scaled(&self, other: &Self, c: F) -> Self {
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut own, mut others) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        while let Some(node) = own.peek().into_iter().chain(others.peek()).map(|(node, _)| *node).min() {
            let is_next = |term: &&(Node, F)| term.0 == node;
            let [a, b] = [own.next_if(is_next), others.next_if(is_next)];
            let [a, b] = [a, b].map(|term| term.map_or(F::ZERO, |(_, coefficient)| *coefficient));
            let coefficient = a + c * b;
            if coefficient != F::ZERO {
                terms.push((node, coefficient));
            }
        }
        Self { constant: self.constant + c * other.constant, terms }
    }

    fn scaled(&self, c: F) -> Self {
        Self { constant: F::ZERO, terms: Vec::new() }.add_scaled(self, c)
    }

    /// What it takes as additions and products, and as a sum.
    fn costs(&self) -> [usize; 2] {
        let is_factor = |(_, by): &&(Node, F)| *by != F::ONE && *by != F::NEG_ONE;
        let products = self.terms.iter().filter(is_factor).count();
        let additions = (self.terms.len() + usize::from(self.constant != F::ZERO)).saturating_sub(1);
        [PRODUCT * products + ADDITION * additions, SUM + TERM * self.terms.len()]
    }
}

/// A constant, where a node is one.
fn known(graph: &Graph, node: Node) -> Option<F> {
    let value = graph.uniforms.known(graph.as_uniform(node)?)?;
    let coefficients: &[F] = value.as_basis_coefficients_slice();
    coefficients.first().copied()
}

/// Whether a node is linear in what is no constant. Other uniform values may be added, in an instruction of their own.
fn is_linear(graph: &Graph, operation: &Operation) -> bool {
    let is_uniform = |node| graph.as_uniform(node).is_some();
    let fits = |node| !is_uniform(node) || known(graph, node).is_some();
    match operation {
        Operation::Add(a, b) | Operation::Sub(a, b) => fits(*a) && fits(*b),
        Operation::Mul(a, b) => known(graph, *a).is_some() || known(graph, *b).is_some(),
        _ => false,
    }
}

/// A graph's linear nodes.
struct Linear<'a> {
    graph: &'a Graph,
    /// How many nodes that roots need use a node; one more for a root.
    uses: Vec<usize>,
    is_linear: Vec<bool>,
    is_result: Vec<bool>,
    /// Of a region all nodes but one lead to an earlier one.
    regions: Vec<usize>,
    /// The nodes that are sums, if their region becomes sums.
    sums: Vec<Option<Form>>,
}

impl<'a> Linear<'a> {
    fn of(graph: &'a Graph, roots: &[Node]) -> Self {
        let none = || vec![false; graph.len()];
        let (uses, regions, sums) =
            (vec![0; graph.len()], (0..graph.len()).collect(), vec![None; graph.len()]);
        let mut linear = Self { graph, uses, is_linear: none(), is_result: none(), regions, sums };
        for root in roots {
            linear.uses[root.index()] += 1;
            linear.is_result[root.index()] = true;
        }
        linear.see_uses();
        linear.join();
        linear.sum();
        linear
    }

    /// Each node after all that use it.
    fn see_uses(&mut self) {
        for node in self.graph.nodes().rev() {
            if self.uses[node.index()] == 0 {
                continue;
            }
            let operation = self.graph.operation(node);
            let is_linear = is_linear(self.graph, operation);
            self.is_linear[node.index()] = is_linear;
            let mut operands = operation.operands();
            operands.dedup();
            for operand in operands {
                self.uses[operand.index()] += 1;
                self.is_result[operand.index()] |= !is_linear;
            }
        }
    }

    /// Joins a node with its operands, but for results: for what is above them they are as columns.
    fn join(&mut self) {
        for node in self.graph.nodes() {
            if !self.is_linear[node.index()] {
                continue;
            }
            for operand in self.graph.operation(node).operands() {
                if self.is_inner(operand) {
                    let [a, b] = [self.region(node.index()), self.region(operand.index())];
                    self.regions[a.max(b)] = a.min(b);
                }
            }
        }
        (0..self.regions.len()).for_each(|node| self.regions[node] = self.regions[self.regions[node]]);
    }

    fn is_inner(&self, node: Node) -> bool {
        self.is_linear[node.index()] && !self.is_result[node.index()]
    }

    fn region(&mut self, mut node: usize) -> usize {
        while self.regions[node] != node {
            self.regions[node] = self.regions[self.regions[node]];
            node = self.regions[node];
        }
        node
    }

    /// Makes the sums of results and of nodes that many use.
    fn sum(&mut self) {
        let mut forms: Vec<Option<Form>> = vec![None; self.graph.len()];
        let mut left = self.uses.clone();
        let mut wholes = Wholes::default();
        for node in self.graph.nodes() {
            if !self.is_linear[node.index()] {
                continue;
            }
            let form = self.form(node, &forms);
            let operands = self.graph.operation(node).operands();
            for operand in &operands[usize::from(operands[0] == operands[1])..] {
                left[operand.index()] -= 1;
                if left[operand.index()] == 0 {
                    forms[operand.index()] = None;
                }
            }
            let i = node.index();
            let is_shared = self.uses[i] >= MANY_USES && form.terms.len() > 2;
            if self.is_result[i] || is_shared || form.terms.len() > MOST_TERMS {
                self.sums[i] = Some(wholes.shorter(&self.regions, node, form));
            } else {
                forms[i] = Some(form);
            }
        }
    }

    fn form(&self, node: Node, forms: &[Option<Form>]) -> Form {
        let of = |node: Node| match (known(self.graph, node), &forms[node.index()]) {
            (Some(constant), _) => Form { constant, terms: Vec::new() },
            (None, Some(form)) => form.clone(),
            (None, None) => Form { constant: F::ZERO, terms: vec![(node, F::ONE)] },
        };
        match *self.graph.operation(node) {
            Operation::Add(a, b) => of(a).add_scaled(&of(b), F::ONE),
            Operation::Sub(a, b) => of(a).add_scaled(&of(b), F::NEG_ONE),
            Operation::Mul(a, b) => match known(self.graph, a) {
                Some(constant) => of(b).scaled(constant),
                None => of(a).scaled(known(self.graph, b).unwrap_or_default()),
            },
            _ => unreachable!("nodes that are linear"),
        }
    }

    /// Of each region whether its sums take less than its nodes.
    fn become_sums(&self) -> Vec<bool> {
        let mut costs = vec![[0; 2]; self.graph.len()];
        for node in self.graph.nodes().filter(|node| self.is_linear[node.index()]) {
            let [steps, sums] = &mut costs[self.regions[node.index()]];
            *steps +=
                if matches!(self.graph.operation(node), Operation::Mul(..)) { PRODUCT } else { ADDITION };
            if let Some(form) = &self.sums[node.index()] {
                *sums += form.costs().into_iter().min().unwrap_or_default();
            }
        }
        costs.iter().map(|[steps, sums]| sums * MOST_TAKEN[1] <= steps * MOST_TAKEN[0]).collect()
    }
}

/// The sums that are made, for others which differ from them by few terms.
#[derive(Default)]
struct Wholes {
    forms: HashMap<Node, Form>,
    /// By the last node that a sum has, the last such sum.
    latest: HashMap<Node, Node>,
}

impl Wholes {
    /// A node's form, or what it differs by from another of its region, and that one, if that is at most half as long.
    fn shorter(&mut self, regions: &[usize], node: Node, form: Form) -> Form {
        let Some((last, _)) = form.terms.last().copied() else { return form };
        let other = self.latest.insert(last, node);
        let other = other.filter(|other| regions[other.index()] == regions[node.index()]);
        let short = other.map(|other| {
            let difference = form.add_scaled(&self.forms[&other], F::NEG_ONE);
            difference.add_scaled(&Form { constant: F::ZERO, terms: vec![(other, F::ONE)] }, F::ONE)
        });
        let short = short.filter(|short| 2 * short.terms.len() <= form.terms.len());
        self.forms.insert(node, form.clone());
        short.unwrap_or(form)
    }
}
