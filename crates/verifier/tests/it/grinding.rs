//! A witness of grinding is either right, or the one that a site without grinding has.

use aludel_protocol::F;
use aludel_verifier::config::{Proof, fri_parameters};
use aludel_verifier::parameters::{PARAMETERS, Parameters};
use p3_field::PrimeCharacteristicRing;

use crate::toy::{proof, refused, verdict};

#[test]
fn an_honest_proof_is_accepted() {
    assert_eq!(verdict(|_| ()), Ok(crate::toy::statement()));
}

type Change = fn(&mut Proof);

/// The reason names the site: no other check came before, and none was needed.
#[test]
fn each_site_refuses_another_witness() {
    let sites: &[(&str, &str, Change)] = &[
        ("lookups", "NonCanonicalLookupPowWitness", |p| p.lookup_pow_witness = Some(F::ONE)),
        ("out-of-domain point", "NonCanonicalOodPowWitness", |p| p.ood_pow_witness = F::ONE),
        ("batching", "InvalidPowWitness(Batch)", |p| p.opening_proof.batch_pow_witness += F::ONE),
        ("first fold", "NonCanonicalPowWitness { phase: CommitPhase }", |p| {
            p.opening_proof.commit_pow_witnesses[0] = F::ONE;
        }),
        ("last fold", "NonCanonicalPowWitness { phase: CommitPhase }", |p| {
            *p.opening_proof.commit_pow_witnesses.last_mut().expect("folds") = F::ONE;
        }),
        ("queries", "InvalidPowWitness(Query)", |p| p.opening_proof.query_pow_witness += F::ONE),
    ];
    for (name, words, change) in sites {
        refused(name, words, change);
    }
}

/// The honest witnesses, so that the cases above alter what is there.
#[test]
fn sites_without_grinding_have_the_witness_zero() {
    let (honest, p) = (proof(), &PARAMETERS);
    assert_eq!((p.lookup_pow_bits, p.ood_pow_bits, p.commit_pow_bits), (0, 0, 0));
    assert_eq!((honest.lookup_pow_witness, honest.ood_pow_witness), (Some(F::ZERO), F::ZERO));
    assert!(honest.opening_proof.commit_pow_witnesses.len() > 1);
    assert!(honest.opening_proof.commit_pow_witnesses.iter().all(|w| *w == F::ZERO));
}

/// Each number goes where its name says: all are different here.
#[test]
fn parameters_reach_plonky3() {
    let p = Parameters {
        log_blowup: 1,
        queries: 2,
        log_final_poly_len: 3,
        max_log_arity: 4,
        batch_pow_bits: 5,
        commit_pow_bits: 6,
        query_pow_bits: 7,
        ..PARAMETERS
    };
    let fri = fri_parameters(&p);
    let grinding =
        [fri.batch_proof_of_work_bits, fri.commit_proof_of_work_bits, fri.query_proof_of_work_bits];
    assert_eq!([fri.log_blowup, fri.num_queries, fri.log_final_poly_len, fri.max_log_arity], [1, 2, 3, 4]);
    assert_eq!(grinding, [5, 6, 7]);
}
