//! What a hostile prover or a damaged file could hand in. Every case ends in a typed error, none in a panic.

use aludel_circuits::Shape;
use aludel_protocol::{ChainId, Digest, F, Statement, fe};
use aludel_prover::{ProveError, Prover};
use aludel_verifier::VerifyError;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::verify::{Expectations, verify_with};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::toy::{Fault, machine, proof, prover, statement, traces};

fn verdict(bytes: &[u8]) -> Result<Statement, VerifyError> {
    verify_with(prover().key(), bytes, &Expectations::default())
}

fn claim() -> Claim {
    Claim { shape: Shape::Tiny, statement: statement(3) }
}

fn altered(change: impl FnOnce(&mut Proof)) -> Vec<u8> {
    let mut decoded = format::proof(prover().key(), &proof()[PREFIX_BYTES..]).expect("honest");
    change(&mut decoded);
    format::encode(&claim(), &decoded).expect("encodes")
}

#[test]
fn flipped_bytes_are_refused() {
    let step = proof().len() / 400;
    let dense = 0..PREFIX_BYTES + 64;
    let tail = proof().len() - 64..proof().len();
    for at in dense.chain((PREFIX_BYTES..proof().len()).step_by(step)).chain(tail) {
        let mut bytes = proof().to_vec();
        bytes[at] ^= 1 << (at % 8);
        assert!(verdict(&bytes).is_err(), "byte {at} of {} does not matter", bytes.len());
    }
}

#[test]
fn cut_and_extended_proofs_are_refused() {
    for end in (0..proof().len()).step_by(proof().len() / 100).chain([proof().len() - 1]) {
        assert!(matches!(verdict(&proof()[..end]), Err(VerifyError::Decode(_))), "cut at {end}");
    }
    let longer = [proof(), &[0]].concat();
    assert!(matches!(verdict(&longer), Err(VerifyError::Decode(_))));
    let huge = [proof(), &vec![0; 1 << 22][..]].concat();
    assert!(matches!(verdict(&huge), Err(VerifyError::TooLong { .. })));
}

/// A length that claims more than there is must not be believed.
#[test]
fn claimed_lengths_allocate_nothing() {
    for at in (PREFIX_BYTES..proof().len() - 5).step_by(proof().len() / 50) {
        let mut bytes = proof().to_vec();
        bytes[at..at + 5].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(verdict(&bytes).is_err());
    }
}

#[test]
fn another_spelling_of_a_length_is_refused() {
    // The first length of the proof proper, one byte, spelt in two.
    let at = PREFIX_BYTES;
    let length = proof()[at];
    assert!(length < 0x80);
    let bytes = [&proof()[..at], &[length | 0x80, 0], &proof()[at + 1..]].concat();
    assert_eq!(verdict(&bytes), Err(VerifyError::NotCanonical));
}

#[test]
fn another_statement_is_refused() {
    let (_, rest) = format::claim(proof()).expect("honest");
    let other = Claim { statement: statement(4), ..claim() };
    let decoded = format::proof(prover().key(), rest).expect("honest");
    let bytes = format::encode(&other, &decoded).expect("encodes");
    assert!(matches!(verdict(&bytes), Err(VerifyError::Refused { .. })));
    let wants = Expectations { chain_id: Some(ChainId(1)), statement: None };
    assert!(matches!(verify_with(prover().key(), proof(), &wants), Err(VerifyError::Chain { .. })));
    let wants = Expectations { chain_id: None, statement: Some(statement(4)) };
    assert!(matches!(verify_with(prover().key(), proof(), &wants), Err(VerifyError::Statement { .. })));
}

#[test]
fn another_shapes_key_is_refused() {
    let small = Prover::with_chips(Shape::Small, machine(Fault::None)).expect("keyed");
    let verdict = verify_with(small.key(), proof(), &Expectations::default());
    assert_eq!(verdict, Err(VerifyError::OtherShape { expected: Shape::Small, found: Shape::Tiny }));
    // The same chips under another shape: only the key's digest in the transcript differs.
    let decoded = format::proof(prover().key(), &proof()[PREFIX_BYTES..]).expect("honest");
    let relabelled = format::encode(&Claim { shape: Shape::Small, ..claim() }, &decoded).expect("encodes");
    let verdict = verify_with(small.key(), &relabelled, &Expectations::default());
    assert!(matches!(verdict, Err(VerifyError::Refused { .. })), "{verdict:?}");
}

