//! The reference itself: by definitions, for Plonky3 may be called wrongly.

use aludel_kernels::cpu::Cpu;
use aludel_kernels::{Clock, Device, Fold, Ntt, Quotients, RunningSums, Timer};
use aludel_protocol::{Challenge, F};
use p3_commit::PolynomialSpace;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
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

/// Each row becomes the sum of those before it, and other columns stay: blocks of rows and what is left of one.
#[test]
fn running_sums_are_sums_of_the_rows_before() {
    let cpu = cpu();
    for (log, width) in [(0, 5), (1, 6), (5, 11), (12, 5), (14, 7)] {
        let mut rows = suite::matrix(1 << log, width, log);
        let (found, total) = cpu.running_sums(cpu.upload(&rows).expect("it fits")).expect("sums");
        let mut sum = [F::ZERO; 5];
        for row in rows.values.chunks_mut(width) {
            for (sum, x) in sum.iter_mut().zip(row) {
                (*x, *sum) = (*sum, *sum + *x);
            }
        }
        assert!(cpu.download(&found).expect("here") == rows, "2^{log} rows of {width}");
        assert_eq!(Some(total), Challenge::from_basis_coefficients_slice(&sum));
    }
}

/// By the definition, at each point: Plonky3's functions may be called with the wrong domains.
#[test]
fn selectors_are_what_the_seam_says() {
    for (log_rows, log_step) in [(0, 0), (0, 3), (1, 0), (1, 1), (4, 0), (4, 2), (2, 5)] {
        let (cpu, log) = (cpu(), log_rows + log_step);
        let found = cpu.download(&cpu.selectors(log_rows, log_step).expect("selectors")).expect("here");
        assert_eq!((found.height(), found.width()), (1 << log, 4));
        let last = F::two_adic_generator(log_rows).inverse();
        for row in 0..1 << log {
            let x = F::GENERATOR * F::two_adic_generator(log).exp_u64(reversed(row, log) as u64);
            let vanishing = x.exp_power_of_2(log_rows) - F::ONE;
            let expected = [vanishing / (x - F::ONE), vanishing / (x - last), x - last, vanishing.inverse()];
            assert_eq!(
                found.row_slice(row).expect("a row")[..],
                expected,
                "2^{log_rows}, 2^{log_step}, {row}"
            );
        }
    }
}

/// As Plonky3 splits values in their natural order.
#[test]
fn chunks_are_plonky3s() {
    let cpu = cpu();
    for (log, log_chunks, width) in [(0, 0, 3), (1, 1, 1), (3, 3, 2), (4, 1, 7), (6, 2, 5), (7, 0, 5)] {
        let rows = suite::matrix(1 << log, width, log as u64);
        let coset = TwoAdicMultiplicativeCoset::new(F::GENERATOR, log).expect("a coset");
        let natural = rows.clone().bit_reverse_rows().to_row_major_matrix();
        let expected = coset.split_evals(1 << log_chunks, natural);
        let found = cpu.chunks(&cpu.upload(&rows).expect("it fits"), log_chunks).expect("parts");
        let found: Vec<_> = found.iter().map(|part| cpu.download(part).expect("here")).collect();
        assert!(found == expected, "2^{log} rows of {width} as 2^{log_chunks} parts");
    }
}
