//! A program that uses every row of every chip, and what it computes, computed by others.

use aludel_protocol::hash::{Perm16, Tag, hash_fields, perm16, perm24};
use aludel_protocol::{Challenge, Digest, F, fe};
use p3_challenger::{CanObserve, CanSampleBits, DuplexChallenger, FieldChallenger};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, Permutation};

use crate::recursion::circuit::{Circuit, Sum, Transcript};
use crate::recursion::execute::{Execution, execute};
use crate::recursion::extension::coefficients;
use crate::recursion::machine::{self, Heights, RecursionChip};
use crate::recursion::program::{Program, Value};
use crate::tamper::Traces;

/// Elements of the row that is hashed and reduced, and where its matrices end.
///
/// Sums are taken out in the first four of a hash, in the first and the second four of a later block, and at the end of a four.
const ROW: usize = 55;
const CUTS: [usize; 4] = [1, 19, 36, 54];
/// Steps of the path, whose cap has 2^2 entries.
const LEVELS: usize = 4;
const INDEX: usize = 6;

/// A witness.
#[derive(Clone)]
pub struct Sample {
    pub absorbed: [Vec<F>; 2],
    pub row: Vec<F>,
    pub injected: Vec<F>,
    pub folded: Vec<Challenge>,
    pub fields: Vec<F>,
    pub siblings: Vec<F>,
    pub cap: Vec<F>,
}

/// What the program computes.
pub struct Native {
    pub drawn: Challenge,
    pub index: u32,
    pub sums: Vec<Challenge>,
    /// Of all sums, all folded values and what was absorbed last.
    pub total: Challenge,
    pub digest: Digest,
}

/// Addresses of it.
pub struct Values {
    pub drawn: Value,
    pub index: Value,
    pub point: Value,
    pub sums: Vec<Sum>,
    pub total: Value,
}

type Leaves = PaddingFreeSponge<aludel_protocol::hash::Perm24, 24, 16, 8>;

pub fn leaf(elements: &[F]) -> [F; 8] {
    Leaves::new(perm24().clone()).hash_iter(elements.iter().copied())
}

fn node(left: [F; 8], right: [F; 8]) -> [F; 8] {
    let out = perm16().permute(core::array::from_fn(|i| if i < 8 { left[i] } else { right[i - 8] }));
    core::array::from_fn(|i| out[i])
}

impl Sample {
    /// Honest, of a seed.
    pub fn new(seed: u32) -> Self {
        let list = |n: usize, salt: u32| -> Vec<F> {
            (0..n as u32).map(|i| fe(1 + (seed + 97 * salt + i * i * 7919) % 1_000_003)).collect()
        };
        let folded = |i: u32| Challenge::from(fe(seed + i)) + Challenge::from(fe(5)).inverse();
        let mut sample = Self {
            absorbed: [list(11, 1), list(8, 2)],
            row: list(ROW, 3),
            injected: list(21, 4),
            folded: (0..14).map(folded).collect(),
            fields: list(69, 5),
            siblings: list(LEVELS * 8, 6),
            cap: list(4 * 8, 7),
        };
        sample.fit_cap();
        sample
    }

    /// Makes the cap's entry that of the path.
    pub fn fit_cap(&mut self) {
        let mut index = native(self).index as usize;
        let mut digest = leaf(&self.row);
        for (level, sibling) in self.siblings.chunks(8).enumerate() {
            let sibling: [F; 8] = sibling.try_into().expect("eight elements");
            digest = if index % 2 == 1 { node(sibling, digest) } else { node(digest, sibling) };
            index /= 2;
            if level == 1 {
                digest = node(digest, leaf(&self.injected));
            }
        }
        self.cap[8 * index..][..8].copy_from_slice(&digest);
    }
}

/// Of a witness.
pub fn native(w: &Sample) -> Native {
    let mut challenger = DuplexChallenger::<F, Perm16, 16, 8>::new(perm16().clone());
    challenger.observe_slice(&w.absorbed[0]);
    let drawn: Challenge = challenger.sample_algebra_element();
    challenger.observe_slice(&w.absorbed[1]);
    let _: [Challenge; 3] = core::array::from_fn(|_| challenger.sample_algebra_element());
    let index = challenger.sample_bits(INDEX) as u32;
    let beta = drawn.inverse();
    let ends = CUTS.into_iter().map(|n| (n, n - 1)).chain([(ROW, 63)]);
    let sum = |(n, exponent): (usize, usize)| {
        let terms = (0..n).map(|i| beta.exp_u64((exponent - i) as u64) * w.row[i]);
        terms.sum::<Challenge>()
    };
    let sums: Vec<Challenge> = ends.map(sum).collect();
    let absorbed: F = w.absorbed[1].iter().copied().sum();
    let total = sums.iter().chain(&w.folded).copied().sum::<Challenge>() + absorbed;
    Native { drawn, index, sums, total, digest: hash_fields(Tag::Statement, &w.fields) }
}

