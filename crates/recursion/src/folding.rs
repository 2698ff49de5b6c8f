//! The low-degree test: folds from layer to layer, and the last polynomial.

use aludel_circuits::recursion::circuit::Part;
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use crate::child::Child;
use crate::merkle::Hashes;
use crate::opening::Reduced;
use crate::transcript::Heard;
use crate::verify::Source;

/// Checks every query's folds.
pub(crate) fn check<W: 'static>(
    c: &mut Circuit<W>,
    child: &Child,
    heard: &Heard,
    reduced: Vec<Reduced>,
    source: Source<W>,
) {
    c.stage("folding");
    let powers: Vec<Value> = heard
        .folds
        .iter()
        .zip(&child.folds)
        .map(|((_, beta), (log, _))| c.exp_power_of_2(*beta, *log))
        .collect();
    let mut hashes: Vec<Hashes> = child.folds.iter().map(|_| Hashes::default()).collect();
    for (query, (bits, reduced)) in heard.queries.iter().zip(reduced).enumerate() {
        let mut point = reduced.point;
        let mut reduced = reduced.values.into_iter().peekable();
        let mut folded = reduced.next().map_or_else(|| c.constant(F::ZERO), |(_, value)| value);
        let mut shift = 0;
        for (step, &(log_arity, log_height)) in child.folds.iter().enumerate() {
            let place: Vec<Value> = (shift..shift + log_arity).map(|place| c.bit(bits, place)).collect();
            let others = move |w: &W| {
                let fold = source(w).folds.get(step);
                fold.and_then(|fold| fold.values.get(query)).cloned().unwrap_or_default()
            };
            let values = c.place(folded, &place, others);
            // The hash brings the values into the memory.
            let hashed = c.hash_challenges(&values);
            let chosen = choose(c, &values, &place);
            c.assert_equal(folded, chosen);
            hashes[step].push(c, child, bits, vec![(log_height, hashed)]);
            let x = point.square(c, shift);
            folded = fold(c, x, &place, &values, heard.folds[step].1);
            shift += log_arity;
            if let Some((_, value)) = reduced.next_if(|(log, _)| *log == log_height) {
                folded = c.mul_add(powers[step], value, folded);
            }
        }
        let x = point.square(c, shift);
        last(c, x, folded, &heard.last);
    }
    for (step, (hashes, (cap, _))) in hashes.into_iter().zip(&heard.folds).enumerate() {
        let siblings =
            move |w: &W| source(w).folds.get(step).map_or(Vec::new(), |fold| fold.siblings.clone());
        c.paths(&hashes.walks, *cap, siblings);
    }
}

/// The value that bits choose, least first.
fn choose<W>(c: &mut Circuit<W>, values: &[Value], bits: &[Value]) -> Value {
    let halve = |values: Vec<Value>, bit: &Value| {
        values.chunks(2).map(|pair| c.select(*bit, pair[0], pair[1])).collect()
    };
    bits.iter().fold(values.to_vec(), halve)[0]
}

/// Folds a group, halving it step by step: from values at `x` and `-x` to `e(x^2) + beta o(x^2)`, then with `beta^2`. The
/// place that the bits say has the point `x`.
fn fold<W>(c: &mut Circuit<W>, x: Value, place: &[Value], values: &[Value], beta: Value) -> Value {
    // The group's first point is `x` without the place's roots; its inverse has them.
    let inverse = c.invert(x);
    let first = (1..).zip(place).fold(inverse, |product, (log, bit)| {
        let root = F::two_adic_generator(log);
        c.arithmetic(product, *bit, [root - F::ONE, F::ONE, F::ZERO, F::ZERO])
    });
    let mut ratio = c.mul(beta, first);
    let mut values = values.to_vec();
    for log in (1..=place.len()).rev() {
        let root = F::two_adic_generator(log).inverse();
        let pairs = values.chunks(2).enumerate().map(|(i, pair)| {
            // The pair lies at the first point times root^-rev(2 i), and at its negative.
            let power = (2 * i).reverse_bits() >> (usize::BITS as usize - log);
            let factor = root.exp_u64(power as u64).halve();
            // (a + b) / 2 + beta (a - b) / (2 x)
            let part = |value, factor| Part {
                a: Some(value),
                b: Some(ratio),
                factors: [factor, F::ONE.halve(), F::ZERO, F::ZERO],
            };
            c.sum_of(&[part(pair[0], factor), part(pair[1], -factor)])
        });
        values = pairs.collect();
        if log > 1 {
            ratio = c.mul(ratio, ratio);
        }
    }
    values[0]
}

/// The last polynomial has the folded value at a point.
fn last<W>(c: &mut Circuit<W>, x: Value, folded: Value, coefficients: &[Value]) {
    let value = coefficients.iter().rev().copied().reduce(|sum, coefficient| c.mul_add(sum, x, coefficient));
    if let Some(value) = value {
        c.assert_equal(folded, value);
    }
}
