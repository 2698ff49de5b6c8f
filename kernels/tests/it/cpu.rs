//! The reference itself: by definitions, for Plonky3 may be called wrongly.

use aludel_kernels::cpu::Cpu;
use aludel_kernels::{Claims, Clock, Device, Error, Fold, Ntt, Openings, Timer};
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

/// Polynomials on the coset whose shift is the generator, bit-reversed, and their coefficients.
struct Polynomials {
    coefficients: RowMajorMatrix<F>,
    lde: RowMajorMatrix<F>,
}

impl Polynomials {
    /// `width` of `2^log` coefficients, on `2^added_bits` times as many points: evaluated at one after the other.
    fn new(log: usize, width: usize, added_bits: usize, seed: u64) -> Self {
        let coefficients = suite::matrix(1 << log, width, seed);
        let log_points = log + added_bits;
        let root = F::two_adic_generator(log_points);
        let mut rows = Vec::new();
        for row in 0..1 << log_points {
            let x = F::GENERATOR * root.exp_u64(reversed(row, log_points) as u64);
            rows.extend((0..width).map(|c| at(&Self::column(&coefficients, c), x)));
        }
        Self { coefficients, lde: RowMajorMatrix::new(rows, width) }
    }

    fn column(matrix: &RowMajorMatrix<F>, c: usize) -> Vec<F> {
        matrix.values.iter().skip(c).step_by(matrix.width).copied().collect()
    }

    /// By Horner's rule.
    fn at(&self, z: Challenge) -> Vec<Challenge> {
        let value = |c| {
            let column = Self::column(&self.coefficients, c);
            column.iter().rev().fold(Challenge::ZERO, |sum, x| sum * z + *x)
        };
        (0..self.lde.width).map(value).collect()
    }
}

fn challenge(seed: u64) -> Challenge {
    elements(suite::matrix(1, 5, seed))[0]
}

#[test]
fn values_at_points_are_those_of_coefficients() {
    let cpu = cpu();
    for added_bits in [0, 1, 3] {
        let shapes = [(3, 4), (0, 2), (5, 1), (3, 1), (1, 7)];
        let all: Vec<Polynomials> = shapes
            .iter()
            .zip(0..)
            .map(|((log, width), i)| Polynomials::new(*log, *width, added_bits, i))
            .collect();
        let here: Vec<_> = all.iter().map(|p| cpu.upload(&p.lde).expect("it fits")).collect();
        // One for all, one for the second time, one in the field; zero.
        let in_field = Challenge::from(F::GENERATOR.square().square());
        let points = vec![
            vec![challenge(1), challenge(2)],
            vec![challenge(1)],
            vec![challenge(3), challenge(1), Challenge::ZERO],
            vec![],
            vec![in_field, challenge(1), in_field],
        ];
        let found = cpu.values_at(&here.iter().collect::<Vec<_>>(), &points, added_bits).expect("it can");
        let at = |(p, points): (&Polynomials, &Vec<_>)| points.iter().map(|z| p.at(*z)).collect::<Vec<_>>();
        assert_eq!(found, all.iter().zip(&points).map(at).collect::<Vec<_>>(), "by 2^{added_bits}");
    }
}

#[test]
fn reduced_openings_are_what_the_seam_says() {
    let cpu = cpu();
    for (log, log_arity) in [(0, 0), (3, 1), (4, 3), (2, 2)] {
        let all = [3, 1, 9].map(|width| Polynomials::new(log, width, 0, width as u64));
        let points = [
            vec![challenge(1), challenge(2)],
            vec![challenge(2)],
            vec![challenge(3), challenge(1), challenge(3)],
        ];
        // Claims that are true of the first alone: the sum is of what is claimed.
        let mut values: Vec<Vec<_>> =
            all.iter().zip(&points).map(|(p, points)| points.iter().map(|z| p.at(*z)).collect()).collect();
        values[1][0][0] += challenge(4);
        values[2][1][5] = challenge(5);
        let power = challenge(6);
        let root = F::two_adic_generator(log);
        let expected = (0..1 << log).map(|row| {
            let x = F::GENERATOR * root.exp_u64(reversed(row, log) as u64);
            let mut k = 0;
            let mut sum = Challenge::ZERO;
            for ((p, points), values) in all.iter().zip(&points).zip(&values) {
                for (z, values) in points.iter().zip(values) {
                    for (c, value) in values.iter().enumerate() {
                        let own = p.lde.values[row * p.lde.width + c];
                        sum += power.exp_u64(k) * (*value - own) * (*z - x).inverse();
                        k += 1;
                    }
                }
            }
            sum
        });
        let expected = RowMajorMatrix::new(Challenge::flatten_to_base(expected.collect()), 5 << log_arity);
        let here = all.each_ref().map(|p| cpu.upload(&p.lde).expect("it fits"));
        let claims: Vec<_> =
            (0..3).map(|i| Claims { matrix: &here[i], points: &points[i], values: &values[i] }).collect();
        let found = cpu.reduced(&claims, power, log_arity).expect("it can");
        assert_eq!(cpu.download(&found).expect("it is here"), expected, "2^{log}, rows of 2^{log_arity}");
    }
}

/// Points of either coset are refused, and those beside it are not.
#[test]
fn points_on_the_coset_are_refused() {
    let cpu = cpu();
    let Polynomials { lde, .. } = Polynomials::new(2, 1, 1, 1);
    let matrix = cpu.upload(&lde).expect("it fits");
    for (i, x) in F::two_adic_generator(4).powers().take(16).enumerate() {
        let z = Challenge::from(F::GENERATOR * x);
        let found = cpu.values_at(&[&matrix], &[vec![z]], 1).map(|_| ());
        let values = [vec![Challenge::ONE]];
        let reduced =
            cpu.reduced(&[Claims { matrix: &matrix, points: &[z], values: &values }], z, 1).map(|_| ());
        assert_eq!(found, reduced);
        assert_eq!(matches!(found, Err(Error::Unsupported { .. })), i % 2 == 0, "{i}");
    }
}