/// The program.
pub fn program() -> (Program<Sample>, Values) {
    let mut c = Circuit::<Sample>::default();
    let mut t = Transcript::default();
    c.stage("transcript");
    let absorbed = c.hint(11, |w: &Sample| w.absorbed[0].clone());
    c.observe_all(&mut t, &absorbed);
    let drawn = c.sample_challenge(&mut t);
    let absorbed = c.hint(8, |w: &Sample| w.absorbed[1].clone());
    c.observe_all(&mut t, &absorbed);
    for _ in 0..3 {
        c.sample_challenge(&mut t);
    }
    let element = c.sample(&mut t);

    c.stage("query");
    let bits = c.bits(element, INDEX);
    let [index, point] = [c.index(&bits, 2), c.point(&bits, 0)];
    let [b0, b1, all] = [c.bit(&bits, 0), c.bit(&bits, 1), c.index(&bits, 0)];
    let low = c.arithmetic(b0, b1, [F::ZERO, F::ONE, F::TWO, F::ZERO]);
    let again = c.arithmetic(index, low, [F::ZERO, fe(4), F::ONE, F::ZERO]);
    c.assert_equal(all, again);
    let unity = c.exp_power_of_2(point, INDEX);
    c.assert_is(unity, F::ONE);

    c.stage("leaves");
    let beta = c.invert(drawn);
    let (leaf, sums) = c.hash_rows(ROW, &CUTS, beta, |w: &Sample| w.row.clone());
    let (injected, _) = c.hash_rows(21, &[], beta, |w: &Sample| w.injected.clone());

    c.stage("path");
    let cap = c.hint(32, |w: &Sample| w.cap.clone());
    c.adopt(&cap);
    let cap = c.cap(&cap);
    let levels = [None, Some(injected), None, None];
    c.path(leaf, all, &levels, cap, |w: &Sample| w.siblings.clone());

    c.stage("folding");
    let folded = c.hint_challenges(14, |w: &Sample| w.folded.iter().flat_map(|x| coefficients(*x)).collect());
    let hashes = [&folded[..2], &folded[2..6], &folded[6..]].map(|list| c.hash_challenges(list));
    let added: Vec<Value> = sums.iter().map(|sum| sum.value).chain(folded).chain(absorbed).collect();
    let total = c.sum(&added);
    let parts = c.unpack(total);
    let again = c.pack(&parts);
    c.assert_equal(total, again);
    let zero = c.constant(F::ZERO);
    for (hashed, list) in hashes.into_iter().zip([0..2, 2..6, 6..14]) {
        let expected = c.hint(8, move |w: &Sample| {
            let elements: Vec<F> = w.folded[list.clone()].iter().flat_map(|x| coefficients(*x)).collect();
            self::leaf(&elements).to_vec()
        });
        c.adopt(&expected);
        let tree = c.cap(&expected);
        c.path(hashed, zero, &[], tree, |_| Vec::new());
    }

    c.stage("statement");
    let fields = c.hint(69, |w: &Sample| w.fields.clone());
    c.adopt(&fields);
    let hashed = c.hash_fields(Tag::Statement, &fields);
    let digest = c.reveal(hashed);
    let public: Vec<Value> = digest.into_iter().chain([zero; 8]).collect();
    c.publish(&public);
    (c.finish(), Values { drawn, index, point, sums, total })
}

/// The traces of a run.
pub fn chips(program: &Program<Sample>, witness: &Sample) -> Traces<RecursionChip> {
    traces(program, &execute(program, witness))
}

/// The traces of a run of one program under the key of another or of itself.
pub fn traces<W>(program: &Program<W>, e: &Execution<'_>) -> Traces<RecursionChip> {
    let heights = Heights::of(program, 4);
    let chips = RecursionChip::of(program, &heights).expect("they fit");
    let mut traces = Traces::default();
    let public = e.public();
    for (chip, main) in chips.into_iter().zip(machine::traces(e, &heights).expect("they fit")) {
        let public: &[F] = if crate::Chip::public_values(&chip) == 0 { &[] } else { &public };
        traces.chip(chip, main, public);
    }
    traces
}
