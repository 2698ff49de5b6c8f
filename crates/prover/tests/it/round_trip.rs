//! Honest proofs verify, and depend on nothing but their input.

use aludel_circuits::Shape;
use aludel_protocol::F;
use aludel_prover::{ProveError, Prover};
use aludel_verifier::format::{self, Claim};
use aludel_verifier::verify::{Expectations, verify_with};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use aludel_adversary::toy::{Fault, machine, proof, prover, statement, traces};

#[test]
fn an_honest_proof_verifies() {
    let verdict = verify_with(prover().key(), proof(), &Expectations::default());
    assert_eq!(verdict, Ok(statement(3)));
    let limit = prover().key().layout().limit() + format::PREFIX_BYTES;
    assert!((limit / 4..=limit).contains(&proof().len()), "{} of {limit} bytes", proof().len());
}

#[test]
fn a_proof_reads_back_and_is_written_again() {
    let (claim, rest) = format::claim(proof()).expect("decodes");
    assert_eq!(claim, Claim::shard(Shape::Tiny, statement(3)));
    let decoded = format::proof(prover().key(), rest).expect("decodes");
    assert_eq!(format::encode(&claim, &decoded).as_deref(), Ok(proof()));
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let statement = statement(3);
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        let again = pool.install(|| {
            let prover = Prover::with_chips(Shape::Tiny, machine(Fault::None)).expect("keyed");
            prover.prove(&traces(&statement), &statement).expect("proves")
        });
        assert!(again.bytes == proof(), "{threads} threads");
    }
}

#[test]
fn sizes_are_checked_before_any_work() {
    let statement = statement(1);
    let mut short = traces(&statement);
    short.pop();
    let error = prover().prove(&short, &statement).expect_err("a trace is missing");
    assert!(matches!(error, ProveError::Traces { expected: 4, found: 3 }));
    let mut narrow = traces(&statement);
    narrow[1] = RowMajorMatrix::new(vec![Default::default(); 64], 2);
    let error = prover().prove(&narrow, &statement).expect_err("a trace is narrow");
    assert!(matches!(error, ProveError::Size { chip: "counter", expected: (32, 3), found: (32, 2) }));
    let error =
        prover().prove(&traces(&statement), &aludel_adversary::toy::statement(0)).expect_err("no batch");
    assert!(matches!(error, ProveError::Statement(_)));
}

#[test]
fn a_false_proof_does_not_leave_the_prover() {
    let statement = statement(3);
    let mut forged = traces(&statement);
    forged[1].values[4] += F::ONE;
    assert!(matches!(prover().prove(&forged, &statement), Err(ProveError::Unsound(_))));
}
