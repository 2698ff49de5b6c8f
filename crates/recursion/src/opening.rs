//! Openings: the rows of every query, hashed and reduced to one value a height.
//!
//! With `beta = 1 / alpha`, the sponge gives `C_e = sum_i beta^(x_e - i) row_i` over the elements before each cut `e` of a group. A
//! segment's columns have the exponents `o + i - start`, so its part of the batched row at a point is
//! `alpha^(o - start) (alpha^(x_e) C_e - alpha^(x_d) C_d)`, `d` the cut before it; the factor of each `C_e`, of its own segment and of the
//! next one, does not depend on the query.

use std::collections::BTreeMap;

use aludel_circuits::recursion::circuit::{Part, Sum};
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use crate::child::{Child, Group, Segment};
use crate::merkle::Hashes;
use crate::powers::Powers;
use crate::transcript::Heard;
use crate::verify::Source;

/// A query, reduced.
pub(crate) struct Reduced {
    /// Values by base-2 logarithm of the height, tallest first.
    pub values: Vec<(usize, Value)>,
    /// The place's point in the largest subgroup, whose squares are its points in the smaller ones.
    pub point: Powers,
}

/// A height at which matrices are opened.
struct Height {
    log: usize,
    points: Vec<Point>,
}

/// A point at which matrices of one height are opened.
struct Point {
    at: Value,
    /// What is claimed of all columns, batched.
    claimed: Value,
    /// Factors of the cut sums, by commitment and cut.
    factors: Vec<((usize, usize), Value)>,
}

/// Hashes what every query opens, checks its paths and reduces it.
pub(crate) fn reduce<W: 'static>(
    c: &mut Circuit<W>,
    child: &Child,
    heard: &Heard,
    source: Source<W>,
) -> Vec<Reduced> {
    c.stage("openings");
    let groups: Vec<Vec<Group>> = (0..child.commitments.len()).map(|i| child.groups(i)).collect();
    let beta = c.invert(heard.batch);
    let heights = heights(c, child, heard, &groups);
    let mut hashes: Vec<Hashes> = groups.iter().map(|_| Hashes::default()).collect();
    let mut all = Vec::with_capacity(heard.queries.len());
    for (query, bits) in heard.queries.iter().enumerate() {
        let mut sums: BTreeMap<(usize, usize), Vec<Sum>> = BTreeMap::new();
        for (commitment, groups) in groups.iter().enumerate() {
            let mut walk = Vec::new();
            for group in groups {
                let (hashed, own) = absorb(c, group, beta, commitment, query, source);
                sums.insert((group.log_height, commitment), own);
                walk.push((group.log_height, hashed));
            }
            hashes[commitment].push(c, child, bits, walk);
        }
        let mut point = Powers::new(c.point(bits, 0));
        let log_tallest = child.log_tallest();
        let values = heights.iter().map(|height| {
            let x = point.square(c, log_tallest - height.log);
            (height.log, reduced(c, height, &sums, x))
        });
        let values = values.collect();
        all.push(Reduced { values, point });
    }
    for (commitment, (hashes, cap)) in hashes.into_iter().zip(&heard.caps).enumerate() {
        let siblings =
            move |w: &W| source(w).inputs.get(commitment).map_or(Vec::new(), |i| i.siblings.clone());
        c.paths(&hashes.walks, *cap, siblings);
    }
    all
}

/// The rows of a group at a query.
fn absorb<W: 'static>(
    c: &mut Circuit<W>,
    group: &Group,
    beta: Value,
    commitment: usize,
    query: usize,
    source: Source<W>,
) -> (aludel_circuits::recursion::program::Hashed, Vec<Sum>) {
    let cuts: Vec<usize> = group.segments.iter().map(|s| s.end).filter(|end| *end < group.width).collect();
    let numbers = group.matrices.clone();
    let rows = move |w: &W| {
        let opened = source(w).inputs.get(commitment).and_then(|input| input.rows.get(query));
        let row = |i: &usize| opened.and_then(|rows| rows.get(*i)).cloned().unwrap_or_default();
        numbers.iter().flat_map(row).collect()
    };
    c.hash_rows(group.width, &cuts, beta, rows)
}

