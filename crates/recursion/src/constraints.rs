//! The constraints of every chip at the out-of-domain point, against the quotients.
//!
//! The constraints are those of the chip's own `eval`, as the expressions that the key digests; nothing is written again.

use std::collections::HashMap;
use std::sync::Arc;

use aludel_circuits::recursion::circuit::Part;
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::{Challenge, F};
use p3_air::symbolic::{
    BaseEntry, BaseLeaf, ExtEntry, ExtLeaf, SymbolicExpr, SymbolicExpression, SymbolicExpressionExt,
};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};

use crate::child::{Child, ChildChip, Matrix};
use crate::powers::Powers;
use crate::terms::Term;
use crate::transcript::Heard;

/// Coefficients of a challenge.
const DIMENSION: usize = 5;

/// What the expressions of a chip stand for.
struct Row {
    /// Main columns at the point and at its successor; zeros where that is not opened.
    main: [Vec<Value>; 2],
    fixed: [Vec<Value>; 2],
    lookups: [Vec<Value>; 2],
    /// Of each lookup column the pair of its bus.
    challenges: Vec<Value>,
    terminal: Option<Value>,
    public_values: Vec<Value>,
    first: Value,
    last: Value,
    transition: Value,
}

/// Checks every chip's constraints, and that terminals add up to zero.
pub(crate) fn check<W>(c: &mut Circuit<W>, child: &Child, heard: &Heard) {
    c.stage("constraints");
    let basis = Basis::new(c);
    let prefixes = prefixes(c, child, heard);
    let mut zeta = Powers::new(heard.zeta);
    let mut matrices: Vec<_> = child.commitments.iter().map(|list| list.iter()).collect();
    let mut terminals = heard.terminals.iter();
    let mut public_values = &heard.public_values[..];
    for chip in &child.chips {
        let layout = &chip.layout;
        let (own, others) = public_values.split_at(chip.public_values);
        public_values = others;
        let main = opened(c, heard, matrices[0].next());
        let chunks: Vec<Value> = (0..layout.chunks)
            .map(|_| {
                let [chunk, _] = opened(c, heard, matrices[1].next());
                basis.combine(c, &chunk)
            })
            .collect();
        let fixed = (layout.fixed_width > 0).then(|| matrices[2].next()).flatten();
        let fixed = opened(c, heard, fixed);
        let last = matrices.len() - 1;
        let lookups = (layout.lookups > 0).then(|| matrices[last].next()).flatten();
        let lookups = opened(c, heard, lookups).map(|columns| basis.combine_all(c, &columns));

        let power = zeta.square(c, layout.log_height);
        let [first, last, transition] = selectors(c, heard.zeta, power, layout.log_height);
        let row = Row {
            main,
            fixed,
            lookups,
            challenges: pairs(chip, &prefixes, heard),
            terminal: (layout.lookups > 0).then(|| terminals.next().copied()).flatten(),
            public_values: own.to_vec(),
            first,
            last,
            transition,
        };
        let folded = fold(c, chip, &row, heard.alpha);
        let quotient = recompose(c, layout.log_height, &chunks, power);
        // folded / (zeta^n - 1) = quotient; there is no such inverse where the point lies in the domain.
        let vanishing = c.affine(power, F::ONE, F::NEG_ONE);
        let inverse = c.invert(vanishing);
        let mut parts = folded.product(Term::from(inverse), F::ONE);
        parts.push(Part::multiple(F::NEG_ONE, quotient));
        c.assert_sum(&parts);
    }
    c.stage("terminals");
    let sum = c.sum(&heard.terminals);
    c.assert_is(sum, F::ZERO);
}

/// A matrix's values at both points: zeros where it is not opened.
fn opened<W>(c: &mut Circuit<W>, heard: &Heard, matrix: Option<&Matrix>) -> [Vec<Value>; 2] {
    let zero = c.constant(F::ZERO);
    core::array::from_fn(|point| match matrix {
        None => Vec::new(),
        Some(m) if point < m.points => heard.opened[m.opened[point]..][..m.width].to_vec(),
        Some(m) => vec![zero; m.width],
    })
}

/// `1, X, .., X^4`: what puts a challenge together from columns of its coefficients.
struct Basis(Vec<Value>);

impl Basis {
    fn new<W>(c: &mut Circuit<W>) -> Self {
        let (zero, one) = (c.constant(F::ZERO), c.constant(F::ONE));
        let unit = |i: usize| (0..DIMENSION).map(|j| if i == j { one } else { zero }).collect::<Vec<_>>();
        Self((1..DIMENSION).map(|i| c.pack(&unit(i))).collect())
    }

