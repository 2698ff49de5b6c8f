//! Damaged proofs, and proofs of odd sizes: an honest one of the toy machine, changed after it was made.

use aludel_circuits::Shape;
use aludel_protocol::{ChainId, Digest, F, Statement, fe};
use aludel_prover::Prover;
use aludel_verifier::VerifyError;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::verify::{Expectations, verify_with};
use p3_field::PrimeCharacteristicRing;

use super::{Chapter, Class, Crime, Ending, Trial};
use crate::toy::{Fault, machine, proof, prover, statement, traces};

/// The crimes here.
pub(super) const CHAPTER: Chapter = Chapter { name: "bytes", crimes: CRIMES, controls: &[] };

const NO_WORK: Ending = Ending::Refused("InvalidPowWitness");

const CRIMES: &[Crime] = &[
    Crime {
        name: "a_file_of_another_length",
        class: Class::Damage,
        tries: "cuts the file, or adds to it",
        ends: &[Ending::Decode, Ending::TooLong],
        commit: a_file_of_another_length,
    },
    Crime {
        name: "another_spelling",
        class: Class::Damage,
        tries: "spells a length in two bytes that needs one",
        ends: &[Ending::NotCanonical],
        commit: another_spelling,
    },
    Crime {
        name: "another_claim",
        class: Class::UnboundPublicValue,
        tries: "claims another statement, chain or shape than was proven, or one of other rules",
        ends: &[
            NO_WORK,
            Ending::Chain,
            Ending::Statement,
            Ending::OtherRole,
            Ending::Configuration,
            Ending::ProtocolVersion,
            Ending::Order,
        ],
        commit: another_claim,
    },
    Crime {
        name: "hostile_heights",
        class: Class::Damage,
        tries: "claims heights with which the verifier could not compute",
        ends: &[Ending::Layout("height of a chip")],
        commit: hostile_heights,
    },
    Crime {
        name: "lists_of_other_lengths",
        class: Class::Damage,
        tries: "makes each list in a proof longer or shorter, each optional part present or missing",
        ends: &[
            Ending::Layout("heights"),
            Ending::Layout("cap of the main commitment"),
            Ending::Layout("cap of the quotient commitment"),
            Ending::Layout("cap of the lookup commitment"),
            Ending::Layout("lookup commitment"),
            Ending::Layout("randomisation commitment"),
            Ending::Layout("lookup grinding"),
            Ending::Layout("chips with opened values"),
            Ending::Layout("lookup terminals"),
            Ending::Layout("lookup terminal of a chip"),
            Ending::Layout("main columns"),
            Ending::Layout("next row of the main columns"),
            Ending::Layout("main columns, next row"),
            Ending::Layout("preprocessed columns"),
            Ending::Layout("next row of the preprocessed columns"),
            Ending::Layout("quotient chunks"),
            Ending::Layout("quotient chunk"),
            Ending::Layout("randomisation of a chip"),
            Ending::Layout("lookup columns"),
            Ending::Layout("lookup columns, next row"),
            Ending::Layout("opened commitments"),
            Ending::Layout("queries of a commitment"),
            Ending::Layout("matrices of a commitment"),
            Ending::Layout("width of an opened row"),
            Ending::Layout("siblings of a multiproof (at most)"),
            Ending::Layout("folding commitments"),
            Ending::Layout("folding witnesses"),
            Ending::Layout("folding openings"),
            Ending::Layout("cap of a folding commitment"),
            Ending::Layout("queries of a folding step"),
            Ending::Layout("siblings of a folding step"),
            Ending::Layout("last polynomial"),
        ],
        commit: lists_of_other_lengths,
    },
    Crime {
        name: "values_exchanged",
        class: Class::Damage,
        tries: "changes and exchanges values where every size is right",
        ends: VALUES,
        commit: values_exchanged,
    },
    Crime {
        name: "a_toy_that_lies",
        class: Class::Quotient,
        tries: "breaks each constraint and each bus of the toy machine",
        ends: &[COUNTER, STATEMENT, TERMINALS],
        commit: a_toy_that_lies,
    },
];

