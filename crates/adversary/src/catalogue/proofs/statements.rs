//! Statements that the traces are not about, and keys that the proof is not for.

use aludel_circuits::{MachineChip, Shape};
use aludel_protocol::{BatchNumber, ChainId, Checkpoint, Digest, F, QueueIndex, Statement};
use aludel_prover::Prover;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::{Machine, VerifyError};
use p3_field::PrimeCharacteristicRing;

use super::{
    Class, Crime, Ending, NO_WORK, SHARD, TERMINALS, Trial, Verdict, chip, on_real, on_real_saying, on_toy,
    toy_traces,
};
use crate::catalogue::shards;
use crate::honest::{PROOF, PROVER, verdict};
use crate::prover::{Forger, Lies, Trace, lie};
use crate::toy::{self, Fault, Toy};

/// What the verifier says where the statement's chip does not bind the public values.
const STATEMENT: Ending = Ending::Refused("mismatch at index 7");
const TOY_STATEMENT: Ending = Ending::Refused("mismatch at index 3");

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_field_that_nothing_binds",
        class: Class::UnboundPublicValue,
        tries: "alters one field of the statement, under an honest proof or with the public values that follow from it",
        ends: &[NO_WORK, STATEMENT, Ending::ProtocolVersion, Ending::Configuration, Ending::Order],
        commit: a_field_that_nothing_binds,
    },
    Crime {
        name: "a_statement_of_its_own",
        class: Class::UnboundPublicValue,
        tries: "alters one field of the statement, in the statement's own rows and hashes too",
        ends: &[TERMINALS, STATEMENT],
        commit: a_statement_of_its_own,
    },
    Crime {
        name: "other_public_values",
        class: Class::UnboundPublicValue,
        tries: "proves other public values than the statement's digest",
        ends: &[NO_WORK, STATEMENT, TOY_STATEMENT],
        commit: other_public_values,
    },
    Crime {
        name: "another_keys_digest",
        class: Class::ForeignKey,
        tries: "begins the transcript with the digest of another key, or of none",
        ends: &[NO_WORK],
        commit: another_keys_digest,
    },
    Crime {
        name: "a_chip_of_another_key",
        class: Class::ForeignKey,
        tries: "proves a machine that differs in one constant, as that machine's honest prover does",
        ends: &[NO_WORK],
        commit: a_chip_of_another_key,
    },
];

/// The statement with one field changed, once for each field. A field that is new does not compile here until it is
/// added.
pub fn altered(base: Statement) -> Vec<(String, Statement)> {
    let Statement { chain_id, protocol_version, config, prev, next } = base;
    let own = [
        ("chain_id", Statement { chain_id: ChainId(chain_id.0 + 1), ..base }),
        ("protocol_version", Statement { protocol_version: protocol_version + 1, ..base }),
        ("config", Statement { config: other(config), ..base }),
    ];
    let of_prev = checkpoints(prev, BatchNumber(prev.number.0 - 1));
    let of_prev = of_prev.map(|(name, prev)| (format!("prev.{name}"), Statement { prev, ..base }));
    let of_next = checkpoints(next, BatchNumber(next.number.0 + 1));
    let of_next = of_next.map(|(name, next)| (format!("next.{name}"), Statement { next, ..base }));
    own.map(|(name, statement)| (name.to_owned(), statement))
        .into_iter()
        .chain(of_prev)
        .chain(of_next)
        .collect()
}

