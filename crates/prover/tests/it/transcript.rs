//! The transcript of a proof: what the verifier's sponge absorbs, in order, and where challenges are drawn. The list is made from the parts
//! of the proof, each with its name; a recording sponge must hear just that.

use aludel_adversary::toy::{proof, prover, statement};
use aludel_adversary::transcript::{Event, Part, heard, list};
use aludel_protocol::hash::{Perm16, perm16};
use aludel_protocol::{Digest, F};
use aludel_verifier::challenger::SmallestWitness;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, PREFIX_BYTES};
use p3_challenger::{CanObserve, CanSample, DuplexChallenger};
use p3_field::PrimeCharacteristicRing;

/// The list of an honest toy proof, after the key's digest.
fn expected(proof: &Proof) -> Vec<Part> {
    list(prover().key(), proof, &prover().key().public_values(&statement(3)))
}

fn honest() -> Proof {
    format::proof(prover().key(), &proof()[PREFIX_BYTES..]).expect("honest")
}

#[test]
fn the_transcript_absorbs_every_value_in_order() {
    let list = expected(&honest());
    let key = prover().key();
    let (heard, accepted) = heard(key, honest(), &key.public_values(&statement(3)));
    assert!(accepted);
    let mut rest = &heard.events[..];
    for (name, events) in &list {
        let (now, later) = rest.split_at_checked(events.len()).unwrap_or_else(|| panic!("{name}: it ended"));
        assert_eq!(now, events, "{name}");
        rest = later;
    }
    assert_eq!(rest, [], "more than the list has");
}

/// The same as numbers: what is absorbed and drawn for each part, so that a change of the toy machine, of the
/// parameters or of the proof system shows here.
#[test]
fn the_list_has_these_lengths() {
    let count = |events: &[Event], of: fn(&Event) -> bool| events.iter().filter(|event| of(event)).count();
    let lengths: Vec<_> = expected(&honest())
        .iter()
        .map(|(name, events)| {
            let absorbed = count(events, |event| matches!(event, Event::Absorb(_)));
            (*name, absorbed, events.len() - absorbed)
        })
        .collect();
    assert_eq!(lengths, LENGTHS);
}

/// Part, elements absorbed, elements or bit strings drawn.
const LENGTHS: &[(&str, usize, usize)] = &[
    ("seed of the machine", 71, 0),
    ("heights", 20, 0),
    ("main commitment", 128, 0),
    ("public values", 8, 0),
    ("preprocessed commitment", 128, 0),
    ("lookup grinding", 0, 0),
    ("lookup alpha, beta", 0, 10),
    ("lookup commitment", 128, 0),
    ("lookup terminals", 15, 0),
    ("constraint alpha", 0, 5),
    ("quotient commitment", 128, 0),
    ("out-of-domain grinding", 0, 0),
    ("zeta", 0, 5),
    ("seed of the openings", 111, 0),
    ("opened main columns", 90, 0),
    ("opened quotient chunks", 125, 0),
    ("opened preprocessed columns", 10, 0),
    ("opened lookup columns", 350, 0),
    ("batch grinding", 1, 1),
    ("batch alpha", 0, 5),
    ("seed of the low-degree test", 59, 0),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("last polynomial", 40, 0),
    ("query grinding", 1, 1),
    ("queries", 0, 166),
];

/// A transcript begins with the key's digest and nothing else.
#[test]
fn the_keys_digest_comes_first() {
    let key = Digest([7_u32, 6, 5, 4, 3, 2, 1, 0].map(F::from_u32));
    let mut plain = DuplexChallenger::<F, Perm16, 16, 8>::new(perm16().clone());
    plain.observe_slice(&key.0);
    let mut ours = SmallestWitness::new(key);
    for _ in 0..9 {
        let [a, b]: [F; 2] = [plain.sample(), ours.sample()];
        assert_eq!(a, b);
    }
}
