//! Joining statements: what several proofs say together.

use crate::{Checkpoint, Statement};

/// Two statements of which the second does not follow the first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {found} where the run before it ends at {expected}")]
pub struct Gap {
    /// The first field that differs.
    pub field: &'static str,
    /// The first statement's.
    pub expected: String,
    /// The second statement's.
    pub found: String,
}

/// The statement of two runs of batches, the second right after the first: equality of every chained field
/// and nothing else, so any grouping of the same statements gives the same result.
///
/// # Errors
/// The first field that differs.
pub fn fold(first: &Statement, second: &Statement) -> Result<Statement, Gap> {
    for (field, expected, found) in chained(first, second) {
        if expected != found {
            return Err(Gap { field, expected, found });
        }
    }
    Ok(Statement { next: second.next, ..*first })
}

fn chained(first: &Statement, second: &Statement) -> [(&'static str, String, String); 8] {
    let (a, b): (&Checkpoint, &Checkpoint) = (&first.next, &second.prev);
    let pair = |field, a: &dyn ToString, b: &dyn ToString| (field, a.to_string(), b.to_string());
    [
        pair("chain_id", &first.chain_id, &second.chain_id),
        pair("protocol_version", &first.protocol_version, &second.protocol_version),
        pair("config", &first.config, &second.config),
        pair("number", &a.number, &b.number),
        pair("state_root", &a.state_root, &b.state_root),
        pair("headers", &a.headers, &b.headers),
        pair("queue", &a.queue, &b.queue),
        pair("queue_index", &a.queue_index, &b.queue_index),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{BatchNumber, ChainId, Digest, QueueIndex, fe};

    use super::*;

    fn at(number: u32) -> Checkpoint {
        let digest = Digest([fe(number); 8]);
        Checkpoint {
            number: BatchNumber(number),
            state_root: digest,
            headers: digest,
            queue: digest,
            queue_index: QueueIndex(number),
        }
    }

    fn run(from: u32, to: u32) -> Statement {
        Statement::new(ChainId(3), at(from), at(to))
    }

    #[test]
    fn folding_is_associative() {
        let (a, b, c) = (run(0, 2), run(2, 3), run(3, 7));
        let left = fold(&fold(&a, &b).expect("follows"), &c);
        let right = fold(&a, &fold(&b, &c).expect("follows"));
        assert_eq!(left, right);
        assert_eq!(left, Ok(run(0, 7)));
    }

    #[test]
    fn each_chained_field_is_compared() {
        let (first, second) = (run(0, 2), run(2, 3));
        let other = at(9);
        let p = second.prev;
        let with = |prev| Statement { prev, ..second };
        let cases = [
            ("chain_id", Statement { chain_id: ChainId(4), ..second }),
            ("protocol_version", Statement { protocol_version: 9, ..second }),
            ("config", Statement { config: other.queue, ..second }),
            ("number", with(Checkpoint { number: other.number, ..p })),
            ("state_root", with(Checkpoint { state_root: other.state_root, ..p })),
            ("headers", with(Checkpoint { headers: other.headers, ..p })),
            ("queue", with(Checkpoint { queue: other.queue, ..p })),
            ("queue_index", with(Checkpoint { queue_index: other.queue_index, ..p })),
        ];
        for (field, second) in cases {
            assert_eq!(fold(&first, &second).expect_err("does not follow").field, field);
        }
    }
}
