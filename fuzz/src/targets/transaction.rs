//! Transactions: signed in binary, unsigned as JSON.

use aludel_protocol::codec::{Kind, decode, encode};
use aludel_protocol::records::{ROTATE_FIELDS, TRANSFER_FIELDS, WITHDRAW_FIELDS};
use aludel_protocol::{Action, SignedTransaction, Transaction};

use crate::world::WORLD;
use crate::{Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "transaction", kind: crate::Kind::Transaction, run: binary, seeds: binary_seeds },
    Target { name: "transaction_json", kind: crate::Kind::Json, run: json, seeds: json_seeds },
];

fn binary_seeds() -> Vec<Vec<u8>> {
    WORLD.transactions.iter().map(|signed| encode(Kind::Transaction, signed)).collect()
}

fn binary(data: &[u8]) -> Verdict {
    let decoded = round_trip::binary(
        data,
        |bytes| decode::<SignedTransaction>(Kind::Transaction, bytes),
        |signed| encode(Kind::Transaction, signed),
    );
    check(decoded.map(|signed| signed.transaction))
}

fn json_seeds() -> Vec<Vec<u8>> {
    let text = |signed: &SignedTransaction| serde_json::to_vec(&signed.transaction).expect("string keys");
    WORLD.transactions.iter().map(text).collect()
}

fn json(data: &[u8]) -> Verdict {
    check(round_trip::json(data))
}

/// A transaction has the fields of its action, and every one of them counts for what is signed.
fn check(decoded: Option<Transaction>) -> Verdict {
    let Some(t) = decoded else { return Verdict::Refused };
    let expected = match t.action {
        Action::Transfer { .. } => TRANSFER_FIELDS,
        Action::Withdraw { .. } => WITHDRAW_FIELDS,
        Action::Rotate { .. } => ROTATE_FIELDS,
    };
    assert_eq!(t.fields().len(), expected);
    let mut other = t;
    other.expiry.0 ^= 1;
    assert_ne!(t.digest(), other.digest());
    assert_eq!(t.digests().public, other.digests().public, "the expiry is not public");
    Verdict::Accepted
}