const COUNTER: Ending = Ending::Refused("mismatch at index 1");
const STATEMENT: Ending = Ending::Refused("mismatch at index 3");
const TERMINALS: Ending = Ending::Refused("terminal sum");
const FOLD_WITNESS: Ending = Ending::Refused("NonCanonicalPowWitness");
const OOD_WITNESS: Ending = Ending::Refused("out-of-domain phase PoW witness is nonzero");
const NOT_COMMITTED: Ending = Ending::Refused("InputError");

/// Endings of `values_exchanged`.
const VALUES: &[Ending] = &[NO_WORK, FOLD_WITNESS, OOD_WITNESS, NOT_COMMITTED];

/// A change of a proof's sizes.
pub struct Size {
    /// The part that [`VerifyError::Layout`] must name.
    pub part: &'static str,
    /// The change.
    pub change: Change,
}

type Change = fn(&mut Proof);

const fn size(part: &'static str, change: Change) -> Size {
    Size { part, change }
}

fn verdict(bytes: &[u8]) -> Result<Statement, VerifyError> {
    verify_with(prover().key(), bytes, &Expectations::default())
}

fn claim() -> Claim {
    Claim::shard(Shape::Tiny, statement(3))
}

fn honest() -> Proof {
    format::proof(prover().key(), &proof()[PREFIX_BYTES..]).expect("honest")
}

fn altered(change: impl FnOnce(&mut Proof)) -> Vec<u8> {
    let mut proof = honest();
    change(&mut proof);
    format::encode(&claim(), &proof).expect("encodes")
}

fn claiming(claim: &Claim) -> Vec<u8> {
    format::encode(claim, &honest()).expect("encodes")
}

fn a_file_of_another_length(t: &mut Trial) {
    for end in (0..proof().len()).step_by(proof().len() / 100).chain([proof().len() - 1]) {
        t.ends(&format!("cut at {end}"), verdict(&proof()[..end]), Ending::Decode);
    }
    t.ends("a byte more", verdict(&[proof(), &[0]].concat()), Ending::Decode);
    t.ends("four MiB more", verdict(&[proof(), &vec![0; 1 << 22][..]].concat()), Ending::TooLong);
}

/// The first length of the proof proper, one byte, spelt in two.
fn another_spelling(t: &mut Trial) {
    let at = PREFIX_BYTES;
    let length = proof()[at];
    assert!(length < 0x80);
    let bytes = [&proof()[..at], &[length | 0x80, 0], &proof()[at + 1..]].concat();
    t.ends("a length", verdict(&bytes), Ending::NotCanonical);
}

fn another_claim(t: &mut Trial) {
    let of = |statement| verdict(&claiming(&Claim { statement, ..claim() }));
    t.ends("statement", of(statement(4)), NO_WORK);
    t.ends("rules", of(Statement { config: Digest::ZERO, ..statement(3) }), Ending::Configuration);
    t.ends("version", of(Statement { protocol_version: 2, ..statement(3) }), Ending::ProtocolVersion);
    t.ends("order", of(statement(0)), Ending::Order);
    let wanting = |wants: Expectations| verify_with(prover().key(), proof(), &wants);
    t.ends("chain", wanting(Expectations { chain_id: Some(ChainId(1)), statement: None }), Ending::Chain);
    let wants = Expectations { chain_id: None, statement: Some(statement(4)) };
    t.ends("another wanted", wanting(wants), Ending::Statement);
    // The same chips under another shape: only the key's digest in the transcript differs.
    let small = Prover::with_chips(Shape::Small, machine(Fault::None)).expect("keyed");
    let of_small = |bytes: &[u8]| verify_with(small.key(), bytes, &Expectations::default());
    t.ends("shape", of_small(proof()), Ending::OtherRole);
    t.ends("relabelled", of_small(&claiming(&Claim::shard(Shape::Small, claim().statement))), NO_WORK);
}

