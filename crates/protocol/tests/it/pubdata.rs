//! Published data: one form, every error at its place, sizes.

use aludel_protocol::codec::{DecodeError, HEADER_BYTES, Kind, header};
use aludel_protocol::field::MODULUS;
use aludel_protocol::pubdata::{Field, Problem, Reader, varint};
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

prop_compose! {
    fn batches()(
        number: u32, operator: u32, entries in prop::collection::vec(prop::option::of(published()), 0..20),
    ) -> PublishedBatch {
        let mut batch = PublishedBatch::new(BatchNumber(number), AccountId(operator));
        entries.into_iter().for_each(|entry| match entry {
            Some(transaction) => batch.push_transaction(transaction),
            None => batch.push_item(),
        });
        batch
    }
}

/// A file with this body.
fn file(body: &[u8]) -> Vec<u8> {
    [&header(Kind::Pubdata)[..], body].concat()
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn batches_round_trip(batch in batches()) {
        let bytes = batch.to_bytes();
        prop_assert_eq!(PublishedBatch::from_bytes(&bytes), Ok(batch.clone()));
        let mut reader = Reader::new(&bytes).expect("begins well");
        for (i, entry) in batch.entries().iter().enumerate() {
            prop_assert_eq!((reader.position(), reader.entry()), (batch.position(i), i));
            prop_assert_eq!(reader.next(), Some(Ok(*entry)));
        }
        prop_assert_eq!(reader.position(), bytes.len());
        prop_assert!(reader.next().is_none() && reader.next().is_none());
    }

    #[test]
    fn whatever_decodes_encodes_back(body in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(batch) = PublishedBatch::from_bytes(&file(&body)) {
            prop_assert_eq!(batch.to_bytes(), file(&body));
        }
    }

    /// Random heads and small values, so that most of these decode.
    #[test]
    fn likely_entries_encode_back(
        heads in prop::collection::vec((any::<u8>(), prop::collection::vec(1..0x80u8, 25)), 1..4),
    ) {
        let body: Vec<_> = heads.iter().flat_map(|(head, rest)| [&[*head][..], rest].concat()).collect();
        for count in 1..4 {
            for length in 3..body.len() {
                let bytes = file(&[&[1, 1, count], &body[..length]].concat());
                if let Ok(batch) = PublishedBatch::from_bytes(&bytes) {
                    prop_assert_eq!(batch.to_bytes(), bytes);
                }
            }
        }
    }

    #[test]
    fn damage_is_seen_or_is_another_batch(
        batch in batches(), at: prop::sample::Index, bit in 0..8u8, cut in prop::bool::weighted(0.3),
    ) {
        let mut bytes = batch.to_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        match PublishedBatch::from_bytes(&bytes) {
            Ok(other) => {
                prop_assert!(!cut && other != batch);
                prop_assert_eq!(other.to_bytes(), bytes);
            }
            Err(PubdataError::Body { position, entry, .. }) => {
                prop_assert!(position <= bytes.len() && entry < bytes.len());
                prop_assert!(HEADER_BYTES <= position && (cut || at < bytes.len()));
            }
            Err(PubdataError::File(_)) => prop_assert!(at < HEADER_BYTES),
        }
    }

    #[test]
    fn integers_have_one_form(x in amounts(), extra in 1usize..4) {
        let mut bytes = Vec::new();
        varint::write(x, &mut bytes);
        prop_assert!(bytes.len() <= varint::MAX_BYTES);
        prop_assert_eq!(bytes.len() as u32, (128 - x.leading_zeros()).div_ceil(7).max(1));
        let field = Field::Amount;
        prop_assert_eq!(varint::read(&bytes, u128::MAX, field), Ok((x, bytes.len())));
        if x > 0 {
            prop_assert_eq!(varint::read(&bytes, x - 1, field), Err(Problem::TooLarge { field, max: x - 1 }));
        }
        for cut in 0..bytes.len() {
            prop_assert_eq!(varint::read(&bytes[..cut], u128::MAX, field), Err(Problem::Ends { field }));
        }
        let last = bytes.len() - 1;
        bytes[last] |= 0x80;
        bytes.resize(bytes.len() + extra - 1, 0x80);
        bytes.push(0);
        prop_assert!(varint::read(&bytes, u128::MAX, field).is_err(), "a longer form");
        if bytes.len() <= varint::MAX_BYTES {
            prop_assert_eq!(varint::read(&bytes, u128::MAX, field), Err(Problem::Overlong { field }));
        }
    }
}

