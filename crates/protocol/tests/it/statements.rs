//! Statements and the header of files.

use aludel_protocol::codec::{self, DecodeError, Kind};
use aludel_protocol::hash::{Tag, rolling_start};
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

proptest! {
    #![proptest_config(config(256))]

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
fn file_headers_are_checked_in_order() {
    let bytes = codec::encode(Kind::Statement, &statement(7));
    for other in [&b"GIF8"[..], b"GIF89a, and more", b"A", b"ALDX\x04\0\x01\0"] {
        let refused = codec::decode::<Statement>(Kind::Statement, other);
        let short = other == b"A";
        assert_eq!(matches!(refused, Err(DecodeError::Short { found: 1 })), short, "{refused:?}");
        assert!(short || matches!(refused, Err(DecodeError::Magic { .. })), "{refused:?}");
    }
    for found in 0..codec::HEADER_BYTES {
        let refused = codec::decode::<Statement>(Kind::Statement, &codec::header(Kind::Statement)[..found]);
        assert_eq!(refused, Err(DecodeError::Short { found }));
    }
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
fn every_kind_of_file_has_its_number() {
    for (i, kind) in Kind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, i + 1);
        assert_eq!(codec::kind_of(&codec::header(kind)), Ok(kind));
    }
}

#[test]
fn rolling_digests_begin_apart() {
    let starts = [Tag::Queue, Tag::Headers, Tag::Pubdata].map(rolling_start);
    assert!(starts[0] != starts[1] && starts[1] != starts[2] && starts[0] != starts[2]);
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
