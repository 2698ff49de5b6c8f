//! Digests of a chip's constraints and lookups, so that a key names the very text that was proven.
//!
//! Expressions are interned by structure: equal subexpressions get one number, in the order of first use. So
//! the digest depends neither on how Plonky3 shares nodes nor on where they lie in memory, and takes time
//! linear in the shared form, however large the tree would be when written out.

use std::collections::HashMap;
use std::sync::Arc;

use aludel_circuits::Chip;
use aludel_protocol::hash::{Tag, hash_fields};
use aludel_protocol::{Digest, F};
use p3_air::symbolic::{AirLayout, BaseEntry, BaseLeaf, SymbolicExpression};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_lookup::{Kind, Lookup};

use crate::machine::{Machine, Symbolic};

type Expression = SymbolicExpression<F>;

/// Fields that a digest will absorb: every list is preceded by its length.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<F>);

impl Fields {
    pub fn number(&mut self, n: usize) -> &mut Self {
        self.0.push(F::from_usize(n));
        self
    }

    pub fn numbers(
        &mut self,
        list: impl IntoIterator<Item = usize, IntoIter: ExactSizeIterator>,
    ) -> &mut Self {
        let list = list.into_iter();
        self.number(list.len());
        self.0.extend(list.map(F::from_usize));
        self
    }

    pub fn text(&mut self, text: &[u8]) -> &mut Self {
        self.numbers(text.iter().copied().map(usize::from))
    }

    pub fn digest(&mut self, digest: &[F; 8]) -> &mut Self {
        self.0.extend(digest);
        self
    }

    pub fn list(&self) -> &[F] {
        &self.0
    }

    pub fn hash(&self) -> Digest {
        hash_fields(Tag::VerifyingKey, &self.0)
    }
}

/// Distinct expressions, each as operator and two operands.
#[derive(Default)]
struct Interned {
    nodes: Vec<[usize; 3]>,
    by_structure: HashMap<[usize; 3], usize>,
    by_address: HashMap<*const Expression, usize>,
    next_row: bool,
}

impl Interned {
    fn node(&mut self, node: [usize; 3]) -> usize {
        let fresh = self.nodes.len();
        let id = *self.by_structure.entry(node).or_insert(fresh);
        if id == fresh {
            self.nodes.push(node);
        }
        id
    }

    fn leaf(&mut self, leaf: &BaseLeaf<F>) -> usize {
        let node = match leaf {
            BaseLeaf::Constant(c) => [0, usize::try_from(c.as_canonical_u32()).unwrap_or(usize::MAX), 0],
            BaseLeaf::IsFirstRow => [1, 0, 0],
            BaseLeaf::IsLastRow => [2, 0, 0],
            BaseLeaf::IsTransition => [3, 0, 0],
            BaseLeaf::Variable(v) => match v.entry {
                BaseEntry::Main { offset } => self.window(4, offset, v.index),
                BaseEntry::Preprocessed { offset } => self.window(5, offset, v.index),
                BaseEntry::Periodic => [6, v.index, 0],
                BaseEntry::Public => [7, v.index, 0],
            },
        };
        self.node(node)
    }

    fn window(&mut self, operator: usize, offset: usize, index: usize) -> [usize; 3] {
        self.next_row |= offset != 0;
        [operator, offset, index]
    }

    fn shared(&mut self, x: &Arc<Expression>) -> usize {
        let address = Arc::as_ptr(x);
        if let Some(id) = self.by_address.get(&address) {
            return *id;
        }
        let id = self.expression(x);
        self.by_address.insert(address, id);
        id
    }

    fn expression(&mut self, x: &Expression) -> usize {
        let node = match x {
            Expression::Leaf(leaf) => return self.leaf(leaf),
            Expression::Add { x, y, .. } => [8, self.shared(x), self.shared(y)],
            Expression::Sub { x, y, .. } => [9, self.shared(x), self.shared(y)],
            Expression::Neg { x, .. } => [10, self.shared(x), 0],
            Expression::Mul { x, y, .. } => [11, self.shared(x), self.shared(y)],
        };
        self.node(node)
    }

    fn all(&mut self, list: &[Expression]) -> Vec<usize> {
        list.iter().map(|x| self.expression(x)).collect()
    }
}

