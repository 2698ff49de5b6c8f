//! The low-degree test: folds from layer to layer, and the last polynomial.

use aludel_circuits::recursion::circuit::Bits;
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
    reduced: &[Reduced],
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
        let mut reduced = reduced.iter().peekable();
        let mut folded = reduced.next().map(|(_, value)| *value).unwrap_or_else(|| c.constant(F::ZERO));
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
            folded = fold(c, bits, shift, &values, heard.folds[step].1);
            shift += log_arity;
            if let Some((_, value)) = reduced.next_if(|(log, _)| *log == log_height) {
                let term = c.mul(powers[step], *value);
                folded = c.add(folded, term);
            }
        }
        last(c, bits, shift, folded, &heard.last);
    }
    for (step, (hashes, (cap, _))) in hashes.into_iter().zip(&heard.folds).enumerate() {
        let siblings =
            move |w: &W| source(w).folds.get(step).map_or(Vec::new(), |fold| fold.siblings.clone());
        c.paths(&hashes.walks, *cap, siblings);
    }
}

/// The value that bits choose, least first.
fn choose<W>(c: &mut Circuit<W>, values: &[Value], bits: &[Value]) -> Value {
    let mut values = values.to_vec();
    for bit in bits {
        values = values
            .chunks(2)
            .map(|pair| {
                let difference = c.sub(pair[1], pair[0]);
                let term = c.mul(difference, *bit);
                c.add(pair[0], term)
            })
            .collect();
    }
    values[0]
}

/// Folds a group, halving it step by step: from values at `x` and `-x` to `e(x^2) + beta o(x^2)`, then with `beta^2`.
fn fold<W>(c: &mut Circuit<W>, bits: &Bits, shift: usize, values: &[Value], beta: Value) -> Value {
    let log_arity = values.len().trailing_zeros() as usize;
    let start = c.point(bits, shift + log_arity);
    let x = c.exp_power_of_2(start, shift);
    let inverse = c.invert(x);
    let mut ratio = c.mul(beta, inverse);
    let mut values = values.to_vec();
    for log in (1..=log_arity).rev() {
        let root = F::two_adic_generator(log).inverse();
        values = values
            .chunks(2)
            .enumerate()
            .map(|(i, pair)| {
                // The pair lies at x root^-rev(2 i) and its negative.
                let power = (2 * i).reverse_bits() >> (usize::BITS as usize - log);
                let factor = root.exp_u64(power as u64).halve();
                let weight = c.affine(ratio, -factor, F::ONE.halve());
                let difference = c.sub(pair[1], pair[0]);
                let term = c.mul(difference, weight);
                c.add(pair[0], term)
            })
            .collect();
        if log > 1 {
            ratio = c.mul(ratio, ratio);
        }
    }
    values[0]
}

/// The last polynomial has the folded value.
fn last<W>(c: &mut Circuit<W>, bits: &Bits, shift: usize, folded: Value, coefficients: &[Value]) {
    let start = c.point(bits, shift);
    let x = c.exp_power_of_2(start, shift);
    let value = coefficients.iter().rev().copied().reduce(|sum, coefficient| {
        let shifted = c.mul(sum, x);
        c.add(shifted, coefficient)
    });
    if let Some(value) = value {
        c.assert_equal(folded, value);
    }
}
