//! The proof system, as types: Plonky3's FRI over KoalaBear with Poseidon2 Merkle trees.
//!
//! `TruncatedPermutation` has no feed-forward and serves the inner nodes of these trees only; every hash that
//! Aludel itself defines is in `aludel_protocol::hash`.

use aludel_protocol::hash::{DIGEST, Perm16, Perm24, perm16, perm24};
use aludel_protocol::{Challenge, Digest, F, PackedF};
use p3_batch_stark::BatchProof;
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_merkle_tree::{MerkleCap, MerkleTreeMmcs};
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_uni_stark::StarkConfig;

use crate::challenger::SmallestWitness;
use crate::parameters::Parameters;

/// Hash of a Merkle leaf: a sponge of width 24, rate 16.
pub type LeafHash = PaddingFreeSponge<Perm24, 24, 16, DIGEST>;
/// Two digests to one.
pub type NodeHash = TruncatedPermutation<Perm16, 2, DIGEST, 16>;
/// Merkle trees over base field matrices.
pub type Trees = MerkleTreeMmcs<PackedF, PackedF, LeafHash, NodeHash, 2, DIGEST>;
/// Merkle trees over extension field matrices.
pub type ExtensionTrees = ExtensionMmcs<F, Challenge, Trees>;
/// Top of a Merkle tree: `2^min(cap_height, log_height)` digests.
pub type Cap = MerkleCap<F, [F; DIGEST]>;
/// The polynomial commitment scheme.
pub type Pcs = TwoAdicFriPcs<F, Radix2DitParallel<F>, Trees, ExtensionTrees>;
/// Everything together.
pub type Config = StarkConfig<Pcs, Challenge, SmallestWitness>;
/// A proof over this configuration.
pub type Proof = BatchProof<Config>;

/// The Merkle trees of all commitments.
pub fn trees(p: &Parameters) -> Trees {
    Trees::new(LeafHash::new(perm24().clone()), NodeHash::new(perm16().clone()), p.cap_height)
}

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
        mmcs: ExtensionTrees::new(trees(p)),
    }
}

/// The configuration whose transcript begins with a key's digest.
pub fn config(p: &Parameters, key: Digest) -> Config {
    let pcs = Pcs::new(Radix2DitParallel::default(), trees(p), fri_parameters(p));
    Config::new(pcs, SmallestWitness::new(key))
        .with_lookup_proof_of_work_bits(p.lookup_pow_bits)
        .with_ood_proof_of_work_bits(p.ood_pow_bits)
}