#[test]
fn hostile_heights_are_refused() {
    for bits in [0, 4, 23, 24, 31, 32, 63, 64, usize::MAX] {
        let bytes = altered(|p| p.degree_bits[1] = bits);
        let expected = VerifyError::Layout { part: "height of a chip", expected: 5, found: bits };
        assert_eq!(verdict(&bytes), Err(expected));
    }
}

type Change = fn(&mut Proof);

fn shorten<T>(list: &mut Vec<T>) {
    list.truncate(list.len() - 1);
}

/// Every list in a proof, one too long or too short; the name is the part that the error must name.
const SIZES: &[(&str, Change)] = &[
    ("heights", |p| p.degree_bits.push(4)),
    ("heights", |p| p.degree_bits.clear()),
    ("cap of the main commitment", |p| p.commitments.main = vec![[F::ONE; 8]].into()),
    ("cap of the main commitment", |p| p.commitments.main = vec![[F::ONE; 8]; 32].into()),
    ("cap of the quotient commitment", |p| p.commitments.quotient_chunks = vec![[F::ONE; 8]; 2].into()),
    ("cap of the lookup commitment", |p| p.commitments.permutation = Some(vec![[F::ONE; 8]; 2].into())),
    ("lookup commitment", |p| p.commitments.permutation = None),
    ("randomisation commitment", |p| p.commitments.random = Some(vec![[F::ONE; 8]].into())),
    ("lookup grinding", |p| p.lookup_pow_witness = None),
    ("chips with opened values", |p| shorten(&mut p.opened_values.instances)),
    ("lookup terminals", |p| shorten(&mut p.lookup_terminals)),
    ("lookup terminal of a chip", |p| p.lookup_terminals[0] = None),
    ("lookup terminal of a chip", |p| p.lookup_terminals[3] = p.lookup_terminals[0]),
    ("main columns", |p| shorten(&mut p.opened_values.instances[1].base_opened_values.trace_local)),
    ("next row of the main columns", |p| p.opened_values.instances[1].base_opened_values.trace_next = None),
    ("next row of the main columns", |p| {
        p.opened_values.instances[0].base_opened_values.trace_next = Some(Vec::new())
    }),
    ("main columns, next row", |p| {
        p.opened_values.instances[1].base_opened_values.trace_next = Some(Vec::new())
    }),
    ("preprocessed columns", |p| p.opened_values.instances[0].base_opened_values.preprocessed = None),
    ("preprocessed columns", |p| {
        let one = p.opened_values.instances[0].base_opened_values.preprocessed.clone();
        p.opened_values.instances[1].base_opened_values.preprocessed = one;
    }),
    ("next row of the preprocessed columns", |p| {
        let fixed = p.opened_values.instances[0].base_opened_values.preprocessed.as_mut();
        fixed.into_iter().for_each(|f| f.next = Some(f.local.clone()));
    }),
    ("quotient chunks", |p| shorten(&mut p.opened_values.instances[1].base_opened_values.quotient_chunks)),
    ("quotient chunk", |p| shorten(&mut p.opened_values.instances[1].base_opened_values.quotient_chunks[0])),
    ("randomisation of a chip", |p| {
        p.opened_values.instances[0].base_opened_values.random = Some(Vec::new())
    }),
    ("lookup columns", |p| shorten(&mut p.opened_values.instances[0].permutation_local)),
    ("lookup columns, next row", |p| shorten(&mut p.opened_values.instances[0].permutation_next)),
    ("opened commitments", |p| shorten(&mut p.opening_proof.input_openings)),
    ("queries of a commitment", |p| shorten(&mut p.opening_proof.input_openings[0].opened_values)),
    ("matrices of a commitment", |p| shorten(&mut p.opening_proof.input_openings[1].opened_values[3])),
    ("width of an opened row", |p| shorten(&mut p.opening_proof.input_openings[2].opened_values[3][0])),
    ("siblings of a multiproof (at most)", |p| {
        p.opening_proof.input_openings[3].opening_proof.sibling_hashes.resize(1 << 10, [F::ONE; 8]);
    }),
    ("folding commitments", |p| shorten(&mut p.opening_proof.commit_phase_commits)),
    ("folding witnesses", |p| p.opening_proof.commit_pow_witnesses.push(F::ZERO)),
    ("folding openings", |p| shorten(&mut p.opening_proof.commit_phase_openings)),
    ("cap of a folding commitment", |p| p.opening_proof.commit_phase_commits[0] = vec![[F::ONE; 8]].into()),
    ("queries of a folding step", |p| shorten(&mut p.opening_proof.commit_phase_openings[0].sibling_values)),
    ("siblings of a folding step", |p| {
        shorten(&mut p.opening_proof.commit_phase_openings[0].sibling_values[0])
    }),
    ("siblings of a multiproof (at most)", |p| {
        let opening = &mut p.opening_proof.commit_phase_openings[0];
        opening.opening_proof.sibling_hashes.resize(1 << 10, [F::ONE; 8]);
    }),
    ("last polynomial", |p| shorten(&mut p.opening_proof.final_poly)),
];

