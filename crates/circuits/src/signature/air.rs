//! Constraints of `signature`.

use aludel_protocol::hash::Tag;
use aludel_protocol::params::{XMSS_BASE, XMSS_TARGET_SUM, XMSS_WORDS};
use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{Eight, SignatureColumns, SignatureSchedule};
use super::schedule::{ROW_FACTOR, factor, schedule};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Signature {
    fn name(&self) -> &'static str {
        "signature"
    }

    fn width(&self) -> usize {
        <SignatureColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<SignatureColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        Some(schedule(self.log_height))
    }

    fn fixed_width(&self) -> usize {
        <SignatureSchedule<u8> as Columns<u8>>::WIDTH
    }

    fn reads_next(&self) -> bool {
        true
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let local: SignatureColumns<B::Var> = b.local();
        let x = local.x.map(Into::into);
        let out = local.permutation.compress(b, "signature hash", x);
        let row = Row { at: At::new(b), local, next: b.next(), out };
        row.digits(b);
        row.block(b);
        row.sum(b);
        row.words(b);
        row.leaf(b);
        row.tree(b);
        row.key(b);
        row.message(b);
    }
}

/// Where in a block the row is. Every gate is zero on the rows after the last whole block.
struct At<E> {
    /// First row.
    start: E,
    /// A leaf row.
    leaf: E,
    /// A leaf row that is followed by a leaf row.
    leaf_inside: E,
    /// A leaf row that completes a word which is followed by another.
    word_ends: E,
    /// A row before a tree row: the last leaf row and all tree rows but the last.
    below_tree: E,
    /// A tree row.
    tree: E,
    /// The last tree row.
    tree_top: E,
    /// The key row.
    key: E,
    /// The message row, the last one.
    message: E,
    /// First row of a word.
    word_begins: E,
    /// The largest remainder of the word that begins.
    bound: E,
    /// First chain of a leaf row, level of a tree row.
    index: E,
}

impl<E: PrimeCharacteristicRing> At<E> {
    fn new<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let now: SignatureSchedule<B::Var> = b.fixed();
        let next: SignatureSchedule<B::Var> = b.fixed_next();
        let (leaf, tree): (E, E) = (now.is_leaf.into(), now.is_tree.into());
        Self {
            start: now.is_start.into(),
            leaf_inside: next.is_leaf.into() - next.is_start.into(),
            word_ends: next.is_word.into(),
            below_tree: next.is_tree.into(),
            tree_top: tree.clone() * (E::ONE - next.is_tree.into()),
            key: next.is_message.into(),
            message: now.is_message.into(),
            word_begins: now.is_start.into() + now.is_word.into(),
            bound: now.bound.into(),
            index: now.index.into(),
            leaf,
            tree,
        }
    }

    /// Every row of a block but the last.
    fn inside(&self) -> E {
        self.leaf.clone() + self.tree.clone() + self.key.clone()
    }
}

/// A row, its successor and what its hash call gives.
struct Row<B: ChipBuilder> {
    at: At<B::Expr>,
    local: SignatureColumns<B::Var>,
    next: SignatureColumns<B::Var>,
    out: Eight<B::Expr>,
}

impl<B: ChipBuilder> Row<B> {
    /// Every digit lies in 0..8, and is 7 exactly where its bit is set.
    fn digits(&self, b: &mut B) {
        let three = |x: B::Expr| x.clone() * (x.clone() - F::ONE) * (x - F::TWO);
        for i in 0..2 {
            let (bit, threes, ones) = (self.local.bit[i], self.local.threes[i], self.local.ones[i]);
            b.assert_bool("signature: bit is boolean", bit);
            b.assert_zero("signature: threes below 3", three(threes.into()));
            b.assert_zero("signature: ones below 3", three(ones.into()));
            let two_threes = threes.into() * (threes.into() - F::ONE);
            b.when("signature: digit below 7 without its bit", two_threes, ones);
            b.when("signature: digit is 7 with its bit", bit, self.rest(i));
        }
    }

    /// A digit without its bit.
    fn rest(&self, i: usize) -> B::Expr {
        self.local.threes[i].into() * fe(3) + self.local.ones[i]
    }

    fn digit(&self, i: usize) -> B::Expr {
        self.local.bit[i].into() * fe(XMSS_BASE as u32 - 1) + self.rest(i)
    }

    /// One key and epoch through the block, and one answer whether it counts.
    fn block(&self, b: &mut B) {
        let (local, next) = (&self.local, &self.next);
        let inside = self.at.inside();
        b.when_all_eq("signature: parameter continues", inside.clone(), next.parameter, local.parameter);
        b.when_eq("signature: epoch continues", inside, next.epoch, local.epoch);
        b.when_eq("signature: padding is a whole block", self.at.key.clone(), next.bit[0], local.bit[0]);
    }

    /// The 46 digits of a signature sum to the target: below 2^9, so over the integers.
    fn sum(&self, b: &mut B) {
        let (local, next, at) = (&self.local, &self.next, &self.at);
        let added = self.digit(0) + self.digit(1) + local.sum;
        b.when("signature: sum begins at zero", at.start.clone(), local.sum);
        b.when_eq("signature: sum adds the digits", at.leaf.clone(), next.sum, added);
        b.when_eq("signature: sum continues", at.tree.clone(), next.sum, local.sum);
        let target = F::from_usize(XMSS_TARGET_SUM);
        b.when_eq("signature: sum is the target", at.key.clone() * local.bit[0], local.sum, target);
    }

