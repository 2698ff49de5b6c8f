//! The circuit's transcript is the native one: what the rows of chip `transcript` absorb and squeeze is, element by element, what
//! Plonky3's verifier asks of its sponge for the same proof, and each element is the part of the proof that the golden list names.
//!
//! Whoever takes a value out of one of them, adds one or changes their order finds the part named here.

use aludel_adversary::transcript::{Event, Heard, Part, Recorded, heard, list};
use aludel_circuits::columns::Columns;
use aludel_circuits::recursion::machine::traces;
use aludel_circuits::recursion::transcript::columns::{RATE, TranscriptColumns, TranscriptFixed};
use aludel_circuits::recursion::{Heights, Program, RecursionChip, execute};
use aludel_circuits::{Chip, Shape};
use aludel_protocol::F;
use aludel_prover::Prover;
use aludel_recursion::ChildWitness;
use aludel_verifier::config::Proof;
use aludel_verifier::{Key, Machine, Role};
use p3_air::Air;
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::children::{decoded, frozen, key, program, witness};

/// What chip `transcript` absorbs and squeezes in a run, by its trace and its part of the key.
fn traced(program: &Program<ChildWitness>, witness: &ChildWitness) -> Heard {
    let heights = Heights::of(program, 4);
    let chips = RecursionChip::of(program, &heights).expect("they fit");
    let main = traces(&execute(program, witness), &heights).expect("they fit");
    let of_chip = chips.iter().zip(main).find(|(chip, _)| chip.name() == "transcript");
    let (chip, main) = of_chip.expect("the machine has it");
    let fixed = chip.fixed().expect("the chip of a program");
    let mut heard = Heard::default();
    for (main, fixed) in main.row_slices().zip(fixed.row_slices()) {
        row(&mut heard, program, &TranscriptColumns::read(main), &TranscriptFixed::read(fixed));
    }
    heard
}

/// One permutation: what it overwrites of the rate, and what is taken of the rate after it, the last element first.
fn row(
    heard: &mut Heard,
    program: &Program<ChildWitness>,
    main: &TranscriptColumns<F>,
    fixed: &TranscriptFixed<F>,
) {
    let absorbed = fixed.absorbed.as_canonical_u32() as usize;
    heard.events.extend(main.state[..absorbed].iter().copied().map(Event::Absorb));
    let out = main.permutation.output();
    for i in (0..RATE).rev().filter(|i| fixed.out_count[*i] != F::ZERO) {
        heard.events.push(draw(program, fixed.out_address[i]));
        heard.drawn.push(out[i]);
    }
}

/// Whether a drawn element is of a challenge, or which of its bits are an index.
fn draw(program: &Program<ChildWitness>, address: F) -> Event {
    let bits = program.rows().bits.iter();
    let taken = bits.filter(|bit| bit.element.is_some_and(|element| element.address() == address));
    match taken.map(|bit| bit.index_bits).collect::<Vec<_>>()[..] {
        [] => Event::Draw,
        [bits] => Event::Bits(bits),
        _ => panic!("an element is taken apart once"),
    }
}

/// The first place where what was heard is not the list.
fn difference(parts: &[Part], heard: &[Event]) -> Option<String> {
    let mut rest = heard.iter();
    for (name, events) in parts {
        for (i, expected) in events.iter().enumerate() {
            let found = rest.next();
            if found != Some(expected) {
                return Some(format!("{name}, event {i}: {expected:?} is expected and {found:?} is found"));
            }
        }
    }
    rest.next().map(|event| format!("after the end: {event:?}"))
}

/// The golden list of a proof, from the key's digest on.
fn golden<A: Machine>(key: &Key<A>, proof: &Proof, public_values: &[Vec<F>]) -> Vec<Part> {
    let digest = ("key's digest", key.digest().0.map(Event::Absorb).to_vec());
    [vec![digest], list(key, proof, public_values)].concat()
}

