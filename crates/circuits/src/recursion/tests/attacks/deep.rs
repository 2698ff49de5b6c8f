//! Why a path has at most 24 levels.

use aludel_protocol::{F, fe};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::super::finish;
use super::super::sample::leaf;
use super::path::{children, compress};
use super::{Forged, refusals, traces};
use crate::recursion::circuit::{Circuit, LEVELS};
use crate::recursion::execute;
use crate::recursion::path::trace::PathStep;
use crate::recursion::program::Node;

/// What a tree with this many more levels than a path may have would let through.
fn deeper(more: usize, number: u64) -> Forged {
    let mut c = Circuit::<[F; 16]>::default();
    let five = c.constant(fe(5));
    let (hashed, _) = c.hash_rows(8, &[], five, |_| vec![F::ONE; 8]);
    let cap = c.hint(16, |w: &[F; 16]| w.to_vec());
    c.adopt(&cap);
    let cap = c.cap(&cap);
    c.path(hashed, five, &[None; LEVELS - 1], cap, |_| Vec::new());
    let mut program = finish(c);
    let levels = LEVELS - 1 + more;
    program.rows.path.splice(1..1, vec![Node { linked: true, ..Node::default() }; more]);
    program.multiproofs[0].paths[0] = 0..levels;
    let mut digest = leaf(&[F::ONE; 8]);
    let step = |level: usize| {
        let bit = number >> level & 1;
        let children = children(digest, [F::ZERO; 8], bit == 1);
        digest = compress(children);
        let bit = if level == 0 { 1 - bit } else { bit };
        PathStep { children, bit: F::from_u64(bit), index: F::from_u64(number >> (level + 1)) }
    };
    let steps: Vec<PathStep> = (0..levels).map(step).collect();
    let place = (number >> levels) as usize;
    let mut cap = [F::ZERO; 16];
    cap[8 * place..][..8].copy_from_slice(&digest);
    let mut e = execute(&program, &cap);
    e.nodes = steps;
    e.ends = vec![u32::from(place == 0), u32::from(place == 1)];
    traces(&program, &e)
}

/// Bits and place of a deeper path are a number that may exceed the field: an index would have a second walk.
#[test]
fn an_index_and_p_would_walk_a_deeper_path() {
    let second = 5 + u64::from(F::ORDER_U32);
    assert_eq!(deeper(0, 5).refused_by(), refusals(&[]));
    assert_eq!(deeper(7, 5).refused_by(), refusals(&[]));
    assert_eq!(deeper(7, second).refused_by(), refusals(&[]), "why a path has at most 24 levels");
    assert_eq!(second >> 30, 1, "the number has 31 bits, the highest of them in the cap");
}

#[test]
#[should_panic(expected = "a path has at most 24 levels")]
fn a_path_is_no_deeper_than_an_index() {
    let mut c = Circuit::<()>::default();
    let index = c.constant(fe(5));
    let (hashed, _) = c.hash_rows(8, &[], index, |()| vec![F::ONE; 8]);
    let cap = c.hint(16, |()| vec![F::ONE; 16]);
    c.adopt(&cap);
    let cap = c.cap(&cap);
    c.path(hashed, index, &[None; LEVELS], cap, |()| Vec::new());
}
