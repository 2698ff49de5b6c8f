//! Attacks on `public`.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use super::{Forged, main, refusals, traces};
use crate::recursion::machine::RecursionChip;
use crate::recursion::public::columns::VALUES;
use crate::recursion::{Circuit, Heights, execute, machine};

/// Sixteen numbers made public, in a chip of 32 rows: the run with these columns of `public` and these public values.
fn forge(change: impl Fn(usize, &mut [F]), public: impl Fn(&mut Vec<F>)) -> Forged {
    let mut c = Circuit::<()>::default();
    let values: Vec<_> = (0..VALUES as u32).map(|i| c.constant(fe(100 + i))).collect();
    c.publish(&values);
    let program = c.finish();
    let e = execute(&program, &());
    assert_eq!(traces(&program, &e).violations(), []);
    let heights = Heights { public: 5, ..Heights::of(&program, 4) };
    let chips = RecursionChip::of(&program, &heights).expect("they fit");
    let mut forged = Forged::default();
    let mut claimed = e.public();
    public(&mut claimed);
    for (chip, trace) in chips.into_iter().zip(machine::traces(&e, &heights).expect("they fit")) {
        let claimed: &[F] = if crate::Chip::public_values(&chip) == 0 { &[] } else { &claimed };
        forged.chip(chip, trace, claimed);
    }
    let trace = main(&mut forged, "public");
    (0..trace.height()).for_each(|r| change(r, trace.row_mut(r)));
    forged
}

#[test]
fn a_public_value_is_the_memorys() {
    assert_eq!(forge(|_, _| (), |_| ()).refused_by(), refusals(&[]));
    for i in 0..VALUES {
        let claim = |public: &mut Vec<F>| public[i] += F::ONE;
        let turned = |r: usize, row: &mut [F]| row[(i + VALUES - r % VALUES) % VALUES] += F::ONE;
        let named = "public: the first row is the public values";
        assert_eq!(forge(|_, _| (), claim).refused_by(), refusals(&[named]));
        assert_eq!(forge(turned, |_| ()).refused_by(), refusals(&["bus value", named]));
        assert_eq!(forge(turned, claim).refused_by(), refusals(&["bus value"]));
    }
}

#[test]
fn values_turn_from_the_first_row_on() {
    // Rows that are held to the memory show its values, the first one others.
    let first = |r: usize, row: &mut [F]| {
        if r == 0 {
            row[3] += F::ONE;
        }
    };
    let refused = forge(first, |public| public[3] += F::ONE).refused_by();
    assert_eq!(refused, refusals(&["public: values turn"]));
    // The values turn only after some rows, or in rows that hold nothing.
    for from in [1, 5, 16, 31] {
        let late =
            |r: usize, row: &mut [F]| row[(3 + VALUES - r % VALUES) % VALUES] += F::from_bool(r >= from);
        let refused = forge(late, |_| ()).refused_by();
        assert!(refused.contains("public: values turn"), "{from}: {refused:?}");
    }
}