fn hostile_heights(t: &mut Trial) {
    for bits in [0, 4, 23, 24, 31, 32, 63, 64, usize::MAX] {
        let bytes = altered(|p| p.degree_bits[1] = bits);
        t.ends(&format!("2^{bits}"), verdict(&bytes), Ending::Layout("height of a chip"));
    }
}

fn shorten<T>(list: &mut Vec<T>) {
    list.truncate(list.len() - 1);
}

/// Every list in a proof of the toy machine, one too long or too short, and the part that the error must name.
pub const SIZES: &[Size] = &[
    size("heights", |p| p.degree_bits.push(4)),
    size("heights", |p| p.degree_bits.clear()),
    size("cap of the main commitment", |p| p.commitments.main = vec![[F::ONE; 8]].into()),
    size("cap of the main commitment", |p| p.commitments.main = vec![[F::ONE; 8]; 32].into()),
    size("cap of the quotient commitment", |p| p.commitments.quotient_chunks = vec![[F::ONE; 8]; 2].into()),
    size("cap of the lookup commitment", |p| p.commitments.permutation = Some(vec![[F::ONE; 8]; 2].into())),
    size("lookup commitment", |p| p.commitments.permutation = None),
    size("randomisation commitment", |p| p.commitments.random = Some(vec![[F::ONE; 8]].into())),
    size("lookup grinding", |p| p.lookup_pow_witness = None),
    size("chips with opened values", |p| shorten(&mut p.opened_values.instances)),
    size("lookup terminals", |p| shorten(&mut p.lookup_terminals)),
    size("lookup terminal of a chip", |p| p.lookup_terminals[0] = None),
    size("lookup terminal of a chip", |p| p.lookup_terminals[3] = p.lookup_terminals[0]),
    size("main columns", |p| shorten(&mut p.opened_values.instances[1].base_opened_values.trace_local)),
    size("next row of the main columns", |p| {
        p.opened_values.instances[1].base_opened_values.trace_next = None
    }),
    size("next row of the main columns", |p| {
        p.opened_values.instances[0].base_opened_values.trace_next = Some(Vec::new())
    }),
    size("main columns, next row", |p| {
        p.opened_values.instances[1].base_opened_values.trace_next = Some(Vec::new())
    }),
    size("preprocessed columns", |p| p.opened_values.instances[0].base_opened_values.preprocessed = None),
    size("preprocessed columns", |p| {
        let one = p.opened_values.instances[0].base_opened_values.preprocessed.clone();
        p.opened_values.instances[1].base_opened_values.preprocessed = one;
    }),
    size("next row of the preprocessed columns", |p| {
        let fixed = p.opened_values.instances[0].base_opened_values.preprocessed.as_mut();
        fixed.into_iter().for_each(|f| f.next = Some(f.local.clone()));
    }),
    size("quotient chunks", |p| {
        shorten(&mut p.opened_values.instances[1].base_opened_values.quotient_chunks)
    }),
    size("quotient chunk", |p| {
        shorten(&mut p.opened_values.instances[1].base_opened_values.quotient_chunks[0])
    }),
    size("randomisation of a chip", |p| {
        p.opened_values.instances[0].base_opened_values.random = Some(Vec::new())
    }),
    size("lookup columns", |p| shorten(&mut p.opened_values.instances[0].permutation_local)),
    size("lookup columns, next row", |p| shorten(&mut p.opened_values.instances[0].permutation_next)),
    size("opened commitments", |p| shorten(&mut p.opening_proof.input_openings)),
    size("queries of a commitment", |p| shorten(&mut p.opening_proof.input_openings[0].opened_values)),
    size("matrices of a commitment", |p| shorten(&mut p.opening_proof.input_openings[1].opened_values[3])),
    size("width of an opened row", |p| shorten(&mut p.opening_proof.input_openings[2].opened_values[3][0])),
    size("siblings of a multiproof (at most)", |p| {
        p.opening_proof.input_openings[3].opening_proof.sibling_hashes.resize(1 << 10, [F::ONE; 8]);
    }),
    size("folding commitments", |p| shorten(&mut p.opening_proof.commit_phase_commits)),
    size("folding witnesses", |p| p.opening_proof.commit_pow_witnesses.push(F::ZERO)),
    size("folding openings", |p| shorten(&mut p.opening_proof.commit_phase_openings)),
    size("cap of a folding commitment", |p| {
        p.opening_proof.commit_phase_commits[0] = vec![[F::ONE; 8]].into()
    }),
    size("queries of a folding step", |p| {
        shorten(&mut p.opening_proof.commit_phase_openings[0].sibling_values)
    }),
    size("siblings of a folding step", |p| {
        shorten(&mut p.opening_proof.commit_phase_openings[0].sibling_values[0])
    }),
    size("siblings of a multiproof (at most)", |p| {
        let opening = &mut p.opening_proof.commit_phase_openings[0];
        opening.opening_proof.sibling_hashes.resize(1 << 10, [F::ONE; 8]);
    }),
    size("last polynomial", |p| shorten(&mut p.opening_proof.final_poly)),
];

