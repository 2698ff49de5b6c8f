//! Honest proofs.

use aludel_circuits::check::Checker;
use aludel_circuits::recursion::machine::traces;
use aludel_circuits::recursion::{Heights, Program, RecursionChip, execute};
use aludel_circuits::{Chip, Shape};
use aludel_recursion::{Child, ChildWitness, join, root};
use aludel_verifier::Role;
use aludel_verifier::keys::FoldedKey;

use crate::children::{decoded, frozen, key, program, witness};

/// Rows of each chip, of `alu` lanes: sponge, path, alu, transcript, bits, pack, caps.
fn rows<W>(program: &Program<W>) -> [usize; 7] {
    let rows = program.rows();
    [
        rows.sponge.len(),
        rows.path.len(),
        rows.alu.len(),
        rows.transcript.len(),
        rows.bits.len(),
        rows.pack.len(),
        rows.caps.len(),
    ]
}

/// What verifying a proof of each shape takes. A change of the shard's machine, of its parameters or of the circuit shows here.
const ROWS: &[(Shape, [usize; 7])] = &[
    (Shape::Tiny, [32_038, 18_758, 84_956, 3_103, 5_208, 4_553, 192]),
    (Shape::Small, [32_038, 19_090, 86_116, 3_103, 5_208, 4_553, 192]),
    (Shape::Medium, [32_038, 21_082, 86_116, 3_103, 5_208, 4_553, 192]),
    (Shape::Large, [31_872, 21_414, 86_112, 3_103, 5_208, 4_553, 192]),
    (Shape::Huge, [32_204, 23_074, 88_916, 3_103, 5_208, 4_553, 192]),
];

#[test]
fn frozen_proofs_satisfy_their_circuits() {
    for (shape, expected) in ROWS {
        let key = key(*shape);
        let (proof, statement) = decoded(key, &frozen(*shape));
        let program = program(key);
        let e = execute(&program, &witness(key, &proof, &statement));
        assert_eq!(e.check(), Ok(()), "{shape}");
        assert_eq!(e.public()[..8], statement.digest().0, "{shape}");
        assert_eq!(rows(&program), *expected, "{shape}");
        // One machine serves every shape.
        let heights = Heights::of(&program, 4);
        let most = [heights.sponge, heights.path, heights.alu];
        assert!(most.iter().all(|log| *log <= 15), "{shape}: {heights:?}");
    }
}

/// What joins and roots take of the machines that they have; the children's key is any of the set's.
#[test]
fn a_root_is_half_a_join() {
    for child in [Role::Join, Role::Lift(Shape::Tiny)].map(|role| FoldedKey::pinned(role).expect("pinned")) {
        let child = Child::of(child);
        let (join, root) = (join(&child), root(&child));
        assert_eq!(rows(&join), [32_651, 31_935, 116_416, 3_232, 10_540, 4_689, 335]);
        assert_eq!(rows(&root), [16_318, 15_966, 58_260, 1_616, 5_270, 2_305, 166]);
        assert!(RecursionChip::of(&join, &Heights::FOLDED).is_ok());
        assert!(RecursionChip::of(&root, &Heights::ROOT).is_ok());
    }
}

/// A program is part of a key: the same child gives the same program.
#[test]
fn a_program_is_the_same_again() {
    let fixed = |program: &Program<ChildWitness>| {
        let chips = RecursionChip::of(program, &Heights::of(program, 4)).expect("they fit");
        chips.iter().map(Chip::fixed).collect::<Vec<_>>()
    };
    let [one, other] = [(), ()].map(|()| program(key(Shape::Tiny)));
    for (a, b) in fixed(&one).iter().zip(fixed(&other)) {
        assert!(*a == b, "two programs of one child differ");
    }
}

#[test]
fn the_machine_accepts_an_honest_run() {
    let key = key(Shape::Tiny);
    let (proof, statement) = decoded(key, &frozen(Shape::Tiny));
    let program = program(key);
    let e = execute(&program, &witness(key, &proof, &statement));
    let heights = Heights::of(&program, 4);
    let chips = RecursionChip::of(&program, &heights).expect("they fit");
    let public = e.public();
    let mut checker = Checker::default();
    for (chip, main) in chips.iter().zip(traces(&e, &heights).expect("they fit")) {
        checker.run(chip, &main, chip.given(&public));
    }
    assert_eq!(checker.finish(), []);
}