/// What a chip's key entry is made of.
pub(crate) struct Fingerprint {
    pub digest: Digest,
    /// Whether any constraint or message reads the next row.
    pub next_row: bool,
}

/// Digest of name, widths, height, public values, constraints and lookups of a chip.
pub(crate) fn fingerprint<A: Machine>(chip: &A, lookups: &[Lookup<F>]) -> Fingerprint {
    // `constraints` outlives the table, so no address is used twice.
    let constraints = Symbolic::from_air(chip, AirLayout::from_air(chip)).base_constraints();
    let mut table = Interned::default();
    let roots = table.all(&constraints);
    let mut tail = Fields::default();
    tail.numbers(roots).number(lookups.len());
    lookups.iter().for_each(|l| lookup(&mut table, &mut tail, l));

    let mut fields = Fields::default();
    fields.number(1).text(chip.name().as_bytes());
    fields.number(Chip::width(chip)).number(chip.fixed_width()).number(chip.log_height());
    fields.number(usize::from(chip.reads_next())).number(chip.public_values());
    fields.numbers(table.nodes.as_flattened().iter().copied()).0.extend(tail.0);
    Fingerprint { digest: fields.hash(), next_row: table.next_row }
}

fn lookup(table: &mut Interned, out: &mut Fields, lookup: &Lookup<F>) {
    match &lookup.kind {
        Kind::Local => out.number(0),
        Kind::Global(bus) => out.number(1).text(bus.as_bytes()),
    };
    out.number(lookup.column).number(usize::try_from(lookup.count_weight).unwrap_or(usize::MAX));
    out.number(lookup.elements.len());
    lookup.elements.iter().for_each(|tuple| {
        out.numbers(table.all(tuple));
    });
    out.numbers(table.all(&lookup.multiplicities));
    out.numbers(table.all(lookup.flags.as_deref().unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use p3_air::symbolic::SymbolicVariable;

    use super::*;

    fn cell(index: usize) -> Expression {
        SymbolicVariable::<F>::new(BaseEntry::Main { offset: 0 }, index).into()
    }

    fn nodes(x: &Expression) -> Vec<[usize; 3]> {
        let mut table = Interned::default();
        table.expression(x);
        table.nodes
    }

    #[test]
    fn sharing_does_not_change_the_nodes() {
        let shared = cell(0) + cell(1);
        let a = shared.clone() * shared;
        let b = (cell(0) + cell(1)) * (cell(0) + cell(1));
        assert_eq!(nodes(&a), nodes(&b));
        assert_ne!(nodes(&a), nodes(&((cell(0) + cell(1)) * (cell(1) + cell(0)))));
    }

    /// Every leaf and operator, with every position that an index can stand in: no two are one.
    #[test]
    fn no_two_expressions_are_one() {
        let variable = |entry, index| -> Expression { SymbolicVariable::<F>::new(entry, index).into() };
        let leaf = |leaf: BaseLeaf<F>| Expression::Leaf(leaf);
        let (a, b) = (cell(0), cell(1));
        let mut all = vec![
            leaf(BaseLeaf::Constant(F::ONE)),
            leaf(BaseLeaf::Constant(F::TWO)),
            leaf(BaseLeaf::IsFirstRow),
            leaf(BaseLeaf::IsLastRow),
            leaf(BaseLeaf::IsTransition),
            a.clone() + b.clone(),
            b.clone() + a.clone(),
            a.clone() - b.clone(),
            b.clone() - a.clone(),
            a.clone() * b.clone(),
            b.clone() * a.clone(),
            -a,
            -b,
        ];
        let entries =
            (0..2).flat_map(|offset| [BaseEntry::Main { offset }, BaseEntry::Preprocessed { offset }]);
        for entry in entries.chain([BaseEntry::Periodic, BaseEntry::Public]) {
            all.extend([variable(entry, 0), variable(entry, 1)]);
        }
        let all: Vec<_> = all.iter().map(nodes).collect();
        for (i, x) in all.iter().enumerate() {
            assert!(!all[..i].contains(x), "{x:?} twice");
        }
    }

    #[test]
    fn a_doubling_chain_takes_linear_time() {
        let x = (0..200).fold(cell(0), |x, _| x.clone() + x);
        assert_eq!(nodes(&x).len(), 201);
    }
}