    /// Digits become words. With `c = -accumulator` on the first of a word's `n` rows, the complete accumulator times
    /// `127 * 64^(4 - n)` is `c` plus the digits' value times that factor, because `127 * 64^4 = p - 1`.
    fn words(&self, b: &mut B) {
        let (local, next, at) = (&self.local, &self.next, &self.at);
        b.range16(-local.accumulator.into(), at.word_begins.clone());
        b.range16(at.bound.clone() + local.accumulator, at.word_begins.clone());
        let (base, radix) = (F::from_usize(XMSS_BASE), F::from_usize(ROW_FACTOR));
        let taken = local.accumulator.into() * radix + self.digit(0) * base + self.digit(1);
        let within = at.leaf.clone() - at.word_ends.clone();
        b.when_eq("signature: word takes the digits", within, next.accumulator, taken.clone());
        let after = at.tree.clone() + at.key.clone();
        b.when_eq("signature: last word continues", after, next.accumulator, local.accumulator);
        let hold = at.inside() - at.word_ends.clone();
        b.when_all_eq("signature: words continue", hold, next.words, local.words);
        let newest = local.words.len() - 1;
        for i in 0..newest {
            b.when_eq("signature: words move up", at.word_ends.clone(), next.words[i], local.words[i + 1]);
        }
        b.when_eq("signature: word is kept", at.word_ends.clone(), next.words[newest], taken);
    }

    /// The leaf hash runs over the 46 chain ends in order, each received with its digit unless that is 7: then no
    /// step is due and the end is the signature's own value.
    fn leaf(&self, b: &mut B) {
        let (local, next, at) = (&self.local, &self.next, &self.at);
        let prefix = self.prefix(Tag::XmssLeaf.fe().into(), local.epoch.into());
        b.when_all_eq("signature: leaf prefix", at.start.clone(), eight(&local.x, 0), prefix);
        let digest = eight(&next.x, 0);
        b.when_all_eq("signature: leaf goes on", at.leaf_inside.clone(), digest, self.out.clone());
        for i in 0..2 {
            let chain = at.index.clone() + F::from_usize(i);
            let key = local.parameter.into_iter().map(Into::into).chain([local.epoch.into()]);
            let end = eight(&local.x, 8 + 8 * i).map(Into::into);
            let fields = key.chain([chain, self.digit(i)]).chain(end).collect();
            b.receive(Bus::Chain, fields, at.leaf.clone() * (B::Expr::ONE - local.bit[i]));
        }
    }

    /// Twenty nodes up to the root. The directions are the bits of the epoch, so it is below `2^20`.
    fn tree(&self, b: &mut B) {
        let (local, next, at) = (&self.local, &self.next, &self.at);
        let tag = at.index.clone() + Tag::XmssNode.with(0);
        let prefix = self.prefix(tag, local.x[1].into());
        b.when_all_eq("signature: node prefix", at.tree.clone(), eight(&local.x, 0), prefix);
        let (left, right) = (eight(&next.x, 8), eight(&next.x, 16));
        for ((left, right), out) in left.into_iter().zip(right).zip(self.out.clone()) {
            let child = left.into() + next.bit[0].into() * (right.into() - left);
            b.when_eq("signature: running node is a child", at.below_tree.clone(), child, out);
        }
        let below = next.x[1].into().double() + next.bit[0];
        let bottom = at.leaf.clone() * at.below_tree.clone();
        b.when_eq("signature: leaf index is the epoch", bottom, local.epoch, below.clone());
        let inner = at.tree.clone() * at.below_tree.clone();
        b.when_eq("signature: node index halves", inner, local.x[1], below);
        b.when("signature: root index is zero", at.tree_top.clone(), local.x[1]);
    }

    /// The key digest, with which a signature answers the transaction.
    fn key(&self, b: &mut B) {
        let (local, next, at) = (&self.local, &self.next, &self.at);
        let prefix = self.prefix(Tag::XmssKey.fe().into(), B::Expr::ZERO);
        b.when_all_eq("signature: key prefix", at.key.clone(), eight(&local.x, 0), prefix);
        let root = eight(&next.x, 8);
        b.when_all_eq("signature: key takes the root", at.tree_top.clone(), root, self.out.clone());
        let zeros = [B::Expr::ZERO; 8];
        b.when_all_eq("signature: key ends in zeros", at.key.clone(), eight(&local.x, 16), zeros);
        let message = eight(&next.x, 8).map(Into::into);
        let fields = self.out.iter().cloned().chain(message).chain([local.epoch.into()]).collect();
        b.receive(Bus::Auth, fields, at.key.clone() * local.bit[0]);
    }

    /// The message hash is what the digits say.
    fn message(&self, b: &mut B) {
        let (local, at) = (&self.local, &self.at);
        let prefix = self.prefix(Tag::XmssMessage.fe().into(), local.epoch.into());
        b.when_all_eq("signature: message prefix", at.message.clone(), eight(&local.x, 0), prefix);
        let words = local.words.into_iter().chain([local.accumulator]);
        for (i, (word, out)) in words.zip(&self.out[..XMSS_WORDS]).enumerate() {
            let element = word.into() * fe(factor(i));
            let counts = at.message.clone() * local.bit[0];
            b.when_eq("signature: message hash is decoded", counts, element, out.clone());
        }
    }

    /// `tag, position, 0, parameter`, as in `protocol::xmss::prefix`.
    fn prefix(&self, tag: B::Expr, position: B::Expr) -> Eight<B::Expr> {
        let [p0, p1, p2, p3, p4] = self.local.parameter.map(Into::into);
        [tag, position, B::Expr::ZERO, p0, p1, p2, p3, p4]
    }
}

/// Eight of the 24 inputs, from `first` on.
fn eight<T: Copy>(x: &[T; 24], first: usize) -> Eight<T> {
    core::array::from_fn(|i| x[first + i])
}
