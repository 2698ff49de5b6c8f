//! Constraints of `sponge`: Plonky3's `PaddingFreeSponge` of width 24, and calls of `compress24` in chains of `hash_fields`.
//!
//! What is absorbed is what is summed: both are the same columns. An element that is not absorbed counts as zero.

use aludel_protocol::fe;
use aludel_protocol::hash::DIGEST;

use super::columns::{RATE, STEP, SpongeColumns, SpongeFixed, Wide};
use crate::builder::ChipBuilder;
use crate::bus::{Bus, CHALLENGE};
use crate::recursion::extension::product;
use crate::recursion::machine::message;

type Challenge<E> = [E; CHALLENGE];

fn wide<B: ChipBuilder>(x: &Wide<B::Var>) -> Challenge<B::Expr> {
    x.value.map(Into::into)
}

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: SpongeColumns<B::Var> = b.local();
    row.permutation.assert(b, "the state is permuted", row.state.map(Into::into));
    states(b);
    powers(b);
    sums(b);
    cut(b);
    messages(b);
}

/// What the state of the next row is made of.
fn states<B: ChipBuilder>(b: &mut B) {
    let row: SpongeColumns<B::Var> = b.local();
    let next: SpongeColumns<B::Var> = b.next();
    let key: SpongeFixed<B::Var> = b.fixed_next();
    let e = Into::<B::Expr>::into;
    let one = || B::Expr::from(fe(1));
    let out = row.permutation.output();
    let [goes_on, sponge] = [one() - e(key.begin), one() - e(key.fields)];

    for (i, (x, before)) in next.state.into_iter().zip(out).enumerate() {
        let before = goes_on.clone() * e(before);
        if i < RATE {
            let kept = one() - e(key.absorbed[i]);
            b.when_eq("an element that is not absorbed stays", kept, x, before);
        } else {
            b.when_eq("the capacity goes on", sponge.clone(), x, before);
        }
    }
    // A chain's call has the digest so far, out + in, in its first eight elements: tag and length at the beginning.
    for (i, (x, out)) in next.state.into_iter().zip(out).enumerate().take(DIGEST) {
        let before = goes_on.clone() * (e(out) + e(row.state[i]));
        let start = match i {
            0 => e(key.tag),
            1 => e(key.length),
            _ => B::Expr::from(fe(0)),
        };
        b.when_eq("a chain goes on from its digest", key.fields, x, before + start);
    }
}

/// The powers of `beta`, and that it stays where it is not read.
fn powers<B: ChipBuilder>(b: &mut B) {
    let row: SpongeColumns<B::Var> = b.local();
    let next: SpongeColumns<B::Var> = b.next();
    let key: SpongeFixed<B::Var> = b.fixed_next();
    let [p1, p2, p3, p4] = row.power.map(|p| wide::<B>(&p));
    let expected = [(&p2, product(&p1, &p1)), (&p3, product(&p1, &p2)), (&p4, product(&p2, &p2))];
    for (power, product) in expected {
        for (x, y) in power.iter().zip(product) {
            b.assert_eq("powers of beta", x.clone(), y);
        }
    }
    let stays = b.is_transition() * (B::Expr::from(fe(1)) - key.beta.into());
    for (x, y) in row.power[0].value.into_iter().zip(next.power[0].value) {
        b.when_eq("beta stays", stays.clone(), y, x);
    }
}

/// `x_i beta^(r - i)` summed over the elements `4 q ..= 4 q + r` of a row, each times a factor.
fn partial<B: ChipBuilder>(
    row: &SpongeColumns<B::Var>,
    q: usize,
    r: usize,
    factor: impl Fn(usize) -> B::Expr,
) -> Challenge<B::Expr> {
    let mut sum: Challenge<B::Expr> = core::array::from_fn(|_| B::Expr::from(fe(0)));
    for i in 0..=r {
        let x = row.state[STEP * q + i].into() * factor(STEP * q + i);
        match (r - i).checked_sub(1) {
            None => sum[0] += x,
            Some(p) => {
                let power = wide::<B>(&row.power[p]);
                sum.iter_mut().zip(power).for_each(|(s, y)| *s += x.clone() * y);
            }
        }
    }
    sum
}

