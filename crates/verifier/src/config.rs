//! The proof system, as types: Plonky3's FRI over KoalaBear with Poseidon2 Merkle trees.

use aludel_protocol::trees::trees;
pub use aludel_protocol::trees::{Cap, Trees};
use aludel_protocol::{Challenge, Digest, F};
use p3_batch_stark::BatchProof;
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_uni_stark::StarkConfig;

use crate::challenger::SmallestWitness;
use crate::parameters::Parameters;

/// Merkle trees over extension field matrices.
pub type ExtensionTrees = ExtensionMmcs<F, Challenge, Trees>;
/// The polynomial commitment scheme.
pub type Pcs = TwoAdicFriPcs<F, Radix2DitParallel<F>, Trees, ExtensionTrees>;
/// Everything together.
pub type Config = StarkConfig<Pcs, Challenge, SmallestWitness>;
/// A proof over this configuration.
pub type Proof = BatchProof<Config>;

/// The low-degree test's parameters in Plonky3's terms.
pub fn fri_parameters(p: &Parameters) -> FriParameters<ExtensionTrees> {
    FriParameters {
        log_blowup: p.log_blowup,
        log_final_poly_len: p.log_final_poly_len,
        max_log_arity: p.max_log_arity,
        num_queries: p.queries,
        batch_proof_of_work_bits: p.batch_pow_bits,
        commit_proof_of_work_bits: p.commit_pow_bits,
        query_proof_of_work_bits: p.query_pow_bits,
        mmcs: ExtensionTrees::new(trees(p.cap_height)),
    }
}

/// The configuration whose transcript begins with a key's digest.
pub fn config(p: &Parameters, key: Digest) -> Config {
    let pcs = Pcs::new(Radix2DitParallel::default(), trees(p.cap_height), fri_parameters(p));
    Config::new(pcs, SmallestWitness::new(key))
        .with_lookup_proof_of_work_bits(p.lookup_pow_bits)
        .with_ood_proof_of_work_bits(p.ood_pow_bits)
}