    fn combine<W>(&self, c: &mut Circuit<W>, columns: &[Value]) -> Value {
        let (first, others) = (Part::multiple(F::ONE, columns[0]), self.0.iter().zip(&columns[1..]));
        let others = others.map(|(x, column)| Part::product(F::ONE, *x, *column));
        c.sum_of(&[first].into_iter().chain(others).collect::<Vec<_>>())
    }

    fn combine_all<W>(&self, c: &mut Circuit<W>, columns: &[Value]) -> Vec<Value> {
        columns.chunks(DIMENSION).map(|five| self.combine(c, five)).collect()
    }
}

/// What stands for `alpha` on each bus: `alpha + (bus + 1) beta^width`.
fn prefixes<W>(c: &mut Circuit<W>, child: &Child, heard: &Heard) -> Vec<Value> {
    let Some([alpha, beta]) = heard.lookup else { return Vec::new() };
    let gamma = Powers::new(beta).power(c, child.buses.1);
    let prefix = |bus| c.arithmetic(alpha, gamma, [F::ZERO, F::ONE, F::from_usize(bus + 1), F::ZERO]);
    (0..child.buses.0).map(prefix).collect()
}

fn pairs(chip: &ChildChip, prefixes: &[Value], heard: &Heard) -> Vec<Value> {
    let Some([_, beta]) = heard.lookup else { return Vec::new() };
    chip.buses.iter().flat_map(|bus| [prefixes[*bus], beta]).collect()
}

/// `(z^n - 1) / (z - 1)`, `(z^n - 1) / (z - 1/g)` and `z - 1/g`: not zero on the first row, on the last, and on all but the last.
fn selectors<W>(c: &mut Circuit<W>, zeta: Value, power: Value, log_height: usize) -> [Value; 3] {
    let end = F::two_adic_generator(log_height).inverse();
    let transition = c.affine(zeta, F::ONE, -end);
    let from_first = c.affine(zeta, F::ONE, F::NEG_ONE);
    let [first, last] = [from_first, transition].map(|distance| {
        let inverse = c.invert(distance);
        c.arithmetic(power, inverse, [F::ONE, F::ZERO, F::NEG_ONE, F::ZERO])
    });
    [first, last, transition]
}

/// The quotient from its chunks over the cosets `shift_i K`: each counts by what vanishes on the others.
fn recompose<W>(c: &mut Circuit<W>, log_height: usize, chunks: &[Value], power: Value) -> Value {
    let log_chunks = chunks.len().trailing_zeros() as usize;
    let step = F::two_adic_generator(log_height + log_chunks);
    let shifts: Vec<F> = (0..chunks.len())
        .map(|i| (F::GENERATOR * step.exp_u64(i as u64)).exp_power_of_2(log_height))
        .collect();
    let mut parts = Vec::new();
    for (i, chunk) in chunks.iter().enumerate() {
        let others = shifts.iter().enumerate().filter(|(j, _)| *j != i);
        let weight = others.fold(Term::from(F::ONE), |product, (_, shift)| {
            // ((z / shift)^n - 1) / ((shift_i / shift)^n - 1)
            let inverse = shift.inverse();
            let scale = (shifts[i] * inverse - F::ONE).inverse();
            let vanishing = Term::affine(power, inverse * scale, -scale);
            Term::sum(&product.product(vanishing, F::ONE), c)
        });
        parts.extend(weight.product(Term::from(*chunk), F::ONE));
    }
    Term::sum(&parts, c).value(c)
}

/// All constraints of a chip by Horner's rule, the first with the highest power.
fn fold<W>(c: &mut Circuit<W>, chip: &ChildChip, row: &Row, alpha: Value) -> Term {
    let mut known = Known { row, base: HashMap::new(), extension: HashMap::new() };
    let mut sum = Term::from(F::ZERO);
    for constraint in &chip.base {
        let mut parts = sum.product(Term::from(alpha), F::ONE);
        known.base_parts(constraint, F::ONE, &mut parts, c);
        sum = Term::sum(&parts, c);
    }
    for constraint in &chip.extension {
        let mut parts = sum.product(Term::from(alpha), F::ONE);
        known.extension_parts(constraint, F::ONE, &mut parts, c);
        sum = Term::sum(&parts, c);
    }
    sum
}