#[test]
fn every_list_has_one_length() {
    for (name, change) in SIZES {
        match verdict(&altered(change)) {
            Err(VerifyError::Layout { part, .. }) => assert_eq!(part, *name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Values, not sizes: what is left to Plonky3.
#[test]
fn altered_values_are_refused() {
    let changes: &[(&str, Change)] = &[
        ("lookup terminal", |p| p.lookup_terminals.swap(0, 1)),
        ("query grinding", |p| p.opening_proof.query_pow_witness += F::ONE),
        ("batch grinding", |p| p.opening_proof.batch_pow_witness += F::ONE),
        ("unused grinding", |p| p.ood_pow_witness += F::ONE),
        ("unused folding grinding", |p| p.opening_proof.commit_pow_witnesses[0] += F::ONE),
        ("opened row", |p| p.opening_proof.input_openings[0].opened_values[7][1][0] += F::ONE),
        ("missing sibling", |p| shorten(&mut p.opening_proof.input_openings[0].opening_proof.sibling_hashes)),
        ("last polynomial", |p| p.opening_proof.final_poly.swap(0, 1)),
        ("commitments swapped", |p| {
            std::mem::swap(&mut p.commitments.main, &mut p.commitments.quotient_chunks)
        }),
    ];
    for (name, change) in changes {
        let verdict = verdict(&altered(change));
        assert!(matches!(verdict, Err(VerifyError::Refused { .. })), "{name}: {verdict:?}");
    }
}

type Forgery = fn(&mut [RowMajorMatrix<F>]);

#[test]
fn forged_traces_are_refused_by_the_verifier() {
    let forgeries: &[(&str, &str, Forgery)] = &[
        ("cube", "mismatch at index 1", |t| t[1].values[4] += F::ONE),
        ("step", "mismatch at index 1", |t| t[1].values.copy_within(0..3, 9)),
        ("boolean", "mismatch at index 1", |t| t[1].values[2] = fe(2)),
        ("public values", "mismatch at index 3", |t| t[3].values[0] += F::ONE),
        ("table count", "terminal sum", |t| t[0].values[5] += F::ONE),
        ("dropped message", "terminal sum", |t| t[2].values[3 * 126 + 2] = F::ZERO),
        ("invented message", "terminal sum", |t| t[2].values[2] = F::ONE),
    ];
    let statement = statement(3);
    for (name, part, forge) in forgeries {
        let mut forged = traces(&statement);
        forge(&mut forged);
        let bytes = prover().prove_unverified(&forged, &statement).expect("a forger gets its bytes");
        match verdict(&bytes) {
            Err(VerifyError::Refused { reason }) => assert!(reason.contains(part), "{name}: {reason}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_false_proof_does_not_leave_the_prover() {
    let statement = statement(3);
    let mut forged = traces(&statement);
    forged[1].values[4] += F::ONE;
    assert!(matches!(prover().prove(&forged, &statement), Err(ProveError::Unsound(_))));
}

#[test]
fn statements_of_other_rules_are_refused_in_proofs() {
    let other = Statement { config: Digest::ZERO, ..statement(3) };
    let decoded = format::proof(prover().key(), &proof()[PREFIX_BYTES..]).expect("honest");
    let bytes = format::encode(&Claim { statement: other, ..claim() }, &decoded).expect("encodes");
    assert!(matches!(verdict(&bytes), Err(VerifyError::Configuration { .. })));
}
