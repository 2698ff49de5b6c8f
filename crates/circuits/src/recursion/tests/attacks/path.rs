//! Attacks on `path`; `ends` has those on where it ends.

use aludel_protocol::hash::perm16;
use aludel_protocol::{F, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_symmetric::Permutation;

use super::super::finish;
use super::super::sample::leaf;
use super::{Forged, get, refusals, set, traces};
use crate::poseidon2::Permutation16;
use crate::recursion::path::columns::PathColumns;
use crate::recursion::path::trace::PathStep;
use crate::recursion::program::Program;
use crate::recursion::{Circuit, execute};

pub type Digest = [F; 8];

const INJECTION: usize = 2;
const DIGEST: &str = "path: the digest goes on";
const INDEX: &str = "path: the index goes on";
pub const NO_BIT: &str = "path: an injection and a bare leaf take no bit";

/// A leaf, two siblings, an injection and a third sibling lead to one of four entries; a second leaf is an entry itself.
#[derive(Clone)]
pub struct Walk {
    pub index: u32,
    pub leaves: [Vec<F>; 3],
    pub siblings: Vec<F>,
    pub cap: Vec<F>,
    pub bare: Vec<F>,
}

pub fn compress(children: [F; 16]) -> Digest {
    let out = perm16().permute(children);
    core::array::from_fn(|i| out[i])
}

pub fn program() -> Program<Walk> {
    let mut c = Circuit::<Walk>::default();
    let index = c.hint(1, |w: &Walk| vec![fe(w.index)]);
    c.adopt(&index);
    let bits = c.bits(index[0], 5);
    let index = c.index(&bits, 0);
    let beta = c.constant(fe(2));
    let [first, injected, bare] =
        [0, 1, 2].map(|i| c.hash_rows(8, &[], beta, move |w: &Walk| w.leaves[i].clone()).0);
    let cap = c.hint(32, |w: &Walk| w.cap.clone());
    let entry = c.hint(8, |w: &Walk| w.bare.clone());
    c.adopt(&cap);
    c.adopt(&entry);
    let [cap, other] = [c.cap(&cap), c.cap(&entry)];
    c.path(first, index, &[None, Some(injected), None], cap, |w: &Walk| w.siblings.clone());
    let zero = c.constant(F::ZERO);
    c.path(bare, zero, &[], other, |_| Vec::new());
    finish(c)
}

/// A walk as a prover makes it.
pub struct Climb {
    leaf: Digest,
    injected: Digest,
    bits: [u32; 3],
    /// Steps whose children change places.
    swapped: Option<usize>,
    /// Bit of the injection, which is then the left child.
    injection: u32,
}

/// Both children in order, exchanged for a bit.
pub fn children(a: Digest, b: Digest, exchanged: bool) -> [F; 16] {
    let [left, right] = if exchanged { [b, a] } else { [a, b] };
    core::array::from_fn(|i| if i < 8 { left[i] } else { right[i - 8] })
}

impl Walk {
    pub fn new() -> Self {
        let list = |n: u32, salt: u32| (0..n).map(|i| fe(salt + i * i)).collect::<Vec<F>>();
        let mut walk = Self {
            index: 0b10_110,
            leaves: [list(8, 11), list(8, 500), list(8, 900)],
            siblings: list(24, 77),
            cap: list(32, 2000),
            bare: Vec::new(),
        };
        walk.bare = leaf(&walk.leaves[2]).to_vec();
        walk.fit(2, walk.honest().steps(&walk).1);
        walk
    }

    pub fn honest(&self) -> Climb {
        let bits = [0, 1, 2].map(|i| self.index >> i & 1);
        let [leaf, injected] = [0, 1].map(|i| leaf(&self.leaves[i]));
        Climb { leaf, injected, bits, swapped: None, injection: 0 }
    }

    /// Makes a digest an entry of the cap.
    pub fn fit(&mut self, place: usize, digest: Digest) {
        self.cap[8 * place..][..8].copy_from_slice(&digest);
    }
}

impl Climb {
    /// The rows, whose indices are halves of one another in the field, and the digest that they end at.
    pub fn steps(&self, walk: &Walk) -> (Vec<PathStep>, Digest) {
        let (mut digest, mut index) = (self.leaf, fe(walk.index));
        let mut siblings = walk.siblings.chunks(8);
        let mut steps = Vec::new();
        for node in 0..4 {
            let swapped = self.swapped == Some(node);
            let step = if node == INJECTION {
                index -= fe(self.injection);
                let exchanged = swapped != (self.injection == 1);
                let children = children(digest, self.injected, exchanged);
                PathStep { children, bit: fe(self.injection), index }
            } else {
                let bit = self.bits[node.min(2)];
                index = (index - fe(bit)) * F::TWO.inverse();
                let sibling = siblings.next().expect("one a step").try_into().expect("eight elements");
                let children = children(digest, sibling, swapped != (bit == 1));
                PathStep { children, bit: if node == 0 { fe(1 - bit) } else { fe(bit) }, index }
            };
            digest = compress(step.children);
            steps.push(step);
        }
        (steps, digest)
    }
}

/// A run with these rows, of which the first path ends at this place of its cap.
pub fn forge(walk: &Walk, steps: &[PathStep], place: usize) -> Forged {
    let program = program();
    let mut e = execute(&program, walk);
    e.nodes[..4].copy_from_slice(steps);
    e.ends = vec![0; 5];
    [e.ends[place], e.ends[4]] = [1, 1];
    traces(&program, &e)
}

/// A run of a climb whose digest the cap has at this place.
fn fitted(climb: &Climb, place: usize, change: impl Fn(&mut [PathStep])) -> Forged {
    let mut walk = Walk::new();
    let (mut steps, digest) = climb.steps(&walk);
    walk.cap = vec![F::ONE; 32];
    walk.fit(place, digest);
    change(&mut steps);
    forge(&walk, &steps, place)
}

#[test]
fn a_path_takes_the_bits_of_its_index() {
    let walk = Walk::new();
    assert_eq!(fitted(&walk.honest(), 2, |_| ()).refused_by(), refusals(&[]));
    let honest = walk.honest().steps(&walk).0;
    for flipped in 0..3 {
        let mut climb = walk.honest();
        climb.bits[flipped] ^= 1;
        // Halves of an odd number lead to no entry,
        assert_eq!(fitted(&climb, 2, |_| ()).refused_by(), refusals(&["bus cap"]), "bit {flipped}");
        // the honest indices are not those of the bits,
        let node = [0, 1, 3][flipped];
        let kept =
            |steps: &mut [PathStep]| steps.iter_mut().zip(&honest).for_each(|(s, h)| s.index = h.index);
        let named = if flipped == 0 { "bus value" } else { INDEX };
        assert_eq!(fitted(&climb, 2, kept).refused_by(), refusals(&[named]), "bit {flipped}");
        // and indices that end at the place begin as another.
        let back = |steps: &mut [PathStep]| {
            let mut index = honest[node].index;
            for i in (0..node).rev() {
                index = if i + 1 == INJECTION { index } else { index.double() + steps[i + 1].bit };
                steps[i].index = index;
            }
            steps[node..].iter_mut().zip(&honest[node..]).for_each(|(s, h)| s.index = h.index);
        };
        assert_eq!(fitted(&climb, 2, back).refused_by(), refusals(&["bus value"]), "bit {flipped}");
    }
}

#[test]
fn children_do_not_change_places() {
    let walk = Walk::new();
    let named = [&["bus digest"][..], &[DIGEST], &["bus digest", DIGEST], &[DIGEST]];
    for (node, named) in named.into_iter().enumerate() {
        let climb = Climb { swapped: Some(node), ..walk.honest() };
        assert_eq!(fitted(&climb, 2, |_| ()).refused_by(), refusals(named), "row {node}");
    }
}

#[test]
fn a_leaf_and_an_injection_are_the_hashes_that_the_key_names() {
    let walk = Walk::new();
    let others = walk.leaves.clone().map(|elements| leaf(&elements));
    let made_up = core::array::from_fn(|i| fe(i as u32));
    for other in [others[1], others[2], made_up] {
        let climb = Climb { leaf: other, ..walk.honest() };
        assert_eq!(fitted(&climb, 2, |_| ()).refused_by(), refusals(&["bus digest"]));
    }
    for other in [others[0], others[2], made_up] {
        let climb = Climb { injected: other, ..walk.honest() };
        assert_eq!(fitted(&climb, 2, |_| ()).refused_by(), refusals(&["bus digest"]));
    }
}

#[test]
fn a_path_ends_at_its_own_entry() {
    let climb = Walk::new().honest();
    for place in [0, 1, 3] {
        let there = |steps: &mut [PathStep]| steps[3].index = fe(place as u32);
        assert_eq!(fitted(&climb, place, there).refused_by(), refusals(&[INDEX]), "place {place}");
        assert_eq!(fitted(&climb, place, |_| ()).refused_by(), refusals(&["bus cap"]), "place {place}");
    }
}

#[test]
fn an_injection_takes_no_bit() {
    // With a bit of 1 it lessens the index by one, and the walk goes on to another entry, which is the digest.
    let walk = Walk::new();
    let index = (walk.index >> 2) - 1;
    let mut climb = Climb { injection: 1, ..walk.honest() };
    climb.bits[2] = index & 1;
    let forged = fitted(&climb, (index >> 1) as usize, |_| ());
    assert_eq!(forged.refused_by(), refusals(&[NO_BIT]));
}

#[test]
fn a_bit_is_one_of_two() {
    // An even index before the last step. With a bit of 2 the digest is twice the right child less the left one, and the walk goes
    // on to the entry before its own.
    let mut walk = Walk { index: 0b10_010, cap: vec![F::ONE; 32], ..Walk::new() };
    let (mut steps, _) = walk.honest().steps(&walk);
    let digest = compress(steps[INJECTION].children);
    let right: Digest = core::array::from_fn(|i| fe(50 + i as u32));
    let left = core::array::from_fn(|i| right[i].double() - digest[i]);
    steps[3] = PathStep { children: children(left, right, false), bit: F::TWO, index: F::ONE };
    walk.fit(1, compress(steps[3].children));
    assert_eq!(forge(&walk, &steps, 1).refused_by(), refusals(&["path: bit is boolean"]));
}

#[test]
fn a_digest_is_that_of_its_children() {
    // A row says that its children are compressed to what other children are.
    let walk = Walk::new();
    let (steps, _) = walk.honest().steps(&walk);
    let mut row: PathColumns<F> = get(&mut forge(&walk, &steps, 2), "path", 3);
    row.permutation = Permutation16::permute([F::ONE; 16]).0;
    let digest: Digest = core::array::from_fn(|i| row.permutation.ending[48 + i]);
    let mut walk = walk;
    walk.fit(2, digest);
    let mut forged = forge(&walk, &steps, 2);
    set(&mut forged, "path", 3, row);
    assert_eq!(forged.refused_by(), refusals(&["path: the children are compressed"]));
}
