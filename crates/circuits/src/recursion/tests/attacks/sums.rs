//! Attacks on what `sponge` reduces.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;

use super::super::finish;
use super::sponge::{BETA, forge};
use super::{Wide, get, refusals, rewrite, set, traces, wide};
use crate::bus::CHALLENGE;
use crate::recursion::extension::{challenge, coefficients, product};
use crate::recursion::program::{Block, Value};
use crate::recursion::sponge::columns::SpongeColumns;
use crate::recursion::sponge::trace::SpongeStep;
use crate::recursion::{Circuit, execute};

const SUM: &str = "sponge: the sum goes on";
const CUT: &str = "sponge: the cut sum";
const STAYS: &str = "sponge: beta stays";
const POWERS: &str = "sponge: powers of beta";

/// What a prover sums.
struct Lie {
    /// Elements that count as more than they are.
    more: Vec<(usize, usize)>,
    beta: [Wide; 3],
    /// The sum before the first block.
    start: Wide,
}

const HONEST: Lie = Lie { more: Vec::new(), beta: [BETA; 3], start: [F::ZERO; CHALLENGE] };

impl Lie {
    /// Sums as though the key had these rows.
    fn sum(&self, rows: &[Block], blocks: &mut [SpongeStep]) {
        let mut before = self.start;
        for (i, (row, block)) in rows.iter().zip(blocks).enumerate() {
            let mut state = block.state;
            let more = self.more.iter().filter(|(block, _)| *block == i);
            more.for_each(|(_, place)| state[*place] += F::ONE);
            let step = SpongeStep::new(row, state, self.beta[i], before);
            *block = SpongeStep { state: block.state, ..step };
            before = block.sum[3];
        }
    }
}

/// A run of a lie, under the key's own rows.
fn lie(lie: &Lie) -> std::collections::BTreeSet<String> {
    forge(|rows, blocks| lie.sum(rows, blocks)).refused_by()
}

/// A run whose sums are those of other rows.
fn others(change: impl Fn(&mut [Block])) -> std::collections::BTreeSet<String> {
    let forged = forge(|rows, blocks| {
        let mut rows = rows.to_vec();
        change(&mut rows);
        HONEST.sum(&rows, blocks);
    });
    forged.refused_by()
}

#[test]
fn what_is_summed_is_what_is_absorbed() {
    assert_eq!(lie(&HONEST), refusals(&[]));
    for place in 0..16 {
        let one = |block| Lie { more: vec![(block, place)], ..HONEST };
        assert_eq!(lie(&one(0)), refusals(&[SUM]), "element {place}");
        // Those up to the cut count there as well.
        let named: &[&str] = if place <= 2 { &[CUT, SUM] } else { &[SUM] };
        assert_eq!(lie(&one(1)), refusals(named), "element {place}");
    }
}

#[test]
fn what_is_permuted_is_what_is_summed() {
    // The row shows and sums an element that is one more than what it absorbs.
    let more = Lie { more: vec![(0, 5)], ..HONEST };
    let mut forged = forge(|rows, blocks| more.sum(rows, blocks));
    let mut row: SpongeColumns<F> = get(&mut forged, "sponge", 0);
    row.state[5] += F::ONE;
    set(&mut forged, "sponge", 0, row);
    assert_eq!(forged.refused_by(), refusals(&["sponge: the state is permuted"]));
}

#[test]
fn what_is_not_absorbed_counts_as_zero() {
    assert_eq!(others(|rows| rows[2].absorbed = 6), refusals(&[SUM]));
    assert_eq!(others(|rows| rows[2].absorbed = 16), refusals(&[SUM]));
    assert_eq!(others(|rows| rows[2].absorbed = 4), refusals(&[SUM]));
}

#[test]
fn a_sum_begins_at_nothing() {
    assert_eq!(lie(&Lie { start: wide(F::ONE), ..HONEST }), refusals(&[SUM]));
    assert_eq!(lie(&Lie { start: [fe(0), fe(0), fe(0), fe(0), fe(1)], ..HONEST }), refusals(&[SUM]));
}

#[test]
fn the_challenge_is_the_memorys_and_stays() {
    let other = wide(fe(2));
    let with = |beta: [Wide; 3]| lie(&Lie { beta, ..HONEST });
    assert_eq!(with([other; 3]), refusals(&["bus value"]));
    assert_eq!(with([BETA, other, other]), refusals(&[STAYS]));
    assert_eq!(with([BETA, BETA, other]), refusals(&[STAYS]));
    assert_eq!(with([BETA, other, BETA]), refusals(&[STAYS]));
    for i in 0..CHALLENGE {
        let mut near = BETA;
        near[i] += F::ONE;
        assert_eq!(with([near; 3]), refusals(&["bus value"]), "coefficient {i}");
        assert_eq!(with([BETA, near, near]), refusals(&[STAYS]), "coefficient {i}");
    }
}