fn checkpoints(base: Checkpoint, other_number: BatchNumber) -> [(&'static str, Checkpoint); 5] {
    let Checkpoint { number: _, state_root, headers, queue, queue_index } = base;
    [
        ("number", Checkpoint { number: other_number, ..base }),
        ("state_root", Checkpoint { state_root: other(state_root), ..base }),
        ("headers", Checkpoint { headers: other(headers), ..base }),
        ("queue", Checkpoint { queue: other(queue), ..base }),
        ("queue_index", Checkpoint { queue_index: QueueIndex(queue_index.0 + 1), ..base }),
    ]
}

fn other(digest: Digest) -> Digest {
    let mut digest = digest;
    digest.0[7] += F::ONE;
    digest
}

/// What is refused before any proof is looked at, by the name of the field.
fn at_once(field: &str) -> Option<Ending> {
    match field {
        "protocol_version" => Some(Ending::ProtocolVersion),
        "config" => Some(Ending::Configuration),
        _ => None,
    }
}

fn a_field_that_nothing_binds(t: &mut Trial) {
    let base = SHARD.statement;
    for (field, statement) in altered(base) {
        let decoded = format::proof(PROVER.key(), &PROOF.bytes[PREFIX_BYTES..]).expect("honest");
        let relabelled = format::encode(&Claim::shard(Shape::Tiny, statement), &decoded).expect("encodes");
        t.ends(&field, verdict(&relabelled), at_once(&field).unwrap_or(NO_WORK));
        // And with the public values that follow.
        match at_once(&field) {
            None => {
                t.ends(&field, on_real_saying(&statement, &SHARD.traces, &Lies::default()), STATEMENT);
            }
            Some(ending) => {
                let lies = Lies::default();
                t.ends(&field, on_real_saying(&statement, &SHARD.traces, &lies), ending);
                t.ends(&field, beneath(&statement, &SHARD.traces), STATEMENT);
            }
        }
    }
    let mut backwards = base;
    backwards.next.number = base.prev.number;
    t.ends("order", on_real_saying(&backwards, &SHARD.traces, &Lies::default()), Ending::Order);
}

/// What Plonky3's verifier says where ours does not look at the statement first.
fn beneath(statement: &Statement, traces: &[Trace]) -> Verdict {
    let key = PROVER.key();
    let proof = Forger::new(key).proof(traces, statement, &Lies::default());
    let public_values = key.public_values(statement);
    let verdict = MachineChip::verify_batch(key.config(), key.chips(), &proof, &public_values, key.common());
    verdict.map(|()| *statement).map_err(|reason| VerifyError::Refused { reason })
}

/// The rows of the statement's chip, its hashes and its lookups are those of the altered statement.
fn a_statement_of_its_own(t: &mut Trial) {
    let honest = shards::paid();
    for (field, says) in altered(honest.says) {
        let mut forgery = honest.clone();
        forgery.says = says;
        let traces: Vec<Trace> = forgery.traces().chips().iter().map(|(_, main, _)| main.clone()).collect();
        let ending = if at_once(&field).is_some() { STATEMENT } else { TERMINALS };
        t.ends(&field, beneath(&says, &traces), ending);
    }
}

fn other_public_values(t: &mut Trial) {
    // Those of another statement, absorbed and proven, under an honest claim.
    let public_values = |last: usize| lie(move |values: &mut Vec<Vec<F>>| values[last][0] += F::ONE);
    let lies = Lies { public_values: public_values(3), ..Lies::default() };
    t.ends("toy, trace of the claim", on_toy(&toy_traces(), &lies), NO_WORK);
    let lies = Lies { public_values: public_values(chip::STATEMENT), ..Lies::default() };
    t.ends("real, trace of the claim", on_real(&SHARD.traces, &lies), NO_WORK);
    let traces = toy::traces(&toy::statement(4));
    t.ends("toy, trace of another", on_toy(&traces, &Lies::default()), TOY_STATEMENT);
    let mut traces = SHARD.traces.clone();
    let last = traces[chip::STATEMENT].width - 1;
    traces[chip::STATEMENT].values[last] += F::ONE;
    t.ends("real, trace of another", on_real(&traces, &Lies::default()), STATEMENT);
}

fn another_keys_digest(t: &mut Trial) {
    let small = Prover::new(Shape::Small).expect("the key is pinned").key().digest();
    for digest in [Digest::ZERO, small, toy::prover().key().digest()] {
        let lies = Lies { key: lie(move |key: &mut Digest| *key = digest), ..Lies::default() };
        t.ends("real", on_real(&SHARD.traces, &lies), NO_WORK);
    }
    let lies = Lies { key: lie(|key: &mut Digest| *key = Digest::ZERO), ..Lies::default() };
    t.ends("toy", on_toy(&toy_traces(), &lies), NO_WORK);
}

/// The same sizes and preprocessed columns.
fn a_chip_of_another_key(t: &mut Trial) {
    let mut chips = toy::machine(Fault::None);
    chips[1] = Toy::Counter { log_height: 5, step: 0, fault: Fault::None };
    let other = Prover::with_chips(Shape::Tiny, chips).expect("keyed");
    assert_eq!(other.key().root(), toy::prover().key().root());
    let bytes = other.prove_unverified(&toy_traces(), &toy::statement(3)).expect("a forger gets its bytes");
    let wants = aludel_verifier::Expectations::default();
    t.ends("toy", aludel_verifier::verify::verify_with(toy::prover().key(), &bytes, &wants), NO_WORK);
}