/// Horner's rule over the elements of the next row that the key absorbs.
fn sums<B: ChipBuilder>(b: &mut B) {
    let row: SpongeColumns<B::Var> = b.local();
    let next: SpongeColumns<B::Var> = b.next();
    let key: SpongeFixed<B::Var> = b.fixed_next();
    let goes_on = B::Expr::from(fe(1)) - key.begin.into();
    let mut before = wide::<B>(&row.sum[STEP - 1]).map(|x| goes_on.clone() * x);
    for q in 0..RATE / STEP {
        let carried = product(&before, &wide::<B>(&next.power[STEP - 1]));
        let added = partial::<B>(&next, q, STEP - 1, |i| key.absorbed[i].into());
        for ((x, y), z) in next.sum[q].value.into_iter().zip(carried).zip(added) {
            b.assert_eq("the sum goes on", x, y + z);
        }
        before = wide::<B>(&next.sum[q]);
    }
}

/// The sum at the cut of the next row. The key cuts only after an element that is absorbed, so those before it in its four are too.
fn cut<B: ChipBuilder>(b: &mut B) {
    let row: SpongeColumns<B::Var> = b.local();
    let next: SpongeColumns<B::Var> = b.next();
    let key: SpongeFixed<B::Var> = b.fixed_next();
    let power = |r: usize| wide::<B>(&next.power[r]);
    let mut cut: Challenge<B::Expr> = core::array::from_fn(|_| B::Expr::from(fe(0)));
    let mut add = |flag: B::Var, sum: Challenge<B::Expr>| {
        cut.iter_mut().zip(sum).for_each(|(c, x)| *c += flag.into() * x);
    };
    for (j, flag) in key.cut.into_iter().enumerate() {
        let (q, r) = (j / STEP, j % STEP);
        if r == STEP - 1 {
            add(flag, wide::<B>(&next.sum[q]));
            continue;
        }
        let mut sum = partial::<B>(&next, q, r, |_| B::Expr::from(fe(1)));
        if q > 0 {
            let carried = product(&wide::<B>(&next.sum[q - 1]), &power(r));
            sum.iter_mut().zip(carried).for_each(|(s, x)| *s += x);
        }
        add(flag, sum);
    }
    // Where a hash goes on, the first four elements have the sum of the row before.
    let last = wide::<B>(&row.sum[STEP - 1]);
    for (r, flag) in key.cut_on.into_iter().enumerate() {
        add(flag, product(&last, &power(r)));
    }
    for (x, y) in next.cut.value.into_iter().zip(cut) {
        b.assert_eq("the cut sum", x, y);
    }
}

fn messages<B: ChipBuilder>(b: &mut B) {
    let row: SpongeColumns<B::Var> = b.local();
    let next: SpongeColumns<B::Var> = b.next();
    let key: SpongeFixed<B::Var> = b.fixed();
    let e = Into::<B::Expr>::into;
    let out = row.permutation.output();

    b.read(Bus::Value, message(key.beta_address, row.power[0].value), key.beta);
    b.port(Bus::Value, message(key.cut_address, row.cut.value), key.cut_count);
    b.port(Bus::Value, message(key.sum_address, row.sum[STEP - 1].value), key.sum_count);

    // A challenge's cells by the kind of the row's ports; those beyond the rate are the first of the next row's.
    let [four, three, fields] = [e(key.after_four), e(key.after_three), e(key.fields)];
    let whole = B::Expr::from(fe(1)) - four.clone() - three.clone() - fields.clone();
    let cell = |i: usize, chain: bool| match i {
        _ if chain || i < RATE => e(row.state[i]),
        _ => e(next.state[i - RATE]),
    };
    let starts = [[0, 4, 3, 8], [5, 9, 8, 13], [10, 14, 13, 18]];
    for (port, [w, f, t, c]) in starts.into_iter().enumerate() {
        let value: Challenge<B::Expr> = core::array::from_fn(|i| {
            whole.clone() * cell(w + i, false)
                + four.clone() * cell(f + i, false)
                + three.clone() * cell(t + i, false)
                + fields.clone() * cell(c + i, true)
        });
        b.port(Bus::Value, message(key.port_address[port], value), key.port_count[port]);
    }
    let value: Challenge<B::Expr> = core::array::from_fn(|i| {
        let base = if i == 0 { fields.clone() * e(row.state[23]) } else { B::Expr::from(fe(0)) };
        whole.clone() * cell(RATE - 1 + i, false) + base
    });
    b.port(Bus::Value, message(key.port_address[3], value), key.port_count[3]);

    let digest = (0..DIGEST).map(|i| e(out[i]) + fields.clone() * e(row.state[i]));
    b.send(Bus::Digest, core::iter::once(e(key.digest)).chain(digest).collect(), key.end);
}
