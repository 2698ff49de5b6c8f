//! Attacks on `alu`.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;

use super::super::finish;
use super::{Wide, refusals, rewrite, traces, wide};
use crate::bus::CHALLENGE;
use crate::recursion::circuit::Part;
use crate::recursion::extension::product;
use crate::recursion::{Circuit, Value, execute};

const LAW: &str = "alu: an operation has its result";

fn hints(c: &mut Circuit<[F; 2]>) -> [Value; 2] {
    let hints = c.hint(2, |w: &[F; 2]| w.to_vec());
    c.adopt(&hints);
    [hints[0], hints[1]]
}

#[test]
fn no_hint_is_the_inverse_of_zero() {
    let mut c = Circuit::default();
    let [x, y] = hints(&mut c);
    let inverse = c.invert(x);
    let quotient = c.mul(y, inverse);
    let program = finish(c);
    let honest = traces(&program, &execute(&program, &[fe(3), fe(0)]));
    assert_eq!(honest.violations(), []);
    // 0 / 0, whatever the inverse and so the quotient are said to be.
    for hint in [wide(F::ZERO), wide(F::ONE), [3, 1, 4, 1, 5].map(fe)] {
        let mut forged = traces(&program, &execute(&program, &[fe(0), fe(0)]));
        rewrite(&program, &mut forged, inverse, hint);
        rewrite(&program, &mut forged, quotient, wide(F::ZERO));
        assert_eq!(forged.refused_by(), refusals(&[LAW]));
    }
}

#[test]
fn an_inverse_is_no_other_number() {
    let mut c = Circuit::default();
    let [x, y] = hints(&mut c);
    let inverse = c.invert(x);
    let quotient = c.mul(y, inverse);
    let program = finish(c);
    let e = execute(&program, &[fe(3), fe(5)]);
    for i in 0..CHALLENGE {
        let mut x = e.value(inverse);
        x[i] += F::ONE;
        let mut forged = traces(&program, &e);
        rewrite(&program, &mut forged, inverse, x);
        rewrite(&program, &mut forged, quotient, product(&x, &wide(fe(5))));
        assert_eq!(forged.refused_by(), refusals(&[LAW]));
    }
}

#[test]
fn a_wrong_result_is_refused_where_it_is_made() {
    type Operation = fn(&mut Circuit<[F; 2]>, Value, Value) -> Value;
    let operations: [Operation; 8] = [
        |c, x, y| c.mul(x, y),
        |c, x, y| c.add(x, y),
        |c, x, y| c.sub(x, y),
        |c, x, _| c.affine(x, fe(3), fe(4)),
        |c, x, y| c.arithmetic(x, y, [fe(2), fe(3), fe(4), fe(5)]),
        |c, _, _| c.constant(fe(6)),
        |c, x, y| c.select(x, x, y),
        |c, x, y| c.sum_of(&[x, y, x, y, x, y].map(|v| Part::product(fe(3), v, x))),
    ];
    for operation in operations {
        let mut c = Circuit::default();
        let [x, y] = hints(&mut c);
        let result = operation(&mut c, x, y);
        let after = c.affine(result, fe(2), fe(1));
        let program = finish(c);
        let e = execute(&program, &[fe(7), fe(8)]);
        assert_eq!(traces(&program, &e).violations(), []);
        for i in 0..CHALLENGE {
            let mut wrong: Wide = e.value(result);
            wrong[i] += F::ONE;
            let mut then = wrong.map(|x| x.double());
            then[0] += F::ONE;
            let mut forged = traces(&program, &e);
            rewrite(&program, &mut forged, result, wrong);
            rewrite(&program, &mut forged, after, then);
            assert_eq!(forged.refused_by(), refusals(&[LAW]), "coefficient {i}");
        }
    }
}

#[test]
fn what_is_asserted_holds() {
    type Assertion = fn(&mut Circuit<[F; 2]>, Value, Value);
    let assertions: [Assertion; 3] = [
        |c, x, y| c.assert_equal(x, y),
        |c, x, _| c.assert_is(x, fe(7)),
        |c, x, y| {
            c.assert_sum(&[Part::product(F::ONE, x, y), Part::multiple(F::ONE, x), Part::number(-fe(56))]);
        },
    ];
    for assertion in assertions {
        let mut c = Circuit::default();
        let [x, y] = hints(&mut c);
        assertion(&mut c, x, y);
        let program = finish(c);
        let honest = traces(&program, &execute(&program, &[fe(7), fe(7)]));
        assert_eq!(honest.violations(), []);
        let forged = traces(&program, &execute(&program, &[fe(6), fe(7)]));
        assert_eq!(forged.refused_by(), refusals(&[LAW]));
    }
}
