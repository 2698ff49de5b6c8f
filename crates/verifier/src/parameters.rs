//! The numbers that fix cost and soundness of a shard proof. They are part of every key.
//!
//! Chosen by cost for the machine of the largest shape (4,000 columns, `2^17` rows): see `README.md` for the
//! table, and [`mod@crate::security`] for the bits that follow.

/// Parameters of the low-degree test, of grinding and of the Merkle trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Base-2 logarithm of the blowup: 1, because constraints have degree at most 3.
    pub log_blowup: usize,
    /// Queries of the low-degree test.
    pub queries: usize,
    /// Base-2 logarithm of the coefficients of the last polynomial, which is sent whole. Every chip has more
    /// rows than that.
    pub log_final_poly_len: usize,
    /// Base-2 logarithm of the largest folding step. A step never passes the height of another chip.
    pub max_log_arity: usize,
    /// Grinding before the lookup challenges, in bits.
    pub lookup_pow_bits: usize,
    /// Grinding before the out-of-domain point, in bits.
    pub ood_pow_bits: usize,
    /// Grinding before the challenge that batches all openings, in bits.
    pub batch_pow_bits: usize,
    /// Grinding before each folding challenge, in bits.
    pub commit_pow_bits: usize,
    /// Grinding before the queries are drawn, in bits.
    pub query_pow_bits: usize,
    /// Levels at the top of each Merkle tree that are sent whole, `2^cap_height` digests.
    pub cap_height: usize,
}

/// The parameters of every shard proof.
pub const PARAMETERS: Parameters = Parameters {
    log_blowup: 1,
    queries: 166,
    log_final_poly_len: 3,
    max_log_arity: 3,
    lookup_pow_bits: 0,
    ood_pow_bits: 0,
    batch_pow_bits: 12,
    commit_pow_bits: 0,
    query_pow_bits: 20,
    cap_height: 4,
};

impl Parameters {
    /// Every number, in the order in which keys absorb them.
    pub const fn numbers(&self) -> [usize; 10] {
        [
            self.log_blowup,
            self.queries,
            self.log_final_poly_len,
            self.max_log_arity,
            self.lookup_pow_bits,
            self.ood_pow_bits,
            self.batch_pow_bits,
            self.commit_pow_bits,
            self.query_pow_bits,
            self.cap_height,
        ]
    }
}
