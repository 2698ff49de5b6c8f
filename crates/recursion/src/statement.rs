//! Statements, opened from their digests and folded.

use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, Tag};
use aludel_protocol::statement::STATEMENT_FIELDS;

/// Where the parts of a statement lie among its fields: see [`Statement::fields`](aludel_protocol::Statement::fields).
const RULES: core::ops::Range<usize> = 0..13;

/// Of each chained part where it lies in `prev` and in `next`: number, state root, headers, queue with its index.
const CHAINED: [(usize, usize, usize); 4] = [(13, 15, 2), (17, 25, 8), (33, 41, 8), (49, 59, 10)];

/// A statement's fields.
#[derive(Clone, Debug)]
pub struct StatementValues(Vec<Value>);

impl StatementValues {
    /// Opens a digest: hinted fields, hashed. Whoever knows two statements of a digest has a collision; so limbs are those that a
    /// shard's circuit has checked.
    pub fn open<W>(
        c: &mut Circuit<W>,
        digest: &[Value],
        fields: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) -> Self {
        let fields = c.hint(STATEMENT_FIELDS, fields);
        c.adopt(&fields);
        let opened = Self(fields);
        for (found, expected) in opened.digest(c).into_iter().zip(digest) {
            c.assert_equal(found, *expected);
        }
        opened
    }

    /// The digest.
    pub fn digest<W>(&self, c: &mut Circuit<W>) -> [Value; DIGEST] {
        let hashed = c.hash_fields(Tag::Statement, &self.0);
        c.reveal(hashed)
    }

    /// The statement of both runs, this one first: rules are equal, this one ends where the other begins.
    pub fn fold<W>(&self, c: &mut Circuit<W>, then: &Self) -> Self {
        let (first, second) = (&self.0, &then.0);
        for i in RULES {
            c.assert_equal(first[i], second[i]);
        }
        let mut folded = first.clone();
        for (prev, next, n) in CHAINED {
            for i in 0..n {
                c.assert_equal(first[next + i], second[prev + i]);
                folded[next + i] = second[next + i];
            }
        }
        Self(folded)
    }
}

#[cfg(test)]
mod tests {
    use aludel_protocol::{BatchNumber, ChainId, Checkpoint, Digest, QueueIndex, Statement, fe};
    use p3_field::PrimeCharacteristicRing;

    use super::*;

    fn checkpoint(x: u32) -> Checkpoint {
        let digest = |y: u32| Digest([fe(100 * x + y); DIGEST]);
        Checkpoint {
            number: BatchNumber(x << 14),
            state_root: digest(1),
            headers: digest(2),
            queue: digest(3),
            queue_index: QueueIndex(x << 15),
        }
    }

    /// Every field is one of the rules, of the beginning or of the end, and lies where the table says.
    #[test]
    fn the_table_is_the_statements() {
        let fields = |prev, next| Statement::new(ChainId(7), checkpoint(prev), checkpoint(next)).fields();
        let (ab, bc, ac) = (fields(1, 2), fields(2, 3), fields(1, 3));
        let mut folded = ab;
        let mut seen = [false; STATEMENT_FIELDS];
        seen[RULES].fill(true);
        for (prev, next, n) in CHAINED {
            assert_eq!(ab[next..next + n], bc[prev..prev + n]);
            assert!(ab[prev..prev + n].iter().any(|x| *x != F::ZERO));
            folded[next..next + n].copy_from_slice(&bc[next..next + n]);
            seen[prev..prev + n].fill(true);
            seen[next..next + n].fill(true);
        }
        assert_eq!(folded, ac);
        assert_eq!(seen, [true; STATEMENT_FIELDS]);
    }
}
