//! Attacks on what `sponge` reduces.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;

use super::sponge::{BETA, forge};
use super::{Wide, refusals, wide};
use crate::bus::CHALLENGE;
use crate::recursion::extension::product;
use crate::recursion::program::{Block, Value};
use crate::recursion::sponge::trace::SpongeStep;

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