/// By name elements absorbed and elements drawn; parts of one name are added up.
fn counts(parts: &[Part]) -> Vec<(&'static str, usize, usize)> {
    let mut counts: Vec<(&'static str, usize, usize)> = Vec::new();
    for (name, events) in parts.iter().filter(|(_, events)| !events.is_empty()) {
        if counts.iter().all(|(known, ..)| known != name) {
            counts.push((name, 0, 0));
        }
        let absorbed = events.iter().filter(|event| matches!(event, Event::Absorb(_))).count();
        for count in counts.iter_mut().filter(|(known, ..)| known == name) {
            *count = (name, count.1 + absorbed, count.2 + events.len() - absorbed);
        }
    }
    counts
}

/// Holds circuit and native verifier to the golden list of a proof, and their draws to one another; the list's counts.
fn compare<A>(key: &Key<A>, proof: Proof, public_values: &[Vec<F>]) -> Vec<(&'static str, usize, usize)>
where
    A: Machine + for<'a> Air<VerifierConstraintFolderWithLookups<'a, Recorded>>,
{
    let role = key.role();
    let golden = golden(key, &proof, public_values);
    let circuit = traced(&program(key), &ChildWitness::new(&proof, public_values));
    let (native, accepted) = heard(key, proof, public_values);
    assert!(accepted, "{role}");
    // The recording begins after the key's digest, which the sponge is made with.
    assert_eq!(difference(&golden[1..], &native.events), None, "{role}: the native verifier");
    assert_eq!(difference(&golden, &circuit.events), None, "{role}: the circuit");
    assert_eq!(native.drawn, circuit.drawn, "{role}");
    counts(&golden)
}

#[test]
fn the_circuit_of_a_shard_absorbs_and_draws_what_the_native_verifier_does() {
    for shape in [Shape::Tiny, Shape::Large] {
        let key = key(shape);
        let (proof, statement) = decoded(key, &frozen(shape));
        let counts = compare(key, proof, &key.public_values(&statement));
        assert_eq!(counts, of_column(0), "{shape}");
    }
}

/// What a join does for each of its two children.
#[test]
fn the_circuit_of_a_lift_absorbs_and_draws_what_the_native_verifier_does() {
    let shard = key(Shape::Tiny);
    let (proof, statement) = decoded(shard, &frozen(Shape::Tiny));
    let lift = program(shard);
    let chips = RecursionChip::of(&lift, &Heights::FOLDED).expect("they fit");
    let prover = Prover::with_chips(Role::Lift(Shape::Tiny), chips).expect("keyed");
    let e = execute(&lift, &witness(shard, &proof, &statement));
    let public = e.public();
    let public_values: Vec<_> =
        prover.key().chips().iter().map(|chip| chip.given(&public).to_vec()).collect();
    let traces = traces(&e, &Heights::FOLDED).expect("they fit");
    let proof = prover.proof(&traces, public_values.clone()).expect("proven");
    assert_eq!(compare(prover.key(), proof, &public_values), of_column(1));
}

/// The comparison can fail: a value that is left out, added or moved is named, whichever part it is of.
#[test]
fn a_value_left_out_added_or_moved_is_named() {
    let key = key(Shape::Tiny);
    let (proof, statement) = decoded(key, &frozen(Shape::Tiny));
    let golden = golden(key, &proof, &key.public_values(&statement));
    let honest: Vec<Event> = golden.iter().flat_map(|(_, events)| events.clone()).collect();
    assert_eq!(difference(&golden, &honest), None);
    let mut start = 0;
    for (name, events) in golden.iter().filter(|(_, events)| !events.is_empty()) {
        let end = start + events.len();
        let (mut shorter, mut longer, mut moved) = (honest.clone(), honest.clone(), honest.clone());
        shorter.remove(end - 1);
        longer.insert(start, Event::Absorb(F::TWO));
        moved[start..].rotate_left(events.len());
        for heard in [&shorter, &longer, &moved].into_iter().filter(|heard| **heard != honest) {
            let found = difference(&golden, heard).expect("it differs");
            assert!(found.starts_with(name), "{name}: {found}");
        }
        start = end;
    }
}

/// A column of [`COUNTS`].
fn of_column(i: usize) -> Vec<(&'static str, usize, usize)> {
    COUNTS.iter().map(|(name, absorbed, drawn)| (*name, absorbed[i], drawn[i])).collect()
}

/// Part; elements absorbed and elements drawn, of a shard (`tiny` and `large` are compared) and of a lift. A change of a machine, of the
/// parameters or of the proof system shows here.
const COUNTS: &[(&str, [usize; 2], [usize; 2])] = &[
    ("key's digest", [8, 8], [0, 0]),
    ("seed of the machine", [103, 103], [0, 0]),
    ("heights", [40, 40], [0, 0]),
    ("main commitment", [128, 128], [0, 0]),
    ("public values", [8, 16], [0, 0]),
    ("preprocessed commitment", [128, 128], [0, 0]),
    ("lookup alpha, beta", [0, 0], [10, 10]),
    ("lookup commitment", [128, 128], [0, 0]),
    ("lookup terminals", [40, 40], [0, 0]),
    ("constraint alpha", [0, 0], [5, 5]),
    ("quotient commitment", [128, 128], [0, 0]),
    ("zeta", [0, 0], [5, 5]),
    ("seed of the openings", [187, 203], [0, 0]),
    ("opened main columns", [17_575, 6_640], [0, 0]),
    ("opened quotient chunks", [325, 325], [0, 0]),
    ("opened preprocessed columns", [100, 1470], [0, 0]),
    ("opened lookup columns", [4600, 2500], [0, 0]),
    ("batch grinding", [1, 1], [1, 1]),
    ("batch alpha", [0, 0], [5, 5]),
    ("seed of the low-degree test", [75, 67], [0, 0]),
    ("folding commitment", [1024, 768], [0, 0]),
    ("folding challenge", [0, 0], [40, 30]),
    ("last polynomial", [40, 40], [0, 0]),
    ("query grinding", [1, 1], [1, 1]),
    ("queries", [0, 0], [166, 168]),
];
