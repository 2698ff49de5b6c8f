//! One encoding each, canonical, and field records of the documented length.

use aludel_protocol::codec::{self, DecodeError, Kind};
use aludel_protocol::hash::{Tag, hash_fields, rolling_start};
use aludel_protocol::records::transfer_version;
use aludel_protocol::*;
use proptest::prelude::*;

fn digest(seed: u32) -> Digest {
    hash_fields(Tag::Config, &[fe(seed & 0xffff), fe(seed >> 16)])
}

prop_compose! {
    fn transfers()(
        chain: u64, from: u32, to: u32, token: u16, amount: u128, fee: u64, sequence: u32, epoch in 0u32..1 << 20,
        expiry: u32,
    ) -> Transfer {
        Transfer {
            chain_id: ChainId(chain),
            protocol_version: transfer_version(),
            from: AccountId(from),
            to: AccountId(to),
            token: TokenId(token),
            amount: Amount(amount),
            fee,
            sequence: Sequence(sequence),
            epoch: Epoch(epoch),
            expiry: BatchNumber(expiry),
        }
    }
}

fn items() -> impl Strategy<Value = QueueItem> {
    (any::<u16>(), any::<u128>(), any::<u32>(), any::<[u8; 20]>(), any::<bool>()).prop_map(
        |(token, amount, n, owner, new)| QueueItem {
            token: TokenId(token),
            amount: Amount(amount),
            deposit: match new {
                true => Deposit::ToKey { key: digest(n), l1_owner: L1Address(owner) },
                false => Deposit::ToAccount { account: AccountId(n) },
            },
        },
    )
}

fn statement(seed: u32) -> Statement {
    let prev = Checkpoint::genesis(digest(seed));
    let next = Checkpoint {
        number: BatchNumber(seed | 1),
        state_root: digest(seed ^ 1),
        headers: digest(seed ^ 2),
        queue: digest(seed ^ 3),
        queue_index: QueueIndex(seed),
    };
    Statement::new(ChainId(u64::from(seed) << 20), prev, next)
}

proptest! {
    #[test]
    fn transfers_round_trip_in_both_encodings(t in transfers()) {
        let bytes = codec::encode(Kind::Transfer, &t);
        prop_assert_eq!(codec::decode::<Transfer>(Kind::Transfer, &bytes), Ok(t));
        let json = serde_json::to_string(&t).expect("a transfer is JSON");
        prop_assert_eq!(serde_json::from_str::<Transfer>(&json).expect("reads back"), t);
    }

    #[test]
    fn a_changed_transfer_has_another_digest(a in transfers(), b in transfers()) {
        prop_assert_eq!(a == b, a.digest() == b.digest());
    }

    #[test]
    fn queue_items_round_trip(item in items()) {
        let bytes = codec::encode(Kind::Queue, &vec![item]);
        prop_assert_eq!(codec::decode::<Vec<QueueItem>>(Kind::Queue, &bytes), Ok(vec![item]));
    }

    #[test]
    fn whatever_decodes_encodes_back(seed: u32, at in 0usize..1000, flip in 1u8..) {
        let honest = codec::encode(Kind::Statement, &statement(seed));
        let mut bytes = honest.clone();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(other) = codec::decode::<Statement>(Kind::Statement, &bytes) {
            prop_assert_eq!(codec::encode(Kind::Statement, &other), bytes);
            prop_assert_ne!(other, statement(seed));
        }
        prop_assert!(codec::decode::<Statement>(Kind::Statement, &honest[..at]).is_err());
    }
}

#[test]
fn headers_are_checked_in_order() {
    let bytes = codec::encode(Kind::Statement, &statement(7));
    assert!(matches!(codec::decode::<Statement>(Kind::Statement, b"GIF8"), Err(DecodeError::Magic { .. })));
    assert!(matches!(codec::decode::<Statement>(Kind::Queue, &bytes), Err(DecodeError::Kind { .. })));
    let mut unknown = bytes.clone();
    unknown[4] = 99;
    assert_eq!(codec::kind_of(&bytes), Ok(Kind::Statement));
    assert_eq!(codec::kind_of(&unknown), Err(DecodeError::UnknownKind { number: 99 }));
    assert!(matches!(
        codec::decode::<Statement>(Kind::Statement, &unknown),
        Err(DecodeError::UnknownKind { number: 99 })
    ));
    let mut old = bytes.clone();
    old[6] = 9;
    assert!(matches!(
        codec::decode::<Statement>(Kind::Statement, &old),
        Err(DecodeError::Version { found: 9, .. })
    ));
    let mut long = bytes;
    long.push(0);
    let Err(DecodeError::Body { position, .. }) = codec::decode::<Statement>(Kind::Statement, &long) else {
        panic!("a trailing byte decodes")
    };
    assert_eq!(position, long.len() - 1);
}

#[test]
fn rolling_digests_begin_apart() {
    assert_ne!(rolling_start(Tag::Queue), rolling_start(Tag::Headers));
    assert_ne!(rolling_start(Tag::Body), rolling_start(Tag::Headers));
}

#[test]
fn digests_cover_every_field_of_a_statement() {
    let honest = statement(5);
    let mut seen = vec![honest.digest()];
    let changes: [fn(&mut Statement); 13] = [
        |s| s.chain_id.0 ^= 1 << 63,
        |s| s.protocol_version += 1,
        |s| s.config = Digest::ZERO,
        |s| s.prev.number.0 += 1,
        |s| s.next.number.0 += 1,
        |s| s.prev.state_root = Digest::ZERO,
        |s| s.next.state_root = Digest::ZERO,
        |s| s.prev.headers = Digest::ZERO,
        |s| s.next.headers = Digest::ZERO,
        |s| s.prev.queue = Digest::ZERO,
        |s| s.next.queue = Digest::ZERO,
        |s| s.prev.queue_index.0 += 1,
        |s| s.next.queue_index.0 ^= 1 << 31,
    ];
    for change in changes {
        let mut s = honest;
        change(&mut s);
        assert!(!seen.contains(&s.digest()), "{s:?}");
        seen.push(s.digest());
    }
}
