//! Hashes: rows that are reduced as they are absorbed, groups of challenges, fields under a tag.

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, Tag};
use p3_field::PrimeCharacteristicRing;

use super::Circuit;
use crate::bus::CHALLENGE;
use crate::recursion::program::{Block, Hashed, Hint, Port, Ports, Step, Value};

/// Elements that a block of a hash absorbs.
const RATE: usize = 16;
/// `sum_i x_i beta^(exponent - i)` over the elements of a hash up to a cut, or over all.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// The sum.
    pub value: Value,
    /// The exponent of the first element: elements before the cut, or those of all blocks, less one.
    pub exponent: usize,
}

impl<W> Circuit<W> {
    fn hashed(&mut self, blocks: Vec<Block>, elements: Option<Hint<W>>) -> Hashed {
        let hashed = Hashed(self.program.hashes);
        self.program.hashes += 1;
        let start = self.program.rows.sponge.len();
        self.program.rows.sponge.extend(blocks);
        if let Some(last) = self.program.rows.sponge.last_mut() {
            last.digest = Some(hashed);
        }
        let blocks = start..self.program.rows.sponge.len();
        self.program.steps.push(Step::Hash { blocks, elements });
        hashed
    }

    /// The hash of `n` hinted elements, with their sums in powers of `beta` after each of the `cuts` and at the end.
    ///
    /// # Panics
    /// There are no elements, two cuts lie in one block, or one lies outside.
    pub fn hash_rows(
        &mut self,
        n: usize,
        cuts: &[usize],
        beta: Value,
        elements: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> (Hashed, Vec<Sum>) {
        assert!(n > 0 && cuts.iter().all(|cut| (1..=n).contains(cut)), "cuts lie inside a row");
        let blocks = n.div_ceil(RATE);
        let mut sums = Vec::new();
        let mut rows = Vec::with_capacity(blocks);
        for i in 0..blocks {
            let (from, to) = (i * RATE, n.min((i + 1) * RATE));
            let inside: Vec<usize> = cuts.iter().copied().filter(|c| (from + 1..=to).contains(c)).collect();
            assert!(inside.len() <= 1, "two cuts in one block of a hash");
            let cut = inside.first().map(|c| (c - 1 - from, self.write_fresh()));
            sums.extend(cut.map(|(after, value)| Sum { value, exponent: from + after }));
            let beta = (i == 0).then(|| match self.read(beta) {
                Port::Read(value) => value,
                _ => unreachable!("it is read"),
            });
            rows.push(Block { begin: i == 0, absorbed: to - from, cut, beta, ..Block::default() });
        }
        let sum = self.write_fresh();
        sums.push(Sum { value: sum, exponent: blocks * RATE - 1 });
        if let Some(last) = rows.last_mut() {
            last.sum = Some(sum);
        }
        (self.hashed(rows, Some(Box::new(elements))), sums)
    }

    /// The hash of challenges, five elements each. Hints among them are brought into the memory.
    ///
    /// # Panics
    /// There are more than eight, as no folding step has a larger arity; or a hint is a base field element, which would have free
    /// upper coefficients here.
    pub fn hash_challenges(&mut self, values: &[Value]) -> Hashed {
        assert!((1..=8).contains(&values.len()), "a folding step has at most eight values");
        let known = |value: &Value| self.written[value.index()] || self.wide.contains(value);
        assert!(values.iter().all(known), "a hint among challenges is a challenge");
        let n = values.len() * CHALLENGE;
        let kinds = [(Ports::Whole, 0, 4), (Ports::AfterFour, 4, 7), (Ports::AfterThree, 7, 8)];
        let mut rows = Vec::new();
        for (i, (kind, from, to)) in kinds.into_iter().enumerate().take(n.div_ceil(RATE)) {
            let absorbed = RATE.min(n - i * RATE);
            let mut ports = [Port::Unused; 4];
            let here = values.iter().take(to).skip(from);
            for (port, value) in ports.iter_mut().zip(here) {
                *port = self.take(*value);
            }
            rows.push(Block { begin: i == 0, absorbed, kind, ports, ..Block::default() });
        }
        self.hashed(rows, None)
    }

    /// [`hash_fields`](aludel_protocol::hash::hash_fields) of base field elements.
    ///
    /// # Panics
    /// There are none.
    pub fn hash_fields(&mut self, tag: Tag, fields: &[Value]) -> Hashed {
        assert!(!fields.is_empty(), "a chain has a call");
        let start = (tag.fe(), F::from_usize(fields.len()));
        let zero = self.constant(F::ZERO);
        let mut rows = Vec::new();
        for (i, block) in fields.chunks(RATE).enumerate() {
            let mut block = block.to_vec();
            block.resize(RATE, zero);
            let (packed, last) = block.split_at(RATE - 1);
            let mut ports = [Port::Unused; 4];
            for (port, five) in ports.iter_mut().zip(packed.chunks(CHALLENGE)) {
                let whole = self.pack(five);
                *port = self.read(whole);
            }
            ports[3] = self.read(last[0]);
            let kind = Ports::Fields;
            rows.push(Block {
                begin: i == 0,
                fields: Some(start),
                absorbed: RATE,
                kind,
                ports,
                ..Block::default()
            });
        }
        self.hashed(rows, None)
    }

    /// The elements of a digest, at addresses in a row.
    pub fn reveal(&mut self, hashed: Hashed) -> [Value; DIGEST] {
        let first = self.fresh_many(DIGEST);
        let values = core::array::from_fn(|i| first.plus(i as u32));
        self.program.steps.push(Step::Reveal { hashed, first });
        self.adopt(&values);
        let tree = self.cap(&values);
        let zero = self.constant(F::ZERO);
        self.path(hashed, zero, &[], tree, |_| Vec::new());
        values
    }
}
