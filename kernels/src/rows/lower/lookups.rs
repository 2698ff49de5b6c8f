//! What the columns of lookups hold.

use aludel_protocol::F;
use p3_air::symbolic::SymbolicExpression;
use p3_lookup::Lookup;

use super::super::graph::{Graph, Node, Operation};
use super::super::linear::with_sums;
use super::super::uniform::Uniform;
use super::{Lowering, Value};

type Base = SymbolicExpression<F>;

/// Lookups whose denominators are inverted together, at most: all of them are kept, and as many products, until the inverse is there.
const MOST_INVERTED_AT_ONCE: usize = 8;

impl<'a> Lowering<'a> {
    /// Of a row the sum of all fractions, and then the fraction of each lookup in order: where the sums of rows take the first one's place, these are the columns of Plonky3's
    /// `LogUpGadget`. In a row in which a denominator is zero, all fractions that are inverted with its own are zeros: a proof of it is refused, unless their numerators are zero too.
    pub fn fractions(lookups: &'a [Lookup<F>]) -> (Graph, Vec<Node>) {
        let mut lowering = Self::default();
        // Of one length, as far as that goes.
        let count = lookups.len().div_ceil(MOST_INVERTED_AT_ONCE).max(1);
        let parts = lookups.chunks(lookups.len().div_ceil(count).max(1));
        let nodes: Vec<_> = parts.flat_map(|part| lowering.fractions_of(part)).collect();
        let zero = lowering.uniform(Uniform::ZERO);
        let sum = nodes.iter().fold(zero, |sum, node| {
            let value = lowering.of_node(*node);
            lowering.add(&sum, &value, Uniform::ONE)
        });
        let sum = lowering.finished(&sum);
        let outputs: Vec<_> = [sum].into_iter().chain(nodes).collect();
        let (graph, moved) = with_sums(&lowering.graph, &outputs);
        let outputs = outputs.into_iter().map(|output| moved.node(output)).collect();
        (graph, outputs)
    }

    /// The fraction of each lookup, with one inversion for all (Montgomery).
    fn fractions_of(&mut self, lookups: &'a [Lookup<F>]) -> Vec<Node> {
        let fractions: Vec<_> = lookups.iter().map(|lookup| self.fraction(lookup)).collect();
        // Of each, the product of the denominators before it.
        let mut product = self.uniform(Uniform::ONE);
        let mut before = Vec::new();
        for (_, denominator) in &fractions {
            let next = self.mul(&product, denominator);
            before.push(core::mem::replace(&mut product, next));
        }
        let product = self.finished(&product);
        let inverse = self.graph.node(Operation::Inverse(product));
        let mut inverse = self.of_node(inverse);
        let mut nodes = Vec::new();
        for ((numerator, denominator), before) in fractions.iter().zip(&before).rev() {
            let own = self.mul(&inverse, before);
            let value = self.mul(numerator, &own);
            nodes.push(self.finished(&value));
            inverse = self.mul(&inverse, denominator);
        }
        nodes.reverse();
        nodes
    }

    /// Numerator and denominator of a lookup's column.
    fn fraction(&mut self, lookup: &'a Lookup<F>) -> (Value, Value) {
        let [alpha, beta] = [0, 1].map(|i| self.graph.uniforms.challenge(2 * lookup.column + i));
        let [alpha, beta] = [alpha, beta].map(|challenge| self.uniform(challenge));
        let multiplicities: Vec<_> =
            lookup.multiplicities.iter().map(|m| Value::Base(self.base(m))).collect();
        let fingerprints: Vec<_> =
            lookup.elements.iter().map(|tuple| self.fingerprint(tuple, &alpha, &beta)).collect();
        match &lookup.flags {
            None => self.sum_of_fractions(&multiplicities, &fingerprints),
            Some(flags) => self.chosen_fraction(flags, &multiplicities, &fingerprints),
        }
    }

    /// `alpha - (e_0 beta^(k-1) + .. + e_(k-1))`.
    fn fingerprint(&mut self, tuple: &'a [Base], alpha: &Value, beta: &Value) -> Value {
        let zero = self.uniform(Uniform::ZERO);
        let combined = tuple.iter().fold(zero, |sum, element| {
            let element = Value::Base(self.base(element));
            let sum = self.mul(&sum, beta);
            self.add(&sum, &element, Uniform::ONE)
        });
        self.add(alpha, &combined, Uniform::MINUS_ONE)
    }

    fn sum_of_fractions(&mut self, multiplicities: &[Value], fingerprints: &[Value]) -> (Value, Value) {
        let begin = (self.uniform(Uniform::ZERO), self.uniform(Uniform::ONE));
        multiplicities.iter().zip(fingerprints).fold(begin, |(numerator, denominator), (m, d)| {
            let [own, others] = [self.mul(&denominator, m), self.mul(&numerator, d)];
            (self.add(&own, &others, Uniform::ONE), self.mul(&denominator, d))
        })
    }

    /// The fraction whose flag is one, and `0 / 1` where none is.
    fn chosen_fraction(
        &mut self,
        flags: &'a [Base],
        multiplicities: &[Value],
        fingerprints: &[Value],
    ) -> (Value, Value) {
        let (mut numerator, mut denominator) = (self.uniform(Uniform::ZERO), self.uniform(Uniform::ONE));
        for ((flag, m), d) in flags.iter().zip(multiplicities).zip(fingerprints) {
            let flag = Value::Base(self.base(flag));
            let [m, d] = [self.mul(&flag, m), self.mul(&flag, d)];
            numerator = self.add(&numerator, &m, Uniform::ONE);
            denominator = self.add(&denominator, &d, Uniform::ONE);
            denominator = self.add(&denominator, &flag, Uniform::MINUS_ONE);
        }
        (numerator, denominator)
    }
}