/// `sum over points of (claimed - row) / (point - x)`, where `x` lies in the coset of the generator.
fn reduced<W>(
    c: &mut Circuit<W>,
    height: &Height,
    sums: &BTreeMap<(usize, usize), Vec<Sum>>,
    x: Value,
) -> Value {
    let mut parts = Vec::with_capacity(height.points.len());
    for point in &height.points {
        let rows = point.factors.iter().map(|((commitment, cut), factor)| {
            Part::product(F::NEG_ONE, *factor, sums[&(height.log, *commitment)][*cut].value)
        });
        let rest: Vec<Part> = [Part::multiple(F::ONE, point.claimed)].into_iter().chain(rows).collect();
        let rest = c.sum_of(&rest);
        let distance = c.arithmetic(point.at, x, [F::ZERO, F::ONE, -F::GENERATOR, F::ZERO]);
        parts.push(Part::product(F::ONE, rest, c.invert(distance)));
    }
    c.sum_of(&parts)
}

/// What every query needs of each height.
fn heights<W>(c: &mut Circuit<W>, child: &Child, heard: &Heard, groups: &[Vec<Group>]) -> Vec<Height> {
    let mut alpha = Powers::new(heard.batch);
    let mut logs: Vec<usize> = groups.iter().flatten().map(|g| g.log_height).collect();
    logs.sort_unstable_by(|a, b| b.cmp(a));
    logs.dedup();
    let height = |log: usize| {
        let generator = F::two_adic_generator(log - child.parameters.log_blowup);
        let next = c.affine(heard.zeta, generator, F::ZERO);
        let points = [heard.zeta, next].into_iter().enumerate();
        let points = points.map(|(point, at)| Point {
            at,
            claimed: claimed(c, child, heard, &mut alpha, log, point),
            factors: factors(c, &mut alpha, groups, log, point),
        });
        let points = points.filter(|point| !point.factors.is_empty()).collect();
        Height { log, points }
    };
    logs.into_iter().map(height).collect()
}

/// `sum alpha^exponent opened` over the columns of a height at a point.
fn claimed<W>(
    c: &mut Circuit<W>,
    child: &Child,
    heard: &Heard,
    alpha: &mut Powers,
    log: usize,
    point: usize,
) -> Value {
    let opened = child.commitments.iter().flatten().filter(|m| m.log_height == log && point < m.points);
    let mut parts = Vec::new();
    for matrix in opened {
        let values = &heard.opened[matrix.opened[point]..][..matrix.width];
        let powers = alpha.list(c, matrix.width);
        let row = powers.into_iter().zip(values).map(|(power, x)| Part::product(F::ONE, power, *x));
        let sum = c.sum_of(&row.collect::<Vec<_>>());
        parts.push(Part::product(F::ONE, sum, alpha.power(c, matrix.exponents[point])));
    }
    c.sum_of(&parts)
}

/// The factors of the cut sums of a height at a point.
fn factors<W>(
    c: &mut Circuit<W>,
    alpha: &mut Powers,
    groups: &[Vec<Group>],
    log: usize,
    point: usize,
) -> Vec<((usize, usize), Value)> {
    let mut factors = Vec::new();
    for (commitment, groups) in groups.iter().enumerate() {
        for group in groups.iter().filter(|g| g.log_height == log) {
            let segments = &group.segments;
            for (cut, segment) in segments.iter().enumerate() {
                let last = cut + 1 == segments.len();
                let exponent = if last { group.width.div_ceil(16) * 16 - 1 } else { segment.end - 1 };
                let own = power(c, alpha, segment, point, exponent);
                let next = segments.get(cut + 1).and_then(|next| power(c, alpha, next, point, exponent));
                let factor = match (own, next) {
                    (Some(own), Some(next)) => Some(c.sub(own, next)),
                    (None, Some(next)) => Some(c.affine(next, F::NEG_ONE, F::ZERO)),
                    (own, None) => own,
                };
                factors.extend(factor.map(|factor| ((commitment, cut), factor)));
            }
        }
    }
    factors
}

/// `alpha^(o - start + x)`, where the segment is opened at the point. Its exponent is not less than its place in the row: whatever
/// lies before it in the row comes before it in the batch.
fn power<W>(
    c: &mut Circuit<W>,
    alpha: &mut Powers,
    segment: &Segment,
    point: usize,
    exponent: usize,
) -> Option<Value> {
    (point < segment.points).then(|| alpha.power(c, segment.exponents[point] - segment.start + exponent))
}
