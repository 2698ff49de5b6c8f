//! What a device can do at most: arithmetic of which kernels are made, in chains that no compiler shortens.
//!
//! Serves `aludel bench`, which sets the time of a kernel beside the least that its bytes and operations need.

/// What a chain does again and again.
///
/// A chain has a state of words `s`, and all chains have one factor `f`. Results are equal on every device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `s0 = low(s0 f) + s1`: the low word of a product of words, and a sum modulo `2^32`.
    Low,
    /// `s0 = high(s0 f) + s1`: the high word.
    High,
    /// `s = s1 f + s`, where `s = s0 + 2^32 s1`: a whole product and a sum modulo `2^64`.
    Wide,
    /// `s = -(1 - 2^-20) s + 2^-32 f`, rounded once, where the words are those of a number of 64 bits (IEEE 754), the low one first.
    Double,
    /// `s0 = s0 s0 + s1` in the base field. Words are in Montgomery's form, below the modulus. A factor would let a compiler prepare it.
    Base,
    /// `(s, t) = (t, s t)` in the extension of degree five: of ten words those of `s` come first. As [`Operation::Base`].
    Quintic,
}

/// Words of state that a thread has, whatever it does. Word `i` of thread `t` of `n` lies at `i n + t`.
pub const WORDS: usize = 16;

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Low, Self::High, Self::Wide, Self::Double, Self::Base, Self::Quintic];

    /// A name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
            Self::Wide => "wide",
            Self::Double => "double",
            Self::Base => "base",
            Self::Quintic => "quintic",
        }
    }

    /// Words of a chain's state.
    pub const fn state_words(self) -> usize {
        match self {
            Self::Quintic => 10,
            _ => 2,
        }
    }

    /// Chains of a thread, enough to hide that an operation takes several cycles: a product in the extension is many that do not wait for
    /// each other. Words that are left over are not touched.
    pub const fn chains(self) -> usize {
        WORDS / self.state_words()
    }

    /// Operations of a chain in a round.
    pub const fn steps(self) -> usize {
        match self {
            Self::Quintic => 4,
            Self::Base => 8,
            _ => 32,
        }
    }

    /// Operations of all threads together.
    pub const fn count(self, threads: usize, rounds: u32) -> u64 {
        threads as u64 * rounds as u64 * (self.chains() * self.steps()) as u64
    }
}

/// The factor of `s` in [`Operation::Double`]: of modulus just below one, so that a state stays bounded and does not forget where it began.
pub(crate) const DOUBLE_FACTOR: f64 = -1.0 + 1.0 / (1 << 20) as f64;

/// What is added in [`Operation::Double`].
pub(crate) fn double_term(factor: u32) -> f64 {
    f64::from(factor) / (1u64 << 32) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_fit_their_words() {
        for operation in Operation::ALL {
            assert!(operation.chains() >= 1 && operation.chains() * operation.state_words() <= WORDS);
        }
        assert_eq!(Operation::Low.count(10, 3), 10 * 3 * 8 * 32);
        assert_eq!(Operation::Quintic.count(1, 1), 4);
    }
}
