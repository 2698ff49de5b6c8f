//! Challenges as five cells.

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use crate::bus::CHALLENGE;

/// `a b` in `F[X] / (X^5 + X^2 - 1)`, of cells or of expressions in them.
pub fn product<E: PrimeCharacteristicRing>(a: &[E; CHALLENGE], b: &[E; CHALLENGE]) -> [E; CHALLENGE] {
    let mut wide: [E; 2 * CHALLENGE - 1] = core::array::from_fn(|_| E::ZERO);
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            wide[i + j] += a.clone() * b.clone();
        }
    }
    // X^5 = 1 - X^2, so X^6 = X - X^3, X^7 = X^2 - X^4 and X^8 = X^3 - X^5 = X^3 + X^2 - 1.
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = wide;
    [a0 + a5.clone() - a8.clone(), a1 + a6.clone(), a2 - a5 + a7.clone() + a8.clone(), a3 - a6 + a8, a4 - a7]
}

/// The coefficients of a challenge.
pub fn coefficients(x: Challenge) -> [F; CHALLENGE] {
    let x: &[F] = x.as_basis_coefficients_slice();
    core::array::from_fn(|i| x[i])
}

/// The challenge with these coefficients.
pub fn challenge(x: [F; CHALLENGE]) -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| x[i])
}

#[cfg(test)]
mod tests {
    use aludel_protocol::fe;

    use super::*;

    #[test]
    fn products_are_the_fields() {
        let x: Vec<[F; CHALLENGE]> =
            (0..20).map(|i: u32| core::array::from_fn(|j| fe(7 + i * i * 31 + 1000 * j as u32))).collect();
        let units = (0..CHALLENGE).map(|i| core::array::from_fn(|j| F::from_bool(i == j)));
        let all: Vec<[F; CHALLENGE]> = x.into_iter().chain(units).collect();
        for a in &all {
            assert_eq!(coefficients(challenge(*a)), *a);
            for b in &all {
                assert_eq!(product(a, b), coefficients(challenge(*a) * challenge(*b)));
            }
        }
    }
}