/// Batch 5 of operator 6 with these entries.
fn error_of(count: u8, entries: &[u8]) -> (usize, usize, Problem) {
    let bytes = file(&[&[5, 6, count], entries].concat());
    match PublishedBatch::from_bytes(&bytes) {
        Err(PubdataError::Body { position, entry, problem }) => (position - HEADER_BYTES - 3, entry, problem),
        other => panic!("{other:?}"),
    }
}

/// Whose head announces nothing, from account 1 to account 2: an amount follows.
const PLAIN: [u8; 3] = [1, 1, 2];

#[test]
fn what_precedes_the_entries_is_checked() {
    let bytes = file(&[5, 6, 0]);
    let empty = PublishedBatch::new(BatchNumber(5), AccountId(6));
    assert_eq!(PublishedBatch::from_bytes(&bytes), Ok(empty));
    let at = |position, problem| Err(PubdataError::Body { position, entry: 0, problem });
    let ends = |field| Problem::Ends { field };
    for (cut, field) in [(8, Field::Number), (9, Field::Operator), (10, Field::Entries)] {
        assert_eq!(PublishedBatch::from_bytes(&bytes[..cut]), at(cut, ends(field)));
    }
    let large = file(&[0xff, 0xff, 0xff, 0xff, 0x10, 6, 0]);
    let (field, max) = (Field::Number, u128::from(u32::MAX));
    assert_eq!(PublishedBatch::from_bytes(&large), at(8, Problem::TooLarge { field, max }));
    let long = file(&[5, 0x86, 0, 0]);
    assert_eq!(PublishedBatch::from_bytes(&long), at(9, Problem::Overlong { field: Field::Operator }));
    let other = [&header(Kind::Claim)[..], &[5, 6, 0]].concat();
    let (expected, found) = (Kind::Pubdata, Kind::Claim);
    let kind = PubdataError::File(DecodeError::Kind { expected, found });
    assert_eq!(PublishedBatch::from_bytes(&other), Err(kind));
}