fn lists_of_other_lengths(t: &mut Trial) {
    for Size { part, change } in SIZES {
        t.ends(part, verdict(&altered(change)), Ending::Layout(part));
    }
}

/// Values, not sizes: what is left to Plonky3.
fn values_exchanged(t: &mut Trial) {
    let changes: &[(&str, Change, Ending)] = &[
        ("lookup terminals", |p| p.lookup_terminals.swap(0, 1), NO_WORK),
        ("query grinding", |p| p.opening_proof.query_pow_witness += F::ONE, NO_WORK),
        ("batch grinding", |p| p.opening_proof.batch_pow_witness += F::ONE, NO_WORK),
        ("unused grinding", |p| p.ood_pow_witness += F::ONE, OOD_WITNESS),
        ("unused folding grinding", |p| p.opening_proof.commit_pow_witnesses[0] += F::ONE, FOLD_WITNESS),
        ("opened row", |p| p.opening_proof.input_openings[0].opened_values[7][1][0] += F::ONE, NOT_COMMITTED),
        (
            "missing sibling",
            |p| shorten(&mut p.opening_proof.input_openings[0].opening_proof.sibling_hashes),
            NOT_COMMITTED,
        ),
        ("last polynomial", |p| p.opening_proof.final_poly.swap(0, 1), NO_WORK),
        (
            "commitments swapped",
            |p| std::mem::swap(&mut p.commitments.main, &mut p.commitments.quotient_chunks),
            NO_WORK,
        ),
    ];
    for (name, change, ending) in changes {
        t.ends(name, verdict(&altered(change)), *ending);
    }
}

type Forgery = fn(&mut [crate::prover::Trace]);

fn a_toy_that_lies(t: &mut Trial) {
    let forgeries: &[(&str, Ending, Forgery)] = &[
        ("cube", COUNTER, |t| t[1].values[4] += F::ONE),
        ("step", COUNTER, |t| t[1].values.copy_within(0..3, 9)),
        ("boolean", COUNTER, |t| t[1].values[2] = fe(2)),
        ("public values", STATEMENT, |t| t[3].values[0] += F::ONE),
        ("table count", TERMINALS, |t| t[0].values[5] += F::ONE),
        ("dropped message", TERMINALS, |t| t[2].values[3 * 126 + 2] = F::ZERO),
        ("invented message", TERMINALS, |t| t[2].values[2] = F::ONE),
    ];
    let statement = statement(3);
    for (name, ending, forge) in forgeries {
        let mut forged = traces(&statement);
        forge(&mut forged);
        let bytes = prover().prove_unverified(&forged, &statement).expect("a forger gets its bytes");
        t.ends(name, verdict(&bytes), *ending);
    }
}
