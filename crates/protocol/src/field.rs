//! The field of the whole system, and how integers become field elements.

use p3_field::extension::QuinticTrinomialExtensionField;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::KoalaBear;

/// KoalaBear, `p = 2^31 - 2^24 + 1`: the base field of every trace, digest and statement.
pub type F = KoalaBear;

/// The quintic extension `F[X] / (X^5 + X^2 - 1)` from which challenges are drawn: about 155 bits.
pub type Challenge = QuinticTrinomialExtensionField<F>;

/// As many base field elements as one vector register holds; hashing over it is about ten times faster.
pub type PackedF = <F as Field>::Packing;

/// The order of [`F`].
pub const MODULUS: u32 = (1 << 31) - (1 << 24) + 1;

/// Bits of one limb of an integer: a limb is always range-checked against `2^LIMB_BITS`.
pub const LIMB_BITS: usize = 16;

/// A small integer as a field element. The caller holds `x < p`; larger values are reduced.
#[inline]
pub const fn fe(x: u32) -> F {
    F::new(x)
}

/// An integer as canonical 16-bit limbs, least significant first. A `u32` may exceed `p`, so no integer wider
/// than 16 bits ever becomes a field element in one piece, the epoch (20 bits) excepted.
pub trait Limbs<const N: usize>: Copy {
    /// Little-endian 16-bit limbs, each a field element below `2^16`.
    fn limbs(self) -> [F; N];
}

macro_rules! limbs {
    ($int:ty, $n:literal) => {
        impl Limbs<$n> for $int {
            fn limbs(self) -> [F; $n] {
                core::array::from_fn(|i| F::from_u16((self >> (LIMB_BITS * i)) as u16))
            }
        }
    };
}

limbs!(u32, 2);
limbs!(u64, 4);
limbs!(u128, 8);

#[cfg(test)]
mod tests {
    use p3_field::{PrimeField32, PrimeField64};

    use super::*;

    #[test]
    fn modulus_is_the_fields() {
        assert_eq!(u64::from(MODULUS), F::ORDER_U64);
        assert_eq!(Challenge::bits(), 155);
    }

    #[test]
    fn limbs_are_little_endian_and_complete() {
        let x = 0x0123_4567_89ab_cdef_u64;
        let limbs: [F; 4] = x.limbs();
        let back = limbs.iter().rev().fold(0u64, |acc, l| (acc << 16) | u64::from(l.as_canonical_u32()));
        assert_eq!(back, x);
    }
}