/// Expressions of a chip by where they lie: they share parts, which are evaluated once.
struct Known<'r> {
    row: &'r Row,
    base: HashMap<*const SymbolicExpression<F>, Term>,
    extension: HashMap<*const SymbolicExpressionExt<F, Challenge>, Term>,
}

/// The four operations over one sort of expression: `$parts` adds a multiple of an expression to a sum, `$term` evaluates one.
macro_rules! operations {
    ($expression:ty, $known:ident, $parts:ident, $term:ident, $child:ident, $leaf:ident) => {
        /// Adds `factor x` to a sum.
        fn $parts<W>(&mut self, x: &$expression, factor: F, parts: &mut Vec<Part>, c: &mut Circuit<W>) {
            match x {
                SymbolicExpr::Leaf(leaf) => parts.extend(self.$leaf(leaf, c).scaled(factor).parts()),
                SymbolicExpr::Add { x, y, .. } => {
                    self.$child(x, factor, parts, c);
                    self.$child(y, factor, parts, c);
                }
                SymbolicExpr::Sub { x, y, .. } => {
                    self.$child(x, factor, parts, c);
                    self.$child(y, -factor, parts, c);
                }
                SymbolicExpr::Neg { x, .. } => self.$child(x, -factor, parts, c),
                SymbolicExpr::Mul { x, y, .. } => {
                    let (x, y) = (self.$term(x, c), self.$term(y, c));
                    parts.extend(x.product(y, factor));
                }
            }
        }

        /// Adds `factor x` to a sum: what is shared is evaluated once, for all who share it.
        fn $child<W>(&mut self, x: &Arc<$expression>, factor: F, parts: &mut Vec<Part>, c: &mut Circuit<W>) {
            if Arc::strong_count(x) > 1 {
                parts.extend(self.$term(x, c).scaled(factor).parts());
            } else {
                self.$parts(x, factor, parts, c);
            }
        }

        fn $term<W>(&mut self, x: &Arc<$expression>, c: &mut Circuit<W>) -> Term {
            let at = Arc::as_ptr(x);
            if let Some(term) = self.$known.get(&at) {
                return *term;
            }
            let mut parts = Vec::new();
            self.$parts(x, F::ONE, &mut parts, c);
            let term = Term::sum(&parts, c);
            self.$known.insert(at, term);
            term
        }
    };
}

impl Known<'_> {
    operations!(SymbolicExpression<F>, base, base_parts, base_term, base_child, base_leaf);
    operations!(
        SymbolicExpressionExt<F, Challenge>,
        extension,
        extension_parts,
        extension_term,
        extension_child,
        extension_leaf
    );

    fn base_leaf<W>(&mut self, leaf: &BaseLeaf<F>, _: &mut Circuit<W>) -> Term {
        let row = self.row;
        match leaf {
            BaseLeaf::Constant(x) => Term::from(*x),
            BaseLeaf::IsFirstRow => row.first.into(),
            BaseLeaf::IsLastRow => row.last.into(),
            BaseLeaf::IsTransition => row.transition.into(),
            BaseLeaf::Variable(v) => match v.entry {
                BaseEntry::Main { offset } => row.main[offset][v.index].into(),
                BaseEntry::Preprocessed { offset } => row.fixed[offset][v.index].into(),
                BaseEntry::Public => row.public_values[v.index].into(),
                BaseEntry::Periodic => unreachable!("keys have no periodic columns"),
            },
        }
    }

    fn extension_leaf<W>(&mut self, leaf: &ExtLeaf<F, Challenge>, c: &mut Circuit<W>) -> Term {
        let row = self.row;
        match leaf {
            ExtLeaf::Base(x) => {
                let mut parts = Vec::new();
                self.base_parts(x, F::ONE, &mut parts, c);
                Term::sum(&parts, c)
            }
            ExtLeaf::ExtConstant(x) => constant(*x, c),
            ExtLeaf::ExtVariable(v) => match v.entry {
                ExtEntry::Permutation { offset } => row.lookups[offset][v.index].into(),
                ExtEntry::Challenge => row.challenges[v.index].into(),
                ExtEntry::PermutationValue => row.terminal.map_or(Term::from(F::ZERO), Term::from),
            },
        }
    }
}

fn constant<W>(x: Challenge, c: &mut Circuit<W>) -> Term {
    let coefficients: &[F] = x.as_basis_coefficients_slice();
    if coefficients[1..].iter().all(|x| *x == F::ZERO) {
        return Term::from(coefficients[0]);
    }
    let values: Vec<Value> = coefficients.iter().map(|x| c.constant(*x)).collect();
    Term::from(c.pack(&values))
}
