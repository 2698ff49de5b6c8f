//! The reference itself: by definitions, for Plonky3 may be called wrongly.

use aludel_kernels::cpu::Cpu;
use aludel_kernels::{Clock, Device, Fold, Ntt, Timer};
use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::suite;

fn cpu() -> Cpu {
    Cpu::new(1 << 30)
}

#[test]
fn the_suite() {
    suite::all(&cpu());
    suite::times(&cpu());
    assert_eq!(cpu().clock(), Clock::Wall);
}

/// `i` with its lowest bits in the other order.
fn reversed(i: usize, bits: usize) -> usize {
    if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS as usize - bits) }
}

/// The polynomial with coefficients in natural order, at a point.
fn at(coefficients: &[F], x: F) -> F {
    coefficients.iter().rev().fold(F::ZERO, |sum, c| sum * x + *c)
}

#[test]
fn transforms_are_what_the_seam_says() {
    let cpu = cpu();
    for log in 0..6 {
        let (height, width, added) = (1 << log, 3, 2);
        let coefficients = suite::matrix(height, width, log as u64);
        let column = |m: &RowMajorMatrix<F>, c: usize| {
            (0..m.height()).map(|r| m.values[r * width + c]).collect::<Vec<_>>()
        };
        let points: Vec<F> = F::two_adic_generator(log).powers().take(height).collect();
        let large: Vec<F> = F::two_adic_generator(log + added).powers().take(height << added).collect();
        let shift = F::GENERATOR.square();

        let uploaded = cpu.upload(&coefficients).expect("it fits");
        let values = cpu.download(&cpu.ntt(uploaded).expect("a transform")).expect("here");
        let natural = RowMajorMatrix::new(
            (0..height).flat_map(|i| values.row_slice(reversed(i, log)).expect("a row").to_vec()).collect(),
            width,
        );
        let back = cpu.inverse_ntt(cpu.upload(&natural).expect("it fits")).expect("a transform");
        let back = cpu.download(&back).expect("here");
        let lde = cpu.coset_lde(&cpu.upload(&natural).expect("it fits"), added, shift).expect("an extension");
        let lde = cpu.download(&lde).expect("here");
        for c in 0..width {
            let of = column(&coefficients, c);
            for i in 0..height {
                assert_eq!(
                    values.values[i * width + c],
                    at(&of, points[reversed(i, log)]),
                    "2^{log}, row {i}"
                );
                assert_eq!(back.values[i * width + c], of[reversed(i, log)], "2^{log}, row {i}");
            }
            for i in 0..height << added {
                let x = shift * large[reversed(i, log + added)];
                assert_eq!(lde.values[i * width + c], at(&of, x), "2^{log}, row {i}");
            }
        }
    }
}

#[test]
fn copies_are_copies() {
    suite::copies(&cpu(), &cpu());
}

#[test]
fn a_budget_that_is_too_small_is_said() {
    suite::budgets(&Cpu::new(1 << 19));
}

/// Elements of the extension, as they lie in a matrix.
fn elements(rows: RowMajorMatrix<F>) -> Vec<Challenge> {
    Challenge::reconstitute_from_base(rows.values)
}

/// The codeword of `2^log` values of a polynomial, in a matrix of `2^log_arity` elements a row.
fn codeword(coefficients: &[Challenge], log: usize, log_arity: usize) -> RowMajorMatrix<F> {
    let points: Vec<F> = F::two_adic_generator(log).powers().take(1 << log).collect();
    let at = |x: F| coefficients.iter().rev().fold(Challenge::ZERO, |sum, c| sum * x + *c);
    let values = (0..1 << log).map(|i| at(points[reversed(i, log)])).collect();
    RowMajorMatrix::new(Challenge::flatten_to_base(values), 5 << log_arity)
}

#[test]
fn folds_are_what_the_seam_says() {
    let cpu = cpu();
    for (log, log_arity, log_next) in [(1, 1, 0), (4, 1, 2), (5, 2, 0), (6, 3, 1), (3, 3, 0)] {
        let coefficients = elements(suite::matrix(1 << log, 5, log as u64));
        let other = elements(suite::matrix(1 << (log - log_arity), 5, 77));
        let challenge = elements(suite::matrix(1, 5, 5))[0];
        let folded: Vec<Challenge> = coefficients
            .chunks(1 << log_arity)
            .map(|some| some.iter().rev().fold(Challenge::ZERO, |sum, c| sum * challenge + *c))
            .collect();
        let power = challenge.exp_power_of_2(log_arity);
        let sum: Vec<Challenge> = folded.iter().zip(&other).map(|(a, b)| *a + power * *b).collect();
        let small = |coefficients: &[Challenge]| codeword(coefficients, log - log_arity, log_next);
        let here = cpu.upload(&codeword(&coefficients, log, log_arity)).expect("it fits");
        let joined = cpu.upload(&small(&other)).expect("it fits");
        for (joined, expected) in [(None, small(&folded)), (Some(&joined), small(&sum))] {
            let found = cpu.fold(&here, challenge, joined, log_next).expect("the processor can");
            assert_eq!(cpu.download(&found).expect("it is here"), expected, "2^{log} by 2^{log_arity}");
        }
    }
}