#[test]
fn a_count_alone_allocates_nothing() {
    let bytes = file(&[5, 6, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    let problem = Problem::Ends { field: Field::Head };
    let expected = PubdataError::Body { position: bytes.len(), entry: 0, problem };
    assert_eq!(PublishedBatch::from_bytes(&bytes), Err(expected));
}

#[test]
fn every_field_may_be_cut_short() {
    let ends = |field| Problem::Ends { field };
    // A transfer with everything: head, from, token, fee, jump, to, amount, two bytes each but for the head.
    let full: [u8; 13] = [0b0001_1101, 0x81, 1, 0x82, 1, 0x83, 1, 0x84, 1, 0x85, 1, 0x86, 1];
    let fields = [Field::From, Field::Token, Field::Fee, Field::Jump, Field::To, Field::Amount];
    assert_eq!(error_of(1, &[]), (0, 0, ends(Field::Head)));
    for (i, field) in fields.into_iter().enumerate() {
        let start = 1 + 2 * i;
        assert_eq!(error_of(1, &full[..start]), (start, 0, ends(field)));
        assert_eq!(error_of(1, &full[..start + 1]), (start, 0, ends(field)));
        let mut long = full;
        long[start + 1] = 0;
        assert_eq!(error_of(1, &long), (start, 0, Problem::Overlong { field }));
    }
    assert!(PublishedBatch::from_bytes(&file(&[&[5, 6, 1][..], &full].concat())).is_ok());
    assert_eq!(error_of(1, &[0]), (1, 0, ends(Field::Items)));
    assert_eq!(error_of(1, &[&[2, 1, 9][..], &[0; 19]].concat()), (3, 0, ends(Field::L1)));
    assert_eq!(error_of(1, &[&[3, 1][..], &[0; 31]].concat()), (2, 0, ends(Field::Key)));
}

#[test]
fn fields_have_their_bounds() {
    let large = |field, max| Problem::TooLarge { field, max };
    let (word, wide) = (u128::from(u32::MAX), [0xff, 0xff, 0xff, 0xff, 0x10]);
    assert_eq!(error_of(1, &[&[1][..], &wide].concat()), (1, 0, large(Field::From, word)));
    assert_eq!(error_of(1, &[&[1, 1][..], &wide].concat()), (2, 0, large(Field::To, word)));
    assert_eq!(error_of(1, &[&[0][..], &wide].concat()), (1, 0, large(Field::Items, word)));
    assert_eq!(error_of(1, &[&[0b1001, 1][..], &wide].concat()), (2, 0, large(Field::Jump, word)));
    let token = [0b101, 1, 0x80, 0x80, 0x04];
    assert_eq!(error_of(1, &token), (2, 0, large(Field::Token, u16::MAX.into())));
    let mut fee = vec![0b01_0001, 1];
    varint::write(1 << 64, &mut fee);
    assert_eq!(error_of(1, &fee), (2, 0, large(Field::Fee, u64::MAX.into())));
    // 2^64 - 1 units of a million.
    fee = vec![0b10_0001, 1];
    varint::write(u64::MAX.into(), &mut fee);
    assert_eq!(error_of(1, &fee), (2, 0, large(Field::Fee, u64::MAX.into())));
    let beyond = [&PLAIN[..], &[0xff; 18], &[4]].concat();
    assert_eq!(error_of(1, &beyond), (3, 0, large(Field::Amount, u128::MAX)));
    let mut units = vec![0b0100_0001, 1, 2];
    varint::write(u128::MAX / 10_000 + 1, &mut units);
    assert_eq!(error_of(1, &units), (3, 0, large(Field::Amount, u128::MAX)));
}

#[test]
fn what_is_announced_is_not_zero() {
    let zero = |field| Problem::Zero { field };
    assert_eq!(error_of(1, &[0b101, 1, 0, 2, 3]), (2, 0, zero(Field::Token)));
    assert_eq!(error_of(1, &[0b1001, 1, 0, 2, 3]), (2, 0, zero(Field::Jump)));
    assert_eq!(error_of(1, &[0b01_0001, 1, 0, 2, 3]), (2, 0, zero(Field::Fee)));
    assert_eq!(error_of(1, &[0, 0]), (1, 0, zero(Field::Items)));
}

#[test]
fn units_are_the_largest() {
    let unit = |field, expected, found| Problem::Unit { field, expected, found };
    let amount = |bits: u8, x: u128| {
        let mut bytes = vec![bits << 6 | 1, 1, 2];
        varint::write(x, &mut bytes);
        error_of(1, &bytes)
    };
    assert_eq!(amount(0, 10_000), (3, 0, unit(Field::Amount, 1, 0)));
    assert_eq!(amount(1, 0), (3, 0, unit(Field::Amount, 0, 1)));
    assert_eq!(amount(1, 30_000), (3, 0, unit(Field::Amount, 2, 1)));
    assert_eq!(amount(2, 10_000), (3, 0, unit(Field::Amount, 3, 2)));
    let fee = |bits: u8, x: u128| {
        let mut bytes = vec![bits << 4 | 1, 1];
        varint::write(x, &mut bytes);
        error_of(1, &bytes)
    };
    assert_eq!(fee(1, 1_000_000), (2, 0, unit(Field::Fee, 1, 0)));
    assert_eq!(fee(2, 0), (2, 0, unit(Field::Fee, 0, 1)));
    assert_eq!(fee(2, 7_000_000), (2, 0, unit(Field::Fee, 2, 1)));
}

#[test]
fn heads_announce_what_their_kind_has() {
    for bit in 2..8 {
        let found = 1 << bit;
        assert_eq!(error_of(1, &[found, 1]), (0, 0, Problem::Head { found }));
    }
    for unit in 1..4 {
        let found = unit << 6 | 3;
        assert_eq!(error_of(1, &[&[found, 1][..], &[0; 32]].concat()), (0, 0, Problem::Head { found }));
    }
}

#[test]
fn runs_are_maximal_and_keys_are_digests() {
    assert_eq!(error_of(2, &[0, 1, 0, 1]), (2, 1, Problem::Run));
    assert_eq!(error_of(3, &[0, 1, 1, 1, 2, 3, 0, 0]), (7, 2, Problem::Zero { field: Field::Items }));
    let mut key = [0; 34];
    key[..2].copy_from_slice(&[3, 1]);
    key[6..10].copy_from_slice(&MODULUS.to_le_bytes());
    assert_eq!(error_of(1, &key), (2, 0, Problem::Key));
}

#[test]
fn nothing_follows_the_last_entry() {
    assert_eq!(error_of(1, &[0, 1, 7, 7]), (2, 1, Problem::Trailing { bytes: 2 }));
    assert_eq!(error_of(0, &[7]), (0, 0, Problem::Trailing { bytes: 1 }));
}

#[test]
fn a_reader_ends_with_its_first_error() {
    let bytes = file(&[5, 6, 3, 0, 1, 0, 1, 1, 1, 2, 3]);
    let mut reader = Reader::new(&bytes).expect("begins well");
    assert_eq!((reader.number(), reader.operator()), (BatchNumber(5), AccountId(6)));
    assert_eq!(reader.next(), Some(Ok(PublishedEntry::Queue { items: 1 })));
    assert!(matches!(reader.next(), Some(Err(PubdataError::Body { position: 13, entry: 1, .. }))));
    assert_eq!(reader.next(), None);
}

#[test]
fn bytes_are_those_of_the_page() {
    let mut batch = PublishedBatch::new(BatchNumber(300), AccountId(6));
    batch.push_item();
    batch.push_item();
    let transfer = |token, fee, epoch_jump, amount| PublishedTransaction {
        from: AccountId(200),
        token: TokenId(token),
        fee,
        epoch_jump,
        action: Action::Transfer { to: AccountId(7), amount: Amount(amount) },
    };
    batch.push_transaction(transfer(0, 0, 0, 0));
    // 1.5 of a token of 18 decimals; fees of 5 and 130 million.
    batch.push_transaction(transfer(9, 5, 1, 1_500_000_000_000_000_000));
    batch.push_transaction(transfer(0, 130_000_000, 0, 10_000));
    let head = [0, 0b0001, 0b1101_1101, 0b0110_0001];
    let body = [
        &[0xac, 2, 6, 4, head[0], 2][..],
        &[head[1], 0xc8, 1, 7, 0],
        &[head[2], 0xc8, 1, 9, 5, 1, 7, 0xe0, 0xc6, 0x5b],
        &[head[3], 0xc8, 1, 0x82, 1, 7, 1],
    ];
    assert_eq!(batch.to_bytes(), file(&body.concat()));
}

/// Bytes of a transfer.
fn size(from: u32, to: u32, token: u16, fee: u64, epoch_jump: u32, amount: u128) -> usize {
    let action = Action::Transfer { to: AccountId(to), amount: Amount(amount) };
    let transaction =
        PublishedTransaction { from: AccountId(from), token: TokenId(token), fee, epoch_jump, action };
    let mut out = Vec::new();
    PublishedEntry::Transaction(transaction).write(&mut out);
    out.len()
}

/// Workload W1: 65,536 accounts, amounts below a million, fees below 100.
#[test]
fn a_transfer_of_w1_takes_at_most_16_bytes() {
    let mut worst = 0;
    let jumps = [0, 1, 127, 128, 1 << 13, (1 << 14) - 1, 1 << 14];
    for from in [1, 127, 128, 16_383, 16_384, 65_536, 1 << 17] {
        for to in [1, 128, 16_384, 65_537, 1 << 17] {
            for (jump, amount) in jumps.into_iter().flat_map(|j| [0, 1, 127, 16_384, 999_999].map(|a| (j, a)))
            {
                worst = [0, 1, 99]
                    .into_iter()
                    .map(|fee| size(from, to, 0, fee, jump, amount))
                    .fold(worst, usize::max);
            }
        }
    }
    assert_eq!(worst, 14, "the worst case of W1");
    assert_eq!(size(65_536, 65_535, 0, 99, 0, 999_999), 11, "a fresh account's transfer");
    // 1.23 of a token of 18 decimals at a fee of 0.00025, the epoch jumping far.
    assert_eq!(size(1 << 17, 1 << 17, 3, 250_000_000_000_000, 1 << 13, 1_230_000_000_000_000_000), 15);
    println!("bytes a transfer of W1: {worst} at worst, 11 at a fresh account");
}

/// Every account once, in pairs: spread as the shuffle of W1 spreads them.
#[test]
fn a_transfer_of_w1_takes_ten_and_a_half_bytes() {
    let spread = |i: u32| u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let one = |i: u32| {
        let [from, to] = [2 * i, 2 * i + 1].map(|j| j.wrapping_mul(40_503) % 65_536 + 2);
        let amount = spread(i) % 1_000_000;
        size(from, to, 0, 1 + spread(i + 70_000) % 99, 0, amount.into())
    };
    let total: usize = (0..32_768).map(one).sum();
    let bytes = total as f64 / 32_768.0;
    println!("{bytes:.2} bytes a transfer of W1");
    assert!((10.4..10.6).contains(&bytes), "{bytes}");
}
