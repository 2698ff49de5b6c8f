//! A proof as a circuit reads it: everything in the order of the transcript, rows by query, siblings by tree.
//!
//! Nothing here is trusted or refused: a circuit that reads too little finds zeros, and does not hold.

use aludel_protocol::{Challenge, F};
use aludel_verifier::config::Proof;
use p3_batch_stark::proof::OpenedValuesWithLookups;
use p3_field::BasedVectorSpace;

use crate::child::cap_elements;

/// A proof, taken apart.
#[derive(Clone, Debug, Default)]
pub struct ChildWitness {
    /// Public values of all chips.
    pub public_values: Vec<F>,
    /// Digests of the main commitment.
    pub main: Vec<F>,
    /// Digests of the lookup commitment.
    pub lookups: Vec<F>,
    /// Digests of the quotient commitment.
    pub quotient: Vec<F>,
    /// Terminals, five elements each.
    pub terminals: Vec<F>,
    /// Opened values, five elements each.
    pub opened: Vec<F>,
    /// Grinding before lookup challenges, out-of-domain point, batching challenge and queries.
    pub grinding: [F; 4],
    /// What queries open of each commitment.
    pub inputs: Vec<InputWitness>,
    /// Folding steps.
    pub folds: Vec<FoldWitness>,
    /// Coefficients of the last polynomial, five elements each.
    pub last: Vec<F>,
}

/// What queries open of a commitment.
#[derive(Clone, Debug, Default)]
pub struct InputWitness {
    /// By query a row of each matrix.
    pub rows: Vec<Vec<Vec<F>>>,
    /// Siblings of the pruned paths, eight elements each.
    pub siblings: Vec<F>,
}

/// A folding step.
#[derive(Clone, Debug, Default)]
pub struct FoldWitness {
    /// Digests of the commitment.
    pub cap: Vec<F>,
    /// Grinding.
    pub grinding: F,
    /// By query the values beside the folded one, five elements each.
    pub values: Vec<Vec<F>>,
    /// Siblings of the pruned paths, eight elements each.
    pub siblings: Vec<F>,
}

impl ChildWitness {
    /// Takes a proof apart.
    pub fn new(proof: &Proof, public_values: &[Vec<F>]) -> Self {
        let opening = &proof.opening_proof;
        let terminals: Vec<Challenge> = proof.lookup_terminals.iter().flatten().map(|t| t.0).collect();
        Self {
            public_values: public_values.concat(),
            main: cap_elements(&proof.commitments.main),
            lookups: proof.commitments.permutation.as_ref().map(cap_elements).unwrap_or_default(),
            quotient: cap_elements(&proof.commitments.quotient_chunks),
            terminals: elements(&terminals),
            opened: opened(&proof.opened_values.instances),
            grinding: [
                proof.lookup_pow_witness.unwrap_or_default(),
                proof.ood_pow_witness,
                opening.batch_pow_witness,
                opening.query_pow_witness,
            ],
            inputs: inputs(proof),
            folds: folds(proof),
            last: elements(&opening.final_poly),
        }
    }
}

fn inputs(proof: &Proof) -> Vec<InputWitness> {
    let input = |opening: &p3_fri::BatchMultiOpening<F, aludel_verifier::config::Trees>| InputWitness {
        rows: opening.opened_values.clone(),
        siblings: opening.opening_proof.sibling_hashes.as_flattened().to_vec(),
    };
    proof.opening_proof.input_openings.iter().map(input).collect()
}

fn folds(proof: &Proof) -> Vec<FoldWitness> {
    let opening = &proof.opening_proof;
    let commitments = opening.commit_phase_commits.iter().zip(&opening.commit_pow_witnesses);
    let folds = commitments.zip(&opening.commit_phase_openings).map(|((cap, grinding), step)| FoldWitness {
        cap: cap_elements(cap),
        grinding: *grinding,
        values: step.sibling_values.iter().map(|values| elements(values)).collect(),
        siblings: step.opening_proof.sibling_hashes.as_flattened().to_vec(),
    });
    folds.collect()
}

/// The coefficients of challenges.
fn elements(values: &[Challenge]) -> Vec<F> {
    let coefficients = |x: &Challenge| -> Vec<F> { x.as_basis_coefficients_slice().to_vec() };
    values.iter().flat_map(coefficients).collect()
}

/// Opened values in the order of commitments, matrices and points.
fn opened(chips: &[OpenedValuesWithLookups<Challenge>]) -> Vec<F> {
    let base = || chips.iter().map(|chip| &chip.base_opened_values);
    let main = base().flat_map(|b| [Some(&b.trace_local), b.trace_next.as_ref()]).flatten();
    let quotient = base().flat_map(|b| &b.quotient_chunks);
    let fixed = base().filter_map(|b| b.preprocessed.as_ref());
    let fixed = fixed.flat_map(|f| [Some(&f.local), f.next.as_ref()]).flatten();
    let lookups = chips.iter().flat_map(|chip| [&chip.permutation_local, &chip.permutation_next]);
    main.chain(quotient).chain(fixed).chain(lookups).flat_map(|values| elements(values)).collect()
}
