//! Attacks on `bits`.

use aludel_protocol::{F, fe};
use p3_field::{PrimeCharacteristicRing, PrimeField32, TwoAdicField};

use super::super::finish;
use super::{Forged, refusals, rewrite, set, traces, wide};
use crate::recursion::bits::columns::BitsColumns;
use crate::recursion::program::{Program, Value};
use crate::recursion::{Circuit, execute};

const INDEX: usize = 6;
const CANONICAL: &str = "bits: an element is canonical";
const ONES: &str = "bits: ones is the product of the upper seven bits";

/// What an element's rows give: its index, its point and a bit, each read once.
struct Outputs {
    values: [Value; 3],
    copies: [Value; 3],
}

/// Two elements, taken apart.
fn program() -> (Program<[F; 2]>, [Value; 2], [Outputs; 2]) {
    let mut c = Circuit::<[F; 2]>::default();
    let elements = c.hint(2, |w: &[F; 2]| w.to_vec());
    c.adopt(&elements);
    let elements = [elements[0], elements[1]];
    let outputs = elements.map(|element| {
        let bits = c.bits(element, INDEX);
        let values = [c.index(&bits, 0), c.point(&bits, 0), c.bit(&bits, 3)];
        Outputs { values, copies: values.map(|v| c.affine(v, F::ONE, F::ZERO)) }
    });
    (finish(c), elements, outputs)
}

/// Where an element's rows begin.
#[derive(Clone, Copy)]
struct Begin {
    prefix: F,
    index: F,
    point: F,
}

const NOTHING: Begin = Begin { prefix: F::ZERO, index: F::ZERO, point: F::ONE };

/// The rows of any 31 bits.
fn rows(number: u32, begin: Begin) -> Vec<BitsColumns<F>> {
    let Begin { mut prefix, mut index, mut point } = begin;
    let mut ones = F::ONE;
    let row = |place: usize| {
        let bit = F::from_u32(number >> place & 1);
        prefix = prefix.double() + bit;
        ones = if place < 24 { ones } else { ones * bit };
        if place < INDEX {
            index = index.double() + bit;
            point += (F::two_adic_generator(place + 1) - F::ONE) * bit * point;
        }
        BitsColumns { prefix, bit, ones, index, point }
    };
    (0..31).rev().map(row).collect()
}

/// An honest run whose element `e` has these rows, with all that reads of them.
fn forge(witness: [F; 2], e: usize, rows: &[BitsColumns<F>]) -> Forged {
    let (program, elements, outputs) = program();
    let mut forged = traces(&program, &execute(&program, &witness));
    assert_eq!(forged.violations(), []);
    rows.iter().enumerate().for_each(|(i, row)| set(&mut forged, "bits", 31 * e + i, *row));
    rewrite(&program, &mut forged, elements[e], wide(rows[30].prefix));
    let outputs = &outputs[e];
    for (i, x) in [rows[30].index, rows[30].point, rows[27].bit].into_iter().enumerate() {
        rewrite(&program, &mut forged, outputs.values[i], wide(x));
        rewrite(&program, &mut forged, outputs.copies[i], wide(x));
    }
    forged
}

/// The elements that have a second representation, at both ends and between.
const SMALL: [u32; 4] = [0, 5, 1 << 20, (1 << 24) - 2];

#[test]
fn an_element_and_p_are_not_the_element() {
    for v in SMALL {
        let honest = forge([fe(v), fe(9)], 0, &rows(v, NOTHING));
        assert_eq!(honest.refused_by(), refusals(&[]));
        for e in [0, 1] {
            let mut witness = [fe(9); 2];
            witness[e] = fe(v);
            let forged = forge(witness, e, &rows(v + F::ORDER_U32, NOTHING));
            assert_eq!(forged.refused_by(), refusals(&[CANONICAL]), "{v}");
        }
    }
}

#[test]
fn the_largest_elements_have_seven_ones() {
    for v in [F::ORDER_U32 - 1, F::ORDER_U32 - 2, 127 << 24] {
        let honest = forge([fe(v), fe(9)], 0, &rows(v, NOTHING));
        assert_eq!(honest.refused_by(), refusals(&[]), "{v}");
    }
}

#[test]
fn whoever_hides_the_seven_ones_is_refused() {
    for from in 0..=7 {
        let mut rows = rows(5 + F::ORDER_U32, NOTHING);
        rows[from..].iter_mut().for_each(|row| row.ones = F::ZERO);
        assert_eq!(forge([fe(5), fe(9)], 0, &rows).refused_by(), refusals(&[ONES]), "row {from}");
    }
}

#[test]
fn an_element_begins_with_nothing() {
    let name = |x: &str| format!("bits: {x}");
    let lies = [
        (Begin { prefix: fe(3), ..NOTHING }, name("prefix doubles and takes the bit")),
        (Begin { index: fe(3), ..NOTHING }, name("index doubles and takes the bit")),
        (Begin { point: fe(3), ..NOTHING }, name("point takes the root where the bit is one")),
    ];
    // The first element follows the last row, the second one another.
    for e in [0, 1] {
        for (begin, name) in &lies {
            let forged = forge([fe(77); 2], e, &rows(77, *begin));
            assert_eq!(forged.refused_by(), refusals(&[name]), "element {e}");
        }
    }
}

#[test]
fn a_bit_is_one_of_two() {
    // 2 at a place is 1 at the next: the same element and index, of another point.
    let honest = rows(0b10_0000, NOTHING);
    let mut rows = rows(0, NOTHING);
    rows[30 - 4].bit = F::TWO;
    let root = |place: usize| F::two_adic_generator(place + 1) - F::ONE;
    for place in (0..=4).rev() {
        let (i, bit) = (30 - place, rows[30 - place].bit);
        rows[i].prefix = rows[i - 1].prefix.double() + bit;
        rows[i].index = rows[i - 1].index.double() + bit;
        rows[i].point = rows[i - 1].point + root(place) * bit * rows[i - 1].point;
    }
    assert_eq!((rows[30].prefix, rows[30].index), (honest[30].prefix, honest[30].index));
    assert_ne!(rows[30].point, honest[30].point);
    assert_eq!(forge([fe(32), fe(9)], 0, &rows).refused_by(), refusals(&["bits: bit is boolean"]));
}

#[test]
fn an_index_is_not_another_elements() {
    let mut mixed = rows(77, NOTHING);
    let other = rows(78, NOTHING);
    mixed.iter_mut().zip(&other).for_each(|(row, other)| row.index = other.index);
    let refused = forge([fe(77), fe(78)], 0, &mixed).refused_by();
    assert_eq!(refused, refusals(&["bits: index doubles and takes the bit"]));
}
