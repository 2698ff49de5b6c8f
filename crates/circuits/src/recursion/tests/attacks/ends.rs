//! Attacks on where a path ends: `caps`, and leaves that are entries themselves.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;

use super::super::sample::leaf;
use super::path::{Digest, NO_BIT, Walk, children, compress, forge, program};
use super::{Forged, refusals, traces};
use crate::recursion::execute;
use crate::recursion::path::trace::PathStep;

#[test]
fn a_path_does_not_end_in_another_tree() {
    // The only entry of the second tree is made the digest of a walk to place 0, for which its own leaf has to lie.
    let mut walk = Walk { index: 0b00_110, ..Walk::new() };
    let (steps, digest) = walk.honest().steps(&walk);
    walk.bare = digest.to_vec();
    let program = program();
    let mut e = execute(&program, &walk);
    e.nodes[..4].copy_from_slice(&steps);
    e.ends = vec![0, 0, 0, 0, 2];
    let bare = &mut e.nodes[4].children;
    bare[8..].copy_from_slice(&digest);
    assert_eq!(traces(&program, &e).refused_by(), refusals(&["bus cap", "bus digest"]));
    // The same walk in its own tree, and with the count at another place of it.
    walk.bare = leaf(&walk.leaves[2]).to_vec();
    walk.fit(0, digest);
    assert_eq!(forge(&walk, &steps, 0).refused_by(), refusals(&[]));
    assert_eq!(forge(&walk, &steps, 1).refused_by(), refusals(&["bus cap"]));
}

/// A run whose bare leaf has these children and this bit, with this entry.
fn bare(entry: Digest, children: [F; 16], bit: F) -> Forged {
    let walk = Walk { bare: entry.to_vec(), ..Walk::new() };
    let program = program();
    let mut e = execute(&program, &walk);
    e.nodes[4] = PathStep { children, bit, index: F::ZERO };
    e.ends[4] = 1;
    traces(&program, &e)
}

#[test]
fn a_bare_leaf_is_the_entry_itself() {
    let leaf = leaf(&Walk::new().leaves[2]);
    let zero = [F::ZERO; 8];
    let plain = children(zero, leaf, false);
    assert_eq!(bare(leaf, plain, F::ZERO).refused_by(), refusals(&[]));
    // The left child is free where nothing comes of it.
    assert_eq!(bare(leaf, children(leaf, leaf, false), F::ZERO).refused_by(), refusals(&[]));
    // The permutation's result in its place.
    assert_eq!(bare(compress(plain), plain, F::ZERO).refused_by(), refusals(&["bus cap"]));
    // The other child as the entry.
    let other = core::array::from_fn(|i| fe(3 + i as u32));
    assert_eq!(bare(other, children(leaf, other, false), F::ONE).refused_by(), refusals(&[NO_BIT]));
    assert_eq!(bare(other, children(leaf, other, false), F::ZERO).refused_by(), refusals(&["bus digest"]));
}

#[test]
fn a_caps_count_makes_no_entry() {
    let walk = Walk::new();
    let steps = walk.honest().steps(&walk).0;
    // Counts that are not those of the paths.
    for counts in [[0, 0, 2, 0, 1], [0, 0, 0, 0, 1], [1, 0, 1, 0, 1]] {
        let program = program();
        let mut e = execute(&program, &walk);
        e.nodes[..4].copy_from_slice(&steps);
        e.ends = counts.to_vec();
        assert_eq!(traces(&program, &e).refused_by(), refusals(&["bus cap"]), "{counts:?}");
    }
}
