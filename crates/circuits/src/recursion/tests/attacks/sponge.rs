//! Attacks on the states of `sponge`; `sums` has those on what is reduced.

use aludel_protocol::hash::perm24;
use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::Permutation;

use super::super::finish;
use super::{Forged, Wide, refusals, rewrite, traces};
use crate::recursion::program::{Block, Program};
use crate::recursion::sponge::trace::SpongeStep;
use crate::recursion::{Circuit, Value, execute};

/// Elements of the hash: two blocks and five more.
const ELEMENTS: usize = 37;
/// Elements that each block absorbs.
const ABSORBED: [usize; 3] = [16, 16, 5];
/// The first sum is taken out after so many, at the third of the second block.
const CUT: usize = 19;
/// The challenge.
pub const BETA: Wide = [fe(31), fe(41), fe(59), fe(26), fe(53)];

const STAYS: &str = "sponge: an element that is not absorbed stays";
const CAPACITY: &str = "sponge: the capacity goes on";

struct Absorbed {
    digest: [F; 8],
}

/// The elements.
fn elements() -> Vec<F> {
    (0..ELEMENTS as u32).map(|i| fe(1000 + i * i)).collect()
}

/// A hash with two sums, and values that copy them.
fn program() -> (Program<Absorbed>, [[Value; 2]; 2]) {
    let mut c = Circuit::<Absorbed>::default();
    let base = BETA.map(|x| c.constant(x));
    let beta = c.pack(&base);
    let (hashed, sums) = c.hash_rows(ELEMENTS, &[CUT], beta, |_| elements());
    let sums = [sums[0].value, sums[1].value].map(|sum| [sum, c.affine(sum, F::ONE, F::ZERO)]);
    let digest = c.hint(8, |w: &Absorbed| w.digest.to_vec());
    c.adopt(&digest);
    let tree = c.cap(&digest);
    let zero = c.constant(F::ZERO);
    c.path(hashed, zero, &[], tree, |_| Vec::new());
    (finish(c), sums)
}

/// A run with these blocks, whose digest and sums everybody else takes over.
pub fn forge(change: impl Fn(&[Block], &mut [SpongeStep])) -> Forged {
    let (program, sums) = program();
    let mut blocks = execute(&program, &Absorbed { digest: [F::ZERO; 8] }).blocks;
    change(&program.rows().sponge, &mut blocks);
    let out = perm24().permute(blocks[2].state);
    let digest = core::array::from_fn(|i| out[i]);
    let mut e = execute(&program, &Absorbed { digest });
    e.nodes[0].children[8..].copy_from_slice(&digest);
    let values = [blocks[1].cut, blocks[2].sum[3]];
    e.blocks = blocks;
    let mut forged = traces(&program, &e);
    for (addresses, x) in sums.into_iter().zip(values) {
        addresses.into_iter().for_each(|value| rewrite(&program, &mut forged, value, x));
    }
    forged
}

/// Permutes on from a block whose state was changed.
fn permute_on(blocks: &mut [SpongeStep], changed: usize) {
    for i in changed + 1..blocks.len() {
        let out = perm24().permute(blocks[i - 1].state);
        blocks[i].state[ABSORBED[i]..].copy_from_slice(&out[ABSORBED[i]..]);
    }
}

#[test]
fn an_honest_hash_is_accepted() {
    assert_eq!(forge(|_, _| ()).refused_by(), refusals(&[]));
    assert_eq!(forge(|_, blocks| permute_on(blocks, 0)).refused_by(), refusals(&[]));
}

#[test]
fn what_a_short_block_does_not_absorb_is_what_was() {
    for place in 5..16 {
        let refused = forge(|_, blocks| blocks[2].state[place] += fe(7)).refused_by();
        assert_eq!(refused, refusals(&[STAYS]), "element {place}");
    }
    let zeros = forge(|_, blocks| blocks[2].state[5..16].fill(F::ZERO));
    assert_eq!(zeros.refused_by(), refusals(&[STAYS]));
}

#[test]
fn a_block_keeps_the_capacity() {
    for block in 0..3 {
        for place in 16..24 {
            let forged = forge(|_, blocks| {
                blocks[block].state[place] += F::ONE;
                permute_on(blocks, block);
            });
            assert_eq!(forged.refused_by(), refusals(&[CAPACITY]), "block {block}, element {place}");
        }
    }
}

#[test]
fn a_hash_does_not_go_on_where_one_begins() {
    // The last row is unused: zeros, permuted. The first one takes its capacity over.
    let forged = forge(|_, blocks| {
        let out = perm24().permute([F::ZERO; 24]);
        blocks[0].state[16..].copy_from_slice(&out[16..]);
        permute_on(blocks, 0);
    });
    assert_eq!(forged.refused_by(), refusals(&[CAPACITY]));
    // And a hash does not begin where one goes on.
    let forged = forge(|_, blocks| {
        blocks[1].state[16..].fill(F::ZERO);
        permute_on(blocks, 1);
    });
    assert_eq!(forged.refused_by(), refusals(&[CAPACITY]));
}
