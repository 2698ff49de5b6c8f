//! Statements, in binary and as JSON.

use aludel_protocol::codec::{Kind, decode, encode};
use aludel_protocol::{ChainId, Checkpoint, Digest, Statement};

use crate::world::WORLD;
use crate::{Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "statement", kind: crate::Kind::Statement, run: binary, seeds: binary_seeds },
    Target { name: "statement_json", kind: crate::Kind::Json, run: json, seeds: json_seeds },
];

fn statements() -> [Statement; 2] {
    let chain = &WORLD.chain;
    let genesis = Checkpoint::genesis(Digest::ZERO);
    [
        Statement::new(chain.chain_id, WORLD.batches[0].prev, chain.checkpoint),
        Statement::new(ChainId(0), genesis, genesis),
    ]
}

fn binary_seeds() -> Vec<Vec<u8>> {
    statements().iter().map(|statement| encode(Kind::Statement, statement)).collect()
}

fn binary(data: &[u8]) -> Verdict {
    check(round_trip::binary(
        data,
        |bytes| decode::<Statement>(Kind::Statement, bytes),
        |statement| encode(Kind::Statement, statement),
    ))
}

fn json_seeds() -> Vec<Vec<u8>> {
    statements().iter().map(|statement| serde_json::to_vec(statement).expect("string keys")).collect()
}

fn json(data: &[u8]) -> Verdict {
    check(round_trip::json(data))
}

/// Two statements that differ have different digests, so every field counts.
fn check(decoded: Option<Statement>) -> Verdict {
    let Some(statement) = decoded else { return Verdict::Refused };
    for other in statements() {
        assert_eq!(other == statement, other.digest() == statement.digest());
    }
    Verdict::Accepted
}