#[test]
fn powers_are_the_challenges() {
    for power in 1..4 {
        let forged = forge(|_, blocks| {
            let before = blocks[1].sum[3];
            with_power(&mut blocks[2], before, power);
        });
        assert_eq!(forged.refused_by(), refusals(&[POWERS]), "power {}", power + 1);
    }
}

/// The last block, whose elements are five, with another power and the sums that it makes.
fn with_power(block: &mut SpongeStep, before: Wide, power: usize) {
    block.power[power] = [1, 2, 3, 4, 5].map(fe);
    let [p1, p2, p3, p4] = block.power;
    let x = block.state;
    let add = |a: Wide, b: Wide| core::array::from_fn(|i| a[i] + b[i]);
    let times = |p: Wide, x: F| p.map(|p| p * x);
    let mut sum = product(&before, &p4);
    for term in [times(p3, x[0]), times(p2, x[1]), times(p1, x[2]), wide(x[3])] {
        sum = add(sum, term);
    }
    let second = add(product(&sum, &p4), times(p3, x[4]));
    let third = product(&second, &p4);
    block.sum = [sum, second, third, product(&third, &p4)];
}

#[test]
fn a_sum_is_cut_where_the_key_cuts() {
    let after = |place: usize| move |rows: &mut [Block]| rows[1].cut = Some((place, Value(0)));
    for place in (0..16).filter(|place| *place != 2) {
        assert_eq!(others(after(place)), refusals(&[CUT]), "element {place}");
    }
    assert_eq!(others(after(2)), refusals(&[]));
    // Without what the blocks before made of it.
    let alone = forge(|rows, blocks| {
        blocks[1].cut = SpongeStep::new(&rows[1], blocks[1].state, BETA, [F::ZERO; CHALLENGE]).cut;
    });
    assert_eq!(alone.refused_by(), refusals(&[CUT]));
}

/// Each place of the first block of a hash, of one in the middle and of a short one.
#[test]
fn a_sum_may_be_cut_after_any_element() {
    let beta = challenge(BETA);
    let elements: Vec<F> = (0..37).map(|i| fe(1000 + i * i)).collect();
    for cut in 1..=elements.len() {
        let mut c = Circuit::<Vec<F>>::default();
        let base = BETA.map(|x| c.constant(x));
        let whole = c.pack(&base);
        let (hashed, sums) = c.hash_rows(elements.len(), &[cut], whole, Clone::clone);
        c.reveal(hashed);
        let copies = [sums[0], sums[1]].map(|sum| c.affine(sum.value, F::ONE, F::ZERO));
        let program = finish(c);
        let e = execute(&program, &elements);
        assert_eq!(traces(&program, &e).refused_by(), refusals(&[]), "cut after {cut}");
        let sum = |n: usize, exponent: usize| {
            let terms = (0..n).map(|i| beta.exp_u64((exponent - i) as u64) * elements[i]);
            coefficients(terms.sum())
        };
        assert_eq!((sums[0].exponent, sums[1].exponent), (cut - 1, 47));
        assert_eq!(copies.map(|x| e.value(x)), [sum(cut, cut - 1), sum(37, 47)], "cut after {cut}");
    }
}

/// Until a challenge is read any will do, for nothing is summed with it; and it does not last.
#[test]
fn a_challenge_before_the_first_is_of_no_use() {
    let mut c = Circuit::<()>::default();
    let three = c.constant(fe(3));
    let folded = c.hint_challenges(1, |()| vec![F::ONE; 5]);
    let first = c.hash_challenges(&folded);
    let (second, sums) = c.hash_rows(4, &[], three, |()| vec![F::ONE; 4]);
    c.reveal(first);
    c.reveal(second);
    let copy = c.affine(sums[0].value, F::ONE, F::ZERO);
    let program = finish(c);
    let rows = &program.rows().sponge;
    let mut e = execute(&program, &());
    e.blocks[0] = SpongeStep::new(&rows[0], e.blocks[0].state, BETA, [F::ZERO; CHALLENGE]);
    assert_eq!(traces(&program, &e).refused_by(), refusals(&[]));
    e.blocks[1] = SpongeStep::new(&rows[1], e.blocks[1].state, BETA, [F::ZERO; CHALLENGE]);
    let mut forged = traces(&program, &e);
    let sum = e.blocks[1].sum[3];
    [sums[0].value, copy].into_iter().for_each(|value| rewrite(&program, &mut forged, value, sum));
    assert_eq!(forged.refused_by(), refusals(&["bus value"]));
}
