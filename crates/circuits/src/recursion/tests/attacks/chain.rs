//! Attacks on chains of `hash_fields` in `sponge`.

use aludel_protocol::hash::{Tag, hash_fields, perm24};
use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::Permutation;

use super::super::finish;
use super::{Forged, refusals, rewrite, traces, wide};
use crate::bus::CHALLENGE;
use crate::recursion::program::Program;
use crate::recursion::sponge::trace::SpongeStep;
use crate::recursion::{Circuit, Value, execute};

const CHAINED: &str = "sponge: a chain goes on from its digest";
/// Two calls, of which the second takes four elements and twelve zeros.
const FIELDS: usize = 20;

fn program(tag: Tag) -> (Program<Vec<F>>, [Value; 8]) {
    let mut c = Circuit::<Vec<F>>::default();
    let fields = c.hint(FIELDS, Clone::clone);
    c.adopt(&fields);
    let hashed = c.hash_fields(tag, &fields);
    let digest = c.reveal(hashed);
    (finish(c), digest)
}

fn fields() -> Vec<F> {
    (0..FIELDS as u32).map(|i| fe(5 + 3 * i * i)).collect()
}

#[test]
fn a_chain_has_its_own_tag_and_length() {
    let (key, _) = program(Tag::Statement);
    let (run, digest) = program(Tag::Queue);
    let e = execute(&run, &fields());
    assert_eq!(digest.map(|x| e.value(x)[0]), hash_fields(Tag::Queue, &fields()).0);
    assert_eq!(traces(&run, &e).refused_by(), refusals(&[]));
    assert_eq!(traces(&key, &e).refused_by(), refusals(&[CHAINED]));
    for length in [0, FIELDS as u32 - 1, FIELDS as u32 + 1] {
        let mut run = program(Tag::Statement).0;
        run.rows.sponge[0].fields = Some((Tag::Statement.fe(), fe(length)));
        assert_eq!(traces(&key, &execute(&run, &fields())).refused_by(), refusals(&[CHAINED]), "{length}");
    }
}

/// A run whose two states are these before sums are made of them, and whose digest is the second's result with or without its
/// first elements.
fn forge(change: impl Fn(&mut [[F; 24]; 2]), added: bool) -> Forged {
    let (program, values) = program(Tag::Statement);
    let mut e = execute(&program, &fields());
    let mut states = [e.blocks[0].state, e.blocks[1].state];
    change(&mut states);
    let mut before = [F::ZERO; CHALLENGE];
    for (i, state) in states.into_iter().enumerate() {
        e.blocks[i] = SpongeStep::new(&program.rows().sponge[i], state, [F::ZERO; CHALLENGE], before);
        before = e.blocks[i].sum[3];
    }
    let out = perm24().permute(states[1]);
    let digest: [F; 8] = core::array::from_fn(|i| if added { out[i] + states[1][i] } else { out[i] });
    e.nodes[0].children[8..].copy_from_slice(&digest);
    let mut forged = traces(&program, &e);
    values.into_iter().zip(digest).for_each(|(value, x)| rewrite(&program, &mut forged, value, wide(x)));
    forged
}

/// The digest after the first call, as the second takes it.
fn chain_on(states: &mut [[F; 24]; 2]) {
    let out = perm24().permute(states[0]);
    for (i, x) in out.into_iter().enumerate().take(8) {
        states[1][i] = x + states[0][i];
    }
}

#[test]
fn a_chain_goes_on_from_its_digest() {
    assert_eq!(forge(chain_on, true).refused_by(), refusals(&[]));
    for place in 0..8 {
        // Another beginning, and another digest in the middle.
        let begins = |states: &mut [[F; 24]; 2]| {
            states[0][place] += F::ONE;
            chain_on(states);
        };
        assert_eq!(forge(begins, true).refused_by(), refusals(&[CHAINED]));
        let goes_on = |states: &mut [[F; 24]; 2]| states[1][place] += F::ONE;
        assert_eq!(forge(goes_on, true).refused_by(), refusals(&[CHAINED]));
    }
    // It begins again.
    let again = |states: &mut [[F; 24]; 2]| {
        let begin: [F; 8] = core::array::from_fn(|i| states[0][i]);
        states[1][..8].copy_from_slice(&begin);
    };
    assert_eq!(forge(again, true).refused_by(), refusals(&[CHAINED]));
}

#[test]
fn a_call_adds_what_it_permutes() {
    let bare = |states: &mut [[F; 24]; 2]| {
        let out = perm24().permute(states[0]);
        states[1][..8].copy_from_slice(&out[..8]);
    };
    assert_eq!(forge(bare, true).refused_by(), refusals(&[CHAINED]));
    assert_eq!(forge(|_| (), false).refused_by(), refusals(&["bus digest"]));
}

#[test]
fn a_chain_takes_the_memorys_elements_and_zeros_after_them() {
    for i in 0..32 {
        let other = |states: &mut [[F; 24]; 2]| {
            states[i / 16][8 + i % 16] += fe(3);
            chain_on(states);
        };
        assert_eq!(forge(other, true).refused_by(), refusals(&["bus value"]), "element {i}");
    }
}
